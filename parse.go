package workstation

import (
	"cmp"
	"fmt"
	"math"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"github.com/coredns/caddy"
	"github.com/coredns/coredns/plugin"
	"github.com/coredns/coredns/plugin/pkg/dnsutil"
	"github.com/coredns/coredns/plugin/pkg/parse"

	"github.com/miekg/dns"
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
	{"name", "name ws{n}", "one pattern", 1, 1, parseName},
	{"network", "network 192.0.2.0/24", "one IPv4 network, one IPv6 network, or both", 1, len(families), parseNetworks},
	{"numbers", "numbers 1-99", "at least one number or range", 1, math.MaxInt, parseNumbers},
	{"offset", "offset -1", "one number", 1, 1, parseOffset},
	{"ttl", "ttl 3600", "one number of seconds", 1, 1, parseTTL},
	{"no_reverse", "no_reverse", "no argument", 0, 0, parseNoReverse},
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

// zoneList are zones, told apart.
type zoneList struct {
	forward []string
	reverse prefixes
}

// reverseArg is a word on the directive's line that means reverse zones, and
// these, of which a CIDR may have several.
type reverseArg struct {
	word  string
	zones prefixes
}

// parseStanzas parses all workstation stanzas of a server block.
func parseStanzas(c *caddy.Controller) (*Workstation, error) {
	ws := &Workstation{zones: make(zones)}
	serverBlock := listZones(plugin.OriginsFromArgsOrServerBlock(nil, c.ServerBlockKeys))
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
			if err := ws.zones.add(name, st.pool); err != nil {
				return nil, parseError(st.source, "%v", err)
			}
		}
		pools = append(pools, st.pool)
	}
	ws.reverse = newReverse(pools)
	for _, x := range ws.reverse {
		if len(x) > 0 { // the reverse trees exist, and with them their parent
			ws.zones.addAncestors(ws.zones[x[0].pool.origin], "in-addr.arpa.")
		}
	}
	return ws, nil
}

// parseStanza parses the stanza whose directive is the current token, and which
// has the zones of the server block if it lists none.
func parseStanza(c *caddy.Controller, serverBlock zoneList) (*stanza, error) {
	st := &stanza{
		pool:  &pool{pattern: defaultPattern, ttl: defaultTTL, source: source(c)},
		given: make(map[string]string),
	}
	if err := st.parseZones(c, serverBlock); err != nil {
		return nil, err
	}
	st.within = st.reverse
	for c.NextBlock() {
		if err := st.parseProperty(c); err != nil {
			return nil, err
		}
	}
	return st, st.complete(c)
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
		case slices.Contains(args, "-"):
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
func (st *stanza) complete(c *caddy.Controller) error {
	if st.given["network"] == "" {
		st.networks[ipv4] = newNetwork(defaultNetwork)
		c.OnStartup(func() error {
			log.Warningf("%s has no 'network' and gets that of the example, %s, which is public address space: write 'network' and one of your own", st.source, defaultNetwork)
			return nil
		})
	}
	for _, check := range []func() error{st.completeNumbers, st.completeReverse, st.checkLengths} {
		if err := check(); err != nil {
			return err
		}
	}
	return nil
}

// completeNumbers sees to it that each number has an address in every network.
func (st *stanza) completeNumbers() error {
	if st.pattern.placeholder == ip {
		for _, property := range []string{"numbers", "offset"} {
			if at := st.given[property]; at != "" {
				return parseError(at, "'%s' does not go with {ip}, whose names hold addresses and no numbers: remove it, or write the addresses that you mean as the property 'network'", property)
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
		st.numbers = []numberRange{all}
	}
	given := st.numbers
	st.numbers = merge(slices.Clone(given))
	for _, r := range given {
		if r.first >= all.first && r.last <= all.last {
			continue
		}
		wayOut := "write some of these, or a larger network"
		if first, last := st.numbers[0].first, st.numbers[len(st.numbers)-1].last; first > 0 && last-first <= all.last-all.first {
			wayOut += fmt.Sprintf("; or for number %d to have the first address, 'offset -%d'", first, first)
		}
		return parseError(st.given["numbers"], "numbers '%s' lie outside of %s, where the numbers are %s: %s", r, st.networkNames(), all, wayOut)
	}
	return nil
}

// networkNames names the pool's networks for an error.
func (st *stanza) networkNames() string {
	var names []string
	for _, n := range st.networks {
		if n != nil {
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
		case notRoot < 0:
			return parseError(st.source, "PTR records in the reverse zone '%s' need a zone for their names, which the root is not: list one such as 'example.org'", arg.word)
		case !st.hasAddressIn(arg.zones):
			return parseError(st.source, "the reverse zone '%s' has no address of %s: remove it, or write the one that has", arg.word, st.networkNames())
		}
	}
	switch {
	case noReverse != "":
	case notRoot >= 0:
		st.origin = st.forward[notRoot]
	case len(st.reverse[ipv4])+len(st.reverse[ipv6]) > 0:
		return parseError(st.source, "PTR records in the server block's reverse zones need a zone for their names, which the root is not: list one such as 'example.org' after 'workstation', or write 'no_reverse'")
	}
	return nil
}

// hasAddressIn tells whether an address of the stanza's pool lies in one of the networks.
func (st *stanza) hasAddressIn(networks prefixes) bool {
	for _, f := range families {
		addresses := st.addresses(f)
		for _, prefix := range networks[f] {
			if addresses.overlap(bounds(prefix)) != nil {
				return true
			}
		}
	}
	return false
}

// checkLengths refuses names that the DNS does not have room for (RFC 1035,
// section 2.3.4).
func (st *stanza) checkLengths() error {
	label := st.longestLabel()
	if len(label) > 63 {
		return parseError(cmp.Or(st.given["name"], st.source), "name '%s' is too long: '%s' exceeds the 63 octets of a label; shorten its literal text", st.pattern, label)
	}
	for _, zone := range st.forward {
		name := dnsutil.Join(label, zone)
		if _, ok := dns.IsDomainName(name); !ok {
			return parseError(st.source, "zone '%s' is too long: '%s' exceeds the 255 octets of a domain name; shorten one of them", zone, name)
		}
	}
	return nil
}

// source returns where the current token stands.
func source(c *caddy.Controller) string { return fmt.Sprintf("%s:%d", c.File(), c.Line()) }

// parseError returns an error like those of caddy.Controller.Errf, for another
// place than that of the current token.
func parseError(source, format string, args ...any) error {
	return fmt.Errorf("%s - Error during parsing: %s", source, fmt.Sprintf(format, args...))
}

// parseZones parses the zones on the directive's line; if there are none they
// are those of the server block. They are those that
// plugin.OriginsFromArgsOrServerBlock has, but that takes the typing error
// 10.0.0.0/33 for a name and masks the host bits of 10.1.2.3/16 in silence.
func (st *stanza) parseZones(c *caddy.Controller, serverBlock zoneList) error {
	args := c.RemainingArgs()
	var origins []string
	for _, arg := range args {
		_, zone := parse.Transport(arg)
		if err := checkZone(c, zone); err != nil {
			return err
		}
		names := plugin.OriginsFromArgsOrServerBlock([]string{arg}, nil)
		if isReverse(names[0]) {
			if _, ok := parseReverse([]byte(names[0])); !ok {
				return c.Errf("zone '%s' is in a reverse tree, but is the name of no address or network: write a reverse zone as a CIDR, or as a name such as '2.0.192.in-addr.arpa'", zone)
			}
			st.reverseArgs = append(st.reverseArgs, reverseArg{zone, listZones(names).reverse})
		}
		origins = append(origins, names...)
	}
	st.zoneList = serverBlock
	if len(args) > 0 {
		st.zoneList = listZones(origins)
	}
	if len(st.forward) == 0 && len(args)+len(c.ServerBlockKeys) > 0 {
		return c.Err("all zones are reverse zones, which hold no names of hosts: list the zone that shall hold them, such as 'example.org'; their addresses are the property 'network'")
	}
	return nil
}

// listZones tells zones apart. It leaves out what is listed twice, and what lies
// in a reverse tree without being the name of an address or network.
func listZones(zones []string) (list zoneList) {
	for _, zone := range zones {
		prefix, ok := parseReverse([]byte(zone))
		switch f := familyOf(prefix.Addr()); {
		case ok:
			list.reverse[f] = append(list.reverse[f], prefix)
		case !isReverse(zone) && !slices.Contains(list.forward, zone):
			list.forward = append(list.forward, zone)
		}
	}
	return list
}

// checkZone refuses what is neither a domain name nor a CIDR.
func checkZone(c *caddy.Controller, zone string) error {
	for _, property := range properties {
		if zone == property.name {
			return c.Errf("'%s' is a property, not a zone: write it on a line of its own, between '{' and '}'; the zone of that name is '%s.'", zone, zone)
		}
	}
	switch {
	case zone == "":
		return c.Err("zone '' is empty: remove it; or is an environment variable not set?")
	case zone == pluginName:
		return c.Errf("'%s' is the directive, not a zone: begin a new line before it; the zone of that name is '%s.'", zone, zone)
	case strings.ContainsAny(zone, "{}"):
		return c.Errf("zone '%s' has a brace: write '{' with a space before it and a new line after, and '}' on a line of its own", zone)
	}
	_, port, err := plugin.SplitHostPort(zone)
	host := zone
	if port != "" {
		host = zone[:strings.LastIndexByte(zone, ':')]
	}

	addr, _, isCIDR := strings.Cut(host, "/")
	from, _, isRange := strings.Cut(host, "-")
	switch {
	case isRange && isAddr(from):
		return c.Errf("zone '%s' is a range of addresses: write a reverse zone as a CIDR, and the pool's addresses as the property 'network'", zone)
	case isAddr(zone), isAddr(addr) && !isCIDR:
		return c.Errf("zone '%s' is an address: write a reverse zone as a CIDR, and the pool's addresses as the property 'network'", zone)
	case isAddr(addr):
		if _, err := parseCIDR(c, "zone", host); err != nil {
			return err
		}
		if err != nil { // as those of IPv6 that begin with a zero
			return c.Errf("zone '%s' is not a CIDR that CoreDNS takes: write the name of the reverse zone, such as 'ip6.arpa'", zone)
		}
		return nil
	case err != nil, !isHostLike(dns.CanonicalName(host)):
		return c.Errf("zone '%s' is neither a domain name nor a CIDR: write one such as 'example.org' or '10.0.0.0/8', an internationalized name in its ASCII form (xn--...), and several with spaces in between", zone)
	}
	return nil
}

// isAddr tells whether s is an address, be it with the closing dot of a name.
func isAddr(s string) bool {
	_, err := netip.ParseAddr(strings.TrimSuffix(s, "."))
	return err == nil
}

// isHostLike tells whether name is a domain name of letters, digits, hyphens and
// underscores, and of the slashes that names of RFC 2317 have below arpa. Others
// are legal, but typing errors.
func isHostLike(name string) bool {
	_, ok := dns.IsDomainName(name)
	return ok && !strings.ContainsFunc(name, func(r rune) bool {
		switch {
		case 'a' <= r && r <= 'z', '0' <= r && r <= '9', r == '-', r == '_', r == '.':
			return false
		default:
			return r != '/' || !dns.IsSubDomain("arpa.", name)
		}
	})
}

func parseName(c *caddy.Controller, p *pool, args []string) (err error) {
	if p.pattern, err = parsePattern(args[0]); err != nil {
		return c.Errf("name '%s' %v", args[0], err)
	}
	return nil
}

func parseNetworks(c *caddy.Controller, p *pool, args []string) error {
	for _, arg := range args {
		f, n, err := parseNetwork(c, arg)
		if err != nil {
			return err
		}
		if other := p.networks[f]; other != nil {
			return c.Errf("network '%s' is a second %s network beside '%s': give it a stanza of its own, whose 'numbers' go on where those of this one end, such as 'numbers 256-511' with 'offset -256'", arg, f, other.text)
		}
		p.networks[f] = n
	}
	return nil
}

// parseNetwork parses a network, which is a CIDR or FIRST-LAST.
func parseNetwork(c *caddy.Controller, arg string) (family, *network, error) {
	from, to, isRange := strings.Cut(arg, "-")
	if !isRange {
		prefix, err := parseCIDR(c, "network", arg)
		if err != nil {
			return 0, nil, err
		}
		return familyOf(prefix.Addr()), newNetwork(prefix), nil
	}

	first, err := netip.ParseAddr(from)
	last, err2 := netip.ParseAddr(to)
	switch {
	case err != nil, err2 != nil, first.Zone() != "", last.Zone() != "":
		return 0, nil, c.Errf("network '%s' is neither a CIDR nor a range of addresses: write one such as '192.0.2.0/24' or '192.0.2.10-192.0.2.99'", arg)
	case familyOf(first) != familyOf(last):
		return 0, nil, c.Errf("network '%s' begins with an %s and ends with an %s address: give each family a network of its own", arg, familyOf(first), familyOf(last))
	case last.Less(first):
		return 0, nil, c.Errf("network '%s' is backwards: write '%s-%s'", arg, last, first)
	}
	return familyOf(first), &network{addressNumber(first), addressNumber(last), arg}, nil
}

// parseNumbers parses ranges of numbers, which may be in any order and overlap.
func parseNumbers(c *caddy.Controller, p *pool, args []string) error {
	for _, arg := range args {
		r, err := parseNumberRange(c, arg)
		if err != nil {
			return err
		}
		p.numbers = append(p.numbers, r)
	}
	return nil
}

// merge returns the ranges ascending and disjoint.
func merge(ranges []numberRange) []numberRange {
	slices.SortFunc(ranges, func(r, s numberRange) int { return cmp.Compare(r.first, s.first) })
	merged := ranges[:1]
	for _, r := range ranges[1:] {
		if end := &merged[len(merged)-1]; r.first <= end.last {
			end.last = max(end.last, r.last)
		} else {
			merged = append(merged, r)
		}
	}
	return merged
}

// parseNumberRange parses A-B or N.
func parseNumberRange(c *caddy.Controller, arg string) (r numberRange, err error) {
	from, to, isRange := strings.Cut(arg, "-")
	if !isRange {
		to = from
	}
	first, err := strconv.ParseUint(from, 10, 64)
	last, err2 := strconv.ParseUint(to, 10, 64)
	switch {
	case err != nil, err2 != nil:
		return r, c.Errf("numbers '%s' is neither a number nor a range of two: write them in decimal, from 0 to %d, such as '7' or '1-99'", arg, uint64(math.MaxUint64))
	case last < first:
		return r, c.Errf("numbers '%s' is backwards: write '%d-%d'", arg, last, first)
	case from != strconv.FormatUint(first, 10), to != strconv.FormatUint(last, 10):
		return r, c.Errf("numbers '%s' has leading zeros: write '%s', and the zeros of the names as the width in 'name', such as '{n:3}'", arg, numberRange{first, last})
	}
	return numberRange{first, last}, nil
}

func parseOffset(c *caddy.Controller, p *pool, args []string) (err error) {
	if p.offset, err = strconv.ParseInt(args[0], 10, 64); err != nil {
		return c.Errf("offset '%s' is not a number from %d to %d: write one such as '-1'", args[0], math.MinInt64, math.MaxInt64)
	}
	return nil
}

// parseTTL parses a TTL. Its bounds are those of RFC 2181, section 8.
func parseTTL(c *caddy.Controller, p *pool, args []string) error {
	ttl, err := strconv.ParseUint(args[0], 10, 31)
	if err != nil {
		return c.Errf("ttl '%s' is not a number of seconds from 0 to %d: write one such as '3600', without a unit", args[0], math.MaxInt32)
	}
	p.ttl = uint32(ttl)
	return nil
}

// parseNoReverse has nothing to parse: that the property is given is all it says.
func parseNoReverse(*caddy.Controller, *pool, []string) error { return nil }

// parseCIDR parses s, which is written as what.
func parseCIDR(c *caddy.Controller, what, s string) (netip.Prefix, error) {
	prefix, err := netip.ParsePrefix(s)
	if err == nil {
		if masked := prefix.Masked(); masked != prefix {
			return prefix, c.Errf("%s '%s' has host bits set: write '%s', or the network that you mean", what, s, masked)
		}
		return prefix, nil
	}

	first, _, isCIDR := strings.Cut(s, "/")
	switch addr, err := netip.ParseAddr(first); {
	case err != nil || addr.Zone() != "":
		return prefix, c.Errf("%s '%s' is not a CIDR: write one such as '192.0.2.0/24' or '2001:db8::/64'", what, s)
	case !isCIDR:
		return prefix, c.Errf("%s '%s' has no prefix length: write '%s/%d' for this address alone, or the network that you mean", what, s, addr, addr.BitLen())
	default:
		return prefix, c.Errf("%s '%s' has a prefix length that is not one of 0 to %d: write it as a number of bits, such as '%s/%d'", what, s, addr.BitLen(), addr, addr.BitLen())
	}
}
