package workstation

import (
	"fmt"
	"strconv"
)

// span is the numbers, or the addresses as numbers, from the first to the last, inclusive. The
// network 192.0.2.0/30 is the span of 3221225984 to 3221225987.
type span struct{ first, last uint128 }

// size returns how many numbers the span has, modulo 2^128.
func (s span) size() uint128 { return s.last.sub(s.first).add(uint128{lo: 1}) }

// has reports whether u is in the span.
func (s span) has(u uint128) bool { return !u.less(s.first) && !s.last.less(u) }

// overlaps reports whether s and t have numbers in common.
func (s span) overlaps(t span) bool { return !s.last.less(t.first) && !t.last.less(s.first) }

// clip returns what s and t have in common. They must overlap.
func (s span) clip(t span) span {
	if s.first.less(t.first) {
		s.first = t.first
	}
	if t.last.less(s.last) {
		s.last = t.last
	}
	return s
}

// shift returns the span with distance added to each number.
func (s span) shift(distance uint128) span {
	return span{s.first.add(distance), s.last.add(distance)}
}

// numberSpan returns the span from first to last.
func numberSpan(first, last uint64) span { return span{uint128{lo: first}, uint128{lo: last}} }

// String returns a span of numbers of 64 bits in decimal, as 7 or 1-99.
func (s span) String() string {
	if s.first == s.last {
		return strconv.FormatUint(s.first.lo, 10)
	}
	return fmt.Sprintf("%d-%d", s.first.lo, s.last.lo)
}

// longest returns some keys of the span. However keys are written, one of these has the longest
// text of the span, because no other key has longer octets or groups. For the addresses 10.0.7.12
// to 10.0.9.1, they are 10.0.9.1, 10.0.8.255 and 10.0.7.255.
func (s span) longest(kind keyKind) []uint128 {
	keys := []uint128{s.last}
	size := map[keyKind]int{number: 128, address4: 8, address6: 16}[kind]
	for bits := size; bits < 128; bits += size {
		low := ones(bits)
		before := s.last.sub(s.last.and(low))
		// In these two keys, all bits below an octet or group of s.last or s.first are set.
		for _, u := range []uint128{before.sub(uint128{lo: 1}), s.first.or(low)} {
			if s.has(u) {
				keys = append(keys, u)
			}
		}
	}
	return keys
}
