package workstation

import (
	"bytes"
	"context"
	"fmt"
	stdlog "log"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/coredns/caddy"
	"github.com/coredns/coredns/core/dnsserver"
	"github.com/coredns/coredns/plugin"
	_ "github.com/coredns/coredns/plugin/bind"
	clog "github.com/coredns/coredns/plugin/pkg/log"
	"github.com/coredns/coredns/plugin/test"
	"github.com/coredns/coredns/request"

	"github.com/miekg/dns"
)

func TestSetup(t *testing.T) {
	c := caddy.NewTestController("dns", "workstation example.org {\n network 192.0.2.0/24\n}")
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
	c := caddy.NewTestController("dns", "workstation {\n ttl never\n}")
	err := setup(c)
	if err == nil || !strings.HasPrefix(err.Error(), "plugin/workstation: Testfile:2 - ") {
		t.Errorf("got error %v", err)
	}
	if n := len(dnsserver.GetConfig(c).Plugin); n != 0 {
		t.Errorf("setup added %d plugins in spite of an error", n)
	}
}

// startLog starts a server block with the plugins in the order of directives, and returns the
// log of that.
func startLog(t *testing.T, directives []string, corefile string) string {
	t.Helper()
	saved := dnsserver.Directives
	dnsserver.Directives, dnsserver.Quiet = directives, true
	var buf bytes.Buffer
	stdlog.SetOutput(&buf)
	stdlog.SetFlags(0)
	defer func() {
		dnsserver.Directives, dnsserver.Quiet = saved, false
		stdlog.SetFlags(stdlog.LstdFlags)
		clog.Discard()
	}()
	instance, err := caddy.Start(caddy.CaddyfileInput{Contents: []byte(corefile), Filepath: "Corefile", ServerTypeName: "dns"})
	if err != nil {
		t.Fatal(err)
	}
	defer instance.Stop()
	return buf.String()
}

// TestWarnings starts servers with pools that are dead or deaf.
func TestWarnings(t *testing.T) {
	db := filepath.Join(t.TempDir(), "db")
	if err := os.WriteFile(db, []byte(apex), 0o600); err != nil {
		t.Fatal(err)
	}
	const deaf = "Corefile:2 has PTR records for which no server block is asked: add to the zones of its server block "
	const add = ", or write 'no_reverse'"
	right := []string{"bind", "workstation", "file"}
	for _, tc := range []struct {
		directives []string
		keys       string
		stanza     string
		want       []string
	}{
		{right, "example.org 192.0.2.0/24", "network 192.0.2.0/24", nil},
		{right, ".", "network 192.0.2.0/24", nil},
		{right, "example.org", "network 192.0.2.0/24\nno_reverse", nil},
		{right, "example.org in-addr.arpa ip6.arpa", "network 192.0.2.0/24 2001:db8::/64", nil},
		{right, "example.org 192.0.2.0/28", "network 192.0.2.0/24", nil}, // for some
		{right, "example.org", "name *.ip-{ip}\nnetwork 192.0.2.0/24", nil},
		{right, "example.org", "network 192.0.2.0/24", []string{deaf + "192.0.2.0/24" + add}},
		{right, "example.org 192.0.3.0/24", "network 192.0.2.0/24", []string{deaf + "192.0.2.0/24" + add}},
		{right, "example.org 64/26.2.0.192.in-addr.arpa", "network 192.0.2.0/24", nil},
		{right, "example.org 64/26.2.0.192.in-addr.arpa", "network 192.0.2.0/27", []string{deaf + "192.0.2.0/27" + add}},
		{right, "example.org", "network 192.0.2.20-192.0.3.7", []string{deaf + "192.0.0.0/16" + add}},
		{right, "example.org", "network 2001:db8::-2001:db8:0:1::7", []string{deaf + "2001:db8::/60" + add}},
		{right, "example.org", "name {ip}\nnetwork 192.0.2.1-192.0.2.9 192.0.2.20-192.0.2.200", []string{deaf + "192.0.2.0/24" + add}},
		{right, "example.org", "network 0.0.0.0/8", []string{deaf + "0.0.0.0/8" + add}},
		{right, "example.org", "network 2001::-3001::", []string{deaf + "ip6.arpa" + add}},
		{right, "example.org", "network 10.0.0.0-200.0.0.0", []string{deaf + "0.0.0.0/0" + add}},
		{right, "example.org", "network ::1:0/112", []string{deaf + "ip6.arpa" + add}},
		{right, "example.org", "network 192.0.2.0/24 2001:db8::/64", []string{deaf + "192.0.2.0/24, 2001:db8::/64" + add}},
		{right, "example.org 192.0.2.0/24", "network 192.0.2.0/24 2001:db8::/64", []string{deaf + "2001:db8::/64"}},
		{right, "example.org 192.0.2.0/24", "network 198.51.100.0/24", []string{deaf + "198.51.100.0/24" + add}},
		{right, "example.org 172.0.2.0/24", "", []string{"Corefile:2 has no 'network' and gets that of the example, 172.0.2.0/24, which is public address space: write 'network' and one of your own"}},
		{[]string{"bind", "file", "workstation"}, "example.org 192.0.2.0/24", "network 192.0.2.0/24", []string{"file stands before workstation in this program, and nothing is computed in the zones for which it answers: in plugin.cfg, move the line of workstation up, before 'file:file', and build again"}},
	} {
		stanza := "{\n" + tc.stanza + "\n}"
		if tc.stanza == "" {
			stanza = ""
		}
		got := startLog(t, tc.directives, fmt.Sprintf("%s {\nworkstation %s\nbind 127.0.0.1\nfile %s example.org\n}", strings.ReplaceAll(tc.keys, " ", ":0 ")+":0", stanza, db))
		var want string
		for _, w := range tc.want {
			want += "[WARNING] plugin/workstation: " + w + "\n"
		}
		if got != want {
			t.Errorf("%s: %s\ngot  %swant %s", tc.keys, tc.stanza, got, want)
		}
		// What a warning says to add is right.
		if zone := regexp.MustCompile(`its server block ([^\s,]+)(?:, ([^\s,]+))?(?:,|\n)`).FindStringSubmatch(got); zone != nil {
			keys := strings.TrimSpace(tc.keys + " " + zone[1] + " " + zone[2])
			if again := startLog(t, tc.directives, fmt.Sprintf("%s {\nworkstation %s\nbind 127.0.0.1\n}", strings.ReplaceAll(keys, " ", ":0 ")+":0", stanza)); again != "" {
				t.Errorf("%s: %s\nafter %slogs\n%s", keys, tc.stanza, got, again)
			}
		}
	}
	// Another server block may have the reverse zone.
	got := startLog(t, right, "example.org:0 {\nworkstation {\nnetwork 192.0.2.0/24\n}\nbind 127.0.0.1\n}\n192.0.2.0/24:0 {\nworkstation example.org {\nnetwork 192.0.2.0/24\n}\nbind 127.0.0.1\n}")
	if got != "" {
		t.Errorf("with the reverse zone in another server block:\n%s", got)
	}
	ws := new(Workstation)
	if got := warningsBefore(ws, []plugin.Handler{named("hosts"), named("dynupdate"), named("grpc"), ws, named("forward")}); len(got) != 2 || !strings.Contains(got[0], "a server block of its own") || !strings.HasPrefix(got[1], "grpc stands") {
		t.Errorf("got %q", got)
	}
}

// viewer is a plugin as view is.
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
		{other, []plugin.Handler{view}, false}, // where Handlers does not know all
	} {
		ws := &Workstation{Next: tc.next}
		if got := onlyView(ws, append([]plugin.Handler{named("errors"), ws}, tc.handlers...)); got != tc.want {
			t.Errorf("%v before %v: got %t", tc.next, tc.handlers, got)
		}
	}
}

// named is a plugin of that name.
type named string

func (named) ServeDNS(context.Context, dns.ResponseWriter, *dns.Msg) (int, error) {
	return dns.RcodeSuccess, nil
}

func (n named) Name() string { return string(n) }
