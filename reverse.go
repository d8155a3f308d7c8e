package workstation

import (
	"bytes"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"github.com/miekg/dns"
)

// reverse tells, by family, which pool gives the PTR record of an address.
type reverse [2]index

// newReverse returns the index of all PTR records of the pools. Where several
// pools cover an address, the first of them gives its record.
func newReverse(pools []*pool) reverse {
	var rev reverse
	for _, f := range families {
		var indexes []index
		for _, p := range pools {
			if p.origin == "" {
				continue
			}
			addresses := p.addresses(f)
			if len(p.within[f]) == 0 {
				indexes = append(indexes, addresses)
			}
			for _, prefix := range p.within[f] {
				indexes = append(indexes, addresses.clip(bounds(prefix)))
			}
		}
		rev[f] = flatten(indexes)
	}
	return rev
}

// find returns the pool that gives the PTR record of name, in lower case, and
// the address whose name it is. Of an empty non-terminal, above the names of PTR
// records, there is a pool but no address.
func (rev *reverse) find(name []byte) (p *pool, addr netip.Addr) {
	prefix, ok := parseReverse(name)
	if !ok {
		return nil, addr
	}
	if p = rev[familyOf(prefix.Addr())].overlap(bounds(prefix)); prefix.IsSingleIP() {
		addr = prefix.Addr()
	}
	return p, addr
}

// isReverse tells whether name lies in one of the reverse trees (RFC 1035,
// section 3.5; RFC 3596, section 2.5), where there are no names of hosts.
func isReverse(name string) bool {
	start, _ := dns.PrevLabel(name, 2)
	return strings.EqualFold(name[start:], "in-addr.arpa.") || strings.EqualFold(name[start:], "ip6.arpa.")
}

// parseReverse returns the addresses that name, a name in lower case, stands for
// in a reverse tree: one address, or with fewer labels the network whose
// addresses are below it. Each has exactly one name.
//
// It is not dnsutil.ExtractAddressFromReverse, which knows no networks and
// allocates.
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
// It is not dns.ReverseAddr, which takes ::ffff:192.0.2.1 for 192.0.2.1.
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

// reversePrefixes returns the networks of all addresses whose names are name, in
// lower case, or below it.
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

// parseReverse4 reads the labels before in-addr.arpa: octets, the last one first.
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

// parseReverse6 reads the labels before ip6.arpa: hexadecimal digits, the last
// one first.
func parseReverse6(labels []byte) (prefix netip.Prefix, ok bool) {
	var octets [16]byte
	n := len(labels) / 2
	if n > 2*len(octets) || len(labels)%2 != 0 {
		return prefix, false
	}
	for i := range n {
		digit, ok := parseNumber(labels[2*i:2*i+1], 16, 1)
		if !ok || labels[2*i+1] != '.' {
			return prefix, false
		}
		nibble := n - 1 - i
		octets[nibble/2] |= byte(digit) << (4 * (1 - nibble%2))
	}
	return netip.PrefixFrom(netip.AddrFrom16(octets), 4*n), true
}
