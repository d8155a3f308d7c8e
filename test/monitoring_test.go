package test

import (
	"encoding/json"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
)

// The tests of this file check the queries of deploy/monitoring against the metrics and labels that a
// running server exports. prometheus_test.go runs the queries in Prometheus.

const monitoring = "../deploy/monitoring/"

// rule is an alert of prometheusrule.yaml.
type rule struct{ name, expr, annotations string }

// alertRules returns the alerts. It parses only the YAML that this file uses; promtool reads the whole
// file.
func alertRules(t *testing.T) (rules []rule) {
	t.Helper()
	b, err := os.ReadFile(monitoring + "prometheusrule.yaml")
	if err != nil {
		t.Fatal(err)
	}
	for _, text := range strings.Split(string(b), "- alert: ")[1:] {
		name, text, _ := strings.Cut(text, "\n")
		m := regexp.MustCompile(`(?s)^ +expr: (.*?)\n {10}[a-z]+:.*\n {10}annotations:\n(.*)`).FindStringSubmatch(text)
		if m == nil {
			t.Fatalf("there is no expr in\n%s", text)
		}
		rules = append(rules, rule{name, strings.TrimPrefix(m[1], "|"), m[2]})
	}
	if len(rules) != 10 {
		t.Fatalf("found %d alerts, want 10", len(rules))
	}
	return rules
}

// dashboard is the part of dashboard.json that the tests need.
type dashboard struct {
	UID           string
	SchemaVersion int
	Panels        []panel
	Templating    struct {
		List []struct {
			Name, Type, Definition string
			Query                  any
		}
	}
}

type panel struct {
	ID         int
	Type       string
	Title      string
	Datasource source
	GridPos    struct{ H, W, X, Y int }
	Targets    []struct {
		RefID, Expr, LegendFormat string
		Datasource                source
	}
}

type source struct{ Type, UID string }

func readDashboard(t *testing.T) (d dashboard, text string) {
	t.Helper()
	b, err := os.ReadFile(monitoring + "dashboard.json")
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(b, &d); err != nil {
		t.Fatal(err)
	}
	return d, string(b)
}

// labelValues returns the selector and the label in the query of a variable.
func labelValues(t *testing.T, query string) (selector, label string) {
	t.Helper()
	m := regexp.MustCompile(`^label_values\((.*), (\w+)\)$`).FindStringSubmatch(query)
	if m == nil {
		t.Fatalf("not a query for a label's values: %s", query)
	}
	return m[1], m[2]
}

// TestDashboard checks what Grafana requires of a dashboard, but does not check itself.
func TestDashboard(t *testing.T) {
	d, text := readDashboard(t)
	if d.UID != "coredns-workstation" || d.SchemaVersion < 39 {
		t.Errorf("uid %q, schemaVersion %d", d.UID, d.SchemaVersion)
	}
	ids := make(map[int]bool)
	cells := make(map[[2]int]string)
	queries := 0
	for _, p := range d.Panels {
		if p.ID <= 0 || ids[p.ID] {
			t.Errorf("%s: id %d is invalid, or another panel has it", p.Title, p.ID)
		}
		ids[p.ID] = true
		p.checkPlace(t, cells)
		if p.Type != "row" {
			p.checkQueries(t)
			queries += len(p.Targets)
		}
	}
	if queries < 20 {
		t.Errorf("the dashboard has %d queries, want 20 or more", queries)
	}

	variables := []string{"__rate_interval", "__range"}
	for _, v := range d.Templating.List {
		variables = append(variables, v.Name)
	}
	for _, m := range regexp.MustCompile(`\$\{?(\w+)`).FindAllStringSubmatch(text, -1) {
		if !slices.Contains(variables, m[1]) && m[0] != "$__all" {
			t.Errorf("there is no variable %s", m[0])
		}
	}
}

// checkPlace checks that a panel is inside the grid and overlaps no other one. cells has the titles of
// the panels so far by their cells.
func (p panel) checkPlace(t *testing.T, cells map[[2]int]string) {
	t.Helper()
	g := p.GridPos
	if g.H < 1 || g.W < 1 || g.X < 0 || g.Y < 0 || g.X+g.W > 24 {
		t.Errorf("%s: the panel is outside the grid: %+v", p.Title, g)
	}
	for x := g.X; x < g.X+g.W; x++ {
		for y := g.Y; y < g.Y+g.H; y++ {
			if other := cells[[2]int{x, y}]; other != "" {
				t.Fatalf("%s overlaps %s", p.Title, other)
			}
			cells[[2]int{x, y}] = p.Title
		}
	}
}

// checkQueries checks that a panel has queries with different ids, for the chosen data source.
func (p panel) checkQueries(t *testing.T) {
	t.Helper()
	refs := make(map[string]bool)
	for _, target := range p.Targets {
		if refs[target.RefID] {
			t.Errorf("%s: two queries have the id %s", p.Title, target.RefID)
		}
		refs[target.RefID] = true
		if want := (source{"prometheus", "${datasource}"}); p.Datasource != want || target.Datasource != want {
			t.Errorf("%s: the data source is not ${datasource}", p.Title)
		}
	}
	if len(refs) == 0 {
		t.Errorf("%s: the panel has no query", p.Title)
	}
}

// monitored is a server with a Corefile like that of a cluster, and its upstream.
type monitored struct {
	*server
	port, path, metrics string
	corefile            string
	upstream            *server
	asked               int // the number of names asked of the upstream, each only once
}

const monitoredCorefile = `
.:{$PORT} {
    bind 127.0.0.1
    errors
    prometheus 127.0.0.1:METRICS
    forward . 127.0.0.1:UPSTREAM {
        max_concurrent 1000
    }
    cache 30
    reload 2s 1s
    loadbalance
}

lab.example.org:{$PORT} 2.0.192.in-addr.arpa:{$PORT} 0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa:{$PORT} {
    bind 127.0.0.1
    errors
    prometheus 127.0.0.1:METRICS
    workstation lab.example.org {
        network 192.0.2.0/24 2001:db8::/64
    }
    file db.empty lab.example.org
    file db.empty 2.0.192.in-addr.arpa 0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa
}
`

// startMonitored starts a monitored server and its upstream.
func startMonitored(t *testing.T) *monitored {
	t.Helper()
	dir := t.TempDir()
	writeEmptyZone(t, dir)
	var m monitored
	var upstream string
	upstream, _, m.upstream = serveCorefile(t, dir, `.:{$PORT} {
    bind 127.0.0.1
    template IN A . {
        answer "{{ .Name }} 60 IN A 198.51.100.1"
    }
}
`)
	m.metrics = testPort(t)
	m.corefile = strings.NewReplacer("METRICS", m.metrics, "UPSTREAM", upstream).Replace(monitoredCorefile)
	m.port, m.path, m.server = serveCorefile(t, dir, m.corefile)
	return &m
}

// ask asks for each kind of record of a computed name, for a name that does not exist, and for a name of
// the upstream, which must get rcode.
func (m *monitored) ask(t *testing.T, rcode string) {
	t.Helper()
	m.asked++
	for _, tc := range []struct{ question, rcode, answer string }{
		{"workstation17.lab.example.org", "NOERROR", " A 192.0.2.17"},
		{"workstation17.lab.example.org AAAA", "NOERROR", " AAAA 2001:db8::11"},
		{"-x 192.0.2.17", "NOERROR", " PTR workstation17.lab.example.org."},
		{"workstation17.lab.example.org TXT", "NOERROR", "authority: lab.example.org. SOA"},
		{"nobody.lab.example.org", "NXDOMAIN", "authority: lab.example.org. SOA"},
		{fmt.Sprintf("www%d.example.com", m.asked), rcode, ""},
	} {
		d, err := parseDig(strings.Fields(tc.question), m.port)
		if err != nil {
			t.Fatal(err)
		}
		r, err := d.ask()
		if err != nil {
			t.Fatalf("%s: %v", tc.question, err)
		}
		if got := summary(r); !strings.HasPrefix(got, tc.rcode) || !strings.Contains(got, tc.answer) {
			t.Fatalf("%s: got %s, want %s%s", tc.question, got, tc.rcode, tc.answer)
		}
	}
}

// change edits the Corefile, and waits until the server has read it and logs pattern.
func (m *monitored) change(t *testing.T, old, new, pattern string) {
	t.Helper()
	corefile := strings.Replace(m.corefile, old, new, 1)
	if corefile == m.corefile {
		t.Fatalf("there is no %q in the Corefile", old)
	}
	offset := len(m.output())
	if err := os.WriteFile(m.path, []byte(corefile), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := m.waitForLog(pattern, offset, time.Minute); err != nil {
		t.Fatal(err)
	}
}

// accept gives the server another Corefile.
func (m *monitored) accept(t *testing.T) {
	t.Helper()
	m.change(t, "cache 30", "cache 31", `Reloading complete`)
}

// refuse gives the server a Corefile with a mistake.
func (m *monitored) refuse(t *testing.T) {
	t.Helper()
	m.change(t, "192.0.2.0/24", "192.0.2.1/24", `reload failed: .*has host bits set`)
}

var sampleRE = regexp.MustCompile(`(?m)^(\w+)(?:\{(.*)\})? \S+$`)

// exported returns the labels of each metric that the server exports.
func (m *monitored) exported(t *testing.T) map[string][]string {
	t.Helper()
	exported := make(map[string][]string)
	for _, sample := range sampleRE.FindAllStringSubmatch(string(scrape(t, m.metrics)), -1) {
		var labels []string
		for _, l := range regexp.MustCompile(`(\w+)="[^"]*"`).FindAllStringSubmatch(sample[2], -1) {
			labels = append(labels, l[1])
		}
		exported[sample[1]] = labels
	}
	return exported
}

// query is the names in an expression: metrics with the labels in their matchers, and the labels in
// lists, such as after "by".
type query struct {
	metrics map[string][]string
	list    []string
}

var (
	textRE     = regexp.MustCompile(`"[^"]*"|\[[^]]*\]`)
	listRE     = regexp.MustCompile(`\b(?:by|on|without|ignoring|group_left|group_right)\s*\(([^)]*)\)`)
	selectorRE = regexp.MustCompile(`\b([a-z_][\w:]*)\s*(\(|\{[^}]*\})?`)
	matcherRE  = regexp.MustCompile(`(\w+)\s*(?:=~|!~|!=|=)`)
)

// parseQuery finds the names in an expression. A word is a metric if it is not an operator, and not a
// function, which has a parenthesis after it.
func parseQuery(expr string) query {
	q := query{metrics: make(map[string][]string)}
	expr = textRE.ReplaceAllString(expr, "")
	for _, m := range listRE.FindAllStringSubmatch(expr, -1) {
		q.list = append(q.list, regexp.MustCompile(`\w+`).FindAllString(m[1], -1)...)
	}
	expr = listRE.ReplaceAllString(expr, "")
	for _, m := range selectorRE.FindAllStringSubmatch(expr, -1) {
		if m[2] == "(" || slices.Contains([]string{"and", "or", "unless", "offset", "bool"}, m[1]) {
			continue
		}
		labels := q.metrics[m[1]]
		for _, l := range matcherRE.FindAllStringSubmatch(m[2], -1) {
			labels = append(labels, l[1])
		}
		q.metrics[m[1]] = labels
	}
	return q
}

// check checks the names in an expression, and the labels that its text shows, against the exported
// metrics. It returns what is wrong.
func check(exported map[string][]string, expr string, shown []string) (faults []string) {
	fault := func(format string, args ...any) { faults = append(faults, fmt.Sprintf(format, args...)) }
	q := parseQuery(expr)
	if len(q.metrics) == 0 {
		fault("the expression has no metric")
	}
	for metric, labels := range q.metrics {
		has, ok := exported[metric]
		if metric == "up" {
			ok = true // a metric of Prometheus itself
		}
		if !ok {
			fault("the server does not export %s", metric)
			continue
		}
		has = append([]string{"job", "instance"}, has...)
		for _, l := range append(labels, q.list...) {
			// In the expression of a quantile, only the buckets have the label le.
			if l == "le" && !strings.HasSuffix(metric, "_bucket") && strings.Contains(expr, "_bucket") {
				continue
			}
			if !slices.Contains(has, l) {
				fault("%s has no label %s", metric, l)
			}
		}
		for _, l := range shown {
			if !slices.Contains(has, l) || strings.Contains(expr, " by (") && !slices.Contains(q.list, l) {
				fault("the text shows the label %s, which the result does not have", l)
			}
		}
	}
	return faults
}

// TestCheckQuery checks that check finds each kind of fault.
func TestCheckQuery(t *testing.T) {
	exported := map[string][]string{"a_total": {"zone", "rcode"}, "b_bucket": {"zone", "le"}}
	for _, tc := range []struct {
		expr   string
		shown  []string
		faults int
	}{
		{`sum by (job, zone) (rate(a_total{rcode="x{y"}[5m] offset 1d)) > 1e3`, []string{"zone"}, 0},
		{`histogram_quantile(0.99, sum by (le) (rate(b_bucket[5m]))) and up{job="x"} == 1`, nil, 0},
		{`sum by (le) (a_total)`, nil, 1},
		{`sum by (zone) (a_total) / on (zone) sum by (zone) (b_bucket{le="1"})`, nil, 0},
		{`up{job=~"x"} == 0`, []string{"instance"}, 0},
		{`sum(rate(A_total[5m]))`, nil, 1},
		{`rate(c_total[5m])`, nil, 1},
		{`rate(a_total{code="x"}[5m])`, nil, 1},
		{`sum by (server) (a_total)`, nil, 1},
		{`sum by (zone) (a_total)`, []string{"rcode"}, 1},
		{`a_total`, []string{"server"}, 1},
		{`vector(1)`, nil, 1},
	} {
		if faults := check(exported, tc.expr, tc.shown); len(faults) != tc.faults {
			t.Errorf("%s: got %q, want %d", tc.expr, faults, tc.faults)
		}
	}
}

// TestMonitoring makes a server do everything that the alerts and the dashboard observe, except panic.
// Then it checks their expressions against the exported metrics.
func TestMonitoring(t *testing.T) {
	t.Parallel()
	m := startMonitored(t)

	// Prometheus only sees an increase if the counter is there before.
	for _, counter := range []string{
		"coredns_panics_total", "coredns_reload_failed_total", "coredns_forward_healthcheck_broken_total",
	} {
		if !strings.Contains(string(scrape(t, m.metrics)), "\n"+counter+" 0\n") {
			t.Errorf("%s is not 0 at the start", counter)
		}
	}

	m.ask(t, "NOERROR")
	if err := m.upstream.stop(); err != nil {
		t.Fatal(err)
	}
	m.ask(t, "SERVFAIL")
	// These two failures do not count as a refused reload, as the README of the alerts says.
	m.change(t, "ip6.arpa\n}", "ip6.arpa\n", `Corefile parse failed`)
	if err := m.reload(); err != nil {
		t.Fatal(err)
	}
	m.refuse(t)
	for deadline := time.Now().Add(time.Minute); m.exported(t)["coredns_proxy_healthcheck_failures_total"] == nil; {
		if time.Now().After(deadline) {
			t.Fatal("the upstream is stopped, but no health check fails")
		}
		m.ask(t, "SERVFAIL")
		time.Sleep(100 * time.Millisecond)
	}
	exported := m.exported(t)
	for sample, want := range map[string]string{
		`coredns_reload_failed_total`:                                    "1",
		`coredns_panics_total`:                                           "0",
		`coredns_workstation_denials_overridden_total{.*view="".*}`:      `[1-9]\d*`,
		`coredns_dns_responses_total{.*rcode="SERVFAIL".*zone="\.".*}`:   `[1-9]\d*`,
		`coredns_dns_request_duration_seconds_bucket{.*le="1\.024".*}`:   `[1-9]\d*`,
		`coredns_workstation_responses_total{.*type="PTR".*zone="lab.*}`: `[1-9]\d*`,
	} {
		if !regexp.MustCompile(`(?m)^` + sample + ` ` + want + `$`).Match(scrape(t, m.metrics)) {
			t.Errorf("%s is not %s in\n%s", sample, want, scrape(t, m.metrics))
		}
	}

	checkAlerts(t, exported)
	checkDashboard(t, exported)
}

// checkAlerts checks the expressions of the alerts against the exported metrics.
func checkAlerts(t *testing.T, exported map[string][]string) {
	t.Helper()
	for _, r := range alertRules(t) {
		var shown []string
		for _, l := range regexp.MustCompile(`\$labels\.(\w+)`).FindAllStringSubmatch(r.annotations, -1) {
			shown = append(shown, l[1])
		}
		for _, fault := range check(exported, r.expr, shown) {
			t.Errorf("alert %s: %s", r.name, fault)
		}
	}
}

// checkDashboard checks the expressions of the dashboard against the exported metrics.
func checkDashboard(t *testing.T, exported map[string][]string) {
	t.Helper()
	d, _ := readDashboard(t)
	for _, p := range d.Panels {
		for _, target := range p.Targets {
			var shown []string
			for _, l := range regexp.MustCompile(`\{\{(\w+)\}\}`).FindAllStringSubmatch(target.LegendFormat, -1) {
				shown = append(shown, l[1])
			}
			for _, fault := range check(exported, target.Expr, shown) {
				t.Errorf("panel %s: %s", p.Title, fault)
			}
		}
	}
	for _, v := range d.Templating.List {
		if v.Type != "query" {
			continue
		}
		selector, label := labelValues(t, v.Definition)
		for _, metric := range regexp.MustCompile(`coredns_\w+`).FindAllString(selector, -1) {
			for _, fault := range check(exported, "count by ("+label+") ("+metric+")", nil) {
				t.Errorf("variable %s: %s", v.Name, fault)
			}
		}
	}
}
