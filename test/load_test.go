package test

import (
	"bytes"
	"encoding/binary"
	"flag"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"net"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/miekg/dns"
)

// full has the tests under load run at their full length, which docs/trust.md tells
// the results of. Without, they take some seconds each.
var full = flag.Bool("full", false, "run the tests under load at their full length")

// atLength returns what a test under load is to do: all of it with -full.
func atLength[T any](short, all T) T {
	if *full {
		return all
	}
	return short
}

// An exchange is a query in wire format, of which a client sets the ID, and what makes
// a reply to it right.
type exchange struct {
	text  string
	query []byte
	right func(reply []byte) bool
}

// learn asks the questions of a table, as answers does, and returns them: what they
// are answered under load must be the same, to the octet. A table after the first
// has the same questions and other answers that are right, too.
func learn(t *testing.T, port, table string, before ...exchange) (questions []exchange) {
	t.Helper()
	if err := answers(table, port); err != nil {
		t.Fatal(err)
	}
	for line := range strings.SplitSeq(strings.TrimSpace(table), "\n") {
		text, _, _ := strings.Cut(line, "=>")
		query, want := onTheWire(t, port, text)
		want = want[2:]
		right := func(reply []byte) bool { return bytes.Equal(reply[2:], want) }
		if n := len(questions); n < len(before) {
			other := before[n].right
			right = func(reply []byte) bool { return bytes.Equal(reply[2:], want) || other(reply) }
		}
		questions = append(questions, exchange{text, query, right})
	}
	return questions
}

// onTheWire asks the question that dig has these arguments for, and returns query and
// reply in wire format.
func onTheWire(t *testing.T, port, args string) (query, reply []byte) {
	t.Helper()
	d, err := parseDig(strings.Fields(args), port)
	if err != nil {
		t.Fatal(err)
	}
	query, err = d.msg.Pack()
	if err != nil {
		t.Fatal(err)
	}
	c := client{network: "udp", addr: d.addr}
	defer c.close()
	reply, err = c.ask(query, 10*time.Second)
	if err != nil {
		t.Fatalf("%s: %v", args, err)
	}
	return query, bytes.Clone(reply) // out of the client's large buffer
}

// A load is clients of a server. Each has a socket of its own, and asks one question
// after the other, so that there are never more queries outstanding than clients.
type load struct {
	clients []*client
	quit    chan struct{}
	running sync.WaitGroup
}

// A client asks, and counts.
type client struct {
	network string // udp or tcp
	addr    string // of the server
	wait    time.Duration
	pace    time.Duration // from one query to the next, on average; 0: at once

	conn    net.Conn
	id      uint16
	buf     []byte
	arrived time.Time // when the last reply came, or the client gave it up
	tally   tally
}

// A tally is what clients count: the queries asked, those that nobody answered within
// the client's time, those with a wrong answer, and the connections that the server cut.
// A query whose connection was cut is asked again, over another one, and is lost
// only if that takes longer than the client's time.
type tally struct {
	asked, lost, wrong, cut int
	fault                   string        // an example of a lost or wrong answer
	times                   [1024]int     // by interval
	longest                 time.Duration // of the times
}

// intervalOf returns the interval that a time is counted in: from 1 us on, 32 for each
// doubling, so that a quantile is 2 % off at most.
func intervalOf(d time.Duration) int {
	return min(int(32*math.Log2(max(1, float64(d)/1e3))), len(tally{}.times)-1)
}

func (t tally) String() string {
	return fmt.Sprintf("%d asked, %d lost, %d wrong, %d connections cut, p50 %v, p99 %v, at most %v",
		t.asked, t.lost, t.wrong, t.cut, t.quantile(0.5), t.quantile(0.99), t.longest.Round(time.Microsecond))
}

// quantile returns how long the share q of the queries took at most.
func (t tally) quantile(q float64) time.Duration {
	n := int(math.Ceil(q * float64(t.asked)))
	for i, count := range t.times {
		if n -= count; n <= 0 {
			return time.Duration(1e3 * math.Exp2(float64(i+1)/32)).Round(time.Microsecond)
		}
	}
	return 0
}

// add adds what another one counted.
func (t *tally) add(u tally) {
	t.asked, t.lost, t.wrong, t.cut = t.asked+u.asked, t.lost+u.lost, t.wrong+u.wrong, t.cut+u.cut
	t.longest = max(t.longest, u.longest)
	if t.fault == "" {
		t.fault = u.fault
	}
	for i, count := range u.times {
		t.times[i] += count
	}
}

// startLoad starts n clients like one, which ask the questions by turns until they are
// stopped.
func startLoad(n int, like client, questions []exchange) *load {
	if like.wait == 0 {
		like.wait = 10 * time.Second
	}
	l := &load{quit: make(chan struct{})}
	for i := range n {
		c := like
		l.clients = append(l.clients, &c)
		l.running.Go(func() { c.run(l.quit, questions, i) })
	}
	return l
}

// stop ends the clients, each with the answer to its last query, and returns what they
// counted together.
func (l *load) stop() (sum tally) {
	close(l.quit)
	l.running.Wait()
	for _, c := range l.clients {
		sum.add(c.tally)
	}
	return sum
}

// run asks the questions by turns, from the one with index first on. A client with a pace
// that still waits for one reply when it would ask for the next counts that time, too:
// else a server that stands still for a second would be late once, and not for each query of
// that second.
func (c *client) run(quit <-chan struct{}, questions []exchange, first int) {
	defer c.close()
	next := time.Now()
	for i := first; ; i++ {
		if c.pace > 0 {
			next = next.Add(sometime(c.pace))
			time.Sleep(time.Until(next))
		}
		select {
		case <-quit:
			return
		default:
		}
		q := questions[i%len(questions)]
		start := time.Now()
		if c.pace > 0 && next.Before(c.arrived) {
			start = next // but for the server
		} else {
			next = start // how late the client was woken is not the server's to answer for
		}
		reply, err := c.ask(q.query, c.wait)
		if err != nil {
			c.arrived = time.Now()
		}
		took := c.arrived.Sub(start)
		c.tally.times[intervalOf(took)]++
		c.tally.longest = max(c.tally.longest, took)
		c.tally.asked++
		switch {
		case err != nil:
			c.tally.lost++
			c.tally.fault = fmt.Sprintf("%s: %v", q.text, err)
		case !q.right(reply):
			c.tally.wrong++
			m := new(dns.Msg)
			err := m.Unpack(reply)
			c.tally.fault = fmt.Sprintf("%s: %s (%v)", q.text, summary(m), err)
		}
	}
}

// sometime returns a random time, which is d on average, so that clients do not march in
// step.
func sometime(d time.Duration) time.Duration { return time.Duration(2 * rand.Float64() * float64(d)) }

// ask sends a query, and returns the reply, which is valid until the next one. Over
// TCP it asks again where the server cuts the connection.
func (c *client) ask(query []byte, wait time.Duration) ([]byte, error) {
	if c.buf == nil {
		c.buf = make([]byte, 2+dns.MaxMsgSize)
	}
	deadline := time.Now().Add(wait)
	for {
		c.id++
		reply, err := c.send(query, deadline)
		if err == nil || c.network == "udp" || time.Now().After(deadline) {
			return reply, err
		}
		if c.conn != nil {
			c.tally.cut++
			c.close()
		} else {
			time.Sleep(time.Millisecond) // the server does not listen now
		}
	}
}

// send sends a query once, and returns the reply with its ID.
func (c *client) send(query []byte, deadline time.Time) (reply []byte, err error) {
	if c.conn == nil {
		if c.conn, err = net.DialTimeout(c.network, c.addr, time.Until(deadline)); err != nil {
			c.conn = nil
			return nil, err
		}
		if conn, ok := c.conn.(*net.UDPConn); ok {
			if err := stampArrivals(conn); err != nil {
				return nil, err
			}
		}
	}
	c.conn.SetDeadline(deadline)
	message := append(c.buf[:2], query...)
	binary.BigEndian.PutUint16(message, uint16(len(query)))
	binary.BigEndian.PutUint16(message[2:], c.id)
	if c.network == "udp" {
		message = message[2:]
	}
	if _, err := c.conn.Write(message); err != nil {
		return nil, err
	}
	for {
		n := 0
		if conn, ok := c.conn.(*net.UDPConn); ok {
			n, c.arrived, err = readStamped(conn, c.buf)
		} else if _, err = io.ReadFull(c.conn, c.buf[:2]); err == nil {
			n, err = io.ReadFull(c.conn, c.buf[:binary.BigEndian.Uint16(c.buf)])
			c.arrived = time.Now()
		}
		if err != nil {
			return nil, err
		}
		// A reply with another ID is one for which the client no longer waited.
		if n > 2 && binary.BigEndian.Uint16(c.buf) == c.id {
			return c.buf[:n], nil
		}
	}
}

func (c *client) close() {
	if c.conn != nil {
		c.conn.Close()
		c.conn = nil
	}
}

// check fails where a query was lost or answered wrongly. name is the load's.
func (t tally) check(tb testing.TB, name string) {
	tb.Helper()
	if t.asked == 0 || t.lost > 0 || t.wrong > 0 {
		tb.Errorf("%s: %v; for example %s", name, t, t.fault)
	}
}

// usage is what a server takes: memory in MiB, goroutines and file descriptors.
type usage struct{ memory, goroutines, files int }

// more tells whether u is more than before, by more than what comes and goes.
func (u usage) more(before usage) bool {
	return u.goroutines > before.goroutines+10 || u.files > before.files+10
}

// most returns the most that was taken of each.
func most(usages ...usage) (m usage) {
	for _, u := range usages {
		m = usage{max(m.memory, u.memory), max(m.goroutines, u.goroutines), max(m.files, u.files)}
	}
	return m
}

// growth returns by how many MiB a server may grow. With the race detector it is slow,
// and still growing when a test ends.
func growth(mib int) int {
	if raceEnabled {
		return 256
	}
	return mib
}

// settled returns what a server takes when it takes no more than before, or after a
// minute: it waits for the rest of a message for some seconds, and as long for another query
// to the upstream.
func settled(t *testing.T, metrics string, before usage) usage {
	t.Helper()
	after := usageOf(t, metrics)
	for deadline := time.Now().Add(time.Minute); after.more(before) && time.Now().Before(deadline); after = usageOf(t, metrics) {
		time.Sleep(100 * time.Millisecond)
	}
	return after
}

// usageOf returns what a server takes by its metrics.
func usageOf(t *testing.T, metrics string) usage {
	t.Helper()
	page := scrape(t, metrics)
	return usage{
		memory:     int(sample(t, page, "process_resident_memory_bytes")) >> 20,
		goroutines: int(sample(t, page, "go_goroutines")),
		files:      int(sample(t, page, "process_open_fds")),
	}
}

// sample returns the sum of a metric's samples, of which there has to be one.
func sample(t *testing.T, page []byte, metric string) (sum float64) {
	t.Helper()
	samples := regexp.MustCompile(`(?m)^`+metric+`(?:\{.*\})? (\S+)$`).FindAllSubmatch(page, -1)
	if samples == nil {
		t.Fatalf("there is no %s", metric)
	}
	for _, m := range samples {
		v, err := strconv.ParseFloat(string(m[1]), 64)
		if err != nil {
			t.Fatal(err)
		}
		sum += v
	}
	return sum
}
