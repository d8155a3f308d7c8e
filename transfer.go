package workstation

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/coredns/coredns/plugin"
	"github.com/coredns/coredns/plugin/transfer"

	"github.com/miekg/dns"
)

const (
	// maxTransfer is how many computed names a zone may have to be transferred: as
	// many as a /8 has addresses. The plugin transfer hides that a client has hung
	// up, so what was begun is computed to its end.
	maxTransfer = 1 << 24

	// transferBatch is how many records go to the plugin transfer at a time, which
	// makes messages of them.
	transferBatch = 256
)

// Transfer implements transfer.Transferer: it returns the records of the next
// plugin that has the zone, with the computed ones before the closing SOA record.
// So a transfer carries what a query gets. In particular, where there is a
// computed record, no stored one of its type is sent, and no CNAME.
//
// As the next plugin does, it answers an incremental transfer (RFC 1995) with a
// single SOA record if serial is current, and with the whole zone (RFC 5936) if
// it is not.
func (ws *Workstation) Transfer(zone string, serial uint32) (<-chan []dns.RR, error) {
	c := ws.computedIn(zone)
	runs := c.runs()
	if len(runs) == 0 {
		return nil, transfer.ErrNotAuthoritative
	}
	for _, t := range ws.transferers {
		stored, err := t.Transfer(zone, serial)
		if errors.Is(err, transfer.ErrNotAuthoritative) {
			continue
		}
		if err != nil {
			return nil, err
		}
		if tooMany(runs) {
			go discard(stored)
			return nil, fmt.Errorf("zone '%s' has more than %d computed names, too many to transfer: give the secondary the stanzas, too, or make 'numbers' or 'network' smaller", zone, maxTransfer)
		}
		merged := make(chan []dns.RR)
		go c.merge(stored, merged)
		return merged, nil
	}
	return nil, transfer.ErrNotAuthoritative
}

// transferersAfter returns those of the handlers after ws that have zones to
// transfer.
func transferersAfter(ws *Workstation, handlers []plugin.Handler) (ts []transfer.Transferer) {
	i := slices.Index(handlers, plugin.Handler(ws))
	for _, h := range handlers[i+1:] {
		if t, ok := h.(transfer.Transferer); ok {
			ts = append(ts, t)
		}
	}
	return ts
}

// discard takes what is sent, so that the sender comes to its end.
func discard(rrs <-chan []dns.RR) {
	for range rrs {
	}
}

// computedZone is what the stanzas put into a zone that is transferred: computed
// names at or below its apex, and the PTR records of addresses.
type computedZone struct {
	ws      *Workstation
	origin  string
	zones   zones // but for the root, whose names would never end
	reverse reverse
}

// computedIn returns what the stanzas put into the zone called origin, which is
// given in lower case.
func (ws *Workstation) computedIn(origin string) *computedZone {
	c := &computedZone{ws: ws, origin: origin, zones: make(zones)}
	for name, z := range ws.zones {
		if name != "." && dns.IsSubDomain(origin, name) {
			c.zones[name] = z
		}
	}
	for _, prefix := range reversePrefixes(origin) {
		f := familyOf(prefix.Addr())
		c.reverse[f] = ws.reverse[f].clip(bounds(prefix))
	}
	return c
}

// cut takes away what lies at or below name, where the zone ends and another
// begins.
func (c *computedZone) cut(name string) {
	for below := range c.zones {
		if dns.IsSubDomain(name, below) {
			delete(c.zones, below)
		}
	}
	for _, prefix := range reversePrefixes(strings.ToLower(name)) {
		f := familyOf(prefix.Addr())
		c.reverse[f] = c.reverse[f].without(bounds(prefix))
	}
}

// owner returns what is computed for a name in the zone.
func (c *computedZone) owner(name string) owner {
	o := c.ws.find(name)
	switch {
	case o.zone == nil:
		return owner{}
	case o.ptr.IsValid() && c.reverse[familyOf(o.ptr)].find(addressNumber(o.ptr)) == nil:
		return owner{}
	case !o.ptr.IsValid() && c.zones[o.zone.name] == nil && !strings.EqualFold(name, c.origin):
		return owner{}
	default:
		return o
	}
}

// hides tells whether queries get a computed record in place of the stored one.
func (c *computedZone) hides(rr dns.RR) bool {
	o := c.owner(rr.Header().Name)
	switch rr.Header().Rrtype {
	case dns.TypeA:
		return o.v4.IsValid()
	case dns.TypeAAAA:
		return o.v6.IsValid()
	case dns.TypePTR:
		return o.ptr.IsValid()
	case dns.TypeCNAME:
		return o.v4.IsValid() || o.v6.IsValid() || o.ptr.IsValid()
	default:
		return false
	}
}

// merge sends the stored records, and the computed ones before the last, which is
// the second SOA record. An incremental transfer may be a single SOA record. Zone
// cuts come before what lies below them, as in the canonical order of names.
func (c *computedZone) merge(stored <-chan []dns.RR, merged chan<- []dns.RR) {
	defer close(merged)
	var batch []dns.RR
	send := func(rr dns.RR) {
		if len(batch) == transferBatch {
			merged <- batch
			batch = nil
		}
		if batch == nil {
			batch = make([]dns.RR, 0, transferBatch)
		}
		batch = append(batch, rr)
	}

	begun := false
	for rrs := range stored {
		for _, rr := range rrs {
			h := rr.Header()
			switch {
			case h.Rrtype == dns.TypeSOA && begun:
				for _, r := range c.runs() {
					r.records(send)
				}
			case h.Rrtype == dns.TypeNS && !strings.EqualFold(h.Name, c.origin), h.Rrtype == dns.TypeDNAME:
				c.cut(h.Name)
			}
			if !c.hides(rr) {
				send(rr)
			}
			begun = true
		}
	}
	merged <- batch
}

// runs returns all that is computed in the zone.
func (c *computedZone) runs() (runs []run) {
	if o := c.ws.find(c.origin); o.v4.IsValid() || o.v6.IsValid() {
		runs = append(runs, run{span{pool: o.pool}, func(uint128) owner { return o }})
	}
	for _, name := range slices.Sorted(maps.Keys(c.zones)) {
		z := c.zones[name]
		for _, ns := range z.patterns {
			for _, s := range ns.numbers {
				runs = append(runs, run{s, func(n uint128) owner { return owner{host: s.pool.host(n.lo), zone: z} }})
			}
			for _, f := range families {
				for _, s := range ns.addresses[f] {
					runs = append(runs, run{s, func(u uint128) owner { return owner{host: s.pool.hostAt(f.address(u)), zone: z} }})
				}
			}
		}
	}
	for _, f := range families {
		for _, s := range c.reverse[f] {
			runs = append(runs, run{s, func(u uint128) owner { return owner{host: host{pool: s.pool}, ptr: f.address(u)} }})
		}
	}
	return runs
}

// run is a span of numbers or addresses, and what each of them stands for.
type run struct {
	span
	owner func(u uint128) owner
}

// tooMany tells whether the runs are too long, together, to be transferred.
func tooMany(runs []run) bool {
	room := uint128{lo: maxTransfer}
	for _, r := range runs {
		others := r.last.sub(r.first) // than the first
		if !others.less(room) {
			return true
		}
		room = room.sub(others).sub(uint128{lo: 1})
	}
	return false
}

// records sends the records of a run.
func (r run) records(send func(dns.RR)) {
	for u := r.first; ; u = u.add(uint128{lo: 1}) {
		o := r.owner(u)
		header := func(name string, rrtype uint16) dns.RR_Header {
			return dns.RR_Header{Name: name, Rrtype: rrtype, Class: dns.ClassINET, Ttl: o.pool.ttl}
		}
		if o.v4.IsValid() {
			send(&dns.A{Hdr: header(o.pool.nameIn(o.zone.name, o.v4), dns.TypeA), A: o.v4.AsSlice()})
		}
		if o.v6.IsValid() {
			send(&dns.AAAA{Hdr: header(o.pool.nameIn(o.zone.name, o.v6), dns.TypeAAAA), AAAA: o.v6.AsSlice()})
		}
		if o.ptr.IsValid() {
			name, _ := dns.ReverseAddr(o.ptr.String()) // which is an address
			send(&dns.PTR{Hdr: header(name, dns.TypePTR), Ptr: o.pool.name(o.ptr)})
		}
		if u == r.last {
			return
		}
	}
}
