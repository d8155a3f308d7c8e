//go:build oracle || release

package test

import (
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
)

// machine runs a command on a machine that systemd has booted, and returns its output.
type machine func(line string) string

// boot boots systemd on an overlay over a root file system, with the files of dir/files, until the
// end of the test. systemd starts the unit.
func boot(t *testing.T, dir, root, unit string) machine {
	t.Helper()
	s, err := startProgram(exec.Command("testdata/systemd/boot", dir, root, unit), filepath.Join(dir, "log"))
	if err != nil {
		t.Fatal(err)
	}
	// The process unshare makes the namespaces, and its child is systemd.
	unshare := "^unshare .*testdata/systemd/boot " + regexp.QuoteMeta(dir) + " "
	t.Cleanup(func() {
		// When unshare ends, all processes in its namespaces end.
		exec.Command("pkill", "-KILL", "-f", unshare).Run()
		<-s.done
		s.showOnFailure(t)
	})
	return func(line string) string {
		parent, _ := exec.Command("pgrep", "-f", unshare).Output()
		pid, err := exec.Command("pgrep", "-f", "-P", strings.TrimSpace(string(parent)), "^/lib/systemd/systemd ").Output()
		if err != nil {
			return "systemd does not run"
		}
		args := []string{"--all", "--root", "--wd", "--target", strings.TrimSpace(string(pid)), "sh", "-c", line}
		out, _ := exec.Command("nsenter", args...).CombinedOutput()
		return strings.TrimSpace(string(out))
	}
}

// step is a command, and a regular expression that its output matches.
type step struct{ line, want string }

// do runs each command once.
func (m machine) do(t *testing.T, steps []step) {
	t.Helper()
	for _, step := range steps {
		if got := m(step.line); !regexp.MustCompile(step.want).MatchString(got) {
			t.Errorf("%s: got %q, want %s", step.line, got, step.want)
		}
	}
}

// await repeats each command for some seconds until its output matches, because a server takes some
// time to act.
func (m machine) await(t *testing.T, steps []step) {
	t.Helper()
	for _, step := range steps {
		want, got := regexp.MustCompile(step.want), m(step.line)
		for deadline := time.Now().Add(15 * time.Second); !want.MatchString(got) && time.Now().Before(deadline); {
			time.Sleep(100 * time.Millisecond)
			got = m(step.line)
		}
		if !want.MatchString(got) {
			t.Errorf("%s: got %q, want %s", step.line, got, step.want)
		}
	}
}
