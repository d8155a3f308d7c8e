//go:build image

package main

import (
	"archive/tar"
	"archive/zip"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

const sourceName = "localhost/coredns:source-test"

// testSource builds and runs the Dockerfile of docs/builds.md, which compiles CoreDNS from its own
// source. In place of the image of Go, it has an image with this machine's /usr and Go. In place of
// the repository of CoreDNS, it has one with the source of the module in go.mod, and in place of the
// plugin's published module, this checkout. It leaves out the line that installs setcap.
func testSource(t *testing.T) {
	page, err := os.ReadFile("../../docs/builds.md")
	if err != nil {
		t.Fatal(err)
	}
	match := func(text, pattern string) string {
		t.Helper()
		m := regexp.MustCompile(pattern).FindStringSubmatch(text)
		if m == nil {
			t.Fatalf("%s does not match:\n%s", pattern, text)
		}
		return m[1]
	}
	block := func(info string) string { return match(string(page), `(?s)\n~~~ `+info+`\n(.*?)~~~\n`) }
	write := func(dir, name, content string) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}

	dockerfile := block("dockerfile")
	source := sourceRepository(t, match(dockerfile, `--branch (\S+) https://github.com/coredns/coredns `))
	modules := moduleProxy(t, match(dockerfile, `go get github.com/seed-310b8fa8/workstation@(\S+)\n`))
	base := standIn(t)
	t.Cleanup(func() { podman(t, "rmi", base) })
	context := t.TempDir()
	write(context, "Dockerfile", strings.NewReplacer(
		match(dockerfile, `(FROM \S+) AS build\n`), "FROM "+base,
		match(dockerfile, `(RUN apt-get .* libcap2-bin\n)`), "",
	).Replace(dockerfile))
	env := strings.Split(output(t, "go", "env", "GOROOT", "GOMODCACHE", "GOCACHE"), "\n")
	podman(t, "build", "--network=none", "--pull=never", "--layers=false", "--tag="+sourceName,
		"--volume=/usr:/usr:ro", "--volume="+env[0]+":/goroot:ro", "--volume="+env[1]+":/gopath/pkg/mod:O",
		"--volume="+env[2]+":/gocache", "--volume="+source+":/source:ro", "--volume="+modules+":/modules:ro", context)
	t.Cleanup(func() { podman(t, "rmi", sourceName) })

	dir := t.TempDir()
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	corefile := strings.NewReplacer(":10053", "", "file db.", "file /etc/coredns/db.").Replace(block("corefile"))
	write(dir, "Corefile", corefile)
	write(dir, "db.lab.example.org", block("zone db.lab.example.org"))
	pid, container := start(t, sourceName, dir)
	if got := dig(t, pid, "+short", "workstation17.lab.example.org"); got != "192.0.2.17" {
		t.Errorf("answer is %q, want 192.0.2.17", got)
	}
	if got := dig(t, pid, "+short", "-x", "192.0.2.17"); got != "workstation17.lab.example.org." {
		t.Errorf("answer is %q, want workstation17.lab.example.org.", got)
	}
	if log := logs(container); strings.Contains(log, "WARNING") {
		t.Errorf("the plugin has the wrong place:\n%s", log)
	}
	out, err := exec.Command("podman", "run", "--rm", "--network=none", "--cap-drop=all", sourceName).CombinedOutput()
	if err == nil || !strings.Contains(string(out), "exec /coredns: operation not permitted") {
		t.Errorf("the program has no file capability: it ends with %v and prints:\n%s", err, out)
	}
}

// standIn makes an image that has Go and this machine's programs, if their directories are mounted,
// and returns its ID.
func standIn(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "rootfs.tar")
	file, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	w := tar.NewWriter(file)
	add := func(header tar.Header, content string) {
		header.Size = int64(len(content))
		if err := w.WriteHeader(&header); err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(w, content); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range []string{"bin", "lib", "lib64", "sbin"} {
		add(tar.Header{Typeflag: tar.TypeSymlink, Name: name, Linkname: "usr/" + name}, "")
	}
	for _, name := range []string{"dev/", "etc/ssl/certs/", "gocache/", "gopath/pkg/mod/", "goroot/", "modules/", "proc/",
		"root/", "source/", "sys/", "usr/"} {
		add(tar.Header{Typeflag: tar.TypeDir, Name: name, Mode: 0o755}, "")
	}
	add(tar.Header{Typeflag: tar.TypeDir, Name: "tmp/", Mode: 0o1777}, "")
	add(tar.Header{Name: "etc/ssl/certs/ca-certificates.crt", Mode: 0o644}, string(authorities()))
	add(tar.Header{Name: "etc/gitconfig", Mode: 0o644}, `
[safe]
	directory = *
[url "file:///source"]
	insteadOf = https://github.com/coredns/coredns
`)
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if err := file.Close(); err != nil {
		t.Fatal(err)
	}
	var changes []string
	for _, variable := range []string{
		"PATH=/goroot/bin:/usr/sbin:/usr/bin", "GOPATH=/gopath", "GOCACHE=/gocache", "GOTOOLCHAIN=local",
		"GOPROXY=file:///modules,file:///gopath/pkg/mod/cache/download", "GOSUMDB=off",
	} {
		changes = append(changes, "--change=ENV "+variable)
	}
	return podman(t, append(append([]string{"import", "--quiet"}, changes...), path)...)
}

// sourceRepository makes a repository of the source of CoreDNS that is in go.mod, tagged with its
// version.
func sourceRepository(t *testing.T, tag string) string {
	t.Helper()
	module := strings.Fields(output(t, "go", "list", "-m", "-f", "{{.Version}} {{.Dir}}", "github.com/coredns/coredns"))
	if module[0] != tag {
		t.Fatalf("docs/builds.md builds CoreDNS %s, and go.mod has %s", tag, module[0])
	}
	repository := t.TempDir()
	output(t, "git", "init", "--quiet", "--bare", repository)
	git := func(args ...string) {
		t.Helper()
		output(t, "git", append([]string{"--git-dir=" + repository, "--work-tree=" + module[1]}, args...)...)
	}
	git("add", "--all", "--force")
	git("-c", "user.name=test", "-c", "user.email=test@example.org", "commit", "--quiet", "--message=source")
	git("tag", tag)
	return repository
}

// moduleProxy makes a directory from which the go command can download this checkout as a version of
// the plugin's module.
func moduleProxy(t *testing.T, version string) string {
	t.Helper()
	const module = "github.com/seed-310b8fa8/workstation"
	proxy := t.TempDir()
	versions := filepath.Join(proxy, module, "@v")
	if err := os.MkdirAll(versions, 0o755); err != nil {
		t.Fatal(err)
	}
	checkout := output(t, "git", "rev-parse", "--show-toplevel")
	mod, err := os.ReadFile(filepath.Join(checkout, "go.mod"))
	if err != nil {
		t.Fatal(err)
	}
	for name, content := range map[string][]byte{
		"list":            []byte(version + "\n"),
		version + ".info": fmt.Appendf(nil, `{"Version": %q}`, version),
		version + ".mod":  mod,
	} {
		if err := os.WriteFile(filepath.Join(versions, name), content, 0o644); err != nil {
			t.Fatal(err)
		}
	}

	list := output(t, "git", "-C", checkout, "ls-files", "--cached", "--others", "--exclude-standard")
	files := strings.Split(list, "\n")
	var nested []string
	for _, name := range files {
		if dir, ok := strings.CutSuffix(name, "/go.mod"); ok {
			nested = append(nested, dir+"/")
		}
	}
	archive, err := os.Create(filepath.Join(versions, version+".zip"))
	if err != nil {
		t.Fatal(err)
	}
	w := zip.NewWriter(archive)
	for _, name := range files {
		if slices.ContainsFunc(nested, func(dir string) bool { return strings.HasPrefix(name, dir) }) {
			continue
		}
		content, err := os.ReadFile(filepath.Join(checkout, name))
		if os.IsNotExist(err) {
			continue // removed, but not in a commit yet
		}
		if err != nil {
			t.Fatal(err)
		}
		f, err := w.Create(module + "@" + version + "/" + name)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := f.Write(content); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if err := archive.Close(); err != nil {
		t.Fatal(err)
	}
	return proxy
}
