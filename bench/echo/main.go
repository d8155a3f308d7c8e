// Command echo sends each UDP packet back to its sender, which is the least that a server in
// Go can do. Its argument is the address to listen on.
package main

import (
	"log"
	"net"
	"net/netip"
	"os"
)

func main() {
	addr, err := netip.ParseAddrPort(os.Args[1])
	if err != nil {
		log.Fatal(err)
	}
	conn, err := net.ListenUDP("udp", net.UDPAddrFromAddrPort(addr))
	if err != nil {
		log.Fatal(err)
	}
	var buf [512]byte
	for {
		n, from, err := conn.ReadFromUDPAddrPort(buf[:])
		if err != nil {
			continue // for example because a client has closed its socket
		}
		if _, err := conn.WriteToUDPAddrPort(buf[:n], from); err != nil {
			continue
		}
	}
}
