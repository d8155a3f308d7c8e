package workstation

import (
	"fmt"
	"strings"
	"testing"
)

func TestFind(t *testing.T) {
	nested := testWorkstation(t, `
		workstation example.org {
			network 192.0.2.0/24
		}
		workstation lab.example.org a.b.example.net {
			network 198.51.100.0/24
		}
		workstation deep.workstation7.example.org workstation9.example.org {
			network 203.0.113.0/24
		}`)
	root := testWorkstation(t, `
		workstation . {
			network 172.0.2.0/24
		}
		workstation example.org workstation5.example.com 192.0.2.0/24 {
			network 192.0.2.0/24
		}`)
	several := testWorkstation(t, `
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

		// Nothing of ours.
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
		// But in the reverse trees there are no names of hosts.
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

		{testWorkstation(t, ""), "workstation1.example.org.", "", ""},
	}
	for _, tc := range tests {
		o := tc.ws.find(tc.name)
		var zone string
		if o.zone != nil {
			zone = o.zone.name
		}
		var addresses []string
		if o.v4.IsValid() {
			addresses = append(addresses, o.v4.String())
		}
		if o.v6.IsValid() {
			addresses = append(addresses, o.v6.String())
		}
		address := strings.Join(addresses, " ")
		if zone != tc.zone || address != tc.address || (o.pool != nil) != (address != "") || o.ptr.IsValid() {
			t.Errorf("find(%q): zone %q, address %q, pool %v, ptr %s, want zone %q, address %q", tc.name, zone, address, o.pool, o.ptr, tc.zone, tc.address)
		}
	}
}

// TestFindReverse asks for reverse names: which have a PTR record, and which are
// empty non-terminals above one.
func TestFindReverse(t *testing.T) {
	const v6 = "8.b.d.0.1.0.0.2.ip6.arpa."
	tests := []struct {
		corefile string
		name     string
		want     string // the PTR record's data, "exists", or empty
	}{
		{"workstation example.org example.net {\n network 192.0.2.0/24\n}", "17.2.0.192.in-addr.arpa.", "workstation17.example.org."},
		{"workstation . example.net {\n network 192.0.2.0/24\n}", "17.2.0.192.in-addr.arpa.", "workstation17.example.net."},
		{"workstation . {\n network 192.0.2.0/24\n}", "17.2.0.192.in-addr.arpa.", ""},
		{"workstation example.org {\n network 192.0.2.0/24\n no_reverse\n}", "17.2.0.192.in-addr.arpa.", ""},
		{"workstation example.org {\n network 192.0.2.0/24\n no_reverse\n}", "2.0.192.in-addr.arpa.", ""},
		{"workstation example.org {\n network 192.0.2.0/24\n no_reverse\n}", "arpa.", ""},
		{"workstation example.org {\n network 2001:db8::/64\n name ip-{ip}\n}", "5." + strings.Repeat("0.", 23) + v6, "ip-2001-db8--5.example.org."},
		{"workstation example.org {\n network 2001:db8::/64\n name ip-{ip}\n}", "5." + strings.Repeat("0.", 23) + strings.ToUpper(v6), "ip-2001-db8--5.example.org."},
		{"workstation example.org {\n network 2001:db8::/64\n name ip-{ip}\n}", "F." + strings.Repeat("0.", 23) + v6, "ip-2001-db8--f.example.org."},

		// Empty non-terminals of a network that ends on an octet, and of others.
		{"workstation example.org {\n network 192.0.2.0/24\n}", "2.0.192.in-addr.arpa.", "exists"},
		{"workstation example.org {\n network 192.0.2.0/24\n}", "0.192.in-addr.arpa.", "exists"},
		{"workstation example.org {\n network 192.0.2.0/24\n}", "192.in-addr.arpa.", "exists"},
		{"workstation example.org {\n network 192.0.2.0/24\n}", "In-Addr.ARPA.", "exists"},
		{"workstation example.org {\n network 192.0.2.0/24\n}", "arpa.", "exists"},
		{"workstation example.org {\n network 192.0.2.0/24\n}", "ip6.arpa.", ""},
		{"workstation example.org {\n network 192.0.2.0/24\n}", "3.0.192.in-addr.arpa.", ""},
		{"workstation example.org {\n network 192.0.2.0/24\n}", "1.192.in-addr.arpa.", ""},
		{"workstation example.org {\n network 192.0.2.0/24\n}", "193.in-addr.arpa.", ""},
		{"workstation example.org {\n network 192.0.2.0/24\n}", "x.2.0.192.in-addr.arpa.", ""},
		{"workstation example.org {\n network 192.0.2.0/24\n}", "1.17.2.0.192.in-addr.arpa.", ""},
		{"workstation example.org {\n network 192.0.2.0/24\n}", "017.2.0.192.in-addr.arpa.", ""},
		{"workstation example.org {\n network 10.20.0.0/15\n}", "20.10.in-addr.arpa.", "exists"},
		{"workstation example.org {\n network 10.20.0.0/15\n}", "21.10.in-addr.arpa.", "exists"},
		{"workstation example.org {\n network 10.20.0.0/15\n}", "22.10.in-addr.arpa.", ""},
		{"workstation example.org {\n network 10.20.0.0/15\n}", "255.21.10.in-addr.arpa.", "exists"},
		{"workstation example.org {\n network 192.0.2.192/26\n}", "191.2.0.192.in-addr.arpa.", ""},
		{"workstation example.org {\n network 192.0.2.192/26\n}", "192.2.0.192.in-addr.arpa.", "workstation0.example.org."},
		{"workstation example.org {\n network 192.0.2.192/26\n}", "2.0.192.in-addr.arpa.", "exists"},
		{"workstation example.org {\n network 192.0.2.250-192.0.4.5\n}", "3.0.192.in-addr.arpa.", "exists"},
		{"workstation example.org {\n network 192.0.2.250-192.0.4.5\n}", "5.4.0.192.in-addr.arpa.", "workstation267.example.org."},
		{"workstation example.org {\n network 192.0.2.250-192.0.4.5\n}", "6.4.0.192.in-addr.arpa.", ""},
		{"workstation example.org {\n network 10.0.0.0/8\n numbers 5 65536\n}", "0.0.10.in-addr.arpa.", "exists"},
		{"workstation example.org {\n network 10.0.0.0/8\n numbers 5 65536\n}", "1.0.10.in-addr.arpa.", ""},
		{"workstation example.org {\n network 10.0.0.0/8\n numbers 5 65536\n}", "0.1.10.in-addr.arpa.", "exists"},
		{"workstation example.org {\n network 10.0.0.0/8\n numbers 5 65536\n}", "1.1.10.in-addr.arpa.", ""},
		{"workstation example.org {\n network 2001:db8::/33\n}", "0." + v6, "exists"},
		{"workstation example.org {\n network 2001:db8::/33\n name {ip}\n}", "7." + v6, "exists"},
		{"workstation example.org {\n network 2001:db8::/33\n name {ip}\n}", "8." + v6, ""},
		{"workstation example.org {\n network 2001:db8::/33\n}", "7." + v6, ""}, // numbers have 64 bits

		// Inside of the reverse zones that a stanza lists, family by family.
		{"workstation example.org 192.0.2.0/25 {\n network 192.0.2.0/24 2001:db8::/64\n}", "17.2.0.192.in-addr.arpa.", "workstation17.example.org."},
		{"workstation example.org 10.1.0.0/16 {\n network 10.0.0.0/8\n}", "1.0.1.10.in-addr.arpa.", "workstation65537.example.org."},
		{"workstation example.org 10.1.0.0/16 {\n network 10.0.0.0/8\n}", "1.0.2.10.in-addr.arpa.", ""},
		{"workstation example.org 10.1.0.0/16 {\n network 10.0.0.0/8\n}", "2.10.in-addr.arpa.", ""},
		{"workstation example.org 10.1.0.0/16 {\n network 10.0.0.0/8\n}", "10.in-addr.arpa.", "exists"},
		{"workstation example.org 10.1.0.0/16 {\n network 10.0.0.0/8 2001:db8::/64\n}", "1." + strings.Repeat("0.", 23) + v6, "workstation1.example.org."},
		{"workstation example.org 2001:db8::/60 {\n network 10.0.0.0/8 2001:db8::/64\n}", "1.0.0.10.in-addr.arpa.", "workstation1.example.org."},
		{"workstation example.org 2001:db8:0:10::/60 {\n network 10.0.0.0/8 2001:db8::/56\n name {ip}\n}", "1." + strings.Repeat("0.", 23) + v6, ""},
		{"workstation example.org 10.1.0.0/16 10.1.2.0/24 3.1.10.in-addr.arpa 5.0.2.10.in-addr.arpa {\n network 10.0.0.0/8\n}", "5.0.2.10.in-addr.arpa.", "workstation131077.example.org."},
		{"workstation example.org 10.1.0.0/16 10.1.2.0/24 3.1.10.in-addr.arpa 5.0.2.10.in-addr.arpa {\n network 10.0.0.0/8\n}", "6.0.2.10.in-addr.arpa.", ""},
		{"workstation example.org 10.1.0.0/16 10.1.2.0/24 3.1.10.in-addr.arpa 5.0.2.10.in-addr.arpa {\n network 10.0.0.0/8\n}", "6.3.1.10.in-addr.arpa.", "workstation66310.example.org."},

		// Of two pools with one address, the first gives its name.
		{"workstation example.org {\n network 10.0.0.0/8\n}\nworkstation lab.example.org {\n network 10.1.0.0/16\n}", "5.0.1.10.in-addr.arpa.", "workstation65541.example.org."},
		{"workstation lab.example.org {\n network 10.1.0.0/16\n}\nworkstation example.org {\n network 10.0.0.0/8\n}", "5.0.1.10.in-addr.arpa.", "workstation5.lab.example.org."},
		{"workstation lab.example.org {\n network 10.1.0.0/16\n}\nworkstation example.org {\n network 10.0.0.0/8\n}", "5.0.2.10.in-addr.arpa.", "workstation131077.example.org."},
		{"workstation lab.example.org {\n network 10.1.0.0/16\n no_reverse\n}\nworkstation example.org {\n network 10.0.0.0/8\n}", "5.0.1.10.in-addr.arpa.", "workstation65541.example.org."},
	}
	for _, tc := range tests {
		o := testWorkstation(t, tc.corefile).find(tc.name)
		var got string
		switch {
		case o.ptr.IsValid() && o.zone != nil:
			got = o.pool.name(o.ptr)
		case o.zone != nil:
			got = "exists"
		}
		if got != tc.want || o.v4.IsValid() || o.v6.IsValid() {
			t.Errorf("%s\nfind(%q): %q, want %q", tc.corefile, tc.name, got, tc.want)
		}
	}
}

// TestFindReverseServerBlock takes the zones of server blocks over.
func TestFindReverseServerBlock(t *testing.T) {
	for _, tc := range []struct {
		corefile string
		keys     []string
		want     string
	}{
		{"workstation {\n network 10.0.0.0/8\n}", []string{"."}, ""},
		{"workstation example.org {\n network 10.0.0.0/8\n}", []string{"."}, "workstation65541.example.org."},
		{"workstation {\n network 10.0.0.0/8\n}", []string{"example.org.", "1.10.in-addr.arpa."}, "workstation65541.example.org."},
		{"workstation {\n network 10.0.0.0/8\n}", []string{"1.10.in-addr.arpa.", "example.org."}, "workstation65541.example.org."},
		{"workstation {\n network 10.0.0.0/8\n}", []string{"example.org.", "2.10.in-addr.arpa."}, ""},
		{"workstation {\n network 10.0.0.0/8\n}", []string{"example.org.", "8.b.d.0.1.0.0.2.ip6.arpa."}, "workstation65541.example.org."},
		{"workstation {\n network 10.0.0.0/8\n no_reverse\n}", []string{"example.org.", "1.10.in-addr.arpa."}, ""},
		{"workstation example.org {\n network 10.0.0.0/8\n}", []string{"1.10.in-addr.arpa."}, "workstation65541.example.org."},
		{"workstation {\n network 10.0.0.0/8\n}", []string{"example.org.", "0/25.2.0.192.in-addr.arpa."}, "workstation65541.example.org."},
	} {
		ws, err := parseTest(tc.corefile, tc.keys...)
		if err != nil {
			t.Errorf("%s in %v: %v", tc.corefile, tc.keys, err)
			continue
		}
		var got string
		if o := ws.find("5.0.1.10.in-addr.arpa."); o.ptr.IsValid() && o.zone != nil {
			got = o.pool.name(o.ptr)
		}
		if got != tc.want {
			t.Errorf("%s in %v: PTR %q, want %q", tc.corefile, tc.keys, got, tc.want)
		}
	}
}

// TestFindLongNames asks for names longer in their escaped form than the buffer
// that they are folded into.
func TestFindLongNames(t *testing.T) {
	ws := testWorkstation(t, "workstation . {\n network 192.0.2.0/24\n}")
	label := strings.Repeat(`\000`, 63) + "."
	if o := ws.find("Workstation5." + label + label + label); o.v4.String() != "192.0.2.5" {
		t.Errorf("a computed name of %d octets was not found", len("Workstation5.")+4*3*63)
	}
	if o := ws.find(label + label + label); o.zone != nil {
		t.Errorf("a long name that is not ours was found in zone %q", o.zone.name)
	}
}

func TestFindAllocatesNothing(t *testing.T) {
	ws := testWorkstation(t, `
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
		"Workstation1.example.org.", "workstation1.Example.com.", "ip-10-1-2-3.example.org.", "ip-2001-db8-1--f.example.org.",
		"www.example.org.", "workstationfoo.example.com.", "ip-.example.org.",
		"1.2.0.192.in-addr.arpa.", "10.in-addr.arpa.", "foo.in-addr.arpa.", strings.Repeat("0.", 24) + "8.B.D.0.1.0.0.2.ip6.arpa.",
	} {
		if allocs := testing.AllocsPerRun(100, func() { ws.find(name) }); allocs != 0 {
			t.Errorf("find(%q) allocates %v times", name, allocs)
		}
	}
}

// thousands is a Corefile of ten thousand stanzas, with patterns and networks of
// their own.
func thousands() string {
	var corefile strings.Builder
	for i := range 10000 {
		fmt.Fprintf(&corefile, "workstation example.org {\n name rack%d-{n}\n network 10.%d.%d.0/24\n}\n", i, i/256, i%256)
	}
	return corefile.String()
}

func TestFindAmongThousands(t *testing.T) {
	ws := testWorkstation(t, thousands())
	for i := range 10000 {
		addr := fmt.Sprintf("10.%d.%d.5", i/256, i%256)
		o := ws.find(fmt.Sprintf("rack%d-5.example.org.", i))
		if o.v4.String() != addr {
			t.Fatalf("rack%d-5 has the address %s, want %s", i, o.v4, addr)
		}
		if o := ws.find(fmt.Sprintf("5.%d.%d.10.in-addr.arpa.", i%256, i/256)); o.pool == nil || o.pool.name(o.ptr) != fmt.Sprintf("rack%d-5.example.org.", i) {
			t.Fatalf("%s is not rack%d-5", addr, i)
		}
	}
	if z := ws.zones.byName["example.org."]; len(z.computed.lengths) > 4 {
		t.Errorf("a name is looked up by %d prefixes", len(z.computed.lengths))
	}
}
