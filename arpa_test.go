package workstation

import (
	"fmt"
	"net/netip"
	"strings"
	"testing"

	"github.com/coredns/coredns/plugin/pkg/dnsutil"
)

func TestParseReverse(t *testing.T) {
	nibbles := strings.Repeat("0.", 23) + "8.b.d.0.1.0.0.2.ip6.arpa." // below 2001:db8::, without the last
	tests := []struct{ name, want string }{
		{"5.2.0.192.in-addr.arpa.", "192.0.2.5/32"},
		{"0.0.0.0.in-addr.arpa.", "0.0.0.0/32"},
		{"255.255.255.255.in-addr.arpa.", "255.255.255.255/32"},
		{"2.0.192.in-addr.arpa.", "192.0.2.0/24"},
		{"0.192.in-addr.arpa.", "192.0.0.0/16"},
		{"10.in-addr.arpa.", "10.0.0.0/8"},
		{"in-addr.arpa.", "0.0.0.0/0"},
		{"5." + nibbles, "2001:db8::5/128"},
		{nibbles, "2001:db8::/124"},
		{"8.b.d.0.1.0.0.2.ip6.arpa.", "2001:db8::/32"},
		{"2.ip6.arpa.", "2000::/4"},
		{"ip6.arpa.", "::/0"},
		{dnsutil.Join("5.0.0.0.0.0.a.0.f.f.f.f", strings.Repeat("0.", 20)+"ip6.arpa."), "::ffff:10.0.0.5/128"},

		{".", ""},
		{"", ""},
		{"arpa.", ""},
		{"xin-addr.arpa.", ""},
		{"5.2.0.192.in-addr.arpa.example.org.", ""},
		{"1.5.2.0.192.in-addr.arpa.", ""},
		{"256.2.0.192.in-addr.arpa.", ""},
		{"05.2.0.192.in-addr.arpa.", ""},
		{"00.2.0.192.in-addr.arpa.", ""},
		{"-5.2.0.192.in-addr.arpa.", ""},
		{"5x2.0.192.in-addr.arpa.", ""},
		{"a.2.0.192.in-addr.arpa.", ""},
		{"*.2.0.192.in-addr.arpa.", ""},
		{"0/25.2.0.192.in-addr.arpa.", ""},
		{"0-127.2.0.192.in-addr.arpa.", ""},
		{`5\.2.0.192.in-addr.arpa.`, ""},
		{`\053.2.0.192.in-addr.arpa.`, ""},
		{`5\.in-addr.arpa.`, ""},
		{"x5.in-addr.arpa.", ""},
		{"0.5." + nibbles, ""},
		{"55." + nibbles, ""},
		{"g." + nibbles, ""},
		{"05." + nibbles, ""},
		{"F." + nibbles, ""}, // names are in lower case here
		{`\.` + nibbles, ""},
		{"2xip6.arpa.", ""},
		{"2ip6.arpa.", ""},
		{"0.20.ip6.arpa.", ""},
	}
	for _, tc := range tests {
		prefix, ok := parseReverse([]byte(tc.name))
		if ok != (tc.want != "") || ok && prefix != netip.MustParsePrefix(tc.want) {
			t.Errorf("parseReverse(%q) = %s, %t, want %q", tc.name, prefix, ok, tc.want)
		}
		if ok && reverseZone(prefix) != tc.name {
			t.Errorf("the name of %s is %q, want %q", prefix, reverseZone(prefix), tc.name)
		}
	}
}

func TestParseClassless(t *testing.T) {
	for label, want := range map[string]string{
		"64/26":    "64-127",
		"64-26":    "64-127",
		"65/26":    "64-127",
		"64-127":   "64-127",
		"0-127":    "0-127",
		"0/25":     "0-127",
		"0-25":     "0-127",
		"0-31":     "0-31",
		"25-30":    "25-30",
		"5-27":     "0-31",
		"13-28":    "0-15",
		"192-255":  "192-255",
		"255/32":   "255-255",
		"192/32":   "192-192",
		"5-5":      "5-5",
		"0/24":     "0-255",
		"0/33":     "0-255",
		"300/26":   "0-255",
		"64-300":   "0-255",
		"customer": "0-255",
		"a-b":      "0-255",
		"64_26":    "0-255",
		"064/26":   "0-255",
		"127-64":   "0-255",
		"250-30":   "248-251",
		"64":       "",
		"256":      "",
		"00":       "",
		"":         "",
	} {
		zone, ok := parseClassless(label + ".2.0.192.in-addr.arpa.")
		got := ""
		if ok {
			got = fmt.Sprintf("%d-%d", zone.first.lo&255, zone.last.lo&255)
			network := netip.MustParsePrefix("192.0.2.0/24")
			if !network.Contains(ipv4.address(zone.first)) || !network.Contains(ipv4.address(zone.last)) ||
				zone.parent != network {
				t.Errorf("%s: got %s in %s", label, ipv4.address(zone.first), zone.parent)
			}
		}
		if got != want {
			t.Errorf("%s: got %q, want %q", label, got, want)
		}
	}
	for _, name := range []string{
		"64/26.0.192.in-addr.arpa.", "64/26.1.2.0.192.in-addr.arpa.", "64/26.2.0.192.example.org.",
		"0/8.8.b.d.0.1.0.0.2.ip6.arpa.", "64/26.in-addr.arpa.", ".",
	} {
		if _, ok := parseClassless(name); ok {
			t.Errorf("%s is a classless zone", name)
		}
	}
}
