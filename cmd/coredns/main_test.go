package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/coredns/caddy"
	"github.com/coredns/coredns/core/dnsserver"
)

// configLines returns the lines of a plugin.cfg.
func configLines(t *testing.T, path string) []string {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return strings.Split(strings.TrimSuffix(string(b), "\n"), "\n")
}

// TestPluginConfig compares plugin.cfg.example with the plugin.cfg of the CoreDNS in
// go.mod, and with the order of this program.
func TestPluginConfig(t *testing.T) {
	dir, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", "github.com/coredns/coredns").Output()
	if err != nil {
		t.Fatal(err)
	}
	upstream := configLines(t, filepath.Join(strings.TrimSpace(string(dir)), "plugin.cfg"))
	example := configLines(t, "../../plugin.cfg.example")

	const line = "workstation:github.com/seed-310b8fa8/workstation"
	if want := slices.Insert(upstream, slices.Index(upstream, "file:file"), line); !slices.Equal(example, want) {
		t.Errorf("plugin.cfg.example is not CoreDNS's plugin.cfg with the line %q above file:file", line)
	}

	var names []string
	for _, line := range example {
		if name, _, ok := strings.Cut(line, ":"); ok && !strings.HasPrefix(line, "#") {
			names = append(names, name)
		}
	}
	if !slices.Equal(dnsserver.Directives, names) {
		t.Errorf("the order of plugins is\n%v\nthat of plugin.cfg.example is\n%v", dnsserver.Directives, names)
	}
}

func TestOrder(t *testing.T) {
	index := func(name string) int { return slices.Index(dnsserver.Directives, name) }
	us := index("workstation")
	for _, name := range []string{"transfer", "dnssec", "cache", "hosts", "kubernetes"} {
		if i := index(name); i < 0 || i > us {
			t.Errorf("%s is not above workstation", name)
		}
	}
	for _, name := range []string{"file", "auto", "secondary", "forward"} {
		if i := index(name); i < us {
			t.Errorf("%s is not below workstation", name)
		}
	}
}

// TestEveryPlugin checks that each directive has a plugin.
func TestEveryPlugin(t *testing.T) {
	registered := caddy.ListPlugins()["others"]
	for _, name := range dnsserver.Directives {
		if !slices.Contains(registered, "dns."+name) && name != "on" && name != "tls" {
			t.Errorf("there is no plugin %s in %v", name, registered)
		}
	}
}
