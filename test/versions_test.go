//go:build slow

package test

import (
	"cmp"
	"fmt"
	"maps"
	"os/exec"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/coredns/coredns/coremain"
	"github.com/rogpeppe/go-internal/testscript"
)

// testedMinors is with how many minor versions of CoreDNS the plugin is tested, each in its newest
// patch version.
const testedMinors = 4

// TestVersions builds each version of CoreDNS in the README's list with the plugin, and asks it. It
// also tries what the oldest version does with the plugin at a wrong place.
func TestVersions(t *testing.T) {
	listed := listedVersions(t)
	for i, v := range listed {
		t.Run(v.String(), func(t *testing.T) {
			p := slowParams(t, v.String(), i == len(listed)-1)
			p.Dir, p.Files = "", []string{"testdata/slow/plugin_cfg.txt"}
			testscript.Run(t, p)
		})
	}
}

// TestVersionsListed compares the README's list with the versions of CoreDNS that are released, and
// with the version in go.mod.
func TestVersionsListed(t *testing.T) {
	const module = "github.com/coredns/coredns"
	list := exec.Command("go", "list", "-m", "-versions", module)
	var stderr strings.Builder
	list.Stderr = &stderr
	released, err := list.Output()
	if err != nil {
		t.Fatalf("%v: %v\n%s", list, err, stderr.String())
	}
	listed := listedVersions(t)
	// A module proxy may not list old versions, so add those of the README.
	want := newestPatches(append(parseVersions(string(released)), listed...))
	if !slices.Equal(listed, want) {
		t.Errorf("README.md (Compilation) lists CoreDNS %v, and the newest patch versions of the last %d minor versions are %v: write these there", listed, testedMinors, want)
	}
	if newest := want[0].String(); newest != coremain.CoreVersion {
		t.Errorf("go.mod has CoreDNS %s, and the newest is %s: run 'go get %s@v%s' and 'go mod tidy', and update plugin.cfg.example", coremain.CoreVersion, newest, module, newest)
	}
}

// TestVersionsNewest checks which versions the README's list must have.
func TestVersionsNewest(t *testing.T) {
	for released, want := range map[string]string{
		"v1.12.4 v1.13.2 v1.14.6 v1.14.7 v1.15.0":           "[1.15.0 1.14.7 1.13.2 1.12.4]",
		"v1.12.4 v1.13.2 v1.14.7 v1.15.0 v1.15.1":           "[1.15.1 1.14.7 1.13.2 1.12.4]",
		"v1.9.4 v1.10.1 v1.12.4 v1.12.10 v1.8.7":            "[1.12.10 1.10.1 1.9.4 1.8.7]",
		"v1.12.4 v1.13.2 v1.14.7 v1.15.0 v1.16.0-rc.1":      "[1.15.0 1.14.7 1.13.2 1.12.4]",
		"v1.13.2 v1.12.4 v1.14.7 v1.15.0 v1.16.0":           "[1.16.0 1.15.0 1.14.7 1.13.2]",
		"v1.14.7 v1.15.0 v2.0.0 v1.13.2 v1.13.2":            "[2.0.0 1.15.0 1.14.7 1.13.2]",
		"github.com/coredns/coredns v011 v1.14.7 v1.13.2 v": "[1.14.7 1.13.2]",
	} {
		if got := fmt.Sprint(newestPatches(parseVersions(released))); got != want {
			t.Errorf("of %s the newest are %s, want %s", released, got, want)
		}
	}
}

// version is a version of CoreDNS. Versions before a release, such as 1.15.0-rc.1, do not count.
type version struct{ major, minor, patch int }

func (v version) String() string { return fmt.Sprintf("%d.%d.%d", v.major, v.minor, v.patch) }

func (v version) compare(w version) int {
	return cmp.Or(cmp.Compare(v.major, w.major), cmp.Compare(v.minor, w.minor), cmp.Compare(v.patch, w.patch))
}

// parseVersions returns the versions among the words of a text.
func parseVersions(text string) (vs []version) {
	versionRE := regexp.MustCompile(`^v?(\d+)\.(\d+)\.(\d+)$`)
	for word := range strings.FieldsSeq(text) {
		if m := versionRE.FindStringSubmatch(strings.TrimRight(word, ",.")); m != nil {
			major, _ := strconv.Atoi(m[1])
			minor, _ := strconv.Atoi(m[2])
			patch, _ := strconv.Atoi(m[3])
			vs = append(vs, version{major, minor, patch})
		}
	}
	return vs
}

// newestPatches returns the newest patch version of each of the last minor versions, newest first.
func newestPatches(vs []version) []version {
	newest := make(map[version]version) // by the first patch version
	for _, v := range vs {
		first := version{v.major, v.minor, 0}
		if v.compare(newest[first]) > 0 {
			newest[first] = v
		}
	}
	patches := slices.SortedFunc(maps.Values(newest), func(v, w version) int { return w.compare(v) })
	return patches[:min(testedMinors, len(patches))]
}

// listedVersions returns the versions of CoreDNS with which the README says that the plugin is tested.
func listedVersions(t *testing.T) []version {
	t.Helper()
	readme, _ := fencesOf(t, "../README.md")
	m := regexp.MustCompile(`(?s)tested\s+nightly\s+with\s+CoreDNS\s+(.+?)\.\s`).FindStringSubmatch(readme)
	if m == nil {
		t.Fatal("README.md does not say with which versions of CoreDNS the plugin is tested")
	}
	return parseVersions(m[1])
}
