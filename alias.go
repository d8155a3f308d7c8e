package workstation

import (
	"context"
	"maps"
	"slices"
	"strings"
	"sync/atomic"

	"github.com/coredns/coredns/core/dnsserver"
	"github.com/coredns/coredns/plugin"
	"github.com/coredns/coredns/plugin/pkg/nonwriter"
	"github.com/coredns/coredns/request"

	"github.com/miekg/dns"
)

const (
	// maxAliases is how many CNAME records are followed in one response. The plugin file has the
	// same limit.
	maxAliases = 8

	// maxHosts limits how many hosts in the additional section are looked up in the next plugin.
	// Each can take two queries.
	maxHosts = 16
)

// completer is the ResponseWriter for the queries of class IN that go to the next plugin. It gives
// aliases of computed names the right records: those that a query for the computed name gets.
//
// The next plugin follows a CNAME record to a computed name only as far as its own records go. It
// stops there, or goes on to a stored record that the computed one hides. For example, if
// www.example.org has a stored CNAME record to ws7.example.org, file returns only that record, and
// completer appends the A record of ws7. The response becomes what a client would put together from
// a query for each name. completer does the same for addresses in the additional section.
//
// If the next plugin writes several responses, completer writes only the first.
type completer struct {
	dns.ResponseWriter
	ws      *Workstation
	ctx     context.Context
	r       *dns.Msg
	written atomic.Bool
}

// ask asks the next plugin.
func (ws *Workstation) ask(ctx context.Context, w dns.ResponseWriter, r *dns.Msg) (int, error) {
	return plugin.NextOrFailure(pluginName, ws.Next, ctx, &completer{ResponseWriter: w, ws: ws, ctx: ctx, r: r}, r)
}

// WriteMsg implements dns.ResponseWriter.
func (c *completer) WriteMsg(m *dns.Msg) error {
	if qtype := c.r.Question[0].Qtype; qtype == dns.TypeAXFR || qtype == dns.TypeIXFR {
		return c.ResponseWriter.WriteMsg(m) // one message of many
	}
	if !c.written.CompareAndSwap(false, true) {
		return nil
	}
	if namesOtherHosts(m, c.r.Question[0].Name) {
		m = c.completed(m)
	}
	return c.ResponseWriter.WriteMsg(m)
}

// namesOtherHosts reports whether m, the response to a query for qname, names other hosts. Most
// responses do not, so they skip the rest of this file, which needs more stack than a new goroutine
// has.
func namesOtherHosts(m *dns.Msg, qname string) bool {
	for _, rr := range m.Answer {
		if rr.Header().Rrtype == dns.TypeCNAME || pointsTo(rr) != "" {
			return true
		}
	}
	if len(m.Answer) == 0 {
		for _, rr := range m.Ns {
			if rr.Header().Rrtype == dns.TypeNS {
				return true
			}
		}
	}
	for _, rr := range m.Extra {
		if h := rr.Header(); (h.Rrtype == dns.TypeA || h.Rrtype == dns.TypeAAAA) && !strings.EqualFold(h.Name, qname) {
			return true
		}
	}
	return false
}

// completed returns m with the right records of other names.
func (c *completer) completed(m *dns.Msg) *dns.Msg {
	if c.ctx.Value(lookupKey{}) != nil {
		return m // the response to the original query is completed as a whole
	}
	m = c.withTargets(m)
	// If another plugin asks, it needs only the answer.
	if asked, _ := c.ctx.Value(dnsserver.LoopKey{}).(int); asked == 0 {
		m = c.withAddresses(m)
	}
	return m
}

// withTargets returns m with the right records of the computed names to which its CNAME records
// lead. It does not change m, because others, such as a cache, may hold it.
func (c *completer) withTargets(m *dns.Msg) *dns.Msg {
	for range maxAliases {
		completed := c.withTarget(m)
		if completed == m {
			break
		}
		m = completed
	}
	return m
}

// withTarget is withTargets for the first of these names that lacks the right records.
func (c *completer) withTarget(m *dns.Msg) *dns.Msg {
	q := c.r.Question[0]
	if q.Qtype == dns.TypeCNAME || q.Qtype == dns.TypeANY { // the answer ends at the first CNAME record
		return m
	}
	names := []string{q.Name}
	for i, rr := range m.Answer {
		cname, ok := rr.(*dns.CNAME)
		if !ok || !strings.EqualFold(cname.Hdr.Name, names[len(names)-1]) {
			continue
		}
		name := strings.ToLower(cname.Target)
		if len(names) > maxAliases || slices.Contains(names, name) {
			break
		}
		names = append(names, name)
		if !c.differs(m, name, m.Answer[i+1:]) {
			continue
		}
		target := c.lookup(name, q.Qtype)
		if target == nil || isReferral(target) {
			break
		}
		answer := slices.Concat(upTo(m.Answer, i), target.Answer)
		if target.Rcode == m.Rcode && slices.EqualFunc(answer, m.Answer, isSame) {
			continue // the records are right already
		}
		completed := changed(m)
		completed.AuthenticatedData = false // the records that were validated are others
		completed.Rcode = target.Rcode
		completed.Answer = answer
		completed.Ns = slices.Clip(target.Ns)
		return completed
	}
	return m
}

// differs reports whether the next plugin has put the wrong records behind a CNAME record of m that
// leads to name. after is what follows that record in the answer.
func (c *completer) differs(m *dns.Msg, name string, after []dns.RR) bool {
	found := c.ws.find(name)
	if found.zone == nil {
		return false
	}
	var stored []dns.RR
	for _, rr := range after {
		if rr.Header().Rrtype != dns.TypeRRSIG && strings.EqualFold(rr.Header().Name, name) {
			stored = append(stored, rr)
		}
	}
	if len(stored) == 0 && m.Rcode == dns.RcodeNameError {
		return true // the response denies a name that exists
	}
	switch rrtype := found.computedType(c.r.Question[0].Qtype); {
	case !found.isComputed() || m.Rcode == dns.RcodeServerFailure: // a chain of aliases may have no end
		return false
	case found.pool.storedFirst:
		return rrtype != dns.TypeNone && len(stored) == 0
	case rrtype != dns.TypeNone:
		return len(stored) != 1 || !isSame(stored[0], found.record(name, rrtype))
	default:
		return hasCNAME(after, name)
	}
}

// withAddresses returns m with the right addresses, in the additional section, of the computed
// names to which other records point.
func (c *completer) withAddresses(m *dns.Msg) *dns.Msg {
	hosts := c.hosts(m)
	if len(hosts) == 0 {
		return m
	}
	// A computed record replaces a stored one, except in a pool with storedFirst. There it is added
	// only if no stored record is there.
	isHidden := func(rr dns.RR) bool {
		found := hosts[strings.ToLower(rr.Header().Name)]
		return found != nil && !found.pool.storedFirst && found.computedType(coveredType(rr)) != dns.TypeNone
	}
	completed := changed(m)
	completed.Extra = slices.DeleteFunc(slices.Clone(m.Extra), isHidden)
	kept := slices.Clip(completed.Extra)
	for _, name := range slices.Sorted(maps.Keys(hosts)) {
		for _, rrtype := range []uint16{dns.TypeA, dns.TypeAAAA} {
			switch found := hosts[name]; {
			case found.computedType(rrtype) == dns.TypeNone:
			case !found.pool.storedFirst:
				completed.Extra = append(completed.Extra, found.record(name, rrtype))
			case !slices.ContainsFunc(kept, func(rr dns.RR) bool { return isOf(rr, name, rrtype) }):
				completed.Extra = append(completed.Extra, c.addresses(name, rrtype)...)
			}
		}
	}
	// Addresses that can be left out must not truncate the response (RFC 2181, section 9). Those in
	// a referral cannot be left out (RFC 9471).
	if !isReferral(m) && !c.fits(completed) {
		completed.Extra = kept
	}
	return completed
}

// hosts returns the computed names of which the addresses belong in the additional section of m, or
// are there already. The names are in lower case.
func (c *completer) hosts(m *dns.Msg) map[string]*match {
	hosts := make(map[string]*match)
	asked := 0
	add := func(name string) {
		name = strings.ToLower(name)
		if hosts[name] != nil {
			return
		}
		found := c.ws.find(name)
		switch {
		case !found.isComputed():
			return
		case found.pool.storedFirst && asked == maxHosts:
			return
		case found.pool.storedFirst:
			asked++
		}
		hosts[name] = &found
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
	return hosts
}

// addresses returns the records of type rrtype, and their signatures, that a query for a name gets.
func (c *completer) addresses(name string, rrtype uint16) (addresses []dns.RR) {
	if m := c.lookup(name, rrtype); m != nil {
		for _, rr := range m.Answer {
			if isOf(rr, name, rrtype) {
				addresses = append(addresses, rr)
			}
		}
	}
	return addresses
}

// coveredType returns the type of rr, or the type that it signs if it is a signature.
func coveredType(rr dns.RR) uint16 {
	if sig, ok := rr.(*dns.RRSIG); ok {
		return sig.TypeCovered
	}
	return rr.Header().Rrtype
}

// isOf reports whether rr is a record of this name and type, or a signature of such a record.
func isOf(rr dns.RR, name string, rrtype uint16) bool {
	return coveredType(rr) == rrtype && strings.EqualFold(rr.Header().Name, name)
}

// fits reports whether the client accepts a response of m's size, including the OPT record that the
// server adds.
func (c *completer) fits(m *dns.Msg) bool {
	query := request.Request{W: c.ResponseWriter, Req: c.r}
	size := query.Size()
	if c.r.IsEdns0() != nil && m.IsEdns0() == nil {
		size -= 11 // octets of an OPT record without options
	}
	compressed := *m
	compressed.Compress = true
	return compressed.Len() <= size
}

// lookupKey is the key that marks the context of a query that completer makes itself.
type lookupKey struct{}

// lookup returns the response of this plugin and those after it to a query for a name, or nil if
// there is none.
func (c *completer) lookup(name string, qtype uint16) *dns.Msg {
	query := request.Request{W: c.ResponseWriter, Req: c.r}
	query = query.NewWithQuestion(name, qtype)
	w := nonwriter.New(c.ResponseWriter)
	if _, err := c.ws.ServeDNS(context.WithValue(c.ctx, lookupKey{}, true), w, query.Req); err != nil {
		return nil
	}
	return w.Msg
}

// changed returns a copy of m. Its sections can be replaced or appended to without changing m.
func changed(m *dns.Msg) *dns.Msg {
	c := *m
	c.Answer, c.Ns, c.Extra = slices.Clip(m.Answer), slices.Clip(m.Ns), slices.Clip(m.Extra)
	return &c
}

// isSame reports whether two records are the same and have the same TTL.
func isSame(rr, other dns.RR) bool {
	return rr.Header().Ttl == other.Header().Ttl && dns.IsDuplicate(rr, other)
}

// upTo returns the records up to answer[i], which is a CNAME record, and its signatures.
func upTo(answer []dns.RR, i int) []dns.RR {
	end := i + 1
	for end < len(answer) && answer[end].Header().Rrtype == dns.TypeRRSIG {
		end++
	}
	return answer[:end]
}

// pointsTo returns the host to which a record points, if its addresses belong in the additional
// section. Otherwise it returns "".
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

// hasCNAME reports whether name has a CNAME record that is not synthesized from a DNAME record of a
// name above it.
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

// isReferral reports whether m is a referral (RFC 2308, section 2.2).
func isReferral(m *dns.Msg) bool {
	has := func(rrtype uint16) bool {
		return slices.ContainsFunc(m.Ns, func(rr dns.RR) bool { return rr.Header().Rrtype == rrtype })
	}
	return len(m.Answer) == 0 && m.Rcode == dns.RcodeSuccess && has(dns.TypeNS) && !has(dns.TypeSOA)
}
