package workstation_test

import (
	"fmt"
	"log"
	"net"
	"slices"

	"github.com/coredns/caddy"
	"github.com/coredns/coredns/core/dnsserver"

	"github.com/miekg/dns"

	_ "github.com/seed-310b8fa8/workstation"
)

// A program imports the plugin and says where it stands in the order of plugins: before file.
func init() {
	file := slices.Index(dnsserver.Directives, "file")
	dnsserver.Directives = slices.Insert(dnsserver.Directives, file, "workstation")
	dnsserver.Quiet = true // about the addresses at which it listens
}

// A program of your own calls coremain.Run, as cmd/coredns does. Or it starts a server with a Corefile
// that it has made, as here.
func Example() {
	server, err := caddy.Start(caddy.CaddyfileInput{ServerTypeName: "dns", Contents: []byte(`
		lab.example.org:0 192.0.2.0/24:0 {
			bind 127.0.0.1
			workstation {
				network 192.0.2.0/24
			}
		}`)})
	if err != nil {
		log.Fatal(err)
	}
	defer server.Stop()

	var address string
	for _, listener := range server.Servers() {
		if udp, ok := listener.LocalAddr().(*net.UDPAddr); ok {
			address = udp.String()
		}
	}
	query := new(dns.Msg).SetQuestion("workstation17.lab.example.org.", dns.TypeA)
	response, err := dns.Exchange(query, address)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(response.Answer[0].(*dns.A).A)
	// Output: 192.0.2.17
}
