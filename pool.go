package workstation

import (
	"encoding/binary"
	"fmt"
	"math"
	"net/netip"
	"strconv"
)

// family is an address family.
type family int

const (
	ipv4 family = iota
	ipv6
)

// families are all of them, in the order in which arrays are indexed by one.
var families = [...]family{ipv4, ipv6}

func familyOf(addr netip.Addr) family {
	if addr.Is4() {
		return ipv4
	}
	return ipv6
}

func (f family) String() string { return [...]string{"IPv4", "IPv6"}[f] }

// address returns the address whose number is u.
func (f family) address(u uint128) netip.Addr {
	var b [16]byte
	binary.BigEndian.PutUint64(b[:8], u.hi)
	binary.BigEndian.PutUint64(b[8:], u.lo)
	if f == ipv4 {
		return netip.AddrFrom4([4]byte(b[12:]))
	}
	return netip.AddrFrom16(b)
}

// network is a network through which a pool's numbers count: all addresses of
// one family from the first to the last.
type network struct {
	first, last uint128
	text        string // as the Corefile has it
}

// bounds returns the first and the last address of a prefix.
func bounds(prefix netip.Prefix) (first, last uint128) {
	first = addressNumber(prefix.Addr())
	return first, first.or(ones(prefix.Addr().BitLen() - prefix.Bits()))
}

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

	origin  string            // the zone of the names that PTR records give; empty where there are none
	reverse [2][]netip.Prefix // by family, the addresses that have PTR records; all where empty
}

// address returns the address of n, which is one of the pool's numbers. It is
// the zero Addr if the pool has no network of the family.
func (p *pool) address(f family, n uint64) netip.Addr {
	if p.networks[f] == nil {
		return netip.Addr{}
	}
	return f.address(p.zero(f).add(uint128{lo: n}))
}

// number returns the number of addr, which is one of the pool's addresses.
func (p *pool) number(addr netip.Addr) uint64 {
	return addressNumber(addr).sub(p.zero(familyOf(addr))).lo
}

// zero returns the address that the number 0 has or would have.
func (p *pool) zero(f family) uint128 { return p.networks[f].first.add(extend(p.offset)) }

// name returns the name that the PTR record of addr, one of the pool's
// addresses, gives.
func (p *pool) name(addr netip.Addr) string {
	var buf [255]byte
	b := buf[:0]
	if p.pattern.placeholder == ip {
		b = p.pattern.appendAddress(b, addr)
	} else {
		b = p.pattern.appendNumber(b, p.number(addr))
	}
	b = append(b, '.')
	return string(append(b, p.origin...))
}

// numbersOf returns the numbers that have an address in the network, all of them
// one range; if there are none, ok is false.
func (p *pool) numbersOf(n *network) (r numberRange, ok bool) {
	last := n.last.sub(n.first) // less the offset is the last number
	switch {
	case p.offset < 0:
		r.first = -uint64(p.offset)
		if last.hi == 0 { // else the sum might not have 128 bits, and has more than 64
			last = last.add(uint128{lo: r.first})
		}
	case last.less(uint128{lo: uint64(p.offset)}):
		return numberRange{}, false
	default:
		last = last.sub(uint128{lo: uint64(p.offset)})
	}
	r.last = last.lo
	if last.hi != 0 {
		r.last = math.MaxUint64
	}
	return r, true
}

// allNumbers returns the numbers that have an address in every network, all of
// them one range; if there are none, ok is false.
func (p *pool) allNumbers() (all numberRange, ok bool) {
	all.last = math.MaxUint64
	for _, n := range p.networks {
		if n == nil {
			continue
		}
		r, ok := p.numbersOf(n)
		if !ok {
			return numberRange{}, false
		}
		all.first, all.last = max(all.first, r.first), min(all.last, r.last)
	}
	return all, all.first <= all.last
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
