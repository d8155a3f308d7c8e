package test

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// TestTransitionPatterns asks for every name in the table of docs/transition.md that
// tells which pattern gives it. Each pattern has a zone of its own.
func TestTransitionPatterns(t *testing.T) {
	t.Parallel()
	const network, address4, address6 = "10.1.0.0/16 2001:db8::/64", "10.1.7.12", "2001:db8::70c"

	text, fences := fencesOf(t, "../docs/transition.md")
	_, table, _ := strings.Cut(text, "\n## Which pattern do I need?\n")
	table, _, _ = strings.Cut(table, "\n## ")
	rows := regexp.MustCompile("(?m)^\\| (`.*`) \\| `(.*)` \\| .* \\|$").FindAllStringSubmatch(table, -1)
	if len(rows) != strings.Count(table, "\n|")-2 || len(rows) < 15 {
		t.Fatalf("found %d patterns in\n%s", len(rows), table)
	}

	var corefile strings.Builder
	corefile.WriteString("example.org {\n")
	for i, row := range rows {
		fmt.Fprintf(&corefile, "workstation z%d.example.org {\nname %s\nnetwork %s\nno_reverse\n}\n", i, row[2], network)
	}
	corefile.WriteString("file db.empty\n}\n")
	dir := t.TempDir()
	writeZones(t, dir, fences)
	port := startCorefile(t, dir, corefile.String())

	for i, row := range rows {
		for quoted := range strings.SplitSeq(row[1], ", ") {
			name := fmt.Sprintf("%s.z%d.example.org.", strings.Trim(quoted, "`"), i)
			want := []string{name + " 3600 A " + address4, name + " 3600 AAAA " + address6}
			if strings.Contains(row[2], "{ip") { // a name of one family
				if strings.Contains(quoted, "20010db8") || strings.Contains(quoted, "2001-") {
					want = want[1:]
				} else {
					want = want[:1]
				}
			}
			if got := addressRecords(t, port, name); !slices.Equal(got, want) {
				t.Errorf("name %s: %s has %q, want %q", row[2], name, got, want)
			}
		}
	}
}

// addressRecords asks for the addresses of a name, and returns the records.
func addressRecords(t *testing.T, port, name string) (got []string) {
	t.Helper()
	for _, qtype := range []string{"A", "AAAA"} {
		d, err := parseDig([]string{name, qtype}, port)
		if err != nil {
			t.Fatal(err)
		}
		m, err := d.ask()
		if err != nil {
			t.Fatal(err)
		}
		for _, rr := range m.Answer {
			got = append(got, record(rr))
		}
	}
	return got
}
