// Command coredns is CoreDNS with all its own plugins and the plugin
// workstation. Its flags and its Corefile are those of CoreDNS.
package main

import (
	"os"
	"runtime/debug"
	"slices"

	"github.com/coredns/caddy"
	"github.com/coredns/coredns/core/dnsserver"
	_ "github.com/coredns/coredns/core/plugin" // all plugins of CoreDNS
	"github.com/coredns/coredns/coremain"

	_ "github.com/seed-310b8fa8/workstation"
)

// version is the plugin's version. A release sets it with
// -ldflags "-X main.version=v1.2.3"; else it is what the Go tool recorded.
var version string

func init() {
	// After hosts and kubernetes, whose names a pool must not shadow, and before
	// the plugins that serve the zones to which it adds its names.
	before := slices.Index(dnsserver.Directives, "file")
	dnsserver.Directives = slices.Insert(dnsserver.Directives, before, "workstation")

	if info, ok := debug.ReadBuildInfo(); ok && version == "" {
		version = info.Main.Version
	}
	caddy.AppVersion += " workstation-" + version

	// A DNS server keeps little and drops much, so it is told to collect garbage less
	// often than Go does on its own. GOGC and GOMEMLIMIT remain the operator's.
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(400)
	}
}

func main() {
	coremain.Run()
}
