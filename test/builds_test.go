package test

import (
	"encoding/json"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
)

// TestBuildsPlace checks that each way to build CoreDNS in docs/builds.md makes plugin.cfg.example of
// CoreDNS's plugin.cfg.
func TestBuildsPlace(t *testing.T) {
	page, _ := fencesOf(t, "../docs/builds.md")
	example, _ := fencesOf(t, "../plugin.cfg.example")
	_, source := coreDNS(t)
	stock, _ := fencesOf(t, filepath.Join(source, "plugin.cfg"))

	commands := regexp.MustCompile(`(?m)^(?:RUN )?(sed .* plugin\.cfg)$`).FindAllStringSubmatch(page, -1)
	if len(commands) != 2 {
		t.Errorf("found %d commands that change plugin.cfg, want 2", len(commands))
	}
	for _, m := range commands {
		dir := t.TempDir()
		path := write(t, dir, "plugin.cfg", stock)
		command := exec.Command("sh", "-c", m[1])
		command.Dir = dir
		if out, err := command.CombinedOutput(); err != nil {
			t.Fatalf("%s: %v\n%s", m[1], err, out)
		}
		if changed, _ := fencesOf(t, path); changed != example {
			t.Errorf("%s\ndoes not make plugin.cfg.example", m[1])
		}
	}

	// nixpkgs inserts the line name:repo before the line of the plugin in position.before.
	attribute := func(name string) string { return onlyMatch(t, page, `(?m)^ +`+name+` = "(.*)";$`) }
	before := "\n" + attribute(`position\.before`) + ":"
	line := "\n" + attribute("name") + ":" + attribute("repo")
	if strings.Replace(stock, before, line+before, 1) != example {
		t.Errorf("nixpkgs does not make plugin.cfg.example: it inserts %q before %q", line, before)
	}
}

// TestBuildsVersions checks that docs/builds.md builds the CoreDNS of go.mod with the newest version of
// the plugin.
func TestBuildsVersions(t *testing.T) {
	page, _ := fencesOf(t, "../docs/builds.md")
	want, _ := coreDNS(t)
	for _, pattern := range []string{
		`--branch (\S+) https://github.com/coredns/coredns`, `example\.org/coredns:(\S+)-custom`, `(v[0-9.]+)\.tar\.gz`,
	} {
		if got := onlyMatch(t, page, pattern); got != want {
			t.Errorf("docs/builds.md has CoreDNS %s, and go.mod %s", got, want)
		}
	}
	for _, pattern := range []string{`VERSION=([0-9.]+)`, `coredns_([0-9.]+)_linux`, `--prefix coredns-([0-9.]+)/`} {
		if got := "v" + onlyMatch(t, page, pattern); got != want {
			t.Errorf("docs/builds.md has CoreDNS %s, and go.mod %s", got, want)
		}
	}

	changelog, _ := fencesOf(t, "../CHANGELOG.md")
	newest := regexp.MustCompile(`(?m)^## ([0-9.]+) `).FindStringSubmatch(changelog)
	if newest == nil {
		t.Fatal("CHANGELOG.md has no version")
	}
	for _, pattern := range []string{`seed-310b8fa8/workstation[@\t]v([0-9.]+)`, `version = "v(.*)"`} {
		if got := onlyMatch(t, page, pattern); got != newest[1] {
			t.Errorf("docs/builds.md has version %s of the plugin, and CHANGELOG.md %s", got, newest[1])
		}
	}
}

// TestBuildsWarning checks that docs/builds.md shows the warning that the plugin logs.
func TestBuildsWarning(t *testing.T) {
	page, _ := fencesOf(t, "../docs/builds.md")
	warnings, _ := fencesOf(t, "../testdata/warnings.txt")
	warning := onlyMatch(t, page, `(?m)^(\[WARNING\] .*)$`)
	if !strings.Contains(warnings, "=> "+warning+"\n") {
		t.Errorf("testdata/warnings.txt does not have %s", warning)
	}
}

// TestListEntry checks that the entry for CoreDNS's list of external plugins has the format of that list,
// and says what the README says.
func TestListEntry(t *testing.T) {
	text, fences := fencesOf(t, "../docs/explugins/workstation.md")
	readme, readmeFences := fencesOf(t, "../README.md")
	config, _ := fencesOf(t, "../plugin.cfg.example")

	m := regexp.MustCompile(`(?s)^\+\+\+\n(.*?)\n\+\+\+\n\n(.*)$`).FindStringSubmatch(text)
	if m == nil {
		t.Fatal("the entry has no front matter")
	}
	// The front matter is TOML. Its values have the syntax of JSON.
	var front struct {
		Title, Description, Repo, Home string
		Weight                         int
		Tags, Categories               []string
		Date                           time.Time
	}
	lines := regexp.MustCompile(`(?m)^(\w+) = `).ReplaceAllString(m[1], `"$1": `)
	object := "{" + strings.ReplaceAll(lines, "\n", ",") + "}"
	decoder := json.NewDecoder(strings.NewReader(object))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&front); err != nil {
		t.Fatalf("front matter: %v\n%s", err, object)
	}
	if front.Weight != 10 || front.Date.IsZero() || front.Home != front.Repo+"/blob/main/README.md" ||
		!slices.Equal(front.Tags, []string{"plugin", front.Title}) ||
		!slices.Equal(front.Categories, []string{"plugin", "external"}) {
		t.Errorf("front matter is %+v", front)
	}
	// The site shows this line as the one for plugin.cfg.
	line := front.Title + ":" + strings.TrimPrefix(front.Repo, "https://")
	if !strings.Contains(config, "\n"+line+"\n") {
		t.Errorf("plugin.cfg.example does not have %s", line)
	}
	// The README's line has a dash, and the list wants a sentence.
	if name := strings.Replace(front.Description, "* ", "* - ", 1); !strings.Contains(readme, "\n"+name+"\n") {
		t.Errorf("the README does not have %q", name)
	}

	for _, heading := range []string{"## Description\n", "## Syntax\n", "## Examples\n"} {
		if !strings.Contains(m[2], heading) {
			t.Errorf("the entry has no %s", heading)
		}
	}
	for _, f := range fences {
		if f.info != "sh" && !slices.Contains(readmeFences, f) {
			t.Errorf("the README does not have the block\n%s", f.text)
		}
	}
}

// coreDNS returns the version of CoreDNS in go.mod, and the directory of its source.
func coreDNS(t *testing.T) (version, dir string) {
	t.Helper()
	out, err := exec.Command("go", "list", "-m", "-f", "{{.Version}} {{.Dir}}", "github.com/coredns/coredns").Output()
	if err != nil {
		t.Fatal(err)
	}
	version, dir, _ = strings.Cut(strings.TrimSpace(string(out)), " ")
	return version, dir
}

// onlyMatch returns what the group of a pattern matches in a text. It must be the same at all places.
func onlyMatch(t *testing.T, text, pattern string) string {
	t.Helper()
	var found []string
	for _, m := range regexp.MustCompile(pattern).FindAllStringSubmatch(text, -1) {
		found = append(found, m[1])
	}
	found = slices.Compact(found)
	if len(found) != 1 {
		t.Fatalf("%s matches %q, want one value", pattern, found)
	}
	return found[0]
}
