package workstation

import (
	"bytes"
	"cmp"
	"slices"
	"strings"

	"github.com/miekg/dns"
)

// zones are the names outside of the reverse trees that exist by a server block's stanzas, except
// the computed names themselves, which are in the patternIndex of their zone. Each name is in lower
// case and has the closing dot. With the pattern {ip}.dyn in the zone example.org, byName has
// example.org., org. and dyn.example.org.
type zones struct {
	byName map[string]existing

	mostLabels   int  // of any pattern, without "*"
	deepest      int  // how many labels the longest name in byName has
	hasWildcards bool // whether any pattern is a wildcard
}

// existing is a name that exists because of a zone: the zone's own name, a name above it other than
// the root, or an empty non-terminal without a placeholder.
type existing struct {
	zone      *zone
	enclosing *zone    // the closest listed zone at the name or above, except the root, or nil
	soa       *dns.SOA // if the server block or a stanza has the name as a zone; used where no plugin follows
}

// zone is a zone that a stanza lists, or another one of the server block. With the patterns ws{n}
// and *.ws{n} in example.org, computed has ws{n} and wildcards has *.ws{n}.
type zone struct {
	name   string // in lower case, with the closing dot
	listed bool   // a stanza adds names to it
	nested bool   // another zone is listed below

	computed     patternIndex // names of patterns without "*."
	wildcards    patternIndex // names of patterns with "*.", by the text after it
	nonTerminals patternIndex // empty non-terminals of patterns with a placeholder in them
	deepest      int          // how many labels a name in these has at most, with "*" and without the zone

	counters lastCounters
}

// list returns the listed zone called name, and lists it if it is not yet.
func (zs *zones) list(name string) *zone {
	z := zs.zone(name)
	if z == nil {
		z = &zone{name: name, listed: true}
		zs.byName[name] = existing{zone: z}
		zs.addAncestors(z, name)
	}
	return z
}

// add puts the computed names of p into the zone. It returns a conflict if another pool of the zone
// could give one of these names, and nil otherwise. All pools must be added before zones.addImplied:
// that discards the forms, without which patterns are not compared.
func (z *zone) add(p *pool) *conflict {
	for i := range p.patterns {
		x := &z.computed
		if p.patterns[i].wildcard {
			x = &z.wildcards
		}
		if c := x.add(p, &p.patterns[i]); c != nil {
			c.zone = z.name
			return c
		}
	}
	return nil
}

// addZone lets a zone exist that no stanza lists as a forward zone: a reverse zone, or another zone
// of the server block.
func (zs *zones) addZone(name string) {
	if zs.byName[name].zone == nil {
		z := &zone{name: name}
		zs.byName[name] = existing{zone: z}
		zs.addAncestors(z, name)
	}
}

// addAncestors lets the names above name exist because of z.
func (zs *zones) addAncestors(z *zone, name string) {
	for off, end := dns.NextLabel(name, 0); !end; off, end = dns.NextLabel(name, off) {
		zs.addName(z, name[off:])
	}
}

// addName lets a name exist because of z.
func (zs *zones) addName(z *zone, name string) {
	if zs.byName[name].zone == nil {
		zs.byName[name] = existing{zone: z}
	}
}

// addImplied adds what follows from the computed names of all zones: the empty non-terminals, and the
// zone to which each name belongs.
func (zs *zones) addImplied() {
	for _, z := range zs.listed() {
		z.computed.forms, z.wildcards.forms = nil, nil // no more patterns are compared
		zs.hasWildcards = zs.hasWildcards || len(z.wildcards.patterns) > 0
		for _, pp := range z.patterns() {
			zs.mostLabels = max(zs.mostLabels, pp.pattern.labels())
		}
		for _, text := range z.addNonTerminals() {
			// If another zone is listed in between, the name belongs to that zone.
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
	for name, e := range zs.byName {
		zs.deepest = max(zs.deepest, dns.CountLabel(name))
		e.enclosing = zs.closestListed(name)
		zs.byName[name] = e
	}
}

// zone returns the zone called name, or nil.
func (zs *zones) zone(name string) *zone {
	if e := zs.byName[name]; e.zone != nil && e.zone.name == name {
		return e.zone
	}
	return nil
}

// closestListed returns the closest listed zone at a name or above it, except the root, or nil.
func (zs *zones) closestListed(name string) *zone {
	for off, end := 0, name == "."; !end; off, end = dns.NextLabel(name, off) {
		if z := zs.zone(name[off:]); z != nil && z.listed {
			return z
		}
	}
	return nil
}

// listed returns the listed zones, sorted by name.
func (zs *zones) listed() (listed []*zone) {
	for name := range zs.byName {
		if z := zs.zone(name); z != nil && z.listed {
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

// addNonTerminals adds the names between the zone's computed names and the zone. It returns those
// without a placeholder, because they belong to byName.
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

// takesNamesFrom returns a listed zone above the zone called name from which that takes names, and a
// pattern of those names; or nil for both. A transfer of the zone above, and PTR records, would have
// names that queries do not find.
func (zs *zones) takesNamesFrom(name string) (above *zone, pt *pattern) {
	for off, end := dns.NextLabel(name, 0); !end; off, end = dns.NextLabel(name, off) {
		if above = zs.zone(name[off:]); above != nil && above.listed {
			if pt = above.patternBelow(name[:off-1]); pt != nil {
				return above, pt
			}
		}
	}
	return nil, nil
}

// patternBelow returns a pattern that has names below name, which is given without the zone, or
// nil. It ignores wildcards.
func (z *zone) patternBelow(name string) *pattern {
	for _, pp := range z.computed.patterns {
		if slices.ContainsFunc(pp.pools, func(p *pool) bool { return pp.pattern.hasNamesBelow(name, p) }) {
			return pp.pattern
		}
	}
	return nil
}

// findInto looks up a name outside of the reverse trees, and sets m. lower is qname in lower case. A
// computed name belongs to the closest listed zone above it. In the root zone, it may have any parent.
func (zs *zones) findInto(m *match, qname string, lower []byte) {
	if qname == "." {
		return // the root itself always belongs to the next plugin
	}
	z, encloserOff := zs.enclosingZone(qname, lower)
	if z == nil {
		if root := zs.zone("."); root != nil {
			start, _ := dns.NextLabel(qname, 0)
			p, k := root.computed.find(bytes.TrimSuffix(lower[:start], []byte(".")))
			if p != nil && !zs.encloses(qname[start:], lower[start:]) {
				m.zone = root
				m.set(p, k)
				return
			}
		}
		m.zone = zs.byName[string(lower)].zone
		return
	}

	text := lower[:len(lower)-len(z.name)-1]
	if p, k := z.computed.find(text); p != nil {
		m.zone = z
		m.set(p, k)
		return
	}
	if e := zs.byName[string(lower)]; e.zone != nil {
		m.zone = e.zone
		return
	}
	if len(z.nonTerminals.patterns) > 0 && z.nonTerminals.has(text) {
		m.zone = z
		return
	}
	if len(z.wildcards.patterns) > 0 {
		if p, k := z.wildcardHost(qname, text, encloserOff); p != nil {
			m.zone = z
			m.set(p, k)
		}
	}
}

// enclosingZone returns the closest listed zone above a name, and the offset in qname of the closest
// ancestor in byName. The zone is nil if only the root is above, or if it is too far above to have a
// name of so many labels.
func (zs *zones) enclosingZone(qname string, lower []byte) (z *zone, encloserOff int) {
	off, end := dns.NextLabel(qname, 0)
	for range zs.mostLabels {
		if end {
			return nil, 0
		}
		if above := zs.byName[string(lower[off:])]; above.zone != nil {
			return above.enclosing, off
		}
		off, end = dns.NextLabel(qname, off)
	}
	if !zs.hasWildcards {
		return nil, 0
	}
	// A name below a wildcard may have many more labels than any zone. Skip the part that is longer
	// than every name in byName.
	if start, _ := dns.PrevLabel(qname, zs.deepest); start > off {
		off = start
	}
	for ; !end; off, end = dns.NextLabel(qname, off) {
		if above := zs.byName[string(lower[off:])]; above.zone != nil {
			return above.enclosing, off
		}
	}
	return nil, 0
}

// encloses reports whether a listed zone other than the root is called name or lies above it. lower
// is name in lower case. closestListed would need it as a string, which a query would have to allocate.
func (zs *zones) encloses(name string, lower []byte) bool {
	for off, end := 0, false; !end; off, end = dns.NextLabel(name, off) {
		e := zs.byName[string(lower[off:])]
		if e.zone != nil && e.zone.listed && e.zone.name == string(lower[off:]) {
			return true
		}
	}
	return false
}

// wildcardHost returns the pool and the key of the wildcard that covers a name of the zone: that at
// the name's closest encloser (RFC 4592). If there is no wildcard, the pool is nil. text is the name
// in lower case without the zone. See enclosingZone for encloserOff.
func (z *zone) wildcardHost(qname string, text []byte, encloserOff int) (*pool, key) {
	if rest, ok := bytes.CutPrefix(text, []byte("*.")); ok {
		if p, k := z.wildcards.find(rest); p != nil {
			return p, k // the name is the wildcard itself
		}
	}
	off, end := dns.NextLabel(qname, 0)
	if start, _ := dns.PrevLabel(qname, z.deepest+dns.CountLabel(z.name)); start > off {
		off = start // no name of the zone is longer
	}
	for ; !end && off <= encloserOff && off < len(text); off, end = dns.NextLabel(qname, off) {
		encloser := text[off:]
		if p, k := z.wildcards.find(encloser); p != nil {
			return p, k
		}
		if rest, ok := bytes.CutPrefix(encloser, []byte("*.")); ok && z.wildcards.has(rest) {
			break
		}
		if z.computed.has(encloser) || z.nonTerminals.has(encloser) {
			break
		}
	}
	return nil, key{}
}
