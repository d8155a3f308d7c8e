package workstation

import (
	"flag"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"
)

var update = flag.Bool("update", false, "write what the Corefiles in testdata/*.txt get now")

// checkGolden compares what the Corefiles in a file get with what the file says. The file is an archive of sections.
// In each section, a Corefile is followed by what it gets: lines that begin with "=>", or one line "=>" for nothing.
func checkGolden(t *testing.T, path string, outcome func(section, corefile string) []string) {
	t.Helper()
	archive, err := txtar.ParseFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for i, section := range archive.Files {
		var now strings.Builder
		lines := strings.SplitAfter(string(section.Data), "\n")
		isOutcome := func(l string) bool { return strings.HasPrefix(l, "=>") }
		for slices.ContainsFunc(lines, isOutcome) {
			begin := slices.IndexFunc(lines, isOutcome)
			end := begin
			for end < len(lines) && isOutcome(lines[end]) {
				end++
			}
			text, want := strings.Join(lines[:begin], ""), strings.Join(lines[begin:end], "")
			corefile := strings.TrimSpace(text)
			got := "=>\n"
			if outcomes := outcome(section.Name, corefile); len(outcomes) > 0 {
				got = "=> " + strings.Join(outcomes, "\n=> ") + "\n"
			}
			if got != want && !*update {
				t.Errorf("%s, %s:\n\n%s\n\ngot\n%swant\n%s", path, section.Name, corefile, got, want)
			}
			now.WriteString(text + got)
			lines = lines[end:]
		}
		rest := strings.Join(lines, "")
		if strings.TrimSpace(rest) != "" {
			t.Errorf("%s, %s: no line \"=>\" follows\n%s", path, section.Name, rest)
		}
		archive.Files[i].Data = []byte(now.String() + rest)
	}
	if *update {
		if err := os.WriteFile(path, txtar.Format(archive), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}
