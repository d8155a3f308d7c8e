package workstation

import (
	"encoding/hex"
	"fmt"
	"math"
	"net/netip"
	"os"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// testPattern returns the pattern that s is.
func testPattern(tb testing.TB, s string) pattern {
	tb.Helper()
	p, err := parsePattern(s)
	if err != nil {
		tb.Fatalf("pattern %q %v", s, err)
	}
	return p
}

func TestPatternNumber(t *testing.T) {
	tests := []struct {
		pattern, label string
		number         uint64
		ok             bool
	}{
		{"workstation{n}", "workstation0", 0, true},
		{"workstation{n}", "workstation1", 1, true},
		{"workstation{n}", "workstation10", 10, true},
		{"workstation{n}", "workstation255", 255, true},
		{"workstation{n}", "workstation18446744073709551615", math.MaxUint64, true},
		{pattern: "workstation{n}", label: "workstation18446744073709551616"},
		{pattern: "workstation{n}", label: "workstation18446744073709551620"},
		{pattern: "workstation{n}", label: "workstation99999999999999999999"},
		{pattern: "workstation{n}", label: "workstation184467440737095516150"},
		{pattern: "workstation{n}", label: "workstation111111111111111111111111111111111111111111111111111"},
		{pattern: "workstation{n}", label: "workstation00"},
		{pattern: "workstation{n}", label: "workstation01"},
		{pattern: "workstation{n}", label: "workstation007"},
		{pattern: "workstation{n}", label: "workstation+5"},
		{pattern: "workstation{n}", label: "workstation-5"},
		{pattern: "workstation{n}", label: "workstation 5"},
		{pattern: "workstation{n}", label: "workstation5 "},
		{pattern: "workstation{n}", label: "workstation5.0"},
		{pattern: "workstation{n}", label: "workstation1_000"},
		{pattern: "workstation{n}", label: "workstation0x1f"},
		{pattern: "workstation{n}", label: "workstation5e1"},
		{pattern: "workstation{n}", label: "workstation1f"},
		{pattern: "workstation{n}", label: "workstation５"}, // a digit, but not an ASCII one
		{pattern: "workstation{n}", label: "workstation"},
		{pattern: "workstation{n}", label: "workstationfoo"},
		{pattern: "workstation{n}", label: "workstation5workstation6"},
		{pattern: "workstation{n}", label: "5workstation6"},
		{pattern: "workstation{n}", label: "xworkstation5"},
		{pattern: "workstation{n}", label: "orkstation5"},
		{pattern: "workstation{n}", label: "workstatio5"},
		{pattern: "workstation{n}", label: "5"},
		{pattern: "workstation{n}", label: ""},

		{"{n}", "17", 17, true},
		{"{n}-lab", "17-lab", 17, true},
		{"rack-{n}_b", "rack-17_b", 17, true},
		{"a1{n}2b", "a10172b", 17, false},
		{"a1{n}2b", "a1172b", 17, true},
		{"a1{n}2b", "a102b", 0, true},
		{"a1{n}2b", "a12b", 0, false},

		{"printer{n:3}", "printer007", 7, true},
		{"printer{n:3}", "printer000", 0, true},
		{"printer{n:3}", "printer999", 999, true},
		{"printer{n:3}", "printer1000", 1000, true},
		{"printer{n:3}", "printer18446744073709551615", math.MaxUint64, true},
		{pattern: "printer{n:3}", label: "printer7"},
		{pattern: "printer{n:3}", label: "printer07"},
		{pattern: "printer{n:3}", label: "printer0007"},
		{pattern: "printer{n:3}", label: "printer0999"},
		{"p{n:20}", "p00000000000000000017", 17, true},
		{"p{n:20}", "p18446744073709551615", math.MaxUint64, true},
		{pattern: "p{n:20}", label: "p18446744073709551616"},
		{pattern: "p{n:20}", label: "p018446744073709551615"},
		{"p{n:1}", "p0", 0, true},
		{pattern: "p{n:1}", label: "p00"},

		{"n{x}", "n0", 0, true},
		{"n{x}", "nff", 255, true},
		{"n{x}", "nffffffffffffffff", math.MaxUint64, true},
		{pattern: "n{x}", label: "n10000000000000000"},
		{pattern: "n{x}", label: "n0f"},
		{pattern: "n{x}", label: "ng"},
		{pattern: "n{x}", label: "n:"}, // next to the digits
		{pattern: "n{x}", label: "n`"},
		{pattern: "n{x}", label: "nFF"}, // a label is folded before it is looked up
		{"n{x:4}", "n00ff", 255, true},
		{"n{x:4}", "n10000", 65536, true},
		{pattern: "n{x:4}", label: "nff"},
		{"n{x:20}", "n0000ffffffffffffffff", math.MaxUint64, true},
		{pattern: "n{x:20}", label: "n00010000000000000000"},
	}
	for _, tc := range tests {
		p := testPattern(t, tc.pattern)
		k, ok := p.keyOf(tc.label)
		if want := (key{number, uint128{lo: tc.number}}); ok != tc.ok || ok && k != want {
			t.Errorf("%s: %q is %v, %t, want %v, %t", p, tc.label, k, ok, want, tc.ok)
		}
		if ok {
			if label := string(p.append(nil, k)); label != tc.label {
				t.Errorf("%s: the label of %v is %q, want %q", p, k, label, tc.label)
			}
		}
	}
}

func TestParsePattern(t *testing.T) {
	for _, tc := range []struct {
		text         string
		affixes      affixes
		placeholders []placeholder
		as           string // what String writes, if it is not text
	}{
		{"workstation{n}", affixes{"workstation", ""}, []placeholder{{kind: numeric, base: 10, width: 1}}, ""},
		{"{n}", affixes{}, []placeholder{{kind: numeric, base: 10, width: 1}}, ""},
		{"Rack-{N:1}_B", affixes{"rack-", "_b"}, []placeholder{{kind: numeric, base: 10, width: 1}}, "rack-{n}_b"},
		{"a{n:20}", affixes{"a", ""}, []placeholder{{kind: numeric, base: 10, width: 20}}, ""},
		{"a{x}z", affixes{"a", "z"}, []placeholder{{kind: numeric, base: 16, width: 1}}, ""},
		{"a{x:16}", affixes{"a", ""}, []placeholder{{kind: numeric, base: 16, width: 16}}, ""},
		{"ip-{ip}", affixes{"ip-", ""}, []placeholder{{kind: dashed}}, ""},
		{"{IP}", affixes{}, []placeholder{{kind: dashed}}, "{ip}"},
		{"*.{ip:FULL}.dyn", affixes{"", ".dyn"}, []placeholder{{kind: full}}, "*.{ip:full}.dyn"},
		{"x{ip:x}", affixes{"x", ""}, []placeholder{{kind: packed}}, ""},
		{"rack{c}-node{d:2}", affixes{"rack", ""}, []placeholder{{kind: octet, octet: 2, base: 10, width: 1}, {kind: octet, octet: 3, base: 10, width: 2}}, ""},
		{"{a:3}{d:x}.z", affixes{"", ".z"}, []placeholder{{kind: octet, octet: 0, base: 10, width: 3}, {kind: octet, octet: 3, base: 16, width: 2}}, ""},
	} {
		p := testPattern(t, tc.text)
		if p.affixes != tc.affixes || !slices.Equal(p.placeholders, tc.placeholders) || p.wildcard != strings.HasPrefix(tc.text, "*.") {
			t.Errorf("parsePattern(%q) = %#v, want %#v around %#v", tc.text, p, tc.affixes, tc.placeholders)
		}
		if tc.as == "" {
			tc.as = tc.text
		}
		if p.String() != tc.as {
			t.Errorf("%q is written as %q, want %q", tc.text, p, tc.as)
		}
	}
}

func TestPatternAddress(t *testing.T) {
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
		{"2001-DB8--5", ""}, // a label is folded before it is looked up
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

// oracle says which key a text of one pattern stands for, as the pattern writes it.
type oracle func(text string) (key, bool)

var placeholderRE = regexp.MustCompile(`\{(n|x|a|b|c|d|ip)(?::(\d+|x|full))?\}`)

// newOracle returns an oracle made of a regular expression, strconv and netip.
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

// regexpOf returns a regular expression of what may stand for a placeholder.
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
			return addr, n == 4 && err == nil && fmt.Sprintf("%03d-%03d-%03d-%03d", octets[0], octets[1], octets[2], octets[3]) == text
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

// checkText holds what p says of a text to the oracle.
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

// TestPatternEveryText asks the oracle about every text of up to six characters of
// those that matter.
func TestPatternEveryText(t *testing.T) {
	for _, tc := range []struct{ pattern, characters string }{
		{"{n}", "0129a-."}, {"{x}", "019af-"}, {"{n:2}", "0129a-"}, {"{x:3}", "019af-"}, {"{ip}", "019a-."},
		{"a{n}", "019a-"}, {"a{x}", "019af"}, {"1{n}", "0129a"}, {"{n}1", "0129a"}, {"{x}a", "019ab"}, {"a{n:2}0", "019a"}, {"-{n}-", "019-"},
		{"f{ip}", "01f-"}, {"{ip}0", "01f-"}, {"{n}.a", "01a.-"}, {"{ip:x}", "01af-"}, {"{ip:full}", "01f-"},
		{"{d}", "0125a"}, {"{d:2}", "0125a"}, {"{d:3}", "0125a"}, {"{d:x}", "0125af"}, {"a{d}0", "0125a"},
		{"{c}-{d}", "0125-"}, {"{d}.{c}", "0125.-"}, {"{c:3}{d:3}", "0125"}, {"{c:x}{d:x}", "05af"}, {"{d:x}{c}", "05af"}, {"{d}a{d}", "0125a"},
		{"{a}-{b}-{c}-{d}", "012-"}, {"{d}-{d}-{d}", "012-"}, {"{d:2}-{d}", "0125-"}, {"{d:x}-{d}", "0125f-"}, {"{b:x}{d:x}{b:x}", "01f"},
	} {
		p, oracle := testPattern(t, tc.pattern), newOracle(tc.pattern)
		var try func(text string)
		try = func(text string) {
			checkText(t, &p, oracle, text)
			if len(text) == 6 {
				return
			}
			for _, c := range tc.characters {
				try(text + string(c))
			}
		}
		try("")
	}
}

// gridPatterns are patterns that tell all addresses of a /16 apart.
var gridPatterns = []string{
	"{ip}", "ip-{ip}.dyn", "{ip:full}", "{ip:full}-z", "{ip:x}", "catv{ip:x}f", "*.{ip}",
	"{c}-{d}", "{d}-{c}", "{d}.{c}", "{c:2}-{d:3}", "{c:3}{d:3}", "{d:x}{c:x}", "{c:x}-{d}", "r{c}-n{d:2}", "{d}.{c}.{b}.{a}.dyn",
	"{a}-{b}-{c}-{d}", "{d:3}{c:3}{b:3}{a:3}", "{d}-{c}-{d}", "{c}.{d}.{c}", "{c:x}{d:x}{c:3}", "*.x{d}-{c}", "{b:3}{c:x}{d:x}", "0{c:3}{d}0",
}

// TestPatternInverse writes and reads every address of a /16 in every way: parse and
// append are inverses.
func TestPatternInverse(t *testing.T) {
	patterns := slices.Clone(gridPatterns)
	for _, scheme := range namingSchemes(t) {
		if strings.HasSuffix(scheme.network, "/16") {
			patterns = append(patterns, scheme.pattern)
		}
	}
	for _, text := range patterns {
		p := testPattern(t, text)
		texts := make(map[string]bool, 1<<16)
		for low := range uint64(1 << 16) {
			k := key{address4, uint128{lo: 10<<24 | 20<<16 | low}}
			written := string(p.append(nil, k))
			back, ok := p.keyOf(written)
			if !ok || back != p.pick(k) || p.put(back, 10<<24|20<<16) != k {
				t.Fatalf("%s: %s is written as %q, which is %v, %t", p, k.address(), written, back, ok)
			}
			texts[written] = true
		}
		if len(texts) != 1<<16 {
			t.Errorf("%s: the addresses of a /16 have %d texts", p, len(texts))
		}
	}
	for _, text := range []string{"{n}", "{n:3}", "a{n:20}.b", "{x}", "{x:4}z", "{x:16}", "{x:20}"} {
		p := testPattern(t, text)
		for n := range uint64(1 << 16) {
			for _, n := range []uint64{n, n << 24, math.MaxUint64 - n} {
				k := key{number, uint128{lo: n}}
				if back, ok := p.keyOf(string(p.append(nil, k))); !ok || back != k {
					t.Fatalf("%s: %d is written as %q, which is %v, %t", p, n, p.append(nil, k), back, ok)
				}
			}
		}
	}
}

// namingScheme is a line of testdata/naming-schemes.tsv.
type namingScheme struct {
	pattern, network string
	hosts            map[string]string // names, by their address
}

func namingSchemes(tb testing.TB) (schemes []namingScheme) {
	tb.Helper()
	text, err := os.ReadFile("testdata/naming-schemes.tsv")
	if err != nil {
		tb.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		if strings.HasPrefix(line, "#") {
			continue
		}
		fields := strings.Split(strings.TrimSpace(line), "\t")
		scheme := namingScheme{fields[0], fields[1], make(map[string]string)}
		for _, host := range fields[2:] {
			address, name, _ := strings.Cut(host, "=")
			scheme.hosts[address] = name
		}
		schemes = append(schemes, scheme)
	}
	return schemes
}

// TestNamingSchemes asks for hosts as providers name them, forward and back.
func TestNamingSchemes(t *testing.T) {
	schemes := namingSchemes(t)
	if len(schemes) != 65 {
		t.Errorf("there are %d schemes, want 65", len(schemes))
	}
	for _, scheme := range schemes {
		ws := testWorkstation(t, "workstation isp.example {\nname "+scheme.pattern+"\nnetwork "+scheme.network+"\n}")
		checkWorkstation(t, ws)
		for address, name := range scheme.hosts {
			addr := netip.MustParseAddr(address)
			if o := ws.find(name + ".isp.example."); o.v4 != addr {
				t.Errorf("%s: %q has the address %s, want %s", scheme.pattern, name, o.v4, addr)
			}
			if o := ws.find(reverseName(addr)); !o.ptr.IsValid() || o.pool.name(o.ptr) != name+".isp.example." {
				t.Errorf("%s: %s has no PTR record with %q", scheme.pattern, addr, name)
			}
		}
	}
}

// FuzzPatternText asks the oracle about longer texts.
func FuzzPatternText(f *testing.F) {
	var patterns []pattern
	var oracles []oracle
	for i, text := range slices.Concat([]string{"workstation{n}", "{n:3}", "n{x}", "n{x:16}f", "1{n:20}1"}, gridPatterns) {
		patterns, oracles = append(patterns, testPattern(f, text)), append(oracles, newOracle(text))
		for _, seed := range []string{"workstation17", "007", "nffffffffffffffff", "workstation18446744073709551616", "10-20-0-7", "2001-db8--5", "0--ffff-a00-5", "0a140007", "010-020-000-007", "r0-n07", "7.0.20.10.dyn"} {
			f.Add(seed, i)
		}
	}
	f.Fuzz(func(t *testing.T, text string, i int) {
		i = int(uint(i) % uint(len(patterns)))
		checkText(t, &patterns[i], oracles[i], text)
	})
}

// FuzzPatternAddress writes addresses in every form, and reads them.
func FuzzPatternAddress(f *testing.F) {
	for _, text := range []string{"10-0-0-5", "2001-db8--5", "0--1", "2001-db8--0", "0--ffff-a00-5", "1-2-3-4-5-6-7-8", "0-0-1--0"} {
		f.Add(text, []byte("0123456789abcdef"))
	}
	f.Add("0--0", []byte{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 255, 255, 10, 0, 0, 5})
	f.Add("0--0", []byte{192, 0, 2, 1})
	var patterns []pattern
	var oracles []oracle
	for _, text := range []string{"{ip}", "{ip:full}", "{ip:x}"} {
		patterns, oracles = append(patterns, testPattern(f, text)), append(oracles, newOracle(text))
	}
	f.Fuzz(func(t *testing.T, text string, octets []byte) {
		for i := range patterns {
			checkText(t, &patterns[i], oracles[i], text)
			addr, ok := netip.AddrFromSlice(octets)
			if !ok {
				continue
			}
			text := string(patterns[i].append(nil, addressKey(addr)))
			checkText(t, &patterns[i], oracles[i], text)
			if k, ok := patterns[i].keyOf(text); !ok || k != addressKey(addr) {
				t.Fatalf("the text of %s is %q, which is %v, %t", addr, text, k, ok)
			}
			if strings.Trim(text, "-") != text {
				t.Fatalf("the text of %s is %q, with a hyphen at one end", addr, text)
			}
		}
	})
}

// FuzzParsePattern holds what is accepted to what a pattern must be.
func FuzzParsePattern(f *testing.F) {
	for _, text := range []string{"ws{n}", "Rack-{N:3}_b", "{x:20}", "ip-{ip}", "{ip:3}", "{n}{n}", "ws", "a.{n}", "{n:0}", "{", "}", "{n", "b\u212a{n}", "*.{ip:full}", "{d}.{c:x}{c}", "{d}0{c}", "*.*.{d}", ".{d}", "{d:3}{d:x}{d}"} {
		f.Add(text, uint64(17))
	}
	f.Fuzz(func(t *testing.T, text string, n uint64) {
		p, err := parsePattern(text)
		if err != nil {
			return
		}
		if again := testPattern(t, p.String()); !reflect.DeepEqual(again, p) {
			t.Fatalf("%q is %#v, and written as %q %#v", text, p, p, again)
		}
		k := key{number, uint128{lo: n}}
		if p.kind() != byNumber {
			k = key{address4, uint128{lo: n & math.MaxUint32}}
		}
		written := string(p.append(nil, k))
		if strings.Trim(written, "abcdefghijklmnopqrstuvwxyz0123456789_-.") != "" || slices.Contains(strings.Split(written, "."), "") {
			t.Fatalf("%q gives the text %q", text, written)
		}
		checkText(t, &p, newOracle(p.String()), written)
	})
}

func TestAppendLower(t *testing.T) {
	for s, want := range map[string]string{
		"AZaz09-_": "azaz09-_",
		"@[`{\\":   "@[`{\\", // the neighbours of letters
		"ÀÉ":       "ÀÉ",     // no ASCII: an octet stands for itself (RFC 4343)
	} {
		if got := string(appendLower(nil, s)); got != want {
			t.Errorf("%q becomes %q, want %q", s, got, want)
		}
	}
}

// TestPatternOfManyLabels parses a pattern of as many labels as a name may have. Each of them has
// all its ancestors, which must not parse theirs in turn.
func TestPatternOfManyLabels(t *testing.T) {
	pt, err := parsePattern(strings.Repeat("a.", 100) + "ws{n}")
	if err != nil || pt.labels() != 101 || len(pt.ancestors) != 100 {
		t.Errorf("got %d labels, %d ancestors, %v", pt.labels(), len(pt.ancestors), err)
	}
}
