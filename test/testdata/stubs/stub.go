// Prints the addresses of a name, or the name of an address, by the resolver of Go.
package main

import (
	"errors"
	"fmt"
	"net"
	"os"
)

func main() {
	look := net.LookupHost
	if net.ParseIP(os.Args[1]) != nil {
		look = net.LookupAddr
	}
	found, err := look(os.Args[1])
	for _, f := range found {
		fmt.Println(f)
	}
	var failed *net.DNSError
	if errors.As(err, &failed) {
		fmt.Println(failed.Err)
	}
}
