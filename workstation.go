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
// theirs. Where no plugin follows, this one answers for its zones alone.
//
// Each query has one way, which ServeDNS chooses:
//
//   - answer: the computed record;
//   - askFirst: the next plugin's record, and the computed one if there is none (stored);
//   - askGuarded: the next plugin's answer, in which a name that exists is not denied (guard);
//   - ask: the next plugin's answer, in which aliases of computed names are whole (completer);
//   - answerAlone: that there is no such record, or no such name (authority).
//
// What it needs to choose comes from find: for a name from zones.find, pattern.parse and pool.host, in
// the reverse trees from reverse.find. A zone transfer's way is Transfer, computedZone.merge
// and series. A Corefile's way is setup, parseStanzas, zones.add and newReverse.
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

	pools       []*pool // in the order of their stanzas
	zones       zones
	reverse     reverse
	transferers []transfer.Transferer // the plugins after this one that have zones to transfer
}

// complete adds what follows from the pools, which have put their names into the zones: the PTR
// records, all other names that exist, and the SOA records of the zones in authority.
func (ws *Workstation) complete(authority []string, serial uint32) {
	for _, name := range authority {
		ws.zones.addZone(name)
	}
	ws.zones.complete()
	ws.reverse = newReverse(ws.pools)
	for _, records := range ws.reverse.records {
		if len(records) > 0 { // the reverse trees exist, and with them their parent
			ws.zones.addAncestors(ws.zones.byName[records[0].pool.ptrZone], "in-addr.arpa.")
		}
	}
	ws.addAuthority(authority, serial)
}

// ServeDNS implements plugin.Handler.
func (ws *Workstation) ServeDNS(ctx context.Context, w dns.ResponseWriter, r *dns.Msg) (int, error) {
	if r.Opcode != dns.OpcodeQuery || len(r.Question) != 1 || r.Question[0].Qclass != dns.ClassINET {
		return plugin.NextOrFailure(pluginName, ws.Next, ctx, w, r)
	}
	found := ws.find(r.Question[0].Name)
	rrtype := found.computed(r.Question[0].Qtype)
	switch {
	case rrtype == dns.TypeNone && ws.Next == nil:
		return ws.answerAlone(ctx, w, r, found.zone != nil)
	case rrtype == dns.TypeNone && found.zone == nil:
		return ws.ask(ctx, w, r)
	case rrtype == dns.TypeNone:
		return ws.askGuarded(ctx, w, r, &found)
	case found.pool.storedFirst && ws.Next != nil:
		return ws.askFirst(ctx, w, r, &found, rrtype)
	default:
		return ws.answer(ctx, w, r, &found, rrtype)
	}
}

// answer answers a query for a name with its computed record of type rrtype.
func (ws *Workstation) answer(ctx context.Context, w dns.ResponseWriter, r *dns.Msg, found *match, rrtype uint16) (int, error) {
	counters := found.zone.counters.of(ctx, found.zone.name)
	switch rrtype {
	case dns.TypeA:
		counters.a.Inc()
		return respond(w, newAddressReply4(r, found.v4, found.pool.ttl))
	case dns.TypeAAAA:
		counters.aaaa.Inc()
		return respond(w, newAddressReply6(r, found.v6, found.pool.ttl))
	default:
		counters.ptr.Inc()
		return respond(w, newNameReply(r, found.pool.name(found.ptr), found.pool.ttl))
	}
}

// find looks up an owner name, without regard to ASCII case (RFC 4343).
func (ws *Workstation) find(qname string) match {
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
			return match{zone: ws.zones.byName[string(lower)]}
		}
		return match{host: host{pool: p}, zone: ws.zones.byName[p.ptrZone], ptr: addr}
	}
	return ws.zones.find(qname, lower)
}

// unescaped returns name with no more escapes than it needs, as it would have them
// if it came off the wire: a plugin may ask for a name as it is written in a zone
// file. It is not inlined, so that its buffer is not on the stack of every query.
//
//go:noinline
func unescaped(name string) string {
	var wire [255]byte
	if end, err := dns.PackDomainName(name, wire[:], 0, nil, false); err == nil {
		name, _, _ = dns.UnpackDomainName(wire[:end], 0)
	}
	return name
}

// Name implements plugin.Handler.
func (ws *Workstation) Name() string { return pluginName }

// appendLower appends s to b with its ASCII letters in lower case. Unlike
// strings.ToLower it allocates nothing while b has room.
func appendLower(b []byte, s string) []byte {
	for i := range len(s) {
		c := s[i]
		if 'A' <= c && c <= 'Z' {
			c += 'a' - 'A'
		}
		b = append(b, c)
	}
	return b
}
