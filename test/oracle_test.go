//go:build oracle

package test

import (
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/miekg/dns"
)

// The tests of this file run other name servers, and compare their answers with those of coredns. The
// configurations of both are in docs/transition.md. Each test has a table of the intended
// differences. Debian's packages are all-knowing-dns, bind9, dnsmasq-base, knot, pdns-server and
// pdns-backend-bind.

// origins splits lines at each $ORIGIN, and writes a zone file for each into dir. A zone file begins
// with the records of db.empty. It returns the files by origin.
func origins(t *testing.T, dir, lines string) map[string]string {
	t.Helper()
	empty, err := os.ReadFile(filepath.Join(dir, "db.empty"))
	if err != nil {
		t.Fatal(err)
	}
	files := make(map[string]string)
	for _, zone := range strings.Split(lines, "$ORIGIN ")[1:] {
		origin, records, _ := strings.Cut(zone, ".\n")
		files[origin] = filepath.Join(dir, origin)
		if err := os.WriteFile(files[origin], []byte("$TTL 300\n"+string(empty)+records), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return files
}

// samples returns addresses of a prefix: the first, addresses at the ends of octets and groups, and IPv6
// addresses that are abbreviated in different ways.
func samples(prefix string) (addresses []netip.Addr) {
	network := netip.MustParsePrefix(prefix)
	hosts := []string{
		"::", "::1", "::9", "::10", "::63", "::64", "::ff", "::100", "::ffff",
		"::1:0", "::1:0:0:1", "::1:0:1", "::1:2:3:4", "::1:2:3:0", "::ffff:ffff:ffff:ffff",
		"0:0:1::", "0:0:1::1", "0:0:1:2:3:4:5:6", "0:0:0:1:2:3:4:5", "0:0:0:1:0:0:0:1", "0:0:0:1::",
	}
	for _, host := range hosts {
		a, h := network.Addr().As16(), netip.MustParseAddr(host).As16()
		for i := range a {
			a[i] |= h[i]
		}
		addr := netip.AddrFrom16(a)
		if network.Addr().Is4() {
			addr = addr.Unmap()
		}
		if network.Contains(addr) {
			addresses = append(addresses, addr)
		}
	}
	return addresses
}

// reverseQuestions returns questions for the PTR records of samples of the prefixes.
func reverseQuestions(prefixes ...string) (questions []string) {
	for _, prefix := range prefixes {
		for _, addr := range samples(prefix) {
			questions = append(questions, "-x "+addr.String())
		}
	}
	return questions
}

// names asks a server for PTR records, and returns the names that they give.
func names(t *testing.T, server string, questions []string) (names []string) {
	t.Helper()
	for _, q := range questions {
		for _, rr := range ask(t, server, q).Answer {
			names = append(names, rr.(*dns.PTR).Ptr)
		}
	}
	return names
}

// TestOracleBIND compares with BIND, which has the names by $GENERATE.
func TestOracleBIND(t *testing.T) {
	dir, lines, corefile := transition(t, "bind")
	files := origins(t, dir, lines)
	theirs, ours := testPort(t), startCorefile(t, dir, corefile)
	startNamed(t, dir, theirs, primaries(files))

	expanded := 0
	for origin := range files {
		var asked []string
		for _, rr := range transfer(t, theirs, origin) {
			h := rr.Header()
			if h.Name == origin+"." {
				continue
			}
			expanded++
			asked = append(asked, h.Name+" "+dns.Type(h.Rrtype).String(), strings.ToUpper(h.Name)+" TXT", h.Name+" ANY")
		}
		agree(t, theirs, ours, asked)
	}
	if expanded != 2*(256+99+256) {
		t.Errorf("BIND expanded the lines to %d records, want %d", expanded, 2*(256+99+256))
	}

	// Names that no $GENERATE gives, and names above those that it gives.
	agree(t, theirs, ours, []string{
		"ws256.lab.example.org", "ws007.lab.example.org", "ws.lab.example.org", "ws-1.lab.example.org",
		"printer0.lab.example.org", "printer000.lab.example.org", "printer7.lab.example.org",
		"printer0007.lab.example.org", "printer100.lab.example.org",
		"nodeff.lab.example.org AAAA", "node0100.lab.example.org AAAA", "NODE00FF.lab.example.org A",
		"a.ws1.lab.example.org", "lab.example.org A",
		"100.100.51.198.in-addr.arpa PTR", "200.100.51.198.in-addr.arpa PTR", "100.51.198.in-addr.arpa PTR",
		"256.2.0.192.in-addr.arpa PTR", "007.2.0.192.in-addr.arpa PTR", "1.1.2.0.192.in-addr.arpa PTR",
		"0.8.b.d.0.1.0.0.2.ip6.arpa PTR", "0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa TXT", "1.0.8.b.d.0.1.0.0.2.ip6.arpa PTR",
	})
}

// TestOracleGenerate compares lines of $GENERATE with stanzas that should give the same names. It asks
// for each name and for names that differ in one character, so it finds missing names and names that
// should not exist.
func TestOracleGenerate(t *testing.T) {
	tests := []struct{ zone, generate, properties string }{
		{"lab.example.org", "0-255 ws$ A 192.0.2.$", "name ws{n}\nnetwork 192.0.2.0/24"},
		{"lab.example.org", "10-20 $ A 192.0.2.$", "name {n}\nnetwork 192.0.2.0/24\nnumbers 10-20"},
		{"lab.example.org", "0-99 $-lab A 192.0.2.$", "name {n}-lab\nnetwork 192.0.2.0-192.0.2.99"},
		{"lab.example.org", "95-105 p${0,3} A 192.0.2.$", "name p{n:3}\nnetwork 192.0.2.0/24\nnumbers 95-105"},
		{"lab.example.org", "95-105 p${0,2,d}z A 192.0.2.${100,0,d}",
			"name p{n:2}z\nnetwork 192.0.2.0/24\nnumbers 95-105\noffset 100"},
		{"lab.example.org", "100-110 ws$ A 192.0.2.${-100}", "name ws{n}\nnetwork 192.0.2.0-192.0.2.10\noffset -100"},
		{"lab.example.org", "0-10 ws${100} A 192.0.2.$",
			"name ws{n}\nnetwork 192.0.2.0/24\nnumbers 100-110\noffset -100"},
		{"lab.example.org", "0-30 n${0,0,x} A 192.0.2.$", "name n{x}\nnetwork 192.0.2.0/24\nnumbers 0-30"},
		{"lab.example.org", "250-260 n${0,2,x} AAAA 2001:db8::${0,0,x}",
			"name n{x:2}\nnetwork 2001:db8::/64\nnumbers 250-260"},
		{"lab.example.org", "250-260 n${0,20,x} AAAA 2001:db8::${0,0,x}",
			"name n{x:20}\nnetwork 2001:db8::/64\nnumbers 250-260"},
		{"lab.example.org", "0-8/4 ws$ A 192.0.2.$", "name ws{n}\nnetwork 192.0.2.0/24\nnumbers 0 4 8"},
		{"lab.example.org", "65530-65540 ws$ AAAA 2001:db8::1:${-65530,0,x}",
			"name ws{n}\nnetwork 2001:db8::1:0-2001:db8::1:a\noffset -65530"},
		{"2.0.192.in-addr.arpa", "0-255 $ PTR ws$.lab.example.org.", "name ws{n}\nnetwork 192.0.2.0/24"},
		{"2.0.192.in-addr.arpa", "1-20 ${100} PTR p${0,3,d}.lab.example.org.",
			"name p{n:3}\nnetwork 192.0.2.0/24\nnumbers 1-20\noffset 100"},
		{"8.b.d.0.1.0.0.2.ip6.arpa", "0-300 ${0,47,n} PTR n${0,3,x}.lab.example.org.",
			"name n{x:3}\nnetwork 2001:db8::/64\nnumbers 0-300"},
	}
	// For a /16, BIND needs a line for each 256 addresses, and workstation a single stanza.
	var carried strings.Builder
	for third := range 256 {
		fmt.Fprintf(&carried, "\n$GENERATE 0-255 ws${%d} A 10.0.%d.$", 256*third, third)
	}
	tests = append(tests, struct{ zone, generate, properties string }{
		"lab.example.org", strings.TrimPrefix(carried.String(), "\n$GENERATE "), "network 10.0.0.0/16\nname ws{n}",
	})

	_, fences := fencesOf(t, "../docs/transition.md")
	for _, tc := range tests {
		t.Run(strings.Fields(tc.generate)[0]+" "+strings.Fields(tc.generate)[1], func(t *testing.T) {
			dir := t.TempDir()
			writeZones(t, dir, fences)
			theirs := testPort(t)
			startNamed(t, dir, theirs, primaries(origins(t, dir, "$ORIGIN "+tc.zone+".\n$GENERATE "+tc.generate+"\n")))
			ours := startCorefile(t, dir, fmt.Sprintf(`lab.example.org 192.0.2.0/24 2001:db8::/32 {
				workstation {
					ttl 300
					%s
				}
				file db.empty
			}`, tc.properties))

			var asked []string
			for i, rr := range transfer(t, theirs, tc.zone) {
				h := rr.Header()
				if h.Name == tc.zone+"." {
					continue
				}
				qtype := " " + dns.Type(h.Rrtype).String()
				asked = append(asked, h.Name+qtype)
				if i < 300 || i%100 == 0 {
					for _, name := range neighbours(h.Name) {
						asked = append(asked, name+qtype)
					}
				}
			}
			slices.Sort(asked)
			if answered := agree(t, theirs, ours, slices.Compact(asked)); answered == 0 {
				t.Error("BIND expanded nothing")
			}
		})
	}
}

// neighbours returns names that differ from name in one character of the first label: it is another
// character, doubled, preceded by a zero, or missing.
func neighbours(name string) (names []string) {
	for i := range strings.IndexByte(name, '.') {
		before, c, after := name[:i], name[i], name[i+1:]
		for _, other := range []string{string(c + 1), string(c - 1), string(c) + string(c), "0" + string(c), ""} {
			n := before + other + after
			allowed := strings.Trim(other, "abcdefghijklmnopqrstuvwxyz0123456789-") == ""
			if allowed && n[0] != '.' && n[0] != '-' {
				names = append(names, n)
			}
		}
	}
	return names
}

// startNamed starts BIND with the zones of a configuration.
func startNamed(t *testing.T, dir, port, zones string) {
	t.Helper()
	startPeer(t, port, "named", "-g", "-c", write(t, dir, "named.conf", fmt.Sprintf(`
options {
    directory %q;
    listen-on port %s { 127.0.0.1; };
    listen-on-v6 { none; };
    pid-file none;
    session-keyfile none;
    recursion no;
    empty-zones-enable no;
    minimal-responses yes;
    allow-transfer { any; };
    notify no;
};
controls {};
%s`, dir, port, zones)))
}

// primaries returns the configuration of BIND for zone files.
func primaries(files map[string]string) (zones string) {
	for origin, file := range files {
		zones += fmt.Sprintf("zone %q { type primary; file %q; };\n", origin, file)
	}
	return zones
}

// startKnot starts Knot DNS with lines of its configuration.
func startKnot(t *testing.T, dir, port, lines string) {
	t.Helper()
	startPeer(t, port, "knotd", "-c", write(t, dir, "knot.conf", fmt.Sprintf(`
server:
    listen: 127.0.0.1@%s
    rundir: %q
database:
    storage: %[2]q
%s`, port, dir, lines)))
}

// knotQuestions returns questions for PTR records, and for each kind of record of the names that Knot
// gives in them.
func knotQuestions(t *testing.T, port string) []string {
	t.Helper()
	questions := reverseQuestions("192.0.2.0/24", "2001:db8::/32")
	names := names(t, port, questions)
	if len(names) < 25 {
		t.Fatalf("Knot names only %d addresses", len(names))
	}
	for _, name := range names {
		questions = append(questions, name+" A", name+" AAAA", strings.ToUpper(name)+" MX", name+" ANY")
	}
	return questions
}

// TestOracleKnot compares with Knot DNS and its module synthrecord.
func TestOracleKnot(t *testing.T) {
	dir, lines, corefile := transition(t, "knot")
	theirs, ours := testPort(t), startCorefile(t, dir, corefile)
	startKnot(t, dir, theirs, fmt.Sprintf("template:\n  - id: default\n    storage: %q\n%s", dir, lines))

	questions := knotQuestions(t, theirs)
	agree(t, theirs, ours, append(questions,
		"ip-192-0-3-1.lab.example.org", "ip-192-0-2-256.lab.example.org", "ip-192-0-2-05.lab.example.org",
		"ip-192-0-2.lab.example.org", "ip-.lab.example.org", "ip-foo.lab.example.org",
		"ip-2001-db9--5.lab.example.org AAAA", "ip-2001-db8--g.lab.example.org AAAA",
		"ip-2001-db8.lab.example.org AAAA", "lab.example.org A", "www.lab.example.org",
		"2.0.192.in-addr.arpa PTR", "5.5.2.0.192.in-addr.arpa PTR", "256.2.0.192.in-addr.arpa PTR",
		"0.8.b.d.0.1.0.0.2.ip6.arpa PTR", "0.f.e.8.b.d.0.1.0.0.2.ip6.arpa TXT", "g.8.b.d.0.1.0.0.2.ip6.arpa PTR",
	))
	differ(t, theirs, ours, `
		# Knot accepts every spelling of an address. In coredns, each address has one name.
		ip-2001-db8-0-0-0-0-0-5.lab.example.org AAAA
			=> NOERROR, ip-2001-db8-0-0-0-0-0-5.lab.example.org. 300 AAAA 2001:db8::5
			=> NXDOMAIN
		ip-2001-0db8--5.lab.example.org AAAA
			=> NOERROR, ip-2001-0db8--5.lab.example.org. 300 AAAA 2001:db8::5
			=> NXDOMAIN
		ip-2001-db8--.lab.example.org AAAA
			=> NOERROR, ip-2001-db8--.lab.example.org. 300 AAAA 2001:db8::
			=> NXDOMAIN
	`)
}

// TestOracleKnotLong has reverse-short: off. With it, Knot writes all digits of an IPv6 address, and
// accepts the short form as well.
func TestOracleKnotLong(t *testing.T) {
	dir, lines, corefile := transition(t, "knot long")
	theirs, ours := testPort(t), startCorefile(t, dir, corefile)
	startKnot(t, dir, theirs, fmt.Sprintf("template:\n  - id: default\n    storage: %q\n%s", dir, lines))

	questions := knotQuestions(t, theirs)
	for _, addr := range samples("2001:db8::/32") { // the short form
		if short := strings.ReplaceAll(addr.String(), ":", "-"); !strings.HasSuffix(short, "-") {
			questions = append(questions, "ip-"+short+".lab.example.org AAAA")
		}
	}
	agree(t, theirs, ours, append(questions,
		"ip-2001-0db9-0000-0000-0000-0000-0000-0005.lab.example.org AAAA",
		"ip-2001-0db8-0000-0000-0000-0000-0000-000g.lab.example.org AAAA",
		"ip-2001-0db8-0000-0000-0000-0000-0000.lab.example.org AAAA", "ip-192-000-002-017.lab.example.org",
	))
	differ(t, theirs, ours, `
		# Knot accepts partly abbreviated forms, and labels between the name and the zone.
		ip-2001-0db8--5.lab.example.org AAAA
			=> NOERROR, ip-2001-0db8--5.lab.example.org. 300 AAAA 2001:db8::5
			=> NXDOMAIN
		ip-192-0-2-17.any.lab.example.org
			=> NOERROR, ip-192-0-2-17.any.lab.example.org. 300 A 192.0.2.17
			=> NXDOMAIN
		ip-192-0-2-17.any.any.lab.example.org
			=> NOERROR, ip-192-0-2-17.any.any.lab.example.org. 300 A 192.0.2.17
			=> NXDOMAIN
	`)
}

// startDnsmasq starts dnsmasq with lines of its configuration. Without --local-ttl, its TTL is 0.
func startDnsmasq(t *testing.T, dir, port, lines string) {
	t.Helper()
	startPeer(t, port, "dnsmasq", "--no-daemon", "--conf-file="+write(t, dir, "dnsmasq.conf", lines),
		"--port="+port, "--listen-address=127.0.0.1", "--bind-interfaces", "--no-resolv", "--no-hosts",
		"--user=", "--pid-file=", "--local-ttl=3600", "--local=/#/")
}

// TestOracleDnsmasq compares with dnsmasq.
func TestOracleDnsmasq(t *testing.T) {
	dir, lines, corefile := transition(t, "dnsmasq")
	upstream := testPort(t)
	corefile = strings.ReplaceAll(corefile, "/etc/resolv.conf", "127.0.0.1:"+upstream) + ".:" + upstream + ` {
    # The upstream denies everything.
    template ANY ANY {
        rcode NXDOMAIN
    }
}
`
	theirs, ours := testPort(t), startCorefile(t, dir, corefile)
	startDnsmasq(t, dir, theirs, lines)

	var questions []string
	for n := range 258 {
		questions = append(questions, fmt.Sprintf("ws-%d.lab.example.org", n), fmt.Sprintf("-x 192.0.2.%d", n%256))
		questions = append(questions, fmt.Sprintf("guest%d.lab.example.org", n), fmt.Sprintf("-x 198.51.100.%d", n%256))
	}
	reverse := reverseQuestions("10.0.0.0/16", "2001:db8::/64")
	reverse = slices.DeleteFunc(reverse, func(q string) bool { return strings.HasSuffix(q, "::") }) // see below
	names := names(t, theirs, reverse)
	if len(names) < 15 {
		t.Fatalf("dnsmasq names only %d addresses", len(names))
	}
	for _, name := range names {
		questions = append(questions, name+" A", name+" AAAA", strings.ToUpper(name)+" A")
	}
	agree(t, theirs, ours, append(append(questions, reverse...),
		"ws-1x.lab.example.org", "ip-10-1-0-5.lab.example.org", "ip-10-0-0-05.lab.example.org",
		"ip-10-0-0.lab.example.org", "ip-2001-db9--5.lab.example.org AAAA", "ws-5.example.org",
	))
	differ(t, theirs, ours, `
		# dnsmasq accepts leading zeros, an empty number for zero, and every spelling of an IPv6 address.
		ws-05.lab.example.org                       => NOERROR, ws-05.lab.example.org. 3600 A 192.0.2.5 => NXDOMAIN
		ws-.lab.example.org                         => NOERROR, ws-.lab.example.org. 3600 A 192.0.2.0 => NXDOMAIN
		ip-2001-db8-0-0-0-0-0-5.lab.example.org AAAA
			=> NOERROR, ip-2001-db8-0-0-0-0-0-5.lab.example.org. 3600 AAAA 2001:db8::5
			=> NXDOMAIN
		# Its name for an address that ends in zeros ends in a hyphen.
		-x 2001:db8::
			=> NOERROR, `+v6zeros+`8.b.d.0.1.0.0.2.ip6.arpa. 3600 PTR ip-2001-db8--.lab.example.org.
			=> NOERROR, `+v6zeros+`8.b.d.0.1.0.0.2.ip6.arpa. 3600 PTR ip-2001-db8--0.lab.example.org.
		ip-2001-db8--.lab.example.org AAAA
			=> NOERROR, ip-2001-db8--.lab.example.org. 3600 AAAA 2001:db8::
			=> NXDOMAIN
	`)
}

// v6zeros is the labels of the 96 low bits of an IPv6 address, which are all zero.
var v6zeros = strings.Repeat("0.", 24)

// startPowerDNS starts PowerDNS with lines of zone files.
func startPowerDNS(t *testing.T, dir, port, lines string) {
	t.Helper()
	var zones string
	for origin, file := range origins(t, dir, lines) {
		zones += fmt.Sprintf("zone %q { type native; file %q; };\n", origin, file)
	}
	startPeer(t, port, "pdns_server", "--config-dir="+dir, "--daemon=no", "--guardian=no",
		"--launch=bind", "--bind-config="+write(t, dir, "named.conf", zones),
		"--enable-lua-records=yes", "--local-address=127.0.0.1", "--local-port="+port, "--socket-dir="+dir,
		"--setuid=", "--setgid=")
}

// TestOraclePowerDNS compares with the Lua records of PowerDNS.
func TestOraclePowerDNS(t *testing.T) {
	dir, lines, corefile := transition(t, "powerdns")
	theirs, ours := testPort(t), startCorefile(t, dir, corefile)
	startPowerDNS(t, dir, theirs, lines)

	reverse := reverseQuestions("10.0.0.0/16", "2001:db8::/32")
	endsInZeros := func(q string) bool { return strings.HasSuffix(q, "::") }
	alike := slices.DeleteFunc(slices.Clone(reverse), endsInZeros) // see below
	if answered := agree(t, theirs, ours, alike); answered < 20 {
		t.Errorf("only %d addresses have a name", answered)
	}
	for _, name := range names(t, ours, reverse) {
		qtype := " AAAA"
		if strings.HasPrefix(name, "10-") {
			qtype = " A"
		}
		agree(t, theirs, ours, []string{name + qtype, strings.ToUpper(name) + qtype})
	}
	differ(t, theirs, ours, `
		# createForward knows no networks, and answers for names without an address.
		8-8-8-8.lab.example.org => NOERROR, 8-8-8-8.lab.example.org. 300 A 8.8.8.8 => NXDOMAIN
		foo.lab.example.org     => NOERROR, foo.lab.example.org. 300 A 0.0.0.0     => NXDOMAIN
		2001-db8--5.lab.example.org A => NOERROR, 2001-db8--5.lab.example.org. 300 A 0.0.0.0 => NOERROR
		10-0-0-5.lab.example.org AAAA => SERVFAIL => NOERROR
		# Its name for an address that ends in zeros ends in a hyphen.
		-x 2001:db8::
			=> NOERROR, `+v6zeros+`8.b.d.0.1.0.0.2.ip6.arpa. 300 PTR 2001-db8--.lab.example.org.
			=> NOERROR, `+v6zeros+`8.b.d.0.1.0.0.2.ip6.arpa. 300 PTR 2001-db8--0.lab.example.org.
	`)
}

// TestOraclePowerDNSFormats compares the other formats of createReverse and createReverse6, and an
// exception.
func TestOraclePowerDNSFormats(t *testing.T) {
	dir, lines, corefile := transition(t, "powerdns formats")
	theirs, ours := testPort(t), startCorefile(t, dir, corefile)
	startPowerDNS(t, dir, theirs, lines)

	// Each address has the name that PowerDNS gives it, and this name has the address.
	for _, tc := range []struct {
		network string
		forward bool // createForward can read the names of createReverse
	}{
		{"10.1.0.0/16", false},
		{"10.2.0.0/16", true},
		{"10.3.0.0/16", true},
		{"10.4.0.0/16", false},
		{"10.5.0.0/16", false},
		{"10.6.0.0/16", true},
		{"2001:db8::/48", true},
	} {
		addresses := samples(tc.network)
		if len(addresses) < 8 {
			t.Fatalf("%s has only %d samples", tc.network, len(addresses))
		}
		for _, addr := range addresses {
			reverse, qtype := "-x "+addr.String(), " A"
			if addr.Is6() {
				qtype = " AAAA"
			}
			if agree(t, theirs, ours, []string{reverse}) != 1 {
				t.Errorf("%s has no name", addr)
			}
			for _, name := range names(t, theirs, []string{reverse}) {
				if got := ask(t, ours, name+qtype); len(got.Answer) != 1 || rdata(got.Answer[0]) != addr.String() {
					t.Errorf("%s has the name %s, for which the answer is %q", addr, name, summary(got))
				}
				if tc.forward && addr.String() != "10.6.0.1" {
					agree(t, theirs, ours, []string{name + qtype, strings.ToUpper(name) + qtype})
				}
			}
		}
	}
	differ(t, theirs, ours, `
		# createForward reads four octets, in the usual order.
		12-7-1-10.lab.example.org
			=> NOERROR, 12-7-1-10.lab.example.org. 300 A 12.7.1.10
			=> NOERROR, 12-7-1-10.lab.example.org. 300 A 10.1.7.12
		12.7.4.10.dyn.lab.example.org
			=> NOERROR, 12.7.4.10.dyn.lab.example.org. 300 A 12.7.4.10
			=> NOERROR, 12.7.4.10.dyn.lab.example.org. 300 A 10.4.7.12
		h7-12.lab.example.org
			=> NOERROR, h7-12.lab.example.org. 300 A 0.0.0.0
			=> NOERROR, h7-12.lab.example.org. 300 A 10.5.7.12
		# It accepts leading zeros and any prefix. Before hexadecimal digits, it needs two characters.
		ip-10-6-0-05.lab.example.org  => NOERROR, ip-10-6-0-05.lab.example.org. 300 A 10.6.0.5 => NXDOMAIN
		x-10-6-0-5.lab.example.org    => NOERROR, x-10-6-0-5.lab.example.org. 300 A 10.6.0.5 => NXDOMAIN
		xx0a02070c.lab.example.org    => NOERROR, xx0a02070c.lab.example.org. 300 A 10.2.7.12 => NXDOMAIN
		0a02070c.lab.example.org      => NOERROR, 0a02070c.lab.example.org. 300 A 0.0.0.0 => NXDOMAIN
		20010db8000000000000000000000005.lab.example.org AAAA => SERVFAIL => NXDOMAIN
		# The name of an exception is an ordinary name, to which hosts gives the address.
		gateway.lab.example.org
			=> NOERROR, gateway.lab.example.org. 300 A 0.0.0.0
			=> NOERROR, gateway.lab.example.org. 300 A 10.6.0.1
		ip-10-6-0-1.lab.example.org
			=> NOERROR, ip-10-6-0-1.lab.example.org. 300 A 10.6.0.1
			=> NOERROR, ip-10-6-0-1.lab.example.org. 300 A 10.6.0.1
	`)
}

// TestOracleAllKnowingDNS compares with AllKnowingDNS. It runs on port 53 of a loopback address, since
// AllKnowingDNS supports no other port.
func TestOracleAllKnowingDNS(t *testing.T) {
	dir, lines, corefile := transition(t, "all-knowing-dns")
	address := nextResolver()
	theirs, ours := address+":53", startCorefile(t, dir, corefile)
	config := write(t, dir, "all-knowing-dns.conf", strings.ReplaceAll(lines, "192.0.2.53", address))
	startPeer(t, theirs, "all-knowing-dns", "--configfile="+config)

	questions := reverseQuestions("2001:db8:0:1::/64")
	names := names(t, theirs, questions)
	if len(names) < 10 {
		t.Fatalf("AllKnowingDNS names only %d addresses", len(names))
	}
	for _, name := range names {
		questions = append(questions, name+" AAAA", name+" A", name+" MX", "app."+name+" AAAA")
	}
	agree(t, theirs, ours, append(questions,
		"ipv6-5.lab.example.org AAAA", "ipv6-00000000000000005.lab.example.org AAAA",
		"ipv6-.lab.example.org AAAA", "www.lab.example.org AAAA",
	))
	differ(t, theirs, ours, `
		# It compares names case-sensitively, and accepts letters that are not hexadecimal digits.
		IPV6-0000000000000005.lab.example.org AAAA
			=> NXDOMAIN
			=> NOERROR, IPV6-0000000000000005.lab.example.org. 3600 AAAA 2001:db8:0:1::5
		ipv6-000000000000000g.lab.example.org AAAA
			=> NOERROR, ipv6-000000000000000g.lab.example.org. 3600 AAAA 2001:db8:0:1::
			=> NXDOMAIN
		lab.example.org TXT => NXDOMAIN => NOERROR
	`)
}

// TestOracleStored stores records at generated names and addresses. In the other servers, stored records
// win. In coredns, the computed record of the type wins by default.
func TestOracleStored(t *testing.T) {
	t.Run("Knot", func(t *testing.T) {
		dir, lines, corefile := transition(t, "knot")
		store(t, dir, `
			ip-192-0-2-17 300 A   203.0.113.9
			ip-192-0-2-18 300 TXT stored
			17            300 PTR gateway.example.org.
		`)
		theirs, ours := testPort(t), startCorefile(t, dir, corefile)
		startKnot(t, dir, theirs, fmt.Sprintf("template:\n  - id: default\n    storage: %q\n%s", dir, lines))
		differ(t, theirs, ours, `
			ip-192-0-2-17.lab.example.org
				=> NOERROR, ip-192-0-2-17.lab.example.org. 300 A 203.0.113.9
				=> NOERROR, ip-192-0-2-17.lab.example.org. 300 A 192.0.2.17
			-x 192.0.2.17
				=> NOERROR, 17.2.0.192.in-addr.arpa. 300 PTR gateway.example.org.
				=> NOERROR, 17.2.0.192.in-addr.arpa. 300 PTR ip-192-0-2-17.lab.example.org.
			# In Knot, a stored record of another type removes the address.
			ip-192-0-2-18.lab.example.org => NOERROR => NOERROR, ip-192-0-2-18.lab.example.org. 300 A 192.0.2.18
		`)
		agree(t, theirs, ours, []string{"ip-192-0-2-18.lab.example.org TXT", "-x 192.0.2.18"})
	})
	t.Run("PowerDNS", func(t *testing.T) {
		dir, lines, corefile := transition(t, "powerdns")
		store(t, dir, `
			10-0-1-17 300 A   203.0.113.9
			10-0-1-18 300 TXT stored
			17.1      300 PTR gateway.example.org.
		`)
		theirs, ours := testPort(t), startCorefile(t, dir, corefile)
		startPowerDNS(t, dir, theirs, lines)
		differ(t, theirs, ours, `
			10-0-1-17.lab.example.org
				=> NOERROR, 10-0-1-17.lab.example.org. 300 A 203.0.113.9
				=> NOERROR, 10-0-1-17.lab.example.org. 300 A 10.0.1.17
			-x 10.0.1.17
				=> NOERROR, 17.1.0.10.in-addr.arpa. 300 PTR gateway.example.org.
				=> NOERROR, 17.1.0.10.in-addr.arpa. 300 PTR 10-0-1-17.lab.example.org.
			# In PowerDNS, a stored record of another type removes the address. A name stored below a
			# label removes the wildcard for the names below that label.
			10-0-1-18.lab.example.org => NOERROR => NOERROR, 10-0-1-18.lab.example.org. 300 A 10.0.1.18
			-x 10.0.1.18 => NXDOMAIN => NOERROR, 18.1.0.10.in-addr.arpa. 300 PTR 10-0-1-18.lab.example.org.
		`)
		agree(t, theirs, ours, []string{"10-0-1-18.lab.example.org TXT", "-x 10.0.2.18"})
	})
	t.Run("BIND", func(t *testing.T) {
		dir, lines, corefile := transition(t, "bind")
		store(t, dir, `
			ws17 300 A   203.0.113.9
			ws18 300 TXT stored
			17   300 PTR gateway.example.org.
		`)
		theirs, ours := testPort(t), startCorefile(t, dir, corefile)
		startNamed(t, dir, theirs, primaries(origins(t, dir, lines)))
		differ(t, theirs, ours, `
			# In BIND, a stored record is added to the one of $GENERATE.
			ws17.lab.example.org
				=> NOERROR, ws17.lab.example.org. 300 A 192.0.2.17, ws17.lab.example.org. 300 A 203.0.113.9
				=> NOERROR, ws17.lab.example.org. 300 A 192.0.2.17
			-x 192.0.2.17
				=> NOERROR, 17.2.0.192.in-addr.arpa. 300 PTR gateway.example.org.,
					17.2.0.192.in-addr.arpa. 300 PTR ws17.lab.example.org.
				=> NOERROR, 17.2.0.192.in-addr.arpa. 300 PTR ws17.lab.example.org.
		`)
		agree(t, theirs, ours, []string{"ws18.lab.example.org", "ws18.lab.example.org TXT"})
	})
	t.Run("dnsmasq", func(t *testing.T) {
		dir, lines, corefile := transition(t, "dnsmasq")
		store(t, dir, `
			ws-17 3600 A     203.0.113.9
			ws-19 3600 CNAME gateway
			ws-20 3600 TXT   stored
			18    3600 PTR   gateway.lab.example.org.
		`)
		upstream := testPort(t)
		forwarding := strings.ReplaceAll(corefile, "/etc/resolv.conf", "127.0.0.1:"+upstream)
		theirs, ours := testPort(t), startCorefile(t, dir, forwarding+
			".:"+upstream+" {\n file db.empty lab.example.org 2.0.192.in-addr.arpa\n}\n")
		startDnsmasq(t, dir, theirs, lines+`
host-record=ws-17.lab.example.org,203.0.113.9
host-record=gateway.lab.example.org,192.0.2.18
cname=ws-19.lab.example.org,gateway.lab.example.org
txt-record=ws-20.lab.example.org,stored
`)
		differ(t, theirs, ours, `
			ws-17.lab.example.org
				=> NOERROR, ws-17.lab.example.org. 3600 A 203.0.113.9
				=> NOERROR, ws-17.lab.example.org. 3600 A 192.0.2.17
			-x 192.0.2.18
				=> NOERROR, 18.2.0.192.in-addr.arpa. 3600 PTR gateway.lab.example.org.
				=> NOERROR, 18.2.0.192.in-addr.arpa. 3600 PTR ws-18.lab.example.org.
			ws-19.lab.example.org
				=> NOERROR, gateway.lab.example.org. 3600 A 192.0.2.18,
					ws-19.lab.example.org. 3600 CNAME gateway.lab.example.org.
				=> NOERROR, ws-19.lab.example.org. 3600 A 192.0.2.19
		`)
		agree(t, theirs, ours, []string{
			"ws-18.lab.example.org", "-x 192.0.2.17", "ws-20.lab.example.org", "ws-20.lab.example.org TXT",
		})
	})
}
