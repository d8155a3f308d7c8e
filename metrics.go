package workstation

import (
	"context"
	"sync/atomic"

	"github.com/coredns/coredns/plugin"
	"github.com/coredns/coredns/plugin/metrics"

	"github.com/miekg/dns"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"
)

var (
	// responsesTotal counts responses that the plugin answers itself with a computed record.
	responsesTotal = promauto.NewCounterVec(prometheus.CounterOpts{
		Namespace: plugin.Namespace,
		Subsystem: pluginName,
		Name:      "responses_total",
		Help:      "Counter of responses with a computed record.",
	}, []string{"server", "zone", "view", "type"})

	// denialsOverriddenTotal counts denials that guard has changed to NODATA.
	denialsOverriddenTotal = promauto.NewCounterVec(prometheus.CounterOpts{
		Namespace: plugin.Namespace,
		Subsystem: pluginName,
		Name:      "denials_overridden_total",
		Help:      "Counter of NXDOMAIN responses of a later plugin that became NODATA, because the name exists.",
	}, []string{"server", "zone", "view"})
)

// counters are the counters of one zone, on one server and in one view.
type counters struct {
	server, view      string
	a, aaaa, ptr      prometheus.Counter // responses with a record of that type
	denialsOverridden prometheus.Counter
}

// lastCounters holds the counters that a zone used last. Nearly all queries for a zone come to one
// server and one view, and looking counters up by their labels takes a lock.
type lastCounters struct{ atomic.Pointer[counters] }

// of returns the counters of zone, on the server and in the view of ctx.
func (l *lastCounters) of(ctx context.Context, zone string) *counters {
	server, view := metrics.WithServer(ctx), metrics.WithView(ctx)
	if c := l.Load(); c != nil && c.server == server && c.view == view {
		return c
	}
	responses := func(qtype uint16) prometheus.Counter {
		return responsesTotal.WithLabelValues(server, zone, view, dns.TypeToString[qtype])
	}
	c := &counters{
		server:            server,
		view:              view,
		a:                 responses(dns.TypeA),
		aaaa:              responses(dns.TypeAAAA),
		ptr:               responses(dns.TypePTR),
		denialsOverridden: denialsOverriddenTotal.WithLabelValues(server, zone, view),
	}
	l.Store(c)
	return c
}
