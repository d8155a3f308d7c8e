package workstation

import (
	"context"
	"strings"
	"testing"

	"github.com/coredns/coredns/core/dnsserver"
	"github.com/coredns/coredns/plugin/test"

	"github.com/miekg/dns"
	"github.com/prometheus/client_golang/prometheus/testutil"
)

func TestMetrics(t *testing.T) {
	responsesTotal.Reset()
	denialsOverriddenTotal.Reset()
	ws := newHandler(t, `
		workstation metrics.example.org {
			network 192.0.2.0/24 2001:db8::/120
		}`)
	ws.Next = replyWith(dns.RcodeNameError)

	ask := func(server, view, name string, qtype uint16) {
		t.Helper()
		ctx := context.WithValue(context.Background(), dnsserver.Key{}, &dnsserver.Server{Addr: server})
		if view != "" {
			ctx = context.WithValue(ctx, dnsserver.ViewKey{}, view)
		}
		r := new(dns.Msg)
		r.SetQuestion(name, qtype)
		if _, err := ws.ServeDNS(ctx, &test.ResponseWriter{}, r); err != nil {
			t.Fatal(err)
		}
	}
	ask("dns://:53", "", "workstation1.metrics.example.org.", dns.TypeA)
	ask("dns://:53", "", "Workstation2.Metrics.example.org.", dns.TypeA)
	ask("dns://:53", "inside", "workstation3.metrics.example.org.", dns.TypeA)
	ask("tls://:853", "", "workstation4.metrics.example.org.", dns.TypeA)
	ask("dns://:53", "", "workstation5.metrics.example.org.", dns.TypeA)
	ask("dns://:53", "", "workstation1.metrics.example.org.", dns.TypeAAAA)
	ask("dns://:53", "", "workstation1.metrics.example.org.", dns.TypeTXT)
	ask("dns://:53", "", "1.2.0.192.in-addr.arpa.", dns.TypePTR)
	ask("dns://:53", "", "2.2.0.192.in-addr.arpa.", dns.TypePTR)
	ask("dns://:53", "", "2.0.192.in-addr.arpa.", dns.TypePTR)
	ask("dns://:53", "", "example.org.", dns.TypeNS)
	ask("dns://:53", "", "www.metrics.example.org.", dns.TypeA)

	want := `
# HELP coredns_workstation_responses_total Counter of responses with a computed record.
# TYPE coredns_workstation_responses_total counter
coredns_workstation_responses_total{server="dns://:53",type="A",view="",zone="metrics.example.org."} 3
coredns_workstation_responses_total{server="dns://:53",type="A",view="inside",zone="metrics.example.org."} 1
coredns_workstation_responses_total{server="dns://:53",type="AAAA",view="",zone="metrics.example.org."} 1
coredns_workstation_responses_total{server="dns://:53",type="AAAA",view="inside",zone="metrics.example.org."} 0
coredns_workstation_responses_total{server="dns://:53",type="PTR",view="",zone="metrics.example.org."} 2
coredns_workstation_responses_total{server="dns://:53",type="PTR",view="inside",zone="metrics.example.org."} 0
coredns_workstation_responses_total{server="tls://:853",type="A",view="",zone="metrics.example.org."} 1
coredns_workstation_responses_total{server="tls://:853",type="AAAA",view="",zone="metrics.example.org."} 0
coredns_workstation_responses_total{server="tls://:853",type="PTR",view="",zone="metrics.example.org."} 0
`
	if err := testutil.CollectAndCompare(responsesTotal, strings.NewReader(want)); err != nil {
		t.Error(err)
	}
	denials := denialsOverriddenTotal.WithLabelValues("dns://:53", "metrics.example.org.", "")
	if n := testutil.ToFloat64(denials); n != 3 {
		t.Errorf("denials_overridden_total = %v, want 3", n)
	}
}

// TestLastCounters checks that the counters are not looked up again for the same server and view.
func TestLastCounters(t *testing.T) {
	var last lastCounters
	ctx := context.WithValue(context.Background(), dnsserver.ViewKey{}, "inside")
	first := last.of(ctx, "example.org.")
	if last.of(ctx, "example.org.") != first {
		t.Error("the counters were looked for again")
	}
	if last.of(context.Background(), "example.org.") == first {
		t.Error("another view has the same counters")
	}
}

func TestMetricsLint(t *testing.T) {
	responsesTotal.WithLabelValues("dns://:53", "example.org.", "", "A")
	denialsOverriddenTotal.WithLabelValues("dns://:53", "example.org.", "")
	problems, err := testutil.CollectAndLint(responsesTotal)
	more, err2 := testutil.CollectAndLint(denialsOverriddenTotal)
	if err != nil || err2 != nil {
		t.Fatal(err, err2)
	}
	for _, p := range append(problems, more...) {
		t.Errorf("%s: %s", p.Metric, p.Text)
	}
}
