package workstation

import (
	"math"
	"net/netip"
	"testing"
)

func TestAddressNumber(t *testing.T) {
	for _, tc := range []struct {
		address string
		family  family
		number  uint128
	}{
		{"0.0.0.0", ipv4, uint128{}},
		{"10.1.2.3", ipv4, uint128{lo: 0x0a010203}},
		{"255.255.255.255", ipv4, uint128{lo: math.MaxUint32}},
		{"::", ipv6, uint128{}},
		{"::10.1.2.3", ipv6, uint128{lo: 0x0a010203}},
		{"::ffff:10.1.2.3", ipv6, uint128{lo: 0xffff0a010203}},
		{"2001:db8::5", ipv6, uint128{0x20010db800000000, 5}},
		{"ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", ipv6, uint128{math.MaxUint64, math.MaxUint64}},
	} {
		addr := netip.MustParseAddr(tc.address)
		if got := addressNumber(addr); got != tc.number {
			t.Errorf("addressNumber(%s) = %v, want %v", addr, got, tc.number)
		}
		if f := familyOf(addr); f != tc.family {
			t.Errorf("familyOf(%s) = %s, want %s", addr, f, tc.family)
		}
		if got := tc.family.address(tc.number); got != addr {
			t.Errorf("%s address %v = %s, want %s", tc.family, tc.number, got, addr)
		}
	}
}
