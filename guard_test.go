package workstation

import (
	"context"
	"testing"

	"github.com/coredns/coredns/plugin"
	"github.com/coredns/coredns/plugin/pkg/dnstest"
	"github.com/coredns/coredns/plugin/test"

	"github.com/miekg/dns"
)

func TestGuardWriteMsg(t *testing.T) {
	soa := test.SOA("example.org. 300 IN SOA ns.example.org. admin.example.org. 1 2 3 4 5")
	cname := test.CNAME("workstation1.example.org. 300 IN CNAME gone.example.org.")
	tests := []struct {
		name       string
		rcode      int
		answer, ns []dns.RR
		wantRcode  int
		overridden bool
	}{
		{"denial", dns.RcodeNameError, nil, []dns.RR{soa}, dns.RcodeSuccess, true},
		{"denial without SOA", dns.RcodeNameError, nil, nil, dns.RcodeSuccess, true},
		{"denial of a CNAME's target", dns.RcodeNameError, []dns.RR{cname}, []dns.RR{soa}, dns.RcodeNameError, false},
		{"NODATA", dns.RcodeSuccess, nil, []dns.RR{soa}, dns.RcodeSuccess, false},
		{"SERVFAIL", dns.RcodeServerFailure, nil, nil, dns.RcodeServerFailure, false},
		{"REFUSED", dns.RcodeRefused, nil, nil, dns.RcodeRefused, false},
		{"YXDOMAIN", dns.RcodeYXDomain, nil, nil, dns.RcodeYXDomain, false},
	}
	for _, tc := range tests {
		t.Run(tc.name, func(t *testing.T) {
			m := new(dns.Msg)
			m.SetQuestion("workstation1.example.org.", dns.TypeAAAA)
			m.SetRcode(m, tc.rcode)
			m.SetEdns0(1232, false)
			m.Answer, m.Ns = tc.answer, tc.ns
			m.AuthenticatedData = true
			before := m.Copy()

			rec := dnstest.NewRecorder(&test.ResponseWriter{})
			g := &guard{completer: completer{ResponseWriter: rec, ws: new(Workstation), ctx: t.Context(), r: m}}
			if err := g.WriteMsg(m); err != nil {
				t.Fatal(err)
			}

			if g.overridden.Load() != tc.overridden {
				t.Errorf("overridden = %t, want %t", g.overridden.Load(), tc.overridden)
			}
			if m.String() != before.String() {
				t.Errorf("the message of the next plugin became:\n%s\nit was:\n%s", m, before)
			}
			// Only the status is changed, so the response is no longer one that a validator has checked.
			before.Rcode, before.AuthenticatedData = tc.wantRcode, !tc.overridden
			if rec.Msg.String() != before.String() {
				t.Errorf("written:\n%s\nwant:\n%s", rec.Msg, before)
			}
		})
	}
}

// TestGuardLeavesRoomAlone appends to the message that the guard wrote, as the server does with an OPT record and
// dnssec with signatures. The message of the next plugin must not change.
func TestGuardLeavesRoomAlone(t *testing.T) {
	soa := test.SOA("example.org. 300 IN SOA ns.example.org. admin.example.org. 1 2 3 4 5")
	held := new(dns.Msg)
	held.SetQuestion("workstation1.example.org.", dns.TypeAAAA)
	held.SetRcode(held, dns.RcodeNameError)
	held.Answer = make([]dns.RR, 0, 4)
	held.Ns = append(make([]dns.RR, 0, 4), soa)
	held.Extra = make([]dns.RR, 0, 4)

	rec := dnstest.NewRecorder(&test.ResponseWriter{})
	g := &guard{completer: completer{ResponseWriter: rec, ws: new(Workstation), ctx: t.Context(), r: held}}
	g.WriteMsg(held)
	rec.Msg.Answer = append(rec.Msg.Answer, test.TXT("a. IN TXT a"))
	rec.Msg.Ns = append(rec.Msg.Ns, test.TXT("a. IN TXT a"))
	rec.Msg.Extra = append(rec.Msg.Extra, new(dns.OPT))

	if held.Answer[:1][0] != nil || held.Ns[:2][1] != nil || held.Extra[:1][0] != nil {
		t.Error("appending to the written message wrote into the one of the next plugin")
	}
}

// TestGuardSOA looks for the SOA record of a zone among other records that the next plugin may send.
func TestGuardSOA(t *testing.T) {
	soa := test.SOA("example.org. 300 IN SOA ns.example.org. admin.example.org. 1 2 3 4 5")
	ws := newHandler(t, stanzaOf("lab.example.org", "network 192.0.2.0/24"))
	ws.Next = plugin.HandlerFunc(func(_ context.Context, w dns.ResponseWriter, r *dns.Msg) (int, error) {
		m := new(dns.Msg).SetReply(r)
		m.Ns = []dns.RR{
			test.NS("example.org. 300 IN NS ns.example.org."),
			test.SOA("example.net. 300 IN SOA ns.example.org. admin.example.org. 1 2 3 4 5"),
			soa,
		}
		return m.Rcode, w.WriteMsg(m)
	})
	r := new(dns.Msg).SetQuestion("workstation1.lab.example.org.", dns.TypeAAAA)
	g := &guard{completer: completer{ResponseWriter: &test.ResponseWriter{}, ws: ws, ctx: t.Context(), r: r}}
	if got := g.soa("workstation1.lab.example.org."); len(got) != 1 || got[0].String() != soa.String() {
		t.Errorf("got %v, want %v", got, soa)
	}
}

// TestGuardApexes sends queries for the apex of zones that have only SOA and NS records. The plugin file denies
// these.
func TestGuardApexes(t *testing.T) {
	ws := newHandler(t, `
		lab.example.org other.example 3.0.192.in-addr.arpa 2.0.192.in-addr.arpa {
			workstation lab.example.org {
				network 192.0.2.0/24
			}
		}`)
	zones := map[string]string{
		"lab.example.org.": "", "other.example.": "", "3.0.192.in-addr.arpa.": "", "2.0.192.in-addr.arpa.": "",
	}
	ws.Next = zoneFile(t, zones)
	for zone := range zones {
		if _, got := exchange(t, ws, zone, dns.TypeA); got != "NOERROR\n"+zone+" SOA" {
			t.Errorf("%s: got %s", zone, got)
		}
		if _, got := exchange(t, ws, "www."+zone, dns.TypeA); got != "NXDOMAIN\n"+zone+" SOA" {
			t.Errorf("a name in %s: got %s", zone, got)
		}
	}
}
