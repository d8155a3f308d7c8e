package workstation

import (
	"fmt"
	"net/netip"
	"strings"
	"testing"

	"github.com/coredns/coredns/plugin/test"

	"github.com/miekg/dns"
)

// replies are the functions that make an answer, with a query and the record that it gets.
var replies = []struct {
	qname  string
	qtype  uint16
	new    func(r *dns.Msg) *dns.Msg
	record string
}{
	{
		"WorkStation1.example.org.", dns.TypeA,
		func(r *dns.Msg) *dns.Msg { return newAddressReply4(r, netip.MustParseAddr("192.0.2.1"), 300) },
		"WorkStation1.example.org. 300 IN A 192.0.2.1",
	},
	{
		"WorkStation1.example.org.", dns.TypeAAAA,
		func(r *dns.Msg) *dns.Msg { return newAddressReply6(r, netip.MustParseAddr("2001:db8::1"), 300) },
		"WorkStation1.example.org. 300 IN AAAA 2001:db8::1",
	},
	{
		"1.2.0.192.In-Addr.arpa.", dns.TypePTR,
		func(r *dns.Msg) *dns.Msg { return newNameReply(r, "workstation1.example.org.", 300) },
		"1.2.0.192.In-Addr.arpa. 300 IN PTR workstation1.example.org.",
	},
	{
		"Example.org.", dns.TypeSOA,
		func(r *dns.Msg) *dns.Msg { return newApexReply(r, testSOA) },
		"Example.org. 300 IN SOA ns.dns.example.org. hostmaster.example.org. 1 7200 1800 86400 300",
	},
}

var testSOA = test.SOA("example.org. 300 IN SOA ns.dns.example.org. hostmaster.example.org. 1 7200 1800 86400 300")

// TestNegativeReply compares responses that have no answer with those of the dns library.
func TestNegativeReply(t *testing.T) {
	r := new(dns.Msg).SetQuestion("www.Example.org.", dns.TypeA)
	r.CheckingDisabled = true
	for _, rcode := range []int{dns.RcodeSuccess, dns.RcodeNameError} {
		for _, soa := range []*dns.SOA{testSOA, nil} {
			want := new(dns.Msg).SetRcode(r, rcode)
			want.Authoritative = true
			if soa != nil {
				want.Ns = []dns.RR{soa}
			}
			var m *dns.Msg
			if allocs := testing.AllocsPerRun(100, func() { m = newNegativeReply(r, rcode, soa) }); allocs != 1 {
				t.Errorf("a reply takes %v allocations", allocs)
			}
			if m.String() != want.String() {
				t.Errorf("got:\n%s\nwant:\n%s", m, want)
			}
		}
	}
}

// TestReply compares replies with those of the dns library.
func TestReply(t *testing.T) {
	for _, tc := range replies {
		r := new(dns.Msg)
		r.SetQuestion(tc.qname, tc.qtype)
		r.CheckingDisabled = true

		rr, err := dns.NewRR(tc.record)
		if err != nil {
			t.Fatal(err)
		}
		want := new(dns.Msg)
		want.SetReply(r)
		want.Authoritative = true
		want.Answer = []dns.RR{rr}
		if got := tc.new(r); got.String() != want.String() {
			t.Errorf("got:\n%s\nwant:\n%s", got, want)
		}
	}
}

func TestReplyAllocatesOnce(t *testing.T) {
	for _, tc := range replies {
		r := new(dns.Msg)
		r.SetQuestion(tc.qname, tc.qtype)
		r.SetEdns0(4096, true)

		var m *dns.Msg
		allocs := testing.AllocsPerRun(100, func() {
			m = tc.new(r)
			m.Extra = append(m.Extra, r.Extra[0]) // as request.Request.SizeAndDo does
		})
		if allocs != 1 {
			t.Errorf("%s: a reply takes %v allocations", tc.record, allocs)
		}
		if m.IsEdns0() == nil {
			t.Errorf("%s: the reply has no OPT record", tc.record)
		}
	}
}

// TestReplySize checks how many times as large as its query a response is at most, with an OPT record and without: it
// must not be of use for amplification.
func TestReplySize(t *testing.T) {
	for _, tc := range []struct {
		qname string
		reply func(r *dns.Msg) *dns.Msg
		most  float64
	}{
		{"workstation1.", replies[0].new, 2},
		{"workstation1.example.org.", replies[0].new, 2},
		{"workstation4294967295." + strings.Repeat("a.", 116), replies[0].new, 2},
		{"workstation1.", replies[1].new, 2.5},
		{"workstation1.example.org.", replies[1].new, 2.5},
		{"1.2.0.192.in-addr.arpa.", replies[2].new, 3},
		{
			"workstation1.example.org.",
			func(r *dns.Msg) *dns.Msg { return newNegativeReply(r, dns.RcodeSuccess, testSOA) },
			4,
		},
	} {
		for _, edns := range []bool{false, true} {
			r := new(dns.Msg)
			r.SetQuestion(tc.qname, dns.TypeA)
			m := tc.reply(r)
			if edns {
				r.SetEdns0(4096, true)
				m.Extra = append(m.Extra, r.Extra[0])
			}
			if ratio := float64(m.Len()) / float64(r.Len()); ratio >= tc.most {
				t.Errorf("%s: the answer to a query of %d octets is %.1f times as large", tc.qname, r.Len(), ratio)
			}
		}
	}
}

// BenchmarkPackReply packs replies as they are sent, and with compressed names (RFC 1035, section 4.1.4).
// SECURITY.md has the figures.
func BenchmarkPackReply(b *testing.B) {
	ptr6 := replies[2]
	ptr6.qname = reverseName(netip.MustParseAddr("2001:db8::1"))
	for _, tc := range append(replies[:3:3], ptr6) {
		for _, compress := range []bool{false, true} {
			b.Run(fmt.Sprintf("%s/%s/compress=%v", dns.TypeToString[tc.qtype], tc.qname, compress), func(b *testing.B) {
				m := tc.new(new(dns.Msg).SetQuestion(tc.qname, tc.qtype))
				m.Compress = compress
				for b.Loop() {
					if _, err := m.Pack(); err != nil {
						b.Fatal(err)
					}
				}
				b.ReportMetric(float64(m.Len()), "octets")
			})
		}
	}
}
