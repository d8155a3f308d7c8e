package test

import (
	"bytes"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode"
)

// TestExamples starts coredns with each Corefile of the documents. Then it asks the questions that
// the document has before the next Corefile. All zone files of the document are there. The test only
// replaces the ports 10053 and 10054, and the system's resolv.conf by one with an address at which
// nothing listens.
func TestExamples(t *testing.T) {
	for _, tc := range []struct {
		document             string
		corefiles, questions int
	}{
		{"README.md", 6, 21},
		{"docs/builds.md", 1, 2},
		{"docs/explugins/workstation.md", 1, 2},
		{"docs/operations.md", 1, 3},
		{"docs/transition.md", 15, 55},
		{"docs/zones.md", 5, 15},
		{"SECURITY.md", 2, 3},
	} {
		t.Run(tc.document, func(t *testing.T) {
			t.Parallel()
			_, fences := fencesOf(t, "../"+tc.document)
			corefiles, questions := runExamples(t, fences)
			if corefiles != tc.corefiles || questions != tc.questions {
				t.Errorf("found %d Corefiles and %d questions, want %d and %d",
					corefiles, questions, tc.corefiles, tc.questions)
			}
		})
	}
}

// runExamples runs the Corefiles and questions of a document, and returns how many there are.
func runExamples(t *testing.T, fences []fence) (corefiles, questions int) {
	dir := t.TempDir()
	writeZones(t, dir, fences)
	resolvConf := write(t, dir, "resolv.conf", "nameserver "+nextResolver()+"\n")

	var port string
	for _, f := range fences {
		switch f.info {
		case "corefile":
			corefiles++
			corefile := strings.NewReplacer(
				":10053", ":{$PORT}",
				":10054", ":"+testPort(t),
				"/etc/resolv.conf", resolvConf,
			).Replace(f.text)
			port = startCorefile(t, dir, corefile)
		case "sh":
			asked := regexp.MustCompile(`(?m)^\$ dig (.*)\n((?:[^$].*\n)*)`).FindAllStringSubmatch(f.text, -1)
			for _, m := range asked {
				questions++
				d, err := parseDig(strings.Fields(strings.Replace(m[1], "-p 10053", "-p "+port, 1)), port)
				if err != nil {
					t.Fatal(err)
				}
				var out bytes.Buffer
				if err := d.print(&out); err != nil || out.String() != m[2] {
					t.Errorf("dig %s\ngot  %q, %v\nwant %q", m[1], out.String(), err, m[2])
				}
			}
		}
	}
	return corefiles, questions
}

// TestTransitionShowsCorefile checks that docs/transition.md shows the Corefile with which
// go run ./cmd/coredns runs: it is the example from which the plugin descends.
func TestTransitionShowsCorefile(t *testing.T) {
	_, fences := fencesOf(t, "../docs/transition.md")
	b, err := os.ReadFile("../Corefile")
	if err != nil {
		t.Fatal(err)
	}
	corefile := regexp.MustCompile(`(?m)^#.*\n`).ReplaceAllString(string(b), "")
	if !slices.Contains(fences, fence{"corefile", corefile}) {
		t.Errorf("docs/transition.md does not show this repository's Corefile:\n%s", corefile)
	}
}

// TestReadmeSections checks that the README has the sections of a CoreDNS plugin, in their order.
func TestReadmeSections(t *testing.T) {
	readme, _ := fencesOf(t, "../README.md")
	for _, title := range []string{
		"Name", "Description", "Syntax", "Metrics", "Examples", "Compilation", "Bugs", "See Also",
	} {
		_, after, ok := strings.Cut(readme, "\n## "+title+"\n")
		if !ok {
			t.Errorf("there is no section %q, or it is out of order", title)
			continue
		}
		readme = after
	}
}

// TestReadmeLength holds the README to what a stranger reads once: 1,500 words, not counting code and
// tables, and eight bugs of a line or two.
func TestReadmeLength(t *testing.T) {
	const mostWords, mostBugs = 1500, 8
	readme, _ := fencesOf(t, "../README.md")
	words := 0
	prose := regexp.MustCompile(`(?ms)^~~~.*?^~~~$|^\|.*?$|\]\(.*?\)`).ReplaceAllString(readme, "")
	for word := range strings.FieldsSeq(prose) {
		if strings.ContainsFunc(word, unicode.IsLetter) || strings.ContainsFunc(word, unicode.IsDigit) {
			words++
		}
	}
	if words > mostWords {
		t.Errorf("the README has %d words, and %d are enough", words, mostWords)
	}
	_, bugs, _ := strings.Cut(readme, "\n## Bugs\n")
	bugs, _, _ = strings.Cut(bugs, "\n## ")
	if n := strings.Count(bugs, "\n* "); n == 0 || n > mostBugs {
		t.Errorf("the README has %d bugs, and %d are enough", n, mostBugs)
	}
}

// TestLinks follows the links of all documents to files of the repository and to their headings.
func TestLinks(t *testing.T) {
	var documents []string
	err := filepath.WalkDir("..", func(path string, _ fs.DirEntry, err error) error {
		if filepath.Ext(path) == ".md" {
			documents = append(documents, path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	link := regexp.MustCompile(`\]\(([^):]*)\)`)
	for _, document := range documents {
		text, _ := fencesOf(t, document)
		for _, m := range link.FindAllStringSubmatch(text, -1) {
			path, heading, _ := strings.Cut(m[1], "#")
			target := filepath.Join(filepath.Dir(document), path)
			if path == "" {
				target = document
			}
			if _, err := os.Stat(target); err != nil {
				t.Errorf("%s links to %s, which is not there", document, m[1])
			} else if heading != "" && !slices.Contains(anchorsOf(t, target), heading) {
				t.Errorf("%s links to %s, which has no such heading", document, m[1])
			}
		}
	}
	if len(documents) < 10 {
		t.Errorf("found only %d documents", len(documents))
	}
}

// anchorsOf returns the anchors of a document's headings, as GitHub makes them.
func anchorsOf(t *testing.T, path string) (anchors []string) {
	text, _ := fencesOf(t, path)
	text = regexp.MustCompile(`(?ms)^~~~.*?^~~~$`).ReplaceAllString(text, "")
	for _, m := range regexp.MustCompile(`(?m)^#+ (.*)$`).FindAllStringSubmatch(text, -1) {
		anchors = append(anchors, strings.Map(func(r rune) rune {
			switch {
			case r == ' ':
				return '-'
			case r == '-' || r == '_' || unicode.IsLetter(r) || unicode.IsDigit(r):
				return unicode.ToLower(r)
			default:
				return -1
			}
		}, m[1]))
	}
	return anchors
}
