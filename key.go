package workstation

import "net/netip"

// key is what a text stands for: a number, or an address of a family.
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

// keyKinds are all of them.
var keyKinds = [...]keyKind{number, address4, address6}

// addressKey returns the key that addr is.
func addressKey(addr netip.Addr) key {
	return key{address4 + keyKind(familyOf(addr)), addressNumber(addr)}
}

// address returns the address that k is, which is no number.
func (k key) address() netip.Addr { return family(k.kind - address4).address(k.u) }
