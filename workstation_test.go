package workstation

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/coredns/coredns/plugin"
	"github.com/coredns/coredns/plugin/pkg/dnstest"
	"github.com/coredns/coredns/plugin/test"

	"github.com/miekg/dns"
)

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
		// ANY gets one of the records.
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
		// Computed names and the names above them exist.
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
		// The next plugin answers everything else.
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
	ws := labHandler(t, replyWith(dns.RcodeNameError))
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
				t.Errorf("ServeDNS returned %s and wrote %s",
					dns.RcodeToString[rcode], dns.RcodeToString[rec.Msg.Rcode])
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

// TestServeDNSPassesOn sends queries for a computed name that are not for this plugin. The next plugin gets them,
// with the server's ResponseWriter and not with the guard.
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
			rcode, err := labHandler(t, replyWith(dns.RcodeNameError)).ServeDNS(context.Background(), rec, r)
			if err != nil || rcode != dns.RcodeNameError || rec.Msg == nil || rec.Msg.Rcode != dns.RcodeNameError {
				t.Errorf("got %s, %v and message %v, want the next plugin's NXDOMAIN",
					dns.RcodeToString[rcode], err, rec.Msg)
			}
		})
	}
}

// TestServeDNSNoQueryWithoutNext sends what is not a query of class IN where no plugin follows. ServeDNS returns no
// error, because errors are logged.
func TestServeDNSNoQueryWithoutNext(t *testing.T) {
	for name, change := range map[string]func(r *dns.Msg){
		"class CH":      func(r *dns.Msg) { r.Question[0].Qclass = dns.ClassCHAOS },
		"opcode NOTIFY": func(r *dns.Msg) { r.Opcode = dns.OpcodeNotify },
		"no question":   func(r *dns.Msg) { r.Question = nil },
	} {
		r := new(dns.Msg).SetQuestion("workstation1.lab.example.org.", dns.TypeA)
		change(r)
		rec := dnstest.NewRecorder(&test.ResponseWriter{})
		rcode, err := labHandler(t, nil).ServeDNS(context.Background(), rec, r)
		if rcode != dns.RcodeNotImplemented || err != nil || rec.Msg != nil {
			t.Errorf("%s: got %s, %v and message %v, want NOTIMP for the server to write", name, dns.RcodeToString[rcode], err, rec.Msg)
		}
	}
}

// TestServeDNSReturnsWhatNextReturns has next plugins that fail, or that leave the response to the server.
func TestServeDNSReturnsWhatNextReturns(t *testing.T) {
	failure := errors.New("failure")
	for _, qtype := range []uint16{dns.TypeAAAA, dns.TypeMX} { // guarded
		for _, name := range []string{"workstation1.lab.example.org.", "www.lab.example.org."} {
			for _, want := range []int{dns.RcodeServerFailure, dns.RcodeRefused, dns.RcodeNotImplemented} {
				r := new(dns.Msg)
				r.SetQuestion(name, qtype)
				rec := dnstest.NewRecorder(&test.ResponseWriter{})
				rcode, err := labHandler(t, test.NextHandler(want, failure)).ServeDNS(context.Background(), rec, r)
				if rcode != want || !errors.Is(err, failure) || rec.Msg != nil {
					t.Errorf("%s: got %s, %v and message %v, want %s and the error",
						name, dns.RcodeToString[rcode], err, rec.Msg, dns.RcodeToString[want])
				}
			}
		}
	}
}

func TestServeDNSWithoutNext(t *testing.T) {
	ws := labHandler(t, nil)
	r := new(dns.Msg)
	r.SetQuestion("workstation1.lab.example.org.", dns.TypeA)
	rec := dnstest.NewRecorder(&test.ResponseWriter{})
	rcode, err := ws.ServeDNS(context.Background(), rec, r)
	if rcode != dns.RcodeSuccess || err != nil || len(rec.Msg.Answer) != 1 {
		t.Errorf("a computed name got %s, %v", dns.RcodeToString[rcode], err)
	}
	r.SetQuestion("www.example.org.", dns.TypeA)
	if rcode, err := ws.ServeDNS(context.Background(), rec, r); rcode != dns.RcodeServerFailure || err == nil {
		t.Errorf("a miss got %s, %v, want SERVFAIL and an error", dns.RcodeToString[rcode], err)
	}
}

// TestEveryHost looks up all 16,777,216 hosts of a /8, by name and by address. Each name has its own address, and
// the PTR record of the address has the name.
func TestEveryHost(t *testing.T) {
	ws := newHandler(t, `
		workstation example.org {
			network 10.0.0.0/8
		}`)
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

// thousandNetworks returns a stanza with five thousand networks. In the order of the octets in its names, no
// network is a range.
func thousandNetworks() string {
	var networks strings.Builder
	for i := range 5000 {
		fmt.Fprintf(&networks, " %d.%d.%d.%d/30", 10+i%7, i/50, 3*(i%50), 4*(i%64))
	}
	return stanzaOf("lab.example.org", "name {a}.{d}.{c}.{b}", "network"+networks.String())
}

func BenchmarkServeDNS(b *testing.B) {
	ws := labHandler(b, test.NextHandler(dns.RcodeSuccess, nil))
	// Each handler is made by its own benchmark: its memory would slow down the garbage collection in the others.
	corefile := func(text string) func(*testing.B) plugin.Handler {
		return func(b *testing.B) plugin.Handler {
			ws := newHandler(b, text)
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
	wildcards := corefile(`
		workstation z {
			name {d}.{c}.{b}.{a} *.{d}.{c}.{b}.{a}
			network 172.16.0.0/12
		}`)
	last := func(b *testing.B) plugin.Handler {
		return newHandler(b, `
			workstation lab.example.org {
				network 192.0.2.0/24
			}`)
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
		{"wildcards/miss", "1.1.1.1.1.z.", dns.TypeA, wildcards},
		{"wildcards/miss127", strings.Repeat("1.", 126) + "z.", dns.TypeA, wildcards}, // no name has more labels
		{"wildcards/hit", "1.1.1.16.172.z.", dns.TypeA, wildcards},
		{"wildcards/hit125", strings.Repeat("1.", 120) + "1.1.16.172.z.", dns.TypeA, wildcards},
		{"networks/nonterminal", "147.7.lab.example.org.", dns.TypeA, networks},
		{"alone/hit", "workstation17.lab.example.org.", dns.TypeA, last},
		{"alone/nodata", "workstation17.lab.example.org.", dns.TypeTXT, last},
		{"alone/denied", "www.lab.example.org.", dns.TypeA, last},
		// For comparison: the part of a hit that builds and writes the reply, and a miss without the plugin.
		{"reply", "workstation17.lab.example.org.", dns.TypeA,
			one(plugin.HandlerFunc(func(_ context.Context, w dns.ResponseWriter, r *dns.Msg) (int, error) {
				return respond(w, newAddressReply4(r, netip.AddrFrom4([4]byte{192, 0, 2, 17}), 3600))
			}))},
		{"next", "www.lab.example.org.", dns.TypeA,
			one(plugin.HandlerFunc(func(ctx context.Context, w dns.ResponseWriter, r *dns.Msg) (int, error) {
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

func TestAppendLower(t *testing.T) {
	for s, want := range map[string]string{
		"AZaz09-_": "azaz09-_",
		"@[`{\\":   "@[`{\\", // the characters next to letters
		"ÀÉ":       "ÀÉ",     // only ASCII letters have another case (RFC 4343)
	} {
		if got := string(appendLower(nil, s)); got != want {
			t.Errorf("%q becomes %q, want %q", s, got, want)
		}
	}
}
