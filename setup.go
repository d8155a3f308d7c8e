package workstation

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/coredns/caddy"
	"github.com/coredns/coredns/core/dnsserver"
	"github.com/coredns/coredns/plugin"
	clog "github.com/coredns/coredns/plugin/pkg/log"
)

var log = clog.NewWithPlugin(pluginName)

func init() { plugin.Register(pluginName, setup) }

// setup is called once for each server block with a workstation stanza, when the server starts and
// again when it reloads. The handler keeps no state apart from the Corefile's, so a reload has
// nothing to carry over or to stop.
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

	// The other plugins and server blocks are known only now.
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

// serverBlock is a server block that has workstation stanzas.
type serverBlock struct {
	keys   []string // such as dns://example.org.:53
	ws     *Workstation
	config *dnsserver.Config
	asked  askedZones // the zones of its keys: its clients ask for names in them
}

func newServerBlock(keys []string, ws *Workstation, config *dnsserver.Config) serverBlock {
	return serverBlock{keys, ws, config, newAskedZones(plugin.OriginsFromArgsOrServerBlock(nil, keys))}
}

// serverBlocksKey is the key under which a server instance stores its []serverBlock.
type serverBlocksKey struct{}

// sharesPort reports whether the clients of one server block can also ask the other, because both
// listen on the same port.
func (block serverBlock) sharesPort(other serverBlock) bool {
	port := func(key string) string { return key[strings.LastIndexByte(key, ':')+1:] }
	return slices.ContainsFunc(block.keys, func(key string) bool {
		return slices.ContainsFunc(other.keys, func(k string) bool { return port(k) == port(key) })
	})
}

// onlyView reports whether view is the only handler after ws. It answers no query: it only decides
// which server block a query reaches.
func onlyView(ws *Workstation, handlers []plugin.Handler) bool {
	_, isView := ws.Next.(dnsserver.Viewer)
	return isView && handlers[len(handlers)-1] == ws.Next
}

// warnings returns what to log when the server starts: pools that have the example's network, PTR
// records that no client can ask for, and plugins that answer before this one. blocks are all
// server blocks of the instance, including this one.
func (block serverBlock) warnings(blocks []serverBlock) (warnings []string) {
	for _, p := range block.ws.pools {
		if p.isExample {
			warnings = append(warnings, fmt.Sprintf("%s has no 'network' and gets the default, %s, which is public address space: write 'network' with a network of your own", p.source, defaultNetwork))
		}
		if p.ptrZone == "" {
			continue
		}
		if warning := block.ptrWarning(p, blocks); warning != "" {
			warnings = append(warnings, warning)
		}
	}
	return append(warnings, orderWarnings(block.ws, block.config.Handlers())...)
}

// ptrWarning returns the warning about a pool that has PTR records of a family, but no server block
// is asked for them. It is empty if there is nothing to warn of.
func (block serverBlock) ptrWarning(p *pool, blocks []serverBlock) string {
	var zones []string
	wayOut := ", or write 'no_reverse'"
	for f, networks := range p.networks {
		if len(networks) == 0 {
			continue
		}
		givesPTR := func(b serverBlock) bool { return b.ws.reverse.givesPTR(networks, family(f), b.asked) }
		if givesPTR(block) || slices.ContainsFunc(blocks, func(b serverBlock) bool { return givesPTR(b) && block.sharesPort(b) }) {
			wayOut = "" // 'no_reverse' would take these PTR records away
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
	return fmt.Sprintf("%s has PTR records that no server block is asked for: add %s to the zones of its server block%s", p.source, enumerate(zones), wayOut)
}

// orderWarnings returns a warning for each handler in the server block that answers for whole zones
// and stands before ws, and for each that must see the queries that ws answers and stands after it.
// Plugins that hold names of single hosts, such as hosts, belong before ws.
func orderWarnings(ws *Workstation, handlers []plugin.Handler) (warnings []string) {
	self := slices.Index(handlers, plugin.Handler(ws))
	if self < 0 {
		return nil
	}
	for _, h := range handlers[:self] {
		switch name := h.Name(); name {
		case "dynupdate": // CoreDNS's own order puts it there
			warnings = append(warnings, "dynupdate stands before workstation in this server block, so nothing is computed in its zone: give dynupdate a server block of its own, and reach it with 'forward' from one that has only its zone")
		case "auto", "erratic", "etcd", "file", "forward", "grpc", "secondary", "whoami":
			warnings = append(warnings, name+" stands before workstation in this program, so nothing is computed in the zones that it answers for: in plugin.cfg, move the line of workstation up, before 'file:file', and build again")
		}
	}
	for _, h := range handlers[self+1:] {
		switch name := h.Name(); name {
		case "acl", "cache", "dnssec", "hosts", "kubernetes", "rewrite":
			warnings = append(warnings, name+" stands after workstation in this program, so it never sees queries for computed records: in plugin.cfg, move the line of workstation down, before 'file:file', and build again")
		}
	}
	return warnings
}

// enumerate lists zones as a Corefile writes them. If there are many, it lists only the first ones.
func enumerate(zones []string) string {
	const most = 6
	var list []string
	for _, zone := range zones {
		list = append(list, cmp.Or(strings.TrimSuffix(strings.TrimPrefix(zone, "dns://"), "."), "any zone"))
	}
	if more := len(list) - most; more > 1 {
		list = append(list[:most], fmt.Sprintf("%d more", more))
	}
	return strings.Join(list, ", ")
}
