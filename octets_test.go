package workstation

import (
	"math/rand/v2"
	"testing"
)

// TestPut puts some octets of one address into another: these octets must be of the one, and the rest of the other.
func TestPut(t *testing.T) {
	rnd := rand.New(rand.NewPCG(9, 10))
	for range 2_000_000 {
		o, from, to := octets(rnd.IntN(16)), rnd.Uint32(), rnd.Uint32()
		got := o.put(o.pick(from), to)
		if got&^mask(o) != to&^mask(o) || got&mask(o) != from&mask(o) {
			t.Fatalf("%v of %x put into %x is %x", o, from, to, got)
		}
	}
}

// TestProject compares the spans of some octets of a network with these octets of each address.
func TestProject(t *testing.T) {
	rnd := rand.New(rand.NewPCG(9, 10))
	for range 3000 {
		o := octets(rnd.IntN(16))
		first := rnd.Uint32()
		last := first + min(uint32(rnd.IntN(1500)), ^first)
		want := make(map[uint64]bool)
		for u := uint64(first); u <= uint64(last); u++ {
			want[uint64(o.pick(uint32(u)))] = true
		}
		p := pattern{octets: o}
		if o == 0 {
			continue
		}
		var size uint64
		for _, s := range union(p.project(entry{span: numberSpan(uint64(first), uint64(last))})) {
			for u := s.first.lo; u <= s.last.lo; u++ {
				if !want[u] {
					t.Fatalf("%v of %x to %x has %x", o, first, last, u)
				}
				size++
			}
		}
		if size != uint64(len(want)) {
			t.Fatalf("%v of %x to %x has %d, want %d", o, first, last, size, len(want))
		}
	}
}

// TestBlocks compares the parts of a span that have the given octets with a check of each address.
func TestBlocks(t *testing.T) {
	rnd := rand.New(rand.NewPCG(11, 12))
	for range 400 {
		o := octets(rnd.IntN(16))
		first := rnd.Uint32()
		last := first + min(uint32(rnd.IntN(100000)), ^first)
		picked := o.pick(first + min(uint32(rnd.IntN(300000)), ^first))
		got := make(map[uint64]bool)
		for s := range o.blocks(picked, numberSpan(uint64(first), uint64(last))) {
			for u := s.first.lo; u <= s.last.lo; u++ {
				got[u] = true
			}
		}
		for u := uint64(first); u <= uint64(last); u++ {
			if want := o.pick(uint32(u)) == picked; got[u] != want {
				t.Fatalf("%v of %x in %x to %x: %x is there: %t, want %t", o, picked, first, last, u, got[u], want)
			}
			delete(got, u)
		}
		if len(got) > 0 {
			t.Fatalf("%v of %x in %x to %x has %v", o, picked, first, last, got)
		}
	}
}

// mask returns the bits of the octets.
func mask(o octets) (mask uint32) {
	for i := range 4 {
		if o.has(i) {
			mask |= 0xff << (8 * (3 - i))
		}
	}
	return mask
}
