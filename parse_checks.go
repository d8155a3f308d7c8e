package workstation

import (
	"cmp"
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"github.com/coredns/coredns/plugin/pkg/dnsutil"
)

// checkNetworks refuses networks that do not go with the kind of the patterns.
func (st *stanza) checkNetworks() error {
	at := cmp.Or(st.given["network"], st.source)
	switch st.kind {
	case byNumber:
		for _, f := range families {
			if networks := st.networks[f]; len(networks) > 1 {
				return errorAt(at, "network '%s' is a second %s network, next to '%s'; a pattern with a number takes only one: %s", networks[1].text, f, networks[0].text, st.secondStanza(f))
			}
		}
	case byOctets:
		v4, v6 := st.networks[ipv4], st.networks[ipv6]
		switch {
		case len(v4) == 0:
			return errorAt(at, "name '%s' has octets of an IPv4 address, but there is no IPv4 network: add one, or write {ip} in the name, or {n} or {x} for a number", st.patterns[0])
		case len(v6) > 0 && len(v4) > 1:
			return errorAt(at, "network '%s' stands next to several IPv4 networks; a pattern with octets takes an IPv6 network only next to one: remove all IPv6 networks, or write a stanza for each IPv4 network", v6[0].text)
		case len(v6) > 1:
			return errorAt(at, "network '%s' is a second IPv6 network, next to '%s'; a pattern with octets takes only one: keep one that is at least as large as '%s'", v6[1].text, v6[0].text, v4[0].text)
		case len(v6) > 0 && v6[0].last.sub(v6[0].first).less(v4[0].last.sub(v4[0].first)):
			return errorAt(at, "network '%s' is smaller than '%s', but each host has an address at the same place in both: write a larger one", v6[0].text, v4[0].text)
		}
		for _, pt := range st.patterns {
			if missing := st.varying() &^ pt.octets; missing != 0 {
				first, other := st.differing(missing)
				return errorAt(cmp.Or(st.given["name"], st.source), "name '%s' does not tell %s and %s apart, because it lacks %s: add %s", pt, first, other, missing, missing)
			}
		}
	}
	return nil
}

// secondStanza returns the way out if numbers have two networks of a family: a second stanza, and
// if possible its numbers and offset.
func (st *stanza) secondStanza(f family) string {
	const wayOut = "write it in a stanza of its own"
	one := *st.pool
	one.networks[f] = one.networks[f][:1]
	first, ok := one.allNumbers()
	size := st.networks[f][1].size()
	begin := first.last.lo + 1
	switch {
	case ok && begin == 0:
		return "write {ip} in the name, or a stanza for each network, with some of the 'numbers'"
	case !ok, st.numbers != nil, begin > 1<<63, size.hi != 0, begin+size.lo < begin:
		return wayOut + ", with 'numbers' that go on where those of this one end"
	}
	return fmt.Sprintf("%s, with 'numbers %s' and 'offset -%d'", wayOut, numberSpan(begin, begin+size.lo-1), begin)
}

// differing returns two of the pool's IPv4 addresses that differ in one of these octets. The octets
// must vary.
func (st *stanza) differing(in octets) (first, other netip.Addr) {
	u := st.networks[ipv4][0].first
	for _, n := range st.networks[ipv4] {
		for _, v := range []uint128{n.first, n.last, n.first.add(uint128{lo: 1}), n.first.add(uint128{lo: 1 << 8}), n.first.add(uint128{lo: 1 << 16})} {
			if n.has(v) && in.pick(uint32(u.lo)) != in.pick(uint32(v.lo)) {
				return ipv4.address(u), ipv4.address(v)
			}
		}
	}
	return first, other
}

// completeNumbers sets the numbers if none are given, and refuses numbers that do not have an
// address in every network.
func (st *stanza) completeNumbers() error {
	if st.kind != byNumber {
		for _, property := range []string{"numbers", "offset"} {
			if at := st.given[property]; at != "" {
				return errorAt(at, "'%s' does not go with %s, which stands for addresses and not for numbers: remove it, or write the addresses that you mean in 'network'", property, st.patterns[0].placeholders[0])
			}
		}
		return nil
	}

	all, ok := st.allNumbers()
	if !ok {
		return errorAt(st.given["offset"], "offset '%d' leaves no number an address in %s: number n has the first address plus the offset plus n; to give number %d the first address, write 'offset -%d'",
			st.offset, st.networkNames(), st.offset, st.offset)
	}
	if st.numbers == nil {
		st.numbers = index{{all, st.pool}}
	}
	given := st.numbers
	st.numbers = union(slices.Clone(given))
	for _, r := range given {
		if all.has(r.first) && all.has(r.last) {
			continue
		}
		wayOut := "write some of these, or a larger network"
		first, last := st.numbers[0].first.lo, st.numbers[len(st.numbers)-1].last.lo
		if first > 0 && first <= 1<<63 && last-first <= all.last.lo-all.first.lo {
			wayOut += fmt.Sprintf("; or to give number %d the first address, write 'offset -%d'", first, first)
		}
		return errorAt(st.given["numbers"], "numbers '%s' lie outside %s, where the numbers are %s: %s", r, st.networkNames(), all, wayOut)
	}
	return nil
}

// checkRootZone refuses patterns that the root zone cannot have.
func (st *stanza) checkRootZone() error {
	if !slices.Contains(st.forward, ".") {
		return nil
	}
	for _, pt := range st.patterns {
		what := "a dot"
		switch {
		case pt.wildcard:
			what = "'*.'"
		case pt.labels() == 1:
			continue
		}
		if len(st.forward) > 1 {
			return errorAt(st.source, "zone '.' cannot have the name '%s', which has %s: in the root zone, a name has one label and any parent; remove the zone", pt, what)
		}
		return errorAt(cmp.Or(st.given["name"], st.source), "name '%s' has %s, but the zone is the root, where a name has one label and any parent: list a zone such as 'example.org' after 'workstation'", pt, what)
	}
	return nil
}

// checkPatterns refuses patterns of which two give one name to two hosts.
func (st *stanza) checkPatterns() error {
	for i := range st.patterns {
		for j := range i {
			pt, other := &st.patterns[i], &st.patterns[j]
			switch text, ok := st.textOfTwoHosts(pt, other); {
			case ok && text == "":
				return errorAt(st.given["name"], "name '%s' may give a name of '%s' to another host, which takes too long to rule out: remove one of them", pt, other)
			case ok:
				return errorAt(st.given["name"], "name '%s' gives '%s' to another host than '%s' does: remove one of them, or change the text of one", pt, pt.withWildcard(text), other)
			}
		}
	}
	return nil
}

// completeReverse finds the zone of the names that PTR records give: the first forward zone except
// the root, which has no names of its own. It refuses reverse zones in the stanza that would have
// no effect. Those of the server block may be for other stanzas.
func (st *stanza) completeReverse() error {
	notRoot := slices.IndexFunc(st.forward, func(zone string) bool { return zone != "." })
	for _, arg := range st.reverseArgs {
		switch {
		case st.noReverse:
			return errorAt(st.given["no_reverse"], "'no_reverse' contradicts the reverse zone '%s': remove one of them", arg.word)
		case st.ptrPattern == nil:
			return errorAt(st.source, "PTR records in the reverse zone '%s' need a pattern without '*.': add one such as '%s', or remove the zone", arg.word, strings.TrimPrefix(st.patterns[0].text, "*."))
		case notRoot < 0:
			return errorAt(st.source, "PTR records in the reverse zone '%s' need a zone for their names, other than the root: list one such as 'example.org'", arg.word)
		case !arg.zones.cover(st.addresses):
			return errorAt(st.source, "the reverse zone '%s' has %s", arg.word, st.lackIn(arg.zones))
		}
	}
	switch {
	case st.noReverse, st.ptrPattern == nil:
	case notRoot >= 0:
		st.ptrZone = st.forward[notRoot]
	case len(st.reverse[ipv4])+len(st.reverse[ipv6])+len(st.zoneList.classless) > 0:
		return errorAt(st.source, "PTR records in the server block's reverse zones need a zone for their names, other than the root: list one such as 'example.org' after 'workstation', or write 'no_reverse'")
	}
	return nil
}

// lackIn says what a reverse zone has if no address of the pool is in it, and the way out.
func (st *stanza) lackIn(zones zoneList) string {
	var inZone []string // networks that have addresses in the zone, all without a number
	for f, networks := range st.networks {
		for _, n := range networks {
			if zones.cover(func(g family) index {
				if int(g) != f {
					return nil
				}
				return index{{n.span, st.pool}}
			}) {
				inZone = append(inZone, "network '"+n.text+"'")
			}
		}
	}
	if len(inZone) == 0 {
		return fmt.Sprintf("no address of %s: remove it, or write a reverse zone that has some", st.networkNames())
	}
	all := *st.pool
	numbers, _ := all.allNumbers()
	all.numbers = index{{numbers, st.pool}}
	wayOut := fmt.Sprintf("; numbers can only be %s: remove it", numbers)
	if zones.cover(all.addresses) {
		wayOut = ": remove it, or add their numbers to 'numbers'"
	}
	return fmt.Sprintf("addresses of %s, but none with a number%s", strings.Join(inZone, " and "), wayOut)
}

// checkLengths refuses names that are too long for the DNS (RFC 1035, section 2.3.4).
func (st *stanza) checkLengths() error {
	for i := range st.patterns {
		pt := &st.patterns[i]
		text, label := st.longest(pt)
		if len(label) > 63 {
			return errorAt(cmp.Or(st.given["name"], st.source), "name '%s' is too long: the label '%s' exceeds 63 octets; shorten it", pt, label)
		}
		for _, zone := range st.forward {
			name := dnsutil.Join(pt.withWildcard(text), zone)
			if len(name)+1 > 255 { // octets on the wire, where each label has a length and the root has one
				return errorAt(st.source, "zone '%s' is too long: the name '%s' exceeds 255 octets; shorten the zone or the pattern", zone, name)
			}
		}
	}
	return nil
}

// networkNames lists the pool's networks for errors.
func (st *stanza) networkNames() string {
	var names []string
	for _, networks := range st.networks {
		for _, n := range networks {
			names = append(names, "network '"+n.text+"'")
		}
	}
	if st.given["network"] == "" {
		return "the default " + names[0]
	}
	return strings.Join(names, " and ")
}
