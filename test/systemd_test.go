//go:build oracle

package test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"
)

// TestOracleSystemd starts the unit of deploy/systemd with systemd, and does what an operator does. The
// server listens on port 53 without root, refuses a Corefile with a mistake, and still answers while
// it ends.
func TestOracleSystemd(t *testing.T) {
	dir := t.TempDir()
	installUnit(t, dir)
	m := boot(t, dir, "/", "coredns.service")
	m.await(t, []step{
		{"systemctl is-active coredns.service", `^active$`},
		{"systemd-analyze verify coredns.service", `^$`},
		// The server does not run as root. Its only capability is to bind low ports.
		{"cat /proc/$(systemctl show --property MainPID --value coredns.service)/status",
			`(?s)Uid:\s+[1-9].*` +
				`CapPrm:\s+0000000000000400\n.*` +
				`CapBnd:\s+0000000000000400\n.*` +
				`CapAmb:\s+0000000000000400\n.*` +
				`NoNewPrivs:\s+1\nSeccomp:\s+2\n`},
		{"dig +short @127.0.0.1 workstation17.lab.example.org", `^192\.0\.2\.17$`},
		{"dig +short +tcp @::1 -x 2001:db8::11", `^workstation17\.lab\.example\.org\.$`},
		{"dig +short +dnssec @127.0.0.1 workstation17.lab.example.org",
			`^192\.0\.2\.17\nA 13 4 3600 .* lab\.example\.org\. `},
		// A reload accepts a correct Corefile, and refuses one with a mistake.
		{"sed -i s,192.0.2.0/24,198.51.100.0/24, /etc/coredns/Corefile && systemctl reload coredns.service", `^$`},
		{"dig +short @127.0.0.1 workstation17.lab.example.org", `^198\.51\.100\.17$`},
		{"sed -i s,198.51.100.0/24,198.51.100.0/33, /etc/coredns/Corefile && systemctl reload coredns.service",
			`^Job for coredns\.service failed`},
		{"systemctl status --no-pager --full coredns.service",
			`plugin/workstation: /etc/coredns/Corefile:10 - .*198\.51\.100\.0/33`},
		{"dig +short @127.0.0.1 workstation17.lab.example.org", `^198\.51\.100\.17$`},
		// The server answers while it ends.
		{"systemctl stop coredns.service & sleep 1; dig +short @127.0.0.1 workstation17.lab.example.org; wait",
			`^198\.51\.100\.17$`},
		{"systemctl show --property ActiveState --property Result --property ExecMainStatus coredns.service",
			`^Result=success\nExecMainStatus=0\nActiveState=inactive$`},
	})
}

// installUnit writes the files for testdata/systemd/boot into dir: the program, the unit of
// deploy/systemd, a Corefile, and a key for it.
func installUnit(t *testing.T, dir string) {
	t.Helper()
	binary, err := coredns()
	if err != nil {
		t.Fatal(err)
	}
	program, err := os.ReadFile(binary)
	if err != nil {
		t.Fatal(err)
	}
	unit, err := os.ReadFile("../deploy/systemd/coredns.service")
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range []string{
		"root", "files/usr/local/bin", "files/etc/coredns/keys", "files/etc/systemd/system/coredns.service.d",
	} {
		if err := os.MkdirAll(filepath.Join(dir, d), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	// Only root and a group can read the private key.
	const keyGroup = 64999
	key := writeKey(t, filepath.Join(dir, "files/etc/coredns/keys"), "lab.example.org.")
	for _, ext := range []string{".key", ".private"} {
		if err := errors.Join(os.Chown(key+ext, 0, keyGroup), os.Chmod(key+ext, 0o640)); err != nil {
			t.Fatal(err)
		}
	}
	groups, err := os.ReadFile("/etc/group")
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{
		"usr/local/bin/coredns":                          string(program),
		"etc/systemd/system/coredns.service":             string(unit),
		"etc/systemd/system/coredns.service.d/keys.conf": "[Service]\nSupplementaryGroups=coredns-keys\n",
		"etc/group": fmt.Sprintf("%scoredns-keys:x:%d:\n", groups, keyGroup),
		"etc/coredns/Corefile": `. {
    errors
    health {
        lameduck 5s
    }
    dnssec lab.example.org {
        key file /etc/coredns/keys/` + filepath.Base(key) + `
    }
    workstation lab.example.org {
        network 192.0.2.0/24 2001:db8::/64
    }
}`,
	} {
		if err := os.WriteFile(filepath.Join(dir, "files", name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Chmod(filepath.Join(dir, "files/usr/local/bin/coredns"), 0o755); err != nil {
		t.Fatal(err)
	}
}
