package workstation

import (
	"context"
	"math"
	"net/netip"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/coredns/coredns/plugin/pkg/dnstest"
	"github.com/coredns/coredns/plugin/pkg/dnsutil"
	"github.com/coredns/coredns/plugin/test"

	"github.com/miekg/dns"
)

// FuzzServeDNS sends any message that a client can put on the wire. It compares the answers with an oracle of regular
// expressions and netip. All other queries must reach the next plugin, and a name that exists must not be denied.
func FuzzServeDNS(f *testing.F) {
	add := func(name string, qtype, qclass uint16, change func(*dns.Msg)) {
		m := new(dns.Msg)
		m.SetQuestion(name, qtype)
		m.Question[0].Qclass = qclass
		if change != nil {
			change(m)
		}
		wire, err := m.Pack()
		if err != nil {
			f.Fatal(err)
		}
		f.Add(wire)
	}
	label := strings.Repeat("a", 63) + "."
	add("Workstation17.Lab.example.org.", dns.TypeA, dns.ClassINET, nil)
	add("workstation17.lab.example.org.", dns.TypeAAAA, dns.ClassINET, func(m *dns.Msg) { m.SetEdns0(1232, true) })
	add("workstation300.lab.example.org.", dns.TypeA, dns.ClassINET, nil)
	add("lab.example.org.", dns.TypeANY, dns.ClassINET, nil)
	add("both17.lab.example.org.", dns.TypeANY, dns.ClassINET, nil)
	add("workstation17.lab.example.org.", dns.TypeA, dns.ClassCHAOS, nil)
	add("workstation17.lab.example.org.", dns.TypeSOA, dns.ClassINET, func(m *dns.Msg) { m.Opcode = dns.OpcodeNotify })
	add(label+label+label+strings.Repeat("b", 61)+".", dns.TypeA, dns.ClassINET, nil)
	add(`\000\.workstation1\\.lab.example.org.`, dns.TypeA, dns.ClassINET, nil)
	add("both17.lab.example.org.", dns.TypeAAAA, dns.ClassINET, nil)
	add("17.113.0.203.in-addr.arpa.", dns.TypePTR, dns.ClassINET, nil)
	add("113.0.203.In-Addr.arpa.", dns.TypePTR, dns.ClassINET, nil)
	add("IP-2001-db8--5.lab.example.org.", dns.TypeAAAA, dns.ClassINET, nil)
	add("ip-198-51-100-5.lab.example.org.", dns.TypeA, dns.ClassINET, nil)
	add("f."+v6zeros[2:]+"8.B.D.0.1.0.0.2.ip6.arpa.", dns.TypePTR, dns.ClassINET, nil)
	add("8.b.d.0.1.0.0.2.ip6.arpa.", dns.TypeNS, dns.ClassINET, nil)
	add("1.0.0.0.0.0.0.0.0.9.b.d.0.1.0.0.2.ip6.arpa.", dns.TypeNS, dns.ClassINET, nil) // after the last host

	next := replyWith(dns.RcodeNameError)
	var asked bool // the next plugin
	ws := labHandler(f, test.HandlerFunc(func(ctx context.Context, w dns.ResponseWriter, r *dns.Msg) (int, error) {
		asked = true
		return next.ServeDNS(ctx, w, r)
	}))

	f.Fuzz(func(t *testing.T, wire []byte) {
		r := new(dns.Msg)
		if r.Unpack(wire) != nil {
			return
		}
		asked = false
		rec := dnstest.NewRecorder(&test.ResponseWriter{})
		rcode, err := ws.ServeDNS(context.Background(), rec, r)
		if err != nil || rec.Msg == nil || rcode != rec.Msg.Rcode {
			t.Fatalf("got %d, %v and message %v", rcode, err, rec.Msg)
		}
		if _, err := rec.Msg.Pack(); err != nil {
			t.Fatalf("the response cannot be packed: %v", err)
		}

		var records map[uint16]string // data by type, of the name asked for
		var exists bool
		if r.Opcode == dns.OpcodeQuery && len(r.Question) == 1 && r.Question[0].Qclass == dns.ClassINET {
			records, exists = labOracle(r.Question[0].Name)
			for _, qtype := range []uint16{dns.TypeA, dns.TypeAAAA, dns.TypePTR} {
				if records[dns.TypeANY] == "" && records[qtype] != "" {
					records[dns.TypeANY] = records[qtype]
				}
			}
		}
		if len(records) > 0 && records[r.Question[0].Qtype] != "" {
			want := "\t" + records[r.Question[0].Qtype]
			if asked || len(rec.Msg.Answer) != 1 || rec.Msg.Answer[0].Header().Name != r.Question[0].Name ||
				!strings.HasSuffix(rec.Msg.Answer[0].String(), want) {
				t.Fatalf("answer %v, want %s, to:\n%s", rec.Msg.Answer, want, r)
			}
			return
		}
		if denied := rcode == dns.RcodeNameError; !asked || denied == exists {
			t.Fatalf("the next plugin was asked: %t; denied: %t; for:\n%s", asked, denied, r)
		}
	})
}

// FuzzNextPlugin lets the next plugin answer with any message, in a stanza with and without stored_first.
func FuzzNextPlugin(f *testing.F) {
	add := func(qname string, qtype uint16, rcode int, sections ...[]dns.RR) {
		query := new(dns.Msg).SetQuestion(qname, qtype)
		m := new(dns.Msg).SetRcode(query, rcode)
		for i, section := range []*[]dns.RR{&m.Answer, &m.Ns, &m.Extra} {
			if i < len(sections) {
				*section = sections[i]
			}
		}
		q, err := query.Pack()
		b, err2 := m.Pack()
		if err != nil || err2 != nil {
			f.Fatal(err, err2)
		}
		f.Add(q, b)
	}
	rrs := func(texts ...string) (rrs []dns.RR) {
		for _, text := range texts {
			rr, err := dns.NewRR(text)
			if err != nil {
				f.Fatal(err)
			}
			rrs = append(rrs, rr)
		}
		return rrs
	}
	add("ws5.lab.example.org.", dns.TypeA, dns.RcodeNameError)
	add("ws5.lab.example.org.", dns.TypeTXT, dns.RcodeSuccess,
		rrs("ws5.lab.example.org. CNAME ws6.lab.example.org.", "ws6.lab.example.org. A 192.0.2.1"))
	add("a.lab.example.org.", dns.TypeA, dns.RcodeNameError,
		rrs("a.lab.example.org. CNAME ws6.lab.example.org.", "ws6.lab.example.org. CNAME b.lab.example.org."))
	add("a.lab.example.org.", dns.TypeAAAA, dns.RcodeSuccess,
		rrs("lab.example.org. DNAME example.org.", "a.lab.example.org. CNAME A.example.org."),
		rrs("a. NS ws5.lab.example.org."))
	add("a.lab.example.org.", dns.TypeMX, dns.RcodeSuccess, rrs("a.lab.example.org. MX 1 ws5.lab.example.org."), nil,
		rrs("ws5.lab.example.org. A 192.0.2.1", ". SOA a. b. 1 2 3 4 5"))
	add("a.lab.example.org.", dns.TypeA, dns.RcodeSuccess, nil, rrs("lab.example.org. NS ws5.lab.example.org."))
	add("5.2.0.192.in-addr.arpa.", dns.TypeANY, dns.RcodeRefused)
	f.Fuzz(func(t *testing.T, query, response []byte) {
		r, m := new(dns.Msg), new(dns.Msg)
		if r.Unpack(query) != nil || m.Unpack(response) != nil {
			return
		}
		before := m.String()
		for _, corefile := range []string{storedFirst, strings.Replace(storedFirst, "stored_first", "", 1)} {
			ws := newHandler(t, corefile)
			asked := 0
			ws.Next = test.HandlerFunc(func(_ context.Context, w dns.ResponseWriter, _ *dns.Msg) (int, error) {
				asked++
				w.WriteMsg(m)
				return m.Rcode, nil
			})
			w := &multiRecorder{ResponseWriter: &test.ResponseWriter{}}
			if _, err := ws.ServeDNS(t.Context(), w, r); err != nil {
				t.Fatal(err)
			}
			if len(w.messages) != 1 {
				t.Fatalf("%d messages are written", len(w.messages))
			}
			if asked > 20 {
				t.Errorf("the next plugin was asked %d times", asked)
			}
			if m.String() != before {
				t.Fatalf("the message of the next plugin became\n%s\nit was\n%s", m, before)
			}
			if _, err := w.messages[0].Pack(); err != nil {
				if _, before := m.Pack(); before == nil {
					t.Fatalf("the response cannot be packed: %v\n%s", err, w.messages[0])
				}
			}
			// The address of a computed name is the computed one, unless the pool has stored_first.
			isA := len(r.Question) == 1 && r.Question[0].Qtype == dns.TypeA && r.Question[0].Qclass == dns.ClassINET &&
				r.Opcode == dns.OpcodeQuery
			for _, rr := range w.messages[0].Answer {
				a, ok := rr.(*dns.A)
				if !ok || !isA || !strings.EqualFold(a.Hdr.Name, r.Question[0].Name) {
					continue
				}
				found := ws.find(a.Hdr.Name)
				if found.v4.IsValid() && !found.pool.storedFirst && a.A.String() != found.v4.String() {
					t.Errorf("%s is the answer, and %s is computed", a, found.v4)
				}
			}
		}
	})
}

// FuzzParse checks the pools of every Corefile that is accepted, and that errors begin with file and line.
func FuzzParse(f *testing.F) {
	f.Add("workstation")
	f.Add(`
		workstation example.org 10.0.0.0/8 {
			network 192.0.2.0/24
			ttl 60
		}
		workstation lab.example.org {
			network 0.0.0.0/0
		}`)
	f.Add(`
		workstation 10.1.2.3/16 {
			fallthrough
		}`)
	f.Add("workstation example.org workstation0.example.org lab.workstation255.example.org")
	f.Add(`
		workstation dns://example.org:53 "" {
			ttl 1 {
			}
		}`)
	f.Add(`
		workstation example.org 10.1.0.0/16 2001:db8::/60 {
			name ws-{x:4}-a
			network 10.0.0.0/8 2001:db8::/64
			numbers 50-99 10 60-110
			offset -10
		}`)
	f.Add(`
		workstation example.org {
			name ip-{ip}
			network ::/0 10.0.0.5-10.0.1.9
		}
		workstation example.org {
			name a{n}
			offset 3
			no_reverse
		}`)
	f.Add(`
		workstation a.example {
			name a{n}
			numbers 0-9
		}
		workstation a.example {
			name a{n}
			network 10.0.0.0/24
			numbers 10-19
		}
		workstation b.a.example {
			name a1{n}
			network 10.0.0.0/16
		}`)
	f.Add(`
		workstation example.org {
			network 2001:db8::/32
			offset 9223372036854775807
			name {n:20}
		}
		workstation . example.net {
			name x{x}
			network ::ffff:0:0/96
		}`)

	f.Add(`
		workstation example.org 64/26.2.0.192.in-addr.arpa {
			name rack{c}-node{d:2} *.rack{c}-node{d:2} {d:x}{c:x}
			network 192.0.0.0/16 2001:db8::/64
		}
		workstation example.org {
			name {d}.{c}.{b}.{a}.dyn {a:3}{b:3}{c:3}{d:3}
			network 10.0.0.5-10.0.9.9 10.1.0.0/16
		}`)
	f.Add(`
		workstation example.org {
			name x.{ip:full} *.{ip:x} {ip}
			network ::/0 10.0.0.5-10.0.1.9
		}
		workstation lab.example.org {
			name {c}-{d}-{c}
			network 10.0.0.0/16
		}
		workstation lab.example.org {
			name {d}-7-{c}
			network 10.0.0.0/16
		}`)

	f.Fuzz(func(t *testing.T, corefile string) {
		ws, err := parseBlock(corefile, ".")
		if err == nil {
			checkWorkstation(t, ws)
		} else if !strings.HasPrefix(err.Error(), "Corefile:") {
			t.Fatalf("the error %q does not begin with file and line", err)
		}
	})
}

// FuzzParsePattern checks every pattern that is accepted: it is parsed from what String returns, and reads what it
// writes.
func FuzzParsePattern(f *testing.F) {
	for _, text := range []string{
		"ws{n}", "Rack-{N:3}_b", "{x:20}", "ip-{ip}", "{ip:3}", "{n}{n}", "ws", "a.{n}", "{n:0}", "{", "}", "{n",
		"b\u212a{n}", "*.{ip:full}", "{d}.{c:x}{c}", "{d}0{c}", "*.*.{d}", ".{d}", "{d:3}{d:x}{d}",
	} {
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
		const characters = "abcdefghijklmnopqrstuvwxyz0123456789_-."
		if strings.Trim(written, characters) != "" || slices.Contains(strings.Split(written, "."), "") {
			t.Fatalf("%q gives the text %q", text, written)
		}
		checkText(t, &p, newOracle(p.String()), written)
	})
}

// FuzzPatternText compares patterns with the oracle, also for long texts.
func FuzzPatternText(f *testing.F) {
	var patterns []pattern
	var oracles []oracle
	texts := slices.Concat([]string{"workstation{n}", "{n:3}", "n{x}", "n{x:16}f", "1{n:20}1"}, gridPatterns)
	for i, text := range texts {
		patterns, oracles = append(patterns, testPattern(f, text)), append(oracles, newOracle(text))
		for _, seed := range []string{
			"workstation17", "007", "nffffffffffffffff", "workstation18446744073709551616", "10-20-0-7", "2001-db8--5",
			"0--ffff-a00-5", "0a140007", "010-020-000-007", "r0-n07", "7.0.20.10.dyn",
		} {
			f.Add(seed, i)
		}
	}
	f.Fuzz(func(t *testing.T, text string, i int) {
		i = int(uint(i) % uint(len(patterns)))
		checkText(t, &patterns[i], oracles[i], text)
	})
}

// FuzzPatternAddress writes addresses in every form, reads them, and compares both with the oracle.
func FuzzPatternAddress(f *testing.F) {
	for _, text := range []string{
		"10-0-0-5", "2001-db8--5", "0--1", "2001-db8--0", "0--ffff-a00-5", "1-2-3-4-5-6-7-8", "0-0-1--0",
	} {
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

// FuzzCommonText compares the names of two stanzas that share a zone. If they are accepted, no name of one is a name of
// the other. If they are refused, both patterns give the name in the error.
func FuzzCommonText(f *testing.F) {
	const network = "10.0.0.0/16"
	sample := addressAfter("10.0.7.12", 0).u.lo
	for _, pair := range [][2]string{
		{"ws{n}", "ws{x}"}, {"a{n:3}", "a0{n:2}"}, {"{c}-{d}-{c}", "{d}-1-2{c:x}"}, {"h{c:x}{d:x}", "h{x:4}"},
		{"{ip}", "{a}-{b}-{c}-{d}"}, {"{ip:x}", "{n}"},
		{"*.{d}.{c}", "*.{c}.{d}"}, {"{d:3}{c:3}1", "1{c:3}{d:3}"}, {"x.{d:2}.{c}", "{c:x}.{d}.{d}"},
	} {
		f.Add(pair[0], pair[1], sample)
	}
	f.Fuzz(func(t *testing.T, one, other string, sample uint64) {
		var pools []*pool
		for _, text := range []string{one, other} {
			if strings.ContainsAny(text, " \t\n\r\"#\\") || len(text) > 40 {
				return
			}
			ws, err := parseCorefile(patternStanzas(text + " " + network))
			if err != nil {
				return
			}
			z := ws.zones.zone("example.org.")
			pools = append(pools, slices.Concat(z.computed.patterns, z.wildcards.patterns)[0].pools[0])
		}
		p, q := &pools[0].patterns[0], &pools[1].patterns[0]
		if p.wildcard != q.wildcard || p.text == q.text {
			return
		}
		gives := func(pt *pattern, text string) bool {
			k, ok := pt.keyOf(text)
			if !ok || k.kind == number {
				return ok
			}
			whole := pt.put(k, uint32(addressAfter("10.0.0.0", 0).u.lo))
			return netip.MustParsePrefix(network).Contains(whole.address())
		}
		_, err := parseCorefile(patternStanzas(one+" "+network, other+" "+network))
		if err != nil {
			if text := strings.TrimPrefix(witness(err), "*."); text != "" && (!gives(p, text) || !gives(q, text)) {
				t.Fatalf("%s and %s are said to give %q: %v", p, q, text, err)
			}
			return
		}
		for i := range uint64(500) {
			for j, pt := range []*pattern{p, q} {
				n := sample * (i + 1) % (1 << 16)
				k := key{number, uint128{lo: n}}
				if pt.kind() != byNumber {
					k = addressAfter("10.0.0.0", n)
				}
				if text := string(pt.append(nil, k)); gives([]*pattern{q, p}[j], text) {
					t.Fatalf("%s and %s both give %q", p, q, text)
				}
			}
		}
	})
}

// FuzzParseReverse compares parseReverse with CoreDNS's function. That one reads only names of single addresses,
// but also some that are not written in the usual way.
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
			// Below ip6.arpa, CoreDNS's function reads more: a label of two nibbles for two labels of one, and ":".
			if err == nil && theirs.Is4() && strings.HasSuffix(name, ".in-addr.arpa.") {
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

// FuzzParseClassless compares parseClassless with a regular expression.
func FuzzParseClassless(f *testing.F) {
	for _, label := range []string{
		"64/26", "64-127", "0-25", "64-26", "customer", "300/26", "64", "064/26", `6\0544/26`,
	} {
		f.Add(label)
	}
	labelRE := regexp.MustCompile(`^(0|[1-9][0-9]{0,2})([/-])(0|[1-9][0-9]{0,2})$`)
	f.Fuzz(func(t *testing.T, label string) {
		name := string(appendLower(nil, label)) + ".2.0.192.in-addr.arpa."
		parent, _ := dns.NextLabel(name, 0)
		if _, ok := dns.IsDomainName(name); !ok || name[parent:] != "2.0.192.in-addr.arpa." {
			return // it has more than one label
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
		network := addressAfter("192.0.2.0", 0).u.lo
		if zone.first.lo-network != first || zone.last.lo-network != last {
			t.Fatalf("%q holds %d-%d, want %d-%d", name, zone.first.lo-network, zone.last.lo-network, first, last)
		}
	})
}
