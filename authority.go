package workstation

import (
	"context"
	"math"
	"net/netip"
	"slices"
	"strings"

	"github.com/coredns/coredns/plugin"

	"github.com/miekg/dns"
)

// These are values of the SOA records of zones for which no plugin follows, in seconds. Such a zone
// has no secondaries that use its timers.
const (
	maxAuthorityTTL = 300 // of the SOA record, and of negative answers
	refresh         = 7200
	retry           = 1800
	expire          = 86400
)

// answerAlone answers a query that has no computed record, where no plugin follows. It is
// authoritative for the zones of the server block and of its stanzas, except the root. They have
// the computed names and an SOA record, and nothing else. exists is whether the name exists.
func (ws *Workstation) answerAlone(ctx context.Context, w dns.ResponseWriter, r *dns.Msg, exists bool) (int, error) {
	qtype := r.Question[0].Qtype
	name := r.Question[0].Name
	if strings.IndexByte(name, '\\') >= 0 {
		name = unescaped(name)
	}
	soa, apex := ws.zones.authority(name, qtype)
	switch {
	case soa == nil && exists:
		return respond(w, newNegativeReply(r, dns.RcodeSuccess, nil))
	case soa == nil:
		return plugin.NextOrFailure(pluginName, ws.Next, ctx, w, r)
	case qtype == dns.TypeAXFR || qtype == dns.TypeIXFR: // as the plugin file does
		return dns.RcodeRefused, nil
	case apex && (qtype == dns.TypeSOA || qtype == dns.TypeANY):
		return respond(w, newApexReply(r, soa))
	case exists:
		return respond(w, newNegativeReply(r, dns.RcodeSuccess, soa))
	default:
		return respond(w, newNegativeReply(r, dns.RcodeNameError, soa))
	}
}

// authority returns the SOA record of the zone that answers a query: the closest one at the name or
// above it, or nil. apex is whether the name is that of the zone. DS records of an apex belong to the
// zone above, if there is one.
func (zs *zones) authority(qname string, qtype uint16) (soa *dns.SOA, apex bool) {
	var buf [256]byte
	lower := appendLower(buf[:0], qname)
	off, _ := dns.PrevLabel(qname, zs.deepest) // no zone has a longer name
	for end := qname == "."; !end; off, end = dns.NextLabel(qname, off) {
		above := zs.byName[string(lower[off:])].soa
		if above == nil {
			continue
		}
		if off == 0 && qtype == dns.TypeDS && soa == nil {
			soa, apex = above, true
			continue
		}
		return above, off == 0
	}
	return soa, apex
}

// addSOARecords gives the zones of the server block and of its stanzas their SOA records. All pools
// must be complete.
func (ws *Workstation) addSOARecords(names []string, serial uint32) {
	ttls := ws.reverseTTLs(names)
	for _, name := range names {
		ttl := min(maxAuthorityTTL, ws.zones.lowestTTL(name))
		if reverse, ok := ttls[name]; ok {
			ttl = min(ttl, reverse)
		}
		apex := ws.zones.byName[name]
		apex.soa = &dns.SOA{
			Hdr:     header(name, dns.TypeSOA, ttl),
			Ns:      below("ns.dns.", name),
			Mbox:    below("hostmaster.", name),
			Serial:  serial,
			Refresh: refresh,
			Retry:   retry,
			Expire:  expire,
			Minttl:  ttl,
		}
		ws.zones.byName[name] = apex
	}
}

// below returns the name of labels in a zone. If that is too long, it returns the name of the zone.
func below(labels, zone string) string {
	if len(labels)+len(zone)+1 > 255 { // octets on the wire
		return zone
	}
	return labels + zone
}

// lowestTTL returns the lowest TTL, in seconds, of the pools that have names in a zone.
func (zs *zones) lowestTTL(name string) uint32 {
	ttl := uint32(math.MaxUint32)
	above, relative := zs.zone("."), ""
	if z := zs.closestListed(name); z != nil {
		above, relative = z, strings.TrimSuffix(strings.TrimSuffix(name, z.name), ".")
	}
	if above == nil {
		return ttl
	}
	if relative != "" { // a pool may have names at the zone's apex, or below it
		var m match
		if zs.findInto(&m, name, []byte(name)); m.pool != nil {
			ttl = m.pool.ttl
		}
	}
	for _, pp := range above.patterns() {
		for _, p := range pp.pools {
			if relative == "" || pp.pattern.hasNamesBelow(relative, p) {
				ttl = min(ttl, p.ttl)
			}
		}
	}
	return ttl
}

// reverseTTLs returns, for each of these zones that has PTR records, the lowest TTL of their pools,
// in seconds.
func (ws *Workstation) reverseTTLs(names []string) map[string]uint32 {
	ttls := make(map[string]uint32)
	add := func(name string, records index) {
		for _, s := range records {
			if ttl, ok := ttls[name]; !ok || s.pool.ttl < ttl {
				ttls[name] = s.pool.ttl
			}
		}
	}
	type reverseZone struct {
		netip.Prefix
		name string
	}
	var zones []reverseZone
	for _, name := range names {
		add(name, ws.reverse.classless[name].index)
		for _, prefix := range reversePrefixes(name) {
			zones = append(zones, reverseZone{prefix, name})
		}
	}
	slices.SortFunc(zones, func(y, z reverseZone) int { return y.Compare(z.Prefix) })
	for i, z := range zones {
		var nested []index // zones below z, which come next in this order
		for _, below := range zones[i+1:] {
			if !z.Contains(below.Addr()) {
				break
			}
			if below.Prefix != z.Prefix {
				nested = append(nested, index{{span: bounds(below.Prefix)}})
			}
		}
		records := ws.reverse.records[familyOf(z.Addr())].clip(bounds(z.Prefix))
		add(z.name, subtract(records, flatten(nested)))
	}
	return ttls
}
