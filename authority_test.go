package workstation

import (
	"strings"
	"testing"
	"time"

	"github.com/coredns/coredns/plugin/pkg/dnstest"
	"github.com/coredns/coredns/plugin/test"

	"github.com/miekg/dns"
)

// alone has a plugin answer alone, in a server block of some zones.
func alone(t *testing.T, keys, corefile string) *Workstation {
	t.Helper()
	ws, err := parseTest(corefile, strings.Fields(keys)...)
	if err != nil {
		t.Fatal(err)
	}
	return ws
}

// TestAnswerAlone asks where no plugin follows. Each answer is written as its status, its
// record, and its SOA record's name and TTL.
func TestAnswerAlone(t *testing.T) {
	const (
		lab = "lab.example.org. 2.0.192.in-addr.arpa. 0.1.0.0.2.ip6.arpa. other.example. 9.0.192.in-addr.arpa."
		one = "workstation lab.example.org 192.0.2.0/24 2001::/20 {\n name ws{n}\n network 192.0.2.0/24 2001:db8::/64\n ttl 600\n}"
	)
	for _, tc := range []struct {
		keys, corefile string
		qname          string
		qtype          uint16
		want           string
	}{
		{lab, one, "ws5.lab.example.org.", dns.TypeA, "NOERROR A"},
		{lab, one, "ws5.lab.example.org.", dns.TypeANY, "NOERROR A"},
		{lab, one, "ws5.lab.example.org.", dns.TypeTXT, "NOERROR lab.example.org. 300"},
		{lab, one, "WS5.Lab.Example.org.", dns.TypeTXT, "NOERROR lab.example.org. 300"},
		{lab, one, "ws300.lab.example.org.", dns.TypeA, "NXDOMAIN lab.example.org. 300"},
		{lab, one, "a.ws5.lab.example.org.", dns.TypeA, "NXDOMAIN lab.example.org. 300"},
		{lab, one, `a\.b.lab.example.org.`, dns.TypeA, "NXDOMAIN lab.example.org. 300"},
		{lab, one, strings.Repeat("a.", 100) + "lab.example.org.", dns.TypeA, "NXDOMAIN lab.example.org. 300"},
		{lab, one, "lab.example.org.", dns.TypeSOA, "NOERROR SOA"},
		{lab, one, "Lab.example.org.", dns.TypeANY, "NOERROR SOA"},
		{lab, one, "lab.example.org.", dns.TypeNS, "NOERROR lab.example.org. 300"},
		{lab, one, "lab.example.org.", dns.TypeDS, "NOERROR lab.example.org. 300"},
		{lab, one, "lab.example.org.", dns.TypeA, "NOERROR lab.example.org. 300"},
		{lab, one, "lab.example.org.", dns.TypeAXFR, "REFUSED"},
		{lab, one, "ws5.lab.example.org.", dns.TypeIXFR, "REFUSED"},
		{lab, one, "other.example.", dns.TypeSOA, "NOERROR SOA"},
		{lab, one, "www.other.example.", dns.TypeA, "NXDOMAIN other.example. 300"},
		{lab, one, "example.org.", dns.TypeA, "NOERROR"}, // a name above the zone
		{lab, one, "example.", dns.TypeA, "NOERROR"},
		{lab, one, "www.example.org.", dns.TypeA, "SERVFAIL"},
		{lab, one, "www.example.org.", dns.TypeAXFR, "SERVFAIL"},
		{lab, one, ".", dns.TypeNS, "SERVFAIL"},
		{lab, one, "5.2.0.192.in-addr.arpa.", dns.TypePTR, "NOERROR PTR"},
		{lab, one, "5.2.0.192.in-addr.arpa.", dns.TypeTXT, "NOERROR 2.0.192.in-addr.arpa. 300"},
		{lab, one, "2.0.192.in-addr.arpa.", dns.TypeSOA, "NOERROR SOA"},
		{lab, one, "256.2.0.192.in-addr.arpa.", dns.TypePTR, "NXDOMAIN 2.0.192.in-addr.arpa. 300"},
		{lab, one, "a.5.2.0.192.in-addr.arpa.", dns.TypePTR, "NXDOMAIN 2.0.192.in-addr.arpa. 300"},
		{lab, one, "9.0.192.in-addr.arpa.", dns.TypeTXT, "NOERROR 9.0.192.in-addr.arpa. 300"},
		{lab, one, "5.9.0.192.in-addr.arpa.", dns.TypePTR, "NXDOMAIN 9.0.192.in-addr.arpa. 300"},
		{lab, one, "8.b.d.0.1.0.0.2.ip6.arpa.", dns.TypeTXT, "NOERROR 0.1.0.0.2.ip6.arpa. 300"},
		{lab, one, "9.b.d.0.1.0.0.2.ip6.arpa.", dns.TypeTXT, "NXDOMAIN 0.1.0.0.2.ip6.arpa. 300"},
		{lab, one, "2.ip6.arpa.", dns.TypeTXT, "NOERROR"},

		// A wildcard, and what takes names from it.
		{"lab.example.org.", "workstation {\n name n{n} *.n{n}\n network 192.0.2.0/24\n}", "a.n5.lab.example.org.", dns.TypeTXT, "NOERROR lab.example.org. 300"},
		{"lab.example.org.", "workstation {\n name n{n} *.n{n}\n network 192.0.2.0/24\n}", "x.*.n5.lab.example.org.", dns.TypeA, "NXDOMAIN lab.example.org. 300"},
		// An empty non-terminal.
		{"lab.example.org.", "workstation {\n name n{d}.r{c}\n network 10.0.4.0/22\n}", "r7.lab.example.org.", dns.TypeA, "NOERROR lab.example.org. 300"},
		{"lab.example.org.", "workstation {\n name n{d}.r{c}\n network 10.0.4.0/22\n}", "r8.lab.example.org.", dns.TypeA, "NXDOMAIN lab.example.org. 300"},

		// Zones that nest. Names between them exist.
		{"example.org. c.b.example.org.", "workstation example.org {\n network 192.0.2.0/24\n ttl 60\n}", "b.example.org.", dns.TypeA, "NOERROR example.org. 60"},
		{"example.org. c.b.example.org.", "workstation example.org {\n network 192.0.2.0/24\n ttl 60\n}", "c.b.example.org.", dns.TypeA, "NOERROR c.b.example.org. 300"},
		{"example.org. c.b.example.org.", "workstation example.org {\n network 192.0.2.0/24\n ttl 60\n}", "c.b.example.org.", dns.TypeDS, "NOERROR example.org. 60"},
		{"example.org.", "workstation lab.example.org {\n network 192.0.2.0/24\n ttl 60\n}", "www.lab.example.org.", dns.TypeA, "NXDOMAIN lab.example.org. 60"},
		{"example.org.", "workstation lab.example.org {\n network 192.0.2.0/24\n ttl 60\n}", "lib.example.org.", dns.TypeA, "NXDOMAIN example.org. 300"},
		{"10.in-addr.arpa. 1.10.in-addr.arpa.", "workstation example.org {\n network 10.1.2.0/24\n ttl 60\n}", "1.10.in-addr.arpa.", dns.TypeTXT, "NOERROR 1.10.in-addr.arpa. 60"},
		{"10.in-addr.arpa. 1.10.in-addr.arpa.", "workstation example.org {\n network 10.1.2.0/24\n ttl 60\n}", "3.10.in-addr.arpa.", dns.TypeTXT, "NXDOMAIN 10.in-addr.arpa. 300"},
		{"10.in-addr.arpa. 1.10.in-addr.arpa.", "workstation example.org {\n network 10.1.2.0-10.2.0.0\n ttl 60\n}", "3.10.in-addr.arpa.", dns.TypeTXT, "NXDOMAIN 10.in-addr.arpa. 60"},

		// The TTL is the lowest of the pools that have names there.
		{"example.org.", "workstation {\n network 192.0.2.0/24\n ttl 90\n}\nworkstation {\n name b{n}\n network 192.0.2.0/24\n ttl 70\n}", "www.example.org.", dns.TypeA, "NXDOMAIN example.org. 70"},
		{"example.org.", "workstation {\n network 192.0.2.0/24\n ttl 0\n}", "www.example.org.", dns.TypeA, "NXDOMAIN example.org. 0"},
		{"7.example.org.", "workstation example.org {\n name {d}.{c}\n network 192.0.7.0/24\n ttl 60\n}", "256.7.example.org.", dns.TypeA, "NXDOMAIN 7.example.org. 60"},
		{"7.example.org. 8.example.org.", "workstation example.org {\n name {d}.{c}\n network 192.0.7.0/24\n ttl 60\n}", "5.8.example.org.", dns.TypeA, "NXDOMAIN 8.example.org. 300"},
		{"ws5.example.org.", "workstation example.org {\n name ws{n}\n network 192.0.7.0/24\n ttl 60\n}", "ws5.example.org.", dns.TypeTXT, "NOERROR ws5.example.org. 60"},
		{"2.0.192.in-addr.arpa. lab.example.org.", "workstation lab.example.org {\n network 192.0.2.0/25\n}\nworkstation lab.example.org {\n name b{n}\n network 192.0.2.128/25\n ttl 10\n}", "a.2.0.192.in-addr.arpa.", dns.TypePTR, "NXDOMAIN 2.0.192.in-addr.arpa. 10"},

		// A zone of RFC 2317.
		{"lab.example.org. 64/26.2.0.192.in-addr.arpa.", "workstation {\n network 192.0.2.0/24\n ttl 60\n}", "64/26.2.0.192.in-addr.arpa.", dns.TypeSOA, "NOERROR SOA"},
		{"lab.example.org. 64/26.2.0.192.in-addr.arpa.", "workstation {\n network 192.0.2.0/24\n ttl 60\n}", "65.64/26.2.0.192.in-addr.arpa.", dns.TypePTR, "NOERROR PTR"},
		{"lab.example.org. 64/26.2.0.192.in-addr.arpa.", "workstation {\n network 192.0.2.0/24\n ttl 60\n}", "5.64/26.2.0.192.in-addr.arpa.", dns.TypePTR, "NXDOMAIN 64/26.2.0.192.in-addr.arpa. 60"},

		// The root.
		{".", "workstation {\n network 192.0.2.0/24\n}", "workstation5.example.com.", dns.TypeA, "NOERROR A"},
		{".", "workstation {\n network 192.0.2.0/24\n}", "workstation5.example.com.", dns.TypeTXT, "NOERROR"},
		{".", "workstation {\n network 192.0.2.0/24\n}", "www.example.com.", dns.TypeA, "SERVFAIL"},
		{".", "workstation lab.example.org {\n network 192.0.2.0/24\n ttl 60\n}", "5.2.0.192.in-addr.arpa.", dns.TypeTXT, "NOERROR"},
		{".", "workstation lab.example.org {\n network 192.0.2.0/24\n ttl 60\n}", "www.lab.example.org.", dns.TypeTXT, "NXDOMAIN lab.example.org. 60"},
		{". example.com.", "workstation {\n network 192.0.2.0/24\n ttl 60\n}", "www.example.com.", dns.TypeTXT, "NXDOMAIN example.com. 60"},
	} {
		ws := alone(t, tc.keys, tc.corefile)
		r := new(dns.Msg).SetQuestion(tc.qname, tc.qtype)
		r.RecursionDesired, r.CheckingDisabled = true, true
		w := dnstest.NewRecorder(&test.ResponseWriter{})
		rcode, err := ws.ServeDNS(t.Context(), w, r)
		got := dns.RcodeToString[rcode]
		switch m := w.Msg; {
		case m == nil:
			if (err != nil) != (rcode == dns.RcodeServerFailure) {
				t.Errorf("%s %s: error %v", tc.qname, dns.TypeToString[tc.qtype], err)
			}
		case m.Rcode != rcode || err != nil || !m.Response || !m.Authoritative || !m.RecursionDesired || !m.CheckingDisabled || m.Id != r.Id || m.Question[0] != r.Question[0]:
			t.Errorf("%s %s returned %s, %v, and wrote\n%s", tc.qname, dns.TypeToString[tc.qtype], dns.RcodeToString[rcode], err, m)
		default:
			for _, rr := range m.Answer {
				got += " " + dns.TypeToString[rr.Header().Rrtype]
				if rr.Header().Name != tc.qname {
					t.Errorf("%s %s: the answer is\n%s", tc.qname, dns.TypeToString[tc.qtype], rr)
				}
			}
			for _, rr := range m.Ns {
				soa := rr.(*dns.SOA)
				got += " " + strings.Join(strings.Fields(rr.String())[:2], " ")
				if soa.Minttl != soa.Hdr.Ttl {
					t.Errorf("%s %s: TTL and minimum are not the same in\n%s", tc.qname, dns.TypeToString[tc.qtype], rr)
				}
			}
		}
		if got != tc.want {
			t.Errorf("%s %s in %s\n%s\ngot %s, want %s", tc.qname, dns.TypeToString[tc.qtype], tc.keys, tc.corefile, got, tc.want)
		}
	}
}

// TestSOA shows all that is in the SOA record.
func TestSOA(t *testing.T) {
	before := uint32(time.Now().Unix())
	ws := alone(t, "lab.example.org.", "workstation {\n network 192.0.2.0/24\n}")
	w := dnstest.NewRecorder(&test.ResponseWriter{})
	ws.ServeDNS(t.Context(), w, new(dns.Msg).SetQuestion("lab.example.org.", dns.TypeSOA))
	soa := *w.Msg.Answer[0].(*dns.SOA)
	if now := uint32(time.Now().Unix()); soa.Serial < before || soa.Serial > now {
		t.Errorf("the serial is %d, the time of loading %d to %d", soa.Serial, before, now)
	}
	soa.Serial = 1
	if got, want := line(&soa), "lab.example.org. 300 SOA ns.dns.lab.example.org. hostmaster.lab.example.org. 1 7200 1800 86400 300"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	// Of a long zone, the names in the record are short enough for the wire.
	long := strings.Repeat("a.", 123) + "ab."
	ws2 := alone(t, long, "workstation {\n name w{n}\n network 192.0.2.0/31\n}")
	w2 := dnstest.NewRecorder(&test.ResponseWriter{})
	ws2.ServeDNS(t.Context(), w2, new(dns.Msg).SetQuestion(long, dns.TypeTXT))
	wire, err := w2.Msg.Pack()
	if err == nil {
		err = new(dns.Msg).Unpack(wire)
	}
	if err != nil || len(w2.Msg.Ns) != 1 {
		t.Errorf("of a long zone: %v", err)
	}
	// Plugins before this one change what they get.
	w.Msg.Answer[0].Header().Ttl = 7
	ws.ServeDNS(t.Context(), w, new(dns.Msg).SetQuestion("www.lab.example.org.", dns.TypeA))
	w.Msg.Ns[0].Header().Ttl = 7
	ws.ServeDNS(t.Context(), w, new(dns.Msg).SetQuestion("www.lab.example.org.", dns.TypeA))
	if ttl := w.Msg.Ns[0].Header().Ttl; ttl != 300 {
		t.Errorf("after a change by others the TTL is %d", ttl)
	}
}
