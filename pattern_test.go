package workstation

import (
	"math"
	"net/netip"
	"os"
	"slices"
	"strings"
	"testing"
)

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
		{pattern: "n{x}", label: "n:"}, // the character after 9
		{pattern: "n{x}", label: "n`"},
		{pattern: "n{x}", label: "nFF"}, // names are in lower case here
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
		{"{c}-{d}", "0125-"}, {"{d}.{c}", "0125.-"}, {"{c:3}{d:3}", "0125"}, {"{c:x}{d:x}", "05af"}, {"{d:x}{c}", "05af"},
		{"{d}a{d}", "0125a"},
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

// TestNamingSchemes checks the names of hosts as providers write them, forward and reverse.
func TestNamingSchemes(t *testing.T) {
	schemes := namingSchemes(t)
	if len(schemes) != 65 {
		t.Errorf("there are %d schemes, want 65", len(schemes))
	}
	for _, scheme := range schemes {
		ws := testWorkstation(t, stanzaOf("isp.example", "name "+scheme.pattern, "network "+scheme.network))
		checkWorkstation(t, ws)
		for address, name := range scheme.hosts {
			addr := netip.MustParseAddr(address)
			if found := ws.find(name + ".isp.example."); found.v4 != addr {
				t.Errorf("%s: %q has the address %s, want %s", scheme.pattern, name, found.v4, addr)
			}
			if found := ws.find(reverseName(addr)); !found.ptr.IsValid() || found.pool.name(found.ptr) != name+".isp.example." {
				t.Errorf("%s: %s has no PTR record with %q", scheme.pattern, addr, name)
			}
		}
	}
}
