// Command image builds the container image of CoreDNS with the plugin workstation. It uses
// podman, or docker if there is no podman:
//
//	go run ./deploy/image registry.example.org/coredns:v1.15.0-workstation
//
// It needs no root and no other image. Once Go has the modules, it needs no network either.
// By default, the image is for this machine's architecture. Further arguments, such as
// amd64 arm64, name other architectures.
package main

import (
	"archive/tar"
	"bytes"
	"debug/buildinfo"
	_ "embed"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"log"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"golang.org/x/crypto/x509roots/fallback/bundle"
)

//go:embed Dockerfile
var dockerfile []byte

func main() {
	log.SetFlags(0)
	if len(os.Args) < 2 {
		log.Fatal("usage: go run ./deploy/image NAME:TAG [ARCHITECTURE...]")
	}
	architectures := os.Args[2:]
	if len(architectures) == 0 {
		architectures = []string{runtime.GOARCH}
	}
	if err := build(os.Args[1], architectures); err != nil {
		log.Fatal(err)
	}
}

// build builds the image and gives it this name.
func build(name string, architectures []string) error {
	directory, err := os.MkdirTemp("", "image")
	if err != nil {
		return err
	}
	defer os.RemoveAll(directory)
	if err := os.WriteFile(filepath.Join(directory, "Dockerfile"), dockerfile, 0o600); err != nil {
		return err
	}
	var platforms []string
	var info *buildinfo.BuildInfo
	for _, architecture := range architectures {
		program := filepath.Join(directory, "coredns")
		if info, err = compile(program, architecture); err != nil {
			return err
		}
		if err := writeFiles(filepath.Join(directory, "rootfs-"+architecture+".tar"), program); err != nil {
			return err
		}
		platforms = append(platforms, "linux/"+architecture)
	}

	args := []string{"build"}
	for _, label := range labels(info) {
		args = append(args, "--label="+label)
	}
	tag := "--tag="
	if len(platforms) == 1 {
		// Docker's classic builder does not set TARGETARCH.
		args = append(args, "--build-arg=TARGETARCH="+architectures[0])
	}
	if _, err := exec.LookPath("podman"); err == nil {
		// All times in the image are the commit's, and no layer is from an earlier build, so that the same
		// commit gives the same image.
		args = append(args, "--layers=false")
		if committed, err := time.Parse(time.RFC3339, setting(info, "vcs.time")); err == nil {
			args = append(args, fmt.Sprint("--timestamp=", committed.Unix()))
		}
		if len(platforms) > 1 {
			tag = "--manifest="
			// podman adds to an existing list of that name, and fails if there is an image of that
			// name. So both are removed first. There may be neither, so their errors are ignored.
			_ = exec.Command("podman", "manifest", "rm", name).Run()
			_ = exec.Command("podman", "untag", name, name).Run()
		}
		// In one build, podman would put the platforms into the list in the order in which they are ready.
		for _, platform := range platforms {
			if err := run(nil, "podman", append(args, "--platform="+platform, tag+name, directory)...); err != nil {
				return err
			}
		}
		return nil
	}
	if _, err := exec.LookPath("docker"); err == nil {
		return run(nil, "docker", append(args, "--platform="+strings.Join(platforms, ","), tag+name, directory)...)
	}
	return errors.New("found neither podman nor docker in PATH: install one of them")
}

// compile compiles cmd/coredns, and returns the program's build information.
func compile(program, architecture string) (*buildinfo.BuildInfo, error) {
	environment := append(os.Environ(), "CGO_ENABLED=0", "GOOS=linux", "GOARCH="+architecture)
	err := run(environment, "go", "build", "-buildvcs=auto", "-trimpath", "-ldflags=-s -w", "-o", program,
		"github.com/seed-310b8fa8/workstation/cmd/coredns")
	if err != nil {
		return nil, err
	}
	return buildinfo.ReadFile(program)
}

// labels returns the image's labels, as the OCI image specification defines them.
func labels(info *buildinfo.BuildInfo) []string {
	const prefix = "org.opencontainers.image."
	all := []string{
		prefix + "title=coredns",
		prefix + "description=CoreDNS with the plugin workstation",
		prefix + "source=https://" + info.Main.Path,
		prefix + "licenses=Apache-2.0",
		prefix + "version=" + info.Main.Version,
	}
	// Outside of a clone, the build information has no commit.
	if revision := setting(info, "vcs.revision"); revision != "" {
		all = append(all, prefix+"revision="+revision, prefix+"created="+setting(info, "vcs.time"))
	}
	return all
}

// setting returns a setting of the build, or "" if there is none of this name.
func setting(info *buildinfo.BuildInfo, key string) string {
	for _, setting := range info.Settings {
		if setting.Key == key {
			return setting.Value
		}
	}
	return ""
}

// netBindService is the file capability cap_net_bind_service=ep, as the kernel stores it
// (struct vfs_cap_data of linux/capability.h), in little-endian words: revision 2 with the
// effective flag, then the permitted and inheritable capabilities below 32, then those from
// 32 on. NET_BIND_SERVICE is capability 10.
const netBindService = "\x01\x00\x00\x02" + "\x00\x04\x00\x00" + "\x00\x00\x00\x00" + "\x00\x00\x00\x00" + "\x00\x00\x00\x00"

// writeFiles writes the image's files to a tar: the program, and the certificates by which
// *forward* trusts servers. *kubernetes* needs none of these, because it reads the ca.crt of
// the pod's ServiceAccount. The tar has no modification times, so that the same program gives
// the same files.
func writeFiles(path, program string) error {
	content, err := os.ReadFile(program)
	if err != nil {
		return err
	}
	file, err := os.Create(path)
	if err != nil {
		return err
	}
	defer file.Close()
	roots := authorities()
	w := tar.NewWriter(file)
	for _, entry := range []struct {
		header  tar.Header
		content []byte
	}{
		{tar.Header{
			Name: "coredns", Mode: 0o755, Size: int64(len(content)),
			PAXRecords: map[string]string{"SCHILY.xattr.security.capability": netBindService},
		}, content},
		{tar.Header{Typeflag: tar.TypeDir, Name: "etc/", Mode: 0o755}, nil},
		{tar.Header{Typeflag: tar.TypeDir, Name: "etc/ssl/", Mode: 0o755}, nil},
		{tar.Header{Typeflag: tar.TypeDir, Name: "etc/ssl/certs/", Mode: 0o755}, nil},
		{tar.Header{Name: "etc/ssl/certs/ca-certificates.crt", Mode: 0o644, Size: int64(len(roots))}, roots},
	} {
		if err := w.WriteHeader(&entry.header); err != nil {
			return err
		}
		if _, err := io.Copy(w, bytes.NewReader(entry.content)); err != nil {
			return err
		}
	}
	if err := w.Close(); err != nil {
		return err
	}
	return file.Close()
}

// authorities returns the certificates of the authorities that Mozilla trusts
// unconditionally. A file of certificates cannot express a condition.
func authorities() []byte {
	var b bytes.Buffer
	for root := range bundle.Roots() {
		if root.Constraint == nil {
			b.Write(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: root.Certificate}))
		}
	}
	return b.Bytes()
}

// run runs a program. The program's output goes to standard error.
func run(environment []string, name string, args ...string) error {
	command := exec.Command(name, args...)
	command.Env = environment
	command.Stdout, command.Stderr = os.Stderr, os.Stderr
	if err := command.Run(); err != nil {
		return fmt.Errorf("%s %s failed, see its messages above: %w", name, args[0], err)
	}
	return nil
}
