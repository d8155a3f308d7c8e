package test

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// fence is a fenced block of a README: what follows the opening ~~~, and the
// text.
type fence struct{ info, text string }

func readmeFences(t *testing.T) (readme string, fences []fence) {
	t.Helper()
	b, err := os.ReadFile("../README.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range regexp.MustCompile(`(?ms)^~~~ (.*?)\n(.*?)^~~~$`).FindAllStringSubmatch(string(b), -1) {
		fences = append(fences, fence{info: m[1], text: m[2]})
	}
	return string(b), fences
}

// TestReadmeExamples starts coredns with each Corefile of the README and asks
// it what the README asks, up to the next Corefile. All zone files of the README
// are there. What is changed are the port 10053, and the system's resolv.conf
// for one that points nowhere.
func TestReadmeExamples(t *testing.T) {
	_, fences := readmeFences(t)
	dir := t.TempDir()
	resolvConf := filepath.Join(dir, "resolv.conf")
	if err := os.WriteFile(resolvConf, []byte("nameserver "+nextResolver()+"\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	for _, f := range fences {
		if name, ok := strings.CutPrefix(f.info, "zone "); ok {
			if err := os.WriteFile(filepath.Join(dir, name), []byte(f.text), 0o644); err != nil {
				t.Fatal(err)
			}
		}
	}
	binary, err := coredns()
	if err != nil {
		t.Fatal(err)
	}

	corefiles, questions := 0, 0
	var port string
	for _, f := range fences {
		switch f.info {
		case "corefile":
			corefiles++
			if port, err = freePort(); err != nil {
				t.Fatal(err)
			}
			corefile := filepath.Join(dir, fmt.Sprint("Corefile", corefiles))
			text := strings.NewReplacer(":10053", ":"+port, "/etc/resolv.conf", resolvConf).Replace(f.text)
			if err := os.WriteFile(corefile, []byte(text), 0o644); err != nil {
				t.Fatal(err)
			}
			s, err := startServer(binary, dir, corefile+".log", nil, "-conf", corefile, "-dns.port", port)
			if err != nil {
				t.Fatalf("%v\nwith\n%s", err, f.text)
			}
			t.Cleanup(func() {
				if err := s.stop(); err != nil {
					t.Error(err)
				}
			})
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
	if corefiles < 5 || questions < 9 {
		t.Errorf("found only %d Corefiles and %d questions in the README", corefiles, questions)
	}
}

// TestReadmeShowsCorefile holds the README's first Corefile to the one that
// go run ./cmd/coredns serves.
func TestReadmeShowsCorefile(t *testing.T) {
	_, fences := readmeFences(t)
	b, err := os.ReadFile("../Corefile")
	if err != nil {
		t.Fatal(err)
	}
	corefile := regexp.MustCompile(`(?m)^#.*\n`).ReplaceAllString(string(b), "")
	if i := slices.IndexFunc(fences, func(f fence) bool { return f.info == "corefile" }); i < 0 || fences[i].text != corefile {
		t.Errorf("the README's first Corefile is not this repository's:\n%s", corefile)
	}
}

// TestReadmeProgram type-checks the README's Go program.
func TestReadmeProgram(t *testing.T) {
	_, fences := readmeFences(t)
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
	readme, _ := readmeFences(t)
	for _, title := range []string{"Name", "Description", "Compilation", "Syntax", "Metrics", "Examples", "Bugs", "See Also"} {
		_, after, ok := strings.Cut(readme, "\n## "+title+"\n")
		if !ok {
			t.Errorf("there is no section %q, or it is out of order", title)
			continue
		}
		readme = after
	}
}
