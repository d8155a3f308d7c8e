package test

import (
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	// What the program is made of is imported, so that it is compiled before the
	// tests begin, whose time is limited, and they only have to link it.
	_ "github.com/coredns/coredns/core/plugin"
	_ "github.com/coredns/coredns/coremain"

	_ "github.com/seed-310b8fa8/workstation"
)

// buildDir is where TestMain has the program coredns built.
var buildDir string

// coredns builds cmd/coredns, once, and returns the program's path. It is built
// with the race detector if the tests are, and counts the plugin's statements that run
// if they do.
var coredns = sync.OnceValues(func() (string, error) {
	// The go command does not see what another one builds, and would repeat the
	// result of a test although the program has changed: look at its source.
	for _, file := range []string{"main.go", "validate.go"} {
		if _, err := os.Stat("../cmd/coredns/" + file); err != nil {
			return "", err
		}
	}
	path := filepath.Join(buildDir, "coredns")
	args := []string{"build", "-race=" + strconv.FormatBool(raceEnabled), "-o", path}
	if testing.CoverMode() != "" {
		// Without its main package, the program would not tell at its end.
		args = append(args, "-cover", "-coverpkg=github.com/seed-310b8fa8/workstation,github.com/seed-310b8fa8/workstation/cmd/coredns")
	}
	build := exec.Command("go", append(args, "../cmd/coredns")...)
	if out, err := build.CombinedOutput(); err != nil {
		return "", fmt.Errorf("%v: %w\n%s", build, err, out)
	}
	return path, nil
})

// ports and resolvers count what was given to scripts. They begin at a place of
// this process, so that several may run at once.
var (
	ports     atomic.Int32
	resolvers atomic.Int32
)

// freePort returns a port that is free for UDP and TCP. It is below those that
// the kernel gives out by itself, so that none of these takes it before the
// server that is to have it.
func freePort() (string, error) {
	for range 20000 {
		port := strconv.Itoa(10000 + (os.Getpid()*100+int(ports.Add(1)))%20000)
		if l, err := net.Listen("tcp", ":"+port); err == nil {
			l.Close()
			if p, err := net.ListenPacket("udp", ":"+port); err == nil {
				p.Close()
				return port, nil
			}
		}
	}
	return "", errors.New("no free port")
}

// testPort returns a free port, or fails.
func testPort(t *testing.T) string {
	t.Helper()
	port, err := freePort()
	if err != nil {
		t.Fatal(err)
	}
	return port
}

// nextResolver returns a loopback address for a resolver on port 53.
func nextResolver() string {
	return fmt.Sprintf("127.53.%d.%d", 1+os.Getpid()%250, 1+resolvers.Add(1)%250)
}

// server is a running coredns, or another program beside it.
type server struct {
	cmd  *exec.Cmd
	log  string        // the file that it logs to
	done chan struct{} // closed when it has ended
	err  error         // of its end
}

// startServer starts the coredns at path with the given arguments and variables
// in dir, and returns once it serves. Its output goes to the file log.
func startServer(path, dir, log string, env []string, args ...string) (*server, error) {
	cmd := exec.Command(path, args...)
	cmd.Dir, cmd.Env = dir, append(os.Environ(), env...)
	s, err := startProgram(cmd, log)
	if err != nil {
		return nil, err
	}
	// CoreDNS prints its version when all listeners are open.
	if err := s.waitForLog(`(?m)^CoreDNS-`, 0, time.Minute); err != nil {
		s.cmd.Process.Kill()
		return nil, err
	}
	return s, nil
}

// startProgram starts a program. Its output goes to the file log.
func startProgram(cmd *exec.Cmd, log string) (*server, error) {
	out, err := os.Create(log)
	if err != nil {
		return nil, err
	}
	defer out.Close()

	s := &server{cmd: cmd, log: log, done: make(chan struct{})}
	cmd.Stdout, cmd.Stderr = out, out
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	go func() {
		s.err = cmd.Wait()
		close(s.done)
	}()
	return s, nil
}

// output returns what the server has logged.
func (s *server) output() string {
	b, err := os.ReadFile(s.log)
	if err != nil {
		return err.Error()
	}
	return string(b)
}

// showOnFailure shows what the server has logged if the test has failed.
func (s *server) showOnFailure(t *testing.T) {
	t.Helper()
	if t.Failed() {
		t.Logf("%v:\n%s", s.cmd, s.output())
	}
}

// waitForLog waits until what the server logs from offset on matches pattern.
func (s *server) waitForLog(pattern string, offset int, timeout time.Duration) error {
	re := regexp.MustCompile(pattern)
	for deadline := time.Now().Add(timeout); time.Now().Before(deadline); {
		if re.MatchString(s.output()[offset:]) {
			return nil
		}
		select {
		case <-s.done:
			return fmt.Errorf("%v ended: %w\n%s", s.cmd, s.err, s.output())
		case <-time.After(10 * time.Millisecond):
		}
	}
	return fmt.Errorf("%v does not log %q:\n%s", s.cmd, pattern, s.output())
}

// reload tells the server to read its Corefile again, and returns once it has
// done so or refused to.
func (s *server) reload() error {
	offset := len(s.output())
	// CoreDNS begins to listen to signals in a goroutine of its own. On a busy
	// machine that may come after the first answers, and what was sent is lost.
	for range 60 {
		if err := s.cmd.Process.Signal(syscall.SIGUSR1); err != nil {
			return err
		}
		if s.waitForLog(`SIGUSR1: Reloading`, offset, time.Second) == nil {
			break
		}
	}
	return s.waitForLog(`(?m)Reloading complete$|^\[ERROR\]`, offset, time.Minute)
}

// stop ends the server. A server that panicked on the way, or in which the race
// detector found a race, ends in an error.
func (s *server) stop() error {
	s.cmd.Process.Signal(syscall.SIGTERM)
	select {
	case <-s.done:
	case <-time.After(30 * time.Second):
		s.cmd.Process.Kill()
		return fmt.Errorf("%v does not end:\n%s", s.cmd, s.output())
	}
	for _, fault := range []string{"panic", "DATA RACE"} {
		if out := s.output(); strings.Contains(out, fault) {
			return fmt.Errorf("%v ended with a %s:\n%s", s.cmd, fault, out)
		}
	}
	if status, ok := s.cmd.ProcessState.Sys().(syscall.WaitStatus); ok && status.Signal() == syscall.SIGTERM {
		return nil // it was not listening to signals yet: see reload
	}
	return s.err
}
