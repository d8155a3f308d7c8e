package workstation

import (
	"strings"
	"testing"

	"github.com/miekg/dns"
)

// TestWireLengths has names as long as the DNS has room for, and longer by one octet.
func TestWireLengths(t *testing.T) {
	zone := strings.Repeat(strings.Repeat("a", 59)+".", 4) // 241 octets on the wire with the root's
	for name, fits := range map[string]bool{
		"{n:13}": true, "{n:14}": false, "{n:20}": false, "*.{n:11}": true, "*.{n:12}": false, "{n:7}.abcde": true, "{n:8}.abcde": false,
	} {
		corefile := "workstation " + zone + " {\nname " + name + "\nnetwork 192.0.2.0/24\n}"
		ws, err := parseTest(corefile, ".")
		if (err == nil) != fits {
			t.Errorf("%s: got error %v, want none: %t", name, err, fits)
		}
		if err != nil {
			continue
		}
		z := ws.zones.byName[zone]
		for _, ns := range append(z.computed.patterns, z.wildcards.patterns...) {
			full := ns.pattern.name(key{number, uint128{lo: 17}}, zone)
			if n, err := dns.PackDomainName(full, make([]byte, 300), 0, nil, false); err != nil || n != 255 {
				t.Errorf("%s: %q has %d octets, %v", name, full, n, err)
			}
		}
	}
}

// TestParseTogether accepts stanzas of one zone that give no name twice.
func TestParseTogether(t *testing.T) {
	for _, corefile := range []string{
		"workstation example.org {\n name ws{n}\n}\nworkstation example.org {\n name ws1-{n}\n}",
		"workstation example.org {\n name ws{n}\n}\nworkstation example.org {\n name wsa{n}\n}",
		"workstation example.org {\n name ws{n}-a\n}\nworkstation example.org {\n name ws{n}-b\n}",
		"workstation example.org {\n numbers 0-9\n}\nworkstation example.org {\n numbers 10-19\n}",
		"workstation example.org {\n name {ip}\n network 10.0.0.0/8\n}\nworkstation example.org {\n name {ip}\n network 2001:db8::/64 11.0.0.0/8\n}",
		"workstation example.org {\n name a{n}\n}\nworkstation example.org {\n name a{ip}\n}\nworkstation example.org {\n name b-{ip}\n}\nworkstation example.org {\n name b-db{n}\n}",
		"workstation example.org\nworkstation lab.example.org",
	} {
		checkWorkstation(t, testWorkstation(t, corefile))
	}
}
