package main

import (
	"bytes"
	"context"
	"embed"
	"errors"
	"fmt"
	"maps"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"text/template"
	"time"

	"github.com/miekg/dns"
)

// The servers run on one core, and dnsperf runs on the other.
const (
	serverCore = "0"
	loadCore   = "1"
)

//go:embed peers
var peers embed.FS

// server is a program that answers DNS queries, with its configuration.
type server struct {
	name      string
	argv      []string          // a template, which is executed with a site
	env       []string          // in addition to this program's environment
	config    string            // the directory in peers with its files
	files     map[string]string // more files, or other texts for them; templates, too
	bits      int               // of the network 10.0.0.0/bits
	cores     string            // where it runs; if empty, on serverCore
	upstream  *server           // the server that it forwards to; its cost is added
	questions []question
	right     func(question, *dns.Msg) error // checks a response; if nil, answered does
}

// question is what dnsperf asks, and what the answer must be.
type question struct {
	name  string
	qtype uint16
	addr  netip.Addr // the address in the answer; the zero Addr if there is no answer, but an SOA record
	rcode int        // of the response
}

// addressOf returns the question for an address of a name.
func addressOf(name string, addr netip.Addr) question {
	q := question{name: name, qtype: dns.TypeA, addr: addr}
	if addr.Is6() {
		q.qtype = dns.TypeAAAA
	}
	return q
}

// host is a host of the network, for configurations that list all hosts.
type host struct {
	Label string
	Addr  netip.Addr
}

// site is the data for the templates of a configuration.
type site struct {
	Dir      string
	Port     int
	Upstream int // the upstream's port
	Bits     int
}

// Hosts returns all hosts of the network.
func (s site) Hosts() []host {
	hosts := make([]host, 1<<(32-s.Bits))
	for i := range hosts {
		hosts[i] = hostAt(i)
	}
	return hosts
}

// Exceptions returns a fourth of the network's hosts, with other addresses.
func (s site) Exceptions() (hosts []host) {
	for i, h := range s.Hosts() {
		if isException(i) {
			hosts = append(hosts, host{h.Label, exceptionAt(i)})
		}
	}
	return hosts
}

// isException reports whether the i-th host is an exception.
func isException(i int) bool { return i%4 == 0 }

// exceptionAt returns the address of the i-th host if it is an exception. It is outside the network.
func exceptionAt(i int) netip.Addr { return hostAt(200<<16 + i).Addr }

// Thirds returns all third octets of the network's addresses.
func (s site) Thirds() []int {
	thirds := make([]int, 1<<max(0, 24-s.Bits))
	for i := range thirds {
		thirds[i] = i
	}
	return thirds
}

// hostAt returns the host with the i-th address of 10.0.0.0/8.
func hostAt(i int) host {
	addr := netip.AddrFrom4([4]byte{10, byte(i >> 16), byte(i >> 8), byte(i)})
	return host{"ip-" + strings.ReplaceAll(addr.String(), ".", "-"), addr}
}

// process is a running server.
type process struct {
	*server
	dir      string
	port     int
	cmd      *exec.Cmd
	exited   chan struct{}
	upstream *process
	start    time.Duration // from execution to the first right answer
}

// run starts the server in a new directory, and waits until it answers.
func (s *server) run() (*process, error) {
	p := &process{server: s, exited: make(chan struct{})}
	var err error
	if s.upstream != nil {
		if p.upstream, err = s.upstream.run(); err != nil {
			return nil, err
		}
	}
	if err := p.begin(); err != nil {
		p.stop()
		return nil, fmt.Errorf("%s: %w", s.name, err)
	}
	return p, nil
}

// begin starts the server without its upstream, and waits until it answers.
func (p *process) begin() error {
	var err error
	if p.dir, err = os.MkdirTemp("", "bench"); err != nil {
		return err
	}
	if p.port, err = freePort(); err != nil {
		return err
	}
	site := site{Dir: p.dir, Port: p.port, Bits: p.bits}
	if p.upstream != nil {
		site.Upstream = p.upstream.port
	}
	if err := p.configure(site); err != nil {
		return err
	}

	cores := p.cores
	if cores == "" {
		cores = serverCore
	}
	argv := []string{"taskset", "-c", cores}
	for _, arg := range p.argv {
		text, err := execute(arg, site)
		if err != nil {
			return err
		}
		argv = append(argv, string(text))
	}
	output, err := os.Create(filepath.Join(p.dir, "output"))
	if err != nil {
		return err
	}
	defer output.Close()
	p.cmd = exec.Command(argv[0], argv[1:]...)
	p.cmd.Dir, p.cmd.Stdout, p.cmd.Stderr = p.dir, output, output
	p.cmd.Env = append(os.Environ(), p.env...)
	// The server may have several processes. They form one group, so that they end together,
	// and the server ends with this program.
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}

	begun := time.Now()
	if err := p.cmd.Start(); err != nil {
		return err
	}
	go func() {
		_ = p.cmd.Wait() // it was killed, which Wait returns as an error
		close(p.exited)
	}()
	err = p.wait()
	p.start = time.Since(begun)
	return err
}

// configure writes the server's files.
func (p *process) configure(site site) error {
	files := maps.Clone(p.files)
	if files == nil {
		files = make(map[string]string)
	}
	entries, err := peers.ReadDir(path.Join("peers", p.config))
	if err != nil {
		return err
	}
	for _, entry := range entries {
		if _, ok := files[entry.Name()]; ok || entry.IsDir() {
			continue
		}
		text, err := peers.ReadFile(path.Join("peers", p.config, entry.Name()))
		if err != nil {
			return err
		}
		files[entry.Name()] = string(text)
	}
	for name, text := range files {
		b, err := execute(text, site)
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		if err := os.WriteFile(filepath.Join(p.dir, name), b, 0o644); err != nil {
			return err
		}
	}
	return os.Chmod(p.dir, 0o755)
}

// shared are the zone files, which other templates include by name.
var shared = template.Must(template.ParseFS(peers, "peers/zone.*"))

// execute executes a template.
func execute(text string, site site) ([]byte, error) {
	t, err := template.Must(shared.Clone()).New("").Parse(text)
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	err = t.Execute(&b, site)
	return b.Bytes(), err
}

// freePort returns a port of the loopback address that is free for UDP and TCP.
func freePort() (int, error) {
	for {
		listener, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return 0, err
		}
		port := listener.Addr().(*net.TCPAddr).Port
		conn, err := net.ListenPacket("udp", listener.Addr().String())
		listener.Close()
		if err == nil {
			conn.Close()
			return port, nil
		}
	}
}

// wait waits for the first right answer.
func (p *process) wait() error {
	const patience = 20 * time.Second
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	for {
		err := p.ask(p.questions[0], 20*time.Millisecond)
		if err == nil {
			return nil
		}
		select {
		case <-p.exited:
			err = errors.New("the server ended")
		case <-ctx.Done():
		case <-time.After(time.Millisecond):
			continue
		}
		output, _ := os.ReadFile(filepath.Join(p.dir, "output"))
		return fmt.Errorf("no right answer: %w\n%s", err, output)
	}
}

// ask sends the server a question, and returns an error unless the response is right.
func (p *process) ask(q question, timeout time.Duration) error {
	m := new(dns.Msg)
	m.SetQuestion(q.name, q.qtype)
	c := dns.Client{Timeout: timeout}
	r, _, err := c.Exchange(m, net.JoinHostPort("127.0.0.1", strconv.Itoa(p.port)))
	if err != nil {
		return err
	}
	if p.right != nil {
		return p.right(q, r)
	}
	return answered(q, r)
}

// check sends the server all its questions, and returns an error if a response is wrong.
func (p *process) check() error {
	for _, q := range p.questions {
		if err := p.ask(q, 5*time.Second); err != nil {
			return fmt.Errorf("%s: %s: %w", p.name, q.name, err)
		}
	}
	return nil
}

// answered returns an error unless r is the right response to q.
func answered(q question, r *dns.Msg) error {
	if !q.addr.IsValid() {
		if r.Rcode != q.rcode || len(r.Answer) != 0 || len(r.Ns) != 1 || r.Ns[0].Header().Rrtype != dns.TypeSOA {
			return fmt.Errorf("the response is not %s with an SOA record and no answer: %v", dns.RcodeToString[q.rcode], r)
		}
		return nil
	}
	if r.Rcode == dns.RcodeSuccess && len(r.Answer) == 1 {
		var addr net.IP
		switch rr := r.Answer[0].(type) {
		case *dns.A:
			addr = rr.A
		case *dns.AAAA:
			addr = rr.AAAA
		}
		hdr := r.Answer[0].Header()
		if hdr.Name == q.name && hdr.Rrtype == q.qtype && hdr.Ttl == 3600 && addr.String() == q.addr.String() {
			return nil
		}
	}
	return fmt.Errorf("the response is not one record with %v and TTL 3600: %v", q.addr, r)
}

// stop ends the server and its upstream, and removes their directories.
func (p *process) stop() {
	if p.cmd != nil && p.cmd.Process != nil {
		_ = syscall.Kill(-p.cmd.Process.Pid, syscall.SIGKILL)
		<-p.exited
	}
	os.RemoveAll(p.dir)
	if p.upstream != nil {
		p.upstream.stop()
	}
}

// members returns the process IDs of the server and its upstream.
func (p *process) members() (pids []string, err error) {
	stats, err := filepath.Glob("/proc/[0-9]*/stat")
	if err != nil {
		return nil, err
	}
	for _, stat := range stats {
		if fields := statFields(stat); len(fields) > 2 && fields[2] == strconv.Itoa(p.cmd.Process.Pid) {
			pids = append(pids, filepath.Base(filepath.Dir(stat)))
		}
	}
	if p.upstream != nil {
		more, err := p.upstream.members()
		return append(pids, more...), err
	}
	return pids, nil
}

// statFields returns the fields of a file /proc/PID/stat from the third on, or none if the
// process has ended. See proc(5).
func statFields(path string) []string {
	b, _ := os.ReadFile(path)
	return strings.Fields(string(b[bytes.LastIndexByte(b, ')')+1:]))
}

// cpu returns the CPU time that the server has used, in user mode and in the kernel.
func (p *process) cpu() (time.Duration, error) {
	pids, err := p.members()
	if err != nil {
		return 0, err
	}
	var ticks int
	for _, pid := range pids {
		fields := statFields("/proc/" + pid + "/stat")
		if len(fields) < 13 {
			return 0, fmt.Errorf("%s: process %s has ended", p.name, pid)
		}
		for _, field := range fields[11:13] {
			n, err := strconv.Atoi(field)
			if err != nil {
				return 0, err
			}
			ticks += n
		}
	}
	return time.Duration(ticks) * 10 * time.Millisecond, nil
}

// memory returns the proportional set size of the server in bytes: of memory that processes
// share, each has its part.
func (p *process) memory() (int, error) {
	pids, err := p.members()
	if err != nil {
		return 0, err
	}
	var kilobytes int
	for _, pid := range pids {
		b, err := os.ReadFile("/proc/" + pid + "/smaps_rollup")
		if err != nil {
			return 0, err
		}
		for line := range strings.Lines(string(b)) {
			if fields := strings.Fields(line); fields[0] == "Pss:" {
				n, err := strconv.Atoi(fields[1])
				if err != nil {
					return 0, err
				}
				kilobytes += n
			}
		}
	}
	return kilobytes << 10, nil
}
