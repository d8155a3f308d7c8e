package workstation

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/coredns/coredns/plugin/pkg/dnstest"
	"github.com/coredns/coredns/plugin/test"

	"github.com/miekg/dns"
)

// aliasZone has aliases of computed names, and records stored at computed names.
const aliasZone = `
	$TTL 300
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

// aliasTest is a query for a name of lab.example.org. What it gets is written as in exchange, but records are
// separated by semicolons; CNAME and DNAME records have no TTL, and names end before the zone.
type aliasTest struct {
	name, qname string
	qtype       uint16
	want        string
}

// checkResponse sends the query to a stanza with the property, above aliasZone, and compares the response.
func (tc aliasTest) checkResponse(t *testing.T, property string) {
	const origin = "lab.example.org."
	stanza := stanzaOf(origin, "name ws{n}", "network 192.0.2.0/24 2001:db8::/64", "ttl 60", property)
	ws := handlerAboveFile(t, stanza, map[string]string{origin: aliasZone})
	m, text := exchange(t, ws, tc.qname+"."+origin, tc.qtype)
	short := strings.NewReplacer("300 CNAME", "CNAME", "300 DNAME", "DNAME", "."+origin, "")
	got, want := strings.Split(short.Replace(text), "\n"), strings.Split(tc.want, "; ")
	slices.Sort(got[1:])
	slices.Sort(want[1:])
	if !slices.Equal(got, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	if m.AuthenticatedData {
		t.Error("the AD flag is set")
	}
}

func TestAliases(t *testing.T) {
	for _, tc := range []aliasTest{
		{"other data at the target", "tested", dns.TypeA, "NOERROR; tested CNAME ws5; ws5 60 A 192.0.2.5"},
		{"other data at the target, asked for", "tested", dns.TypeTXT,
			`NOERROR; tested CNAME ws5; ws5 300 TXT "stored"`},
		{"a hidden record at the target", "six", dns.TypeA, "NOERROR; six CNAME ws6; ws6 60 A 192.0.2.6"},
		{"the other family", "six", dns.TypeAAAA, "NOERROR; six CNAME ws6; ws6 60 AAAA 2001:db8::6"},
		{"two aliases", "two", dns.TypeA, "NOERROR; two CNAME six; six CNAME ws6; ws6 60 A 192.0.2.6"},
		{"a hidden CNAME at the target", "seven", dns.TypeA, "NOERROR; seven CNAME ws7; ws7 60 A 192.0.2.7"},
		{
			"a hidden CNAME at the target, for another type", "seven", dns.TypeTXT,
			"NOERROR; seven CNAME ws7; lab.example.org. SOA",
		},
		{"a hidden CNAME", "ws7", dns.TypeTXT, "NOERROR; lab.example.org. SOA"},
		{"a hidden CNAME, asked for", "ws7", dns.TypeCNAME, "NOERROR; lab.example.org. SOA"},
		{"an alias, asked for", "seven", dns.TypeCNAME, "NOERROR; seven CNAME ws7"},
		{"a wildcard", "x.any", dns.TypeA, "NOERROR; x.any CNAME ws6; ws6 60 A 192.0.2.6"},
		{"a DNAME", "ws5.old", dns.TypeA, "NOERROR; old DNAME lab.example.org.; ws5.old CNAME ws5; ws5 60 A 192.0.2.5"},
		{"no such target", "lost", dns.TypeA, "NXDOMAIN; lost CNAME ws300; lab.example.org. SOA"},
		{"a target outside of the zone", "out", dns.TypeA, "NOERROR; out CNAME ws8.example.net."},
		{"MX", "mail", dns.TypeMX, "NOERROR; mail 300 MX 10 ws6; ws6 60 A 192.0.2.6; ws6 60 AAAA 2001:db8::6"},
		{
			"SRV, of one target twice", "_s._u", dns.TypeSRV,
			"NOERROR; _s._u 300 SRV 1 1 53 ws6; _s._u 300 SRV 2 1 53 ws6; ws6 60 A 192.0.2.6; ws6 60 AAAA 2001:db8::6",
		},
		{"HTTPS", "web", dns.TypeHTTPS, "NOERROR; web 300 HTTPS 1 ws5; ws5 60 A 192.0.2.5; ws5 60 AAAA 2001:db8::5"},
		{"MX of a stored name", "plain", dns.TypeMX, "NOERROR; plain 300 MX 10 www; www 300 A 203.0.113.1"},
		{"a referral", "cut", dns.TypeTXT, "NOERROR; ws6 60 A 192.0.2.6; ws6 60 AAAA 2001:db8::6"},
	} {
		t.Run(tc.name, func(t *testing.T) { tc.checkResponse(t, "") })
	}
}

func TestAliasesStoredFirst(t *testing.T) {
	for _, tc := range []aliasTest{
		{"other data at the target", "tested", dns.TypeA, "NOERROR; tested CNAME ws5; ws5 60 A 192.0.2.5"},
		{"a record at the target", "six", dns.TypeA, "NOERROR; six CNAME ws6; ws6 300 A 203.0.113.6"},
		{"the other family", "two", dns.TypeAAAA, "NOERROR; two CNAME six; six CNAME ws6; ws6 60 AAAA 2001:db8::6"},
		{"a CNAME at the target", "seven", dns.TypeA, "NOERROR; seven CNAME ws7; ws7 CNAME www; www 300 A 203.0.113.1"},
		{"a CNAME", "ws7", dns.TypeTXT, "NOERROR; ws7 CNAME www"},
		{"MX", "mail", dns.TypeMX, "NOERROR; mail 300 MX 10 ws6; ws6 300 A 203.0.113.6; ws6 60 AAAA 2001:db8::6"},
		{"a referral", "cut", dns.TypeTXT, "NOERROR; ws6 300 A 203.0.113.6; ws6 60 AAAA 2001:db8::6"},
	} {
		t.Run(tc.name, func(t *testing.T) { tc.checkResponse(t, "stored_first") })
	}
}

// TestReverseAliases sends queries for aliases of names that have PTR records.
func TestReverseAliases(t *testing.T) {
	const zones = "lab.example.org 192.0.2.0/26 64/26.2.0.192.in-addr.arpa"
	const stored = `
		$TTL 300
		5 TXT stored
		6 PTR hidden.example.org.
		200 CNAME 5
		201 CNAME 6
		70 CNAME 70.64/26
		70.64/26 TXT stored
		71 CNAME 71.64/26
		*.w CNAME 5`
	for _, tc := range []struct{ property, qname, want string }{
		{
			"", "200.2.0.192.in-addr.arpa.",
			"CNAME 5.2.0.192.in-addr.arpa.\n" +
				"5.2.0.192.in-addr.arpa. 60 PTR ws5.lab.example.org.",
		},
		{
			"", "201.2.0.192.in-addr.arpa.",
			"CNAME 6.2.0.192.in-addr.arpa.\n" +
				"6.2.0.192.in-addr.arpa. 60 PTR ws6.lab.example.org.",
		},
		{
			"", "70.2.0.192.in-addr.arpa.",
			"CNAME 70.64/26.2.0.192.in-addr.arpa.\n" +
				"70.64/26.2.0.192.in-addr.arpa. 60 PTR ws70.lab.example.org.",
		},
		{
			"", "71.2.0.192.in-addr.arpa.",
			"CNAME 71.64/26.2.0.192.in-addr.arpa.\n" +
				"71.64/26.2.0.192.in-addr.arpa. 60 PTR ws71.lab.example.org.",
		},
		{
			"", "a.w.2.0.192.in-addr.arpa.",
			"CNAME 5.2.0.192.in-addr.arpa.\n" +
				"5.2.0.192.in-addr.arpa. 60 PTR ws5.lab.example.org.",
		},
		{
			"stored_first", "200.2.0.192.in-addr.arpa.",
			"CNAME 5.2.0.192.in-addr.arpa.\n" +
				"5.2.0.192.in-addr.arpa. 60 PTR ws5.lab.example.org.",
		},
		{
			"stored_first", "201.2.0.192.in-addr.arpa.",
			"CNAME 6.2.0.192.in-addr.arpa.\n" +
				"6.2.0.192.in-addr.arpa. 300 PTR hidden.example.org.",
		},
	} {
		stanza := stanzaOf(zones, "name ws{n}", "network 192.0.2.0/24", "ttl 60", tc.property)
		ws := handlerAboveFile(t, stanza, map[string]string{"2.0.192.in-addr.arpa.": stored})
		if _, got := exchange(t, ws, tc.qname, dns.TypePTR); got != "NOERROR\n"+tc.qname+" 300 "+tc.want {
			t.Errorf("%s: got\n%s\nwant\nNOERROR\n%s 300 %s", tc.qname, got, tc.qname, tc.want)
		}
	}
}

// TestAliasesWithoutEnd sends a query for an alias that leads to another, which leads back. Only the upstream
// knows them.
func TestAliasesWithoutEnd(t *testing.T) {
	asked := 0
	ws := labHandler(t, test.HandlerFunc(func(_ context.Context, w dns.ResponseWriter, r *dns.Msg) (int, error) {
		asked++
		target := map[string]string{
			"workstation1.lab.example.org.": "workstation2",
			"workstation2.lab.example.org.": "workstation1",
		}[r.Question[0].Name]
		m := new(dns.Msg).SetReply(r)
		m.Answer = []dns.RR{test.CNAME(r.Question[0].Name + " 300 IN CNAME " + target + ".lab.example.org.")}
		w.WriteMsg(m)
		return dns.RcodeSuccess, nil
	}))
	for _, p := range ws.zones.zone("lab.example.org.").computed.patterns {
		p.pools[0].storedFirst = true
	}
	exchange(t, ws, "workstation1.lab.example.org.", dns.TypeA)
	if asked < 2 || asked > 10 {
		t.Errorf("the upstream was asked %d times", asked)
	}
}

// TestAliasesLeaveMessagesAlone checks that a message of the next plugin is not changed. The plugin keeps the
// message, as a cache does, and its sections have room for more records.
func TestAliasesLeaveMessagesAlone(t *testing.T) {
	room := func(rrs ...dns.RR) []dns.RR { return append(make([]dns.RR, 0, 8), rrs...) }
	alias := test.CNAME("alias.lab.example.org. 300 IN CNAME workstation6.lab.example.org.")
	away := test.CNAME("workstation6.lab.example.org. 300 IN CNAME www.example.org.")
	address := test.A("workstation6.lab.example.org. 300 IN A 203.0.113.6")
	mail := test.MX("mail.lab.example.org. 300 IN MX 10 workstation6.lab.example.org.")
	for _, tc := range []struct {
		qname         string
		qtype         uint16
		answer, extra []dns.RR
	}{
		{"alias.lab.example.org.", dns.TypeA, room(alias, address), room(new(dns.OPT))},
		{"alias.lab.example.org.", dns.TypeAAAA, room(alias, away), room(new(dns.OPT))},
		{"workstation6.lab.example.org.", dns.TypeTXT, room(away), room(new(dns.OPT))},
		{"mail.lab.example.org.", dns.TypeMX, room(mail), room(address, new(dns.OPT))},
		{"mail.lab.example.org.", dns.TypeMX, room(mail), nil},
	} {
		kept := new(dns.Msg).SetQuestion(tc.qname, tc.qtype)
		kept.Response, kept.AuthenticatedData = true, true
		kept.Answer, kept.Extra = tc.answer, tc.extra
		kept.Ns = room(test.NS("lab.example.org. 300 IN NS ns.example.org."))
		before := kept.String()
		ws := labHandler(t, test.HandlerFunc(func(_ context.Context, w dns.ResponseWriter, r *dns.Msg) (int, error) {
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
		var behind []dns.RR
		for _, section := range [][]dns.RR{kept.Answer, kept.Ns, kept.Extra} {
			behind = append(behind, section[len(section):cap(section)]...)
		}
		if kept.String() != before || slices.ContainsFunc(behind, func(rr dns.RR) bool { return rr != nil }) {
			t.Errorf("%s %s: the message became\n%s\nit was\n%s", tc.qname, dns.TypeToString[tc.qtype], kept, before)
		}
		// The AD flag is about the answer section (RFC 4035, section 3.2.3), which is unchanged for MX.
		if m == kept || m.AuthenticatedData != (tc.qtype == dns.TypeMX) {
			t.Errorf("%s %s: what is written is what was validated:\n%s", tc.qname, dns.TypeToString[tc.qtype], m)
		}
	}
}

// TestManyHosts checks a response with many hosts. If computed records come first, all addresses are replaced. With
// stored_first, the next plugin is asked for the addresses of only some hosts.
func TestManyHosts(t *testing.T) {
	for _, tc := range []struct {
		corefile         string
		addresses, asked int
	}{
		{corefile: storedFirst, addresses: 200 + 2*maxHosts - maxHosts, asked: 1 + maxHosts},
		{corefile: strings.Replace(storedFirst, "stored_first", "", 1), addresses: 400, asked: 1},
	} {
		asked := 0
		ws := newHandler(t, tc.corefile)
		ws.Next = test.HandlerFunc(func(_ context.Context, w dns.ResponseWriter, r *dns.Msg) (int, error) {
			asked++
			m := new(dns.Msg).SetReply(r)
			for i := range 200 {
				if r.Question[0].Qtype == dns.TypeMX {
					host := fmt.Sprintf("ws%d.lab.example.org.", i)
					m.Answer = append(m.Answer, test.MX("lab.example.org. 300 IN MX 10 "+host))
					m.Extra = append(m.Extra, test.A(fmt.Sprintf("%s 300 IN A 203.0.113.%d", host, i)))
				}
			}
			w.WriteMsg(m)
			return dns.RcodeSuccess, nil
		})
		for _, tcp := range []bool{false, true} {
			w := dnstest.NewRecorder(&test.ResponseWriter{TCP: tcp})
			asked = 0
			query := new(dns.Msg).SetQuestion("lab.example.org.", dns.TypeMX)
			if _, err := ws.ServeDNS(t.Context(), w, query); err != nil {
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
			if !tcp { // they do not fit
				want = wantStored
			}
			if len(w.Msg.Extra) != want || stored != wantStored || asked != tc.asked {
				t.Errorf("there are %d addresses, of which %d are stored, and the next plugin was asked %d times; "+
					"want %d, %d and %d", len(w.Msg.Extra), stored, asked, want, wantStored, tc.asked)
			}
		}
	}
}

// TestAliasesOfNamesThatExist checks that the target of an alias is not denied if it exists here and the upstream
// denies it.
func TestAliasesOfNamesThatExist(t *testing.T) {
	ws := labHandler(t, test.HandlerFunc(func(_ context.Context, w dns.ResponseWriter, r *dns.Msg) (int, error) {
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
		{
			"workstation5.lab.example.org.", dns.TypeA,
			"NOERROR\n" +
				"to-workstation5.lab.example.org. 300 CNAME workstation5.lab.example.org.\n" +
				"workstation5.lab.example.org. 3600 A 192.0.2.5",
		},
		{
			"workstation5.lab.example.org.", dns.TypeAAAA,
			"NOERROR\n" +
				"to-workstation5.lab.example.org. 300 CNAME workstation5.lab.example.org.\n" +
				"example.org. SOA",
		},
		{"lab.example.org.", dns.TypeA, "NOERROR\nto-lab.example.org. 300 CNAME lab.example.org.\nexample.org. SOA"},
		{
			"www.lab.example.org.", dns.TypeA,
			"NXDOMAIN\n" +
				"to-www.lab.example.org. 300 CNAME www.lab.example.org.\n" +
				"example.org. SOA",
		},
	} {
		if _, got := exchange(t, ws, "to-"+tc.target, tc.qtype); got != tc.want {
			t.Errorf("got\n%s\nwant\n%s", got, tc.want)
		}
	}
}

// TestAliasesBetweenZones has two zones with aliases that lead to each other. The plugin file looks each target up
// in the server, so the number of queries must stay small.
func TestAliasesBetweenZones(t *testing.T) {
	var a, b strings.Builder
	for i := range 20 {
		fmt.Fprintf(&a, "ws%d 300 CNAME ws%d.b.example.\nmx 300 MX %d ws%d\n", i, i+1, i, i)
		fmt.Fprintf(&b, "ws%d 300 CNAME ws%d.a.example.\n", i, i+1)
	}
	ws := handlerAboveFile(t, `
		workstation a.example b.example {
			name ws{n}
			network 192.0.2.0/24 2001:db8::/64
			stored_first
		}`,
		map[string]string{"a.example.": a.String(), "b.example.": b.String()})
	asked, f := 0, ws.Next
	ws.Next = test.HandlerFunc(func(ctx context.Context, w dns.ResponseWriter, r *dns.Msg) (int, error) {
		asked++
		return f.ServeDNS(ctx, w, r)
	})
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
			t.Errorf("%s %s: the next plugin was asked %d times, want %d times at most",
				tc.qname, dns.TypeToString[tc.qtype], asked, tc.most)
		}
	}
}

// TestAliasesPastDNAMEs sends a query for an alias of a computed name that a DNAME record redirects.
func TestAliasesPastDNAMEs(t *testing.T) {
	ws := handlerAboveFile(t, `
		workstation example.org {
			name ws{n}.sub ws{n}.other
			network 192.0.2.0/24
		}`,
		map[string]string{"example.org.": `
			$TTL 300
			a CNAME ws5.sub
			sub DNAME other
			ws5.other CNAME x
			x TXT hidden
			b CNAME ws6.sub
			ws6.other TXT ok`})
	for _, tc := range []struct{ qname, want string }{
		{
			"a.example.org.",
			"NOERROR\n" +
				"a.example.org. 300 CNAME ws5.sub.example.org.\n" +
				"sub.example.org. 300 DNAME other.example.org.\n" +
				"ws5.sub.example.org. 300 CNAME ws5.other.example.org.",
		},
		{
			"b.example.org.",
			"NOERROR\n" +
				"b.example.org. 300 CNAME ws6.sub.example.org.\n" +
				"sub.example.org. 300 DNAME other.example.org.\n" +
				"ws6.sub.example.org. 300 CNAME ws6.other.example.org.\n" +
				"ws6.other.example.org. 300 TXT \"ok\"",
		},
	} {
		if _, got := exchange(t, ws, tc.qname, dns.TypeTXT); got != tc.want {
			t.Errorf("%s: got\n%s\nwant\n%s", tc.qname, got, tc.want)
		}
	}
}

// TestGlue checks a referral with more name servers than fit. It must have all addresses, so that the server
// truncates it (RFC 9471).
func TestGlue(t *testing.T) {
	var zone strings.Builder
	for i := range 13 {
		fmt.Fprintf(&zone, "sub 300 NS ws%d.sub\nws%d.sub 300 A 203.0.113.%d\n", i, i, i)
	}
	ws := handlerAboveFile(t, `
		workstation example.org {
			name ws{n}.sub
			network 192.0.2.0/24 2001:db8::/64
		}`,
		map[string]string{"example.org.": zone.String()})
	m, _ := exchange(t, ws, "www.sub.example.org.", dns.TypeA)
	if len(m.Ns) != 13 || len(m.Extra) != 26 {
		t.Errorf("got %d name servers and %d addresses", len(m.Ns), len(m.Extra))
	}
}
