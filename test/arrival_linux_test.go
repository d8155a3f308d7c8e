package test

import (
	"net"
	"syscall"
	"time"
	"unsafe"
)

// stampArrivals asks the kernel for the time at which each message arrives. Otherwise a client that
// wakes up late would make the server look slow.
func stampArrivals(conn *net.UDPConn) error {
	raw, err := conn.SyscallConn()
	if err != nil {
		return err
	}
	var failed error
	err = raw.Control(func(fd uintptr) {
		failed = syscall.SetsockoptInt(int(fd), syscall.SOL_SOCKET, syscall.SO_TIMESTAMPNS, 1)
	})
	if err != nil {
		return err
	}
	return failed
}

// readStamped reads a message, and returns when it arrived.
func readStamped(conn *net.UDPConn, buf []byte) (n int, arrived time.Time, err error) {
	var control [64]byte
	n, c, _, _, err := conn.ReadMsgUDPAddrPort(buf, control[:])
	if err != nil {
		return 0, time.Time{}, err
	}
	messages, err := syscall.ParseSocketControlMessage(control[:c])
	if err != nil {
		return 0, time.Time{}, err
	}
	for _, m := range messages {
		if m.Header.Level == syscall.SOL_SOCKET && m.Header.Type == syscall.SCM_TIMESTAMPNS {
			stamp := (*syscall.Timespec)(unsafe.Pointer(&m.Data[0]))
			return n, time.Unix(stamp.Unix()), nil
		}
	}
	return n, time.Now(), nil
}
