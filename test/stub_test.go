//go:build oracle

package test

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"
)

// stubs are the stub resolvers that most programs use. The programs of testdata/stubs print the addresses
// of a name, or the name of an address, or the error of the resolver. Debian's packages are gcc,
// libc6-dev, musl-tools, python3 and nodejs, and iproute2 for the namespaces.
var stubs = map[string]struct{ build, run string }{
	"glibc":  {"gcc -o $DIR/stub-glibc stub.c", "stub-glibc"},
	"musl":   {"musl-gcc -o $DIR/stub-musl stub.c", "stub-musl"},
	"go":     {"go build -o $DIR/stub-go stub.go", "stub-go"},
	"python": {"", "python3 stub.py"},
	"node":   {"", "node stub.js lookup"},  // by the C library
	"c-ares": {"", "node stub.js resolve"}, // one query for A, and one for AAAA
}

// onHost is the result of each stub resolver, first with workstation, and then with template, which only
// answers A. Both are above an upstream that denies every name. musl believes the denial of the AAAA
// record, and ignores the address. For c-ares these are two questions, and the application gets both
// answers.
const onHost = `
	glibc  workstation17.lab.example.org  => 192.0.2.17 => 192.0.2.17
	musl   workstation17.lab.example.org  => 192.0.2.17 => Name does not resolve
	go     workstation17.lab.example.org  => 192.0.2.17 => 192.0.2.17
	python workstation17.lab.example.org  => 192.0.2.17 => 192.0.2.17
	node   workstation17.lab.example.org  => 192.0.2.17 => 192.0.2.17
	c-ares workstation17.lab.example.org  => 192.0.2.17 ENODATA => 192.0.2.17 ENOTFOUND

	# A name that does not exist.
	glibc  workstation300.lab.example.org => Name or service not known => Name or service not known
	musl   workstation300.lab.example.org => Name does not resolve => Name does not resolve
	go     workstation300.lab.example.org => no such host => no such host
	python workstation300.lab.example.org => Name or service not known => Name or service not known
	node   workstation300.lab.example.org => ENOTFOUND => ENOTFOUND
	c-ares workstation300.lab.example.org => ENOTFOUND ENOTFOUND => ENOTFOUND ENOTFOUND

	# The name of an address: template would need another stanza for it.
	glibc  192.0.2.17 => workstation17.lab.example.org  => Name or service not known
	musl   192.0.2.17 => workstation17.lab.example.org  => Name does not resolve
	go     192.0.2.17 => workstation17.lab.example.org. => no such host
	python 192.0.2.17 => workstation17.lab.example.org  => Unknown host
	node   192.0.2.17 => workstation17.lab.example.org  => ENOTFOUND
	c-ares 192.0.2.17 => workstation17.lab.example.org  => ENOTFOUND

	# An address without a name.
	glibc  198.51.100.17 => Name or service not known => Name or service not known
	musl   198.51.100.17 => Name does not resolve => Name does not resolve
	go     198.51.100.17 => no such host => no such host
	python 198.51.100.17 => Unknown host => Unknown host
	node   198.51.100.17 => ENOTFOUND    => ENOTFOUND
	c-ares 198.51.100.17 => ENOTFOUND    => ENOTFOUND
`

// inPod is the result in a pod of Kubernetes. Its resolv.conf has a search list, which comes first for
// names with fewer than five dots. Node asks c-ares for the name without the search list.
const inPod = `
	glibc  workstation17 => 192.0.2.17 => 192.0.2.17
	musl   workstation17 => 192.0.2.17 => Name does not resolve
	go     workstation17 => 192.0.2.17 => 192.0.2.17
	python workstation17 => 192.0.2.17 => 192.0.2.17
	node   workstation17 => 192.0.2.17 => 192.0.2.17
	c-ares workstation17 => ENOTFOUND ENOTFOUND => ENOTFOUND ENOTFOUND

	glibc  workstation17.lab.example.org => 192.0.2.17 => 192.0.2.17
	musl   workstation17.lab.example.org => 192.0.2.17 => Name does not resolve
	go     workstation17.lab.example.org => 192.0.2.17 => 192.0.2.17
	python workstation17.lab.example.org => 192.0.2.17 => 192.0.2.17
	node   workstation17.lab.example.org => 192.0.2.17 => 192.0.2.17
	c-ares workstation17.lab.example.org => 192.0.2.17 ENODATA => 192.0.2.17 ENOTFOUND

	glibc  workstation300 => Name or service not known => Name or service not known
	musl   workstation300 => Name does not resolve => Name does not resolve
	go     workstation300 => no such host => no such host
	python workstation300 => Name or service not known => Name or service not known
	node   workstation300 => ENOTFOUND => ENOTFOUND
	c-ares workstation300 => ENOTFOUND ENOTFOUND => ENOTFOUND ENOTFOUND
`

// onHostAlone is the result with a server block in which no plugin follows workstation. There is no
// upstream.
const onHostAlone = `
	glibc  workstation17.lab.example.org  => 192.0.2.17
	musl   workstation17.lab.example.org  => 192.0.2.17
	go     workstation17.lab.example.org  => 192.0.2.17
	python workstation17.lab.example.org  => 192.0.2.17
	node   workstation17.lab.example.org  => 192.0.2.17
	c-ares workstation17.lab.example.org  => 192.0.2.17 ENODATA

	# A name that does not exist.
	glibc  workstation128.lab.example.org => Name or service not known
	musl   workstation128.lab.example.org => Name does not resolve
	go     workstation128.lab.example.org => no such host
	python workstation128.lab.example.org => Name or service not known
	node   workstation128.lab.example.org => ENOTFOUND
	c-ares workstation128.lab.example.org => ENOTFOUND ENOTFOUND

	# The zone itself, which has no address.
	glibc  lab.example.org => No address associated with hostname
	musl   lab.example.org => Name does not resolve
	go     lab.example.org => no such host
	python lab.example.org => No address associated with hostname
	node   lab.example.org => ENOTFOUND
	c-ares lab.example.org => ENODATA ENODATA

	# The names of addresses.
	glibc  192.0.2.17 => workstation17.lab.example.org
	musl   192.0.2.17 => workstation17.lab.example.org
	go     192.0.2.17 => workstation17.lab.example.org.
	python 192.0.2.17 => workstation17.lab.example.org
	node   192.0.2.17 => workstation17.lab.example.org
	c-ares 192.0.2.17 => workstation17.lab.example.org

	# An address without a name.
	glibc  192.0.2.200 => Name or service not known
	musl   192.0.2.200 => Name does not resolve
	go     192.0.2.200 => no such host
	python 192.0.2.200 => Unknown host
	node   192.0.2.200 => ENOTFOUND
	c-ares 192.0.2.200 => ENOTFOUND
`

// searchedAlone is the same if the search list has only the zone. The server refuses names of other
// zones.
const searchedAlone = `
	glibc  workstation17 => 192.0.2.17
	musl   workstation17 => 192.0.2.17
	go     workstation17 => 192.0.2.17
	python workstation17 => 192.0.2.17
	node   workstation17 => 192.0.2.17

	glibc  workstation128.lab.example.org. => Name or service not known
	musl   workstation128.lab.example.org. => Name does not resolve
	go     workstation128.lab.example.org. => no such host
	python workstation128.lab.example.org. => Name or service not known
	node   workstation128.lab.example.org. => ENOTFOUND
	c-ares workstation128.lab.example.org. => ENOTFOUND ENOTFOUND
`

// TestOracleStubs checks the results of the stub resolvers. It runs itself again as root in new namespaces,
// where the server has port 53 and resolv.conf names it. Nothing changes outside of these namespaces.
// They end with their first process, which is this test.
func TestOracleStubs(t *testing.T) {
	if os.Getpid() != 1 {
		inNamespaces(t)
		return
	}
	runLine(t, "ip link set lo up")
	mount(t, "/etc/nsswitch.conf", "hosts: files dns\n")
	const searchList = "default.svc.cluster.local lab.example.org"
	t.Run("workstation", func(t *testing.T) {
		testStubs(t, 1, "NOERROR", onHost, searchList, inPod, beforeUpstream(`workstation lab.example.org {
			network 192.0.2.0/24
		}`))
	})
	t.Run("template", func(t *testing.T) {
		testStubs(t, 2, "NXDOMAIN", onHost, searchList, inPod, beforeUpstream(`template IN A lab.example.org {
			match "^workstation(?P<n>[0-9]|[1-9][0-9]|1[0-9][0-9]|2[0-4][0-9]|25[0-5])[.]lab[.]example[.]org[.]$"
			answer "{{ .Name }} 3600 IN A 192.0.2.{{ .Group.n }}"
			fallthrough
		}`))
	})
	t.Run("alone", func(t *testing.T) {
		testStubs(t, 1, "NOERROR", onHostAlone, "lab.example.org", searchedAlone, `lab.example.org:53 192.0.2.0/24:53 {
			bind 127.0.0.1
			log . "{type} {name} {rcode}"
			workstation {
				network 192.0.2.0/25
			}
		}`)
	})
}

// beforeUpstream returns a Corefile with a plugin above an upstream that denies every name.
func beforeUpstream(plugin string) (corefile string) {
	return `.:53 {
		bind 127.0.0.1
		log . "{type} {name} {rcode}"
		` + plugin + `
		forward . 127.0.0.1:10053
	}
	.:10053 {
		bind 127.0.0.1
		template ANY ANY {
			rcode NXDOMAIN
			authority "org. 3600 SOA ns.example.org. hostmaster.example.org. 1 7200 1800 86400 3600"
		}
	}`
}

// stubPatience is shorter than a stub resolver waits for a silent server, and than forward waits for an
// upstream.
const stubPatience = 3 * time.Second

// testStubs asks the stub resolvers the questions of two tables, and compares the answers with a column.
// The second table is for a resolv.conf with a search list. All stub resolvers send an AAAA query for
// the computed name, which must get rcode.
func testStubs(t *testing.T, column int, rcode, onHost, search, searched, corefile string) {
	dir := t.TempDir()
	write(t, dir, "Corefile", corefile)
	s, err := startServer("coredns", dir, filepath.Join(dir, "log"), nil, "-conf", "Corefile")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.stop(); err != nil {
			t.Error(err)
		}
	})

	for _, tc := range []struct{ resolvConf, table string }{
		{"nameserver 127.0.0.1\n", onHost},
		{"nameserver 127.0.0.1\nsearch " + search + "\noptions ndots:5\n", searched},
	} {
		mount(t, "/etc/resolv.conf", tc.resolvConf)
		rows, err := tableRows(tc.table)
		if err != nil {
			t.Fatal(err)
		}
		for _, columns := range rows {
			stub, question, _ := strings.Cut(columns[0], " ")
			offset, start := len(s.output()), time.Now()
			got := strings.Join(strings.Fields(runLine(t, stubs[stub].run+" "+question)), " ")
			if want := columns[column]; got != want {
				t.Errorf("%s: got %q, want %q; resolv.conf is\n%s", columns[0], got, want, tc.resolvConf)
			}
			if took := time.Since(start); took > stubPatience {
				t.Errorf("%s takes %s; resolv.conf is\n%s", columns[0], took, tc.resolvConf)
			}
			if question == "workstation17.lab.example.org" {
				asked := "AAAA " + regexp.QuoteMeta(question+". "+rcode)
				if err := s.waitForLog(asked, offset, 10*time.Second); err != nil {
					t.Errorf("%s: %v", columns[0], err)
				}
			}
		}
	}
}

// inNamespaces builds the programs, and runs the test in new network, mount and PID namespaces.
func inNamespaces(t *testing.T) {
	binary, err := coredns()
	if err != nil {
		t.Fatal(err)
	}
	// The go command does not know either that compilers and interpreters read these files. So the
	// test looks at them: then a change invalidates a cached result.
	if _, err := os.ReadDir("testdata/stubs"); err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	t.Setenv("PATH", dir+":"+filepath.Dir(binary)+":"+os.Getenv("PATH"))
	t.Setenv("TMPDIR", dir)
	t.Setenv("CGO_ENABLED", "0") // so that Go uses its own resolver
	for _, stub := range stubs {
		if stub.build != "" {
			runLine(t, strings.Replace(stub.build, "$DIR", dir, 1))
		}
	}

	// The kernel ends the child when this thread ends, and with it all processes of its namespace.
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	child := exec.Command("/proc/self/exe", "-test.run=^TestOracleStubs$", "-test.v")
	child.SysProcAttr = &syscall.SysProcAttr{
		Cloneflags:   syscall.CLONE_NEWNET | syscall.CLONE_NEWPID,
		Unshareflags: syscall.CLONE_NEWNS, // Go makes the mounts private
		Pdeathsig:    syscall.SIGKILL,
	}
	if out, err := child.CombinedOutput(); err != nil {
		t.Fatalf("in namespaces, which only root may make: %v\n%s", err, out)
	}
}

// mount replaces the file at path by one with the text, until the end of the test.
func mount(t *testing.T, path, text string) {
	t.Helper()
	file := write(t, t.TempDir(), filepath.Base(path), text)
	if err := syscall.Mount(file, path, "", syscall.MS_BIND, ""); err != nil {
		t.Fatalf("mount over %s: %v", path, err)
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(path, 0); err != nil {
			t.Errorf("unmount %s: %v", path, err)
		}
	})
}

// runLine runs a command in testdata/stubs, and returns its output.
func runLine(t *testing.T, line string) string {
	t.Helper()
	words := strings.Fields(line)
	cmd := exec.Command(words[0], words[1:]...)
	cmd.Dir = "testdata/stubs"
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%s: %v; is it installed?\n%s", line, err, out)
	}
	return string(out)
}
