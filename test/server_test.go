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

	// These imports are the packages of the program. Go compiles them before the tests begin, so a test,
	// whose time is limited, only links it.
	_ "github.com/coredns/coredns/core/plugin"
	_ "github.com/coredns/coredns/coremain"

	_ "github.com/seed-310b8fa8/workstation"
)

// buildDir is the directory for the built program. TestMain sets it.
var buildDir string

// coredns builds cmd/coredns once, and returns the path of the program. The program has the race
// detector if the tests have it, and measures the coverage of the plugin if the tests do.
var coredns = sync.OnceValues(func() (string, error) {
	// The go command caches test results. It does not know that the test builds the program, so the
	// test looks at the source files: then a change of these invalidates the cached result.
	for _, file := range []string{"main.go", "validate.go"} {
		if _, err := os.Stat("../cmd/coredns/" + file); err != nil {
			return "", err
		}
	}
	path := filepath.Join(buildDir, "coredns")
	args := []string{"build", "-race=" + strconv.FormatBool(raceEnabled), "-o", path}
	if testing.CoverMode() != "" {
		// A program writes its coverage at its end only if its main package is covered, too.
		const module = "github.com/seed-310b8fa8/workstation"
		args = append(args, "-cover", "-coverpkg="+module+","+module+"/cmd/coredns")
	}
	build := exec.Command("go", append(args, "../cmd/coredns")...)
	if out, err := build.CombinedOutput(); err != nil {
		return "", fmt.Errorf("%v: %w\n%s", build, err, out)
	}
	return path, nil
})

// ports and resolvers count the ports and addresses that were given out. The numbers depend on the
// process, so that several processes can run at once.
var (
	ports     atomic.Int32
	resolvers atomic.Int32
)

// freePort returns a port that is free for UDP and TCP. It is below the range from which the kernel
// gives out ports, so that nothing else takes it before the server opens it.
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

// testPort is freePort for a test.
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

// server is a running coredns, or another program.
type server struct {
	cmd  *exec.Cmd
	log  string        // the path of its log file
	done chan struct{} // closed when the program has ended
	err  error         // the result of the program, after done is closed
}

// startServer starts the coredns at path in dir, with the given arguments and environment variables. It
// returns when the server listens. The output goes to the file log.
func startServer(path, dir, log string, env []string, args ...string) (*server, error) {
	cmd := exec.Command(path, args...)
	cmd.Dir, cmd.Env = dir, append(os.Environ(), env...)
	s, err := startProgram(cmd, log)
	if err != nil {
		return nil, err
	}
	// CoreDNS prints its version after it has opened all listeners.
	if err := s.waitForLog(`(?m)^CoreDNS-`, 0, time.Minute); err != nil {
		s.cmd.Process.Kill()
		return nil, err
	}
	return s, nil
}

// startProgram starts a program. The output goes to the file log.
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

// showOnFailure prints the log of the server if the test has failed.
func (s *server) showOnFailure(t *testing.T) {
	t.Helper()
	if t.Failed() {
		t.Logf("%v:\n%s", s.cmd, s.output())
	}
}

// waitForLog waits until the log, from offset on, matches pattern.
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

// reload tells the server to read its Corefile again. It returns when the server has accepted or
// refused the Corefile.
func (s *server) reload() error {
	offset := len(s.output())
	// CoreDNS starts to handle signals in a separate goroutine. On a busy machine this can happen
	// after the first answers, and an earlier signal is lost. So the signal is sent again.
	for range 60 {
		if err := signalReload(s.cmd.Process); err != nil {
			return err
		}
		if s.waitForLog(`SIGUSR1: Reloading`, offset, time.Second) == nil {
			break
		}
	}
	return s.waitForLog(`(?m)Reloading complete$|^\[ERROR\]`, offset, time.Minute)
}

// stop ends the server. It returns an error if the server panicked, or if the race detector found a
// race.
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
		return nil // the server did not handle signals yet: see reload
	}
	return s.err
}

// startCorefile runs coredns with a Corefile in dir until the end of the test. It returns the port on
// which the server listens. The Corefile can use it as {$PORT}.
func startCorefile(t *testing.T, dir, corefile string) (port string) {
	t.Helper()
	port, _, _ = serveCorefile(t, dir, corefile)
	return port
}

// serveCorefile does what startCorefile does. It also returns the path of the Corefile, and the server.
func serveCorefile(t *testing.T, dir, corefile string) (port, path string, s *server) {
	t.Helper()
	binary, err := coredns()
	if err != nil {
		t.Fatal(err)
	}
	port = testPort(t)
	path = write(t, dir, "Corefile-"+port, corefile)
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
