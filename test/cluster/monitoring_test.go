package cluster

import (
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
)

// TestMonitoringManifests has the API server check the manifests for the Prometheus operator.
// The cluster must have the operator's definitions.
func TestMonitoringManifests(t *testing.T) {
	const monitoring = "../../deploy/monitoring"
	kubectl(t, "create", "namespace", "workstation-dns")
	t.Cleanup(func() { kubectl(t, "delete", "namespace", "workstation-dns") })
	made := kubectl(t, "apply", "--dry-run=server", "-k", monitoring) +
		kubectl(t, "apply", "--dry-run=server", "-f", monitoring+"/podmonitor.yaml",
			"-f", monitoring+"/podmonitor-beside.yaml", "-f", monitoring+"/podmonitor-node-local.yaml")
	if strings.Count(made, "created (server dry run)") != 5 {
		t.Errorf("want a rule, a ConfigMap and three PodMonitors, got\n%s", made)
	}
}

// TestAlertsQuiet has Prometheus, with the rules, scrape cluster DNS and the cache of the node
// under load, and checks that no alert is pending or firing.
func TestAlertsQuiet(t *testing.T) {
	replaceClusterDNS(t)
	startCache(t)
	startClient(t)
	proxy, address := freeAddress(t), freeAddress(t)
	run(t, "kubectl", "proxy", "--port="+strings.TrimPrefix(proxy, "127.0.0.1:"))

	dir := t.TempDir()
	write := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	rule, err := os.ReadFile("../../deploy/monitoring/prometheusrule.yaml")
	if err != nil {
		t.Fatal(err)
	}
	_, rules, _ := strings.Cut(string(rule), "\nspec:\n")
	config := fmt.Sprintf("global: {scrape_interval: 1s, evaluation_interval: 1s}\nrule_files: [%s]\nscrape_configs:\n",
		write("rules.yaml", strings.ReplaceAll("\n"+rules, "\n  ", "\n")))
	dns, caches := dnsPods(t), cachePods(t)
	scrape := func(job, port string, pods []corev1.Pod) {
		for _, pod := range pods {
			config += fmt.Sprintf("- {job_name: %s, metrics_path: /api/v1/namespaces/%s/pods/%s:%s/proxy/metrics, "+
				"static_configs: [{targets: ['%s']}], relabel_configs: [{target_label: job, replacement: %s}, "+
				"{target_label: instance, replacement: %s}]}\n",
				pod.Name, kubeSystem, pod.Name, port, proxy, job, pod.Name)
		}
	}
	scrape("coredns", "9153", dns)
	scrape("coredns-node-local", "9253", caches)
	run(t, "prometheus", "--config.file="+write("prometheus.yaml", config), "--storage.tsdb.path="+dir,
		"--web.listen-address="+address)
	get := func(path string, data any) error {
		response, err := http.Get("http://" + address + "/api/v1/" + path)
		if err != nil {
			return err
		}
		defer response.Body.Close()
		return json.NewDecoder(response.Body).Decode(data)
	}

	end := startLoad(t, 10*time.Millisecond, lookups...)
	await(t, time.Minute, func() error {
		var targets struct {
			Data struct{ ActiveTargets []struct{ Health string } }
		}
		if err := get("targets", &targets); err != nil {
			return err
		}
		up := 0
		for _, target := range targets.Data.ActiveTargets {
			if target.Health == "up" {
				up++
			}
		}
		if want := len(dns) + len(caches); up < want {
			return fmt.Errorf("Prometheus scrapes %d of %d pods", up, want)
		}
		return nil
	})
	time.Sleep(20 * time.Second)
	end()

	var answers struct {
		Data struct{ Result []struct{ Value [2]any } }
	}
	if err := get("query?query=sum(rate(coredns_workstation_responses_total[20s]))", &answers); err != nil {
		t.Fatal(err)
	}
	if len(answers.Data.Result) != 1 || answers.Data.Result[0].Value[1] == "0" {
		t.Errorf("answers a second are %v, want more than 0", answers.Data.Result)
	}
	var found struct {
		Data struct {
			Groups []struct {
				Rules []struct{ Name, State, Health string }
			}
		}
	}
	if err := get("rules", &found); err != nil {
		t.Fatal(err)
	}
	n := 0
	for _, group := range found.Data.Groups {
		for _, rule := range group.Rules {
			if n++; rule.State != "inactive" || rule.Health != "ok" {
				t.Errorf("rule is %+v, want it inactive and ok", rule)
			}
		}
	}
	if want := strings.Count(rules, "- alert: "); n != want {
		t.Errorf("Prometheus has %d rules, want %d", n, want)
	}
}

// freeAddress returns the loopback address with a free port.
func freeAddress(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	return listener.Addr().String()
}

// run runs a program until the end of the test. If the test fails, run logs the program's
// output.
func run(t *testing.T, name string, args ...string) {
	t.Helper()
	var said strings.Builder
	command := exec.Command(name, args...)
	command.Stdout, command.Stderr = &said, &said
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		command.Process.Kill()
		command.Wait()
		if t.Failed() {
			t.Logf("%s:\n%s", name, said.String())
		}
	})
}
