// Command bench compares CoreDNS with the plugin workstation with other servers that give
// numbered hosts their addresses, and writes the results into README.md. The script run
// installs what it needs. README.md says what it measures.
package main

import (
	"errors"
	"flag"
	"fmt"
	"log"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"

	"golang.org/x/sys/unix"
)

// init keeps main on one thread. The kernel ends a server when the thread that started it ends,
// so that thread must live as long as this program.
func init() { runtime.LockOSThread() }

// settings are the flags of the command line.
type settings struct {
	rounds  int
	seconds float64
	out     string
}

// part is one of the measurements.
type part struct {
	name string
	run  func(settings, *programs) error
}

// parts are all measurements, in the order in which they run.
var parts = []part{
	{"peers", measurePeers},
	{"own", measureOwn},
	{"growth", measureGrowth},
	{"builds", measureBuilds},
}

// partNames returns the names of all parts.
func partNames() (names []string) {
	for _, p := range parts {
		names = append(names, p.name)
	}
	return names
}

func main() {
	log.SetFlags(log.Ltime)
	var s settings
	flag.IntVar(&s.rounds, "rounds", 7, "measure each server this many times")
	flag.Float64Var(&s.seconds, "seconds", 2, "send queries for this many seconds each time")
	flag.StringVar(&s.out, "out", results, "write the results to this directory; only results in the default one are shown in README.md")
	flag.Parse()
	if err := run(s, flag.Args()); err != nil {
		log.Fatal(err)
	}
}

func run(s settings, names []string) error {
	for _, name := range names {
		if !slices.Contains(partNames(), name) {
			return fmt.Errorf("there is no part %q: name some of %s", name, strings.Join(partNames(), ", "))
		}
	}
	if runtime.NumCPU() < 2 {
		return errors.New("this machine has one core, and the server and dnsperf need one each: use a machine with two")
	}
	if err := os.MkdirAll(s.out, 0o755); err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "bench")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	built, err := build(dir)
	if err != nil {
		return err
	}
	for _, p := range parts {
		if len(names) == 0 || slices.Contains(names, p.name) {
			log.Printf("== %s", p.name)
			if err := p.run(s, built); err != nil {
				return err
			}
		}
	}
	return nil
}

// programs are the programs that are built here.
type programs struct {
	dir     string
	coredns string // with the plugin
	stock   string // CoreDNS of the same version, without it
	echo    string
}

// build builds all programs in a directory.
func build(dir string) (*programs, error) {
	p := &programs{dir: dir}
	var err error
	for _, b := range []struct {
		path         *string
		name, source string
		in           string
	}{
		{&p.coredns, "coredns", "./cmd/coredns", ".."},
		{&p.stock, "stock", "github.com/coredns/coredns", ".."},
		{&p.echo, "echo", "./echo", "."},
	} {
		if *b.path, err = p.compile(b.name, b.in, b.source, nil); err != nil {
			return nil, err
		}
	}
	return p, nil
}

// compile compiles a program of the module in a directory, and returns its path.
func (p *programs) compile(name, module, source string, env []string, flags ...string) (string, error) {
	program := filepath.Join(p.dir, name)
	cmd := exec.Command("go", slices.Concat([]string{"-C", module, "build", "-o", program}, flags, []string{source})...)
	cmd.Env, cmd.Stderr = append(os.Environ(), env...), os.Stderr
	if err := cmd.Run(); err != nil {
		return "", fmt.Errorf("%s: %w", source, err)
	}
	return program, forget(program)
}

// forget makes the kernel read a file from disk the next time. The kernel maps more of a program
// that was just written than of one that it has read. So this measures programs that were just
// built in the same way as installed ones.
func forget(path string) error {
	file, err := os.Open(path)
	if err != nil {
		return err
	}
	defer file.Close()
	if err := file.Sync(); err != nil {
		return err
	}
	return unix.Fadvise(int(file.Fd()), 0, 0, unix.FADV_DONTNEED)
}
