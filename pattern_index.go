package workstation

import "slices"

// patternIndex finds the names of a zone's patterns. It looks patterns up by their literal text, so
// a search takes about as long with thousands of patterns as with one.
//
// With ws{n}, pc{n} and {n}.lab, literal has the three entries "ws" "", "pc" "" and "" ".lab", and
// lengths has (2, 0) and (0, 4), of which the latter has {n}.lab as its only one.
type patternIndex struct {
	patterns []*patternPools           // in the order of their stanzas
	forms    formIndex                 // of the same; only until all patterns are there
	literal  map[affixes]*patternPools // the same, by the literal text around their placeholders
	lengths  []affixLengths            // of that literal text, each once, the longest prefix first
}

// affixLengths are the lengths of a pattern's prefix and suffix.
type affixLengths struct {
	prefix, suffix int
	only           *patternPools // the patterns with these lengths, if all of them have one literal text
}

// patternPools are the pools of one zone that have one pattern, and the keys for which each of them
// has it. Pools may share a pattern if their keys do not overlap.
type patternPools struct {
	next    *patternPools // another pattern with the same literal text around its placeholders
	pattern *pattern
	pools   []*pool  // in the order of their stanzas
	keys    [3]index // by kind, as pick returns them
}

// add adds the names of one of p's patterns, unless another pool of the zone could give one of
// them.
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

// addForms adds the forms of one of p's patterns, unless another pattern of another pool could give
// one of its names.
func (x *patternIndex) addForms(p *pool, pt *pattern) *conflict {
	for _, f := range p.forms(pt) {
		if text, other, owner := x.forms.meets(f); other != nil {
			return &conflict{text: text, newPattern: pt, oldPattern: other, newPool: p, oldPool: owner}
		}
		x.forms.insert(f)
	}
	return nil
}

// add adds p, unless another pool has the pattern for some of the same keys.
func (pp *patternPools) add(p *pool) *conflict {
	pt := pp.pattern
	pp.pools = append(pp.pools, p)
	for _, kind := range keyKinds {
		for _, e := range p.keys(kind) {
			e.first, e.last = pt.pick(key{kind, e.first}).u, pt.pick(key{kind, e.last}).u
			if other, both := pp.keys[kind].insert(e); other != nil {
				text := string(pt.append(nil, pt.put(key{kind, both}, p.someAddress())))
				return &conflict{text: text, newPattern: pt, oldPattern: pt, newPool: p, oldPool: other, sameKeys: true}
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

// insert adds pools that have a pattern which is not in the index yet.
func (x *patternIndex) insert(pp *patternPools) {
	if x.literal == nil {
		x.literal = make(map[affixes]*patternPools)
	}
	pt := pp.pattern
	pp.next = x.literal[pt.affixes]
	x.patterns = append(x.patterns, pp)
	x.literal[pt.affixes] = pp

	lengths := affixLengths{len(pt.prefix), len(pt.suffix), pp}
	i := slices.IndexFunc(x.lengths, func(l affixLengths) bool { return l.prefix == lengths.prefix && l.suffix == lengths.suffix })
	switch {
	case i < 0:
		// Prefixes often end in numbers, and most of those have the most digits.
		i, _ = slices.BinarySearchFunc(x.lengths, lengths, func(l, m affixLengths) int { return m.prefix - l.prefix })
		x.lengths = slices.Insert(x.lengths, i, lengths)
	case pp.next != nil && x.lengths[i].only == pp.next:
		x.lengths[i].only = pp
	default:
		x.lengths[i].only = nil
	}
}

// find returns the pool that gives text, in lower case, before the zone, and the whole key of the
// host. If no pool does, p is nil.
func (x *patternIndex) find(text []byte) (p *pool, k key) {
	p, pt, k := x.lookup(text)
	if p != nil && pt.octets != 0 { // other patterns write the whole key
		k = pt.put(k, p.someAddress())
	}
	return p, k
}

// has reports whether text, in lower case, is a name before the zone.
func (x *patternIndex) has(text []byte) bool {
	p, _, _ := x.lookup(text)
	return p != nil
}

// lookup returns the pool that gives text, its pattern, and the key for which text stands. It tries
// only patterns that have the literal text around their placeholders, one after the other.
func (x *patternIndex) lookup(text []byte) (*pool, *pattern, key) {
	for _, length := range x.lengths {
		start, end := length.prefix, len(text)-length.suffix
		if end <= start || !isHex(text[start]) || !isHex(text[end-1]) {
			continue // no placeholder begins or ends with this character
		}
		pp := length.only
		if pp == nil {
			pp = x.literal[affixes{string(text[:start]), string(text[end:])}]
		} else if string(text[:start]) != pp.pattern.prefix || string(text[end:]) != pp.pattern.suffix {
			continue
		}
		for ; pp != nil; pp = pp.next {
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

// conflict says that a zone would get one name from two pools.
type conflict struct {
	zone       string
	text       string   // the name without the zone; empty if it takes too long to find one
	newPattern *pattern // of the pool that is added
	oldPattern *pattern // of the pool that is there already
	oldPool    *pool    // the pool that is there already
	newPool    *pool
	sameKeys   bool // both have this pattern, and their keys overlap; else two patterns meet
}
