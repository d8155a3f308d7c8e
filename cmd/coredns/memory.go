package main

import (
	"os"
	"runtime"
)

const (
	// ballastSize is the size of a heap that is never written, in bytes. A DNS server keeps
	// little and drops much: with a heap of a few MiB, Go would collect garbage some twenty
	// times a second. Go lets a heap double, so the ballast counts twice. The kernel gives no
	// memory for what is never written. A GOGC of several hundred would multiply a large heap;
	// the ballast adds the same to a heap of any size.
	ballastSize = 8 << 20

	// heldStacks is how many goroutines hold their stack. They outnumber those that use little:
	// the goroutines of an idle server, and of queries that wait for their turn.
	heldStacks = 128

	// heldStack is how much of its stack each of them uses, in bytes: nearly all of 8 KiB.
	heldStack = 7000
)

// tuneMemory holds a ballast, unless GOGC is set, and stacks, until release is called.
func tuneMemory() (release func()) {
	var ballast []byte
	if os.Getenv("GOGC") == "" {
		ballast = make([]byte, ballastSize)
	}
	done := make(chan struct{})
	holdStacks(done)
	return func() {
		close(done)
		runtime.KeepAlive(ballast)
	}
}

// holdStacks makes new goroutines start with stacks of 8 KiB until done is closed. CoreDNS has a
// goroutine for each query. The calls from plugin to plugin need some 2.1 KiB, and with file at
// their end more than 4 KiB. In the 2 KiB that Go gives a goroutine, each of them would be copied
// to a larger stack, and to a still larger one. But Go gives as much as all goroutines use on
// average, unless GODEBUG=adaptivestackstart=0.
func holdStacks(done <-chan struct{}) {
	for range heldStacks {
		go func() {
			var used [heldStack]byte
			<-done
			runtime.KeepAlive(&used)
		}()
	}
}
