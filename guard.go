package workstation

import (
	"context"
	"sync/atomic"

	"github.com/coredns/coredns/plugin"

	"github.com/miekg/dns"
)

// guard is the ResponseWriter for queries of a name that exists but whose
// answer is left to the next plugin. Where that plugin denies the name, guard
// turns the denial (NXDOMAIN) into the statement that the name has no records
// of this type (NODATA), because a resolver that believes the denial takes the
// name's other records, and everything below it, for gone (RFC 2308, RFC 8020).
//
// The same becomes of a CNAME that is stored at a computed name, next to which
// it may not stand (RFC 1034, section 3.6.2): a resolver that has seen it follows it
// for all types.
type guard struct {
	completer
	hidesCNAME bool
	overridden atomic.Bool // a denial was turned
}

// askGuarded asks the next plugin about a name that exists.
func (ws *Workstation) askGuarded(ctx context.Context, w dns.ResponseWriter, r *dns.Msg, found *match) (int, error) {
	g := &guard{completer: completer{ResponseWriter: w, ws: ws, ctx: ctx, r: r}, hidesCNAME: found.isComputed() && !found.pool.storedFirst}
	rcode, err := plugin.NextOrFailure(pluginName, ws.Next, ctx, g, r)
	if g.overridden.Load() {
		found.zone.counters.of(ctx, found.zone.name).denialsOverridden.Inc()
		rcode = dns.RcodeSuccess
	}
	return rcode, err
}

// WriteMsg implements dns.ResponseWriter. An NXDOMAIN with an answer section
// speaks of the target of a CNAME there (RFC 6604), and passes.
func (g *guard) WriteMsg(m *dns.Msg) error {
	name := g.r.Question[0].Name
	hidden := g.hidesCNAME && hasCNAME(m.Answer, name)
	denied := m.Rcode == dns.RcodeNameError && len(m.Answer) == 0
	if (hidden || denied) && !g.written.Load() {
		m = changed(m)
		m.Rcode = dns.RcodeSuccess
		m.AuthenticatedData = false // what was validated is something else
		if hidden {
			m.Answer, m.Ns = nil, g.soa(name)
		}
		g.overridden.Store(denied)
	}
	return g.completer.WriteMsg(m)
}

// soa returns the SOA record of the zone of a name that is not its apex, which the next
// plugin gives when it is asked for the name above.
func (g *guard) soa(name string) (soa []dns.RR) {
	start, end := dns.NextLabel(name, 0)
	if end {
		return nil
	}
	if m := g.lookup(name[start:], dns.TypeSOA); m != nil {
		for _, section := range [][]dns.RR{m.Answer, m.Ns} {
			for _, rr := range section {
				if rr.Header().Rrtype == dns.TypeSOA && dns.IsSubDomain(rr.Header().Name, name) {
					return []dns.RR{rr}
				}
			}
		}
	}
	return nil
}
