package workstation

import (
	"os"
	"strings"
	"testing"

	"github.com/coredns/coredns/core/dnsserver"
	clog "github.com/coredns/coredns/plugin/pkg/log"
	"github.com/coredns/coredns/plugin/test"

	"github.com/coredns/caddy"
	"github.com/miekg/dns"
)

func TestMain(m *testing.M) {
	clog.Discard()
	os.Exit(m.Run())
}

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
