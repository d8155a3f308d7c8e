package workstation

import (
	"math"
	"net/netip"
	"strings"
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
		{"0--ffff-c000-207", "::ffff:192.0.2.7"},
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

// TestPlaceholderTexts compares what a placeholder writes with what is said about its texts. Whether
// two patterns can give one name is decided by that.
func TestPlaceholderTexts(t *testing.T) {
	numbers := []uint64{0, 1, 7, 8, 9, 10, 15, 16, 99, 100, 255, 256, 4095, 1 << 32, math.MaxUint64}
	addresses := []string{"::", "::1", "2001:db8::", "2001:db8::5", "fedc:ba98::7654:3210", "::ffff:192.0.2.7"}
	for _, inner := range []string{
		"n", "n:1", "n:3", "n:20", "x", "x:4", "x:16",
		"a", "b", "c", "d", "a:2", "b:3", "c:x", "ip",
	} {
		ph, err := parsePlaceholder(inner)
		if err != nil {
			t.Fatal(err)
		}
		again, err := parsePlaceholder(strings.Trim(ph.String(), "{}"))
		if err != nil || again != ph {
			t.Errorf("{%s} is written as %s, which is %+v, %v", inner, ph, again, err)
		}
		var texts []string
		switch ph.kind {
		case numeric:
			for _, n := range numbers {
				texts = append(texts, string(appendNumber(nil, n, ph.base, ph.width)))
			}
		case octet:
			for value := range 256 {
				texts = append(texts, string(ph.appendOctet(nil, byte(value))))
			}
		default:
			for _, addr := range addresses {
				texts = append(texts, string(ph.appendAddress(nil, netip.MustParseAddr(addr))))
			}
		}
		for _, text := range texts {
			for end := range len(text) {
				if !ph.produces(text[end]) {
					t.Errorf("%s writes %q, but does not produce %q", ph, text, text[end])
				}
				if !ph.canBegin(text[:end+1]) {
					t.Errorf("%s writes %q, which cannot begin with %q", ph, text, text[:end+1])
				}
			}
			if !ph.isComplete(text) {
				t.Errorf("%s writes %q, which is not complete", ph, text)
			}
			if ph.kind == octet && ph.varies() == (len(texts[0]) == len(texts[255])) {
				t.Errorf("%s writes %q and %q, and varies is %t", ph, texts[0], texts[255], ph.varies())
			}
		}
	}
}
