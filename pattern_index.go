package workstation

import "slices"

// patternIndex finds the names of patterns, however many there are, by their
// literal text.
type patternIndex struct {
	patterns []*patternPools           // in the order of their stanzas
	forms    formIndex                 // in which the pools write them, until all are there
	literal  map[affixes]*patternPools // the same, by the literal text of their pattern
	lengths  []affixLengths            // of the literal text, each once, the longest prefix first
}

// affixLengths are the lengths of a pattern's literal text.
type affixLengths struct{ prefix, suffix int }

// patternPools are the pools that have one pattern in one zone, and which keys.
type patternPools struct {
	next    *patternPools // another pattern with the same literal text around its placeholders
	pattern *pattern
	pools   []*pool  // that have the pattern, in the order of their stanzas
	keys    [3]index // by kind, as the pattern writes them
}

// add adds the names of one of p's patterns, unless that is in conflict with another pool of
// the zone.
func (x *patternIndex) add(p *pool, pt *pattern) *conflict {
	if c := x.addForms(p, pt); c != nil {
		return c
	}
	pp := x.of(pt)
	if pp == nil {
		pp = &patternPools{pattern: pt}
		x.insert(pp)
	}
	return pp.add(p)
}

// addForms adds the forms of one of p's patterns, unless another pattern could give a name
// to another pool.
func (x *patternIndex) addForms(p *pool, pt *pattern) *conflict {
	for _, f := range p.forms(pt) {
		if text, other, owner := x.forms.meets(f); other != nil {
			return &conflict{text: text, pattern: pt, other: other, added: p, pool: owner}
		}
		x.forms.insert(f)
	}
	return nil
}

// add adds p, unless another pool has the pattern with some of the same keys.
func (pp *patternPools) add(p *pool) *conflict {
	pt := pp.pattern
	pp.pools = append(pp.pools, p)
	for _, kind := range keyKinds {
		for _, e := range p.keys(kind) {
			e.first, e.last = pt.pick(key{kind, e.first}).u, pt.pick(key{kind, e.last}).u
			if other, both := pp.keys[kind].insert(e); other != nil {
				text := string(pt.append(nil, pt.put(key{kind, both}, p.someAddress())))
				return &conflict{text: text, pattern: pt, other: pt, added: p, pool: other, together: true}
			}
		}
	}
	return nil
}

// of returns the pools that have a pattern, or nil.
func (x *patternIndex) of(pt *pattern) *patternPools {
	for pp := x.literal[pt.affixes]; pp != nil; pp = pp.next {
		if pp.pattern.text == pt.text {
			return pp
		}
	}
	return nil
}

// insert adds the pools that have a pattern.
func (x *patternIndex) insert(pp *patternPools) {
	if x.literal == nil {
		x.literal = make(map[affixes]*patternPools)
	}
	pt := pp.pattern
	pp.next = x.literal[pt.affixes]
	x.patterns = append(x.patterns, pp)
	x.literal[pt.affixes] = pp
	if lengths := (affixLengths{len(pt.prefix), len(pt.suffix)}); !slices.Contains(x.lengths, lengths) {
		// Of numbered prefixes most are the longest.
		i, _ := slices.BinarySearchFunc(x.lengths, lengths, func(l, m affixLengths) int { return m.prefix - l.prefix })
		x.lengths = slices.Insert(x.lengths, i, lengths)
	}
}

// find returns the host whose name has text, in lower case, before the zone.
func (x *patternIndex) find(text []byte) host {
	p, pt, k := x.lookup(text)
	if p == nil {
		return host{}
	}
	return p.host(pt.put(k, p.someAddress()))
}

// has reports whether there is a name that has text, in lower case, before the zone.
func (x *patternIndex) has(text []byte) bool {
	p, _, _ := x.lookup(text)
	return p != nil
}

// lookup returns which pool gives a text, by which pattern, and what it stands for.
// Literal text around placeholders is looked up, not compared pattern by pattern, so that
// thousands of patterns cost little more than one. Those that differ only between
// their placeholders are tried one after the other.
func (x *patternIndex) lookup(text []byte) (*pool, *pattern, key) {
	for _, length := range x.lengths {
		start, end := length.prefix, len(text)-length.suffix
		if end <= start || !isHex(text[start]) || !isHex(text[end-1]) {
			continue // no placeholder begins or ends here
		}
		for pp := x.literal[affixes{string(text[:start]), string(text[end:])}]; pp != nil; pp = pp.next {
			k, ok := pp.pattern.parse(text[start:end])
			if !ok {
				continue
			}
			if p := pp.keys[k.kind].find(k.u); p != nil {
				return p, pp.pattern, k
			}
		}
	}
	return nil, nil, key{}
}
