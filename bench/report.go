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

// results is the default directory for the results. README.md shows what is in it.
const results = "results"

// measurePeers compares the plugin with the peers.
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
		"memory, MiB", "start, ms", "memory with 65,536 hosts, MiB", "start with them, ms")
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
	return s.writeGoals("peer-goals", peerGoals(peers, costs))
}

// writeGoals writes how the values compare with their limits.
func (s settings) writeGoals(name string, goals []goal) error {
	var table strings.Builder
	row := rows(&table, "ratio", "measured", "at most")
	for _, g := range goals {
		limit := ""
		if g.limit > 0 {
			limit = fmt.Sprintf("%.2f%s", g.limit, g.unit)
		}
		row(g.what, fmt.Sprintf("%.2f%s", g.value, g.unit), limit)
	}
	return s.write(name, table.String())
}

// writeGrowth writes the figures and the plot of all series.
func writeGrowth(s settings, all []series) error {
	var table strings.Builder
	row := rows(&table, "what grows", "how many", "CPU a query, µs", "memory, MiB", "start, ms")
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

// writeBuilds writes the costs of each setting, and their ratio to those of the first.
func writeBuilds(s settings, all []*server, costs map[*server]costs) error {
	var table strings.Builder
	row := rows(&table, "setting", "CPU a query, µs", "ratio", "memory, MiB")
	for _, server := range all {
		cs := costs[server]
		row(server.name, figure(cs.median(cpu)), fmt.Sprintf("%.3f", cs.over(costs[all[0]], cpu)), figure(cs.median(memory)))
	}
	return s.write("builds", table.String())
}

// rows begins a Markdown table, and returns a function that adds a row to it.
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

// figure writes a value with three significant digits, or as a whole number from 100 on.
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

// thousands writes a whole number with a comma between groups of three digits.
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

// write writes a table to the directory for the results. If it is the default one, README.md
// shows the table, too.
func (s settings) write(name, table string) error {
	text := fmt.Sprintf("%s\nMeasured by `bench/run` on %s.\n", table, s.conditions())
	if err := os.WriteFile(filepath.Join(s.out, name+".md"), []byte(text), 0o644); err != nil {
		return err
	}
	if s.out != results {
		return nil
	}
	readme, err := os.ReadFile("README.md")
	if err != nil {
		return err
	}
	before, _, after, err := cutTable(string(readme), name)
	if err != nil {
		return err
	}
	return os.WriteFile("README.md", []byte(before+text+after), 0o644)
}

// cutTable splits the text of README.md around what it shows of a result. The comments that
// enclose it, such as <!-- own --> and <!-- end of own -->, belong to before and after.
func cutTable(readme, name string) (before, shown, after string, err error) {
	begin, end := "<!-- "+name+" -->\n", "<!-- end of "+name+" -->\n"
	i, j := strings.Index(readme, begin), strings.Index(readme, end)
	if i < 0 || j < i {
		return "", "", "", fmt.Errorf("README.md has no place for the results of %s: add the lines %q and %q", name, begin, end)
	}
	i += len(begin)
	return readme[:i], readme[i:j], readme[j:], nil
}

// conditions returns the date, the machine and the settings of the measurement.
func (s settings) conditions() string {
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

// goVersion returns the version of Go that compiled the program.
func goVersion() string { return runtime.Version() }
