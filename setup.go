package workstation

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"github.com/coredns/caddy"
	"github.com/coredns/coredns/core/dnsserver"
	"github.com/coredns/coredns/plugin"
	clog "github.com/coredns/coredns/plugin/pkg/log"
)

var log = clog.NewWithPlugin(pluginName)

func init() { plugin.Register(pluginName, setup) }

// setup is called once for each server block with a workstation stanza, when
// the server starts and again when it reloads. The handler has no state beyond
// the Corefile's, so there is nothing to carry over or to stop.
func setup(c *caddy.Controller) error {
	ws, err := parseStanzas(c)
	if err != nil {
		return plugin.Error(pluginName, err)
	}
	config := dnsserver.GetConfig(c)
	config.AddPlugin(func(next plugin.Handler) plugin.Handler {
		ws.Next = next
		return ws
	})

	block := newServerBlock(c.ServerBlockKeys, ws, config)
	blocks, _ := c.Get(serverBlocksKey{}).([]serverBlock)
	c.Set(serverBlocksKey{}, append(blocks, block))

	// Only now are the other plugins and server blocks there.
	c.OnStartup(func() error {
		handlers := config.Handlers()
		ws.transferers = transferersAfter(ws, handlers)
		if onlyView(ws, handlers) {
			ws.Next = nil
		}
		blocks, _ := c.Get(serverBlocksKey{}).([]serverBlock)
		for _, warning := range block.warnings(blocks) {
			log.Warning(warning)
		}
		return nil
	})
	return nil
}

// serverBlock is a server block with stanzas.
type serverBlock struct {
	keys   []string // such as dns://example.org.:53
	ws     *Workstation
	config *dnsserver.Config
	asked  askedZones // the zones for which it is asked
}

func newServerBlock(keys []string, ws *Workstation, config *dnsserver.Config) serverBlock {
	return serverBlock{keys, ws, config, newAskedZones(plugin.OriginsFromArgsOrServerBlock(nil, keys))}
}

// serverBlocksKey is the key under which an instance of the server stores those that it has.
type serverBlocksKey struct{}

// asksWith reports whether a client of the server block may ask the other one, too: they listen
// on the same port.
func (block serverBlock) asksWith(other serverBlock) bool {
	port := func(key string) string { return key[strings.LastIndexByte(key, ':')+1:] }
	return slices.ContainsFunc(block.keys, func(key string) bool {
		return slices.ContainsFunc(other.keys, func(k string) bool { return port(k) == port(key) })
	})
}

// onlyView reports whether view is the only one of the handlers after ws. It answers no query, but
// says which server block is asked.
func onlyView(ws *Workstation, handlers []plugin.Handler) bool {
	_, isView := ws.Next.(dnsserver.Viewer)
	return isView && handlers[len(handlers)-1] == ws.Next
}

// warnings returns what makes pools of the server block dead or deaf, which is one of blocks.
func (block serverBlock) warnings(blocks []serverBlock) (warnings []string) {
	for _, p := range block.ws.pools {
		if p.isExample {
			warnings = append(warnings, fmt.Sprintf("%s has no 'network' and gets that of the example, %s, which is public address space: write 'network' and one of your own", p.source, defaultNetwork))
		}
		if p.ptrZone == "" {
			continue
		}
		if deaf := block.deaf(p, blocks); deaf != "" {
			warnings = append(warnings, deaf)
		}
	}
	return append(warnings, warningsBefore(block.ws, block.config.Handlers())...)
}

// deaf returns what to warn of if a pool has PTR records of a family for which no server block is
// asked.
func (block serverBlock) deaf(p *pool, blocks []serverBlock) string {
	var zones []string
	wayOut := ", or write 'no_reverse'"
	for f, networks := range p.networks {
		if len(networks) == 0 {
			continue
		}
		givesPTR := func(b serverBlock) bool { return b.ws.reverse.givesPTR(networks, family(f), b.asked) }
		if givesPTR(block) || slices.ContainsFunc(blocks, func(b serverBlock) bool { return givesPTR(b) && block.asksWith(b) }) {
			wayOut = "" // which would take these PTR records
			continue
		}
		for _, n := range networks {
			zones = append(zones, n.zone(family(f)))
		}
	}
	zones = slices.Compact(zones) // networks are in order
	if len(zones) == 0 {
		return ""
	}
	return fmt.Sprintf("%s has PTR records for which no server block is asked: add to the zones of its server block %s%s", p.source, enumerate(zones), wayOut)
}

// zone returns what to write in a Corefile for the reverse zone of the network: itself, or if it
// is a range of addresses, the smallest network of whole octets or digits around it.
func (n network) zone(f family) string {
	size, step := 32, 8
	if f == ipv6 {
		size, step = 128, 4
	}
	bits := size - n.first.xor(n.last).bitLen()
	if strings.Contains(n.text, "-") {
		bits -= bits % step
	}
	prefix := netip.PrefixFrom(f.address(n.first), bits).Masked().String()
	if f == ipv6 && strings.ContainsAny(prefix[:1], "0:") { // for which CoreDNS takes no CIDR
		return "ip6.arpa"
	}
	return prefix
}

// warningsBefore returns what to warn of, of the handlers before ws in a server block. Plugins
// that hold names of single hosts, such as hosts, belong there.
func warningsBefore(ws *Workstation, handlers []plugin.Handler) (warnings []string) {
	before := handlers[:max(0, slices.Index(handlers, plugin.Handler(ws)))]
	for _, h := range before {
		switch name := h.Name(); name {
		case "dynupdate": // in CoreDNS's own order
			warnings = append(warnings, "dynupdate stands before workstation in this server block, and nothing is computed in the zone that it has: give dynupdate a server block of its own, and ask that by 'forward' in one that has its zone alone")
		case "auto", "erratic", "etcd", "file", "forward", "grpc", "secondary", "whoami":
			warnings = append(warnings, name+" stands before workstation in this program, and nothing is computed in the zones for which it answers: in plugin.cfg, move the line of workstation up, before 'file:file', and build again")
		}
	}
	return warnings
}
