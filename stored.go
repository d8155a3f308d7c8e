package workstation

import (
	"context"
	"slices"
	"strings"
	"sync/atomic"

	"github.com/coredns/coredns/plugin"

	"github.com/miekg/dns"
)

// stored is the ResponseWriter for queries whose computed record is only the answer if
// the next plugin has none: it keeps back what says so.
type stored struct {
	completer
	lacking atomic.Bool // the next plugin has said that there is no such record
}

// askFirst asks the next plugin, and answers with the computed record of type rrtype if
// that has none. A query of all types is for that type: the next plugin may have such
// records, and yet answer that query with none.
func (ws *Workstation) askFirst(ctx context.Context, w dns.ResponseWriter, r *dns.Msg, found *match, rrtype uint16) (int, error) {
	query := r
	if r.Question[0].Qtype != rrtype {
		query = new(*r)
		query.Question = []dns.Question{{Name: r.Question[0].Name, Qtype: rrtype, Qclass: dns.ClassINET}}
	}
	s := &stored{completer: completer{ResponseWriter: w, ws: ws, ctx: ctx, r: r}}
	rcode, err := plugin.NextOrFailure(pluginName, ws.Next, ctx, s, query)
	switch {
	case s.lacking.Load():
	case noZone(rcode, err):
		err = nil
	default:
		return rcode, err
	}
	if s.written.CompareAndSwap(false, true) {
		rcode, _ = ws.answer(ctx, w, r, found, rrtype)
	}
	return rcode, err
}

// WriteMsg implements dns.ResponseWriter.
func (s *stored) WriteMsg(m *dns.Msg) error {
	if lacks(m) {
		s.lacking.Store(true)
		return nil
	}
	if s.r.Question[0].Qtype == dns.TypeANY {
		m = changed(m)
		m.Question = s.r.Question
		// A CNAME is one of the records, and what it leads to is none of the name's.
		if i := slices.IndexFunc(m.Answer, func(rr dns.RR) bool { return rr.Header().Rrtype == dns.TypeCNAME }); i >= 0 {
			m.Rcode, m.Answer, m.Ns = dns.RcodeSuccess, slices.Clip(upTo(m.Answer, i)), nil
		}
	}
	return s.completer.WriteMsg(m)
}

// Write implements dns.ResponseWriter.
func (s *stored) Write(b []byte) (int, error) {
	s.written.Store(true)
	return s.ResponseWriter.Write(b)
}

// lacks reports whether m says that there is no such name, or no such record.
func lacks(m *dns.Msg) bool {
	if m.Truncated || len(m.Answer) > 0 {
		return false
	}
	return m.Rcode == dns.RcodeNameError || m.Rcode == dns.RcodeSuccess && !isReferral(m)
}

// noZone reports whether a plugin that has returned this, and written nothing, means that
// no plugin has the zone: file refuses then, and others have no next plugin to ask.
func noZone(rcode int, err error) bool {
	if err != nil {
		return strings.HasSuffix(err.Error(), "no next plugin found") // of plugin.NextOrFailure
	}
	return rcode == dns.RcodeRefused
}
