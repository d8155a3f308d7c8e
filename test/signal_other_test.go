//go:build !unix

package test

import (
	"errors"
	"os"
)

// signalReload returns an error, because only Unix systems have the signal SIGUSR1.
func signalReload(*os.Process) error { return errors.New("this system has no SIGUSR1") }
