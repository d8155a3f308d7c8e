package workstation

import (
	"math"
	"strconv"
)

// pattern says how a pool writes a number into a label: literal text, then the
// number in decimal.
//
// Every number has exactly one label, the canonical one. A label with a sign,
// a leading zero or anything after the number stands for no number at all.
type pattern struct {
	prefix string // lower case
}

// defaultPattern is workstation{n}, the pattern of the example that this
// plugin descends from.
var defaultPattern = pattern{prefix: "workstation"}

// number returns the number that label stands for. The label is in lower case.
func (p pattern) number(label []byte) (n uint64, ok bool) {
	if len(label) < len(p.prefix) || string(label[:len(p.prefix)]) != p.prefix {
		return 0, false
	}
	return decimal(label[len(p.prefix):])
}

// label returns the label that stands for n; it is the inverse of number.
func (p pattern) label(n uint64) string {
	return p.prefix + strconv.FormatUint(n, 10)
}

// decimal reads the canonical decimal form of a 64-bit number. It is not
// strconv.ParseUint, which takes leading zeros and allocates an error for every
// name that is no number.
func decimal(digits []byte) (n uint64, ok bool) {
	if len(digits) == 0 || digits[0] == '0' && len(digits) > 1 {
		return 0, false
	}
	for _, c := range digits {
		if c < '0' || c > '9' {
			return 0, false
		}
		d := uint64(c - '0')
		if n > (math.MaxUint64-d)/10 {
			return 0, false
		}
		n = 10*n + d
	}
	return n, true
}
