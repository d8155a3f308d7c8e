package workstation

import (
	"net/netip"
	"testing"
)

// TestParseDashed reads the texts of {ip} as addresses, and writes the addresses as the same texts.
func TestParseDashed(t *testing.T) {
	tests := []struct{ text, address string }{
		{"10-0-0-5", "10.0.0.5"},
		{"0-0-0-0", "0.0.0.0"},
		{"255-255-255-255", "255.255.255.255"},
		{"2001-db8--5", "2001:db8::5"},
		{"2001-db8--0", "2001:db8::"},
		{"0--1", "::1"},
		{"0--0", "::"},
		{"0--a00-5", "::10.0.0.5"},
		{"0--ffff-a00-5", "::ffff:10.0.0.5"},
		{"0--ffff-0-0", "::ffff:0.0.0.0"},
		{"0--ffff-10-0-0-5", "::ffff:10:0:0:5"},
		{"0-0-1--0", "0:0:1::"},
		{"0-1-2-3-4-5-6-7", "0:1:2:3:4:5:6:7"},
		{"1-2-3-4-5-6-7-0", "1:2:3:4:5:6:7:0"},
		{"0--2-3-4-5-6-7", "::2:3:4:5:6:7"},
		{"1-2-3-4-5-6--0", "1:2:3:4:5:6::"},
		{"2001-db8--1-0-0-1", "2001:db8::1:0:0:1"},
		{"ffff-ffff-ffff-ffff-ffff-ffff-ffff-ffff", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"},

		{"", ""},
		{"-", ""},
		{"--", ""},
		{"---", ""},
		{"0", ""},
		{"10-0-0", ""},
		{"10-0-0-", ""},
		{"-10-0-0-5", ""},
		{"10-0-0-5-", ""},
		{"10-0-0-5-6", ""},
		{"10-0-0-05", ""},
		{"10-0-0-256", ""},
		{"10-0-0-1f", ""},
		{"10.0.0.5", ""},
		{"--1", ""},
		{"2001-db8--", ""},
		{"2001-db8", ""},
		{"2001-db8--05", ""},
		{"2001-db8--10000", ""},
		{"2001-db8--g", ""},
		{"2001-db8---5", ""},
		{"2001--db8--5", ""},
		{"2001-db8-0--5", ""},
		{"2001-db8--0-5", ""},
		{"2001-db8-0-0-0-0-0-5", ""},
		{"2001-db8--1-0-0-0-1", ""}, // "2001-db8-0-1--1"
		{"0-0-1--", ""},
		{"0--1-2-3-4-5-6-7", ""},
		{"1-2-3-4-5-6-7-8-9", ""},
		{"1-2-3-4-5-6-7--8", ""},
		{"2001:db8--5", ""},
		{"2001-DB8--5", ""}, // names are in lower case here
	}
	for _, tc := range tests {
		addr, ok := parseDashed([]byte(tc.text))
		if tc.address == "" {
			if ok {
				t.Errorf("%q is the address %s, want none", tc.text, addr)
			}
			continue
		}
		want := netip.MustParseAddr(tc.address)
		if !ok || addr != want {
			t.Errorf("%q is the address %s, %t, want %s", tc.text, addr, ok, want)
		}
		p := testPattern(t, "ip-{ip}z")
		if text := string(p.append(nil, addressKey(want))); text != "ip-"+tc.text+"z" {
			t.Errorf("the label of %s is %q, want %q", want, text, "ip-"+tc.text+"z")
		}
	}
}
