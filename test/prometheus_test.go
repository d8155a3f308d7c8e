//go:build oracle

package test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
)

// The tests of this file run deploy/monitoring in Prometheus. Debian's package is prometheus, which has
// promtool, too.

// monitoringRules runs the commands of deploy/monitoring/README.md that extract the rules from
// prometheusrule.yaml and test them. It returns the path of the rules, and the output.
func monitoringRules(t *testing.T) (path, out string) {
	t.Helper()
	_, fences := fencesOf(t, monitoring+"README.md")
	i := slices.IndexFunc(fences, func(f fence) bool { return strings.Contains(f.text, "promtool test rules") })
	if i < 0 {
		t.Fatal("the README does not test the rules")
	}
	dir := t.TempDir()
	if err := os.CopyFS(filepath.Join(dir, "deploy/monitoring"), os.DirFS(monitoring)); err != nil {
		t.Fatal(err)
	}
	sh := exec.Command("sh", "-ec", fences[i].text)
	sh.Dir = dir
	b, err := sh.CombinedOutput()
	if err != nil {
		t.Fatalf("%s\n%v\n%s", fences[i].text, err, b)
	}
	return filepath.Join(dir, "deploy/monitoring/rules.yaml"), string(b)
}

// TestOraclePromtool checks that promtool accepts the rules and their tests, and that each alert fires in
// a test.
func TestOraclePromtool(t *testing.T) {
	_, out := monitoringRules(t)
	if !strings.Contains(out, "SUCCESS: 10 rules found") || strings.Count(out, "SUCCESS") != 2 {
		t.Errorf("promtool says\n%s", out)
	}
	tests, err := os.ReadFile(monitoring + "rules_test.yaml")
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range alertRules(t) {
		if !strings.Contains(string(tests), `labels: ALERTS{alertname="`+r.name+`", alertstate="firing"`) {
			t.Errorf("%s fires in no test", r.name)
		}
	}
}

// prometheus is the address of a running Prometheus.
type prometheus string

// startPrometheus runs Prometheus until the end of the test. It scrapes a server and evaluates the rules
// every second.
func startPrometheus(t *testing.T, metrics string) prometheus {
	t.Helper()
	dir := t.TempDir()
	rules, _ := monitoringRules(t)
	config := fmt.Sprintf(`
global:
  scrape_interval: 1s
  evaluation_interval: 1s
rule_files:
  - %s
scrape_configs:
  - job_name: kube-dns
    static_configs:
      - targets: [127.0.0.1:%s]
`, rules, metrics)
	address := "127.0.0.1:" + testPort(t)
	runProgram(t, func() bool {
		resp, err := http.Get("http://" + address + "/-/ready")
		if err != nil {
			return false
		}
		resp.Body.Close()
		return resp.StatusCode == http.StatusOK
	}, "prometheus", "--config.file="+write(t, dir, "prometheus.yml", config),
		"--storage.tsdb.path="+filepath.Join(dir, "data"), "--web.listen-address="+address)
	return prometheus(address)
}

// get asks the API of Prometheus, and decodes the data of the response.
func (p prometheus) get(t *testing.T, path string, data any) {
	t.Helper()
	resp, err := http.Get("http://" + string(p) + "/api/v1/" + path)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body := struct {
		Status, Error string
		Data          any
	}{Data: data}
	if err := json.NewDecoder(resp.Body).Decode(&body); err != nil || body.Status != "success" {
		t.Fatalf("%s: %v %s", path, err, body.Error)
	}
}

// query returns the values of a query's result.
func (p prometheus) query(t *testing.T, expr string) (values []string) {
	t.Helper()
	var data struct {
		Result []struct{ Value [2]any }
	}
	p.get(t, "query?query="+url.QueryEscape(expr), &data)
	for _, r := range data.Result {
		values = append(values, r.Value[1].(string))
	}
	return values
}

// alert is an alert that is pending or firing.
type alert struct {
	State               string
	Labels, Annotations map[string]string
}

// alerts returns the alerts that are pending or firing, by name.
func (p prometheus) alerts(t *testing.T) map[string]alert {
	t.Helper()
	var data struct{ Alerts []alert }
	p.get(t, "alerts", &data)
	alerts := make(map[string]alert)
	for _, a := range data.Alerts {
		alerts[a.Labels["alertname"]] = a
	}
	return alerts
}

// TestOraclePrometheus runs Prometheus with the rules and a running server. While the server works, no
// alert may be pending. When it does not, the alerts must come. Each query of the dashboard must have a
// result.
func TestOraclePrometheus(t *testing.T) {
	m := startMonitored(t)
	p := startPrometheus(t, m.metrics)

	// Until the first scrape, no server is up.
	for deadline := time.Now().Add(time.Minute); len(p.query(t, "up == 1")) == 0 || len(p.alerts(t)) > 0; {
		if time.Now().After(deadline) {
			t.Fatalf("alerts at the start: %v", p.alerts(t))
		}
		time.Sleep(100 * time.Millisecond)
	}
	quiet := func() {
		t.Helper()
		for end := time.Now().Add(5 * time.Second); time.Now().Before(end); time.Sleep(50 * time.Millisecond) {
			m.ask(t, "NOERROR")
			if alerts := p.alerts(t); len(alerts) > 0 {
				t.Fatalf("the server works, but there are alerts: %v", alerts)
			}
		}
	}
	quiet()
	m.accept(t)
	quiet()

	checkEvaluated(t, p)

	if err := m.upstream.stop(); err != nil {
		t.Fatal(err)
	}
	m.refuse(t)
	wanted := map[string]string{
		"CoreDNSErrors":        "pending",
		"CoreDNSUpstreamsDown": "pending",
		"CoreDNSReloadRefused": "firing",
	}
	for deadline := time.Now().Add(2 * time.Minute); ; time.Sleep(50 * time.Millisecond) {
		m.ask(t, "SERVFAIL")
		alerts := p.alerts(t)
		missing := 0
		for name, state := range wanted {
			if alerts[name].State != state {
				missing++
			}
		}
		if missing == 0 {
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("got alerts %v, want %v", alerts, wanted)
		}
	}
	for name, a := range p.alerts(t) {
		// While the upstream is stopped, queries for it may be slow.
		if wanted[name] == "" && name != "CoreDNSSlow" {
			t.Errorf("there is an unexpected alert %s", name)
		}
		for _, text := range a.Annotations {
			if regexp.MustCompile(`<no value>|<error|\{\{|  `).MatchString(text) || strings.TrimSpace(text) == "" {
				t.Errorf("%s says %q", name, text)
			}
		}
		t.Logf("%s: %s", name, a.Annotations["summary"])
	}

	checkResults(t, p, m.metrics)
}

// checkEvaluated checks that Prometheus evaluates all rules without an error.
func checkEvaluated(t *testing.T, p prometheus) {
	t.Helper()
	var rules struct {
		Groups []struct {
			Rules []struct{ Name, Health, LastError, LastEvaluation string }
		}
	}
	p.get(t, "rules", &rules)
	n := 0
	for _, g := range rules.Groups {
		for _, r := range g.Rules {
			n++
			if r.Health != "ok" || r.LastError != "" || strings.HasPrefix(r.LastEvaluation, "0001") {
				t.Errorf("%s: %s %s, evaluated %s", r.Name, r.Health, r.LastError, r.LastEvaluation)
			}
		}
	}
	if want := len(alertRules(t)); n != want {
		t.Errorf("Prometheus has %d rules, want %d", n, want)
	}
}

// checkResults checks that each query of the dashboard has a result for a server with these metrics.
func checkResults(t *testing.T, p prometheus, metrics string) {
	t.Helper()
	d, _ := readDashboard(t)
	variables := strings.NewReplacer("$__rate_interval", "1m", "$__range", "5m",
		"$job", "kube-dns", "$instance", "127.0.0.1:"+metrics, "$zone", ".*")
	for _, panel := range d.Panels {
		for _, target := range panel.Targets {
			values := p.query(t, variables.Replace(target.Expr))
			if len(values) == 0 || slices.Contains(values, "NaN") {
				t.Errorf("%s: %v from\n%s", panel.Title, values, target.Expr)
			}
		}
	}
	for _, v := range d.Templating.List {
		if v.Type == "query" {
			selector, label := labelValues(t, v.Definition)
			if values := p.query(t, "count by ("+label+") ("+variables.Replace(selector)+")"); len(values) == 0 {
				t.Errorf("variable %s has no values", v.Name)
			}
		}
	}
}
