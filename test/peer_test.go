//go:build oracle

package test

import (
	"net"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/miekg/dns"
)

// startPeer runs another name server until the end of the test. It returns when the server answers.
// The server is a port of 127.0.0.1, or HOST:PORT.
func startPeer(t *testing.T, server string, program string, args ...string) {
	t.Helper()
	runProgram(t, func() bool {
		d, err := digAt(server, "+time=1", "lab.example.org", "SOA")
		if err != nil {
			t.Fatal(err)
		}
		m, err := d.ask()
		return err == nil && m.Rcode != dns.RcodeServerFailure
	}, program, args...)
}

// runProgram runs a program until the end of the test. It returns when the program is ready.
func runProgram(t *testing.T, ready func() bool, program string, args ...string) {
	t.Helper()
	s, err := startProgram(exec.Command(program, args...), filepath.Join(t.TempDir(), "log"))
	if err != nil {
		t.Fatalf("%v; is it installed?", err)
	}
	t.Cleanup(func() {
		s.cmd.Process.Kill()
		<-s.done
		s.showOnFailure(t)
	})
	for deadline := time.Now().Add(time.Minute); !ready(); {
		select {
		case <-s.done:
			t.Fatalf("%v ended: %v", s.cmd, s.err)
		case <-time.After(100 * time.Millisecond):
		}
		if time.Now().After(deadline) {
			t.Fatalf("%v is not ready", s.cmd)
		}
	}
}

// digAt is parseDig for a server that is a port of 127.0.0.1, or HOST:PORT.
func digAt(server string, args ...string) (*dig, error) {
	host, port, err := net.SplitHostPort(server)
	if err != nil {
		return parseDig(args, server)
	}
	return parseDig(append([]string{"@" + host}, args...), port)
}

// askServer returns the response of a server to a question. The question is arguments of dig, which
// does not ask for recursion.
func askServer(t *testing.T, server, question string) *dns.Msg {
	t.Helper()
	d, err := digAt(server, append(strings.Fields(question), "+norecurse")...)
	if err != nil {
		t.Fatal(err)
	}
	m, err := d.ask()
	if err != nil {
		t.Fatalf("%s: dig %s: %v", server, question, err)
	}
	return m
}

// ask does what askServer does, but returns only the status and the records of the answer, sorted.
func ask(t *testing.T, server, question string) *dns.Msg {
	t.Helper()
	m := askServer(t, server, question)
	slices.SortFunc(m.Answer, func(a, b dns.RR) int { return strings.Compare(a.String(), b.String()) })
	return &dns.Msg{MsgHdr: dns.MsgHdr{Rcode: m.Rcode}, Answer: m.Answer}
}

// agree asks two servers the same questions. It compares the status, and the records of the answer
// with their owners and TTLs. It returns how many questions got a record.
func agree(t *testing.T, theirs, ours string, questions []string) (answered int) {
	t.Helper()
	for _, q := range questions {
		their, our := ask(t, theirs, q), ask(t, ours, q)
		if summary(their) != summary(our) {
			t.Errorf("%s: got %q, want %q", q, summary(our), summary(their))
		}
		if len(our.Answer) > 0 {
			answered++
		}
	}
	return answered
}

// differ asks two servers questions that they answer differently on purpose. The table is
//
//	QUESTION => THEIR ANSWER => OUR ANSWER
func differ(t *testing.T, theirs, ours, table string) {
	t.Helper()
	rows, err := tableRows(table)
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range rows {
		if len(row) != 3 {
			t.Fatalf("%q is not QUESTION => THEIR ANSWER => OUR ANSWER", row)
		}
		if got, want := summary(ask(t, theirs, row[0])), row[1]; got != want {
			t.Errorf("%s: they answer %q, not %q: change the table, and docs/transition.md", row[0], got, want)
		}
		if got, want := summary(ask(t, ours, row[0])), row[2]; got != want {
			t.Errorf("%s: got %q, want %q", row[0], got, want)
		}
	}
}

// data returns the types and data of all records except signatures, sorted.
func data(rrs []dns.RR) string {
	var all []string
	for _, rr := range rrs {
		if h := rr.Header(); h.Rrtype == dns.TypeDNSKEY {
			all = append(all, ", DNSKEY")
		} else if h.Rrtype != dns.TypeRRSIG {
			all = append(all, ", "+dns.Type(h.Rrtype).String()+" "+rdata(rr))
		}
	}
	slices.Sort(all)
	return strings.Join(all, "")
}
