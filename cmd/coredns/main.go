// Command coredns is CoreDNS with all its own plugins and the plugin workstation. It takes
// CoreDNS's Corefiles and flags. One flag is new: -validate checks the Corefile and starts nothing.
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

// version is the plugin's version. A release sets it with -ldflags "-X main.version=v1.2.3".
// Otherwise it is the version that the Go tool has recorded.
var version string

func init() {
	// workstation comes after hosts and kubernetes, because a pool must not hide their names. It
	// comes before the plugins that serve the zones to which it adds names.
	before := slices.Index(dnsserver.Directives, "file")
	dnsserver.Directives = slices.Insert(dnsserver.Directives, before, "workstation")

	if info, ok := debug.ReadBuildInfo(); ok && version == "" {
		version = info.Main.Version
	}
	caddy.AppVersion += " workstation-" + version
}

func main() {
	validateOnly := flag.Bool("validate", false, "Check the Corefile, print what it computes, and exit")
	flag.Parse() // coremain.Run parses the flags again
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
