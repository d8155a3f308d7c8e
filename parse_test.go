package workstation

import (
	"fmt"
	"math"
	"math/rand/v2"
	"net/netip"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/coredns/caddy"
	"github.com/miekg/dns"
)

// parseTest parses the stanzas of a server block with the given keys.
func parseTest(corefile string, keys ...string) (*Workstation, error) {
	c := caddy.NewTestController("dns", corefile)
	c.ServerBlockKeys = keys
	return parseStanzas(c)
}

// testWorkstation returns the handler of a server block of the root zone.
func testWorkstation(tb testing.TB, corefile string) *Workstation {
	tb.Helper()
	ws, err := parseTest(corefile, ".")
	if err != nil {
		tb.Fatal(err)
	}
	return ws
}

// describePool describes a pool as a stanza on one line, with all that it leaves out.
func describePool(p *pool) string {
	var words []string
	for _, pt := range p.patterns {
		words = append(words, pt.String())
	}
	for _, networks := range p.networks {
		for _, n := range networks {
			words = append(words, n.text)
		}
	}
	s := strings.Join(words, " ")
	for _, r := range p.numbers {
		s += " " + r.String()
	}
	if p.offset != 0 {
		s += fmt.Sprintf(" offset %d", p.offset)
	}
	s += fmt.Sprintf(" ttl %d", p.ttl)
	if p.ptrZone != "" {
		s += " PTR " + p.ptrZone
	}
	for _, prefixes := range p.reverseZones {
		for _, prefix := range prefixes {
			s += " in " + prefix.String()
		}
	}
	for _, zone := range p.classless {
		s += " in " + zone.name
	}
	return s
}

func TestParse(t *testing.T) {
	const example = "workstation{n} 172.0.2.0/24 0-255 ttl 3600"
	tests := []struct {
		corefile string
		keys     []string
		pools    map[string]string // by zone
	}{
		{"workstation", []string{".:10053"}, map[string]string{".": example}},
		{
			"workstation", []string{"example.org.:53", "lab.example.net.:53"},
			map[string]string{"example.org.": example + " PTR example.org.", "lab.example.net.": example + " PTR example.org."},
		},
		{"workstation {\n}", []string{"example.org."}, map[string]string{"example.org.": example + " PTR example.org."}},
		{
			"workstation Lab.Example.ORG example.net. {\n network 192.0.2.0/24\n ttl 60\n}", []string{"."},
			map[string]string{
				"lab.example.org.": "workstation{n} 192.0.2.0/24 0-255 ttl 60 PTR lab.example.org.",
				"example.net.":     "workstation{n} 192.0.2.0/24 0-255 ttl 60 PTR lab.example.org.",
			},
		},
		{"workstation example.org example.org {\n ttl 0\n no_reverse\n}", []string{"."}, map[string]string{"example.org.": "workstation{n} 172.0.2.0/24 0-255 ttl 0"}},
		{
			"workstation . {\n ttl 2147483647\n network 0.0.0.0/0\n}", []string{"example.org."},
			map[string]string{".": "workstation{n} 0.0.0.0/0 0-4294967295 ttl 2147483647"},
		},
		{
			"workstation dns://example.org:53 {\n network 203.0.113.7/32\n}", []string{"."},
			map[string]string{"example.org.": "workstation{n} 203.0.113.7/32 0 ttl 3600 PTR example.org."},
		},
		{
			"workstation a.example.org {\n network 192.0.2.0/24\n}\nworkstation b.example.org {\n network 2001:db8::/64\n}\nworkstation . example.org {\n network 203.0.113.0/24\n}", []string{"."},
			map[string]string{
				"a.example.org.": "workstation{n} 192.0.2.0/24 0-255 ttl 3600 PTR a.example.org.",
				"b.example.org.": "workstation{n} 2001:db8::/64 0-18446744073709551615 ttl 3600 PTR b.example.org.",
				".":              "workstation{n} 203.0.113.0/24 0-255 ttl 3600 PTR example.org.",
				"example.org.":   "workstation{n} 203.0.113.0/24 0-255 ttl 3600 PTR example.org.",
			},
		},
		// All properties, in any order.
		{
			"workstation example.org {\n no_reverse\n ttl 5\n offset -10\n numbers 50-99 10 60-110 200\n network 2001:db8::100-2001:db8::2ff 192.0.2.0/24\n name WS-{x:4}-a\n}", []string{"."},
			map[string]string{"example.org.": "ws-{x:4}-a 192.0.2.0/24 2001:db8::100-2001:db8::2ff 10 50-110 200 offset -10 ttl 5"},
		},
		{
			"workstation example.org {\n name ip-{ip}\n network 10.0.0.0/8 2001:db8::/32\n}", []string{"."},
			map[string]string{"example.org.": "ip-{ip} 10.0.0.0/8 2001:db8::/32 ttl 3600 PTR example.org."},
		},
		// Reverse zones hold no names of hosts; PTR records are confined to them.
		{
			"workstation example.org 172.0.0.0/15 2.0.172.in-addr.arpa 172.0.2.0/24 {\n network 172.0.2.0/24\n}", []string{"."},
			map[string]string{"example.org.": example + " PTR example.org. in 172.0.0.0/16 in 172.1.0.0/16 in 172.0.2.0/24 in 172.0.2.0/24"},
		},
		{"workstation", []string{"example.org.", "2.0.192.in-addr.arpa."}, map[string]string{"example.org.": example + " PTR example.org. in 192.0.2.0/24"}},
		{
			"workstation {\n no_reverse\n}", []string{"example.org.", "2.0.192.in-addr.arpa."},
			map[string]string{"example.org.": example + " in 192.0.2.0/24"},
		},
		{
			"workstation _hosts.x--1.example.org 172.0.0.0/16:053", []string{"."},
			map[string]string{"_hosts.x--1.example.org.": example + " PTR _hosts.x--1.example.org. in 172.0.0.0/16"},
		},
		{"workstation", nil, map[string]string{}}, // as other plugins' tests set them up
	}
	for _, tc := range tests {
		ws, err := parseTest(tc.corefile, tc.keys...)
		if err != nil {
			t.Errorf("%s: %v", tc.corefile, err)
			continue
		}
		checkWorkstation(t, ws)
		pools := make(map[string]string)
		for name, z := range ws.zones.byName {
			if z.listed {
				pools[name] = describePool(z.patterns()[0].pools[0])
			}
		}
		if fmt.Sprint(pools) != fmt.Sprint(tc.pools) {
			t.Errorf("%s: got pools\n%v, want\n%v", tc.corefile, pools, tc.pools)
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
		{"workstation {\n netwrok 192.0.2.0/24\n}", 2, "unknown property 'netwrok': there are 'name', 'network', 'numbers', 'offset', 'ttl', 'stored_first', 'no_reverse', 'no_transfer'"},
		{"workstation {\n fallthrough\n}", 2, "'fallthrough' is not needed: every query that workstation does not answer goes to the next plugin; remove it"},
		{"workstation {\n fallthrough example.org\n}", 2, "'fallthrough' is not needed"},
		{"workstation {\n ttl 60\n network 192.0.2.0/24\n ttl 60\n}", 4, "property 'ttl' is given twice, first at Testfile:2: remove one"},
		{"workstation {\n network 192.0.2.0/24\n network 198.51.100.0/24\n}", 3, "property 'network' is given twice, first at Testfile:2: write it once, with all that it takes on one line"},
		{"workstation {\n no_reverse\n no_reverse\n}", 3, "property 'no_reverse' is given twice, first at Testfile:2: remove one"},
		{"workstation {\n ttl 60 {\n  network 192.0.2.0/24\n }\n}", 2, "property 'ttl' has no block: remove '{'"},
		{"workstation {\n no_reverse {\n }\n}", 2, "property 'no_reverse' has no block: remove '{'"},
		{"workstation {\n network {\n }\n}", 2, "property 'network' has no block: remove '{'"},
		{"workstation {\n {\n }\n}", 2, "unknown property '{'"},
		{"workstation { } foo", 1, "unexpected 'foo': the '{' of a block stands on the line of 'workstation', and its '}' alone on the last"},
		{"workstation example.org\n{\n ttl 60\n}", 2, "unexpected '{': the '{' of a block stands on the line of 'workstation'"},
		{"workstation { network 192.0.2.0/24 }", 1, "'}' is an argument of 'network' where it stands: begin a new line before it"},
		{"workstation { no_reverse }", 1, "'}' is an argument of 'no_reverse' where it stands: begin a new line before it"},

		// name
		{"workstation {\n name\n}", 2, "'name' takes at least one pattern: write it as 'name ws{n}'"},
		{"workstation {\n name ws {n}\n}", 2, "name 'ws' has no placeholder: write one of " + placeholderList + " in place of the number or address, such as 'ws{n}'; or if the space is not meant, write 'ws{n}'"},
		{"workstation {\n name ws{ n }\n}", 2, "'name' has spaces in 'ws{ n }': write it without, as 'name ws{n}'"},
		{"workstation {\n name ws\n}", 2, "name 'ws' has no placeholder: write one of " + placeholderList + " in place of the number or address, such as 'ws{n}'"},
		{"workstation {\n name ws{n}-{x}\n}", 2, "name 'ws{n}-{x}' has two placeholders, {n} and {x}: keep the one that tells the hosts apart"},
		{"workstation {\n name ws{n\n}", 2, "name 'ws{n' has a placeholder that is not closed: write it as one of {n}, {x}, {n:3}, {x:4}, {a} to {d}, {d:3}, {d:x}, {ip}, {ip:full} and {ip:x}"},
		{"workstation {\n name ws{n{x}}\n}", 2, "name 'ws{n{x}}' has a placeholder that is not closed"},
		{"workstation {\n name ws}n{\n}", 2, "name 'ws}n{' has a placeholder that is not closed"},
		{"workstation {\n name ws}{n}\n}", 2, "name 'ws}{n}' has a '}': use letters, digits, '-', '_' and dots around placeholders"},
		{"workstation {\n name ws{n}}\n}", 2, "name 'ws{n}}' has a '}'"},
		{"workstation {\n name ws{n}.lab\n}", 2, "name 'ws{n}.lab' has a dot, but the zone is the root, where a name has one label and any parent: list a zone such as 'example.org' after 'workstation'"},
		{"workstation {\n name ws*{n}\n}", 2, "name 'ws*{n}' has a '*' that is no label of its own at the front: only '*.' before all else stands for something, all names below the rest"},
		{"workstation {\n name bücher{n}\n}", 2, "name 'bücher{n}' has a 'ü'"},
		{"workstation {\n name \u212a{n}\n}", 2, "has a '\u212a'"}, // which is 'k' in lower case
		{"workstation {\n name ws{}\n}", 2, "name 'ws{}' has the unknown placeholder {}: there are " + placeholderList},
		{"workstation {\n name ws{e}\n}", 2, "name 'ws{e}' has the unknown placeholder {e}"},
		{"workstation {\n name ws{ip:y}\n}", 2, "name 'ws{ip:y}' has the unknown placeholder {ip:y}"},
		{"workstation {\n name ws{d:1}\n}", 2, "name 'ws{d:1}' has the form '1' of an octet: use {d}, {d:2} or {d:3} for at least so many digits, or {d:x} for two hexadecimal ones"},
		{"workstation {\n name ws{c:4}\n}", 2, "name 'ws{c:4}' has the form '4' of an octet: use {c}, {c:2}"},
		{"workstation {\n name ws{c:}\n}", 2, "name 'ws{c:}' has the form '' of an octet"},
		{"workstation {\n name {n}-{d}\n}", 2, "name '{n}-{d}' has both {n} and {d}: use a number, the address, or octets of it"},
		{"workstation {\n name {d}-{ip}\n}", 2, "name '{d}-{ip}' has both {d} and {ip}"},
		{"workstation {\n name {ip}-{ip:x}\n}", 2, "name '{ip}-{ip:x}' has two placeholders, {ip} and {ip:x}: keep the one that tells the hosts apart"},
		{"workstation {\n name *.\n}", 2, "name '*.' has no placeholder: write one of " + placeholderList + " in place of the number or address, such as 'ws{n}'"},
		{"workstation {\n name ip-{ip} gw\n}", 2, "in place of the number or address, such as 'gw{ip}'"},
		{"workstation {\n name ws{n} ws\n}", 2, "in place of the number or address; or if the space is not meant, write 'ws{n}ws'"},
		{"workstation {\n name ip-{ip} ws {n}\n}", 2, "name 'ws' has no placeholder: write one of " + placeholderList + " in place of the number or address"},
		{"workstation example.org {\n name r{c}-n{d} gw\n network 10.0.0.0/16\n}", 2, "in place of the number or address, such as 'gw{c}-n{d}'"},
		{"workstation . example.org {\n name *.ip-{ip}\n}", 1, "zone '.' does not go with name '*.ip-{ip}', which has '*.': in the root zone a name has one label and any parent; remove the zone"},
		{"workstation example.org {\n network 10.0.0.0/24 2001:db8::/64 2001:db8:1::/64\n name {d}\n}", 2, "network '2001:db8:1::/64' is a second IPv6 network next to '2001:db8::/64', and with octets in the name a host has one address in the same place: remove it"},
		{"workstation {\n network 10.0.0.0/24 10.0.1.0/25\n offset -1\n}", 2, "go on where those of this one end, with 'numbers 257-384' and 'offset -257'"},
		{"workstation {\n network 10.0.0.0/24 10.0.1.0/24\n numbers 0-511\n}", 2, "give it a stanza of its own, whose 'numbers' go on where those of this one end"},
		{"workstation example.org 10.0.1.0/24 {\n network 10.0.0.0/16 2001:db8::/120\n}", 1, "the reverse zone '10.0.1.0/24' has addresses of network '10.0.0.0/16', but none with a number, where the numbers are 0-255: remove it"},
		{"workstation example.org 10.0.0.0/25 {\n network 10.0.0.0/24\n offset 128\n}", 1, "the reverse zone '10.0.0.0/25' has addresses of network '10.0.0.0/24', but none with a number, where the numbers are 0-127: remove it"},
		{"workstation example.org {\n name {a}-{b}-{c}-{d}-{a}-{b}-{c}-{d}-{a}-{b}-{c}-{d}-{a}-{b}-{c}-{d}-{a}-{b}\n network 192.168.200.0/24\n}", 2, "exceeds the 63 octets of a label; shorten it"},
		{"workstation {\n name -\n}", 2, "in place of the number or address, such as '-{n}'"},
		{"workstation example.org {\n name *ws{n}\n}", 2, "name '*ws{n}' has a '*' that is no label of its own at the front"},
		{"workstation example.org {\n name h{c}\n network 10.1.0.0-10.1.99.0\n}", 2, "since it lacks {d}, in which 10.1.0.0 and 10.1.0.1 differ: add {d}"},
		{"workstation example.org {\n name h{c}-{b}\n network 10.0.0.5-10.1.0.5\n}", 2, "since it lacks {d}, in which 10.0.0.5 and 10.0.0.6 differ: add {d}"},
		{"workstation {\n network 2001:db8::/64 2001:db9::/64\n}", 2, "through which numbers cannot go on: write {ip} in the name, or a stanza for each with some of the 'numbers'"},
		{"workstation example.org 10.1.5.0/24 {\n network 10.1.0.0/16 2001:db8::/64\n numbers 0-9\n}", 1, "the reverse zone '10.1.5.0/24' has addresses of network '10.1.0.0/16', but none with a number: remove it, or write their numbers in 'numbers' as well"},
		{"workstation {\n name {n} {ip}\n}", 2, "name '{ip}' does not go with '{n}': the patterns of a stanza all stand for a number, all for the address, or all for octets of it; write a stanza of its own for it"},
		{"workstation {\n name ws{n} ws{n}\n}", 2, "name 'ws{n}' is given twice: remove one"},
		{"workstation {\n name ws{n} WS{N:1}\n}", 2, "name 'WS{N:1}' is given twice: remove one"},
		{"workstation {\n name ws{n} ws{x}\n}", 2, "name 'ws{x}' gives 'ws10' to another host than 'ws{n}' does: remove one of them, or write other literal text in it"},
		{"workstation {\n name ws 1 {n}\n}", 2, "name 'ws' has no placeholder: write one of " + placeholderList + " in place of the number or address; or if the space is not meant, write 'ws1{n}'"},
		{"workstation {\n name {n} .lab\n}", 2, "name '.lab' has no placeholder: write one of " + placeholderList + " in place of the number or address, such as 'ws{n}'"},
		{"workstation example.org {\n name {c}{d}\n}", 2, "name '{c}{d}' can be read in two ways where {d} follows {c}: put a character such as '-' between them, or write {c:3}, which always has three digits"},
		{"workstation example.org {\n name {c:2}0-{d}\n}", 2, "name '{c:2}0-{d}' can be read in two ways where '0' follows {c:2}: put a character such as '-' before it, or write {c:3}, which always has three digits"},
		{"workstation example.org {\n name x.*.{n}\n}", 2, "name 'x.*.{n}' has a '*' that is no label of its own at the front"},
		{"workstation example.org {\n name *{n}\n}", 2, "name '*{n}' has a '*' that is no label of its own at the front"},
		{"workstation example.org {\n name {d}..{c}\n}", 2, "name '{d}..{c}' has an empty label: remove one of the two dots"},
		{"workstation example.org {\n name .{d}\n}", 2, "name '.{d}' begins with a dot: remove it"},
		{"workstation example.org {\n name {d}.\n}", 2, "name '{d}.' ends with a dot: remove it; the zone follows of itself"},
		{"workstation {\n name *.{n}\n}", 2, "name '*.{n}' has '*.', but the zone is the root, where a name has one label and any parent: list a zone such as 'example.org' after 'workstation'"},
		{"workstation example.org {\n network 10.0.0.0/16\n name h{d}\n}", 3, "name 'h{d}' does not tell all hosts apart, since it lacks {c}, in which 10.0.0.0 and 10.0.255.255 differ: add {c}"},
		{"workstation example.org {\n network 10.0.0.0/24 11.1.0.0/24\n name h{d}\n}", 3, "name 'h{d}' does not tell all hosts apart, since it lacks {a} and {b}, in which 10.0.0.0 and 11.1.0.0 differ: add {a} and {b}"},
		{"workstation example.org {\n network 10.0.0.0/24\n name h{c}\n}", 3, "name 'h{c}' does not tell all hosts apart, since it lacks {d}, in which 10.0.0.0 and 10.0.0.255 differ: add {d}"},
		{"workstation example.org {\n network 2001:db8::/64\n name h{d}\n}", 2, "name 'h{d}' has octets of an IPv4 address, but there is no IPv4 network: write one, or {ip} in the name, or {n} or {x} for a number"},
		{"workstation example.org {\n network 10.0.0.0/24 10.1.0.0/24 2001:db8::/64\n name {b}-{d}\n}", 2, "with octets in the name, network '2001:db8::/64' can only stand next to one IPv4 network, whose hosts have the addresses in the same place: remove it, or write a stanza for each IPv4 network"},
		{"workstation example.org {\n network 10.0.0.0/24 2001:db8::/121\n name {d}\n}", 2, "network '2001:db8::/121' is smaller than '10.0.0.0/24', whose hosts have the addresses in the same place: write a larger one"},
		{"workstation {\n name ws{n:0}\n}", 2, "name 'ws{n:0}' has the width '0': use a number of digits from 1 to 20, such as {n:3}"},
		{"workstation {\n name ws{x:21}\n}", 2, "name 'ws{x:21}' has the width '21': use a number of digits from 1 to 20, such as {x:3}"},
		{"workstation {\n name ws{n:-1}\n}", 2, "has the width '-1'"},
		{"workstation {\n name ws{n:03}\n}", 2, "has the width '03'"},
		{"workstation {\n name ws{n:+3}\n}", 2, "has the width '+3'"},
		{"workstation {\n name ws{n:}\n}", 2, "has the width ''"},
		{"workstation {\n name ws{n:99999999999999999999}\n}", 2, "has the width '99999999999999999999'"},
		{"workstation {\n name ip-{ip:3}\n}", 2, "name 'ip-{ip:3}' gives {ip} a width: use {ip:full} for an address with all its digits, or {ip}"},
		{"workstation {\n name " + strings.Repeat("a", 61) + "{n}\n}", 2, "a{n}' is too long: '" + strings.Repeat("a", 61) + "255' exceeds the 63 octets of a label; shorten it"},
		{"workstation {\n name " + strings.Repeat("a", 44) + "{x:20}\n}", 2, "exceeds the 63 octets of a label; shorten it"},
		{"workstation {\n name " + strings.Repeat("a", 50) + "{ip}\n network 10.0.0.0/8\n}", 2, "a10-255-255-255' exceeds the 63 octets of a label; shorten it"},
		{"workstation {\n name " + strings.Repeat("a", 25) + "{ip}\n network 10.0.0.0/8 ::/0\n}", 2, "ffff-ffff-ffff-ffff-ffff-ffff-ffff-ffff' exceeds the 63 octets of a label; shorten it"},

		// network
		{"workstation {\n network\n}", 2, "'network' takes at least one network: write it as 'network 192.0.2.0/24'"},
		{"workstation {\n network 192.0.2.0/24 2001:db8::/64 198.51.100.0/24\n}", 2, "network '198.51.100.0/24' is a second IPv4 network next to '192.0.2.0/24', through which numbers cannot go on: give it a stanza of its own"},
		{"workstation {\n network 192.0.2.0/24, 2001:db8::/64\n}", 2, "'network' has a comma in '192.0.2.0/24,': write spaces between its arguments, and no comma"},
		{"workstation {\n network 192.0.2.1 - 192.0.2.9\n}", 2, "'network' has spaces around '-': write a range without them"},
		{"workstation {\n network \"\"\n}", 2, "'network' has an empty argument: write it as 'network 192.0.2.0/24'; or is an environment variable not set?"},
		{"workstation {\n network 192.0.2.0/24 198.51.100.0/24\n}", 2, "network '198.51.100.0/24' is a second IPv4 network next to '192.0.2.0/24', through which numbers cannot go on: give it a stanza of its own, whose 'numbers' go on where those of this one end, with 'numbers 256-511' and 'offset -256'"},
		{"workstation {\n network 2001:db8::/64 2001:db8::1-2001:db8::5\n}", 2, "network '2001:db8::1-2001:db8::5' overlaps '2001:db8::/64': write each address once"},
		{"workstation {\n network 192.0.2.0/33\n}", 2, "network '192.0.2.0/33' has a prefix length that is not one of 0 to 32: write it as a number of bits, such as '192.0.2.0/32'"},
		{"workstation {\n network 2001:db8::/129\n}", 2, "network '2001:db8::/129' has a prefix length that is not one of 0 to 128"},
		{"workstation {\n network 192.0.2/24\n}", 2, "network '192.0.2/24' is not a CIDR: write one such as '192.0.2.0/24' or '2001:db8::/64'"},
		{"workstation {\n network 192.0.2.256/24\n}", 2, "network '192.0.2.256/24' is not a CIDR"},
		{"workstation {\n network 192.0.2.0/024\n}", 2, "network '192.0.2.0/024' has a prefix length that is not one of 0 to 32"},
		{"workstation {\n network 10.0.0.0/255.0.0.0\n}", 2, "network '10.0.0.0/255.0.0.0' has a prefix length that is not one of 0 to 32"},
		{"workstation {\n network lab\n}", 2, "network 'lab' is not a CIDR"},
		{"workstation {\n network 192.0.2.0\n}", 2, "network '192.0.2.0' has no prefix length: write '192.0.2.0/32' for this address alone, or the network that you mean"},
		{"workstation {\n network 2001:db8::5\n}", 2, "network '2001:db8::5' has no prefix length: write '2001:db8::5/128' for this address alone"},
		{"workstation {\n network fe80::%eth0/64\n}", 2, "network 'fe80::%eth0/64' is not a CIDR"},
		{"workstation {\n network 192.0.2.5/24\n}", 2, "network '192.0.2.5/24' has host bits set: write '192.0.2.0/24', or the network that you mean"},
		{"workstation {\n network 2001:db8::1/64\n}", 2, "network '2001:db8::1/64' has host bits set: write '2001:db8::/64'"},
		{"workstation {\n network 192.0.2.0/-1\n}", 2, "network '192.0.2.0/-1' is neither a CIDR nor a range of addresses: write one such as '192.0.2.0/24' or '192.0.2.10-192.0.2.99'"},
		{"workstation {\n network 192.0.2.1-\n}", 2, "network '192.0.2.1-' is neither a CIDR nor a range of addresses"},
		{"workstation {\n network 192.0.2.0/24-\n}", 2, "network '192.0.2.0/24-' is neither a CIDR nor a range of addresses"},
		{"workstation {\n network 192.0.2.1-5\n}", 2, "network '192.0.2.1-5' is neither a CIDR nor a range of addresses"},
		{"workstation {\n network 192.0.2.0/24-192.0.3.0/24\n}", 2, "network '192.0.2.0/24-192.0.3.0/24' is neither a CIDR nor a range of addresses"},
		{"workstation {\n network fe80::1%eth0-fe80::5%eth0\n}", 2, "network 'fe80::1%eth0-fe80::5%eth0' is neither a CIDR nor a range of addresses"},
		{"workstation {\n network 192.0.2.1-2001:db8::5\n}", 2, "network '192.0.2.1-2001:db8::5' begins with an IPv4 and ends with an IPv6 address: give each family a network of its own"},
		{"workstation {\n network 192.0.2.9-192.0.2.1\n}", 2, "network '192.0.2.9-192.0.2.1' is backwards: write '192.0.2.1-192.0.2.9'"},

		// numbers
		{"workstation {\n numbers\n}", 2, "'numbers' takes at least one number or range: write it as 'numbers 1-99'"},
		{"workstation {\n numbers 1-99,200\n}", 2, "'numbers' has a comma in '1-99,200': write spaces between its arguments, and no comma"},
		{"workstation {\n numbers 1 - 99\n}", 2, "'numbers' has spaces around '-': write a range without them"},
		{"workstation {\n numbers 001-099\n}", 2, "numbers '001-099' has leading zeros: write '1-99', and the zeros of the names as the width in 'name', such as '{n:3}'"},
		{"workstation {\n numbers all\n}", 2, "numbers 'all' is neither a number nor a range of two: write them in decimal, from 0 to 18446744073709551615, such as '7' or '1-99'"},
		{"workstation {\n numbers -5\n}", 2, "numbers '-5' is neither a number nor a range of two"},
		{"workstation {\n numbers 5-\n}", 2, "numbers '5-' is neither a number nor a range of two"},
		{"workstation {\n numbers 1-5-9\n}", 2, "numbers '1-5-9' is neither a number nor a range of two"},
		{"workstation {\n numbers 0x10\n}", 2, "numbers '0x10' is neither a number nor a range of two"},
		{"workstation {\n numbers 18446744073709551616\n}", 2, "numbers '18446744073709551616' is neither a number nor a range of two"},
		{"workstation {\n numbers 9-1\n}", 2, "numbers '9-1' is backwards: write '1-9'"},
		{"workstation {\n numbers 1-9 256\n network 192.0.2.0/24\n}", 2, "numbers '256' lie outside of network '192.0.2.0/24', where the numbers are 0-255: write some of these, or a larger network; or for number 1 to have the first address, 'offset -1'"},
		{"workstation {\n numbers 1-300\n network 192.0.2.0/24\n}", 2, "numbers '1-300' lie outside of network '192.0.2.0/24', where the numbers are 0-255: write some of these, or a larger network"},
		{"workstation {\n numbers 300\n}", 2, "numbers '300' lie outside of the default network '172.0.2.0/24', where the numbers are 0-255: write some of these, or a larger network; or for number 300 to have the first address, 'offset -300'"},
		{"workstation {\n network 192.0.2.0/24 2001:db8::/125\n numbers 1-9\n}", 3, "numbers '1-9' lie outside of network '192.0.2.0/24' and network '2001:db8::/125', where the numbers are 0-7: write some of these, or a larger network"},
		{"workstation {\n network 192.0.2.1-192.0.2.50\n numbers 1-50\n}", 3, "numbers '1-50' lie outside of network '192.0.2.1-192.0.2.50', where the numbers are 0-49: write some of these, or a larger network; or for number 1 to have the first address, 'offset -1'"},
		{"workstation {\n network 192.0.2.10-192.0.2.19\n offset -1\n numbers 0-5\n}", 4, "numbers '0-5' lie outside of network '192.0.2.10-192.0.2.19', where the numbers are 1-10"},
		{"workstation {\n name ip-{ip}\n numbers 1-5\n}", 3, "'numbers' does not go with {ip}, whose names hold addresses and no numbers: remove it, or write the addresses that you mean as the property 'network'"},

		// offset
		{"workstation {\n offset\n}", 2, "'offset' takes one number: write it as 'offset -1'"},
		{"workstation {\n offset ten\n}", 2, "offset 'ten' is not a number from -9223372036854775808 to 9223372036854775807"},
		{"workstation {\n offset -9223372036854775809\n}", 2, "offset '-9223372036854775809' is not a number from"},
		{"workstation {\n offset 9223372036854775808\n}", 2, "offset '9223372036854775808' is not a number from"},
		{"workstation {\n offset 256\n network 192.0.2.0/24\n}", 2, "offset '256' leaves no number an address in network '192.0.2.0/24': number n has the first address plus offset plus n; for number 256 to have the first, write 'offset -256'"},
		{"workstation {\n network 192.0.2.0/24 2001:db8::/126\n offset 4\n}", 3, "offset '4' leaves no number an address in network '192.0.2.0/24' and network '2001:db8::/126'"},
		{"workstation {\n offset 5\n name ip-{ip}\n}", 2, "'offset' does not go with {ip}"},

		{"workstation {\n offset 9223372036854775807\n network 192.0.2.0/24\n}", 2, "for number 9223372036854775807 to have the first, write 'offset -9223372036854775807'"},
		{"workstation {\n numbers 18446744073709551615\n network 192.0.2.0/24\n}", 2, "numbers '18446744073709551615' lie outside of network '192.0.2.0/24', where the numbers are 0-255: write some of these, or a larger network"},
		{"workstation {\n numbers 9223372036854775808-9223372036854775809\n network 192.0.2.0/24\n}", 2, "or a larger network; or for number 9223372036854775808 to have the first address, 'offset -9223372036854775808'"},
		{"workstation {\n numbers 9223372036854775809\n network 192.0.2.0/24\n}", 2, "where the numbers are 0-255: write some of these, or a larger network"},

		// ttl
		{"workstation {\n ttl\n}", 2, "'ttl' takes one number of seconds: write it as 'ttl 3600'"},
		{"workstation {\n ttl 60 60\n}", 2, "'ttl' takes one number of seconds: remove '60', or"},
		{"workstation {\n ttl -1\n}", 2, "ttl '-1' is not a number of seconds from 0 to 2147483647"},
		{"workstation {\n ttl 2147483648\n}", 2, "ttl '2147483648' is not a number of seconds from 0 to 2147483647"},
		{"workstation {\n ttl 99999999999999999999\n}", 2, "ttl '99999999999999999999' is not a number of seconds"},
		{"workstation {\n ttl 1h\n}", 2, "ttl '1h' is not a number of seconds from 0 to 2147483647: write one such as '3600', without a unit"},

		// no_reverse
		{"workstation {\n no_reverse 10.0.0.0/8\n}", 2, "'no_reverse' takes no argument: remove '10.0.0.0/8', or write it on a line of its own"},
		{"workstation example.org 10.0.0.0/8 {\n network 10.0.0.0/8\n no_reverse\n}", 3, "'no_reverse' contradicts the reverse zone '10.0.0.0/8': remove one of them"},
		{"workstation . 10.0.0.0/8 {\n network 10.0.0.0/8\n}", 1, "PTR records in the reverse zone '10.0.0.0/8' need a zone for their names, which the root is not: list one such as 'example.org'"},

		{"workstation example.org 192.168.0.0/16 {\n network 10.0.0.0/24 2001:db8::/64\n}", 1, "the reverse zone '192.168.0.0/16' has no address of network '10.0.0.0/24' and network '2001:db8::/64': remove it, or write the one that has"},
		{"workstation example.org 10.0.0.0/24 1.0.10.in-addr.arpa {\n network 10.0.0.0/24\n}", 1, "the reverse zone '1.0.10.in-addr.arpa' has no address of network '10.0.0.0/24'"},
		{"workstation example.org 2001:db8::/64 {\n network 10.0.0.0/24\n}", 1, "the reverse zone '2001:db8::/64' has no address of network '10.0.0.0/24'"},

		// zones
		{"workstation 10.0.0.0/33", 1, "zone '10.0.0.0/33' has a prefix length that is not one of 0 to 32: write it as a number of bits, such as '10.0.0.0/32'"},
		{"workstation 10.0.0/8", 1, "zone '10.0.0/8' is neither a domain name nor a CIDR: write one such as 'example.org' or '10.0.0.0/8', an internationalized name in its ASCII form (xn--...), and several with spaces in between"},
		{"workstation example.org/24", 1, "zone 'example.org/24' is neither a domain name nor a CIDR"},
		{"workstation example.org, example.net", 1, "zone 'example.org,' is neither a domain name nor a CIDR"},
		{"workstation example.org:dns", 1, "zone 'example.org:dns' is neither a domain name nor a CIDR"},
		{"workstation https://example.org/path", 1, "zone 'example.org/path' is neither a domain name nor a CIDR"},
		{"workstation [::1]:53", 1, "zone '[::1]:53' is neither a domain name nor a CIDR"},
		{"workstation network 192.0.2.0/24", 1, "'network' is a property, not a zone: write it on a line of its own, between '{' and '}'; the zone of that name is 'network.'"},
		{"workstation example.org ttl 60", 1, "'ttl' is a property, not a zone"},
		{"workstation example.org no_reverse", 1, "'no_reverse' is a property, not a zone"},
		{"workstation example.org 10.1.2.3/16 {\n network 10.1.0.0/24\n}", 1, "zone '10.1.2.3/16' has host bits set: write '10.1.0.0/16', or the network that you mean"},
		{"workstation example.org 10.1.2.3/16:53 {\n network 10.1.0.0/24\n}", 1, "zone '10.1.2.3/16' has host bits set: write '10.1.0.0/16'"},
		{"workstation example.org 2001:db8::1/32 {\n network 2001:db8::/64\n}", 1, "zone '2001:db8::1/32' has host bits set: write '2001:db8::/32'"},
		{"workstation 192.0.2.1", 1, "zone '192.0.2.1' is an address: write a reverse zone as a CIDR, and the pool's addresses as the property 'network'"},
		{"workstation 2001:db8::", 1, "zone '2001:db8::' is an address"},
		{"workstation 2001:db8::1", 1, "zone '2001:db8::1' is an address"},
		{"workstation 192.0.2.1.", 1, "zone '192.0.2.1.' is an address"},
		{"workstation 192.0.2.1:53", 1, "zone '192.0.2.1:53' is an address"},
		{"workstation 10.0.0.0/8.", 1, "zone '10.0.0.0/8.' has a prefix length that is not one of 0 to 32"},
		{"workstation fe80::%eth0/64", 1, "zone 'fe80::%eth0/64' is an address"},
		{"workstation example..org", 1, "zone 'example..org' is neither a domain name nor a CIDR"},
		{`workstation ""`, 1, "zone '' is empty: remove it; or is an environment variable not set?"},
		{"workstation example.org workstation", 1, "'workstation' is the directive, not a zone: begin a new line before it; the zone of that name is 'workstation.'"},
		{"workstation 192.0.2.0-192.0.2.50", 1, "zone '192.0.2.0-192.0.2.50' is a range of addresses: write a reverse zone as a CIDR, and the pool's addresses as the property 'network'"},
		{"workstation example.org {}", 1, "zone '{}' has a brace: write '{' with a space before it and a new line after, and '}' on a line of its own"},
		{"workstation " + strings.Repeat("a", 64) + ".org", 1, "is neither a domain name nor a CIDR"},
		{"workstation " + strings.Repeat(strings.Repeat("a", 60)+".", 4) + "bcdefg.org", 1, "is too long: "},
		{"workstation bücher.example", 1, "zone 'bücher.example' is neither a domain name nor a CIDR"},
		{`workstation \097.example.org`, 1, `zone '\097.example.org' is neither a domain name nor a CIDR`},
		{"workstation example.org{", 1, "zone 'example.org{' has a brace"},
		{"workstation ${ZONE}", 1, "zone '${ZONE}' has a brace"},
		{"workstation example.org:53:54", 1, "zone 'example.org:53:54' is neither a domain name nor a CIDR"},
		{"workstation ::/0", 1, "zone '::/0' is not a CIDR that CoreDNS takes: write the name of the reverse zone, such as 'ip6.arpa'"},
		{"workstation 10.0.0.0/8 2001:db8::/32", 1, "all zones are reverse zones, which hold no names of hosts: list the zone that shall hold them, such as 'example.org'; their addresses are the property 'network'"},
		{"workstation example.org 0/25.2.0.192.in-addr.arpa", 1, "the reverse zone '0/25.2.0.192.in-addr.arpa' has no address of the default network '172.0.2.0/24': remove it, or write the one that has"},
		{"workstation example.org 0/25.0.192.in-addr.arpa", 1, "zone '0/25.0.192.in-addr.arpa' is in a reverse tree, but is the name of no address or network: write a reverse zone as a CIDR, or as a name such as '2.0.192.in-addr.arpa' or, for a part of a /24, '64/26.2.0.192.in-addr.arpa'"},
		{"workstation example.org 256.2.0.172.in-addr.arpa", 1, "zone '256.2.0.172.in-addr.arpa' is in a reverse tree, but is the name of no address or network"},
		{"workstation example.org 64/26.2.0.192.in-addr.arpa {\n network 192.0.2.0/24\n numbers 1-63\n}", 1, "the reverse zone '64/26.2.0.192.in-addr.arpa' has addresses of network '192.0.2.0/24', but none with a number: remove it, or write their numbers in 'numbers'"},
		{"workstation example.org 192.0.2.64/26 {\n network 192.0.2.0/24\n numbers 1-63\n}", 1, "the reverse zone '192.0.2.64/26' has addresses of network '192.0.2.0/24', but none with a number"},
		{"workstation example.org 172.0.2.0/24 {\n name *.ip-{ip}\n}", 1, "PTR records in the reverse zone '172.0.2.0/24' need a pattern without '*.': add one such as 'ip-{ip}', or remove the zone"},
		{"workstation example.org 10.0.0", 1, "zone '10.0.0.' looks like an address that is cut short: write a reverse zone as a CIDR, such as '10.0.0.0/8', and the pool's addresses as the property 'network'"},
		{"workstation example.org 1.2.3", 1, "zone '1.2.3.' looks like an address that is cut short"},
		{"workstation example.org 10.", 1, "zone '10.' looks like an address that is cut short"},
		{"workstation example.org 10.0:53", 1, "zone '10.0.' looks like an address that is cut short"},
		{"workstation arpa", 1, "zone 'arpa.' holds the reverse trees, and no names of hosts: list a zone such as 'example.org'"},
		{"workstation ARPA.", 1, "zone 'arpa.' holds the reverse trees"},
		{
			"workstation net.example 3.net.example {\n name h{d}.{c}\n network 10.1.0.0/16\n}", 1,
			"zone '3.net.example.' takes names away from 'h{d}.{c}' in the zone 'net.example.', which belong to the closest zone listed: remove one of the zones, or write a pattern that has no names there",
		},
		{
			"workstation 3.net.example {\n network 192.0.2.0/24\n}\nworkstation net.example {\n name h{d}.{c}\n network 10.1.0.0/16\n}", 1,
			"zone '3.net.example.' takes names away from 'h{d}.{c}' in the zone 'net.example.'",
		},
		{"workstation example.org x.dyn.example.org dyn.example.org {\n name {n}.dyn\n}", 1, "zone 'dyn.example.org.' takes names away from '{n}.dyn'"},
		{"workstation example.org 300.10.in-addr.arpa", 1, "zone '300.10.in-addr.arpa' is in a reverse tree, but is the name of no address or network"},
		{"workstation " + long, 1, "is too long: 'workstation255." + long + ".' exceeds the 255 octets of a domain name; shorten one of them"},

		// several stanzas
		{
			"workstation example.org {\n network 192.0.2.0/24\n}\nworkstation example.net Example.org {\n network 198.51.100.0/24\n}", 4,
			"zone 'example.org.' gets the name 'workstation0.example.org.' from the stanza at Testfile:1 already: give the stanzas unlike names, or numbers that do not overlap, or remove the zone from one",
		},
		{
			"workstation example.org {\n network 192.0.2.0/24\n}\nworkstation example.org {\n network 2001:db8::/64\n}", 4,
			"zone 'example.org.' gets the name 'workstation0.example.org.' from the stanza at Testfile:1 already: write both networks in one stanza, or give",
		},
		{"workstation\nworkstation", 2, "zone '.' gets the name 'workstation0.' from the stanza at Testfile:1 already"},
		{
			"workstation example.org {\n numbers 0-9 20-29\n}\n\nworkstation example.org {\n name WorkStation{n:1}\n numbers 10-19 29\n}", 5,
			"zone 'example.org.' gets the name 'workstation29.example.org.' from the stanza at Testfile:1 already",
		},
		{
			"workstation example.org {\n name ip-{ip}\n network 10.0.0.0/8\n}\nworkstation example.org {\n name ip-{ip}\n network 10.1.0.0/16 2001:db8::/64\n}", 5,
			"zone 'example.org.' gets the name 'ip-10-1-0-0.example.org.' from the stanza at Testfile:1 already: give the stanzas unlike names, or networks that do not overlap, or remove",
		},
		{
			"workstation example.org {\n name h{d}\n network 10.0.0.0/24\n}\nworkstation example.org {\n name h{d}\n network 10.0.1.0/24\n}", 5,
			"zone 'example.org.' gets the name 'h0.example.org.' from the stanza at Testfile:1 already: give the stanzas unlike names, such as with {c} in both, or remove the zone from one",
		},
		{
			"workstation example.org {\n name {ip} {ip:full}\n network 2001:db8::/64\n}\nworkstation example.org {\n name {ip} {ip:full}\n network 2001:db8:1::/64\n}", 5,
			"zone 'example.org.' would get '1000-1000-1000-1000-1000-1000-1000-1000' from two stanzas, as '{ip}' of this one and as '{ip:full}' of the one at Testfile:1: write their networks in one stanza, or give the stanzas unlike names, or remove the zone from one",
		},
		{
			// The patterns meet in the second stanza alone, which has both.
			"workstation example.org {\n name ws{n} ws{n:3}\n network 10.0.0.0/24\n numbers 0-9\n}\nworkstation example.org {\n name ws{n}\n network 10.1.0.0/24\n numbers 100-199\n}\nworkstation example.org {\n name ws{n:3}\n network 10.2.0.0/24\n numbers 100-199\n}", 6,
			"zone 'example.org.' would get 'ws100' from two stanzas, as 'ws{n}' of this one and as 'ws{n:3}' of the one at Testfile:1",
		},
		{
			"workstation example.org {\n name a{n}\n}\nworkstation example.org {\n name b{n}\n}\nworkstation example.org {\n name a1{n}\n}", 7,
			"zone 'example.org.' would get 'a10' from two stanzas, as 'a1{n}' of this one and as 'a{n}' of the one at Testfile:1: give the stanzas unlike names, such as by unlike literal text before the placeholders, or remove the zone from one",
		},
		{
			"workstation example.org {\n name a{n:3}\n}\nworkstation example.org {\n name a{x}\n}", 4,
			"zone 'example.org.' would get 'a100' from two stanzas, as 'a{x}' of this one and as 'a{n:3}' of the one at Testfile:1: give the stanzas unlike names",
		},
	}
	for _, tc := range tests {
		_, err := parseTest(tc.corefile, ".")
		if err == nil {
			t.Errorf("%s\nwas accepted, want an error with %q", tc.corefile, tc.want)
			continue
		}
		if strings.Contains(err.Error(), "or a larger network;") && !strings.Contains(tc.want, "or a larger network;") {
			t.Errorf("%s\nis told of an offset that does not help: %v", tc.corefile, err)
		}
		tryHints(t, tc.corefile, tc.line, err.Error())
		if prefix := fmt.Sprintf("Testfile:%d - Error during parsing: ", tc.line); !strings.HasPrefix(err.Error(), prefix) || !strings.Contains(err.Error(), tc.want) {
			t.Errorf("%s\ngot error  %q\nwant error %q", tc.corefile, err, prefix+tc.want)
		}
	}
}

var (
	faultRE = regexp.MustCompile(`Error during parsing: (?:[a-z]+ )*'([^']*)'`)
	hintRE  = regexp.MustCompile(`\b(?:write (?:it (?:as|without, as) |one such as )?|to have the first address, |number or address, such as )'([^'{}][^']+)'`)
)

// tryHints does what an error says, where it says what to write, and loads the result. What
// is to be written is a property, or stands in place of the word at fault.
func tryHints(t *testing.T, corefile string, line int, message string) {
	t.Helper()
	for _, hint := range hintRE.FindAllStringSubmatch(message, -1) {
		lines := strings.Split(corefile, "\n")
		property, _, _ := strings.Cut(hint[1], " ")
		isProperty := slices.ContainsFunc(properties, func(p struct {
			name, example, takes string
			least, most          int
			parse                func(*caddy.Controller, *pool, []string) error
		}) bool {
			return p.name == property
		})
		switch fault := faultRE.FindStringSubmatch(message); {
		case isProperty:
			lines = slices.DeleteFunc(lines, func(l string) bool {
				return strings.HasPrefix(strings.TrimSpace(l), property+" ") || strings.TrimSpace(l) == property
			})
			if !strings.Contains(lines[0], "{") {
				lines[0] += " {\n}"
			}
			lines[0] = strings.Replace(lines[0], "{", "{\n "+hint[1], 1)
		case strings.Contains(hint[0], "or if") || strings.HasPrefix(hint[0], "write") && strings.Contains(message, "the space is not meant"):
			words := strings.Fields(lines[line-1])
			lines[line-1] = words[0] + " " + hint[1]
		default:
			lines[line-1] = strings.Replace(lines[line-1], fault[1], hint[1], 1)
		}
		if _, err := parseTest(strings.Join(lines, "\n"), "."); err != nil {
			t.Errorf("%s\nis told: %s\nbut with %q it is refused: %v", corefile, message, hint[1], err)
		}
	}
}

// TestParseErrorServerBlock has reverse zones in the server block, for which
// there are no names.
func TestParseErrorServerBlock(t *testing.T) {
	for _, tc := range []struct {
		keys []string
		want string
	}{
		{[]string{".", "10.in-addr.arpa."}, "Testfile:1 - Error during parsing: PTR records in the server block's reverse zones need a zone for their names, which the root is not: list one such as 'example.org' after 'workstation', or write 'no_reverse'"},
		{[]string{"10.in-addr.arpa."}, "Testfile:1 - Error during parsing: all zones are reverse zones, which hold no names of hosts"},
		{[]string{"example.org.", "arpa."}, "Testfile:1 - Error during parsing: zone 'arpa.' holds the reverse trees, and no names of hosts"},
		{[]string{"10.0.0."}, "Testfile:1 - Error during parsing: zone '10.0.0.' looks like an address that is cut short"},
	} {
		if _, err := parseTest("workstation {\n network 10.0.0.0/8\n}", tc.keys...); err == nil || !strings.HasPrefix(err.Error(), tc.want) {
			t.Errorf("%v: got error %v, want %q", tc.keys, err, tc.want)
		}
	}
	if _, err := parseTest("workstation {\n network 10.0.0.0/8\n no_reverse\n}", ".", "10.in-addr.arpa."); err != nil {
		t.Errorf("no_reverse is refused: %v", err)
	}
}

// TestParseErrorNotAsked has zones for which a server block is never asked, and others.
func TestParseErrorNotAsked(t *testing.T) {
	for _, tc := range []struct {
		keys     []string
		corefile string
		want     string // part of the error; empty if there is none
	}{
		{[]string{"example.org."}, "workstation example.net", "zone 'example.net.' has no name for which this server block is asked, whose zones are 'example.org.': add it to them, or remove it here"},
		{[]string{"lab.example.org."}, "workstation example.org", "zone 'example.org.' has no name"},
		{[]string{"a.lab.example.org."}, "workstation example.org {\n name {d}.lab\n}", "zone 'example.org.' has no name"},
		{[]string{"lab.example.org."}, "workstation example.org {\n name {d}.lab\n}", ""},
		{[]string{"workstation5.example.org."}, "workstation example.org", ""},
		{[]string{"a.b.example.org."}, "workstation example.org {\n name *.{n}\n}", ""},
		{[]string{"example.org."}, "workstation lab.example.org example.org", ""},
		{[]string{"example.org."}, "workstation .", ""},
		{[]string{"2.0.172.in-addr.arpa."}, "workstation example.org", ""}, // which names the addresses
		{[]string{"2.0.172.in-addr.arpa."}, "workstation example.org example.net", "zone 'example.net.' has no name for which this server block is asked, whose zones are '2.0.172.in-addr.arpa.': remove it here"},
		{[]string{"10.in-addr.arpa."}, "workstation example.org", "zone 'example.org.' has no name"},
		{[]string{"2.0.172.in-addr.arpa.", "example.org."}, "workstation example.org 172.0.2.0/24", ""},
		{[]string{"172.in-addr.arpa.", "example.org."}, "workstation example.org 172.0.2.0/24", ""},
		{[]string{"2.0.172.in-addr.arpa.", "example.org."}, "workstation example.org 172.0.0.0/16", ""},
		{[]string{"64/26.2.0.172.in-addr.arpa.", "example.org."}, "workstation example.org 64/26.2.0.172.in-addr.arpa", ""},
		{[]string{"3.0.172.in-addr.arpa.", "example.org."}, "workstation example.org 172.0.2.0/24", "the reverse zone '172.0.2.0/24' has no name for which this server block is asked, whose zones are '3.0.172.in-addr.arpa.', 'example.org.': add it to them, or remove it here"},
	} {
		_, err := parseTest(tc.corefile, tc.keys...)
		if (err == nil) != (tc.want == "") || err != nil && !strings.HasPrefix(err.Error(), "Testfile:1 - Error during parsing: "+tc.want) {
			t.Errorf("%s in %v: got error %v, want %q", tc.corefile, tc.keys, err, tc.want)
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

// TestRandomPools holds pools of all sorts to what they must be.
func TestRandomPools(t *testing.T) {
	rnd := rand.New(rand.NewPCG(3, 4))
	pick := func(words ...string) string { return words[rnd.IntN(len(words))] }
	accepted := 0
	for range 10000 {
		var corefile strings.Builder
		for range 1 + rnd.IntN(4) {
			fmt.Fprintf(&corefile, "workstation %s %s {\n", pick("example.org", "lab.example.org example.org", ". example.net", "."), pick("", "", "10.0.0.0/14", "10.1.0.0/16 2001:db8::/40"))
			placeholder := pick("{n}", "{x}", "{n:3}", "{x:5}", "{ip}", "{ip:x}", "{ip:full}", "{a}-{b}-{c}-{d}", "{d}.{c}", "{c:x}{d:x}", "{d:3}{c:3}.b{b}")
			prefix, suffix := pick("a", "a1", "b-", "", "ip-", "*.", "*.a"), pick("", "-a", "f", ".z")
			fmt.Fprintln(&corefile, "name", pick(prefix+placeholder+suffix, prefix+placeholder+suffix+" further-"+placeholder, prefix+placeholder+" *.y"+placeholder+suffix))
			network := pick("10.0.0.0/8", "10.1.2.0/24", "10.1.2.3/32", "10.0.255.250-10.1.0.9", "0.0.0.0/0", "10.1.2.0/24 10.1.5.9-10.1.6.3")
			network6 := pick("2001:db8::/64", "2001:db8::/33", "2001:db8::fffe-2001:db8::1:3", "2001:db8::5/128", "::/0")
			fmt.Fprintln(&corefile, "network", pick(network, network6, network+" "+network6))
			if rnd.IntN(2) == 0 {
				first := rnd.IntN(20)
				fmt.Fprintf(&corefile, "numbers %d-%d %d\n", first, first+rnd.IntN(300), rnd.IntN(300))
			}
			if rnd.IntN(2) == 0 {
				fmt.Fprintln(&corefile, "offset", pick("1", "-1", "250", "-300", "9223372036854775807", "-9223372036854775808"))
			}
			corefile.WriteString(pick("", "", "no_reverse\n") + "}\n")
		}
		if ws, err := parseTest(corefile.String(), "."); err == nil {
			accepted++
			checkWorkstation(t, ws)
		}
	}
	if accepted < 300 {
		t.Errorf("only %d Corefiles were accepted", accepted)
	}
}

// checkWorkstation holds the pools of a server block to what they must be: names,
// keys and addresses stand for each other, and forward and reverse agree.
func checkWorkstation(t *testing.T, ws *Workstation) {
	t.Helper()
	for _, z := range ws.zones.listed() {
		given := make(map[string]host)
		for _, ns := range slices.Concat(z.computed.patterns, z.wildcards.patterns) {
			for kind, x := range ns.keys {
				for u, p := range samples(x) {
					k := ns.pattern.put(key{keyKind(kind), u}, p.someAddress())
					h := p.host(k)
					text := string(ns.pattern.append(nil, k))
					name := ns.pattern.full(text)
					if other, ok := given[name]; ok && other != h {
						t.Fatalf("the name %q of zone %q is both %v and %v", name, z.name, other, h)
					}
					given[name] = h
					if h.v4.IsValid() == h.v6.IsValid() && !h.v4.IsValid() {
						t.Fatalf("the name %q of zone %q has no address", name, z.name)
					}
					for _, addr := range []netip.Addr{h.v4, h.v6} {
						if addr.IsValid() {
							checkHost(t, ws, z, p, ns.pattern, text, addr)
							if p.key(addr) != k {
								t.Fatalf("%v: %v has the address %s, which has the key %v", p, k, addr, p.key(addr))
							}
						}
					}
				}
			}
			for _, n := range []uint64{0, 1, 255, 256, 1 << 32, math.MaxUint64} {
				if ns.pattern.kind() != byNumber || ns.keys[number].find(uint128{lo: n}) != nil {
					continue
				}
				label := string(ns.pattern.append(nil, key{number, uint128{lo: n}}))
				if h := z.computed.find([]byte(label)); h.pool != nil && !ns.pattern.wildcard && !slices.ContainsFunc(h.pool.patterns, func(pt pattern) bool { return pt.text != ns.pattern.text }) {
					t.Fatalf("%q is a name of %v, which has no number %d", label, h.pool, n)
				}
			}
		}
	}
	for name := range ws.zones.byName {
		checkSeries(t, ws, name)
	}
	checkSeries(t, ws, "arpa.")
	for _, f := range families {
		for n, p := range samples(ws.reverse.records[f]) {
			addr := f.address(n)
			qname := reverseZone(netip.PrefixFrom(addr, addr.BitLen()))
			if o := ws.find(qname); o.pool != p || o.ptr != addr || o.zone == nil || o.zone.name != p.ptrZone {
				t.Fatalf("%v: %q is not found", p, qname)
			}
			if o := ws.find(p.name(addr)); o.v4 != addr && o.v6 != addr {
				t.Fatalf("%v: the PTR record of %s gives %q, which has the addresses %s and %s", p, addr, p.name(addr), o.v4, o.v6)
			}
		}
	}
}

// checkSeries checks that a transfer of the zone, which may be too large for one, would
// have what queries get, at both ends of each span.
func checkSeries(t *testing.T, ws *Workstation, zone string) {
	t.Helper()
	for _, s := range (&computedZone{ws: ws, zone: zone}).series() {
		for part := range s.hosts {
			for _, u := range []uint128{part.first, part.last} {
				s.records(part.pool, u, func(rr dns.RR) {
					o, got := ws.find(rr.Header().Name), ""
					switch rr := rr.(type) {
					case *dns.A:
						got = o.v4.String()
					case *dns.AAAA:
						got = o.v6.String()
					case *dns.PTR:
						if o.ptr.IsValid() {
							got = o.pool.name(o.ptr)
						}
					default:
						t.Fatalf("zone %q has %s", zone, rr)
					}
					if !strings.HasSuffix(rr.String(), "\t"+got) || o.pool.ttl != rr.Header().Ttl || !dns.IsSubDomain(zone, rr.Header().Name) {
						t.Fatalf("zone %q has %s, and a query gets %q", zone, rr, got)
					}
				})
			}
		}
	}
}

// samples returns the numbers of each span, with their pools: of a long one those
// at both ends, and some in between.
func samples(x index) map[uint128]*pool {
	numbers := make(map[uint128]*pool)
	for _, s := range x {
		size := s.last.sub(s.first)
		if size.less(uint128{lo: 300}) {
			for n := range size.lo + 1 {
				numbers[s.first.add(uint128{lo: n})] = s.pool
			}
			continue
		}
		for _, n := range []uint128{{}, {lo: 1}, {lo: 10}, {lo: 255}, {lo: 256}, {lo: size.lo / 3}, {size.hi / 3, size.lo / 5}, size} {
			if !size.less(n) {
				numbers[s.first.add(n)] = s.pool
			}
		}
	}
	return numbers
}

// checkHost checks that the text is a name of zone z that has the address, which lies
// in one of the pool's networks, and that a PTR record of the pool agrees.
func checkHost(t *testing.T, ws *Workstation, z *zone, p *pool, pt *pattern, text string, addr netip.Addr) {
	t.Helper()
	f := familyOf(addr)
	u := addressNumber(addr)
	if !slices.ContainsFunc(p.networks[f], func(n network) bool { return n.has(u) }) {
		t.Fatalf("%v: %q has the address %s", p, text, addr)
	}
	x := &z.computed
	if pt.wildcard {
		x = &z.wildcards
	}
	h := x.find([]byte(text))
	if h.pool != p || [...]netip.Addr{h.v4, h.v6}[f] != addr {
		t.Fatalf("%v: %q has the addresses %s and %s of %v, want %s", p, text, h.v4, h.v6, h.pool, addr)
	}

	qname := pt.full(text) + "."
	if z.name != "." {
		qname += z.name
	}
	enclosed := z.name == "." && ws.zones.encloses(qname, []byte(qname)) || pt.wildcard && ws.zones.closestListed(qname) != z
	if o := ws.find(strings.ToUpper(qname)); o.host != h && !enclosed {
		t.Fatalf("%v: %q is not found", p, qname)
	}

	o := ws.find(reverseZone(netip.PrefixFrom(addr, addr.BitLen())))
	confined := len(p.reverseZones[f]) > 0 && !slices.ContainsFunc(p.reverseZones[f], func(prefix netip.Prefix) bool { return prefix.Contains(addr) })
	switch {
	case p.ptrZone != "" && !confined && o.pool == nil:
		t.Fatalf("%v: %s has no PTR record", p, addr)
	case (p.ptrZone == "" || confined) && o.pool == p:
		t.Fatalf("%v: %s has a PTR record", p, addr)
	case o.pool == p && p.own == pt && p.name(addr) != dns.Fqdn(text+"."+p.ptrZone):
		t.Fatalf("%v: %s has the name %q, want %q", p, addr, p.name(addr), text)
	}
}

// FuzzParse holds every Corefile that is accepted to what its pools must be.
func FuzzParse(f *testing.F) {
	f.Add("workstation")
	f.Add("workstation example.org 10.0.0.0/8 {\n network 192.0.2.0/24\n ttl 60\n}\nworkstation lab.example.org {\n network 0.0.0.0/0\n}")
	f.Add("workstation 10.1.2.3/16 {\n fallthrough\n}")
	f.Add("workstation example.org workstation0.example.org lab.workstation255.example.org")
	f.Add("workstation dns://example.org:53 \"\" {\n ttl 1 {\n }\n}")
	f.Add("workstation example.org 10.1.0.0/16 2001:db8::/60 {\n name ws-{x:4}-a\n network 10.0.0.0/8 2001:db8::/64\n numbers 50-99 10 60-110\n offset -10\n}")
	f.Add("workstation example.org {\n name ip-{ip}\n network ::/0 10.0.0.5-10.0.1.9\n}\nworkstation example.org {\n name a{n}\n offset 3\n no_reverse\n}")
	f.Add("workstation a.example {\n name a{n}\n numbers 0-9\n}\nworkstation a.example {\n name a{n}\n network 10.0.0.0/24\n numbers 10-19\n}\nworkstation b.a.example {\n name a1{n}\n network 10.0.0.0/16\n}")
	f.Add("workstation example.org {\n network 2001:db8::/32\n offset 9223372036854775807\n name {n:20}\n}\nworkstation . example.net {\n name x{x}\n network ::ffff:0:0/96\n}")

	f.Add("workstation example.org 64/26.2.0.192.in-addr.arpa {\n name rack{c}-node{d:2} *.rack{c}-node{d:2} {d:x}{c:x}\n network 192.0.0.0/16 2001:db8::/64\n}\nworkstation example.org {\n name {d}.{c}.{b}.{a}.dyn {a:3}{b:3}{c:3}{d:3}\n network 10.0.0.5-10.0.9.9 10.1.0.0/16\n}")
	f.Add("workstation example.org {\n name x.{ip:full} *.{ip:x} {ip}\n network ::/0 10.0.0.5-10.0.1.9\n}\nworkstation lab.example.org {\n name {c}-{d}-{c}\n network 10.0.0.0/16\n}\nworkstation lab.example.org {\n name {d}-7-{c}\n network 10.0.0.0/16\n}")

	f.Fuzz(func(t *testing.T, corefile string) {
		ws, err := parseTest(corefile, ".")
		if err == nil {
			checkWorkstation(t, ws)
		} else if !strings.HasPrefix(err.Error(), "Testfile:") {
			t.Fatalf("the error %q does not begin with file and line", err)
		}
	})
}
