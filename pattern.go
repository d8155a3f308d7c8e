package workstation

import (
	"bytes"
	"errors"
	"fmt"
	"math/bits"
	"net/netip"
	"strconv"
	"strings"
)

// pattern says how a pool writes its names: a label of literal text around one
// placeholder, which stands for a number or for an address.
//
// Each number and each address has exactly one label, the canonical one. A label
// with a sign, one zero too many or anything beside the literal text stands for
// nothing at all.
type pattern struct {
	affixes
	placeholder placeholder
	width       int // the least number of digits; 0 for {ip}
}

// affixes are the literal text of a pattern, in lower case.
type affixes struct{ prefix, suffix string }

// placeholder is what a pattern has between its affixes.
type placeholder string

const (
	decimal     placeholder = "n"
	hexadecimal placeholder = "x"
	ip          placeholder = "ip"
)

// characters are those that a placeholder can produce.
var characters = map[placeholder]string{
	decimal:     "0123456789",
	hexadecimal: "0123456789abcdef",
	ip:          "0123456789abcdef-",
}

// maxWidth is the number of digits of the greatest number, in decimal.
const maxWidth = 20

// defaultPattern is that of the example from which this plugin descends.
var defaultPattern = pattern{affixes{"workstation", ""}, decimal, 1}

// parsePattern parses a pattern as a Corefile has it. The error goes on where
// the pattern was named.
func parsePattern(s string) (pattern, error) {
	prefix, rest, opened := strings.Cut(string(appendLower(nil, s)), "{")
	inner, suffix, closed := strings.Cut(rest, "}")
	switch {
	case !opened && !strings.Contains(s, "}"):
		return pattern{}, errors.New("has no placeholder: write one of {n}, {x}, {n:3}, {x:4} and {ip} in place of the number or address, such as 'ws{n}'")
	case !closed || strings.Contains(inner, "{"):
		return pattern{}, errors.New("has a placeholder that is not closed: write it as {n}, {x}, {n:3}, {x:4} or {ip}")
	case strings.Contains(suffix, "{"):
		return pattern{}, errors.New("has two placeholders: keep the one that tells the hosts apart")
	}

	for _, c := range prefix + suffix {
		switch {
		case 'a' <= c && c <= 'z', '0' <= c && c <= '9', c == '-', c == '_':
		case c == '.':
			return pattern{}, errors.New("has a dot: a pattern is one label, and the labels after it are the zone's, written after 'workstation'")
		default:
			return pattern{}, fmt.Errorf("has a '%c': use letters, digits, '-' and '_' around the placeholder", c)
		}
	}

	p := pattern{affixes: affixes{prefix, suffix}, width: 1}
	kind, width, padded := strings.Cut(inner, ":")
	switch p.placeholder = placeholder(kind); p.placeholder {
	case decimal, hexadecimal:
	case ip:
		p.width = 0
		if padded {
			return pattern{}, errors.New("gives {ip} a width: addresses are not padded; write it as {ip}")
		}
	default:
		return pattern{}, fmt.Errorf("has the unknown placeholder {%s}: use {n}, {x}, {n:3}, {x:4} or {ip}", inner)
	}
	if padded {
		w, err := strconv.Atoi(width)
		if err != nil || w < 1 || w > maxWidth || strconv.Itoa(w) != width {
			return pattern{}, fmt.Errorf("has the width '%s': use a number of digits from 1 to %d, such as {%s:3}", width, maxWidth, kind)
		}
		p.width = w
	}
	return p, nil
}

// String returns p as a Corefile has it.
func (p pattern) String() string {
	placeholder := string(p.placeholder)
	if p.width > 1 {
		placeholder += ":" + strconv.Itoa(p.width)
	}
	return p.prefix + "{" + placeholder + "}" + p.suffix
}

// key is what the text in place of a placeholder stands for: a number, or an
// address of a family.
type key struct {
	kind keyKind
	u    uint128
}

// keyKind says what a key is.
type keyKind int

const (
	number keyKind = iota
	address4
	address6
)

// keyKinds are all of them.
var keyKinds = [...]keyKind{number, address4, address6}

// addressKey returns the key that addr is.
func addressKey(addr netip.Addr) key {
	return key{address4 + keyKind(familyOf(addr)), addressNumber(addr)}
}

// address returns the address that k is, which is no number.
func (k key) address() netip.Addr { return family(k.kind - address4).address(k.u) }

// parse returns the key that text, the part of a label in place of the
// placeholder, stands for. It is in lower case.
func (p *pattern) parse(text []byte) (k key, ok bool) {
	if p.placeholder == ip {
		addr, ok := parseDashed(text)
		if !ok {
			return key{}, false
		}
		return addressKey(addr), true
	}
	n, ok := p.number(text)
	return key{number, uint128{lo: n}}, ok
}

// append appends the label that stands for k.
func (p *pattern) append(b []byte, k key) []byte {
	if k.kind == number {
		return p.appendNumber(b, k.u.lo)
	}
	return p.appendAddress(b, k.address())
}

func (p pattern) base() int {
	if p.placeholder == hexadecimal {
		return 16
	}
	return 10
}

// number returns the number that digits, the part of a label in place of the
// placeholder, stand for. It is in lower case.
func (p pattern) number(digits []byte) (n uint64, ok bool) {
	return parseNumber(digits, p.base(), p.width)
}

// appendNumber appends the label that stands for n.
func (p pattern) appendNumber(b []byte, n uint64) []byte {
	var buf [maxWidth]byte
	digits := strconv.AppendUint(buf[:0], n, p.base())
	b = append(b, p.prefix...)
	for range p.width - len(digits) {
		b = append(b, '0')
	}
	b = append(b, digits...)
	return append(b, p.suffix...)
}

// appendAddress appends the label that stands for addr.
func (p pattern) appendAddress(b []byte, addr netip.Addr) []byte {
	b = append(b, p.prefix...)
	b = appendDashed(b, addr)
	return append(b, p.suffix...)
}

// mayEqual tells whether a label of p may be one of q, which is unlike p. It goes
// by the literal text, not by the numbers that a pool has.
func (p *pattern) mayEqual(q *pattern) bool {
	// Of nearly all pairs this tells enough: a label begins and ends in one way.
	if !strings.HasPrefix(q.prefix, p.prefix) && !strings.HasPrefix(p.prefix, q.prefix) ||
		!strings.HasSuffix(q.suffix, p.suffix) && !strings.HasSuffix(p.suffix, q.suffix) {
		return false
	}
	return p.mayCover(q) || p.meets(q) || q.meets(p)
}

// mayCover tells whether the places of both placeholders may overlap in one label:
// the literal text that one pattern has and the other has not is such as the
// other's placeholder can produce. An address has at least two hyphens and a
// number none, which tells them apart where the number's literal text has no more.
func (p *pattern) mayCover(q *pattern) bool {
	if !p.mayBegin(q) && !q.mayBegin(p) || !p.mayEnd(q) && !q.mayEnd(p) {
		return false
	}
	switch more := q.hyphens() - p.hyphens(); {
	case p.placeholder == ip && q.placeholder != ip:
		return more >= 2
	case p.placeholder != ip && q.placeholder == ip:
		return more <= -2
	}
	return true
}

// meets tells whether there is a label of both in which p's placeholder stands
// wholly in the prefix of q, and q's in the suffix of p, as in 0-1 of {n}-1 and
// 0-{n}.
func (p *pattern) meets(q *pattern) bool {
	for end := len(p.prefix) + 1; end <= len(q.prefix); end++ {
		if label := q.prefix[:end] + p.suffix; p.gives(label) && q.gives(label) {
			return true
		}
	}
	return false
}

// gives tells whether label is one of the pattern.
func (p *pattern) gives(label string) bool {
	text, ok := strings.CutPrefix(label, p.prefix)
	if ok {
		text, ok = strings.CutSuffix(text, p.suffix)
	}
	if ok {
		_, ok = p.parse([]byte(text))
	}
	return ok
}

// hyphens counts those of the literal text.
func (p *pattern) hyphens() int { return strings.Count(p.prefix, "-") + strings.Count(p.suffix, "-") }

// mayBegin tells whether p's placeholder can produce what the prefix of q has
// after p's, mayEnd what the suffix of q has before p's.
func (p *pattern) mayBegin(q *pattern) bool {
	return strings.HasPrefix(q.prefix, p.prefix) && p.placeholder.produces(q.prefix[len(p.prefix):])
}

func (p *pattern) mayEnd(q *pattern) bool {
	return strings.HasSuffix(q.suffix, p.suffix) && p.placeholder.produces(q.suffix[:len(q.suffix)-len(p.suffix)])
}

// produces tells whether all of s can stand in place of the placeholder.
func (p placeholder) produces(s string) bool {
	return s == "" || strings.Trim(s, characters[p]) == ""
}

// parseNumber reads a number of 64 bits, in lower case, that has at least width
// digits and, if it has more, no leading zero. It is not strconv.ParseUint, which
// takes every leading zero and allocates an error for every name that is no
// number.
func parseNumber(digits []byte, base, width int) (n uint64, ok bool) {
	if len(digits) < width || len(digits) > width && digits[0] == '0' {
		return 0, false
	}
	for _, c := range digits {
		var d uint64
		switch {
		case '0' <= c && c <= '9':
			d = uint64(c - '0')
		case base == 16 && isHex(c):
			d = uint64(c-'a') + 10
		default:
			return 0, false
		}
		hi, lo := bits.Mul64(n, uint64(base))
		sum, carry := bits.Add64(lo, d, 0)
		if hi != 0 || carry != 0 {
			return 0, false
		}
		n = sum
	}
	return n, true
}

// isHex tells whether c is a hexadecimal digit in lower case. Whatever a
// placeholder stands for begins and ends with one.
func isHex(c byte) bool { return '0' <= c && c <= '9' || 'a' <= c && c <= 'f' }

// appendDashed appends addr as {ip} writes it: an IPv6 address as RFC 5952 has
// it, but always in hexadecimal groups, and with a zero on the outer side of a
// leading or trailing "::", since host names neither begin nor end with a hyphen
// (RFC 952); and "-" for "." and ":".
func appendDashed(b []byte, addr netip.Addr) []byte {
	var buf [len("ffff:ffff:ffff:ffff:ffff:ffff:255.255.255.255")]byte
	text := addr.AppendTo(buf[:0])
	if addr.Is4In6() { // of which netip writes the last groups as IPv4 has them
		ip := addr.As16()
		text = append(buf[:0], "::ffff:"...)
		text = strconv.AppendUint(text, uint64(ip[12])<<8|uint64(ip[13]), 16)
		text = append(text, ':')
		text = strconv.AppendUint(text, uint64(ip[14])<<8|uint64(ip[15]), 16)
	}

	if text[0] == ':' {
		b = append(b, '0')
	}
	for _, c := range text {
		if c == '.' || c == ':' {
			c = '-'
		}
		b = append(b, c)
	}
	if text[len(text)-1] == ':' {
		b = append(b, '0')
	}
	return b
}

// parseDashed returns the address that appendDashed writes as text.
func parseDashed(text []byte) (addr netip.Addr, ok bool) {
	if addr, ok = parseDashed4(text); !ok {
		if addr, ok = parseDashed6(text); !ok {
			return addr, false
		}
	}
	// What was read may have been written in many ways; one is canonical.
	var buf [len("ffff-ffff-ffff-ffff-ffff-ffff-ffff-ffff")]byte
	return addr, string(appendDashed(buf[:0], addr)) == string(text)
}

func parseDashed4(text []byte) (addr netip.Addr, ok bool) {
	var octets [4]byte
	for i := range octets {
		digits, rest, more := bytes.Cut(text, []byte("-"))
		octet, ok := parseNumber(digits, 10, 1)
		if !ok || octet > 255 || more != (i < 3) {
			return addr, false
		}
		octets[i], text = byte(octet), rest
	}
	return netip.AddrFrom4(octets), true
}

func parseDashed6(text []byte) (addr netip.Addr, ok bool) {
	var octets [16]byte
	end, gap := 0, -1 // of the octets read, and where the "--" is among them
	for more := true; more; {
		var digits []byte
		digits, text, more = bytes.Cut(text, []byte("-"))
		if len(digits) == 0 {
			if gap >= 0 {
				return addr, false
			}
			gap = end
			continue
		}
		group, ok := parseNumber(digits, 16, 1)
		if !ok || group > 0xffff || end == len(octets) {
			return addr, false
		}
		octets[end], octets[end+1] = byte(group>>8), byte(group)
		end += 2
	}
	if gap >= 0 { // what follows the gap belongs to the end of the address
		tail := octets[gap:end]
		copy(octets[len(octets)-len(tail):], tail)
		clear(octets[gap : len(octets)-len(tail)])
	}
	return netip.AddrFrom16(octets), true
}

// appendLower appends s to b with its ASCII letters in lower case. Unlike
// strings.ToLower it allocates nothing while b has room.
func appendLower(b []byte, s string) []byte {
	for i := range len(s) {
		c := s[i]
		if 'A' <= c && c <= 'Z' {
			c += 'a' - 'A'
		}
		b = append(b, c)
	}
	return b
}
