package workstation

import (
	"cmp"
	"fmt"
	"math/big"
	"net/netip"
	"slices"
	"strings"

	"github.com/coredns/caddy"
)

// Describe returns a text that says what the stanzas of a server instance compute. It has a part
// for each server block. In that are a line for each pool, a line for its PTR records, and the
// warnings that a start would log:
//
//	Server block example.org.:53, 2.0.192.in-addr.arpa.:53
//	  example.org: 256 hosts, ws0 (192.0.2.0) to ws255 (192.0.2.255)
//	    IPv4 PTR records in 2.0.192.in-addr.arpa
//
// The text is empty if there are no stanzas.
func Describe(inst *caddy.Instance) string {
	inst.StorageMu.RLock()
	defer inst.StorageMu.RUnlock()
	blocks, _ := inst.Storage[serverBlocksKey{}].([]serverBlock)
	var b strings.Builder
	for _, block := range blocks {
		fmt.Fprint(&b, "\n", block)
		for _, warning := range block.warnings(blocks) {
			fmt.Fprintf(&b, "  Warning: %s\n", warning)
		}
	}
	return b.String()
}

// String describes the server block, with its pools in the order of their stanzas.
func (block serverBlock) String() string {
	zones := make(map[*pool][]string) // to which each pool adds names
	for _, z := range block.ws.zones.listed() {
		for _, pp := range z.patterns() {
			for _, p := range pp.pools {
				if !slices.Contains(zones[p], z.name) {
					zones[p] = append(zones[p], z.name)
				}
			}
		}
	}
	var b strings.Builder
	fmt.Fprintf(&b, "Server block %s\n", enumerate(block.keys))
	for _, p := range block.ws.pools {
		for _, hosts := range p.describe() {
			fmt.Fprintf(&b, "  %s: %s\n", enumerate(zones[p]), hosts)
		}
		if len(p.patterns) > 1 {
			fmt.Fprintf(&b, "    each has the names %s\n", strings.Trim(fmt.Sprint(p.patterns), "[]"))
		}
		for _, f := range families {
			if len(p.networks[f]) > 0 {
				fmt.Fprintf(&b, "    %s\n", block.ws.describePTR(p, f, zones[p], block.asked))
			}
		}
	}
	return b.String()
}

// describe says which hosts the pool has, in one line for each kind of key.
func (p *pool) describe() (lines []string) {
	for _, kind := range keyKinds {
		keys := p.keys(kind)
		if len(keys) == 0 {
			continue
		}
		first := p.describeHost(key{kind, keys[0].first})
		last := p.describeHost(key{kind, keys[len(keys)-1].last})
		line := "1 host, " + first
		if first != last {
			line = fmt.Sprintf("%s hosts, %s to %s", keys.count(), first, last)
		}
		lines = append(lines, line)
	}
	return lines
}

// describeHost returns the name of a host without a zone, and its addresses.
func (p *pool) describeHost(k key) string {
	pt := cmp.Or(p.ptrPattern, &p.patterns[0])
	name, h := pt.withWildcard(string(pt.append(nil, k))), p.host(k)
	switch {
	case !h.v6.IsValid():
		return fmt.Sprintf("%s (%s)", name, h.v4)
	case !h.v4.IsValid():
		return fmt.Sprintf("%s (%s)", name, h.v6)
	default:
		return fmt.Sprintf("%s (%s, %s)", name, h.v4, h.v6)
	}
}

// describePTR says in which reverse zones clients can get a pool's PTR records of a family, or why
// there are none. forward are the pool's forward zones, asked those of the server block.
func (ws *Workstation) describePTR(p *pool, f family, forward []string, asked askedZones) string {
	zones, addresses, other := ws.askedPTR(p, f, asked)
	why := "the server block has no reverse zone for these addresses"
	switch all := p.addresses(f).count(); {
	case len(zones) > 0:
		line := fmt.Sprintf("%s PTR records in %s", f, enumerate(zones))
		if len(forward) > 1 {
			line += ", with names in " + strings.TrimSuffix(p.ptrZone, ".")
		}
		if have := addresses.count(); have != all {
			line += fmt.Sprintf(", for %s of %s addresses", have, all)
		}
		return line
	case p.ptrPattern == nil:
		why = "each name is a wildcard"
	case slices.Equal(forward, []string{"."}):
		why = "they need a zone other than the root"
	case p.noReverse:
		why = "no_reverse"
	case other != nil:
		why = "the stanza at " + other.source + " gives them"
	}
	return fmt.Sprintf("no %s PTR records: %s", f, why)
}

// count returns how many keys there are, in decimal. A power of two above 2^32 is written as such.
func (x index) count() string {
	n := new(big.Int)
	for _, s := range x {
		others := ipv6.address(s.last.sub(s.first)).AsSlice() // without the first key
		n.Add(n, new(big.Int).SetBytes(others)).Add(n, big.NewInt(1))
	}
	if power := n.BitLen() - 1; power > 32 && n.TrailingZeroBits() == uint(power) {
		return fmt.Sprintf("2^%d", power)
	}
	return n.String()
}

// zone returns what to write in a Corefile for the reverse zone of the network. For a CIDR, that is
// the network itself. For a range of addresses, it is the smallest network of whole octets or
// hexadecimal digits around the range.
func (n network) zone(f family) string {
	size, step := 32, 8
	if f == ipv6 {
		size, step = 128, 4
	}
	bits := size - n.first.xor(n.last).bitLen()
	if strings.Contains(n.text, "-") {
		bits -= bits % step
	}
	prefix := netip.PrefixFrom(f.address(n.first), bits).Masked().String()
	if f == ipv6 && strings.ContainsAny(prefix[:1], "0:") { // CoreDNS takes no such CIDR
		return "ip6.arpa"
	}
	return prefix
}
