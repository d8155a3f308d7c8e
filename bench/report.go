package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"time"
)

// results is the directory for what is written, if no other is named. What is written
// there is shown in the manuals.
const results = "results"

// measurePeers measures the peers.
func measurePeers(s settings, p *programs) error {
	peers, err := allPeers(p)
	if err != nil {
		return err
	}
	var servers, large []*server
	for _, p := range peers {
		servers = append(servers, p.server)
		if p.large != nil {
			large = append(large, p.large)
		}
	}
	l := load{seconds: s.seconds, clients: 10, cores: loadCore, latency: true}
	costs, err := interleave(s.rounds, servers, func(s *server) (cost, error) { return s.measure(l) })
	if err != nil {
		return err
	}
	largeCosts, err := interleave(s.rounds, large, func(s *server) (cost, error) { return s.measure(load{}) })
	if err != nil {
		return err
	}
	slices.SortFunc(peers, func(a, b *peer) int {
		return int(1000 * (costs[a.server].median(cpu) - costs[b.server].median(cpu)))
	})
	var table strings.Builder
	row := rows(&table, "server", "version", "CPU a query, µs", "queries a second", "p50, µs", "p99, µs",
		"memory, MiB", "start, ms", "memory with 65,536 hosts", "start with them")
	for _, p := range peers {
		cs := costs[p.server]
		large := []any{"", ""}
		if p.large != nil {
			large = []any{figure(largeCosts[p.large].median(memory)), figure(largeCosts[p.large].median(start))}
		}
		row(append([]any{p.name, p.version, figure(cs.median(cpu)), thousands(cs.median(rate)), figure(cs.median(p50)), figure(cs.median(p99)),
			figure(cs.median(memory)), figure(cs.median(start))}, large...)...)
	}
	if err := s.plotPeers(peers, costs); err != nil {
		return err
	}
	if err := s.write("peers", table.String()); err != nil {
		return err
	}
	return s.writeGoals("beside-peers", peerGoals(peers, costs))
}

func (s settings) writeGoals(name string, goals []goal) error {
	var table strings.Builder
	row := rows(&table, "ratio", "measured", "at most", "dream")
	for _, g := range goals {
		row(g.what, fmt.Sprintf("%.2f%s", g.ratio, g.unit), fmt.Sprintf("%.2f", g.most), fmt.Sprintf("%.2f", g.dream))
	}
	return s.write(name, table.String())
}

func writeGrowth(s settings, all []series) error {
	var table strings.Builder
	row := rows(&table, "what grows", "to", "CPU a query, µs", "memory, MiB", "start, ms")
	for _, one := range all {
		for _, pt := range one.points {
			row(one.name, thousands(float64(pt.x)), figure(pt.costs.median(cpu)), figure(pt.costs.median(memory)), figure(pt.costs.median(start)))
		}
	}
	if err := s.plotGrowth(all); err != nil {
		return err
	}
	return s.write("growth", table.String())
}

func writeBuilds(s settings, all []*server, costs map[*server]costs) error {
	var table strings.Builder
	row := rows(&table, "setting", "CPU a query, µs", "ratio", "memory, MiB")
	for _, server := range all {
		cs := costs[server]
		row(server.name, figure(cs.median(cpu)), fmt.Sprintf("%.3f", cs.over(costs[all[0]], cpu)), figure(cs.median(memory)))
	}
	return s.write("builds", table.String())
}

// rows begins a table in Markdown, and returns what adds a row to it.
func rows(b *strings.Builder, titles ...string) (row func(...any)) {
	row = func(cells ...any) {
		for _, cell := range cells {
			fmt.Fprintf(b, "| %v ", cell)
		}
		b.WriteString("|\n")
	}
	line := make([]any, len(titles))
	for i, title := range titles {
		line[i] = title
	}
	row(line...)
	b.WriteString(strings.Repeat("|---", len(titles)) + "|\n")
	return row
}

// figure writes a value with two or three digits that mean something.
func figure(v float64) string {
	switch {
	case v < 10:
		return fmt.Sprintf("%.2f", v)
	case v < 100:
		return fmt.Sprintf("%.1f", v)
	default:
		return thousands(v)
	}
}

// thousands writes a number with a comma before each three digits.
func thousands(v float64) string {
	digits := fmt.Sprintf("%.0f", v)
	var b strings.Builder
	for i, digit := range digits {
		if i > 0 && (len(digits)-i)%3 == 0 {
			b.WriteByte(',')
		}
		b.WriteRune(digit)
	}
	return b.String()
}

// write writes a table, and into the manuals that show it.
func (s settings) write(name, table string) error {
	text := fmt.Sprintf("%s\nMeasured by `bench/run` on %s.\n", table, s.circumstances())
	if err := os.WriteFile(filepath.Join(s.out, name+".md"), []byte(text), 0o644); err != nil {
		return err
	}
	if s.out != results {
		return nil
	}
	for _, manual := range []string{"README.md", "../README.md"} {
		b, err := os.ReadFile(manual)
		if err != nil {
			return err
		}
		begin, end := []byte("<!-- "+name+" -->\n"), []byte("<!-- end of "+name+" -->\n")
		i, j := bytes.Index(b, begin), bytes.Index(b, end)
		if i < 0 || j < i {
			continue
		}
		shown := slices.Concat(b[:i], begin, []byte(text), b[j:])
		if err := os.WriteFile(manual, shown, 0o644); err != nil {
			return err
		}
	}
	return nil
}

// circumstances says when and where was measured, and how.
func (s settings) circumstances() string {
	model := "a processor of unknown make"
	if cpuinfo, err := os.ReadFile("/proc/cpuinfo"); err == nil {
		if m := regexp.MustCompile(`model name\s*: (.*)`).FindSubmatch(cpuinfo); m != nil {
			model = string(m[1])
		}
	}
	kernel, err := os.ReadFile("/proc/sys/kernel/osrelease")
	if err != nil {
		kernel = []byte("of unknown release")
	}
	return fmt.Sprintf("%s, %s (%d cores), Linux %s, %s: medians of %d rounds of %g s",
		time.Now().Format(time.DateOnly), model, runtime.NumCPU(), bytes.TrimSpace(kernel), goVersion(), s.rounds, s.seconds)
}

func goVersion() string { return runtime.Version() }
