package workstation

import (
	"slices"

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
	keepForDescribe(c, ws)

	config := dnsserver.GetConfig(c)
	config.AddPlugin(func(next plugin.Handler) plugin.Handler {
		ws.Next = next
		return ws
	})

	// Only now are the other plugins there.
	c.OnStartup(func() error {
		handlers := config.Handlers()
		ws.transferers = transferersAfter(ws, handlers)
		if onlyView(ws, handlers) {
			ws.Next = nil
		}
		for _, warning := range slices.Concat(ws.warnings, warningsBefore(ws, handlers)) {
			log.Warning(warning)
		}
		return nil
	})
	return nil
}

// onlyView reports whether view is the only one of the handlers after ws. It answers no query, but
// says which server block is asked.
func onlyView(ws *Workstation, handlers []plugin.Handler) bool {
	_, isView := ws.Next.(dnsserver.Viewer)
	return isView && handlers[len(handlers)-1] == ws.Next
}

// warningsBefore returns what to warn of, of the handlers before ws in a server block. Plugins
// that hold names of single hosts, such as hosts, belong there.
func warningsBefore(ws *Workstation, handlers []plugin.Handler) (warnings []string) {
	i := slices.Index(handlers, plugin.Handler(ws))
	for _, h := range handlers[:i] {
		switch name := h.Name(); name {
		case "dynupdate": // in CoreDNS's own order
			warnings = append(warnings, "dynupdate stands before workstation in this server block, and nothing is computed in the zone that it has: give dynupdate a server block of its own, and ask that by 'forward' here")
		case "auto", "erratic", "etcd", "file", "forward", "grpc", "secondary", "whoami":
			warnings = append(warnings, name+" stands before workstation in this program, and nothing is computed in the zones for which it answers: in plugin.cfg, move the line of workstation up, before 'file:file', and build again")
		}
	}
	return warnings
}
