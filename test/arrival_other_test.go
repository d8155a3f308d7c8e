//go:build !linux

package test

import (
	"net"
	"time"
)

// stampArrivals does nothing except on Linux.
func stampArrivals(*net.UDPConn) error { return nil }

// readStamped reads a message, and returns the time of reading.
func readStamped(conn *net.UDPConn, buf []byte) (n int, arrived time.Time, err error) {
	n, err = conn.Read(buf)
	return n, time.Now(), err
}
