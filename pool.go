package workstation

import (
	"fmt"
	"math"
	"net/netip"
	"strconv"
)

// numberRange are the numbers from first to last.
type numberRange struct{ first, last uint64 }

// String returns r as a Corefile has it.
func (r numberRange) String() string {
	if r.first == r.last {
		return strconv.FormatUint(r.first, 10)
	}
	return fmt.Sprintf("%d-%d", r.first, r.last)
}

// pool is what one workstation stanza configures: a name pattern, the numbers
// that it covers and the network of each family through which they count. Number
// n has the network's first address plus offset plus n, carried across octets.
// Where the pattern has {ip}, there are no numbers, and the pool covers all
// addresses of each network.
type pool struct {
	pattern  pattern
	networks [2]*network   // by family; nil where there is none
	numbers  []numberRange // ascending and disjoint; each has an address in every network
	offset   int64
	ttl      uint32 // of every record the pool gives, in seconds
	source   string // FILE:LINE of the stanza, to name it in errors

	origin string   // the zone of the names that PTR records give; empty where there are none
	within prefixes // in which there are PTR records; of a family that has none, everywhere
}

// host is what a computed name stands for.
type host struct {
	pool   *pool
	v4, v6 netip.Addr // the zero Addr where it has no address of the family
}

// address returns the address of n, which is one of the pool's numbers. It is
// the zero Addr if the pool has no network of the family.
func (p *pool) address(f family, n uint64) netip.Addr {
	if p.networks[f] == nil {
		return netip.Addr{}
	}
	return f.address(p.zero(f).add(uint128{lo: n}))
}

// key returns the key of the host that has addr, one of the pool's addresses.
func (p *pool) key(addr netip.Addr) key {
	if p.pattern.placeholder == ip {
		return addressKey(addr)
	}
	return key{number, uint128{lo: p.number(addr)}}
}

// host returns the host that k, one of the pool's keys, stands for.
func (p *pool) host(k key) host {
	switch k.kind {
	case address4:
		return host{pool: p, v4: k.address()}
	case address6:
		return host{pool: p, v6: k.address()}
	default:
		return host{p, p.address(ipv4, k.u.lo), p.address(ipv6, k.u.lo)}
	}
}

// keys returns the spans of the pool's keys of a kind, ascending and disjoint.
func (p *pool) keys(kind keyKind) index {
	if kind != number {
		if p.pattern.placeholder != ip {
			return nil
		}
		return p.addresses(family(kind - address4))
	}
	spans := make(index, len(p.numbers))
	for i, r := range p.numbers {
		spans[i] = span{uint128{lo: r.first}, uint128{lo: r.last}, p}
	}
	return spans
}

// addresses returns the spans of the pool's addresses of a family, ascending and
// disjoint.
func (p *pool) addresses(f family) index {
	n := p.networks[f]
	if n == nil {
		return nil
	}
	if p.pattern.placeholder == ip {
		return index{{n.first, n.last, p}}
	}
	spans := make(index, len(p.numbers))
	for i, r := range p.numbers {
		spans[i] = span{p.zero(f).add(uint128{lo: r.first}), p.zero(f).add(uint128{lo: r.last}), p}
	}
	return spans
}

// number returns the number of addr, which is one of the pool's addresses.
func (p *pool) number(addr netip.Addr) uint64 {
	return addressNumber(addr).sub(p.zero(familyOf(addr))).lo
}

// zero returns the address that the number 0 has or would have.
func (p *pool) zero(f family) uint128 { return p.networks[f].first.add(extend(p.offset)) }

// name returns the name that the PTR record of addr, one of the pool's
// addresses, gives.
func (p *pool) name(addr netip.Addr) string { return p.nameIn(p.origin, addr) }

// nameIn returns the name that addr, one of the pool's addresses, has in a zone.
func (p *pool) nameIn(zone string, addr netip.Addr) string {
	var buf [255]byte
	b := append(p.pattern.append(buf[:0], p.key(addr)), '.')
	return string(append(b, zone...))
}

// allNumbers returns the numbers that have an address in every network, all of
// them one range; if there are none, ok is false.
func (p *pool) allNumbers() (all numberRange, ok bool) {
	last := ones(128) // the place of the last address in the smallest network
	for _, n := range p.networks {
		if n != nil && n.last.sub(n.first).less(last) {
			last = n.last.sub(n.first)
		}
	}
	switch {
	case p.offset < 0:
		all.first = -uint64(p.offset)
		if last.hi == 0 { // else it has more than 64 bits already
			last = last.add(uint128{lo: all.first})
		}
	case last.less(uint128{lo: uint64(p.offset)}):
		return numberRange{}, false
	default:
		last = last.sub(uint128{lo: uint64(p.offset)})
	}
	all.last = last.lo
	if last.hi != 0 {
		all.last = math.MaxUint64
	}
	return all, true
}

// longestLabel returns a label that is as long as any of the pool's, or longer
// by the few characters that a network which is no CIDR might save.
func (p *pool) longestLabel() string {
	if p.pattern.placeholder != ip {
		return string(p.pattern.appendNumber(nil, p.numbers[len(p.numbers)-1].last))
	}
	var longest string
	for _, f := range families {
		if n := p.networks[f]; n != nil {
			// No address of a CIDR is written longer than its last.
			host := ones(n.first.xor(n.last).bitLen())
			if label := string(p.pattern.appendAddress(nil, f.address(n.last.or(host)))); len(label) > len(longest) {
				longest = label
			}
		}
	}
	return longest
}
