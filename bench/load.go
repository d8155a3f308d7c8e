package main

import (
	"bufio"
	"bytes"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/miekg/dns"
)

// fixedRate is the number of queries a second at which latency is measured.
const fixedRate = 10_000

// cost is what one round measured for a server.
type cost struct {
	start    time.Duration // from execution to the first right answer
	cpu      time.Duration // of a query
	rate     float64       // queries answered a second, when more are always waiting
	p50, p99 time.Duration // from query to response, at the fixed rate
	memory   int           // the proportional set size after the load, in bytes
}

// load says how a server is driven.
type load struct {
	seconds float64
	clients int
	cores   string // where dnsperf runs
	threads int    // of dnsperf; 0 means one
	rate    int    // queries a second; 0 means as many as possible
	latency bool   // whether to measure latency, too
}

// measure starts the server, checks it and drives it.
func (s *server) measure(l load) (c cost, err error) {
	c.start, err = s.measureStart()
	if err != nil {
		return c, err
	}
	p, err := s.run()
	if err != nil {
		return c, err
	}
	defer p.stop()
	if err := p.check(); err != nil {
		return c, err
	}
	if l.seconds > 0 {
		err = p.drive(l, &c)
	}
	if err == nil {
		c.memory, err = p.memory()
	}
	return c, err
}

// measureStart returns the median of five starts. One more start before them does not count,
// because the kernel may have dropped the program's file from memory since the last round.
func (s *server) measureStart() (time.Duration, error) {
	var starts []float64
	for range 6 {
		p, err := s.run()
		if err != nil {
			return 0, err
		}
		p.stop()
		starts = append(starts, float64(p.start))
	}
	return time.Duration(median(starts[1:])), nil
}

// drive has dnsperf send the server its questions over and over.
func (p *process) drive(l load, c *cost) error {
	questions := filepath.Join(p.dir, "questions")
	if err := writeQuestions(questions, p.questions); err != nil {
		return err
	}
	ask := func(seconds float64, options ...string) (*perf, error) {
		argv := []string{"-c", l.cores, "dnsperf", "-s", "127.0.0.1", "-p", strconv.Itoa(p.port), "-d", questions,
			"-T", strconv.Itoa(max(l.threads, 1)), "-c", strconv.Itoa(l.clients), "-l", strconv.FormatFloat(seconds, 'f', -1, 64)}
		output, err := exec.Command("taskset", append(argv, options...)...).Output()
		if err != nil {
			return nil, fmt.Errorf("%s: dnsperf: %w", p.name, err)
		}
		perf, err := parsePerf(output, p.questions)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", p.name, err)
		}
		return perf, nil
	}

	if _, err := ask(max(l.seconds/4, 0.1)); err != nil { // to warm up
		return err
	}
	before, err := p.cpu()
	if err != nil {
		return err
	}
	var limit []string
	if l.rate > 0 {
		limit = []string{"-Q", strconv.Itoa(l.rate)}
	}
	most, err := ask(l.seconds, limit...)
	if err != nil {
		return err
	}
	after, err := p.cpu()
	if err != nil {
		return err
	}
	c.cpu, c.rate = (after-before)/time.Duration(most.completed), most.rate
	if !l.latency {
		return nil
	}
	steady, err := ask(l.seconds/2, "-Q", strconv.Itoa(fixedRate), "-v")
	if err != nil {
		return err
	}
	slices.Sort(steady.latencies)
	n := len(steady.latencies)
	c.p50, c.p99 = steady.latencies[n/2], steady.latencies[n*99/100]
	return nil
}

// writeQuestions writes the questions in dnsperf's format, in an order that is independent of
// the addresses.
func writeQuestions(path string, questions []question) error {
	var b bytes.Buffer
	for _, i := range rand.New(rand.NewPCG(1, 2)).Perm(len(questions)) {
		fmt.Fprintf(&b, "%s %s\n", questions[i].name, dns.TypeToString[questions[i].qtype])
	}
	return os.WriteFile(path, b.Bytes(), 0o644)
}

// perf is what dnsperf reports.
type perf struct {
	completed int
	rate      float64
	latencies []time.Duration // only with -v
}

var (
	completedRE = regexp.MustCompile(`Queries completed: +(\d+) `)
	lostRE      = regexp.MustCompile(`Queries lost: +(\d+) `)
	codesRE     = regexp.MustCompile(`Response codes: +(.+)\n`)
	codeRE      = regexp.MustCompile(`(\w+) \d+ \(`)
	rateRE      = regexp.MustCompile(`Queries per second: +([0-9.]+)\n`)
)

// parsePerf parses what dnsperf reports. It returns an error if more than five in a thousand
// queries were lost, or if any response had a code that no question has. dnsperf itself may lose
// a few.
func parsePerf(output []byte, questions []question) (*perf, error) {
	p := new(perf)
	completed, lost, rate, codes := completedRE.FindSubmatch(output), lostRE.FindSubmatch(output), rateRE.FindSubmatch(output), codesRE.FindSubmatch(output)
	if completed == nil || lost == nil || rate == nil || codes == nil {
		return nil, fmt.Errorf("dnsperf reported no figures:\n%s", output[max(0, len(output)-2000):])
	}
	for _, code := range codeRE.FindAllSubmatch(codes[1], -1) {
		if !slices.ContainsFunc(questions, func(q question) bool { return dns.RcodeToString[q.rcode] == string(code[1]) }) {
			return nil, fmt.Errorf("dnsperf reported wrong responses: %s", codes[1])
		}
	}
	var err error
	if p.completed, err = strconv.Atoi(string(completed[1])); err != nil {
		return nil, err
	}
	if p.rate, err = strconv.ParseFloat(string(rate[1]), 64); err != nil {
		return nil, err
	}
	if n, err := strconv.Atoi(string(lost[1])); err != nil || n > p.completed/200 {
		return nil, fmt.Errorf("%s of %d queries were lost", lost[1], p.completed)
	}
	for lines := bufio.NewScanner(bytes.NewReader(output)); lines.Scan(); {
		if fields := strings.Fields(lines.Text()); len(fields) == 5 && fields[0] == ">" {
			seconds, err := strconv.ParseFloat(fields[4], 64)
			if err != nil {
				return nil, err
			}
			p.latencies = append(p.latencies, time.Duration(seconds*float64(time.Second)))
		}
	}
	return p, nil
}
