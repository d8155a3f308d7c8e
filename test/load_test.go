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
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/miekg/dns"
)

// full runs the tests under load at their full length, with the results in docs/trust.md. Without it,
// each takes some seconds.
var full = flag.Bool("full", false, "run the tests under load at their full length")

// atLength returns all with -full, and else short.
func atLength[T any](short, all T) T {
	if *full {
		return all
	}
	return short
}

// An exchange is a query in wire format, and the check of its reply. A client sets the ID of the query.
type exchange struct {
	text  string
	query []byte
	right func(reply []byte) bool
}

// learn asks the questions of a table, as answers does, and returns them as exchanges. Under load, the
// replies must be the same, octet by octet. If the exchanges of an earlier table with the same
// questions are given, the replies to these are correct, too.
func learn(t *testing.T, port, table string, before ...exchange) (questions []exchange) {
	t.Helper()
	if err := answers(table, port); err != nil {
		t.Fatal(err)
	}
	rows, err := tableRows(table)
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range rows {
		text := row[0]
		query, want := onTheWire(t, port, text)
		right := sameReply(t, want)
		if n := len(questions); n < len(before) {
			same, other := right, before[n].right
			right = func(reply []byte) bool { return same(reply) || other(reply) }
		}
		questions = append(questions, exchange{text, query, right})
	}
	return questions
}

// sameReply returns a function that reports whether a reply is the same as want, except for the ID and
// for a serial that is the time when the server loaded its Corefile.
func sameReply(t *testing.T, want []byte) func(reply []byte) bool {
	t.Helper()
	m := new(dns.Msg)
	if err := m.Unpack(want); err != nil {
		t.Fatal(err)
	}
	before, after := want[2:], []byte(nil)
	for _, rr := range m.Ns {
		if soa, ok := rr.(*dns.SOA); ok && time.Since(time.Unix(int64(soa.Serial), 0)) < time.Hour {
			serial := bytes.LastIndex(want, binary.BigEndian.AppendUint32(nil, soa.Serial))
			before, after = want[2:serial], want[serial+4:]
		}
	}
	return func(reply []byte) bool {
		return len(reply) == len(want) && bytes.HasPrefix(reply[2:], before) && bytes.HasSuffix(reply, after)
	}
}

// onTheWire asks a question, which is arguments of dig. It returns query and reply in wire format.
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

// A load is a number of clients. Each has its own socket, and asks one question after the other. So
// there are never more outstanding queries than clients.
type load struct {
	clients []*client
	quit    chan struct{}
	running sync.WaitGroup
}

// A client sends queries, and counts the results.
type client struct {
	network string        // udp or tcp
	addr    string        // of the server
	wait    time.Duration // for a reply; 0: 10 s
	pace    time.Duration // the average time from one query to the next; 0: none

	conn    net.Conn
	id      uint16
	buf     []byte
	arrived time.Time // when the last reply came, or the client stopped waiting for it
	tally   tally
}

// A tally is the counts of clients: the queries asked, those lost because no answer came in time, those
// with a wrong answer, and the connections that the server cut. If the server cuts a connection, the
// client asks again over another one. The query is lost only if this takes too long.
type tally struct {
	asked, lost, wrong, cut int
	fault                   string        // an example of a lost or wrong answer
	times                   [1024]int     // by interval
	longest                 time.Duration // of the times
}

// intervalOf returns the index of the interval of a time. Intervals begin at 1 us, and there are 32 for
// each doubling, so that the error of a quantile is at most 2 %.
func intervalOf(d time.Duration) int {
	return min(int(32*math.Log2(max(1, float64(d)/1e3))), len(tally{}.times)-1)
}

func (t tally) String() string {
	return fmt.Sprintf("%d asked, %d lost, %d wrong, %d connections cut, p50 %v, p99 %v, at most %v",
		t.asked, t.lost, t.wrong, t.cut, t.quantile(0.5), t.quantile(0.99), t.longest.Round(time.Microsecond))
}

// quantile returns the time within which the share q of the queries was answered.
func (t tally) quantile(q float64) time.Duration {
	n := int(math.Ceil(q * float64(t.asked)))
	for i, count := range t.times {
		if n -= count; n <= 0 {
			return time.Duration(1e3 * math.Exp2(float64(i+1)/32)).Round(time.Microsecond)
		}
	}
	return 0
}

// add adds the counts of another tally.
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

// startLoad starts n copies of a client, which ask the questions in turn until they are stopped.
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

// stop ends the clients after the answers to their last queries, and returns the sum of their counts.
func (l *load) stop() (sum tally) {
	close(l.quit)
	l.running.Wait()
	for _, c := range l.clients {
		sum.add(c.tally)
	}
	return sum
}

// run asks the questions in turn, beginning with the index first. A client with a pace may still wait for
// a reply when its next query is due. Then the time counts from when the query was due. Otherwise a
// server that does not respond for a second would be late for only one query, and not for all
// queries of that second.
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
			start = next // the client was late because of the server
		} else {
			next = start // the client was late because it woke up late
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

// sometime returns a random time with the average d, so that clients do not send at the same moments.
func sometime(d time.Duration) time.Duration { return time.Duration(2 * rand.Float64() * float64(d)) }

// ask sends a query, and returns the reply, which is valid until the next call. Over TCP, it asks again
// if the server cuts the connection.
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
			time.Sleep(time.Millisecond) // the server does not listen at the moment
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
		// A reply with another ID is one for which the client no longer waits.
		if n > 2 && binary.BigEndian.Uint16(c.buf) == c.id {
			return c.buf[:n], nil
		}
	}
}

// close closes the connection, if there is one.
func (c *client) close() {
	if c.conn != nil {
		c.conn.Close()
		c.conn = nil
	}
}

// check fails the test if a query was lost or answered wrongly. name is the name of the load.
func (t tally) check(tb testing.TB, name string) {
	tb.Helper()
	if t.asked == 0 || t.lost > 0 || t.wrong > 0 {
		tb.Errorf("%s: %v; for example %s", name, t, t.fault)
	}
}
