// Package workstation is a CoreDNS plugin that computes the names and addresses of numbered hosts
// instead of storing them.
//
// A stanza in the Corefile configures a pool: patterns for names, and the networks from which the
// addresses come. With
//
//	workstation example.org {
//	    network 192.0.2.0/24
//	}
//
// workstation0.example.org has the address 192.0.2.0, workstation1 has 192.0.2.1, and so on to
// workstation255. Each of these addresses has a PTR record that gives the name. Nothing is stored,
// so a /8 takes no more memory than a /24.
//
// The plugin adds names to zones that other plugins serve. It passes every query that it does not
// answer to the next plugin. From there a computed name gets its records of other types, and every
// other name gets all of its records. If no plugin follows, this one answers alone for its zones.
//
// # A query
//
// ServeDNS passes on what is not a query of class IN with one question. Otherwise findInto looks up what
// is known of the name: a match. Then it chooses one of five ways:
//
//   - answer sends the computed record.
//   - askStoredFirst sends the next plugin's record, or the computed one if there is none. See
//     storedFirstWriter.
//   - askGuarded sends the next plugin's answer, but never denies a name that exists. See guard.
//   - ask sends the next plugin's answer, and completes aliases of computed names. See completer.
//   - answerAlone sends NODATA, NXDOMAIN or an SOA record where no plugin follows.
//
// For the name of a host, zones.findInto finds the zone, patternIndex.find finds the pool and the key
// that the name stands for, and host.set sets the addresses of the key. For a name in a reverse tree,
// reverse.find finds the pool and the address.
//
// # A zone transfer
//
// Transfer takes the records of the next plugin that has the zone. computedZone.merge adds the
// computed records to them, which computedZone.series lists.
//
// # A Corefile
//
// setup calls parseStanzas, which turns each stanza into a pool. zone.add adds the names of a pool to
// a zone: it keeps a patternPools for each pattern, and returns a conflict if two pools could
// give the same name. For that it compares the forms of patterns, see formIndex and commonText. When all
// stanzas are read, Workstation.buildIndexes builds what follows from them, such as the index of PTR
// records (see newReverse).
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

// Workstation is the handler of one server block. It holds all the block's stanzas. It is complete
// when the server has started, and does not change after that.
type Workstation struct {
	Next plugin.Handler

	pools       []*pool // in the order of their stanzas
	zones       zones
	reverse     reverse               // the PTR records
	transferers []transfer.Transferer // the plugins after this one that have zones to transfer
}

// buildIndexes adds what follows from the pools once all of them have put their names into the zones:
// the PTR records, all other names that exist, and an SOA record with the serial for each zone in
// authority.
func (ws *Workstation) buildIndexes(authority []string, serial uint32) {
	for _, name := range authority {
		ws.zones.addZone(name)
	}
	ws.reverse = newReverse(ws.pools)
	for _, records := range ws.reverse.records {
		if len(records) > 0 { // with PTR records, their parent arpa exists
			ws.zones.addAncestors(ws.zones.zone(records[0].pool.ptrZone), "in-addr.arpa.")
		}
	}
	ws.zones.addImplied()
	ws.addSOARecords(authority, serial)
}

// ServeDNS implements plugin.Handler.
func (ws *Workstation) ServeDNS(ctx context.Context, w dns.ResponseWriter, r *dns.Msg) (int, error) {
	if r.Opcode != dns.OpcodeQuery || len(r.Question) != 1 || r.Question[0].Qclass != dns.ClassINET {
		return ws.passOn(ctx, w, r)
	}
	var found match
	ws.findInto(&found, r.Question[0].Name)
	rrtype := found.computedType(r.Question[0].Qtype)
	switch {
	case rrtype == dns.TypeNone && ws.Next == nil:
		return ws.answerAlone(ctx, w, r, found.zone != nil)
	case rrtype == dns.TypeNone && found.zone == nil:
		return ws.ask(ctx, w, r)
	case rrtype == dns.TypeNone:
		return ws.askGuarded(ctx, w, r, &found)
	case found.pool.storedFirst && ws.Next != nil:
		return ws.askStoredFirst(ctx, w, r, &found, rrtype)
	default:
		return ws.answer(ctx, w, r, &found, rrtype)
	}
}

// passOn leaves what is not a query of class IN to the next plugin. If no plugin follows, the server
// responds that it does not implement this. An error would be logged each time, for any stranger who
// sends such messages.
func (ws *Workstation) passOn(ctx context.Context, w dns.ResponseWriter, r *dns.Msg) (int, error) {
	if ws.Next == nil {
		return dns.RcodeNotImplemented, nil
	}
	return plugin.NextOrFailure(pluginName, ws.Next, ctx, w, r)
}

// answer answers a query with the computed record of type rrtype.
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

// find looks up an owner name, ignoring ASCII case (RFC 4343).
func (ws *Workstation) find(qname string) (m match) {
	ws.findInto(&m, qname)
	return m
}

// findInto is find for a query. It sets m, which must be the zero match. A match is too large for
// registers, and to return it took a tenth of the time that a query spends here.
func (ws *Workstation) findInto(m *match, qname string) {
	if strings.IndexByte(qname, '\\') >= 0 {
		if name := unescaped(qname); name != qname {
			ws.findInto(m, name)
			return
		}
	}
	var buf [256]byte // room for every name that has no escapes
	lower := appendLower(buf[:0], qname)

	// Nearly all names lack this suffix, so isReverse need not look for their labels.
	if bytes.HasSuffix(lower, []byte(".arpa.")) && isReverse(qname) {
		if p, addr := ws.reverse.find(lower); p != nil {
			m.pool, m.ptr, m.zone = p, addr, ws.zones.byName[p.ptrZone].zone
		} else {
			m.zone = ws.zones.byName[string(lower)].zone
		}
		return
	}
	ws.zones.findInto(m, qname, lower)
}

// unescaped returns name without escapes that it does not need. A name off the wire has none of
// these, but another plugin may pass a name as a zone file writes it.
//
// It is not inlined: its buffer would enlarge the stack that every query needs.
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

// appendLower appends s to b with its ASCII letters in lower case. Unlike strings.ToLower, it
// allocates nothing while b has room.
func appendLower(b []byte, s string) []byte {
	start := len(b)
	b = append(b, s...)
	for i, c := range b[start:] {
		if 'A' <= c && c <= 'Z' {
			b[start+i] = c + 'a' - 'A'
		}
	}
	return b
}
