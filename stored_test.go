package workstation

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/coredns/coredns/plugin"
	"github.com/coredns/coredns/plugin/pkg/dnstest"
	"github.com/coredns/coredns/plugin/test"

	"github.com/miekg/dns"
	"github.com/prometheus/client_golang/prometheus/testutil"
)

// writer returns a plugin that writes messages, each made by a function, and returns the rest.
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

// TestStoredFirst has a plugin after this one answer in all ways.
func TestStoredFirst(t *testing.T) {
	soa := test.SOA("lab.example.org. 300 IN SOA ns.example.org. admin.example.org. 1 2 3 4 5")
	ns := test.NS("lab.example.org. 300 IN NS ns.example.net.")
	a := test.A("ws5.lab.example.org. 300 IN A 203.0.113.5")
	sig := test.RRSIG("ws5.lab.example.org. 300 IN RRSIG A 8 4 300 20270101000000 20260101000000 1 lab.example.org. AAAA")
	cname := test.CNAME("ws5.lab.example.org. 300 IN CNAME www.example.net.")
	sections := func(rcode int, answer, authority []dns.RR) func(*dns.Msg) {
		return func(m *dns.Msg) { m.Rcode, m.Answer, m.Ns = rcode, answer, authority }
	}
	rrs := func(rrs ...dns.RR) []dns.RR { return rrs }
	denied, nodata := sections(dns.RcodeNameError, nil, rrs(soa)), sections(dns.RcodeSuccess, nil, rrs(soa))
	truncated := func(m *dns.Msg) { m.Truncated = true }
	failure := errors.New("unreachable")

	const computed, passed = "computed", "passed"
	for _, tc := range []struct {
		name string
		next plugin.Handler
		want string
		// of what is passed
		rcode    int
		err      error
		messages int
	}{
		{"a denial", writer(dns.RcodeNameError, nil, denied), computed, 0, nil, 1},
		{"a denial without an SOA record", writer(dns.RcodeNameError, nil, sections(dns.RcodeNameError, nil, nil)), computed, 0, nil, 1},
		{"NODATA", writer(dns.RcodeSuccess, nil, nodata), computed, 0, nil, 1},
		{"NODATA without an SOA record", writer(dns.RcodeSuccess, nil, sections(dns.RcodeSuccess, nil, nil)), computed, 0, nil, 1},
		{"NODATA with NS records, too", writer(dns.RcodeSuccess, nil, sections(dns.RcodeSuccess, nil, rrs(ns, soa))), computed, 0, nil, 1},
		{"a denial, twice", writer(dns.RcodeNameError, nil, denied, denied), computed, 0, nil, 1},
		{"a denial and an error", writer(dns.RcodeServerFailure, failure, denied), computed, 0, failure, 1},
		{"refused, and nothing written", writer(dns.RcodeRefused, nil), computed, 0, nil, 1},
		{"no plugin that has the zone", plugin.HandlerFunc(func(ctx context.Context, w dns.ResponseWriter, r *dns.Msg) (int, error) {
			return plugin.NextOrFailure("loop", nil, ctx, w, r)
		}), computed, 0, nil, 1},

		{"a record", writer(dns.RcodeSuccess, nil, sections(dns.RcodeSuccess, rrs(a), rrs(ns))), passed, dns.RcodeSuccess, nil, 1},
		{"a record and its signature", writer(dns.RcodeSuccess, nil, sections(dns.RcodeSuccess, rrs(a, sig), rrs(ns))), passed, dns.RcodeSuccess, nil, 1},
		{"a record, twice", writer(dns.RcodeSuccess, nil, sections(dns.RcodeSuccess, rrs(a), nil), sections(dns.RcodeSuccess, rrs(a), nil)), passed, dns.RcodeSuccess, nil, 1},
		{"a denial, then a record", writer(dns.RcodeSuccess, nil, denied, sections(dns.RcodeSuccess, rrs(a), nil)), passed, dns.RcodeSuccess, nil, 1},
		{"a record, then a denial", writer(dns.RcodeSuccess, nil, sections(dns.RcodeSuccess, rrs(a), nil), denied), passed, dns.RcodeSuccess, nil, 1},
		{"a CNAME", writer(dns.RcodeSuccess, nil, sections(dns.RcodeSuccess, rrs(cname), nil)), passed, dns.RcodeSuccess, nil, 1},
		{"a CNAME to a name that is denied", writer(dns.RcodeNameError, nil, sections(dns.RcodeNameError, rrs(cname), rrs(soa))), passed, dns.RcodeNameError, nil, 1},
		{"a referral", writer(dns.RcodeSuccess, nil, sections(dns.RcodeSuccess, nil, rrs(ns))), passed, dns.RcodeSuccess, nil, 1},
		{"a truncated response", writer(dns.RcodeSuccess, nil, truncated), passed, dns.RcodeSuccess, nil, 1},
		{"a written SERVFAIL", writer(dns.RcodeServerFailure, nil, sections(dns.RcodeServerFailure, nil, nil)), passed, dns.RcodeServerFailure, nil, 1},
		{"a written REFUSED", writer(dns.RcodeRefused, nil, sections(dns.RcodeRefused, nil, nil)), passed, dns.RcodeRefused, nil, 1},
		{"a written YXDOMAIN", writer(dns.RcodeYXDomain, nil, sections(dns.RcodeYXDomain, nil, nil)), passed, dns.RcodeYXDomain, nil, 1},
		{"an error, and nothing written", writer(dns.RcodeServerFailure, failure), passed, dns.RcodeServerFailure, failure, 0},
		{"refused with an error, and nothing written", writer(dns.RcodeRefused, failure), passed, dns.RcodeRefused, failure, 0},
		{"SERVFAIL, and nothing written", writer(dns.RcodeServerFailure, nil), passed, dns.RcodeServerFailure, nil, 0},
		{"nothing", writer(dns.RcodeSuccess, nil), passed, dns.RcodeSuccess, nil, 0},
		{"bytes", test.HandlerFunc(func(_ context.Context, w dns.ResponseWriter, r *dns.Msg) (int, error) {
			b, err := new(dns.Msg).SetRcode(r, dns.RcodeNameError).Pack()
			if err == nil {
				_, err = w.Write(b)
			}
			return dns.RcodeNameError, err
		}), passed, dns.RcodeNameError, nil, 0},
	} {
		t.Run(tc.name, func(t *testing.T) {
			ws := testWorkstation(t, storedFirst)
			ws.Next = tc.next
			overridden := denialsOverriddenTotal.WithLabelValues("", "lab.example.org.", "")
			responses := responsesTotal.WithLabelValues("", "lab.example.org.", "", "A")
			denials, answers := testutil.ToFloat64(overridden), testutil.ToFloat64(responses)

			r := new(dns.Msg).SetQuestion("ws5.lab.example.org.", dns.TypeA)
			w := &multiRecorder{ResponseWriter: &test.ResponseWriter{}}
			rcode, err := ws.ServeDNS(t.Context(), w, r)
			if rcode != tc.rcode || !errors.Is(err, tc.err) || (err == nil) != (tc.err == nil) || len(w.messages) != tc.messages {
				t.Errorf("got %d messages, %s, %v; want %d, %s, %v", len(w.messages), dns.RcodeToString[rcode], err, tc.messages, dns.RcodeToString[tc.rcode], tc.err)
			}
			got := passed
			if testutil.ToFloat64(responses) == answers+1 {
				got = computed
			}
			if got != tc.want {
				t.Errorf("the answer is %s", got)
			}
			if len(w.messages) > 0 {
				m := w.messages[0]
				var direct []*dns.Msg
				if tc.want == passed {
					below := &multiRecorder{ResponseWriter: &test.ResponseWriter{}}
					tc.next.ServeDNS(t.Context(), below, r)
					direct = below.messages
				}
				isComputed := len(m.Answer) == 1 && line(m.Answer[0]) == "ws5.lab.example.org. 60 A 192.0.2.5" && m.Authoritative && len(m.Ns) == 0
				if isComputed != (tc.want == computed) {
					t.Errorf("got\n%s", m)
				}
				if tc.want == passed && !strings.HasPrefix(tc.name, "a denial, then") && m.String() != direct[0].String() {
					t.Errorf("got\n%s\nwant\n%s", m, direct[0])
				}
			}
			if testutil.ToFloat64(overridden) != denials {
				t.Error("a denial counts as overridden")
			}
		})
	}
}

// TestStoredFirstOverFile asks above a zone with exceptions of all kinds.
func TestStoredFirstOverFile(t *testing.T) {
	forward := serve(t, storedFirst+`
		workstation lab.example.org {
			name {d}.r{c}
			network 10.0.0.0/16
			stored_first
		}
		workstation lab.example.org {
			name first{n}
			network 198.51.100.0/24
		}`, "lab.example.org.", strings.ReplaceAll(`$TTL 300
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
		x.r5   TXT   "stored"`, "\n\t\t", "\n"))
	reverse := serve(t, storedFirst, "2.0.192.in-addr.arpa.", "$TTL 300\n1 PTR stored.example.org.\n2 CNAME 2.0-31\n0-31 NS ns.example.net.\n64/26 NS ns.example.net.\n64 CNAME 64.64/26")

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
		{forward, "WS2.lab.example.org.", dns.TypeA, "NOERROR\nws2.lab.example.org. 300 CNAME www.lab.example.org.\nwww.lab.example.org. 300 A 203.0.113.9"},
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
		{forward, "7.r4.lab.example.org.", dns.TypeA, "NOERROR\nr4.lab.example.org. 300 DNAME example.net.\n7.r4.lab.example.org. 300 CNAME 7.example.net."},
		{forward, "7.r5.lab.example.org.", dns.TypeA, "NOERROR\n7.r5.lab.example.org. 3600 A 10.0.5.7"},
		{forward, "alias.lab.example.org.", dns.TypeA, "NOERROR\nalias.lab.example.org. 300 CNAME ws6.lab.example.org.\nws6.lab.example.org. 60 A 192.0.2.6"},
		{forward, "first1.lab.example.org.", dns.TypeA, "NOERROR\nfirst1.lab.example.org. 3600 A 198.51.100.1"},
		{reverse, "1.2.0.192.in-addr.arpa.", dns.TypePTR, "NOERROR\n1.2.0.192.in-addr.arpa. 300 PTR stored.example.org."},
		{reverse, "1.2.0.192.in-addr.arpa.", dns.TypeANY, "NOERROR\n1.2.0.192.in-addr.arpa. 300 PTR stored.example.org."},
		{reverse, "2.2.0.192.in-addr.arpa.", dns.TypePTR, "NOERROR\n2.2.0.192.in-addr.arpa. 300 CNAME 2.0-31.2.0.192.in-addr.arpa."},
		{reverse, "3.2.0.192.in-addr.arpa.", dns.TypePTR, "NOERROR\n3.2.0.192.in-addr.arpa. 60 PTR ws3.lab.example.org."},
		// Nobody has the other zones.
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

// TestStoredFirstAlone has no plugin to ask.
func TestStoredFirstAlone(t *testing.T) {
	ws := testWorkstation(t, storedFirst)
	w := dnstest.NewRecorder(&test.ResponseWriter{})
	if rcode, err := ws.ServeDNS(t.Context(), w, new(dns.Msg).SetQuestion("ws5.lab.example.org.", dns.TypeA)); rcode != dns.RcodeSuccess || err != nil || len(w.Msg.Answer) != 1 {
		t.Errorf("got %s, %v", dns.RcodeToString[rcode], err)
	}
}

// TestOneAnswer has a plugin write a second time, after it has returned as well.
func TestOneAnswer(t *testing.T) {
	for _, tc := range []struct {
		qname string
		qtype uint16
	}{
		{"ws5.lab.example.org.", dns.TypeA},   // stored
		{"ws5.lab.example.org.", dns.TypeTXT}, // guard
		{"www.lab.example.org.", dns.TypeA},   // completer
	} {
		ws := testWorkstation(t, storedFirst)
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

// TestStoredFirstANY has the next plugin keep an answer that goes on behind a CNAME.
func TestStoredFirstANY(t *testing.T) {
	kept := new(dns.Msg).SetQuestion("ws5.lab.example.org.", dns.TypeA)
	kept.Response, kept.Rcode = true, dns.RcodeNameError
	kept.Answer = []dns.RR{test.CNAME("ws5.lab.example.org. 300 IN CNAME a.example.net."), test.CNAME("a.example.net. 300 IN CNAME b.example.net.")}
	kept.Ns = []dns.RR{test.SOA("example.net. 300 IN SOA ns.example.net. admin.example.net. 1 2 3 4 5")}
	before := kept.String()
	ws := testWorkstation(t, storedFirst)
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
