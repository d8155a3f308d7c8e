package main

import (
	"archive/tar"
	"bytes"
	"crypto/x509"
	"debug/buildinfo"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime/debug"
	"slices"
	"testing"
)

// TestFiles reads back the files that the image will have.
func TestFiles(t *testing.T) {
	directory := t.TempDir()
	program := filepath.Join(directory, "program")
	if err := os.WriteFile(program, []byte("the program"), 0o600); err != nil {
		t.Fatal(err)
	}
	var archives [2][]byte
	for i := range archives {
		path := filepath.Join(directory, fmt.Sprint(i, ".tar"))
		if err := writeFiles(path, program); err != nil {
			t.Fatal(err)
		}
		var err error
		if archives[i], err = os.ReadFile(path); err != nil {
			t.Fatal(err)
		}
	}
	if !bytes.Equal(archives[0], archives[1]) {
		t.Error("the same program gave two different archives")
	}

	var got []string
	contents := map[string][]byte{}
	for r := tar.NewReader(bytes.NewReader(archives[0])); ; {
		header, err := r.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		if contents[header.Name], err = io.ReadAll(r); err != nil {
			t.Fatal(err)
		}
		got = append(got, fmt.Sprintf("%s %o %d:%d %x", header.Name, header.Mode, header.Uid, header.Gid,
			header.PAXRecords["SCHILY.xattr.security.capability"]))
	}
	want := []string{
		"coredns 755 0:0 0100000200040000000000000000000000000000",
		"etc/ 755 0:0 ",
		"etc/ssl/ 755 0:0 ",
		"etc/ssl/certs/ 755 0:0 ",
		"etc/ssl/certs/ca-certificates.crt 644 0:0 ",
	}
	if !slices.Equal(got, want) {
		t.Errorf("files are %q, want %q", got, want)
	}
	if got := string(contents["coredns"]); got != "the program" {
		t.Errorf("content of coredns is %q, want %q", got, "the program")
	}
	pool := x509.NewCertPool()
	n := bytes.Count(contents["etc/ssl/certs/ca-certificates.crt"], []byte("BEGIN CERTIFICATE"))
	if !pool.AppendCertsFromPEM(contents["etc/ssl/certs/ca-certificates.crt"]) || n < 100 {
		t.Errorf("ca-certificates.crt has %d certificates, want at least 100 valid ones", n)
	}
}

func TestLabels(t *testing.T) {
	info := &buildinfo.BuildInfo{
		Main: debug.Module{Path: "github.com/seed-310b8fa8/workstation", Version: "v1.2.3"},
		Settings: []debug.BuildSetting{
			{Key: "vcs.revision", Value: "0123"}, {Key: "vcs.time", Value: "2026-11-23T00:00:00Z"},
		},
	}
	want := []string{
		"org.opencontainers.image.title=coredns",
		"org.opencontainers.image.description=CoreDNS with the plugin workstation",
		"org.opencontainers.image.source=https://github.com/seed-310b8fa8/workstation",
		"org.opencontainers.image.licenses=Apache-2.0",
		"org.opencontainers.image.version=v1.2.3",
		"org.opencontainers.image.revision=0123",
		"org.opencontainers.image.created=2026-11-23T00:00:00Z",
	}
	if got := labels(info); !slices.Equal(got, want) {
		t.Errorf("labels are %q, want %q", got, want)
	}
}
