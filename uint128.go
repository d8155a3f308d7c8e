package workstation

import (
	"cmp"
	"math"
	"math/bits"
)

// uint128 is an unsigned integer of 128 bits. It is here to calculate with addresses, because
// net/netip has no arithmetic. Sums and differences are modulo 2^128.
type uint128 struct{ hi, lo uint64 }

// extend returns n with its sign extended to 128 bits, so that adding the result means adding n.
func extend(n int64) uint128 { return uint128{uint64(n >> 63), uint64(n)} }

// ones returns the number in which only the n lowest bits are set.
func ones(n int) uint128 {
	if n <= 64 {
		return uint128{lo: 1<<n - 1}
	}
	return uint128{hi: 1<<(n-64) - 1, lo: math.MaxUint64}
}

func (u uint128) add(v uint128) uint128 {
	lo, carry := bits.Add64(u.lo, v.lo, 0)
	hi, _ := bits.Add64(u.hi, v.hi, carry)
	return uint128{hi, lo}
}

func (u uint128) sub(v uint128) uint128 {
	lo, borrow := bits.Sub64(u.lo, v.lo, 0)
	hi, _ := bits.Sub64(u.hi, v.hi, borrow)
	return uint128{hi, lo}
}

func (u uint128) or(v uint128) uint128 { return uint128{u.hi | v.hi, u.lo | v.lo} }

func (u uint128) and(v uint128) uint128 { return uint128{u.hi & v.hi, u.lo & v.lo} }

func (u uint128) xor(v uint128) uint128 { return uint128{u.hi ^ v.hi, u.lo ^ v.lo} }

// bitLen returns how many bits u needs.
func (u uint128) bitLen() int {
	if u.hi != 0 {
		return 64 + bits.Len64(u.hi)
	}
	return bits.Len64(u.lo)
}

func (u uint128) less(v uint128) bool { return u.hi < v.hi || u.hi == v.hi && u.lo < v.lo }

func (u uint128) compare(v uint128) int {
	return cmp.Or(cmp.Compare(u.hi, v.hi), cmp.Compare(u.lo, v.lo))
}
