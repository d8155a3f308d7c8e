package cluster

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// TestAutoscale checks that the autoscaler adds a pod under load. The cluster must have
// metrics-server.
func TestAutoscale(t *testing.T) {
	replaceClusterDNS(t)
	startClient(t)
	end := startLoad(t, 10*time.Millisecond, lookups...)
	kubectl(t, "apply", "-f", "../../deploy/autoscale")
	t.Cleanup(func() { kubectl(t, "-n", kubeSystem, "delete", "horizontalpodautoscaler", "coredns") })
	awaitPods := func(n int) {
		t.Helper()
		await(t, 3*time.Minute, func() error {
			scalers := cluster.AutoscalingV2().HorizontalPodAutoscalers(kubeSystem)
			scaler, err := scalers.Get(ctx, "coredns", metav1.GetOptions{})
			if err != nil {
				return err
			}
			ok := readyPods(t)
			if ok < 2 {
				t.Errorf("only %d pods are Ready, want at least 2", ok)
			}
			if len(scaler.Status.CurrentMetrics) == 0 || ok < n {
				return fmt.Errorf("%d pods are Ready: %+v", ok, scaler.Status)
			}
			return nil
		})
	}

	awaitPods(2)
	// The load in CPU time depends on the machine, so the test lowers the target instead of
	// raising the load.
	kubectl(t, "-n", kubeSystem, "patch", "horizontalpodautoscaler", "coredns", "--type=json", "--patch",
		`[{"op": "replace", "path": "/spec/metrics/0/resource/target/averageValue", "value": "5m"}]`)
	awaitPods(3)
	time.Sleep(20 * time.Second) // the new pod serves during this time
	if result := end(); result.Lookups < 1000 || len(result.Failures) > 0 {
		t.Error(result.failed())
	}
}

// cache is the DaemonSet of the nodes' caches, and cacheAddress is their address.
const (
	cache        = "daemonset/coredns-node-local"
	cacheAddress = "169.254.20.10"
)

// startCache starts the cache of each node.
func startCache(t *testing.T) {
	t.Helper()
	startCacheOf(t, "node-local")
}

// startCacheOf starts the cache of each node with the manifests of a directory.
func startCacheOf(t *testing.T, directory string) {
	t.Helper()
	kubectl(t, "apply", "-k", "../../deploy/"+directory)
	t.Cleanup(func() { kubectl(t, "-n", kubeSystem, "delete", cache, "configmap/coredns-node-local") })
	kubectl(t, "-n", kubeSystem, "rollout", "status", cache, "--timeout=2m")
}

// cachePods returns the pods of the caches, except those that are ending.
func cachePods(t *testing.T) []corev1.Pod {
	t.Helper()
	return pods(t, "k8s-app=coredns-node-local")
}

// askCache gives a pod the resolv.conf that the kubelet would write if its clusterDNS were the
// cache's address.
func askCache(pod *corev1.Pod) {
	ndots := "5"
	pod.Spec.DNSPolicy = corev1.DNSNone
	pod.Spec.DNSConfig.Nameservers = []string{cacheAddress}
	pod.Spec.DNSConfig.Options = []corev1.PodDNSConfigOption{{Name: "ndots", Value: &ndots}}
	pod.Spec.DNSConfig.Searches = append([]string{
		namespace + ".svc.cluster.local", "svc.cluster.local", "cluster.local",
	}, pod.Spec.DNSConfig.Searches...)
}

// TestNodeLocal queries the cache of the node: undisturbed, while its address is removed, while
// it is replaced, and without cluster DNS behind it.
func TestNodeLocal(t *testing.T) {
	replaceClusterDNS(t)
	startCache(t)
	startClient(t, askCache)
	testLookups(t)

	// The sidecar adds the address again.
	pod := cachePods(t)[0]
	added := func() int { return strings.Count(logs(t, pod, "address"), "added "+cacheAddress) }
	before := added()
	kubectl(t, "-n", kubeSystem, "exec", pod.Name, "-c", "address", "--",
		"sh", "-c", "ip address del "+cacheAddress+"/32 dev lo")
	await(t, 20*time.Second, func() error {
		if added() == before {
			return errors.New("the address was not added again")
		}
		return nil
	})
	expect(t, "NOERROR workstation17.lab.example.org. A 192.0.2.17",
		"/client", "ask", "udp", "workstation17.lab.example.org", "A")

	end := startLoad(t, 10*time.Millisecond, lookups...)
	kubectl(t, "-n", kubeSystem, "rollout", "restart", cache)
	kubectl(t, "-n", kubeSystem, "rollout", "status", cache, "--timeout=2m")
	kubectl(t, "-n", kubeSystem, "rollout", "restart", "deployment/coredns")
	rolledOut(t)

	// A new pod that does not start replaces no old pod, not even after minReadySeconds.
	working := cachePods(t)
	kubectl(t, "-n", kubeSystem, "set", "image", cache, "coredns="+stockImage())
	await(t, time.Minute, func() error {
		for _, pod := range cachePods(t) {
			if _, restarts := ready(pod); restarts > 0 {
				return nil
			}
		}
		return errors.New("no new pod has failed to start")
	})
	time.Sleep(20 * time.Second)
	after := names(cachePods(t))
	for _, pod := range working {
		if !strings.Contains(after, pod.Name) {
			t.Errorf("pod %s was replaced by a pod that does not start", pod.Name)
		}
	}
	kubectl(t, "-n", kubeSystem, "rollout", "undo", cache)
	if result := end(); result.Lookups < 500 || len(result.Failures) > 0 || len(result.Slow)*100 > result.Lookups {
		t.Errorf("%s; slow lookups: %q", result.failed(), result.Slow)
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
		for i := range 20 { // no cache has these names
			name := fmt.Sprintf("workstation%d.lab.example.org", 100+i)
			if got := inPod(t, "/client", "ask", "udp", name, qtype); !strings.HasPrefix(got, "NOERROR "+name) {
				t.Errorf("%s %s: answer is %q, want a record", name, qtype, got)
			}
		}
	}
}
