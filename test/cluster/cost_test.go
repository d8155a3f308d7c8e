//go:build cost

package cluster

import (
	"strconv"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
)

// TestCost measures memory and CPU time of a pod of cluster DNS and of the cache of a node, for
// the same lookups. It fails only if there is nothing to measure.
func TestCost(t *testing.T) {
	replaceClusterDNS(t)
	startCache(t)
	kubectl(t, "-n", kubeSystem, "rollout", "restart", "deployment/coredns")
	rolledOut(t)
	for _, kind := range []struct{ name, server, labels, port string }{
		{"cluster DNS", "10.96.0.10", "k8s-app=kube-dns", "9153"},
		{"cache of a node", cacheAddress, "k8s-app=coredns-node-local", "9253"},
	} {
		t.Run(kind.name, func(t *testing.T) {
			startClient(t, func(pod *corev1.Pod) {
				pod.Spec.DNSPolicy = corev1.DNSNone
				pod.Spec.DNSConfig = &corev1.PodDNSConfig{Nameservers: []string{kind.server}}
			})
			time.Sleep(10 * time.Second) // until the pod is idle
			measure := func() (n, memory, cpu, requests float64) {
				t.Helper()
				for _, pod := range pods(t, kind.labels) {
					exported := metrics(t, pod, kind.port)
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
			for _, between := range []time.Duration{time.Millisecond / 2, time.Millisecond / 10} {
				end := startLoad(t, between, "workstation17.lab.example.org.", "kubernetes.default.svc.cluster.local.")
				time.Sleep(20 * time.Second)
				end()
				_, loaded, cpuAfter, requestsAfter := measure()
				queries := requestsAfter - requests
				if queries < 1000 {
					t.Fatalf("%v queries are too few to measure", queries)
				}
				t.Logf("each of %.0f pods: %.0f MiB idle, %.0f MiB after %.0f queries, %.0f µs of CPU time a query",
					n, idle/n/(1<<20), loaded/n/(1<<20), queries, (cpuAfter-cpu)/queries*1e6)
				cpu, requests = cpuAfter, requestsAfter
			}
		})
	}
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
