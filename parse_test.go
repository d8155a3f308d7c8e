package workstation

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
)

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
		word, _, _ := strings.Cut(hint[1], " ")
		isProperty := slices.ContainsFunc(properties, func(known property) bool { return known.name == word })
		switch fault := faultRE.FindStringSubmatch(message); {
		case isProperty:
			lines = slices.DeleteFunc(lines, func(l string) bool {
				return strings.HasPrefix(strings.TrimSpace(l), word+" ") || strings.TrimSpace(l) == word
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
