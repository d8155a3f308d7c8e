package workstation

import (
	"net/netip"
	"slices"

	"github.com/miekg/dns"
)

// askedZones are the zones of a server block: its clients ask for names in them.
type askedZones struct {
	names   map[string]bool
	reverse prefixes // the networks of those that have PTR records at or below their names
}

// newAskedZones returns the zones of a server block that has these keys.
func newAskedZones(keys []string) askedZones {
	asked := askedZones{names: make(map[string]bool)}
	for _, key := range keys {
		asked.names[key] = true
		for _, prefix := range reversePrefixes(key) {
			f := familyOf(prefix.Addr())
			asked.reverse[f] = append(asked.reverse[f], prefix)
		}
	}
	return asked
}

// has reports whether clients ask for a name.
func (asked askedZones) has(name string) bool {
	for off, end := 0, false; !end; off, end = dns.NextLabel(name, off) {
		if asked.names[name[off:]] {
			return true
		}
	}
	return asked.names["."]
}

// givesPTR reports whether clients that ask for names in these zones can get the PTR record of any
// address of the networks.
func (rev *reverse) givesPTR(networks []network, f family, asked askedZones) bool {
	for _, n := range networks {
		for _, prefix := range asked.reverse[f] {
			if zone := bounds(prefix); n.overlaps(zone) && rev.records[f].overlap(n.clip(zone)) != nil {
				return true
			}
		}
		if f == ipv6 {
			continue
		}
		for zone, records := range rev.classless {
			if records.overlap(n.span) != nil && asked.has(zone) {
				return true
			}
		}
	}
	return false
}

// askedPTR returns the PTR records of a family that clients can get from p: the reverse zones, and
// the addresses. If another pool gives the PTR record of one of p's addresses, askedPTR returns
// that pool as well.
func (ws *Workstation) askedPTR(p *pool, f family, asked askedZones) (zones []string, addresses index, other *pool) {
	all := p.addresses(f)
	add := func(zone string, records index) {
		for _, s := range records {
			if s.pool == p {
				addresses = append(addresses, s)
				if !slices.Contains(zones, zone) {
					zones = append(zones, zone)
				}
			} else if all.overlap(s.span) != nil {
				other = s.pool
			}
		}
	}
	ofPool := func(zones []netip.Prefix) []netip.Prefix {
		return slices.DeleteFunc(slices.Clone(zones), func(zone netip.Prefix) bool { return all.overlap(bounds(zone)) == nil })
	}
	limits, networks := ofPool(p.reverseZones[f]), p.networks[f]
	if len(p.reverseZones[f]) == 0 {
		limits = reversePrefixes(".")[f : f+1] // the whole tree
	}
	for _, blockZone := range ofPool(asked.reverse[f]) {
		for _, zone := range limits {
			if !blockZone.Overlaps(zone) {
				continue
			}
			if blockZone.Bits() > zone.Bits() {
				zone = blockZone
			}
			addresses := bounds(zone)
			var records index
			for _, n := range networks {
				records = append(records, ws.reverse.records[f].clip(n.span).clip(addresses)...)
			}
			if zone.Bits() == 0 { // the networks say more than the whole tree does
				addresses = span{networks[0].first, networks[len(networks)-1].last}
			}
			add(closestReverse(f, addresses), records)
		}
	}
	for _, zone := range p.classless {
		if f == ipv4 && asked.has(zone.name) {
			add(zone.name, ws.reverse.classless[zone.name].index)
		}
	}
	return zones, union(addresses), other
}
