package workstation

import (
	"errors"
	"fmt"
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
	c := &computedZone{ws, zone, make(map[string]bool)}
	all := c.series()
	if len(all) == 0 {
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
		if tooMany(all) {
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
// names, its apex among them, and the PTR records of addresses.
type computedZone struct {
	ws     *Workstation
	origin string          // in lower case
	cuts   map[string]bool // names, in lower case, at which there is another zone, or a DNAME
}

// belowCut reports whether name, in lower case, is none of the zone's for being below
// one of the cuts.
func (c *computedZone) belowCut(name string) bool {
	for off, end := dns.NextLabel(name, 0); !end; off, end = dns.NextLabel(name, off) {
		if c.cuts[name[off:]] {
			return true
		}
	}
	return false
}

// hides reports whether queries get a computed record in place of the stored one.
func (c *computedZone) hides(rr dns.RR) bool {
	name := strings.ToLower(rr.Header().Name)
	o := c.ws.find(name)
	switch {
	case o.zone == nil || c.belowCut(name):
		return false
	case o.zone.name == "." && name != c.origin: // see series
		return false
	}
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
				for _, s := range c.series() {
					s.send(send)
				}
			case h.Rrtype == dns.TypeNS && !strings.EqualFold(h.Name, c.origin), h.Rrtype == dns.TypeDNAME:
				c.cuts[strings.ToLower(h.Name)] = true
			}
			if !c.hides(rr) {
				send(rr)
			}
			begun = true
		}
	}
	merged <- batch
}

// reverse returns the part of the reverse index that the zone has.
func (c *computedZone) reverse() (rev [2]index) {
	var cuts [2][]index
	for name := range c.cuts {
		for _, prefix := range reversePrefixes(name) {
			if !prefix.IsSingleIP() { // which has a name at the cut, not below it
				f := familyOf(prefix.Addr())
				first, last := bounds(prefix)
				cuts[f] = append(cuts[f], index{{first, last, nil}})
			}
		}
	}
	for _, prefix := range reversePrefixes(c.origin) {
		f := familyOf(prefix.Addr())
		rev[f] = overlay(flatten(cuts[f]), c.ws.reverse.records[f].clip(bounds(prefix)))
		rev[f] = slices.DeleteFunc(rev[f], func(s span) bool { return s.pool == nil })
	}
	return rev
}
