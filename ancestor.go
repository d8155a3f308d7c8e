package workstation

import (
	"iter"
	"slices"
	"strings"
)

// ancestor is how names are written that lie one or more labels above the names of a pattern. The
// pattern n{d}.r{c}.dyn has two ancestors: r{c}.dyn, and dyn, which has no placeholder.
type ancestor struct {
	text    string
	pattern *pattern // nil if there is no placeholder: then text is the only name
}

// parseAncestors returns the ancestors of a pattern, of which the text must be set. The first
// ancestor of a wildcard is the text after "*.".
func (p *pattern) parseAncestors() (ancestors []ancestor, err error) {
	for _, rest, more := strings.Cut(p.text, "."); more; _, rest, more = strings.Cut(rest, ".") {
		a := ancestor{text: rest}
		if strings.Contains(rest, "{") {
			pt, err := parseLabels(rest)
			if err != nil {
				return nil, err
			}
			a.pattern = &pt
		}
		ancestors = append(ancestors, a)
	}
	return ancestors, nil
}

// ancestorOf returns the ancestor that has as many labels as name, which is given without the zone.
func (p *pattern) ancestorOf(name string) (ancestor, bool) {
	labels := strings.Count(name, ".")
	i := slices.IndexFunc(p.ancestors, func(a ancestor) bool { return strings.Count(a.text, ".") == labels })
	if i < 0 {
		return ancestor{}, false
	}
	return p.ancestors[i], true
}

// keysBelow returns the keys of a pool and a kind of which the names lie below name. a must be the
// ancestor that has as many labels as name.
func (a ancestor) keysBelow(name string, p *pool, kind keyKind) iter.Seq[entry] {
	keys := p.keys(kind)
	if a.pattern == nil {
		if a.text != name {
			keys = nil
		}
		return slices.Values(keys)
	}
	k, ok := a.pattern.keyOf(name)
	switch {
	case !ok || k.kind != kind:
		return slices.Values(index{})
	case a.pattern.octets == 0:
		return slices.Values(keys.clip(span{k.u, k.u}))
	}
	return func(yield func(entry) bool) {
		for _, e := range keys {
			for block := range a.pattern.octets.blocks(uint32(k.u.lo), e.span) {
				if !yield(entry{block, e.pool}) {
					return
				}
			}
		}
	}
}

// hasNamesBelow reports whether a pool has names of the pattern below name, which is given without
// the zone.
func (p *pattern) hasNamesBelow(name string, pool *pool) bool {
	above, ok := p.ancestorOf(name)
	if !ok {
		return false
	}
	for _, kind := range keyKinds {
		for range above.keysBelow(name, pool, kind) {
			return true
		}
	}
	return false
}
