package workstation

import (
	"math/rand/v2"
	"net/netip"
	"strings"
	"testing"

	"github.com/miekg/dns"
)

// TestNonTerminalsInAnotherZone has a listed zone between the names of a pattern and the pattern's zone. The names in
// between belong to that zone.
func TestNonTerminalsInAnotherZone(t *testing.T) {
	ws := newHandler(t, `
		workstation example.org a.example.org {
			name *.{n}.x.a
			network 192.0.2.0/24
		}`)
	for name, want := range map[string]string{
		"x.a.example.org.":       "",
		"5.x.a.example.org.":     "",
		"q.5.x.a.example.org.":   "",
		"a.a.example.org.":       "exists",
		"x.a.a.example.org.":     "exists",
		"5.x.a.a.example.org.":   "exists",
		"q.5.x.a.a.example.org.": "192.0.2.5",
	} {
		if got := answerOf(ws, name); got != want {
			t.Errorf("%s: got %q, want %q", name, got, want)
		}
	}
}

// TestEmptyNonTerminals checks that exactly the computed names of a pool and the names above them exist, in random
// networks.
func TestEmptyNonTerminals(t *testing.T) {
	rnd := rand.New(rand.NewPCG(7, 8))
	patterns := []string{"n{d}.r{c}", "n{c}.r{d}", "{d}.{c}.{b}.{a}", "{a}.{b}.{c}.{d}", "{c}.{d}.{a}.{b}.dyn",
		"{d}.{b}-{c}", "{b}.{d}.x.{c:2}", "{c}-{d}.{d:3}.{b}", "{d:x}.{c:x}{b:x}.{d}", "*.{d}.{c}.{b}",
		"{b}.{c:3}{d:3}", "{ip}.x", "x.{ip}", "*.x.{ip}.y", "a.{n}.b"}
	for range 60 {
		pattern := patterns[rnd.IntN(len(patterns))]
		var networks []string
		var addresses []netip.Addr
		at := addressAfter("10.0.0.0", uint64(rnd.IntN(1<<16))).u.lo
		step := 1 << 17
		if !strings.Contains(pattern, "{b}") && !strings.Contains(pattern, "{ip}") {
			at, step = addressAfter("10.0.0.0", 0).u.lo, 15000
		}
		for range 1 + 2*min(1, rnd.IntN(3)) {
			first := at + uint64(rnd.IntN(step))
			last := first + uint64(rnd.IntN(800))
			at = last + 1
			lowest, highest := ipv4.address(uint128{lo: first}), ipv4.address(uint128{lo: last})
			networks = append(networks, lowest.String()+"-"+highest.String())
			for u := first; u <= last; u++ {
				addresses = append(addresses, ipv4.address(uint128{lo: u}))
			}
			if strings.Contains(pattern, "{n}") {
				break
			}
		}
		corefile := stanzaOf("example.org", "name "+pattern, "network "+strings.Join(networks, " "))
		ws, err := parseCorefile(corefile)
		if err != nil {
			t.Fatalf("%s: %v", corefile, err)
		}
		p := ws.zones.zone("example.org.").computed
		if strings.HasPrefix(pattern, "*") {
			p = ws.zones.zone("example.org.").wildcards
		}
		pool := p.patterns[0].pools[0]
		exist, computed := map[string]bool{"example.org.": true}, make(map[string]bool)
		for _, addr := range addresses {
			name := pool.patterns[0].name(pool.key(addr), "example.org.")
			computed[name] = true
			for off, end := 0, false; !end && name[off:] != "org."; off, end = dns.NextLabel(name, off) {
				exist[name[off:]] = true
			}
		}
		check := func(name string) {
			found := ws.find(name)
			if (found.zone != nil) != exist[name] || found.v4.IsValid() != computed[name] {
				t.Fatalf("%s\n%s: exists %t, has an address %t, want %t and %t", corefile, name,
					found.zone != nil, found.v4.IsValid(), exist[name], computed[name])
			}
		}
		for name := range exist {
			check(name)
			// Names that differ in one digit.
			for i, c := range []byte(name) {
				other := name[:i] + string(rune('0'+rnd.IntN(10))) + name[i+1:]
				if isDigit(c) && !strings.HasPrefix(pattern, "*") {
					check(other)
				}
			}
		}
	}
}

// TestPatternOfManyLabels parses a pattern with many labels. It has an ancestor for each, and the ancestors must not
// parse ancestors of their own, which would take forever.
func TestPatternOfManyLabels(t *testing.T) {
	pt, err := parsePattern(strings.Repeat("a.", 100) + "ws{n}")
	if err != nil || pt.labels() != 101 || len(pt.ancestors) != 100 {
		t.Errorf("got %d labels, %d ancestors, %v", pt.labels(), len(pt.ancestors), err)
	}
}
