package workstation

import (
	"fmt"
	"iter"
	"math"
	"math/rand/v2"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"github.com/coredns/coredns/plugin/pkg/dnstest"
	"github.com/coredns/coredns/plugin/test"

	"github.com/miekg/dns"
)

// transferNames are names at which random zones have stored records, computed records, or both.
var transferNames = []string{
	"org.", "example.org.", "ws1.org.", "ws1.example.org.", "ip-192-0-2-1.example.org.", "www.example.org.",
	"lab.example.org.", "ws0.lab.example.org.", "ws1.lab.example.org.", "ws2.lab.example.org.", "h01.lab.example.org.",
	"ip-192-0-2-1.lab.example.org.", "ip-2001-db8--1.lab.example.org.", "www.lab.example.org.",
	"a.ws0.lab.example.org.", "ws0.ws1.lab.example.org.", "a.ws0.ws1.lab.example.org.", "ws1.com.",
	"0.lab.example.org.", "2.lab.example.org.", "0.2.lab.example.org.", "1.2.lab.example.org.", "2.0.lab.example.org.",
	"a.ws1.lab.example.org.", "b.a.ws1.lab.example.org.", "*.ws1.lab.example.org.", "x.*.ws1.lab.example.org.",
	"a.0.lab.example.org.", "a.0.example.org.", "0.example.org.", "2.example.org.", "0.2.example.org.",
	"a.0.2.example.org.", "ws00.lab.example.org.", "x.ws0.lab.example.org.", "y.lab.ws0.lab.example.org.",
	"lab.ws0.lab.example.org.",
	"192-000-002-001.www.example.org.", "a.192-0-2-1.example.org.",
	"0/31.2.0.192.in-addr.arpa.", "0.0/31.2.0.192.in-addr.arpa.", "1.0/31.2.0.192.in-addr.arpa.",
	"2.0/31.2.0.192.in-addr.arpa.",
	"arpa.", "in-addr.arpa.", "192.in-addr.arpa.", "0.192.in-addr.arpa.",
	"2.0.192.in-addr.arpa.", "3.0.192.in-addr.arpa.",
	"0.2.0.192.in-addr.arpa.", "1.2.0.192.in-addr.arpa.", "2.2.0.192.in-addr.arpa.", "255.2.0.192.in-addr.arpa.",
	"0.3.0.192.in-addr.arpa.", "a.1.2.0.192.in-addr.arpa.",
	"ip6.arpa.", "8.b.d.0.1.0.0.2.ip6.arpa.", "1." + v6zeros[2:] + "8.b.d.0.1.0.0.2.ip6.arpa.",
	"2." + v6zeros[2:] + "8.b.d.0.1.0.0.2.ip6.arpa.",
}

// TestRandomPools parses random Corefiles. What is accepted must have all that checkWorkstation checks.
func TestRandomPools(t *testing.T) {
	rnd := rand.New(rand.NewPCG(3, 4))
	pick := func(words ...string) string { return words[rnd.IntN(len(words))] }
	accepted := 0
	for range 10000 {
		var corefile strings.Builder
		for range 1 + rnd.IntN(4) {
			fmt.Fprintf(&corefile, "workstation %s %s {\n",
				pick("example.org", "lab.example.org example.org", ". example.net", "."),
				pick("", "", "10.0.0.0/14", "10.1.0.0/16 2001:db8::/40"))
			placeholder := pick("{n}", "{x}", "{n:3}", "{x:5}", "{ip}", "{ip:x}", "{ip:full}",
				"{a}-{b}-{c}-{d}", "{d}.{c}", "{c:x}{d:x}", "{d:3}{c:3}.b{b}")
			prefix, suffix := pick("a", "a1", "b-", "", "ip-", "*.", "*.a"), pick("", "-a", "f", ".z")
			name := prefix + placeholder
			fmt.Fprintln(&corefile, "name",
				pick(name+suffix, name+suffix+" further-"+placeholder, name+" *.y"+placeholder+suffix))
			network := pick("10.0.0.0/8", "10.1.2.0/24", "10.1.2.3/32", "10.0.255.250-10.1.0.9", "0.0.0.0/0",
				"10.1.2.0/24 10.1.5.9-10.1.6.3")
			network6 := pick("2001:db8::/64", "2001:db8::/33", "2001:db8::fffe-2001:db8::1:3", "2001:db8::5/128",
				"::/0")
			fmt.Fprintln(&corefile, "network", pick(network, network6, network+" "+network6))
			if rnd.IntN(2) == 0 {
				first := rnd.IntN(20)
				fmt.Fprintf(&corefile, "numbers %d-%d %d\n", first, first+rnd.IntN(300), rnd.IntN(300))
			}
			if rnd.IntN(2) == 0 {
				fmt.Fprintln(&corefile, "offset",
					pick("1", "-1", "250", "-300", "9223372036854775807", "-9223372036854775808"))
			}
			corefile.WriteString(pick("", "", "no_reverse\n") + "}\n")
		}
		if ws, err := parseCorefile(corefile.String()); err == nil {
			accepted++
			checkWorkstation(t, ws)
		}
	}
	if accepted < 300 {
		t.Errorf("only %d Corefiles were accepted", accepted)
	}
}

// checkWorkstation checks what holds for the pools of every server block: names, keys and addresses stand for each
// other, and forward and reverse agree.
func checkWorkstation(t *testing.T, ws *Workstation) {
	t.Helper()
	for _, z := range ws.zones.listed() {
		checkNames(t, ws, z)
	}
	for name := range ws.zones.byName {
		checkSeries(t, ws, name)
	}
	checkSeries(t, ws, "arpa.")
	checkReverse(t, ws)
}

// checkNames checks that each computed name of a zone belongs to one host, and stands for the host's key.
func checkNames(t *testing.T, ws *Workstation, z *zone) {
	t.Helper()
	given := make(map[string]host)
	for _, pp := range slices.Concat(z.computed.patterns, z.wildcards.patterns) {
		for kind, x := range pp.keys {
			for u, p := range samples(x) {
				k := pp.pattern.put(key{keyKind(kind), u}, p.someAddress())
				h := p.host(k)
				text := string(pp.pattern.append(nil, k))
				name := pp.pattern.withWildcard(text)
				if other, ok := given[name]; ok && other != h {
					t.Fatalf("the name %q of zone %q is both %v and %v", name, z.name, other, h)
				}
				given[name] = h
				if !h.v4.IsValid() && !h.v6.IsValid() {
					t.Fatalf("the name %q of zone %q has no address", name, z.name)
				}
				for _, addr := range []netip.Addr{h.v4, h.v6} {
					if !addr.IsValid() {
						continue
					}
					checkHost(t, ws, z, p, pp.pattern, text, addr)
					if p.key(addr) != k {
						t.Fatalf("%v: %v has the address %s, which has the key %v", p, k, addr, p.key(addr))
					}
				}
			}
		}
		checkNumbersOutside(t, z, pp)
		checkCanonical(t, z, pp)
	}
}

// checkCanonical changes texts that a pattern writes, by one character. What is read of the changed texts must be
// written like this, too: where ws7 is a name, ws07 is none.
func checkCanonical(t *testing.T, z *zone, pp *patternPools) {
	t.Helper()
	x := &z.computed
	if pp.pattern.wildcard {
		x = &z.wildcards
	}
	for kind, keys := range pp.keys {
		if len(keys) == 0 {
			continue
		}
		for _, e := range []entry{keys[0], keys[len(keys)-1]} {
			for _, u := range []uint128{e.first, e.last} {
				text := pp.pattern.append(nil, pp.pattern.put(key{keyKind(kind), u}, e.pool.someAddress()))
				for changed := range changedByOne(text) {
					p, pt, k := x.lookup(changed)
					if p == nil {
						continue
					}
					if written := string(pt.append(nil, pt.put(k, p.someAddress()))); written != string(changed) {
						t.Fatalf("in zone %q, %s reads %q as %v, and writes that as %q",
							z.name, pt, changed, k, written)
					}
				}
			}
		}
	}
}

// changedByOne yields a text with one character replaced, removed or added, at all places. It uses the memory of each
// text again for the next.
func changedByOne(text []byte) iter.Seq[[]byte] {
	const characters = "-.0123456789abcdefxyz"
	var changed []byte
	return func(yield func([]byte) bool) {
		for i := range len(text) + 1 {
			before, after := text[:i], text[min(i+1, len(text)):]
			if i < len(text) {
				if changed = append(append(changed[:0], before...), after...); !yield(changed) {
					return
				}
			}
			for _, c := range []byte(characters) {
				for _, after := range [][]byte{after, text[i:]} {
					if changed = append(append(append(changed[:0], before...), c), after...); !yield(changed) {
						return
					}
				}
			}
		}
	}
}

// checkNumbersOutside checks that the pattern gives no name for numbers that none of its pools has.
func checkNumbersOutside(t *testing.T, z *zone, pp *patternPools) {
	t.Helper()
	for _, n := range []uint64{0, 1, 255, 256, 1 << 32, math.MaxUint64} {
		if pp.pattern.kind() != byNumber || pp.keys[number].find(uint128{lo: n}) != nil {
			continue
		}
		label := string(pp.pattern.append(nil, key{number, uint128{lo: n}}))
		h := hostOf(z.computed.find([]byte(label)))
		isOther := func(pt pattern) bool { return pt.text != pp.pattern.text }
		if h.pool != nil && !pp.pattern.wildcard && !slices.ContainsFunc(h.pool.patterns, isOther) {
			t.Fatalf("%q is a name of %v, which has no number %d", label, h.pool, n)
		}
	}
}

// checkReverse checks that each PTR record is found, and gives a name that has the address.
func checkReverse(t *testing.T, ws *Workstation) {
	t.Helper()
	for _, f := range families {
		for n, p := range samples(ws.reverse.records[f]) {
			addr := f.address(n)
			qname := reverseZone(netip.PrefixFrom(addr, addr.BitLen()))
			if found := ws.find(qname); found.pool != p || found.ptr != addr ||
				found.zone == nil || found.zone.name != p.ptrZone {
				t.Fatalf("%v: %q is not found", p, qname)
			}
			if found := ws.find(p.name(addr)); found.v4 != addr && found.v6 != addr {
				t.Fatalf("%v: the PTR record of %s gives %q, which has the addresses %s and %s",
					p, addr, p.name(addr), found.v4, found.v6)
			}
		}
	}
}

// samples returns the numbers of each span, with their pools. If a span is long, it returns those at both ends,
// and some in between.
func samples(x index) map[uint128]*pool {
	numbers := make(map[uint128]*pool)
	for _, s := range x {
		size := s.last.sub(s.first)
		if size.less(uint128{lo: 300}) {
			for n := range size.lo + 1 {
				numbers[s.first.add(uint128{lo: n})] = s.pool
			}
			continue
		}
		for _, n := range []uint128{
			{}, {lo: 1}, {lo: 10}, {lo: 255}, {lo: 256}, {lo: size.lo / 3}, {size.hi / 3, size.lo / 5}, size,
		} {
			if !size.less(n) {
				numbers[s.first.add(n)] = s.pool
			}
		}
	}
	return numbers
}

// checkHost checks that the text is a name in zone z with the address, that the address is in a network of the
// pool, and that the PTR record of the address is right.
func checkHost(t *testing.T, ws *Workstation, z *zone, p *pool, pt *pattern, text string, addr netip.Addr) {
	t.Helper()
	f := familyOf(addr)
	u := addressNumber(addr)
	if !slices.ContainsFunc(p.networks[f], func(n network) bool { return n.has(u) }) {
		t.Fatalf("%v: %q has the address %s", p, text, addr)
	}
	x := &z.computed
	if pt.wildcard {
		x = &z.wildcards
	}
	h := hostOf(x.find([]byte(text)))
	if h.pool != p || [...]netip.Addr{h.v4, h.v6}[f] != addr {
		t.Fatalf("%v: %q has the addresses %s and %s of %v, want %s", p, text, h.v4, h.v6, h.pool, addr)
	}

	qname := pt.withWildcard(text) + "."
	if z.name != "." {
		qname += z.name
	}
	enclosed := z.name == "." && ws.zones.encloses(qname, []byte(qname)) ||
		pt.wildcard && ws.zones.closestListed(qname) != z
	if found := ws.find(strings.ToUpper(qname)); found.host != h && !enclosed {
		t.Fatalf("%v: %q is not found", p, qname)
	}

	found := ws.find(reverseZone(netip.PrefixFrom(addr, addr.BitLen())))
	holds := func(prefix netip.Prefix) bool { return prefix.Contains(addr) }
	confined := len(p.reverseZones[f]) > 0 && !slices.ContainsFunc(p.reverseZones[f], holds)
	switch {
	case p.ptrZone != "" && !confined && found.pool == nil:
		t.Fatalf("%v: %s has no PTR record", p, addr)
	case (p.ptrZone == "" || confined) && found.pool == p:
		t.Fatalf("%v: %s has a PTR record", p, addr)
	case found.pool == p && p.ptrPattern == pt && p.name(addr) != dns.Fqdn(text+"."+p.ptrZone):
		t.Fatalf("%v: %s has the name %q, want %q", p, addr, p.name(addr), text)
	}
}

// checkSeries checks that a transfer of the zone would have what queries get, at both ends of each span. The zone
// may be too large for a transfer.
func checkSeries(t *testing.T, ws *Workstation, zone string) {
	t.Helper()
	for _, s := range (&computedZone{ws: ws, zone: zone}).allSeries(nil) {
		for part := range s.hosts {
			for _, u := range []uint128{part.first, part.last} {
				s.records(part.pool, u, func(rr dns.RR) {
					found, got := ws.find(rr.Header().Name), ""
					switch rr := rr.(type) {
					case *dns.A:
						got = found.v4.String()
					case *dns.AAAA:
						got = found.v6.String()
					case *dns.PTR:
						if found.ptr.IsValid() {
							got = found.pool.name(found.ptr)
						}
					default:
						t.Fatalf("zone %q has %s", zone, rr)
					}
					if !strings.HasSuffix(rr.String(), "\t"+got) || found.pool.ttl != rr.Header().Ttl ||
						!dns.IsSubDomain(zone, rr.Header().Name) {
						t.Fatalf("zone %q has %s, and a query gets %q", zone, rr, got)
					}
				})
			}
		}
	}
}

// TestTransferOfRandomZones transfers random zones with random stanzas above them. A transfer must have the records
// that queries get, and leave what is stored below zone cuts alone.
func TestTransferOfRandomZones(t *testing.T) {
	rnd := rand.New(rand.NewPCG(5, 6))
	pick := func(words ...string) string { return words[rnd.IntN(len(words))] }
	transferred := 0
	for range 5000 {
		var corefile, stored strings.Builder
		for range 1 + rnd.IntN(3) {
			corefile.WriteString(stanzaOf(
				pick("lab.example.org", "example.org", "org lab.example.org", "ws1.lab.example.org example.org",
					"lab.example.org 192.0.2.0/24", "lab.example.org 0/31.2.0.192.in-addr.arpa", ". example.org", "."),
				pick("", "stored_first"),
				"name "+pick("ws{n}", "ws{n}", "ip-{ip}", "h{x:2}", "ws{n} ws{n:2} h{n:2}",
					"{d}.lab", "{d}.{c}", "{c}.{d}", "a.{n}.lab", "ws{n} *.ws{n}", "*.{d}.{c}",
					"x.ws{n} *.lab.ws{n}", "{ip:full}.www *.{ip}"),
				"network "+pick("192.0.2.0/30", "2001:db8::/126", "192.0.2.0/31 2001:db8::/126",
					"192.0.2.254-192.0.3.1")))
		}
		origin := pick("example.org.", "lab.example.org.", "org.", "ws1.lab.example.org.", "ws1.com.",
			"2.0.192.in-addr.arpa.", "0.192.in-addr.arpa.", "1.2.0.192.in-addr.arpa.", "0/31.2.0.192.in-addr.arpa.",
			"1.0/31.2.0.192.in-addr.arpa.", "www.example.org.", "2.lab.example.org.", "0.example.org.",
			"ip6.arpa.", "arpa.", ".")
		taken := make(map[string]bool) // names with records: a CNAME record may stand with no other
		for range rnd.IntN(10) {
			name := pick(transferNames...)
			data := pick("A 203.0.113.1", "AAAA 2001:db8:ffff::1", "TXT \"stored\"", "MX 10 mail.example.org.",
				"PTR stored.example.org.", "NS ns.example.org.", "CNAME www.example.net.", "DNAME example.net.")
			if !dns.IsSubDomain(origin, name) || name == origin || strings.Contains(name, "*") {
				continue
			}
			if alone := strings.HasPrefix(data, "CNAME"); !alone || !taken[name] {
				if taken[name] = true; !strings.Contains(stored.String(), name+" 300 CNAME") {
					fmt.Fprintf(&stored, "%s 300 %s\n", name, data)
				}
			}
		}
		if _, err := parseCorefile(corefile.String()); err != nil {
			continue // two pools give one name
		}
		ws := handlerAboveFile(t, corefile.String(), map[string]string{origin: stored.String()})
		ch, err := ws.Transfer(origin, 7)
		if err != nil {
			continue // there is nothing computed in the zone
		}
		discard(ch)
		transferred++
		lines := transferLines(t, ws, origin, 0)
		checkTransfer(t, ws, lines[:len(lines)-1])
		cuts := newZoneCuts(origin, lines)
		want := cuts.below(strings.FieldsFunc(stored.String(), func(r rune) bool { return r == '\n' }))
		if got := cuts.below(lines); !slices.Equal(got, want) {
			t.Errorf("below zone cuts, got %q, want %q", got, want)
		}
		if t.Failed() {
			t.Fatalf("%s\nabove the zone %s\n%s\ntransfers\n%s", &corefile, origin, &stored, strings.Join(lines, "\n"))
		}
	}
	if transferred < 1000 {
		t.Errorf("only %d zones were transferred", transferred)
	}
}

// checkTransfer checks that a transfer has exactly the records that queries get, at each of its names and at
// transferNames.
func checkTransfer(t *testing.T, ws *Workstation, lines []string) {
	t.Helper()
	types := []uint16{dns.TypeA, dns.TypeAAAA, dns.TypePTR, dns.TypeMX, dns.TypeTXT, dns.TypeNS, dns.TypeSOA,
		dns.TypeCNAME, dns.TypeDNAME}
	names := make(map[string]bool)
	for _, name := range transferNames {
		names[name] = true
	}
	origin, _, _ := strings.Cut(lines[0], " ")
	cuts, stored := newZoneCuts(origin, lines), newStoredZone(lines)
	for _, l := range lines {
		rr, err := dns.NewRR(l)
		if err != nil {
			t.Fatal(err)
		}
		h := rr.Header()
		names[h.Name] = true
		if !dns.IsSubDomain(origin, h.Name) {
			t.Errorf("%s is not in the zone", l)
		}
	}
	for name := range names {
		// Below a zone cut or a DNAME, nothing computed is transferred, and what is stored is in another zone: see
		// "What a transfer carries" in docs/zones.md.
		if !dns.IsSubDomain(origin, name) || cuts.above(name) {
			continue
		}
		found := ws.find(name)
		if isLeftOut(found) || stored.takesFromWildcard(name, found) {
			continue
		}
		for _, qtype := range types {
			r := new(dns.Msg)
			r.SetQuestion(name, qtype)
			w := dnstest.NewRecorder(&test.ResponseWriter{})
			if _, err := ws.ServeDNS(t.Context(), w, r); err != nil {
				t.Fatal(err)
			}
			if refersTo(w.Msg, name) {
				continue
			}
			var got []string
			for _, rr := range w.Msg.Answer {
				if rr.Header().Name == name && rr.Header().Rrtype == qtype {
					got = append(got, recordText(rr))
				}
			}
			want := stored.recordsAt(name, qtype)
			slices.Sort(got)
			slices.Sort(want)
			if !slices.Equal(got, want) {
				t.Errorf("%s %s: a query gets %q, the transfer has %q", name, dns.TypeToString[qtype], got, want)
			}
		}
	}
}

// isLeftOut reports whether a transfer leaves out what is computed for a name. A pool can have no_transfer, see "Pools
// that are not transferred" in docs/zones.md. The names of the root zone never end, see the root zone in "What a
// transfer cannot carry".
func isLeftOut(found match) bool {
	return found.pool != nil && found.pool.noTransfer || found.zone != nil && found.zone.name == "."
}

// takesFromWildcard reports whether a name is computed from a wildcard here, and has lost it on a secondary, because
// the zone has the name, or a name between it and the wildcard. See "a stored name below a computed wildcard" in "What
// a transfer cannot carry" in docs/zones.md.
func (z storedZone) takesFromWildcard(name string, found match) bool {
	if found.pool == nil || found.ptr.IsValid() {
		return false
	}
	within := strings.TrimSuffix(name, "."+found.zone.name)
	return !found.zone.computed.has([]byte(within)) && z.hasBelowWildcard(name)
}

// hasBelowWildcard reports whether the zone has a name or one above it, next to a wildcard that would cover it.
func (z storedZone) hasBelowWildcard(name string) bool {
	for child := name; ; {
		off, end := dns.NextLabel(child, 0)
		if end {
			return false
		}
		wildcard := "*." + child[off:]
		if _, exists := z[child]; exists && child != wildcard && len(z[wildcard]) > 0 {
			return true
		}
		child = child[off:]
	}
}

// refersTo reports whether a response is a referral to the name servers of a zone. At a zone cut, queries get these.
func refersTo(m *dns.Msg, zone string) bool {
	return len(m.Answer) == 0 && slices.ContainsFunc(m.Ns, func(rr dns.RR) bool {
		return rr.Header().Rrtype == dns.TypeNS && rr.Header().Name == zone
	})
}

// TestAliasesOfRandomZones compares what queries get with the answers of a secondary that has the transferred zone.
func TestAliasesOfRandomZones(t *testing.T) {
	const origin = "lab.example.org."
	rnd := rand.New(rand.NewPCG(7, 8))
	pick := func(words ...string) string { return words[rnd.IntN(len(words))] }
	names := []string{origin}
	for _, label := range []string{
		"ws0", "ws1", "ws2", "0.r1", "1.r1", "r1", "r2", "a", "b", "c", "d", "x.a", "x.ws1", "a.r1", "ws1.a", "ws1.r1",
		"0.b",
	} {
		names = append(names, label+"."+origin)
	}
	answered := make(map[string]int)
	for range 3000 {
		var corefile strings.Builder
		corefile.WriteString(stanzaOf(origin, "name ws{n}", "network 192.0.2.0/31", pick("", "stored_first")))
		corefile.WriteString(stanzaOf(origin, "name {d}.r{c}", "network 10.0.0.255-10.0.1.1", pick("", "stored_first")))
		stored := randomZone(rnd, names, newHandler(t, corefile.String()))
		ws := handlerAboveFile(t, corefile.String(), map[string]string{origin: stored})
		lines := transferLines(t, ws, origin, 0)
		secondary := newStoredZone(lines[:len(lines)-1])
		for _, name := range names {
			for _, qtype := range []uint16{dns.TypeA, dns.TypeTXT} {
				want, complete := secondary.resolve(newZoneCuts(origin, lines), name, qtype)
				if !complete {
					continue
				}
				m, _ := exchange(t, ws, name, qtype)
				if m == nil {
					t.Fatalf("%s\nabove\n%s\n%s %s gets nothing, and from a secondary\n%s", &corefile, stored, name,
						dns.TypeToString[qtype], strings.Join(want, "\n"))
				}
				var got []string
				for _, rr := range m.Answer {
					got = append(got, recordText(rr))
				}
				answered[fmt.Sprint(len(want))]++
				slices.Sort(got)
				slices.Sort(want)
				if !slices.Equal(got, want) || m.Rcode != dns.RcodeSuccess && m.Rcode != dns.RcodeNameError {
					t.Fatalf("%s\nabove\n%s\n%s %s gets %s\n%s\nand from a secondary\n%s",
						&corefile, stored, name, dns.TypeToString[qtype], dns.RcodeToString[m.Rcode],
						strings.Join(got, "\n"), strings.Join(want, "\n"))
				}
			}
		}
	}
	for _, records := range []string{"0", "1", "2", "3", "4"} {
		if answered[records] < 10 {
			t.Errorf("only %d answers have %s records", answered[records], records)
		}
	}
}

// randomZone returns random records for a zone file below the stanzas of a handler. They are at some of the names, of
// which the first is the zone's own. It leaves out records that do not belong in a zone together, and those for which
// a secondary answers something else than this server.
func randomZone(rnd *rand.Rand, names []string, computed *Workstation) string {
	pick := func(words ...string) string { return words[rnd.IntN(len(words))] }
	var records []randomRecord
	for range rnd.IntN(12) {
		name := pick(names[1:]...)
		rrtype, value, _ := strings.Cut(pick("A 203.0.113.1", "TXT \"stored\"", "NS "+pick(names...),
			"CNAME "+pick(names...), "CNAME "+pick(names...), "CNAME "+pick(names...), "DNAME "+pick(names...)), " ")
		r := randomRecord{name, rrtype, value}
		leadsToItself := value == name
		// Queries get what is computed below a cut, and a secondary has nothing there: "a zone cut or a DNAME above
		// computed names" in docs/zones.md.
		hidesComputed := r.isCut() && hasComputedFirst(computed, names, name)
		clashes := slices.ContainsFunc(records, r.clashesWith)
		if !leadsToItself && !hidesComputed && !clashes {
			records = append(records, r)
		}
	}
	var stored strings.Builder
	for _, r := range records {
		fmt.Fprintf(&stored, "%s 300 %s %s\n", r.name, r.rrtype, r.value)
	}
	return stored.String()
}

// hasComputedFirst reports whether one of the names is at a cut or below, and is computed in a pool without
// stored_first.
func hasComputedFirst(computed *Workstation, names []string, cut string) bool {
	return slices.ContainsFunc(names, func(name string) bool {
		found := computed.find(name)
		return dns.IsSubDomain(cut, name) && found.isComputed() && !found.pool.storedFirst
	})
}

// randomRecord is a record of randomZone.
type randomRecord struct{ name, rrtype, value string }

// isCut reports whether another zone begins at the name, or the names below it are elsewhere.
func (r randomRecord) isCut() bool { return r.rrtype == "NS" || r.rrtype == "DNAME" }

// standsAlone reports whether the name should have no other records. A DNAME record may have others next to it, but
// here it has none.
func (r randomRecord) standsAlone() bool { return r.rrtype == "CNAME" || r.rrtype == "DNAME" }

// clashesWith reports whether a zone should not have both records.
func (r randomRecord) clashesWith(other randomRecord) bool {
	if r.name == other.name {
		return r.standsAlone() || other.standsAlone()
	}
	// Nothing may be below a DNAME record (RFC 6672, section 2.4).
	return r.rrtype == "DNAME" && dns.IsSubDomain(r.name, other.name) ||
		other.rrtype == "DNAME" && dns.IsSubDomain(other.name, r.name)
}

// zoneCuts are the names in a zone at which another zone begins, or which have a DNAME record.
type zoneCuts map[string]bool

// above reports whether one of the cuts is above name.
func (cuts zoneCuts) above(name string) bool {
	for cut, is := range cuts {
		if is && cut != name && dns.IsSubDomain(cut, name) {
			return true
		}
	}
	return false
}

// below returns the records below one of the cuts, each once.
func (cuts zoneCuts) below(lines []string) (below []string) {
	for _, l := range lines {
		if cuts.above(strings.Fields(l)[0]) {
			below = append(below, l)
		}
	}
	slices.Sort(below)
	return slices.Compact(below)
}

func newZoneCuts(origin string, lines []string) zoneCuts {
	cuts := make(zoneCuts)
	for _, l := range lines {
		fields := strings.Fields(l)
		cuts[fields[0]] = cuts[fields[0]] || fields[2] == "DNAME" || fields[2] == "NS" && fields[0] != origin
	}
	return cuts
}

// resolve returns the answer of a server that has the zone. An answer ends at a zone cut. It is not complete if CNAME
// records go in a circle, or if there are very many.
func (z storedZone) resolve(cuts zoneCuts, name string, qtype uint16) (answer []string, complete bool) {
	for range 7 {
		// The zone cut or DNAME record nearest to the root decides.
		var target string
		labels := dns.Split(name)
		for i, off := range slices.Backward(labels) {
			above := name[off:]
			if cuts[above] && len(z.recordsAt(above, dns.TypeNS)) > 0 {
				return answer, true
			}
			if dname := z.recordsAt(above, dns.TypeDNAME); i > 0 && len(dname) > 0 {
				target = name[:off] + strings.Fields(dname[0])[3]
				answer = append(answer, dname[0], name+" 300 CNAME "+target)
				break
			}
		}
		if target == "" {
			if records := z.recordsAt(name, qtype); len(records) > 0 {
				return append(answer, records...), true
			}
			cname := z.recordsAt(name, dns.TypeCNAME)
			if len(cname) == 0 {
				return answer, true
			}
			answer = append(answer, cname[0])
			target = strings.Fields(cname[0])[3]
		}
		name = target
	}
	return answer, false
}

// recordsAt returns the records that a server with the transferred zone gives for a name, also by wildcards (RFC
// 4592): only computed names have these.
func (z storedZone) recordsAt(name string, qtype uint16) (records []string) {
	owner := name
	for off, end := 0, false; !end; off, end = dns.NextLabel(name, off) {
		if _, exists := z[name[off:]]; exists {
			if off > 0 {
				owner = "*." + name[off:]
			}
			break
		}
	}
	for _, l := range z[owner] {
		if strings.Fields(l)[2] == dns.TypeToString[qtype] {
			records = append(records, name+strings.TrimPrefix(l, owner))
		}
	}
	return records
}

// storedZone has the records of a transfer by their names. The names above these are in it, too, with no records.
type storedZone map[string][]string

func newStoredZone(lines []string) storedZone {
	z := make(storedZone)
	for _, l := range lines {
		owner, _, _ := strings.Cut(l, " ")
		z[owner] = append(z[owner], l)
		for off, end := dns.NextLabel(owner, 0); !end; off, end = dns.NextLabel(owner, off) {
			if _, exists := z[owner[off:]]; !exists {
				z[owner[off:]] = nil
			}
		}
	}
	return z
}
