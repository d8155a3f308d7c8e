package workstation

import (
	"math"
	"net/netip"
	"regexp"
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

// inPlace returns what label has in place of the placeholder.
func (p pattern) inPlace(label string) (text []byte, ok bool) {
	rest, ok1 := strings.CutPrefix(label, p.prefix)
	rest, ok2 := strings.CutSuffix(rest, p.suffix)
	return []byte(rest), ok1 && ok2
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
		text, ok := p.inPlace(tc.label)
		var number uint64
		if ok {
			number, ok = p.number(text)
		}
		if ok != tc.ok || ok && number != tc.number {
			t.Errorf("%s: %q is the number %d, %t, want %d, %t", p, tc.label, number, ok, tc.number, tc.ok)
		}
		if ok {
			if label := string(p.appendNumber(nil, number)); label != tc.label {
				t.Errorf("%s: the label of %d is %q, want %q", p, number, label, tc.label)
			}
		}
	}
}

func TestParsePattern(t *testing.T) {
	for _, tc := range []struct {
		text string
		want pattern
		as   string // what String writes, if it is not text
	}{
		{"workstation{n}", pattern{affixes{"workstation", ""}, decimal, 1}, ""},
		{"{n}", pattern{affixes{"", ""}, decimal, 1}, ""},
		{"Rack-{N:1}_B", pattern{affixes{"rack-", "_b"}, decimal, 1}, "rack-{n}_b"},
		{"a{n:20}", pattern{affixes{"a", ""}, decimal, 20}, ""},
		{"a{x}z", pattern{affixes{"a", "z"}, hexadecimal, 1}, ""},
		{"a{x:16}", pattern{affixes{"a", ""}, hexadecimal, 16}, ""},
		{"ip-{ip}", pattern{affixes{"ip-", ""}, ip, 0}, ""},
		{"{IP}", pattern{affixes{"", ""}, ip, 0}, "{ip}"},
	} {
		p := testPattern(t, tc.text)
		if p != tc.want {
			t.Errorf("parsePattern(%q) = %#v, want %#v", tc.text, p, tc.want)
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
		if text := string(testPattern(t, "ip-{ip}z").appendAddress(nil, want)); text != "ip-"+tc.text+"z" {
			t.Errorf("the label of %s is %q, want %q", want, text, "ip-"+tc.text+"z")
		}
	}
}

// oracle tells which number or address a label of one pattern stands for.
type oracle func(label string) (number uint64, addr netip.Addr, ok bool)

var placeholderRE = regexp.MustCompile(`^(.*)\{(n|x|ip)(?::(\d+))?\}(.*)$`)

// newOracle returns an oracle made of a regular expression, strconv and netip.
func newOracle(text string) oracle {
	m := placeholderRE.FindStringSubmatch(text)
	prefix, placeholder, width, suffix := regexp.QuoteMeta(m[1]), m[2], m[3], regexp.QuoteMeta(m[4])
	if placeholder == "ip" {
		return newAddressOracle(regexp.MustCompile("^" + prefix + "([0-9a-f-]+)" + suffix + "$"))
	}
	if width == "" {
		width = "1"
	}
	digit, nonzero, base := "[0-9]", "[1-9]", 10
	if placeholder == "x" {
		digit, nonzero, base = "[0-9a-f]", "[1-9a-f]", 16
	}
	re := regexp.MustCompile("^" + prefix + "(" + digit + "{" + width + "}|" + nonzero + digit + "{" + width + ",})" + suffix + "$")
	return func(label string) (number uint64, addr netip.Addr, ok bool) {
		m := re.FindStringSubmatch(label)
		if m == nil {
			return 0, addr, false
		}
		number, err := strconv.ParseUint(m[1], base, 64)
		return number, addr, err == nil
	}
}

var (
	mappedRE = regexp.MustCompile(`^0--ffff(-(0|[1-9a-f][0-9a-f]{0,3})){2}$`) // IPv4-mapped, in hexadecimal groups
)

func newAddressOracle(re *regexp.Regexp) oracle {
	return func(label string) (number uint64, addr netip.Addr, ok bool) {
		m := re.FindStringSubmatch(label)
		if m == nil {
			return 0, addr, false
		}
		addr, err := netip.ParseAddr(strings.ReplaceAll(m[1], "-", "."))
		if err != nil {
			addr, err = netip.ParseAddr(strings.ReplaceAll(m[1], "-", ":"))
		}
		switch {
		case err != nil:
			return 0, addr, false
		case addr.Is4In6(): // which netip writes with an IPv4 address at the end
			return 0, addr, mappedRE.MatchString(m[1])
		}
		canonical := strings.NewReplacer(".", "-", ":", "-").Replace(addr.String())
		if strings.HasPrefix(canonical, "-") {
			canonical = "0" + canonical
		}
		if strings.HasSuffix(canonical, "-") {
			canonical += "0"
		}
		return 0, addr, canonical == m[1]
	}
}

// checkLabel holds what p says of a label to the oracle.
func checkLabel(t *testing.T, p pattern, oracle oracle, label string) {
	t.Helper()
	wantNumber, wantAddr, wantOK := oracle(label)

	inPlace, ok := p.inPlace(label)
	var number uint64
	var addr netip.Addr
	var back string
	if p.placeholder == ip {
		if ok {
			addr, ok = parseDashed(inPlace)
		}
		if ok {
			back = string(p.appendAddress(nil, addr))
		}
	} else {
		if ok {
			number, ok = p.number(inPlace)
		}
		if ok {
			back = string(p.appendNumber(nil, number))
		}
	}
	if ok != wantOK || ok && (number != wantNumber || addr != wantAddr) {
		t.Fatalf("%s: %q is %d, %s, %t, want %d, %s, %t", p, label, number, addr, ok, wantNumber, wantAddr, wantOK)
	}
	if ok && back != label {
		t.Fatalf("%s: the label of %q is %q", p, label, back)
	}
}

// TestPatternEveryLabel asks the oracle about every label of up to four
// characters of those that matter.
func TestPatternEveryLabel(t *testing.T) {
	for _, text := range []string{"{n}", "{x}", "{n:2}", "{x:3}", "{ip}", "a{n}", "a{x}", "1{n}", "{n}1", "{x}a", "a{n:2}0", "-{n}-", "f{ip}", "{ip}0"} {
		p, oracle := testPattern(t, text), newOracle(text)
		var try func(label string)
		try = func(label string) {
			checkLabel(t, p, oracle, label)
			if len(label) == 4 {
				return
			}
			for _, c := range "0129af-:" {
				try(label + string(c))
			}
		}
		try("")
	}
}

// FuzzPatternNumber and FuzzPatternAddress ask the oracle about longer labels.
func FuzzPatternNumber(f *testing.F) {
	var patterns []pattern
	var oracles []oracle
	for i, text := range []string{"workstation{n}", "{n:3}", "n{x}", "n{x:16}f", "1{n:20}1"} {
		patterns, oracles = append(patterns, testPattern(f, text)), append(oracles, newOracle(text))
		f.Add("workstation17", i)
		f.Add("007", i)
		f.Add("nffffffffffffffff", i)
		f.Add("n0000000000000007f", i)
		f.Add("workstation18446744073709551616", i)
		f.Add("workstation+5", i)
	}
	f.Fuzz(func(t *testing.T, label string, i int) {
		i = int(uint(i) % uint(len(patterns)))
		checkLabel(t, patterns[i], oracles[i], label)
	})
}

func FuzzPatternAddress(f *testing.F) {
	for _, label := range []string{"10-0-0-5", "2001-db8--5", "0--1", "2001-db8--0", "0--ffff-a00-5", "1-2-3-4-5-6-7-8", "0-0-1--0"} {
		f.Add(label, []byte("0123456789abcdef"))
	}
	f.Add("0--0", []byte{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 255, 255, 10, 0, 0, 5})
	f.Add("0--0", []byte{192, 0, 2, 1})
	p, oracle := testPattern(f, "{ip}"), newOracle("{ip}")
	f.Fuzz(func(t *testing.T, label string, octets []byte) {
		checkLabel(t, p, oracle, label)
		if addr, ok := netip.AddrFromSlice(octets); ok {
			label := string(appendDashed(nil, addr))
			checkLabel(t, p, oracle, label)
			if back, ok := parseDashed([]byte(label)); !ok || back != addr {
				t.Fatalf("the label of %s is %q, whose address is %s, %t", addr, label, back, ok)
			}
			if strings.Trim(label, "-") != label {
				t.Fatalf("the label of %s is %q, with a hyphen at one end", addr, label)
			}
		}
	})
}

// FuzzParsePattern holds what is accepted to what a pattern must be.
func FuzzParsePattern(f *testing.F) {
	for _, text := range []string{"ws{n}", "Rack-{N:3}_b", "{x:20}", "ip-{ip}", "{ip:3}", "{n}{n}", "ws", "a.{n}", "{n:0}", "{", "}", "{n", "b\u212a{n}"} {
		f.Add(text, uint64(17))
	}
	f.Fuzz(func(t *testing.T, text string, n uint64) {
		p, err := parsePattern(text)
		if err != nil {
			return
		}
		if again := testPattern(t, p.String()); again != p {
			t.Fatalf("%q is %#v, and written as %q %#v", text, p, p, again)
		}
		label := string(p.appendNumber(nil, n))
		if p.placeholder == ip {
			label = string(p.appendAddress(nil, netip.AddrFrom4([4]byte{192, 0, 2, byte(n)})))
		}
		if strings.Trim(label, "abcdefghijklmnopqrstuvwxyz0123456789_-") != "" {
			t.Fatalf("%q gives the label %q", text, label)
		}
		checkLabel(t, p, newOracle(p.String()), label)
	})
}

func TestPatternMayEqual(t *testing.T) {
	for _, tc := range []struct {
		p, q string
		want bool
	}{
		{"a{n}", "a1{n}", true},
		{"a{n}", "a{x}", true},
		{"a{n}", "a{n:3}", true},
		{"a{n}", "b{n}", false},
		{"ws{n}", "ws1-{n}", false},
		{"ws{n}", "wsa{n}", false},
		{"ws{x}", "wsa{n}", true},
		{"ws{n}", "wsa{x}", false},
		{"ws{n}-a", "ws{n}-b", false},
		{"ws{n}", "ws{n}-b", false},
		{"ws{n}", "ws{n}1", true},
		{"ws{n}0", "ws1{n}", true},
		{"ws{n}-0", "ws1{n}", false},
		{"ws{x}", "ws{n}f", true},
		{"ip-{ip}", "ip-{n}", false},
		{"ip-{ip}", "ip-10-{n}", false},
		{"ip-{ip}", "ip-db8--{x}", true},
		{"ip-{ip}", "ip-10-0-0-{n}", true},
		{"-{ip}", "{ip}", true},
		{"ip-{ip}", "ip-x{n}", false},
		{"a{n}-0-0-5", "a1{ip}", true},
		{"{n}", "{ip}", false},
		{"{n}-0-0-1", "{ip}", true},
		{"10-{n}-0-1", "{ip}", true},
		{"cafe-{n}", "{ip}", false},
		{"0-{n}", "{n}-1", true},
		{"a-{n}", "{n}-1", false},
		{"a-{n}", "{x}-1", true},
		{"0-{n}", "{n}-a", false},
		{"0--{n}", "{n}-1", false},
		{"{n}", "{n}a", false},
	} {
		p, q := testPattern(t, tc.p), testPattern(t, tc.q)
		if p.mayEqual(&q) != tc.want || q.mayEqual(&p) != tc.want {
			t.Errorf("%s and %s may give one label: %t and %t, want %t", p, q, p.mayEqual(&q), q.mayEqual(&p), tc.want)
		}
	}
}

// TestPatternMayEqualEveryLabel finds, among all labels of up to six characters,
// those that two patterns give: none may be missed.
func TestPatternMayEqualEveryLabel(t *testing.T) {
	var patterns []pattern
	for _, prefix := range []string{"", "0", "a", "-", "a0", "0-", "a--"} {
		for _, placeholder := range []string{"{n}", "{x}", "{n:2}", "{ip}"} {
			for _, suffix := range []string{"", "0", "a", "-", "0a", "--0", "-1"} {
				patterns = append(patterns, testPattern(t, prefix+placeholder+suffix))
			}
		}
	}
	given := make([]map[string]bool, len(patterns)) // labels, by pattern
	for i := range given {
		given[i] = make(map[string]bool)
	}
	var try func(label string)
	try = func(label string) {
		for i, p := range patterns {
			if p.gives(label) {
				given[i][label] = true
			}
		}
		if len(label) == 6 {
			return
		}
		for _, c := range "01a-" {
			try(label + string(c))
		}
	}
	try("")
	for i, p := range patterns {
		for j, q := range patterns[:i] {
			if p.mayEqual(&q) {
				continue
			}
			for label := range given[i] {
				if given[j][label] {
					t.Fatalf("%s and %s both give %q", p, q, label)
				}
			}
		}
	}
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
