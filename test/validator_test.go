//go:build oracle

package test

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/miekg/dns"
)

// In the tests of this file, dnssec signs the answers of workstation and file, and other software
// validates them. The commands and configurations are those of docs/dnssec.md. Debian's packages are
// bind9, bind9-dnsutils, bind9-utils and unbound.

// signedZones is a directory for the commands of docs/dnssec.md.
type signedZones struct {
	dir    string
	fences []fence  // of the document
	keys   []string // the names of the keys, which have the numbers 12345 and 23456 in the document
	zones  []string // the zones that replace those of the document
}

// documented are the zones of the document.
var documented = []string{"lab.example.org", "0.10.in-addr.arpa", "8.b.d.0.1.0.0.2.ip6.arpa"}

// newSignedZones writes the document's zone files, and makes its key.
func newSignedZones(t *testing.T) *signedZones {
	t.Helper()
	z := &signedZones{dir: t.TempDir(), zones: documented}
	_, z.fences = fencesOf(t, "../docs/dnssec.md")
	writeZones(t, z.dir, z.fences)
	z.newKey(t)
	return z
}

// text returns the nth block of the document with this info. The keys and zones replace those of the
// document.
func (z *signedZones) text(t *testing.T, info string, n int) string {
	t.Helper()
	for _, f := range z.fences {
		if f.info != info {
			continue
		}
		if n--; n < 0 {
			text := f.text
			for i, tag := range []string{"12345", "23456"}[:len(z.keys)] {
				text = strings.ReplaceAll(text, "Klab.example.org.+013+"+tag, z.keys[i])
			}
			text = eachZoneRE.ReplaceAllStringFunc(text, z.eachZone)
			return strings.Replace(text, strings.Join(documented, " ")+";", strings.Join(z.zones, " ")+";", 1)
		}
	}
	t.Fatalf("docs/dnssec.md has too few blocks %q", info)
	return ""
}

// eachZoneRE matches the zones in the configuration of a resolver.
var eachZoneRE = regexp.MustCompile(`(?m)(^stub-zone:\n    name: .*\n    stub-addr: .*\n|` +
	`^zone \S+ +\{ type forward; .*\n)+`)

// eachZone repeats the first zone in the configuration of a resolver for each zone.
func (z *signedZones) eachZone(text string) (all string) {
	first, _, _ := strings.Cut(text, "\nstub-zone:")
	first, _, _ = strings.Cut(first, "\nzone ")
	for _, zone := range z.zones {
		all += strings.Replace(strings.TrimSuffix(first, "\n"), "lab.example.org", strconv.Quote(zone), 1) + "\n"
	}
	return all
}

// run runs the commands of the nth block sh, which ask the server on port. It returns their output.
func (z *signedZones) run(t *testing.T, n int, port string) string {
	t.Helper()
	commands := strings.ReplaceAll(z.text(t, "sh", n), "@127.0.0.1", "@127.0.0.1 -p "+port)
	cmd := exec.Command("sh", "-eu", "-c", commands)
	var stderr strings.Builder
	cmd.Dir, cmd.Stderr = z.dir, &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%s\n%s%s%v", commands, out, &stderr, err)
	}
	return string(out)
}

// newKey makes a key: the first one, and at the second call the second one.
func (z *signedZones) newKey(t *testing.T) {
	t.Helper()
	z.keys = append(z.keys, strings.TrimSpace(z.run(t, 0, "")))
}

// trust makes the trust anchors of all validators, from the keys that the server on port has.
func (z *signedZones) trust(t *testing.T, port string) {
	t.Helper()
	z.run(t, 1, port)
	z.run(t, 2, port)
}

// unbound starts Unbound, which asks the server on port. oldnew replaces text of the document's
// configuration.
func (z *signedZones) unbound(t *testing.T, port string, oldnew ...string) validator {
	t.Helper()
	p := testPort(t)
	conf := fmt.Sprintf(`server:
    directory: %q
    chroot: ""
    username: ""
    pidfile: ""
    use-syslog: no
    interface: 127.0.0.1@%s
    do-ip6: no
`, z.dir, p) +
		strings.NewReplacer(append(oldnew, "@53", "@"+port)...).Replace(z.text(t, "unbound", 0))
	startPeer(t, p, "unbound", "-d", "-c", write(t, z.dir, "unbound.conf-"+p, conf))
	return resolver(p)
}

// named starts BIND in the same way.
func (z *signedZones) named(t *testing.T, port string, oldnew ...string) validator {
	t.Helper()
	p := testPort(t)
	options := fmt.Sprintf(`options {
    directory %q;
    listen-on port %s { 127.0.0.1; };
    listen-on-v6 { none; };
    pid-file none;
    session-keyfile none;`, z.dir, p)
	replacer := strings.NewReplacer(append(oldnew, " port 53", " port "+port, "options {", options)...)
	conf := "controls {};\n" + replacer.Replace(z.text(t, "named", 0))
	startPeer(t, p, "named", "-g", "-c", write(t, z.dir, "named.conf-"+p, conf))
	return resolver(p)
}

// A validator asks a question, which is arguments of dig. It returns the verdict on the answer (secure,
// insecure or bogus, see RFC 4033) and the records.
type validator func(t *testing.T, question string) string

// resolver returns the validator for a validating resolver on port.
func resolver(port string) validator {
	return func(t *testing.T, question string) string {
		t.Helper()
		query := func(option string) *dns.Msg {
			d, err := parseDig(append(strings.Fields(question), "+dnssec", option), port)
			if err != nil {
				t.Fatal(err)
			}
			m, err := d.ask()
			if err != nil {
				t.Fatalf("dig -p %s %s: %v", port, question, err)
			}
			return m
		}
		m := query("+time=30")
		verdict := "insecure"
		switch {
		case m.AuthenticatedData:
			verdict = "secure"
		case m.Rcode == dns.RcodeServerFailure:
			// If the failure disappears without validation, the signatures are at fault.
			if m := query("+cdflag"); m.Rcode != dns.RcodeServerFailure {
				return "bogus"
			}
			return "no answer"
		}
		if m.Rcode != dns.RcodeSuccess {
			verdict += " " + dns.RcodeToString[m.Rcode]
		}
		return verdict + data(m.Answer)
	}
}

// delv returns the validator delv, which asks the server on port.
func (z *signedZones) delv(port string) validator {
	return func(t *testing.T, question string) string {
		t.Helper()
		d, err := parseDig(strings.Fields(question), port)
		if err != nil {
			t.Fatal(err)
		}
		q := d.msg.Question[0]
		qtype := dns.Type(q.Qtype).String()
		command := strings.NewReplacer(
			"@127.0.0.1", "@127.0.0.1 -p "+port,
			"root=lab.example.org workstation17.lab.example.org", "root="+z.zoneOf(q.Name)+" "+q.Name+" "+qtype,
		).Replace(z.text(t, "sh", 3))
		cmd := exec.Command("sh", "-c", command)
		cmd.Dir = z.dir
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Fatalf("%s\n%s%v", command, out, err)
		}
		verdict := "bogus"
		var rrs []dns.RR
		for line := range strings.Lines(string(out)) {
			switch line = strings.TrimSpace(line); {
			case line == "; fully validated", line == "; negative response, fully validated":
				verdict = "secure"
			case line == "; unsigned answer", line == "; negative response, unsigned answer":
				verdict = "insecure"
			case line == "" || line[0] == ';':
			default:
				rr, err := dns.NewRR(line)
				if err != nil {
					t.Fatalf("%s\n%s%v", command, out, err)
				}
				rrs = append(rrs, rr)
			}
		}
		return verdict + data(rrs)
	}
}

// zoneOf returns the closest zone above name.
func (z *signedZones) zoneOf(name string) string {
	closest := "."
	for _, zone := range z.zones {
		if dns.IsSubDomain(zone+".", name) && len(zone) >= len(closest) {
			closest = zone + "."
		}
	}
	return closest
}

// check asks a validator the questions of a table, and returns how many there are. The answers are
// verdicts and records. It ignores case, because a cache keeps the case of the first query for a name.
func (v validator) check(t *testing.T, table string) (questions int) {
	t.Helper()
	rows, err := tableRows(table)
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range rows {
		if len(row) != 2 {
			t.Fatalf("%q is not QUESTION => ANSWER", row)
		}
		if got := v(t, row[0]); !strings.EqualFold(got, row[1]) {
			t.Errorf("%s: got %q, want %q", row[0], got, row[1])
		}
	}
	return len(rows)
}

// everyKind is a table of questions of every kind.
const everyKind = `
	# computed
	workstation17.lab.example.org       => secure, A 10.0.0.17
	node17.lab.example.org AAAA         => secure, AAAA 2001:db8::11
	-x 10.0.3.5                         => secure, PTR workstation773.lab.example.org.
	-x 2001:db8::11                     => secure, PTR node17.lab.example.org.
	# no such data at a computed name
	workstation17.lab.example.org AAAA  => secure
	workstation17.lab.example.org TXT   => secure
	workstation17.lab.example.org HTTPS => secure
	workstation17.lab.example.org MX    => secure
	node17.lab.example.org A            => secure
	-x 10.0.3.6 TXT                     => secure
	-x 10.0.3.6 A                       => secure
	-x 2001:db8::12 TXT                 => secure
	# no such name, which dnssec says of no name: it has no such data
	workstation1024.lab.example.org     => secure
	workstation017.lab.example.org      => secure
	a.workstation17.lab.example.org     => secure
	-x 10.0.4.0                         => secure
	1.5.3.0.10.in-addr.arpa PTR         => secure
	-x 2001:db8:0:1::                   => secure
	# apex
	lab.example.org SOA                 => secure, SOA ns.example.org. hostmaster.example.org. 1 7200 1800 86400 300
	lab.example.org NS                  => secure, NS ns.example.org.
	lab.example.org DNSKEY              => secure, DNSKEY
	lab.example.org CAA                 => secure, CAA 0 issue ";"
	lab.example.org A                   => secure
	0.10.in-addr.arpa SOA               => secure, SOA ns.example.org. hostmaster.example.org. 1 7200 1800 86400 300
	0.10.in-addr.arpa NS                => secure, NS ns.example.org.
	0.10.in-addr.arpa DNSKEY            => secure, DNSKEY
	0.10.in-addr.arpa PTR               => secure
	8.b.d.0.1.0.0.2.ip6.arpa SOA        => secure, SOA ns.example.org. hostmaster.example.org. 1 7200 1800 86400 300
	8.b.d.0.1.0.0.2.ip6.arpa DNSKEY     => secure, DNSKEY
	8.b.d.0.1.0.0.2.ip6.arpa PTR        => secure
	# empty non-terminals
	floor2.lab.example.org              => secure
	3.0.10.in-addr.arpa PTR             => secure
	0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa A  => secure
	# stored
	printer.floor2.lab.example.org      => secure, A 198.51.100.26
	mail.lab.example.org MX             => secure, MX 10 mail.lab.example.org.
	mail.lab.example.org AAAA           => secure
	# stored, with computed targets
	build.lab.example.org               => secure, A 10.0.0.17, CNAME workstation17.lab.example.org.
	build.lab.example.org AAAA          => secure, CNAME workstation17.lab.example.org.
	build.lab.example.org CNAME         => secure, CNAME workstation17.lab.example.org.
	# with a target that does not exist
	away.lab.example.org                => secure, CNAME nowhere.lab.example.org.
	# no delegations
	workstation18.lab.example.org DS    => secure
	workstation18.lab.example.org       => secure, A 10.0.0.18
	-x 10.0.3.7 DS                      => secure
	-x 10.0.3.7                         => secure, PTR workstation775.lab.example.org.
	# in any case
	WorkStation19.LAB.example.ORG       => secure, A 10.0.0.19
	WorkStation19.LAB.example.ORG AAAA  => secure
	BUILD.lab.EXAMPLE.org               => secure, A 10.0.0.17, CNAME workstation17.lab.example.org.
	7.3.0.10.IN-ADDR.arpa TXT           => secure
	# any of the records
	workstation20.lab.example.org ANY   => secure, A 10.0.0.20
	-x 10.0.3.20 ANY                    => secure, PTR workstation788.lab.example.org.
`

// signed starts coredns with the document's Corefile, and makes its trust anchors. It returns the port.
// oldnew replaces text of the Corefile.
func (z *signedZones) signed(t *testing.T, oldnew ...string) (port string) {
	t.Helper()
	corefile := z.text(t, "corefile", 0)
	for i := 0; i < len(oldnew); i += 2 {
		if !strings.Contains(corefile, oldnew[i]) {
			t.Fatalf("the Corefile has no %q", oldnew[i])
		}
	}
	port = startCorefile(t, z.dir, strings.NewReplacer(oldnew...).Replace(corefile))
	z.trust(t, port)
	return port
}

// validators are the validators of the tests. Each has its own cache, or none.
var validators = []struct {
	name  string
	start func(z *signedZones, t *testing.T, port string) validator
}{
	{"delv", func(z *signedZones, _ *testing.T, port string) validator { return z.delv(port) }},
	{"Unbound", func(z *signedZones, t *testing.T, port string) validator { return z.unbound(t, port) }},
	{"BIND", func(z *signedZones, t *testing.T, port string) validator { return z.named(t, port) }},
}

// TestOracleValidators checks that all validators find the answers secure.
func TestOracleValidators(t *testing.T) {
	z := newSignedZones(t)
	port := z.signed(t)
	for _, v := range validators {
		t.Run(v.name, func(t *testing.T) { v.start(z, t, port).check(t, everyKind) })
	}
}

// TestOracleValidatorsCache has cache above dnssec, where it saves signing. Answers from the cache are
// secure, too. The metrics show that they come from the cache.
func TestOracleValidatorsCache(t *testing.T) {
	z := newSignedZones(t)
	metrics := testPort(t)
	port := z.signed(t, "errors\n", "errors\n    cache\n    prometheus 127.0.0.1:"+metrics+"\n")
	delv := z.delv(port)
	delv.check(t, everyKind)
	before := cacheHits(t, metrics)
	questions := delv.check(t, everyKind)
	if hits := cacheHits(t, metrics) - before; hits < questions {
		t.Errorf("%d answers of the second pass came from the cache, want %d or more", hits, questions)
	}
	for _, v := range validators[1:] {
		t.Run(v.name, func(t *testing.T) { v.start(z, t, port).check(t, everyKind) })
	}
}

// aloneZones are the zones of alone. One lies inside another, and one is classless (RFC 2317).
var aloneZones = []string{
	"lab.example.org", "floor.lab.example.org",
	"0.10.in-addr.arpa", "8.b.d.0.1.0.0.2.ip6.arpa", "64/26.2.0.192.in-addr.arpa",
}

// alone is a server block in which no plugin follows workstation. It lacks its zones.
const alone = ` {
	errors
	rewrite type DS DLV
	dnssec {
		key file $KEY
	}
	workstation lab.example.org 0.10.in-addr.arpa {
		network 10.0.0.0/22
	}
	workstation lab.example.org 8.b.d.0.1.0.0.2.ip6.arpa {
		name node{n}
		network 2001:db8::/64
	}
	workstation lab.example.org 0.10.in-addr.arpa {
		name {d}.r{c} *.{d}.r{c}
		network 10.0.8.0/22
		ttl 60
	}
	workstation floor.lab.example.org 0.10.in-addr.arpa {
		name ws{n}
		network 10.0.16.0/24
	}
	workstation lab.example.org 64/26.2.0.192.in-addr.arpa {
		name pc{n}
		network 192.0.2.64/26
	}
}`

// everyKindAlone is a table of questions of every kind for aloneZones. $SERIAL is their serial.
const everyKindAlone = `
	# computed
	workstation17.lab.example.org       => secure, A 10.0.0.17
	node17.lab.example.org AAAA         => secure, AAAA 2001:db8::11
	7.r9.lab.example.org                => secure, A 10.0.9.7
	a.7.r9.lab.example.org              => secure, A 10.0.9.7
	a.b.7.r9.lab.example.org            => secure, A 10.0.9.7
	*.7.r9.lab.example.org              => secure, A 10.0.9.7
	ws5.floor.lab.example.org           => secure, A 10.0.16.5
	pc0.lab.example.org                 => secure, A 192.0.2.64
	-x 10.0.3.5                         => secure, PTR workstation773.lab.example.org.
	-x 10.0.9.7                         => secure, PTR 7.r9.lab.example.org.
	-x 10.0.16.5                        => secure, PTR ws5.floor.lab.example.org.
	-x 2001:db8::11                     => secure, PTR node17.lab.example.org.
	65.64/26.2.0.192.in-addr.arpa PTR   => secure, PTR pc1.lab.example.org.
	# no such data at a computed name
	workstation17.lab.example.org AAAA  => secure
	workstation17.lab.example.org TXT   => secure
	workstation18.lab.example.org HTTPS => secure
	node17.lab.example.org A            => secure
	a.7.r9.lab.example.org AAAA         => secure
	ws5.floor.lab.example.org TXT       => secure
	-x 10.0.3.6 TXT                     => secure
	-x 2001:db8::12 A                   => secure
	66.64/26.2.0.192.in-addr.arpa TXT   => secure
	# no such name, which dnssec says of no name: it has no such data
	workstation1024.lab.example.org     => secure
	nowhere.lab.example.org MX          => secure
	a.workstation17.lab.example.org     => secure
	a.*.7.r9.lab.example.org            => secure
	7.r12.lab.example.org               => secure
	ws256.floor.lab.example.org         => secure
	-x 10.0.4.0                         => secure
	-x 2001:db8:0:1::                   => secure
	63.64/26.2.0.192.in-addr.arpa PTR   => secure
	# apex
	lab.example.org SOA                 => secure,
		SOA ns.dns.lab.example.org. hostmaster.lab.example.org. $SERIAL 7200 1800 86400 60
	lab.example.org DNSKEY              => secure, DNSKEY
	lab.example.org A                   => secure
	lab.example.org NS                  => secure
	floor.lab.example.org SOA           => secure,
		SOA ns.dns.floor.lab.example.org. hostmaster.floor.lab.example.org. $SERIAL 7200 1800 86400 300
	floor.lab.example.org DNSKEY        => secure, DNSKEY
	floor.lab.example.org TXT           => secure
	0.10.in-addr.arpa SOA               => secure,
		SOA ns.dns.0.10.in-addr.arpa. hostmaster.0.10.in-addr.arpa. $SERIAL 7200 1800 86400 60
	0.10.in-addr.arpa PTR               => secure
	8.b.d.0.1.0.0.2.ip6.arpa SOA        => secure,
		SOA ns.dns.8.b.d.0.1.0.0.2.ip6.arpa. hostmaster.8.b.d.0.1.0.0.2.ip6.arpa. $SERIAL 7200 1800 86400 300
	8.b.d.0.1.0.0.2.ip6.arpa PTR        => secure
	64/26.2.0.192.in-addr.arpa SOA      => secure,
		SOA ns.dns.64/26.2.0.192.in-addr.arpa. hostmaster.64/26.2.0.192.in-addr.arpa. $SERIAL 7200 1800 86400 300
	64/26.2.0.192.in-addr.arpa NS       => secure
	# empty non-terminals
	r9.lab.example.org                  => secure
	r9.lab.example.org TXT              => secure
	3.0.10.in-addr.arpa PTR             => secure
	0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa A  => secure
	# no delegations
	workstation18.lab.example.org DS    => secure
	workstation18.lab.example.org       => secure, A 10.0.0.18
	-x 10.0.3.7 DS                      => secure
	-x 10.0.3.7                         => secure, PTR workstation775.lab.example.org.
	# in any case
	WorkStation19.LAB.example.ORG       => secure, A 10.0.0.19
	NOWHERE.lab.EXAMPLE.org AAAA        => secure
	# any of the records
	workstation20.lab.example.org ANY   => secure, A 10.0.0.20
	-x 10.0.3.20 ANY                    => secure, PTR workstation788.lab.example.org.
`

// TestOracleValidatorsAlone has dnssec above workstation, and no plugin after it. There is no zone file.
// dnssec signs the SOA records and denials of this plugin, too.
func TestOracleValidatorsAlone(t *testing.T) {
	z := newSignedZones(t)
	z.zones = aloneZones
	port := startCorefile(t, z.dir, strings.Join(z.zones, " ")+strings.Replace(alone, "$KEY", z.keys[0], 1))
	z.trust(t, port)
	m := ask(t, port, "lab.example.org SOA")
	if len(m.Answer) != 1 {
		t.Fatalf("the zone has no SOA record: %s", summary(m))
	}
	serial := strconv.Itoa(int(m.Answer[0].(*dns.SOA).Serial))
	table := strings.ReplaceAll(everyKindAlone, "$SERIAL", serial)
	t.Run("delv", func(t *testing.T) { z.delv(port).check(t, table) })
	t.Run("Unbound", func(t *testing.T) {
		const aggressive = "    aggressive-nsec: no\n"
		z.unbound(t, port, aggressive, aggressive+"    local-zone: 2.0.192.in-addr.arpa nodefault\n").check(t, table)
	})
	t.Run("BIND", func(t *testing.T) { z.named(t, port).check(t, table) })
}

// cacheHits returns how many answers came from the cache of coredns.
func cacheHits(t *testing.T, port string) (hits int) {
	t.Helper()
	hitsRE := regexp.MustCompile(`(?m)^coredns_cache_hits_total\{.*\} (\d+)$`)
	for _, m := range hitsRE.FindAllSubmatch(scrape(t, port), -1) {
		n, err := strconv.Atoi(string(m[1]))
		if err != nil {
			t.Fatal(err)
		}
		hits += n
	}
	return hits
}

// spoiler is a DNS server between a validator and coredns, which can change answers.
type spoiler struct {
	upstream string
	spoil    atomic.Pointer[func(*dns.Msg)]
}

// startSpoiler starts a spoiler in front of the server on the port upstream. It returns the port of the
// spoiler, which changes nothing until spoil is set.
func startSpoiler(t *testing.T, upstream string) (*spoiler, string) {
	t.Helper()
	s, port := &spoiler{upstream: "127.0.0.1:" + upstream}, testPort(t)
	l, err := net.Listen("tcp", "127.0.0.1:"+port)
	if err != nil {
		t.Fatal(err)
	}
	p, err := net.ListenPacket("udp", "127.0.0.1:"+port)
	if err != nil {
		t.Fatal(err)
	}
	for _, server := range []*dns.Server{{Listener: l, Handler: s}, {PacketConn: p, Handler: s}} {
		started := make(chan struct{})
		server.NotifyStartedFunc = func() { close(started) }
		go server.ActivateAndServe()
		<-started
		t.Cleanup(func() { server.Shutdown() })
	}
	return s, port
}

// ServeDNS implements dns.Handler. It does not change DNSKEY and DS records, so that the verdict is only
// about the answer itself.
func (s *spoiler) ServeDNS(w dns.ResponseWriter, r *dns.Msg) {
	c := &dns.Client{Net: w.LocalAddr().Network(), Timeout: 10 * time.Second}
	m, _, err := c.Exchange(r, s.upstream)
	if err != nil {
		m = new(dns.Msg).SetRcode(r, dns.RcodeServerFailure)
	}
	qtype := r.Question[0].Qtype
	if spoil := s.spoil.Load(); spoil != nil && qtype != dns.TypeDNSKEY && qtype != dns.TypeDS {
		(*spoil)(m)
	}
	w.WriteMsg(m)
}

// flip changes one bit of each signature.
func flip(m *dns.Msg) {
	for _, rr := range append(slices.Clone(m.Answer), m.Ns...) {
		if sig, ok := rr.(*dns.RRSIG); ok {
			b, _ := base64.StdEncoding.DecodeString(sig.Signature)
			b[7] ^= 1
			sig.Signature = base64.StdEncoding.EncodeToString(b)
		}
	}
}

// forge changes the data of the records, but not their signatures.
func forge(m *dns.Msg) {
	for _, rr := range append(slices.Clone(m.Answer), m.Ns...) {
		switch rr := rr.(type) {
		case *dns.A:
			rr.A[len(rr.A)-1] ^= 1
		case *dns.AAAA:
			rr.AAAA[15] ^= 1
		case *dns.PTR:
			rr.Ptr = "forged." + rr.Ptr
		case *dns.CNAME:
			rr.Target = "mail.lab.example.org."
		case *dns.MX:
			rr.Preference++
		case *dns.NS:
			rr.Ns = "forged." + rr.Ns
		case *dns.CAA:
			rr.Value = "forged.example.org"
		case *dns.NSEC:
			rr.TypeBitMap = slices.DeleteFunc(rr.TypeBitMap, func(t uint16) bool { return t == dns.TypeLOC })
		}
	}
}

// strip removes the signatures.
func strip(m *dns.Msg) {
	signature := func(rr dns.RR) bool { return rr.Header().Rrtype == dns.TypeRRSIG }
	m.Answer, m.Ns = slices.DeleteFunc(m.Answer, signature), slices.DeleteFunc(m.Ns, signature)
}

// deny turns an empty answer into a denial of the name.
func deny(m *dns.Msg) {
	if len(m.Answer) == 0 {
		m.Rcode = dns.RcodeNameError
	}
}

// eachKind is a table of one or two questions of each kind. All answers are bogus.
const eachKind = `
	workstation17.lab.example.org       => bogus
	node17.lab.example.org AAAA         => bogus
	-x 10.0.3.5                         => bogus
	-x 2001:db8::11                     => bogus
	workstation18.lab.example.org AAAA  => bogus
	workstation18.lab.example.org TXT   => bogus
	-x 10.0.3.6 TXT                     => bogus
	-x 2001:db8::12 TXT                 => bogus
	workstation1024.lab.example.org     => bogus
	-x 10.0.4.0                         => bogus
	lab.example.org NS                  => bogus
	lab.example.org CAA                 => bogus
	lab.example.org A                   => bogus
	0.10.in-addr.arpa PTR               => bogus
	floor2.lab.example.org              => bogus
	3.0.10.in-addr.arpa PTR             => bogus
	printer.floor2.lab.example.org      => bogus
	mail.lab.example.org MX             => bogus
	build.lab.example.org               => bogus
	build.lab.example.org AAAA          => bogus
	WorkStation19.LAB.example.ORG       => bogus
	WorkStation19.LAB.example.ORG AAAA  => bogus
	workstation20.lab.example.org ANY   => bogus
`

// TestOracleValidatorsSpoiled checks that validators reject changed answers.
func TestOracleValidatorsSpoiled(t *testing.T) {
	z := newSignedZones(t)
	s, port := startSpoiler(t, z.signed(t))
	for _, spoilt := range []struct {
		name  string
		spoil func(*dns.Msg)
		table string
	}{
		{"flipped", flip, eachKind},
		{"forged", forge, eachKind},
		{"stripped", strip, eachKind},
		{"denied", deny, `
			workstation18.lab.example.org AAAA => bogus
			workstation18.lab.example.org TXT  => bogus
			workstation1024.lab.example.org    => bogus
			lab.example.org A                  => bogus
		`},
	} {
		for _, v := range validators {
			t.Run(spoilt.name+"/"+v.name, func(t *testing.T) {
				s.spoil.Store(nil)
				ask, table := v.start(z, t, port), spoilt.table
				s.spoil.Store(&spoilt.spoil)
				if spoilt.name == "denied" && v.name == "Unbound" {
					// Unbound believes the NSEC record, and corrects the status.
					table = strings.ReplaceAll(table, "bogus", "secure")
				}
				ask.check(t, table)
			})
		}
	}
}

// TestOracleValidatorsDS shows why the document rewrites the type DS. Without this, dnssec says that each
// name below the apex is a separate zone, which is not signed. So an attacker can remove the signatures
// and change the records. The answer is not secure, but validators do not reject it either.
func TestOracleValidatorsDS(t *testing.T) {
	z := newSignedZones(t)
	s, port := startSpoiler(t, z.signed(t, "    rewrite type DS DLV\n", ""))
	for _, v := range validators {
		t.Run(v.name, func(t *testing.T) {
			s.spoil.Store(nil)
			ask := v.start(z, t, port)
			ask.check(t, everyKind)
		})
		t.Run(v.name+"/stripped", func(t *testing.T) {
			s.spoil.Store(nil)
			ask, spoil := v.start(z, t, port), func(m *dns.Msg) { forge(m); strip(m) }
			s.spoil.Store(&spoil)
			ask.check(t, `
				workstation17.lab.example.org  => insecure, A 10.0.0.16
				node17.lab.example.org AAAA    => insecure, AAAA 2001:db8::10
				-x 10.0.3.5                    => insecure, PTR forged.workstation773.lab.example.org.
				-x 2001:db8::11                => insecure, PTR forged.node17.lab.example.org.
				printer.floor2.lab.example.org => insecure, A 198.51.100.27
				mail.lab.example.org MX        => insecure, MX 11 mail.lab.example.org.
				# The apex is not delegated from another zone here.
				lab.example.org NS             => bogus
				lab.example.org CAA            => bogus
				lab.example.org A              => bogus
			`)
		})
	}
}

// visible is a table of records. Before each, it asks for a type that the name does not have.
const visible = `
	-x 10.0.3.5 TXT                     => secure
	-x 10.0.3.5                         => secure, PTR workstation773.lab.example.org.
	-x 2001:db8::11 A                   => secure
	-x 2001:db8::11                     => secure, PTR node17.lab.example.org.
	-x 10.0.3.6 DS                      => secure
	-x 10.0.3.6                         => secure, PTR workstation774.lab.example.org.
	mail.lab.example.org TXT            => secure
	mail.lab.example.org MX             => secure, MX 10 mail.lab.example.org.
	lab.example.org HTTPS               => secure
	lab.example.org CAA                 => secure, CAA 0 issue ";"
`

// TestOracleValidatorsHidden asks one question, and then another one, which the cache of a resolver may
// deny because of the first. The NSEC records of dnssec list the same types for every name, and never
// PTR, MX or CNAME. A resolver that uses them for other questions (RFC 8198) denies these types. Unbound
// does this by default. BIND recognises such NSEC records, and does not.
//
// BIND denies all types of a name after an empty answer to ANY, with and without signatures. file gives
// such an answer. workstation answers with a record. For file, the plugin any above it helps.
func TestOracleValidatorsHidden(t *testing.T) {
	// These answers do not depend on the cache.
	const harmless = `
		-x 10.0.3.7                         => secure, PTR workstation775.lab.example.org.
		workstation17.lab.example.org HTTPS => secure
		workstation17.lab.example.org       => secure, A 10.0.0.17
		workstation18.lab.example.org DS    => secure
		workstation18.lab.example.org       => secure, A 10.0.0.18
		node17.lab.example.org MX           => secure
		node17.lab.example.org AAAA         => secure, AAAA 2001:db8::11
		build.lab.example.org TXT           => secure, CNAME workstation17.lab.example.org.
		build.lab.example.org               => secure, A 10.0.0.17, CNAME workstation17.lab.example.org.
		lab.example.org A                   => secure
		lab.example.org NS                  => secure, NS ns.example.org.
		3.0.10.in-addr.arpa A               => secure
		-x 10.0.3.8                         => secure, PTR workstation776.lab.example.org.
		floor2.lab.example.org TXT          => secure
		printer.floor2.lab.example.org      => secure, A 198.51.100.26
	`
	const hidden = `
		-x 10.0.3.5 TXT                     => secure
		-x 10.0.3.5                         => secure
		-x 2001:db8::11 A                   => secure
		-x 2001:db8::11                     => secure
		-x 10.0.3.6 DS                      => secure
		-x 10.0.3.6                         => secure
		mail.lab.example.org TXT            => secure
		mail.lab.example.org MX             => secure
		lab.example.org HTTPS               => secure
		lab.example.org CAA                 => secure
	`
	const anyHides = `
		workstation20.lab.example.org ANY   => secure, A 10.0.0.20
		workstation20.lab.example.org       => secure, A 10.0.0.20
		printer.floor2.lab.example.org ANY  => secure
		printer.floor2.lab.example.org      => secure
	`
	z := newSignedZones(t)
	port := z.signed(t)
	t.Run("Unbound", func(t *testing.T) { z.unbound(t, port).check(t, harmless+visible) })
	t.Run("Unbound, by default", func(t *testing.T) {
		z.unbound(t, port, "    aggressive-nsec: no\n", "").check(t, harmless+hidden)
	})
	t.Run("BIND", func(t *testing.T) { z.named(t, port).check(t, harmless+visible) })
	t.Run("BIND, asked for ANY", func(t *testing.T) { z.named(t, port).check(t, anyHides) })
	t.Run("BIND, asked for ANY, without signatures", func(t *testing.T) {
		rewrite := regexp.MustCompile(`(?s)    rewrite .*?\}\n`)
		unsigned := startCorefile(t, z.dir, rewrite.ReplaceAllString(z.text(t, "corefile", 0), ""))
		insecure := strings.ReplaceAll(anyHides, "secure", "insecure")
		z.named(t, unsigned, "dnssec-validation yes", "dnssec-validation no").check(t, insecure)
	})
	t.Run("BIND, asked for ANY, with any", func(t *testing.T) {
		z.named(t, z.signed(t, "errors\n", "errors\n    any\n")).check(t, `
			workstation20.lab.example.org ANY  => bogus
			workstation20.lab.example.org      => secure, A 10.0.0.20
			printer.floor2.lab.example.org ANY => bogus
			printer.floor2.lab.example.org     => secure, A 198.51.100.26
		`)
	})
}

// TestOracleValidatorsForward has forward in place of file, to servers that sign nothing. Computed records
// are secure. The rest depends on the upstream: dnssec only signs a denial that has the SOA record of
// the zone.
func TestOracleValidatorsForward(t *testing.T) {
	const denied = `
		workstation17.lab.example.org      => secure, A 10.0.0.17
		node17.lab.example.org AAAA        => secure, AAAA 2001:db8::11
		-x 10.0.3.5                        => secure, PTR workstation773.lab.example.org.
		-x 2001:db8::11                    => secure, PTR node17.lab.example.org.
		lab.example.org DNSKEY             => secure, DNSKEY
		workstation18.lab.example.org AAAA => bogus
		workstation18.lab.example.org TXT  => bogus
		workstation18.lab.example.org DS   => bogus
		-x 10.0.3.6 TXT                    => bogus
		workstation1024.lab.example.org    => bogus
		-x 10.0.4.0                        => bogus
		3.0.10.in-addr.arpa PTR            => bogus
		lab.example.org SOA                => bogus
		lab.example.org NS                 => bogus
		lab.example.org A                  => bogus
	`
	for _, tc := range []struct{ name, upstream, table string }{
		{"denies without SOA", `
			template ANY ANY {
				rcode NXDOMAIN
			}`, denied},
		{"denies with SOA of zone above", `
			template ANY ANY {
				rcode NXDOMAIN
				authority "org. 300 SOA ns.example.org. hostmaster.example.org. 1 7200 1800 86400 300"
			}`, denied},
		{"has the zones", `
			file db.lab.example.org lab.example.org
			file db.reverse 0.10.in-addr.arpa 8.b.d.0.1.0.0.2.ip6.arpa`, everyKind},
	} {
		t.Run(tc.name, func(t *testing.T) {
			z := newSignedZones(t)
			upstream := testPort(t)
			startCorefile(t, z.dir, ".:"+upstream+" {"+tc.upstream+"\n}\n")
			port := z.signed(t,
				"    file db.lab.example.org lab.example.org\n", "",
				"file db.reverse 0.10.in-addr.arpa 8.b.d.0.1.0.0.2.ip6.arpa", "forward . 127.0.0.1:"+upstream)
			z.delv(port).check(t, tc.table)
			if tc.table == everyKind {
				z.unbound(t, port).check(t, tc.table)
			}
		})
	}
}

// TestOracleValidatorsAnotherKey replaces the key. While the server has both keys, a validator can trust
// either one.
func TestOracleValidatorsAnotherKey(t *testing.T) {
	const some = `
		workstation17.lab.example.org      => secure, A 10.0.0.17
		workstation17.lab.example.org AAAA => secure
		-x 10.0.3.5                        => secure, PTR workstation773.lab.example.org.
		-x 2001:db8::12 TXT                => secure
	`
	z := newSignedZones(t)
	first := z.signed(t)
	z.newKey(t)
	both := startCorefile(t, z.dir, z.text(t, "corefile", 1))
	second := startCorefile(t, z.dir, strings.ReplaceAll(z.text(t, "corefile", 0), z.keys[0], z.keys[1]))

	z.delv(first).check(t, some)
	z.delv(both).check(t, some)
	z.delv(second).check(t, `
		workstation17.lab.example.org      => bogus
		workstation17.lab.example.org AAAA => bogus
		-x 10.0.3.5                        => bogus
	`)
	z.trust(t, both)
	ds, err := os.ReadFile(filepath.Join(z.dir, "lab.ds"))
	if n := bytes.Count(ds, []byte(" DS ")); n != 2*3 || err != nil {
		t.Errorf("there are %d DS records, want two for each zone: %v\n%s", n, err, ds)
	}
	for _, v := range validators {
		for _, port := range []string{first, both, second} {
			v.start(z, t, port).check(t, some)
		}
	}
	z.trust(t, second)
	z.delv(both).check(t, some)
	z.delv(second).check(t, some)
}

// TestOracleValidatorsSigner transfers the zones to BIND, which signs them. Then validators need no
// special configuration.
func TestOracleValidatorsSigner(t *testing.T) {
	const table = `
		workstation17.lab.example.org       => secure, A 10.0.0.17
		node17.lab.example.org AAAA         => secure, AAAA 2001:db8::11
		workstation17.lab.example.org TXT   => secure
		workstation17.lab.example.org DS    => secure
		workstation1024.lab.example.org     => secure NXDOMAIN
		a.workstation17.lab.example.org     => secure NXDOMAIN
		build.lab.example.org               => secure, A 10.0.0.17, CNAME workstation17.lab.example.org.
		build.lab.example.org AAAA          => secure, CNAME workstation17.lab.example.org.
		away.lab.example.org                => secure NXDOMAIN, CNAME nowhere.lab.example.org.
		floor2.lab.example.org TXT          => secure
		printer.floor2.lab.example.org      => secure, A 198.51.100.26
		lab.example.org A                   => secure
		3.0.10.in-addr.arpa A               => secure
		4.0.10.in-addr.arpa A               => secure NXDOMAIN
		-x 10.0.4.0                         => secure NXDOMAIN
		-x 2001:db8:0:1::                   => secure NXDOMAIN
	` + visible
	z := newSignedZones(t)
	signer := testPort(t)
	port := startCorefile(t, z.dir, strings.Replace(z.text(t, "corefile", 2), "192.0.2.61", "127.0.0.1:"+signer, 1))
	conf := strings.ReplaceAll(z.text(t, "signer", 0), "192.0.2.53 port 53", "127.0.0.1 port "+port)
	startNamed(t, t.TempDir(), signer, conf)
	for _, zone := range []string{"lab.example.org", "0.10.in-addr.arpa", "8.b.d.0.1.0.0.2.ip6.arpa"} {
		waitUntilSigned(t, signer, zone)
	}
	z.trust(t, signer)

	t.Run("delv", func(t *testing.T) { z.delv(signer).check(t, strings.ReplaceAll(table, " NXDOMAIN", "")) })
	t.Run("Unbound", func(t *testing.T) {
		z.unbound(t, signer, "    aggressive-nsec: no\n", "").check(t, table)
	})
	t.Run("BIND", func(t *testing.T) { z.named(t, signer).check(t, table) })

	s, spoilt := startSpoiler(t, signer)
	ask := z.delv(spoilt)
	spoil := func(m *dns.Msg) { forge(m); strip(m) }
	s.spoil.Store(&spoil)
	ask.check(t, `
		workstation17.lab.example.org       => bogus
		workstation17.lab.example.org TXT   => bogus
		workstation1024.lab.example.org     => bogus
		-x 10.0.3.5                         => bogus
	`)
}

// waitUntilSigned waits until the denials of a server have signatures. It makes these last.
func waitUntilSigned(t *testing.T, port, zone string) {
	t.Helper()
	d, err := parseDig([]string{zone, "TYPE65280", "+dnssec"}, port)
	if err != nil {
		t.Fatal(err)
	}
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(100 * time.Millisecond) {
		m, err := d.ask()
		if err == nil && slices.ContainsFunc(m.Ns, func(rr dns.RR) bool {
			sig, ok := rr.(*dns.RRSIG)
			return ok && sig.TypeCovered == dns.TypeNSEC
		}) {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("%s is not signed: %v, %v", zone, m, err)
		}
	}
}
