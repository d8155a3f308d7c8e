package workstation

import (
	"context"
	"fmt"
	"net/netip"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/coredns/caddy"
	"github.com/coredns/caddy/caddyfile"
	"github.com/coredns/coredns/plugin"
	"github.com/coredns/coredns/plugin/file"
	"github.com/coredns/coredns/plugin/pkg/dnstest"
	clog "github.com/coredns/coredns/plugin/pkg/log"
	"github.com/coredns/coredns/plugin/pkg/nonwriter"
	"github.com/coredns/coredns/plugin/test"
	"github.com/coredns/coredns/plugin/transfer"
	"github.com/coredns/coredns/request"

	"github.com/miekg/dns"
)

func TestMain(m *testing.M) {
	clog.Discard()
	os.Exit(m.Run())
}

// parseBlock parses the stanzas of a server block with the given keys. Errors begin with Corefile and the line.
func parseBlock(stanzas string, keys ...string) (*Workstation, error) {
	c := caddy.NewTestController("dns", "")
	c.Dispenser = caddyfile.NewDispenser("Corefile", strings.NewReader(strings.TrimPrefix(stanzas, "\n")))
	c.ServerBlockKeys = keys
	return parseStanzas(c)
}

// parseCorefile parses a Corefile that has one server block, or only stanzas: those are in the server block of the
// root zone. It may begin with an empty line, which does not count in errors.
func parseCorefile(corefile string) (*Workstation, error) {
	corefile = strings.TrimPrefix(corefile, "\n")
	if words := strings.Fields(corefile); len(words) == 0 || words[0] == pluginName {
		return parseBlock(corefile, ".")
	}
	blocks, err := caddyfile.Parse("Corefile", strings.NewReader(corefile), nil)
	if err != nil {
		return nil, err
	}
	c := caddy.NewTestController("dns", "")
	c.Dispenser = caddyfile.NewDispenserTokens("Corefile", blocks[0].Tokens[pluginName])
	c.ServerBlockKeys = blocks[0].Keys
	return parseStanzas(c)
}

// newHandler returns the handler of a Corefile, which must be valid. No plugin follows.
func newHandler(tb testing.TB, corefile string) *Workstation {
	tb.Helper()
	ws, err := parseCorefile(corefile)
	if err != nil {
		tb.Fatalf("%s\n%v", corefile, err)
	}
	return ws
}

// handlerAboveFile returns the handler of a Corefile in which the plugin file follows, with the zones that zoneFile
// takes. As in a running server, file looks the targets of CNAME records up in the server.
func handlerAboveFile(tb testing.TB, corefile string, zones map[string]string) *Workstation {
	tb.Helper()
	ws, f := newHandler(tb, corefile), zoneFile(tb, zones)
	for _, z := range f.Z {
		z.Upstream = serverUpstream{ws}
	}
	ws.Next, ws.transferers = f, []transfer.Transferer{f}
	return ws
}

// labHandler returns a handler with pools of three kinds in the zone lab.example.org. labOracle knows its records.
func labHandler(tb testing.TB, next plugin.Handler) *Workstation {
	tb.Helper()
	ws := newHandler(tb, `
		workstation lab.example.org {
			network 192.0.2.0/24
		}
		workstation lab.example.org {
			name ip-{ip}
			network 198.51.100.0/24 2001:db8::/32
			ttl 60
		}
		workstation lab.example.org {
			name both{n}
			network 203.0.113.0/24 2001:db9::/64
		}`)
	ws.Next = next
	return ws
}

// stanzaOf returns a stanza of a zone, with a line for each property.
func stanzaOf(zone string, properties ...string) string {
	return "workstation " + zone + " {\n" + strings.Join(properties, "\n") + "\n}\n"
}

// testPool returns the pool of a stanza of example.org with the given properties.
func testPool(tb testing.TB, properties string) *pool {
	tb.Helper()
	ws := newHandler(tb, stanzaOf("example.org", properties))
	return ws.zones.zone("example.org.").computed.patterns[0].pools[0]
}

// testPattern parses a pattern.
func testPattern(tb testing.TB, s string) pattern {
	tb.Helper()
	p, err := parsePattern(s)
	if err != nil {
		tb.Fatalf("pattern %q %v", s, err)
	}
	return p
}

// patternStanzas returns a stanza of example.org for each argument, which is a pattern, or a pattern and its networks.
func patternStanzas(patterns ...string) string {
	var corefile strings.Builder
	for _, text := range patterns {
		name, networks, given := strings.Cut(text, " ")
		properties := []string{"no_reverse", "name " + name}
		if given {
			properties = append(properties, "network "+networks)
		}
		corefile.WriteString(stanzaOf("example.org", properties...))
	}
	return corefile.String()
}

// addressAfter returns the key of the n-th address after an address.
func addressAfter(address string, n uint64) key {
	k := addressKey(netip.MustParseAddr(address))
	k.u = k.u.add(uint128{lo: n})
	return k
}

// witness returns the name that both stanzas would give, as the error says.
func witness(err error) string {
	if err == nil {
		return ""
	}
	_, rest, _ := strings.Cut(err.Error(), "would get '")
	name, _, _ := strings.Cut(rest, "'")
	return name
}

// storedFirst is a stanza with stored_first.
const storedFirst = `
	workstation lab.example.org {
		name ws{n}
		network 192.0.2.0/24 2001:db8::/64
		ttl 60
		stored_first
	}`

// thousands returns ten thousand stanzas. Each has another pattern and another network.
func thousands() string {
	var corefile strings.Builder
	for i := range 10000 {
		name, network := fmt.Sprintf("name rack%d-{n}", i), fmt.Sprintf("network 10.%d.%d.0/24", i/256, i%256)
		corefile.WriteString(stanzaOf("example.org", name, network))
	}
	return corefile.String()
}

// answerOf returns what a query for a name gets: its addresses, the name in its PTR record, "exists", or nothing.
func answerOf(ws *Workstation, name string) string {
	found := ws.find(name)
	var words []string
	for _, addr := range []netip.Addr{found.v4, found.v6} {
		if addr.IsValid() {
			words = append(words, addr.String())
		}
	}
	switch {
	case found.zone == nil:
		return ""
	case found.ptr.IsValid():
		return found.pool.name(found.ptr)
	case len(words) == 0:
		return "exists"
	default:
		return strings.Join(words, " ")
	}
}

// reverseZone returns the reverse zone of a prefix that ends with an octet or a nibble.
func reverseZone(prefix netip.Prefix) string {
	name := ""
	if addr := prefix.Addr(); addr.Is4() {
		for _, octet := range addr.As4() {
			name = fmt.Sprintf("%d.%s", octet, name)
		}
		return strings.Join(strings.SplitAfter(name, ".")[4-prefix.Bits()/8:], "") + "in-addr.arpa."
	}
	for _, octet := range prefix.Addr().As16() {
		name = fmt.Sprintf("%x.%x.%s", octet&15, octet>>4, name)
	}
	return name[2*(32-prefix.Bits()/4):] + "ip6.arpa."
}

// v6zeros are the labels of 96 bits that are zero.
var v6zeros = strings.Repeat("0.", 24)

// replyWith returns a next plugin that answers with rcode and, if it denies,
// the zone's SOA record.
func replyWith(rcode int) plugin.Handler {
	return test.HandlerFunc(func(_ context.Context, w dns.ResponseWriter, r *dns.Msg) (int, error) {
		m := new(dns.Msg)
		m.SetRcode(r, rcode)
		if rcode == dns.RcodeNameError {
			m.Ns = []dns.RR{test.SOA("example.org. 300 IN SOA ns.example.org. admin.example.org. 1 2 3 4 5")}
		}
		w.WriteMsg(m)
		return rcode, nil
	})
}

// multiRecorder keeps all messages that are written.
type multiRecorder struct {
	dns.ResponseWriter
	messages []*dns.Msg
}

func (w *multiRecorder) WriteMsg(m *dns.Msg) error {
	w.messages = append(w.messages, m)
	return nil
}

func (w *multiRecorder) Write(b []byte) (int, error) { return len(b), nil }

// exchange returns the response to a query, also as text: the status, the records of the answer and additional
// sections, and the names of SOA records, one on each line. It checks that the response has the question.
func exchange(tb testing.TB, h plugin.Handler, qname string, qtype uint16) (m *dns.Msg, text string) {
	tb.Helper()
	r := new(dns.Msg)
	r.SetQuestion(qname, qtype)
	w := dnstest.NewRecorder(&test.ResponseWriter{})
	if _, err := h.ServeDNS(tb.Context(), w, r); err != nil {
		tb.Fatal(err)
	}
	if w.Msg == nil {
		return nil, ""
	}
	if len(w.Msg.Question) != 1 || w.Msg.Question[0] != r.Question[0] {
		tb.Errorf("%s %s: the response is to %v", qname, dns.TypeToString[qtype], w.Msg.Question)
	}
	lines := []string{dns.RcodeToString[w.Msg.Rcode]}
	for _, rr := range slices.Concat(w.Msg.Answer, w.Msg.Extra) {
		lines = append(lines, recordText(rr))
	}
	for _, rr := range w.Msg.Ns {
		if rr.Header().Rrtype == dns.TypeSOA {
			lines = append(lines, rr.Header().Name+" SOA")
		}
	}
	return w.Msg, strings.Join(lines, "\n")
}

// recordText returns a record as in a zone file, without its class.
func recordText(rr dns.RR) string {
	return strings.Replace(strings.ReplaceAll(rr.String(), "\t", " "), " IN ", " ", 1)
}

// apexRecords are the SOA and NS records that each zone file begins with. The serial is 7.
const apexRecords = "@ 300 SOA ns.example.org. hostmaster.example.org. 7 7200 1800 86400 300\n" +
	"@ 300 NS ns.example.org.\n"

// zoneFile returns the plugin file with zones. Each has apexRecords, and the records that follow its name. Records may
// be indented.
func zoneFile(tb testing.TB, zones map[string]string) file.File {
	tb.Helper()
	f := file.File{Zones: file.Zones{Z: make(map[string]*file.Zone)}}
	for origin, text := range zones {
		lines := strings.Split(apexRecords+text, "\n")
		for i, l := range lines {
			lines[i] = strings.TrimSpace(l)
		}
		z, err := file.Parse(strings.NewReader(strings.Join(lines, "\n")), origin, "db."+origin, 0)
		if err != nil {
			tb.Fatal(err)
		}
		f.Z[origin], f.Names = z, append(f.Names, origin)
	}
	return f
}

// serverUpstream looks names up for the plugin file in a handler, as a running server does.
type serverUpstream struct{ plugin.Handler }

func (s serverUpstream) Lookup(
	ctx context.Context, state request.Request, name string, qtype uint16,
) (*dns.Msg, error) {
	state = state.NewWithQuestion(name, qtype)
	w := nonwriter.New(state.W)
	if rcode, _ := s.ServeDNS(ctx, w, state.Req); w.Msg == nil {
		w.Msg = new(dns.Msg).SetRcode(state.Req, rcode)
	}
	return w.Msg, nil
}

// transferLines returns the records of a transfer, one on each line.
func transferLines(tb testing.TB, t transfer.Transferer, zone string, serial uint32) (lines []string) {
	tb.Helper()
	ch, err := t.Transfer(zone, serial)
	if err != nil {
		tb.Fatalf("transfer of %s: %v", zone, err)
	}
	var batches [][]dns.RR // a reader may keep them, so they must not change
	for rrs := range ch {
		batches = append(batches, rrs)
	}
	for _, rr := range slices.Concat(batches...) {
		lines = append(lines, recordText(rr))
	}
	return lines
}

// discard receives all records, so that the sender can end.
func discard(rrs <-chan []dns.RR) {
	for range rrs {
	}
}

// hostOf returns the host that patternIndex.find has found, or the zero host.
func hostOf(p *pool, k key) host {
	if p == nil {
		return host{}
	}
	return p.host(k)
}
