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

// TestTransitionPatterns asks for every name in the table of docs/transition.md that
// tells which pattern gives it. Each pattern has a zone of its own.
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
	corefile.WriteString("example.org {\n")
	for i, row := range rows {
		fmt.Fprintf(&corefile, "workstation z%d.example.org {\nname %s\nnetwork %s\nno_reverse\n}\n", i, row[2], network)
	}
	corefile.WriteString("file db.empty\n}\n")
	dir := t.TempDir()
	writeZones(t, dir, fences)
	port := startCorefile(t, dir, corefile.String())

	for i, row := range rows {
		for quoted := range strings.SplitSeq(row[1], ", ") {
			name := fmt.Sprintf("%s.z%d.example.org.", strings.Trim(quoted, "`"), i)
			want := []string{name + " 3600 A " + address4, name + " 3600 AAAA " + address6}
			if strings.Contains(row[2], "{ip") { // a name of one family
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

// addressRecords asks for the addresses of a name, and returns the records.
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

// TestTransitionStoredFirst has the exceptions of other software beside the stanzas of
// docs/transition.md. With stored_first they win, as the document's table says of that
// software, and without it they are hidden.
func TestTransitionStoredFirst(t *testing.T) {
	t.Parallel()
	_, fences := fencesOf(t, "../docs/transition.md")
	for _, tc := range []struct {
		peer, stored string
		table        string // QUESTION => WITH stored_first => WITHOUT
	}{
		{"dnsmasq", "ws-17 300 A 203.0.113.9\nws-19 300 CNAME gateway\nws-20 300 TXT stored\ngateway 300 A 192.0.2.18\n18 300 PTR gateway.lab.example.org.\n", `
			ws-17.lab.example.org => 203.0.113.9 => 192.0.2.17
			-x 192.0.2.18         => gateway.lab.example.org. => ws-18.lab.example.org.
			ws-19.lab.example.org => gateway.lab.example.org. 192.0.2.18 => 192.0.2.19
			ws-18.lab.example.org => 192.0.2.18 => 192.0.2.18
			ws-20.lab.example.org => 192.0.2.20 => 192.0.2.20
		`},
		{"knot", "ip-192-0-2-17 300 A 203.0.113.9\nip-192-0-2-18 300 TXT stored\n17 300 PTR gateway.example.org.\n", `
			ip-192-0-2-17.lab.example.org => 203.0.113.9 => 192.0.2.17
			-x 192.0.2.17                 => gateway.example.org. => ip-192-0-2-17.lab.example.org.
			ip-192-0-2-18.lab.example.org => 192.0.2.18 => 192.0.2.18
			-x 192.0.2.18                 => ip-192-0-2-18.lab.example.org. => ip-192-0-2-18.lab.example.org.
		`},
		{"powerdns", "10-0-1-17 300 A 203.0.113.9\n17.1 300 PTR gateway.example.org.\n", `
			10-0-1-17.lab.example.org => 203.0.113.9 => 10.0.1.17
			-x 10.0.1.17              => gateway.example.org. => 10-0-1-17.lab.example.org.
			-x 10.0.1.18              => 10-0-1-18.lab.example.org. => 10-0-1-18.lab.example.org.
		`},
		{"all-knowing-dns", "5.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0 300 PTR gateway.example.org.\n", `
			-x 2001:db8:0:1::5 => gateway.example.org. => ipv6-0000000000000005.lab.example.org.
			-x 2001:db8:0:1::6 => ipv6-0000000000000006.lab.example.org. => ipv6-0000000000000006.lab.example.org.
		`},
	} {
		i := slices.IndexFunc(fences, func(f fence) bool { return f.info == tc.peer })
		if i < 0 || fences[i+1].info != "corefile" {
			t.Fatalf("docs/transition.md has no lines of %s with a Corefile after them", tc.peer)
		}
		dir, upstream := t.TempDir(), testPort(t)
		writeZones(t, dir, fences)
		empty, err := os.ReadFile(filepath.Join(dir, "db.empty"))
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, "db.empty"), append(empty, tc.stored...), 0o644); err != nil {
			t.Fatal(err)
		}
		corefile := fences[i+1].text
		// What dnsmasq has of its own, and AllKnowingDNS from upstream, comes by forward.
		corefile = strings.NewReplacer("forward . /etc/resolv.conf", "forward . 127.0.0.1:"+upstream).Replace(corefile)
		if tc.peer == "all-knowing-dns" {
			corefile = strings.Replace(corefile, "file db.empty", "forward . 127.0.0.1:"+upstream, 1)
		}
		corefile += ".:" + upstream + " {\n bind 127.0.0.1\n file db.empty lab.example.org 2.0.192.in-addr.arpa 1.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa\n}\n"
		without := startCorefile(t, dir, corefile)
		with := startCorefile(t, dir, strings.ReplaceAll(strings.ReplaceAll(corefile, ":"+upstream, ":"+testPort(t)), "        network ", "        stored_first\n        network "))
		for line := range strings.Lines(tc.table) {
			fields := strings.Split(strings.TrimSpace(line), "=>")
			if len(fields) != 3 {
				continue
			}
			for i, port := range []string{with, without} {
				d, err := parseDig(append(strings.Fields(fields[0]), "+short"), port)
				if err != nil {
					t.Fatal(err)
				}
				var out strings.Builder
				err = d.print(&out)
				if got, want := strings.Join(strings.Fields(out.String()), " "), strings.TrimSpace(fields[1+i]); got != want || err != nil {
					t.Errorf("%s: dig %s (stored_first: %t): got %q, %v, want %q", tc.peer, fields[0], i == 0, got, err, want)
				}
			}
		}
	}
}
