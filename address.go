package workstation

import (
	"encoding/binary"
	"net/netip"
)

// family is an address family.
type family int

const (
	ipv4 family = iota
	ipv6
)

// families are both families, in the order of the arrays that have one element for each.
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

// addressNumber returns addr as a number.
func addressNumber(addr netip.Addr) uint128 {
	if addr.Is4() {
		b := addr.As4()
		return uint128{lo: uint64(binary.BigEndian.Uint32(b[:]))}
	}
	b := addr.As16()
	return uint128{binary.BigEndian.Uint64(b[:8]), binary.BigEndian.Uint64(b[8:])}
}

// network is a network of a pool: the addresses of one family from the first to the last.
type network struct {
	span
	text string // as it is written
}

// newNetwork returns the network of all addresses of a prefix.
func newNetwork(prefix netip.Prefix) network {
	return network{bounds(prefix), prefix.String()}
}

// bounds returns the addresses of a prefix.
func bounds(prefix netip.Prefix) span {
	first := addressNumber(prefix.Addr())
	return span{first, first.or(ones(prefix.Addr().BitLen() - prefix.Bits()))}
}

// prefixes are networks, by family.
type prefixes [2][]netip.Prefix
