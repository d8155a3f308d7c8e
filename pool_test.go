package workstation

import (
	"fmt"
	"math"
	"net/netip"
	"strings"
	"testing"
)

func TestPool(t *testing.T) {
	tests := []struct {
		properties string
		number     uint64
		v4, v6     string // both empty: not a number of the pool
	}{
		{"network 172.0.2.0/24", 0, "172.0.2.0", ""},
		{"network 172.0.2.0/24", 1, "172.0.2.1", ""},
		{"network 172.0.2.0/24", 255, "172.0.2.255", ""},
		{"network 172.0.2.0/24", 256, "", ""},
		{"network 172.0.2.0/24", 300, "", ""},
		{"network 172.0.2.0/24", 1<<32 + 1, "", ""}, // 1 in its lower 32 bits
		{"network 192.0.2.128/25", 127, "192.0.2.255", ""},
		{"network 192.0.2.128/25", 128, "", ""},
		{"network 192.0.2.5/32", 0, "192.0.2.5", ""},
		{"network 192.0.2.5/32", 1, "", ""},
		{"network 198.18.0.0/15", 256, "198.18.1.0", ""},
		{"network 198.18.0.0/15", 65536, "198.19.0.0", ""},
		{"network 198.18.0.0/15", 131071, "198.19.255.255", ""},
		{"network 198.18.0.0/15", 131072, "", ""},
		{"network 10.0.0.0/8", 1<<24 - 1, "10.255.255.255", ""},
		{"network 10.0.0.0/8", 1 << 24, "", ""},
		{"network 0.0.0.0/0", 0, "0.0.0.0", ""},
		{"network 0.0.0.0/0", math.MaxUint32, "255.255.255.255", ""},
		{"network 0.0.0.0/0", 1 << 32, "", ""},

		// a range
		{"network 192.0.2.10-192.0.2.20", 0, "192.0.2.10", ""},
		{"network 192.0.2.10-192.0.2.20", 10, "192.0.2.20", ""},
		{"network 192.0.2.10-192.0.2.20", 11, "", ""},
		{"network 192.0.2.250-192.0.3.5", 6, "192.0.3.0", ""},
		{"network 192.0.2.7-192.0.2.7", 0, "192.0.2.7", ""},
		{"network 2001:db8::ffff-2001:db8::1:0", 1, "", "2001:db8::1:0"},
		{"network 2001:db8::ffff-2001:db8::1:0", 2, "", ""},

		// IPv6
		{"network 2001:db8::/64", 0, "", "2001:db8::"},
		{"network 2001:db8::/64", 65536, "", "2001:db8::1:0"},
		{"network 2001:db8::/64", math.MaxUint64, "", "2001:db8::ffff:ffff:ffff:ffff"},
		{"network 2001:db8::/120", 256, "", ""},
		{"network 2001:db8::5/128", 0, "", "2001:db8::5"},
		{"network 2001:db8::5/128", 1, "", ""},
		{"network 2001:db8::/32", math.MaxUint64, "", "2001:db8::ffff:ffff:ffff:ffff"},
		{"network ::/0", 0, "", "::"},
		{"network ::/0", math.MaxUint64, "", "::ffff:ffff:ffff:ffff"},
		{"network ::ffff:192.0.2.0/120", 5, "", "::ffff:192.0.2.5"},

		// both families
		{"network 192.0.2.0/24 2001:db8::/64", 17, "192.0.2.17", "2001:db8::11"},
		{"network 2001:db8::/64 192.0.2.0/24", 255, "192.0.2.255", "2001:db8::ff"},
		{"network 192.0.2.0/24 2001:db8::/64", 256, "", ""},
		{"network 192.0.2.0/24 2001:db8::/126", 3, "192.0.2.3", "2001:db8::3"},
		{"network 192.0.2.0/24 2001:db8::/126", 4, "", ""},

		// offset
		{"network 192.0.2.0/24\noffset 10", 0, "192.0.2.10", ""},
		{"network 192.0.2.0/24\noffset 10", 245, "192.0.2.255", ""},
		{"network 192.0.2.0/24\noffset 10", 246, "", ""},
		{"network 192.0.2.0/24\noffset 255", 0, "192.0.2.255", ""},
		{"network 192.0.2.0/24\noffset -1", 0, "", ""},
		{"network 192.0.2.0/24\noffset -1", 1, "192.0.2.0", ""},
		{"network 192.0.2.0/24\noffset -1", 256, "192.0.2.255", ""},
		{"network 192.0.2.0/24\noffset -1", 257, "", ""},
		{"network 192.0.2.0/24 2001:db8::/64\noffset -1000", 1001, "192.0.2.1", "2001:db8::1"},
		{"network 192.0.2.0/24\noffset -9223372036854775808", 1<<63 + 5, "192.0.2.5", ""},
		{"network ::/0\noffset -9223372036854775808", 1<<63 - 1, "", ""},
		{"network ::/0\noffset -9223372036854775808", math.MaxUint64, "", "::7fff:ffff:ffff:ffff"},
		{"network ::/0\noffset 9223372036854775807", math.MaxUint64, "", "::1:7fff:ffff:ffff:fffe"},
		{"network 2001:db8::/64\noffset 1", math.MaxUint64 - 1, "", "2001:db8::ffff:ffff:ffff:ffff"},
		{"network 2001:db8::/64\noffset 1", math.MaxUint64, "", ""},
		{"network 2001:db8::-2001:db8:0:1::\noffset 5", math.MaxUint64 - 4, "", "2001:db8:0:1::"},
		{"network 2001:db8::-2001:db8:0:1::\noffset 5", math.MaxUint64 - 3, "", ""},
		{"network ::-::ffff:ffff:ffff:ffff\noffset -5", math.MaxUint64, "", "::ffff:ffff:ffff:fffa"},

		// numbers
		{"network 192.0.2.0/24\nnumbers 1-99", 0, "", ""},
		{"network 192.0.2.0/24\nnumbers 1-99", 1, "192.0.2.1", ""},
		{"network 192.0.2.0/24\nnumbers 1-99", 99, "192.0.2.99", ""},
		{"network 192.0.2.0/24\nnumbers 1-99", 100, "", ""},
		{"network 192.0.2.0/24\nnumbers 200-210 7 1-3 205-220", 7, "192.0.2.7", ""},
		{"network 192.0.2.0/24\nnumbers 200-210 7 1-3 205-220", 220, "192.0.2.220", ""},
		{"network 192.0.2.0/24\nnumbers 200-210 7 1-3 205-220", 5, "", ""},
		{"network 192.0.2.0/24\nnumbers 256\noffset -1", 256, "192.0.2.255", ""},
		{"network 192.0.2.0/24\nnumbers 0 0-0 0", 0, "192.0.2.0", ""},
		{"network 192.0.2.0/24\nnumbers 1-99 5-10", 99, "192.0.2.99", ""},
		{"network 2001:db8::/64\nnumbers 18446744073709551615", math.MaxUint64, "", "2001:db8::ffff:ffff:ffff:ffff"},
	}
	for _, tc := range tests {
		p := testPool(t, tc.properties)
		covered := p.numbers.find(uint128{lo: tc.number}) != nil
		if covered != (tc.v4+tc.v6 != "") {
			t.Errorf("%s: %d is a number of the pool: %t", tc.properties, tc.number, covered)
		}
		if !covered {
			continue
		}
		for _, f := range families {
			addr := p.address(f, tc.number)
			want := [...]string{tc.v4, tc.v6}[f]
			if want == "" && addr.IsValid() || want != "" && addr != netip.MustParseAddr(want) {
				t.Errorf("%s: %d has the %s address %s, want %q", tc.properties, tc.number, f, addr, want)
			}
			if addr.IsValid() && p.number(addr) != tc.number {
				t.Errorf("%s: %s has the number %d, want %d", tc.properties, addr, p.number(addr), tc.number)
			}
		}
	}
}

// TestPoolCountsThroughItsNetwork compares the addresses of all numbers with netip, one by one.
func TestPoolCountsThroughItsNetwork(t *testing.T) {
	for _, cidr := range []string{"198.18.0.0/15", "2001:db8::fffe:0/111"} {
		p, prefix := testPool(t, "network "+cidr), netip.MustParsePrefix(cidr)
		f, want := familyOf(prefix.Addr()), prefix.Addr()
		for n := range p.numbers[0].last.lo + 1 {
			if addr := p.address(f, n); addr != want || !prefix.Contains(addr) {
				t.Fatalf("address(%d) = %s, want %s", n, addr, want)
			}
			want = want.Next()
		}
		if prefix.Contains(want) {
			t.Errorf("the pool ends before its network does, at %s", want)
		}
	}
}

func TestPoolName(t *testing.T) {
	for _, tc := range []struct{ properties, address, want string }{
		{"network 192.0.2.0/24", "192.0.2.17", "workstation17.example.org."},
		{"network 192.0.2.0/24\noffset 10", "192.0.2.17", "workstation7.example.org."},
		{"network 192.0.2.0/24\noffset -10", "192.0.2.17", "workstation27.example.org."},
		{"network 192.0.2.0/24 2001:db8::/64\nname WS{n:4}-Lab", "2001:db8::11", "ws0017-lab.example.org."},
		{"network 2001:db8::/64\nname ws{x}", "2001:db8::ffff:ffff:ffff:ffff", "wsffffffffffffffff.example.org."},
		{"network 2001:db8::/32\nname ip-{ip}", "2001:db8:1::5", "ip-2001-db8-1--5.example.org."},
		{"network 2001:db8::/32 10.0.0.0/8\nname ip-{ip}", "10.0.0.5", "ip-10-0-0-5.example.org."},
	} {
		if name := testPool(t, tc.properties).name(netip.MustParseAddr(tc.address)); name != tc.want {
			t.Errorf("%s: the name of %s is %q, want %q", tc.properties, tc.address, name, tc.want)
		}
	}
}

// TestVaryingAmongNetworks has addresses that differ in the second octet and in the third, but no network in which one
// of these varies.
func TestVaryingAmongNetworks(t *testing.T) {
	for name, lacks := range map[string]string{"h{b}": "{c}", "h{c}": "{b}", "h{d}": "{b} and {c}", "h{b}-{c}": ""} {
		_, err := parseCorefile(stanzaOf("example.org", "name "+name, "network 10.0.0.1/32 10.0.2.1/32 10.1.0.1/32"))
		if lacks == "" && err != nil || lacks != "" && !strings.HasSuffix(fmt.Sprint(err), "because it lacks "+lacks+": add "+lacks) {
			t.Errorf("%s: got error %v; it lacks %q", name, err, lacks)
		}
	}
}

// TestPoolLongest compares the longest text and the longest label with those of all hosts.
func TestPoolLongest(t *testing.T) {
	for _, name := range []string{
		"ip-{ip}", "{ip:full}", "{d}.{c}.{b}.{a}", "a{d}-{c}", "{c:2}{d:x}-{d}", "{a}-{b}.x{c}.{d}",
	} {
		for _, network := range []string{
			"10.0.0.0/20", "10.0.0.96/28", "192.0.2.5/32", "255.255.254.0/23", "9.255.255.255-10.0.0.0",
			"192.0.2.9-192.0.2.10", "10.0.9.250-10.0.11.9", "10.0.99.5-10.0.100.4",
			"::/112", "2001:db8::/112", "2001:db8:0:1::f000/116", "0:1:0:1:0:1::/112", "1:2:3:4:5:6:7:8/128",
			"::ffff:10.0.0.0/116", "2001:db8::fff0-2001:db8::1:0",
		} {
			ws, err := parseCorefile(stanzaOf("example.org", "name "+name, "network "+network))
			if err != nil {
				continue // octets that IPv6 does not have, or too few of them
			}
			p := ws.zones.zone("example.org.").computed.patterns[0].pools[0]
			text, label := 0, 0
			for _, kind := range keyKinds {
				for _, s := range p.keys(kind) {
					for u := s.first; !s.last.less(u); u = u.add(uint128{lo: 1}) {
						host := string(p.patterns[0].append(nil, key{kind, u}))
						text = max(text, len(host))
						for l := range strings.SplitSeq(host, ".") {
							label = max(label, len(l))
						}
					}
				}
			}
			if gotText, gotLabel := p.longest(&p.patterns[0]); len(gotText) != text || len(gotLabel) != label {
				t.Errorf("%s of %s: the longest are %q and %q, want %d and %d octets",
					name, network, gotText, gotLabel, text, label)
			}
		}
	}
}
