package workstation

import (
	"math"
	"net/netip"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
)

func TestPatternNumber(t *testing.T) {
	for _, tc := range []struct {
		pattern, label string
		want           string // the number; empty if the label stands for none
	}{
		{"workstation{n}", "workstation0", "0"},
		{"workstation{n}", "workstation1", "1"},
		{"workstation{n}", "workstation10", "10"},
		{"workstation{n}", "workstation255", "255"},
		{"workstation{n}", "workstation18446744073709551615", "18446744073709551615"},
		{"workstation{n}", "workstation18446744073709551616", ""},
		{"workstation{n}", "workstation18446744073709551620", ""},
		{"workstation{n}", "workstation99999999999999999999", ""},
		{"workstation{n}", "workstation184467440737095516150", ""},
		{"workstation{n}", "workstation111111111111111111111111111111111111111111111111111", ""},
		{"workstation{n}", "workstation00", ""},
		{"workstation{n}", "workstation01", ""},
		{"workstation{n}", "workstation007", ""},
		{"workstation{n}", "workstation+5", ""},
		{"workstation{n}", "workstation-5", ""},
		{"workstation{n}", "workstation 5", ""},
		{"workstation{n}", "workstation5 ", ""},
		{"workstation{n}", "workstation5.0", ""},
		{"workstation{n}", "workstation1_000", ""},
		{"workstation{n}", "workstation0x1f", ""},
		{"workstation{n}", "workstation5e1", ""},
		{"workstation{n}", "workstation1f", ""},
		{"workstation{n}", "workstation５", ""}, // a digit, but not an ASCII one
		{"workstation{n}", "workstation", ""},
		{"workstation{n}", "workstationfoo", ""},
		{"workstation{n}", "workstation5workstation6", ""},
		{"workstation{n}", "5workstation6", ""},
		{"workstation{n}", "xworkstation5", ""},
		{"workstation{n}", "orkstation5", ""},
		{"workstation{n}", "workstatio5", ""},
		{"workstation{n}", "5", ""},
		{"workstation{n}", "", ""},

		{"{n}", "17", "17"},
		{"{n}-lab", "17-lab", "17"},
		{"rack-{n}_b", "rack-17_b", "17"},
		{"a1{n}2b", "a10172b", ""},
		{"a1{n}2b", "a1172b", "17"},
		{"a1{n}2b", "a102b", "0"},
		{"a1{n}2b", "a12b", ""},

		{"printer{n:3}", "printer007", "7"},
		{"printer{n:3}", "printer000", "0"},
		{"printer{n:3}", "printer999", "999"},
		{"printer{n:3}", "printer1000", "1000"},
		{"printer{n:3}", "printer18446744073709551615", "18446744073709551615"},
		{"printer{n:3}", "printer7", ""},
		{"printer{n:3}", "printer07", ""},
		{"printer{n:3}", "printer0007", ""},
		{"printer{n:3}", "printer0999", ""},
		{"p{n:20}", "p00000000000000000017", "17"},
		{"p{n:20}", "p18446744073709551615", "18446744073709551615"},
		{"p{n:20}", "p18446744073709551616", ""},
		{"p{n:20}", "p018446744073709551615", ""},
		{"p{n:1}", "p0", "0"},
		{"p{n:1}", "p00", ""},

		{"n{x}", "n0", "0"},
		{"n{x}", "nff", "255"},
		{"n{x}", "nffffffffffffffff", "18446744073709551615"},
		{"n{x}", "n10000000000000000", ""},
		{"n{x}", "n0f", ""},
		{"n{x}", "ng", ""},
		{"n{x}", "n:", ""}, // the character after 9
		{"n{x}", "n`", ""},
		{"n{x}", "nFF", ""}, // names are in lower case here
		{"n{x:4}", "n00ff", "255"},
		{"n{x:4}", "n10000", "65536"},
		{"n{x:4}", "nff", ""},
		{"n{x:20}", "n0000ffffffffffffffff", "18446744073709551615"},
		{"n{x:20}", "n00010000000000000000", ""},
	} {
		p := testPattern(t, tc.pattern)
		k, ok := p.keyOf(tc.label)
		got := ""
		if ok {
			got = strconv.FormatUint(k.u.lo, 10)
		}
		if got != tc.want || ok && (k.kind != number || k.u.hi != 0) {
			t.Errorf("%s: %q is %v, %t, want the number %q", p, tc.label, k, ok, tc.want)
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
		{
			"rack{c}-node{d:2}", affixes{"rack", ""},
			[]placeholder{{kind: octet, octet: 2, base: 10, width: 1}, {kind: octet, octet: 3, base: 10, width: 2}}, "",
		},
		{
			"{a:3}{d:x}.z", affixes{"", ".z"},
			[]placeholder{{kind: octet, octet: 0, base: 10, width: 3}, {kind: octet, octet: 3, base: 16, width: 2}}, "",
		},
	} {
		p := testPattern(t, tc.text)
		wildcard := strings.HasPrefix(tc.text, "*.")
		if p.affixes != tc.affixes || !slices.Equal(p.placeholders, tc.placeholders) || p.wildcard != wildcard {
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

// TestPatternEveryText compares patterns with the oracle, for every text of up to six of the characters that matter.
func TestPatternEveryText(t *testing.T) {
	for _, tc := range []struct{ pattern, characters string }{
		{"{n}", "0129a-."}, {"{x}", "019af-"}, {"{n:2}", "0129a-"}, {"{x:3}", "019af-"}, {"{ip}", "019a-."},
		{"a{n}", "019a-"}, {"a{x}", "019af"}, {"1{n}", "0129a"}, {"{n}1", "0129a"}, {"{x}a", "019ab"},
		{"a{n:2}0", "019a"}, {"-{n}-", "019-"},
		{"f{ip}", "01f-"}, {"{ip}0", "01f-"}, {"{n}.a", "01a.-"}, {"{ip:x}", "01af-"}, {"{ip:full}", "01f-"},
		{"{d}", "0125a"}, {"{d:2}", "0125a"}, {"{d:3}", "0125a"}, {"{d:x}", "0125af"}, {"a{d}0", "0125a"},
		{"{c}-{d}", "0125-"}, {"{d}.{c}", "0125.-"}, {"{c:3}{d:3}", "0125"}, {"{c:x}{d:x}", "05af"},
		{"{d:x}{c}", "05af"}, {"{d}a{d}", "0125a"},
		{"{a}-{b}-{c}-{d}", "012-"}, {"{d}-{d}-{d}", "012-"}, {"{d:2}-{d}", "0125-"}, {"{d:x}-{d}", "0125f-"},
		{"{b:x}{d:x}{b:x}", "01f"},
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
	"{c}-{d}", "{d}-{c}", "{d}.{c}", "{c:2}-{d:3}", "{c:3}{d:3}", "{d:x}{c:x}", "{c:x}-{d}", "r{c}-n{d:2}",
	"{d}.{c}.{b}.{a}.dyn",
	"{a}-{b}-{c}-{d}", "{d:3}{c:3}{b:3}{a:3}", "{d}-{c}-{d}", "{c}.{d}.{c}", "{c:x}{d:x}{c:3}", "*.x{d}-{c}",
	"{b:3}{c:x}{d:x}", "0{c:3}{d}0",
}

// TestPatternInverse writes and reads every address of a /16, and many numbers: keyOf and append are inverses.
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
		network := uint32(addressAfter("10.20.0.0", 0).u.lo)
		for low := range uint64(1 << 16) {
			k := addressAfter("10.20.0.0", low)
			written := string(p.append(nil, k))
			back, ok := p.keyOf(written)
			if !ok || back != p.pick(k) || p.put(back, network) != k {
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

// TestNamingSchemes checks the names of hosts as providers write them, forward and reverse.
func TestNamingSchemes(t *testing.T) {
	schemes := namingSchemes(t)
	if len(schemes) != 65 {
		t.Errorf("there are %d schemes, want 65", len(schemes))
	}
	for _, scheme := range schemes {
		ws := newHandler(t, stanzaOf("isp.example", "name "+scheme.pattern, "network "+scheme.network))
		checkWorkstation(t, ws)
		for address, name := range scheme.hosts {
			addr := netip.MustParseAddr(address)
			if found := ws.find(name + ".isp.example."); found.v4 != addr {
				t.Errorf("%s: %q has the address %s, want %s", scheme.pattern, name, found.v4, addr)
			}
			found := ws.find(reverseName(addr))
			if !found.ptr.IsValid() || found.pool.name(found.ptr) != name+".isp.example." {
				t.Errorf("%s: %s has no PTR record with %q", scheme.pattern, addr, name)
			}
		}
	}
}
