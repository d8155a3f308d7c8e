package workstation

import (
	"strings"
	"testing"

	"github.com/miekg/dns"
)

// TestWireLengths has names of 255 octets on the wire, the most there may be, and longer ones.
func TestWireLengths(t *testing.T) {
	zone := strings.Repeat(strings.Repeat("a", 59)+".", 4) // 241 octets on the wire with the root's
	for name, fits := range map[string]bool{
		"{n:13}": true, "{n:14}": false, "{n:20}": false,
		"*.{n:11}": true, "*.{n:12}": false,
		"{n:7}.abcde": true, "{n:8}.abcde": false,
	} {
		corefile := stanzaOf(zone, "name "+name, "network 192.0.2.0/24")
		ws, err := parseCorefile(corefile)
		if (err == nil) != fits {
			t.Errorf("%s: got error %v, want none: %t", name, err, fits)
		}
		if err != nil {
			continue
		}
		z := ws.zones.zone(zone)
		for _, pp := range append(z.computed.patterns, z.wildcards.patterns...) {
			full := pp.pattern.name(key{number, uint128{lo: 17}}, zone)
			if n, err := dns.PackDomainName(full, make([]byte, 300), 0, nil, false); err != nil || n != 255 {
				t.Errorf("%s: %q has %d octets, %v", name, full, n, err)
			}
		}
	}
}
