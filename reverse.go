package workstation

import (
	"bytes"
	"net/netip"
	"slices"
)

// reverse says which pool gives the PTR record of an address.
type reverse struct {
	records   [2]index                    // by family
	classless map[string]classlessRecords // by the name of the zone
	parents   index                       // the parents of these zones, which therefore exist
}

// classlessRecords says which pool gives the PTR record of an address in a classless zone.
type classlessRecords struct {
	index
	parent uint128 // the first address of the zone's parent
}

// newReverse returns the index of the PTR records of the pools. If several pools have an address,
// the first of them gives its record.
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

// find returns the pool that gives the PTR record of name, in lower case, and the address whose
// name this is. If the name only has PTR records below it, find returns a pool but no valid
// address: the name exists.
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
	if p == nil && prefix.Addr().Is4() {
		p = rev.parents.overlap(bounds(prefix))
	}
	return p, addr
}

// findClassless is find for the name of a classless zone, or for one in it.
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
