package workstation

import (
	"fmt"
	"strings"
	"testing"
)

func TestFind(t *testing.T) {
	nested := newHandler(t, `
		workstation example.org {
			network 192.0.2.0/24
		}
		workstation lab.example.org a.b.example.net {
			network 198.51.100.0/24
		}
		workstation deep.workstation7.example.org workstation9.example.org {
			network 203.0.113.0/24
		}`)
	root := newHandler(t, `
		workstation . {
			network 172.0.2.0/24
		}
		workstation example.org workstation5.example.com 192.0.2.0/24 {
			network 192.0.2.0/24
		}`)
	several := newHandler(t, `
		workstation example.org {
			network 192.0.2.0/25
			numbers 0-9
		}
		workstation example.org {
			network 198.51.100.0/24
			numbers 10-99
		}
		workstation example.org {
			name workstation-{n}
			network 203.0.113.0/24
		}
		workstation example.org {
			name workstation{n}-b
			network 203.0.113.0/24
		}
		workstation example.org {
			name {ip}
			network 10.0.0.0/8 2001:db8::/64
		}
		workstation example.org {
			name {ip}
			network 2001:db8:1::/64
		}
		workstation example.org {
			name six{x:4}
			network 2001:db8:2::/64
		}
		workstation example.org {
			name both{n}
			network 192.0.2.128/25 2001:db8:3::/64
		}`)

	tests := []struct {
		ws                  *Workstation
		name, zone, address string // no zone: not known to exist; no address: not a computed name
	}{
		{nested, "workstation1.example.org.", "example.org.", "192.0.2.1"},
		{nested, "WorkStation1.EXAMPLE.oRg.", "example.org.", "192.0.2.1"},
		{nested, "workstation1.lab.example.org.", "lab.example.org.", "198.51.100.1"},
		{nested, "workstation1.deep.workstation7.example.org.", "deep.workstation7.example.org.", "203.0.113.1"},
		// Both a computed name and a zone, or an ancestor of one.
		{nested, "workstation9.example.org.", "example.org.", "192.0.2.9"},
		{nested, "workstation9.workstation9.example.org.", "workstation9.example.org.", "203.0.113.9"},
		{nested, "workstation7.example.org.", "example.org.", "192.0.2.7"},

		// The apex of a zone, and the ancestors of one.
		{nested, "example.org.", "example.org.", ""},
		{nested, "LAB.example.org.", "lab.example.org.", ""},
		{nested, "org.", "example.org.", ""},
		{nested, "b.example.net.", "a.b.example.net.", ""},
		{nested, "example.net.", "a.b.example.net.", ""},
		{nested, "net.", "a.b.example.net.", ""},

		// Names that do not exist here.
		{nested, ".", "", ""},
		{nested, "", "", ""},
		{nested, "com.", "", ""},
		{nested, "workstation1.", "", ""},
		{nested, "workstation1.org.", "", ""},
		{nested, "workstation1.b.example.net.", "", ""},
		{nested, "workstation256.example.org.", "", ""},
		{nested, "host.example.org.", "", ""},
		{nested, "a.workstation1.example.org.", "", ""},
		{nested, "workstation1.example.org.example.com.", "", ""},
		{nested, "workstation1xexample.org.", "", ""},
		{nested, `workstation1\.example.org.`, "", ""},
		{nested, `workstation1\\.example.org.`, "", ""},
		{nested, `x\.workstation1.example.org.`, "", ""},

		// The root zone stands for any parent that no other zone encloses.
		{root, "workstation1.", ".", "172.0.2.1"},
		{root, "workstation1.example.com.", ".", "172.0.2.1"},
		{root, "workstation1.a.b.c.d.e.f.example.com.", ".", "172.0.2.1"},
		{root, `workstation1.a\.b\032c.example.com.`, ".", "172.0.2.1"},
		{root, "workstation1.example.org.", "example.org.", "192.0.2.1"},
		{root, "workstation1.www.example.org.", "", ""},
		{root, "workstation5.example.com.", ".", "172.0.2.5"},
		{root, "workstation1.workstation5.example.com.", "workstation5.example.com.", "192.0.2.1"},
		{root, "workstation1.a.workstation5.example.com.", "", ""},
		{root, `workstation1.x\.example.org.`, ".", "172.0.2.1"},
		{root, "org.", "example.org.", ""},
		{root, "com.", "workstation5.example.com.", ""},
		{root, "net.", "", ""},
		{root, ".", "", ""},
		// In the reverse trees there are no names of hosts.
		{root, "workstation1.10.in-addr.arpa.", "", ""},
		{root, "workstation1.11.in-addr.arpa.", "", ""},
		{root, "workstation1.in-addr.arpa.", "", ""},
		{root, "workstation1.8.b.d.0.1.0.0.2.ip6.arpa.", "", ""},
		{root, `workstation1.x\.in-addr.arpa.`, ".", "172.0.2.1"},
		{root, "workstation1.xin-addr.arpa.", ".", "172.0.2.1"},
		{root, "workstation1.e164.arpa.", ".", "172.0.2.1"},

		// Several pools in one zone.
		{several, "workstation9.example.org.", "example.org.", "192.0.2.9"},
		{several, "workstation10.example.org.", "example.org.", "198.51.100.10"},
		{several, "workstation99.example.org.", "example.org.", "198.51.100.99"},
		{several, "workstation100.example.org.", "", ""},
		{several, "workstation-100.example.org.", "example.org.", "203.0.113.100"},
		{several, "workstation100-b.example.org.", "example.org.", "203.0.113.100"},
		{several, "workstation-b.example.org.", "", ""},
		{several, "workstation-.example.org.", "", ""},
		{several, "10-1-2-3.example.org.", "example.org.", "10.1.2.3"},
		{several, "11-1-2-3.example.org.", "", ""},
		{several, "2001-db8--5.example.org.", "example.org.", "2001:db8::5"},
		{several, "2001-DB8-1--A.example.org.", "example.org.", "2001:db8:1::a"},
		{several, "2001-db8-2--5.example.org.", "", ""},
		{several, "SIX00FF.example.org.", "example.org.", "2001:db8:2::ff"},
		{several, "six0ff.example.org.", "", ""},
		{several, "both127.example.org.", "example.org.", "192.0.2.255 2001:db8:3::7f"},
		{several, "both128.example.org.", "", ""},

		{newHandler(t, ""), "workstation1.example.org.", "", ""},
	}
	for _, tc := range tests {
		found := tc.ws.find(tc.name)
		var zone string
		if found.zone != nil {
			zone = found.zone.name
		}
		var addresses []string
		if found.v4.IsValid() {
			addresses = append(addresses, found.v4.String())
		}
		if found.v6.IsValid() {
			addresses = append(addresses, found.v6.String())
		}
		address := strings.Join(addresses, " ")
		if zone != tc.zone || address != tc.address || (found.pool != nil) != (address != "") || found.ptr.IsValid() {
			t.Errorf("find(%q): zone %q, address %q, pool %v, ptr %s, want zone %q, address %q", tc.name, zone, address,
				found.pool, found.ptr, tc.zone, tc.address)
		}
	}
}

// TestFindLongNames looks for names that are longer, in their escaped form, than the buffer for their lower case.
func TestFindLongNames(t *testing.T) {
	ws := newHandler(t, `
		workstation . {
			network 192.0.2.0/24
		}`)
	label := strings.Repeat(`\000`, 63) + "."
	if found := ws.find("Workstation5." + label + label + label); found.v4.String() != "192.0.2.5" {
		t.Errorf("a computed name of %d octets was not found", len("Workstation5.")+4*3*63)
	}
	if found := ws.find(label + label + label); found.zone != nil {
		t.Errorf("a long name that is not ours was found in zone %q", found.zone.name)
	}
}

func TestFindAllocatesNothing(t *testing.T) {
	ws := newHandler(t, `
		workstation example.org {
			network 192.0.2.0/24 2001:db8::/64
		}
		workstation example.org {
			name ip-{ip}
			network 10.0.0.0/8 2001:db8:1::/48
		}
		workstation . {
			network 172.0.2.0/24
		}`)
	for _, name := range []string{
		"Workstation1.example.org.", "workstation1.Example.com.", "ip-10-1-2-3.example.org.",
		"ip-2001-db8-1--f.example.org.", "www.example.org.", "workstationfoo.example.com.", "ip-.example.org.",
		"1.2.0.192.in-addr.arpa.", "10.in-addr.arpa.", "foo.in-addr.arpa.",
		strings.Repeat("0.", 24) + "8.B.D.0.1.0.0.2.ip6.arpa.",
	} {
		if allocs := testing.AllocsPerRun(100, func() { ws.find(name) }); allocs != 0 {
			t.Errorf("find(%q) allocates %v times", name, allocs)
		}
	}
}

func TestFindAmongThousands(t *testing.T) {
	ws := newHandler(t, thousands())
	for i := range 10000 {
		addr := fmt.Sprintf("10.%d.%d.5", i/256, i%256)
		found := ws.find(fmt.Sprintf("rack%d-5.example.org.", i))
		if found.v4.String() != addr {
			t.Fatalf("rack%d-5 has the address %s, want %s", i, found.v4, addr)
		}
		found = ws.find(fmt.Sprintf("5.%d.%d.10.in-addr.arpa.", i%256, i/256))
		if found.pool == nil || found.pool.name(found.ptr) != fmt.Sprintf("rack%d-5.example.org.", i) {
			t.Fatalf("%s is not rack%d-5", addr, i)
		}
	}
	if z := ws.zones.zone("example.org."); len(z.computed.lengths) > 4 {
		t.Errorf("a name is looked up by %d prefixes", len(z.computed.lengths))
	}
}

// Each pattern is found, however many have affixes of the same lengths, and whether those are the same
// text or not.
func TestFindAmongLengths(t *testing.T) {
	patterns := []string{"pc{d}", "ws{d}", "tv{d}", "ws{d:2}x", "ws{d}x", "ws{d:3}x", "tv{d}x", "tv{d:3}x"}
	for n := range patterns {
		ws := newHandler(t, stanzaOf("example.org", "network 192.0.2.0/24", "name "+strings.Join(patterns[:n+1], " ")))
		for _, text := range patterns[:n+1] {
			pt := testPattern(t, text)
			name := pt.name(addressAfter("192.0.2.5", 0), "example.org.")
			if found := ws.find(name); found.v4.String() != "192.0.2.5" {
				t.Errorf("%q: %s has the address %s", patterns[:n+1], name, found.v4)
			}
		}
	}
}

func TestFindNames(t *testing.T) {
	ws := newHandler(t, `
		workstation lab.example.org {
			name rack{c}-node{d:2} {d}.{c}.dyn *.rack{c}-node{d:2}
			network 10.1.6.250-10.1.8.9
		}
		workstation lab.example.org {
			name {a}-{b}-{c}-{d} h{d:x}{c:x}
			network 192.0.2.0/24 2001:db8::/64
		}
		workstation lab.example.org {
			name ws{n} ws{n:3} *.pc{n}
			network 198.51.100.0/24
		}
		workstation lab.example.org {
			name x.{ip:full}.y *.x.{ip:full}.y
			network 203.0.113.0/24 2001:db8:1::/64
		}
		workstation sub.rack7-node05.lab.example.org {
			name *.{d}.deep
			network 10.2.3.0/24
			no_reverse
		}`)
	for name, want := range map[string]string{
		"rack6-node250":  "10.1.6.250",
		"RACK7-Node00":   "10.1.7.0",
		"rack8-node09":   "10.1.8.9",
		"rack7-node255":  "10.1.7.255",
		"rack6-node249":  "",
		"rack8-node10":   "",
		"rack7-node5":    "",
		"rack7-node005":  "",
		"rack07-node05":  "",
		"rack7-node":     "",
		"rack256-node05": "",
		"5.7.dyn":        "10.1.7.5",
		"7.dyn":          "exists",
		"6.dyn":          "exists",
		"8.dyn":          "exists",
		"dyn":            "exists",
		"9.dyn":          "",
		"5.dyn":          "",
		"249.6.dyn":      "",
		"05.7.dyn":       "",
		"1.5.7.dyn":      "",
		"x.dyn":          "",
		"5.7":            "",
		"7":              "",

		// below a computed name
		"app.rack7-node05":    "10.1.7.5",
		"a.b.c.rack7-node05":  "10.1.7.5",
		"*.rack7-node05":      "10.1.7.5",
		"app.rack7-node5":     "",
		"app.rack8-node10":    "",
		"x.*.rack7-node05":    "",
		"y.x.*.rack7-node05":  "",
		"*.*.rack7-node05":    "",
		"*.x.rack7-node05":    "10.1.7.5",
		"*":                   "",
		"*.dyn":               "",
		`a\.b.rack7-node05`:   "10.1.7.5",
		`a\.rack7-node05`:     "",
		`\*.rack7-node05`:     "10.1.7.5",
		`x.\*.rack7-node05`:   "",
		`\097pp.rack7-node05`: "10.1.7.5",
		`ws\045`:              "",
		`ws\053`:              "198.51.100.5",
		`w\1155`:              "198.51.100.5",
		strings.Repeat("x.", 90) + "rack7-node05": "10.1.7.5",
		// a zone listed below
		"rack7-node05":              "10.1.7.5",
		"sub.rack7-node05":          "exists",
		"x.sub.rack7-node05":        "",
		"deep.sub.rack7-node05":     "exists",
		"9.deep.sub.rack7-node05":   "exists",
		"a.9.deep.sub.rack7-node05": "10.2.3.9",
		"other.rack7-node05":        "10.1.7.5",

		"192-0-2-17":  "192.0.2.17 2001:db8::11",
		"h1102":       "192.0.2.17 2001:db8::11",
		"h1103":       "",
		"192-0-3-17":  "",
		"192-0-2-017": "",
		"193-0-2-17":  "",

		"ws7":     "198.51.100.7",
		"ws007":   "198.51.100.7",
		"ws07":    "",
		"ws100":   "198.51.100.100",
		"ws0100":  "",
		"pc7":     "exists",
		"a.pc7":   "198.51.100.7",
		"a.ws7":   "",
		"pc07":    "",
		"a.pc256": "",
		"pc256":   "",

		"x.203-000-113-007.y":   "203.0.113.7",
		"203-000-113-007.y":     "exists",
		"y":                     "exists",
		"203-0-113-7.y":         "",
		"a.x.203-000-113-007.y": "203.0.113.7",
		"a.203-000-113-007.y":   "",
		"203-000-114-007.y":     "",
		"x.2001-0db8-0001-0000-0000-0000-0000-00ff.y": "2001:db8:1::ff",
		"2001-0db8-0001-0000-0000-0000-0000-00ff.y":   "exists",
		"2001-0db8-0001-0001-0000-0000-0000-00ff.y":   "",
	} {
		if got := answerOf(ws, name+".lab.example.org."); got != want {
			t.Errorf("%s: got %q, want %q", name, got, want)
		}
	}
	for name, want := range map[string]string{
		"5.7.1.10.in-addr.arpa.":                             "rack7-node05.lab.example.org.",
		"17.2.0.192.in-addr.arpa.":                           "192-0-2-17.lab.example.org.",
		"1.1." + v6zeros[4:] + "8.b.d.0.1.0.0.2.ip6.arpa.":   "192-0-2-17.lab.example.org.",
		"0.0.1." + v6zeros[6:] + "8.b.d.0.1.0.0.2.ip6.arpa.": "",
		"7.100.51.198.in-addr.arpa.":                         "ws7.lab.example.org.",
		"7.113.0.203.in-addr.arpa.":                          "x.203-000-113-007.y.lab.example.org.",
		"9.3.2.10.in-addr.arpa.":                             "",
	} {
		if got := answerOf(ws, name); got != want {
			t.Errorf("%s: got %q, want %q", name, got, want)
		}
	}
}

// TestFindInDeepNames looks for names that have more labels than any zone and pattern.
func TestFindInDeepNames(t *testing.T) {
	ws := newHandler(t, `
		workstation example.org {
			name ip-{ip} *.ip-{ip}
			network 10.0.0.0/8
		}
		workstation a.b.c.example.net {
			name {d}.{c}
			network 192.0.0.0/16
		}`)
	for name, want := range map[string]string{
		"a.b.c.d.e.f.g.ip-10-0-0-5.example.org.":               "10.0.0.5",
		strings.Repeat("a.", 110) + "ip-10-0-0-5.example.org.": "10.0.0.5",
		strings.Repeat("a.", 110) + "ip-11-0-0-5.example.org.": "",
		strings.Repeat("a.", 110) + "example.net.":             "",
		strings.Repeat("a.", 120) + "com.":                     "",
		"5.6.a.b.c.example.net.":                               "192.0.6.5",
		"x.5.6.a.b.c.example.net.":                             "",
		"6.a.b.c.example.net.":                                 "exists",
		"c.example.net.":                                       "exists",
	} {
		if got := answerOf(ws, name); got != want {
			t.Errorf("%s: got %q, want %q", name, got, want)
		}
		if allocs := testing.AllocsPerRun(100, func() { ws.find(name) }); allocs != 0 {
			t.Errorf("find(%q) allocates %v times", name, allocs)
		}
	}
}
