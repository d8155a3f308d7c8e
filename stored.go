package workstation

import (
	"context"
	"slices"
	"strings"
	"sync/atomic"

	"github.com/coredns/coredns/plugin"

	"github.com/miekg/dns"
)

// storedFirstWriter is the ResponseWriter for queries of a name in a pool with storedFirst. If the
// next plugin says that there is no such name or no such record, it does not write that, so that the
// computed record can be the answer.
type storedFirstWriter struct {
	completer
	lacking atomic.Bool // the next plugin has no such record
}

// askStoredFirst asks the next plugin, and answers with the computed record of type rrtype if that
// plugin has none. Instead of ANY it asks for rrtype, because the next plugin may answer ANY without
// the records that it has.
func (ws *Workstation) askStoredFirst(ctx context.Context, w dns.ResponseWriter, r *dns.Msg, found *match, rrtype uint16) (int, error) {
	query := r
	if r.Question[0].Qtype != rrtype {
		query = new(*r)
		query.Question = []dns.Question{{Name: r.Question[0].Name, Qtype: rrtype, Qclass: dns.ClassINET}}
	}
	s := &storedFirstWriter{completer: completer{ResponseWriter: w, ws: ws, ctx: ctx, r: r}}
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
func (s *storedFirstWriter) WriteMsg(m *dns.Msg) error {
	if lacks(m) {
		s.lacking.Store(true)
		return nil
	}
	if s.r.Question[0].Qtype == dns.TypeANY {
		m = changed(m)
		m.Question = s.r.Question
		// The client asked for ANY: a CNAME record is one of the name's records, but what it leads
		// to is not.
		if i := slices.IndexFunc(m.Answer, func(rr dns.RR) bool { return rr.Header().Rrtype == dns.TypeCNAME }); i >= 0 {
			m.Rcode, m.Answer, m.Ns = dns.RcodeSuccess, slices.Clip(upTo(m.Answer, i)), nil
		}
	}
	return s.completer.WriteMsg(m)
}

// Write implements dns.ResponseWriter.
func (s *storedFirstWriter) Write(b []byte) (int, error) {
	s.written.Store(true)
	return s.ResponseWriter.Write(b)
}

// lacks reports whether m is NXDOMAIN or NODATA.
func lacks(m *dns.Msg) bool {
	if m.Truncated || len(m.Answer) > 0 {
		return false
	}
	return m.Rcode == dns.RcodeNameError || m.Rcode == dns.RcodeSuccess && !isReferral(m)
}

// noZone reports whether no plugin that follows has the zone. rcode and err are what the next plugin
// has returned, and it has written nothing. file returns REFUSED then, and other plugins have no
// next plugin to ask.
func noZone(rcode int, err error) bool {
	if err != nil {
		return strings.HasSuffix(err.Error(), "no next plugin found") // from plugin.NextOrFailure
	}
	return rcode == dns.RcodeRefused
}
