package workstation

import (
	"iter"
	"math"
	"strings"
)

// octets is a set of the four octets of an IPv4 address. Bit 0 stands for the first octet, which
// {a} writes.
type octets uint8

const allOctets octets = 0b1111

// has reports whether octet i, counted from 0, is in the set.
func (o octets) has(i int) bool { return o&(1<<i) != 0 }

// pick returns the octets of address that are in the set, as one number: {c} and {d} of 10.0.7.12
// are 7<<8 + 12.
func (o octets) pick(address uint32) (picked uint32) {
	if o == allOctets {
		return address
	}
	for i := range 4 {
		if o.has(i) {
			picked = picked<<8 | address>>(8*(3-i))&0xff
		}
	}
	return picked
}

// put is the inverse of pick: it returns address with the octets of the set replaced by those
// picked.
func (o octets) put(picked, address uint32) uint32 {
	if o == allOctets {
		return picked
	}
	for i := 3; i >= 0; i-- {
		if o.has(i) {
			shift := 8 * (3 - i)
			address = address&^(0xff<<shift) | picked&0xff<<shift
			picked >>= 8
		}
	}
	return address
}

// String returns the placeholders of the octets, for errors.
func (o octets) String() string {
	var names []string
	for i := range 4 {
		if o.has(i) {
			names = append(names, "{"+octetNames[i:i+1]+"}")
		}
	}
	return strings.Join(names, " and ")
}

// project returns what pick gives for all addresses from first to last, as spans. They can overlap,
// and are in no order. Octets before the one numbered from are left out: project calls itself for
// one octet after the other.
func (o octets) project(from int, first, last uint32) (spans []span) {
	if from == 4 {
		return []span{{}}
	}
	shift := 8 * (3 - from)
	size := uint64(1) // how many values pick has for the octets after this one
	for i := from + 1; i < 4; i++ {
		if o.has(i) {
			size <<= 8
		}
	}
	begin, end := first>>shift&0xff, last>>shift&0xff

	add := func(value uint32, more []span) {
		for _, s := range more {
			if o.has(from) {
				s = s.shift(uint128{lo: uint64(value) * size})
			}
			spans = append(spans, s)
		}
	}
	if begin == end {
		add(begin, o.project(from+1, first, last))
		return spans
	}
	add(begin, o.project(from+1, first, math.MaxUint32))
	add(end, o.project(from+1, 0, last))
	if end-begin > 1 { // octets in between, with all addresses below them
		first, last := uint64(0), size-1
		if o.has(from) {
			first, last = uint64(begin+1)*size, uint64(end)*size-1
		}
		spans = append(spans, span{uint128{lo: first}, uint128{lo: last}})
	}
	return spans
}

// blocks returns the parts of a span in which pick returns picked.
func (o octets) blocks(picked uint32, s span) iter.Seq[span] {
	return func(yield func(span) bool) { o.blocksFrom(0, o.put(picked, 0), s, yield) }
}

// blocksFrom yields the blocks in which the octets before the one numbered from are those of
// address. It reports whether to go on.
func (o octets) blocksFrom(from int, address uint32, s span, yield func(span) bool) bool {
	shift := 8 * (4 - from)
	low := ones(shift)
	start := uint128{lo: uint64(address) >> shift << shift}
	block := span{start, start.or(low)}
	switch {
	case !block.overlaps(s):
		return true
	case o>>from == 0: // the set has no more octets
		return yield(block.clip(s))
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
