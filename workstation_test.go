package workstation

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"net/netip"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/coredns/coredns/plugin"
	"github.com/coredns/coredns/plugin/pkg/dnstest"
	"github.com/coredns/coredns/plugin/pkg/dnsutil"
	"github.com/coredns/coredns/plugin/test"

	"github.com/miekg/dns"
)

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

// v6zeros are the labels of the lower 96 bits of a network.
var v6zeros = strings.Repeat("0.", 24)

func TestServeDNS(t *testing.T) {
	soa := []dns.RR{test.SOA("example.org. 300 IN SOA ns.example.org. admin.example.org. 1 2 3 4 5")}
	tests := []test.Case{
		{
			Qname: "workstation1.lab.example.org.", Qtype: dns.TypeA, Authoritative: true,
			Answer: []dns.RR{test.A("workstation1.lab.example.org. 3600 IN A 192.0.2.1")},
		},
		{
			Qname: "WORKstation255.Lab.example.ORG.", Qtype: dns.TypeA, Authoritative: true,
			Answer: []dns.RR{test.A("WORKstation255.Lab.example.ORG. 3600 IN A 192.0.2.255")},
		},
		{
			Qname: "ip-198-51-100-5.lab.example.org.", Qtype: dns.TypeA, Authoritative: true,
			Answer: []dns.RR{test.A("ip-198-51-100-5.lab.example.org. 60 IN A 198.51.100.5")},
		},
		{
			Qname: "IP-2001-DB8--5.lab.example.org.", Qtype: dns.TypeAAAA, Authoritative: true,
			Answer: []dns.RR{test.AAAA("IP-2001-DB8--5.lab.example.org. 60 IN AAAA 2001:db8::5")},
		},
		{
			Qname: "both5.lab.example.org.", Qtype: dns.TypeA, Authoritative: true,
			Answer: []dns.RR{test.A("both5.lab.example.org. 3600 IN A 203.0.113.5")},
		},
		{
			Qname: "both5.lab.example.org.", Qtype: dns.TypeAAAA, Authoritative: true,
			Answer: []dns.RR{test.AAAA("both5.lab.example.org. 3600 IN AAAA 2001:db9::5")},
		},
		{
			Qname: "17.2.0.192.In-Addr.arpa.", Qtype: dns.TypePTR, Authoritative: true,
			Answer: []dns.RR{test.PTR("17.2.0.192.In-Addr.arpa. 3600 IN PTR workstation17.lab.example.org.")},
		},
		{
			Qname: "5.100.51.198.in-addr.arpa.", Qtype: dns.TypePTR, Authoritative: true,
			Answer: []dns.RR{test.PTR("5.100.51.198.in-addr.arpa. 60 IN PTR ip-198-51-100-5.lab.example.org.")},
		},
		{
			Qname: v6zeros + "8.b.d.0.1.0.0.2.ip6.arpa.", Qtype: dns.TypePTR, Authoritative: true,
			Answer: []dns.RR{test.PTR(v6zeros + "8.b.d.0.1.0.0.2.ip6.arpa. 60 IN PTR ip-2001-db8--0.lab.example.org.")},
		},
		{
			Qname: v6zeros + "9.B.D.0.1.0.0.2.ip6.arpa.", Qtype: dns.TypePTR, Authoritative: true,
			Answer: []dns.RR{test.PTR(v6zeros + "9.B.D.0.1.0.0.2.ip6.arpa. 3600 IN PTR both0.lab.example.org.")},
		},
		// One record stands for all.
		{
			Qname: "workstation1.lab.example.org.", Qtype: dns.TypeANY, Authoritative: true,
			Answer: []dns.RR{test.A("workstation1.lab.example.org. 3600 IN A 192.0.2.1")},
		},
		{
			Qname: "both17.lab.example.org.", Qtype: dns.TypeANY, Authoritative: true,
			Answer: []dns.RR{test.A("both17.lab.example.org. 3600 IN A 203.0.113.17")},
		},
		{
			Qname: "ip-2001-db8--5.lab.example.org.", Qtype: dns.TypeANY, Authoritative: true,
			Answer: []dns.RR{test.AAAA("ip-2001-db8--5.lab.example.org. 60 IN AAAA 2001:db8::5")},
		},
		{
			Qname: "17.2.0.192.in-addr.arpa.", Qtype: dns.TypeANY, Authoritative: true,
			Answer: []dns.RR{test.PTR("17.2.0.192.in-addr.arpa. 3600 IN PTR workstation17.lab.example.org.")},
		},
		// A name of one family has no address of the other.
		{Qname: "ip-198-51-100-5.lab.example.org.", Qtype: dns.TypeAAAA, Ns: soa},
		{Qname: "ip-2001-db8--5.lab.example.org.", Qtype: dns.TypeA, Ns: soa},
		// A computed name, and what is above it, exists.
		{Qname: "workstation1.lab.example.org.", Qtype: dns.TypeAAAA, Ns: soa},
		{Qname: "workstation1.lab.example.org.", Qtype: dns.TypeMX, Ns: soa},
		{Qname: "workstation1.lab.example.org.", Qtype: dns.TypeDS, Ns: soa},
		{Qname: "workstation1.lab.example.org.", Qtype: 65280, Ns: soa},
		{Qname: "lab.example.org.", Qtype: dns.TypeA, Ns: soa},
		{Qname: "lab.example.org.", Qtype: dns.TypeANY, Ns: soa},
		{Qname: "example.org.", Qtype: dns.TypeNS, Ns: soa},
		{Qname: "org.", Qtype: dns.TypeNS, Ns: soa},
		{Qname: "17.2.0.192.in-addr.arpa.", Qtype: dns.TypeA, Ns: soa},
		{Qname: "workstation17.lab.example.org.", Qtype: dns.TypePTR, Ns: soa},
		{Qname: "2.0.192.in-addr.arpa.", Qtype: dns.TypePTR, Ns: soa},
		{Qname: "0.192.in-addr.arpa.", Qtype: dns.TypeSOA, Ns: soa},
		{Qname: "IN-ADDR.arpa.", Qtype: dns.TypeNS, Ns: soa},
		{Qname: "0.8.b.d.0.1.0.0.2.ip6.arpa.", Qtype: dns.TypePTR, Ns: soa},
		{Qname: "8.B.D.0.1.0.0.2.ip6.arpa.", Qtype: dns.TypePTR, Ns: soa},
		{Qname: "2.ip6.arpa.", Qtype: dns.TypePTR, Ns: soa},
		{Qname: "arpa.", Qtype: dns.TypeNS, Ns: soa},
		// Everything else is the next plugin's.
		{Qname: "2.2.192.in-addr.arpa.", Qtype: dns.TypePTR, Rcode: dns.RcodeNameError, Ns: soa},
		{Qname: "017.2.0.192.in-addr.arpa.", Qtype: dns.TypePTR, Rcode: dns.RcodeNameError, Ns: soa},
		{Qname: "1.17.2.0.192.in-addr.arpa.", Qtype: dns.TypePTR, Rcode: dns.RcodeNameError, Ns: soa},
		{Qname: "17.2.0.192.in-addr.arpa.example.org.", Qtype: dns.TypePTR, Rcode: dns.RcodeNameError, Ns: soa},
		{Qname: "0." + v6zeros + "8.b.d.0.1.0.0.2.ip6.arpa.", Qtype: dns.TypePTR, Rcode: dns.RcodeNameError, Ns: soa},
		{Qname: "80.b.d.0.1.0.0.2.ip6.arpa.", Qtype: dns.TypePTR, Rcode: dns.RcodeNameError, Ns: soa},
		{Qname: "ip-192-0-2-1.lab.example.org.", Qtype: dns.TypeA, Rcode: dns.RcodeNameError, Ns: soa},
		{Qname: "workstation256.lab.example.org.", Qtype: dns.TypeA, Rcode: dns.RcodeNameError, Ns: soa},
		{Qname: "workstation01.lab.example.org.", Qtype: dns.TypeA, Rcode: dns.RcodeNameError, Ns: soa},
		{Qname: "workstation.lab.example.org.", Qtype: dns.TypeA, Rcode: dns.RcodeNameError, Ns: soa},
		{Qname: "workstation1.example.org.", Qtype: dns.TypeA, Rcode: dns.RcodeNameError, Ns: soa},
		{Qname: "a.workstation1.lab.example.org.", Qtype: dns.TypeA, Rcode: dns.RcodeNameError, Ns: soa},
		{Qname: ".", Qtype: dns.TypeNS, Rcode: dns.RcodeNameError, Ns: soa},
	}
	ws := testHandler(t, replyWith(dns.RcodeNameError))
	for _, tc := range tests {
		t.Run(tc.Qname+"/"+dns.Type(tc.Qtype).String(), func(t *testing.T) {
			rec := dnstest.NewRecorder(&test.ResponseWriter{})
			rcode, err := ws.ServeDNS(context.Background(), rec, tc.Msg())
			if err != nil {
				t.Fatal(err)
			}
			if rec.Msg == nil {
				t.Fatal("no response")
			}
			if rcode != rec.Msg.Rcode {
				t.Errorf("ServeDNS returned %s and wrote %s", dns.RcodeToString[rcode], dns.RcodeToString[rec.Msg.Rcode])
			}
			if rec.Msg.Authoritative != tc.Authoritative {
				t.Errorf("AA = %t, want %t", rec.Msg.Authoritative, tc.Authoritative)
			}
			if err := test.SortAndCheck(rec.Msg, tc); err != nil {
				t.Error(err)
			}
		})
	}
}

// TestServeDNSPassesOn asks for a computed name in ways that are not for us: the
// next plugin gets the query and its own ResponseWriter, not the guard.
func TestServeDNSPassesOn(t *testing.T) {
	tests := map[string]func(r *dns.Msg){
		"class CH":       func(r *dns.Msg) { r.Question[0].Qclass = dns.ClassCHAOS },
		"class ANY":      func(r *dns.Msg) { r.Question[0].Qclass = dns.ClassANY },
		"opcode NOTIFY":  func(r *dns.Msg) { r.Opcode = dns.OpcodeNotify },
		"opcode UPDATE":  func(r *dns.Msg) { r.Opcode = dns.OpcodeUpdate },
		"no question":    func(r *dns.Msg) { r.Question = nil },
		"two questions":  func(r *dns.Msg) { r.Question = append(r.Question, r.Question[0]) },
		"an empty name":  func(r *dns.Msg) { r.Question[0].Name = "" },
		"a relative one": func(r *dns.Msg) { r.Question[0].Name = "workstation1" },
	}
	for name, change := range tests {
		t.Run(name, func(t *testing.T) {
			r := new(dns.Msg)
			r.SetQuestion("workstation1.lab.example.org.", dns.TypeA)
			change(r)

			rec := dnstest.NewRecorder(&test.ResponseWriter{})
			rcode, err := testHandler(t, replyWith(dns.RcodeNameError)).ServeDNS(context.Background(), rec, r)
			if err != nil || rcode != dns.RcodeNameError || rec.Msg == nil || rec.Msg.Rcode != dns.RcodeNameError {
				t.Errorf("got %s, %v and message %v, want the next plugin's NXDOMAIN", dns.RcodeToString[rcode], err, rec.Msg)
			}
		})
	}
}

// TestServeDNSReturnsWhatNextReturns has next plugins that leave the response to
// the server, or fail.
func TestServeDNSReturnsWhatNextReturns(t *testing.T) {
	failure := errors.New("failure")
	for _, qtype := range []uint16{dns.TypeAAAA, dns.TypeMX} { // guarded
		for _, name := range []string{"workstation1.lab.example.org.", "www.lab.example.org."} {
			for _, want := range []int{dns.RcodeServerFailure, dns.RcodeRefused, dns.RcodeNotImplemented} {
				r := new(dns.Msg)
				r.SetQuestion(name, qtype)
				rec := dnstest.NewRecorder(&test.ResponseWriter{})
				rcode, err := testHandler(t, test.NextHandler(want, failure)).ServeDNS(context.Background(), rec, r)
				if rcode != want || !errors.Is(err, failure) || rec.Msg != nil {
					t.Errorf("%s: got %s, %v and message %v, want %s and the error", name, dns.RcodeToString[rcode], err, rec.Msg, dns.RcodeToString[want])
				}
			}
		}
	}
}

func TestServeDNSWithoutNext(t *testing.T) {
	ws := testHandler(t, nil)
	r := new(dns.Msg)
	r.SetQuestion("workstation1.lab.example.org.", dns.TypeA)
	rec := dnstest.NewRecorder(&test.ResponseWriter{})
	if rcode, err := ws.ServeDNS(context.Background(), rec, r); rcode != dns.RcodeSuccess || err != nil || len(rec.Msg.Answer) != 1 {
		t.Errorf("a computed name got %s, %v", dns.RcodeToString[rcode], err)
	}
	r.SetQuestion("www.example.org.", dns.TypeA)
	if rcode, err := ws.ServeDNS(context.Background(), rec, r); rcode != dns.RcodeServerFailure || err == nil {
		t.Errorf("a miss got %s, %v, want SERVFAIL and an error", dns.RcodeToString[rcode], err)
	}
}

// TestEveryHost looks up all 16,777,216 hosts of a /8, by name and by address:
// each has its own, and forward and reverse agree.
func TestEveryHost(t *testing.T) {
	ws := testWorkstation(t, "workstation example.org {\n network 10.0.0.0/8\n}")
	var group sync.WaitGroup
	for second := range 256 {
		group.Go(func() {
			var name, reverse []byte
			for low := range 1 << 16 {
				third, fourth := low>>8, low&255
				name = strconv.AppendInt(append(name[:0], "workstation"...), int64(second<<16+low), 10)
				name = append(name, ".example.org."...)
				reverse = reverse[:0]
				for _, octet := range []int{fourth, third, second} {
					reverse = append(strconv.AppendInt(reverse, int64(octet), 10), '.')
				}
				reverse = append(reverse, "10.in-addr.arpa."...)

				addr := netip.AddrFrom4([4]byte{10, byte(second), byte(third), byte(fourth)})
				if o := ws.find(string(name)); o.v4 != addr {
					t.Errorf("%s has the address %s, want %s", name, o.v4, addr)
					return
				}
				if o := ws.find(string(reverse)); o.ptr != addr || o.pool.name(addr) != string(name) {
					t.Errorf("%s is not the name of %s and %s", reverse, addr, name)
					return
				}
			}
		})
	}
	group.Wait()
}

// FuzzServeDNS asks whatever a client can put on the wire. What is answered, and
// by which record, is held to regular expressions and netip; everything else must
// reach the next plugin, and a name that exists not be denied.
func FuzzServeDNS(f *testing.F) {
	add := func(name string, qtype, qclass uint16, change func(*dns.Msg)) {
		m := new(dns.Msg)
		m.SetQuestion(name, qtype)
		m.Question[0].Qclass = qclass
		if change != nil {
			change(m)
		}
		wire, err := m.Pack()
		if err != nil {
			f.Fatal(err)
		}
		f.Add(wire)
	}
	label := strings.Repeat("a", 63) + "."
	add("Workstation17.Lab.example.org.", dns.TypeA, dns.ClassINET, nil)
	add("workstation17.lab.example.org.", dns.TypeAAAA, dns.ClassINET, func(m *dns.Msg) { m.SetEdns0(1232, true) })
	add("workstation300.lab.example.org.", dns.TypeA, dns.ClassINET, nil)
	add("lab.example.org.", dns.TypeANY, dns.ClassINET, nil)
	add("both17.lab.example.org.", dns.TypeANY, dns.ClassINET, nil)
	add("workstation17.lab.example.org.", dns.TypeA, dns.ClassCHAOS, nil)
	add("workstation17.lab.example.org.", dns.TypeSOA, dns.ClassINET, func(m *dns.Msg) { m.Opcode = dns.OpcodeNotify })
	add(label+label+label+strings.Repeat("b", 61)+".", dns.TypeA, dns.ClassINET, nil)
	add(`\000\.workstation1\\.lab.example.org.`, dns.TypeA, dns.ClassINET, nil)
	add("both17.lab.example.org.", dns.TypeAAAA, dns.ClassINET, nil)
	add("17.113.0.203.in-addr.arpa.", dns.TypePTR, dns.ClassINET, nil)
	add("113.0.203.In-Addr.arpa.", dns.TypePTR, dns.ClassINET, nil)
	add("IP-2001-db8--5.lab.example.org.", dns.TypeAAAA, dns.ClassINET, nil)
	add("ip-198-51-100-5.lab.example.org.", dns.TypeA, dns.ClassINET, nil)
	add("f."+v6zeros[2:]+"8.B.D.0.1.0.0.2.ip6.arpa.", dns.TypePTR, dns.ClassINET, nil)
	add("8.b.d.0.1.0.0.2.ip6.arpa.", dns.TypeNS, dns.ClassINET, nil)

	next := replyWith(dns.RcodeNameError)
	var asked bool // the next plugin
	ws := testHandler(f, test.HandlerFunc(func(ctx context.Context, w dns.ResponseWriter, r *dns.Msg) (int, error) {
		asked = true
		return next.ServeDNS(ctx, w, r)
	}))

	f.Fuzz(func(t *testing.T, wire []byte) {
		r := new(dns.Msg)
		if r.Unpack(wire) != nil {
			return
		}
		asked = false
		rec := dnstest.NewRecorder(&test.ResponseWriter{})
		rcode, err := ws.ServeDNS(context.Background(), rec, r)
		if err != nil || rec.Msg == nil || rcode != rec.Msg.Rcode {
			t.Fatalf("got %d, %v and message %v", rcode, err, rec.Msg)
		}
		if _, err := rec.Msg.Pack(); err != nil {
			t.Fatalf("the response cannot be packed: %v", err)
		}

		var records map[uint16]string // data by type, of the name asked for
		var exists bool
		if r.Opcode == dns.OpcodeQuery && len(r.Question) == 1 && r.Question[0].Qclass == dns.ClassINET {
			records, exists = handlerOracle(r.Question[0].Name)
			for _, qtype := range []uint16{dns.TypeA, dns.TypeAAAA, dns.TypePTR} {
				if records[dns.TypeANY] == "" && records[qtype] != "" {
					records[dns.TypeANY] = records[qtype]
				}
			}
		}
		if len(records) > 0 && records[r.Question[0].Qtype] != "" {
			want := "\t" + records[r.Question[0].Qtype]
			if asked || len(rec.Msg.Answer) != 1 || rec.Msg.Answer[0].Header().Name != r.Question[0].Name || !strings.HasSuffix(rec.Msg.Answer[0].String(), want) {
				t.Fatalf("answer %v, want %s, to:\n%s", rec.Msg.Answer, want, r)
			}
			return
		}
		if denied := rcode == dns.RcodeNameError; !asked || denied == exists {
			t.Fatalf("the next plugin was asked: %t; denied: %t; for:\n%s", asked, denied, r)
		}
	})
}

var (
	numberedRE = regexp.MustCompile(`^(workstation|both)(0|[1-9][0-9]{0,2})\.lab\.example\.org\.$`)
	dashedRE   = regexp.MustCompile(`^ip-([0-9a-f-]+)\.lab\.example\.org\.$`)
	octetRE    = regexp.MustCompile(`^(0|[1-9][0-9]?|1[0-9][0-9]|2[0-4][0-9]|25[0-5])$`)
	nibblesRE  = regexp.MustCompile(`^[0-9a-f](\.[0-9a-f])*$`)
)

// handlerOracle tells which records testHandler's plugin should give a name, and
// whether the name exists.
func handlerOracle(qname string) (records map[uint16]string, exists bool) {
	name := string(appendLower(nil, qname))
	records = make(map[uint16]string)
	if m := numberedRE.FindStringSubmatch(name); m != nil {
		if n, _ := strconv.Atoi(m[2]); n <= 255 && m[1] == "both" {
			records[dns.TypeA] = fmt.Sprintf("203.0.113.%d", n)
			records[dns.TypeAAAA] = netip.MustParseAddr(fmt.Sprintf("2001:db9::%x", n)).String()
		} else if n <= 255 {
			records[dns.TypeA] = fmt.Sprintf("192.0.2.%d", n)
		}
	}
	var addr netip.Addr
	var ok bool
	if m := dashedRE.FindStringSubmatch(name); m != nil {
		addr, ok = addressOracle("", m[1])
	}
	if ok && netip.MustParsePrefix("198.51.100.0/24").Contains(addr) {
		records[dns.TypeA] = addr.String()
	} else if ok && netip.MustParsePrefix("2001:db8::/32").Contains(addr) {
		records[dns.TypeAAAA] = addr.String()
	}
	if len(records) > 0 || name == "lab.example.org." || name == "example.org." || name == "org." || name == "arpa." {
		return records, true
	}
	for prefix, label := range map[string]string{
		"192.0.2.0/24": "workstation%d", "203.0.113.0/24": "both%d", "2001:db9::/64": "both%d", "198.51.100.0/24": "ip-%s", "2001:db8::/32": "ip-%s",
	} {
		network := netip.MustParsePrefix(prefix)
		apex := reverseZone(network)
		if strings.HasSuffix("."+apex, "."+name) && strings.HasSuffix(name, ".arpa.") {
			return records, true // the network itself, or above it
		}
		labels, below := strings.CutSuffix(name, "."+apex)
		re, depth := octetRE, 1
		if network.Addr().Is6() {
			re, depth = nibblesRE, (128-network.Bits())/4
		}
		if !below || !re.MatchString(labels) || strings.Count(labels, ".") >= depth {
			continue
		}
		if strings.Count(labels, ".") == depth-1 {
			addr := netip.MustParseAddr(dnsutil.ExtractAddressFromReverse(name))
			octets := addr.As16()
			switch {
			case label == "ip-%s":
				label = fmt.Sprintf(label, appendDashed(nil, addr))
			case addr.Is4():
				label = fmt.Sprintf(label, octets[15])
			default:
				label = fmt.Sprintf(label, binary.BigEndian.Uint64(octets[8:]))
			}
			records[dns.TypePTR] = label + ".lab.example.org."
		}
		return records, true
	}
	return records, false
}

// thousandNetworks is a Corefile of a stanza with five thousand networks, whose names have
// the octets in an order in which no network is a range.
func thousandNetworks() string {
	var networks strings.Builder
	for i := range 5000 {
		fmt.Fprintf(&networks, " %d.%d.%d.%d/30", 10+i%7, i/50, 3*(i%50), 4*(i%64))
	}
	return "workstation lab.example.org {\n name {a}.{d}.{c}.{b}\n network" + networks.String() + "\n}"
}

func BenchmarkServeDNS(b *testing.B) {
	ws := testHandler(b, test.NextHandler(dns.RcodeSuccess, nil))
	// Made where they are asked, since what a handler holds costs the others' garbage
	// collection.
	corefile := func(text string) func(*testing.B) plugin.Handler {
		return func(b *testing.B) plugin.Handler {
			ws := testWorkstation(b, text)
			ws.Next = test.NextHandler(dns.RcodeSuccess, nil)
			return ws
		}
	}
	one := func(h plugin.Handler) func(*testing.B) plugin.Handler {
		return func(*testing.B) plugin.Handler { return h }
	}
	many, networks, named := corefile(thousands()), corefile(thousandNetworks()), corefile(`
		workstation lab.example.org {
			name ip-{a}-{b}-{c}-{d} further-{d}-{c}-{b}-{a}
			network 198.51.100.0/24
		}
		workstation lab.example.org {
			name rack{c}-node{d}
			network 10.1.0.0/16
		}
		workstation lab.example.org {
			name {d}.r{c}.dyn
			network 10.2.0.0/16
		}
		workstation lab.example.org {
			name *.w{n}
			network 192.0.2.0/24
		}`)
	last := func(b *testing.B) plugin.Handler {
		return testWorkstation(b, "workstation lab.example.org {\n network 192.0.2.0/24\n}")
	}
	ctx, w := context.Background(), &test.ResponseWriter{}
	for _, bc := range []struct {
		name, qname string
		qtype       uint16
		handler     func(*testing.B) plugin.Handler
	}{
		{"hit", "workstation17.lab.example.org.", dns.TypeA, one(ws)},
		{"hit6", "both17.lab.example.org.", dns.TypeAAAA, one(ws)},
		{"dashed4", "ip-198-51-100-17.lab.example.org.", dns.TypeA, one(ws)},
		{"dashed6", "ip-2001-db8-1-2--f.lab.example.org.", dns.TypeAAAA, one(ws)},
		{"reverse4", "17.2.0.192.in-addr.arpa.", dns.TypePTR, one(ws)},
		{"reverse6", v6zeros + "8.b.d.0.1.0.0.2.ip6.arpa.", dns.TypePTR, one(ws)},
		{"guarded", "workstation17.lab.example.org.", dns.TypeAAAA, one(ws)},
		{"miss", "www.lab.example.org.", dns.TypeA, one(ws)},
		{"thousands/hit", "rack7777-17.example.org.", dns.TypeA, many},
		{"thousands/reverse4", "17.77.7.10.in-addr.arpa.", dns.TypePTR, many},
		{"thousands/miss", "www.example.org.", dns.TypeA, many},
		{"octets4", "ip-198-51-100-17.lab.example.org.", dns.TypeA, named},
		{"octets2", "rack7-node12.lab.example.org.", dns.TypeA, named},
		{"labels3", "12.r7.dyn.lab.example.org.", dns.TypeA, named},
		{"wildcard", "app.w17.lab.example.org.", dns.TypeA, named},
		{"further", "further-17-100-51-198.lab.example.org.", dns.TypeA, named},
		{"octets4/reverse", "17.100.51.198.in-addr.arpa.", dns.TypePTR, named},
		{"labels3/nonterminal", "r7.dyn.lab.example.org.", dns.TypeA, named},
		{"labels3/miss", "www.r7.dyn.lab.example.org.", dns.TypeA, named},
		{"networks/nonterminal", "147.7.lab.example.org.", dns.TypeA, networks},
		{"alone/hit", "workstation17.lab.example.org.", dns.TypeA, last},
		{"alone/nodata", "workstation17.lab.example.org.", dns.TypeTXT, last},
		{"alone/denied", "www.lab.example.org.", dns.TypeA, last},
		// What of a hit is to build and write the reply, and what a miss costs without the
		// plugin, to compare them with.
		{"reply", "workstation17.lab.example.org.", dns.TypeA, one(plugin.HandlerFunc(func(_ context.Context, w dns.ResponseWriter, r *dns.Msg) (int, error) {
			return respond(w, newAddressReply4(r, netip.AddrFrom4([4]byte{192, 0, 2, 17}), 3600))
		}))},
		{"next", "www.lab.example.org.", dns.TypeA, one(plugin.HandlerFunc(func(ctx context.Context, w dns.ResponseWriter, r *dns.Msg) (int, error) {
			return plugin.NextOrFailure(pluginName, ws.Next, ctx, w, r)
		}))},
	} {
		b.Run(bc.name, func(b *testing.B) {
			r := new(dns.Msg)
			r.SetQuestion(bc.qname, bc.qtype)
			handler := bc.handler(b)
			b.ReportAllocs()
			for b.Loop() {
				handler.ServeDNS(ctx, w, r)
			}
		})
	}
}
