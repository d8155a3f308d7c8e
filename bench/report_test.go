package main

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// README.md shows every table in results.
func TestTables(t *testing.T) {
	readme := read(t, "README.md")
	files, err := filepath.Glob(filepath.Join(results, "*.md"))
	if err != nil || len(files) == 0 {
		t.Fatalf("%s has no tables: %v", results, err)
	}
	for _, file := range files {
		name := strings.TrimSuffix(filepath.Base(file), ".md")
		_, shown, _, err := cutTable(readme, name)
		if err != nil {
			t.Error(err)
		} else if shown != read(t, file) {
			t.Errorf("README.md shows another table than %s: copy the file to README.md, after the line <!-- %s -->",
				file, name)
		}
	}
}

// The manual quotes the CPU time a query of some servers. Its figures are those in results, with
// as many decimals as the manual writes.
func TestReadme(t *testing.T) {
	const form = "A query costs 7.8 µs of CPU, where *template* costs 18.8, *whoami* 9.8 and Knot DNS 5.3."
	manual := strings.Join(strings.Fields(read(t, "../README.md")), " ")
	sentenceRE := regexp.MustCompile(`A query costs ([0-9.]+) µs of CPU, where (.+? [0-9.]*[0-9])(?:[.:;] | \()`)
	sentence := sentenceRE.FindStringSubmatch(manual + " ")
	if sentence == nil {
		t.Fatalf("../README.md does not say what a query costs: write a sentence such as\n%s", form)
	}
	costs := cpuOfPeers(t)
	checkFigure(t, costs, "CoreDNS with *workstation*", sentence[1])
	for _, clause := range regexp.MustCompile(`, and |, | and `).Split(sentence[2], -1) {
		words := strings.Fields(strings.Replace(clause, " costs ", " ", 1))
		last := len(words) - 1
		checkFigure(t, costs, strings.Join(words[:last], " "), words[last])
	}
}

// checkFigure checks what the manual says about a peer, by its name in the table or by the
// beginning of it. "CoreDNS, " may be left out. If the names of others go on after its name, as
// with ", four octets", it is the one without that.
func checkFigure(t *testing.T, costs map[string]float64, name, written string) {
	t.Helper()
	var rows []string
	for row := range costs {
		if strings.HasPrefix(strings.TrimPrefix(row, "CoreDNS, "), name) {
			rows = append(rows, row)
		}
	}
	slices.Sort(rows)
	if len(rows) > 1 && !slices.ContainsFunc(rows, func(row string) bool { return !strings.HasPrefix(row, rows[0]) }) {
		rows = rows[:1]
	}
	if len(rows) != 1 {
		t.Errorf("../README.md says that %q costs %s, but %d rows of %s/peers.md have that name: %q",
			name, written, len(rows), results, rows)
		return
	}
	_, decimals, _ := strings.Cut(written, ".")
	if want := strconv.FormatFloat(costs[rows[0]], 'f', len(decimals), 64); written != want {
		t.Errorf("../README.md says that %q costs %s µs, but %s/peers.md says %s: correct ../README.md",
			name, written, results, want)
	}
}

// cpuOfPeers returns the CPU time a query of each peer, in microseconds, from the table of peers.
func cpuOfPeers(t *testing.T) map[string]float64 {
	t.Helper()
	costs := make(map[string]float64)
	for line := range strings.Lines(read(t, filepath.Join(results, "peers.md"))) {
		cells := strings.Split(line, " | ")
		if len(cells) < 3 {
			continue
		}
		if cost, err := strconv.ParseFloat(cells[2], 64); err == nil {
			costs[strings.TrimPrefix(cells[0], "| ")] = cost
		}
	}
	if len(costs) == 0 {
		t.Fatalf("%s/peers.md has no figures", results)
	}
	return costs
}

// read returns the text of a file.
func read(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
