package workstation

import (
	"net"
	"net/netip"
	"strings"
	"testing"

	"github.com/miekg/dns"
)

// TestNewReply compares a reply with the one that the dns library would begin.
func TestNewReply(t *testing.T) {
	r := new(dns.Msg)
	r.SetQuestion("WorkStation1.example.org.", dns.TypeA)
	r.CheckingDisabled = true

	want := new(dns.Msg)
	want.SetReply(r)
	want.Authoritative = true
	want.Answer = []dns.RR{&dns.A{
		Hdr: dns.RR_Header{Name: "WorkStation1.example.org.", Rrtype: dns.TypeA, Class: dns.ClassINET, Ttl: 300},
		A:   net.IPv4(192, 0, 2, 1),
	}}
	if got := newReply(r, netip.MustParseAddr("192.0.2.1"), 300); got.String() != want.String() {
		t.Errorf("newReply:\n%s\nwant:\n%s", got, want)
	}
}

func TestNewReplyAllocatesOnce(t *testing.T) {
	r := new(dns.Msg)
	r.SetQuestion("workstation1.example.org.", dns.TypeA)
	r.SetEdns0(4096, true)
	addr := netip.MustParseAddr("192.0.2.1")

	var m *dns.Msg
	allocs := testing.AllocsPerRun(100, func() {
		m = newReply(r, addr, 300)
		m.Extra = append(m.Extra, r.Extra[0]) // as request.Request.SizeAndDo does
	})
	if allocs != 1 {
		t.Errorf("a reply takes %v allocations", allocs)
	}
	if m.IsEdns0() == nil {
		t.Error("the reply has no OPT record")
	}
}

// TestNewReplySize shows that an answer is no amplifier: it is less than twice
// as large as the query, with an OPT record and without.
func TestNewReplySize(t *testing.T) {
	for _, name := range []string{"workstation1.", "workstation1.example.org.", "workstation4294967295." + strings.Repeat("a.", 116)} {
		for _, edns := range []bool{false, true} {
			r := new(dns.Msg)
			r.SetQuestion(name, dns.TypeA)
			m := newReply(r, netip.MustParseAddr("192.0.2.1"), 300)
			if edns {
				r.SetEdns0(4096, true)
				m.Extra = append(m.Extra, r.Extra[0])
			}
			if m.Len() >= 2*r.Len() {
				t.Errorf("the answer to a query of %d octets has %d", r.Len(), m.Len())
			}
		}
	}
}
