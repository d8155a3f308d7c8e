package workstation

import (
	"strings"
	"testing"
)

// TestFindReverse checks which reverse names have a PTR record, and which are empty non-terminals above one.
func TestFindReverse(t *testing.T) {
	const v6 = "8.b.d.0.1.0.0.2.ip6.arpa."
	for _, tc := range []struct {
		corefile string
		want     map[string]string // by name: what the PTR record has, "exists", or empty
	}{
		{`
			workstation example.org example.net {
				network 192.0.2.0/24
			}`, map[string]string{
			"17.2.0.192.in-addr.arpa.": "workstation17.example.org.",
		}},
		{`
			workstation . example.net {
				network 192.0.2.0/24
			}`, map[string]string{
			"17.2.0.192.in-addr.arpa.": "workstation17.example.net.",
		}},
		{`
			workstation . {
				network 192.0.2.0/24
			}`, map[string]string{
			"17.2.0.192.in-addr.arpa.": "",
		}},
		{`
			workstation example.org {
				network 192.0.2.0/24
				no_reverse
			}`, map[string]string{
			"17.2.0.192.in-addr.arpa.": "",
			"2.0.192.in-addr.arpa.":    "",
			"arpa.":                    "",
		}},
		{`
			workstation example.org {
				network 2001:db8::/64
				name ip-{ip}
			}`, map[string]string{
			"5." + strings.Repeat("0.", 23) + v6:                  "ip-2001-db8--5.example.org.",
			"5." + strings.Repeat("0.", 23) + strings.ToUpper(v6): "ip-2001-db8--5.example.org.",
			"F." + strings.Repeat("0.", 23) + v6:                  "ip-2001-db8--f.example.org.",
		}},

		// Empty non-terminals above networks that end with an octet, and above others.
		{`
			workstation example.org {
				network 192.0.2.0/24
			}`, map[string]string{
			"2.0.192.in-addr.arpa.":      "exists",
			"0.192.in-addr.arpa.":        "exists",
			"192.in-addr.arpa.":          "exists",
			"In-Addr.ARPA.":              "exists",
			"arpa.":                      "exists",
			"ip6.arpa.":                  "",
			"3.0.192.in-addr.arpa.":      "",
			"1.192.in-addr.arpa.":        "",
			"193.in-addr.arpa.":          "",
			"x.2.0.192.in-addr.arpa.":    "",
			"1.17.2.0.192.in-addr.arpa.": "",
			"017.2.0.192.in-addr.arpa.":  "",
		}},
		{`
			workstation example.org {
				network 10.20.0.0/15
			}`, map[string]string{
			"20.10.in-addr.arpa.":     "exists",
			"21.10.in-addr.arpa.":     "exists",
			"22.10.in-addr.arpa.":     "",
			"255.21.10.in-addr.arpa.": "exists",
		}},
		{`
			workstation example.org {
				network 192.0.2.192/26
			}`, map[string]string{
			"191.2.0.192.in-addr.arpa.": "",
			"192.2.0.192.in-addr.arpa.": "workstation0.example.org.",
			"2.0.192.in-addr.arpa.":     "exists",
		}},
		{`
			workstation example.org {
				network 192.0.2.250-192.0.4.5
			}`, map[string]string{
			"3.0.192.in-addr.arpa.":   "exists",
			"5.4.0.192.in-addr.arpa.": "workstation267.example.org.",
			"6.4.0.192.in-addr.arpa.": "",
		}},
		{`
			workstation example.org {
				network 10.0.0.0/8
				numbers 5 65536
			}`, map[string]string{
			"0.0.10.in-addr.arpa.": "exists",
			"1.0.10.in-addr.arpa.": "",
			"0.1.10.in-addr.arpa.": "exists",
			"1.1.10.in-addr.arpa.": "",
		}},
		{`
			workstation example.org {
				network 2001:db8::/33
			}`, map[string]string{
			"0." + v6: "exists",
			"7." + v6: "", // numbers have 64 bits
		}},
		{`
			workstation example.org {
				network 2001:db8::/33
				name {ip}
			}`, map[string]string{
			"7." + v6: "exists",
			"8." + v6: "",
		}},

		// In the reverse zones that a stanza lists, for each family.
		{`
			workstation example.org 192.0.2.0/25 {
				network 192.0.2.0/24 2001:db8::/64
			}`, map[string]string{
			"17.2.0.192.in-addr.arpa.": "workstation17.example.org.",
		}},
		{`
			workstation example.org 10.1.0.0/16 {
				network 10.0.0.0/8
			}`, map[string]string{
			"1.0.1.10.in-addr.arpa.": "workstation65537.example.org.",
			"1.0.2.10.in-addr.arpa.": "",
			"2.10.in-addr.arpa.":     "",
			"10.in-addr.arpa.":       "exists",
		}},
		{`
			workstation example.org 10.1.0.0/16 {
				network 10.0.0.0/8 2001:db8::/64
			}`, map[string]string{
			"1." + strings.Repeat("0.", 23) + v6: "workstation1.example.org.",
		}},
		{`
			workstation example.org 2001:db8::/60 {
				network 10.0.0.0/8 2001:db8::/64
			}`, map[string]string{
			"1.0.0.10.in-addr.arpa.": "workstation1.example.org.",
		}},
		{`
			workstation example.org 2001:db8:0:10::/60 {
				network 10.0.0.0/8 2001:db8::/56
				name {ip}
			}`, map[string]string{
			"1." + strings.Repeat("0.", 23) + v6: "",
		}},
		{`
			workstation example.org 10.1.0.0/16 10.1.2.0/24 3.1.10.in-addr.arpa 5.0.2.10.in-addr.arpa {
				network 10.0.0.0/8
			}`, map[string]string{
			"5.0.2.10.in-addr.arpa.": "workstation131077.example.org.",
			"6.0.2.10.in-addr.arpa.": "",
			"6.3.1.10.in-addr.arpa.": "workstation66310.example.org.",
		}},

		// If two pools have an address, the PTR record has the name of the first.
		{`
			workstation example.org {
				network 10.0.0.0/8
			}
			workstation lab.example.org {
				network 10.1.0.0/16
			}`, map[string]string{
			"5.0.1.10.in-addr.arpa.": "workstation65541.example.org.",
		}},
		{`
			workstation lab.example.org {
				network 10.1.0.0/16
			}
			workstation example.org {
				network 10.0.0.0/8
			}`, map[string]string{
			"5.0.1.10.in-addr.arpa.": "workstation5.lab.example.org.",
			"5.0.2.10.in-addr.arpa.": "workstation131077.example.org.",
		}},
		{`
			workstation lab.example.org {
				network 10.1.0.0/16
				no_reverse
			}
			workstation example.org {
				network 10.0.0.0/8
			}`, map[string]string{
			"5.0.1.10.in-addr.arpa.": "workstation65541.example.org.",
		}},
	} {
		ws := newHandler(t, tc.corefile)
		for name, want := range tc.want {
			found := ws.find(name)
			var got string
			switch {
			case found.ptr.IsValid() && found.zone != nil:
				got = found.pool.name(found.ptr)
			case found.zone != nil:
				got = "exists"
			}
			if got != want || found.v4.IsValid() || found.v6.IsValid() {
				t.Errorf("%s\nfind(%q): %q, want %q", tc.corefile, name, got, want)
			}
		}
	}
}

// TestFindReverseServerBlock has reverse zones in the server block, which confine the PTR records.
func TestFindReverseServerBlock(t *testing.T) {
	for _, tc := range []struct{ corefile, want string }{
		{`
			. {
				workstation {
					network 10.0.0.0/8
				}
			}`, ""},
		{`
			. {
				workstation example.org {
					network 10.0.0.0/8
				}
			}`, "workstation65541.example.org."},
		{`
			example.org 1.10.in-addr.arpa {
				workstation {
					network 10.0.0.0/8
				}
			}`, "workstation65541.example.org."},
		{`
			1.10.in-addr.arpa example.org {
				workstation {
					network 10.0.0.0/8
				}
			}`, "workstation65541.example.org."},
		{`
			example.org 2.10.in-addr.arpa {
				workstation {
					network 10.0.0.0/8
				}
			}`, ""},
		{`
			example.org 8.b.d.0.1.0.0.2.ip6.arpa {
				workstation {
					network 10.0.0.0/8
				}
			}`, "workstation65541.example.org."},
		{`
			example.org 1.10.in-addr.arpa {
				workstation {
					network 10.0.0.0/8
					no_reverse
				}
			}`, ""},
		{`
			1.10.in-addr.arpa {
				workstation example.org {
					network 10.0.0.0/8
				}
			}`, "workstation65541.example.org."},
		{`
			example.org 0/25.2.0.192.in-addr.arpa {
				workstation {
					network 10.0.0.0/8
				}
			}`, "workstation65541.example.org."},
	} {
		ws := newHandler(t, tc.corefile)
		var got string
		if found := ws.find("5.0.1.10.in-addr.arpa."); found.ptr.IsValid() && found.zone != nil {
			got = found.pool.name(found.ptr)
		}
		if got != tc.want {
			t.Errorf("%s\nPTR %q, want %q", tc.corefile, got, tc.want)
		}
	}
}

// TestFindClassless looks for PTR records in zones of RFC 2317, which a stanza or the server block lists.
func TestFindClassless(t *testing.T) {
	const parent = ".2.0.192.in-addr.arpa."
	both := newHandler(t, `
		workstation a.example 64/26.2.0.192.in-addr.arpa customer.2.0.192.in-addr.arpa {
			network 192.0.2.0/24
			numbers 60-99
		}
		workstation b.example 64/26.2.0.192.in-addr.arpa 10.0.0.0/8 {
			name {ip}
			network 192.0.2.90-192.0.2.200 10.0.0.0/24
		}`)
	block := newHandler(t, `
		example.org 0-127.2.0.192.in-addr.arpa 192/26.2.0.192.in-addr.arpa 0.192.in-addr.arpa {
			workstation {
				network 192.0.2.0/24
			}
		}`)
	alone := newHandler(t, `
		64/26.2.0.192.in-addr.arpa {
			workstation example.org {
				network 192.0.2.0/24
			}
		}`)
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
		{block, "x.0-127" + parent, ""},
		{block, "255.192/26" + parent, "workstation255.example.org."},
		{block, "0.0-127" + parent, "workstation0.example.org."},
		{both, "a.65.64/26" + parent, ""},
		{both, "64/26" + parent, "exists"},
		{both, "CUSTOMER" + parent, "exists"},
		{both, "60.Customer" + parent, "workstation60.a.example."},
		{both, "59.customer" + parent, ""},
		{both, "100.customer" + parent, ""},
		// There are ordinary records, too, unless another reverse zone confines them.
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
}

// TestFindClasslessConfined has another reverse zone next to the zone of RFC 2317. The addresses in the latter have
// no ordinary PTR records.
func TestFindClasslessConfined(t *testing.T) {
	const parent = ".2.0.192.in-addr.arpa."
	confined := newHandler(t, `
		workstation a.example 64/26.2.0.192.in-addr.arpa 10.0.0.0/8 {
			name {ip}
			network 192.0.2.0/24 10.0.0.0/8
		}`)
	for name, want := range map[string]string{
		parent[1:]:              "exists",
		"0.192.in-addr.arpa.":   "exists",
		"192.in-addr.arpa.":     "exists",
		"3.0.192.in-addr.arpa.": "",
		"65" + parent:           "",
		"65.64/26" + parent:     "192-0-2-65.a.example.",
	} {
		if got := answerOf(confined, name); got != want {
			t.Errorf("%s: got %q, want %q", name, got, want)
		}
		if found := confined.find(name); want != "" && found.zone.name != "a.example." {
			t.Errorf("%s counts for %s, which is no forward zone", name, found.zone.name)
		}
		if allocs := testing.AllocsPerRun(100, func() { confined.find(name) }); allocs != 0 {
			t.Errorf("find(%q) allocates %v times", name, allocs)
		}
	}
}
