package workstation

import (
	"math"
	"net/netip"
	"slices"
	"strings"
)

// pool is what one workstation stanza configures: patterns for names, and the hosts that have them.
// What a host is depends on the kind of the patterns:
//
//   - By number, a host is a number, and has an address in the network of each family: the
//     network's first address plus offset plus the number, carried across octets.
//   - By octets, a host is an address of the IPv4 networks. If there is an IPv6 network, the host
//     also has the address at the same place in that.
//   - By address, a host is an address of any of the networks.
//
// For example, the pool of ws{n} with the networks 192.0.2.0/24 and 2001:db8::/64 has the numbers 0
// to 255, and its host 7 has the addresses 192.0.2.7 and 2001:db8::7. The pool of {c}-{d} with the
// networks 10.0.0.0/24 and 10.0.8.0/24 has 512 hosts, such as 8-7, which has the address 10.0.8.7.
type pool struct {
	patterns   []pattern
	ptrPattern *pattern     // the first pattern without "*.", which PTR records use; nil if there is none
	kind       patternKind  // of all patterns
	networks   [2][]network // by family; ascending and disjoint
	numbers    index        // by number only: ascending and disjoint; each number has an address in every network
	offset     int64        // added to each number
	ttl        uint32       // of every record of the pool, in seconds
	source     string       // where the stanza begins, as FILE:LINE, for errors

	storedFirst bool // the next plugins' records come first
	noReverse   bool // the pool has no PTR records
	noTransfer  bool // the pool is left out of zone transfers
	isExample   bool // the stanza has no network, so the pool has the default one

	ptrZone      string          // the zone of the names that PTR records give; empty if there are no PTR records
	reverseZones prefixes        // only in these are there PTR records; if a family has none, everywhere
	classless    []classlessZone // in these there are more PTR records
}

// host is what a computed name stands for. The zero host stands for nothing.
type host struct {
	pool   *pool
	v4, v6 netip.Addr // the zero Addr if it has no address of the family
}

// setPatterns sets the patterns, which must be of one kind.
func (p *pool) setPatterns(patterns []pattern) {
	p.patterns, p.kind, p.ptrPattern = patterns, patterns[0].kind(), nil
	if i := slices.IndexFunc(patterns, func(pt pattern) bool { return !pt.wildcard }); i >= 0 {
		p.ptrPattern = &patterns[i]
	}
}

// address returns the address of the pool's number n, or the zero Addr if the pool has no network
// of the family.
func (p *pool) address(f family, n uint64) netip.Addr {
	if len(p.networks[f]) == 0 {
		return netip.Addr{}
	}
	return f.address(p.addressOfZero(f).add(uint128{lo: n}))
}

// number returns the number of addr, which must be one of the pool's addresses.
func (p *pool) number(addr netip.Addr) uint64 {
	return addressNumber(addr).sub(p.addressOfZero(familyOf(addr))).lo
}

// addressOfZero returns the address that the number 0 has, or would have.
func (p *pool) addressOfZero(f family) uint128 { return p.networks[f][0].first.add(extend(p.offset)) }

// distance returns the distance from the first address of the IPv4 network to that of the IPv6
// network. Hosts of octets that have both addresses have them at this distance.
func (p *pool) distance() uint128 {
	return p.networks[ipv6][0].first.sub(p.networks[ipv4][0].first)
}

// key returns the key of the host that has addr, which must be one of the pool's addresses.
func (p *pool) key(addr netip.Addr) key {
	switch kind := p.kind; {
	case kind == byNumber:
		return key{number, uint128{lo: p.number(addr)}}
	case kind == byOctets && addr.Is6():
		return key{address4, addressNumber(addr).sub(p.distance())}
	default:
		return addressKey(addr)
	}
}

// host returns the host that k stands for, which must be one of the pool's keys.
func (p *pool) host(k key) (h host) {
	h.set(p, k)
	return h
}

// set makes h the host of p that k stands for.
func (h *host) set(p *pool, k key) {
	h.pool = p
	switch {
	case k.kind == number:
		h.v4, h.v6 = p.address(ipv4, k.u.lo), p.address(ipv6, k.u.lo)
	case k.kind == address6:
		h.v6 = k.address()
	case p.kind == byOctets && len(p.networks[ipv6]) > 0:
		h.v4, h.v6 = k.address(), ipv6.address(k.u.add(p.distance()))
	default:
		h.v4 = k.address()
	}
}

// keys returns the pool's keys of a kind, ascending and disjoint.
func (p *pool) keys(kind keyKind) (keys index) {
	switch {
	case kind == number:
		return p.numbers
	case p.kind == byAddress, p.kind == byOctets && kind == address4:
		for _, n := range p.networks[kind-address4] {
			keys = append(keys, entry{n.span, p})
		}
	}
	return keys
}

// addresses returns the pool's addresses of a family, ascending and disjoint.
func (p *pool) addresses(f family) (addresses index) {
	switch {
	case len(p.networks[f]) == 0:
		return nil
	case p.kind == byAddress, f == ipv4 && p.kind == byOctets:
		return p.keys(address4 + keyKind(f))
	case p.kind == byOctets:
		for _, s := range p.keys(address4) {
			addresses = append(addresses, entry{s.shift(p.distance()), p})
		}
	default:
		for _, s := range p.keys(number) {
			addresses = append(addresses, entry{s.shift(p.addressOfZero(f)), p})
		}
	}
	return addresses
}

// name returns the name in the PTR record of addr, which must be one of the pool's addresses.
func (p *pool) name(addr netip.Addr) string { return p.ptrPattern.name(p.key(addr), p.ptrZone) }

// someAddress returns one IPv4 address of the pool, or 0 if it has none. Octets that are the same
// in all addresses of the pool are those of this one.
func (p *pool) someAddress() uint32 {
	if len(p.networks[ipv4]) == 0 {
		return 0
	}
	return uint32(p.networks[ipv4][0].first.lo)
}

// hasNoFamilyInCommon reports whether one of two pools has only IPv4 networks, and the other only
// IPv6 networks.
func (p *pool) hasNoFamilyInCommon(other *pool) bool {
	return (len(p.networks[ipv4]) == 0) != (len(other.networks[ipv4]) == 0) && (len(p.networks[ipv6]) == 0) != (len(other.networks[ipv6]) == 0)
}

// varying returns the octets in which any two of the pool's IPv4 addresses differ.
func (p *pool) varying() (varying octets) {
	differ := uint32(0)
	for _, n := range p.networks[ipv4] {
		differ |= uint32(n.first.lo) ^ p.someAddress()
		differ |= uint32(ones(n.first.xor(n.last).bitLen()).lo) // if an octet varies within a network, so do those after it
	}
	for i := range 4 {
		if differ>>(8*(3-i))&0xff != 0 {
			varying |= 1 << i
		}
	}
	return varying
}

// allNumbers returns the numbers that have an address in every network. They are one span. If there
// are none, ok is false.
func (p *pool) allNumbers() (all span, ok bool) {
	last := ones(128) // the place of the last address in the smallest network
	for _, networks := range p.networks {
		for _, n := range networks {
			if n.last.sub(n.first).less(last) {
				last = n.last.sub(n.first)
			}
		}
	}
	switch {
	case p.offset < 0:
		all.first.lo = -uint64(p.offset)
		if last.hi == 0 { // otherwise it exceeds 64 bits already
			last = last.add(all.first)
		}
	case last.less(uint128{lo: uint64(p.offset)}):
		return span{}, false
	default:
		last = last.sub(uint128{lo: uint64(p.offset)})
	}
	all.last.lo = last.lo
	if last.hi != 0 {
		all.last.lo = math.MaxUint64
	}
	return all, true
}

// longest returns a text of the pattern that is as long as any that the pool has, and the longest
// label in all of its texts.
func (p *pool) longest(pt *pattern) (text, label string) {
	for _, kind := range keyKinds {
		for _, s := range p.keys(kind) {
			for _, u := range s.longest(kind) {
				t := string(pt.append(nil, key{kind, u}))
				if len(t) > len(text) {
					text = t
				}
				for l := range strings.SplitSeq(t, ".") {
					if len(l) > len(label) {
						label = l
					}
				}
			}
		}
	}
	return text, label
}
