package workstation

import (
	"errors"
	"fmt"
	"math"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"github.com/coredns/caddy"
)

// parseName parses patterns. The first one without "*." is the name that PTR records give.
func parseName(c *caddy.Controller, p *pool, args []string) error {
	patterns, at, err := parsePatterns(args)
	if errors.Is(err, errNoPlaceholder) {
		return c.Errf("name '%s' %v%s", args[at], err, withPlaceholder(args, at))
	}
	if err != nil {
		return c.Errf("name '%s' %v", args[at], err)
	}
	p.setPatterns(patterns)
	return nil
}

// parsePatterns parses the patterns of a stanza. An error is about args[at], and continues a
// sentence that begins with it.
func parsePatterns(args []string) (patterns []pattern, at int, err error) {
	for i, arg := range args {
		pt, err := parsePattern(arg)
		switch {
		case err != nil:
			return nil, i, err
		case slices.ContainsFunc(patterns, func(other pattern) bool { return other.text == pt.text }):
			return nil, i, errors.New("is given twice: remove one")
		case i > 0 && patterns[0].kind() != pt.kind():
			return nil, i, fmt.Errorf("does not go with '%s': all patterns of a stanza stand for a number, or all for an address, or all for octets; write it in a stanza of its own", patterns[0])
		}
		patterns = append(patterns, pt)
	}
	return patterns, 0, nil
}

// withPlaceholder returns what may be meant by args[i], which has no placeholder: the same text
// with the placeholders of another pattern, or if the space is a mistake, the same text joined with
// its neighbours.
func withPlaceholder(args []string, i int) (hint string) {
	placeholders := "{n}"
	for _, arg := range args {
		if pt, err := parsePattern(arg); err == nil {
			placeholders = strings.TrimPrefix(pt.text, "*.")[len(pt.prefix):]
			break
		}
	}
	replaced := func(from, to int, text string) bool {
		patterns, _, err := parsePatterns(slices.Replace(slices.Clone(args), from, to, text))
		// A hint with several labels or a wildcard may be wrong for the zone.
		return err == nil && !slices.ContainsFunc(patterns, func(pt pattern) bool { return pt.wildcard || pt.labels() > 1 })
	}
	for _, literal := range []string{args[i], "ws"} {
		if replaced(i, i+1, literal+placeholders) {
			hint = ", such as '" + literal + placeholders + "'"
			break
		}
	}
	for _, words := range [][2]int{{0, len(args)}, {i, min(i+2, len(args))}, {max(i-1, 0), i + 1}} {
		if joined := strings.Join(args[words[0]:words[1]], ""); replaced(words[0], words[1], joined) {
			return hint + "; or if the space is not meant, write '" + joined + "'"
		}
	}
	return hint
}

// parseNetworks parses networks, which must not overlap.
func parseNetworks(c *caddy.Controller, p *pool, args []string) error {
	for _, arg := range args {
		f, n, err := parseNetwork(c, arg)
		if err != nil {
			return err
		}
		for _, other := range p.networks[f] {
			if n.overlaps(other.span) {
				return c.Errf("network '%s' overlaps '%s': write each address once", arg, other.text)
			}
		}
		p.networks[f] = append(p.networks[f], n)
	}
	for _, networks := range p.networks {
		slices.SortFunc(networks, func(m, n network) int { return m.first.compare(n.first) })
	}
	return nil
}

// parseNetwork parses a network, which is a CIDR or FIRST-LAST.
func parseNetwork(c *caddy.Controller, arg string) (f family, n network, err error) {
	from, to, isRange := strings.Cut(arg, "-")
	if !isRange {
		prefix, err := parseCIDR(c, "network", arg)
		if err != nil {
			return 0, n, err
		}
		return familyOf(prefix.Addr()), newNetwork(prefix), nil
	}

	first, err := netip.ParseAddr(from)
	last, err2 := netip.ParseAddr(to)
	switch {
	case err != nil, err2 != nil, first.Zone() != "", last.Zone() != "":
		return 0, n, c.Errf("network '%s' is neither a CIDR nor a range of addresses: write one such as '192.0.2.0/24' or '192.0.2.10-192.0.2.99'", arg)
	case familyOf(first) != familyOf(last):
		return 0, n, c.Errf("network '%s' begins with an %s and ends with an %s address: give each family a network of its own", arg, familyOf(first), familyOf(last))
	case last.Less(first):
		return 0, n, c.Errf("network '%s' is backwards: write '%s-%s'", arg, last, first)
	}
	return familyOf(first), network{span{addressNumber(first), addressNumber(last)}, arg}, nil
}

// parseNumbers parses ranges of numbers, which can overlap and be in any order.
func parseNumbers(c *caddy.Controller, p *pool, args []string) error {
	for _, arg := range args {
		s, err := parseNumberRange(c, arg)
		if err != nil {
			return err
		}
		p.numbers = append(p.numbers, entry{s, p})
	}
	return nil
}

// parseNumberRange parses A-B or N.
func parseNumberRange(c *caddy.Controller, arg string) (s span, err error) {
	from, to, isRange := strings.Cut(arg, "-")
	if !isRange {
		to = from
	}
	first, err := strconv.ParseUint(from, 10, 64)
	last, err2 := strconv.ParseUint(to, 10, 64)
	switch {
	case err != nil, err2 != nil:
		return s, c.Errf("numbers '%s' is neither a number nor a range of two: write decimal numbers from 0 to %d, such as '7' or '1-99'", arg, uint64(math.MaxUint64))
	case last < first:
		return s, c.Errf("numbers '%s' is backwards: write '%d-%d'", arg, last, first)
	case from != strconv.FormatUint(first, 10), to != strconv.FormatUint(last, 10):
		return s, c.Errf("numbers '%s' has leading zeros: write '%s'; for zeros in the names, use a width in 'name', such as '{n:3}'", arg, numberSpan(first, last))
	}
	return numberSpan(first, last), nil
}

// parseOffset parses an offset, which is a number of 64 bits with a sign.
func parseOffset(c *caddy.Controller, p *pool, args []string) (err error) {
	if p.offset, err = strconv.ParseInt(args[0], 10, 64); err != nil {
		return c.Errf("offset '%s' is not a number from %d to %d: write one such as '-1'", args[0], math.MinInt64, math.MaxInt64)
	}
	return nil
}

// parseTTL parses a TTL in seconds. RFC 2181, section 8, sets its bounds.
func parseTTL(c *caddy.Controller, p *pool, args []string) error {
	ttl, err := strconv.ParseUint(args[0], 10, 31)
	if err != nil {
		return c.Errf("ttl '%s' is not a number of seconds from 0 to %d: write one such as '3600', without a unit", args[0], math.MaxInt32)
	}
	p.ttl = uint32(ttl)
	return nil
}

func parseStoredFirst(_ *caddy.Controller, p *pool, _ []string) error {
	p.storedFirst = true
	return nil
}

func parseNoReverse(_ *caddy.Controller, p *pool, _ []string) error {
	p.noReverse = true
	return nil
}

func parseNoTransfer(_ *caddy.Controller, p *pool, _ []string) error {
	p.noTransfer = true
	return nil
}

// parseCIDR parses s as a CIDR. what names it in errors.
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
		return prefix, c.Errf("%s '%s' has no prefix length: write '%s/%d' for only this address, or the network that you mean", what, s, addr, addr.BitLen())
	default:
		return prefix, c.Errf("%s '%s' has a prefix length that is not a number from 0 to %d: write it as a number of bits, such as '%s/%d'", what, s, addr.BitLen(), addr, addr.BitLen())
	}
}
