package workstation

import (
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
	"math/bits"
	"net/netip"
	"slices"
	"strconv"
	"strings"
)

// placeholder is what a pattern has in place of a number, an octet or an address, such as {n},
// {c:3} or {ip}. {c:3} has the kind octet, the octet 2, the base 10 and the width 3.
type placeholder struct {
	kind  placeholderKind
	octet int // of an octet: 0 for {a} to 3 for {d}
	base  int // of a number or an octet: 10 or 16
	width int // of a number or an octet: the least number of digits
}

// placeholderKind says what the text of a placeholder is.
type placeholderKind int

const (
	numeric placeholderKind = iota // {n}, {x}
	octet                          // {a} to {d}
	dashed                         // {ip}
	full                           // {ip:full}
	packed                         // {ip:x}
)

// These are parts of an IPv6 address (see addressParts). Only forms have them, patterns do not.
const (
	group        placeholderKind = iota + packed + 1 // 1 to 4 hexadecimal digits without leading zeros
	nonzeroGroup                                     // the same, except 0
	hexDigits                                        // exactly width hexadecimal digits
)

const (
	// maxWidth is how many digits the greatest number has in decimal.
	maxWidth = 20

	// octetNames are the names of the octets' placeholders, in the order of the octets.
	octetNames = "abcd"
)

// String returns the placeholder as it is written in a pattern.
func (ph placeholder) String() string {
	switch name := ph.name(); {
	case ph.kind == full:
		return "{ip:full}"
	case ph.kind == packed, ph.kind == octet && ph.base == 16:
		return "{" + name + ":x}"
	case ph.width > 1:
		return "{" + name + ":" + strconv.Itoa(ph.width) + "}"
	default:
		return "{" + name + "}"
	}
}

// name returns the part before the colon.
func (ph placeholder) name() string {
	switch {
	case ph.kind == octet:
		return octetNames[ph.octet : ph.octet+1]
	case ph.kind != numeric:
		return "ip"
	case ph.base == 16:
		return "x"
	default:
		return "n"
	}
}

// patternKind returns the kind of a pattern with this placeholder.
func (ph *placeholder) patternKind() patternKind {
	switch ph.kind {
	case numeric:
		return byNumber
	case octet:
		return byOctets
	default:
		return byAddress
	}
}

// produces reports whether the character c can occur in the placeholder's text.
func (ph *placeholder) produces(c byte) bool {
	switch {
	case isDigit(c):
		return true
	case c == '-':
		return ph.kind == dashed || ph.kind == full
	default:
		return isHex(c) && ph.base != 10
	}
}

// varies reports whether the texts of an octet's placeholder differ in length.
func (ph *placeholder) varies() bool { return ph.base == 10 && ph.width < 3 }

// readOctet reads an octet at the beginning of text, with as many digits as it can have. It returns
// its value and the number of digits.
func (ph *placeholder) readOctet(text []byte) (value, length int, ok bool) {
	if ph.base == 16 {
		if len(text) < 2 {
			return 0, 0, false
		}
		n, ok := parseNumber(text[:2], 16, 2)
		return int(n), 2, ok
	}
	for length < 3 && length < len(text) && isDigit(text[length]) {
		value = 10*value + int(text[length]-'0')
		length++
	}
	return value, length, value <= 255 && length >= ph.width && (length == ph.width || text[0] != '0')
}

// appendOctet appends an octet in the form that readOctet reads.
func (ph *placeholder) appendOctet(b []byte, value byte) []byte {
	const digits = "0123456789abcdef"
	if ph.base == 16 {
		return append(b, digits[value>>4], digits[value&0xf])
	}
	if value >= 100 || ph.width > 2 {
		b = append(b, digits[value/100])
	}
	if value >= 10 || ph.width > 1 {
		b = append(b, digits[value/10%10])
	}
	return append(b, digits[value%10])
}

// parseAddress returns the address for which text stands in place of {ip}, {ip:full} or {ip:x}.
func (ph *placeholder) parseAddress(text []byte) (netip.Addr, bool) {
	switch ph.kind {
	case full:
		return parseFull(text)
	case packed:
		return parsePacked(text)
	default:
		return parseDashed(text)
	}
}

// appendAddress appends addr in the form that parseAddress reads.
func (ph *placeholder) appendAddress(b []byte, addr netip.Addr) []byte {
	switch ph.kind {
	case full:
		return appendFull(b, addr)
	case packed:
		return hex.AppendEncode(b, addr.AsSlice())
	default:
		return appendDashed(b, addr)
	}
}

// parseNumber reads a number of at most 64 bits, in lower case. It must have at least width digits,
// and no leading zero if it has more.
//
// strconv.ParseUint would accept all leading zeros, and allocate an error for each name that has no
// number.
func parseNumber(digits []byte, base, width int) (n uint64, ok bool) {
	if len(digits) < width || len(digits) > width && digits[0] == '0' {
		return 0, false
	}
	for _, c := range digits {
		d := uint64(base) // no digit
		switch {
		case '0' <= c && c <= '9':
			d = uint64(c - '0')
		case 'a' <= c && c <= 'f':
			d = uint64(c-'a') + 10
		}
		if d >= uint64(base) {
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

// appendNumber appends n in the form that parseNumber reads.
func appendNumber(b []byte, n uint64, base, width int) []byte {
	start := len(b)
	b = strconv.AppendUint(b, n, base)
	for range width - (len(b) - start) {
		b = slices.Insert(b, start, '0')
	}
	return b
}

func isDigit(c byte) bool { return '0' <= c && c <= '9' }

// isHex reports whether c is a hexadecimal digit in lower case. The text of every placeholder
// begins and ends with one.
func isHex(c byte) bool { return isDigit(c) || 'a' <= c && c <= 'f' }

// appendDashed appends addr as {ip} writes it: with "-" in place of "." and ":". IPv6 addresses are
// written as in RFC 5952, with two exceptions. They have only hexadecimal groups. A leading or
// trailing "::" gets a zero on its outer side, because host names neither begin nor end with a
// hyphen (RFC 952). So ::1 is 0--1.
func appendDashed(b []byte, addr netip.Addr) []byte {
	var buf [len("ffff:ffff:ffff:ffff:ffff:ffff:255.255.255.255")]byte
	text := addr.AppendTo(buf[:0])
	if addr.Is4In6() { // netip writes the last two groups as an IPv4 address
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
	if addr, ok = parseDashed4(text); ok {
		return addr, true // there is only one way to write octets
	}
	if addr, ok = parseDashed6(text); !ok {
		return addr, false
	}
	// An address can be written in many ways, of which one is canonical.
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
	end, gap := 0, -1 // how many octets were read, and how many before the "--"
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
	if gap >= 0 { // what follows the gap moves to the end of the address
		tail := octets[gap:end]
		copy(octets[len(octets)-len(tail):], tail)
		clear(octets[gap : len(octets)-len(tail)])
	}
	return netip.AddrFrom16(octets), true
}

const (
	full4 = "255-255-255-255"
	full6 = "ffff-ffff-ffff-ffff-ffff-ffff-ffff-ffff"
)

// appendFull appends addr with all its digits: three for each octet of IPv4, four for each group of
// IPv6.
func appendFull(b []byte, addr netip.Addr) []byte {
	octets := addr.AsSlice()
	for i := range octets {
		switch {
		case addr.Is4() && i > 0, addr.Is6() && i > 0 && i%2 == 0:
			b = append(b, '-')
		}
		if addr.Is4() {
			b = appendNumber(b, uint64(octets[i]), 10, 3)
		} else {
			b = appendNumber(b, uint64(octets[i]), 16, 2)
		}
	}
	return b
}

// parseFull returns the address that appendFull writes as text.
func parseFull(text []byte) (addr netip.Addr, ok bool) {
	switch len(text) {
	case len(full4):
		var octets [4]byte
		for i := range octets {
			n, ok := parseNumber(text[4*i:4*i+3], 10, 3)
			if !ok || n > 255 || i > 0 && text[4*i-1] != '-' {
				return addr, false
			}
			octets[i] = byte(n)
		}
		return netip.AddrFrom4(octets), true
	case len(full6):
		var octets [16]byte
		for i := range 8 {
			n, ok := parseNumber(text[5*i:5*i+4], 16, 4)
			if !ok || i > 0 && text[5*i-1] != '-' {
				return addr, false
			}
			octets[2*i], octets[2*i+1] = byte(n>>8), byte(n)
		}
		return netip.AddrFrom16(octets), true
	default:
		return addr, false
	}
}

// parsePacked returns the address that text writes in 8 or 32 hexadecimal digits.
func parsePacked(text []byte) (addr netip.Addr, ok bool) {
	var octets [16]byte
	if len(text) != 8 && len(text) != 32 {
		return addr, false
	}
	for i := range len(text) / 2 {
		n, ok := parseNumber(text[2*i:2*i+2], 16, 2)
		if !ok {
			return addr, false
		}
		octets[i] = byte(n)
	}
	addr, _ = netip.AddrFromSlice(octets[:len(text)/2])
	return addr, true
}

// placeholderList lists the placeholders for errors.
const placeholderList = "{n}, {x}, {n:3}, {x:4}, {a} to {d}, {d:3}, {d:x}, {ip}, {ip:full} and {ip:x}"

// parsePlaceholder parses what stands between the braces.
func parsePlaceholder(inner string) (placeholder, error) {
	unknown := fmt.Errorf("has the unknown placeholder {%s}: there are %s", inner, placeholderList)
	name, form, formed := strings.Cut(inner, ":")
	width, err := strconv.Atoi(form)
	isWidth := err == nil && strconv.Itoa(width) == form

	switch name {
	case "n", "x":
		ph := placeholder{kind: numeric, base: 10, width: 1}
		if name == "x" {
			ph.base = 16
		}
		if formed {
			if !isWidth || width < 1 || width > maxWidth {
				return ph, fmt.Errorf("has the width '%s': use a number of digits from 1 to %d, such as {%s:3}", form, maxWidth, name)
			}
			ph.width = width
		}
		return ph, nil

	case "a", "b", "c", "d":
		ph := placeholder{kind: octet, octet: strings.Index(octetNames, name), base: 10, width: 1}
		switch {
		case !formed:
		case form == "x":
			ph.base, ph.width = 16, 2
		case isWidth && (width == 2 || width == 3):
			ph.width = width
		default:
			return ph, fmt.Errorf("has the form '%s' of an octet: use {%s}, {%s:2} or {%s:3} for at least so many digits, or {%s:x} for two hexadecimal ones", form, name, name, name, name)
		}
		return ph, nil

	case "ip":
		switch {
		case !formed:
			return placeholder{kind: dashed}, nil
		case form == "full":
			return placeholder{kind: full}, nil
		case form == "x":
			return placeholder{kind: packed}, nil
		case isWidth:
			return placeholder{}, errors.New("gives {ip} a width: use {ip:full} for an address with all its digits, or {ip}")
		}
	}
	return placeholder{}, unknown
}

// canBegin reports whether text can be the beginning of a text of the placeholder. In a form, {ip} is
// only an IPv6 address with "--"; see addressParts.
func (ph *placeholder) canBegin(text string) bool {
	for i := range len(text) {
		if !ph.produces(text[i]) {
			return false
		}
	}
	switch ph.kind {
	case numeric:
		return len(text) <= max(ph.width, len(strconv.FormatUint(1<<64-1, ph.base))) && (len(text) <= ph.width || text[0] != '0')
	case octet:
		_, err := strconv.ParseUint(text, ph.base, 8)
		return err == nil && (len(text) <= ph.width || text[0] != '0')
	case group:
		return len(text) == 1 || len(text) <= 4 && text[0] != '0'
	case nonzeroGroup:
		return len(text) <= 4 && text[0] != '0'
	case hexDigits:
		return len(text) <= ph.width
	default:
		groups := strings.Split(text, "-")
		last := groups[len(groups)-1]
		return text[0] != '-' && !strings.Contains(text, "---") && strings.Count(text, "--") < 2 &&
			len(groups) <= 9 && len(last) <= 4 && (len(last) < 2 || last[0] != '0')
	}
}

// isComplete reports whether text, which can be the beginning of a text of the placeholder, is one.
func (ph *placeholder) isComplete(text string) bool {
	switch ph.kind {
	case numeric:
		_, ok := parseNumber([]byte(text), ph.base, ph.width)
		return ok
	case octet:
		_, length, ok := ph.readOctet([]byte(text))
		return ok && length == len(text)
	case group, nonzeroGroup:
		return true
	case hexDigits:
		return len(text) == ph.width
	default:
		_, ok := parseDashed([]byte(text))
		return ok && strings.Contains(text, "--")
	}
}

// continuation returns what decides how text can be continued. Two texts of one continuation can be
// continued by the same characters, so a walk follows only the first of them. Every text that canBegin
// accepts can be continued to a complete one.
func (ph *placeholder) continuation(text string) string {
	switch ph.kind {
	case octet:
		return text
	case dashed: // which groups are zero, and how long the last one is
		groups := strings.Split(text, "-")
		last := len(groups) - 1
		for i, group := range groups {
			if group != "" && group != "0" {
				groups[i] = "x"
				if i == last {
					groups[i] = strings.Repeat("x", len(group))
				}
			}
		}
		return strings.Join(groups, "-")
	default:
		if text[0] == '0' {
			return "0" + strconv.Itoa(len(text))
		}
		return strconv.Itoa(len(text))
	}
}
