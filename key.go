package workstation

import "net/netip"

// key is what a text stands for: a number, or an address of a family. With ws{n}, ws7 stands for
// the key of the number 7; with ip-{ip}, ip-192-0-2-7 stands for the key of the IPv4 address
// 192.0.2.7.
//
// A key is whole, or it is picked: then it has only the octets that a pattern writes. With {c}-{d},
// the whole key of 10.0.7.12 has the number 10<<24 + 7<<8 + 12, and the picked key has 7<<8 + 12.
// pattern.parse returns a picked key, and pattern.append and pool.host take a whole one. See
// pattern.pick and pattern.put.
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

// keyKinds are all kinds of keys.
var keyKinds = [...]keyKind{number, address4, address6}

// addressKey returns the key of addr.
func addressKey(addr netip.Addr) key {
	return key{address4 + keyKind(familyOf(addr)), addressNumber(addr)}
}

// address returns the address whose key is k. The kind of k must not be number.
func (k key) address() netip.Addr { return family(k.kind - address4).address(k.u) }
