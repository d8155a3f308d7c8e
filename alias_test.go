package workstation

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/coredns/coredns/plugin"
	"github.com/coredns/coredns/plugin/pkg/dnstest"
	"github.com/coredns/coredns/plugin/pkg/nonwriter"
	"github.com/coredns/coredns/plugin/test"
	"github.com/coredns/coredns/request"

	"github.com/miekg/dns"
)

// server is where file asks for names that it does not have, as a running server is.
type server struct{ plugin.Handler }

func (s server) Lookup(ctx context.Context, state request.Request, name string, qtype uint16) (*dns.Msg, error) {
	state = state.NewWithQuestion(name, qtype)
	w := nonwriter.New(state.W)
	if rcode, _ := s.ServeDNS(ctx, w, state.Req); w.Msg == nil {
		w.Msg = new(dns.Msg).SetRcode(state.Req, rcode)
	}
	return w.Msg, nil
}

// serve puts the stanzas of a server block above file with one zone.
func serve(tb testing.TB, corefile, origin, stored string) *Workstation {
	tb.Helper()
	f := zoneFile(tb, map[string]string{origin: stored})
	ws := above(tb, corefile, f)
	f.Z[origin].Upstream = server{ws}
	return ws
}

// exchange returns the response to a query, in which the question stands before the other
// sections, one record on each line; an SOA or NS record of the zone itself without its data.
func exchange(tb testing.TB, h plugin.Handler, qname string, qtype uint16) (m *dns.Msg, text string) {
	tb.Helper()
	r := new(dns.Msg)
	r.SetQuestion(qname, qtype)
	w := dnstest.NewRecorder(&test.ResponseWriter{})
	if _, err := h.ServeDNS(tb.Context(), w, r); err != nil {
		tb.Fatal(err)
	}
	if w.Msg == nil {
		return nil, ""
	}
	if len(w.Msg.Question) != 1 || w.Msg.Question[0] != r.Question[0] {
		tb.Errorf("%s %s: the response is to %v", qname, dns.TypeToString[qtype], w.Msg.Question)
	}
	lines := []string{dns.RcodeToString[w.Msg.Rcode]}
	for _, rr := range slices.Concat(w.Msg.Answer, w.Msg.Extra) {
		lines = append(lines, line(rr))
	}
	for _, rr := range w.Msg.Ns {
		if rr.Header().Rrtype == dns.TypeSOA {
			lines = append(lines, rr.Header().Name+" SOA")
		}
	}
	return w.Msg, strings.Join(lines, "\n")
}

func TestAliases(t *testing.T) {
	const stanza = "workstation lab.example.org {\n name ws{n}\n network 192.0.2.0/24 2001:db8::/64\n ttl 60\n"
	const zone = `
		tested CNAME ws5
		ws5    TXT   "stored"
		six    CNAME ws6
		ws6    A     203.0.113.6
		two    CNAME six
		seven  CNAME ws7
		ws7    CNAME www
		www    A     203.0.113.1
		*.any  CNAME ws6
		old    DNAME lab.example.org.
		mail   MX    10 ws6
		_s._u  SRV   1 1 53 ws6
		_s._u  SRV   2 1 53 ws6
		web    HTTPS 1 ws5
		plain  MX    10 www
		cut    NS    ws6
		out    CNAME ws8.example.net.
		lost   CNAME ws300`
	for _, tc := range []struct {
		name, property string
		qname          string
		qtype          uint16
		want           string
	}{
		{"other data at the target", "", "tested", dns.TypeA, "NOERROR\ntested CNAME ws5\nws5 60 A 192.0.2.5"},
		{"other data at the target, asked for", "", "tested", dns.TypeTXT, "NOERROR\ntested CNAME ws5\nws5 300 TXT \"stored\""},
		{"a hidden record at the target", "", "six", dns.TypeA, "NOERROR\nsix CNAME ws6\nws6 60 A 192.0.2.6"},
		{"the other family", "", "six", dns.TypeAAAA, "NOERROR\nsix CNAME ws6\nws6 60 AAAA 2001:db8::6"},
		{"two aliases", "", "two", dns.TypeA, "NOERROR\ntwo CNAME six\nsix CNAME ws6\nws6 60 A 192.0.2.6"},
		{"a hidden CNAME at the target", "", "seven", dns.TypeA, "NOERROR\nseven CNAME ws7\nws7 60 A 192.0.2.7"},
		{"a hidden CNAME at the target, for another type", "", "seven", dns.TypeTXT, "NOERROR\nseven CNAME ws7\nlab.example.org. SOA"},
		{"a hidden CNAME", "", "ws7", dns.TypeTXT, "NOERROR\nlab.example.org. SOA"},
		{"a hidden CNAME, asked for", "", "ws7", dns.TypeCNAME, "NOERROR\nlab.example.org. SOA"},
		{"an alias, asked for", "", "seven", dns.TypeCNAME, "NOERROR\nseven CNAME ws7"},
		{"a wildcard", "", "x.any", dns.TypeA, "NOERROR\nx.any CNAME ws6\nws6 60 A 192.0.2.6"},
		{"a DNAME", "", "ws5.old", dns.TypeA, "NOERROR\nold DNAME lab.example.org.\nws5.old CNAME ws5\nws5 60 A 192.0.2.5"},
		{"no such target", "", "lost", dns.TypeA, "NXDOMAIN\nlost CNAME ws300\nlab.example.org. SOA"},
		{"a target outside of the zone", "", "out", dns.TypeA, "NOERROR\nout CNAME ws8.example.net."},
		{"MX", "", "mail", dns.TypeMX, "NOERROR\nmail 300 MX 10 ws6\nws6 60 A 192.0.2.6\nws6 60 AAAA 2001:db8::6"},
		{"SRV, of one target twice", "", "_s._u", dns.TypeSRV, "NOERROR\n_s._u 300 SRV 1 1 53 ws6\n_s._u 300 SRV 2 1 53 ws6\nws6 60 A 192.0.2.6\nws6 60 AAAA 2001:db8::6"},
		{"HTTPS", "", "web", dns.TypeHTTPS, "NOERROR\nweb 300 HTTPS 1 ws5\nws5 60 A 192.0.2.5\nws5 60 AAAA 2001:db8::5"},
		{"MX of a stored name", "", "plain", dns.TypeMX, "NOERROR\nplain 300 MX 10 www\nwww 300 A 203.0.113.1"},
		{"a referral", "", "cut", dns.TypeTXT, "NOERROR\nws6 60 A 192.0.2.6\nws6 60 AAAA 2001:db8::6"},

		{"stored first, other data at the target", "stored_first", "tested", dns.TypeA, "NOERROR\ntested CNAME ws5\nws5 60 A 192.0.2.5"},
		{"stored first, a record at the target", "stored_first", "six", dns.TypeA, "NOERROR\nsix CNAME ws6\nws6 300 A 203.0.113.6"},
		{"stored first, the other family", "stored_first", "two", dns.TypeAAAA, "NOERROR\ntwo CNAME six\nsix CNAME ws6\nws6 60 AAAA 2001:db8::6"},
		{"stored first, a CNAME at the target", "stored_first", "seven", dns.TypeA, "NOERROR\nseven CNAME ws7\nws7 CNAME www\nwww 300 A 203.0.113.1"},
		{"stored first, a CNAME", "stored_first", "ws7", dns.TypeTXT, "NOERROR\nws7 CNAME www"},
		{"stored first, MX", "stored_first", "mail", dns.TypeMX, "NOERROR\nmail 300 MX 10 ws6\nws6 300 A 203.0.113.6\nws6 60 AAAA 2001:db8::6"},
		{"stored first, a referral", "stored_first", "cut", dns.TypeTXT, "NOERROR\nws6 300 A 203.0.113.6\nws6 60 AAAA 2001:db8::6"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			ws := serve(t, stanza+tc.property+"\n}", "lab.example.org.", strings.ReplaceAll("$TTL 300"+zone, "\n\t\t", "\n"))
			m, text := exchange(t, ws, tc.qname+".lab.example.org.", tc.qtype)
			text = strings.ReplaceAll(text, "300 CNAME", "CNAME")
			text = strings.ReplaceAll(text, "300 DNAME", "DNAME")
			got, want := strings.Split(strings.ReplaceAll(text, " lab.example.org.", " @"), "\n"), strings.Split(tc.want, "\n")
			for i := range got {
				got[i] = strings.ReplaceAll(got[i], ".lab.example.org.", "")
			}
			for i := range want {
				want[i] = strings.ReplaceAll(want[i], " lab.example.org.", " @")
			}
			slices.Sort(got[1:])
			slices.Sort(want[1:])
			if !slices.Equal(got, want) {
				t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
			}
			if m.AuthenticatedData {
				t.Error("the AD flag is set")
			}
		})
	}
}

// TestReverseAliases asks for aliases of names of PTR records.
func TestReverseAliases(t *testing.T) {
	const stanza = "workstation lab.example.org 192.0.2.0/26 64/26.2.0.192.in-addr.arpa {\n name ws{n}\n network 192.0.2.0/24\n ttl 60\n"
	const stored = "$TTL 300\n5 TXT stored\n6 PTR hidden.example.org.\n200 CNAME 5\n201 CNAME 6\n70 CNAME 70.64/26\n70.64/26 TXT stored\n71 CNAME 71.64/26\n*.w CNAME 5"
	for _, tc := range []struct{ property, qname, want string }{
		{"", "200.2.0.192.in-addr.arpa.", "CNAME 5.2.0.192.in-addr.arpa.\n5.2.0.192.in-addr.arpa. 60 PTR ws5.lab.example.org."},
		{"", "201.2.0.192.in-addr.arpa.", "CNAME 6.2.0.192.in-addr.arpa.\n6.2.0.192.in-addr.arpa. 60 PTR ws6.lab.example.org."},
		{"", "70.2.0.192.in-addr.arpa.", "CNAME 70.64/26.2.0.192.in-addr.arpa.\n70.64/26.2.0.192.in-addr.arpa. 60 PTR ws70.lab.example.org."},
		{"", "71.2.0.192.in-addr.arpa.", "CNAME 71.64/26.2.0.192.in-addr.arpa.\n71.64/26.2.0.192.in-addr.arpa. 60 PTR ws71.lab.example.org."},
		{"", "a.w.2.0.192.in-addr.arpa.", "CNAME 5.2.0.192.in-addr.arpa.\n5.2.0.192.in-addr.arpa. 60 PTR ws5.lab.example.org."},
		{"stored_first", "200.2.0.192.in-addr.arpa.", "CNAME 5.2.0.192.in-addr.arpa.\n5.2.0.192.in-addr.arpa. 60 PTR ws5.lab.example.org."},
		{"stored_first", "201.2.0.192.in-addr.arpa.", "CNAME 6.2.0.192.in-addr.arpa.\n6.2.0.192.in-addr.arpa. 300 PTR hidden.example.org."},
	} {
		ws := serve(t, stanza+tc.property+"\n}", "2.0.192.in-addr.arpa.", stored)
		if _, got := exchange(t, ws, tc.qname, dns.TypePTR); got != "NOERROR\n"+tc.qname+" 300 "+tc.want {
			t.Errorf("%s: got\n%s\nwant\nNOERROR\n%s 300 %s", tc.qname, got, tc.qname, tc.want)
		}
	}
}

// TestAliasesOfRandomZones holds what queries get to what a secondary says that has the
// transferred zone.
func TestAliasesOfRandomZones(t *testing.T) {
	const origin = "lab.example.org."
	rnd := rand.New(rand.NewPCG(7, 8))
	pick := func(words ...string) string { return words[rnd.IntN(len(words))] }
	names := []string{origin}
	for _, label := range []string{"ws0", "ws1", "ws2", "0.r1", "1.r1", "r1", "r2", "a", "b", "c", "d", "x.a", "x.ws1", "a.r1", "ws1.a", "ws1.r1", "0.b"} {
		names = append(names, label+"."+origin)
	}
	answered := make(map[string]int)
	for range 3000 {
		var corefile, stored strings.Builder
		fmt.Fprintf(&corefile, "workstation %s {\n name ws{n}\n network 192.0.2.0/31\n %s\n}\n", origin, pick("", "stored_first"))
		fmt.Fprintf(&corefile, "workstation %s {\n name {d}.r{c}\n network 10.0.0.255-10.0.1.1\n %s\n}\n", origin, pick("", "stored_first"))
		// Queries get what is computed below a cut, where it comes first.
		computed := testWorkstation(t, corefile.String())
		above := func(cut string) bool {
			return slices.ContainsFunc(names, func(name string) bool {
				o := computed.find(name)
				return dns.IsSubDomain(cut, name) && o.isComputed() && !o.pool.storedFirst
			})
		}
		taken, dnames := make(map[string]bool), []string(nil)
		belowDNAME := func(name string) bool {
			return slices.ContainsFunc(dnames, func(dname string) bool { return dname != name && dns.IsSubDomain(dname, name) })
		}
		for range rnd.IntN(12) {
			name := pick(names[1:]...)
			data := pick("A 203.0.113.1", "TXT \"stored\"", "NS "+pick(names...), "CNAME "+pick(names...), "CNAME "+pick(names...), "CNAME "+pick(names...), "DNAME "+pick(names...))
			alone := strings.HasPrefix(data, "CNAME") || strings.HasPrefix(data, "DNAME")
			if (strings.HasPrefix(data, "NS") || strings.HasPrefix(data, "DNAME")) && above(name) || strings.HasSuffix(data, " "+name) || belowDNAME(name) ||
				strings.HasPrefix(data, "DNAME") && strings.Contains(stored.String(), "."+name+" 300") {
				continue
			}
			if strings.HasPrefix(data, "DNAME") {
				dnames = append(dnames, name)
			}
			if (!alone || !taken[name]) && !strings.Contains(stored.String(), name+" 300 CNAME") && !strings.Contains(stored.String(), name+" 300 DNAME") {
				taken[name] = true
				fmt.Fprintf(&stored, "%s 300 %s\n", name, data)
			}
		}
		ws := serve(t, corefile.String(), origin, stored.String())
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
					t.Fatalf("%s\nabove\n%s\n%s %s gets nothing, and from a secondary\n%s", &corefile, &stored, name, dns.TypeToString[qtype], strings.Join(want, "\n"))
				}
				var got []string
				for _, rr := range m.Answer {
					got = append(got, line(rr))
				}
				answered[fmt.Sprint(len(want))]++
				slices.Sort(got)
				slices.Sort(want)
				if !slices.Equal(got, want) || m.Rcode != dns.RcodeSuccess && m.Rcode != dns.RcodeNameError {
					t.Fatalf("%s\nabove\n%s\n%s %s gets %s\n%s\nand from a secondary\n%s", &corefile, &stored,
						name, dns.TypeToString[qtype], dns.RcodeToString[m.Rcode], strings.Join(got, "\n"), strings.Join(want, "\n"))
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

// resolve returns the answer of a server that has the zone, which ends at a zone cut. It is not
// complete if the CNAME records go in a circle, or are very many.
func (z storedZone) resolve(cuts zoneCuts, name string, qtype uint16) (answer []string, complete bool) {
	for range 7 {
		// The zone cut or DNAME nearest to the root decides.
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

// TestAliasesWithoutEnd asks for aliases that lead to each other, each known to the upstream
// alone.
func TestAliasesWithoutEnd(t *testing.T) {
	asked := 0
	ws := testHandler(t, test.HandlerFunc(func(_ context.Context, w dns.ResponseWriter, r *dns.Msg) (int, error) {
		asked++
		target := map[string]string{"workstation1.lab.example.org.": "workstation2", "workstation2.lab.example.org.": "workstation1"}[r.Question[0].Name]
		m := new(dns.Msg).SetReply(r)
		m.Answer = []dns.RR{test.CNAME(r.Question[0].Name + " 300 IN CNAME " + target + ".lab.example.org.")}
		w.WriteMsg(m)
		return dns.RcodeSuccess, nil
	}))
	for _, p := range ws.zones.byName["lab.example.org."].computed.patterns {
		p.pools[0].storedFirst = true
	}
	exchange(t, ws, "workstation1.lab.example.org.", dns.TypeA)
	if asked < 2 || asked > 10 {
		t.Errorf("the upstream was asked %d times", asked)
	}
}

// TestAliasesLeaveMessagesAlone has a plugin that writes the message that it keeps, as a
// cache does, with room behind its sections.
func TestAliasesLeaveMessagesAlone(t *testing.T) {
	room := func(rrs ...dns.RR) []dns.RR { return append(make([]dns.RR, 0, 8), rrs...) }
	const alias = "alias.lab.example.org. 300 IN CNAME workstation6.lab.example.org."
	for _, tc := range []struct {
		qname         string
		qtype         uint16
		answer, extra []dns.RR
	}{
		{"alias.lab.example.org.", dns.TypeA, room(test.CNAME(alias), test.A("workstation6.lab.example.org. 300 IN A 203.0.113.6")), room(new(dns.OPT))},
		{"alias.lab.example.org.", dns.TypeAAAA, room(test.CNAME(alias), test.CNAME("workstation6.lab.example.org. 300 IN CNAME www.example.org.")), room(new(dns.OPT))},
		{"workstation6.lab.example.org.", dns.TypeTXT, room(test.CNAME("workstation6.lab.example.org. 300 IN CNAME www.example.org.")), room(new(dns.OPT))},
		{"mail.lab.example.org.", dns.TypeMX, room(test.MX("mail.lab.example.org. 300 IN MX 10 workstation6.lab.example.org.")), room(test.A("workstation6.lab.example.org. 300 IN A 203.0.113.6"), new(dns.OPT))},
		{"mail.lab.example.org.", dns.TypeMX, room(test.MX("mail.lab.example.org. 300 IN MX 10 workstation6.lab.example.org.")), nil},
	} {
		kept := new(dns.Msg).SetQuestion(tc.qname, tc.qtype)
		kept.Response, kept.AuthenticatedData = true, true
		kept.Answer, kept.Extra, kept.Ns = tc.answer, tc.extra, room(test.NS("lab.example.org. 300 IN NS ns.example.org."))
		before := kept.String()
		ws := testHandler(t, test.HandlerFunc(func(_ context.Context, w dns.ResponseWriter, r *dns.Msg) (int, error) {
			if r.Question[0] != kept.Question[0] {
				m := new(dns.Msg).SetReply(r)
				m.Answer = []dns.RR{test.SOA("example.org. 300 IN SOA ns.example.org. admin.example.org. 1 2 3 4 5")}
				w.WriteMsg(m)
			} else {
				w.WriteMsg(kept)
			}
			return dns.RcodeSuccess, nil
		}))
		m, _ := exchange(t, ws, tc.qname, tc.qtype)
		m.Answer = append(m.Answer, test.TXT("a. IN TXT a"))
		m.Ns = append(m.Ns, test.TXT("a. IN TXT a"))
		m.Extra = append(m.Extra, test.TXT("a. IN TXT a"))
		m.Compress = true
		behind := slices.Concat(kept.Answer[:cap(kept.Answer)][len(kept.Answer):], kept.Ns[:cap(kept.Ns)][len(kept.Ns):], kept.Extra[:cap(kept.Extra)][len(kept.Extra):])
		if kept.String() != before || slices.ContainsFunc(behind, func(rr dns.RR) bool { return rr != nil }) {
			t.Errorf("%s %s: the message became\n%s\nit was\n%s", tc.qname, dns.TypeToString[tc.qtype], kept, before)
		}
		// The flag speaks of the answer (RFC 4035, section 3.2.3).
		if m == kept || m.AuthenticatedData != (tc.qtype == dns.TypeMX) {
			t.Errorf("%s %s: what is written is what was validated:\n%s", tc.qname, dns.TypeToString[tc.qtype], m)
		}
	}
}

// FuzzNextPlugin has the next plugin answer with any message, in a server block with and
// without stored_first.
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
	add("ws5.lab.example.org.", dns.TypeTXT, dns.RcodeSuccess, rrs("ws5.lab.example.org. CNAME ws6.lab.example.org.", "ws6.lab.example.org. A 192.0.2.1"))
	add("a.lab.example.org.", dns.TypeA, dns.RcodeNameError, rrs("a.lab.example.org. CNAME ws6.lab.example.org.", "ws6.lab.example.org. CNAME b.lab.example.org."))
	add("a.lab.example.org.", dns.TypeAAAA, dns.RcodeSuccess, rrs("lab.example.org. DNAME example.org.", "a.lab.example.org. CNAME A.example.org."), rrs("a. NS ws5.lab.example.org."))
	add("a.lab.example.org.", dns.TypeMX, dns.RcodeSuccess, rrs("a.lab.example.org. MX 1 ws5.lab.example.org."), nil, rrs("ws5.lab.example.org. A 192.0.2.1", ". SOA a. b. 1 2 3 4 5"))
	add("a.lab.example.org.", dns.TypeA, dns.RcodeSuccess, nil, rrs("lab.example.org. NS ws5.lab.example.org."))
	add("5.2.0.192.in-addr.arpa.", dns.TypeANY, dns.RcodeRefused)
	f.Fuzz(func(t *testing.T, query, response []byte) {
		r, m := new(dns.Msg), new(dns.Msg)
		if r.Unpack(query) != nil || m.Unpack(response) != nil {
			return
		}
		before := m.String()
		for _, corefile := range []string{storedFirst, strings.Replace(storedFirst, "stored_first", "", 1)} {
			ws := testWorkstation(t, corefile)
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
			// What is written of a computed name is computed, or with stored_first may be.
			for _, rr := range w.messages[0].Answer {
				a, ok := rr.(*dns.A)
				if o := ws.find(rr.Header().Name); ok && o.v4.IsValid() && !o.pool.storedFirst && len(r.Question) == 1 && r.Question[0].Qtype == dns.TypeA && r.Question[0].Qclass == dns.ClassINET && r.Opcode == dns.OpcodeQuery &&
					strings.EqualFold(a.Hdr.Name, r.Question[0].Name) && a.A.String() != o.v4.String() {
					t.Errorf("%s is the answer, and %s is computed", a, o.v4)
				}
			}
		}
	})
}

// TestManyHosts has a response point to many hosts. Of computed names that come first, all
// addresses are replaced; the next plugin is asked for some.
func TestManyHosts(t *testing.T) {
	for _, tc := range []struct {
		corefile         string
		addresses, asked int
	}{
		{storedFirst, 200 + 2*maxHosts - maxHosts, 1 + maxHosts},
		{strings.Replace(storedFirst, "stored_first", "", 1), 400, 1},
	} {
		asked := 0
		ws := testWorkstation(t, tc.corefile)
		ws.Next = test.HandlerFunc(func(_ context.Context, w dns.ResponseWriter, r *dns.Msg) (int, error) {
			asked++
			m := new(dns.Msg).SetReply(r)
			for i := range 200 {
				if r.Question[0].Qtype == dns.TypeMX {
					m.Answer = append(m.Answer, test.MX(fmt.Sprintf("lab.example.org. 300 IN MX 10 ws%d.lab.example.org.", i)))
					m.Extra = append(m.Extra, test.A(fmt.Sprintf("ws%d.lab.example.org. 300 IN A 203.0.113.%d", i, i)))
				}
			}
			w.WriteMsg(m)
			return dns.RcodeSuccess, nil
		})
		for _, tcp := range []bool{false, true} {
			w := dnstest.NewRecorder(&test.ResponseWriter{TCP: tcp})
			asked = 0
			if _, err := ws.ServeDNS(t.Context(), w, new(dns.Msg).SetQuestion("lab.example.org.", dns.TypeMX)); err != nil {
				t.Fatal(err)
			}
			stored := 0
			for _, rr := range w.Msg.Extra {
				if a, ok := rr.(*dns.A); ok && strings.HasPrefix(a.A.String(), "203.0.113.") {
					stored++
				}
			}
			wantStored := 200
			if tc.asked == 1 {
				wantStored = 0
			}
			want := tc.addresses
			if !tcp { // which they do not fit
				want = wantStored
			}
			if len(w.Msg.Extra) != want || stored != wantStored || asked != tc.asked {
				t.Errorf("there are %d addresses, of which %d are stored, and the next plugin was asked %d times; want %d, %d and %d", len(w.Msg.Extra), stored, asked, want, wantStored, tc.asked)
			}
		}
	}
}

// TestAliasesOfNamesThatExist has an upstream deny the target of an alias, which exists here.
func TestAliasesOfNamesThatExist(t *testing.T) {
	ws := testHandler(t, test.HandlerFunc(func(_ context.Context, w dns.ResponseWriter, r *dns.Msg) (int, error) {
		m := new(dns.Msg).SetRcode(r, dns.RcodeNameError)
		m.Ns = []dns.RR{test.SOA("example.org. 300 IN SOA ns.example.org. admin.example.org. 1 2 3 4 5")}
		if target, ok := strings.CutPrefix(r.Question[0].Name, "to-"); ok {
			m.Answer = []dns.RR{test.CNAME(r.Question[0].Name + " 300 IN CNAME " + target)}
		}
		w.WriteMsg(m)
		return dns.RcodeNameError, nil
	}))
	for _, tc := range []struct {
		target string
		qtype  uint16
		want   string
	}{
		{"workstation5.lab.example.org.", dns.TypeA, "NOERROR\nto-workstation5.lab.example.org. 300 CNAME workstation5.lab.example.org.\nworkstation5.lab.example.org. 3600 A 192.0.2.5"},
		{"workstation5.lab.example.org.", dns.TypeAAAA, "NOERROR\nto-workstation5.lab.example.org. 300 CNAME workstation5.lab.example.org.\nexample.org. SOA"},
		{"lab.example.org.", dns.TypeA, "NOERROR\nto-lab.example.org. 300 CNAME lab.example.org.\nexample.org. SOA"},
		{"www.lab.example.org.", dns.TypeA, "NXDOMAIN\nto-www.lab.example.org. 300 CNAME www.lab.example.org.\nexample.org. SOA"},
	} {
		if _, got := exchange(t, ws, "to-"+tc.target, tc.qtype); got != tc.want {
			t.Errorf("got\n%s\nwant\n%s", got, tc.want)
		}
	}
}

// TestAliasesBetweenZones has aliases in two zones lead to each other. file asks for each here,
// and the answer to that must not be asked for again.
func TestAliasesBetweenZones(t *testing.T) {
	var a, b strings.Builder
	for i := range 20 {
		fmt.Fprintf(&a, "ws%d 300 CNAME ws%d.b.example.\nmx 300 MX %d ws%d\n", i, i+1, i, i)
		fmt.Fprintf(&b, "ws%d 300 CNAME ws%d.a.example.\n", i, i+1)
	}
	f := zoneFile(t, map[string]string{"a.example.": a.String(), "b.example.": b.String()})
	ws := testWorkstation(t, "workstation a.example b.example {\n name ws{n}\n network 192.0.2.0/24 2001:db8::/64\n stored_first\n}")
	asked := 0
	ws.Next = test.HandlerFunc(func(ctx context.Context, w dns.ResponseWriter, r *dns.Msg) (int, error) {
		asked++
		return f.ServeDNS(ctx, w, r)
	})
	for _, z := range f.Z {
		z.Upstream = server{ws}
	}
	for _, tc := range []struct {
		qname string
		qtype uint16
		most  int
	}{
		{"ws0.a.example.", dns.TypeA, 10},
		{"ws0.a.example.", dns.TypeTXT, 10},
		{"mx.a.example.", dns.TypeMX, 1 + 2*maxHosts*10},
	} {
		asked = 0
		r := new(dns.Msg).SetQuestion(tc.qname, tc.qtype)
		ws.ServeDNS(t.Context(), &test.ResponseWriter{}, r)
		if asked > tc.most {
			t.Errorf("%s %s: the next plugin was asked %d times, and should be %d times at most", tc.qname, dns.TypeToString[tc.qtype], asked, tc.most)
		}
	}
}

// TestAliasesPastDNAMEs has an alias lead to a computed name that a DNAME redirects, and on.
func TestAliasesPastDNAMEs(t *testing.T) {
	ws := serve(t, "workstation example.org {\n name ws{n}.sub ws{n}.other\n network 192.0.2.0/24\n}", "example.org.",
		"$TTL 300\na CNAME ws5.sub\nsub DNAME other\nws5.other CNAME x\nx TXT hidden\nb CNAME ws6.sub\nws6.other TXT ok")
	for _, tc := range []struct{ qname, want string }{
		{"a.example.org.", "NOERROR\na.example.org. 300 CNAME ws5.sub.example.org.\nsub.example.org. 300 DNAME other.example.org.\nws5.sub.example.org. 300 CNAME ws5.other.example.org."},
		{"b.example.org.", "NOERROR\nb.example.org. 300 CNAME ws6.sub.example.org.\nsub.example.org. 300 DNAME other.example.org.\nws6.sub.example.org. 300 CNAME ws6.other.example.org.\nws6.other.example.org. 300 TXT \"ok\""},
	} {
		if _, got := exchange(t, ws, tc.qname, dns.TypeTXT); got != tc.want {
			t.Errorf("%s: got\n%s\nwant\n%s", tc.qname, got, tc.want)
		}
	}
}

// TestGlue has a referral point to more name servers than fit: all addresses are in it, so
// that the server truncates it (RFC 9471).
func TestGlue(t *testing.T) {
	var zone strings.Builder
	for i := range 13 {
		fmt.Fprintf(&zone, "sub 300 NS ws%d.sub\nws%d.sub 300 A 203.0.113.%d\n", i, i, i)
	}
	ws := serve(t, "workstation example.org {\n name ws{n}.sub\n network 192.0.2.0/24 2001:db8::/64\n}", "example.org.", zone.String())
	m, _ := exchange(t, ws, "www.sub.example.org.", dns.TypeA)
	if len(m.Ns) != 13 || len(m.Extra) != 26 {
		t.Errorf("got %d name servers and %d addresses", len(m.Ns), len(m.Extra))
	}
}
