package main

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"log"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/miekg/dns"
	"golang.org/x/perf/benchfmt"
)

// goal is a value that is to be at most a limit.
type goal struct {
	what  string
	unit  string // empty for a ratio
	value float64
	limit float64 // 0 if there is none
}

// variants are servers with the plugin, or without it, that are compared with each other.
type variants struct {
	miss, without      *server // a query that whoami answers, with and without the plugin before it
	nearMiss           *server // the same, for a name that looks like the pool's
	empty              *server // the same, with a plugin that only passes the query on
	small, large       *server // a pool of a /24 and of a /8
	one, tenThousands  *server // stanzas; all queries are for names of the first one
	oneRarely          *server // the same stanza, but garbage is collected rarely
	tenThousandsRarely *server // the same 10,000 stanzas, but garbage is collected rarely
	tenThousandsAsked  *server // stanzas; the queries are for names of all
	file, storedFirst  *server // the same records from file, without and with the plugin before it
	alone, nodata      *server // a pool that no plugin follows: queries for its records, and for types without one
	longNames          *server // patterns of several labels and wildcards: queries for other names, of 127 labels
	longNamesWithout   *server // the same without the plugin
	fileShort          *server // file without the plugin: queries for names of two labels that do not exist
	fileLong           *server // the same for names of 125 labels
}

func newVariants(p *programs) *variants {
	argv := append([]string{p.coredns}, corednsArgs...)
	base := server{config: "workstation", argv: argv, bits: 24, questions: network(24)}
	with := func(name string, change func(*server)) *server {
		s := base
		s.name = name
		change(&s)
		return &s
	}
	whoami := func(stanza string) func(*server) {
		return func(s *server) {
			s.right = introduced
			s.files = map[string]string{"Corefile": corefile("lab.example.org", "    "+stanza+"\n    whoami\n")}
		}
	}
	return &variants{
		miss:     with("a miss", whoami("workstation {\n        network 192.0.2.0/24\n    }")),
		nearMiss: with("a near miss", whoami("workstation {\n        name ip-{ip}\n        network 172.16.0.0/16\n    }")),
		empty:    with("with any", whoami("any")),
		without:  with("without the plugin", whoami("")),
		small:    with("a /24", func(*server) {}),
		large: with("a /8", func(s *server) {
			s.bits, s.questions = 8, network(8)
		}),
		one:          with("one stanza", func(s *server) { stanzas(s, 1) }),
		tenThousands: with("10,000 stanzas, one asked for", firstOfTenThousand),
		oneRarely: with("one stanza, GOGC=1000", func(s *server) {
			stanzas(s, 1)
			s.env = []string{"GOGC=1000"}
		}),
		tenThousandsRarely: with("10,000 stanzas, one asked for, GOGC=1000", func(s *server) {
			firstOfTenThousand(s)
			s.env = []string{"GOGC=1000"}
		}),
		tenThousandsAsked: with("10,000 stanzas", func(s *server) { stanzas(s, 10_000) }),
		file:              with("from file", func(s *server) { s.config = "coredns-file" }),
		storedFirst: with("from file, with stored_first", func(s *server) {
			s.config = "coredns-file"
			s.files = map[string]string{"Corefile": corefile("lab.example.org", "    workstation {\n        name ip-{ip}\n        network 10.0.0.0/24\n        stored_first\n    }\n    file zone.generate\n")}
		}),
		alone: with("alone", func(s *server) {
			s.files = map[string]string{"Corefile": aloneCorefile}
			s.questions = nil
			for i := range 256 {
				s.questions = append(s.questions, addressOf(fmt.Sprintf("one%d.lab.example.org.", i), hostAt(i).Addr))
			}
		}),
		nodata: with("alone, NODATA", func(s *server) {
			s.files = map[string]string{"Corefile": aloneCorefile}
			s.questions = nil
			for i := range 256 {
				s.questions = append(s.questions, question{name: fmt.Sprintf("six%d.lab.example.org.", i), qtype: dns.TypeA})
			}
		}),
		longNames:        with("names of 127 labels", longNames(wildcardStanza)),
		longNamesWithout: with("names of 127 labels, without the plugin", longNames("")),
		fileShort:        with("file, names of two labels", denials("host")),
		fileLong:         with("file, names of 125 labels", denials(strings.Repeat("1.", 123))),
	}
}

func (v *variants) all() []*server {
	return []*server{v.miss, v.nearMiss, v.empty, v.without, v.small, v.large, v.one, v.tenThousands, v.oneRarely, v.tenThousandsRarely,
		v.tenThousandsAsked, v.file, v.storedFirst, v.alone, v.nodata, v.longNames, v.longNamesWithout, v.fileShort, v.fileLong}
}

// wildcardStanza has names of several labels, and all names below them.
const wildcardStanza = `workstation {
        name {d}.{c}.{b}.{a} *.{d}.{c}.{b}.{a}
        network 172.16.0.0/12
    }`

// longNames gives a server a stanza, or none, and questions for names that look like the stanza's but
// do not exist. They have 127 labels, the most that a name can have, with one character each.
// erratic answers them, because whoami would write still longer names.
func longNames(stanza string) func(*server) {
	return func(s *server) {
		s.files = map[string]string{"Corefile": corefile("z", "    "+stanza+"\n    erratic {\n        drop 0\n        delay 0\n        truncate 0\n    }\n")}
		s.right = func(_ question, r *dns.Msg) error {
			if r.Rcode != dns.RcodeSuccess || len(r.Answer) != 1 || r.Answer[0].Header().Ttl != 0 {
				return fmt.Errorf("the response is not from erratic: %v", r)
			}
			return nil
		}
		s.questions = nil
		for i := range 256 {
			name := fmt.Sprintf("%d.%d.%d.", i/100, i/10%10, i%10) + strings.Repeat("1.", 123) + "z."
			s.questions = append(s.questions, question{name: name, qtype: dns.TypeA})
		}
	}
}

// denials gives a server an empty zone z from file, and questions for names in it.
func denials(prefix string) func(*server) {
	return func(s *server) {
		s.files = map[string]string{
			"Corefile": corefile("z", "    file zone\n"),
			"zone":     "@ 3600 SOA ns.example.org. hostmaster.example.org. 1 7200 1800 86400 300\n@ 3600 NS ns.example.org.\n",
		}
		s.questions = nil
		for i := range 256 {
			name := fmt.Sprintf("%s%d.z.", prefix, i)
			s.questions = append(s.questions, question{name: name, qtype: dns.TypeA, rcode: dns.RcodeNameError})
		}
	}
}

// aloneCorefile has names of each address family, and no plugin follows.
const aloneCorefile = `lab.example.org:{{.Port}} {
    bind 127.0.0.1
    workstation {
        name one{n}
        network 10.0.0.0/24
    }
    workstation {
        name six{n}
        network 2001:db8::/120
    }
}
`

// corefile returns a Corefile of one server block.
func corefile(zone, stanzas string) string {
	return zone + ":{{.Port}} {\n    bind 127.0.0.1\n" + stanzas + "}\n"
}

// stanzas gives a server n stanzas of a /24 each, and questions for names of all of them.
func stanzas(s *server, n int) {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "    workstation {\n        name rack%d-{n}\n        network %v/24\n    }\n", i, hostAt(i<<8).Addr)
	}
	s.files = map[string]string{"Corefile": corefile("lab.example.org", b.String())}
	s.questions = nil
	for i := range max(n, 256) {
		stanza, number := i%n, i*37%256
		s.questions = append(s.questions, addressOf(fmt.Sprintf("rack%d-%d.lab.example.org.", stanza, number), hostAt(stanza<<8+number).Addr))
	}
}

// firstOfTenThousand gives a server 10,000 stanzas, and questions for names of the first one.
func firstOfTenThousand(s *server) {
	stanzas(s, 1)
	asked := s.questions
	stanzas(s, 10_000)
	s.questions = asked
}

// transferCorefile has a zone for transfers. A transfer has three records more than the pool:
// SOA, NS, and SOA again at the end.
const transferCorefile = `lab.example.org:{{.Port}} {
    bind 127.0.0.1
    transfer {
        to *
    }
    workstation {
        name ip-{ip}
        network 10.0.0.0/{{.Bits}}
    }
    file zone.empty
}
`

// transferServers returns CoreDNS with the plugin, and BIND, each with a zone of 10.0.0.0/16.
func transferServers(p *programs) (ours, bind *server) {
	ours = &server{name: "transfer", config: "workstation", argv: append([]string{p.coredns}, corednsArgs...), bits: 16,
		files: map[string]string{"Corefile": transferCorefile}, questions: network(16)[:1]}
	bind = &server{name: "transfer by BIND", config: "bind", argv: namedArgs, bits: 16, questions: network(16)[:1]}
	return ours, bind
}

// measureTransfer measures how many records a second the server transfers.
func (s *server) measureTransfer() (c cost, err error) {
	p, err := s.run()
	if err != nil {
		return c, err
	}
	defer p.stop()
	begun := time.Now()
	if err := p.transfer(); err != nil {
		return c, fmt.Errorf("%s: %w", s.name, err)
	}
	c.rate = float64(p.records()) / time.Since(begun).Seconds()
	return c, nil
}

// records returns the number of records in a transfer of the server's zone.
func (p *process) records() int { return 1<<(32-p.bits) + 3 }

// transfer transfers the server's zone. It counts the records of each message but does not
// parse them, because parsing takes a client longer than writing takes the servers.
func (p *process) transfer() error {
	conn, err := net.Dial("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(p.port)))
	if err != nil {
		return err
	}
	defer conn.Close()
	query := new(dns.Msg)
	query.SetAxfr("lab.example.org.")
	if err := (&dns.Conn{Conn: conn}).WriteMsg(query); err != nil {
		return err
	}
	message := make([]byte, dns.MaxMsgSize)
	for records := 0; records < p.records(); {
		if err := conn.SetReadDeadline(time.Now().Add(time.Minute)); err != nil {
			return err
		}
		if _, err := io.ReadFull(conn, message[:2]); err != nil {
			return fmt.Errorf("after %d records of %d: %w", records, p.records(), err)
		}
		message = message[:binary.BigEndian.Uint16(message)]
		if _, err := io.ReadFull(conn, message); err != nil {
			return err
		}
		records += int(binary.BigEndian.Uint16(message[6:])) // the header's ANCOUNT
		if records >= p.records() {
			m := new(dns.Msg)
			if err := m.Unpack(message); err != nil {
				return err
			}
			if _, ok := m.Answer[len(m.Answer)-1].(*dns.SOA); !ok || records > p.records() {
				return fmt.Errorf("%d records instead of %d, the last one %v", records, p.records(), m.Answer[len(m.Answer)-1])
			}
		}
		message = message[:cap(message)]
	}
	return nil
}

// transferGrowth returns by how many MiB the server's memory grows, at most, during a
// transfer of a /8. The server has answered queries for a while before.
func transferGrowth(ours *server, l load) (float64, error) {
	s := *ours
	s.name, s.bits, s.questions = "transfer of a /8", 8, network(8)
	p, err := s.run()
	if err != nil {
		return 0, err
	}
	defer p.stop()
	if err := p.drive(l, new(cost)); err != nil {
		return 0, err
	}
	before, err := p.memory()
	if err != nil {
		return 0, err
	}
	most, done := before, make(chan error)
	go func() { done <- p.transfer() }()
	for {
		select {
		case err := <-done:
			return float64(most-before) / (1 << 20), err
		case <-time.After(100 * time.Millisecond):
			now, err := p.memory()
			if err != nil {
				return 0, err
			}
			most = max(most, now)
		}
	}
}

// goBenchmarks runs all of the plugin's Go benchmarks once in each round. It returns their times
// in nanoseconds, by name and round.
func goBenchmarks(rounds int, p *programs) (map[string][]float64, error) {
	program := filepath.Join(p.dir, "plugin.test")
	build := exec.Command("go", "test", "-c", "-o", program, ".")
	build.Dir, build.Stderr = "..", os.Stderr
	if err := build.Run(); err != nil {
		return nil, fmt.Errorf("go test -c: %w", err)
	}
	times, allocations := make(map[string][]float64), make(map[string]float64)
	for range rounds {
		cmd := exec.Command("taskset", "-c", serverCore, program, "-test.run=^$", "-test.bench=^BenchmarkServeDNS$")
		cmd.Dir, cmd.Stderr = "..", os.Stderr
		output, err := cmd.Output()
		if err != nil {
			return nil, fmt.Errorf("go test -bench: %w\n%s", err, output)
		}
		for r := benchfmt.NewReader(bytes.NewReader(output), "go test"); r.Scan(); {
			if result, ok := r.Result().(*benchfmt.Result); ok {
				name := strings.TrimPrefix(string(result.Name.Full()), "ServeDNS/")
				seconds, _ := result.Value("sec/op")
				times[name] = append(times[name], seconds*1e9)
				allocations[name], _ = result.Value("allocs/op")
			}
		}
	}
	if allocations["hit"] != 1 || allocations["miss"] != allocations["next"]+1 {
		return nil, fmt.Errorf("go test -bench: a hit must allocate once, and a miss once more than the next plugin: %v", allocations)
	}
	for name, values := range times {
		log.Printf("benchmark %s: %.0f ns", name, median(slices.Clone(values)))
	}
	return times, nil
}

// peerGoals returns the goals that compare the plugin with the peers. How CoreDNS compares with a
// program in C, or with a bare loop, depends on the processor. So these two limits are relative to
// whoami's ratio, because whoami is the shortest chain.
func peerGoals(peers []*peer, all map[*server]costs) []goal {
	of := func(name string) costs {
		return all[peers[slices.IndexFunc(peers, func(p *peer) bool { return p.name == name })].server]
	}
	ours, whoami := of(computed), of(shortest)
	ratio := func(what, name string, limit float64) goal {
		return goal{"a query / " + what, "", ours.over(of(name), cpu), limit}
	}
	besideWhoami := func(what, name string) goal {
		g := ratio(what, name, 0.78*whoami.over(of(name), cpu))
		g.what += fmt.Sprintf("; at most 0.78 of *whoami*'s ratio, which is %.2f", whoami.over(of(name), cpu))
		return g
	}
	return []goal{
		ratio("the same by *template*", "CoreDNS, *template*", 0.42),
		{"a whole zone / the same by *template*", "", of(computed+", a whole zone").over(of("CoreDNS, *template*, a whole zone"), cpu), 0.42},
		ratio("*whoami*, the shortest chain", shortest, 0.76),
		ratio("*cache* and *forward* to Knot DNS", "CoreDNS, *cache* and *forward* to Knot", 0.72),
		besideWhoami("Knot DNS's synthrecord", "Knot DNS, synthrecord"),
		besideWhoami("a bare Go loop that sends each packet back", "Go, each packet sent back"),
		{"memory, above that of *whoami*", " MiB", ours.median(memory) - whoami.median(memory), 8},
	}
}

// measureOwn compares variants of the plugin's server with each other, and transfers with BIND's.
func measureOwn(s settings, p *programs) error {
	v := newVariants(p)
	l := load{seconds: s.seconds, clients: 10, cores: loadCore}
	vc, err := interleave(s.rounds, v.all(), func(s *server) (cost, error) { return s.measure(l) })
	if err != nil {
		return err
	}
	transfer, bind := transferServers(p)
	tc, err := interleave(s.rounds, []*server{transfer, bind}, (*server).measureTransfer)
	if err != nil {
		return err
	}
	var growths []float64
	for range s.rounds {
		growth, err := transferGrowth(transfer, l)
		if err != nil {
			return err
		}
		log.Printf("transfer of a /8: %.1f MiB", growth)
		growths = append(growths, growth)
	}
	ns, err := goBenchmarks(s.rounds, p)
	if err != nil {
		return err
	}
	return s.writeGoals("own", []goal{
		{"a miss that *whoami* answers / *whoami* without the plugin", "", vc[v.miss].over(vc[v.without], cpu), 1.03},
		{"the same with a name that looks like the pool's", "", vc[v.nearMiss].over(vc[v.without], cpu), 1.05},
		{"the same with *any* instead of the plugin, which only passes the query on", "", vc[v.empty].over(vc[v.without], cpu), 1.03},
		{"a pool of a /8 / of a /24: a query", "", vc[v.large].over(vc[v.small], cpu), 1.05},
		{"a pool of a /8 / of a /24: memory", "", vc[v.large].over(vc[v.small], memory), 1.05},
		{"a pool of a /8 / of a /24: start", "", vc[v.large].over(vc[v.small], start), 1.05},
		{"10,000 stanzas / one: the same query", "", vc[v.tenThousands].over(vc[v.one], cpu), 1.05},
		{"the same with `GOGC=1000` in both", "", vc[v.tenThousandsRarely].over(vc[v.oneRarely], cpu), 0},
		{"10,000 stanzas / one: queries for names of all stanzas", "", vc[v.tenThousandsAsked].over(vc[v.one], cpu), 1.12},
		{"`stored_first` above *file*, which has the record / *file* alone", "", vc[v.storedFirst].over(vc[v.file], cpu), 1.15},
		{"no plugin follows: NODATA / a record", "", vc[v.nodata].over(vc[v.alone], cpu), 1.10},
		{"a name of 127 labels below wildcards of four labels, a miss / without the plugin", "", vc[v.longNames].over(vc[v.longNamesWithout], cpu), 1.50},
		{"*file* alone: a name of 125 labels that does not exist / of two", "", vc[v.fileLong].over(vc[v.fileShort], cpu), 0},
		{"transfer of a /16: records a second, BIND's / ours", "", tc[bind].over(tc[transfer], rate), 0.33},
		{"growth while a /8 is transferred", " MiB", median(growths), 10},
		{"the plugin alone: a hit / building and writing the same reply", "", medianRatio(ns["hit"], ns["reply"]), 1.9},
		{"the plugin alone: a miss / `plugin.NextOrFailure` alone", "", medianRatio(ns["miss"], ns["next"]), 2.5},
		{"the plugin alone: a hit of four octets / of `{ip}`", "", medianRatio(ns["octets4"], ns["dashed4"]), 1.1},
		{"the plugin alone: a miss of 127 labels / of six, below wildcards of four labels", "", medianRatio(ns["wildcards/miss127"], ns["wildcards/miss"]), 1.5},
		{"the plugin alone: a hit of 125 labels, below a wildcard / of six", "", medianRatio(ns["wildcards/hit125"], ns["wildcards/hit"]), 0},
	})
}
