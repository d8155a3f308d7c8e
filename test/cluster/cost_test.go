//go:build cost

package cluster

import (
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
)

// TestCost measures what a pod of cluster DNS costs at some 5,000 queries a second: with the plugin,
// and with the stock image, where *template* has the plugin's place in the same Corefile. It also
// measures the cache of a node. It fails only if there is nothing to measure.
func TestCost(t *testing.T) {
	replaceClusterDNS(t)
	startCache(t)
	ours := corefile(t)
	stanza := regexp.MustCompile(`(?s)    workstation lab\.example\.org \{.*?\n    \}\n`)
	if len(stanza.FindAllString(ours, -1)) != 1 {
		t.Fatalf("the Corefile has no stanza to replace:\n%s", ours)
	}
	theirs := stanza.ReplaceAllLiteralString(ours, templateStanzas)
	// The program in the node's stock image lacks the file capability that CoreDNS's own has, so only
	// root can use port 53.
	kubectl(t, "-n", kubeSystem, "patch", "deployment", "coredns", "-p",
		`{"spec":{"template":{"spec":{"securityContext":{"runAsNonRoot":false,"runAsUser":0}}}}}`)
	for range 3 {
		for _, kind := range []struct{ name, server, labels, port, image, corefile string }{
			{"cluster DNS", "10.96.0.10", "k8s-app=kube-dns", "9153", image, ours},
			{"cluster DNS, the stock image with template", "10.96.0.10", "k8s-app=kube-dns", "9153", stockImage(), theirs},
			{"cache of a node", cacheAddress, "k8s-app=coredns-node-local", "9253", image, ours},
		} {
			t.Run(kind.name, func(t *testing.T) {
				restart(t, kind.image, kind.corefile)
				measureCost(t, kind.server, kind.labels, kind.port)
			})
		}
	}
}

// templateStanzas give the same names and addresses as the stanza in the shipped Corefile.
const templateStanzas = `    template IN A lab.example.org {
        match ^workstation(?P<n>0|[1-9][0-9]?|1[0-9][0-9]|2[0-4][0-9]|25[0-5])[.]lab[.]example[.]org[.]$
        answer "{{ .Name }} 3600 IN A 192.0.2.{{ .Group.n }}"
        fallthrough
    }
    template IN AAAA lab.example.org {
        match ^workstation(?P<n>0|[1-9][0-9]?|1[0-9][0-9]|2[0-4][0-9]|25[0-5])[.]lab[.]example[.]org[.]$
        answer "{{ .Name }} 3600 IN AAAA 2001:db8::{{ parseInt .Group.n 10 64 | printf \"%x\" }}"
        fallthrough
    }
    template IN ANY lab.example.org {
        rcode NXDOMAIN
        authority "lab.example.org. 300 IN SOA ns.dns.lab.example.org. hostmaster.lab.example.org. 1 7200 1800 86400 300"
    }
`

// restart replaces all pods of cluster DNS by pods with an image and a Corefile.
func restart(t *testing.T, image, corefile string) {
	t.Helper()
	replicas := strconv.Itoa(len(dnsPods(t)))
	kubectl(t, "-n", kubeSystem, "scale", "deployment/coredns", "--replicas=0")
	rolledOut(t)
	edit(t, corefile)
	kubectl(t, "-n", kubeSystem, "set", "image", "deployment/coredns", "coredns="+image)
	kubectl(t, "-n", kubeSystem, "scale", "deployment/coredns", "--replicas="+replicas)
	rolledOut(t)
}

// measureCost logs what each pod with these labels costs while a client asks the server.
func measureCost(t *testing.T, server, labels, port string) {
	startClient(t, func(pod *corev1.Pod) {
		pod.Spec.DNSPolicy = corev1.DNSNone
		pod.Spec.DNSConfig = &corev1.PodDNSConfig{Nameservers: []string{server}}
	})
	const (
		named  = "workstation17.lab.example.org.=192.0.2.17 2001:db8::11"
		stored = "kubernetes.default.svc.cluster.local."
	)
	startLoad(t, time.Millisecond, named, stored)() // each pod looks some things up only once
	time.Sleep(10 * time.Second)                    // until the pods are idle
	measure := func() (n, memory, cpu, requests float64) {
		t.Helper()
		for _, pod := range pods(t, labels) {
			exported := metrics(t, pod, port)
			n++
			memory += value(t, exported, "process_resident_memory_bytes")
			cpu += value(t, exported, "process_cpu_seconds_total")
			if strings.Contains(exported, "\ncoredns_dns_requests_total{") {
				requests += value(t, exported, "coredns_dns_requests_total")
			}
		}
		return n, memory, cpu, requests
	}
	n, idle, cpu, requests := measure()
	start := time.Now()
	end := startLoad(t, time.Millisecond/10, named, stored)
	time.Sleep(20 * time.Second)
	l := end()
	seconds := time.Since(start).Seconds()
	_, loaded, cpuAfter, requestsAfter := measure()
	queries := requestsAfter - requests
	if queries < 1000 || len(l.Failures) > 0 {
		t.Fatalf("%v queries are too few to measure, or %s", queries, l.failed())
	}
	t.Logf("%.0f queries a second, %.0f µs of CPU time a query; a lookup takes %d µs, p99 %d µs; each of %.0f pods: %.0f MiB idle, %.0f MiB after %.0f queries",
		queries/seconds, (cpuAfter-cpu)/queries*1e6, l.Median.Microseconds(), l.P99.Microseconds(), n, idle/n/(1<<20), loaded/n/(1<<20), queries)
}

// value returns the sum of the samples of a metric.
func value(t *testing.T, exported, name string) float64 {
	t.Helper()
	sum, found := 0.0, false
	for line := range strings.Lines(exported) {
		sample, number, _ := strings.Cut(strings.TrimSpace(line), " ")
		if bare, _, _ := strings.Cut(sample, "{"); bare != name {
			continue
		}
		v, err := strconv.ParseFloat(number[strings.LastIndex(number, " ")+1:], 64)
		if err != nil {
			t.Fatal(err)
		}
		sum, found = sum+v, true
	}
	if !found {
		t.Fatalf("the pod has no metric %s", name)
	}
	return sum
}
