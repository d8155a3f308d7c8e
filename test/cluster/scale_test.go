package cluster

import (
	"fmt"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// TestAutoscale raises the load until there is a pod more. The cluster must have
// metrics-server.
func TestAutoscale(t *testing.T) {
	replaceClusterDNS(t)
	startClient(t)
	end := startLoad(t, 10*time.Millisecond, "kubernetes.default", "workstation17", "workstation17.lab.example.org.")
	kubectl(t, "apply", "-f", "../../deploy/autoscale")
	t.Cleanup(func() { kubectl(t, "-n", kubeSystem, "delete", "horizontalpodautoscaler", "coredns") })
	awaitPods := func(n int) {
		t.Helper()
		await(t, 3*time.Minute, func() error {
			scaler, err := cluster.AutoscalingV2().HorizontalPodAutoscalers(kubeSystem).Get(ctx, "coredns", metav1.GetOptions{})
			if err != nil {
				return err
			}
			ok := readyPods(t)
			if ok < 2 {
				t.Errorf("only %d pods are Ready", ok)
			}
			if len(scaler.Status.CurrentMetrics) == 0 || ok < n {
				return fmt.Errorf("%d pods are Ready: %+v", ok, scaler.Status)
			}
			return nil
		})
	}

	awaitPods(2)
	// What is a load depends on the machine, so the limit comes down to it.
	kubectl(t, "-n", kubeSystem, "patch", "horizontalpodautoscaler", "coredns", "--type=json", "--patch",
		`[{"op": "replace", "path": "/spec/metrics/0/resource/target/averageValue", "value": "5m"}]`)
	awaitPods(3)
	if result := end(); result.Lookups < 1000 || len(result.Failures) > 0 {
		t.Errorf("of %d lookups these failed: %q", result.Lookups, result.Failures)
	}
}

// TestNodeLocal asks the cache of the node, with cluster DNS behind it and then
// without.
func TestNodeLocal(t *testing.T) {
	const cache = "daemonset/coredns-node-local"
	replaceClusterDNS(t)
	kubectl(t, "apply", "-k", "../../deploy/node-local")
	t.Cleanup(func() { kubectl(t, "-n", kubeSystem, "delete", cache, "configmap/coredns-node-local") })
	kubectl(t, "-n", kubeSystem, "rollout", "status", cache, "--timeout=2m")
	// What the kubelet writes with this address for its clusterDNS.
	startClient(t, func(pod *corev1.Pod) {
		ndots := "5"
		pod.Spec.DNSPolicy = corev1.DNSNone
		pod.Spec.DNSConfig.Nameservers = []string{"169.254.20.10"}
		pod.Spec.DNSConfig.Options = []corev1.PodDNSConfigOption{{Name: "ndots", Value: &ndots}}
		pod.Spec.DNSConfig.Searches = append([]string{
			namespace + ".svc.cluster.local", "svc.cluster.local", "cluster.local",
		}, pod.Spec.DNSConfig.Searches...)
	})
	testLookups(t)

	end := startLoad(t, 10*time.Millisecond, "kubernetes.default", "workstation17", "workstation17.lab.example.org.", "www.example.com")
	kubectl(t, "-n", kubeSystem, "rollout", "restart", cache)
	kubectl(t, "-n", kubeSystem, "rollout", "status", cache, "--timeout=2m")
	time.Sleep(10 * time.Second) // to the end of the old one's lameduck
	if result := end(); result.Lookups < 500 || len(result.Failures) > 0 || len(result.Slow)*100 > result.Lookups {
		t.Errorf("of %d lookups these failed: %q; these were slow: %q", result.Lookups, result.Failures, result.Slow)
	}

	kubectl(t, "-n", kubeSystem, "scale", "deployment/coredns", "--replicas=0")
	t.Cleanup(func() { kubectl(t, "-n", kubeSystem, "scale", "deployment/coredns", "--replicas=2") })
	await(t, time.Minute, func() error {
		if n := len(dnsPods(t)); n > 0 {
			return fmt.Errorf("%d pods of cluster DNS are left", n)
		}
		return nil
	})
	for _, qtype := range []string{"A", "AAAA"} {
		for i := range 20 { // none of which is in a cache
			name := fmt.Sprintf("workstation%d.lab.example.org", 100+i)
			if got := inPod(t, "/client", "ask", "udp", name, qtype); !strings.HasPrefix(got, "NOERROR "+name) {
				t.Errorf("%s %s: %q", name, qtype, got)
			}
		}
	}
}
