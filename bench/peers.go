package main

import (
	"errors"
	"fmt"
	"net/netip"
	"os/exec"
	"strings"

	"github.com/miekg/dns"
)

// peer is a row of the table of peers.
type peer struct {
	*server
	version string  // of the program
	large   *server // the same with the 65,536 hosts of a /16; nil if it has no hosts
}

// These are arguments of programs; namedArgs and pdnsArgs begin with the program.
var (
	corednsArgs = []string{"-conf", "Corefile"}
	namedArgs   = []string{"named", "-f", "-n", "1", "-c", "{{.Dir}}/named.conf"}
	pdnsArgs    = []string{"pdns_server", "--config-dir={{.Dir}}", "--daemon=no", "--guardian=no"}
)

// allPeers returns the peers, with the versions that are installed.
func allPeers(p *programs) ([]*peer, error) {
	versions, err := packageVersions("bind9", "dnsmasq-base", "knot", "nsd", "pdns-server", "python3-twisted", "unbound")
	if err != nil {
		return nil, err
	}
	coredns, err := corednsVersion(p.stock)
	if err != nil {
		return nil, err
	}
	ours := append([]string{p.coredns}, corednsArgs...)
	stock := append([]string{p.stock}, corednsArgs...)
	knot := &server{name: "Knot", config: "knot", argv: []string{"knotd", "-c", "{{.Dir}}/knot.conf"}}

	var all []*peer
	add := func(name, config, version string, argv []string, questions func(bits int) []question) *peer {
		one := &server{name: name, config: config, argv: argv, bits: 24, questions: questions(24)}
		large := *one
		large.bits, large.questions = 16, questions(16)
		all = append(all, &peer{one, version, &large})
		return all[len(all)-1]
	}
	withoutHosts := func(name, config, version string, argv []string, right func(question, *dns.Msg) error) {
		one := add(name, config, version, argv, network)
		one.right, one.large = right, nil
	}

	withoutHosts("Go, each packet sent back", "", goVersion(), []string{p.echo, "127.0.0.1:{{.Port}}"}, echoed)
	withoutHosts(shortest, "coredns-whoami", coredns, stock, introduced)
	add(computed, "workstation", coredns, ours, network)
	add(computed+", four octets", "workstation-octets", coredns, ours, network)
	add(computed+", racks in both families", "workstation-racks", coredns, ours, racks)
	add(computed+", three labels", "workstation-labels", coredns, ours, threeLabels)
	add(computed+", wildcard", "workstation-wildcard", coredns, ours, belowHosts)
	add(computed+", exceptions in *file*", "workstation-exceptions", coredns, ours, exceptions)
	add(computed+", a whole zone", "workstation", coredns, ours, wholeZone)
	add("CoreDNS, *hosts*", "coredns-hosts", coredns, stock, network)
	add("CoreDNS, *file*", "coredns-file", coredns, stock, network)
	add("CoreDNS, *template*", "coredns-template", coredns, stock, network)
	add("CoreDNS, *template*, a whole zone", "coredns-template-alone", coredns, stock, wholeZone)
	cached := add("CoreDNS, *cache* and *forward* to Knot", "coredns-forward", coredns, stock, network)
	cached.upstream, cached.large.upstream = upstream(knot, 24), upstream(knot, 16)
	add("Knot DNS, synthrecord", knot.config, versions["knot"], knot.argv, network)
	add("Knot DNS, synthrecord, exceptions in its zone", "knot-exceptions", versions["knot"], knot.argv, exceptions)
	add("dnsmasq, synth-domain", "dnsmasq", versions["dnsmasq-base"], []string{"dnsmasq", "-k", "-C", "{{.Dir}}/dnsmasq.conf"}, network)
	add("Unbound, local-data", "unbound", versions["unbound"], []string{"unbound", "-d", "-c", "{{.Dir}}/unbound.conf"}, network)
	add("NSD, a record each", "nsd", versions["nsd"], []string{"nsd", "-d", "-c", "{{.Dir}}/nsd.conf"}, network)
	add("BIND, $GENERATE", "bind", versions["bind9"], namedArgs, network)
	add("PowerDNS, a record each", "powerdns-bind", versions["pdns-server"], pdnsArgs, network)
	add("PowerDNS, lua2 backend", "powerdns-lua2", versions["pdns-server"], pdnsArgs, network)
	add("PowerDNS, LUA record", "powerdns-luarecords", versions["pdns-server"], pdnsArgs, network)
	add("PowerDNS, LUA record, octets as labels", "powerdns-luarecords", versions["pdns-server"], pdnsArgs, octetLabels)
	add("Twisted Names", "twisted", versions["python3-twisted"], []string{"/usr/bin/python3", "override_server.py"}, network)
	return all, nil
}

// These are the names of peers that goals compare with others.
const (
	computed = "CoreDNS with *workstation*"
	shortest = "CoreDNS, *whoami*"
)

// spread returns questions for hosts of 10.0.0.0/bits. If there are more than 4096, it returns that
// many, spread over the network. ask gets the number of a host.
func spread(bits int, ask func(i int) question) []question {
	size := 1 << (32 - bits)
	questions := make([]question, min(size, 4096))
	for i := range questions {
		// The factor is odd, so each address comes once, in a scattered order.
		questions[i] = ask(i * 40_503 % size)
	}
	return questions
}

// network returns questions for the addresses of ip-10-0-0-0 and so on.
func network(bits int) []question {
	return spread(bits, func(i int) question { return addressOf(hostAt(i).Label+".lab.example.org.", hostAt(i).Addr) })
}

// racks returns questions for both addresses of rack0-node0 and so on.
func racks(bits int) []question {
	return spread(bits, func(i int) question {
		addr := hostAt(i).Addr
		if i%2 == 1 {
			addr = netip.AddrFrom16([16]byte{0x20, 0x01, 0x0d, 0xb8, 14: byte(i >> 8), 15: byte(i)})
		}
		return addressOf(fmt.Sprintf("rack%d-node%d.lab.example.org.", i>>8, i&0xff), addr)
	})
}

// threeLabels returns questions for 0.rack0.dyn and so on.
func threeLabels(bits int) []question {
	return spread(bits, func(i int) question {
		return addressOf(fmt.Sprintf("%d.rack%d.dyn.lab.example.org.", i&0xff, i>>8), hostAt(i).Addr)
	})
}

// belowHosts returns questions for names below ip-10-0-0-0 and so on.
func belowHosts(bits int) []question {
	return spread(bits, func(i int) question {
		return addressOf("app."+hostAt(i).Label+".lab.example.org.", hostAt(i).Addr)
	})
}

// octetLabels returns questions for 10.0.0.0.lab.example.org and so on.
func octetLabels(bits int) []question {
	return spread(bits, func(i int) question { return addressOf(hostAt(i).Addr.String()+".lab.example.org.", hostAt(i).Addr) })
}

// exceptions returns the questions of network, where a fourth of the hosts has another address.
func exceptions(bits int) []question {
	return spread(bits, func(i int) question {
		addr := hostAt(i).Addr
		if isException(i) {
			addr = exceptionAt(i)
		}
		return addressOf(hostAt(i).Label+".lab.example.org.", addr)
	})
}

// wholeZone returns questions of which half are for addresses. A fourth are for another type of a
// host, and a fourth for names that do not exist.
func wholeZone(bits int) []question {
	return spread(bits, func(i int) question {
		name := hostAt(i).Label + ".lab.example.org."
		switch i % 4 {
		case 2:
			return question{name: name, qtype: dns.TypeAAAA}
		case 3:
			return question{name: "www-" + name, qtype: dns.TypeA, rcode: dns.RcodeNameError}
		default:
			return addressOf(name, hostAt(i).Addr)
		}
	})
}

// upstream returns s as the upstream of another server.
func upstream(s *server, bits int) *server {
	u := *s
	u.bits, u.questions = bits, network(bits)[:1]
	return &u
}

// echoed returns an error unless r is the query.
func echoed(q question, r *dns.Msg) error {
	if r.Question[0].Name != q.name || len(r.Answer)+len(r.Ns)+len(r.Extra) != 0 {
		return errors.New("the response is not the query")
	}
	return nil
}

// introduced returns an error unless r is a response of whoami.
func introduced(_ question, r *dns.Msg) error {
	if r.Rcode != dns.RcodeSuccess || len(r.Extra) != 2 {
		return fmt.Errorf("the response is not from whoami: %v", r)
	}
	return nil
}

// packageVersions returns the versions of installed Debian packages, without Debian's suffixes.
func packageVersions(names ...string) (map[string]string, error) {
	versions := make(map[string]string)
	for _, name := range names {
		output, err := exec.Command("dpkg-query", "--show", "--showformat=${Version}", name).Output()
		if err != nil {
			return nil, fmt.Errorf("package %s is not installed: %w", name, err)
		}
		version := string(output)
		if _, rest, epoch := strings.Cut(version, ":"); epoch {
			version = rest
		}
		version, _, _ = strings.Cut(version, "-")
		version, _, _ = strings.Cut(version, "+")
		versions[name] = version
	}
	return versions, nil
}

// corednsVersion returns the version that a CoreDNS program prints.
func corednsVersion(program string) (string, error) {
	output, err := exec.Command(program, "-version").Output()
	if err != nil {
		return "", err
	}
	first, _, _ := strings.Cut(string(output), "\n")
	return strings.TrimPrefix(first, "CoreDNS-"), nil
}
