// Package workstation is a CoreDNS plugin that computes the addresses of
// numbered hosts instead of storing them.
//
// A stanza in the Corefile configures a pool: a name pattern and the network
// through which its numbers count. With
//
//	workstation example.org {
//	    network 192.0.2.0/24
//	}
//
// workstation0.example.org has the address 192.0.2.0, workstation1 the address
// 192.0.2.1, and so on to workstation255. These are computed names: nothing is
// stored, so a /8 costs what a /24 costs.
//
// The plugin adds names to zones; the zones themselves belong to others. Every
// query that it does not answer goes to the next plugin. That is also how a
// computed name gets records of other types, and how all other names get
// theirs. One thing is seen to on the way back: a name that exists is never
// denied (see guard).
//
// A query's way is ServeDNS, then zones.find, pool.number and pattern.number;
// an answer's is pool.address and newReply. A Corefile's way is setup, then
// parseStanzas and zones.add.
package workstation

import (
	"context"

	"github.com/coredns/coredns/plugin"

	"github.com/miekg/dns"
)

// pluginName is the plugin's name in a Corefile, in metrics and in errors.
const pluginName = "workstation"

// Workstation is the handler of one server block. It holds all the block's
// stanzas, and does not change once it is set up.
type Workstation struct {
	Next plugin.Handler

	zones zones
}

// ServeDNS implements plugin.Handler.
func (ws *Workstation) ServeDNS(ctx context.Context, w dns.ResponseWriter, r *dns.Msg) (int, error) {
	if r.Opcode != dns.OpcodeQuery || len(r.Question) != 1 || r.Question[0].Qclass != dns.ClassINET {
		return plugin.NextOrFailure(pluginName, ws.Next, ctx, w, r)
	}

	m := ws.zones.find(r.Question[0].Name)
	switch {
	case m.zone == nil:
		return plugin.NextOrFailure(pluginName, ws.Next, ctx, w, r)
	case m.pool != nil && r.Question[0].Qtype == dns.TypeA:
		return ws.answer(ctx, w, r, m)
	default:
		return ws.guarded(ctx, w, r, m)
	}
}

// answer writes the address of a computed name.
func (ws *Workstation) answer(ctx context.Context, w dns.ResponseWriter, r *dns.Msg, m match) (int, error) {
	m.zone.counters.of(ctx, m.zone.name).responses.Inc()

	w.WriteMsg(newReply(r, m.pool.address(m.number), m.pool.ttl))
	return dns.RcodeSuccess, nil
}

// guarded asks the next plugin about a name that exists.
func (ws *Workstation) guarded(ctx context.Context, w dns.ResponseWriter, r *dns.Msg, m match) (int, error) {
	g := &guard{ResponseWriter: w}
	rcode, err := plugin.NextOrFailure(pluginName, ws.Next, ctx, g, r)
	if g.overridden {
		m.zone.counters.of(ctx, m.zone.name).denialsOverridden.Inc()
		rcode = dns.RcodeSuccess
	}
	return rcode, err
}

// Name implements plugin.Handler.
func (ws *Workstation) Name() string { return pluginName }
