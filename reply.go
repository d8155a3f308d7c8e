package workstation

import (
	"net/netip"

	"github.com/miekg/dns"
)

// reply is a response with one record. It includes everything that its dns.Msg points to, so that
// the response takes one allocation.
type reply struct {
	dns.Msg
	question [1]dns.Question
	record   [1]dns.RR
	extra    [1]dns.RR // room for the OPT record that the server appends
}

type (
	// addressReply4 is a reply with an A record.
	addressReply4 struct {
		reply
		rr dns.A
		ip [4]byte
	}

	// addressReply6 is a reply with an AAAA record.
	addressReply6 struct {
		reply
		rr dns.AAAA
		ip [16]byte
	}

	// nameReply is a reply with a PTR record.
	nameReply struct {
		reply
		rr dns.PTR
	}

	// authorityReply is a reply with an SOA record, as the answer or as the authority.
	authorityReply struct {
		reply
		rr dns.SOA
	}
)

// newAddressReply4 returns the authoritative answer to the query r with an A record: its owner name
// has the address addr for ttl seconds. As in all replies, the owner name keeps the case of the
// question.
func newAddressReply4(r *dns.Msg, addr netip.Addr, ttl uint32) *dns.Msg {
	m := new(addressReply4)
	m.ip = addr.As4()
	m.rr = dns.A{Hdr: header(r.Question[0].Name, dns.TypeA, ttl), A: m.ip[:]}
	return m.answerWith(r, &m.rr)
}

// newAddressReply6 is newAddressReply4 for an AAAA record.
func newAddressReply6(r *dns.Msg, addr netip.Addr, ttl uint32) *dns.Msg {
	m := new(addressReply6)
	m.ip = addr.As16()
	m.rr = dns.AAAA{Hdr: header(r.Question[0].Name, dns.TypeAAAA, ttl), AAAA: m.ip[:]}
	return m.answerWith(r, &m.rr)
}

// newNameReply is newAddressReply4 for a PTR record that gives name. The name has been allocated
// before, because the query does not have it.
func newNameReply(r *dns.Msg, name string, ttl uint32) *dns.Msg {
	m := new(nameReply)
	m.rr = dns.PTR{Hdr: header(r.Question[0].Name, dns.TypePTR, ttl), Ptr: name}
	return m.answerWith(r, &m.rr)
}

// newApexReply returns the authoritative answer to the query r with the SOA record of a zone.
func newApexReply(r *dns.Msg, soa *dns.SOA) *dns.Msg {
	m := new(authorityReply)
	m.rr = *soa // a copy, because a plugin before this one may change it
	m.rr.Hdr.Name = r.Question[0].Name
	return m.answerWith(r, &m.rr)
}

// newNegativeReply returns an authoritative response to the query r without an answer: NXDOMAIN if
// rcode is dns.RcodeNameError, or NODATA if it is dns.RcodeSuccess. The zone's SOA record tells
// resolvers how long to believe it (RFC 2308, section 3); soa is nil if there is none.
func newNegativeReply(r *dns.Msg, rcode int, soa *dns.SOA) *dns.Msg {
	m := new(authorityReply)
	m.setHeader(r)
	m.Rcode = rcode
	if soa != nil {
		m.rr = *soa
		m.record[0] = &m.rr
		m.Ns = m.record[:]
	}
	return &m.Msg
}

// header returns the header of a record. The TTL is in seconds.
func header(name string, rrtype uint16, ttl uint32) dns.RR_Header {
	return dns.RR_Header{Name: name, Rrtype: rrtype, Class: dns.ClassINET, Ttl: ttl}
}

// answerWith makes m the authoritative answer to the query r, with the record rr.
func (m *reply) answerWith(r *dns.Msg, rr dns.RR) *dns.Msg {
	m.setHeader(r)
	m.record[0] = rr
	m.Answer = m.record[:]
	return &m.Msg
}

// setHeader makes m an authoritative response to the query r, with no record.
func (m *reply) setHeader(r *dns.Msg) {
	m.MsgHdr = dns.MsgHdr{
		Id:               r.Id,
		Response:         true,
		Authoritative:    true,
		RecursionDesired: r.RecursionDesired,
		CheckingDisabled: r.CheckingDisabled,
	}
	m.question[0] = r.Question[0]
	m.Question = m.question[:]
	m.Extra = m.extra[:0]
}

// respond writes a response, and returns what ServeDNS returns for it.
func respond(w dns.ResponseWriter, m *dns.Msg) (int, error) {
	w.WriteMsg(m)
	return m.Rcode, nil
}
