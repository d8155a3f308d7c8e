// Command coredns is CoreDNS with all its own plugins and the plugin
// workstation. Its Corefile is that of CoreDNS, and so are its flags, except for
// -validate, which checks the Corefile and starts nothing.
package main

import (
	"flag"
	"log"
	"os"
	"runtime"
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

	// A DNS server keeps little and drops much: with a heap of a few MiB, Go would
	// collect garbage some twenty times a second. Go lets a heap double, so it counts
	// this ballast twice; but the kernel gives no memory for what is never written. Unlike
	// a GOGC of several hundred, it adds the same to a heap of any size.
	var ballast []byte
	if os.Getenv("GOGC") == "" {
		ballast = make([]byte, 8<<20)
	}
	done := make(chan struct{})
	holdStacks(done)
	coremain.Run()
	close(done)
	runtime.KeepAlive(ballast)
}

// holdStacks has goroutines start with stacks of 8 KiB until done. CoreDNS has a goroutine
// for each query, and the calls from plugin to plugin need some 2.1 KiB, or with file at their
// end more than 4 KiB: in the 2 KiB that Go gives a goroutine, each would be copied to a larger
// stack, and to one still larger. But Go gives as much as all goroutines are found to use on
// average, unless GODEBUG=adaptivestackstart=0. So these use nearly all of it, and outnumber
// those that use little: of an idle server, and of queries that wait for their turn.
func holdStacks(done <-chan struct{}) {
	for range 128 {
		go func() {
			var used [7000]byte
			<-done
			runtime.KeepAlive(&used)
		}()
	}
}
