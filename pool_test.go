package workstation

import (
	"net/netip"
	"testing"
)

// testPool returns a pool of the default pattern.
func testPool(network string) *pool {
	return &pool{pattern: defaultPattern, network: netip.MustParsePrefix(network), ttl: defaultTTL, source: "Corefile:1"}
}

func TestPool(t *testing.T) {
	tests := []struct {
		network string
		label   string
		address string // empty: not a name of the pool
	}{
		{"172.0.2.0/24", "workstation0", "172.0.2.0"},
		{"172.0.2.0/24", "workstation1", "172.0.2.1"},
		{"172.0.2.0/24", "workstation255", "172.0.2.255"},
		{"172.0.2.0/24", "workstation256", ""},
		{"172.0.2.0/24", "workstation300", ""},
		{"172.0.2.0/24", "workstation4294967297", ""}, // 1, were it cut to 32 bits
		{"192.0.2.128/25", "workstation127", "192.0.2.255"},
		{"192.0.2.128/25", "workstation128", ""},
		{"192.0.2.5/32", "workstation0", "192.0.2.5"},
		{"192.0.2.5/32", "workstation1", ""},
		{"198.18.0.0/15", "workstation256", "198.18.1.0"},
		{"198.18.0.0/15", "workstation65536", "198.19.0.0"},
		{"198.18.0.0/15", "workstation131071", "198.19.255.255"},
		{"198.18.0.0/15", "workstation131072", ""},
		{"10.0.0.0/8", "workstation16777215", "10.255.255.255"},
		{"10.0.0.0/8", "workstation16777216", ""},
		{"0.0.0.0/0", "workstation0", "0.0.0.0"},
		{"0.0.0.0/0", "workstation4294967295", "255.255.255.255"},
		{"0.0.0.0/0", "workstation4294967296", ""},
		{"10.0.0.0/8", "workstation007", ""},
	}
	for _, tc := range tests {
		p := testPool(tc.network)
		number, ok := p.number([]byte(tc.label))
		if ok != (tc.address != "") {
			t.Errorf("%s: number(%q) is one of the pool: %t", tc.network, tc.label, ok)
			continue
		}
		if ok && p.address(number) != netip.MustParseAddr(tc.address) {
			t.Errorf("%s: %s has the address %s, want %s", tc.network, tc.label, p.address(number), tc.address)
		}
	}
}

// TestPoolCountsThroughItsNetwork counts with netip, which has no arithmetic
// but for the next address.
func TestPoolCountsThroughItsNetwork(t *testing.T) {
	p := testPool("198.18.0.0/15")
	want := p.network.Addr()
	for n := range p.last() + 1 {
		if addr := p.address(n); addr != want || !p.network.Contains(addr) {
			t.Fatalf("address(%d) = %s, want %s", n, addr, want)
		}
		want = want.Next()
	}
	if p.network.Contains(want) {
		t.Errorf("the pool ends before its network does, at %s", want)
	}
}
