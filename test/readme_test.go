package test

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// fence is a fenced block of a document: what follows the opening ~~~, and the
// text.
type fence struct{ info, text string }

var fenceRE = regexp.MustCompile(`(?ms)^~~~ (.*?)\n(.*?)^~~~$`)

// fencesOf returns the document at path and its fenced blocks.
func fencesOf(t *testing.T, path string) (text string, fences []fence) {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range fenceRE.FindAllStringSubmatch(string(b), -1) {
		fences = append(fences, fence{info: m[1], text: m[2]})
	}
	return string(b), fences
}

// writeZones writes the zone files that a document shows into dir.
func writeZones(t *testing.T, dir string, fences []fence) {
	t.Helper()
	for _, f := range fences {
		if name, ok := strings.CutPrefix(f.info, "zone "); ok {
			if err := os.WriteFile(filepath.Join(dir, name), []byte(f.text), 0o644); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// TestExamples starts coredns with each Corefile of the documents and asks it
// what they ask, up to the next Corefile. All their zone files are there. What is
// changed are the ports 10053 and 10054, and the system's resolv.conf for one that
// points nowhere.
func TestExamples(t *testing.T) {
	for _, tc := range []struct {
		document             string
		corefiles, questions int
	}{
		{"README.md", 12, 35},
		{"docs/transition.md", 13, 54},
		{"docs/zones.md", 1, 0},
		{"SECURITY.md", 2, 3},
	} {
		t.Run(tc.document, func(t *testing.T) {
			t.Parallel()
			_, fences := fencesOf(t, "../"+tc.document)
			corefiles, questions := runExamples(t, fences)
			if corefiles != tc.corefiles || questions != tc.questions {
				t.Errorf("found %d Corefiles and %d questions, want %d and %d", corefiles, questions, tc.corefiles, tc.questions)
			}
		})
	}
}

func runExamples(t *testing.T, fences []fence) (corefiles, questions int) {
	dir := t.TempDir()
	writeZones(t, dir, fences)
	resolvConf := filepath.Join(dir, "resolv.conf")
	if err := os.WriteFile(resolvConf, []byte("nameserver "+nextResolver()+"\n"), 0o644); err != nil {
		t.Fatal(err)
	}

	var port string
	for _, f := range fences {
		switch f.info {
		case "corefile":
			corefiles++
			corefile := strings.NewReplacer(":10053", ":{$PORT}", ":10054", ":"+testPort(t), "/etc/resolv.conf", resolvConf).Replace(f.text)
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

// startCorefile starts coredns with a Corefile in dir until the end of the test,
// and returns the port on which it listens, which is also $PORT.
func startCorefile(t *testing.T, dir, corefile string) (port string) {
	t.Helper()
	port, _, _ = serveCorefile(t, dir, corefile)
	return port
}

// serveCorefile is startCorefile, and returns the Corefile's path and the server,
// too.
func serveCorefile(t *testing.T, dir, corefile string) (port, path string, s *server) {
	t.Helper()
	binary, err := coredns()
	if err != nil {
		t.Fatal(err)
	}
	port = testPort(t)
	path = filepath.Join(dir, "Corefile-"+port)
	if err := os.WriteFile(path, []byte(corefile), 0o644); err != nil {
		t.Fatal(err)
	}
	s, err = startServer(binary, dir, path+".log", []string{"PORT=" + port}, "-conf", path, "-dns.port", port)
	if err != nil {
		t.Fatalf("%v\nwith\n%s", err, corefile)
	}
	t.Cleanup(func() {
		if err := s.stop(); err != nil {
			t.Error(err)
		}
		s.showOnFailure(t)
	})
	return port, path, s
}

// TestReadmeShowsCorefile checks that the README shows the Corefile that
// go run ./cmd/coredns serves.
func TestReadmeShowsCorefile(t *testing.T) {
	_, fences := fencesOf(t, "../README.md")
	b, err := os.ReadFile("../Corefile")
	if err != nil {
		t.Fatal(err)
	}
	corefile := regexp.MustCompile(`(?m)^#.*\n`).ReplaceAllString(string(b), "")
	if !slices.Contains(fences, fence{"corefile", corefile}) {
		t.Errorf("the README does not show this repository's Corefile:\n%s", corefile)
	}
}

// TestReadmeProgram type-checks the README's Go program.
func TestReadmeProgram(t *testing.T) {
	_, fences := fencesOf(t, "../README.md")
	i := slices.IndexFunc(fences, func(f fence) bool { return f.info == "go" })
	if i < 0 {
		t.Fatal("the README has no Go program")
	}
	program := filepath.Join(t.TempDir(), "main.go")
	if err := os.WriteFile(program, []byte(fences[i].text), 0o644); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command("go", "vet", program).CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}

// TestReadmeSections checks for the sections of a CoreDNS plugin's README, in
// their order.
func TestReadmeSections(t *testing.T) {
	readme, _ := fencesOf(t, "../README.md")
	for _, title := range []string{"Name", "Description", "Compilation", "Syntax", "Metrics", "Examples", "Bugs", "See Also"} {
		_, after, ok := strings.Cut(readme, "\n## "+title+"\n")
		if !ok {
			t.Errorf("there is no section %q, or it is out of order", title)
			continue
		}
		readme = after
	}
}
