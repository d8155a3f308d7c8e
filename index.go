package workstation

import (
	"iter"
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

// union makes one index of spans in any order. Which pool has what several of them
// cover does not matter.
func union(spans index) index {
	slices.SortFunc(spans, func(s, t span) int { return s.first.compare(t.first) })
	var merged index
	for _, s := range spans {
		if end := len(merged) - 1; end >= 0 && !merged[end].last.less(s.first) {
			if merged[end].last.less(s.last) {
				merged[end].last = s.last
			}
			continue
		}
		merged = append(merged, s)
	}
	return merged
}

// project returns what the pattern writes of the keys in a span: where it has some
// octets of the address alone, these, as pick has them.
func (p *pattern) project(s span) (projected index) {
	if p.octets == 0 {
		return index{s}
	}
	for _, r := range p.octets.project(0, uint32(s.first.lo), uint32(s.last.lo)) {
		projected = append(projected, span{uint128{lo: r[0]}, uint128{lo: r[1]}, s.pool})
	}
	return projected
}

// project returns, as ranges, what pick gives of the addresses from first to last,
// without regard to the octets before the one called from.
func (o octets) project(from int, first, last uint32) (ranges [][2]uint64) {
	if from == 4 {
		return [][2]uint64{{0, 0}}
	}
	shift := 8 * (3 - from)
	mask := uint32(1)<<shift - 1 // the octets after this one
	size := uint64(1)            // how many numbers they give
	for i := from + 1; i < 4; i++ {
		if o.has(i) {
			size <<= 8
		}
	}
	begin, end := first>>shift&0xff, last>>shift&0xff

	add := func(value uint32, more [][2]uint64) {
		for _, r := range more {
			if o.has(from) {
				r[0], r[1] = r[0]+uint64(value)*size, r[1]+uint64(value)*size
			}
			ranges = append(ranges, r)
		}
	}
	if begin == end {
		add(begin, o.project(from+1, first&mask, last&mask))
		return ranges
	}
	add(begin, o.project(from+1, first&mask, mask))
	add(end, o.project(from+1, 0, last&mask))
	if end-begin > 1 { // octets between them, with all addresses
		all := [2]uint64{0, size - 1}
		if o.has(from) {
			all = [2]uint64{uint64(begin+1) * size, uint64(end)*size - 1}
		}
		ranges = append(ranges, all)
	}
	return ranges
}

// blocks returns the parts of a span in which these octets are those that pick gave.
func (o octets) blocks(picked uint32, s span) iter.Seq[span] {
	return func(yield func(span) bool) { o.blocksFrom(0, o.put(picked, 0), s, yield) }
}

// blocksFrom yields the blocks whose octets before the one called from are those of
// address, and reports whether to go on.
func (o octets) blocksFrom(from int, address uint32, s span, yield func(span) bool) bool {
	shift := 8 * (4 - from)
	low := ones(shift)
	block := uint128{lo: uint64(address) >> shift << shift}
	parts := (index{s}).clip(block, block.or(low))
	switch {
	case len(parts) == 0:
		return true
	case o>>from == 0: // all that follows is free
		return yield(parts[0])
	case o.has(from):
		return o.blocksFrom(from+1, address, s, yield)
	}
	for value := range uint32(256) {
		if !o.blocksFrom(from+1, address|value<<(shift-8), s, yield) {
			return false
		}
	}
	return true
}
