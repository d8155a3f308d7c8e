package workstation

import (
	"net/netip"
	"slices"
	"strings"

	"github.com/coredns/caddy"
	"github.com/coredns/coredns/plugin"
	"github.com/coredns/coredns/plugin/pkg/parse"

	"github.com/miekg/dns"
)

// zoneList is a list of zones, sorted by their kinds.
type zoneList struct {
	forward   []string
	reverse   prefixes
	classless []classlessZone // RFC 2317
}

// reverseArg is a word on the line of the directive that means one or more reverse zones. A CIDR
// has several if its prefix length is not that of a zone: 192.0.2.0/23 has two.
type reverseArg struct {
	word  string
	names []string
	zones zoneList
}

// cover reports whether any of some addresses, which are given by family, is in one of the reverse
// zones.
func (zones zoneList) cover(addresses func(family) index) bool {
	for _, f := range families {
		for _, prefix := range zones.reverse[f] {
			if addresses(f).overlap(bounds(prefix)) != nil {
				return true
			}
		}
	}
	return slices.ContainsFunc(zones.classless, func(zone classlessZone) bool {
		return addresses(ipv4).overlap(zone.span) != nil
	})
}

// checkZones refuses zones of the stanza that are of no use, because of other zones that are listed
// or because of those of the server block, keys.
func (st *stanza) checkZones(zs *zones, keys []string) error {
	for _, zone := range st.forward {
		if zone == "." {
			continue // it has names everywhere
		}
		if above, pt := zs.takesNamesFrom(zone); pt != nil {
			return errorAt(st.source, "zone '%s' takes names of '%s' away from the zone '%s', because a name belongs to the closest listed zone: remove one of the zones, or write a pattern that has no names there", zone, pt, above.name)
		}
		if !st.isAsked(zs.zone(zone), keys) {
			wayOut := "add it to them, or remove it here"
			if len(newZoneList(keys).forward) == 0 {
				wayOut = "remove it here" // the zone of the names in PTR records would have to be added, too
			}
			return errorAt(st.source, "zone '%s' gets no queries, because the zones of this server block are '%s': %s", zone, strings.Join(keys, "', '"), wayOut)
		}
	}
	for _, arg := range st.reverseArgs {
		asked := slices.ContainsFunc(arg.names, func(name string) bool {
			return len(keys) == 0 || slices.ContainsFunc(keys, func(key string) bool { return dns.IsSubDomain(key, name) || dns.IsSubDomain(name, key) })
		})
		if !asked {
			return errorAt(st.source, "the reverse zone '%s' gets no queries, because the zones of this server block are '%s': add it to them, or remove it here", arg.word, strings.Join(keys, "', '"))
		}
	}
	return nil
}

// isAsked reports whether clients ask the server block for names in a listed zone, or for PTR
// records that give such names. keys are the zones of the server block.
func (st *stanza) isAsked(z *zone, keys []string) bool {
	forward := newZoneList(keys).forward
	if len(keys) == 0 || len(forward) == 0 && st.ptrZone == z.name && newZoneList(keys).cover(st.addresses) {
		return true
	}
	return slices.ContainsFunc(forward, func(key string) bool {
		if dns.IsSubDomain(key, z.name) {
			return true
		}
		relative, above := strings.CutSuffix(key, "."+z.name)
		return above && slices.ContainsFunc(st.patterns, func(pt pattern) bool {
			return pt.wildcard || strings.Count(relative, ".")+1 < pt.labels() || pt.gives(relative)
		})
	})
}

// parseZones parses the zones on the line of the directive. If there are none, they are those of
// the server block. It takes what plugin.OriginsFromArgsOrServerBlock takes, except mistakes: that
// would take 10.0.0.0/33 for a name, and mask the host bits of 10.1.2.3/16 without an error.
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
			list := newZoneList(names)
			if len(list.reverse[ipv4])+len(list.reverse[ipv6])+len(list.classless) == 0 {
				return c.Errf("zone '%s' is in a reverse tree, but is not the name of an address or network: write a reverse zone as a CIDR, or as a name such as '2.0.192.in-addr.arpa' or, for a part of a /24, '64/26.2.0.192.in-addr.arpa'", zone)
			}
			st.reverseArgs = append(st.reverseArgs, reverseArg{zone, names, list})
		}
		origins = append(origins, names...)
	}
	st.zoneList = serverBlock
	if len(args) > 0 {
		st.zoneList = newZoneList(origins)
	}
	if len(st.reverseArgs) == 0 { // like other reverse zones, these need not be listed again
		st.zoneList.classless = serverBlock.classless
	}
	for _, zone := range st.forward { // nothing else checks those of the server block
		if err := checkForward(c, zone); err != nil {
			return err
		}
	}
	if len(st.forward) == 0 && len(args)+len(c.ServerBlockKeys) > 0 {
		return c.Err("all zones are reverse zones, which hold no names of hosts: list the zone of the names, such as 'example.org', and write the addresses in 'network'")
	}
	return nil
}

// newZoneList sorts zones by their kinds. It leaves out forward zones that are listed twice, and
// names in a reverse tree that are not the name of an address or a network.
func newZoneList(zones []string) (list zoneList) {
	for _, zone := range zones {
		prefix, ok := parseReverse([]byte(zone))
		classless, isClassless := parseClassless(zone)
		switch f := familyOf(prefix.Addr()); {
		case ok:
			list.reverse[f] = append(list.reverse[f], prefix)
		case isClassless:
			list.classless = append(list.classless, classless)
		case !isReverse(zone) && !slices.Contains(list.forward, zone):
			list.forward = append(list.forward, zone)
		}
	}
	return list
}

// checkWord refuses words that stand in place of a zone by mistake.
func checkWord(c *caddy.Controller, word string) error {
	isProperty := slices.ContainsFunc(properties, func(known property) bool { return known.name == word })
	switch {
	case isProperty:
		return c.Errf("'%s' is a property, not a zone: write it on a line of its own, between '{' and '}'; the zone of that name is '%s.'", word, word)
	case word == "":
		return c.Err("zone '' is empty, perhaps because an environment variable is not set: set that, or remove the zone")
	case word == pluginName:
		return c.Errf("'%s' is the directive, not a zone: begin a new line before it; the zone of that name is '%s.'", word, word)
	case strings.ContainsAny(word, "{}"):
		return c.Errf("zone '%s' has a brace: write '{' with a space before it and a new line after, and '}' on a line of its own", word)
	}
	return nil
}

// checkZone refuses what is neither a domain name nor a CIDR.
func checkZone(c *caddy.Controller, zone string) error {
	if err := checkWord(c, zone); err != nil {
		return err
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
		return c.Errf("zone '%s' is a range of addresses: write a reverse zone as a CIDR, and the pool's addresses in 'network'", zone)
	case isAddr(zone), isAddr(addr) && !isCIDR:
		return c.Errf("zone '%s' is an address: write a reverse zone as a CIDR, and the pool's addresses in 'network'", zone)
	case isAddr(addr):
		if _, err := parseCIDR(c, "zone", host); err != nil {
			return err
		}
		if err != nil { // such as one of IPv6 that begins with a zero
			return c.Errf("zone '%s' is not a CIDR that CoreDNS takes: write the name of the reverse zone, such as 'ip6.arpa'", zone)
		}
		return nil
	case err != nil, !isHostLike(dns.CanonicalName(host)):
		return c.Errf("zone '%s' is neither a domain name nor a CIDR: write one such as 'example.org' or '10.0.0.0/8', an internationalized name in its ASCII form (xn--...), and separate several zones with spaces", zone)
	}
	return nil
}

// isAddr reports whether s is an address, with or without the closing dot of a name.
func isAddr(s string) bool {
	_, err := netip.ParseAddr(strings.TrimSuffix(s, "."))
	return err == nil
}

// checkForward refuses forward zones that cannot hold names of hosts.
func checkForward(c *caddy.Controller, zone string) error {
	switch {
	case isNumeric(zone):
		return c.Errf("zone '%s' looks like an address that is cut short: write a reverse zone as a CIDR, such as '10.0.0.0/8', and the pool's addresses in 'network'", zone)
	case zone == "arpa.":
		return c.Errf("zone '%s' holds the reverse trees, and no names of hosts: list a zone such as 'example.org'", zone)
	}
	return nil
}

// isNumeric reports whether the last label of a zone has only digits. There will never be such a
// top-level domain (RFC 3696, section 2).
func isNumeric(zone string) bool {
	zone = strings.TrimSuffix(zone, ".")
	last := zone[strings.LastIndexByte(zone, '.')+1:]
	return last != "" && strings.Trim(last, "0123456789") == ""
}

// isHostLike reports whether name is a domain name of letters, digits, hyphens and underscores.
// Below arpa it may have slashes, as in RFC 2317. Other names are legal, but nearly always typing
// errors.
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
