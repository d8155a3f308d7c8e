package main

import (
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
)

// measureBuilds compares the program with itself under other settings.
func measureBuilds(s settings, p *programs) error {
	base := server{name: "as it is", config: "workstation", argv: append([]string{p.coredns}, corednsArgs...), bits: 24, questions: network(24)}
	asItIs := base
	all := []*server{&asItIs}
	run := func(setting string, env ...string) {
		s := base
		s.name, s.env = setting, env
		all = append(all, &s)
	}
	compile := func(setting, file string, env []string, flags ...string) error {
		program, err := p.compile(file, "..", "./cmd/coredns", env, flags...)
		if err != nil {
			return err
		}
		s := base
		s.name, s.argv = setting, append([]string{program}, corednsArgs...)
		all = append(all, &s)
		return nil
	}

	for _, percent := range []string{"100", "200", "800", "1600"} {
		run("`GOGC="+percent+"`", "GOGC="+percent)
	}
	run("`GOGC=100`, `GOMEMLIMIT=100MiB`", "GOGC=100", "GOMEMLIMIT=100MiB")
	run("`GOGC=off`, `GOMEMLIMIT=100MiB`", "GOGC=off", "GOMEMLIMIT=100MiB")
	run("`GODEBUG=adaptivestackstart=0`", "GODEBUG=adaptivestackstart=0")
	multisocket := base
	multisocket.name = "*multisocket* 2"
	multisocket.files = map[string]string{"Corefile": corefile("lab.example.org",
		"    multisocket 2\n    workstation {\n        name ip-{ip}\n        network 10.0.0.0/24\n    }\n")}
	all = append(all, &multisocket)

	profile, err := p.profile(base, s)
	if err != nil {
		return err
	}
	for _, b := range []struct {
		setting, file string
		env           []string
		flags         []string
	}{
		{"with a profile (PGO)", "pgo", nil, []string{"-pgo=" + profile}},
		{"`GOAMD64=v3`", "v3", []string{"GOAMD64=v3"}, nil},
		{"`-ldflags='-s -w'`", "stripped", nil, []string{"-ldflags=-s -w"}},
		{"`GOEXPERIMENT=nogreenteagc`", "nogreenteagc", []string{"GOEXPERIMENT=nogreenteagc"}, nil},
	} {
		if err := compile(b.setting, b.file, b.env, b.flags...); err != nil {
			return err
		}
	}

	l := load{seconds: s.seconds, clients: 10, cores: loadCore}
	costs, err := interleave(s.rounds, all, func(s *server) (cost, error) { return s.measure(l) })
	if err != nil {
		return err
	}
	return writeBuilds(s, all, costs)
}

// profile writes a CPU profile of the program under load to a file, and returns its path.
func (p *programs) profile(base server, s settings) (path string, err error) {
	port, err := freePort()
	if err != nil {
		return "", err
	}
	address := net.JoinHostPort("127.0.0.1", strconv.Itoa(port))
	base.files = map[string]string{"Corefile": corefile("lab.example.org",
		"    pprof "+address+"\n    workstation {\n        name ip-{ip}\n        network 10.0.0.0/24\n    }\n")}
	running, err := base.run()
	if err != nil {
		return "", err
	}
	defer running.stop()
	path = filepath.Join(p.dir, "cpu.pprof")
	taken := make(chan error, 1)
	go func() {
		seconds := max(1, int(10*s.seconds))
		response, err := http.Get(fmt.Sprintf("http://%s/debug/pprof/profile?seconds=%d", address, seconds))
		if err != nil {
			taken <- err
			return
		}
		defer response.Body.Close()
		file, err := os.Create(path)
		if err != nil {
			taken <- err
			return
		}
		defer file.Close()
		_, err = file.ReadFrom(response.Body)
		taken <- err
	}()
	if err := running.drive(load{seconds: 10 * s.seconds, clients: 10, cores: loadCore}, new(cost)); err != nil {
		return "", err
	}
	return path, <-taken
}
