package workstation

import (
	"strings"
	"testing"
	"time"

	"github.com/coredns/coredns/plugin/pkg/dnstest"
	"github.com/coredns/coredns/plugin/test"

	"github.com/miekg/dns"
)

// TestAnswerAlone sends queries where no plugin follows in the server block. A response is written as its status, the
// type of its record, and the name and TTL of its SOA record.
func TestAnswerAlone(t *testing.T) {
	type query struct {
		qname string
		qtype uint16
		want  string
	}
	for _, tc := range []struct {
		corefile string
		queries  []query
	}{
		{`
			lab.example.org 2.0.192.in-addr.arpa 0.1.0.0.2.ip6.arpa other.example 9.0.192.in-addr.arpa {
				workstation lab.example.org 192.0.2.0/24 2001::/20 {
					name ws{n}
					network 192.0.2.0/24 2001:db8::/64
					ttl 600
				}
			}`, []query{
			{"ws5.lab.example.org.", dns.TypeA, "NOERROR A"},
			{"ws5.lab.example.org.", dns.TypeANY, "NOERROR A"},
			{"ws5.lab.example.org.", dns.TypeTXT, "NOERROR lab.example.org. 300"},
			{"WS5.Lab.Example.org.", dns.TypeTXT, "NOERROR lab.example.org. 300"},
			{"ws300.lab.example.org.", dns.TypeA, "NXDOMAIN lab.example.org. 300"},
			{"a.ws5.lab.example.org.", dns.TypeA, "NXDOMAIN lab.example.org. 300"},
			{`a\.b.lab.example.org.`, dns.TypeA, "NXDOMAIN lab.example.org. 300"},
			{`www.\108ab.example.org.`, dns.TypeA, "NXDOMAIN lab.example.org. 300"}, // a zone file may write so
			{`\108ab.example.org.`, dns.TypeSOA, "NOERROR SOA"},
			{strings.Repeat("a.", 100) + "lab.example.org.", dns.TypeA, "NXDOMAIN lab.example.org. 300"},
			{"lab.example.org.", dns.TypeSOA, "NOERROR SOA"},
			{"Lab.example.org.", dns.TypeANY, "NOERROR SOA"},
			{"lab.example.org.", dns.TypeNS, "NOERROR lab.example.org. 300"},
			{"lab.example.org.", dns.TypeDS, "NOERROR lab.example.org. 300"},
			{"lab.example.org.", dns.TypeA, "NOERROR lab.example.org. 300"},
			{"lab.example.org.", dns.TypeAXFR, "REFUSED"},
			{"ws5.lab.example.org.", dns.TypeIXFR, "REFUSED"},
			{"other.example.", dns.TypeSOA, "NOERROR SOA"},
			{"www.other.example.", dns.TypeA, "NXDOMAIN other.example. 300"},
			{"example.org.", dns.TypeA, "NOERROR"}, // a name above the zone
			{"example.", dns.TypeA, "NOERROR"},
			{"www.example.org.", dns.TypeA, "SERVFAIL"},
			{"www.example.org.", dns.TypeAXFR, "SERVFAIL"},
			{".", dns.TypeNS, "SERVFAIL"},
			{"5.2.0.192.in-addr.arpa.", dns.TypePTR, "NOERROR PTR"},
			{"5.2.0.192.in-addr.arpa.", dns.TypeTXT, "NOERROR 2.0.192.in-addr.arpa. 300"},
			{"2.0.192.in-addr.arpa.", dns.TypeSOA, "NOERROR SOA"},
			{"256.2.0.192.in-addr.arpa.", dns.TypePTR, "NXDOMAIN 2.0.192.in-addr.arpa. 300"},
			{"a.5.2.0.192.in-addr.arpa.", dns.TypePTR, "NXDOMAIN 2.0.192.in-addr.arpa. 300"},
			{"9.0.192.in-addr.arpa.", dns.TypeTXT, "NOERROR 9.0.192.in-addr.arpa. 300"},
			{"5.9.0.192.in-addr.arpa.", dns.TypePTR, "NXDOMAIN 9.0.192.in-addr.arpa. 300"},
			{"8.b.d.0.1.0.0.2.ip6.arpa.", dns.TypeTXT, "NOERROR 0.1.0.0.2.ip6.arpa. 300"},
			{"9.b.d.0.1.0.0.2.ip6.arpa.", dns.TypeTXT, "NXDOMAIN 0.1.0.0.2.ip6.arpa. 300"},
			{"2.ip6.arpa.", dns.TypeTXT, "NOERROR"},
		}},

		// A wildcard, and a name below it that takes names from it.
		{`
			lab.example.org {
				workstation {
					name n{n} *.n{n}
					network 192.0.2.0/24
				}
			}`, []query{
			{"a.n5.lab.example.org.", dns.TypeTXT, "NOERROR lab.example.org. 300"},
			{"x.*.n5.lab.example.org.", dns.TypeA, "NXDOMAIN lab.example.org. 300"},
		}},

		// An empty non-terminal.
		{`
			lab.example.org {
				workstation {
					name n{d}.r{c}
					network 10.0.4.0/22
				}
			}`, []query{
			{"r7.lab.example.org.", dns.TypeA, "NOERROR lab.example.org. 300"},
			{"r8.lab.example.org.", dns.TypeA, "NXDOMAIN lab.example.org. 300"},
		}},

		// Zones that nest. Names between them exist.
		{`
			example.org c.b.example.org {
				workstation example.org {
					network 192.0.2.0/24
					ttl 60
				}
			}`, []query{
			{"b.example.org.", dns.TypeA, "NOERROR example.org. 60"},
			{"c.b.example.org.", dns.TypeA, "NOERROR c.b.example.org. 300"},
			{"c.b.example.org.", dns.TypeDS, "NOERROR example.org. 60"},
		}},
		{`
			example.org {
				workstation lab.example.org {
					network 192.0.2.0/24
					ttl 60
				}
			}`, []query{
			{"www.lab.example.org.", dns.TypeA, "NXDOMAIN lab.example.org. 60"},
			{"lib.example.org.", dns.TypeA, "NXDOMAIN example.org. 300"},
		}},
		{`
			10.in-addr.arpa 1.10.in-addr.arpa {
				workstation example.org {
					network 10.1.2.0/24
					ttl 60
				}
			}`, []query{
			{"1.10.in-addr.arpa.", dns.TypeTXT, "NOERROR 1.10.in-addr.arpa. 60"},
			{"3.10.in-addr.arpa.", dns.TypeTXT, "NXDOMAIN 10.in-addr.arpa. 300"},
		}},
		{`
			10.in-addr.arpa 1.10.in-addr.arpa {
				workstation example.org {
					network 10.1.2.0-10.2.0.0
					ttl 60
				}
			}`, []query{
			{"3.10.in-addr.arpa.", dns.TypeTXT, "NXDOMAIN 10.in-addr.arpa. 60"},
		}},

		// The TTL is the lowest of the pools that have names there.
		{`
			example.org {
				workstation {
					network 192.0.2.0/24
					ttl 90
				}
				workstation {
					name b{n}
					network 192.0.2.0/24
					ttl 70
				}
			}`, []query{
			{"www.example.org.", dns.TypeA, "NXDOMAIN example.org. 70"},
		}},
		{`
			example.org {
				workstation {
					network 192.0.2.0/24
					ttl 0
				}
			}`, []query{
			{"www.example.org.", dns.TypeA, "NXDOMAIN example.org. 0"},
		}},
		{`
			7.example.org {
				workstation example.org {
					name {d}.{c}
					network 192.0.7.0/24
					ttl 60
				}
			}`, []query{
			{"256.7.example.org.", dns.TypeA, "NXDOMAIN 7.example.org. 60"},
		}},
		{`
			7.example.org 8.example.org {
				workstation example.org {
					name {d}.{c}
					network 192.0.7.0/24
					ttl 60
				}
			}`, []query{
			{"5.8.example.org.", dns.TypeA, "NXDOMAIN 8.example.org. 300"},
		}},
		{`
			ws5.example.org {
				workstation example.org {
					name ws{n}
					network 192.0.7.0/24
					ttl 60
				}
			}`, []query{
			{"ws5.example.org.", dns.TypeTXT, "NOERROR ws5.example.org. 60"},
		}},
		{`
			2.0.192.in-addr.arpa lab.example.org {
				workstation lab.example.org {
					network 192.0.2.0/25
				}
				workstation lab.example.org {
					name b{n}
					network 192.0.2.128/25
					ttl 10
				}
			}`, []query{
			{"a.2.0.192.in-addr.arpa.", dns.TypePTR, "NXDOMAIN 2.0.192.in-addr.arpa. 10"},
		}},

		// A zone of RFC 2317.
		{`
			lab.example.org 64/26.2.0.192.in-addr.arpa {
				workstation {
					network 192.0.2.0/24
					ttl 60
				}
			}`, []query{
			{"64/26.2.0.192.in-addr.arpa.", dns.TypeSOA, "NOERROR SOA"},
			{"65.64/26.2.0.192.in-addr.arpa.", dns.TypePTR, "NOERROR PTR"},
			{"5.64/26.2.0.192.in-addr.arpa.", dns.TypePTR, "NXDOMAIN 64/26.2.0.192.in-addr.arpa. 60"},
		}},

		// The root.
		{`
			. {
				workstation {
					network 192.0.2.0/24
				}
			}`, []query{
			{"workstation5.example.com.", dns.TypeA, "NOERROR A"},
			{"workstation5.example.com.", dns.TypeTXT, "NOERROR"},
			{"www.example.com.", dns.TypeA, "SERVFAIL"},
		}},
		{`
			. {
				workstation lab.example.org {
					network 192.0.2.0/24
					ttl 60
				}
			}`, []query{
			{"5.2.0.192.in-addr.arpa.", dns.TypeTXT, "NOERROR"},
			{"www.lab.example.org.", dns.TypeTXT, "NXDOMAIN lab.example.org. 60"},
		}},
		{`
			. example.com {
				workstation {
					network 192.0.2.0/24
					ttl 60
				}
			}`, []query{
			{"www.example.com.", dns.TypeTXT, "NXDOMAIN example.com. 60"},
		}},
	} {
		ws := newHandler(t, tc.corefile)
		for _, q := range tc.queries {
			if got := askAlone(t, ws, q.qname, q.qtype); got != q.want {
				t.Errorf("%s\n%s %s: got %s, want %s", tc.corefile, q.qname, dns.TypeToString[q.qtype], got, q.want)
			}
		}
	}
}

// askAlone sends a query where no plugin follows. It returns the status, the types of the records in the answer,
// and the names and TTLs of those in the authority section. It checks what is the same in every response.
func askAlone(t *testing.T, ws *Workstation, qname string, qtype uint16) string {
	t.Helper()
	r := new(dns.Msg).SetQuestion(qname, qtype)
	r.RecursionDesired, r.CheckingDisabled = true, true
	w := dnstest.NewRecorder(&test.ResponseWriter{})
	rcode, err := ws.ServeDNS(t.Context(), w, r)
	words := []string{dns.RcodeToString[rcode]}
	m := w.Msg
	if m == nil {
		if (err != nil) != (rcode == dns.RcodeServerFailure) {
			t.Errorf("%s %s: error %v", qname, dns.TypeToString[qtype], err)
		}
		return words[0]
	}
	if m.Rcode != rcode || err != nil || !m.Response || !m.Authoritative ||
		!m.RecursionDesired || !m.CheckingDisabled || m.Id != r.Id || m.Question[0] != r.Question[0] {
		t.Errorf("%s %s returned %s, %v, and wrote\n%s", qname, dns.TypeToString[qtype], words[0], err, m)
		return words[0]
	}
	for _, rr := range m.Answer {
		words = append(words, dns.TypeToString[rr.Header().Rrtype])
		if rr.Header().Name != qname {
			t.Errorf("%s %s: the answer is\n%s", qname, dns.TypeToString[qtype], rr)
		}
	}
	for _, rr := range m.Ns {
		soa := rr.(*dns.SOA)
		words = append(words, strings.Fields(rr.String())[:2]...)
		if soa.Minttl != soa.Hdr.Ttl {
			t.Errorf("%s %s: TTL and minimum are not the same in\n%s", qname, dns.TypeToString[qtype], rr)
		}
	}
	return strings.Join(words, " ")
}

// TestSOA checks all fields of the SOA record.
func TestSOA(t *testing.T) {
	before := uint32(time.Now().Unix())
	ws := labAlone(t)
	w := dnstest.NewRecorder(&test.ResponseWriter{})
	ws.ServeDNS(t.Context(), w, new(dns.Msg).SetQuestion("lab.example.org.", dns.TypeSOA))
	soa := *w.Msg.Answer[0].(*dns.SOA)
	if now := uint32(time.Now().Unix()); soa.Serial < before || soa.Serial > now {
		t.Errorf("the serial is %d, the time of loading %d to %d", soa.Serial, before, now)
	}
	soa.Serial = 1
	want := "lab.example.org. 300 SOA ns.dns.lab.example.org. hostmaster.lab.example.org. 1 7200 1800 86400 300"
	if got := recordText(&soa); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

// labAlone returns the handler of a server block with the zone lab.example.org, in which no plugin follows.
func labAlone(t *testing.T) *Workstation {
	t.Helper()
	return newHandler(t, `
		lab.example.org {
			workstation {
				network 192.0.2.0/24
			}
		}`)
}

// TestSOAOfLongZone has zones so long that ns.dns.ZONE just fits into a name, and that it does not fit. The names in the
// SOA record must be valid.
func TestSOAOfLongZone(t *testing.T) {
	fits, longest := strings.Repeat("a.", 122)+"ab.", strings.Repeat("a.", 123)+"ab."
	for zone, want := range map[string]string{
		fits:    "ns.dns." + fits,
		longest: longest,
	} {
		ws := newHandler(t, zone+` {
			workstation {
				name w{n}
				network 192.0.2.0/31
			}
		}`)
		w := dnstest.NewRecorder(&test.ResponseWriter{})
		ws.ServeDNS(t.Context(), w, new(dns.Msg).SetQuestion(zone, dns.TypeTXT))
		wire, err := w.Msg.Pack()
		if err == nil {
			err = new(dns.Msg).Unpack(wire)
		}
		if err != nil || len(w.Msg.Ns) != 1 {
			t.Fatalf("got %v, and the response\n%s", err, w.Msg)
		}
		if soa := w.Msg.Ns[0].(*dns.SOA); soa.Ns != want || soa.Mbox != zone {
			t.Errorf("got the names %s and %s, want %s and %s", soa.Ns, soa.Mbox, want, zone)
		}
	}
}

// TestSOAIsNotShared changes the SOA records of responses, as plugins before this one do. Later responses must not
// change.
func TestSOAIsNotShared(t *testing.T) {
	ws := labAlone(t)
	w := dnstest.NewRecorder(&test.ResponseWriter{})
	ws.ServeDNS(t.Context(), w, new(dns.Msg).SetQuestion("lab.example.org.", dns.TypeSOA))
	w.Msg.Answer[0].Header().Ttl = 7
	ws.ServeDNS(t.Context(), w, new(dns.Msg).SetQuestion("www.lab.example.org.", dns.TypeA))
	w.Msg.Ns[0].Header().Ttl = 7
	ws.ServeDNS(t.Context(), w, new(dns.Msg).SetQuestion("www.lab.example.org.", dns.TypeA))
	if ttl := w.Msg.Ns[0].Header().Ttl; ttl != 300 {
		t.Errorf("after a change to earlier responses, the TTL is %d", ttl)
	}
}
