// Command coredns is CoreDNS with all its own plugins and the plugin
// workstation. Its Corefile is that of CoreDNS, and so are its flags, except for
// -validate, which checks the Corefile and starts nothing.
package main

import (
	"flag"
	"log"
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
}

func main() {
	validateOnly := flag.Bool("validate", false, "Check the Corefile, print what it computes, and exit")
	flag.Parse() // as coremain.Run does again
	if *validateOnly {
		log.SetFlags(0)
		if err := validate(os.Stdout); err != nil {
			log.Fatal(err)
		}
		return
	}

	release := tuneMemory()
	defer release()
	coremain.Run()
}
