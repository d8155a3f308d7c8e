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
// So a transfer carries what a query gets: of a computed record and a stored one of its
// type, or a CNAME, it has the one that comes first.
//
// As the next plugin does, it answers an incremental transfer (RFC 1995) with a
// single SOA record if serial is current, and with the whole zone (RFC 5936) if
// it is not.
func (ws *Workstation) Transfer(zone string, serial uint32) (<-chan []dns.RR, error) {
	all := newComputedZone(ws, zone).series(nil)
	if len(all) == 0 {
		return nil, transfer.ErrNotAuthoritative
	}
	for _, t := range ws.transferers {
		stored, err := t.Transfer(zone, serial)
		subtract := err == nil && tooMany(all)
		if subtract {
			// Many of them may lie below cuts. To know the cuts takes all that is stored.
			c := newComputedZone(ws, zone)
			if only := c.learn(stored); only != nil { // the serial is current
				return single(only), nil
			}
			if tooMany(c.series(c.cutsByZone())) {
				return nil, fmt.Errorf("zone '%s' has more than %d computed names, too many to transfer: give the secondary the stanzas, too, and write 'no_transfer' here, or make 'numbers' or 'network' smaller", zone, maxTransfer)
			}
			stored, err = t.Transfer(zone, serial)
		}
		if errors.Is(err, transfer.ErrNotAuthoritative) {
			continue
		}
		if err != nil {
			return nil, err
		}
		merged := make(chan []dns.RR)
		go newComputedZone(ws, zone).merge(stored, merged, subtract)
		return merged, nil
	}
	return nil, transfer.ErrNotAuthoritative
}

// single sends one record.
func single(rr dns.RR) <-chan []dns.RR {
	rrs := make(chan []dns.RR, 1)
	rrs <- []dns.RR{rr}
	close(rrs)
	return rrs
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

// computedZone is what the stanzas put into a zone that is transferred: computed
// names, its apex among them, and the PTR records of addresses. What is stored in the zone
// decides about some.
type computedZone struct {
	ws     *Workstation
	zone   string           // in lower case
	cuts   map[string]cut   // names, in lower case, below which nothing is the zone's
	stored map[string]types // names, in lower case, that keep stored records in place of computed ones
}

// cut says why names below a name are none of the zone's.
type cut int

const (
	uncut      cut = iota
	redirected     // by a DNAME: the name itself is the zone's
	delegated      // by NS records: another zone begins with the name
)

// types are types of records.
type types uint8

// The types that a computed name may have stored.
const (
	storedA types = 1 << iota
	storedAAAA
	storedPTR
	storedCNAME
)

// typesOf returns rrtype as one of these types, or 0 if it is none of them.
func typesOf(rrtype uint16) types {
	switch rrtype {
	case dns.TypeA:
		return storedA
	case dns.TypeAAAA:
		return storedAAAA
	case dns.TypePTR:
		return storedPTR
	case dns.TypeCNAME:
		return storedCNAME
	default:
		return 0
	}
}

func newComputedZone(ws *Workstation, zone string) *computedZone {
	return &computedZone{ws: ws, zone: zone, cuts: make(map[string]cut), stored: make(map[string]types)}
}

// belowCut reports whether name, in lower case, is none of the zone's for being below
// one of the cuts.
func (c *computedZone) belowCut(name string) bool {
	for off, end := dns.NextLabel(name, 0); !end; off, end = dns.NextLabel(name, off) {
		if c.cuts[name[off:]] != uncut {
			return true
		}
	}
	return false
}

// keeps reports whether a stored record of the zone is one that queries get, and
// remembers it if that depends on what else there is.
func (c *computedZone) keeps(rr dns.RR) bool {
	rrtype := rr.Header().Rrtype
	name := strings.ToLower(rr.Header().Name)
	switch {
	case rrtype == dns.TypeNS && name != c.zone:
		c.cuts[name] = delegated
	case rrtype == dns.TypeDNAME && c.cuts[name] == uncut:
		c.cuts[name] = redirected
	}
	competes := typesOf(rrtype)
	if competes == 0 {
		return true
	}
	found := c.ws.find(name)
	switch {
	case !found.isComputed(), found.pool.noTransfer, rrtype != dns.TypeCNAME && found.computed(rrtype) == dns.TypeNone, c.belowCut(name):
		return true
	case found.zone.name == "." && name != c.zone: // see series
		return true
	case found.pool.storedFirst:
		c.stored[name] |= competes
		return true
	default:
		return false
	}
}

// yields reports whether a computed record of a pool is none of the zone's, because something
// stored wins over it.
func (c *computedZone) yields(p *pool, name string, rrtype uint16) bool {
	if !p.storedFirst || len(c.stored)+len(c.cuts) == 0 {
		return false
	}
	return c.stored[name]&(typesOf(rrtype)|storedCNAME) != 0 || c.cuts[name] == delegated
}

// learn takes all stored records to see where the cuts are, and what else decides. If there is only
// one record, learn returns it.
func (c *computedZone) learn(stored <-chan []dns.RR) (only dns.RR) {
	records := 0
	for rrs := range stored {
		for _, rr := range rrs {
			c.keeps(rr)
			records, only = records+1, rr
		}
	}
	if records > 1 {
		return nil
	}
	return only
}

// merge sends the stored records, and the computed ones before the last, which is
// the second SOA record. An incremental transfer may be a single SOA record. Zone
// cuts come before what lies below them, as in the canonical order of names. If there would
// be too many names below cuts to leave them out one by one, subtract leaves out their keys.
func (c *computedZone) merge(stored <-chan []dns.RR, merged chan<- []dns.RR, subtract bool) {
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
			if begun && rr.Header().Rrtype == dns.TypeSOA {
				var cuts map[*zone][]string
				if subtract {
					cuts = c.cutsByZone()
				}
				for _, s := range c.series(cuts) {
					s.send(send)
				}
			}
			if c.keeps(rr) {
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
				cuts[f] = append(cuts[f], index{{span: bounds(prefix)}})
			}
		}
	}
	for _, prefix := range reversePrefixes(c.zone) {
		f := familyOf(prefix.Addr())
		rev[f] = overlay(flatten(cuts[f]), c.ws.reverse.records[f].clip(bounds(prefix)))
		rev[f] = slices.DeleteFunc(rev[f], func(e entry) bool { return e.pool == nil || e.pool.noTransfer })
	}
	return rev
}
