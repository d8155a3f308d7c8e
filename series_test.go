package workstation

import (
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
		ws := testWorkstation(t, "workstation example.org {\n"+tc.pools+"\n}")
		if got := tooMany(newComputedZone(ws, "example.org.").series(nil)); got != tc.want {
			t.Errorf("%q: got %t, want %t", tc.pools, got, tc.want)
		}
	}
}

// TestTooManyBelowCuts counts what is left where other zones begin in a zone.
func TestTooManyBelowCuts(t *testing.T) {
	for _, tc := range []struct {
		name, zone, stanza, stored string
		before, after              bool
	}{
		{"a listed zone is delegated", "example.org.", "workstation big.example.org {\n name ip-{ip}\n network 10.0.0.0/7\n}", "big NS ns.example.net.", true, false},
		{"below a DNAME", "example.org.", "workstation a.big.example.org {\n name ip-{ip}\n network 10.0.0.0/7\n}", "big DNAME example.net.", true, false},
		{"half of the names are delegated", "example.org.", "workstation example.org {\n name {d}.{c}.{b}.{a}\n network 10.0.0.0/7\n}", "10 NS ns.example.net.", true, false},
		{"a cut below another counts once", "example.org.", "workstation example.org {\n name {d}.{c}.{b}.{a}\n network 10.0.0.0/7\n}", "10 NS ns.example.net.\n1.10 NS ns.example.net.\n1.1.10 NS ns.example.net.", true, false},
		{"too little is delegated", "example.org.", "workstation example.org {\n name {d}.{c}.{b}.{a}\n network 10.0.0.0-11.255.255.255\n}", "1.10 NS ns.example.net.", true, true},
		{"one name is too many", "example.org.", "workstation example.org {\n name {d}.{c}.{b}.{a}\n network 10.0.0.0-12.0.0.0\n}", "10 NS ns.example.net.", true, true},
		{"not what is delegated elsewhere", "example.org.", "workstation example.org {\n name {d}.{c}.{b}.{a}\n network 10.0.0.0/7\n}", "12 NS ns.example.net.\n10.dyn NS ns.example.net.", true, true},
		{"the other labels are delegated", "example.org.", "workstation example.org {\n name {a}.{b}.{c}.{d}\n network 10.0.0.0-11.0.0.255\n}", "7 NS ns.example.net.", true, false},
		{"all names are delegated", "example.org.", "workstation example.org {\n name {ip}.dyn\n network 2001:db8::/64\n}", "dyn NS ns.example.net.", true, false},
		{"all names are delegated, which are all over the network", "example.org.", "workstation example.org {\n name {a}.{b}.{c}.{d}\n network 10.0.0.0/8 12.0.0.0/8\n}", "1 NS ns.example.net.\n2 NS ns.example.net.\n3 NS ns.example.net.", true, true},
		{"a reverse zone is delegated", "in-addr.arpa.", "workstation example.org {\n name ip-{ip}\n network 10.0.0.0/7\n}", "10 NS ns.example.net.", true, false},
		{"too little of a reverse zone is delegated", "in-addr.arpa.", "workstation example.org {\n name ip-{ip}\n network 10.0.0.0/7\n}", "1.10 NS ns.example.net.", true, true},
		{"a pool that is not transferred", "example.org.", "workstation example.org {\n name ip-{ip}\n network 10.0.0.0/7\n no_transfer\n}\nworkstation example.org {\n network 192.0.2.0/24\n}", "", false, false},
	} {
		c := newComputedZone(testWorkstation(t, tc.stanza), tc.zone)
		before := tooMany(c.series(nil))
		f := zoneFile(t, map[string]string{tc.zone: "$TTL 300\n" + tc.stored})
		stored, err := f.Transfer(tc.zone, 0)
		if err != nil {
			t.Fatal(err)
		}
		c.learn(stored)
		if after := tooMany(c.series(c.cutsByZone())); before != tc.before || after != tc.after {
			t.Errorf("%s: too many before is %t, and after %t; want %t and %t", tc.name, before, after, tc.before, tc.after)
		}
	}
}
