package workstation

import (
	"net/netip"

	"github.com/miekg/dns"
)

// match is what the stanzas say about an owner name: that a host has it, only that it exists, or
// nothing. With ws{n} and the network 192.0.2.0/24 in example.org, the match of ws7.example.org has
// a pool and the address 192.0.2.7. The match of example.org has only a zone.
type match struct {
	host
	zone *zone      // that makes the name exist; nil if it does not. Of a PTR record, the zone of the name that it gives
	ptr  netip.Addr // the address whose PTR record the name has, if it has one
}

// isComputed reports whether the name has a computed record.
func (m *match) isComputed() bool { return m.v4.IsValid() || m.v6.IsValid() || m.ptr.IsValid() }

// computedType returns the type of the computed record that answers a query of type qtype, or
// dns.TypeNone if there is none. A query for ANY gets one record (RFC 8482, section 4.1).
func (m *match) computedType(qtype uint16) uint16 {
	switch wantsAny := qtype == dns.TypeANY; {
	case (wantsAny || qtype == dns.TypeA) && m.v4.IsValid():
		return dns.TypeA
	case (wantsAny || qtype == dns.TypeAAAA) && m.v6.IsValid():
		return dns.TypeAAAA
	case (wantsAny || qtype == dns.TypePTR) && m.ptr.IsValid():
		return dns.TypePTR
	default:
		return dns.TypeNone
	}
}

// record returns the name's computed record of type rrtype, which it must have.
func (m *match) record(name string, rrtype uint16) dns.RR {
	hdr := header(name, rrtype, m.pool.ttl)
	switch rrtype {
	case dns.TypeA:
		return &dns.A{Hdr: hdr, A: m.v4.AsSlice()}
	case dns.TypeAAAA:
		return &dns.AAAA{Hdr: hdr, AAAA: m.v6.AsSlice()}
	default:
		return &dns.PTR{Hdr: hdr, Ptr: m.pool.name(m.ptr)}
	}
}
