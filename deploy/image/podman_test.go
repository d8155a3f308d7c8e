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

// hardened has the options by which podman confines the container as deploy/kubernetes does.
var hardened = []string{"--read-only", "--cap-drop=all", "--cap-add=NET_BIND_SERVICE", "--security-opt=no-new-privileges"}

// output runs a program, which must succeed, and returns its standard output.
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

// podman runs podman, which must succeed, and returns its standard output.
func podman(t *testing.T, args ...string) string {
	t.Helper()
	return output(t, "podman", args...)
}

// start starts a container of an image in a network namespace that has only loopback. It returns
// the container's first process and its ID. dir is its /etc/coredns.
func start(t *testing.T, image, dir string, options ...string) (pid, container string) {
	t.Helper()
	args := []string{"run", "--detach", "--network=none", "--volume=" + dir + ":/etc/coredns:ro"}
	args = append(append(append(args, hardened...), options...), image, "-conf", "/etc/coredns/Corefile")
	container = podman(t, args...)
	t.Cleanup(func() { podman(t, "rm", "--force", "--time=0", container) })
	for end := time.Now().Add(30 * time.Second); time.Now().Before(end); time.Sleep(100 * time.Millisecond) {
		if strings.Contains(logs(container), "CoreDNS-") {
			return podman(t, "inspect", "--format={{.State.Pid}}", container), container
		}
	}
	t.Fatalf("CoreDNS does not serve; its log:\n%s", logs(container))
	return "", ""
}

func logs(container string) string {
	out, _ := exec.Command("podman", "logs", container).CombinedOutput()
	return string(out)
}

// dig queries the server in the network namespace of the process pid.
func dig(t *testing.T, pid string, args ...string) string {
	t.Helper()
	return output(t, "nsenter", append([]string{"--net", "--target=" + pid, "dig", "@127.0.0.1", "+tries=1"}, args...)...)
}

// TestArchitectures checks that the programs are for their architectures and statically
// linked, and that an image for several architectures replaces an image or list of its name.
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
			t.Errorf("program for %s has machine %v", architecture, f.Machine)
		}
		for _, segment := range f.Progs {
			if segment.Type == elf.PT_INTERP || segment.Type == elf.PT_DYNAMIC {
				t.Errorf("program for %s is not static: it has a segment %v", architecture, segment.Type)
			}
		}
	}

	storage(t)
	both := []string{"amd64", "arm64"}
	for i, architectures := range [][]string{{"amd64"}, both, both} {
		// The build information contains the flags, so each build gives a different program.
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
		t.Errorf("the manifest list has the architectures %q, want %q", got, both)
	}
}

// storage has podman keep its images in a directory of the test.
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

// TestImage builds the image without a network, and runs it. It configures podman without
// systemd and with low limits, so that the test can itself run in a container.
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
			t.Errorf("image has architecture %s and user %s", got.Architecture, got.User)
		}
		if want := output(t, "git", "rev-parse", "HEAD"); got.Labels["org.opencontainers.image.revision"] != want {
			t.Errorf("labels %q do not have the commit %s", got.Labels, want)
		}
		version := got.Labels["org.opencontainers.image.version"]
		if !strings.HasPrefix(version, "v") {
			t.Errorf("label version is %q, want v...", version)
		}
		run := append(append([]string{"run", "--rm", "--network=none"}, hardened...), testName, "-version")
		if out := podman(t, run...); !strings.Contains(out, " workstation-"+version+"\n") {
			t.Errorf("program prints version %q, label has %s", out, version)
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
		pid, _ := start(t, testName, dir)
		status, err := os.ReadFile("/proc/" + pid + "/status")
		if err != nil {
			t.Fatal(err)
		}
		for _, line := range []string{
			`Uid:\t65532\t65532\t65532\t65532`, `Gid:\t65532\t65532\t65532\t65532`, `Groups:\t(65532)? ?`,
			`CapPrm:\t0000000000000400`, `CapEff:\t0000000000000400`, `CapBnd:\t0000000000000400`, `NoNewPrivs:\t1`,
			// If the program had no file capability, podman would make this an ambient
			// capability. Kubernetes' runtimes do not.
			`CapAmb:\t0000000000000000`,
		} {
			if !regexp.MustCompile("(?m)^" + line + "$").Match(status) {
				t.Errorf("no %q in the process status:\n%s", line, status)
			}
		}
		// Otherwise every user could listen on port 53.
		const first = "/proc/sys/net/ipv4/ip_unprivileged_port_start"
		if port := output(t, "nsenter", "--net", "--target="+pid, "cat", first); port != "1024" {
			t.Errorf("first unprivileged port is %s, want 1024", port)
		}
		for _, transport := range []string{"+notcp", "+tcp"} {
			if got := dig(t, pid, transport, "+short", "workstation17.lab.example.org"); got != "192.0.2.17" {
				t.Errorf("%s: answer is %q, want 192.0.2.17", transport, got)
			}
		}
	})

	t.Run("authorities", func(t *testing.T) {
		pid, container := start(t, testName, dir)
		if got := dig(t, pid, "workstation17.example.net"); !strings.Contains(got, "SERVFAIL") {
			t.Errorf("server of an unknown authority is trusted: %s", got)
		}
		if got := logs(container); !strings.Contains(got, "certificate signed by unknown authority") {
			t.Errorf("log has no certificate error:\n%s", got)
		}
		// The program reads the image's file of certificates. If another file replaces it, the
		// program trusts the authorities of that file.
		pid, _ = start(t, testName, dir, "--volume="+dir+"/certificate:/etc/ssl/certs/ca-certificates.crt:ro")
		if got := dig(t, pid, "+short", "workstation17.example.net"); got != "192.0.2.17" {
			t.Errorf("server of a known authority is not trusted: %q", got)
		}
	})

	t.Run("validate", func(t *testing.T) {
		out := podman(t, validate(dir, "Corefile")...)
		if !strings.Contains(out, "Corefile is valid.\n") || !strings.Contains(out, "workstation255 (192.0.2.255)") {
			t.Errorf("-validate of a valid Corefile prints:\n%s", out)
		}
		write("bad", ". {\n    workstation {\n        network 192.0.2.1/24\n    }\n}\n")
		command := exec.Command("podman", validate(dir, "bad")...)
		b, err := command.CombinedOutput()
		if err == nil || command.ProcessState.ExitCode() != 1 || !strings.Contains(string(b), "bad:3 - ") {
			t.Errorf("-validate of an invalid Corefile prints:\n%s\nand ends with %v", b, err)
		}
	})

	// The commands are those of the manual, with the Corefile of cluster DNS.
	t.Run("validate cluster DNS", func(t *testing.T) {
		manual, err := os.ReadFile("../kubernetes/README.md")
		if err != nil {
			t.Fatal(err)
		}
		_, commands, found := strings.Cut(string(manual), "~~~ sh\nmkdir account ")
		if !found {
			t.Fatal("kubernetes/README.md has no commands that check a Corefile")
		}
		commands, _, _ = strings.Cut(commands, "~~~\n")
		here := t.TempDir()
		if err := os.CopyFS(filepath.Join(here, "cluster-dns"), os.DirFS("../kubernetes")); err != nil {
			t.Fatal(err)
		}
		write("resolv.conf", "nameserver 192.0.2.53\n") // podman writes this file only with a network
		offline := "podman run --rm --network=none -v " + dir + "/resolv.conf:/etc/resolv.conf:ro"
		sh := exec.Command("sh", "-ec", "umask 022\nmkdir account "+strings.NewReplacer(
			"podman run --rm", offline, "registry.example.org/coredns:v1.15.0-workstation", testName).Replace(commands))
		sh.Dir = here
		out, err := sh.CombinedOutput()
		if err != nil || !strings.Contains(string(out), "workstation255 (192.0.2.255, 2001:db8::ff)\n") {
			t.Errorf("the manual's check ends with %v and prints:\n%s", err, out)
		}
	})

	t.Run("no capability", func(t *testing.T) {
		out, err := exec.Command("podman", "run", "--rm", "--network=none", "--cap-drop=all", testName).CombinedOutput()
		if err == nil || !strings.Contains(string(out), "operation not permitted") {
			t.Errorf("without the capability, the container ends with %v and prints:\n%s", err, out)
		}
	})

	t.Run("from CoreDNS's source", testSource)
}

// validate returns podman's arguments for a check of a Corefile in dir.
func validate(dir, name string) []string {
	args := []string{"run", "--rm", "--network=none", "--volume=" + dir + ":/etc/coredns:ro"}
	return append(append(args, hardened...), testName, "-validate", "-conf", "/etc/coredns/"+name)
}

// selfSigned returns a certificate and its key. The certificate is that of an authority and
// also that of the server dns.example.org.
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
