//go:build oracle

package test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/miekg/dns"
)

// zonesDoc is where the configurations of this file come from.
const zonesDoc = "../docs/zones.md"

// secondary is a name server that gets its zones from us.
type secondary struct {
	name string
	// start runs it with the lines of zonesDoc.
	start func(t *testing.T, dir, port, lines string)
}

var secondaries = []secondary{
	{"bind", func(t *testing.T, dir, port, lines string) {
		startNamed(t, dir, port, lines)
	}},
	{"nsd", func(t *testing.T, dir, port, lines string) {
		startPeer(t, port, "nsd", "-d", "-c", write(t, dir, "nsd.conf", fmt.Sprintf(
			"server:\n  ip-address: 127.0.0.1@%s\n  username: \"\"\n  zonesdir: %q\n  xfrdir: %[2]q\n  zonelistfile: \"%[2]s/zone.list\"\n  xfrdfile: \"%[2]s/xfrd.state\"\n  pidfile: \"\"\n  database: \"\"\n  rrl-ratelimit: 0\nremote-control:\n  control-enable: no\n%s", port, dir, lines)))
	}},
	{"knot", func(t *testing.T, dir, port, lines string) {
		startKnot(t, dir, port, strings.Replace(lines, "/var/lib/knot", dir, 1))
	}},
}

// zoneQuestions asks for all there may be at the names of a transfer, and at
// names beside, above and below of them.
func zoneQuestions(rrs []dns.RR) (questions []string) {
	names := make(map[string]bool)
	for _, rr := range rrs {
		name := rr.Header().Name
		names[name], names["a."+name], names["0"+name], names["b"+name[1:]] = true, true, true, true
		if i := strings.IndexByte(name, '.'); dns.CountLabel(name[i+1:]) >= dns.CountLabel(rrs[0].Header().Name) {
			names[name[i+1:]] = true // above, an empty non-terminal perhaps
		}
	}
	for name := range names {
		for _, qtype := range []string{"A", "AAAA", "PTR", "CNAME", "MX", "TXT", "NS", "SOA", "HTTPS"} {
			questions = append(questions, name+" "+qtype)
		}
	}
	slices.Sort(questions)
	return questions
}

// TestOracleSecondaries has other servers transfer our zones, and then compares
// what they answer with what we do: to all names, and all types.
func TestOracleSecondaries(t *testing.T) {
	_, fences := fencesOf(t, zonesDoc)
	dir := t.TempDir()
	writeZones(t, dir, fences)

	var to []string
	ports := make(map[string]string)
	for _, s := range secondaries {
		ports[s.name] = testPort(t)
		to = append(to, "127.0.0.1:"+ports[s.name])
	}
	corefile := fences[slices.IndexFunc(fences, func(f fence) bool { return f.info == "corefile" })].text
	corefile = strings.Replace(corefile, "to 192.0.2.61 192.0.2.62 192.0.2.63", "to "+strings.Join(to, " "), 1)
	ours, path, primary := serveCorefile(t, dir, corefile)
	zones := []string{"lab.example.org", "2.0.192.in-addr.arpa", "8.b.d.0.1.0.0.2.ip6.arpa"}

	for _, s := range secondaries {
		i := slices.IndexFunc(fences, func(f fence) bool { return f.info == s.name })
		if i < 0 {
			t.Fatalf("%s has no lines of %s", zonesDoc, s.name)
		}
		lines := strings.NewReplacer("192.0.2.53 port 53", "127.0.0.1 port "+ours, "192.0.2.53@53", "127.0.0.1@"+ours, "192.0.2.53", "127.0.0.1").Replace(fences[i].text)
		s.start(t, t.TempDir(), ports[s.name], lines)
	}

	compare := func(t *testing.T, serial uint32, records int) {
		total := 0
		for _, zone := range zones {
			rrs := transfer(t, ours, zone)
			if soa := rrs[0].(*dns.SOA); soa.Serial != serial {
				t.Fatalf("the serial of %s is %d, want %d", zone, soa.Serial, serial)
			}
			total += len(rrs)
			for _, s := range secondaries {
				waitForSerial(t, ports[s.name], zone, serial)
				t.Run(s.name+" "+zone, func(t *testing.T) {
					if answered := agree(t, ports[s.name], ours, zoneQuestions(rrs)); answered < len(rrs)-1 {
						t.Errorf("only %d questions got a record", answered)
					}
				})
			}
		}
		if total != records {
			t.Errorf("all transfers have %d records, want %d", total, records)
		}
	}
	compare(t, 1, 3+4+512+3+256+3+256)

	// New serials, and something new, some of it at computed names. The next refresh
	// were in two hours: what brings the secondaries to ask is a NOTIFY.
	raise := func(serial uint32, records string) {
		for _, file := range []string{"db.lab.example.org", "db.reverse"} {
			b, err := os.ReadFile(filepath.Join(dir, file))
			if err != nil {
				t.Fatal(err)
			}
			soa := fmt.Sprintf("hostmaster.example.org. %d ", serial)
			write(t, dir, file, strings.Replace(string(b), fmt.Sprintf("hostmaster.example.org. %d ", serial-1), soa, 1)+records)
		}
		for _, zone := range zones {
			waitForSerial(t, ours, zone, serial)
		}
	}
	raise(2, "new 300 TXT new\nws6 300 A 198.51.100.6\n6 300 PTR hidden.example.org.\n")
	compare(t, 2, 3+6+512+5+256+6+256)

	// Other stanzas, and the serials that say so.
	write(t, dir, filepath.Base(path), strings.Replace(corefile, "name ws{n}", "name ws{n}\n numbers 0-99", 1))
	if err := primary.reload(); err != nil {
		t.Fatal(err)
	}
	raise(3, "")
	compare(t, 3, 3+6+200+5+100+6+100)
}

// waitForSerial waits until a server has the zone with a serial.
func waitForSerial(t *testing.T, port, zone string, serial uint32) {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(100 * time.Millisecond) {
		m := ask(t, port, zone+" SOA")
		if len(m.Answer) == 1 && m.Answer[0].(*dns.SOA).Serial == serial {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("%s SOA: got %q, want the serial %d", zone, summary(m), serial)
		}
	}
}

// TestOracleCheckzone has BIND check the zones that we transfer.
func TestOracleCheckzone(t *testing.T) {
	_, fences := fencesOf(t, zonesDoc)
	dir := t.TempDir()
	writeZones(t, dir, fences)
	corefile := fences[slices.IndexFunc(fences, func(f fence) bool { return f.info == "corefile" })].text
	ours := startCorefile(t, dir, regexp.MustCompile(`(?m)to .*$`).ReplaceAllString(corefile, "to *"))
	for _, zone := range []string{"lab.example.org", "2.0.192.in-addr.arpa", "8.b.d.0.1.0.0.2.ip6.arpa"} {
		var text strings.Builder
		for _, rr := range transfer(t, ours, zone) {
			fmt.Fprintln(&text, rr)
		}
		out, err := exec.Command("named-checkzone", zone, write(t, dir, "transferred", text.String())).CombinedOutput()
		if err != nil || !strings.Contains(string(out), "loaded serial 1\nOK\n") || strings.Contains(string(out), "warning") {
			t.Errorf("named-checkzone %s: %v\n%s", zone, err, out)
		}
	}
}
