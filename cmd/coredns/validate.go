package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"

	"github.com/coredns/caddy"
	"github.com/coredns/coredns/core/dnsserver"

	"github.com/seed-310b8fa8/workstation"
)

// errValid stops the start of a valid Corefile.
var errValid = errors.New("valid")

// validate loads the Corefile as coremain.Run does, and writes what it computes to w. It stops when
// all servers are made, before anything listens or runs. So it does not find faults that a plugin
// has only when it starts.
func validate(w io.Writer) error {
	if flag.NArg() > 0 {
		return fmt.Errorf("extra command line arguments: %s", flag.Args())
	}
	corefile, err := caddy.LoadCaddyfile("dns")
	if err != nil {
		return err
	}
	last := dnsserver.Directives[len(dnsserver.Directives)-1]
	caddy.RegisterParsingCallback("dns", last, func(c caddy.Context) error {
		// MakeServers finds zones that are served twice, and listeners that overlap.
		if _, err := c.MakeServers(); err != nil {
			return fmt.Errorf("%s: %w", corefile.Path(), err)
		}
		return errValid
	})
	instance, err := caddy.Start(corefile)
	if !errors.Is(err, errValid) {
		return err
	}

	if _, err := os.Stat(corefile.Path()); os.IsNotExist(err) {
		fmt.Fprintf(w, "There is no %s, and CoreDNS's default is valid.\n", corefile.Path())
	} else {
		fmt.Fprintf(w, "%s is valid.\n", corefile.Path())
	}
	pools := workstation.Describe(instance)
	if pools == "" {
		pools = "It computes nothing: it has no workstation stanza.\n"
	}
	_, err = io.WriteString(w, pools)
	return err
}
