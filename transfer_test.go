package workstation

import (
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/coredns/coredns/plugin"
	"github.com/coredns/coredns/plugin/file"
	"github.com/coredns/coredns/plugin/test"
	"github.com/coredns/coredns/plugin/transfer"

	"github.com/miekg/dns"
)

// TestTransfer transfers the zones in testdata/transfers.txt, and compares the records with those in the file.
func TestTransfer(t *testing.T) {
	checkGolden(t, "testdata/transfers.txt", func(section, text string) (records []string) {
		t.Run(section, func(t *testing.T) {
			stanzas, zone, ok := strings.Cut(text, "\nzone ")
			if !ok {
				t.Fatal("there is no line with \"zone\" and the name of a zone")
			}
			origin, stored, _ := strings.Cut(zone, "\n")
			ws := handlerAboveFile(t, stanzas, map[string]string{origin: stored})
			lines := transferLines(t, ws, origin, 0)

			soa := origin + " 300 SOA ns.example.org. hostmaster.example.org. 7 7200 1800 86400 300"
			last := len(lines) - 1
			if last < 1 || lines[0] != soa || lines[last] != soa {
				t.Fatalf("got %q, which is not between SOA records", lines)
			}
			checkTransfer(t, ws, lines[:last])
			records = lines[1:last]
			ns := slices.Index(records, origin+" 300 NS ns.example.org.")
			if ns < 0 {
				t.Fatalf("got %q, which has no NS record of the apex", lines)
			}
			records = slices.Delete(records, ns, ns+1)
			slices.Sort(records)
		})
		return records
	})
}

// TestTransferIncremental sends serials with requests. The zone's is 7. As with the plugin file, the answer is one
// SOA record or the whole zone.
func TestTransferIncremental(t *testing.T) {
	const zone = "lab.example.org."
	ws := handlerAboveFile(t, `
		workstation lab.example.org {
			network 192.0.2.0/24
		}`, map[string]string{zone: ""})
	for _, tc := range []struct {
		serial  uint32
		records int
	}{
		{serial: 0, records: 3 + 256}, {serial: 6, records: 3 + 256}, {serial: 7, records: 1},
	} {
		lines := transferLines(t, ws, zone, tc.serial)
		if len(lines) != tc.records || lines[0] != lines[len(lines)-1] {
			t.Errorf("serial %d: got %d records, want %d", tc.serial, len(lines), tc.records)
		}
		slices.Sort(lines)
		if n := len(slices.Compact(lines)); n != max(1, tc.records-1) {
			t.Errorf("serial %d: got %d different records of %d", tc.serial, n, tc.records)
		}
	}
}

// transferFunc is a transferer.
type transferFunc func(zone string, serial uint32) (<-chan []dns.RR, error)

func (f transferFunc) Transfer(zone string, serial uint32) (<-chan []dns.RR, error) {
	return f(zone, serial)
}

// TestTransferCase transfers records with upper-case letters in their names, which the plugin file never writes.
func TestTransferCase(t *testing.T) {
	ws := newHandler(t, `
		workstation example.org {
			name ws{n}
			network 192.0.2.254-192.0.3.0
		}`)
	soa := test.SOA("0.192.In-Addr.arpa. 300 IN SOA ns.example.org. hostmaster.example.org. 7 7200 1800 86400 300")
	ws.transferers = []transfer.Transferer{transferFunc(func(string, uint32) (<-chan []dns.RR, error) {
		ch := make(chan []dns.RR, 1)
		ch <- []dns.RR{
			soa,
			test.NS("0.192.IN-ADDR.arpa. 300 IN NS ns.example.org."),
			test.PTR("255.2.0.192.IN-ADDR.ARPA. 300 IN PTR hidden.example.org."),
			test.NS("3.0.192.In-Addr.Arpa. 300 IN NS ns.example.org."),
			test.PTR("0.3.0.192.in-ADDR.ARPA. 300 IN PTR stays.example.org."),
			soa,
		}
		close(ch)
		return ch, nil
	})}
	got := transferLines(t, ws, "0.192.in-addr.arpa.", 0)
	want := []string{
		recordText(soa),
		"0.192.IN-ADDR.arpa. 300 NS ns.example.org.",
		"3.0.192.In-Addr.Arpa. 300 NS ns.example.org.",
		"0.3.0.192.in-ADDR.ARPA. 300 PTR stays.example.org.",
		"254.2.0.192.in-addr.arpa. 3600 PTR ws0.example.org.",
		"255.2.0.192.in-addr.arpa. 3600 PTR ws1.example.org.",
		recordText(soa),
	}
	if !slices.Equal(got, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// TestTransferersAfter checks that zones are taken only from plugins after this one.
func TestTransferersAfter(t *testing.T) {
	ws := newHandler(t, `
		workstation example.org {
			network 192.0.2.0/24
		}`)
	before, after := zoneFile(t, nil), zoneFile(t, map[string]string{"example.org.": ""})
	got := transferersAfter(ws, []plugin.Handler{before, ws, replyWith(dns.RcodeSuccess), after})
	if len(got) != 1 || len(got[0].(file.File).Names) != 1 {
		t.Errorf("got %v", got)
	}
}

func TestTransferError(t *testing.T) {
	ws := newHandler(t, `
		workstation lab.example.org large.example.org {
			network 192.0.2.0/24
		}
		workstation large.example.org {
			name ip-{ip}
			network 10.0.0.0/8
		}
		workstation {
			name large{n}
			network 11.0.0.0/8
		}
		workstation larger.example.org {
			name ip-{ip}
			network 2001:db8::/32
		}
		workstation hidden.example.org {
			network 198.51.100.0/24
			no_transfer
		}`)
	stored := zoneFile(t, map[string]string{
		"large.example.org.": "", "larger.example.org.": "",
		"0.1.0.0.2.ip6.arpa.": "", "2.0.192.in-addr.arpa.": "", "arpa.": "",
	})
	broken := transferFunc(func(string, uint32) (<-chan []dns.RR, error) { return nil, errors.New("broken") })
	none := transferFunc(func(string, uint32) (<-chan []dns.RR, error) { return nil, transfer.ErrNotAuthoritative })
	const (
		notAuthoritative = "not authoritative for zone"
		tooMany          = "computed names, too many to transfer: " +
			"write 'no_transfer' and give the secondary the same stanzas"
	)
	for _, tc := range []struct {
		zone string
		next []transfer.Transferer
		want string // part of the error; empty if there is none
	}{
		// Nothing is computed in these, so the plugin transfer asks the next one.
		{"www.example.org.", []transfer.Transferer{broken}, notAuthoritative},
		{"ws.lab.example.org.", []transfer.Transferer{broken}, notAuthoritative},
		{"workstation256.lab.example.org.", []transfer.Transferer{broken}, notAuthoritative},
		{"3.0.192.in-addr.arpa.", []transfer.Transferer{broken}, notAuthoritative},
		{"0-63.2.0.192.in-addr.arpa.", []transfer.Transferer{broken}, notAuthoritative},
		{"com.", []transfer.Transferer{broken}, notAuthoritative},
		{"hidden.example.org.", []transfer.Transferer{broken}, notAuthoritative},
		{"100.51.198.in-addr.arpa.", []transfer.Transferer{broken}, notAuthoritative},
		// No plugin has the zone.
		{"lab.example.org.", nil, notAuthoritative},
		{"lab.example.org.", []transfer.Transferer{none}, notAuthoritative},
		{"larger.example.org.", []transfer.Transferer{none}, notAuthoritative},
		{"lab.example.org.", []transfer.Transferer{none, broken, stored}, "broken"},
		// A plugin has the zone.
		{"2.0.192.in-addr.arpa.", []transfer.Transferer{none, stored, broken}, ""},
		// The zone is too large, by 256 names or more.
		{
			"large.example.org.", []transfer.Transferer{stored},
			"zone 'large.example.org.' has more than 16777216 " + tooMany,
		},
		{"larger.example.org.", []transfer.Transferer{stored}, tooMany},
		{"0.1.0.0.2.ip6.arpa.", []transfer.Transferer{stored}, tooMany},
		{"arpa.", []transfer.Transferer{stored}, tooMany},
	} {
		ws.transferers = tc.next
		ch, err := ws.Transfer(tc.zone, 0)
		if err == nil {
			discard(ch)
		}
		if (err == nil) != (tc.want == "") || err != nil && !strings.Contains(err.Error(), tc.want) {
			t.Errorf("transfer of %s: got error %v, want %q", tc.zone, err, tc.want)
		}
	}
}

// TestTransferPart transfers a zone with two pools of one pattern, of which the first is not transferred.
func TestTransferPart(t *testing.T) {
	ws := handlerAboveFile(t, `
		workstation example.org {
			name ip-{ip}
			network 192.0.2.0/31
			no_transfer
		}
		workstation example.org {
			name ip-{ip}
			network 192.0.2.4/31
		}`,
		map[string]string{"example.org.": ""})
	got := strings.Join(transferLines(t, ws, "example.org.", 0), "\n")
	if strings.Contains(got, "ip-192-0-2-0.") || !strings.Contains(got, "ip-192-0-2-4.") || !strings.Contains(got, "ip-192-0-2-5.") {
		t.Errorf("got:\n%s", got)
	}
}

// TestTransferStoredTypes has stored records of two types at one name. The plugin file sends them in
// any order.
func TestTransferStoredTypes(t *testing.T) {
	ws := handlerAboveFile(t, `
		workstation example.org {
			name ws{n}
			network 192.0.2.0/32 2001:db8::/128
			stored_first
		}`,
		map[string]string{"example.org.": "ws0 300 A 198.51.100.1\nws0 300 AAAA 2001:db8:1::1"})
	got := transferLines(t, ws, "example.org.", 0)
	want := []string{"ws0.example.org. 300 A 198.51.100.1", "ws0.example.org. 300 AAAA 2001:db8:1::1"}
	got = got[2 : len(got)-1]
	slices.Sort(got)
	if !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

// TestTransferOneClassless transfers a reverse zone above the second of two zones of RFC 2317.
func TestTransferOneClassless(t *testing.T) {
	ws := handlerAboveFile(t, `
		workstation example.org 0/25.2.0.192.in-addr.arpa 0/25.3.0.192.in-addr.arpa {
			name ip-{ip}
			network 192.0.2.0/31 192.0.3.0/31
		}`,
		map[string]string{"3.0.192.in-addr.arpa.": ""})
	got := transferLines(t, ws, "3.0.192.in-addr.arpa.", 0)
	if want := "1.0/25.3.0.192.in-addr.arpa. 3600 PTR ip-192-0-3-1.example.org."; !slices.Contains(got, want) {
		t.Errorf("got %q, which lacks %q", got, want)
	}
}

// TestTransferBelowCuts transfers a zone from which another zone is delegated. That one has too many names.
func TestTransferBelowCuts(t *testing.T) {
	ws := handlerAboveFile(t, `
		workstation big.example.org {
			name ip-{ip}
			network 2001:db8::/32
		}
		workstation example.org {
			name ws{n}
			network 192.0.2.0/31
		}`,
		map[string]string{"example.org.": "big 300 NS ns.example.net."})
	got := transferLines(t, ws, "example.org.", 0)
	want := []string{
		"big.example.org. 300 NS ns.example.net.",
		"ws0.example.org. 3600 A 192.0.2.0",
		"ws1.example.org. 3600 A 192.0.2.1",
	}
	if got = got[2 : len(got)-1]; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

// TestTransferSkipsNamesBelowCuts has so many names below cuts that it would take forever to compute and drop them.
func TestTransferSkipsNamesBelowCuts(t *testing.T) {
	ws := handlerAboveFile(t, `
		workstation example.org {
			name {ip}.dyn
			network 2001:db8::/64
		}
		workstation example.org {
			name {d}.{c}.{b}.{a}
			network 10.0.0.0-11.0.0.1
		}`,
		map[string]string{"example.org.": `
			dyn 300 NS ns.example.net.
			10 300 NS ns.example.net.`})
	got := transferLines(t, ws, "example.org.", 0)
	want := []string{
		"10.example.org. 300 NS ns.example.net.",
		"dyn.example.org. 300 NS ns.example.net.",
		"0.0.0.11.example.org. 3600 A 11.0.0.0",
		"1.0.0.11.example.org. 3600 A 11.0.0.1",
	}
	if got = got[2 : len(got)-1]; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	// A secondary that has this serial gets only the SOA record.
	if got := transferLines(t, ws, "example.org.", 7); len(got) != 1 || !strings.Contains(got[0], " SOA ") {
		t.Errorf("got %q", got)
	}
}

// TestTransferRefusedSoon has many cuts in two zones that are too large. Each cut takes keys from all parts of a
// network, or is in one of many zones. To count them one by one would take hours.
func TestTransferRefusedSoon(t *testing.T) {
	var cuts, zones, many strings.Builder
	for i := range 256 {
		fmt.Fprintf(&cuts, "%d 300 NS ns.example.net.\n", i)
	}
	for i := range 1000 {
		zones.WriteString(stanzaOf(fmt.Sprintf("z%d.example.org", i), "name {d}.{c}", "network 10.0.0.0/16"))
	}
	for i := range 30_000 {
		fmt.Fprintf(&many, "c%d 300 NS ns.example.net.\n", i)
	}
	for _, tc := range []struct{ corefile, stored string }{
		{`
			workstation example.org {
				name {a}.{b}.{c}.{d} x.{a}.{b}.{c}.{d}
				network 0.0.0.0/0
			}`, cuts.String()},
		{zones.String(), many.String()},
	} {
		ws := handlerAboveFile(t, tc.corefile, map[string]string{"example.org.": tc.stored})
		if _, err := ws.Transfer("example.org.", 0); err == nil {
			t.Error("too many names are transferred")
		}
	}
}

// TestTransferLetsGo checks that the transfer of the next plugin ends if a transfer is refused.
func TestTransferLetsGo(t *testing.T) {
	done := make(chan bool)
	ws := newHandler(t, `
		workstation example.org {
			name ip-{ip}
			network 2001:db8::/64
		}`)
	ws.transferers = []transfer.Transferer{transferFunc(func(string, uint32) (<-chan []dns.RR, error) {
		ch := make(chan []dns.RR)
		go func() {
			for range 1000 {
				ch <- []dns.RR{test.A("example.org. 300 IN A 192.0.2.1")}
			}
			close(ch)
			close(done)
		}()
		return ch, nil
	})}
	if _, err := ws.Transfer("example.org.", 0); err == nil {
		t.Error("a /64 is transferred")
	}
	<-done
}

// TestTransferMemory checks that memory does not grow with the zone. A /12 has a million records, which would take
// some 200 megabytes. A thousand of them are stored.
func TestTransferMemory(t *testing.T) {
	const zone = "10.in-addr.arpa."
	var stored strings.Builder
	for i := range 1000 {
		fmt.Fprintf(&stored, "%d.%d.3 300 PTR customer%d.example.net.\n", i%250, i/250, i)
	}
	ws := handlerAboveFile(t, `
		workstation example.org {
			network 10.0.0.0/12
			stored_first
		}`, map[string]string{zone: stored.String()})
	ch, err := ws.Transfer(zone, 0)
	if err != nil {
		t.Fatal(err)
	}
	inUse := func() uint64 {
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	before, records := inUse(), 0
	for rrs := range ch {
		records += len(rrs)
		if records%100_000 < len(rrs) {
			if now := inUse(); now > before+1<<20 {
				t.Errorf("after %d records, %d bytes more are in use", records, now-before)
			}
		}
	}
	if want := 1<<20 + 3; records != want {
		t.Errorf("got %d records, want %d", records, want)
	}
}

// BenchmarkTransfer transfers a /16, forward and reverse.
func BenchmarkTransfer(b *testing.B) {
	for _, zone := range []string{"example.org.", "0.10.in-addr.arpa."} {
		b.Run(zone, func(b *testing.B) {
			ws := handlerAboveFile(b, `
				workstation example.org {
					network 10.0.0.0/16
				}`, map[string]string{zone: ""})
			records := 0
			for b.Loop() {
				ch, err := ws.Transfer(zone, 0)
				if err != nil {
					b.Fatal(err)
				}
				for rrs := range ch {
					records += len(rrs)
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(records), "ns/record")
		})
	}
}
