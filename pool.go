package workstation

import (
	"encoding/binary"
	"net/netip"
)

// pool is what one workstation stanza configures: a name pattern, and the
// network through which its numbers count. Number n has the network's first
// address plus n, carried across octets, so the numbers of a pool are 0 to the
// size of its network less one.
type pool struct {
	pattern pattern
	network netip.Prefix // IPv4, without host bits
	ttl     uint32       // of every record the pool gives, in seconds
	source  string       // FILE:LINE of the stanza, to name it in errors
}

// number returns the number of the computed name whose first label is label,
// in lower case.
func (p *pool) number(label []byte) (n uint64, ok bool) {
	n, ok = p.pattern.number(label)
	return n, ok && n <= p.last()
}

// last returns the pool's greatest number.
func (p *pool) last() uint64 {
	hostBits := p.network.Addr().BitLen() - p.network.Bits()
	return 1<<hostBits - 1
}

// address returns the address of n, which is one of the pool's numbers.
func (p *pool) address(n uint64) netip.Addr {
	addr := p.network.Addr().As4()
	first := binary.BigEndian.Uint32(addr[:])
	binary.BigEndian.PutUint32(addr[:], first+uint32(n))
	return netip.AddrFrom4(addr)
}
