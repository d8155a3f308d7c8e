package test

import (
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/miekg/dns"
)

// These are the questions of the clients in a day: what stub resolvers and logs ask about each computed
// name and each address, and about one time in sixty a question for the upstream. {n} is a number up
// to 255, and {x} is the same number in hexadecimal.
const (
	mixOfPools = `
workstation{n}.lab.example.org          => NOERROR aa, workstation{n}.lab.example.org. 3600 A 192.0.2.{n}
workstation{n}.lab.example.org AAAA     => NOERROR aa, workstation{n}.lab.example.org. 3600 AAAA 2001:db8::{x}
workstation{n}.lab.example.org +dnssec  => NOERROR aa, workstation{n}.lab.example.org. 3600 A 192.0.2.{n}
WorkStation{n}.Lab.Example.ORG          => NOERROR aa, WorkStation{n}.Lab.Example.ORG. 3600 A 192.0.2.{n}
workstation{n}.desks.example.org        => NOERROR aa, workstation{n}.desks.example.org. 3600 A 198.51.100.{n}
workstation{n}.desks.example.org        => NOERROR aa, workstation{n}.desks.example.org. 3600 A 198.51.100.{n}
workstation{n}.desks.example.org AAAA   => NOERROR aa, authority: desks.example.org. SOA
workstation{n}.desks.example.org AAAA   => NOERROR aa, authority: desks.example.org. SOA
workstation{n}.desks.example.org HTTPS  => NOERROR aa, authority: desks.example.org. SOA
workstation1{n}.desks.example.org       => NXDOMAIN aa, authority: desks.example.org. SOA
-x 192.0.2.{n}                          => NOERROR aa,
    {n}.2.0.192.in-addr.arpa. 3600 PTR workstation{n}.lab.example.org.
-x 198.51.100.{n}                       => NOERROR aa,
    {n}.100.51.198.in-addr.arpa. 3600 PTR workstation{n}.desks.example.org.
rack{n}-node7.racks.example.org         => NOERROR aa, rack{n}-node7.racks.example.org. 3600 A 10.1.{n}.7
rack{n}-node7.racks.example.org AAAA    => NOERROR aa, rack{n}-node7.racks.example.org. 3600 AAAA 2001:db8:1::{x}07
app.rack{n}-node7.racks.example.org     => NOERROR aa, app.rack{n}-node7.racks.example.org. 3600 A 10.1.{n}.7
-x 10.1.{n}.7                           => NOERROR aa, 7.{n}.1.10.in-addr.arpa. 3600 PTR rack{n}-node7.racks.example.org.
{n}-113-0-203.dyn.isp.example.org       => NOERROR aa, {n}-113-0-203.dyn.isp.example.org. 3600 A 203.0.113.{n}
{n}-113-0-203.dyn.isp.example.org AAAA  => NOERROR aa, authority: isp.example.org. SOA
-x 203.0.113.{n}                        => NOERROR aa,
    {n}.113.0.203.in-addr.arpa. 3600 PTR {n}-113-0-203.dyn.isp.example.org.
7-113-0-203.dyn.isp.example.org         => NOERROR aa,
    7-113-0-203.dyn.isp.example.org. 300 A 192.0.2.207, authority: isp.example.org. NS
{n}.r7.dyn.alone.example.org            => NOERROR aa, {n}.r7.dyn.alone.example.org. 3600 A 10.2.7.{n}
www.{n}.r7.dyn.alone.example.org        => NOERROR aa, www.{n}.r7.dyn.alone.example.org. 3600 A 10.2.7.{n}
r{n}.dyn.alone.example.org AAAA         => NOERROR aa, authority: alone.example.org. SOA
r1{n}.dyn.alone.example.org             => NXDOMAIN aa, authority: alone.example.org. SOA
`
	mixOfOthers = `
workstation{n}.desks.example.org.corp.example.com => NXDOMAIN, authority: example.com. SOA
-x 10.3.0.{n}                           => NXDOMAIN, authority: example.com. SOA
www{n}.example.com                      => NOERROR, www{n}.example.com. 60 A 203.0.113.80
www{n}.example.com AAAA                 => NXDOMAIN, authority: example.com. SOA
`
)

// TestLoadSoak sends as many queries as some thousand hosts do in a day: a hundred million, with 24
// reloads. After the first hours, the use of memory, goroutines and files must not grow.
func TestLoadSoak(t *testing.T) {
	l := startLoaded(t)
	var table strings.Builder
	for n := atLength(200, 100); n < 256; n++ { // workstation1{n} does not exist from 1100 on
		mix := mixOfPools
		if n%10 == 0 {
			mix += mixOfOthers
		}
		table.WriteString(strings.NewReplacer("{n}", fmt.Sprint(n), "{x}", fmt.Sprintf("%x", n)).Replace(mix))
	}
	questions := learn(t, l.port, table.String())
	rand.Shuffle(len(questions), func(i, j int) { questions[i], questions[j] = questions[j], questions[i] })

	const hours = 24
	total := atLength(int64(100_000), 100_000_000)
	tcp := l.client("tcp")
	tcp.pace = 10 * time.Millisecond
	overTCP := startLoad(2, tcp, questions)
	start := time.Now()
	var hourly [hours]usage
	var overUDP int64
	for hour := range hours {
		reloaded := make(chan error)
		go func() { reloaded <- l.reload() }()
		overUDP += soak(t, "127.0.0.1:"+l.port, questions, total/hours+1)
		if err := <-reloaded; err != nil {
			t.Fatal(err)
		}
		hourly[hour] = usageOf(t, l.metrics)
		t.Logf("hour %2d, after %v: %+v", hour+1, time.Since(start).Round(time.Second), hourly[hour])
	}
	sum := overTCP.stop()
	sum.check(t, "TCP")
	t.Logf("%d queries over UDP; over TCP: %v", overUDP, sum)
	if overUDP < total {
		t.Errorf("%d queries were answered, want %d", overUDP, total)
	}

	warm, last := most(hourly[hours/4:hours/2]...), most(hourly[hours*3/4:]...)
	t.Logf("at most %+v in the second quarter, %+v in the last", warm, last)
	// *forward* keeps up to a hundred sockets, and closes those that are unused for 10 s.
	if last.goroutines > warm.goroutines+10 || last.files > warm.files+100 ||
		last.memory > warm.memory+growth(atLength(32, 8)) {
		t.Errorf("the server used %+v in the second quarter, and %+v in the last", warm, last)
	}
	if n := strings.Count(l.output(), "[ERROR]"); n > 0 {
		t.Errorf("the server logged %d errors:\n%s", n, l.output())
	}
}

// soak asks at least n questions over UDP. It returns the number of answered questions when all are
// answered. A load has many clients with one outstanding query each. soak has few, which send several
// queries at once: this is faster, and makes no difference to the server.
func soak(t *testing.T, addr string, questions []exchange, n int64) int64 {
	t.Helper()
	const clients, outstanding = 4, 24
	var left, answered atomic.Int64
	left.Store(n)
	var asking sync.WaitGroup
	for range clients {
		conn, err := net.Dial("udp", addr)
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		conn.(*net.UDPConn).SetReadBuffer(1 << 20)
		asking.Go(func() {
			query, reply := make([]byte, dns.MinMsgSize), make([]byte, dns.MaxMsgSize)
			var first uint16 // the first ID of the outstanding queries
			for i := rand.IntN(len(questions)); left.Add(-outstanding) > -outstanding; i += outstanding {
				first = (first + outstanding) % (outstanding << 8)
				for place := range outstanding {
					message := append(query[:0], questions[(i+place)%len(questions)].query...)
					binary.BigEndian.PutUint16(message, first+uint16(place))
					if _, err := conn.Write(message); err != nil {
						t.Error(err)
						return
					}
				}
				conn.SetReadDeadline(time.Now().Add(10 * time.Second))
				var replied [outstanding]bool
				for range outstanding {
					n, err := conn.Read(reply)
					if err != nil {
						t.Errorf("a query is lost: %v", err)
						return
					}
					place := int(binary.BigEndian.Uint16(reply) - first)
					if place >= outstanding || replied[place] || !questions[(i+place)%len(questions)].right(reply[:n]) {
						t.Errorf("one of %d queries got a wrong answer, or two: %x", outstanding, reply[:n])
						return
					}
					replied[place] = true
				}
				answered.Add(outstanding)
			}
		})
	}
	asking.Wait()
	return answered.Load()
}
