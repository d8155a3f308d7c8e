package workstation

import (
	"iter"
	"maps"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"github.com/coredns/coredns/plugin/pkg/dnsutil"

	"github.com/miekg/dns"
)

// series are hosts whose records are computed in one way: the spans of their keys or
// addresses, and what gives the records of one of them.
type series struct {
	spans   iter.Seq[span]
	records func(p *pool, u uint128, send func(dns.RR)) // p is the span's
}

// send sends the records of all.
func (s series) send(send func(dns.RR)) {
	for part := range s.spans {
		for u := part.first; ; u = u.add(uint128{lo: 1}) {
			s.records(part.pool, u, send)
			if u == part.last {
				break
			}
		}
	}
}

// tooMany reports whether the series are too long, together, to be transferred.
func tooMany(all []series) bool {
	room := uint128{lo: maxTransfer}
	for _, s := range all {
		for part := range s.spans {
			others := part.last.sub(part.first) // than the first
			if !others.less(room) {
				return true
			}
			room = room.sub(others).sub(uint128{lo: 1})
		}
	}
	return false
}

// series returns all that is computed in the zone. The names in the root zone, which
// have any parent and never end, are left out.
func (c *computedZone) series() (all []series) {
	if o := c.ws.find(c.origin); o.v4.IsValid() || o.v6.IsValid() {
		all = append(all, series{slices.Values(index{{}}), func(_ *pool, _ uint128, send func(dns.RR)) {
			o.records(c.origin, send)
			// If a wildcard covers it, that covers what is below as well.
			text := strings.TrimSuffix(c.origin, "."+o.zone.name)
			if o.zone.name != "." && !o.zone.computed.has([]byte(text)) && c.ws.zones.closestListed(c.origin) == o.zone {
				o.records("*."+c.origin, send)
			}
		}})
	}
	if z := c.ws.zones.closestListed(c.origin); z != nil && z.name != c.origin {
		within, _ := strings.CutSuffix(c.origin, "."+z.name)
		all = append(all, c.names(z, within)...)
	}
	for _, z := range c.ws.zones.listed() {
		if z.name != "." && dns.IsSubDomain(c.origin, z.name) && !c.cuts[z.name] && !c.belowCut(z.name) {
			all = append(all, c.names(z, "")...)
		}
	}
	for f, spans := range c.reverse() {
		all = append(all, series{slices.Values(spans), func(p *pool, u uint128, send func(dns.RR)) {
			addr := family(f).address(u)
			send(newPTR(reverseName(addr), p, addr))
		}})
	}
	all = append(all, c.classless()...)
	return slices.DeleteFunc(all, series.empty)
}

// empty reports whether there is no host.
func (s series) empty() bool {
	for range s.spans {
		return false
	}
	return true
}

// names returns the computed names of a listed zone: those below within, a name in the
// zone, or if that is empty, all.
func (c *computedZone) names(z *zone, within string) (all []series) {
	for _, ns := range slices.Concat(z.computed.patterns, z.wildcards.patterns) {
		keys := func(p *pool, kind keyKind) iter.Seq[span] { return slices.Values(p.keys(kind)) }
		if within != "" {
			above, ok := ns.pattern.ancestorOf(within)
			if !ok {
				continue
			}
			keys = func(p *pool, kind keyKind) iter.Seq[span] { return above.keysBelow(within, p, kind) }
		}
		for _, p := range ns.pools {
			for _, kind := range keyKinds {
				all = append(all, series{keys(p, kind), c.recordsOf(z, p.patterns, ns.pattern, kind)})
			}
		}
	}
	return all
}

// recordsOf returns what gives the records of one pattern of a stanza in a zone.
func (c *computedZone) recordsOf(z *zone, all []pattern, pt *pattern, kind keyKind) func(*pool, uint128, func(dns.RR)) {
	var others []*pattern // that may give the same name for the same host, and have done so
	for i := range all {
		if all[i].text == pt.text {
			break
		}
		if all[i].wildcard == pt.wildcard {
			others = append(others, &all[i])
		}
	}
	deep := pt.wildcard || pt.labels() > 1 // a cut may be in between
	nested := pt.wildcard && z.nested
	return func(p *pool, u uint128, send func(dns.RR)) {
		k := key{kind, u}
		name := pt.name(k, z.name)
		for _, other := range others {
			if other.name(k, z.name) == name {
				return
			}
		}
		if deep && len(c.cuts) > 0 && c.belowCut(name) {
			return
		}
		if nested && c.ws.zones.closestListed(name) != z {
			return
		}
		p.host(k).records(name, send)
	}
}

// records sends the address records of a host under one of its names.
func (h host) records(name string, send func(dns.RR)) {
	header := func(rrtype uint16) dns.RR_Header {
		return dns.RR_Header{Name: name, Rrtype: rrtype, Class: dns.ClassINET, Ttl: h.pool.ttl}
	}
	if h.v4.IsValid() {
		send(&dns.A{Hdr: header(dns.TypeA), A: h.v4.AsSlice()})
	}
	if h.v6.IsValid() {
		send(&dns.AAAA{Hdr: header(dns.TypeAAAA), AAAA: h.v6.AsSlice()})
	}
}

// newPTR returns the PTR record that a pool gives of an address.
func newPTR(name string, p *pool, addr netip.Addr) dns.RR {
	return &dns.PTR{Hdr: dns.RR_Header{Name: name, Rrtype: dns.TypePTR, Class: dns.ClassINET, Ttl: p.ttl}, Ptr: p.name(addr)}
}

// classless returns the PTR records in classless zones.
func (c *computedZone) classless() (all []series) {
	for _, zone := range slices.Sorted(maps.Keys(c.ws.reverse.classless)) {
		if !dns.IsSubDomain(c.origin, zone) && !dns.IsSubDomain(zone, c.origin) || c.cuts[zone] || c.belowCut(zone) {
			continue
		}
		records := c.ws.reverse.classless[zone]
		all = append(all, series{slices.Values(records.index), func(p *pool, u uint128, send func(dns.RR)) {
			addr := ipv4.address(u)
			if name := dnsutil.Join(strconv.Itoa(int(addr.As4()[3])), zone); dns.IsSubDomain(c.origin, name) {
				send(newPTR(name, p, addr))
			}
		}})
	}
	return all
}
