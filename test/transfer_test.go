package test

import (
	"fmt"
	"io"
	"net"
	"testing"
	"time"

	"github.com/miekg/dns"
)

// TestTransferCutOff closes connections in the middle of a transfer. The server frees all goroutines,
// and the next client gets the whole zone.
func TestTransferCutOff(t *testing.T) {
	dir := t.TempDir()
	writeEmptyZone(t, dir)
	metrics := testPort(t)
	port := startCorefile(t, dir, fmt.Sprintf(`lab.example.org 10.0.0.0/8 {
		bind 127.0.0.1
		prometheus 127.0.0.1:%s
		transfer {
			to *
		}
		workstation {
			network 10.0.0.0/14
		}
		file db.empty
	}`, metrics))
	before := usageOf(t, metrics).goroutines

	for i := range 20 {
		m := new(dns.Msg)
		m.SetAxfr([]string{"lab.example.org.", "10.in-addr.arpa."}[i%2])
		query, err := m.Pack()
		if err != nil {
			t.Fatal(err)
		}
		conn, err := net.Dial("tcp", "127.0.0.1:"+port)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := (&dns.Conn{Conn: conn}).Write(query); err != nil {
			t.Fatal(err)
		}
		if _, err := io.CopyN(io.Discard, conn, 100_000); err != nil {
			t.Fatal(err)
		}
		conn.Close()
	}

	deadline := time.Now().Add(time.Minute)
	for after := usageOf(t, metrics).goroutines; after > before+5; after = usageOf(t, metrics).goroutines {
		if time.Now().After(deadline) {
			t.Fatalf("the server has %d goroutines, and had %d before the transfers", after, before)
		}
		time.Sleep(100 * time.Millisecond)
	}
	for _, zone := range []string{"lab.example.org", "10.in-addr.arpa"} {
		if n := len(transfer(t, port, zone)); n != 3+1<<18 {
			t.Errorf("the transfer of %s has %d records, want %d", zone, n, 3+1<<18)
		}
	}
}

// transfer transfers a zone, and returns its records.
func transfer(t *testing.T, port, zone string) (rrs []dns.RR) {
	t.Helper()
	eachMessage(t, port, zone, func(message []dns.RR) { rrs = append(rrs, message...) })
	return rrs
}

// eachMessage transfers a zone, and calls f with the records of each message.
func eachMessage(t *testing.T, port, zone string, f func([]dns.RR)) {
	t.Helper()
	m := new(dns.Msg)
	m.SetAxfr(zone + ".")
	envelopes, err := new(dns.Transfer).In(m, "127.0.0.1:"+port)
	if err != nil {
		t.Fatal(err)
	}
	for e := range envelopes {
		if e.Error != nil {
			t.Fatal(e.Error)
		}
		f(e.RR)
	}
}
