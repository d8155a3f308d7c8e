package workstation

import (
	"iter"
	"slices"
	"strings"
)

// ancestor is how the names are written that lie one or more labels above those of a
// pattern.
type ancestor struct {
	text    string
	pattern *pattern // nil if there is no placeholder: then there is one name, text
}

// parseAncestors returns the ancestors of a pattern that has its text. The first one of a
// wildcard is what follows "*.".
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

// hasAncestors reports whether there are names between the pattern's and the zone.
func (p *pattern) hasAncestors() bool { return len(p.ancestors) > 0 }

// ancestorOf returns the ancestor that has as many labels as a name, which is without
// the zone.
func (p *pattern) ancestorOf(name string) (ancestor, bool) {
	labels := strings.Count(name, ".")
	i := slices.IndexFunc(p.ancestors, func(a ancestor) bool { return strings.Count(a.text, ".") == labels })
	if i < 0 {
		return ancestor{}, false
	}
	return p.ancestors[i], true
}

// keysBelow returns, of a pool's keys of a kind, those whose names lie below name, an
// ancestor as a names it.
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

// hasNamesBelow reports whether a pool has names of the pattern below name, which is without
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
