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

// series is what is computed in one way for many hosts, such as the records of all hosts of a pool
// by one pattern, or all PTR records of a family. hosts are their keys or addresses. records sends
// the records of one of them.
type series struct {
	hosts   iter.Seq[entry]
	records func(p *pool, u uint128, send func(dns.RR)) // p is the pool of the entry
}

// send sends the records of all hosts.
func (s series) send(send func(dns.RR)) {
	for part := range s.hosts {
		for u := part.first; ; u = u.add(uint128{lo: 1}) {
			s.records(part.pool, u, send)
			if u == part.last {
				break
			}
		}
	}
}

// tooMany reports whether the series have more hosts than may be transferred.
func tooMany(all []series) bool {
	room := uint128{lo: maxTransfer}
	for _, s := range all {
		for part := range s.hosts {
			others := part.last.sub(part.first) // without the first host
			if !others.less(room) {
				return true
			}
			room = room.sub(others).sub(uint128{lo: 1})
		}
	}
	return false
}

// allSeries returns all that is computed in the zone, except PTR records below the cuts that are
// known. Names below cuts are in it, and are left out one by one when their records are sent. If cuts
// are given, the keys of such names are removed first. Names in the root zone are always left out,
// because they have any parent and never end.
func (c *computedZone) allSeries(cuts map[*zone][]string) (all []series) {
	work := maxWork
	if found := c.ws.find(c.zone); (found.v4.IsValid() || found.v6.IsValid()) && !found.pool.noTransfer {
		all = append(all, series{slices.Values(index{{}}), func(_ *pool, _ uint128, send func(dns.RR)) {
			c.records(c.zone, found, send)
			// If a wildcard covers the apex, it covers the names below as well.
			text := strings.TrimSuffix(c.zone, "."+found.zone.name)
			if found.zone.name != "." && !found.zone.computed.has([]byte(text)) && c.ws.zones.closestListed(c.zone) == found.zone {
				c.records("*."+c.zone, found, send)
			}
		}})
	}
	if z := c.ws.zones.closestListed(c.zone); z != nil && z.name != c.zone {
		relative, _ := strings.CutSuffix(c.zone, "."+z.name)
		all = append(all, c.forwardSeries(z, relative, cuts[z], &work)...)
	}
	for _, z := range c.ws.zones.listed() {
		if z.name != "." && dns.IsSubDomain(c.zone, z.name) && c.cuts[z.name] == uncut && !c.belowCut(z.name) {
			all = append(all, c.forwardSeries(z, "", cuts[z], &work)...)
		}
	}
	for f, spans := range c.reverseIndex() {
		all = append(all, series{slices.Values(spans), func(p *pool, u uint128, send func(dns.RR)) {
			addr := family(f).address(u)
			c.records(reverseName(addr), match{host: host{pool: p}, ptr: addr}, send)
		}})
	}
	all = append(all, c.classlessSeries()...)
	return slices.DeleteFunc(all, series.empty)
}

// empty reports whether there are no hosts.
func (s series) empty() bool {
	for range s.hosts {
		return false
	}
	return true
}

const (
	// maxSubtract is how many spans of keys can be left out of a series, and how many it can have
	// for that. There are more only if a cut takes keys from all over a large network, which then
	// counts as a whole.
	maxSubtract = 1 << 17

	// maxWork is how many times a cut is looked for in a pattern, for all cuts and patterns
	// together.
	maxWork = 1 << 24
)

// forwardSeries returns the computed names of a listed zone: those below relative, a name without the
// zone, or all if relative is empty. Keys below the cuts are left out, as long as work is left.
func (c *computedZone) forwardSeries(z *zone, relative string, cuts []string, work *int) (all []series) {
	for _, pp := range z.patterns() {
		keys := func(p *pool, kind keyKind) iter.Seq[entry] { return slices.Values(p.keys(kind)) }
		if relative != "" {
			above, ok := pp.pattern.ancestorOf(relative)
			if !ok {
				continue
			}
			keys = func(p *pool, kind keyKind) iter.Seq[entry] { return above.keysBelow(relative, p, kind) }
		}
		for _, p := range pp.pools {
			if p.noTransfer {
				continue
			}
			for _, kind := range keyKinds {
				spans := keys(p, kind)
				if len(cuts) > 0 && len(pp.pattern.ancestors) > 0 && len(p.keys(kind)) > 0 && *work > 0 {
					*work -= len(cuts)
					spans = without(spans, keysBelowAny(cuts, pp.pattern, p, kind))
				}
				all = append(all, series{spans, c.recordsOf(z, p.patterns, pp.pattern, kind)})
			}
		}
	}
	return all
}

// cutsByZone returns the cuts by the closest listed zone above them, without the name of that zone.
// Cuts below another cut are left out.
func (c *computedZone) cutsByZone() map[*zone][]string {
	cuts := make(map[*zone][]string)
	for name := range c.cuts {
		if _, above, ok := strings.Cut(name, "."); ok && !c.belowCut(name) && dns.IsSubDomain(c.zone, name) {
			if z := c.ws.zones.closestListed(above); z != nil {
				cuts[z] = append(cuts[z], strings.TrimSuffix(name, "."+z.name))
			}
		}
	}
	return cuts
}

// keysBelowAny returns the keys of a pool for which pt writes a name below any of names.
func keysBelowAny(names []string, pt *pattern, p *pool, kind keyKind) iter.Seq[entry] {
	return func(yield func(entry) bool) {
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

// without returns what is in spans, which are ascending and disjoint, but not in others. If there
// are too many of either, it returns all spans.
func without(spans, others iter.Seq[entry]) iter.Seq[entry] {
	collect := func(spans iter.Seq[entry]) (x index, all bool) {
		for s := range spans {
			if len(x) == maxSubtract {
				return nil, false
			}
			x = append(x, s)
		}
		return x, true
	}
	x, ok := collect(spans)
	cut, ok2 := collect(others)
	if !ok || !ok2 || len(cut) == 0 {
		return spans
	}
	return slices.Values(subtract(x, union(cut)))
}

// recordsOf returns a function for series.records: it sends the records that one of a pool's
// patterns gives in a zone.
func (c *computedZone) recordsOf(z *zone, all []pattern, pt *pattern, kind keyKind) func(*pool, uint128, func(dns.RR)) {
	var others []*pattern // earlier patterns, which may have given the same name to the same host
	for i := range all {
		if all[i].text == pt.text {
			break
		}
		if all[i].wildcard == pt.wildcard {
			others = append(others, &all[i])
		}
	}
	deep := len(pt.ancestors) > 0 // a cut can be in between
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
		c.records(name, match{host: p.host(k)}, send)
	}
}

// records sends the computed records of a name.
func (c *computedZone) records(name string, found match, send func(dns.RR)) {
	for _, rrtype := range [...]uint16{dns.TypeA, dns.TypeAAAA, dns.TypePTR} {
		if found.computedType(rrtype) != dns.TypeNone && !c.storedWins(found.pool, name, rrtype) {
			send(found.record(name, rrtype))
		}
	}
}

// classlessSeries returns the PTR records in classless zones.
func (c *computedZone) classlessSeries() (all []series) {
	for _, zone := range slices.Sorted(maps.Keys(c.ws.reverse.classless)) {
		if !dns.IsSubDomain(c.zone, zone) && !dns.IsSubDomain(zone, c.zone) || c.cuts[zone] != uncut || c.belowCut(zone) {
			continue
		}
		records := slices.DeleteFunc(slices.Clone(c.ws.reverse.classless[zone].index), func(e entry) bool { return e.pool.noTransfer })
		all = append(all, series{slices.Values(records), func(p *pool, u uint128, send func(dns.RR)) {
			addr := ipv4.address(u)
			if name := dnsutil.Join(strconv.Itoa(int(addr.As4()[3])), zone); dns.IsSubDomain(c.zone, name) {
				c.records(name, match{host: host{pool: p}, ptr: addr}, send)
			}
		}})
	}
	return all
}
