package workstation_test

import (
	"fmt"
	"log"

	"github.com/coredns/caddy"

	"github.com/seed-310b8fa8/workstation"
)

// Describe says what the stanzas of a server compute. coredns -validate prints the same without
// starting one.
func ExampleDescribe() {
	server, err := caddy.Start(caddy.CaddyfileInput{ServerTypeName: "dns", Contents: []byte(`
		dc.example.org:0 10.1.0.0/24:0 {
			bind 127.0.0.1
			workstation {
				name rack{c}-node{d}
				network 10.1.0.0/24
			}
		}`)})
	if err != nil {
		log.Fatal(err)
	}
	defer server.Stop()

	fmt.Print(workstation.Describe(server))
	// Output:
	// Server block dc.example.org.:0, 0.1.10.in-addr.arpa.:0
	//   dc.example.org: 256 hosts, rack0-node0 (10.1.0.0) to rack0-node255 (10.1.0.255)
	//     IPv4 PTR records in 0.1.10.in-addr.arpa
}
