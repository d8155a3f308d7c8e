package workstation

import (
	"bytes"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"github.com/miekg/dns"
)

// isReverse reports whether name lies in one of the reverse trees (RFC 1035, section 3.5; RFC 3596,
// section 2.5). They hold no names of hosts.
func isReverse(name string) bool {
	start, _ := dns.PrevLabel(name, 2)
	return strings.EqualFold(name[start:], "in-addr.arpa.") || strings.EqualFold(name[start:], "ip6.arpa.")
}

// parseReverse returns the addresses for which name, in lower case, stands in a reverse tree. That
// is one address, or for a name with fewer labels the network whose addresses are below the name.
// Each has exactly one name: 2.0.192.in-addr.arpa. stands for 192.0.2.0/24, and
// 02.0.192.in-addr.arpa. for nothing.
//
// dnsutil.ExtractAddressFromReverse does not know networks, and allocates.
func parseReverse(name []byte) (prefix netip.Prefix, ok bool) {
	if labels, ok := bytes.CutSuffix(name, []byte("in-addr.arpa.")); ok {
		return parseReverse4(labels)
	}
	if labels, ok := bytes.CutSuffix(name, []byte("ip6.arpa.")); ok {
		return parseReverse6(labels)
	}
	return prefix, false
}

// reverseName returns the name of addr in its reverse tree.
//
// dns.ReverseAddr would take ::ffff:192.0.2.1 for 192.0.2.1.
func reverseName(addr netip.Addr) string {
	var buf [len("f.f.f.f.f.f.f.f.f.f.f.f.f.f.f.f.f.f.f.f.f.f.f.f.f.f.f.f.f.f.f.f.ip6.arpa.")]byte
	b := buf[:0]
	if addr.Is4() {
		for _, octet := range slices.Backward(addr.AsSlice()) {
			b = append(strconv.AppendUint(b, uint64(octet), 10), '.')
		}
		return string(append(b, "in-addr.arpa."...))
	}
	for _, octet := range slices.Backward(addr.AsSlice()) {
		b = append(strconv.AppendUint(b, uint64(octet&0xf), 16), '.')
		b = append(strconv.AppendUint(b, uint64(octet>>4), 16), '.')
	}
	return string(append(b, "ip6.arpa."...))
}

// reversePrefixes returns the networks of all addresses that have their names at name, in lower
// case, or below it.
func reversePrefixes(name string) (prefixes []netip.Prefix) {
	for _, tree := range [...]string{"in-addr.arpa.", "ip6.arpa."} {
		if dns.IsSubDomain(tree, name) {
			tree = name
		} else if !dns.IsSubDomain(name, tree) {
			continue
		}
		if prefix, ok := parseReverse([]byte(tree)); ok {
			prefixes = append(prefixes, prefix)
		}
	}
	return prefixes
}

// parseReverse4 reads the labels before in-addr.arpa. They are octets, the last one first.
func parseReverse4(labels []byte) (prefix netip.Prefix, ok bool) {
	var octets [4]byte
	n := bytes.Count(labels, []byte("."))
	if n > len(octets) {
		return prefix, false
	}
	for i := range n {
		digits, rest, _ := bytes.Cut(labels, []byte("."))
		octet, ok := parseNumber(digits, 10, 1)
		if !ok || octet > 255 {
			return prefix, false
		}
		octets[n-1-i], labels = byte(octet), rest
	}
	return netip.PrefixFrom(netip.AddrFrom4(octets), 8*n), len(labels) == 0
}

// parseReverse6 reads the labels before ip6.arpa. They are hexadecimal digits, the last one first.
func parseReverse6(labels []byte) (prefix netip.Prefix, ok bool) {
	var octets [16]byte
	n := len(labels) / 2
	if n > 2*len(octets) || len(labels)%2 != 0 {
		return prefix, false
	}
	for i := range n {
		digit := labels[2*i]
		switch {
		case !isHex(digit) || labels[2*i+1] != '.':
			return prefix, false
		case isDigit(digit):
			digit -= '0'
		default:
			digit -= 'a' - 10
		}
		nibble := n - 1 - i
		octets[nibble/2] |= digit << (4 * (1 - nibble%2))
	}
	return netip.PrefixFrom(netip.AddrFrom16(octets), 4*n), true
}

// classlessZone is a reverse zone for a part of a /24 (RFC 2317). In 64/26.2.0.192.in-addr.arpa,
// the name 65 has the PTR record of 192.0.2.65.
type classlessZone struct {
	name   string       // in lower case, with the closing dot
	parent netip.Prefix // the /24
	span                // the addresses that may have a record here
}

// parseClassless returns the classless zone that has this name, which is in lower case. The name
// must be one label below the name of a /24, and the label must not be an octet. If the label has
// the form of a range or a network, such as 64-127 or 64/26, the zone holds these addresses. 0-25
// could be both, and means the larger one. Any other label means the whole /24.
func parseClassless(name string) (zone classlessZone, ok bool) {
	start, end := dns.NextLabel(name, 0)
	if end {
		return zone, false
	}
	parent, ok := parseReverse([]byte(name[start:]))
	if !ok || !parent.Addr().Is4() || parent.Bits() != 24 {
		return zone, false
	}
	label := name[:start-1]
	if strings.Trim(label, "0123456789") == "" {
		return zone, false // an octet, or a misspelt one
	}
	zone = classlessZone{name: name, parent: parent}
	first, last := uint64(0), uint64(255)
	begin, rest, separated := cutAny(label, "/-")
	from, ok1 := parseNumber([]byte(begin), 10, 1)
	to, ok2 := parseNumber([]byte(rest), 10, 1)
	if separated && ok1 && ok2 && from <= 255 {
		isRange := label[len(begin)] == '-' && from <= to && to <= 255
		isLength := 25 <= to && to <= 32
		if isLength {
			host := uint64(1)<<(32-to) - 1
			first, last = from&^host, from|host
		}
		if isRange && (!isLength || to-from > last-first) {
			first, last = from, to
		}
	}
	network := addressNumber(parent.Addr())
	zone.span = span{network.add(uint128{lo: first}), network.add(uint128{lo: last})}
	return zone, true
}

// cutAny is strings.Cut at the first of some characters.
func cutAny(s, chars string) (before, after string, found bool) {
	if i := strings.IndexAny(s, chars); i >= 0 {
		return s[:i], s[i+1:], true
	}
	return s, "", false
}

// closestReverse returns the name of the smallest reverse zone that holds all these addresses of a
// family.
func closestReverse(f family, addresses span) string {
	name := reverseName(f.address(addresses.first))
	for varying := addresses.first.xor(addresses.last).bitLen(); varying > 0; varying -= [...]int{ipv4: 8, ipv6: 4}[f] {
		_, name, _ = strings.Cut(name, ".")
	}
	return name
}
