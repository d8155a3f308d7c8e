package workstation

import (
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"net/netip"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/coredns/coredns/plugin/pkg/dnsutil"

	"github.com/miekg/dns"
)

// oracle returns the key that a text stands for in a pattern, and whether the pattern writes the key like this.
type oracle func(text string) (key, bool)

var placeholderRE = regexp.MustCompile(`\{(n|x|a|b|c|d|ip)(?::(\d+|x|full))?\}`)

// newOracle returns an oracle for a pattern. It uses a regular expression, strconv and netip.
func newOracle(pattern string) oracle {
	pattern = strings.TrimPrefix(pattern, "*.")
	var names, forms []string
	re, end := "^", 0
	for _, m := range placeholderRE.FindAllStringSubmatchIndex(pattern, -1) {
		name, form := pattern[m[2]:m[3]], ""
		if m[4] >= 0 {
			form = pattern[m[4]:m[5]]
		}
		names, forms = append(names, name), append(forms, form)
		re += regexp.QuoteMeta(pattern[end:m[0]]) + "(" + regexpOf(name, form) + ")"
		end = m[1]
	}
	compiled := regexp.MustCompile(re + regexp.QuoteMeta(pattern[end:]) + "$")

	return func(text string) (k key, ok bool) {
		m := compiled.FindStringSubmatch(text)
		if m == nil {
			return k, false
		}
		switch names[0] {
		case "n", "x":
			n, err := strconv.ParseUint(m[1], map[string]int{"n": 10, "x": 16}[names[0]], 64)
			return key{number, uint128{lo: n}}, err == nil
		case "ip":
			addr, ok := addressOracle(forms[0], m[1])
			if !ok {
				return k, false
			}
			return addressKey(addr), true
		}
		values := make(map[string]uint64)
		for i, name := range names {
			base := 10
			if forms[i] == "x" {
				base = 16
			}
			value, err := strconv.ParseUint(m[i+1], base, 8)
			if earlier, ok := values[name]; err != nil || ok && earlier != value {
				return k, false
			}
			values[name] = value
		}
		k.kind = address4
		for _, name := range []string{"a", "b", "c", "d"} {
			if value, ok := values[name]; ok {
				k.u.lo = k.u.lo<<8 | value
			}
		}
		return k, true
	}
}

// regexpOf returns a regular expression for the texts of a placeholder.
func regexpOf(name, form string) string {
	digit, nonzero := "[0-9]", "[1-9]"
	switch {
	case name == "ip":
		return "[0-9a-f-]+"
	case name == "x":
		digit, nonzero = "[0-9a-f]", "[1-9a-f]"
	case form == "x":
		return "[0-9a-f][0-9a-f]"
	}
	if form == "" {
		form = "1"
	}
	return digit + "{" + form + "}|" + nonzero + digit + "{" + form + ",}"
}

var mappedRE = regexp.MustCompile(`^0--ffff(-(0|[1-9a-f][0-9a-f]{0,3})){2}$`) // IPv4-mapped, in hexadecimal groups

// addressOracle returns the address that text stands for in place of {ip} with the form
// "", "full" or "x".
func addressOracle(form, text string) (addr netip.Addr, ok bool) {
	switch form {
	case "x":
		octets, err := hex.DecodeString(text)
		addr, ok = netip.AddrFromSlice(octets)
		return addr, ok && err == nil
	case "full":
		if len(text) == 15 {
			var octets [4]byte
			n, err := fmt.Sscanf(text, "%3d-%3d-%3d-%3d", &octets[0], &octets[1], &octets[2], &octets[3])
			addr = netip.AddrFrom4(octets)
			again := fmt.Sprintf("%03d-%03d-%03d-%03d", octets[0], octets[1], octets[2], octets[3])
			return addr, n == 4 && err == nil && again == text
		}
		addr, err := netip.ParseAddr(strings.ReplaceAll(text, "-", ":"))
		return addr, err == nil && addr.StringExpanded() == strings.ReplaceAll(text, "-", ":")
	}
	addr, err := netip.ParseAddr(strings.ReplaceAll(text, "-", "."))
	if err != nil {
		addr, err = netip.ParseAddr(strings.ReplaceAll(text, "-", ":"))
	}
	switch {
	case err != nil:
		return addr, false
	case addr.Is4In6(): // which netip writes with an IPv4 address at the end
		return addr, mappedRE.MatchString(text)
	}
	canonical := strings.NewReplacer(".", "-", ":", "-").Replace(addr.String())
	if strings.HasPrefix(canonical, "-") {
		canonical = "0" + canonical
	}
	if strings.HasSuffix(canonical, "-") {
		canonical += "0"
	}
	return addr, canonical == text
}

// checkText compares the key of a text with the oracle's, and checks that the key is written as the text.
func checkText(t *testing.T, p *pattern, oracle oracle, text string) {
	t.Helper()
	want, wantOK := oracle(text)
	k, ok := p.keyOf(text)
	if ok != wantOK || ok && k != want {
		t.Fatalf("%s: %q is %v, %t, want %v, %t", p, text, k, ok, want, wantOK)
	}
	if ok {
		if back := string(p.append(nil, p.put(k, 0))); back != text {
			t.Fatalf("%s: the text of %q is %q", p, text, back)
		}
	}
}

var (
	numberedRE = regexp.MustCompile(`^(workstation|both)(0|[1-9][0-9]{0,2})\.lab\.example\.org\.$`)
	dashedRE   = regexp.MustCompile(`^ip-([0-9a-f-]+)\.lab\.example\.org\.$`)
	octetRE    = regexp.MustCompile(`^(0|[1-9][0-9]?|1[0-9][0-9]|2[0-4][0-9]|25[0-5])$`)
	nibblesRE  = regexp.MustCompile(`^[0-9a-f](\.[0-9a-f])*$`)
)

// labOracle returns the records that the plugin of labHandler should have for a name, by their types, and
// whether the name exists.
func labOracle(qname string) (records map[uint16]string, exists bool) {
	name := string(appendLower(nil, qname))
	records = make(map[uint16]string)
	if m := numberedRE.FindStringSubmatch(name); m != nil {
		if n, _ := strconv.Atoi(m[2]); n <= 255 && m[1] == "both" {
			records[dns.TypeA] = fmt.Sprintf("203.0.113.%d", n)
			records[dns.TypeAAAA] = netip.MustParseAddr(fmt.Sprintf("2001:db9::%x", n)).String()
		} else if n <= 255 {
			records[dns.TypeA] = fmt.Sprintf("192.0.2.%d", n)
		}
	}
	var addr netip.Addr
	var ok bool
	if m := dashedRE.FindStringSubmatch(name); m != nil {
		addr, ok = addressOracle("", m[1])
	}
	if ok && netip.MustParsePrefix("198.51.100.0/24").Contains(addr) {
		records[dns.TypeA] = addr.String()
	} else if ok && netip.MustParsePrefix("2001:db8::/32").Contains(addr) {
		records[dns.TypeAAAA] = addr.String()
	}
	if len(records) > 0 || name == "lab.example.org." || name == "example.org." || name == "org." || name == "arpa." {
		return records, true
	}
	for _, tc := range []struct {
		network string
		prefix  string // of the names in the PTR records, which have a number or an address after it
		dashed  bool   // an address is after it
	}{
		{network: "192.0.2.0/24", prefix: "workstation"},
		{network: "203.0.113.0/24", prefix: "both"},
		{network: "2001:db9::/120", prefix: "both"}, // as many hosts as in the network of IPv4
		{network: "198.51.100.0/24", prefix: "ip-", dashed: true},
		{network: "2001:db8::/32", prefix: "ip-", dashed: true},
	} {
		network := netip.MustParsePrefix(tc.network)
		zone := reverseZone(network)
		if strings.HasSuffix("."+zone, "."+name) && strings.HasSuffix(name, ".arpa.") {
			return records, true // the zone itself, or above it
		}
		labels, below := strings.CutSuffix(name, "."+zone)
		re, depth := octetRE, 1
		if network.Addr().Is6() {
			re, depth = nibblesRE, (128-network.Bits())/4
		}
		if !below || !re.MatchString(labels) || strings.Count(labels, ".") >= depth {
			continue
		}
		if isHost := strings.Count(labels, ".") == depth-1; isHost {
			addr := netip.MustParseAddr(dnsutil.ExtractAddressFromReverse(name))
			after := string(appendDashed(nil, addr))
			if !tc.dashed {
				after = strconv.FormatUint(placeIn(network, addr), 10)
			}
			records[dns.TypePTR] = tc.prefix + after + ".lab.example.org."
		}
		return records, true
	}
	return records, false
}

// placeIn returns the place of an address in a network, counted from 0. The network is a /24 of IPv4, or the first 64
// bits of its address are those of the network.
func placeIn(network netip.Prefix, addr netip.Addr) uint64 {
	octets := addr.As16()
	if network.Addr().Is4() {
		return uint64(octets[15])
	}
	return binary.BigEndian.Uint64(octets[8:])
}
