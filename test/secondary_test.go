//go:build oracle

package test

import (
	"fmt"
	"maps"
	"math/rand/v2"
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

// zonesDoc is the document with the configurations for the tests of this file.
const zonesDoc = "../docs/zones.md"

// secondary is a name server that transfers its zones from coredns.
type secondary struct {
	name string
	// start runs the server with lines of its configuration.
	start func(t *testing.T, dir, port, lines string)
}

// secondaries are the servers that the tests run.
var secondaries = []secondary{
	{"bind", func(t *testing.T, dir, port, lines string) {
		startNamed(t, dir, port, lines)
	}},
	{"nsd", func(t *testing.T, dir, port, lines string) {
		startPeer(t, port, "nsd", "-d", "-c", write(t, dir, "nsd.conf", fmt.Sprintf(`
server:
  ip-address: 127.0.0.1@%s
  username: ""
  zonesdir: %q
  xfrdir: %[2]q
  zonelistfile: "%[2]s/zone.list"
  xfrdfile: "%[2]s/xfrd.state"
  pidfile: ""
  database: ""
  rrl-ratelimit: 0
remote-control:
  control-enable: no
%s`, port, dir, lines)))
	}},
	{"knot", func(t *testing.T, dir, port, lines string) {
		startKnot(t, dir, port, strings.Replace(lines, "/var/lib/knot", dir, 1))
	}},
}

// lines returns the configuration of the secondary in zonesDoc, with the primary at a port of this
// machine.
func (s secondary) lines(t *testing.T, port string) string {
	t.Helper()
	_, fences := fencesOf(t, zonesDoc)
	i := slices.IndexFunc(fences, func(f fence) bool { return f.info == s.name })
	if i < 0 {
		t.Fatalf("%s has no configuration of %s", zonesDoc, s.name)
	}
	return strings.NewReplacer(
		"192.0.2.53 port 53", "127.0.0.1 port "+port,
		"192.0.2.53@53", "127.0.0.1@"+port,
		"192.0.2.53", "127.0.0.1",
	).Replace(fences[i].text)
}

// firstZoneRE matches the first zone in the configuration of a secondary.
var firstZoneRE = regexp.MustCompile(`(?s)(zone "|zone:\n    name: |  - domain: )lab\.example\.org` +
	`.*?(\n};|-pattern: secondary|template: secondary)\n`)

// startAll starts all secondaries, which transfer zones from a port of this machine. It returns their
// ports by name. Their configurations are those of zonesDoc, with these zones.
func startAll(t *testing.T, port string, zones []string) (ports map[string]string) {
	t.Helper()
	ports = make(map[string]string)
	for _, s := range secondaries {
		lines := s.lines(t, port)
		at := firstZoneRE.FindStringIndex(lines)
		if at == nil {
			t.Fatalf("the first zone of %s is not lab.example.org", s.name)
		}
		first, all := lines[at[0]:at[1]], lines[:at[0]]
		for _, zone := range zones {
			file := fmt.Sprintf("file %q", strings.ReplaceAll(zone, "/", "-"))
			of := strings.ReplaceAll(first, `file "lab.example.org"`, file)
			all += strings.ReplaceAll(of, "lab.example.org", zone)
		}
		ports[s.name] = testPort(t)
		s.start(t, t.TempDir(), ports[s.name], all)
	}
	for _, s := range secondaries {
		for _, zone := range zones {
			waitForSerial(t, ports[s.name], zone, 1)
		}
	}
	return ports
}

// zoneQuestions returns questions for all types of records at the names of a transfer, and at names next
// to, above and below them.
func zoneQuestions(rrs []dns.RR) (questions []string) {
	names := make(map[string]bool)
	for _, rr := range rrs {
		name := rr.Header().Name
		names[name], names["a."+name], names["0"+name], names["b"+name[1:]] = true, true, true, true
		if i := strings.IndexByte(name, '.'); dns.CountLabel(name[i+1:]) >= dns.CountLabel(rrs[0].Header().Name) {
			names[name[i+1:]] = true // above, perhaps an empty non-terminal
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

// TestOracleSecondaries transfers zones to other servers, and compares their answers with those of
// coredns, for all names and all types.
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
		s.start(t, t.TempDir(), ports[s.name], s.lines(t, ours))
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

	// Raise the serials, and store new records, some of them at computed names. The next refresh would
	// be in two hours, so only a NOTIFY message can make the secondaries ask.
	raise := func(serial uint32, records string) {
		for _, file := range []string{"db.lab.example.org", "db.reverse"} {
			b, err := os.ReadFile(filepath.Join(dir, file))
			if err != nil {
				t.Fatal(err)
			}
			before := fmt.Sprintf("hostmaster.example.org. %d ", serial-1)
			after := fmt.Sprintf("hostmaster.example.org. %d ", serial)
			write(t, dir, file, strings.Replace(string(b), before, after, 1)+records)
		}
		for _, zone := range zones {
			waitForSerial(t, ours, zone, serial)
		}
	}
	raise(2, "new 300 TXT new\nws6 300 A 198.51.100.6\n6 300 PTR hidden.example.org.\n")
	compare(t, 2, 3+6+512+5+256+6+256)

	// Change the stanza, and then raise the serials.
	write(t, dir, filepath.Base(path), strings.Replace(corefile, "name ws{n}", "name ws{n}\n        numbers 0-99", 1))
	if err := primary.reload(); err != nil {
		t.Fatal(err)
	}
	raise(3, "")
	compare(t, 3, 3+6+200+5+100+6+100)
}

// waitForSerial waits until a server has a zone with this serial.
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

// TestOracleCheckzone checks the transferred zones with named-checkzone of BIND.
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
		if err != nil || !strings.Contains(string(out), "loaded serial 1\nOK\n") ||
			strings.Contains(string(out), "warning") {
			t.Errorf("named-checkzone %s: %v\n%s", zone, err, out)
		}
	}
}

// nameQuestions returns questions for all types of records at the names of a transfer and at the names
// above them up to the zone. It adds names next to these, below these, and wildcards below these.
func nameQuestions(zone string, names ...string) (questions []string) {
	all := map[string]bool{zone + ".": true}
	for _, name := range names {
		for ; name != zone+"."; _, name, _ = strings.Cut(name, ".") {
			for _, before := range []string{"", "0", "a.", "a.b.c.", "*.", "a.*.", "*.a."} {
				all[before+name] = true
			}
			all["b"+name[1:]] = true
			if encloser, ok := strings.CutPrefix(name, "*."); ok {
				all["a."+encloser], all["a.b.c."+encloser], all["*.a."+encloser] = true, true, true
			}
		}
	}
	for name := range all {
		for _, qtype := range []string{"A", "AAAA", "PTR", "CNAME", "MX", "TXT", "NS", "SOA", "SRV", "HTTPS"} {
			questions = append(questions, name+" "+qtype)
		}
	}
	slices.Sort(questions)
	return questions
}

// owners returns the owner names of the records of a transfer, each once, without the apex.
func owners(rrs []dns.RR) (names []string) {
	for _, rr := range rrs[1:] {
		if name := rr.Header().Name; name != rrs[0].Header().Name && !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return names
}

// writeZone writes a zone file into dir. It has the records of db.empty and further lines, which may be
// indented.
func writeZone(t *testing.T, dir, name, lines string) {
	t.Helper()
	writeEmptyZone(t, dir)
	empty, err := os.ReadFile(filepath.Join(dir, "db.empty"))
	if err != nil {
		t.Fatal(err)
	}
	write(t, dir, name, string(empty)+regexp.MustCompile(`(?m)^\s+`).ReplaceAllString(lines, ""))
}

// TestOracleSecondariesOfNames compares secondaries with coredns for other kinds of names: octets,
// several labels, several names of a host, wildcards, and a classless reverse zone.
func TestOracleSecondariesOfNames(t *testing.T) {
	dir := t.TempDir()
	writeZone(t, dir, "db.rack", `
		node00.rack8        300 TXT   stored
		node01.rack8        300 A     198.51.100.1
		a.b.node02.rack8    300 TXT   below
		rack8               300 TXT   above
		rack9               300 TXT   no
		new                 300 CNAME node250.rack7
	`)
	writeZone(t, dir, "db.ip", `
		ip-10-4-0-1         300 TXT   stored
		ip-10-4-0-2         300 A     198.51.100.2
		app.ip-10-4-0-3     300 A     198.51.100.3
		web.0a040004        300 TXT   above
		below               300 CNAME a.b.ip-10-4-0-5
		other               300 CNAME *.ip-2001-db8-4--5
	`)
	zones := []string{
		"rack.example.org", "lab.example.org", "ip.example.org",
		"10.in-addr.arpa", "4.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa", "64/26.2.0.192.in-addr.arpa",
	}
	ours := startCorefile(t, dir, strings.Join(zones, " ")+` {
		transfer {
			to *
		}
		workstation rack.example.org 10.0.0.0/8 {
			name node{d:2}.rack{c} {d}-{c}.{b}.{a}.dyn h{c:x}{d:x}
			network 10.1.7.250-10.1.8.4 10.1.12.0/30
		}
		workstation lab.example.org 64/26.2.0.192.in-addr.arpa {
			name ws{n} ws{n:3} pc-{n}.office
			network 192.0.2.64/26
			numbers 90-92 98-101
			offset -90
		}
		workstation lab.example.org 64/26.2.0.192.in-addr.arpa {
			name vm{d}.r{c} *.vm{d}.r{c} ssh.vm{d}.r{c} db.int.vm{d}.r{c} *.{d}.any
			network 192.0.2.120/30
		}
		workstation ip.example.org 10.0.0.0/8 4.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa {
			name ip-{ip} *.ip-{ip} {ip:x} *.web.{ip:x}
			network 10.4.0.0/29 10.5.0.0/31 2001:db8:4::/125
		}
		file db.rack rack.example.org
		file db.ip ip.example.org
		file db.empty lab.example.org 10.in-addr.arpa 4.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa 64/26.2.0.192.in-addr.arpa
	}`)
	ports := startAll(t, ours, zones)

	for _, zone := range zones {
		rrs := transfer(t, ours, zone)
		names := owners(rrs)
		// The names of IPv6 PTR records have 32 labels, which make many questions. One name is enough.
		if strings.HasSuffix(zone, "ip6.arpa") {
			names = names[:1]
		}
		questions := nameQuestions(zone, names...)
		for _, rr := range rrs {
			questions = append(questions, rr.Header().Name+" "+dns.Type(rr.Header().Rrtype).String())
		}
		for _, s := range secondaries {
			t.Run(s.name+" "+zone, func(t *testing.T) {
				if answered := agree(t, ports[s.name], ours, questions); answered < len(rrs) {
					t.Errorf("only %d questions got a record", answered)
				}
			})
		}
	}
}

// TestOracleSecondariesAndWildcards shows where secondaries give other answers. They apply RFC 4592 to
// all names that they have. The plugin does not know the stored names, so these do not stop its
// wildcards.
func TestOracleSecondariesAndWildcards(t *testing.T) {
	dir := t.TempDir()
	writeZone(t, dir, "db.lab", `
		mail.ip-10-1-7-12      300 TXT stored
		_dns.app.ip-10-1-7-13  300 TXT stored
		both.ip-10-1-7-14      300 TXT stored
		both.ip-10-1-7-14      300 A   198.51.100.14
		alone.ip-10-1-7-15     300 A   198.51.100.15
		ip-10-1-7-15           300 TXT stored
		*.ip-10-1-7-16         300 TXT stored
		*                      300 MX  10 mail.example.net.
	`)
	ours := startCorefile(t, dir, `lab.example.org {
		transfer {
			to *
		}
		workstation {
			name ip-{ip} *.ip-{ip}
			network 10.1.7.0/24
			ttl 300
		}
		file db.lab
	}`)
	ports := startAll(t, ours, []string{"lab.example.org"})

	for _, s := range secondaries {
		t.Run(s.name, func(t *testing.T) {
			agree(t, ports[s.name], ours, []string{
				"ip-10-1-7-12.lab.example.org A", "www.ip-10-1-7-12.lab.example.org A",
				"*.ip-10-1-7-12.lab.example.org A",
				"mail.ip-10-1-7-12.lab.example.org TXT", "mail.ip-10-1-7-12.lab.example.org MX",
				"www.ip-10-1-7-13.lab.example.org A", "_dns.app.ip-10-1-7-13.lab.example.org TXT",
				"app.ip-10-1-7-13.lab.example.org TXT",
				"both.ip-10-1-7-14.lab.example.org TXT",
				"alone.ip-10-1-7-15.lab.example.org A", "a.alone.ip-10-1-7-15.lab.example.org A",
				"www.ip-10-1-7-15.lab.example.org A", "www.ip-10-1-7-15.lab.example.org TXT",
				"www.ip-10-1-7-16.lab.example.org TXT", "www.ip-10-1-7-16.lab.example.org A",
				"*.ip-10-1-7-16.lab.example.org TXT",
				"nobody.lab.example.org MX", "nobody.lab.example.org A",
			})
			differ(t, ports[s.name], ours, `
				# On a secondary, a stored name that the wildcard covers stops it for this name and the
				# names below it.
				mail.ip-10-1-7-12.lab.example.org A
					=> NOERROR
					=> NOERROR, mail.ip-10-1-7-12.lab.example.org. 300 A 10.1.7.12
				a.mail.ip-10-1-7-12.lab.example.org A
					=> NXDOMAIN
					=> NOERROR, a.mail.ip-10-1-7-12.lab.example.org. 300 A 10.1.7.12
				a.b.mail.ip-10-1-7-12.lab.example.org A
					=> NXDOMAIN
					=> NOERROR, a.b.mail.ip-10-1-7-12.lab.example.org. 300 A 10.1.7.12
				a.mail.ip-10-1-7-12.lab.example.org TXT  => NXDOMAIN => NOERROR
				# So does an empty non-terminal above a stored name.
				_dns.app.ip-10-1-7-13.lab.example.org A
					=> NOERROR
					=> NOERROR, _dns.app.ip-10-1-7-13.lab.example.org. 300 A 10.1.7.13
				app.ip-10-1-7-13.lab.example.org A
					=> NOERROR
					=> NOERROR, app.ip-10-1-7-13.lab.example.org. 300 A 10.1.7.13
				a.app.ip-10-1-7-13.lab.example.org A
					=> NXDOMAIN
					=> NOERROR, a.app.ip-10-1-7-13.lab.example.org. 300 A 10.1.7.13
				# A stored address does not help, since it is left out of the transfer.
				both.ip-10-1-7-14.lab.example.org A
					=> NOERROR
					=> NOERROR, both.ip-10-1-7-14.lab.example.org. 300 A 10.1.7.14
				# A stored wildcard applies to computed names in coredns, and does not on a secondary.
				ip-10-1-7-20.lab.example.org MX
					=> NOERROR
					=> NOERROR, ip-10-1-7-20.lab.example.org. 300 MX 10 mail.example.net.
				www.ip-10-1-7-20.lab.example.org MX
					=> NOERROR
					=> NOERROR, www.ip-10-1-7-20.lab.example.org. 300 MX 10 mail.example.net.
			`)
		})
	}
}

// pick returns a random one of some strings.
func pick(r *rand.Rand, of ...string) string { return of[r.IntN(len(of))] }

// shapes are the patterns of a stanza. Each @ is replaced by the same placeholders.
var shapes = []string{
	"@", "ws@ pc-@-a", "ws@ *.ws@", "*.ws@", "a.ws@ *.ws@", "ws@ *.x.ws@", "a.b.@ *.b.@ @", "@.dyn *.@.dyn",
	"@.a @.b *.@.b", "a.b.c.ws@ *.b.c.ws@ *.ws@", "*.a.@ *.b.@ c.@", "a.b.c.ws@ *.ws@",
}

// someStanza returns the properties of a random stanza with few hosts, and perhaps a classless reverse
// zone for it. Stanzas with different i have different addresses, and stanzas with different letters
// have different names.
func someStanza(r *rand.Rand, i int, letter string) (properties, classless string) {
	third := 6 * i // the third octet: each stanza has six of them
	v4 := fmt.Sprintf("10.1.%d.%d/30", third, 4*r.IntN(64))
	v6 := fmt.Sprintf("2001:db8:%x::/%d", i, 125+r.IntN(3))
	families := pick(r, v4, v6, v4+" "+v6)

	var placeholders, networks string
	switch r.IntN(3) {
	case 0:
		placeholders, networks = pick(r, "{n}", "{n:3}", "{x}", "{x:4}"), families+"\nnumbers 99-100\noffset -99"
	case 1:
		placeholders, networks = pick(r, "{ip}", "{ip:full}", "{ip:x}"), families
	default:
		placeholders = pick(r, "{d}-{c}", "{c}.{d}", "{d:2}.r{c:3}", "{c:x}{d:x}", "{d}.{c}.{b}.{a}",
			"{a}-{c}.x{d}-{c:x}")
		networks = v4
		if r.IntN(3) > 0 {
			networks = ""
			for at := third; at < third+6; at += 2 {
				first := 250 + r.IntN(6)
				last := first + r.IntN(6)
				networks += fmt.Sprintf("10.1.%d.%d-10.1.%d.%d ", at, first, at+last/256, last%256)
			}
		}
	}
	name := strings.ReplaceAll(pick(r, shapes...), "@", letter+placeholders)
	if placeholders == "{n}" {
		name += " ws" + letter + "{n:3} ws" + letter + "{n:2}" // some of these patterns may be the same
		name = strings.Join(slices.Compact(strings.Fields(name)), " ")
	}
	hasPTR := slices.ContainsFunc(strings.Fields(name), func(pattern string) bool { return pattern[0] != '*' })
	if hasPTR && strings.Contains(networks, fmt.Sprintf("10.1.%d.", third)) && r.IntN(2) == 0 {
		classless = fmt.Sprintf("%s.%d.1.10.in-addr.arpa", pick(r, "0-255", "some"), third)
	}
	order := pick(r, "", "stored_first\n")
	return fmt.Sprintf("name %s\nnetwork %s\nttl %d\n%s", name, networks, 60*(1+r.IntN(3)), order), classless
}

// someRecords returns random lines of a zone file, for names of the zone and names next to these. None
// of them stops a wildcard.
func someRecords(r *rand.Rand, zone string, names []string) (lines string) {
	exists, enclosers := make(map[string]bool), make(map[string]bool)
	for _, name := range names {
		if encloser, ok := strings.CutPrefix(name, "*."); ok {
			enclosers[encloser] = true
		}
		for ; name != zone+"."; _, name, _ = strings.Cut(name, ".") {
			exists[name] = true
		}
	}
	below := func(name string) bool { // reports whether a wildcard covers the name
		for _, above, more := strings.Cut(name, "."); more; _, above, more = strings.Cut(above, ".") {
			if enclosers[above] {
				return true
			}
		}
		return false
	}

	used, targets := make(map[string]bool), make(map[string]bool)
	for range 12 {
		owner := strings.TrimPrefix(pick(r, names...), "*.")
		for range r.IntN(3) {
			if _, above, _ := strings.Cut(owner, "."); above != zone+"." {
				owner = above
			}
		}
		owner = pick(r, "", "", "x.", "x.y.") + owner
		if used[owner] || !exists[owner] && below(owner) {
			continue
		}
		used[owner] = true
		records := []string{"TXT stored", "A 198.51.100.1", "AAAA 2001:db8:ffff::1", "MX 10 mail.example.net."}
		target := pick(r, names...)
		if target != owner && !targets[owner] { // otherwise aliases may form a loop
			records = append(records, "CNAME "+target, "CNAME "+target)
		}
		record := pick(r, records...)
		if strings.HasPrefix(record, "CNAME") {
			targets[target] = true
		}
		lines += fmt.Sprintf("%s 300 %s\n", owner, record)
	}
	return lines
}

// TestOracleSecondariesOfRandomZones compares secondaries with coredns for random stanzas above random
// stored records.
func TestOracleSecondariesOfRandomZones(t *testing.T) {
	r := rand.New(rand.NewPCG(2317, 4592))
	dir := t.TempDir()
	var forward []string
	reverse := []string{"1.10.in-addr.arpa", "8.b.d.0.1.0.0.2.ip6.arpa"}
	var stanzas, files strings.Builder
	for i := range 10 {
		zone := fmt.Sprintf("z%d.example.org", i)
		forward = append(forward, zone)
		fmt.Fprintf(&files, "    file db.%s %[1]s\n", zone)
		writeZone(t, dir, "db."+zone, "")
		for j, letter := range []string{"", "q"} {
			properties, classless := someStanza(r, 2*i+j, letter)
			fmt.Fprintf(&stanzas, "    workstation %s %s {\n%s}\n", zone, classless, properties)
			reverse = append(reverse, strings.Fields(classless)...)
		}
	}
	zones := slices.Concat(forward, reverse)
	corefile := fmt.Sprintf(`%s {
    transfer {
        to *
    }
%s%s    file db.empty %s
}
`, strings.Join(zones, " "), &stanzas, &files, strings.Join(reverse, " "))

	// A transfer without stored records gives the names at which records can be stored.
	computed := startCorefile(t, dir, corefile)
	for _, zone := range forward {
		writeZone(t, dir, "db."+zone, someRecords(r, zone, owners(transfer(t, computed, zone))))
	}
	ours := startCorefile(t, dir, corefile)
	ports := startAll(t, ours, zones)

	for _, zone := range zones {
		rrs := transfer(t, ours, zone)
		var questions []string
		for _, rr := range rrs {
			questions = append(questions, rr.Header().Name+" "+dns.Type(rr.Header().Rrtype).String())
		}
		names := owners(rrs)
		r.Shuffle(len(names), func(i, j int) { names[i], names[j] = names[j], names[i] })
		if strings.HasSuffix(zone, "ip6.arpa") {
			names = names[:2] // each name has 32 labels
		}
		questions = append(questions, nameQuestions(zone, names[:min(len(names), 10)]...)...)
		for _, s := range secondaries {
			t.Run(s.name+" "+zone, func(t *testing.T) {
				if answered := agree(t, ports[s.name], ours, questions); answered < len(rrs) {
					t.Errorf("only %d questions got a record", answered)
				}
			})
		}
	}
	if t.Failed() {
		t.Log(corefile)
	}
}

// exceptions are pools of few hosts. ORDER is stored_first, or nothing. The pool of first{n} never has
// it, so that pools of both orders share a zone.
const exceptions = `
	workstation lab.example.org 192.0.2.0/24 8.b.d.0.1.0.0.2.ip6.arpa {
		name ws{n}
		network 192.0.2.0/28 2001:db8::/124
		ttl 60
		ORDER
	}
	workstation lab.example.org 10.1.0.0/16 {
		name {d}.r{c} *.{d}.w{c}
		network 10.1.0.0/31 10.1.1.0/31 10.1.2.0/31 10.1.3.0/31 10.1.4.0/31 10.1.5.0/31
		ttl 60
		ORDER
	}
	workstation lab.example.org 192.0.2.0/24 {
		name first{n}
		network 192.0.2.16/29
		ttl 60
	}
	workstation lab.example.org 192.0.2.0/24 {
		name far{n}
		network 192.0.2.32/29
		ttl 60
		no_transfer
		ORDER
	}
	workstation lab.example.org 192.0.2.0/24 64/26.2.0.192.in-addr.arpa {
		name pc{n}
		network 192.0.2.64/30
		ttl 60
		ORDER
	}
`

// stored are the stored records of these zones, in both orders.
var stored = map[string]string{
	"lab.example.org": `
		ws1      300 A     203.0.113.1
		ws2      300 A     203.0.113.2
		ws2      300 A     203.0.113.3
		ws2      300 AAAA  2001:db8:ffff::2
		ws3      300 TXT   stored
		ws4      300 CNAME www
		ws5      300 TXT   stored
		ws6      300 A     203.0.113.6
		ws7      300 MX    10 ws6
		ws7      300 MX    20 ws8
		ws8      300 CNAME ws9
		www      300 A     203.0.113.80
		0.r0     300 A     203.0.113.100
		1.r0     300 CNAME 0.r0
		r1       300 TXT   above
		a.b.0.r1 300 TXT   below
		first1   300 A     203.0.113.17
		first2   300 CNAME www
		first3   300 TXT   stored
		pc0      300 A     203.0.113.64
		# Aliases of all of these.
		tested   300 CNAME ws5
		six      300 CNAME ws6
		five     300 CNAME ws4
		two      300 CNAME six
		nine     300 CNAME ws8
		deep     300 CNAME 1.r0
		second   300 CNAME first2
		third    300 CNAME first3
		*.any    300 CNAME ws6
		*.every  300 CNAME five
		old      300 DNAME lab.example.org.
		older    300 DNAME r0
		mail     300 MX    10 ws1
		mail     300 MX    20 ws5
		mail     300 MX    30 first1
		lost     300 CNAME ws300
		out      300 CNAME ws1.example.net.
		cut      300 NS    ns.cut
		cut      300 NS    ws1
		ns.cut   300 A     203.0.113.53
		# Stored records at computed names that are not transferred. They are transferred.
		far1     300 A     203.0.113.33
		far2     300 CNAME www
		far3     300 TXT   stored
	`,
	"2.0.192.in-addr.arpa": `
		1        300 PTR   gateway.example.org.
		2        300 CNAME 2.0-15
		3        300 TXT   stored
		2.0-15   300 PTR   customer.example.net.
		5        300 CNAME 17
		17       300 PTR   hidden.example.org.
		18       300 CNAME 2.0-15
		19       300 TXT   stored
		33       300 PTR   far.example.org.
		64       300 CNAME 64.64/26
		65       300 CNAME 65.64/26
		66       300 CNAME 66.64/26
		67       300 CNAME 67.64/26
		64/26    300 NS    ns.example.org.
	`,
	"64/26.2.0.192.in-addr.arpa": `
		65       300 PTR   gateway.example.org.
		66       300 TXT   stored
	`,
	"1.10.in-addr.arpa": `
		0.1      300 PTR   gateway.example.org.
		1        300 TXT   above
		0.2      300 CNAME 1.2
		a.0.3    300 TXT   below
		old      300 DNAME 1
	`,
	"8.b.d.0.1.0.0.2.ip6.arpa": `
		1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0 300 PTR gateway.example.org.
	`,
}

// storedCuts are further stored records for stored_first. Without it, queries get computed records at
// and below a cut, which no transfer can have.
var storedCuts = map[string]string{
	"lab.example.org": `
		ws9      300 NS    ns.ws9
		ns.ws9   300 A     203.0.113.9
		ws10     300 NS    ws10
		ws10     300 A     203.0.113.10
		ws11     300 NS    ws11
		ws12     300 DNAME r1
		r2       300 NS    ns.example.net.
		r2       300 NS    0.r2
		0.r2     300 A     203.0.113.20
		0.r3     300 NS    ns.0.r3
		ns.0.r3  300 A     203.0.113.30
		ns.0.r3  300 AAAA  2001:db8:ffff::30
		r4       300 DNAME example.net.
		0.r5     300 DNAME r1
		0.w3     300 NS    ns.example.net.
		w4       300 DNAME example.net.
	`,
	"2.0.192.in-addr.arpa": `
		4        300 NS    ns.example.net.
		6        300 NS    ns.6
		ns.6     300 A     203.0.113.53
	`,
	"64/26.2.0.192.in-addr.arpa": `
		67       300 NS    ns.example.net.
	`,
	"1.10.in-addr.arpa": `
		4        300 NS    ns.example.net.
		5        300 DNAME customer.example.net.
		1.3      300 NS    ns.example.net.
	`,
}

// belowAliases are names that have their answers by DNAME records or wildcards.
var belowAliases = map[string]string{
	"lab.example.org": `
		ws0.old ws1.old ws3.old ws4.old ws5.old ws6.old ws8.old ws300.old
		first1.old first2.old tested.old five.old 0.r0.old 1.r0.old r1.old
		0.older 1.older 2.older x.any x.every x.y.every
	`,
	"1.10.in-addr.arpa": "0.old 1.old 2.old",
}

// whole does what ask does, but returns more of the response: whether it is authoritative, the SOA record
// if there is no answer, and the NS records of a referral with the addresses of the name servers below
// the cut.
func whole(t *testing.T, server, question string) *dns.Msg {
	t.Helper()
	m := askServer(t, server, question)
	if len(m.Answer) > 0 {
		m.Ns = nil
	}
	for _, rr := range m.Ns {
		if rr.Header().Rrtype == dns.TypeSOA {
			rr.Header().Ttl = 0 // BIND sets it if the question was for the SOA record
		}
	}
	var glue []dns.RR
	for _, rr := range m.Extra {
		h := rr.Header()
		if len(m.Ns) > 0 && h.Rrtype != dns.TypeOPT && dns.IsSubDomain(m.Ns[0].Header().Name, h.Name) {
			glue = append(glue, rr)
		}
	}
	of := &dns.Msg{
		MsgHdr: dns.MsgHdr{Rcode: m.Rcode, Authoritative: m.Authoritative},
		Answer: m.Answer, Ns: m.Ns, Extra: glue,
	}
	for _, section := range [][]dns.RR{of.Answer, of.Ns, of.Extra} {
		slices.SortFunc(section, func(a, b dns.RR) int { return strings.Compare(a.String(), b.String()) })
	}
	return of
}

// agreeWhole does what agree does, but compares all that whole returns.
func agreeWhole(t *testing.T, theirs, ours string, questions []string) (answered int) {
	t.Helper()
	for _, q := range questions {
		their, our := whole(t, theirs, q), whole(t, ours, q)
		if their.String() != our.String() {
			t.Errorf("%s: got\n%v\nwant\n%v", q, our, their)
		}
		if len(our.Answer) > 0 {
			answered++
		}
	}
	return answered
}

// farAway matches questions for which a secondary may have another answer: those for names of far{n}, and
// those with an answer that continues in another zone. NSD follows it there, and BIND and Knot do not.
var farAway = regexp.MustCompile(`^(far|33[.]2[.]0[.]192[.]|6[4-7][.]2[.]0[.]192[.])`)

// TestOracleSecondariesOfExceptions stores records of all kinds at, above and below computed names, and
// aliases of these names. With and without stored_first, each secondary gives the same whole answer as
// coredns. Wildcards at computed names are in TestOracleSecondariesAndWildcards.
func TestOracleSecondariesOfExceptions(t *testing.T) {
	for _, order := range []string{"computed first", "stored_first"} {
		t.Run(order, func(t *testing.T) {
			dir := t.TempDir()
			zones := slices.Sorted(maps.Keys(stored))
			list := strings.Join(zones, " ")
			lines, property, away := stored, "", `
				far1.lab.example.org
					=> NOERROR, far1.lab.example.org. 300 A 203.0.113.33
					=> NOERROR, far1.lab.example.org. 60 A 192.0.2.33
				far2.lab.example.org
					=> NOERROR, far2.lab.example.org. 300 CNAME www.lab.example.org.,
						www.lab.example.org. 300 A 203.0.113.80
					=> NOERROR, far2.lab.example.org. 60 A 192.0.2.34
				far2.lab.example.org TXT => NOERROR, far2.lab.example.org. 300 CNAME www.lab.example.org. => NOERROR
				-x 192.0.2.33
					=> NOERROR, 33.2.0.192.in-addr.arpa. 300 PTR far.example.org.
					=> NOERROR, 33.2.0.192.in-addr.arpa. 60 PTR far1.lab.example.org.
			`
			if order == "stored_first" {
				lines, property, away = make(map[string]string), order, ""
				for zone := range stored {
					lines[zone] = stored[zone] + storedCuts[zone]
				}
			}
			corefile := list + ` {
	transfer {
		to *
	}
` + strings.ReplaceAll(exceptions, "ORDER", property)
			writeEmptyZone(t, dir)
			computed := startCorefile(t, dir, corefile+"file db.empty "+list+"\n}")
			comments := regexp.MustCompile(`(?m)^\s*#.*\n`)
			for i, zone := range zones {
				writeZone(t, dir, fmt.Sprintf("db.%d", i), comments.ReplaceAllString(lines[zone], ""))
				corefile += fmt.Sprintf("file db.%d %s\n", i, zone)
			}
			ours := startCorefile(t, dir, corefile+"}")
			ports := startAll(t, ours, zones)

			for _, zone := range zones {
				rrs := transfer(t, ours, zone)
				// Include the names that are not transferred because of stored records.
				names := slices.Concat(owners(rrs), owners(transfer(t, computed, zone)))
				if strings.HasSuffix(zone, "ip6.arpa") {
					names = names[:2] // each name has 32 labels
				}
				for below := range strings.FieldsSeq(belowAliases[zone]) {
					names = append(names, below+"."+zone+".")
				}
				questions := nameQuestions(zone, names...)
				for _, rr := range rrs {
					questions = append(questions, rr.Header().Name+" "+dns.Type(rr.Header().Rrtype).String())
				}
				slices.Sort(questions)
				questions = slices.DeleteFunc(slices.Compact(questions), farAway.MatchString)
				for _, s := range secondaries {
					t.Run(s.name+" "+zone, func(t *testing.T) {
						if answered := agreeWhole(t, ports[s.name], ours, questions); answered < len(rrs)-20 {
							t.Errorf("only %d questions got a record, and there are %d records", answered, len(rrs))
						}
					})
				}
			}
			for _, s := range secondaries {
				t.Run(s.name, func(t *testing.T) {
					differ(t, ports[s.name], ours, away+`
						far0.lab.example.org     => NXDOMAIN => NOERROR, far0.lab.example.org. 60 A 192.0.2.32
						far0.lab.example.org TXT => NXDOMAIN => NOERROR
						far3.lab.example.org     => NOERROR  => NOERROR, far3.lab.example.org. 60 A 192.0.2.35
						-x 192.0.2.32
							=> NXDOMAIN
							=> NOERROR, 32.2.0.192.in-addr.arpa. 60 PTR far0.lab.example.org.
					`)
					agreed := []string{
						"far1.lab.example.org TXT", "far3.lab.example.org TXT", "far8.lab.example.org A",
						"a.far1.lab.example.org A",
					}
					if order == "stored_first" {
						agreed = append(agreed,
							"far1.lab.example.org A", "far2.lab.example.org A", "far2.lab.example.org TXT",
							"-x 192.0.2.33")
					}
					agreeWhole(t, ports[s.name], ours, agreed)

					for n := 64; n < 68; n++ {
						alias := fmt.Sprintf("%d.2.0.192.in-addr.arpa", n)
						target := fmt.Sprintf("%d.64/26.2.0.192.in-addr.arpa", n)
						if order != "stored_first" {
							agreeWhole(t, ports[s.name], ours,
								[]string{alias + " PTR", alias + " CNAME", alias + " TXT"})
							continue
						}
						want := slices.Concat(
							ask(t, ports[s.name], alias+" CNAME").Answer,
							ask(t, ports[s.name], target+" PTR").Answer)
						got := whole(t, ours, alias+" PTR")
						if data(got.Answer) != data(want) || got.Rcode != dns.RcodeSuccess {
							t.Errorf("%s PTR: got\n%v\nwant\n%v", alias, got, want)
						}
					}
					for _, q := range []string{
						"mail.lab.example.org MX", "ws7.lab.example.org MX", "a.cut.lab.example.org A",
					} {
						agreeOnAddresses(t, ports[s.name], ours, q)
					}
				})
			}
		})
	}
}

// agreeOnAddresses asks coredns, and compares the addresses of the additional section with the answers of
// another server for each of these names.
func agreeOnAddresses(t *testing.T, theirs, ours, question string) {
	t.Helper()
	d, err := parseDig(strings.Fields(question), ours)
	if err != nil {
		t.Fatal(err)
	}
	m, err := d.ask()
	if err != nil {
		t.Fatal(err)
	}
	var want []dns.RR
	for _, rr := range slices.Concat(m.Answer, m.Ns) {
		target := rdata(rr)[strings.LastIndexByte(rdata(rr), ' ')+1:]
		for _, qtype := range []string{" A", " AAAA"} {
			their := whole(t, theirs, target+qtype)
			for _, rr := range slices.Concat(their.Answer, their.Extra) {
				h := rr.Header()
				isWanted := h.Rrtype != dns.TypeCNAME && dns.Type(h.Rrtype).String() == qtype[1:]
				if isWanted && strings.EqualFold(h.Name, target) {
					want = append(want, rr)
				}
			}
		}
	}
	if data(m.Extra) != data(want) || len(want) == 0 {
		t.Errorf("%s: got the addresses\n%v\nwant\n%v", question, m.Extra, want)
	}
}
