package workstation

import (
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

// defaultPattern is that of the example in Twisted Names from which this plugin descends.
const defaultPattern = "workstation{n}"

// defaultTTL is the TTL of a stanza without the property ttl, in seconds.
const defaultTTL = 3600

// defaultNetwork is the network of the example in Twisted Names from which this plugin descends. It
// is public address space, fit only for trying the plugin out.
var defaultNetwork = netip.MustParsePrefix("172.0.2.0/24")

// property is a property that a stanza can have.
type property struct {
	name    string
	example string // a line of a Corefile
	takes   string // its arguments, for errors
	least   int    // how many arguments it must have
	most    int    // how many it may have
	parse   func(c *caddy.Controller, p *pool, args []string) error
}

// properties are all properties.
var properties = []property{
	{"name", "name ws{n}", "at least one pattern", 1, math.MaxInt, parseName},
	{"network", "network 192.0.2.0/24", "at least one network", 1, math.MaxInt, parseNetworks},
	{"numbers", "numbers 1-99", "at least one number or range", 1, math.MaxInt, parseNumbers},
	{"offset", "offset -1", "one number", 1, 1, parseOffset},
	{"ttl", "ttl 3600", "one number of seconds", 1, 1, parseTTL},
	{"stored_first", "stored_first", "no argument", 0, 0, parseStoredFirst},
	{"no_reverse", "no_reverse", "no argument", 0, 0, parseNoReverse},
	{"no_transfer", "no_transfer", "no argument", 0, 0, parseNoTransfer},
}

// propertyNames lists the names of the properties for errors.
func propertyNames() string {
	var names []string
	for _, property := range properties {
		names = append(names, "'"+property.name+"'")
	}
	return strings.Join(names, ", ")
}

// stanza is a workstation stanza that is being parsed. It becomes the pool in it.
type stanza struct {
	*pool
	zoneList
	reverseArgs []reverseArg      // the reverse zones on the line of the directive
	given       map[string]string // where each property stands, as FILE:LINE
}

// parseStanzas parses all workstation stanzas of a server block.
func parseStanzas(c *caddy.Controller) (*Workstation, error) {
	ws := &Workstation{zones: zones{byName: make(map[string]existing)}}
	keys := plugin.OriginsFromArgsOrServerBlock(nil, c.ServerBlockKeys)
	serverBlock := newZoneList(keys)
	var stanzas []*stanza
	for c.Next() {
		if c.Val() != pluginName {
			return nil, c.Errf("unexpected '%s': write the '{' of a block at the end of the line of 'workstation', and its '}' on a line of its own", c.Val())
		}
		st, err := parseStanza(c, serverBlock)
		if err != nil {
			return nil, err
		}
		for _, name := range st.forward {
			if conflict := ws.zones.list(name).add(st.pool); conflict != nil {
				return nil, errorAt(st.source, "%s", conflict)
			}
		}
		stanzas, ws.pools = append(stanzas, st), append(ws.pools, st.pool)
	}
	ws.buildIndexes(authorityZones(keys, stanzas), uint32(time.Now().Unix()))
	for _, st := range stanzas {
		if err := st.checkZones(&ws.zones, keys); err != nil {
			return nil, err
		}
	}
	return ws, nil
}

// authorityZones returns the zones of a server block and of its stanzas, each once, except the
// root.
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

// parseStanza parses the stanza that begins at the current token. If the stanza lists no zones, it
// gets those of the server block.
func parseStanza(c *caddy.Controller, serverBlock zoneList) (*stanza, error) {
	st := &stanza{
		pool:  &pool{ttl: defaultTTL, source: source(c)},
		given: make(map[string]string),
	}
	st.setPatterns([]pattern{mustPattern(defaultPattern)})
	if err := st.parseZones(c, serverBlock); err != nil {
		return nil, err
	}
	// The pool keeps what the zones say about PTR records.
	st.reverseZones, st.pool.classless = st.reverse, st.zoneList.classless
	for c.NextBlock() {
		if err := st.parseProperty(c); err != nil {
			return nil, err
		}
	}
	return st, st.finish()
}

// parseProperty parses the property that begins at the current token.
func (st *stanza) parseProperty(c *caddy.Controller) error {
	name := c.Val()
	i := slices.IndexFunc(properties, func(known property) bool { return known.name == name })
	switch first, again := st.given[name]; {
	case name == "fallthrough":
		return c.Err("'fallthrough' is not needed: every query that workstation does not answer goes to the next plugin; remove it")
	case i < 0:
		return c.Errf("unknown property '%s': the properties are %s", name, propertyNames())
	case again && properties[i].most > 1:
		return c.Errf("property '%s' is given twice, first at %s: write it once, with all its arguments on one line", name, first)
	case again:
		return c.Errf("property '%s' is given twice, first at %s: remove one", name, first)
	}
	st.given[name] = source(c)
	args := c.RemainingArgs()
	if c.NextArg() { // RemainingArgs stops at a '{'
		return c.Errf("property '%s' takes no block: remove '%s'", name, c.Val())
	}
	if err := properties[i].checkArgs(c, args); err != nil {
		return err
	}
	return properties[i].parse(c, st.pool, args)
}

// checkArgs refuses arguments that are wrong for every property, and too few or too many for this
// one.
func (known property) checkArgs(c *caddy.Controller, args []string) error {
	name := known.name
	switch comma := slices.IndexFunc(args, func(arg string) bool { return strings.Contains(arg, ",") }); {
	case slices.Contains(args, "}") && strings.HasSuffix(args[0], "{"):
		return c.Errf("'%s' has spaces in '%s': write it without spaces, as '%s'", name, strings.Join(args, " "), known.example)
	case slices.Contains(args, "}"):
		return c.Errf("'}' stands on the line of '%s': write it on a line of its own", name)
	case slices.Contains(args, ""):
		return c.Errf("'%s' has an empty argument, perhaps because an environment variable is not set: set that, or write it as '%s'", name, known.example)
	case name != "name" && slices.Contains(args, "-"):
		return c.Errf("'%s' has spaces around '-': write the range without spaces", name)
	case comma >= 0:
		return c.Errf("'%s' has a comma in '%s': separate its arguments with spaces only", name, args[comma])
	case len(args) < known.least:
		return c.Errf("'%s' takes %s: write it as '%s'", name, known.takes, known.example)
	case len(args) > known.most:
		return c.Errf("'%s' takes %s: remove '%s', or write it on a line of its own", name, known.takes, args[known.most])
	}
	return nil
}

// finish sets what the stanza leaves out, and checks what depends on several properties. Each step
// relies on those before it: numbers on the networks, and the rest on both.
func (st *stanza) finish() error {
	if st.given["network"] == "" {
		st.networks[ipv4] = []network{newNetwork(defaultNetwork)}
		st.isExample = true
	}
	for _, step := range []func() error{
		st.checkNetworks,
		st.completeNumbers,
		st.checkRootZone,
		st.checkPatterns,
		st.completeReverse,
		st.checkLengths,
	} {
		if err := step(); err != nil {
			return err
		}
	}
	return nil
}

// String words the conflict for an error.
func (c *conflict) String() string {
	name := c.newPattern.withWildcard(c.text)
	switch {
	case c.sameKeys:
		return fmt.Sprintf("zone '%s' already gets the name '%s' from the stanza at %s: %s, or remove the zone from one of them", c.zone, dnsutil.Join(name, c.zone), c.oldPool.source, c.wayOut())
	case c.text == "":
		return fmt.Sprintf("zone '%s' may get one name from two stanzas, by '%s' in this one and by '%s' in the one at %s, which takes too long to rule out: %s, or remove the zone from one of them", c.zone, c.newPattern, c.oldPattern, c.oldPool.source, c.wayOut())
	default:
		return fmt.Sprintf("zone '%s' would get '%s' from two stanzas, by '%s' in this one and by '%s' in the one at %s: %s, or remove the zone from one of them", c.zone, name, c.newPattern, c.oldPattern, c.oldPool.source, c.wayOut())
	}
}

// wayOut returns what to do about the conflict.
func (c *conflict) wayOut() string {
	differ := "give the stanzas different names"
	texts := func(p *pool) (texts []string) {
		for _, pt := range p.patterns {
			texts = append(texts, pt.text)
		}
		return texts
	}
	switch kind := c.newPattern.kind(); {
	case !c.sameKeys && kind != byNumber && slices.Equal(texts(c.newPool), texts(c.oldPool)):
		return "write their networks in one stanza, or " + differ
	case !c.sameKeys:
		return differ + ", such as with different text before the placeholders"
	case c.newPool.hasNoFamilyInCommon(c.oldPool) && kind != byOctets:
		return "write both networks in one stanza, or " + differ
	case kind == byNumber:
		return differ + ", or numbers that do not overlap"
	case kind == byOctets && c.lacking() != 0:
		return differ + ", such as with " + c.lacking().String() + " in both"
	default:
		return differ + ", or networks that do not overlap"
	}
}

// lacking returns the octets that the pattern lacks and in which the addresses of the two pools
// differ.
func (c *conflict) lacking() octets {
	both := &pool{networks: [2][]network{ipv4: slices.Concat(c.newPool.networks[ipv4], c.oldPool.networks[ipv4])}}
	return both.varying() &^ c.newPattern.octets
}

// source returns where the current token stands, as FILE:LINE.
func source(c *caddy.Controller) string { return fmt.Sprintf("%s:%d", c.File(), c.Line()) }

// errorAt is caddy.Controller.Errf for another place than that of the current token.
func errorAt(source, format string, args ...any) error {
	return fmt.Errorf("%s - Error during parsing: %s", source, fmt.Sprintf(format, args...))
}
