package main

import (
	"errors"
	"fmt"
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
	add := func(name, config, version string, argv []string) *peer {
		one := &server{name: name, config: config, argv: argv, bits: 24, questions: network(24)}
		large := *one
		large.bits, large.questions = 16, network(16)
		all = append(all, &peer{one, version, &large})
		return all[len(all)-1]
	}
	withoutHosts := func(name, config, version string, argv []string, right func(question, *dns.Msg) error) {
		one := add(name, config, version, argv)
		one.right, one.large = right, nil
	}

	withoutHosts("Go, each packet sent back", "", goVersion(), []string{p.echo, "127.0.0.1:{{.Port}}"}, echoed)
	withoutHosts("CoreDNS, *whoami*", "coredns-whoami", coredns, stock, introduced)
	add("CoreDNS with *workstation*", "workstation", coredns, ours)
	add("CoreDNS, *hosts*", "coredns-hosts", coredns, stock)
	add("CoreDNS, *file*", "coredns-file", coredns, stock)
	add("CoreDNS, *template*", "coredns-template", coredns, stock)
	cached := add("CoreDNS, *cache* and *forward* to Knot", "coredns-forward", coredns, stock)
	cached.upstream, cached.large.upstream = upstream(knot, 24), upstream(knot, 16)
	add("Knot DNS, synthrecord", knot.config, versions["knot"], knot.argv)
	add("dnsmasq, synth-domain", "dnsmasq", versions["dnsmasq-base"], []string{"dnsmasq", "-k", "-C", "{{.Dir}}/dnsmasq.conf"})
	add("Unbound, local-data", "unbound", versions["unbound"], []string{"unbound", "-d", "-c", "{{.Dir}}/unbound.conf"})
	add("NSD, a record each", "nsd", versions["nsd"], []string{"nsd", "-d", "-c", "{{.Dir}}/nsd.conf"})
	add("BIND, $GENERATE", "bind", versions["bind9"], namedArgs)
	add("PowerDNS, a record each", "powerdns-bind", versions["pdns-server"], pdnsArgs)
	add("PowerDNS, lua2 backend", "powerdns-lua2", versions["pdns-server"], pdnsArgs)
	add("PowerDNS, LUA record", "powerdns-luarecords", versions["pdns-server"], pdnsArgs)
	add("Twisted Names", "twisted", versions["python3-twisted"], []string{"/usr/bin/python3", "override_server.py"})
	return all, nil
}

// network returns questions for the addresses of 10.0.0.0/bits. If there are more than 4096, it
// returns that many, spread over the network.
func network(bits int) []question {
	size := 1 << (32 - bits)
	questions := make([]question, min(size, 4096))
	for i := range questions {
		// The factor is odd, so each address comes once, in a scattered order.
		h := hostAt(i * 40_503 % size)
		questions[i] = question{h.Label + ".lab.example.org.", h.Addr}
	}
	return questions
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
