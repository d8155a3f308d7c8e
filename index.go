package workstation

import (
	"slices"
	"sort"
)

// span is a run of numbers, or of addresses as numbers, that one pool covers.
type span struct {
	first, last uint128
	pool        *pool
}

// index tells which pool covers a number or an address. Its spans are ascending
// and disjoint, so it is searched by halves.
type index []span

// search returns the place of the first span that does not end before u.
func (x index) search(u uint128) int {
	return sort.Search(len(x), func(i int) bool { return !x[i].last.less(u) })
}

// find returns the pool that covers u, or nil.
func (x index) find(u uint128) *pool { return x.overlap(u, u) }

// overlap returns the first pool that covers any of first to last, or nil.
func (x index) overlap(first, last uint128) *pool {
	if i := x.search(first); i < len(x) && !last.less(x[i].first) {
		return x[i].pool
	}
	return nil
}

// insert adds s to the index. If another pool covers part of s already, insert
// returns that one and the first number that both cover, and adds nothing.
func (x *index) insert(s span) (other *pool, both uint128) {
	i := x.search(s.first)
	if i < len(*x) && !s.last.less((*x)[i].first) {
		both = s.first
		if both.less((*x)[i].first) {
			both = (*x)[i].first
		}
		return (*x)[i].pool, both
	}
	*x = slices.Insert(*x, i, s)
	return nil, uint128{}
}

// clip returns the parts of the index that lie between first and last.
func (x index) clip(first, last uint128) index {
	var clipped index
	for _, s := range x[x.search(first):] {
		if last.less(s.first) {
			break
		}
		if s.first.less(first) {
			s.first = first
		}
		if last.less(s.last) {
			s.last = last
		}
		clipped = append(clipped, s)
	}
	return clipped
}

// flatten makes one index of several. What more than one covers goes to the
// first of them.
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

// overlay returns all of x, and of y what x leaves.
func overlay(x, y index) index {
	one := uint128{lo: 1}
	merged := make(index, 0, len(x)+len(y))
	for _, s := range y {
		for len(x) > 0 && x[0].last.less(s.first) {
			merged, x = append(merged, x[0]), x[1:]
		}
		left := true // something of s
		for left && len(x) > 0 && !s.last.less(x[0].first) {
			if s.first.less(x[0].first) {
				merged = append(merged, span{s.first, x[0].first.sub(one), s.pool})
			}
			if left = x[0].last.less(s.last); left {
				s.first = x[0].last.add(one)
				merged, x = append(merged, x[0]), x[1:]
			}
		}
		if left {
			merged = append(merged, s)
		}
	}
	return append(merged, x...)
}
