package workstation

import (
	"bytes"
	"cmp"
	"net/netip"
	"slices"
	"strings"

	"github.com/miekg/dns"
)

// zones holds what the stanzas of a server block say of owner names outside of
// the reverse trees. Each name is in lower case and with the closing dot.
type zones struct {
	// byName has the listed forward zones, all other zones of the server block and its
	// stanzas, and the names that exist by them: their ancestors short of the root, and empty
	// non-terminals without a placeholder, such as dyn.example.org for {ip}.dyn in example.org.
	byName map[string]*zone

	labels    int  // of the longest pattern, "*" not counted
	deepest   int  // the labels of the longest name in byName
	wildcards bool // there are some
}

// zone is a listed zone, or a name that exists by one.
type zone struct {
	name      string // of the listed zone
	listed    bool
	enclosing *zone    // the closest listed zone at this name or above; nil if only the root is
	nested    bool     // a zone is listed below
	soa       *dns.SOA // where no plugin follows, of a zone of the server block or of a stanza

	computed     patternIndex
	wildcards    patternIndex // the same for "*.", by what follows it
	nonTerminals patternIndex // empty non-terminals with a placeholder
	deepest      int          // the labels of the longest of all these names

	counters lastCounters
}

// match is what the stanzas say of an owner name: the host that has it, or only that it
// exists, or nothing. With ws{n} and the network 192.0.2.0/24 in example.org, ws7.example.org
// has a pool and the address 192.0.2.7, and example.org has only a zone.
type match struct {
	host
	zone *zone      // by which the name is known to exist; nil if it is not
	ptr  netip.Addr // of a name that has a PTR record: the address that it stands for
}

// isComputed reports whether the name has a computed record.
func (m *match) isComputed() bool { return m.v4.IsValid() || m.v6.IsValid() || m.ptr.IsValid() }

// computed returns the type of the record that a query of qtype for the name gets
// computed, or dns.TypeNone. A query of all types gets one record, which stands for all
// (RFC 8482, section 4.1).
func (m *match) computed(qtype uint16) uint16 {
	switch wantsAny := qtype == dns.TypeANY; {
	case (wantsAny || qtype == dns.TypeA) && m.v4.IsValid():
		return dns.TypeA
	case (wantsAny || qtype == dns.TypeAAAA) && m.v6.IsValid():
		return dns.TypeAAAA
	case (wantsAny || qtype == dns.TypePTR) && m.ptr.IsValid():
		return dns.TypePTR
	default:
		return dns.TypeNone
	}
}

// record returns the computed record of a type that the name has.
func (m *match) record(name string, rrtype uint16) dns.RR {
	hdr := header(name, rrtype, m.pool.ttl)
	switch rrtype {
	case dns.TypeA:
		return &dns.A{Hdr: hdr, A: m.v4.AsSlice()}
	case dns.TypeAAAA:
		return &dns.AAAA{Hdr: hdr, AAAA: m.v6.AsSlice()}
	default:
		return &dns.PTR{Hdr: hdr, Ptr: m.pool.name(m.ptr)}
	}
}

// conflict is that a zone would get one name from two pools.
type conflict struct {
	zone     string
	text     string   // the name, without the zone
	pattern  *pattern // that gives it in the pool that is added
	other    *pattern // that gives it already
	pool     *pool    // of other
	added    *pool
	together bool // numbers or addresses overlap; else, the patterns alone allow it
}

// add lists a forward zone, and puts the computed names of p into it.
func (zs *zones) add(name string, p *pool) *conflict {
	z := zs.byName[name]
	if z == nil || !z.listed {
		z = &zone{name: name, listed: true}
		zs.byName[name] = z
		zs.addAncestors(z, name)
	}
	for i := range p.patterns {
		pt := &p.patterns[i]
		x := &z.computed
		if pt.wildcard {
			x = &z.wildcards
		}
		if c := x.add(p, pt); c != nil {
			c.zone = name
			return c
		}
		zs.labels = max(zs.labels, pt.labels())
		zs.wildcards = zs.wildcards || pt.wildcard
	}
	return nil
}

// addZone lets a zone exist that holds no names of a pool as such: one of the server block that
// no stanza lists, or a reverse zone.
func (zs *zones) addZone(name string) {
	if zs.byName[name] == nil {
		zs.addName(&zone{name: name}, name)
		zs.addAncestors(zs.byName[name], name)
	}
}

// addAncestors lets the names above name exist by z.
func (zs *zones) addAncestors(z *zone, name string) {
	for off, end := dns.NextLabel(name, 0); !end; off, end = dns.NextLabel(name, off) {
		zs.addName(z, name[off:])
	}
}

// addName lets a name exist by z.
func (zs *zones) addName(z *zone, name string) {
	if zs.byName[name] == nil {
		zs.byName[name] = &zone{name: z.name}
	}
}

// complete adds what follows from the computed names of all zones: the empty
// non-terminals, and which zone a name belongs to.
func (zs *zones) complete() {
	for _, z := range zs.listed() {
		z.computed.forms, z.wildcards.forms = nil, nil // there are no more to compare
		for _, text := range z.addNonTerminals() {
			// Below a zone that is listed in between, all names are that zone's.
			if name := text + "." + z.name; zs.closestListed(name) == z {
				zs.addName(z, name)
			}
		}
		if _, parent, ok := strings.Cut(z.name, "."); ok && parent != "" {
			if above := zs.closestListed(parent); above != nil {
				above.nested = true
			}
		}
	}
	for name, z := range zs.byName {
		zs.deepest = max(zs.deepest, dns.CountLabel(name))
		z.enclosing = zs.closestListed(name)
	}
}

// closestListed returns the closest listed zone at a name or above it, except the root.
func (zs *zones) closestListed(name string) *zone {
	for off, end := 0, name == "."; !end; off, end = dns.NextLabel(name, off) {
		if z := zs.byName[name[off:]]; z != nil && z.listed {
			return z
		}
	}
	return nil
}

// listed returns the listed zones, in the order of their names.
func (zs *zones) listed() (listed []*zone) {
	for _, z := range zs.byName {
		if z.listed {
			listed = append(listed, z)
		}
	}
	slices.SortFunc(listed, func(y, z *zone) int { return cmp.Compare(y.name, z.name) })
	return listed
}

// patterns returns the patterns that have names in the zone, wildcards last.
func (z *zone) patterns() []*patternPools {
	return slices.Concat(z.computed.patterns, z.wildcards.patterns)
}

// addNonTerminals adds the names between the zone's computed names and the zone. It
// returns those without a placeholder, which are of no pattern.
func (z *zone) addNonTerminals() (literals []string) {
	added := make(map[string]*patternPools) // by the text of the pattern
	for _, pp := range z.patterns() {
		z.deepest = max(z.deepest, pp.pattern.labels()+1)
		for _, above := range pp.pattern.ancestors {
			if above.pattern == nil {
				literals = append(literals, above.text)
				continue
			}
			if added[above.text] == nil {
				added[above.text] = &patternPools{pattern: above.pattern}
			}
			for _, p := range pp.pools {
				for _, kind := range keyKinds {
					for _, s := range p.keys(kind) {
						keys := &added[above.text].keys[kind]
						*keys = append(*keys, above.pattern.project(s)...)
					}
				}
			}
		}
	}
	for _, pp := range added {
		for kind := range pp.keys {
			pp.keys[kind] = union(pp.keys[kind])
		}
		z.nonTerminals.insert(pp)
	}
	return literals
}

// losing returns a listed zone above a zone, and a pattern of it that has names in the lower
// one, if there is such a pattern. The names of a transfer and of PTR records would be lost.
func (zs *zones) losing(name string) (above *zone, pt *pattern) {
	for off, end := dns.NextLabel(name, 0); !end; off, end = dns.NextLabel(name, off) {
		if above = zs.byName[name[off:]]; above != nil && above.listed {
			if pt = above.patternBelow(name[:off-1]); pt != nil {
				return above, pt
			}
		}
	}
	return nil, nil
}

// patternBelow returns a pattern of which a name lies below another, which is without the
// zone. Wildcards are not meant.
func (z *zone) patternBelow(name string) *pattern {
	for _, pp := range z.computed.patterns {
		if slices.ContainsFunc(pp.pools, func(p *pool) bool { return pp.pattern.hasNamesBelow(name, p) }) {
			return pp.pattern
		}
	}
	return nil
}

// find looks up a name outside of the reverse trees, which is given in lower case
// as well. A computed name belongs to the closest listed zone above it, at any depth
// where that is the root.
func (zs *zones) find(qname string, lower []byte) match {
	if qname == "." {
		return match{} // the root has no apex to guard
	}
	z, existing := zs.enclosing(qname, lower)
	if z == nil {
		if root := zs.byName["."]; root != nil {
			start, _ := dns.NextLabel(qname, 0)
			h := root.computed.find(bytes.TrimSuffix(lower[:start], []byte(".")))
			if h.pool != nil && !zs.encloses(qname[start:], lower[start:]) {
				return match{host: h, zone: root}
			}
		}
		return match{zone: zs.byName[string(lower)]}
	}

	text := lower[:len(lower)-len(z.name)-1]
	if h := z.computed.find(text); h.pool != nil {
		return match{host: h, zone: z}
	}
	if named := zs.byName[string(lower)]; named != nil {
		return match{zone: named}
	}
	if len(z.nonTerminals.patterns) > 0 && z.nonTerminals.has(text) {
		return match{zone: z}
	}
	if len(z.wildcards.patterns) > 0 {
		if h := z.wildcard(qname, text, existing); h.pool != nil {
			return match{host: h, zone: z}
		}
	}
	return match{}
}

// enclosing returns the closest listed zone above a name, and where in it the closest
// name begins that exists above it by a zone. The zone is nil if it is the root, or
// so far above that it has no names there.
func (zs *zones) enclosing(qname string, lower []byte) (z *zone, existing int) {
	off, end := dns.NextLabel(qname, 0)
	for range zs.labels {
		if end {
			return nil, 0
		}
		if above := zs.byName[string(lower[off:])]; above != nil {
			return above.enclosing, off
		}
		off, end = dns.NextLabel(qname, off)
	}
	if !zs.wildcards {
		return nil, 0
	}
	// What is below a wildcard may have many labels more than any zone.
	if start, _ := dns.PrevLabel(qname, zs.deepest); start > off {
		off = start
	}
	for ; !end; off, end = dns.NextLabel(qname, off) {
		if above := zs.byName[string(lower[off:])]; above != nil {
			return above.enclosing, off
		}
	}
	return nil, 0
}

// encloses reports whether a listed zone other than the root is called name, which is
// given in lower case as well, or lies above it.
func (zs *zones) encloses(name string, lower []byte) bool {
	for off, end := 0, false; !end; off, end = dns.NextLabel(name, off) {
		if z := zs.byName[string(lower[off:])]; z != nil && z.listed {
			return true
		}
	}
	return false
}

// wildcard returns the host of the wildcard that covers a name of the zone (RFC 4592):
// that of its closest encloser, or none. text is the name without the zone, in lower
// case; at existing the closest name begins that exists by a zone.
func (z *zone) wildcard(qname string, text []byte, existing int) host {
	if rest, ok := bytes.CutPrefix(text, []byte("*.")); ok {
		if h := z.wildcards.find(rest); h.pool != nil {
			return h // the wildcard's own name
		}
	}
	off, end := dns.NextLabel(qname, 0)
	if start, _ := dns.PrevLabel(qname, z.deepest+dns.CountLabel(z.name)); start > off {
		off = start // there are no longer names
	}
	for ; !end && off <= existing && off < len(text); off, end = dns.NextLabel(qname, off) {
		encloser := text[off:]
		if h := z.wildcards.find(encloser); h.pool != nil {
			return h
		}
		if rest, ok := bytes.CutPrefix(encloser, []byte("*.")); ok && z.wildcards.has(rest) {
			break
		}
		if z.computed.has(encloser) || z.nonTerminals.has(encloser) {
			break
		}
	}
	return host{}
}
