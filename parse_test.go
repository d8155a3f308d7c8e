package workstation

import (
	"fmt"
	"strings"
	"testing"

	"github.com/coredns/caddy"
)

// parseTest parses the stanzas of a server block with the given keys.
func parseTest(corefile string, keys ...string) (zones, error) {
	c := caddy.NewTestController("dns", corefile)
	c.ServerBlockKeys = keys
	return parseStanzas(c)
}

func TestParse(t *testing.T) {
	tests := []struct {
		corefile string
		keys     []string
		pools    map[string]string // by zone: network and TTL of its pool
	}{
		{
			"workstation", []string{".:10053"},
			map[string]string{".": "172.0.2.0/24 3600"},
		},
		{
			"workstation", []string{"example.org.:53", "lab.example.net.:53"},
			map[string]string{"example.org.": "172.0.2.0/24 3600", "lab.example.net.": "172.0.2.0/24 3600"},
		},
		{
			"workstation {\n}", []string{"example.org."},
			map[string]string{"example.org.": "172.0.2.0/24 3600"},
		},
		{
			"workstation Lab.Example.ORG example.net. {\n network 192.0.2.0/24\n ttl 60\n}", []string{"."},
			map[string]string{"lab.example.org.": "192.0.2.0/24 60", "example.net.": "192.0.2.0/24 60"},
		},
		{
			"workstation example.org example.org {\n ttl 0\n}", []string{"."},
			map[string]string{"example.org.": "172.0.2.0/24 0"},
		},
		{
			"workstation . {\n ttl 2147483647\n network 0.0.0.0/0\n}", []string{"example.org."},
			map[string]string{".": "0.0.0.0/0 2147483647"},
		},
		{
			"workstation dns://example.org:53 {\n network 203.0.113.7/32\n}", []string{"."},
			map[string]string{"example.org.": "203.0.113.7/32 3600"},
		},
		{
			"workstation a.example.org {\n network 192.0.2.0/24\n}\nworkstation b.example.org {\n network 198.51.100.0/24\n}\nworkstation example.org {\n network 203.0.113.0/24\n}", []string{"."},
			map[string]string{"a.example.org.": "192.0.2.0/24 3600", "b.example.org.": "198.51.100.0/24 3600", "example.org.": "203.0.113.0/24 3600"},
		},
		// Reverse zones hold no computed names.
		{
			"workstation example.org 10.0.0.0/8 2001:db8::/32 0/25.2.0.192.in-addr.arpa", []string{"."},
			map[string]string{"example.org.": "172.0.2.0/24 3600"},
		},
		{
			"workstation", []string{"example.org.", "2.0.192.in-addr.arpa."},
			map[string]string{"example.org.": "172.0.2.0/24 3600"},
		},
		{
			"workstation _hosts.x--1.example.org 10.0.0.0/8:053", []string{"."},
			map[string]string{"_hosts.x--1.example.org.": "172.0.2.0/24 3600"},
		},
		{
			"workstation", nil, // as other plugins' tests set them up
			map[string]string{},
		},
	}
	for _, tc := range tests {
		zs, err := parseTest(tc.corefile, tc.keys...)
		if err != nil {
			t.Errorf("%s: %v", tc.corefile, err)
			continue
		}
		pools := make(map[string]string)
		for name, z := range zs {
			if z.pool != nil {
				pools[name] = fmt.Sprintf("%s %d", z.pool.network, z.pool.ttl)
			}
		}
		if fmt.Sprint(pools) != fmt.Sprint(tc.pools) {
			t.Errorf("%s: got pools %v, want %v", tc.corefile, pools, tc.pools)
		}
	}
}

// TestParseErrors checks that an error names the file and line, what is wrong
// there, and the way out.
func TestParseErrors(t *testing.T) {
	long := strings.Repeat(strings.Repeat("a", 61)+".", 4)[:246]
	tests := []struct {
		corefile string
		line     int
		want     string
	}{
		// properties
		{"workstation {\n netwrok 192.0.2.0/24\n}", 2, "unknown property 'netwrok': use 'network' or 'ttl'"},
		{"workstation {\n fallthrough\n}", 2, "'fallthrough' is not needed: every query that workstation does not answer goes to the next plugin; remove it"},
		{"workstation {\n fallthrough example.org\n}", 2, "'fallthrough' is not needed"},
		{"workstation {\n ttl 60\n network 192.0.2.0/24\n ttl 60\n}", 4, "property 'ttl' is given twice, first in line 2: remove one"},
		{"workstation {\n network 192.0.2.0/24\n network 198.51.100.0/24\n}", 3, "property 'network' is given twice, first in line 2: remove one"},
		{"workstation {\n ttl 60 {\n  network 192.0.2.0/24\n }\n}", 2, "property 'ttl' has no block: remove '{'"},
		{"workstation {\n network {\n }\n}", 2, "'network' takes one argument, not 0"},
		{"workstation {\n {\n }\n}", 2, "unknown property '{'"},
		{"workstation { } foo", 1, "unexpected 'foo': the '{' of a block stands on the line of 'workstation', and its '}' alone on the last"},
		{"workstation example.org\n{\n ttl 60\n}", 2, "unexpected '{': the '{' of a block stands on the line of 'workstation'"},
		{"workstation { network 192.0.2.0/24 }", 1, "'}' is an argument of 'network' where it stands: begin a new line before it"},

		// network
		{"workstation {\n network\n}", 2, "'network' takes one argument, not 0: write it as 'network 192.0.2.0/24'"},
		{"workstation {\n network 192.0.2.0/24 198.51.100.0/24\n}", 2, "'network' takes one argument, not 2"},
		{"workstation {\n network 192.0.2.0/33\n}", 2, "network '192.0.2.0/33' is not a CIDR: write one such as '192.0.2.0/24'"},
		{"workstation {\n network 192.0.2/24\n}", 2, "network '192.0.2/24' is not a CIDR"},
		{"workstation {\n network 192.0.2.256/24\n}", 2, "network '192.0.2.256/24' is not a CIDR"},
		{"workstation {\n network 192.0.2.0/-1\n}", 2, "network '192.0.2.0/-1' is not a CIDR"},
		{"workstation {\n network 192.0.2.0/024\n}", 2, "network '192.0.2.0/024' is not a CIDR"},
		{"workstation {\n network lab\n}", 2, "network 'lab' is not a CIDR"},
		{"workstation {\n network 192.0.2.0\n}", 2, "network '192.0.2.0' has no prefix length: write '192.0.2.0/32' for this address alone, or the network that you mean"},
		{"workstation {\n network 192.0.2.5/24\n}", 2, "network '192.0.2.5/24' has host bits set: write '192.0.2.0/24', or the network that you mean"},
		{"workstation {\n network 2001:db8::/64\n}", 2, "network '2001:db8::/64' is not an IPv4 network: write one such as '192.0.2.0/24'"},
		{"workstation {\n network ::ffff:192.0.2.0/120\n}", 2, "network '::ffff:192.0.2.0/120' is not an IPv4 network"},

		// ttl
		{"workstation {\n ttl\n}", 2, "'ttl' takes one argument, not 0: write it as 'ttl 3600'"},
		{"workstation {\n ttl 60 60\n}", 2, "'ttl' takes one argument, not 2"},
		{"workstation {\n ttl -1\n}", 2, "ttl '-1' is not a number of seconds from 0 to 2147483647"},
		{"workstation {\n ttl 2147483648\n}", 2, "ttl '2147483648' is not a number of seconds from 0 to 2147483647"},
		{"workstation {\n ttl 99999999999999999999\n}", 2, "ttl '99999999999999999999' is not a number of seconds"},
		{"workstation {\n ttl 1h\n}", 2, "ttl '1h' is not a number of seconds"},

		// zones
		{"workstation 10.0.0.0/33", 1, "zone '10.0.0.0/33' is not a CIDR: write one such as '192.0.2.0/24'"},
		{"workstation 10.0.0/8", 1, "zone '10.0.0/8' is neither a domain name nor a CIDR: write one such as 'example.org' or '10.0.0.0/8', an internationalized name in its ASCII form (xn--...), and several with spaces in between"},
		{"workstation example.org/24", 1, "zone 'example.org/24' is neither a domain name nor a CIDR"},
		{"workstation example.org, example.net", 1, "zone 'example.org,' is neither a domain name nor a CIDR"},
		{"workstation example.org:dns", 1, "zone 'example.org:dns' is neither a domain name nor a CIDR"},
		{"workstation https://example.org/path", 1, "zone 'example.org/path' is neither a domain name nor a CIDR"},
		{"workstation [::1]:53", 1, "zone '[::1]:53' is neither a domain name nor a CIDR"},
		{"workstation network 192.0.2.0/24", 1, "'network' is a property, not a zone: write it on a line of its own, between '{' and '}'; the zone of that name is 'network.'"},
		{"workstation example.org ttl 60", 1, "'ttl' is a property, not a zone"},
		{"workstation 10.1.2.3/16", 1, "zone '10.1.2.3/16' has host bits set: write '10.1.0.0/16', or the network that you mean"},
		{"workstation example.org 10.1.2.3/16:53", 1, "zone '10.1.2.3/16' has host bits set: write '10.1.0.0/16'"},
		{"workstation 2001:db8::1/32", 1, "zone '2001:db8::1/32' has host bits set: write '2001:db8::/32'"},
		{"workstation 192.0.2.1", 1, "zone '192.0.2.1' is an address: write a reverse zone as a CIDR, and the pool's addresses as the property 'network'"},
		{"workstation 2001:db8::", 1, "zone '2001:db8::' is an address"},
		{"workstation 2001:db8::1", 1, "zone '2001:db8::1' is an address"},
		{"workstation 192.0.2.1.", 1, "zone '192.0.2.1.' is an address"},
		{"workstation 192.0.2.1:53", 1, "zone '192.0.2.1:53' is an address"},
		{"workstation 10.0.0.0/8.", 1, "zone '10.0.0.0/8.' is not a CIDR"},
		{"workstation fe80::%eth0/64", 1, "zone 'fe80::%eth0/64' is an address"},
		{"workstation example..org", 1, "zone 'example..org' is neither a domain name nor a CIDR"},
		{`workstation ""`, 1, "zone '' is neither a domain name nor a CIDR"},
		{"workstation " + strings.Repeat("a", 64) + ".org", 1, "is neither a domain name nor a CIDR"},
		{"workstation " + strings.Repeat(strings.Repeat("a", 60)+".", 4) + "bcdefg.org", 1, "is too long: "},
		{"workstation bücher.example", 1, "zone 'bücher.example' is neither a domain name nor a CIDR"},
		{`workstation \097.example.org`, 1, `zone '\097.example.org' is neither a domain name nor a CIDR`},
		{"workstation example.org{", 1, "zone 'example.org{' is neither a domain name nor a CIDR"},
		{"workstation ${ZONE}", 1, "zone '${ZONE}' is neither a domain name nor a CIDR"},
		{"workstation example.org:53:54", 1, "zone 'example.org:53:54' is neither a domain name nor a CIDR"},
		{"workstation ::/0", 1, "zone '::/0' is not a CIDR that CoreDNS takes: write the name of the reverse zone, such as 'ip6.arpa'"},
		{"workstation 10.0.0.0/8 2001:db8::/32", 1, "all zones are reverse zones, which hold no computed names: list the zone that shall hold them, such as 'example.org'; their addresses are the property 'network'"},
		{"workstation " + long, 1, "is too long: 'workstation255." + long + ".' exceeds the 255 octets of a domain name"},

		// stanzas
		{
			"workstation example.org {\n network 192.0.2.0/24\n}\nworkstation example.net Example.org {\n network 198.51.100.0/24\n}", 4,
			"zone 'example.org.' has a pool already, from the stanza at Testfile:1, and both give the name 'workstation0.example.org.': remove the zone from one of them",
		},
		{"workstation\nworkstation", 2, "zone '.' has a pool already, from the stanza at Testfile:1, and both give the name 'workstation0.'"},
	}
	for _, tc := range tests {
		_, err := parseTest(tc.corefile, ".")
		if err == nil {
			t.Errorf("%s\nwas accepted, want an error with %q", tc.corefile, tc.want)
			continue
		}
		if prefix := fmt.Sprintf("Testfile:%d - Error during parsing: ", tc.line); !strings.HasPrefix(err.Error(), prefix) || !strings.Contains(err.Error(), tc.want) {
			t.Errorf("%s\ngot error  %q\nwant error %q", tc.corefile, err, prefix+tc.want)
		}
	}
}

// FuzzParse holds every Corefile that is accepted to what its zones must be.
func FuzzParse(f *testing.F) {
	f.Add("workstation")
	f.Add("workstation example.org 10.0.0.0/8 {\n network 192.0.2.0/24\n ttl 60\n}\nworkstation lab.example.org {\n network 0.0.0.0/0\n}")
	f.Add("workstation 10.1.2.3/16 {\n fallthrough\n}")
	f.Add("workstation example.org workstation0.example.org lab.workstation255.example.org")
	f.Add("workstation dns://example.org:53 \"\" {\n ttl 1 {\n }\n}")

	f.Fuzz(func(t *testing.T, corefile string) {
		zs, err := parseTest(corefile, ".")
		if err != nil {
			return
		}
		for name, z := range zs {
			if z.pool == nil {
				continue
			}
			for _, n := range []uint64{0, z.pool.last()} {
				qname := z.pool.pattern.label(n) + "." + strings.TrimPrefix(name, ".")
				if zs[qname] != nil {
					continue // a zone of its own, or above one
				}
				if m := zs.find(qname); m.pool != z.pool || m.number != n {
					t.Fatalf("%q: %q is not found", corefile, qname)
				}
				if addr := z.pool.address(n); !z.pool.network.Contains(addr) {
					t.Fatalf("%q: %q has the address %s", corefile, qname, addr)
				}
			}
			if m := zs.find(z.pool.pattern.label(z.pool.last()+1) + "." + strings.TrimPrefix(name, ".")); m.pool != nil {
				t.Fatalf("%q: more numbers than addresses in zone %q", corefile, name)
			}
		}
	})
}
