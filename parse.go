package workstation

import (
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

// parseStanzas parses all workstation stanzas of a server block.
func parseStanzas(c *caddy.Controller) (zones, error) {
	zs := make(zones)
	for c.Next() {
		if c.Val() != pluginName {
			return nil, c.Errf("unexpected '%s': the '{' of a block stands on the line of 'workstation', and its '}' alone on the last", c.Val())
		}
		names, p, err := parseStanza(c)
		if err != nil {
			return nil, err
		}
		for _, name := range names {
			if isReverse(name) {
				zs.addReverse(name)
			} else if other := zs.add(name, p); other != nil {
				return nil, p.errf("zone '%s' has a pool already, from the stanza at %s, and both give the name '%s': remove the zone from one of them",
					name, other.source, dnsutil.Join(p.pattern.label(0), name))
			}
		}
	}
	return zs, nil
}

// parseStanza parses the stanza whose directive is the current token into the
// zones that it is for and the pool that it configures.
func parseStanza(c *caddy.Controller) (names []string, p *pool, err error) {
	p = &pool{
		pattern: defaultPattern,
		network: defaultNetwork,
		ttl:     defaultTTL,
		source:  fmt.Sprintf("%s:%d", c.File(), c.Line()),
	}
	if names, err = parseZones(c); err != nil {
		return nil, nil, err
	}

	lines := make(map[string]int) // of the properties seen
	for c.NextBlock() {
		property := c.Val()
		if line, ok := lines[property]; ok {
			return nil, nil, c.Errf("property '%s' is given twice, first in line %d: remove one", property, line)
		}
		lines[property] = c.Line()

		switch property {
		case "network":
			p.network, err = parseNetwork(c)
		case "ttl":
			p.ttl, err = parseTTL(c)
		case "fallthrough":
			err = c.Err("'fallthrough' is not needed: every query that workstation does not answer goes to the next plugin; remove it")
		default:
			err = c.Errf("unknown property '%s': use 'network' or 'ttl'", property)
		}
		if err != nil {
			return nil, nil, err
		}
		if c.NextArg() { // all that the arguments leave over
			return nil, nil, c.Errf("property '%s' has no block: remove '%s'", property, c.Val())
		}
	}

	if len(names) > 0 && !slices.ContainsFunc(names, isForward) {
		return nil, nil, p.errf("all zones are reverse zones, which hold no computed names: list the zone that shall hold them, such as 'example.org'; their addresses are the property 'network'")
	}
	for _, name := range names {
		last := dnsutil.Join(p.pattern.label(p.last()), name)
		if _, ok := dns.IsDomainName(last); !ok {
			return nil, nil, p.errf("zone '%s' is too long: '%s' exceeds the 255 octets of a domain name", name, last)
		}
	}
	if lines["network"] == 0 {
		c.OnStartup(func() error {
			log.Warningf("%s has no 'network' and gets that of the example, %s, which is public address space: write 'network' and one of your own", p.source, p.network)
			return nil
		})
	}
	return names, p, nil
}

// errf returns an error like those of caddy.Controller.Errf, for the line where
// the stanza begins.
func (p *pool) errf(format string, args ...any) error {
	return fmt.Errorf("%s - Error during parsing: %s", p.source, fmt.Sprintf(format, args...))
}

// parseZones parses the zones on the directive's line; if there are none they
// are those of the server block. The result is that of
// plugin.OriginsFromArgsOrServerBlock, but that takes the typing error
// 10.0.0.0/33 for a name and masks the host bits of 10.1.2.3/16 in silence.
func parseZones(c *caddy.Controller) ([]string, error) {
	args := c.RemainingArgs()
	for _, arg := range args {
		_, zone := parse.Transport(arg)
		if err := checkZone(c, zone); err != nil {
			return nil, err
		}
	}
	return plugin.OriginsFromArgsOrServerBlock(args, c.ServerBlockKeys), nil
}

// checkZone refuses what is neither a domain name nor a CIDR.
func checkZone(c *caddy.Controller, zone string) error {
	if zone == "network" || zone == "ttl" {
		return c.Errf("'%s' is a property, not a zone: write it on a line of its own, between '{' and '}'; the zone of that name is '%s.'", zone, zone)
	}
	_, port, err := plugin.SplitHostPort(zone)
	host := zone
	if port != "" {
		host = zone[:strings.LastIndexByte(zone, ':')]
	}

	addr, _, isCIDR := strings.Cut(host, "/")
	switch {
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

// isReverse tells whether the zone lies in one of the reverse trees (RFC 1035,
// section 3.5; RFC 3596, section 2.5), where there are no computed names.
func isReverse(zone string) bool {
	return dns.IsSubDomain("in-addr.arpa.", zone) || dns.IsSubDomain("ip6.arpa.", zone)
}

func isForward(zone string) bool { return !isReverse(zone) }

// parseNetwork parses the argument of the property network.
func parseNetwork(c *caddy.Controller) (netip.Prefix, error) {
	arg, err := parseArg(c, "192.0.2.0/24")
	if err != nil {
		return netip.Prefix{}, err
	}
	prefix, err := parseCIDR(c, "network", arg)
	if err == nil && !prefix.Addr().Is4() {
		err = c.Errf("network '%s' is not an IPv4 network: write one such as '192.0.2.0/24'", arg)
	}
	return prefix, err
}

// parseTTL parses the argument of the property ttl. Its bounds are those of
// RFC 2181, section 8.
func parseTTL(c *caddy.Controller) (uint32, error) {
	arg, err := parseArg(c, "3600")
	if err != nil {
		return 0, err
	}
	ttl, err := strconv.ParseUint(arg, 10, 31)
	if err != nil {
		return 0, c.Errf("ttl '%s' is not a number of seconds from 0 to %d", arg, math.MaxInt32)
	}
	return uint32(ttl), nil
}

// parseArg returns the one argument of the property that is the current token;
// example is such an argument.
func parseArg(c *caddy.Controller, example string) (string, error) {
	property, args := c.Val(), c.RemainingArgs()
	if slices.Contains(args, "}") {
		return "", c.Errf("'}' is an argument of '%s' where it stands: begin a new line before it", property)
	}
	if len(args) != 1 {
		return "", c.Errf("'%s' takes one argument, not %d: write it as '%s %s'", property, len(args), property, example)
	}
	return args[0], nil
}

// parseCIDR parses s, which is written as what.
func parseCIDR(c *caddy.Controller, what, s string) (netip.Prefix, error) {
	prefix, err := netip.ParsePrefix(s)
	if err != nil {
		if addr, err := netip.ParseAddr(s); err == nil && addr.Zone() == "" {
			return prefix, c.Errf("%s '%s' has no prefix length: write '%s/%d' for this address alone, or the network that you mean", what, s, addr, addr.BitLen())
		}
		return prefix, c.Errf("%s '%s' is not a CIDR: write one such as '192.0.2.0/24'", what, s)
	}
	if masked := prefix.Masked(); masked != prefix {
		return prefix, c.Errf("%s '%s' has host bits set: write '%s', or the network that you mean", what, s, masked)
	}
	return prefix, nil
}
