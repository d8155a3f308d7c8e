package main

import (
	"fmt"
	"runtime"
	"strings"
)

// series is what a server costs as one thing grows.
type series struct {
	name   string
	points []point
}

// point is one measurement of a series.
type point struct {
	x      int // how much there is of what grows
	server *server
	load   load
	costs  costs
}

// growthOf returns the series to be measured.
func growthOf(s settings, p *programs) []series {
	argv := append([]string{p.coredns}, corednsArgs...)
	of := func(name string, set func(*point), xs ...int) series {
		one := series{name: name}
		for _, x := range xs {
			pt := point{x: x, load: load{seconds: s.seconds, clients: 10, cores: loadCore}, server: &server{
				name: fmt.Sprintf("%s: %d", name, x), config: "workstation", argv: argv, bits: 24, questions: network(24)}}
			set(&pt)
			one.points = append(one.points, pt)
		}
		return one
	}
	return []series{
		of("stanzas", func(p *point) { stanzas(p.server, p.x) }, 1, 10, 100, 1_000, 10_000),
		of("zones", func(p *point) { zones(p.server, p.x) }, 1, 10, 100, 1_000, 10_000),
		of("labels in a name", func(p *point) { labels(p.server, p.x) }, 3, 10, 30, 100),
		of("addresses, as a power of two", func(p *point) {
			p.server.bits, p.server.questions = 32-p.x, network(32-p.x)
		}, 4, 8, 16, 24),
		of("clients", func(p *point) { p.load.clients = p.x }, 1, 10, 100, 1_000),
		of("queries a second", func(p *point) { p.load.rate = p.x }, 1_000, 3_000, 10_000, 30_000),
		of("cores, shared with the load", func(p *point) {
			p.server.cores = fmt.Sprintf("0-%d", p.x-1)
			p.load.cores = fmt.Sprintf("0-%d", runtime.NumCPU()-1)
			p.load.threads = p.x
		}, powers(runtime.NumCPU())...),
	}
}

// powers returns the powers of two up to n.
func powers(n int) (all []int) {
	for i := 1; i <= n; i *= 2 {
		all = append(all, i)
	}
	return all
}

// zones gives a server a stanza that lists n zones, and questions for names in all of them.
func zones(s *server, n int) {
	var b strings.Builder
	s.questions = nil
	for i := range n {
		fmt.Fprintf(&b, " z%d.example.org", i)
	}
	s.files = map[string]string{"Corefile": corefile(".", "    workstation"+b.String()+" {\n        name ip-{ip}\n        network 10.0.0.0/24\n        no_reverse\n    }\n")}
	for i := range max(n, 256) {
		h := hostAt(i * 37 % 256)
		s.questions = append(s.questions, addressOf(fmt.Sprintf("%s.z%d.example.org.", h.Label, i%n), h.Addr))
	}
}

// labels gives a server a zone in which computed names have n labels.
func labels(s *server, n int) {
	zone := strings.Repeat("a.", n-3) + "example.org"
	s.files = map[string]string{"Corefile": corefile(zone, "    workstation {\n        name ip-{ip}\n        network 10.0.0.0/24\n    }\n")}
	s.questions = nil
	for _, q := range network(24) {
		label, _, _ := strings.Cut(q.name, ".")
		s.questions = append(s.questions, addressOf(label+"."+zone+".", q.addr))
	}
}

// measureGrowth measures what a server costs as stanzas, zones, clients and so on grow.
func measureGrowth(s settings, p *programs) error {
	all := growthOf(s, p)
	var servers []*server
	points := make(map[*server]*point)
	for i := range all {
		for j := range all[i].points {
			pt := &all[i].points[j]
			points[pt.server] = pt
			servers = append(servers, pt.server)
		}
	}
	costs, err := interleave(s.rounds, servers, func(s *server) (cost, error) { return s.measure(points[s].load) })
	if err != nil {
		return err
	}
	for server, pt := range points {
		pt.costs = costs[server]
	}
	return writeGrowth(s, all)
}
