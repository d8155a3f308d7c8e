package workstation

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/coredns/coredns/plugin"
	"github.com/coredns/coredns/plugin/pkg/dnstest"
	"github.com/coredns/coredns/plugin/test"

	"github.com/miekg/dns"
	"github.com/prometheus/client_golang/prometheus/testutil"
)

// writer returns a plugin that writes a message for each function, and then returns rcode and err. A function
// changes an empty reply.
func writer(rcode int, err error, messages ...func(m *dns.Msg)) plugin.Handler {
	return test.HandlerFunc(func(_ context.Context, w dns.ResponseWriter, r *dns.Msg) (int, error) {
		for _, change := range messages {
			m := new(dns.Msg).SetReply(r)
			change(m)
			w.WriteMsg(m)
		}
		return rcode, err
	})
}

// says returns a function that sets the status and the sections of a message.
func says(rcode int, answer, authority []dns.RR) func(m *dns.Msg) {
	return func(m *dns.Msg) { m.Rcode, m.Answer, m.Ns = rcode, answer, authority }
}

// What the next plugin may have for ws5.lab.example.org.
var (
	soaRR     = []dns.RR{test.SOA("lab.example.org. 300 IN SOA ns.example.org. admin.example.org. 1 2 3 4 5")}
	nsRR      = []dns.RR{test.NS("lab.example.org. 300 IN NS ns.example.net.")}
	addressRR = []dns.RR{test.A("ws5.lab.example.org. 300 IN A 203.0.113.5")}

	denial = says(dns.RcodeNameError, nil, soaRR)
	record = says(dns.RcodeSuccess, addressRR, nil)

	errUnreachable = errors.New("unreachable")
)

// ws5Query returns a query for the address of ws5.lab.example.org.
func ws5Query() *dns.Msg {
	r := new(dns.Msg).SetQuestion("ws5.lab.example.org.", dns.TypeA)
	r.Id = 7
	return r
}

// askStoredFirst sends ws5Query to a stanza with stored_first. It also reports whether the response counts as one
// with a computed record.
func askStoredFirst(t *testing.T, next plugin.Handler) (messages []*dns.Msg, computed bool, rcode int, err error) {
	t.Helper()
	ws := newHandler(t, storedFirst)
	ws.Next = next
	overridden := denialsOverriddenTotal.WithLabelValues("", "lab.example.org.", "")
	responses := responsesTotal.WithLabelValues("", "lab.example.org.", "", "A")
	denials, answers := testutil.ToFloat64(overridden), testutil.ToFloat64(responses)

	w := &multiRecorder{ResponseWriter: &test.ResponseWriter{}}
	rcode, err = ws.ServeDNS(t.Context(), w, ws5Query())
	if testutil.ToFloat64(overridden) != denials {
		t.Error("a denial counts as overridden")
	}
	return w.messages, testutil.ToFloat64(responses) == answers+1, rcode, err
}

// isComputedA reports whether a message has the computed address of ws5.lab.example.org, and nothing else.
func isComputedA(m *dns.Msg) bool {
	const want = "ws5.lab.example.org. 60 A 192.0.2.5"
	return len(m.Answer) == 1 && recordText(m.Answer[0]) == want && m.Authoritative && len(m.Ns) == 0
}

// TestStoredFirstComputes checks that the record is computed if the next plugin says that there is none.
func TestStoredFirstComputes(t *testing.T) {
	for _, tc := range []struct {
		name string
		next plugin.Handler
		err  error
	}{
		{"a denial", writer(dns.RcodeNameError, nil, denial), nil},
		{"a denial without an SOA record", writer(dns.RcodeNameError, nil, says(dns.RcodeNameError, nil, nil)), nil},
		{"NODATA", writer(dns.RcodeSuccess, nil, says(dns.RcodeSuccess, nil, soaRR)), nil},
		{"NODATA without an SOA record", writer(dns.RcodeSuccess, nil, says(dns.RcodeSuccess, nil, nil)), nil},
		{
			"NODATA with NS records, too",
			writer(dns.RcodeSuccess, nil, says(dns.RcodeSuccess, nil, slices.Concat(nsRR, soaRR))), nil,
		},
		{"a denial, twice", writer(dns.RcodeNameError, nil, denial, denial), nil},
		{"a denial and an error", writer(dns.RcodeServerFailure, errUnreachable, denial), errUnreachable},
		{"refused, and nothing written", writer(dns.RcodeRefused, nil), nil},
		{
			"no plugin that has the zone",
			plugin.HandlerFunc(func(ctx context.Context, w dns.ResponseWriter, r *dns.Msg) (int, error) {
				return plugin.NextOrFailure("loop", nil, ctx, w, r)
			}), nil,
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			messages, computed, rcode, err := askStoredFirst(t, tc.next)
			if rcode != dns.RcodeSuccess || !errors.Is(err, tc.err) || (err == nil) != (tc.err == nil) {
				t.Errorf("got %s, %v; want NOERROR, %v", dns.RcodeToString[rcode], err, tc.err)
			}
			if len(messages) != 1 {
				t.Fatalf("%d messages are written, want one", len(messages))
			}
			if !isComputedA(messages[0]) {
				t.Errorf("got\n%s", messages[0])
			}
			if !computed {
				t.Error("the response does not count as one with a computed record")
			}
		})
	}
}

// TestStoredFirstPasses checks that the client gets all other responses of the next plugin unchanged.
func TestStoredFirstPasses(t *testing.T) {
	signature := test.RRSIG("ws5.lab.example.org. 300 IN RRSIG " +
		"A 8 4 300 20270101000000 20260101000000 1 lab.example.org. AAAA")
	signed := append(addressRR[:1:1], signature)
	alias := []dns.RR{test.CNAME("ws5.lab.example.org. 300 IN CNAME www.example.net.")}
	truncated := func(m *dns.Msg) { m.Truncated = true }
	for _, tc := range []struct {
		name     string
		next     plugin.Handler
		rcode    int
		err      error
		messages int
	}{
		{"a record", writer(dns.RcodeSuccess, nil, says(dns.RcodeSuccess, addressRR, nsRR)), dns.RcodeSuccess, nil, 1},
		{
			"a record and its signature",
			writer(dns.RcodeSuccess, nil, says(dns.RcodeSuccess, signed, nsRR)), dns.RcodeSuccess, nil, 1,
		},
		{"a record, twice", writer(dns.RcodeSuccess, nil, record, record), dns.RcodeSuccess, nil, 1},
		{"a denial, then a record", writer(dns.RcodeSuccess, nil, denial, record), dns.RcodeSuccess, nil, 1},
		{"a record, then a denial", writer(dns.RcodeSuccess, nil, record, denial), dns.RcodeSuccess, nil, 1},
		{"a CNAME", writer(dns.RcodeSuccess, nil, says(dns.RcodeSuccess, alias, nil)), dns.RcodeSuccess, nil, 1},
		{
			"a CNAME to a name that is denied",
			writer(dns.RcodeNameError, nil, says(dns.RcodeNameError, alias, soaRR)), dns.RcodeNameError, nil, 1,
		},
		{"a referral", writer(dns.RcodeSuccess, nil, says(dns.RcodeSuccess, nil, nsRR)), dns.RcodeSuccess, nil, 1},
		{"a truncated response", writer(dns.RcodeSuccess, nil, truncated), dns.RcodeSuccess, nil, 1},
		{
			"a written SERVFAIL",
			writer(dns.RcodeServerFailure, nil, says(dns.RcodeServerFailure, nil, nil)), dns.RcodeServerFailure, nil, 1,
		},
		{
			"a written REFUSED",
			writer(dns.RcodeRefused, nil, says(dns.RcodeRefused, nil, nil)), dns.RcodeRefused, nil, 1,
		},
		{
			"a written YXDOMAIN",
			writer(dns.RcodeYXDomain, nil, says(dns.RcodeYXDomain, nil, nil)), dns.RcodeYXDomain, nil, 1,
		},
		{
			"an error, and nothing written",
			writer(dns.RcodeServerFailure, errUnreachable), dns.RcodeServerFailure, errUnreachable, 0,
		},
		{
			"refused with an error, and nothing written",
			writer(dns.RcodeRefused, errUnreachable), dns.RcodeRefused, errUnreachable, 0,
		},
		{"SERVFAIL, and nothing written", writer(dns.RcodeServerFailure, nil), dns.RcodeServerFailure, nil, 0},
		{"nothing", writer(dns.RcodeSuccess, nil), dns.RcodeSuccess, nil, 0},
		{
			"bytes",
			test.HandlerFunc(func(_ context.Context, w dns.ResponseWriter, r *dns.Msg) (int, error) {
				b, err := new(dns.Msg).SetRcode(r, dns.RcodeNameError).Pack()
				if err == nil {
					_, err = w.Write(b)
				}
				return dns.RcodeNameError, err
			}), dns.RcodeNameError, nil, 0,
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			messages, computed, rcode, err := askStoredFirst(t, tc.next)
			if rcode != tc.rcode || !errors.Is(err, tc.err) || (err == nil) != (tc.err == nil) {
				t.Errorf("got %s, %v; want %s, %v", dns.RcodeToString[rcode], err, dns.RcodeToString[tc.rcode], tc.err)
			}
			if computed {
				t.Error("the response counts as one with a computed record")
			}
			if len(messages) != tc.messages {
				t.Fatalf("%d messages are written, want %d", len(messages), tc.messages)
			}
			if len(messages) == 0 {
				return
			}
			direct := &multiRecorder{ResponseWriter: &test.ResponseWriter{}}
			tc.next.ServeDNS(t.Context(), direct, ws5Query())
			want := direct.messages[0]
			if strings.HasPrefix(tc.name, "a denial, then") {
				want = direct.messages[1] // a denial is held back until the plugin returns
			}
			if isComputedA(messages[0]) || messages[0].String() != want.String() {
				t.Errorf("got\n%s\nwant\n%s", messages[0], want)
			}
		})
	}
}

// TestStoredFirstOverFile sends queries to stanzas above zones that have stored records of many kinds.
func TestStoredFirstOverFile(t *testing.T) {
	forward := handlerAboveFile(t, storedFirst+`
		workstation lab.example.org {
			name {d}.r{c}
			network 10.0.0.0/16
			stored_first
		}
		workstation lab.example.org {
			name first{n}
			network 198.51.100.0/24
		}`,
		map[string]string{"lab.example.org.": `
		$TTL 300
		ws1    A     203.0.113.1
		ws2    CNAME www
		ws3    TXT   "stored"
		ws4    NS    ns.ws4
		ns.ws4 A     203.0.113.4
		r3     NS    ns.example.net.
		r4     DNAME example.net.
		alias  CNAME ws6
		first1 A     203.0.113.1
		www    A     203.0.113.9
		x.r5   TXT   "stored"`})
	reverse := handlerAboveFile(t, storedFirst, map[string]string{"2.0.192.in-addr.arpa.": `
		$TTL 300
		1 PTR stored.example.org.
		2 CNAME 2.0-31
		0-31 NS ns.example.net.
		64/26 NS ns.example.net.
		64 CNAME 64.64/26`})

	for _, tc := range []struct {
		ws    *Workstation
		qname string
		qtype uint16
		want  string
	}{
		{forward, "ws1.lab.example.org.", dns.TypeA, "NOERROR\nws1.lab.example.org. 300 A 203.0.113.1"},
		{forward, "ws1.lab.example.org.", dns.TypeAAAA, "NOERROR\nws1.lab.example.org. 60 AAAA 2001:db8::1"},
		{forward, "ws1.lab.example.org.", dns.TypeANY, "NOERROR\nws1.lab.example.org. 300 A 203.0.113.1"},
		{forward, "ws2.lab.example.org.", dns.TypeANY, "NOERROR\nws2.lab.example.org. 300 CNAME www.lab.example.org."},
		{
			forward, "WS2.lab.example.org.", dns.TypeA,
			"NOERROR\n" +
				"ws2.lab.example.org. 300 CNAME www.lab.example.org.\n" +
				"www.lab.example.org. 300 A 203.0.113.9",
		},
		{forward, "ws2.lab.example.org.", dns.TypeTXT, "NOERROR\nws2.lab.example.org. 300 CNAME www.lab.example.org."},
		{forward, "ws3.lab.example.org.", dns.TypeA, "NOERROR\nws3.lab.example.org. 60 A 192.0.2.3"},
		{forward, "ws3.lab.example.org.", dns.TypeTXT, "NOERROR\nws3.lab.example.org. 300 TXT \"stored\""},
		{forward, "ws3.lab.example.org.", dns.TypeANY, "NOERROR\nws3.lab.example.org. 60 A 192.0.2.3"},
		{forward, "ws4.lab.example.org.", dns.TypeA, "NOERROR\nns.ws4.lab.example.org. 300 A 203.0.113.4"}, // with glue
		{forward, "ws5.lab.example.org.", dns.TypeA, "NOERROR\nws5.lab.example.org. 60 A 192.0.2.5"},
		{forward, "ws5.lab.example.org.", dns.TypeTXT, "NOERROR\nlab.example.org. SOA"},
		{forward, "ws300.lab.example.org.", dns.TypeA, "NXDOMAIN\nlab.example.org. SOA"},
		{forward, "7.r2.lab.example.org.", dns.TypeA, "NOERROR\n7.r2.lab.example.org. 3600 A 10.0.2.7"},
		{forward, "7.r3.lab.example.org.", dns.TypeA, "NOERROR"},
		{forward, "7.r3.lab.example.org.", dns.TypeTXT, "NOERROR"},
		{forward, "r3.lab.example.org.", dns.TypeNS, "NOERROR"},
		{
			forward, "7.r4.lab.example.org.", dns.TypeA,
			"NOERROR\n" +
				"r4.lab.example.org. 300 DNAME example.net.\n" +
				"7.r4.lab.example.org. 300 CNAME 7.example.net.",
		},
		{forward, "7.r5.lab.example.org.", dns.TypeA, "NOERROR\n7.r5.lab.example.org. 3600 A 10.0.5.7"},
		{
			forward, "alias.lab.example.org.", dns.TypeA,
			"NOERROR\n" +
				"alias.lab.example.org. 300 CNAME ws6.lab.example.org.\n" +
				"ws6.lab.example.org. 60 A 192.0.2.6",
		},
		{forward, "first1.lab.example.org.", dns.TypeA, "NOERROR\nfirst1.lab.example.org. 3600 A 198.51.100.1"},
		{
			reverse, "1.2.0.192.in-addr.arpa.", dns.TypePTR,
			"NOERROR\n" +
				"1.2.0.192.in-addr.arpa. 300 PTR stored.example.org.",
		},
		{
			reverse, "1.2.0.192.in-addr.arpa.", dns.TypeANY,
			"NOERROR\n" +
				"1.2.0.192.in-addr.arpa. 300 PTR stored.example.org.",
		},
		{
			reverse, "2.2.0.192.in-addr.arpa.", dns.TypePTR,
			"NOERROR\n" +
				"2.2.0.192.in-addr.arpa. 300 CNAME 2.0-31.2.0.192.in-addr.arpa.",
		},
		{
			reverse, "3.2.0.192.in-addr.arpa.", dns.TypePTR,
			"NOERROR\n" +
				"3.2.0.192.in-addr.arpa. 60 PTR ws3.lab.example.org.",
		},
		// No plugin has the other zones.
		{reverse, "ws1.lab.example.org.", dns.TypeA, "NOERROR\nws1.lab.example.org. 60 A 192.0.2.1"},
	} {
		m, got := exchange(t, tc.ws, tc.qname, tc.qtype)
		if got != tc.want {
			t.Errorf("%s %s: got\n%s\nwant\n%s", tc.qname, dns.TypeToString[tc.qtype], got, tc.want)
		}
		if referral := len(m.Answer) == 0 && !strings.Contains(tc.want, "SOA"); referral != isReferral(m) {
			t.Errorf("%s %s: not a referral:\n%s", tc.qname, dns.TypeToString[tc.qtype], m)
		}
	}
}

// TestStoredFirstAlone has no next plugin.
func TestStoredFirstAlone(t *testing.T) {
	ws := newHandler(t, storedFirst)
	w := dnstest.NewRecorder(&test.ResponseWriter{})
	rcode, err := ws.ServeDNS(t.Context(), w, new(dns.Msg).SetQuestion("ws5.lab.example.org.", dns.TypeA))
	if rcode != dns.RcodeSuccess || err != nil || len(w.Msg.Answer) != 1 {
		t.Errorf("got %s, %v", dns.RcodeToString[rcode], err)
	}
}

// TestOneAnswer checks that the client gets one response if a plugin writes again, also after it has returned.
func TestOneAnswer(t *testing.T) {
	for _, tc := range []struct {
		qname string
		qtype uint16
	}{
		{"ws5.lab.example.org.", dns.TypeA},   // stored
		{"ws5.lab.example.org.", dns.TypeTXT}, // guard
		{"www.lab.example.org.", dns.TypeA},   // completer
	} {
		ws := newHandler(t, storedFirst)
		r := new(dns.Msg).SetQuestion(tc.qname, tc.qtype)
		var again func()
		ws.Next = test.HandlerFunc(func(_ context.Context, w dns.ResponseWriter, r *dns.Msg) (int, error) {
			w.WriteMsg(new(dns.Msg).SetReply(r))
			again = func() { w.WriteMsg(new(dns.Msg).SetRcode(r, dns.RcodeRefused)) }
			again()
			return dns.RcodeSuccess, nil
		})
		w := &multiRecorder{ResponseWriter: &test.ResponseWriter{}}
		ws.ServeDNS(t.Context(), w, r)
		again()
		if len(w.messages) != 1 {
			t.Errorf("%s %s: %d messages are written", tc.qname, dns.TypeToString[tc.qtype], len(w.messages))
		}
	}
}

// TestStoredFirstANY checks that the answer to ANY ends with a CNAME record, and that the message of the next
// plugin is not changed.
func TestStoredFirstANY(t *testing.T) {
	kept := new(dns.Msg).SetQuestion("ws5.lab.example.org.", dns.TypeA)
	kept.Response, kept.Rcode = true, dns.RcodeNameError
	kept.Answer = []dns.RR{
		test.CNAME("ws5.lab.example.org. 300 IN CNAME a.example.net."),
		test.CNAME("a.example.net. 300 IN CNAME b.example.net."),
	}
	kept.Ns = []dns.RR{test.SOA("example.net. 300 IN SOA ns.example.net. admin.example.net. 1 2 3 4 5")}
	before := kept.String()
	ws := newHandler(t, storedFirst)
	ws.Next = test.HandlerFunc(func(_ context.Context, w dns.ResponseWriter, _ *dns.Msg) (int, error) {
		w.WriteMsg(kept)
		return dns.RcodeNameError, nil
	})
	m, got := exchange(t, ws, "ws5.lab.example.org.", dns.TypeANY)
	if want := "NOERROR\nws5.lab.example.org. 300 CNAME a.example.net."; got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	m.Answer = append(m.Answer, test.TXT("a. IN TXT a"))
	if kept.String() != before {
		t.Errorf("the message of the next plugin became\n%s\nit was\n%s", kept, before)
	}
}
