package workstation

import (
	"strings"
	"testing"
)

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
