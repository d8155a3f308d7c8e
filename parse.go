package workstation

import (
	"cmp"
	"fmt"
	"math"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/coredns/caddy"
	"github.com/coredns/coredns/plugin"
	"github.com/coredns/coredns/plugin/pkg/dnsutil"
)

const defaultTTL = 3600

// defaultNetwork is the network of the example that this plugin descends from.
// It is public address space: fit for trying the plugin out, and for no more.
var defaultNetwork = netip.MustParsePrefix("172.0.2.0/24")

// properties are those that a stanza may have. Each has an example, what and how
// many arguments it takes, and what parses them into the pool.
var properties = []struct {
	name, example, takes string
	least, most          int
	parse                func(c *caddy.Controller, p *pool, args []string) error
}{
	{"name", "name ws{n}", "at least one pattern", 1, math.MaxInt, parseName},
	{"network", "network 192.0.2.0/24", "at least one network", 1, math.MaxInt, parseNetworks},
	{"numbers", "numbers 1-99", "at least one number or range", 1, math.MaxInt, parseNumbers},
	{"offset", "offset -1", "one number", 1, 1, parseOffset},
	{"ttl", "ttl 3600", "one number of seconds", 1, 1, parseTTL},
	{"stored_first", "stored_first", "no argument", 0, 0, parseStoredFirst},
	{"no_reverse", "no_reverse", "no argument", 0, 0, parseNoReverse},
	{"no_transfer", "no_transfer", "no argument", 0, 0, parseNoTransfer},
}

// propertyNames are the names of the properties, as an error lists them.
func propertyNames() string {
	var names []string
	for _, property := range properties {
		names = append(names, "'"+property.name+"'")
	}
	return strings.Join(names, ", ")
}

// stanza is a workstation stanza while it is parsed.
type stanza struct {
	*pool
	zoneList
	reverseArgs []reverseArg      // the reverse zones on the directive's line
	given       map[string]string // where each property stands, as FILE:LINE
}

// parseStanzas parses all workstation stanzas of a server block.
func parseStanzas(c *caddy.Controller) (*Workstation, error) {
	ws := &Workstation{zones: zones{byName: make(map[string]*zone)}}
	keys := plugin.OriginsFromArgsOrServerBlock(nil, c.ServerBlockKeys)
	serverBlock := listZones(keys)
	var stanzas []*stanza
	var pools []*pool
	for c.Next() {
		if c.Val() != pluginName {
			return nil, c.Errf("unexpected '%s': the '{' of a block stands on the line of 'workstation', and its '}' alone on the last", c.Val())
		}
		st, err := parseStanza(c, serverBlock)
		if err != nil {
			return nil, err
		}
		for _, name := range st.forward {
			if conflict := ws.zones.add(name, st.pool); conflict != nil {
				return nil, parseError(st.source, "%s", conflict)
			}
		}
		stanzas, pools = append(stanzas, st), append(pools, st.pool)
	}
	authority := authorityZones(keys, stanzas)
	for _, name := range authority {
		ws.zones.addZone(name)
	}
	ws.zones.complete()
	ws.pools, ws.reverse = pools, newReverse(pools)
	for _, x := range ws.reverse.records {
		if len(x) > 0 { // the reverse trees exist, and with them their parent
			ws.zones.addAncestors(ws.zones.byName[x[0].pool.ptrZone], "in-addr.arpa.")
		}
	}
	for _, st := range stanzas {
		if err := st.checkZones(&ws.zones, keys); err != nil {
			return nil, err
		}
	}
	ws.addAuthority(authority, uint32(time.Now().Unix()))
	return ws, nil
}

// authorityZones returns the zones of a server block and of its stanzas, each once, except
// the root.
func authorityZones(keys []string, stanzas []*stanza) []string {
	all := slices.Clone(keys)
	for _, st := range stanzas {
		all = append(all, st.forward...)
		for _, arg := range st.reverseArgs {
			all = append(all, arg.names...)
		}
	}
	slices.Sort(all)
	return slices.DeleteFunc(slices.Compact(all), func(zone string) bool { return zone == "." })
}

// parseStanza parses the stanza whose directive is the current token, and which
// has the zones of the server block if it lists none.
func parseStanza(c *caddy.Controller, serverBlock zoneList) (*stanza, error) {
	st := &stanza{
		pool:  &pool{ttl: defaultTTL, source: source(c)},
		given: make(map[string]string),
	}
	st.setPatterns([]pattern{mustPattern(defaultPattern)})
	if err := st.parseZones(c, serverBlock); err != nil {
		return nil, err
	}
	st.reverseZones, st.pool.classless = st.reverse, st.zoneList.classless
	for c.NextBlock() {
		if err := st.parseProperty(c); err != nil {
			return nil, err
		}
	}
	return st, st.complete()
}

// parseProperty parses the property that is the current token.
func (st *stanza) parseProperty(c *caddy.Controller) error {
	name := c.Val()
	if name == "fallthrough" {
		return c.Err("'fallthrough' is not needed: every query that workstation does not answer goes to the next plugin; remove it")
	}
	first, again := st.given[name]
	st.given[name] = source(c)

	for _, property := range properties {
		if property.name != name {
			continue
		}
		if again && property.most > 1 {
			return c.Errf("property '%s' is given twice, first at %s: write it once, with all that it takes on one line", name, first)
		} else if again {
			return c.Errf("property '%s' is given twice, first at %s: remove one", name, first)
		}
		args := c.RemainingArgs()
		switch comma := slices.IndexFunc(args, func(arg string) bool { return strings.Contains(arg, ",") }); {
		case c.NextArg(): // what RemainingArgs does not take
			return c.Errf("property '%s' has no block: remove '%s'", name, c.Val())
		case slices.Contains(args, "}") && strings.HasSuffix(args[0], "{"):
			return c.Errf("'%s' has spaces in '%s': write it without, as '%s'", name, strings.Join(args, " "), property.example)
		case slices.Contains(args, "}"):
			return c.Errf("'}' is an argument of '%s' where it stands: begin a new line before it", name)
		case slices.Contains(args, ""):
			return c.Errf("'%s' has an empty argument: write it as '%s'; or is an environment variable not set?", name, property.example)
		case name != "name" && slices.Contains(args, "-"):
			return c.Errf("'%s' has spaces around '-': write a range without them", name)
		case comma >= 0:
			return c.Errf("'%s' has a comma in '%s': write spaces between its arguments, and no comma", name, args[comma])
		case len(args) < property.least:
			return c.Errf("'%s' takes %s: write it as '%s'", name, property.takes, property.example)
		case len(args) > property.most:
			return c.Errf("'%s' takes %s: remove '%s', or write it on a line of its own", name, property.takes, args[property.most])
		}
		return property.parse(c, st.pool, args)
	}
	return c.Errf("unknown property '%s': there are %s", name, propertyNames())
}

// complete sets what the stanza leaves out, and checks what depends on more than
// one property.
func (st *stanza) complete() error {
	if st.given["network"] == "" {
		st.networks[ipv4] = []network{newNetwork(defaultNetwork)}
		st.isExample = true
	}
	for _, check := range []func() error{st.checkNetworks, st.completeNumbers, st.checkPatterns, st.completeReverse, st.checkLengths} {
		if err := check(); err != nil {
			return err
		}
	}
	return nil
}

// checkNetworks refuses networks that do not go with the kind of the patterns.
func (st *stanza) checkNetworks() error {
	at := cmp.Or(st.given["network"], st.source)
	switch st.kind {
	case byNumber:
		for _, f := range families {
			if networks := st.networks[f]; len(networks) > 1 {
				return parseError(at, "network '%s' is a second %s network next to '%s', through which numbers cannot go on: %s", networks[1].text, f, networks[0].text, st.secondStanza(f))
			}
		}
	case byOctets:
		v4, v6 := st.networks[ipv4], st.networks[ipv6]
		switch {
		case len(v4) == 0:
			return parseError(at, "name '%s' has octets of an IPv4 address, but there is no IPv4 network: write one, or {ip} in the name, or {n} or {x} for a number", st.patterns[0])
		case len(v6) > 1:
			return parseError(at, "network '%s' is a second IPv6 network next to '%s', and with octets in the name a host has one address in the same place: remove it", v6[1].text, v6[0].text)
		case len(v6) > 0 && len(v4) > 1:
			return parseError(at, "with octets in the name, network '%s' can only stand next to one IPv4 network, whose hosts have the addresses in the same place: remove it, or write a stanza for each IPv4 network", v6[0].text)
		case len(v6) > 0 && v6[0].last.sub(v6[0].first).less(v4[0].last.sub(v4[0].first)):
			return parseError(at, "network '%s' is smaller than '%s', whose hosts have the addresses in the same place: write a larger one", v6[0].text, v4[0].text)
		}
		for _, pt := range st.patterns {
			if missing := st.varying() &^ pt.octets; missing != 0 {
				first, other := st.differing(missing)
				return parseError(cmp.Or(st.given["name"], st.source), "name '%s' does not tell all hosts apart, since it lacks %s, in which %s and %s differ: add %s", pt, missing, first, other, missing)
			}
		}
	}
	return nil
}

// secondStanza returns the way out where numbers are to count through two networks.
func (st *stanza) secondStanza(f family) string {
	const wayOut = "give it a stanza of its own, whose 'numbers' go on where those of this one end"
	one := *st.pool
	one.networks[f] = one.networks[f][:1]
	first, ok := one.allNumbers()
	size := st.networks[f][1].size()
	begin := first.last.lo + 1
	switch {
	case ok && begin == 0:
		return "write {ip} in the name, or a stanza for each with some of the 'numbers'"
	case !ok, st.numbers != nil, begin > 1<<63, size.hi != 0, begin+size.lo < begin:
		return wayOut
	}
	return fmt.Sprintf("%s, with 'numbers %s' and 'offset -%d'", wayOut, numberSpan(begin, begin+size.lo-1), begin)
}

// differing returns two of the pool's IPv4 addresses that differ in one of these octets,
// which vary.
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

// completeNumbers sees to it that each number has an address in every network.
func (st *stanza) completeNumbers() error {
	if st.kind != byNumber {
		for _, property := range []string{"numbers", "offset"} {
			if at := st.given[property]; at != "" {
				return parseError(at, "'%s' does not go with %s, whose names hold addresses and no numbers: remove it, or write the addresses that you mean as the property 'network'", property, st.patterns[0].placeholders[0])
			}
		}
		return nil
	}

	all, ok := st.allNumbers()
	if !ok {
		return parseError(st.given["offset"], "offset '%d' leaves no number an address in %s: number n has the first address plus offset plus n; for number %d to have the first, write 'offset -%d'",
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
			wayOut += fmt.Sprintf("; or for number %d to have the first address, 'offset -%d'", first, first)
		}
		return parseError(st.given["numbers"], "numbers '%s' lie outside of %s, where the numbers are %s: %s", r, st.networkNames(), all, wayOut)
	}
	return nil
}

// checkPatterns refuses patterns that do not go with the root zone, and those of which
// two give one name to two hosts.
func (st *stanza) checkPatterns() error {
	for i := range st.patterns {
		if pt := &st.patterns[i]; slices.Contains(st.forward, ".") && (pt.wildcard || pt.labels() > 1) {
			what := "a dot"
			if pt.wildcard {
				what = "'*.'"
			}
			if len(st.forward) > 1 {
				return parseError(st.source, "zone '.' does not go with name '%s', which has %s: in the root zone a name has one label and any parent; remove the zone", pt, what)
			}
			return parseError(cmp.Or(st.given["name"], st.source), "name '%s' has %s, but the zone is the root, where a name has one label and any parent: list a zone such as 'example.org' after 'workstation'", pt, what)
		}
		for j := range i {
			pt, other := &st.patterns[i], &st.patterns[j]
			if pt.wildcard != other.wildcard {
				continue
			}
			for _, f := range st.forms(pt) {
				for _, g := range st.forms(other) {
					if text, ok := differ(f, g); ok {
						if text == "" {
							return parseError(st.given["name"], "name '%s' may give a name to another host than '%s' does, which takes too long to rule out: remove one of them", pt, other)
						}
						return parseError(st.given["name"], "name '%s' gives '%s' to another host than '%s' does: remove one of them, or write other literal text in it", pt, pt.full(text), other)
					}
				}
			}
		}
	}
	return nil
}

// networkNames names the pool's networks for an error.
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

// completeReverse finds the zone of the names that PTR records give: the first
// forward zone that is not the root, which has no names of its own. It refuses
// reverse zones that are listed for nothing; those of the server block may be
// there for other stanzas.
func (st *stanza) completeReverse() error {
	notRoot := slices.IndexFunc(st.forward, func(zone string) bool { return zone != "." })
	noReverse := st.given["no_reverse"]
	for _, arg := range st.reverseArgs {
		switch {
		case noReverse != "":
			return parseError(noReverse, "'no_reverse' contradicts the reverse zone '%s': remove one of them", arg.word)
		case st.own == nil:
			return parseError(st.source, "PTR records in the reverse zone '%s' need a pattern without '*.': add one such as '%s', or remove the zone", arg.word, strings.TrimPrefix(st.patterns[0].text, "*."))
		case notRoot < 0:
			return parseError(st.source, "PTR records in the reverse zone '%s' need a zone for their names, which the root is not: list one such as 'example.org'", arg.word)
		case !arg.zones.cover(st.addresses):
			return parseError(st.source, "the reverse zone '%s' has %s", arg.word, st.lackIn(arg.zones))
		}
	}
	switch {
	case noReverse != "", st.own == nil:
	case notRoot >= 0:
		st.ptrZone = st.forward[notRoot]
	case len(st.reverse[ipv4])+len(st.reverse[ipv6])+len(st.zoneList.classless) > 0:
		return parseError(st.source, "PTR records in the server block's reverse zones need a zone for their names, which the root is not: list one such as 'example.org' after 'workstation', or write 'no_reverse'")
	}
	return nil
}

// lackIn says what a reverse zone without an address of the pool has, and the way out.
func (st *stanza) lackIn(zones zoneList) string {
	var within []string // networks that have addresses there, which then have no number
	for f, networks := range st.networks {
		for _, n := range networks {
			if zones.cover(func(g family) index {
				if int(g) != f {
					return nil
				}
				return index{{n.span, st.pool}}
			}) {
				within = append(within, "network '"+n.text+"'")
			}
		}
	}
	if len(within) == 0 {
		return fmt.Sprintf("no address of %s: remove it, or write the one that has", st.networkNames())
	}
	all := *st.pool
	numbers, _ := all.allNumbers()
	all.numbers = index{{numbers, st.pool}}
	wayOut := fmt.Sprintf(", where the numbers are %s: remove it", numbers)
	if zones.cover(all.addresses) {
		wayOut = ": remove it, or write their numbers in 'numbers' as well"
	}
	return fmt.Sprintf("addresses of %s, but none with a number%s", strings.Join(within, " and "), wayOut)
}

// checkLengths refuses names that the DNS does not have room for (RFC 1035,
// section 2.3.4).
func (st *stanza) checkLengths() error {
	for i := range st.patterns {
		pt := &st.patterns[i]
		text, label := st.longest(pt)
		if len(label) > 63 {
			return parseError(cmp.Or(st.given["name"], st.source), "name '%s' is too long: '%s' exceeds the 63 octets of a label; shorten it", pt, label)
		}
		for _, zone := range st.forward {
			name := dnsutil.Join(pt.full(text), zone)
			if len(name)+1 > 255 { // on the wire, each label has its length and the root has one
				return parseError(st.source, "zone '%s' is too long: '%s' exceeds the 255 octets of a domain name; shorten one of them", zone, name)
			}
		}
	}
	return nil
}

// String words a conflict for an error.
func (c *conflict) String() string {
	name := c.pattern.full(c.text)
	switch {
	case c.together:
		return fmt.Sprintf("zone '%s' gets the name '%s' from the stanza at %s already: %s, or remove the zone from one", c.zone, dnsutil.Join(name, c.zone), c.pool.source, c.wayOut())
	case c.text == "":
		return fmt.Sprintf("zone '%s' may get one name from two stanzas, from '%s' of this one and from '%s' of the one at %s, which takes too long to rule out: %s, or remove the zone from one", c.zone, c.pattern, c.other, c.pool.source, c.wayOut())
	default:
		return fmt.Sprintf("zone '%s' would get '%s' from two stanzas, as '%s' of this one and as '%s' of the one at %s: %s, or remove the zone from one", c.zone, name, c.pattern, c.other, c.pool.source, c.wayOut())
	}
}

// wayOut returns what to do about a conflict.
func (c *conflict) wayOut() string {
	unlike := "give the stanzas unlike names"
	texts := func(p *pool) (texts []string) {
		for _, pt := range p.patterns {
			texts = append(texts, pt.text)
		}
		return texts
	}
	switch kind := c.pattern.kind(); {
	case !c.together && kind != byNumber && slices.Equal(texts(c.added), texts(c.pool)):
		return "write their networks in one stanza, or " + unlike
	case !c.together:
		return unlike + ", such as by unlike literal text before the placeholders"
	case c.added.hasNoFamilyOf(c.pool) && kind != byOctets:
		return "write both networks in one stanza, or " + unlike
	case kind == byNumber:
		return unlike + ", or numbers that do not overlap"
	case kind == byOctets && c.lacking() != 0:
		return unlike + ", such as with " + c.lacking().String() + " in both"
	default:
		return unlike + ", or networks that do not overlap"
	}
}

// lacking returns the octets that the pattern lacks, and in which the two pools differ.
func (c *conflict) lacking() octets {
	both := &pool{networks: [2][]network{ipv4: slices.Concat(c.added.networks[ipv4], c.pool.networks[ipv4])}}
	return both.varying() &^ c.pattern.octets
}

// source returns where the current token stands.
func source(c *caddy.Controller) string { return fmt.Sprintf("%s:%d", c.File(), c.Line()) }

// parseError returns an error like those of caddy.Controller.Errf, for another
// place than that of the current token.
func parseError(source, format string, args ...any) error {
	return fmt.Errorf("%s - Error during parsing: %s", source, fmt.Sprintf(format, args...))
}
