package workstation

import (
	"slices"
	"testing"
)

func TestTooMany(t *testing.T) {
	for _, tc := range []struct {
		pools string
		want  bool
	}{
		{"name ip-{ip}\nnetwork 10.0.0.0/8", false},
		{"name ip-{ip}\nnetwork 10.0.0.0-11.0.0.0", true},
		{"name ip-{ip}\nnetwork 10.0.0.0-10.255.255.254 2001:db8::5/128", false},
		{"name ip-{ip}\nnetwork 10.0.0.0/8 2001:db8::5/128", true},
		{"name ip-{ip}\nnetwork ::/0", true},
		{"network 10.0.0.0/8 2001:db8::/64", false},
		{"network 10.0.0.0/7", true},
		{"network 10.0.0.0/7\nnumbers 5-16777219 16777222", false},
		{"network 10.0.0.0/7\nnumbers 5-16777219 16777221-16777222", true},
	} {
		ws := newHandler(t, stanzaOf("example.org", tc.pools))
		if got := tooMany(newComputedZone(ws, "example.org.").allSeries(nil)); got != tc.want {
			t.Errorf("%q: got %t, want %t", tc.pools, got, tc.want)
		}
	}
}

// TestTooManyBelowCuts counts the names of a zone from which other zones are delegated, before and after these are
// known.
func TestTooManyBelowCuts(t *testing.T) {
	for _, tc := range []struct {
		name, zone, stanza, stored string
		before, after              bool
	}{
		{
			name: "a listed zone is delegated",
			zone: "example.org.",
			stanza: `
				workstation big.example.org {
					name ip-{ip}
					network 10.0.0.0/7
				}`,
			stored: "big NS ns.example.net.",
			before: true, after: false,
		},
		{
			name: "below a DNAME",
			zone: "example.org.",
			stanza: `
				workstation a.big.example.org {
					name ip-{ip}
					network 10.0.0.0/7
				}`,
			stored: "big DNAME example.net.",
			before: true, after: false,
		},
		{
			name: "half of the names are delegated",
			zone: "example.org.",
			stanza: `
				workstation example.org {
					name {d}.{c}.{b}.{a}
					network 10.0.0.0/7
				}`,
			stored: "10 NS ns.example.net.",
			before: true, after: false,
		},
		{
			name: "a cut below another counts once",
			zone: "example.org.",
			stanza: `
				workstation example.org {
					name {d}.{c}.{b}.{a}
					network 10.0.0.0/7
				}`,
			stored: "10 NS ns.example.net.\n1.10 NS ns.example.net.\n1.1.10 NS ns.example.net.",
			before: true, after: false,
		},
		{
			name: "too little is delegated",
			zone: "example.org.",
			stanza: `
				workstation example.org {
					name {d}.{c}.{b}.{a}
					network 10.0.0.0-11.255.255.255
				}`,
			stored: "1.10 NS ns.example.net.",
			before: true, after: true,
		},
		{
			name: "one name is too many",
			zone: "example.org.",
			stanza: `
				workstation example.org {
					name {d}.{c}.{b}.{a}
					network 10.0.0.0-12.0.0.0
				}`,
			stored: "10 NS ns.example.net.",
			before: true, after: true,
		},
		{
			name: "not what is delegated elsewhere",
			zone: "example.org.",
			stanza: `
				workstation example.org {
					name {d}.{c}.{b}.{a}
					network 10.0.0.0/7
				}`,
			stored: "12 NS ns.example.net.\n10.dyn NS ns.example.net.",
			before: true, after: true,
		},
		{
			name: "the other labels are delegated",
			zone: "example.org.",
			stanza: `
				workstation example.org {
					name {a}.{b}.{c}.{d}
					network 10.0.0.0-11.0.0.255
				}`,
			stored: "7 NS ns.example.net.",
			before: true, after: false,
		},
		{
			name: "all names are delegated",
			zone: "example.org.",
			stanza: `
				workstation example.org {
					name {ip}.dyn
					network 2001:db8::/64
				}`,
			stored: "dyn NS ns.example.net.",
			before: true, after: false,
		},
		{
			name: "all names are delegated, which are all over the network",
			zone: "example.org.",
			stanza: `
				workstation example.org {
					name {a}.{b}.{c}.{d}
					network 10.0.0.0/8 12.0.0.0/8
				}`,
			stored: "1 NS ns.example.net.\n2 NS ns.example.net.\n3 NS ns.example.net.",
			before: true, after: true,
		},
		{
			name: "a reverse zone is delegated",
			zone: "in-addr.arpa.",
			stanza: `
				workstation example.org {
					name ip-{ip}
					network 10.0.0.0/7
				}`,
			stored: "10 NS ns.example.net.",
			before: true, after: false,
		},
		{
			name: "too little of a reverse zone is delegated",
			zone: "in-addr.arpa.",
			stanza: `
				workstation example.org {
					name ip-{ip}
					network 10.0.0.0/7
				}`,
			stored: "1.10 NS ns.example.net.",
			before: true, after: true,
		},
		{
			name: "a pool that is not transferred",
			zone: "example.org.",
			stanza: `
				workstation example.org {
					name ip-{ip}
					network 10.0.0.0/7
					no_transfer
				}
				workstation example.org {
					network 192.0.2.0/24
				}`,
			before: false, after: false,
		},
	} {
		c := newComputedZone(newHandler(t, tc.stanza), tc.zone)
		before := tooMany(c.allSeries(nil))
		f := zoneFile(t, map[string]string{tc.zone: "$TTL 300\n" + tc.stored})
		stored, err := f.Transfer(tc.zone, 0)
		if err != nil {
			t.Fatal(err)
		}
		c.learn(stored)
		if after := tooMany(c.allSeries(c.cutsByZone())); before != tc.before || after != tc.after {
			t.Errorf("%s: too many before is %t, and after %t; want %t and %t",
				tc.name, before, after, tc.before, tc.after)
		}
	}
}

// TestWithoutTooMany leaves keys out of so many spans that none is left out.
func TestWithoutTooMany(t *testing.T) {
	spans := make([]entry, maxSubtract+1)
	for i := range spans {
		spans[i].span = numberSpan(uint64(2*i), uint64(2*i))
	}
	got := 0
	for range without(slices.Values(spans), slices.Values(spans[:1])) {
		got++
	}
	if got != len(spans) {
		t.Errorf("%d spans are left, want %d", got, len(spans))
	}
}
