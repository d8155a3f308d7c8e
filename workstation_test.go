package workstation

import (
	"context"
	"errors"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/coredns/coredns/plugin"
	"github.com/coredns/coredns/plugin/pkg/dnstest"
	"github.com/coredns/coredns/plugin/test"

	"github.com/miekg/dns"
)

// replyWith returns a next plugin that answers with rcode and, if it denies,
// the zone's SOA record.
func replyWith(rcode int) plugin.Handler {
	return test.HandlerFunc(func(_ context.Context, w dns.ResponseWriter, r *dns.Msg) (int, error) {
		m := new(dns.Msg)
		m.SetRcode(r, rcode)
		if rcode == dns.RcodeNameError {
			m.Ns = []dns.RR{test.SOA("example.org. 300 IN SOA ns.example.org. admin.example.org. 1 2 3 4 5")}
		}
		w.WriteMsg(m)
		return rcode, nil
	})
}

func testHandler(next plugin.Handler) *Workstation {
	zs := zones{}
	zs.add("lab.example.org.", testPool("192.0.2.0/24"))
	return &Workstation{Next: next, zones: zs}
}

func TestServeDNS(t *testing.T) {
	soa := []dns.RR{test.SOA("example.org. 300 IN SOA ns.example.org. admin.example.org. 1 2 3 4 5")}
	tests := []test.Case{
		{
			Qname: "workstation1.lab.example.org.", Qtype: dns.TypeA, Authoritative: true,
			Answer: []dns.RR{test.A("workstation1.lab.example.org. 3600 IN A 192.0.2.1")},
		},
		{
			Qname: "WORKstation255.Lab.example.ORG.", Qtype: dns.TypeA, Authoritative: true,
			Answer: []dns.RR{test.A("WORKstation255.Lab.example.ORG. 3600 IN A 192.0.2.255")},
		},
		// A computed name, and what is above it, exists.
		{Qname: "workstation1.lab.example.org.", Qtype: dns.TypeAAAA, Ns: soa},
		{Qname: "workstation1.lab.example.org.", Qtype: dns.TypeMX, Ns: soa},
		{Qname: "workstation1.lab.example.org.", Qtype: dns.TypeANY, Ns: soa},
		{Qname: "workstation1.lab.example.org.", Qtype: dns.TypeDS, Ns: soa},
		{Qname: "workstation1.lab.example.org.", Qtype: 65280, Ns: soa},
		{Qname: "lab.example.org.", Qtype: dns.TypeA, Ns: soa},
		{Qname: "example.org.", Qtype: dns.TypeNS, Ns: soa},
		{Qname: "org.", Qtype: dns.TypeNS, Ns: soa},
		// Everything else is the next plugin's.
		{Qname: "workstation256.lab.example.org.", Qtype: dns.TypeA, Rcode: dns.RcodeNameError, Ns: soa},
		{Qname: "workstation01.lab.example.org.", Qtype: dns.TypeA, Rcode: dns.RcodeNameError, Ns: soa},
		{Qname: "workstation.lab.example.org.", Qtype: dns.TypeA, Rcode: dns.RcodeNameError, Ns: soa},
		{Qname: "workstation1.example.org.", Qtype: dns.TypeA, Rcode: dns.RcodeNameError, Ns: soa},
		{Qname: "a.workstation1.lab.example.org.", Qtype: dns.TypeA, Rcode: dns.RcodeNameError, Ns: soa},
		{Qname: ".", Qtype: dns.TypeNS, Rcode: dns.RcodeNameError, Ns: soa},
	}
	ws := testHandler(replyWith(dns.RcodeNameError))
	for _, tc := range tests {
		t.Run(tc.Qname+"/"+dns.Type(tc.Qtype).String(), func(t *testing.T) {
			rec := dnstest.NewRecorder(&test.ResponseWriter{})
			rcode, err := ws.ServeDNS(context.Background(), rec, tc.Msg())
			if err != nil {
				t.Fatal(err)
			}
			if rec.Msg == nil {
				t.Fatal("no response")
			}
			if rcode != rec.Msg.Rcode {
				t.Errorf("ServeDNS returned %s and wrote %s", dns.RcodeToString[rcode], dns.RcodeToString[rec.Msg.Rcode])
			}
			if rec.Msg.Authoritative != tc.Authoritative {
				t.Errorf("AA = %t, want %t", rec.Msg.Authoritative, tc.Authoritative)
			}
			if err := test.SortAndCheck(rec.Msg, tc); err != nil {
				t.Error(err)
			}
		})
	}
}

// TestServeDNSPassesOn asks for a computed name in ways that are not for us: the
// next plugin gets the query and its own ResponseWriter, not the guard.
func TestServeDNSPassesOn(t *testing.T) {
	tests := map[string]func(r *dns.Msg){
		"class CH":       func(r *dns.Msg) { r.Question[0].Qclass = dns.ClassCHAOS },
		"class ANY":      func(r *dns.Msg) { r.Question[0].Qclass = dns.ClassANY },
		"opcode NOTIFY":  func(r *dns.Msg) { r.Opcode = dns.OpcodeNotify },
		"opcode UPDATE":  func(r *dns.Msg) { r.Opcode = dns.OpcodeUpdate },
		"no question":    func(r *dns.Msg) { r.Question = nil },
		"two questions":  func(r *dns.Msg) { r.Question = append(r.Question, r.Question[0]) },
		"an empty name":  func(r *dns.Msg) { r.Question[0].Name = "" },
		"a relative one": func(r *dns.Msg) { r.Question[0].Name = "workstation1" },
	}
	for name, change := range tests {
		t.Run(name, func(t *testing.T) {
			r := new(dns.Msg)
			r.SetQuestion("workstation1.lab.example.org.", dns.TypeA)
			change(r)

			rec := dnstest.NewRecorder(&test.ResponseWriter{})
			rcode, err := testHandler(replyWith(dns.RcodeNameError)).ServeDNS(context.Background(), rec, r)
			if err != nil || rcode != dns.RcodeNameError || rec.Msg == nil || rec.Msg.Rcode != dns.RcodeNameError {
				t.Errorf("got %s, %v and message %v, want the next plugin's NXDOMAIN", dns.RcodeToString[rcode], err, rec.Msg)
			}
		})
	}
}

// TestServeDNSReturnsWhatNextReturns has next plugins that leave the response to
// the server, or fail.
func TestServeDNSReturnsWhatNextReturns(t *testing.T) {
	failure := errors.New("failure")
	for _, qtype := range []uint16{dns.TypeAAAA, dns.TypeMX} { // guarded
		for _, name := range []string{"workstation1.lab.example.org.", "www.lab.example.org."} {
			for _, want := range []int{dns.RcodeServerFailure, dns.RcodeRefused, dns.RcodeNotImplemented} {
				r := new(dns.Msg)
				r.SetQuestion(name, qtype)
				rec := dnstest.NewRecorder(&test.ResponseWriter{})
				rcode, err := testHandler(test.NextHandler(want, failure)).ServeDNS(context.Background(), rec, r)
				if rcode != want || !errors.Is(err, failure) || rec.Msg != nil {
					t.Errorf("%s: got %s, %v and message %v, want %s and the error", name, dns.RcodeToString[rcode], err, rec.Msg, dns.RcodeToString[want])
				}
			}
		}
	}
}

func TestServeDNSWithoutNext(t *testing.T) {
	ws := testHandler(nil)
	r := new(dns.Msg)
	r.SetQuestion("workstation1.lab.example.org.", dns.TypeA)
	rec := dnstest.NewRecorder(&test.ResponseWriter{})
	if rcode, err := ws.ServeDNS(context.Background(), rec, r); rcode != dns.RcodeSuccess || err != nil || len(rec.Msg.Answer) != 1 {
		t.Errorf("a computed name got %s, %v", dns.RcodeToString[rcode], err)
	}
	r.SetQuestion("www.lab.example.org.", dns.TypeA)
	if rcode, err := ws.ServeDNS(context.Background(), rec, r); rcode != dns.RcodeServerFailure || err == nil {
		t.Errorf("a miss got %s, %v, want SERVFAIL and an error", dns.RcodeToString[rcode], err)
	}
}

// FuzzServeDNS asks whatever a client can put on the wire. What is answered, and
// with which address, is held to a regular expression; everything else must
// reach the next plugin.
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
	add("workstation17.lab.example.org.", dns.TypeA, dns.ClassCHAOS, nil)
	add("workstation17.lab.example.org.", dns.TypeSOA, dns.ClassINET, func(m *dns.Msg) { m.Opcode = dns.OpcodeNotify })
	add(label+label+label+strings.Repeat("b", 61)+".", dns.TypeA, dns.ClassINET, nil)
	add(`\000\.workstation1\\.lab.example.org.`, dns.TypeA, dns.ClassINET, nil)

	computed := regexp.MustCompile(`(?i)^workstation(0|[1-9][0-9]{0,2})\.lab\.example\.org\.$`)
	next := replyWith(dns.RcodeNameError)
	var asked bool // the next plugin
	ws := testHandler(test.HandlerFunc(func(ctx context.Context, w dns.ResponseWriter, r *dns.Msg) (int, error) {
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

		number := -1 // of a computed name
		query := r.Opcode == dns.OpcodeQuery && len(r.Question) == 1 && r.Question[0].Qclass == dns.ClassINET
		if query {
			if m := computed.FindStringSubmatch(r.Question[0].Name); m != nil {
				if n, _ := strconv.Atoi(m[1]); n <= 255 {
					number = n
				}
			}
		}
		if wantAnswer := number >= 0 && r.Question[0].Qtype == dns.TypeA; wantAnswer == asked {
			t.Fatalf("the next plugin was asked: %t; for:\n%s", asked, r)
		}
		if asked {
			exists := query && (number >= 0 || dns.IsSubDomain(r.Question[0].Name, "lab.example.org.") && r.Question[0].Name != ".")
			if denied := rcode == dns.RcodeNameError; denied == exists {
				t.Fatalf("denied: %t; for:\n%s", denied, r)
			}
			return
		}
		a, ok := rec.Msg.Answer[0].(*dns.A)
		if !ok || len(rec.Msg.Answer) != 1 || a.Hdr.Name != r.Question[0].Name || a.A.String() != "192.0.2."+strconv.Itoa(number) {
			t.Fatalf("answer %v to:\n%s", rec.Msg.Answer, r)
		}
	})
}

func BenchmarkServeDNS(b *testing.B) {
	ws := testHandler(test.NextHandler(dns.RcodeSuccess, nil))
	ctx, w := context.Background(), &test.ResponseWriter{}
	for _, bc := range []struct {
		name, qname string
		qtype       uint16
		handler     plugin.Handler
	}{
		{"hit", "workstation17.lab.example.org.", dns.TypeA, ws},
		{"guarded", "workstation17.lab.example.org.", dns.TypeAAAA, ws},
		{"miss", "www.lab.example.org.", dns.TypeA, ws},
		// What a miss costs without the plugin, to compare it with.
		{"next", "www.lab.example.org.", dns.TypeA, plugin.HandlerFunc(func(ctx context.Context, w dns.ResponseWriter, r *dns.Msg) (int, error) {
			return plugin.NextOrFailure(pluginName, ws.Next, ctx, w, r)
		})},
	} {
		b.Run(bc.name, func(b *testing.B) {
			r := new(dns.Msg)
			r.SetQuestion(bc.qname, bc.qtype)
			b.ReportAllocs()
			for b.Loop() {
				bc.handler.ServeDNS(ctx, w, r)
			}
		})
	}
}
