package main

import (
	"os"
	"runtime"
)

const (
	// ballastSize is the size of a part of the heap that is never written, in bytes. A DNS server
	// keeps little memory and frees much: with a heap of a few MiB, Go would collect garbage some
	// twenty times a second. Go lets the heap double before it collects, so the ballast counts
	// twice. The kernel provides no memory for what is never written. A GOGC of several hundred would
	// multiply a large heap; the ballast adds the same to a heap of any size. A larger ballast saves
	// little more time for the memory that it takes: see bench/README.md.
	ballastSize = 2 << 20

	// heldStacks is how many goroutines hold their stack. They must outnumber the goroutines that
	// use little of theirs: those of an idle server, and those of queries that wait for their turn.
	heldStacks = 128

	// heldStack is how much of its stack each of these goroutines uses, in bytes: nearly all of 8
	// KiB.
	heldStack = 7000
)

// tuneMemory holds stacks, and unless GOGC is set, a ballast, until release is called.
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

// holdStacks lets new goroutines start with stacks of 8 KiB until done is closed. CoreDNS starts a
// goroutine for each query. The calls from plugin to plugin need some 2.1 KiB, and with file as the
// last plugin more than 4 KiB. Go normally gives a goroutine 2 KiB, so it would have to copy the
// stack to a larger one, and again to a still larger one. But Go gives new goroutines as much as
// all goroutines use on average, unless GODEBUG has adaptivestackstart=0.
func holdStacks(done <-chan struct{}) {
	for range heldStacks {
		go func() {
			var used [heldStack]byte
			<-done
			runtime.KeepAlive(&used)
		}()
	}
}
