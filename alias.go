package workstation

import (
	"context"
	"slices"
	"strings"

	"github.com/coredns/coredns/core/dnsserver"
	"github.com/coredns/coredns/plugin"
	"github.com/coredns/coredns/plugin/pkg/nonwriter"
	"github.com/coredns/coredns/request"

	"github.com/miekg/dns"
)

// maxAliases is how many names may be asked for, one for the sake of the other, to answer
// one query, and how many CNAME records are followed in one response. The plugin file has the
// same limit.
const maxAliases = 8

// maxHosts is of how many hosts, to which other records point, the addresses are looked after. Each
// may take two queries to the next plugin.
const maxHosts = 16

// completer is the ResponseWriter for all queries that go to the next plugin. That
// plugin follows a CNAME to a computed name only as far as it knows: it may stop there,
// or go on to a record that the computed one hides. completer makes such a response what
// a client would put together from a query for each name. The same goes for addresses in
// the additional section.
type completer struct {
	dns.ResponseWriter
	ws  *Workstation
	ctx context.Context
	r   *dns.Msg
}

// ask asks the next plugin.
func (ws *Workstation) ask(ctx context.Context, w dns.ResponseWriter, r *dns.Msg) (int, error) {
	return plugin.NextOrFailure(pluginName, ws.Next, ctx, &completer{w, ws, ctx, r}, r)
}

// WriteMsg implements dns.ResponseWriter.
func (c *completer) WriteMsg(m *dns.Msg) error {
	if qtype := c.r.Question[0].Qtype; qtype == dns.TypeAXFR || qtype == dns.TypeIXFR {
		return c.ResponseWriter.WriteMsg(m)
	}
	m = c.withTarget(m)
	if c.depth() == 0 { // else only the answer is wanted
		m = c.withAddresses(m)
	}
	return c.ResponseWriter.WriteMsg(m)
}

// depth returns for how many other names this one is asked for.
func (c *completer) depth() int {
	depth, _ := c.ctx.Value(dnsserver.LoopKey{}).(int)
	return depth
}

// withTarget returns m with the right records of the first computed name to which its
// CNAME records lead. It leaves m itself as it is, since somebody else, such as a cache, may hold it.
func (c *completer) withTarget(m *dns.Msg) *dns.Msg {
	q := c.r.Question[0]
	if q.Qtype == dns.TypeCNAME || q.Qtype == dns.TypeANY { // which end at the first CNAME
		return m
	}
	name, aliases := q.Name, 0
	for i, rr := range m.Answer {
		cname, ok := rr.(*dns.CNAME)
		if !ok || !strings.EqualFold(cname.Hdr.Name, name) {
			continue
		}
		if aliases++; aliases > maxAliases {
			break
		}
		name = cname.Target
		if !c.differs(name, m.Answer[i+1:]) {
			continue
		}
		target := c.lookup(name, q.Qtype)
		if target == nil || isReferral(target) {
			return m
		}
		completed := changed(m)
		completed.Rcode = target.Rcode
		completed.Answer = slices.Concat(upTo(m.Answer, i), target.Answer)
		completed.Ns = slices.Clip(target.Ns)
		return completed
	}
	return m
}

// differs reports whether a query for name, to which a CNAME leads, gets other records
// than those that the next plugin has put after that.
func (c *completer) differs(name string, after []dns.RR) bool {
	o := c.ws.find(name)
	if !o.isComputed() {
		return false
	}
	var stored []dns.RR
	for _, rr := range after {
		if rr.Header().Rrtype != dns.TypeRRSIG && strings.EqualFold(rr.Header().Name, name) {
			stored = append(stored, rr)
		}
	}
	rrtype := o.computed(c.r.Question[0].Qtype)
	switch {
	case o.pool.storedFirst:
		return rrtype != dns.TypeNone && len(stored) == 0
	case rrtype != dns.TypeNone:
		return len(stored) != 1 || stored[0].Header().Ttl != o.pool.ttl || !dns.IsDuplicate(stored[0], o.record(name, rrtype))
	default:
		return hasCNAME(stored, name)
	}
}

// withAddresses returns m with the right addresses, in the additional section, of the
// computed names to which other records point.
func (c *completer) withAddresses(m *dns.Msg) *dns.Msg {
	var names []string // computed, in lower case
	add := func(name string) {
		name = strings.ToLower(name)
		if len(names) < maxHosts && !slices.Contains(names, name) {
			if o := c.ws.find(name); o.isComputed() {
				names = append(names, name)
			}
		}
	}
	for _, rr := range m.Answer {
		if target := pointsTo(rr); target != "" {
			add(target)
		}
	}
	if len(m.Answer) == 0 {
		for _, rr := range m.Ns { // of a referral
			if ns, ok := rr.(*dns.NS); ok {
				add(ns.Ns)
			}
		}
	}
	for _, rr := range m.Extra {
		if rrtype := rr.Header().Rrtype; rrtype == dns.TypeA || rrtype == dns.TypeAAAA {
			add(rr.Header().Name)
		}
	}
	for _, name := range names {
		o := c.ws.find(name)
		for _, rrtype := range []uint16{dns.TypeA, dns.TypeAAAA} {
			if o.computed(rrtype) != dns.TypeNone {
				m = c.withAddress(m, name, o, rrtype)
			}
		}
	}
	return m
}

// withAddress returns m with the right record of type rrtype of a computed name in the
// additional section.
func (c *completer) withAddress(m *dns.Msg, name string, o owner, rrtype uint16) *dns.Msg {
	ofName := func(rr dns.RR) bool {
		covered := rr.Header().Rrtype
		if sig, ok := rr.(*dns.RRSIG); ok {
			covered = sig.TypeCovered
		}
		return covered == rrtype && strings.EqualFold(rr.Header().Name, name)
	}
	var address []dns.RR
	switch {
	case !o.pool.storedFirst:
		address = []dns.RR{o.record(name, rrtype)}
	case slices.ContainsFunc(m.Extra, ofName):
		return m
	default:
		if m := c.lookup(name, rrtype); m != nil {
			address = slices.DeleteFunc(slices.Clone(m.Answer), func(rr dns.RR) bool { return !ofName(rr) })
		}
	}
	completed := changed(m)
	completed.Extra = append(slices.DeleteFunc(slices.Clone(m.Extra), ofName), address...)
	return completed
}

// lookup returns what this plugin and those after it answer to a query for a name, or nil.
func (c *completer) lookup(name string, qtype uint16) *dns.Msg {
	depth := c.depth()
	if depth >= maxAliases {
		return nil
	}
	query := request.Request{W: c.ResponseWriter, Req: c.r}
	query = query.NewWithQuestion(name, qtype)
	w := nonwriter.New(c.ResponseWriter)
	if _, err := c.ws.ServeDNS(context.WithValue(c.ctx, dnsserver.LoopKey{}, depth+1), w, query.Req); err != nil {
		return nil
	}
	return w.Msg
}

// changed returns a copy of m of which the sections can be replaced or appended to. Nobody has
// validated what it becomes.
func changed(m *dns.Msg) *dns.Msg {
	c := *m
	c.AuthenticatedData = false
	c.Answer, c.Ns, c.Extra = slices.Clip(m.Answer), slices.Clip(m.Ns), slices.Clip(m.Extra)
	return &c
}

// upTo returns the records to answer[i], which is a CNAME, and its signatures.
func upTo(answer []dns.RR, i int) []dns.RR {
	end := i + 1
	for end < len(answer) && answer[end].Header().Rrtype == dns.TypeRRSIG {
		end++
	}
	return answer[:end]
}

// pointsTo returns the host to which a record of another name's points, the addresses of
// which belong in the additional section; or "".
func pointsTo(rr dns.RR) string {
	switch rr := rr.(type) {
	case *dns.MX:
		return rr.Mx
	case *dns.NS:
		return rr.Ns
	case *dns.SRV:
		return rr.Target
	case *dns.SVCB:
		return rr.Target
	case *dns.HTTPS:
		return rr.Target
	default:
		return ""
	}
}

// hasCNAME reports whether name has a CNAME record among the records that does not follow
// from a DNAME record above.
func hasCNAME(rrs []dns.RR, name string) bool {
	found := false
	for _, rr := range rrs {
		switch owner := rr.Header().Name; rr.Header().Rrtype {
		case dns.TypeCNAME:
			found = found || strings.EqualFold(owner, name)
		case dns.TypeDNAME:
			if dns.IsSubDomain(owner, name) {
				return false
			}
		}
	}
	return found
}

// isReferral reports whether m delegates the name (RFC 2308, section 2.2).
func isReferral(m *dns.Msg) bool {
	has := func(rrtype uint16) bool {
		return slices.ContainsFunc(m.Ns, func(rr dns.RR) bool { return rr.Header().Rrtype == rrtype })
	}
	return len(m.Answer) == 0 && m.Rcode == dns.RcodeSuccess && has(dns.TypeNS) && !has(dns.TypeSOA)
}
