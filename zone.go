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
	patterns []*names           // the computed names, in the order of their stanzas
	literal  map[affixes]*names // the same, by the literal text of their pattern
	lengths  []affixLengths     // of the literal text, each once, the longest prefix first
	counters lastCounters
}

// affixLengths are the lengths of a pattern's literal text.
type affixLengths struct{ prefix, suffix int }

// names are the computed names of one pattern in one zone.
type names struct {
	next      *names // of the same literal text, where numbers and addresses have it
	pattern   pattern
	first     *pool    // of the pools, in the order of their stanzas
	numbers   index    // the pools of a pattern with numbers
	addresses [2]index // the pools of a pattern with {ip}, by family
}

// owner is what the stanzas say of an owner name.
type owner struct {
	host
	zone *zone      // by which the name is known to exist; nil if it is not
	ptr  netip.Addr // of a name that has a PTR record: the address that it stands for
}

// add lists a forward zone, and puts the computed names of p into it. The error
// is that the zone has some of them from another pool.
func (zs zones) add(name string, p *pool) error {
	z := zs[name]
	if z == nil || !z.listed {
		z = &zone{name: name, listed: true, literal: make(map[affixes]*names)}
		zs[name] = z
		zs.addAncestors(z, name)
	}
	return z.add(p)
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
func (z *zone) add(p *pool) error {
	ns, err := z.namesOf(p)
	if err != nil {
		return err
	}
	twice := func(label []byte, other *pool, split string) error {
		wayOut := "give the stanzas unlike names, or " + split + " that do not overlap, or remove the zone from one"
		if (p.networks[ipv4] == nil) != (other.networks[ipv4] == nil) && (p.networks[ipv6] == nil) != (other.networks[ipv6] == nil) {
			wayOut = "write both networks in one stanza, or " + wayOut
		}
		return fmt.Errorf("zone '%s' gets the name '%s' from the stanza at %s already: %s", z.name, dnsutil.Join(string(label), z.name), other.source, wayOut)
	}
	for _, kind := range keyKinds {
		for _, s := range p.keys(kind) {
			if other, both := ns.index(kind).insert(s); other != nil {
				split := "networks"
				if kind == number {
					split = "numbers"
				}
				return twice(p.pattern.append(nil, key{kind, both}), other, split)
			}
		}
	}
	return nil
}

// namesOf returns the names of p's pattern, which it adds to the zone where they
// are missing.
func (z *zone) namesOf(p *pool) (*names, error) {
	first := z.literal[p.pattern.affixes]
	for ns := first; ns != nil; ns = ns.next {
		if ns.pattern == p.pattern {
			return ns, nil
		}
	}
	// To compare each pattern with each takes a second where a zone has ten
	// thousand of them, and is plain.
	for _, ns := range z.patterns {
		if !p.pattern.mayEqual(&ns.pattern) {
			continue
		}
		wayOut := "put a character between literal text and placeholder that the placeholder of neither can produce, such as '_'"
		if ns.pattern.affixes == p.pattern.affixes {
			wayOut = "give them the same placeholder, or unlike literal text"
		}
		return nil, fmt.Errorf("zone '%s' could get one name from '%s' and from '%s' of the stanza at %s: %s", z.name, p.pattern, ns.pattern, ns.first.source, wayOut)
	}

	ns := &names{next: first, pattern: p.pattern, first: p}
	z.patterns = append(z.patterns, ns)
	z.literal[p.pattern.affixes] = ns
	if lengths := (affixLengths{len(p.pattern.prefix), len(p.pattern.suffix)}); !slices.Contains(z.lengths, lengths) {
		// Of numbered prefixes most are the longest.
		i, _ := slices.BinarySearchFunc(z.lengths, lengths, func(l, m affixLengths) int { return m.prefix - l.prefix })
		z.lengths = slices.Insert(z.lengths, i, lengths)
	}
	return ns, nil
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
		if h := root.find(label); h.pool != nil && !zs.enclose(qname[start:], parent) {
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

// enclose tells whether a listed zone other than the root is called name, which is
// given in lower case as well, or lies above it.
func (zs zones) enclose(name string, lower []byte) bool {
	for off, end := 0, false; !end; off, end = dns.NextLabel(name, off) {
		if zs.listed(lower[off:]) != nil {
			return true
		}
	}
	return false
}

// find returns what the zone's computed name that begins with label, in lower
// case, stands for. Literal text is looked up, not compared pattern by pattern, so
// that thousands of patterns cost little more than one.
func (z *zone) find(label []byte) host {
	for _, length := range z.lengths {
		start, end := length.prefix, len(label)-length.suffix
		if end <= start || !isHex(label[start]) || !isHex(label[end-1]) {
			continue // no placeholder begins or ends here
		}
		for ns := z.literal[affixes{string(label[:start]), string(label[end:])}]; ns != nil; ns = ns.next {
			if h := ns.find(label[start:end]); h.pool != nil {
				return h
			}
		}
	}
	return host{}
}

// find returns what a name stands for that has text in place of the placeholder.
func (ns *names) find(text []byte) host {
	k, ok := ns.pattern.parse(text)
	if !ok {
		return host{}
	}
	p := ns.index(k.kind).find(k.u)
	if p == nil {
		return host{}
	}
	return p.host(k)
}

// index returns the pools by their keys of a kind.
func (ns *names) index(kind keyKind) *index {
	if kind == number {
		return &ns.numbers
	}
	return &ns.addresses[kind-address4]
}
