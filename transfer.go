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
	// maxTransfer is how many computed names a zone that is transferred may have: as many as a /8
	// has addresses. The plugin transfer does not report that a client has hung up, so each
	// transfer is computed to its end.
	maxTransfer = 1 << 24

	// transferBatch is how many records are sent to the plugin transfer at a time. It makes
	// messages of them.
	transferBatch = 256
)

// Transfer implements transfer.Transferer. It returns the records of the next plugin that has the
// zone, with the computed records before the closing SOA record. The zone has the records that
// queries get: if a name has both a computed record and a stored one of its type, or a stored CNAME
// record, only the one that comes first is sent.
//
// As the next plugin does, Transfer answers an incremental transfer (RFC 1995) with a single SOA
// record if serial is current, and with the whole zone (RFC 5936) if it is not.
func (ws *Workstation) Transfer(zone string, serial uint32) (<-chan []dns.RR, error) {
	all := newComputedZone(ws, zone).allSeries(nil)
	if len(all) == 0 {
		return nil, transfer.ErrNotAuthoritative
	}
	for _, t := range ws.transferers {
		stored, err := t.Transfer(zone, serial)
		subtract := err == nil && tooMany(all)
		if subtract {
			// Many of the names may be below cuts. To find the cuts, read all that is stored.
			c := newComputedZone(ws, zone)
			if only := c.learn(stored); only != nil { // the serial is current
				return single(only), nil
			}
			if tooMany(c.allSeries(c.cutsByZone())) {
				return nil, fmt.Errorf("zone '%s' has more than %d computed names, too many to transfer: write 'no_transfer' and give the secondary the same stanzas, or make 'numbers' or 'network' smaller", zone, maxTransfer)
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

// single returns a channel with one record.
func single(rr dns.RR) <-chan []dns.RR {
	rrs := make(chan []dns.RR, 1)
	rrs <- []dns.RR{rr}
	close(rrs)
	return rrs
}

// transferersAfter returns the handlers after ws that have zones to transfer.
func transferersAfter(ws *Workstation, handlers []plugin.Handler) (ts []transfer.Transferer) {
	i := slices.Index(handlers, plugin.Handler(ws))
	for _, h := range handlers[i+1:] {
		if t, ok := h.(transfer.Transferer); ok {
			ts = append(ts, t)
		}
	}
	return ts
}

// computedZone is what the stanzas put into a zone that is transferred: computed names, which may
// include the zone's apex, and PTR records. It learns from the stored records where the zone's cuts
// are, and which computed records they replace.
type computedZone struct {
	ws     *Workstation
	zone   string             // its name, in lower case
	cuts   map[string]cut     // names, in lower case, below which the zone has nothing
	stored map[string]typeSet // names, in lower case, at which stored records replace computed ones
}

// cut says why the zone has nothing below a name.
type cut int

const (
	uncut      cut = iota
	redirected     // by a DNAME record; the name itself belongs to the zone
	delegated      // by NS records; another zone begins at the name
)

// typeSet is a set of record types.
type typeSet uint8

// These are the types that matter if they are stored at a computed name.
const (
	storedA typeSet = 1 << iota
	storedAAAA
	storedPTR
	storedCNAME
)

// typesOf returns the set of rrtype, which is empty if none of the constants is this type.
func typesOf(rrtype uint16) typeSet {
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
	return &computedZone{ws: ws, zone: zone, cuts: make(map[string]cut), stored: make(map[string]typeSet)}
}

// belowCut reports whether name, in lower case, is below one of the cuts.
func (c *computedZone) belowCut(name string) bool {
	for off, end := dns.NextLabel(name, 0); !end; off, end = dns.NextLabel(name, off) {
		if c.cuts[name[off:]] != uncut {
			return true
		}
	}
	return false
}

// take takes a stored record of the zone. It reports whether the transfer has the record, because
// queries get it. It remembers the records that decide about others: cuts, and those that stand in
// place of computed records.
func (c *computedZone) take(rr dns.RR) bool {
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
	case !found.isComputed(), found.pool.noTransfer, rrtype != dns.TypeCNAME && found.computedType(rrtype) == dns.TypeNone, c.belowCut(name):
		return true
	case found.zone.name == "." && name != c.zone: // see allSeries
		return true
	case found.pool.storedFirst:
		c.stored[name] |= competes
		return true
	default:
		return false
	}
}

// storedWins reports whether a computed record is left out because of what is stored at its name.
func (c *computedZone) storedWins(p *pool, name string, rrtype uint16) bool {
	if !p.storedFirst || len(c.stored)+len(c.cuts) == 0 {
		return false
	}
	return c.stored[name]&(typesOf(rrtype)|storedCNAME) != 0 || c.cuts[name] == delegated
}

// learn reads all stored records to find the cuts and the records that replace computed ones. If
// there is only one record, learn returns it.
func (c *computedZone) learn(stored <-chan []dns.RR) (only dns.RR) {
	records := 0
	for rrs := range stored {
		for _, rr := range rrs {
			c.take(rr)
			records, only = records+1, rr
		}
	}
	if records > 1 {
		return nil
	}
	return only
}

// merge sends the stored records to merged, and the computed records before the last stored one,
// which is the second SOA record. An incremental transfer may be a single SOA record. A zone cut
// must come before what is below it, as in the canonical order of names.
//
// If subtract is set, merge leaves out the keys of names below cuts before it computes anything. It
// is set if there may be too many of these names to leave them out one by one.
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
				for _, s := range c.allSeries(cuts) {
					s.send(send)
				}
			}
			if c.take(rr) {
				send(rr)
			}
			begun = true
		}
	}
	merged <- batch
}

// reverseIndex returns the PTR records that are in the zone, and not below a cut.
func (c *computedZone) reverseIndex() (rev [2]index) {
	var cuts [2][]index
	for name := range c.cuts {
		for _, prefix := range reversePrefixes(name) {
			if !prefix.IsSingleIP() { // an address has its name at the cut, not below it
				f := familyOf(prefix.Addr())
				cuts[f] = append(cuts[f], index{{span: bounds(prefix)}})
			}
		}
	}
	for _, prefix := range reversePrefixes(c.zone) {
		f := familyOf(prefix.Addr())
		records := c.ws.reverse.records[f].clip(bounds(prefix))
		records = slices.DeleteFunc(records, func(e entry) bool { return e.pool.noTransfer })
		rev[f] = subtract(records, flatten(cuts[f]))
	}
	return rev
}
