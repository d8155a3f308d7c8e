package workstation

import (
	"bytes"
	"fmt"
	"net/netip"
	"slices"

	"github.com/coredns/coredns/plugin/pkg/dnsutil"

	"github.com/miekg/dns"
)

// zones holds what the stanzas of a server block say of owner names outside of
// the reverse trees: the listed forward zones and, since they exist as well,
// their ancestors short of the root. Each is under its name, in lower case and
// with the closing dot.
type zones map[string]*zone

// zone is a listed zone, or an ancestor of one.
type zone struct {
	name     string // of the listed zone
	listed   bool
	names    map[affixes]*names // the computed names, by the literal text of their pattern
	patterns []*names           // the same, in the order of their stanzas
	shapes   []shape            // of the patterns
	counters lastCounters
}

// shape is how long the affixes of a pattern are.
type shape struct{ prefix, suffix int }

// names are the computed names of one pattern in one zone.
type names struct {
	pattern   pattern
	first     *pool    // of the pools, in the order of their stanzas
	numbers   index    // the pools of a pattern with numbers
	addresses [2]index // the pools of a pattern with {ip}, by family
}

// host is what a computed name stands for.
type host struct {
	pool   *pool
	v4, v6 netip.Addr // the zero Addr where it has no address of the family
}

// owner is what the stanzas say of an owner name.
type owner struct {
	host
	zone *zone      // by which the name is known to exist; nil if it is not
	ptr  netip.Addr // of a name that has a PTR record: the address that it stands for
}

// conflict is the error that a zone would get a name from two pools.
type conflict struct {
	zone        string
	pool, other *pool
	label       string // of the first name that both give; empty where their patterns differ
}

func (c *conflict) Error() string {
	if c.label == "" {
		return fmt.Sprintf("zone '%s' could get one name from '%s' and from '%s' of the stanza at %s: put a character between literal text and placeholder that the placeholder of neither can produce",
			c.zone, c.pool.pattern, c.other.pattern, c.other.source)
	}
	return fmt.Sprintf("zone '%s' gets the name '%s' from the stanza at %s already: give the stanzas unlike names, or numbers that do not overlap, or remove the zone from one",
		c.zone, dnsutil.Join(c.label, c.zone), c.other.source)
}

// add lists a forward zone, and puts the computed names of p into it.
func (zs zones) add(name string, p *pool) error {
	z := zs[name]
	if z == nil || !z.listed {
		z = &zone{name: name, listed: true, names: make(map[affixes]*names)}
		zs[name] = z
		zs.addAncestors(z, name)
	}
	if c := z.add(p); c != nil {
		c.zone = name
		return c
	}
	return nil
}

// addAncestors has the names above name exist by z.
func (zs zones) addAncestors(z *zone, name string) {
	for off, end := dns.NextLabel(name, 0); !end; off, end = dns.NextLabel(name, off) {
		if zs[name[off:]] == nil {
			zs[name[off:]] = &zone{name: z.name}
		}
	}
}

// add puts the computed names of p into the zone.
func (z *zone) add(p *pool) *conflict {
	ns := z.names[p.pattern.affixes]
	if ns == nil || ns.pattern != p.pattern {
		for _, other := range z.patterns {
			if p.pattern.mayEqual(&other.pattern) {
				return &conflict{pool: p, other: other.first}
			}
		}
		ns = &names{pattern: p.pattern, first: p}
		z.names[p.pattern.affixes] = ns
		z.patterns = append(z.patterns, ns)
		if s := (shape{len(p.pattern.prefix), len(p.pattern.suffix)}); !slices.Contains(z.shapes, s) {
			z.shapes = append(z.shapes, s)
		}
	}
	return ns.add(p)
}

func (ns *names) add(p *pool) *conflict {
	for _, r := range p.numbers {
		if other, both := ns.numbers.insert(span{uint128{lo: r.first}, uint128{lo: r.last}, p}); other != nil {
			return &conflict{"", p, other, string(p.pattern.appendNumber(nil, both.lo))}
		}
	}
	if p.pattern.placeholder != ip {
		return nil
	}
	for _, f := range families {
		for _, s := range p.addresses(f) {
			if other, both := ns.addresses[f].insert(s); other != nil {
				return &conflict{"", p, other, string(p.pattern.appendAddress(nil, f.address(both)))}
			}
		}
	}
	return nil
}

// find looks up a name outside of the reverse trees, which is given in lower
// case as well. A computed name belongs to the closest listed zone above it: as
// a direct child of that zone, or at any depth where it is the root.
func (zs zones) find(qname string, lower []byte) owner {
	if qname == "." {
		return owner{} // the root has no apex to guard
	}
	start, _ := dns.NextLabel(qname, 0)
	label, parent := bytes.TrimSuffix(lower[:start], []byte(".")), lower[start:]

	if z := zs.listed(parent); z != nil {
		if h := z.find(label); h.pool != nil {
			return owner{host: h, zone: z}
		}
	} else if root := zs["."]; root != nil {
		if h := root.find(label); h.pool != nil && !zs.enclose(qname, lower) {
			return owner{host: h, zone: root}
		}
	}
	return owner{zone: zs[string(lower)]}
}

// listed returns the listed zone called name, or nil.
func (zs zones) listed(name []byte) *zone {
	if z := zs[string(name)]; z != nil && z.listed {
		return z
	}
	return nil
}

// enclose tells whether a listed zone other than the root encloses qname, which
// is given in lower case as well.
func (zs zones) enclose(qname string, lower []byte) bool {
	for off, end := 0, false; !end; off, end = dns.NextLabel(qname, off) {
		if zs.listed(lower[off:]) != nil {
			return true
		}
	}
	return false
}

// find returns what the zone's computed name that begins with label, in lower
// case, stands for. Literal text is looked up, not compared pattern by pattern,
// so that thousands of them cost what one does.
func (z *zone) find(label []byte) host {
	for _, s := range z.shapes {
		end := len(label) - s.suffix
		if s.prefix >= end {
			continue
		}
		if ns := z.names[affixes{string(label[:s.prefix]), string(label[end:])}]; ns != nil {
			if h := ns.find(label[s.prefix:end]); h.pool != nil {
				return h
			}
		}
	}
	return host{}
}

// find returns what a name stands for that has text in place of the placeholder.
func (ns *names) find(text []byte) host {
	if ns.pattern.placeholder == ip {
		addr, ok := parseDashed(text)
		if !ok {
			return host{}
		}
		f := familyOf(addr)
		h := host{pool: ns.addresses[f].find(addressNumber(addr))}
		if f == ipv4 {
			h.v4 = addr
		} else {
			h.v6 = addr
		}
		return h
	}

	n, ok := ns.pattern.number(text)
	if !ok {
		return host{}
	}
	p := ns.numbers.find(uint128{lo: n})
	if p == nil {
		return host{}
	}
	return host{p, p.address(ipv4, n), p.address(ipv6, n)}
}
