package workstation

import (
	"fmt"
	"math/rand/v2"
	"net/netip"
	"strings"
	"testing"

	"github.com/miekg/dns"
)

// answerOf describes what a query for a name gets: its addresses, "exists" or nothing.
func answerOf(ws *Workstation, name string) string {
	o := ws.find(name)
	var words []string
	for _, addr := range []netip.Addr{o.v4, o.v6} {
		if addr.IsValid() {
			words = append(words, addr.String())
		}
	}
	switch {
	case o.zone == nil:
		return ""
	case o.ptr.IsValid():
		return o.pool.name(o.ptr)
	case len(words) == 0:
		return "exists"
	default:
		return strings.Join(words, " ")
	}
}

func TestFindNames(t *testing.T) {
	ws := testWorkstation(t, `
		workstation lab.example.org {
			name rack{c}-node{d:2} {d}.{c}.dyn *.rack{c}-node{d:2}
			network 10.1.6.250-10.1.8.9
		}
		workstation lab.example.org {
			name {a}-{b}-{c}-{d} h{d:x}{c:x}
			network 192.0.2.0/24 2001:db8::/64
		}
		workstation lab.example.org {
			name ws{n} ws{n:3} *.pc{n}
			network 198.51.100.0/24
		}
		workstation lab.example.org {
			name x.{ip:full}.y *.x.{ip:full}.y
			network 203.0.113.0/24 2001:db8:1::/64
		}
		workstation sub.rack7-node05.lab.example.org {
			name *.{d}.deep
			network 10.2.3.0/24
			no_reverse
		}`)
	for name, want := range map[string]string{
		"rack6-node250": "10.1.6.250", "RACK7-Node00": "10.1.7.0", "rack8-node09": "10.1.8.9", "rack7-node255": "10.1.7.255",
		"rack6-node249": "", "rack8-node10": "", "rack7-node5": "", "rack7-node005": "", "rack07-node05": "", "rack7-node": "", "rack256-node05": "",
		"5.7.dyn": "10.1.7.5", "7.dyn": "exists", "6.dyn": "exists", "8.dyn": "exists", "dyn": "exists", "9.dyn": "", "5.dyn": "", "249.6.dyn": "", "05.7.dyn": "",
		"1.5.7.dyn": "", "x.dyn": "", "5.7": "", "7": "",

		// below a computed name
		"app.rack7-node05": "10.1.7.5", "a.b.c.rack7-node05": "10.1.7.5", "*.rack7-node05": "10.1.7.5", "app.rack7-node5": "", "app.rack8-node10": "",
		"x.*.rack7-node05": "", "y.x.*.rack7-node05": "", "*.*.rack7-node05": "", "*.x.rack7-node05": "10.1.7.5", "*": "", "*.dyn": "",
		`a\.b.rack7-node05`: "10.1.7.5", `a\.rack7-node05`: "", `\*.rack7-node05`: "10.1.7.5", `x.\*.rack7-node05`: "", `\097pp.rack7-node05`: "10.1.7.5", `ws\045`: "", `ws\053`: "198.51.100.5", `w\1155`: "198.51.100.5",
		strings.Repeat("x.", 90) + "rack7-node05": "10.1.7.5",
		// a zone listed below
		"rack7-node05": "10.1.7.5", "sub.rack7-node05": "exists", "x.sub.rack7-node05": "", "deep.sub.rack7-node05": "exists", "9.deep.sub.rack7-node05": "exists", "a.9.deep.sub.rack7-node05": "10.2.3.9", "other.rack7-node05": "10.1.7.5",

		"192-0-2-17": "192.0.2.17 2001:db8::11", "h1102": "192.0.2.17 2001:db8::11", "h1103": "", "192-0-3-17": "", "192-0-2-017": "", "193-0-2-17": "",

		"ws7": "198.51.100.7", "ws007": "198.51.100.7", "ws07": "", "ws100": "198.51.100.100", "ws0100": "", "pc7": "exists", "a.pc7": "198.51.100.7", "a.ws7": "", "pc07": "", "a.pc256": "", "pc256": "",

		"x.203-000-113-007.y": "203.0.113.7", "203-000-113-007.y": "exists", "y": "exists", "203-0-113-7.y": "", "a.x.203-000-113-007.y": "203.0.113.7", "a.203-000-113-007.y": "", "203-000-114-007.y": "",
		"x.2001-0db8-0001-0000-0000-0000-0000-00ff.y": "2001:db8:1::ff", "2001-0db8-0001-0000-0000-0000-0000-00ff.y": "exists", "2001-0db8-0001-0001-0000-0000-0000-00ff.y": "",
	} {
		if got := answerOf(ws, name+".lab.example.org."); got != want {
			t.Errorf("%s: got %q, want %q", name, got, want)
		}
	}
	for name, want := range map[string]string{
		"5.7.1.10.in-addr.arpa.": "rack7-node05.lab.example.org.", "17.2.0.192.in-addr.arpa.": "192-0-2-17.lab.example.org.",
		"1.1." + v6zeros[4:] + "8.b.d.0.1.0.0.2.ip6.arpa.": "192-0-2-17.lab.example.org.", "0.0.1." + v6zeros[6:] + "8.b.d.0.1.0.0.2.ip6.arpa.": "",
		"7.100.51.198.in-addr.arpa.": "ws7.lab.example.org.", "7.113.0.203.in-addr.arpa.": "x.203-000-113-007.y.lab.example.org.", "9.3.2.10.in-addr.arpa.": "",
	} {
		if got := answerOf(ws, name); got != want {
			t.Errorf("%s: got %q, want %q", name, got, want)
		}
	}
}

// TestNonTerminalsInAnotherZone has names between a pattern's and its zone that belong to a
// zone which is listed in between.
func TestNonTerminalsInAnotherZone(t *testing.T) {
	ws := testWorkstation(t, "workstation example.org a.example.org {\nname *.{n}.x.a\nnetwork 192.0.2.0/24\n}")
	for name, want := range map[string]string{
		"x.a.example.org.": "", "5.x.a.example.org.": "", "q.5.x.a.example.org.": "",
		"a.a.example.org.": "exists", "x.a.a.example.org.": "exists", "5.x.a.a.example.org.": "exists", "q.5.x.a.a.example.org.": "192.0.2.5",
	} {
		if got := answerOf(ws, name); got != want {
			t.Errorf("%s: got %q, want %q", name, got, want)
		}
	}
}

// TestEmptyNonTerminals compares with all names of a network of any size, and all that
// is above them: exactly these exist.
func TestEmptyNonTerminals(t *testing.T) {
	rnd := rand.New(rand.NewPCG(7, 8))
	patterns := []string{"n{d}.r{c}", "n{c}.r{d}", "{d}.{c}.{b}.{a}", "{a}.{b}.{c}.{d}", "{c}.{d}.{a}.{b}.dyn", "{d}.{b}-{c}", "{b}.{d}.x.{c:2}", "{c}-{d}.{d:3}.{b}", "{d:x}.{c:x}{b:x}.{d}", "*.{d}.{c}.{b}", "{b}.{c:3}{d:3}", "{ip}.x", "x.{ip}", "*.x.{ip}.y", "a.{n}.b"}
	for range 60 {
		pattern := patterns[rnd.IntN(len(patterns))]
		var networks []string
		var addresses []netip.Addr
		at := uint64(10<<24 | rnd.IntN(1<<16))
		step := 1 << 17
		if !strings.Contains(pattern, "{b}") && !strings.Contains(pattern, "{ip}") {
			at, step = 10<<24, 15000
		}
		for range 1 + 2*min(1, rnd.IntN(3)) {
			first := at + uint64(rnd.IntN(step))
			last := first + uint64(rnd.IntN(800))
			at = last + 1
			networks = append(networks, ipv4.address(uint128{lo: first}).String()+"-"+ipv4.address(uint128{lo: last}).String())
			for u := first; u <= last; u++ {
				addresses = append(addresses, ipv4.address(uint128{lo: u}))
			}
			if strings.Contains(pattern, "{n}") {
				break
			}
		}
		corefile := fmt.Sprintf("workstation example.org {\nname %s\nnetwork %s\n}", pattern, strings.Join(networks, " "))
		ws, err := parseTest(corefile, ".")
		if err != nil {
			t.Fatalf("%s: %v", corefile, err)
		}
		p := ws.zones.byName["example.org."].computed
		if strings.HasPrefix(pattern, "*") {
			p = ws.zones.byName["example.org."].wildcards
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
			o := ws.find(name)
			if (o.zone != nil) != exist[name] || o.v4.IsValid() != computed[name] {
				t.Fatalf("%s\n%s: exists %t, has an address %t, want %t and %t", corefile, name, o.zone != nil, o.v4.IsValid(), exist[name], computed[name])
			}
		}
		for name := range exist {
			check(name)
			// A neighbour of each, in each octet.
			for i, c := range []byte(name) {
				if other := name[:i] + string(rune('0'+rnd.IntN(10))) + name[i+1:]; isDigit(c) && !strings.HasPrefix(pattern, "*") {
					check(other)
				}
			}
		}
	}
}

// TestProject compares the spans of some octets of a network with those of each of its
// addresses.
func TestProject(t *testing.T) {
	rnd := rand.New(rand.NewPCG(9, 10))
	for range 3000 {
		o := octets(rnd.IntN(16))
		first := rnd.Uint32()
		last := first + min(uint32(rnd.IntN(1500)), ^first)
		want := make(map[uint64]bool)
		for u := uint64(first); u <= uint64(last); u++ {
			want[uint64(o.pick(uint32(u)))] = true
			if got := o.put(o.pick(uint32(u)), first); got&^mask(o) != first&^mask(o) || got&mask(o) != uint32(u)&mask(o) {
				t.Fatalf("%v of %x put into %x is %x", o, u, first, got)
			}
		}
		p := pattern{octets: o}
		if o == 0 {
			continue
		}
		var size uint64
		for _, s := range union(p.project(entry{span: numberSpan(uint64(first), uint64(last))})) {
			for u := s.first.lo; u <= s.last.lo; u++ {
				if !want[u] {
					t.Fatalf("%v of %x to %x has %x", o, first, last, u)
				}
				size++
			}
		}
		if size != uint64(len(want)) {
			t.Fatalf("%v of %x to %x has %d, want %d", o, first, last, size, len(want))
		}
	}
}

// mask returns the bits of the octets.
func mask(o octets) (mask uint32) {
	for i := range 4 {
		if o.has(i) {
			mask |= 0xff << (8 * (3 - i))
		}
	}
	return mask
}

// TestBlocks compares the parts of a span that have given octets with each address.
func TestBlocks(t *testing.T) {
	rnd := rand.New(rand.NewPCG(11, 12))
	for range 400 {
		o := octets(rnd.IntN(16))
		first := rnd.Uint32()
		last := first + min(uint32(rnd.IntN(100000)), ^first)
		picked := o.pick(first + min(uint32(rnd.IntN(300000)), ^first))
		got := make(map[uint64]bool)
		for s := range o.blocks(picked, numberSpan(uint64(first), uint64(last))) {
			for u := s.first.lo; u <= s.last.lo; u++ {
				got[u] = true
			}
		}
		for u := uint64(first); u <= uint64(last); u++ {
			if want := o.pick(uint32(u)) == picked; got[u] != want {
				t.Fatalf("%v of %x in %x to %x: %x is there: %t, want %t", o, picked, first, last, u, got[u], want)
			}
			delete(got, u)
		}
		if len(got) > 0 {
			t.Fatalf("%v of %x in %x to %x has %v", o, picked, first, last, got)
		}
	}
}

// TestFindInDeepNames asks for names with more labels than any zone or pattern.
func TestFindInDeepNames(t *testing.T) {
	ws := testWorkstation(t, "workstation example.org {\nname ip-{ip} *.ip-{ip}\nnetwork 10.0.0.0/8\n}\nworkstation a.b.c.example.net {\nname {d}.{c}\nnetwork 192.0.0.0/16\n}")
	for name, want := range map[string]string{
		"a.b.c.d.e.f.g.ip-10-0-0-5.example.org.":               "10.0.0.5",
		strings.Repeat("a.", 110) + "ip-10-0-0-5.example.org.": "10.0.0.5",
		strings.Repeat("a.", 110) + "ip-11-0-0-5.example.org.": "",
		strings.Repeat("a.", 110) + "example.net.":             "",
		strings.Repeat("a.", 120) + "com.":                     "",
		"5.6.a.b.c.example.net.":                               "192.0.6.5",
		"x.5.6.a.b.c.example.net.":                             "",
		"6.a.b.c.example.net.":                                 "exists",
		"c.example.net.":                                       "exists",
	} {
		if got := answerOf(ws, name); got != want {
			t.Errorf("%s: got %q, want %q", name, got, want)
		}
		if allocs := testing.AllocsPerRun(100, func() { ws.find(name) }); allocs != 0 {
			t.Errorf("find(%q) allocates %v times", name, allocs)
		}
	}
}

func TestParseClassless(t *testing.T) {
	for label, want := range map[string]string{
		"64/26": "64-127", "64-26": "64-127", "65/26": "64-127", "64-127": "64-127", "0-127": "0-127", "0/25": "0-127", "0-25": "0-127", "0-31": "0-31", "25-30": "25-30",
		"192/32": "192-192", "5-5": "5-5", "0/24": "0-255", "0/33": "0-255", "300/26": "0-255", "64-300": "0-255", "customer": "0-255", "a-b": "0-255", "64_26": "0-255", "064/26": "0-255",
		"127-64": "0-255", "250-30": "248-251",
		"64": "", "256": "", "00": "", "": "",
	} {
		zone, ok := parseClassless(label + ".2.0.192.in-addr.arpa.")
		got := ""
		if ok {
			got = fmt.Sprintf("%d-%d", zone.first.lo&255, zone.last.lo&255)
			if zone.first.lo>>8 != 192<<16|2 || zone.parent.String() != "192.0.2.0/24" {
				t.Errorf("%s: got %s in %s", label, ipv4.address(zone.first), zone.parent)
			}
		}
		if got != want {
			t.Errorf("%s: got %q, want %q", label, got, want)
		}
	}
	for _, name := range []string{"64/26.0.192.in-addr.arpa.", "64/26.1.2.0.192.in-addr.arpa.", "64/26.2.0.192.example.org.", "0/8.8.b.d.0.1.0.0.2.ip6.arpa.", "64/26.in-addr.arpa.", "."} {
		if _, ok := parseClassless(name); ok {
			t.Errorf("%s is a classless zone", name)
		}
	}
}

func TestFindClassless(t *testing.T) {
	const parent = ".2.0.192.in-addr.arpa."
	both := testWorkstation(t, `
		workstation a.example 64/26.2.0.192.in-addr.arpa customer.2.0.192.in-addr.arpa {
			network 192.0.2.0/24
			numbers 60-99
		}
		workstation b.example 64/26.2.0.192.in-addr.arpa 10.0.0.0/8 {
			name {ip}
			network 192.0.2.90-192.0.2.200 10.0.0.0/24
		}`)
	block, err := parseTest("workstation {\nnetwork 192.0.2.0/24\n}", "example.org.", "0-127.2.0.192.in-addr.arpa.", "0.192.in-addr.arpa.")
	if err != nil {
		t.Fatal(err)
	}
	alone, err := parseTest("workstation example.org {\nnetwork 192.0.2.0/24\n}", "64/26.2.0.192.in-addr.arpa.")
	if err != nil {
		t.Fatal(err)
	}
	for _, tc := range []struct {
		ws         *Workstation
		name, want string
	}{
		{both, "65.64/26" + parent, "workstation65.a.example."},
		{both, "99.64/26" + parent, "workstation99.a.example."},
		{both, "100.64/26" + parent, "192-0-2-100.b.example."},
		{both, "127.64/26" + parent, "192-0-2-127.b.example."},
		{both, "128.64/26" + parent, ""},
		{both, "63.64/26" + parent, ""},
		{both, "065.64/26" + parent, ""},
		{both, "a.65.64/26" + parent, ""},
		{both, "64/26" + parent, "exists"},
		{both, "CUSTOMER" + parent, "exists"},
		{both, "60.Customer" + parent, "workstation60.a.example."},
		{both, "59.customer" + parent, ""},
		{both, "100.customer" + parent, ""},
		// The ordinary records stay, where no other zone confines them.
		{both, "60" + parent, "workstation60.a.example."},
		{both, "120" + parent, ""},
		{both, parent[1:], "exists"},
		{both, "5.0.0.10.in-addr.arpa.", "10-0-0-5.b.example."},
		{block, "65.0-127" + parent, "workstation65.example.org."},
		{block, "128.0-127" + parent, ""},
		{block, "200" + parent, "workstation200.example.org."},
		{alone, "65.64/26" + parent, "workstation65.example.org."},
		{alone, "65" + parent, "workstation65.example.org."},
	} {
		if got := answerOf(tc.ws, tc.name); got != tc.want {
			t.Errorf("%s: got %q, want %q", tc.name, got, tc.want)
		}
	}

	confined := testWorkstation(t, "workstation a.example 64/26.2.0.192.in-addr.arpa 10.0.0.0/8 {\nname {ip}\nnetwork 192.0.2.0/24 10.0.0.0/8\n}")
	for name, want := range map[string]string{
		parent[1:]: "exists", "0.192.in-addr.arpa.": "exists", "192.in-addr.arpa.": "exists", "3.0.192.in-addr.arpa.": "", "65" + parent: "", "65.64/26" + parent: "192-0-2-65.a.example.",
	} {
		if got := answerOf(confined, name); got != want {
			t.Errorf("confined, %s: got %q, want %q", name, got, want)
		}
		if allocs := testing.AllocsPerRun(100, func() { confined.find(name) }); allocs != 0 {
			t.Errorf("find(%q) allocates %v times", name, allocs)
		}
	}
}

// TestWireLengths has names as long as the DNS has room for, and longer by one octet.
func TestWireLengths(t *testing.T) {
	zone := strings.Repeat(strings.Repeat("a", 59)+".", 4) // 241 octets on the wire with the root's
	for name, fits := range map[string]bool{
		"{n:13}": true, "{n:14}": false, "{n:20}": false, "*.{n:11}": true, "*.{n:12}": false, "{n:7}.abcde": true, "{n:8}.abcde": false,
	} {
		corefile := "workstation " + zone + " {\nname " + name + "\nnetwork 192.0.2.0/24\n}"
		ws, err := parseTest(corefile, ".")
		if (err == nil) != fits {
			t.Errorf("%s: got error %v, want none: %t", name, err, fits)
		}
		if err != nil {
			continue
		}
		z := ws.zones.byName[zone]
		for _, ns := range append(z.computed.patterns, z.wildcards.patterns...) {
			full := ns.pattern.name(key{number, uint128{lo: 17}}, zone)
			if n, err := dns.PackDomainName(full, make([]byte, 300), 0, nil, false); err != nil || n != 255 {
				t.Errorf("%s: %q has %d octets, %v", name, full, n, err)
			}
		}
	}
}
