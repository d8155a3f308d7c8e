// Command bench measures CoreDNS with the plugin workstation beside other servers that
// give numbered hosts their addresses, and writes the results into the manual. The
// script run beside it installs what it needs; README.md says what it measures.
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

	"golang.org/x/sys/unix"
)

// Processes that are to end with the thread that started them end with this one.
func init() { runtime.LockOSThread() }

// settings are those of the command line.
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

var parts = []part{
	{"peers", measurePeers},
	{"own", measureOwn},
	{"growth", measureGrowth},
	{"builds", measureBuilds},
}

func main() {
	log.SetFlags(log.Ltime)
	var s settings
	flag.IntVar(&s.rounds, "rounds", 7, "how often each server is measured")
	flag.Float64Var(&s.seconds, "seconds", 3, "for how long")
	flag.StringVar(&s.out, "out", results, "the directory for the results, which the manuals show if it is this one")
	flag.Parse()
	if err := run(s, flag.Args()); err != nil {
		log.Fatal(err)
	}
}

func run(s settings, names []string) error {
	for _, name := range names {
		if !slices.ContainsFunc(parts, func(p part) bool { return p.name == name }) {
			return fmt.Errorf("there is no part %q", name)
		}
	}
	if runtime.NumCPU() < 2 {
		return errors.New("a server and what asks it take a core each: here is one")
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

// programs are those that are built here.
type programs struct {
	dir     string
	coredns string // with the plugin
	stock   string // CoreDNS of the same version, as it is
	echo    string
}

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

// compile compiles a program of the module in a directory.
func (p *programs) compile(name, module, source string, env []string, flags ...string) (string, error) {
	program := filepath.Join(p.dir, name)
	cmd := exec.Command("go", slices.Concat([]string{"-C", module, "build", "-o", program}, flags, []string{source})...)
	cmd.Env, cmd.Stderr = append(os.Environ(), env...), os.Stderr
	if err := cmd.Run(); err != nil {
		return "", fmt.Errorf("%s: %w", source, err)
	}
	return program, forget(program)
}

// forget has the kernel read a file anew. It maps more of a program that has just been
// written than of one that it has read.
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
