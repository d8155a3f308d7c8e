package workstation

import (
	"slices"
	"strings"
	"testing"
)

// TestCommonText checks which pairs of patterns are refused in two stanzas of one zone, with which name as the reason.
func TestCommonText(t *testing.T) {
	for _, tc := range []struct {
		p, q string // pattern and network
		want string // what both give
	}{
		{"a{n}", "a1{n}", "a10"},
		{"a{n}", "a{x}", "a0"},
		{"a{n}", "a{n:3}", "a100"},
		{"a{n}", "b{n}", ""},
		{"ws{n}", "ws1-{n}", ""},
		{"ws{n}", "wsa{n}", ""},
		{"ws{x}", "wsa{n}", "wsa0"},
		{"ws{n}", "wsa{x}", ""},
		{"ws{n}-a", "ws{n}-b", ""},
		{"ws{n}", "ws{n}-b", ""},
		{"ws{n}", "ws{n}1", "ws11"},
		{"ws{n}0", "ws1{n}", "ws10"},
		{"ws{n}-0", "ws1{n}", ""},
		{"ws{x}", "ws{n}f", "ws1f"},
		{"ip-{ip}", "ip-{n}", ""},
		{"ip-{ip} 2001:db8::/32", "ip-10-{n}", ""},
		{"ip-{ip} 2001:db8::/32", "ip-db8--{x}", "ip-db8--0"},
		{"ip-{ip} 10.0.0.0/24", "ip-10-0-0-{n}", "ip-10-0-0-0"},
		{"ip-{ip} 10.0.1.0/24", "ip-10-0-0-{n}", ""}, // octets that are the same everywhere are literal
		{"ip-{ip} 2001:db8::/32", "ip-10-0-0-{n}", ""},
		{"-{ip} 2001:db8::/32", "{ip} 2001:db8::/32", ""},
		{"ip-{ip}", "ip-x{n}", ""},
		{"{n}", "{ip}", ""},
		{"{n}-0-0-1", "{ip} 0.0.0.0/0", "0-0-0-1"},
		{"10-{n}-0-1", "{ip} 10.0.0.0/8", "10-0-0-1"},
		{"cafe-{n}", "{ip} ::/0", ""},
		{"0-{n}", "{n}-1", "0-1"},
		{"a-{n}", "{n}-1", ""},
		{"a-{n}", "{x}-1", "a-1"},
		{"0-{n}", "{n}-a", ""},
		{"0--{n}", "{n}-1", ""},
		{"{n}", "{n}a", ""},
		{"{n}", "1111111111111111111111{n}", ""}, // more digits than a number has
		{"{n}", "1844674407370955161{n}", "18446744073709551610"},
		{"{n}", "1844674407370955162{n}", ""},

		{"{d}-{c}-{b}-{a} 10.1.0.0/16", "{a}-{b}-{c}-{d} 203.0.113.0/24", ""},
		{"{d}-{c}-{b}-{a} 10.1.0.0/16", "{a}-{b}-{c}-{d} 10.2.0.0/16", "10-2-1-10"},
		{"{d}-{c}-{b}-{a} 10.1.0.0/16", "{a}-{b}-{c}-{d} 10.0.0.0/8", "10-0-1-10"},
		{"h{c}-{d} 10.1.0.0/16", "h{d}-{c} 10.2.0.0/16", "h0-0"},
		{"h{c}-{d} 10.1.0.0/16", "h{c:2}-{d:2} 10.2.0.0/16", "h10-10"},
		{"h{c}-{d} 10.1.0.0/16", "h{c:3}-{d:3} 10.2.0.0/16", "h100-100"},
		{"h{c}-{d} 10.1.0.0/16", "h{c:x}-{d:x} 10.2.0.0/16", "h10-10"},
		{"h{c}-{d} 10.1.0.0/16", "h{c}.{d} 10.2.0.0/16", ""},
		{"h{c:x}{d:x} 10.1.0.0/16", "h{x:4}", "h0000"},
		{"h{c:x}{d:x} 10.1.0.0/16", "h{x}", "h1000"},
		{"h{c:x}{d:x} 10.1.0.0/16", "h{n:2}", "h1000"},
		{"h{ip:x} 10.0.0.0/8", "h{x:8}", "h0a000000"},
		{"h{ip:x} 10.0.0.0/8", "h{x}", ""},
		{"h{ip:x} 2001:db8::/32", "h{x:8}", ""},
		{"h{ip:full} 2001:db8::/32", "h{ip} ::/0", "h1000-1000-1000-1000-1000-1000-1000-1000"},
		{"h{ip:full} 10.0.0.0/8", "h{a:3}-{b:3}-{c:3}-{d:3} 10.0.0.0/8", "h010-000-000-000"},
		{"{ip} 1::/16", "{a}-{b}-{c}-{d}-{a}-{b}-{c}-{d} 1.0.0.0/8", "1-1-1-1-1-1-1-1"},
		{"{ip} ::/0", "{a}-{b}-{b}-{c}-{c}-{c}-{d}-{d} 0.0.0.0/0", "1-1-1-1-1-1-1-1"},
		{"{ip} ::/0", "{c}-{d}-1-1-1-1-1-1 10.0.0.0/16", "1-1-1-1-1-1-1-1"},
		{"{ip} ::/0", "0-0-{n}-1-1-1-1-1", ""}, // which is written 0--
		{"{ip} ::/0", "0-{n}-1-0-1-1-1-1", "0-1-1-0-1-1-1-1"},
		{"{ip} 10.0.0.0/8", "1-2-3-4-5-6-7-{n}", ""},
		{"{n} 2001:db8::/64", "1-2-3-4-5-6-7-{n}", ""},
		{"{ip} ::/0", "2001-db8-1-2-3-4-5-{n}", "2001-db8-1-2-3-4-5-0"},
		{"{ip} ::/0", "2001-{c}-{d}-1-1-1-1-1 10.0.0.0/16", "2001-1-1-1-1-1-1-1"},
		{"{ip} ::/0", "1--{n}", "1--0"},
		{"{ip} ::/0", "1--0-{n}", ""},
		{"{ip} ::/0", "{c}-{d}-{d} 10.0.0.0/16", ""},
		{"{ip}.dyn ::/0", "{d}-{c}-{d}-{c}.dyn 10.0.0.0/16", ""},
		{"{ip:full} ::/0", "{ip:x} ::/0", ""},
		{
			"{ip:full} ::/0",
			"{c:x}{d:x}-{c:x}{d:x}-{c:x}{d:x}-{c:x}{d:x}-{c:x}{d:x}-{c:x}{d:x}-{c:x}{d:x}-{c:x}{d:x} 10.0.0.0/16",
			"0000-0000-0000-0000-0000-0000-0000-0000",
		},
		{"{d}-{d} 10.0.0.0/24", "{c}-{d} 10.0.0.0/16", "0-0"},
		{"{d}-{d} 10.0.0.0/24", "{c}-{d} 10.0.5.0/24", "5-5"},
		{"{d}-{d}-1 10.0.0.0/24", "1-2-{n}", ""},
		{"{c}-{d}-{c} 10.0.0.0/16", "{d}-1-2{c:x} 10.0.0.0/16", "200-1-200"},
		{"{c}-{d}-{c}-{d} 10.0.0.0/16", "{c}-7-8-{d} 10.0.0.0/16", "8-7-8-7"},
		{"{c}-{d}-{c}-{d} 10.0.0.0/16", "{d}-{c}-{d}-9{c:x} 10.0.0.0/16", ""},
		{"{b}-{c}-{d}-{b}-{c}-{d} 10.0.0.0/8", "{d}-{c}-{b}-1-2-3 10.0.0.0/8", "1-2-3-1-2-3"},
		{"{b}-{c}-{d}-{b}-{c}-{d} 10.0.0.0/8", "1-{c}-{b}-2-{d}-3 10.0.0.0/8", ""},
		{"{n}-2-1-1-1", "{a}-{a}-{b}-{c}-{d} 0.0.0.0/0", "2-2-1-1-1"},
		{"*.{d} 10.0.0.0/24", "{c}.{d} 10.0.0.0/16", ""}, // the closest encloser decides
		{"*.{d} 10.0.0.0/24", "*.{n}", "0"},
		{"*.{d} 10.0.0.0/24", "*.x{n}", ""},
	} {
		for _, pair := range [][2]string{{tc.p, tc.q}, {tc.q, tc.p}} {
			_, err := parseCorefile(patternStanzas(pair[0], pair[1]))
			if got := witness(err); (got != "") != (err != nil) || (got != "") != (tc.want != "") {
				t.Errorf("%s and %s: %v", pair[0], pair[1], err)
			}
		}
		_, err := parseCorefile(patternStanzas(tc.p, tc.q))
		if got := witness(err); strings.TrimPrefix(got, "*.") != tc.want {
			t.Errorf("%s and %s both give %q, want %q (%v)", tc.p, tc.q, got, tc.want, err)
		}
	}
}

// TestCommonTextEveryText compares commonText with all texts of up to six characters. If both patterns of a pair give
// one of these, the pair must be found, and a text that commonText returns must be one that both patterns give.
func TestCommonTextEveryText(t *testing.T) {
	var stanzas []string
	for _, prefix := range []string{"", "0", "a", "0-"} {
		for _, placeholder := range []string{
			"{n}", "{x}", "{n:2}", "{ip}", "{ip:x}", "{d}", "{d:2}", "{d:x}", "{d:3}", "{d}-{d}", "{d}a{d}", "{c}-{d}",
			"{d}-{c}", "{c:x}{d:x}",
		} {
			for _, suffix := range []string{"", "0", "a", "-1"} {
				network := " 10.0.0.0/24"
				switch {
				case strings.Contains(placeholder, "c"):
					network = " 10.0.0.0/16"
				case strings.Contains(placeholder, "ip"):
					network = " 0.0.0.0/0 ::/0"
				}
				stanzas = append(stanzas, prefix+placeholder+suffix+network)
			}
		}
	}
	var forms [][]*form
	given := make([]map[string]bool, len(stanzas))
	for i, stanza := range stanzas {
		z := newHandler(t, patternStanzas(stanza)).zones.zone("example.org.")
		p := z.computed.patterns[0].pools[0]
		forms = append(forms, p.forms(&p.patterns[0]))
		given[i] = make(map[string]bool)
		var try func(text string)
		try = func(text string) {
			if z.computed.patterns[0].pattern.gives(text) {
				given[i][text] = true
			}
			if len(text) < 6 {
				for _, c := range "01a-" {
					try(text + string(c))
				}
			}
		}
		try("")
	}
	for i := range stanzas {
		for j := range i {
			if (i+j)%7 != 0 {
				continue // every pattern is in some pair; all pairs would take half a minute
			}
			var text string
			var ok bool
			for _, f := range forms[i] {
				for _, g := range forms[j] {
					if s, shared := commonText(f, g); shared {
						text, ok = s, true
					}
				}
			}
			if ok {
				if !forms[i][0].pattern.gives(text) || !forms[j][0].pattern.gives(text) {
					t.Fatalf("%s and %s are said to give %q", stanzas[i], stanzas[j], text)
				}
				continue
			}
			for text := range given[i] {
				if given[j][text] {
					t.Fatalf("%s and %s both give %q", stanzas[i], stanzas[j], text)
				}
			}
		}
	}
}

// TestCommonTextEveryAddress compares commonText with all names that patterns of octets give in a /16: it must find the
// pairs that share a name, and no others.
func TestCommonTextEveryAddress(t *testing.T) {
	var texts []string
	for _, first := range []string{"{c}", "{d:3}", "{c:x}", "7"} {
		for _, second := range []string{"{d}", "{c:2}", "12"} {
			for _, third := range []string{"", "-{c}", "-1{d:x}"} {
				texts = append(texts, first+"-"+second+third)
			}
		}
	}
	var forms []*form
	var given []map[string]bool
	for _, text := range texts {
		ws, err := parseCorefile(patternStanzas(text + " 10.0.0.0/16"))
		if err != nil {
			continue // it does not tell all hosts apart
		}
		p := ws.zones.zone("example.org.").computed.patterns[0].pools[0]
		forms = append(forms, p.forms(&p.patterns[0])...)
		names := make(map[string]bool)
		for low := range uint64(1 << 16) {
			names[string(p.patterns[0].append(nil, addressAfter("10.0.0.0", low)))] = true
		}
		given = append(given, names)
	}
	if len(forms) < 15 {
		t.Fatalf("there are only %d patterns", len(forms))
	}
	for i, f := range forms {
		for j, g := range forms[:i] {
			want := false
			for name := range given[i] {
				if want = given[j][name]; want {
					break
				}
			}
			text, ok := commonText(f, g)
			if ok != want || ok && (!given[i][text] || !given[j][text]) {
				t.Fatalf("%s and %s both give %q: %t, want %t", f.pattern, g.pattern, text, ok, want)
			}
		}
	}
}

// TestTextOfTwoHosts checks which patterns are refused in one stanza because they give a name to two hosts.
func TestTextOfTwoHosts(t *testing.T) {
	for _, tc := range []struct{ patterns, network, want string }{
		{"ws{n} ws{n:3} pc{n}", "10.0.0.0/16", ""},
		{"ws{n} ws{x}", "10.0.0.0/16", "ws10"},
		{"{n}1 1{n}", "10.0.0.0/16", "121"},
		{"a{n:3} a0{n:2}", "10.0.0.0/16", ""},
		{"a{n:3} a00{n}", "10.0.0.0/16", ""},
		{"a{n:3} a1{n:2}", "10.0.0.0/16", "a100"},
		{"0{n} {n}0", "10.0.0.0/16", ""},
		{"0{n:3} {n:3}0", "10.0.0.0/16", "0010"},
		{"{ip} {ip:full}", "10.0.0.0/8 2001:db8::/32", ""},
		{"{ip} {ip:full} {ip:x}", "0.0.0.0/0 ::/0", ""},
		{"a{ip:x} {ip:x}a", "::/0", "a0000000000000000000000000000000a"},
		{"0{ip:x} {ip:x}0", "::/0", "010000000000000000000000000000000"}, // all zeros are one host
		{"{a}-{b}-{c}-{d} {d}-{c}-{b}-{a}", "10.1.0.0/16", ""},           // 10-1-1-10 is one host
		{"{a}-{b}-{c}-{d} {d}-{c}-{b}-{a}", "10.0.0.0/8", "10-1-0-10"},
		{"{a}-{b}-{c}-{d} {a:3}-{b:3}-{c:3}-{d:3}", "0.0.0.0/0", ""},
		{"{c}-{d} {d}-{c}", "10.1.0.0/16", "1-0"},
		{"{c}-{d} {d}.{c}", "10.1.0.0/16", ""},
		{"{c}-{d} {c:x}-{d:x}", "10.1.0.0/16", "10-10"},
		{"{c}-{d}-{c}-{d} {d}-{c}-{c}-{d}", "10.1.0.0/16", ""}, // only where c is d
		{"{c}-{d}-{c} {d}-{c}-{c}", "10.1.0.0/16", ""},
		{"{c}-{d}-{c} {c}-{c}-{d}", "10.1.0.0/16", ""},
		{"{d} *.{d}", "10.1.0.0/24", ""},
		{"*.{d} *.{d:x}", "10.1.0.0/24", "*.10"},
		{"{d} {d:2} {d:3} h{d}", "10.1.0.0/24", ""},
	} {
		_, err := parseCorefile(stanzaOf("example.org", "name "+tc.patterns, "network "+tc.network))
		got := ""
		if err != nil {
			_, rest, _ := strings.Cut(err.Error(), " gives '")
			got, _, _ = strings.Cut(rest, "'")
		}
		if got != tc.want || (got == "") != (err == nil) {
			t.Errorf("%s in %s: %q is given to two hosts, want %q (%v)", tc.patterns, tc.network, got, tc.want, err)
		}
	}
}

// TestTooLongToTell checks that patterns are refused if it takes too long to compare them.
func TestTooLongToTell(t *testing.T) {
	defer func(limit int) { maxVisits = limit }(maxVisits)
	maxVisits = 1 << 12
	const hard, other = "{b:3}{c:3}{d:3}{b:3}{c:3}{d:3}1", "2{b:3}{c:3}{d:3}{b:3}{c:3}{d:3}"
	for _, tc := range []struct{ name, corefile, want string }{
		{
			"in one stanza", stanzaOf("example.org", "name "+hard+" "+other, "network 10.0.0.0/8"),
			"name '" + other + "' may give a name of '" + hard + "' to another host, " +
				"which takes too long to rule out: remove one of them",
		},
		{
			"in two stanzas", patternStanzas(hard+" 10.0.0.0/8", other+" 11.0.0.0/8"),
			"zone 'example.org.' may get one name from two stanzas, by '" + other + "' in this one and by '" + hard +
				"' in the one at Corefile:1, which takes too long to rule out: give the stanzas different names, " +
				"such as with different text before the placeholders, or remove the zone from one of them",
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if _, err := parseCorefile(tc.corefile); err == nil || !strings.HasSuffix(err.Error(), ": "+tc.want) {
				t.Errorf("got error %v, want %q", err, tc.want)
			}
		})
	}
}

// TestSoonToTell checks that patterns are compared in a few steps if parts of fixed lengths end together in both, or if
// only one has "--". As a whole, each of these pairs would take very many.
func TestSoonToTell(t *testing.T) {
	defer func(limit int) { maxVisits = limit }(maxVisits)
	maxVisits = 1 << 10
	for _, tc := range []struct{ p, q, want string }{
		{"{b:3}{c:3}{d:3}{b:3}{c:3}{d:3}1 10.0.0.0/8", "{d:3}{c:3}{b:3}{b:3}{c:3}{d:3}2 11.0.0.0/8", ""},
		{"{b:x}{c:x}{d:x}{b:x}{c:x}{d:x}{b:x}{c:x}{d:x}1 10.0.0.0/8", "{b:3}{c:3}{d:3}{d:3}{c:3}{b:3}2 11.0.0.0/8", ""},
		{"{b:x}{c:x}{d:x}{d:x}{c:x}{b:x} 10.0.0.0/8", "{b:x}{d:x}{c:x}{c:x}{b:x}{d:x} 11.0.0.0/8", "000000000000"},
		{"{ip} ::/0", "{c}-{d}-{d} 10.0.0.0/16", ""},
		{"{ip} ::/0", "{a}-{b}-{b}-{c}-{c}-{c}-{d}-{d} 0.0.0.0/0", "1-1-1-1-1-1-1-1"},
	} {
		_, err := parseCorefile(patternStanzas(tc.p, tc.q))
		if got := witness(err); got != tc.want || (got == "") != (err == nil) {
			t.Errorf("%s and %s both give %q, want %q (%v)", tc.p, tc.q, got, tc.want, err)
		}
	}
}

// TestMeetsLastOfThree has a third pattern that gives a name of the second one, but not of the first.
func TestMeetsLastOfThree(t *testing.T) {
	for _, tc := range []struct {
		patterns []string
		want     string
	}{
		{[]string{"10a{n:3}", "{n:3}a20", "100a{n}"}, "100a20"},
		{[]string{"h{c}-{d} 10.0.1.0/24", "h{c}-{d} 10.0.2.0/24", "h2-{n}"}, "h2-0"},
	} {
		if _, err := parseCorefile(patternStanzas(tc.patterns[:2]...)); err != nil {
			t.Fatal(err)
		}
		_, err := parseCorefile(patternStanzas(tc.patterns...))
		if got := witness(err); got != tc.want {
			t.Errorf("%s: two of them give %q, want %q (%v)", tc.patterns, got, tc.want, err)
		}
	}
}

// TestTextOfTwoHostsEveryAddress compares what is refused with all names that two patterns of octets give in a /16.
func TestTextOfTwoHostsEveryAddress(t *testing.T) {
	var patterns []string
	for _, first := range []string{"{c}", "{d}", "{d:x}"} {
		for _, second := range []string{"{d}", "{c:2}"} {
			for _, third := range []string{"", "-{c}", "-{d}"} {
				patterns = append(patterns, first+"-"+second+third)
			}
		}
	}
	hosts := make(map[string]map[string]uint64) // by name, by pattern
	patterns = slices.DeleteFunc(patterns, func(text string) bool {
		p := testPattern(t, text)
		hosts[text] = make(map[string]uint64)
		for low := range uint64(1 << 16) {
			hosts[text][string(p.append(nil, addressAfter("10.0.0.0", low)))] = low
		}
		return p.octets != 0b1100
	})
	for i, p := range patterns {
		for _, q := range patterns[:i] {
			want := false
			for name, low := range hosts[p] {
				other, both := hosts[q][name]
				want = want || both && other != low
			}
			_, err := parseCorefile(stanzaOf("example.org", "name "+p+" "+q, "network 10.0.0.0/16"))
			if (err != nil) != want {
				t.Errorf("%s and %s give a name to two hosts: %v, want %t", p, q, err, want)
			}
		}
	}
}
