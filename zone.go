package workstation

import (
	"bytes"

	"github.com/miekg/dns"
)

// zones holds what the stanzas of a server block say of owner names: the listed
// zones and, since they exist as well, the ancestors of the forward zones among
// them, short of the root. Each is under its name, in lower case and with the
// closing dot.
type zones map[string]*zone

// zone is a listed zone, or an ancestor of one.
type zone struct {
	name     string // of the listed zone
	listed   bool
	pool     *pool // gives the computed names of a forward zone; else nil
	counters lastCounters
}

// add lists a forward zone, and puts the computed names of p into it. Where
// another pool gives the same names already, add returns that one and changes
// nothing.
func (zs zones) add(name string, p *pool) (conflict *pool) {
	if z := zs[name]; z != nil && z.pool != nil && z.pool != p {
		return z.pool
	}
	zs[name] = &zone{name: name, listed: true, pool: p}

	for off, end := dns.NextLabel(name, 0); !end; off, end = dns.NextLabel(name, off) {
		if zs[name[off:]] == nil {
			zs[name[off:]] = &zone{name: name}
		}
	}
	return nil
}

// addReverse lists a reverse zone, which has no computed names.
func (zs zones) addReverse(name string) {
	zs[name] = &zone{name: name, listed: true}
}

// listed returns the listed zone called name, or nil.
func (zs zones) listed(name []byte) *zone {
	if z := zs[string(name)]; z != nil && z.listed {
		return z
	}
	return nil
}

// match is what the zones say of an owner name.
type match struct {
	zone   *zone  // by which the name is known to exist; nil if it is not
	pool   *pool  // by which the name is computed; nil if it is not
	number uint64 // of a computed name
}

// find looks qname up, without regard to ASCII case (RFC 4343). A computed name
// belongs to the closest listed zone that encloses it: as a direct child of
// that zone, or at any depth where it is the root.
func (zs zones) find(qname string) match {
	if qname == "." {
		return match{} // the root has no apex to guard
	}
	var buf [256]byte // room for every name that has no escapes
	name := appendLower(buf[:0], qname)

	self := zs[string(name)]
	if self != nil && self.pool != nil {
		return match{zone: self} // the apex of a zone belongs to that zone alone
	}

	start, _ := dns.NextLabel(qname, 0)
	label, parent := bytes.TrimSuffix(name[:start], []byte(".")), name[start:]
	if z := zs.listed(parent); z != nil {
		if n, ok := z.number(label); ok {
			return match{zone: z, pool: z.pool, number: n}
		}
	} else if root := zs["."]; root != nil {
		if n, ok := root.number(label); ok && !zs.enclose(qname, name) {
			return match{zone: root, pool: root.pool, number: n}
		}
	}

	if self != nil && !self.listed {
		return match{zone: self} // an ancestor of a zone
	}
	return match{}
}

// number returns the number of the zone's computed name that begins with label.
func (z *zone) number(label []byte) (n uint64, ok bool) {
	if z.pool == nil {
		return 0, false
	}
	return z.pool.number(label)
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

// appendLower appends s to b with its ASCII letters in lower case. Unlike
// strings.ToLower it allocates nothing while b has room.
func appendLower(b []byte, s string) []byte {
	for i := range len(s) {
		c := s[i]
		if 'A' <= c && c <= 'Z' {
			c += 'a' - 'A'
		}
		b = append(b, c)
	}
	return b
}
