//go:build unix

package test

import (
	"os"
	"syscall"
)

// signalReload tells CoreDNS to read its Corefile again.
func signalReload(p *os.Process) error { return p.Signal(syscall.SIGUSR1) }
