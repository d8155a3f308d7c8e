package test

import (
	"bytes"
	"encoding/binary"
	"io"
	"math/rand/v2"
	"net"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/miekg/dns"
)

// The tests of this file look at the network: octets that are not a query, connections that stay open,
// and the size of a response compared with its query.

// attacks are ways to misuse a server, each by n attackers at once. The first is the comparison, which
// sends as many correct queries. The next two are no attacks, either.
var attacks = []struct {
	name string
	n    int
	run  func(a *attacker)
}{
	{"proper queries", 4, func(a *attacker) { a.udp(1, func(query []byte) []byte { return query }) }},
	{"proper queries, 50 at once", 4, func(a *attacker) { a.udp(50, func(query []byte) []byte { return query }) }},
	{"none", 0, nil},
	{"UDP, random octets", 4, func(a *attacker) {
		a.udp(1, func([]byte) []byte {
			b := make([]byte, a.rand.IntN(600))
			for i := range b {
				b[i] = byte(a.rand.Uint32())
			}
			return b
		})
	}},
	{"UDP, cut off", 4, func(a *attacker) {
		a.udp(1, func(query []byte) []byte { return query[:a.rand.IntN(len(query))] })
	}},
	{"UDP, bits flipped", 4, func(a *attacker) {
		a.udp(1, func(query []byte) []byte {
			for range 1 + a.rand.IntN(4) {
				query[a.rand.IntN(len(query))] ^= 1 << a.rand.IntN(8)
			}
			return query
		})
	}},
	{"UDP, names of many labels", 4, func(a *attacker) {
		a.udp(1, func(query []byte) []byte {
			// The name of a random query gets as many labels as fit, below patterns of several labels and
			// wildcards.
			m := new(dns.Msg)
			if err := m.Unpack(query); err != nil {
				return query
			}
			name := &m.Question[0].Name
			*name = strings.Repeat("1.", (254-len(*name))/2) + *name
			if long, err := m.Pack(); err == nil {
				return long
			}
			return query
		})
	}},
	{"TCP, 65,535 octets", 4, func(a *attacker) {
		message := append([]byte{0xff, 0xff}, make([]byte, dns.MaxMsgSize)...)
		for i := range message[2:] {
			message[2+i] = byte(a.rand.Uint32())
		}
		// The message has a query, and random octets after it.
		copy(message[2:], a.query())
		a.tcp(func(conn net.Conn) {
			conn.Write(message)
			conn.SetReadDeadline(time.Now().Add(100 * time.Millisecond))
			io.Copy(io.Discard, conn)
		})
	}},
	{"TCP, an octet at a time", 200, func(a *attacker) {
		a.tcp(func(conn net.Conn) {
			message := binary.BigEndian.AppendUint16(nil, dns.MaxMsgSize)
			for _, b := range append(message, make([]byte, dns.MaxMsgSize)...) {
				if _, err := conn.Write([]byte{b}); err != nil || !a.wait(sometime(200*time.Millisecond)) {
					return
				}
			}
		})
	}},
	{"TCP, no octet", 200, func(a *attacker) {
		a.tcp(func(conn net.Conn) {
			// Hold the connection until the server closes it.
			conn.SetReadDeadline(time.Now().Add(15 * time.Second))
			go func() { <-a.quit; conn.Close() }()
			io.Copy(io.Discard, conn)
		})
	}},
	{"TCP, connected and gone", 4, func(a *attacker) {
		a.tcp(func(conn net.Conn) {
			conn.Write([]byte{0xff})
			conn.(*net.TCPConn).SetLinger(0)
		})
	}},
	{"TCP, 50 at once", 4, func(a *attacker) {
		a.tcp(func(conn net.Conn) {
			query, id := a.query(), uint16(0)
			var messages []byte
			for ; id < 50; id++ {
				binary.BigEndian.PutUint16(query, id)
				messages = binary.BigEndian.AppendUint16(messages, uint16(len(query)))
				messages = append(messages, query...)
			}
			conn.SetDeadline(time.Now().Add(20 * time.Second))
			go conn.Write(messages)
			for want := range id {
				var length [2]byte
				if _, err := io.ReadFull(conn, length[:]); err != nil {
					a.t.Errorf("reply %d of %d: %v", want, id, err)
					return
				}
				reply := make([]byte, binary.BigEndian.Uint16(length[:]))
				if _, err := io.ReadFull(conn, reply); err != nil || binary.BigEndian.Uint16(reply) != want {
					a.t.Errorf("reply %d of %d: %x, %v", want, id, reply, err)
					return
				}
			}
			a.wait(sometime(200 * time.Millisecond))
		})
	}},
}

// An attacker misuses the server at addr until quit is closed.
type attacker struct {
	t         *testing.T
	addr      string
	questions []exchange
	rand      *rand.Rand
	quit      chan struct{}
	sent      *atomic.Int64 // the number of messages over UDP, and of connections
}

// wait waits for d, and reports whether the attack goes on.
func (a *attacker) wait(d time.Duration) bool {
	select {
	case <-a.quit:
		return false
	case <-time.After(d):
		return true
	}
}

// query returns a random query.
func (a *attacker) query() []byte {
	return bytes.Clone(a.questions[a.rand.IntN(len(a.questions))].query)
}

// udp sends 250 messages a second, atOnce at a time. spoil makes each message from a query.
func (a *attacker) udp(atOnce int, spoil func(query []byte) []byte) {
	conn, err := net.Dial("udp", a.addr)
	if err != nil {
		a.t.Error(err)
		return
	}
	defer conn.Close()
	for a.wait(sometime(time.Duration(atOnce) * 4 * time.Millisecond)) {
		for range atOnce {
			conn.Write(spoil(a.query()))
			a.sent.Add(1)
		}
	}
}

// tcp opens connections, one after the other, and calls f with each.
func (a *attacker) tcp(f func(net.Conn)) {
	for a.wait(sometime(4 * time.Millisecond)) {
		conn, err := net.Dial("tcp", a.addr)
		if err != nil {
			a.t.Error(err)
			return
		}
		a.sent.Add(1)
		f(conn)
		conn.Close()
	}
}

// TestLoadAttacks misuses the server in each of these ways while other clients ask. They get answers. The
// memory of the server grows little, it frees goroutines and files afterwards, and it logs nothing.
func TestLoadAttacks(t *testing.T) {
	l := startLoaded(t)
	questions := learn(t, l.port, strings.ReplaceAll(pools, "TTL", "3600"))
	c := l.client("udp")
	c.pace = 5 * time.Millisecond
	length := atLength(500*time.Millisecond, 3*time.Second)
	before := usageOf(t, l.metrics)
	logged := len(l.output())
	var names []string
	for _, attack := range attacks {
		names = append(names, attack.name)
	}
	peak, sent := before, make([]atomic.Int64, len(attacks))
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	source := rand.NewPCG(seed, 0)
	rounds := atLength(1, 15)
	sums := l.inTurns(t, names, rounds, func(i int) tally {
		quit := make(chan struct{})
		var attackers sync.WaitGroup
		for range attacks[i].n {
			a := &attacker{t, c.addr, questions, rand.New(rand.NewPCG(source.Uint64(), 0)), quit, &sent[i]}
			attackers.Go(func() { attacks[i].run(a) })
		}
		clients := startLoad(10, c, questions)
		time.Sleep(length)
		peak = most(peak, usageOf(t, l.metrics))
		sum := clients.stop()
		close(quit)
		attackers.Wait()
		return sum
	})
	seconds := (time.Duration(rounds) * length).Seconds()
	for i, sum := range sums {
		sum.check(t, names[i])
		t.Logf("%s: %.0f messages or connections a second", names[i], float64(sent[i].Load())/seconds)
		if attacks[i].n > 0 && sent[i].Load() == 0 {
			t.Errorf("%s: nothing was sent", names[i])
		}
	}
	after := settled(t, l.metrics, before)
	t.Logf("before %+v, at most %+v, after %+v", before, peak, after)
	if after.more(before) || peak.memory > before.memory+growth(64) {
		t.Errorf("the server used %+v before, %+v at most, and %+v after", before, peak, after)
	}
	for line := range strings.Lines(l.output()[logged:]) {
		// Flipped bits may make a NOTIFY message, which *file* logs: see SECURITY.md.
		if !strings.Contains(line, "[INFO] plugin/file: Dropping notify from ") {
			t.Errorf("the server logged %s", line)
		}
	}
}

// TestSizes checks the sizes of responses and of their queries.
func TestSizes(t *testing.T) {
	dir := t.TempDir()
	writeEmptyZone(t, dir)
	key := writeKey(t, dir, "signed.example.org.")
	long := strings.Repeat(strings.Repeat("a", 63)+".", 3) + strings.Repeat("a", 56)
	port := startCorefile(t, dir, `.:{$PORT} {
	bind 127.0.0.1
	dnssec signed.example.org 203.0.113.0/24 2001:db8:3::/64 {
		key file `+key+`
	}
	workstation signed.example.org {
		network 203.0.113.0/24 2001:db8:3::/64
	}
	workstation lab.example.org {
		network 192.0.2.0/24 2001:db8::/64
	}
	workstation x {
		name w{n}
		network 10.0.0.0/8 2001:db8:1::/64
	}
	workstation `+long+` {
		name w{n:3}
		network 198.51.100.0/24 2001:db8:2::/120
	}
	file db.empty lab.example.org signed.example.org
}
alone.example.org:{$PORT} {
	bind 127.0.0.1
	workstation {
		name {d}.r{c}.dyn *.{d}.r{c}.dyn
		network 10.2.0.0/16
		no_reverse
	}
}`)
	for _, tc := range []struct {
		question        string
		query, response int
	}{
		{"workstation17.lab.example.org", 47, 92},
		{"workstation17.lab.example.org +bufsize=1232", 58, 103},
		{"workstation17.lab.example.org AAAA", 47, 104},
		{"workstation17.lab.example.org AAAA +bufsize=1232", 58, 115},
		{"-x 192.0.2.17", 41, 107},
		{"-x 192.0.2.17 +bufsize=1232", 52, 118},
		{"-x 2001:db8::11", 90, 205},
		{"-x 2001:db8::11 +bufsize=1232", 101, 216},
		{"workstation17.lab.example.org ANY", 47, 92},
		{"workstation17.signed.example.org", 50, 98},
		{"workstation17.signed.example.org +dnssec", 61, 255},
		{"workstation17.signed.example.org AAAA +dnssec", 61, 267},
		{"-x 203.0.113.17 +dnssec", 54, 268},
		{"-x 2001:db8:3::11 +dnssec", 101, 427},
		// Other types of a computed name, which *file* answers.
		{"workstation17.lab.example.org TXT", 47, 134},
		{"workstation17.lab.example.org TXT +bufsize=1232", 58, 145},
		{"workstation17.signed.example.org TXT +dnssec", 61, 524},
		// Names of several labels, below a wildcard, and what exists without a record or not at all. No
		// plugin follows.
		{"12.r7.dyn.alone.example.org", 45, 88},
		{"app.12.r7.dyn.alone.example.org", 49, 96},
		{"12.r7.dyn.alone.example.org TXT", 45, 150},
		{"r7.dyn.alone.example.org", 42, 147},
		{"nobody.alone.example.org", 42, 147},
		// The shortest names, and the longest.
		{"w0.x", 22, 42},
		{"w0.x AAAA", 22, 54},
		{"-x 10.0.0.0", 39, 78},
		{"w001." + long, 271, 287},
		{"w001." + long + " AAAA", 271, 299},
		{"-x 198.51.100.1", 43, 335},
	} {
		query, response := onTheWire(t, port, tc.question)
		const headers = 20 + 8 // of IPv4 and UDP
		t.Logf("%.50s: %d and %d octets, 1 : %.2f, with headers 1 : %.2f", tc.question, len(query), len(response),
			float64(len(response))/float64(len(query)), float64(len(response)+headers)/float64(len(query)+headers))
		if len(query) != tc.query || len(response) != tc.response {
			t.Errorf("%s: %d octets are answered with %d, want %d with %d",
				tc.question, len(query), len(response), tc.query, tc.response)
		}
	}
}

// TestLoadBursts sends many queries at once. If the receive buffer of the socket is full, the kernel drops
// further queries, and the server cannot prevent it. It must answer bursts of sixty queries.
func TestLoadBursts(t *testing.T) {
	const corefile = `.:{$PORT} {
	bind 127.0.0.1
	MULTISOCKET
	workstation lab.example.org {
		network 192.0.2.0/24
	}
}`
	query, err := new(dns.Msg).SetQuestion("workstation1.lab.example.org.", dns.TypeA).Pack()
	if err != nil {
		t.Fatal(err)
	}
	sysctl, _ := os.ReadFile("/proc/sys/net/core/rmem_default") // only on Linux
	t.Logf("net.core.rmem_default is %s", bytes.TrimSpace(sysctl))
	for _, multisocket := range []string{"", "multisocket 4"} {
		port := startCorefile(t, t.TempDir(), strings.Replace(corefile, "MULTISOCKET", multisocket, 1))
		// There are so many sockets that their buffers hold the replies of the largest burst.
		var conns []net.Conn
		for range 100 {
			conn, err := net.Dial("udp", "127.0.0.1:"+port)
			if err != nil {
				t.Fatal(err)
			}
			defer conn.Close()
			conns = append(conns, conn)
		}
		for _, size := range atLength([]int{60}, []int{60, 200, 500, 1000, 2000, 5000, 10000}) {
			bursts := atLength(5, 20)
			var answered atomic.Int64
			for id := range uint16(bursts) {
				binary.BigEndian.PutUint16(query, id)
				for n := range size {
					if _, err := conns[n%len(conns)].Write(query); err != nil {
						t.Fatal(err)
					}
				}
				deadline := time.Now().Add(time.Second)
				var reading sync.WaitGroup
				for i, conn := range conns {
					reading.Go(func() {
						buf := make([]byte, dns.MinMsgSize)
						conn.SetReadDeadline(deadline)
						for n := i; n < size; {
							if _, err := conn.Read(buf); err != nil {
								return
							}
							if binary.BigEndian.Uint16(buf) == id {
								answered.Add(1)
								n += len(conns)
							}
						}
					})
				}
				reading.Wait()
			}
			lost := bursts*size - int(answered.Load())
			t.Logf("%-13s %5d queries at once: %.2f %% lost", multisocket, size, 100*float64(lost)/float64(bursts*size))
			if size <= 60 && lost > 0 {
				t.Errorf("of %d bursts of %d queries, %d queries were lost", bursts, size, lost)
			}
		}
	}
}
