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

// parseTest parses the stanzas of a server block with the given keys.
func parseTest(corefile string, keys ...string) (*Workstation, error) {
	c := caddy.NewTestController("dns", corefile)
	c.ServerBlockKeys = keys
	return parseStanzas(c)
}

// testWorkstation returns the handler of a server block of the root zone.
func testWorkstation(tb testing.TB, corefile string) *Workstation {
	tb.Helper()
	ws, err := parseTest(corefile, ".")
	if err != nil {
		tb.Fatal(err)
	}
	return ws
}

// testPool returns the pool of a stanza with the given properties, in the zone
// example.org.
func testPool(tb testing.TB, properties string) *pool {
	tb.Helper()
	return testWorkstation(tb, "workstation example.org {\n"+properties+"\n}").zones.byName["example.org."].computed.patterns[0].pools[0]
}

// testPattern returns the pattern that s is.
func testPattern(tb testing.TB, s string) pattern {
	tb.Helper()
	p, err := parsePattern(s)
	if err != nil {
		tb.Fatalf("pattern %q %v", s, err)
	}
	return p
}

// twoStanzas returns a Corefile of stanzas that share a zone, each with a pattern and
// a network.
func twoStanzas(stanzas ...string) string {
	var corefile strings.Builder
	for _, stanza := range stanzas {
		name, network, given := strings.Cut(stanza, " ")
		fmt.Fprintf(&corefile, "workstation example.org {\nno_reverse\nname %s\n", name)
		if given {
			fmt.Fprintf(&corefile, "network %s\n", network)
		}
		corefile.WriteString("}\n")
	}
	return corefile.String()
}

// witness returns the name that an error says two stanzas would give.
func witness(err error) string {
	if err == nil {
		return ""
	}
	_, rest, _ := strings.Cut(err.Error(), "would get '")
	name, _, _ := strings.Cut(rest, "'")
	return name
}

const storedFirst = `
	workstation lab.example.org {
		name ws{n}
		network 192.0.2.0/24 2001:db8::/64
		ttl 60
		stored_first
	}`

func testHandler(tb testing.TB, next plugin.Handler) *Workstation {
	ws := testWorkstation(tb, `
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

// thousands is a Corefile of ten thousand stanzas, with patterns and networks of
// their own.
func thousands() string {
	var corefile strings.Builder
	for i := range 10000 {
		fmt.Fprintf(&corefile, "workstation example.org {\n name rack%d-{n}\n network 10.%d.%d.0/24\n}\n", i, i/256, i%256)
	}
	return corefile.String()
}

// answerOf describes what a query for a name gets: its addresses, "exists" or nothing.
func answerOf(ws *Workstation, name string) string {
	o := ws.find(name)
	var words []string
	for _, addr := range []netip.Addr{o.v4, o.v6} {
		if addr.IsValid() {
			words = append(words, addr.String())
		}
	}
	switch {
	case o.zone == nil:
		return ""
	case o.ptr.IsValid():
		return o.pool.name(o.ptr)
	case len(words) == 0:
		return "exists"
	default:
		return strings.Join(words, " ")
	}
}

// reverseZone returns the name of the prefix, whose length is at a label's end.
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

// v6zeros are the labels of the lower 96 bits of a network.
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

// multiRecorder records all that is written.
type multiRecorder struct {
	dns.ResponseWriter
	messages []*dns.Msg
}

func (w *multiRecorder) WriteMsg(m *dns.Msg) error {
	w.messages = append(w.messages, m)
	return nil
}

func (w *multiRecorder) Write(b []byte) (int, error) { return len(b), nil }

// exchange returns the response to a query, in which the question stands before the other
// sections, one record on each line; an SOA or NS record of the zone itself without its data.
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
		lines = append(lines, line(rr))
	}
	for _, rr := range w.Msg.Ns {
		if rr.Header().Rrtype == dns.TypeSOA {
			lines = append(lines, rr.Header().Name+" SOA")
		}
	}
	return w.Msg, strings.Join(lines, "\n")
}

// line returns a record as in a zone file, without its class.
func line(rr dns.RR) string {
	return strings.Replace(strings.ReplaceAll(rr.String(), "\t", " "), " IN ", " ", 1)
}

// apex is the beginning of each zone of these tests. Its serial is 7.
const apex = "@ 300 SOA ns.example.org. hostmaster.example.org. 7 7200 1800 86400 300\n@ 300 NS ns.example.org.\n"

// zoneFile returns the plugin file with zones, of which each has the apex and the
// records that follow its name. It never looks up the target of a CNAME.
func zoneFile(tb testing.TB, records map[string]string) file.File {
	tb.Helper()
	f := file.File{Zones: file.Zones{Z: make(map[string]*file.Zone)}}
	for origin, text := range records {
		z, err := file.Parse(strings.NewReader(apex+text), origin, "db."+origin, 0)
		if err != nil {
			tb.Fatal(err)
		}
		z.Upstream = noUpstream{}
		f.Z[origin], f.Names = z, append(f.Names, origin)
	}
	return f
}

type noUpstream struct{}

func (noUpstream) Lookup(context.Context, request.Request, string, uint16) (*dns.Msg, error) {
	return new(dns.Msg), nil
}

// above puts the stanzas of a server block above a plugin.
func above(tb testing.TB, corefile string, f file.File) *Workstation {
	tb.Helper()
	ws := testWorkstation(tb, corefile)
	ws.Next = f
	ws.transferers = []transfer.Transferer{f}
	return ws
}

// server is where file asks for names that it does not have, as a running server is.
type server struct{ plugin.Handler }

func (s server) Lookup(ctx context.Context, state request.Request, name string, qtype uint16) (*dns.Msg, error) {
	state = state.NewWithQuestion(name, qtype)
	w := nonwriter.New(state.W)
	if rcode, _ := s.ServeDNS(ctx, w, state.Req); w.Msg == nil {
		w.Msg = new(dns.Msg).SetRcode(state.Req, rcode)
	}
	return w.Msg, nil
}

// serve puts the stanzas of a server block above file with one zone.
func serve(tb testing.TB, corefile, origin, stored string) *Workstation {
	tb.Helper()
	f := zoneFile(tb, map[string]string{origin: stored})
	ws := above(tb, corefile, f)
	f.Z[origin].Upstream = server{ws}
	return ws
}

// transferLines returns the records of a transfer, one on each line.
func transferLines(tb testing.TB, t transfer.Transferer, zone string, serial uint32) (lines []string) {
	tb.Helper()
	ch, err := t.Transfer(zone, serial)
	if err != nil {
		tb.Fatalf("transfer of %s: %v", zone, err)
	}
	var batches [][]dns.RR // the reader may keep them
	for rrs := range ch {
		batches = append(batches, rrs)
	}
	for _, rr := range slices.Concat(batches...) {
		lines = append(lines, line(rr))
	}
	return lines
}

// discard takes what is sent, so that the sender comes to its end.
func discard(rrs <-chan []dns.RR) {
	for range rrs {
	}
}
