//go:build oracle

package test

import (
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/miekg/dns"
)

// Resolvers that minimise their queries (RFC 9156) ask for the names above a name before they ask for
// the name itself. A strict resolver gives up if one of these is denied. In the tests of this file,
// they resolve computed names after questions for names that do not exist. Debian's packages are
// bind9 and unbound.

// stanzas have a network that does not end on the boundary of a label (the /15), one far below a zone
// (the /64), and a zone below an empty non-terminal (ip.site.example.org).
const stanzas = `
    workstation lab.example.org {
        name ws{n}
        network 10.20.0.0/15 2001:db8::/64
    }
    workstation ip.site.example.org {
        name ip-{ip}
        network 192.0.2.0/24 2001:db8:0:1::/64
    }
`

// places are the zones for which a resolver asks coredns: those of the stanzas, or zones above them.
var places = []struct{ name, zones string }{
	{"at the names", "lab.example.org ip.site.example.org " +
		"20.10.in-addr.arpa 21.10.in-addr.arpa 2.0.192.in-addr.arpa " +
		"0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa 1.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa"},
	{"above", "example.org 10.in-addr.arpa 192.in-addr.arpa 8.b.d.0.1.0.0.2.ip6.arpa"},
	{"at the top", "org arpa"},
}

// aboveFile has a zone file for each zone. Nothing answers at the address of the name server in the zone
// file, so a resolver must use the address in its configuration.
const aboveFile = `
$ZONES {
    bind 127.0.0.1
    log
    $RECORDS
    file db.zone
}`

// zoneFile is the zone file of all zones.
const zoneFile = `
@  300 IN SOA  ns hostmaster 1 7200 1800 86400 300
@  300 IN NS   ns
ns 300 IN A    127.0.0.2
`

// aboveForward has an upstream that denies everything, with the SOA record of the zone.
const aboveForward = `
. {
    bind 127.0.0.1
    log
    $RECORDS
    forward . 127.0.0.1:$UPSTREAM
}
.:$UPSTREAM {
    bind 127.0.0.1
    template ANY ANY $ZONES {
        rcode NXDOMAIN
        authority "{{ .Zone }} 300 SOA ns.example.org. hostmaster.example.org. 1 7200 1800 86400 300"
    }
}`

// A minimiser is a resolver that asks the server on port $SERVER for each $ZONE, and no other server: its
// queries stay on the loopback interface. Unbound has harden-below-nxdomain by default. It only applies
// to signed denials.
type minimiser struct{ name, program, args, conf, zone string }

const unboundConf = `
server:
    interface: 127.0.0.1@$PORT
    outgoing-interface: 127.0.0.1
    do-not-query-localhost: no
    # Unbound has its own reverse zones of private networks. This disables them.
    unblock-lan-zones: yes
    module-config: "iterator"
    qname-minimisation: yes
    harden-below-nxdomain: yes
    directory: "$DIR"
    chroot: ""
    username: ""
    pidfile: ""
    use-syslog: no
    do-ip6: no
`

const unboundZone = `
stub-zone:
    name: "$ZONE"
    stub-addr: 127.0.0.1@$SERVER
`

const bindConf = `
controls {};
options {
    listen-on port $PORT { 127.0.0.1; };
    query-source address 127.0.0.1;
    # A static-stub zone cannot have a port. This is the port for all queries.
    port $SERVER;
    recursion yes;
    # BIND has its own reverse zones of private networks. This disables them.
    empty-zones-enable no;
    dnssec-validation no;
    minimal-responses yes;
    pid-file none;
    session-keyfile none;
    directory "$DIR";
    qname-minimization $MINIMISE;
};
`

const bindZone = `
zone "$ZONE" {
    type static-stub;
    server-addresses { 127.0.0.1; };
};
`

// minimisers are the resolvers that the tests run.
var minimisers = []minimiser{
	{"Unbound", "unbound", "-d -c", unboundConf, unboundZone},
	{"Unbound, strict", "unbound", "-d -c", unboundConf + "    qname-minimisation-strict: yes\n", unboundZone},
	{"BIND, relaxed", "named", "-4 -g -c", strings.ReplaceAll(bindConf, "$MINIMISE", "relaxed"), bindZone},
	{"BIND, strict", "named", "-4 -g -c", strings.ReplaceAll(bindConf, "$MINIMISE", "strict"), bindZone},
}

// start runs the resolver, and returns its port.
func (r minimiser) start(t *testing.T, server string, zones []string) (port string) {
	t.Helper()
	dir, port := t.TempDir(), testPort(t)
	conf := r.conf
	for _, zone := range zones {
		conf += strings.ReplaceAll(r.zone, "$ZONE", zone)
	}
	conf = strings.NewReplacer("$PORT", port, "$SERVER", server, "$DIR", dir).Replace(conf)
	startPeer(t, port, r.program, append(strings.Fields(r.args), write(t, dir, "conf", conf))...)
	return port
}

// A question is arguments of dig, and the answer that a resolver should give.
type question struct{ asked, want string }

// records returns questions for computed records: numbers before and after a carry into the next octet,
// and addresses of both families.
func records() (questions []question) {
	both := func(name, qtype string, addr netip.Addr) {
		questions = append(questions,
			question{name + " " + qtype, addr.String()},
			question{"-x " + addr.String(), name + "."})
	}
	v4, v6 := netip.MustParseAddr("10.20.0.0").As4(), netip.MustParseAddr("2001:db8::").As16()
	for _, n := range []int{0, 1, 255, 256, 65535, 65536, 131071} {
		name := fmt.Sprintf("ws%d.lab.example.org", n)
		v4[1], v4[2], v4[3] = 20+byte(n>>16), byte(n>>8), byte(n)
		both(name, "A", netip.AddrFrom4(v4))
		v6[13], v6[14], v6[15] = byte(n>>16), byte(n>>8), byte(n)
		both(name, "AAAA", netip.AddrFrom16(v6))
	}
	for _, addr := range slices.Concat(samples("192.0.2.0/24"), samples("2001:db8:0:1::/64")) {
		label := "ip-" + strings.NewReplacer(".", "-", ":", "-").Replace(addr.String())
		if strings.HasSuffix(label, "-") {
			label += "0"
		}
		qtype := "AAAA"
		if addr.Is4() {
			qtype = "A"
		}
		both(label+".ip.site.example.org", qtype, addr)
	}
	return questions
}

// provocations returns questions for names and types that do not exist. It only returns those inside the
// zones. A resolver must not conclude from such an answer that a computed name does not exist.
func provocations(zones []string) (questions []question) {
	add := func(want string, asked ...string) {
		for _, q := range asked {
			name := dns.Fqdn(strings.Fields(q)[0])
			isAbove := func(zone string) bool { return dns.IsSubDomain(zone+".", name) }
			if slices.ContainsFunc(zones, isAbove) {
				questions = append(questions, question{q, want})
			}
		}
	}
	for _, name := range []string{
		// The zones, and names above them and above PTR records. The name minimised is left out.
		"org", "example.org", "lab.example.org", "site.example.org", "ip.site.example.org",
		"arpa", "in-addr.arpa", "10.in-addr.arpa", "20.10.in-addr.arpa", "21.10.in-addr.arpa", "0.21.10.in-addr.arpa",
		"192.in-addr.arpa", "2.0.192.in-addr.arpa",
		"ip6.arpa", "8.b.d.0.1.0.0.2.ip6.arpa", "0.8.b.d.0.1.0.0.2.ip6.arpa",
		"0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa", "1.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa",
		// Computed names.
		"ws256.lab.example.org", "0.1.20.10.in-addr.arpa", "ip-192-0-2-1.ip.site.example.org", "1.2.0.192.in-addr.arpa",
	} {
		add("NODATA", name+" TXT", name+" MX", name+" TYPE65280")
	}
	add("NODATA",
		"lab.example.org A", "10.in-addr.arpa PTR", "0.21.10.in-addr.arpa PTR", "0.8.b.d.0.1.0.0.2.ip6.arpa PTR",
		"site.example.org NS", "0.0.21.10.in-addr.arpa NS",
		"ip-192-0-2-1.ip.site.example.org AAAA", "ip-2001-db8-0-1--1.ip.site.example.org A",
	)
	add("NXDOMAIN",
		// Siblings of computed names, of the zones and of empty non-terminals.
		"ws131072.lab.example.org A", "ws007.lab.example.org A", "ws.lab.example.org AAAA",
		"ip-192-0-3-1.ip.site.example.org A",
		"nowhere.org A", "ws1.example.org A", "ip-192-0-2-1.site.example.org A", "10.site.example.org A",
		"11.in-addr.arpa PTR", "1.0.22.10.in-addr.arpa PTR", "19.10.in-addr.arpa NS",
		"256.20.10.in-addr.arpa PTR", "x.0.20.10.in-addr.arpa PTR",
		"3.ip6.arpa PTR", "1.8.b.d.0.1.0.0.2.ip6.arpa PTR", "x.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa PTR",
		// Names below computed names.
		"a.ws255.lab.example.org A", "a.b.ip-192-0-2-1.ip.site.example.org A",
		"1.255.0.20.10.in-addr.arpa PTR", "a.b.1.2.0.192.in-addr.arpa PTR",
	)
	return questions
}

// resolve asks a resolver. It returns the data of the records of the answer, or NODATA, or the status.
func resolve(t *testing.T, port, asked string) string {
	t.Helper()
	d, err := parseDig(strings.Fields(asked), port)
	if err != nil {
		t.Fatal(err)
	}
	m, err := d.ask()
	if err != nil {
		t.Fatalf("dig -p %s %s: %v", port, asked, err)
	}
	if m.Rcode != dns.RcodeSuccess {
		return dns.RcodeToString[m.Rcode]
	}
	if len(m.Answer) == 0 {
		return "NODATA"
	}
	var data []string
	for _, rr := range m.Answer {
		data = append(data, rdata(rr))
	}
	return strings.Join(data, ", ")
}

// minimised is above the name of a PTR record, and no question asks for it.
const minimised = "255.20.10.in-addr.arpa."

// TestOracleResolvers checks that each resolver finds all computed names, above file and above forward.
func TestOracleResolvers(t *testing.T) {
	for _, below := range []struct{ name, corefile string }{
		{"file", aboveFile},
		{"forward", aboveForward},
	} {
		for _, place := range places {
			zones := strings.Fields(place.zones)
			denied, found := provocations(zones), records()
			for _, zone := range zones {
				want := "NODATA"
				if below.name == "file" {
					want = "ns." + zone + "."
				}
				denied = append(denied, question{zone + " NS", want})
			}
			// After the denial of an ancestor, a strict resolver may not ask for it again, and so find
			// the next name below. So both orders are tested.
			orders := map[string][]question{
				"denied first": slices.Concat(denied, found, denied, found),
				"found first":  slices.Concat(found, denied, found),
			}
			for _, r := range minimisers {
				for order, questions := range orders {
					t.Run(below.name+"/"+place.name+"/"+r.name+"/"+order, func(t *testing.T) {
						dir := t.TempDir()
						write(t, dir, "db.zone", zoneFile)
						server := startCorefile(t, dir, expand(t, below.corefile, place.zones, stanzas))
						port := r.start(t, server, zones)
						for _, q := range questions {
							if got := resolve(t, port, q.asked); got != q.want {
								t.Errorf("%s: got %s, want %s", q.asked, got, q.want)
							}
						}
						checkMinimised(t, filepath.Join(dir, "Corefile-"+server+".log"))
					})
				}
			}
		}
	}
}

// checkMinimised checks that the log of coredns has a query for the name minimised, so the resolver did
// minimise its queries. Relaxed BIND puts the label _ in place of the labels that it leaves out.
func checkMinimised(t *testing.T, log string) {
	t.Helper()
	query := regexp.MustCompile(`"(A|NS) IN (_[.])?` + regexp.QuoteMeta(minimised) + " ")
	var logged []byte
	for deadline := time.Now().Add(10 * time.Second); time.Now().Before(deadline); time.Sleep(10 * time.Millisecond) {
		var err error
		if logged, err = os.ReadFile(log); err != nil {
			t.Fatal(err)
		}
		if query.Match(logged) {
			return
		}
	}
	t.Errorf("the resolver did not ask for %s:\n%s", minimised, logged)
}

// TestOracleResolversUnguarded shows the purpose of the guard. It compares workstation with templates for
// the same records. With these, the next plugin denies names above the records, and other types of
// their names. Each resolver is started anew for each line.
func TestOracleResolversUnguarded(t *testing.T) {
	tests := []struct{ before, asked, want, lostBy string }{
		// A name above is denied, and strict resolvers stop there.
		{"", "ip-192-0-2-1.ip.site.example.org A", "192.0.2.1", "Unbound, strict; BIND, strict"},
		{"", "ip-2001-db8-0-1--1.ip.site.example.org AAAA", "2001:db8:0:1::1", "Unbound, strict; BIND, strict"},
		{"", "-x 10.21.255.255", "ws131071.lab.example.org.", "Unbound, strict; BIND, strict"},
		{"", "-x 2001:db8::100", "ws256.lab.example.org.", "Unbound, strict; BIND, strict"},
		{"20.10.in-addr.arpa NS", "-x 10.20.1.0", "ws256.lab.example.org.", "Unbound, strict; BIND, strict"},
		// The name itself is denied, and then BIND denies all types of it.
		{"ws256.lab.example.org TXT", "ws256.lab.example.org A", "10.20.1.0",
			"Unbound, strict; BIND, relaxed; BIND, strict"},
		{"0.1.20.10.in-addr.arpa TXT", "-x 10.20.1.0", "ws256.lab.example.org.",
			"Unbound, strict; BIND, relaxed; BIND, strict"},
	}
	const zones = "example.org 10.in-addr.arpa 192.in-addr.arpa 8.b.d.0.1.0.0.2.ip6.arpa"
	var templates strings.Builder
	for _, tc := range tests {
		d, err := parseDig(strings.Fields(tc.asked), "")
		if err != nil {
			t.Fatal(err)
		}
		name, qtype := d.msg.Question[0].Name, dns.Type(d.msg.Question[0].Qtype)
		fmt.Fprintf(&templates, "template IN %s %s {\n answer \"%s 300 %s %s\"\n }\n",
			qtype, name, name, qtype, tc.want)
	}
	unguarded := startCorefile(t, t.TempDir(), expand(t, aboveForward, zones, templates.String()))
	guarded := startCorefile(t, t.TempDir(), expand(t, aboveForward, zones, stanzas))
	for _, tc := range tests {
		for _, r := range minimisers {
			t.Run(tc.before+" "+tc.asked+"/"+r.name, func(t *testing.T) {
				want := map[string]string{unguarded: tc.want, guarded: tc.want}
				if slices.Contains(strings.Split(tc.lostBy, "; "), r.name) {
					want[unguarded] = "NXDOMAIN"
				}
				for server, want := range want {
					port := r.start(t, server, strings.Fields(zones))
					if tc.before != "" {
						resolve(t, port, tc.before)
					}
					if got := resolve(t, port, tc.asked); got != want {
						t.Errorf("guarded: %t: got %s, want %s", server == guarded, got, want)
					}
				}
			})
		}
	}
}

// TestOracleResolversSOA has an upstream that denies names with the SOA record of a zone above the one for
// which the resolver asks coredns. BIND accepts such a denial (NXDOMAIN), but not the NODATA that the
// guard makes of it.
func TestOracleResolversSOA(t *testing.T) {
	const records = `
    workstation example.org {
        name ws{n}
        network 192.0.2.0/24
    }`
	corefile := strings.Replace(aboveForward, "{{ .Zone }}", "org.", 1)
	tests := []struct{ asked, unbound, bind string }{
		{"ws1.example.org A", "192.0.2.1", "192.0.2.1"},
		{"nowhere.example.org A", "NXDOMAIN", "NXDOMAIN"},
		{"ws1.example.org AAAA", "NODATA", "SERVFAIL"},
		{"example.org TXT", "NODATA", "SERVFAIL"},
	}
	server := startCorefile(t, t.TempDir(), expand(t, corefile, "example.org", records))
	for _, r := range minimisers {
		port := r.start(t, server, []string{"example.org"})
		for _, tc := range tests {
			want := tc.unbound
			if r.program == "named" {
				want = tc.bind
			}
			if got := resolve(t, port, tc.asked); got != want {
				t.Errorf("%s: %s: got %s, want %s", r.name, tc.asked, got, want)
			}
		}
	}
}

// expand returns a Corefile with these zones, and with the plugins that give the records.
func expand(t *testing.T, corefile, zones, records string) string {
	t.Helper()
	return strings.NewReplacer("$ZONES", zones, "$RECORDS", records, "$UPSTREAM", testPort(t)).Replace(corefile)
}

// TestOracleResolversDocumented runs resolvers with the configurations of docs/zones.md.
func TestOracleResolversDocumented(t *testing.T) {
	_, fences := fencesOf(t, zonesDoc)
	dir := t.TempDir()
	writeEmptyZone(t, dir)
	server := startCorefile(t, dir, `lab.example.org 10.20.0.0/16 {
		workstation {
			name ws{n}
			network 10.20.0.0/16
		}
		file db.empty
	}`)
	for _, tc := range []struct {
		info      string
		minimiser minimiser
	}{
		{"unbound", minimisers[1]},
		{"named", minimisers[3]},
	} {
		i := slices.IndexFunc(fences, func(f fence) bool { return f.info == tc.info })
		if i < 0 {
			t.Fatalf("%s has no configuration of %s", zonesDoc, tc.info)
		}
		r := tc.minimiser
		r.conf = strings.Replace(r.conf, "unblock-lan-zones: yes", "unblock-lan-zones: no", 1) +
			strings.NewReplacer("192.0.2.53@53", "127.0.0.1@$SERVER", "192.0.2.53", "127.0.0.1").Replace(fences[i].text)
		port := r.start(t, server, nil)
		for _, q := range []question{
			{"-x 10.20.1.0", "ws256.lab.example.org."},
			{"ws256.lab.example.org A", "10.20.1.0"},
			{"ws256.lab.example.org AAAA", "NODATA"},
			{"1.20.10.in-addr.arpa A", "NODATA"},
			{"ws65536.lab.example.org A", "NXDOMAIN"},
		} {
			if got := resolve(t, port, q.asked); got != q.want {
				t.Errorf("%s: %s: got %s, want %s", r.name, q.asked, got, q.want)
			}
		}
	}
}

// delegating is a server block with stored records of all kinds. $PARENT is its address, and $CHILD is the
// address of the server to which it delegates zones. Both have port 53, because resolvers ask the name
// servers of a delegation on this port.
const delegating = `
lab.example.org:53 1.10.in-addr.arpa:53 2.0.192.in-addr.arpa:53 {
    bind $PARENT
    workstation lab.example.org 192.0.2.0/24 {
        name ws{n}
        network 192.0.2.0/24
        stored_first
    }
    workstation lab.example.org 10.1.0.0/16 {
        name {d}.r{c} {d}.{c}.row
        network 10.1.0.0/16
        stored_first
    }
    file db.lab lab.example.org
    file db.1.10 1.10.in-addr.arpa
    file db.2.0.192 2.0.192.in-addr.arpa
}
`

// delegatingZones are the zone files of delegating. They follow the records of zoneFile.
var delegatingZones = map[string]string{
	"db.lab": `
		ws1      300 A     203.0.113.1
		ws2      300 CNAME www
		ws3      300 TXT   stored
		ws4      300 NS    ns.ws4
		ns.ws4   300 A     $CHILD
		www      300 A     203.0.113.80
		alias    300 CNAME ws3
		r2       300 TXT   above
		r3       300 NS    ns.r3
		ns.r3    300 A     $CHILD
		7.r4     300 NS    ns.7.r4
		ns.7.r4  300 A     $CHILD
		r5       300 DNAME r6
		8.row    300 NS    ns.8.row
		ns.8.row 300 A     $CHILD
	`,
	"db.1.10": `
		1.2      300 PTR   gateway.example.org.
		2        300 TXT   above
		3        300 NS    ns.r3.lab.example.org.
		7.4      300 NS    ns.7.r4.lab.example.org.
		5        300 DNAME 6
	`,
	"db.2.0.192": `
		1        300 PTR   gateway.example.org.
		2        300 CNAME 3
		4        300 NS    ns.ws4.lab.example.org.
		64/26    300 NS    ns.ws4.lab.example.org.
		64       300 CNAME 64.64/26
		65       300 CNAME 65.64/26
	`,
}

// delegatedTo is the server block of the delegated zones.
const delegatedTo = `
ws4.lab.example.org:53,
r3.lab.example.org:53,
7.r4.lab.example.org:53,
8.row.lab.example.org:53,
3.1.10.in-addr.arpa:53,
7.4.1.10.in-addr.arpa:53,
4.2.0.192.in-addr.arpa:53,
64/26.2.0.192.in-addr.arpa:53 {
    bind $CHILD
    file db.child
}
`

// delegatedZone is the zone file of all delegated zones. Resolvers use the address of the name server in
// it.
var delegatedZone = strings.Replace(zoneFile, "127.0.0.2", "$CHILD", 1) + `
@  300 A   203.0.113.4
@  300 PTR child.example.net.
7  300 A   203.0.113.7
7  300 PTR seven.example.net.
64 300 PTR customer.example.net.
65 300 PTR guest.example.net.
`

// startDelegating starts coredns with both server blocks. It returns the address of the first.
func startDelegating(t *testing.T) (parent string) {
	t.Helper()
	parent = nextResolver()
	addresses := strings.NewReplacer("$PARENT", parent, "$CHILD", nextResolver(), "\t", "")
	dir := t.TempDir()
	for file, lines := range delegatingZones {
		write(t, dir, file, zoneFile+addresses.Replace(lines))
	}
	write(t, dir, "db.child", addresses.Replace(delegatedZone))
	startCorefile(t, dir, addresses.Replace(delegating+delegatedTo))
	return parent
}

// inBothModes are resolvers that minimise their queries, and resolvers that do not.
var inBothModes = append([]minimiser{
	{
		"Unbound, whole names", "unbound", "-d -c",
		strings.Replace(unboundConf, "qname-minimisation: yes", "qname-minimisation: no", 1), unboundZone,
	},
	{"BIND, whole names", "named", "-4 -g -c", strings.ReplaceAll(bindConf, "$MINIMISE", "off"), bindZone},
}, minimisers...)

// TestOracleResolversDelegated has zones with stored_first: stored records, aliases, and delegations at and
// above computed names. All resolvers find the same records, after any earlier questions.
func TestOracleResolversDelegated(t *testing.T) {
	found := []question{
		{"ws0.lab.example.org A", "192.0.2.0"},
		{"ws1.lab.example.org A", "203.0.113.1"},
		{"ws2.lab.example.org A", "www.lab.example.org., 203.0.113.80"},
		{"ws3.lab.example.org A", "192.0.2.3"},
		{"alias.lab.example.org A", "ws3.lab.example.org., 192.0.2.3"},
		{"ws4.lab.example.org A", "203.0.113.4"},
		{"7.ws4.lab.example.org A", "203.0.113.7"},
		{"7.r2.lab.example.org A", "10.1.2.7"},
		{"7.r3.lab.example.org A", "203.0.113.7"},
		{"6.r4.lab.example.org A", "10.1.4.6"},
		{"7.r4.lab.example.org A", "203.0.113.4"},
		{"7.r5.lab.example.org A", "r6.lab.example.org., 7.r6.lab.example.org., 10.1.6.7"},
		{"7.7.row.lab.example.org A", "10.1.7.7"},
		{"7.8.row.lab.example.org A", "203.0.113.7"},
		{"-x 10.1.2.1", "gateway.example.org."},
		{"-x 10.1.2.7", "7.r2.lab.example.org."},
		{"-x 10.1.3.7", "seven.example.net."},
		{"-x 10.1.4.6", "6.r4.lab.example.org."},
		{"-x 10.1.4.7", "child.example.net."},
		{"-x 10.1.5.7", "6.1.10.in-addr.arpa., 7.6.1.10.in-addr.arpa., 7.r6.lab.example.org."},
		{"-x 192.0.2.0", "ws0.lab.example.org."},
		{"-x 192.0.2.1", "gateway.example.org."},
		{"-x 192.0.2.2", "3.2.0.192.in-addr.arpa., ws3.lab.example.org."},
		{"-x 192.0.2.4", "child.example.net."},
		{"-x 192.0.2.64", "64.64/26.2.0.192.in-addr.arpa., customer.example.net."},
		{"-x 192.0.2.65", "65.64/26.2.0.192.in-addr.arpa., guest.example.net."},
		{"-x 192.0.2.66", "ws66.lab.example.org."},
	}
	denied := []question{
		// Names that exist, above and next to delegations, and names of the delegated zones.
		{"lab.example.org A", "NODATA"}, {"ws0.lab.example.org TXT", "NODATA"}, {"ws1.lab.example.org AAAA", "NODATA"},
		{"ws3.lab.example.org MX", "NODATA"}, {"ws4.lab.example.org MX", "NODATA"}, {"r2.lab.example.org A", "NODATA"},
		{"r3.lab.example.org MX", "NODATA"}, {"r4.lab.example.org A", "NODATA"}, {"r6.lab.example.org NS", "NODATA"},
		{"row.lab.example.org A", "NODATA"}, {"7.r4.lab.example.org TXT", "NODATA"},
		{"7.row.lab.example.org NS", "NODATA"}, {"2.1.10.in-addr.arpa A", "NODATA"},
		{"4.1.10.in-addr.arpa PTR", "NODATA"},
		{"4.2.0.192.in-addr.arpa MX", "NODATA"}, {"64/26.2.0.192.in-addr.arpa TXT", "NODATA"},
		// Names that do not exist.
		{"ws300.lab.example.org A", "NXDOMAIN"}, {"a.ws0.lab.example.org A", "NXDOMAIN"},
		{"a.ws4.lab.example.org A", "NXDOMAIN"}, {"6.r3.lab.example.org A", "NXDOMAIN"},
		{"7.r256.lab.example.org A", "NXDOMAIN"}, {"6.8.row.lab.example.org A", "NXDOMAIN"},
		{"6.3.1.10.in-addr.arpa PTR", "NXDOMAIN"}, {"a.7.2.1.10.in-addr.arpa PTR", "NXDOMAIN"},
		{"67.64/26.2.0.192.in-addr.arpa PTR", "NXDOMAIN"},
	}
	orders := map[string][]question{
		"denied first": slices.Concat(denied, found, denied, found),
		"found first":  slices.Concat(found, denied, found),
	}
	server := startDelegating(t)
	for _, r := range inBothModes {
		r.zone = strings.ReplaceAll(r.zone, "127.0.0.1", server)
		for order, questions := range orders {
			t.Run(r.name+"/"+order, func(t *testing.T) {
				port := r.start(t, "53", []string{"lab.example.org", "1.10.in-addr.arpa", "2.0.192.in-addr.arpa"})
				for _, q := range questions {
					if got := resolve(t, port, q.asked); got != q.want {
						t.Errorf("%s: got %s, want %s", q.asked, got, q.want)
					}
				}
			})
		}
	}
}

// TestOracleResolversHiddenCNAME stores CNAME records at computed names, which hide them. A resolver that
// gets a CNAME record follows it for all types, so no answer may have it.
func TestOracleResolversHiddenCNAME(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, "db.lab", zoneFile+`
ws5  300 CNAME www
www  300 A     203.0.113.80
www  300 TXT   stored
five 300 CNAME ws5
`)
	write(t, dir, "db.2.0.192", zoneFile+"5 300 CNAME 6\n")
	server := startCorefile(t, dir, `lab.example.org 2.0.192.in-addr.arpa {
		bind 127.0.0.1
		workstation lab.example.org 2.0.192.in-addr.arpa {
			name ws{n}
			network 192.0.2.0/24
		}
		file db.lab lab.example.org
		file db.2.0.192 2.0.192.in-addr.arpa
	}`)
	for _, questions := range [][]question{
		{
			{"ws5.lab.example.org TXT", "NODATA"},
			{"ws5.lab.example.org CNAME", "NODATA"},
			{"ws5.lab.example.org A", "192.0.2.5"},
		},
		{
			{"five.lab.example.org TXT", "ws5.lab.example.org."},
			{"five.lab.example.org A", "ws5.lab.example.org., 192.0.2.5"},
		},
		{
			{"-x 192.0.2.5 TXT", "NODATA"},
			{"5.2.0.192.in-addr.arpa CNAME", "NODATA"},
			{"-x 192.0.2.5", "ws5.lab.example.org."},
		},
	} {
		backwards := slices.Clone(questions)
		slices.Reverse(backwards)
		for _, questions := range [][]question{questions, backwards} {
			for _, r := range inBothModes {
				t.Run(questions[0].asked+" first/"+r.name, func(t *testing.T) {
					port := r.start(t, server, []string{"lab.example.org", "2.0.192.in-addr.arpa"})
					for _, q := range slices.Concat(questions, questions) {
						if got := resolve(t, port, q.asked); got != q.want {
							t.Errorf("%s: got %s, want %s", q.asked, got, q.want)
						}
					}
				})
			}
		}
	}
}
