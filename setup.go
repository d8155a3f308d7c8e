package workstation

import (
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

	// Only now are the other plugins there.
	c.OnStartup(func() error {
		ws.transferers = transferersAfter(ws, config.Handlers())
		return nil
	})
	return nil
}
