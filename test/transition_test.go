package test

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// TestTransitionPatterns asks for every name in the table of docs/transition.md that shows which
// pattern gives which name. Each pattern has a separate zone.
func TestTransitionPatterns(t *testing.T) {
	t.Parallel()
	const network, address4, address6 = "10.1.0.0/16 2001:db8::/64", "10.1.7.12", "2001:db8::70c"

	text, fences := fencesOf(t, "../docs/transition.md")
	_, table, _ := strings.Cut(text, "\n## Which pattern do I need?\n")
	table, _, _ = strings.Cut(table, "\n## ")
	rows := regexp.MustCompile("(?m)^\\| (`.*`) \\| `(.*)` \\| .* \\|$").FindAllStringSubmatch(table, -1)
	if len(rows) != strings.Count(table, "\n|")-2 || len(rows) < 15 {
		t.Fatalf("found %d patterns in\n%s", len(rows), table)
	}

	var corefile strings.Builder
	corefile.WriteString("example.org {\n    file db.empty\n")
	for i, row := range rows {
		fmt.Fprintf(&corefile, `    workstation z%d.example.org {
        name %s
        network %s
        no_reverse
    }
`, i, row[2], network)
	}
	corefile.WriteString("}\n")
	dir := t.TempDir()
	writeZones(t, dir, fences)
	port := startCorefile(t, dir, corefile.String())

	for i, row := range rows {
		for quoted := range strings.SplitSeq(row[1], ", ") {
			name := fmt.Sprintf("%s.z%d.example.org.", strings.Trim(quoted, "`"), i)
			want := []string{name + " 3600 A " + address4, name + " 3600 AAAA " + address6}
			if strings.Contains(row[2], "{ip") { // the name has an address of one family
				if strings.Contains(quoted, "20010db8") || strings.Contains(quoted, "2001-") {
					want = want[1:]
				} else {
					want = want[:1]
				}
			}
			if got := addressRecords(t, port, name); !slices.Equal(got, want) {
				t.Errorf("name %s: %s has %q, want %q", row[2], name, got, want)
			}
		}
	}
}

// addressRecords returns the address records of a name.
func addressRecords(t *testing.T, port, name string) (got []string) {
	t.Helper()
	for _, qtype := range []string{"A", "AAAA"} {
		d, err := parseDig([]string{name, qtype}, port)
		if err != nil {
			t.Fatal(err)
		}
		m, err := d.ask()
		if err != nil {
			t.Fatal(err)
		}
		for _, rr := range m.Answer {
			got = append(got, record(rr))
		}
	}
	return got
}

// TestTransitionStoredFirst stores exceptions at the names and addresses of the stanzas in
// docs/transition.md. With stored_first they win, as they do in the other software by the
// document's table. Without it they are hidden.
func TestTransitionStoredFirst(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		peer, stored string
		table        string // QUESTION => ANSWER WITH stored_first => ANSWER WITHOUT
	}{
		{"dnsmasq", `
			ws-17   300 A     203.0.113.9
			ws-19   300 CNAME gateway
			ws-20   300 TXT   stored
			gateway 300 A     192.0.2.18
			18      300 PTR   gateway.lab.example.org.
		`, `
			ws-17.lab.example.org => 203.0.113.9 => 192.0.2.17
			-x 192.0.2.18         => gateway.lab.example.org. => ws-18.lab.example.org.
			ws-19.lab.example.org => gateway.lab.example.org. 192.0.2.18 => 192.0.2.19
			ws-18.lab.example.org => 192.0.2.18 => 192.0.2.18
			ws-20.lab.example.org => 192.0.2.20 => 192.0.2.20
		`},
		{"knot", `
			ip-192-0-2-17 300 A   203.0.113.9
			ip-192-0-2-18 300 TXT stored
			17            300 PTR gateway.example.org.
		`, `
			ip-192-0-2-17.lab.example.org => 203.0.113.9 => 192.0.2.17
			-x 192.0.2.17                 => gateway.example.org. => ip-192-0-2-17.lab.example.org.
			ip-192-0-2-18.lab.example.org => 192.0.2.18 => 192.0.2.18
			-x 192.0.2.18                 => ip-192-0-2-18.lab.example.org. => ip-192-0-2-18.lab.example.org.
		`},
		{"powerdns", `
			10-0-1-17 300 A   203.0.113.9
			17.1      300 PTR gateway.example.org.
		`, `
			10-0-1-17.lab.example.org => 203.0.113.9 => 10.0.1.17
			-x 10.0.1.17              => gateway.example.org. => 10-0-1-17.lab.example.org.
			-x 10.0.1.18              => 10-0-1-18.lab.example.org. => 10-0-1-18.lab.example.org.
		`},
		{"all-knowing-dns", `
			5.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0 300 PTR gateway.example.org.
		`, `
			-x 2001:db8:0:1::5 => gateway.example.org. => ipv6-0000000000000005.lab.example.org.
			-x 2001:db8:0:1::6 => ipv6-0000000000000006.lab.example.org. => ipv6-0000000000000006.lab.example.org.
		`},
	} {
		dir, _, corefile := transition(t, tc.peer)
		upstream := testPort(t)
		store(t, dir, tc.stored)
		// The records that dnsmasq stores itself, and those that AllKnowingDNS gets from its
		// upstream, come by forward.
		corefile = strings.NewReplacer("forward . /etc/resolv.conf", "forward . 127.0.0.1:"+upstream).Replace(corefile)
		if tc.peer == "all-knowing-dns" {
			corefile = strings.Replace(corefile, "file db.empty", "forward . 127.0.0.1:"+upstream, 1)
		}
		corefile += ".:" + upstream + ` {
    bind 127.0.0.1
    file db.empty lab.example.org 2.0.192.in-addr.arpa 1.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa
}
`
		without := startCorefile(t, dir, corefile)
		corefile = strings.ReplaceAll(corefile, ":"+upstream, ":"+testPort(t))
		storedFirst := strings.ReplaceAll(corefile, "        network ", "        stored_first\n        network ")
		with := startCorefile(t, dir, storedFirst)
		rows, err := tableRows(tc.table)
		if err != nil {
			t.Fatal(err)
		}
		for _, row := range rows {
			if len(row) != 3 {
				t.Fatalf("%q is not QUESTION => ANSWER WITH stored_first => ANSWER WITHOUT", row)
			}
			for i, port := range []string{with, without} {
				if got, err := shortAnswer(row[0], port); got != row[1+i] || err != nil {
					t.Errorf("%s: dig %s (stored_first: %t): got %q, %v, want %q",
						tc.peer, row[0], i == 0, got, err, row[1+i])
				}
			}
		}
	}
}

// transition returns the configuration of other software in docs/transition.md, and the Corefile after
// it. The directory has the document's zone files.
func transition(t *testing.T, peer string) (dir, lines, corefile string) {
	t.Helper()
	_, fences := fencesOf(t, "../docs/transition.md")
	i := slices.IndexFunc(fences, func(f fence) bool { return f.info == peer })
	if i < 0 || fences[i+1].info != "corefile" {
		t.Fatalf("docs/transition.md has no configuration of %s with a Corefile after it", peer)
	}
	dir = t.TempDir()
	writeZones(t, dir, fences)
	return dir, fences[i].text, fences[i+1].text
}

// store adds records to the zone file db.empty of a directory. The lines may be indented.
func store(t *testing.T, dir, records string) {
	t.Helper()
	empty, err := os.ReadFile(filepath.Join(dir, "db.empty"))
	if err != nil {
		t.Fatal(err)
	}
	write(t, dir, "db.empty", string(empty)+regexp.MustCompile(`(?m)^\s+`).ReplaceAllString(records, ""))
}

// shortAnswer returns the data of the records of an answer, as dig +short prints them, on one line.
func shortAnswer(question, port string) (string, error) {
	d, err := parseDig(append(strings.Fields(question), "+short"), port)
	if err != nil {
		return "", err
	}
	var out strings.Builder
	err = d.print(&out)
	return strings.Join(strings.Fields(out.String()), " "), err
}
