package workstation

import (
	"bytes"
	"context"
	stdlog "log"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/coredns/caddy"
	"github.com/coredns/coredns/core/dnsserver"
	"github.com/coredns/coredns/plugin"
	_ "github.com/coredns/coredns/plugin/acl"
	_ "github.com/coredns/coredns/plugin/bind"
	clog "github.com/coredns/coredns/plugin/pkg/log"
	"github.com/coredns/coredns/plugin/test"
	"github.com/coredns/coredns/request"

	"github.com/miekg/dns"
)

func TestSetup(t *testing.T) {
	c := caddy.NewTestController("dns", `
		workstation example.org {
			network 192.0.2.0/24
		}`)
	if err := setup(c); err != nil {
		t.Fatal(err)
	}
	plugins := dnsserver.GetConfig(c).Plugin
	if len(plugins) != 1 {
		t.Fatalf("setup added %d plugins", len(plugins))
	}
	next := test.NextHandler(dns.RcodeSuccess, nil)
	ws, ok := plugins[0](next).(*Workstation)
	if !ok || ws.Next == nil || ws.find("workstation1.example.org.").pool == nil {
		t.Errorf("setup added %#v", ws)
	}
	if ws.Name() != "workstation" {
		t.Errorf("the plugin's name is %q", ws.Name())
	}
}

func TestSetupError(t *testing.T) {
	c := caddy.NewTestController("dns", `
		workstation {
			ttl never
		}`)
	err := setup(c)
	if err == nil || !strings.HasPrefix(err.Error(), "plugin/workstation: Testfile:3 - ") {
		t.Errorf("got error %v", err)
	}
	if n := len(dnsserver.GetConfig(c).Plugin); n != 0 {
		t.Errorf("setup added %d plugins in spite of an error", n)
	}
}

// startLog starts a server with the plugins in the order of directives, on any free port, and
// returns what it logs.
func startLog(t *testing.T, directives []string, corefile string) string {
	t.Helper()
	savedDirectives, savedPort, savedQuiet := dnsserver.Directives, dnsserver.Port, dnsserver.Quiet
	dnsserver.Directives, dnsserver.Port, dnsserver.Quiet = directives, "0", true
	var buf bytes.Buffer
	stdlog.SetOutput(&buf)
	stdlog.SetFlags(0)
	defer func() {
		dnsserver.Directives, dnsserver.Port, dnsserver.Quiet = savedDirectives, savedPort, savedQuiet
		stdlog.SetFlags(stdlog.LstdFlags)
		clog.Discard()
	}()
	input := caddy.CaddyfileInput{Contents: []byte(corefile), Filepath: "Corefile", ServerTypeName: "dns"}
	instance, err := caddy.Start(input)
	if err != nil {
		t.Fatal(err)
	}
	defer instance.Stop()
	return buf.String()
}

// TestWarnings starts a server with each Corefile in testdata/warnings.txt, and compares the log with the warnings
// in the file. If a warning says what to add to the zones of the server block, it adds this: then there must be no
// warning.
func TestWarnings(t *testing.T) {
	db := filepath.Join(t.TempDir(), "db")
	if err := os.WriteFile(db, []byte(apexRecords), 0o600); err != nil {
		t.Fatal(err)
	}
	addRE := regexp.MustCompile(`add ([^\s,]+)(?:, ([^\s,]+))? to the zones of its server block`)
	checkGolden(t, "testdata/warnings.txt", func(section, corefile string) (warnings []string) {
		directives := []string{"bind", "workstation", "file"}
		switch section {
		case "file before workstation in plugin.cfg":
			directives = []string{"bind", "file", "workstation"}
		case "acl after workstation in plugin.cfg":
			directives = []string{"bind", "workstation", "acl", "file"}
		}
		start := func(corefile, properties string) string {
			return startLog(t, directives, strings.ReplaceAll(corefile, "\n}", properties+"\n}"))
		}
		log := start(corefile, "\nbind 127.0.0.1\nfile "+db+" example.org")
		for l := range strings.Lines(log) {
			warnings = append(warnings, strings.TrimSpace(l))
		}
		if !strings.HasPrefix(section, "PTR records") {
			return warnings
		}
		zones := addRE.FindStringSubmatch(log)
		if zones == nil {
			t.Errorf("%s\nlogs\n%s\nwhich does not say what to add", corefile, log)
			return warnings
		}
		added := strings.Replace(corefile, " {", " "+zones[1]+" "+zones[2]+" {", 1)
		if again := start(added, "\nbind 127.0.0.1"); again != "" {
			t.Errorf("%s\nlogs\n%s\nand with what it says to add\n%s", corefile, log, again)
		}
		return warnings
	})
}

// TestOrderWarnings checks the warnings about plugins that have a wrong place in the chain.
func TestOrderWarnings(t *testing.T) {
	ws := new(Workstation)
	handlers := []plugin.Handler{
		named("cache"), named("hosts"), named("dynupdate"), named("grpc"), ws, named("acl"), named("forward"),
	}
	got := orderWarnings(ws, handlers)
	want := []string{"dynupdate stands before", "grpc stands before", "acl stands after"}
	if !slices.EqualFunc(got, want, strings.HasPrefix) {
		t.Errorf("got %q, want warnings that begin with %q", got, want)
	}
	if got := orderWarnings(new(Workstation), handlers); got != nil {
		t.Errorf("got %q for a server block that this plugin is not in, want none", got)
	}
}

// viewer is a plugin like view.
type viewer struct{ named }

func (viewer) Filter(context.Context, *request.Request) bool { return true }

func (viewer) ViewName() string { return "" }

func TestOnlyView(t *testing.T) {
	view, other := viewer{"view"}, named("nomad")
	for _, tc := range []struct {
		next     plugin.Handler
		handlers []plugin.Handler
		want     bool
	}{
		{nil, nil, false},
		{view, []plugin.Handler{view}, true},
		{view, []plugin.Handler{view, other}, false},
		{other, []plugin.Handler{other}, false},
		{other, []plugin.Handler{other, view}, false},
		{other, []plugin.Handler{view}, false}, // the list of handlers may lack one
	} {
		ws := &Workstation{Next: tc.next}
		if got := onlyView(ws, append([]plugin.Handler{named("errors"), ws}, tc.handlers...)); got != tc.want {
			t.Errorf("%v before %v: got %t", tc.next, tc.handlers, got)
		}
	}
}

// named is a plugin with this name.
type named string

func (named) ServeDNS(context.Context, dns.ResponseWriter, *dns.Msg) (int, error) {
	return dns.RcodeSuccess, nil
}

func (n named) Name() string { return string(n) }
