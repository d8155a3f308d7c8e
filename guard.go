package workstation

import (
	"context"
	"sync/atomic"

	"github.com/coredns/coredns/plugin"

	"github.com/miekg/dns"
)

// guard is the ResponseWriter for queries of a name that exists, but has no computed record of the
// type. If the next plugin denies the name (NXDOMAIN), guard changes that to NODATA. A resolver
// that believed the denial would take the name's other records, and all names below it, for
// nonexistent (RFC 2308, RFC 8020). For example, file knows nothing of ws7.example.org, so it would
// answer a query for its TXT record with NXDOMAIN.
//
// guard also hides a CNAME record that is stored at a computed name, and answers NODATA instead. A
// CNAME record may not stand next to other records (RFC 1034, section 3.6.2), and a resolver that
// has seen one follows it for all types.
type guard struct {
	completer
	hidesCNAME bool        // the name has a computed record that comes first
	overridden atomic.Bool // guard has changed a denial
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

// WriteMsg implements dns.ResponseWriter. It passes NXDOMAIN with an answer section, which denies
// the target of a CNAME record there and not the name (RFC 6604).
func (g *guard) WriteMsg(m *dns.Msg) error {
	name := g.r.Question[0].Name
	hidden := g.hidesCNAME && hasCNAME(m.Answer, name)
	denied := m.Rcode == dns.RcodeNameError && len(m.Answer) == 0
	if (hidden || denied) && !g.written.Load() {
		m = changed(m)
		m.Rcode = dns.RcodeSuccess
		m.AuthenticatedData = false // the next plugin validated another response
		if hidden {
			m.Answer, m.Ns = nil, g.soa(name)
		}
		g.overridden.Store(denied)
	}
	return g.completer.WriteMsg(m)
}

// soa returns the SOA record of the zone of name, for NODATA. name is not the apex. The next plugin
// gives the record when it is asked for the name above.
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
