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
// 192.0.2.1, and so on to workstation255; and each address has the PTR record
// that gives its name. These are computed: nothing is stored, so a /8 costs what
// a /24 costs.
//
// The plugin adds names to zones; the zones themselves belong to others. Every
// query that it does not answer goes to the next plugin. That is also how a
// computed name gets records of other types, and how all other names get
// theirs. One thing is seen to on the way back: a name that exists is never
// denied (see guard).
//
// A query's way is ServeDNS, then zones.find, pattern.parse and pool.host, or in
// the reverse trees reverse.find and pool.name; then a reply or the guard. A zone
// transfer's way is Transfer, computedZone.merge and series. A Corefile's way is
// setup, parseStanzas, zones.add and newReverse.
package workstation

import (
	"bytes"
	"context"
	"strings"

	"github.com/coredns/coredns/plugin"
	"github.com/coredns/coredns/plugin/transfer"

	"github.com/miekg/dns"
)

// pluginName is the plugin's name in a Corefile, in metrics and in errors.
const pluginName = "workstation"

// Workstation is the handler of one server block. It holds all the block's
// stanzas, and does not change once the server has started.
type Workstation struct {
	Next plugin.Handler

	zones       zones
	reverse     reverse
	transferers []transfer.Transferer // the plugins after this one that have zones to transfer
}

// ServeDNS implements plugin.Handler.
func (ws *Workstation) ServeDNS(ctx context.Context, w dns.ResponseWriter, r *dns.Msg) (int, error) {
	if r.Opcode != dns.OpcodeQuery || len(r.Question) != 1 || r.Question[0].Qclass != dns.ClassINET {
		return plugin.NextOrFailure(pluginName, ws.Next, ctx, w, r)
	}
	qtype := r.Question[0].Qtype

	o := ws.find(r.Question[0].Name)
	if o.zone == nil {
		return plugin.NextOrFailure(pluginName, ws.Next, ctx, w, r)
	}
	counters := o.zone.counters.of(ctx, o.zone.name)
	whichever := qtype == dns.TypeANY // of the name's records: see RFC 8482, section 4.1
	switch {
	case (qtype == dns.TypeA || whichever) && o.v4.IsValid():
		counters.a.Inc()
		return answer(w, newAddressReply4(r, o.v4, o.pool.ttl))
	case (qtype == dns.TypeAAAA || whichever) && o.v6.IsValid():
		counters.aaaa.Inc()
		return answer(w, newAddressReply6(r, o.v6, o.pool.ttl))
	case (qtype == dns.TypePTR || whichever) && o.ptr.IsValid():
		counters.ptr.Inc()
		return answer(w, newNameReply(r, o.pool.name(o.ptr), o.pool.ttl))
	default:
		return ws.guarded(ctx, w, r, counters)
	}
}

// find looks up an owner name, without regard to ASCII case (RFC 4343).
func (ws *Workstation) find(qname string) owner {
	if strings.IndexByte(qname, '\\') >= 0 {
		if name := unescaped(qname); name != qname {
			return ws.find(name)
		}
	}
	var buf [256]byte // room for every name that has no escapes
	lower := appendLower(buf[:0], qname)

	// The suffix spares nearly all names the look at their labels.
	if bytes.HasSuffix(lower, []byte(".arpa.")) && isReverse(qname) {
		p, addr := ws.reverse.find(lower)
		if p == nil {
			return owner{}
		}
		return owner{host: host{pool: p}, zone: ws.zones.byName[p.origin], ptr: addr}
	}
	return ws.zones.find(qname, lower)
}

// unescaped returns name with no more escapes than it needs, as it would have them
// if it came off the wire: a plugin may ask for a name as it is written in a zone
// file.
func unescaped(name string) string {
	var wire [255]byte
	if end, err := dns.PackDomainName(name, wire[:], 0, nil, false); err == nil {
		name, _, _ = dns.UnpackDomainName(wire[:end], 0)
	}
	return name
}

// answer writes a reply.
func answer(w dns.ResponseWriter, m *dns.Msg) (int, error) {
	w.WriteMsg(m)
	return dns.RcodeSuccess, nil
}

// guarded asks the next plugin about a name that exists.
func (ws *Workstation) guarded(ctx context.Context, w dns.ResponseWriter, r *dns.Msg, c *counters) (int, error) {
	g := &guard{ResponseWriter: w}
	rcode, err := plugin.NextOrFailure(pluginName, ws.Next, ctx, g, r)
	if g.overridden {
		c.denialsOverridden.Inc()
		rcode = dns.RcodeSuccess
	}
	return rcode, err
}

// Name implements plugin.Handler.
func (ws *Workstation) Name() string { return pluginName }
