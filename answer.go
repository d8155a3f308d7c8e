package workstation

import (
	"net/netip"

	"github.com/miekg/dns"
)

// reply is an answer of one address record with everything in it that a
// dns.Msg points to, so that it takes one allocation.
type reply struct {
	dns.Msg
	question [1]dns.Question
	answer   [1]dns.RR
	extra    [1]dns.RR // room for the OPT record that the server appends
	a        dns.A
	ip       [4]byte
}

// newReply returns the authoritative answer to the query r, whose owner name
// has the address addr for ttl seconds. The owner name keeps the case of the
// question.
func newReply(r *dns.Msg, addr netip.Addr, ttl uint32) *dns.Msg {
	m := new(reply)
	m.MsgHdr = dns.MsgHdr{
		Id:               r.Id,
		Response:         true,
		Authoritative:    true,
		RecursionDesired: r.RecursionDesired,
		CheckingDisabled: r.CheckingDisabled,
	}
	m.question[0] = r.Question[0]
	m.Question = m.question[:]

	m.ip = addr.As4()
	m.a = dns.A{
		Hdr: dns.RR_Header{Name: r.Question[0].Name, Rrtype: dns.TypeA, Class: dns.ClassINET, Ttl: ttl},
		A:   m.ip[:],
	}
	m.answer[0] = &m.a
	m.Answer = m.answer[:]
	m.Extra = m.extra[:0]
	return &m.Msg
}
