//go:build image

package main

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"debug/elf"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"math/big"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"
)

const testName = "localhost/coredns:image-test"

// hardened is what deploy/kubernetes asks of a runtime.
var hardened = []string{"--read-only", "--cap-drop=all", "--cap-add=NET_BIND_SERVICE", "--security-opt=no-new-privileges"}

// output runs a program, which must succeed, and returns what it prints.
func output(t *testing.T, name string, args ...string) string {
	t.Helper()
	var stderr bytes.Buffer
	cmd := exec.Command(name, args...)
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%s %q: %v\n%s%s", name, args, err, out, &stderr)
	}
	return strings.TrimSpace(string(out))
}

// podman runs podman, without systemd and high limits, so that it runs in a container,
// too.
func podman(t *testing.T, args ...string) string {
	t.Helper()
	return output(t, "podman", args...)
}

// start starts a container in a network namespace that has only loopback, and
// returns its first process and its name. dir is its /etc/coredns.
func start(t *testing.T, dir string, options ...string) (pid, container string) {
	t.Helper()
	args := []string{"run", "--detach", "--network=none", "--volume=" + dir + ":/etc/coredns:ro"}
	args = append(append(append(args, hardened...), options...), testName, "-conf", "/etc/coredns/Corefile")
	container = podman(t, args...)
	t.Cleanup(func() { podman(t, "rm", "--force", "--time=0", container) })
	for end := time.Now().Add(30 * time.Second); time.Now().Before(end); time.Sleep(100 * time.Millisecond) {
		if strings.Contains(logs(container), "CoreDNS-") {
			return podman(t, "inspect", "--format={{.State.Pid}}", container), container
		}
	}
	t.Fatalf("it does not serve: %s", logs(container))
	return "", ""
}

func logs(container string) string {
	out, _ := exec.Command("podman", "logs", container).CombinedOutput()
	return string(out)
}

// dig asks the server in the network namespace of the process pid.
func dig(t *testing.T, pid string, args ...string) string {
	t.Helper()
	return output(t, "nsenter", append([]string{"--net", "--target=" + pid, "dig", "@127.0.0.1", "+tries=1"}, args...)...)
}

// TestArchitectures checks that the programs are for their architectures, and link
// nothing, and that an image of several takes the place of what had its name.
func TestArchitectures(t *testing.T) {
	for architecture, machine := range map[string]elf.Machine{"amd64": elf.EM_X86_64, "arm64": elf.EM_AARCH64} {
		path := filepath.Join(t.TempDir(), "coredns")
		if _, err := compile(path, architecture); err != nil {
			t.Fatal(err)
		}
		f, err := elf.Open(path)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		if f.Machine != machine {
			t.Errorf("%s: the program is for %v", architecture, f.Machine)
		}
		for _, segment := range f.Progs {
			if segment.Type == elf.PT_INTERP || segment.Type == elf.PT_DYNAMIC {
				t.Errorf("%s: there is a segment %v", architecture, segment.Type)
			}
		}
	}

	storage(t)
	both := []string{"amd64", "arm64"}
	for i, architectures := range [][]string{{"amd64"}, both, both} {
		// The program has it in its build information, so each time it is another one.
		t.Setenv("GOFLAGS", fmt.Sprintf("%s -tags=build%d", os.Getenv("GOFLAGS"), i))
		if err := build(testName, architectures); err != nil {
			t.Fatal(err)
		}
	}
	var list struct {
		Manifests []struct{ Platform struct{ Architecture string } }
	}
	if err := json.Unmarshal([]byte(podman(t, "manifest", "inspect", testName)), &list); err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, manifest := range list.Manifests {
		got = append(got, manifest.Platform.Architecture)
	}
	slices.Sort(got)
	if !slices.Equal(got, both) {
		t.Errorf("the list has %q, want %q", got, both)
	}
}

// storage has podman keep its images in a directory of the test's.
func storage(t *testing.T) {
	t.Helper()
	directory := t.TempDir()
	conf := filepath.Join(directory, "storage.conf")
	if err := os.WriteFile(conf, fmt.Appendf(nil, `
[storage]
driver = "vfs"
graphroot = "%[1]s/graph"
runroot = "%[1]s/run"
`, directory), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("CONTAINERS_STORAGE_CONF", conf)
}

// TestImage builds the image without a network, and runs it.
func TestImage(t *testing.T) {
	conf := filepath.Join(t.TempDir(), "containers.conf")
	if err := os.WriteFile(conf, []byte(`
[containers]
default_ulimits = ["nofile=4096:4096", "nproc=4096:4096"]
[engine]
runtime = "runc"
cgroup_manager = "cgroupfs"
events_logger = "file"
`), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("CONTAINERS_CONF", conf)
	t.Setenv("GOPROXY", "off")
	output(t, "go", "run", ".", testName)
	t.Cleanup(func() { podman(t, "rmi", testName) })

	t.Run("labels", func(t *testing.T) {
		var images []struct {
			Architecture, User string
			Labels             map[string]string
		}
		if err := json.Unmarshal([]byte(podman(t, "image", "inspect", testName)), &images); err != nil {
			t.Fatal(err)
		}
		got := images[0]
		if got.Architecture != runtime.GOARCH || got.User != "65532:65532" {
			t.Errorf("architecture %s, user %s", got.Architecture, got.User)
		}
		if want := output(t, "git", "rev-parse", "HEAD"); got.Labels["org.opencontainers.image.revision"] != want {
			t.Errorf("the labels %q do not name the commit %s", got.Labels, want)
		}
		version := got.Labels["org.opencontainers.image.version"]
		if !strings.HasPrefix(version, "v") {
			t.Errorf("the version is %q", version)
		}
		run := append(append([]string{"run", "--rm", "--network=none"}, hardened...), testName, "-version")
		if out := podman(t, run...); !strings.Contains(out, " workstation-"+version+"\n") {
			t.Errorf("the program says %q, the label %s", out, version)
		}
	})

	dir := t.TempDir()
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	write := func(name, content string) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	certificate, key := selfSigned(t)
	write("certificate", certificate)
	write("key", key)
	write("Corefile", `
lab.example.org {
    workstation {
        network 192.0.2.0/24
    }
}
example.net {
    errors
    forward . tls://127.0.0.1:853 {
        tls_servername dns.example.org
    }
}
tls://example.net {
    tls /etc/coredns/certificate /etc/coredns/key
    workstation {
        network 192.0.2.0/24
    }
}
`)

	t.Run("port 53", func(t *testing.T) {
		pid, _ := start(t, dir)
		status, err := os.ReadFile("/proc/" + pid + "/status")
		if err != nil {
			t.Fatal(err)
		}
		for _, line := range []string{
			`Uid:\t65532\t65532\t65532\t65532`, `Gid:\t65532\t65532\t65532\t65532`, `Groups:\t(65532)? ?`,
			`CapPrm:\t0000000000000400`, `CapEff:\t0000000000000400`, `CapBnd:\t0000000000000400`, `NoNewPrivs:\t1`,
			// Podman would make it an ambient capability of a program that has no file
			// capability; Kubernetes' runtimes do not.
			`CapAmb:\t0000000000000000`,
		} {
			if !regexp.MustCompile("(?m)^" + line + "$").Match(status) {
				t.Errorf("there is no %q in\n%s", line, status)
			}
		}
		// Else every user could bind it.
		const first = "/proc/sys/net/ipv4/ip_unprivileged_port_start"
		if port := output(t, "nsenter", "--net", "--target="+pid, "cat", first); port != "1024" {
			t.Errorf("the first port for everyone is %s", port)
		}
		for _, transport := range []string{"+notcp", "+tcp"} {
			if got := dig(t, pid, transport, "+short", "workstation17.lab.example.org"); got != "192.0.2.17" {
				t.Errorf("%s: %q", transport, got)
			}
		}
	})

	t.Run("authorities", func(t *testing.T) {
		pid, container := start(t, dir)
		if got := dig(t, pid, "workstation17.example.net"); !strings.Contains(got, "SERVFAIL") {
			t.Errorf("an unknown authority is trusted: %s", got)
		}
		if got := logs(container); !strings.Contains(got, "certificate signed by unknown authority") {
			t.Errorf("it logs %s", got)
		}
		// The program reads the file of the image: with another one in its place it
		// trusts the other's.
		pid, _ = start(t, dir, "--volume="+dir+"/certificate:/etc/ssl/certs/ca-certificates.crt:ro")
		if got := dig(t, pid, "+short", "workstation17.example.net"); got != "192.0.2.17" {
			t.Errorf("a known authority is not trusted: %q", got)
		}
	})

	t.Run("validate", func(t *testing.T) {
		out := podman(t, validate(dir, "Corefile")...)
		if !strings.Contains(out, "Corefile is valid.\n") || !strings.Contains(out, "workstation255 (192.0.2.255)") {
			t.Errorf("of a good Corefile, it says %s", out)
		}
		write("bad", ". {\n    workstation {\n        network 192.0.2.1/24\n    }\n}\n")
		command := exec.Command("podman", validate(dir, "bad")...)
		b, err := command.CombinedOutput()
		if err == nil || command.ProcessState.ExitCode() != 1 || !strings.Contains(string(b), "bad:3 - ") {
			t.Errorf("of a bad Corefile, it says %s (%v)", b, err)
		}
	})

	// The manual's way, with the Corefile of cluster DNS.
	t.Run("validate cluster DNS", func(t *testing.T) {
		manual, err := os.ReadFile("../README.md")
		if err != nil {
			t.Fatal(err)
		}
		_, commands, found := strings.Cut(string(manual), "~~~ sh\nmkdir account ")
		if !found {
			t.Fatal("the manual validates no Corefile")
		}
		commands, _, _ = strings.Cut(commands, "~~~\n")
		here := t.TempDir()
		if err := os.CopyFS(filepath.Join(here, "cluster-dns"), os.DirFS("../kubernetes")); err != nil {
			t.Fatal(err)
		}
		write("resolv.conf", "nameserver 192.0.2.53\n") // which podman writes where there is a network
		offline := "podman run --rm --network=none -v " + dir + "/resolv.conf:/etc/resolv.conf:ro"
		sh := exec.Command("sh", "-ec", "umask 022\nmkdir account "+strings.NewReplacer(
			"podman run --rm", offline, "registry.example.org/coredns:v1.15.0-workstation", testName).Replace(commands))
		sh.Dir = here
		out, err := sh.CombinedOutput()
		if err != nil || !strings.Contains(string(out), "workstation255 (192.0.2.255, 2001:db8::ff)\n") {
			t.Errorf("%v: %s", err, out)
		}
	})

	t.Run("no capability", func(t *testing.T) {
		out, err := exec.Command("podman", "run", "--rm", "--network=none", "--cap-drop=all", testName).CombinedOutput()
		if err == nil || !strings.Contains(string(out), "operation not permitted") {
			t.Errorf("%v: %s", err, out)
		}
	})
}

// validate returns the arguments of podman that check a Corefile in dir.
func validate(dir, name string) []string {
	args := []string{"run", "--rm", "--network=none", "--volume=" + dir + ":/etc/coredns:ro"}
	return append(append(args, hardened...), testName, "-validate", "-conf", "/etc/coredns/"+name)
}

// selfSigned returns the certificate of an authority that is dns.example.org as
// well, and its key.
func selfSigned(t *testing.T) (certificate, key string) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber:          big.NewInt(1),
		Subject:               pkix.Name{CommonName: "test"},
		DNSNames:              []string{"dns.example.org"},
		NotBefore:             time.Now().Add(-time.Hour),
		NotAfter:              time.Now().Add(time.Hour),
		IsCA:                  true,
		BasicConstraintsValid: true,
	}
	public, err := x509.CreateCertificate(rand.Reader, template, template, private.Public(), private)
	if err != nil {
		t.Fatal(err)
	}
	secret, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	encode := func(kind string, b []byte) string {
		return string(pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: b}))
	}
	return encode("CERTIFICATE", public), encode("PRIVATE KEY", secret)
}
