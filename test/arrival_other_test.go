//go:build !linux

package test

import (
	"net"
	"time"
)

// stampArrivals is for Linux. Elsewhere a message comes in when it is read.
func stampArrivals(*net.UDPConn) error { return nil }

func readStamped(conn *net.UDPConn, buf []byte) (n int, arrived time.Time, err error) {
	n, err = conn.Read(buf)
	return n, time.Now(), err
}
