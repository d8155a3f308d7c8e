package workstation

import (
	"strings"
	"testing"
)

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

func TestFindClassless(t *testing.T) {
	const parent = ".2.0.192.in-addr.arpa."
	both := testWorkstation(t, `
		workstation a.example 64/26.2.0.192.in-addr.arpa customer.2.0.192.in-addr.arpa {
			network 192.0.2.0/24
			numbers 60-99
		}
		workstation b.example 64/26.2.0.192.in-addr.arpa 10.0.0.0/8 {
			name {ip}
			network 192.0.2.90-192.0.2.200 10.0.0.0/24
		}`)
	block, err := parseTest("workstation {\nnetwork 192.0.2.0/24\n}", "example.org.", "0-127.2.0.192.in-addr.arpa.", "0.192.in-addr.arpa.")
	if err != nil {
		t.Fatal(err)
	}
	alone, err := parseTest("workstation example.org {\nnetwork 192.0.2.0/24\n}", "64/26.2.0.192.in-addr.arpa.")
	if err != nil {
		t.Fatal(err)
	}
	for _, tc := range []struct {
		ws         *Workstation
		name, want string
	}{
		{both, "65.64/26" + parent, "workstation65.a.example."},
		{both, "99.64/26" + parent, "workstation99.a.example."},
		{both, "100.64/26" + parent, "192-0-2-100.b.example."},
		{both, "127.64/26" + parent, "192-0-2-127.b.example."},
		{both, "128.64/26" + parent, ""},
		{both, "63.64/26" + parent, ""},
		{both, "065.64/26" + parent, ""},
		{both, "a.65.64/26" + parent, ""},
		{both, "64/26" + parent, "exists"},
		{both, "CUSTOMER" + parent, "exists"},
		{both, "60.Customer" + parent, "workstation60.a.example."},
		{both, "59.customer" + parent, ""},
		{both, "100.customer" + parent, ""},
		// The ordinary records stay, where no other zone confines them.
		{both, "60" + parent, "workstation60.a.example."},
		{both, "120" + parent, ""},
		{both, parent[1:], "exists"},
		{both, "5.0.0.10.in-addr.arpa.", "10-0-0-5.b.example."},
		{block, "65.0-127" + parent, "workstation65.example.org."},
		{block, "128.0-127" + parent, ""},
		{block, "200" + parent, "workstation200.example.org."},
		{alone, "65.64/26" + parent, "workstation65.example.org."},
		{alone, "65" + parent, "workstation65.example.org."},
	} {
		if got := answerOf(tc.ws, tc.name); got != tc.want {
			t.Errorf("%s: got %q, want %q", tc.name, got, tc.want)
		}
	}

	confined := testWorkstation(t, "workstation a.example 64/26.2.0.192.in-addr.arpa 10.0.0.0/8 {\nname {ip}\nnetwork 192.0.2.0/24 10.0.0.0/8\n}")
	for name, want := range map[string]string{
		parent[1:]: "exists", "0.192.in-addr.arpa.": "exists", "192.in-addr.arpa.": "exists", "3.0.192.in-addr.arpa.": "", "65" + parent: "", "65.64/26" + parent: "192-0-2-65.a.example.",
	} {
		if got := answerOf(confined, name); got != want {
			t.Errorf("confined, %s: got %q, want %q", name, got, want)
		}
		if allocs := testing.AllocsPerRun(100, func() { confined.find(name) }); allocs != 0 {
			t.Errorf("find(%q) allocates %v times", name, allocs)
		}
	}
}
