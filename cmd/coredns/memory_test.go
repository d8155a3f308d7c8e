//go:build !race

package main

import (
	"runtime"
	"runtime/metrics"
	"testing"
	"time"
)

// With the race detector, Go keeps more of each stack free, and stacks start with 8 KiB.
func TestHoldStacks(t *testing.T) {
	done := make(chan struct{})
	defer close(done)
	holdStacks(done)
	// While it collects garbage, Go measures the stacks of goroutines that have begun.
	size := []metrics.Sample{{Name: "/gc/stack/starting-size:bytes"}}
	for range 100 {
		runtime.GC()
		metrics.Read(size)
		if size[0].Value.Uint64() == 8192 {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Errorf("Stacks start with %d bytes and not with 8192", size[0].Value.Uint64())
}
