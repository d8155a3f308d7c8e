package workstation

import (
	"bytes"
	"net/netip"
	"slices"
	"strings"

	"github.com/miekg/dns"
)

// reverse says which pool gives the PTR record of an address.
type reverse struct {
	records   [2]index                    // by family
	classless map[string]classlessRecords // by the name of the zone
	parents   index                       // the networks of these zones' parents, which exist
}

// classlessRecords say the same of the addresses in a classless zone.
type classlessRecords struct {
	index
	parent uint128 // the first address of the zone's parent
}

// newReverse returns the index of all PTR records of the pools. Where several
// pools cover an address, the first of them gives its record.
func newReverse(pools []*pool) reverse {
	rev := reverse{classless: make(map[string]classlessRecords)}
	pools = slices.DeleteFunc(slices.Clone(pools), func(p *pool) bool { return p.ptrZone == "" })
	for _, f := range families {
		var indexes []index
		for _, p := range pools {
			addresses := p.addresses(f)
			if len(p.reverseZones[f]) == 0 {
				indexes = append(indexes, addresses)
			}
			for _, prefix := range p.reverseZones[f] {
				indexes = append(indexes, addresses.clip(bounds(prefix)))
			}
		}
		rev.records[f] = flatten(indexes)
	}
	for _, p := range pools {
		for _, zone := range p.classless {
			x := overlay(rev.classless[zone.name].index, p.addresses(ipv4).clip(zone.span))
			if len(x) > 0 {
				parent := bounds(zone.parent)
				rev.classless[zone.name] = classlessRecords{x, parent.first}
				rev.parents = overlay(rev.parents, index{{parent, x[0].pool}})
			}
		}
	}
	return rev
}

// find returns the pool that gives the PTR record of name, in lower case, and
// the address whose name it is. Of another name that exists, which is one above the
// names of PTR records, there is a pool but no address.
func (rev *reverse) find(name []byte) (p *pool, addr netip.Addr) {
	prefix, ok := parseReverse(name)
	if !ok {
		if len(rev.classless) > 0 {
			return rev.findClassless(name)
		}
		return nil, addr
	}
	if p = rev.records[familyOf(prefix.Addr())].overlap(bounds(prefix)); prefix.IsSingleIP() {
		return p, prefix.Addr()
	}
	if p == nil && prefix.Addr().Is4() && prefix.Bits() <= 24 {
		p = rev.parents.overlap(bounds(prefix))
	}
	return p, addr
}

// findClassless is find for the names in classless zones: the zones' own, and those
// of addresses.
func (rev *reverse) findClassless(name []byte) (p *pool, addr netip.Addr) {
	if zone, ok := rev.classless[string(name)]; ok {
		return zone.index[0].pool, addr
	}
	label, parent, _ := bytes.Cut(name, []byte("."))
	zone, ok := rev.classless[string(parent)]
	if !ok {
		return nil, addr
	}
	octet, ok := parseNumber(label, 10, 1)
	if !ok || octet > 255 {
		return nil, addr
	}
	u := zone.parent.add(uint128{lo: octet})
	return zone.find(u), ipv4.address(u)
}

// askedZones are the zones for which server blocks are asked.
type askedZones struct {
	names   map[string]bool
	reverse prefixes // the networks of those that have addresses below them
}

// newAskedZones returns the zones of server blocks that have these keys.
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

// has reports whether the server blocks are asked for a name.
func (asked askedZones) has(name string) bool {
	for off, end := 0, false; !end; off, end = dns.NextLabel(name, off) {
		if asked.names[name[off:]] {
			return true
		}
	}
	return asked.names["."]
}

// givesPTR reports whether a server block that is asked for these zones gives the PTR record of
// an address of the networks.
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

// askedPTR returns the reverse zones, and the addresses of a family in them, of which p
// gives the PTR records and server blocks are asked for these. Where
// another pool gives the PTR records of some of p's addresses, it is returned as well.
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
	ofPool := func(prefixes []netip.Prefix) []netip.Prefix {
		return slices.DeleteFunc(slices.Clone(prefixes), func(prefix netip.Prefix) bool { return all.overlap(bounds(prefix)) == nil })
	}
	limits, networks := ofPool(p.reverseZones[f]), p.networks[f]
	if len(p.reverseZones[f]) == 0 {
		limits = reversePrefixes(".")[f : f+1] // the whole tree
	}
	for _, key := range ofPool(asked.reverse[f]) {
		for _, zone := range limits {
			if !key.Overlaps(zone) {
				continue
			}
			if key.Bits() > zone.Bits() {
				zone = key
			}
			within := bounds(zone)
			var records index
			for _, n := range networks {
				records = append(records, ws.reverse.records[f].clip(n.span).clip(within)...)
			}
			if zone.Bits() == 0 { // all of the tree, which says less than the networks do
				within = span{networks[0].first, networks[len(networks)-1].last}
			}
			add(closestReverse(f, within), records)
		}
	}
	for _, zone := range p.classless {
		if f == ipv4 && asked.has(zone.name) {
			add(zone.name, ws.reverse.classless[zone.name].index)
		}
	}
	return zones, union(addresses), other
}

// closestReverse returns the closest reverse zone that has all these addresses of a family.
func closestReverse(f family, addresses span) string {
	name := reverseName(f.address(addresses.first))
	for varying := addresses.first.xor(addresses.last).bitLen(); varying > 0; varying -= [...]int{ipv4: 8, ipv6: 4}[f] {
		_, name, _ = strings.Cut(name, ".")
	}
	return name
}
