package test

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/miekg/dns"
)

// The tests of this file check what operators fear, under load: that a reload drops queries, that a
// Corefile with a mistake stops the service, and that computed names fail together with a dead
// upstream or during a flood. docs/trust.md has the results at full length.

// underLoad is the Corefile of these tests. It has pools above an upstream, a pool above a zone file,
// one that asks what is stored first, and one that is a zone of its own. The TTL shows which version
// of the Corefile gave an answer.
const underLoad = `.:{$PORT} {
    bind 127.0.0.1
    errors {
        consolidate 30s ".*" error show_first
    }
    prometheus 127.0.0.1:METRICS
    workstation lab.example.org {
        network 192.0.2.0/24 2001:db8::/64
        ttl TTL
    }
    workstation racks.example.org {
        name rack{c}-node{d} *.rack{c}-node{d}
        network 10.1.0.0/16 2001:db8:1::/112
        ttl TTL
    }
    forward . 127.0.0.1:UPSTREAM {
        max_concurrent 1000
    }
    reload 2s 1s
}
desks.example.org:{$PORT} 100.51.198.in-addr.arpa:{$PORT} {
    bind 127.0.0.1
    errors
    prometheus 127.0.0.1:METRICS
    workstation desks.example.org {
        network 198.51.100.0/24
        ttl TTL
    }
    file db.empty
}
isp.example.org:{$PORT} 113.0.203.in-addr.arpa:{$PORT} {
    bind 127.0.0.1
    errors
    prometheus 127.0.0.1:METRICS
    workstation isp.example.org {
        name {d}-{c}-{b}-{a}.dyn
        network 203.0.113.0/24
        ttl TTL
        stored_first
    }
    file db.isp isp.example.org
    file db.empty 113.0.203.in-addr.arpa
}
alone.example.org:{$PORT} 10.2.0.0/16:{$PORT} {
    bind 127.0.0.1
    errors
    prometheus 127.0.0.1:METRICS
    workstation alone.example.org {
        name {d}.r{c}.dyn *.{d}.r{c}.dyn
        network 10.2.0.0/16
        ttl TTL
    }
}
`

// storedISP is the zone file of isp.example.org.
const storedISP = `@ 300 SOA ns.example.org. hostmaster.example.org. 1 7200 1800 86400 300
@ 300 NS ns.example.org.
7-113-0-203.dyn 300 A 192.0.2.207
8-113-0-203.dyn 300 CNAME 9-113-0-203.dyn
`

// pools are questions that need no upstream.
const pools = `
workstation1.lab.example.org          => NOERROR aa, workstation1.lab.example.org. TTL A 192.0.2.1
workstation255.lab.example.org AAAA   => NOERROR aa, workstation255.lab.example.org. TTL AAAA 2001:db8::ff
+dnssec workstation17.lab.example.org => NOERROR aa, workstation17.lab.example.org. TTL A 192.0.2.17
-x 192.0.2.7                          => NOERROR aa, 7.2.0.192.in-addr.arpa. TTL PTR workstation7.lab.example.org.
-x 2001:db8::ab                       => NOERROR aa,
    b.a.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa. TTL PTR workstation171.lab.example.org.
workstation3.desks.example.org        => NOERROR aa, workstation3.desks.example.org. TTL A 198.51.100.3
workstation3.desks.example.org AAAA   => NOERROR aa, authority: desks.example.org. SOA
workstation300.desks.example.org      => NXDOMAIN aa, authority: desks.example.org. SOA
-x 198.51.100.255                     => NOERROR aa,
    255.100.51.198.in-addr.arpa. TTL PTR workstation255.desks.example.org.
rack7-node12.racks.example.org        => NOERROR aa, rack7-node12.racks.example.org. TTL A 10.1.7.12
rack7-node12.racks.example.org AAAA   => NOERROR aa, rack7-node12.racks.example.org. TTL AAAA 2001:db8:1::70c
app.rack7-node12.racks.example.org    => NOERROR aa, app.rack7-node12.racks.example.org. TTL A 10.1.7.12
-x 10.1.7.12                          => NOERROR aa, 12.7.1.10.in-addr.arpa. TTL PTR rack7-node12.racks.example.org.
5-113-0-203.dyn.isp.example.org       => NOERROR aa, 5-113-0-203.dyn.isp.example.org. TTL A 203.0.113.5
7-113-0-203.dyn.isp.example.org       => NOERROR aa,
    7-113-0-203.dyn.isp.example.org. 300 A 192.0.2.207, authority: isp.example.org. NS
8-113-0-203.dyn.isp.example.org       => NOERROR aa,
    8-113-0-203.dyn.isp.example.org. 300 CNAME 9-113-0-203.dyn.isp.example.org.,
    9-113-0-203.dyn.isp.example.org. TTL A 203.0.113.9, authority: isp.example.org. NS
5-113-0-203.dyn.isp.example.org TXT   => NOERROR aa, authority: isp.example.org. SOA
-x 203.0.113.5                        => NOERROR aa,
    5.113.0.203.in-addr.arpa. TTL PTR 5-113-0-203.dyn.isp.example.org.
12.r7.dyn.alone.example.org           => NOERROR aa, 12.r7.dyn.alone.example.org. TTL A 10.2.7.12
a.b.12.r7.dyn.alone.example.org       => NOERROR aa, a.b.12.r7.dyn.alone.example.org. TTL A 10.2.7.12
12.r7.dyn.alone.example.org AAAA      => NOERROR aa, authority: alone.example.org. SOA
r7.dyn.alone.example.org              => NOERROR aa, authority: alone.example.org. SOA
r256.dyn.alone.example.org            => NXDOMAIN aa, authority: alone.example.org. SOA
-x 10.2.7.12                          => NOERROR aa, 12.7.2.10.in-addr.arpa. TTL PTR 12.r7.dyn.alone.example.org.
`

// forwarded are questions that the upstream answers.
const forwarded = `
www.example.com                    => NOERROR, www.example.com. 60 A 203.0.113.80
workstation1.lab.example.org TXT   => NOERROR, authority: example.com. SOA
nobody.example.com MX              => NXDOMAIN, authority: example.com. SOA
`

// A faultyUpstream is the upstream of these tests. It has addresses for names that begin with www, and
// denies all others, unless it has a fault.
type faultyUpstream struct {
	t       *testing.T
	port    string
	servers []*dns.Server
	fault   atomic.Pointer[fault]
	asked   atomic.Int64
}

// A fault is called in place of sending the nth reply of an upstream.
type fault func(n int64, w dns.ResponseWriter, reply *dns.Msg)

// startUpstream starts an upstream without a fault.
func startUpstream(t *testing.T) *faultyUpstream {
	t.Helper()
	u := &faultyUpstream{t: t, port: testPort(t)}
	u.open()
	t.Cleanup(u.close)
	return u
}

// open starts the listeners of the upstream.
func (u *faultyUpstream) open() {
	for _, network := range []string{"udp", "tcp"} {
		started, ended := make(chan struct{}), make(chan struct{})
		s := &dns.Server{
			Addr: "127.0.0.1:" + u.port, Net: network, Handler: u,
			NotifyStartedFunc: func() { close(started) },
		}
		go func() {
			defer close(ended)
			if err := s.ListenAndServe(); err != nil {
				u.t.Errorf("upstream: %v", err)
			}
		}()
		select {
		case <-started:
			u.servers = append(u.servers, s)
		case <-ended:
		}
	}
}

// close stops the listeners, so that connections to the port are refused.
func (u *faultyUpstream) close() {
	for _, s := range u.servers {
		s.Shutdown()
	}
	u.servers = nil
}

// ServeDNS implements dns.Handler.
func (u *faultyUpstream) ServeDNS(w dns.ResponseWriter, r *dns.Msg) {
	n := u.asked.Add(1)
	reply := new(dns.Msg).SetReply(r)
	if q := r.Question[0]; strings.HasPrefix(q.Name, "www") && q.Qtype == dns.TypeA {
		reply.Answer = []dns.RR{&dns.A{
			Hdr: dns.RR_Header{Name: q.Name, Rrtype: dns.TypeA, Class: dns.ClassINET, Ttl: 60},
			A:   net.IPv4(203, 0, 113, 80),
		}}
	} else {
		reply.Rcode = dns.RcodeNameError
		reply.Ns = []dns.RR{&dns.SOA{
			Hdr: dns.RR_Header{Name: "example.com.", Rrtype: dns.TypeSOA, Class: dns.ClassINET, Ttl: 60},
			Ns:  "ns.example.com.", Mbox: "hostmaster.example.com.",
			Serial: 1, Refresh: 7200, Retry: 1800, Expire: 86400, Minttl: 60,
		}}
	}
	if f := u.fault.Load(); f != nil {
		(*f)(n, w, reply)
		return
	}
	w.WriteMsg(reply)
}

// A loaded server runs with underLoad and a faultyUpstream.
type loaded struct {
	*server
	port, path, metrics string
	corefile            string
	upstream            *faultyUpstream
}

// startLoaded starts a loaded server and its upstream.
func startLoaded(t *testing.T) *loaded {
	t.Helper()
	dir := t.TempDir()
	writeEmptyZone(t, dir)
	write(t, dir, "db.isp", storedISP)
	l := &loaded{metrics: testPort(t), upstream: startUpstream(t)}
	l.corefile = strings.NewReplacer("METRICS", l.metrics, "UPSTREAM", l.upstream.port).Replace(underLoad)
	l.port, l.path, l.server = serveCorefile(t, dir, l.with("3600"))
	return l
}

// with returns the Corefile with a TTL.
func (l *loaded) with(ttl string) string { return strings.ReplaceAll(l.corefile, "TTL", ttl) }

// client returns a client of the server.
func (l *loaded) client(network string) client {
	return client{network: network, addr: "127.0.0.1:" + l.port}
}

// write replaces the Corefile. The server does not know it yet.
func (l *loaded) write(t *testing.T, corefile string) {
	t.Helper()
	// The replacement is atomic, because the server may read the file at any time.
	next := filepath.Join(filepath.Dir(l.path), "next")
	if err := os.WriteFile(next, []byte(corefile), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(next, l.path); err != nil {
		t.Fatal(err)
	}
}

// push replaces the Corefile, and waits until the server has noticed it and logs pattern.
func (l *loaded) push(t *testing.T, corefile, pattern string) {
	t.Helper()
	offset := len(l.output())
	l.write(t, corefile)
	if err := l.waitForLog(pattern, offset, time.Minute); err != nil {
		t.Fatal(err)
	}
}

// leaveOutReload removes *reload* from the Corefiles that follow. It does not work together with
// SIGUSR1 (coredns/coredns#6263).
func (l *loaded) leaveOutReload() {
	l.corefile = strings.Replace(l.corefile, "    reload 2s 1s\n", "", 1)
}

// serves checks that the server answers with the TTL of its Corefile.
func (l *loaded) serves(t *testing.T, ttl string) {
	t.Helper()
	if err := answers(strings.ReplaceAll(pools, "TTL", ttl), l.port); err != nil {
		t.Fatal(err)
	}
}

// TestLoadReload reloads the Corefile again and again, with *reload* and with SIGUSR1. Each time, the
// server first refuses a Corefile with a mistake. Meanwhile a hundred clients ask: all get correct
// answers. Over UDP, they get them for the first query. Over TCP, the server cuts connections, and the
// clients ask again.
func TestLoadReload(t *testing.T) {
	l := startLoaded(t)
	table := pools + forwarded
	questions := learn(t, l.port, strings.ReplaceAll(table, "TTL", "3600"))
	l.push(t, l.with("60"), `Reloading complete`)
	questions = learn(t, l.port, strings.ReplaceAll(table, "TTL", "60"), questions...)

	idle := usageOf(t, l.metrics)
	udp := startLoad(90, l.client("udp"), questions)
	tcp := startLoad(10, l.client("tcp"), questions)
	cycles := atLength(1, 50)
	var warm usage
	// Each Corefile has another TTL than the one before. Every second one has a mistake.
	served, next := "60", "3600"
	wrong := func() string {
		return strings.Replace(l.with(next), "192.0.2.0/24", "192.0.2.1/24", 1)
	}
	for i := range cycles {
		l.push(t, wrong(), `Corefile changed but reload failed: .*network '192.0.2.1/24' has host bits set`)
		l.serves(t, served)
		if failed := sample(t, scrape(t, l.metrics), "coredns_reload_failed_total"); failed != float64(i+1) {
			t.Fatalf("coredns_reload_failed_total is %v after %d Corefiles with a mistake", failed, i+1)
		}
		if i == cycles-1 {
			l.leaveOutReload()
		}
		l.push(t, l.with(next), `Reloading complete`)
		l.serves(t, next)
		served, next = next, served
		if i == cycles/2 {
			warm = usageOf(t, l.metrics)
		}
	}
	signal := func(corefile, ttl string) {
		l.write(t, corefile)
		if err := l.reload(); err != nil {
			t.Fatal(err)
		}
		l.serves(t, ttl)
	}
	for range cycles {
		signal(wrong(), served)
		signal(l.with(next), next)
		served, next = next, served
	}
	overUDP, overTCP := udp.stop(), tcp.stop()
	after := settled(t, l.metrics, idle)
	t.Logf("%d reloads, and %d refused", 2*cycles, 2*cycles)
	t.Logf("UDP: %v", overUDP)
	t.Logf("TCP: %v, %.1f a reload", overTCP, float64(overTCP.cut)/float64(2*cycles))
	t.Logf("idle %+v, with load after a quarter of the reloads %+v, idle after all %+v", idle, warm, after)
	overUDP.check(t, "UDP")
	overTCP.check(t, "TCP")
	for _, logged := range []string{"Corefile changed but reload failed", "[ERROR] SIGUSR1: "} {
		if n := strings.Count(l.output(), logged); n < cycles { // on a slow machine, a signal is sent again
			t.Errorf("the log has %[2]q %[3]d times, want %[1]d", cycles, logged, n)
		}
	}
	if after.more(idle) || after.memory > warm.memory+growth(32) {
		t.Errorf("the server used %+v before the load, %+v under load, and uses %+v after it", idle, warm, after)
	}
}

// faults are the faults of an upstream. begin starts the fault, and returns the function that ends it.
// The first two are no faults. The second one shows how much the times vary without a cause.
var faults = []struct {
	name  string
	begin func(u *faultyUpstream) (end func())
}{
	{"none", func(*faultyUpstream) func() { return func() {} }},
	{"none, again", func(*faultyUpstream) func() { return func() {} }},
	{"dead, its port refused", func(u *faultyUpstream) func() { u.close(); return u.open }},
	{"dead, its host silent", replies(func(int64, dns.ResponseWriter, *dns.Msg) {})},
	{"slow, by 5 s", func(u *faultyUpstream) func() {
		over := make(chan struct{})
		end := replies(func(_ int64, w dns.ResponseWriter, reply *dns.Msg) {
			select {
			case <-time.After(5 * time.Second):
				w.WriteMsg(reply)
			case <-over:
			}
		})(u)
		return func() { end(); close(over) }
	}},
	{"lying", replies(lie)},
	{"flapping", func(u *faultyUpstream) func() {
		quit, ended := make(chan struct{}), make(chan struct{})
		go func() {
			defer close(ended)
			for {
				for _, f := range []func(){u.close, u.open} {
					f()
					select {
					case <-quit:
						if u.servers == nil {
							u.open()
						}
						return
					case <-time.After(200 * time.Millisecond):
					}
				}
			}
		}()
		return func() { close(quit); <-ended }
	}},
}

// replies returns a fault of faults that calls f in place of sending a reply.
func replies(f fault) func(*faultyUpstream) func() {
	return func(u *faultyUpstream) func() {
		u.fault.Store(&f)
		return func() { u.fault.Store(nil) }
	}
}

// lie sends a message that is not an answer to the question, or not a DNS message.
func lie(n int64, w dns.ResponseWriter, reply *dns.Msg) {
	switch n % 7 {
	case 0:
		reply.Id++
	case 1:
		reply.Question[0].Name = "workstation1.lab.example.org."
	case 2:
		reply.Question = nil
	case 3:
		reply.Response = false
	case 4:
		reply.Truncated = true
	case 5:
		b, _ := reply.Pack()
		w.Write(b[:len(b)-3])
		return
	case 6:
		w.Write(bytes.Repeat([]byte{0xff}, 600))
		return
	}
	w.WriteMsg(reply)
}

// misses asks a server for names that only the upstream knows. It sends rate queries a second, each for
// another name, and does not wait for the answers. The returned function ends this. It returns how
// many queries were sent, and how many replies came by rcode.
func misses(t *testing.T, port string, rate int) (end func() (asked int, answered map[string]int)) {
	t.Helper()
	conn, err := net.Dial("udp", "127.0.0.1:"+port)
	if err != nil {
		t.Fatal(err)
	}
	quit := make(chan struct{})
	var sending, receiving sync.WaitGroup
	asked, answered := 0, make(map[string]int)
	sending.Go(func() {
		m := new(dns.Msg).SetQuestion("www.example.com.", dns.TypeA)
		burst := 1 + rate/1000
		for next := time.Now(); ; {
			next = next.Add(sometime(time.Duration(burst) * time.Second / time.Duration(rate)))
			select {
			case <-quit:
				return
			case <-time.After(time.Until(next)):
			}
			for range burst {
				asked++
				m.Id, m.Question[0].Name = uint16(asked), fmt.Sprintf("www%d.example.com.", asked)
				if b, err := m.Pack(); err == nil {
					conn.Write(b)
				}
			}
		}
	})
	receiving.Go(func() {
		buf := make([]byte, dns.MaxMsgSize)
		for {
			if n, err := conn.Read(buf); err != nil {
				return
			} else if n > 3 {
				answered[dns.RcodeToString[int(buf[3]&0xf)]]++
			}
		}
	})
	return func() (int, map[string]int) {
		close(quit)
		sending.Wait()
		conn.Close()
		receiving.Wait()
		return asked, answered
	}
}

// inTurns runs a load during each trouble of a list, and logs the times compared with those of the first
// one, which is no trouble. It repeats this in several rounds, each in a random order, since the speed
// of the machine varies. With -full, it waits before each trouble until the server has recovered. It
// returns the counts of each trouble.
func (l *loaded) inTurns(t *testing.T, names []string, rounds int, run func(trouble int) tally) []tally {
	t.Helper()
	idle := usageOf(t, l.metrics)
	sums, p99s := make([]tally, len(names)), make([][]time.Duration, len(names))
	for range rounds {
		for _, i := range rand.Perm(len(names)) {
			if *full {
				if after := settled(t, l.metrics, idle); after.more(idle) {
					t.Errorf("the server used %+v when it was idle, and uses %+v a minute after the trouble",
						idle, after)
				}
			}
			c := run(i)
			sums[i].add(c)
			p99s[i] = append(p99s[i], c.quantile(0.99))
		}
	}
	median := func(p99s []time.Duration) time.Duration {
		slices.Sort(p99s)
		return p99s[len(p99s)/2]
	}
	for i, name := range names {
		p99, first := median(p99s[i]), median(p99s[0])
		t.Logf("%-26s %v, median p99 %v, %.2f times the first's", name, sums[i], p99, float64(p99)/float64(first))
	}
	return sums
}

// TestLoadFaultyUpstream asks for computed names and for others while the upstream has each of the
// faults. Computed names do not need the upstream, and are answered as before. *forward* opens a
// socket for each query that fails, so the test runs with two values of max_concurrent.
func TestLoadFaultyUpstream(t *testing.T) {
	var names []string
	for _, f := range faults {
		names = append(names, f.name)
	}
	// It takes *forward* some seconds to find its upstream dead.
	before, length := atLength(0, 4*time.Second), atLength(500*time.Millisecond, 5*time.Second)
	for _, limit := range []string{"max_concurrent 1000", "max_concurrent 100"} {
		t.Run(limit, func(t *testing.T) {
			l := startLoaded(t)
			corefile := l.with("3600")
			if limited := strings.Replace(corefile, "max_concurrent 1000", limit, 1); limited != corefile {
				l.push(t, limited, `Reloading complete`)
			}
			questions := learn(t, l.port, strings.ReplaceAll(pools, "TTL", "3600"))
			c := l.client("udp")
			c.pace = 5 * time.Millisecond
			sums := l.inTurns(t, names, atLength(1, 5), func(i int) tally {
				end := faults[i].begin(l.upstream)
				forwarded := l.upstream.asked.Load()
				stop := misses(t, l.port, 400)
				time.Sleep(before)
				clients := startLoad(10, c, questions)
				time.Sleep(length)
				sum := clients.stop()
				asked, answered := stop()
				forwarded = l.upstream.asked.Load() - forwarded
				end()
				t.Logf("%s: of %d misses, %d reached the upstream, and %v were answered",
					names[i], asked, forwarded, answered)
				// Without -full, queries of the previous fault may still wait. Then max_concurrent is
				// reached, and other queries are REFUSED.
				if refused := names[i] == "dead, its port refused"; refused != (forwarded == 0) && (refused || *full) {
					t.Errorf("%s: the upstream was asked %d times", names[i], forwarded)
				}
				if good := answered["NOERROR"] > asked*9/10; good != (i < 2) && (good || *full) {
					t.Errorf("%s: of %d misses, too many or too few were answered: %v", names[i], asked, answered)
				}
				return sum
			})
			for i, sum := range sums {
				sum.check(t, names[i])
			}
		})
	}
}

// TestLoadFlood asks for computed names while a flood of other queries waits for a silent upstream. It
// does so with the limits of the manifests, over TCP to the upstream as in deploy/node-local, and
// with other settings that are said to help or to harm.
func TestLoadFlood(t *testing.T) {
	rates := atLength([]int{1, 2000}, []int{1, 2000, 5000, 10000, 20000, 40000})
	for _, tc := range []struct {
		name, old, new string
		rates          []int
		shipped        bool
	}{
		{"as shipped", "", "", rates, true},
		{"force_tcp", "        max_concurrent", "        force_tcp\n        max_concurrent", rates, true},
		{"shed", "    errors", "    shed\n    errors", []int{1, 40000}, false},
		{"an error a line", `consolidate 30s ".*" error show_first`, "", []int{1, 40000}, false},
	} {
		if !tc.shipped && !*full {
			continue
		}
		t.Run(tc.name, func(t *testing.T) {
			l := startLoaded(t)
			if tc.old != "" {
				l.push(t, strings.ReplaceAll(l.with("3600"), tc.old, tc.new), `Reloading complete`)
			}
			l.flood(t, tc.rates, tc.shipped)
		})
	}
}

// flood asks for computed names while a server gets misses at each of the rates. With the limits of the
// manifests, the server must answer the computed names, up to a rate at which the machine is too busy
// for client and server. Its log and its memory must not grow much.
func (l *loaded) flood(t *testing.T, rates []int, limited bool) {
	t.Helper()
	questions := learn(t, l.port, strings.ReplaceAll(pools, "TTL", "3600"))
	defer replies(func(int64, dns.ResponseWriter, *dns.Msg) {})(l.upstream)()
	c := l.client("udp")
	c.pace, c.wait = 5*time.Millisecond, 2*time.Second
	length := atLength(time.Second, 10*time.Second)
	var names []string
	for _, rate := range rates {
		names = append(names, fmt.Sprintf("%d a second", rate))
	}
	before, start := usageOf(t, l.metrics), time.Now()
	peak := before
	sums := l.inTurns(t, names, atLength(1, 3), func(i int) tally {
		stop := misses(t, l.port, rates[i])
		clients := startLoad(10, c, questions)
		time.Sleep(length)
		usage := usageOf(t, l.metrics)
		peak = most(peak, usage)
		sum := clients.stop()
		asked, answered := stop()
		t.Logf("of %d misses, %v were answered, %+v", asked, answered, usage)
		return sum
	})
	t.Logf("before %+v, at most %+v", before, peak)
	if err := l.waitForLog(`\[ERROR\]`, 0, 10*time.Second); err != nil {
		t.Error(err)
	}
	if lines := strings.Count(l.output(), "[ERROR]"); limited && lines > 4+2*int(time.Since(start)/(30*time.Second)) {
		t.Errorf("the server logged %d errors in %v", lines, time.Since(start))
	}
	if limited && peak.memory > before.memory+growth(64) {
		t.Errorf("the server used %+v before, and %+v at most", before, peak)
	}
	for i, sum := range sums {
		if lost := sum.lost + sum.wrong; limited && rates[i] <= 20000 && float64(lost) > 0.001*float64(sum.asked) {
			t.Errorf("%s: %v; for example %s", names[i], sum, sum.fault)
		}
	}
}

// TestLoadStop stops the server while a hundred clients ask. All get answers if they switch to another
// server within the lameduck period of *health*, as they do in Kubernetes. A query that still waits
// for the upstream at the end of this period is answered, too.
func TestLoadStop(t *testing.T) {
	l := startLoaded(t)
	questions := learn(t, l.port, strings.ReplaceAll(pools, "TTL", "3600"))
	slow := learn(t, l.port, "www.example.com => NOERROR, www.example.com. 60 A 203.0.113.80")[0]
	l.push(t, strings.Replace(l.with("3600"), "    forward", `    health 127.0.0.1:`+testPort(t)+` {
        lameduck 5s
    }
    forward`, 1), `Reloading complete`)

	udp := startLoad(50, l.client("udp"), questions)
	tcp := startLoad(50, l.client("tcp"), questions)
	time.Sleep(atLength(500*time.Millisecond, 10*time.Second))
	if err := l.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	terminated := time.Now()
	time.Sleep(3 * time.Second)
	for _, load := range []*load{udp, tcp} {
		sum := load.stop()
		t.Logf("%s: %v", load.clients[0].network, sum)
		sum.check(t, load.clients[0].network)
		if sum.cut > 0 {
			t.Errorf("%d connections were cut before the end of the lameduck period", sum.cut)
		}
	}
	// This query is sent within the lameduck period, and answered after it.
	defer replies(func(_ int64, w dns.ResponseWriter, reply *dns.Msg) {
		time.Sleep(1500 * time.Millisecond) // *forward* waits for 2 s
		w.WriteMsg(reply)
	})(l.upstream)()
	time.Sleep(time.Until(terminated.Add(4500 * time.Millisecond)))
	c := l.client("udp")
	defer c.close()
	if reply, err := c.ask(slow.query, 10*time.Second); err != nil || !slow.right(reply) {
		t.Errorf("%s: %x, %v, %v after SIGTERM", slow.text, reply, err, time.Since(terminated))
	}
	if time.Since(terminated) < 5*time.Second {
		t.Errorf("it was answered %v after SIGTERM, within the lameduck period of 5 s", time.Since(terminated))
	}
	select {
	case <-l.done:
		if l.err != nil {
			t.Error(l.err)
		}
	case <-time.After(10 * time.Second):
		t.Error("the server does not end")
	}
}

// TestLoadMultisocket reloads the Corefile with *multisocket*. With the same number of sockets, no query
// is lost. With more or fewer sockets, the queries that wait in closed sockets are lost. The test logs
// how many.
func TestLoadMultisocket(t *testing.T) {
	l := startLoaded(t)
	questions := learn(t, l.port, strings.ReplaceAll(pools, "TTL", "3600"))
	with := func(sockets int) string {
		return strings.ReplaceAll(l.with("3600"), "    bind", fmt.Sprintf("    multisocket %d\n    bind", sockets))
	}
	c := l.client("udp")
	c.wait = atLength(10*time.Second, 2*time.Second)
	l.leaveOutReload()
	l.push(t, with(2), `Reloading complete`)
	for _, sockets := range [][]int{{2, 2}, {2, 4}} {
		l.write(t, with(2))
		if err := l.reload(); err != nil {
			t.Fatal(err)
		}
		clients := startLoad(100, c, questions)
		reloads := atLength(2, 20)
		for i := range reloads {
			l.write(t, with(sockets[(i+1)%2]))
			if err := l.reload(); err != nil {
				t.Fatal(err)
			}
			time.Sleep(100 * time.Millisecond)
		}
		sum := clients.stop()
		t.Logf("%d reloads with %v sockets alternately: %v", reloads, sockets, sum)
		if sum.wrong > 0 || sockets[0] == sockets[1] && sum.lost > 0 {
			t.Errorf("%v sockets alternately: %v; for example %s", sockets, sum, sum.fault)
		}
	}
}
