//go:build slow

package test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/coredns/coredns/coremain"
	"github.com/miekg/dns"
	"github.com/rogpeppe/go-internal/testscript"
)

// TestSlowScripts runs the scripts that take minutes, with the CoreDNS in go.mod.
func TestSlowScripts(t *testing.T) {
	testscript.Run(t, slowParams(t, coremain.CoreVersion, false))
}

// slowParams returns the commands and variables for the slow scripts. They can use the go command. The
// variable $VERSION is a version of CoreDNS. The file commands has the README's commands that build
// CoreDNS from its source. The condition [misplaced] says whether to build it a second time, with the
// plugin at a wrong place.
func slowParams(t *testing.T, version string, misplaced bool) testscript.Params {
	t.Helper()
	commands := buildCommands(t)
	p := params("testdata/slow")
	p.Condition = func(cond string) (bool, error) {
		if cond == "misplaced" {
			return misplaced, nil
		}
		return condition(cond)
	}
	p.Setup = func(env *testscript.Env) error {
		// With the same settings as the tests, Go compiles a package once.
		keys := []string{
			"CGO_ENABLED", "GOCACHE", "GOMODCACHE", "GOFLAGS", "GOPROXY", "GOPRIVATE", "GONOPROXY", "GONOSUMDB",
			"GOSUMDB", "GOTOOLCHAIN",
		}
		out, err := exec.Command("go", append([]string{"env"}, keys...)...).Output()
		if err != nil {
			return err
		}
		values := strings.Split(string(out), "\n")
		for i, key := range keys {
			env.Setenv(key, values[i])
		}
		env.Setenv("VERSION", version)
		if err := os.WriteFile(filepath.Join(env.WorkDir, "commands"), []byte(commands), 0o644); err != nil {
			return err
		}
		return setup(env)
	}
	return p
}

// buildCommands returns the README's commands that build CoreDNS from its source.
func buildCommands(t *testing.T) string {
	t.Helper()
	_, fences := fencesOf(t, "../README.md")
	for _, f := range fences {
		if strings.Contains(f.text, "go generate coredns.go\n") {
			return f.text
		}
	}
	t.Fatal("README.md does not say how to build CoreDNS from its source")
	return ""
}

// TestSlowTransfer transfers a /8, the largest zone that can be transferred, with a thousand stored
// exceptions. All records arrive, and the server needs no more memory than for a small zone.
func TestSlowTransfer(t *testing.T) {
	dir := t.TempDir()
	writeEmptyZone(t, dir)
	exceptions, err := os.ReadFile(filepath.Join(dir, "db.empty"))
	if err != nil {
		t.Fatal(err)
	}
	for n := range 998 {
		exceptions = fmt.Appendf(exceptions, "%d.%d.%d 300 PTR stored.example.org.\n", 255-n%256, n%256, n/4)
	}
	exceptions = append(exceptions, `1.7.7 300 CNAME 1.8.7
2.7.7 300 NS ns.example.net.
255.7 300 NS ns.example.net.
`...)
	write(t, dir, "db.10", string(exceptions))
	port, _, s := serveCorefile(t, dir, `10.0.0.0/8 192.0.2.0/24 {
		transfer {
			to *
		}
		workstation lab.example.org {
			network 10.0.0.0/8
			stored_first
		}
		workstation example.org {
			network 192.0.2.0/24
		}
		file db.10 10.in-addr.arpa
		file db.empty 2.0.192.in-addr.arpa
	}`)
	if n := countTransfer(t, port, "2.0.192.in-addr.arpa"); n != 3+1<<8 {
		t.Errorf("the transfer of a /24 has %d records, want %d", n, 3+1<<8)
	}
	before := peakMemory(t, s)
	// Each exception replaces one PTR record, except those that replace a whole /24.
	if n := countTransfer(t, port, "10.in-addr.arpa"); n != 3+1<<24-256+1 {
		t.Errorf("the transfer of a /8 has %d records, want %d", n, 3+1<<24-256+1)
	}
	after := peakMemory(t, s)
	t.Logf("the server used %d MiB before, and %d at its peak", before>>10, after>>10)
	if after > before+64<<10 {
		t.Errorf("the server used %d MiB for a /8 and %d for a /24", after>>10, before>>10)
	}
}

// countTransfer transfers a zone, and returns the number of records.
func countTransfer(t *testing.T, port, zone string) (n int) {
	t.Helper()
	eachMessage(t, port, zone, func(rrs []dns.RR) { n += len(rrs) })
	return n
}

// peakMemory returns the peak memory of a server, in KiB.
func peakMemory(t *testing.T, s *server) int {
	t.Helper()
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", s.cmd.Process.Pid))
	if err != nil {
		t.Fatal(err)
	}
	m := regexp.MustCompile(`VmHWM:\s+(\d+) kB`).FindSubmatch(status)
	if m == nil {
		t.Fatalf("there is no VmHWM in\n%s", status)
	}
	kib, err := strconv.Atoi(string(m[1]))
	if err != nil {
		t.Fatal(err)
	}
	return kib
}
