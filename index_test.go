package workstation

import (
	"math"
	"math/rand/v2"
	"testing"
)

func TestIndexInsert(t *testing.T) {
	p, q := new(pool), new(pool)
	var x index
	for _, e := range []entry{
		{numberSpan(10, 19), p}, {numberSpan(0, 4), p}, {numberSpan(30, 30), q}, {numberSpan(5, 9), q},
		{span{uint128{1, 0}, uint128{1, 5}}, p},
	} {
		if other, both := x.insert(e); other != nil {
			t.Errorf("%v is covered at %v", e, both)
		}
	}
	for _, tc := range []struct {
		first, last uint64
		other       *pool
		both        uint64
	}{
		{first: 0, last: 0, other: p, both: 0},
		{first: 2, last: 12, other: p, both: 2},
		{first: 19, last: 40, other: p, both: 19},
		{first: 20, last: 40, other: q, both: 30},
		{first: 25, last: 30, other: q, both: 30},
		{first: 31, last: math.MaxUint64, other: nil},
	} {
		other, both := x.insert(entry{numberSpan(tc.first, tc.last), q})
		if other != tc.other || both.lo != tc.both {
			t.Errorf("%d-%d is covered at %v, want %d", tc.first, tc.last, both, tc.both)
		}
	}
}

// indexedNumbers is how many numbers may be in a random index.
const indexedNumbers = 64

// randomIndexes returns random indexes, and for each number the pool that the first of them has.
func randomIndexes(rnd *rand.Rand) (indexes []index, want [indexedNumbers]*pool) {
	for range rnd.IntN(6) {
		var x index
		for range rnd.IntN(4) {
			first := rnd.Uint64N(indexedNumbers)
			e := entry{numberSpan(first, first+rnd.Uint64N(min(20, indexedNumbers-first))), new(pool)}
			if other, _ := x.insert(e); other != nil {
				continue
			}
			for n := e.first.lo; n <= e.last.lo; n++ {
				if want[n] == nil {
					want[n] = e.pool
				}
			}
		}
		indexes = append(indexes, x)
	}
	return indexes, want
}

// TestFlatten compares an index that is made of several with a table of the numbers and their pools.
func TestFlatten(t *testing.T) {
	rnd := rand.New(rand.NewPCG(1, 2))
	for range 20000 {
		indexes, want := randomIndexes(rnd)
		flat := flatten(indexes)
		for i, s := range flat {
			if s.last.less(s.first) || i > 0 && !flat[i-1].last.less(s.first) {
				t.Fatalf("%v is not ascending and disjoint", flat)
			}
		}
		for n, p := range want {
			if got := flat.find(uint128{lo: uint64(n)}); got != p {
				t.Fatalf("%d is covered by %p in %v, want %p", n, got, flat, p)
			}
		}
	}
}

// TestOverlap checks for all spans of numbers whether an index has one of the numbers.
func TestOverlap(t *testing.T) {
	rnd := rand.New(rand.NewPCG(1, 2))
	for range 20000 {
		indexes, want := randomIndexes(rnd)
		flat := flatten(indexes)
		for first := range want {
			covered := false
			for last := first; last < indexedNumbers; last++ {
				covered = covered || want[last] != nil
				if got := flat.overlap(numberSpan(uint64(first), uint64(last))); (got != nil) != covered {
					t.Fatalf("%d-%d is covered by %p in %v", first, last, got, flat)
				}
			}
		}
	}
}

// TestClip checks which numbers are left of an index in a span.
func TestClip(t *testing.T) {
	rnd := rand.New(rand.NewPCG(1, 2))
	for range 20000 {
		indexes, want := randomIndexes(rnd)
		first := rnd.Uint64N(indexedNumbers)
		last := first + rnd.Uint64N(indexedNumbers-first)
		clipped := flatten(indexes).clip(numberSpan(first, last))
		for n, p := range want {
			if uint64(n) < first || uint64(n) > last {
				p = nil
			}
			if got := clipped.find(uint128{lo: uint64(n)}); got != p {
				t.Fatalf("clipped to %d-%d, %d is covered by %p in %v, want %p", first, last, n, got, clipped, p)
			}
		}
	}
}

// TestFlattenToTheEnd has spans that end with the largest number.
func TestFlattenToTheEnd(t *testing.T) {
	p, q := new(pool), new(pool)
	end := uint128{math.MaxUint64, math.MaxUint64}
	flat := flatten([]index{{{span{uint128{5, 0}, end}, p}}, {{span{uint128{}, end}, q}}})
	for _, tc := range []struct {
		number uint128
		want   *pool
	}{{uint128{}, q}, {uint128{4, math.MaxUint64}, q}, {uint128{5, 0}, p}, {end, p}} {
		if got := flat.find(tc.number); got != tc.want {
			t.Errorf("%v is covered by %p in %v, want %p", tc.number, got, flat, tc.want)
		}
	}
}
