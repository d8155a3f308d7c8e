package workstation

import (
	"math"
	"math/big"
	"testing"
)

// TestUint128 compares the arithmetic with math/big, for all pairs of numbers near a carry.
func TestUint128(t *testing.T) {
	var numbers []uint128
	for _, hi := range []uint64{0, 1, math.MaxInt64, 1 << 63, math.MaxUint64} {
		for _, lo := range []uint64{0, 1, 255, math.MaxUint32, math.MaxInt64, 1 << 63, math.MaxUint64} {
			numbers = append(numbers, uint128{hi, lo})
		}
	}
	toBig := func(u uint128) *big.Int {
		hi := new(big.Int).Lsh(new(big.Int).SetUint64(u.hi), 64)
		return hi.Or(hi, new(big.Int).SetUint64(u.lo))
	}
	modulus := new(big.Int).Lsh(big.NewInt(1), 128)
	check := func(op string, u, v, got uint128, want *big.Int) {
		t.Helper()
		if toBig(got).Cmp(want.Mod(want, modulus)) != 0 {
			t.Errorf("%v %s %v = %v, want %v", u, op, v, got, want)
		}
	}
	for _, u := range numbers {
		if got := u.bitLen(); got != toBig(u).BitLen() {
			t.Errorf("%v has %d bits, want %d", u, got, toBig(u).BitLen())
		}
		for _, v := range numbers {
			check("+", u, v, u.add(v), new(big.Int).Add(toBig(u), toBig(v)))
			check("-", u, v, u.sub(v), new(big.Int).Sub(toBig(u), toBig(v)))
			check("|", u, v, u.or(v), new(big.Int).Or(toBig(u), toBig(v)))
			check("&", u, v, u.and(v), new(big.Int).And(toBig(u), toBig(v)))
			check("^", u, v, u.xor(v), new(big.Int).Xor(toBig(u), toBig(v)))
			if got := u.less(v); got != (toBig(u).Cmp(toBig(v)) < 0) {
				t.Errorf("%v < %v = %t", u, v, got)
			}
		}
		for _, n := range []int64{0, 1, -1, math.MaxInt64, math.MinInt64} {
			check("+", u, extend(n), u.add(extend(n)), new(big.Int).Add(toBig(u), big.NewInt(n)))
		}
	}
	for n := range 129 {
		want := new(big.Int).Lsh(big.NewInt(1), uint(n))
		check("ones", uint128{}, uint128{lo: uint64(n)}, ones(n), want.Sub(want, big.NewInt(1)))
	}
}
