package workstation

import (
	"slices"
	"sort"
)

// entry is a span, and the pool that has it.
type entry struct {
	span
	pool *pool
}

// index says which pool has a number or an address. Its entries are ascending and disjoint, so
// binary search finds them. For example, the index of the numbers of the pattern ws{n} may have the
// entries 0-99 of one pool and 100-199 of another.
type index []entry

// search returns the position of the first entry that does not end before u.
func (x index) search(u uint128) int {
	return sort.Search(len(x), func(i int) bool { return !x[i].last.less(u) })
}

// find returns the pool that has u, or nil.
func (x index) find(u uint128) *pool {
	if i := x.search(u); i < len(x) && x[i].has(u) {
		return x[i].pool
	}
	return nil
}

// overlap returns the first pool that has any of s, or nil.
func (x index) overlap(s span) *pool {
	if i := x.search(s.first); i < len(x) && x[i].overlaps(s) {
		return x[i].pool
	}
	return nil
}

// insert adds e to the index. If another entry overlaps e, insert adds nothing, and returns the
// pool of that entry and the first number that both have.
func (x *index) insert(e entry) (other *pool, both uint128) {
	i := x.search(e.first)
	if i < len(*x) && (*x)[i].overlaps(e.span) {
		return (*x)[i].pool, (*x)[i].clip(e.span).first
	}
	*x = slices.Insert(*x, i, e)
	return nil, uint128{}
}

// clip returns the parts of the index that are in s.
func (x index) clip(s span) (clipped index) {
	for _, e := range x[x.search(s.first):] {
		if !e.overlaps(s) {
			break
		}
		clipped = append(clipped, entry{e.clip(s), e.pool})
	}
	return clipped
}

// flatten merges indexes into one. If several of them have a number, the first of them wins.
func flatten(indexes []index) index {
	switch len(indexes) {
	case 0:
		return nil
	case 1:
		return indexes[0]
	}
	half := len(indexes) / 2
	return overlay(flatten(indexes[:half]), flatten(indexes[half:]))
}

// overlay returns x, and the parts of y that x does not cover.
func overlay(x, y index) index {
	one := uint128{lo: 1}
	merged := make(index, 0, len(x)+len(y))
	for _, e := range y {
		for len(x) > 0 && x[0].last.less(e.first) {
			merged, x = append(merged, x[0]), x[1:]
		}
		left := true // whether anything of e is left
		for left && len(x) > 0 && !e.last.less(x[0].first) {
			if e.first.less(x[0].first) {
				merged = append(merged, entry{span{e.first, x[0].first.sub(one)}, e.pool})
			}
			if left = x[0].last.less(e.last); left {
				e.first = x[0].last.add(one)
				merged, x = append(merged, x[0]), x[1:]
			}
		}
		if left {
			merged = append(merged, e)
		}
	}
	return append(merged, x...)
}

// subtract returns the parts of x that cuts do not cover. The pools of cuts do not matter.
func subtract(x, cuts index) index {
	cuts = slices.Clone(cuts)
	for i := range cuts {
		cuts[i].pool = nil
	}
	return slices.DeleteFunc(overlay(cuts, x), func(e entry) bool { return e.pool == nil })
}

// union sorts the entries, which may be in any order and overlap, and merges those that overlap. A
// merged entry has the pool of one of them.
func union(entries index) (merged index) {
	slices.SortFunc(entries, func(d, e entry) int { return d.first.compare(e.first) })
	for _, e := range entries {
		if end := len(merged) - 1; end < 0 || merged[end].last.less(e.first) {
			merged = append(merged, e)
		} else if merged[end].last.less(e.last) {
			merged[end].last = e.last
		}
	}
	return merged
}
