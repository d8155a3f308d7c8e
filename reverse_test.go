package workstation

import (
	"fmt"
	"net/netip"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/coredns/coredns/plugin/pkg/dnsutil"

	"github.com/miekg/dns"
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
		{"F." + nibbles, ""}, // a name is folded before it is looked up
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

// FuzzParseReverse compares parseReverse with CoreDNS's own, which takes an
// address for a whole name only, but takes more than the one way to write it.
func FuzzParseReverse(f *testing.F) {
	f.Add("5.2.0.192.in-addr.arpa.")
	f.Add("05.2.0.192.in-addr.arpa.")
	f.Add("2.0.192.in-addr.arpa.")
	f.Add(strings.Repeat("0.", 24) + "8.b.d.0.1.0.0.2.ip6.arpa.")
	f.Add(strings.Repeat("f.", 33) + "ip6.arpa.")
	f.Add("8.b.d.0.1.0.0.2.ip6.arpa.")
	f.Add(`\000.in-addr.arpa.`)
	f.Fuzz(func(t *testing.T, name string) {
		name = string(appendLower(nil, name))
		prefix, ok := parseReverse([]byte(name))
		theirs, err := netip.ParseAddr(dnsutil.ExtractAddressFromReverse(name))

		if !ok || !prefix.IsSingleIP() {
			// They read no more than we do, but for another way to write an IPv6
			// address: a label of two nibbles for two of one.
			if err == nil && theirs.Is4() {
				t.Fatalf("%q is the name of %s, not of %s, %t", name, theirs, prefix, ok)
			}
		} else if err != nil || theirs != prefix.Addr() && theirs != prefix.Addr().Unmap() {
			t.Fatalf("%q is the name of %s, %v, not of %s", name, theirs, err, prefix)
		}
		if ok && reverseZone(prefix) != name {
			t.Fatalf("%q is the name of %s, whose name is %q", name, prefix, reverseZone(prefix))
		}
	})
}

// reverseZone returns the name of the prefix, whose length is at a label's end.
func reverseZone(prefix netip.Prefix) string {
	name := ""
	if addr := prefix.Addr(); addr.Is4() {
		for _, octet := range addr.As4() {
			name = fmt.Sprintf("%d.%s", octet, name)
		}
		return strings.Join(strings.SplitAfter(name, ".")[4-prefix.Bits()/8:], "") + "in-addr.arpa."
	}
	for _, octet := range prefix.Addr().As16() {
		name = fmt.Sprintf("%x.%x.%s", octet&15, octet>>4, name)
	}
	return name[2*(32-prefix.Bits()/4):] + "ip6.arpa."
}

// FuzzParseClassless compares parseClassless with a regular expression.
func FuzzParseClassless(f *testing.F) {
	for _, label := range []string{"64/26", "64-127", "0-25", "64-26", "customer", "300/26", "64", "064/26", `6\0544/26`} {
		f.Add(label)
	}
	labelRE := regexp.MustCompile(`^(0|[1-9][0-9]{0,2})([/-])(0|[1-9][0-9]{0,2})$`)
	f.Fuzz(func(t *testing.T, label string) {
		name := string(appendLower(nil, label)) + ".2.0.192.in-addr.arpa."
		parent, _ := dns.NextLabel(name, 0)
		if _, ok := dns.IsDomainName(name); !ok || name[parent:] != "2.0.192.in-addr.arpa." {
			return // more labels than one
		}
		zone, ok := parseClassless(name)
		if digits := strings.Trim(label, "0123456789") == ""; ok == digits {
			t.Fatalf("%q is a classless zone: %t", name, ok)
		} else if digits {
			return
		}
		first, last := uint64(0), uint64(255)
		if m := labelRE.FindStringSubmatch(label); m != nil {
			from, _ := strconv.ParseUint(m[1], 10, 64)
			to, _ := strconv.ParseUint(m[3], 10, 64)
			if 25 <= to && to <= 32 && from <= 255 {
				first = from >> (32 - to) << (32 - to)
				last = first + 1<<(32-to) - 1
			}
			if m[2] == "-" && from <= to && to <= 255 && (first == 0 && last == 255 || to-from > last-first) {
				first, last = from, to
			}
		}
		network := uint64(192<<24 | 2<<8)
		if zone.first.lo-network != first || zone.last.lo-network != last {
			t.Fatalf("%q holds %d-%d, want %d-%d", name, zone.first.lo-network, zone.last.lo-network, first, last)
		}
	})
}
