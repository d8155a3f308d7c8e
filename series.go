package workstation

import (
	"iter"
	"maps"
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
	cut     iter.Seq[span]                              // those of them whose names are below a cut, which have no records; or nil
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

// tooMany reports whether more is computed in the zone than may be transferred.
func (c *computedZone) tooMany() bool {
	room := uint128{lo: maxTransfer}
	for _, s := range c.series() {
		count := uint128{}
		for part := range s.spans {
			others := part.last.sub(part.first) // than the first
			if count = count.add(others).add(uint128{lo: 1}); s.cut == nil && (!others.less(room) || room.less(count)) {
				return true
			}
		}
		if s.cut != nil {
			for part := range s.cut {
				count = count.sub(part.last.sub(part.first)).sub(uint128{lo: 1})
			}
		}
		if room.less(count) {
			return true
		}
		room = room.sub(count)
	}
	return false
}

// series returns all that is computed in the zone. The names in the root zone, which
// have any parent and never end, are left out.
func (c *computedZone) series() (all []series) {
	if o := c.ws.find(c.origin); (o.v4.IsValid() || o.v6.IsValid()) && !o.pool.noTransfer {
		all = append(all, series{spans: slices.Values(index{{}}), records: func(_ *pool, _ uint128, send func(dns.RR)) {
			c.records(c.origin, o, send)
			// If a wildcard covers it, that covers what is below as well.
			text := strings.TrimSuffix(c.origin, "."+o.zone.name)
			if o.zone.name != "." && !o.zone.computed.has([]byte(text)) && c.ws.zones.closestListed(c.origin) == o.zone {
				c.records("*."+c.origin, o, send)
			}
		}})
	}
	if z := c.ws.zones.closestListed(c.origin); z != nil && z.name != c.origin {
		within, _ := strings.CutSuffix(c.origin, "."+z.name)
		all = append(all, c.names(z, within)...)
	}
	for _, z := range c.ws.zones.listed() {
		if z.name != "." && dns.IsSubDomain(c.origin, z.name) && c.cuts[z.name] == uncut && !c.belowCut(z.name) {
			all = append(all, c.names(z, "")...)
		}
	}
	for f, spans := range c.reverse() {
		all = append(all, series{spans: slices.Values(spans), records: func(p *pool, u uint128, send func(dns.RR)) {
			addr := family(f).address(u)
			c.records(reverseName(addr), owner{host: host{pool: p}, ptr: addr}, send)
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
	cuts := c.cutsIn(z)
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
			if p.noTransfer {
				continue
			}
			for _, kind := range keyKinds {
				s := series{spans: keys(p, kind), records: c.recordsOf(z, p.patterns, ns.pattern, kind)}
				if len(cuts) > 0 && ns.pattern.hasAncestors() {
					s.cut = keysBelowAny(cuts, ns.pattern, p, kind)
				}
				all = append(all, s)
			}
		}
	}
	return all
}

// cutsIn returns the cuts between a listed zone and its names, without the zone. Those below
// another are left out.
func (c *computedZone) cutsIn(z *zone) (within []string) {
	for name := range c.cuts {
		text, ok := strings.CutSuffix(name, "."+z.name)
		if ok && dns.IsSubDomain(c.origin, name) && !c.belowCut(name) {
			within = append(within, text)
		}
	}
	return within
}

// keysBelowAny returns a pool's keys of which the names lie below one of some names.
func keysBelowAny(names []string, pt *pattern, p *pool, kind keyKind) iter.Seq[span] {
	return func(yield func(span) bool) {
		for _, name := range names {
			above, ok := pt.ancestorOf(name)
			if !ok {
				continue
			}
			for s := range above.keysBelow(name, p, kind) {
				if !yield(s) {
					return
				}
			}
		}
	}
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
	deep := pt.hasAncestors() // a cut may be in between
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
		c.records(name, owner{host: p.host(k)}, send)
	}
}

// records sends the computed records of a name.
func (c *computedZone) records(name string, o owner, send func(dns.RR)) {
	for _, rrtype := range [...]uint16{dns.TypeA, dns.TypeAAAA, dns.TypePTR} {
		if o.computed(rrtype) != dns.TypeNone && !c.yields(o.pool, name, rrtype) {
			send(o.record(name, rrtype))
		}
	}
}

// classless returns the PTR records in classless zones.
func (c *computedZone) classless() (all []series) {
	for _, zone := range slices.Sorted(maps.Keys(c.ws.reverse.classless)) {
		if !dns.IsSubDomain(c.origin, zone) && !dns.IsSubDomain(zone, c.origin) || c.cuts[zone] != uncut || c.belowCut(zone) {
			continue
		}
		records := slices.DeleteFunc(slices.Clone(c.ws.reverse.classless[zone].index), func(s span) bool { return s.pool.noTransfer })
		all = append(all, series{spans: slices.Values(records), records: func(p *pool, u uint128, send func(dns.RR)) {
			addr := ipv4.address(u)
			if name := dnsutil.Join(strconv.Itoa(int(addr.As4()[3])), zone); dns.IsSubDomain(c.origin, name) {
				c.records(name, owner{host: host{pool: p}, ptr: addr}, send)
			}
		}})
	}
	return all
}
