//go:build release

package test

import (
	"debug/elf"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/coredns/coredns/coremain"
)

// release names a directory with the directories "first" and "later", two releases that
// deploy/release/build has built for this architecture, and "root", a root file system of Debian. The
// default Corefile of the later release is another one than that of the first.
var release = flag.String("release", "", "directory with two releases and a root file system")

// bootRelease boots Debian's root file system with the packages /first and /later of this suffix.
func bootRelease(t *testing.T, suffix string) machine {
	t.Helper()
	dir := t.TempDir()
	for _, d := range []string{"root", "files"} {
		if err := os.Mkdir(filepath.Join(dir, d), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	for _, version := range []string{"first", "later"} {
		content, err := os.ReadFile(releaseFile(t, version, suffix))
		if err != nil {
			t.Fatal(err)
		}
		write(t, filepath.Join(dir, "files"), version+suffix, string(content))
	}
	m := boot(t, dir, filepath.Join(*release, "root"), "multi-user.target")
	m.await(t, []step{{"systemctl is-active multi-user.target", `^active$`}})
	return m
}

// releaseFile returns the path of a release's file of this suffix, for this architecture.
func releaseFile(t *testing.T, version, suffix string) string {
	t.Helper()
	// dpkg's names are Go's, and those of rpm are the kernel's.
	kernel := map[string]string{"amd64": "x86_64", "arm64": "aarch64"}
	for _, architecture := range []string{runtime.GOARCH, kernel[runtime.GOARCH], ""} {
		paths, err := filepath.Glob(filepath.Join(*release, version, "*"+architecture+suffix))
		if err == nil && len(paths) == 1 {
			return paths[0]
		}
	}
	t.Fatalf("-release %s has no file %s of the %s release for %s", *release, suffix, version, runtime.GOARCH)
	return ""
}

// The commands of an administrator.
const (
	askName      = "dig +short +tries=1 +time=2 @127.0.0.1 workstation17.lab.example.org"
	edit         = "sed -i s,192.0.2.0/24,198.51.100.0/24, /etc/coredns/Corefile"
	misspell     = "sed -i s,198.51.100.0/24,198.51.100.0/33, /etc/coredns/Corefile"
	correct      = "sed -i s,198.51.100.0/33,198.51.100.0/24, /etc/coredns/Corefile"
	reloadUnit   = "systemctl reload coredns.service"
	stateOfUnit  = "systemctl is-enabled coredns.service; systemctl is-active coredns.service"
	statusOfUnit = "systemctl status --no-pager --full coredns.service"
	logOfUnit    = "journalctl --quiet --output cat --unit coredns.service"
	starts       = logOfUnit + " --grep '^CoreDNS-' | wc --lines"
)

// What the commands print.
const (
	mistake   = `plugin/workstation: /etc/coredns/Corefile:\d+ - .*'198\.51\.100\.0/33'`
	runsStill = `(?s)coredns\.service still runs the earlier version.*` + mistake + `.*systemctl restart coredns\.service`
	kept      = `warning: \S+ created as /etc/coredns/Corefile\.rpmnew`
	inUse     = `(?s)address already in use.*run: ss -lntup sport = 53`
)

// TestReleaseDebian installs the package with apt on Debian with systemd, and does with it what an
// administrator does.
func TestReleaseDebian(t *testing.T) {
	m := bootRelease(t, ".deb")
	apt := func(arguments, want string) step {
		line := "DEBIAN_FRONTEND=noninteractive apt-get --yes --quiet --allow-downgrades " +
			"-o Dpkg::Options::=--force-confold " + arguments + " </dev/null && echo succeeded"
		return step{line, "(?s)" + want + `.*\nsucceeded$`}
	}
	// The files and directories, except those of dpkg and apt, and the lists themselves.
	files := "find / -xdev -path /var/lib/dpkg -prune -o -path /var/lib/apt -prune -o -path /var/cache -prune " +
		"-o -path /var/log -prune -o -print | sort >"
	m(files + "/var/cache/before")

	// After the installation, the server answers on 127.0.0.1, and nowhere else.
	m.do(t, []step{
		apt("install /first.deb", `Setting up coredns-workstation`),
		{stateOfUnit, `^enabled\nactive$`},
	})
	m.await(t, []step{
		{askName, `^192\.0\.2\.17$`},
		{"dig +short @127.0.0.1 -x 192.0.2.17", `^workstation17\.lab\.example\.org\.$`},
		{"dig @127.0.0.1 www.example.com", `status: REFUSED`},
		{"dig +tries=1 +time=1 @127.0.0.2 workstation17.lab.example.org", `connection refused`},
		{"dig +tries=1 +time=1 @::1 workstation17.lab.example.org", `connection refused`},
		{"coredns -version", `^CoreDNS-\S+ workstation-v\S+\nlinux/`},
		{"zcat /usr/share/man/man7/coredns-workstation.7.gz", `\n\.TH "COREDNS-WORKSTATION" 7 `},
	})

	// A reload takes an edited Corefile, and refuses one with a mistake.
	m.do(t, []step{{edit + " && " + reloadUnit, `^$`}})
	m.await(t, []step{{askName, `^198\.51\.100\.17$`}})
	m.do(t, []step{
		{misspell + " && " + reloadUnit, `^Job for coredns\.service failed`},
		{statusOfUnit, `(?s)active \(running\).*` + mistake},
		{askName, `^198\.51\.100\.17$`},
	})

	// An upgrade keeps the Corefile. It does not restart the server if the new version refuses the Corefile.
	m.do(t, []step{
		apt("install /later.deb", runsStill),
		{"ls /etc/coredns", `^Corefile\nCorefile\.dpkg-dist$`},
		{askName, `^198\.51\.100\.17$`},
		{starts, `^1$`},
		{correct, `^$`},
		apt("install /first.deb", `downgraded`),
	})
	m.await(t, []step{
		{starts, `^2$`},
		{askName, `^198\.51\.100\.17$`},
	})

	// Otherwise it restarts the server once, so it loses what a restart loses.
	restart := lost(t, m, "systemctl restart coredns.service")
	upgrade := lost(t, m, apt("install /later.deb", "").line)
	t.Logf("a client that asks again and again lost %d queries by a restart, and %d by an upgrade", restart, upgrade)
	m.await(t, []step{
		{starts, `^4$`},
		{"cmp /proc/$(systemctl show --property MainPID --value coredns.service)/exe /usr/bin/coredns", `^$`},
		{"grep -c 198.51.100.0/24 /etc/coredns/Corefile", `^2$`},
		{askName, `^198\.51\.100\.17$`},
	})

	// The service's user and environment decide, not those of apt.
	m.do(t, []step{
		{"chmod 600 /etc/coredns/Corefile", `^$`},
		apt("install /first.deb", `open /etc/coredns/Corefile: permission denied`),
		{"chmod 644 /etc/coredns/Corefile; sed -i 's,network .*,network {$NETWORK},' /etc/coredns/Corefile", `^$`},
		{"mkdir /etc/systemd/system/coredns.service.d", `^$`},
		{`printf '[Service]\nEnvironment=NETWORK=198.51.100.0/24\n' >/etc/systemd/system/coredns.service.d/network.conf`, `^$`},
		{"systemctl daemon-reload; systemctl restart coredns.service", `^$`},
	})
	m.await(t, []step{{askName, `^198\.51\.100\.17$`}})
	m.do(t, []step{apt("install /later.deb", `Setting up coredns-workstation`)})
	m.await(t, []step{
		{starts, `^6$`},
		{askName, `^198\.51\.100\.17$`},
	})

	// A service that was disabled or masked stays so. Removal leaves the Corefile, and purging leaves nothing.
	m.do(t, []step{
		{"systemctl disable --now coredns.service", ``},
		apt("install /first.deb", `Setting up coredns-workstation`),
		{stateOfUnit, `^disabled\ninactive$`},
		{"systemctl mask coredns.service", ``},
		apt("install /later.deb", `Setting up coredns-workstation`),
		{stateOfUnit, `^masked\ninactive$`},
		{"systemctl unmask coredns.service; systemctl enable --now coredns.service", ``},
	})
	m.await(t, []step{{askName, `^198\.51\.100\.17$`}})
	m.do(t, []step{
		apt("remove coredns-workstation", `Removing coredns-workstation`),
		{askName, `connection refused`},
		{"ls /etc/coredns /usr/bin/coredns", `(?s)cannot access '/usr/bin/coredns'.*Corefile`},
		apt("install /first.deb", `Setting up coredns-workstation`),
		{stateOfUnit, `^enabled\nactive$`},
		apt("purge coredns-workstation", `Purging configuration files for coredns-workstation`),
		{"rm -r /etc/systemd/system/coredns.service.d", `^$`},
		{files + "/var/cache/after; comm -3 /var/cache/before /var/cache/after", `^$`},
		{"systemctl list-units --all --plain --no-legend 'coredns*'", `^$`},
	})

	// systemd-resolved has the port. When it does not have it any more, the server comes.
	m.do(t, []step{
		{"mkdir /etc/systemd/resolved.conf.d", ``},
		{`printf '[Resolve]\nDNSStubListenerExtra=127.0.0.1\n' >/etc/systemd/resolved.conf.d/extra.conf`, `^$`},
		{"systemctl restart systemd-resolved.service", `^$`},
		apt("install /first.deb", `coredns\.service does not run\. This says why: journalctl --unit coredns\.service`),
		{"for i in 1 2 3 4 5 6; do systemctl restart coredns.service; done", `^$`},
	})
	m.await(t, []step{
		{logOfUnit, inUse},
		{"rm /etc/systemd/resolved.conf.d/extra.conf; systemctl restart systemd-resolved.service", `^$`},
		{askName, `^192\.0\.2\.17$`},
	})
}

// TestReleaseRPM installs the package with rpm, on the same system. Its scripts are those that rpm runs
// elsewhere. Presets decide whether the service is enabled, and here they enable all services.
func TestReleaseRPM(t *testing.T) {
	m := bootRelease(t, ".rpm")
	m.do(t, []step{
		{"rpm --install --nodeps /first.rpm", `Created symlink`},
		{stateOfUnit, `^enabled\ninactive$`},
		{"systemctl start coredns.service", `^$`},
	})
	m.await(t, []step{
		{askName, `^192\.0\.2\.17$`},
		{edit + " && " + reloadUnit, `^$`},
		{askName, `^198\.51\.100\.17$`},
	})
	m.do(t, []step{
		{"rpm --verify --nodeps coredns-workstation", `^S\.5\.+T\.\s+c /etc/coredns/Corefile$`},
		{misspell, `^$`},
		{"rpm --upgrade --nodeps /later.rpm", runsStill},
		{"ls /etc/coredns", `^Corefile\nCorefile\.rpmnew$`},
		{askName, `^198\.51\.100\.17$`},
		{starts, `^1$`},
		{correct, `^$`},
		{"rpm --upgrade --oldpackage --nodeps /first.rpm 2>&1 | grep -v ^rpm:", `^` + kept + `$`},
	})
	m.await(t, []step{
		{starts, `^2$`},
		{askName, `^198\.51\.100\.17$`},
	})
	m.do(t, []step{
		{"systemctl stop coredns.service", `^$`},
		{"rpm --upgrade --nodeps /later.rpm 2>&1 | grep -v ^rpm:", `^` + kept + `$`},
		{stateOfUnit, `^enabled\ninactive$`},
		{"systemctl start coredns.service", `^$`},
	})
	m.await(t, []step{{askName, `^198\.51\.100\.17$`}})
	m.do(t, []step{
		{"rpm --erase coredns-workstation", `saved as /etc/coredns/Corefile\.rpmsave`},
		{askName, `connection refused`},
		{"ls /etc/coredns; rm -r /etc/coredns", `^Corefile\.rpmnew\nCorefile\.rpmsave$`},
		{"rpm --install --nodeps /first.rpm && rpm --erase coredns-workstation", ``},
		{"find / -xdev -path /var/log -prune -o -name '*coredns*' -print", `^$`},
		{"systemctl list-units --all --plain --no-legend 'coredns*'", `^$`},
	})
}

// lost returns how many queries a client loses that asks again and again while a command runs. The
// number depends on the machine, so tests do not compare it.
func lost(t *testing.T, m machine, line string) int {
	t.Helper()
	out := m("rm -f /root/lost; touch /root/lost /root/asking; " +
		"(while [ -e /root/asking ]; do " + askName + " >/dev/null || echo >>/root/lost; done) & " +
		"sleep 1; (" + line + ") >/dev/null 2>&1; sleep 1; rm /root/asking; wait; wc --lines </root/lost; rm /root/lost")
	n, err := strconv.Atoi(out)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// TestReleaseMetadata checks what dpkg and rpm say of the packages.
func TestReleaseMetadata(t *testing.T) {
	deb, rpm := releaseFile(t, "first", ".deb"), releaseFile(t, "first", ".rpm")
	for _, test := range []struct {
		args []string
		want string
	}{
		{[]string{"dpkg-deb", "--field", deb, "Package", "Section", "Conflicts", "Provides", "Replaces"},
			"Package: coredns-workstation\nSection: net\nConflicts: coredns\nProvides: coredns\nReplaces: coredns\n"},
		{[]string{"dpkg-deb", "--info", deb, "conffiles"}, "/etc/coredns/Corefile\n"},
		{[]string{"rpm", "--query", "--package", "--queryformat",
			"%{NAME} %{LICENSE} %{BUILDHOST}\n%{SUMMARY}\n[%{REQUIRES}\n]", rpm},
			"coredns-workstation Apache-2.0 localhost\n" +
				"CoreDNS with the plugin workstation\nsystemd\n"},
		{[]string{"rpm", "--query", "--package", "--configfiles", rpm}, "/etc/coredns/Corefile\n"},
		{[]string{"rpm", "--query", "--package", "--licensefiles", rpm}, "/usr/share/licenses/coredns-workstation/LICENSE\n"},
		{[]string{"rpm", "--checksig", rpm}, rpm + ": digests OK\n"},
	} {
		out, err := exec.Command(test.args[0], test.args[1:]...).CombinedOutput()
		if err != nil || string(out) != test.want {
			t.Errorf("%q: got %q and %v, want %q", test.args, out, err, test.want)
		}
	}
	checkFiles(t, "dpkg-deb --contents "+deb+" | sed 's,/root .* \\./, /,'",
		"-rw-r--r-- root /usr/share/doc/coredns-workstation/changelog.Debian.gz",
		"-rw-r--r-- root /usr/share/doc/coredns-workstation/copyright",
		"-rw-r--r-- root /usr/share/lintian/overrides/coredns-workstation")
	checkFiles(t, `rpm --query --package --queryformat '[%{FILEMODES:perms} %{FILEUSERNAME} %{FILENAMES}\n]' `+rpm,
		"-rw-r--r-- root /usr/share/licenses/coredns-workstation/LICENSE")
	if out, err := exec.Command("lintian", "--fail-on", "error", "--allow-root", deb).CombinedOutput(); err != nil {
		t.Errorf("lintian: %v\n%s", err, out)
	}
}

// checkFiles checks the files, modes and owners that a command prints: those of both kinds of packages,
// and the additional ones.
func checkFiles(t *testing.T, command string, additional ...string) {
	t.Helper()
	out, err := exec.Command("sh", "-c", command).Output()
	if err != nil {
		t.Fatalf("%s: %v", command, err)
	}
	var got []string
	pages := 0
	for line := range strings.Lines(string(out)) {
		line = strings.TrimSpace(line)
		switch {
		case strings.HasPrefix(line, "drwxr-xr-x root "):
		case regexp.MustCompile(`^-rw-r--r-- root /usr/share/man/man7/coredns-\w+\.7\.gz$`).MatchString(line):
			pages++
		default:
			got = append(got, line)
		}
	}
	want := append([]string{
		"-rw-r--r-- root /etc/coredns/Corefile",
		"-rwxr-xr-x root /usr/bin/coredns",
		"-rw-r--r-- root /usr/lib/systemd/system/coredns.service",
		"-rw-r--r-- root /usr/share/doc/coredns-workstation/LICENSE.modules.gz",
		"-rw-r--r-- root /usr/share/doc/coredns-workstation/changelog.gz",
		"-rw-r--r-- root /usr/share/man/man1/coredns.1.gz",
		"-rw-r--r-- root /usr/share/man/man5/corefile.5.gz",
	}, additional...)
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Errorf("%s: got the files\n%s\nwant\n%s", command, strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	// CoreDNS has some sixty plugins.
	if pages < 60 {
		t.Errorf("%s: got %d manual pages of plugins", command, pages)
	}
}

// TestReleaseStatic checks that the program needs no interpreter, and so no shared library.
func TestReleaseStatic(t *testing.T) {
	archive := releaseFile(t, "first", "linux_"+runtime.GOARCH+".tar.gz")
	dir := t.TempDir()
	if out, err := exec.Command("tar", "--extract", "--file", archive, "--directory", dir).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	program, err := elf.Open(filepath.Join(dir, "coredns"))
	if err != nil {
		t.Fatal(err)
	}
	defer program.Close()
	for _, segment := range program.Progs {
		if segment.Type == elf.PT_INTERP {
			t.Error("the program has an interpreter")
		}
	}
}

// TestReleaseImage loads the image as people without a registry do. Package deploy/image runs it.
func TestReleaseImage(t *testing.T) {
	podman := func(args ...string) string {
		t.Helper()
		out, err := exec.Command("podman", args...).Output()
		if err != nil {
			t.Fatalf("podman %q: %v", args, err)
		}
		return strings.TrimSpace(string(out))
	}
	loaded := podman("load", "--quiet", "--input", releaseFile(t, "first", "_image.tar"))
	image := strings.TrimPrefix(loaded, "Loaded image: ")
	t.Cleanup(func() { podman("rmi", image) })
	version := podman("image", "inspect", "--format", `{{index .Labels "org.opencontainers.image.version"}}`, image)
	want := fmt.Sprintf("ghcr.io/seed-310b8fa8/workstation/coredns:v%s-workstation-%s", coremain.CoreVersion, strings.TrimPrefix(version, "v"))
	if version == "" || image != want {
		t.Errorf("the image of version %q is %s, want %s", version, image, want)
	}
}
