//go:build oracle

package test

import (
	"fmt"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/miekg/dns"
)

// The tests of this file run software that we did not write, and hold coredns to
// its answers. The lines of both are those of docs/transition.md. What differs on
// purpose is told, and shown, in a table of each test. Debian's packages are
// bind9, dnsmasq-base, knot, pdns-server and pdns-backend-bind.

// transition returns the lines of one peer in docs/transition.md, and the
// Corefile that follows them, in a directory with the document's zone files.
func transition(t *testing.T, peer string) (dir, lines, corefile string) {
	t.Helper()
	_, fences := fencesOf(t, "../docs/transition.md")
	i := slices.IndexFunc(fences, func(f fence) bool { return f.info == peer })
	if i < 0 || fences[i+1].info != "corefile" {
		t.Fatalf("docs/transition.md has no lines of %s with a Corefile after them", peer)
	}
	dir = t.TempDir()
	writeZones(t, dir, fences)
	return dir, fences[i].text, fences[i+1].text
}

// origins splits lines into those of each $ORIGIN, and writes them into dir as
// zone files, after those of db.empty. It returns the files by origin.
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

// write writes a file of a peer into dir, and returns its path.
func write(t *testing.T, dir, name, text string) string {
	t.Helper()
	path := filepath.Join(dir, name)
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

// startPeer runs a name server until the end of the test, and returns once it
// answers on port.
func startPeer(t *testing.T, port string, program string, args ...string) {
	t.Helper()
	runProgram(t, func() bool {
		d, err := parseDig([]string{"+time=1", "lab.example.org", "SOA"}, port)
		if err != nil {
			t.Fatal(err)
		}
		m, err := d.ask()
		return err == nil && m.Rcode != dns.RcodeServerFailure
	}, program, args...)
}

// runProgram runs a program until the end of the test, and returns once it is
// ready.
func runProgram(t *testing.T, ready func() bool, program string, args ...string) {
	t.Helper()
	s, err := startProgram(exec.Command(program, args...), filepath.Join(t.TempDir(), "log"))
	if err != nil {
		t.Fatalf("%v; is it installed?", err)
	}
	t.Cleanup(func() {
		s.cmd.Process.Kill()
		<-s.done
		s.showOnFailure(t)
	})
	for deadline := time.Now().Add(time.Minute); !ready(); {
		select {
		case <-s.done:
			t.Fatalf("%v ended: %v", s.cmd, s.err)
		case <-time.After(100 * time.Millisecond):
		}
		if time.Now().After(deadline) {
			t.Fatalf("%v is not ready", s.cmd)
		}
	}
}

// ask returns of the response to a question, in the words of dig, the status and
// the records of the answer.
func ask(t *testing.T, port, question string) *dns.Msg {
	t.Helper()
	d, err := parseDig(append(strings.Fields(question), "+norecurse"), port)
	if err != nil {
		t.Fatal(err)
	}
	m, err := d.ask()
	if err != nil {
		t.Fatalf("dig -p %s %s: %v", port, question, err)
	}
	slices.SortFunc(m.Answer, func(a, b dns.RR) int { return strings.Compare(a.String(), b.String()) })
	return &dns.Msg{MsgHdr: dns.MsgHdr{Rcode: m.Rcode}, Answer: m.Answer}
}

// agree asks two servers, and compares their responses: the status, and the
// records with their owners and TTLs. It returns how many questions got a record.
func agree(t *testing.T, theirs, ours string, questions []string) (answered int) {
	t.Helper()
	for _, q := range questions {
		their, our := ask(t, theirs, q), ask(t, ours, q)
		if summary(their) != summary(our) {
			t.Errorf("%s: got %q, want %q", q, summary(our), summary(their))
		}
		if len(our.Answer) > 0 {
			answered++
		}
	}
	return answered
}

// differ asks both servers questions on which they differ on purpose:
//
//	QUESTION => THEIR SUMMARY => OURS
func differ(t *testing.T, theirs, ours, table string) {
	t.Helper()
	for line := range strings.Lines(table) {
		if line = strings.TrimSpace(line); line == "" || line[0] == '#' {
			continue
		}
		fields := strings.Split(line, "=>")
		if len(fields) != 3 {
			t.Fatalf("%q is not QUESTION => THEIR => OUR", line)
		}
		if got, want := summary(ask(t, theirs, fields[0])), strings.TrimSpace(fields[1]); got != want {
			t.Errorf("%s: they say %q, not %q: change the table, and docs/transition.md", fields[0], got, want)
		}
		if got, want := summary(ask(t, ours, fields[0])), strings.TrimSpace(fields[2]); got != want {
			t.Errorf("%s: got %q, want %q", fields[0], got, want)
		}
	}
}

// samples returns addresses of a prefix: the first, those at the ends of octets and
// groups, and those that are written in a way of their own.
func samples(prefix string) (addresses []netip.Addr) {
	network := netip.MustParsePrefix(prefix)
	hosts := []string{"::", "::1", "::9", "::10", "::63", "::64", "::ff", "::100", "::ffff", "::1:0", "::1:0:0:1", "::1:0:1", "::1:2:3:4", "::1:2:3:0", "::ffff:ffff:ffff:ffff", "0:0:1::", "0:0:1::1", "0:0:1:2:3:4:5:6", "0:0:0:1:2:3:4:5", "0:0:0:1:0:0:0:1", "0:0:0:1::"}
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

// reverseQuestions asks for the PTR records of addresses of the prefixes.
func reverseQuestions(prefixes ...string) (questions []string) {
	for _, prefix := range prefixes {
		for _, addr := range samples(prefix) {
			questions = append(questions, "-x "+addr.String())
		}
	}
	return questions
}

// names asks a server for the names of addresses, and returns them.
func names(t *testing.T, port string, questions []string) (names []string) {
	t.Helper()
	for _, q := range questions {
		for _, rr := range ask(t, port, q).Answer {
			names = append(names, rr.(*dns.PTR).Ptr)
		}
	}
	return names
}

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
		t.Errorf("BIND made %d records of the lines, want %d", expanded, 2*(256+99+256))
	}

	// What no $GENERATE gives, and what is above that which it gives.
	agree(t, theirs, ours, []string{
		"ws256.lab.example.org", "ws007.lab.example.org", "ws.lab.example.org", "ws-1.lab.example.org",
		"printer0.lab.example.org", "printer000.lab.example.org", "printer7.lab.example.org", "printer0007.lab.example.org", "printer100.lab.example.org",
		"nodeff.lab.example.org AAAA", "node0100.lab.example.org AAAA", "NODE00FF.lab.example.org A", "a.ws1.lab.example.org", "lab.example.org A",
		"100.100.51.198.in-addr.arpa PTR", "200.100.51.198.in-addr.arpa PTR", "100.51.198.in-addr.arpa PTR",
		"256.2.0.192.in-addr.arpa PTR", "007.2.0.192.in-addr.arpa PTR", "1.1.2.0.192.in-addr.arpa PTR",
		"0.8.b.d.0.1.0.0.2.ip6.arpa PTR", "0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa TXT", "1.0.8.b.d.0.1.0.0.2.ip6.arpa PTR",
	})
}

// TestOracleGenerate has a line of $GENERATE, and the properties of the stanza
// that should give the same names: no more, as the neighbours of each are asked
// for, too, and no less.
func TestOracleGenerate(t *testing.T) {
	tests := []struct{ zone, generate, properties string }{
		{"lab.example.org", "0-255 ws$ A 192.0.2.$", "name ws{n}\nnetwork 192.0.2.0/24"},
		{"lab.example.org", "10-20 $ A 192.0.2.$", "name {n}\nnetwork 192.0.2.0/24\nnumbers 10-20"},
		{"lab.example.org", "0-99 $-lab A 192.0.2.$", "name {n}-lab\nnetwork 192.0.2.0-192.0.2.99"},
		{"lab.example.org", "95-105 p${0,3} A 192.0.2.$", "name p{n:3}\nnetwork 192.0.2.0/24\nnumbers 95-105"},
		{"lab.example.org", "95-105 p${0,2,d}z A 192.0.2.${100,0,d}", "name p{n:2}z\nnetwork 192.0.2.0/24\nnumbers 95-105\noffset 100"},
		{"lab.example.org", "100-110 ws$ A 192.0.2.${-100}", "name ws{n}\nnetwork 192.0.2.0-192.0.2.10\noffset -100"},
		{"lab.example.org", "0-10 ws${100} A 192.0.2.$", "name ws{n}\nnetwork 192.0.2.0/24\nnumbers 100-110\noffset -100"},
		{"lab.example.org", "0-30 n${0,0,x} A 192.0.2.$", "name n{x}\nnetwork 192.0.2.0/24\nnumbers 0-30"},
		{"lab.example.org", "250-260 n${0,2,x} AAAA 2001:db8::${0,0,x}", "name n{x:2}\nnetwork 2001:db8::/64\nnumbers 250-260"},
		{"lab.example.org", "250-260 n${0,20,x} AAAA 2001:db8::${0,0,x}", "name n{x:20}\nnetwork 2001:db8::/64\nnumbers 250-260"},
		{"lab.example.org", "0-8/4 ws$ A 192.0.2.$", "name ws{n}\nnetwork 192.0.2.0/24\nnumbers 0 4 8"},
		{"lab.example.org", "65530-65540 ws$ AAAA 2001:db8::1:${-65530,0,x}", "name ws{n}\nnetwork 2001:db8::1:0-2001:db8::1:a\noffset -65530"},
		{"2.0.192.in-addr.arpa", "0-255 $ PTR ws$.lab.example.org.", "name ws{n}\nnetwork 192.0.2.0/24"},
		{"2.0.192.in-addr.arpa", "1-20 ${100} PTR p${0,3,d}.lab.example.org.", "name p{n:3}\nnetwork 192.0.2.0/24\nnumbers 1-20\noffset 100"},
		{"8.b.d.0.1.0.0.2.ip6.arpa", "0-300 ${0,47,n} PTR n${0,3,x}.lab.example.org.", "name n{x:3}\nnetwork 2001:db8::/64\nnumbers 0-300"},
	}
	// A /16 takes BIND a line for each 256 addresses, and us none more.
	var carried strings.Builder
	for third := range 256 {
		fmt.Fprintf(&carried, "\n$GENERATE 0-255 ws${%d} A 10.0.%d.$", 256*third, third)
	}
	tests = append(tests, struct{ zone, generate, properties string }{"lab.example.org", strings.TrimPrefix(carried.String(), "\n$GENERATE "), "network 10.0.0.0/16\nname ws{n}"})

	_, fences := fencesOf(t, "../docs/transition.md")
	for _, tc := range tests {
		t.Run(strings.Fields(tc.generate)[0]+" "+strings.Fields(tc.generate)[1], func(t *testing.T) {
			dir := t.TempDir()
			writeZones(t, dir, fences)
			theirs := testPort(t)
			startNamed(t, dir, theirs, primaries(origins(t, dir, "$ORIGIN "+tc.zone+".\n$GENERATE "+tc.generate+"\n")))
			ours := startCorefile(t, dir, fmt.Sprintf(
				"lab.example.org 192.0.2.0/24 2001:db8::/32 {\n workstation {\n ttl 300\n %s\n }\n file db.empty\n}", tc.properties))

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

// neighbours returns names that differ from name in one character of the first
// label, which is another, doubled or gone.
func neighbours(name string) (names []string) {
	for i := range strings.IndexByte(name, '.') {
		before, c, after := name[:i], name[i], name[i+1:]
		for _, other := range []string{string(c + 1), string(c - 1), string(c) + string(c), "0" + string(c), ""} {
			if n := before + other + after; strings.Trim(other, "abcdefghijklmnopqrstuvwxyz0123456789-") == "" && n[0] != '.' && n[0] != '-' {
				names = append(names, n)
			}
		}
	}
	return names
}

// startNamed starts BIND's server with the zones of a configuration.
func startNamed(t *testing.T, dir, port, zones string) {
	t.Helper()
	startPeer(t, port, "named", "-g", "-c", write(t, dir, "named.conf", fmt.Sprintf(
		"options { directory %q; listen-on port %s { 127.0.0.1; }; listen-on-v6 { none; }; pid-file none; session-keyfile none; recursion no; empty-zones-enable no; minimal-responses yes; allow-transfer { any; }; notify no; };\ncontrols {};\n%s", dir, port, zones)))
}

// primaries are the lines of BIND for zones that are in files.
func primaries(files map[string]string) (zones string) {
	for origin, file := range files {
		zones += fmt.Sprintf("zone %q { type primary; file %q; };\n", origin, file)
	}
	return zones
}

// startKnot starts Knot DNS with some of its configuration.
func startKnot(t *testing.T, dir, port, lines string) {
	t.Helper()
	startPeer(t, port, "knotd", "-c", write(t, dir, "knot.conf", fmt.Sprintf(
		"server:\n    listen: 127.0.0.1@%s\n    rundir: %q\ndatabase:\n    storage: %[2]q\n%s", port, dir, lines)))
}

func TestOracleKnot(t *testing.T) {
	dir, lines, corefile := transition(t, "knot")
	theirs, ours := testPort(t), startCorefile(t, dir, corefile)
	startKnot(t, dir, theirs, fmt.Sprintf("template:\n  - id: default\n    storage: %q\n%s", dir, lines))

	questions := reverseQuestions("192.0.2.0/24", "2001:db8::/32")
	names := names(t, theirs, questions)
	if len(names) < 25 {
		t.Fatalf("Knot names only %d addresses", len(names))
	}
	for _, name := range names {
		questions = append(questions, name+" A", name+" AAAA", strings.ToUpper(name)+" MX", name+" ANY")
	}
	agree(t, theirs, ours, append(questions,
		"ip-192-0-3-1.lab.example.org", "ip-192-0-2-256.lab.example.org", "ip-192-0-2-05.lab.example.org", "ip-192-0-2.lab.example.org", "ip-.lab.example.org", "ip-foo.lab.example.org",
		"ip-2001-db9--5.lab.example.org AAAA", "ip-2001-db8--g.lab.example.org AAAA", "ip-2001-db8.lab.example.org AAAA", "lab.example.org A", "www.lab.example.org",
		"2.0.192.in-addr.arpa PTR", "5.5.2.0.192.in-addr.arpa PTR", "256.2.0.192.in-addr.arpa PTR",
		"0.8.b.d.0.1.0.0.2.ip6.arpa PTR", "0.f.e.8.b.d.0.1.0.0.2.ip6.arpa TXT", "g.8.b.d.0.1.0.0.2.ip6.arpa PTR",
	))
	differ(t, theirs, ours, `
		# Knot takes every way to write an address; we have one name for each.
		ip-2001-db8-0-0-0-0-0-5.lab.example.org AAAA => NOERROR, ip-2001-db8-0-0-0-0-0-5.lab.example.org. 300 AAAA 2001:db8::5 => NXDOMAIN
		ip-2001-0db8--5.lab.example.org AAAA         => NOERROR, ip-2001-0db8--5.lab.example.org. 300 AAAA 2001:db8::5 => NXDOMAIN
		ip-2001-db8--.lab.example.org AAAA           => NOERROR, ip-2001-db8--.lab.example.org. 300 AAAA 2001:db8:: => NXDOMAIN
	`)
}

func TestOracleDnsmasq(t *testing.T) {
	dir, lines, corefile := transition(t, "dnsmasq")
	upstream := testPort(t) // which denies everything
	corefile = strings.ReplaceAll(corefile, "/etc/resolv.conf", "127.0.0.1:"+upstream) +
		".:" + upstream + " {\n template ANY ANY {\n rcode NXDOMAIN\n }\n}\n"
	theirs, ours := testPort(t), startCorefile(t, dir, corefile)
	// The TTL is 0 where --local-ttl does not say another.
	startPeer(t, theirs, "dnsmasq", "--no-daemon", "--conf-file="+write(t, dir, "dnsmasq.conf", lines), "--port="+theirs,
		"--listen-address=127.0.0.1", "--bind-interfaces", "--no-resolv", "--no-hosts", "--user=", "--pid-file=", "--local-ttl=3600", "--local=/#/")

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
		"ws-1x.lab.example.org", "ip-10-1-0-5.lab.example.org", "ip-10-0-0-05.lab.example.org", "ip-10-0-0.lab.example.org",
		"ip-2001-db9--5.lab.example.org AAAA", "ws-5.example.org",
	))
	differ(t, theirs, ours, `
		# dnsmasq takes leading zeros, nothing for zero, and every way to write an IPv6 address.
		ws-05.lab.example.org                       => NOERROR, ws-05.lab.example.org. 3600 A 192.0.2.5 => NXDOMAIN
		ws-.lab.example.org                         => NOERROR, ws-.lab.example.org. 3600 A 192.0.2.0 => NXDOMAIN
		ip-2001-db8-0-0-0-0-0-5.lab.example.org AAAA => NOERROR, ip-2001-db8-0-0-0-0-0-5.lab.example.org. 3600 AAAA 2001:db8::5 => NXDOMAIN
		# Its name for an address that ends in zeros ends in a hyphen.
		-x 2001:db8:: => NOERROR, `+v6zeros+`8.b.d.0.1.0.0.2.ip6.arpa. 3600 PTR ip-2001-db8--.lab.example.org. => NOERROR, `+v6zeros+`8.b.d.0.1.0.0.2.ip6.arpa. 3600 PTR ip-2001-db8--0.lab.example.org.
		ip-2001-db8--.lab.example.org AAAA          => NOERROR, ip-2001-db8--.lab.example.org. 3600 AAAA 2001:db8:: => NXDOMAIN
	`)
}

// v6zeros are the labels of the lower 96 bits of an address.
var v6zeros = strings.Repeat("0.", 24)

func TestOraclePowerDNS(t *testing.T) {
	dir, lines, corefile := transition(t, "powerdns")
	theirs, ours := testPort(t), startCorefile(t, dir, corefile)
	var zones string
	for origin, file := range origins(t, dir, lines) {
		zones += fmt.Sprintf("zone %q { type native; file %q; };\n", origin, file)
	}
	startPeer(t, theirs, "pdns_server", "--config-dir="+dir, "--daemon=no", "--guardian=no", "--launch=bind", "--bind-config="+write(t, dir, "named.conf", zones),
		"--enable-lua-records=yes", "--local-address=127.0.0.1", "--local-port="+theirs, "--socket-dir="+dir, "--setuid=", "--setgid=")

	reverse := reverseQuestions("10.0.0.0/16", "2001:db8::/32")
	alike := slices.DeleteFunc(slices.Clone(reverse), func(q string) bool { return strings.HasSuffix(q, "::") }) // see below
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
		# createForward knows no network, nor a name that has no address.
		8-8-8-8.lab.example.org => NOERROR, 8-8-8-8.lab.example.org. 300 A 8.8.8.8 => NXDOMAIN
		foo.lab.example.org     => NOERROR, foo.lab.example.org. 300 A 0.0.0.0     => NXDOMAIN
		2001-db8--5.lab.example.org A => NOERROR, 2001-db8--5.lab.example.org. 300 A 0.0.0.0 => NOERROR
		10-0-0-5.lab.example.org AAAA => SERVFAIL => NOERROR
		# Its name for an address that ends in zeros ends in a hyphen.
		-x 2001:db8:: => NOERROR, `+v6zeros+`8.b.d.0.1.0.0.2.ip6.arpa. 300 PTR 2001-db8--.lab.example.org. => NOERROR, `+v6zeros+`8.b.d.0.1.0.0.2.ip6.arpa. 300 PTR 2001-db8--0.lab.example.org.
	`)
}
