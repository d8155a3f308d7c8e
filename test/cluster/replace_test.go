package cluster

import (
	"errors"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/miekg/dns"
	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// TestLookups asks from a pod, as its resolv.conf has it.
func TestLookups(t *testing.T) {
	replaceClusterDNS(t)
	startClient(t)
	testLookups(t)
	testUnstored(t)
}

// testLookups asks for all kinds of names that need no zone files, from the pod that asks.
func testLookups(t *testing.T) {
	t.Helper()
	service, err := cluster.CoreV1().Services(namespace).Get(ctx, "workstation5", metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	api, err := cluster.CoreV1().Services("default").Get(ctx, "kubernetes", metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}

	for _, stub := range []string{"/stub-musl", "/stub-go"} {
		for _, name := range []string{
			"workstation17", "WorkStation17", "workstation17.lab.example.org", "workstation17.lab.example.org.",
		} {
			expect(t, "192.0.2.17 2001:db8::11", stub, name)
		}
		expect(t, api.Spec.ClusterIP, stub, "kubernetes.default")
		expect(t, service.Spec.ClusterIP, stub, "workstation5")
		expect(t, "192.0.2.5 2001:db8::5", stub, "workstation5.lab.example.org")
		for _, name := range []string{"www.example.com", "www.example.com."} {
			got := inPod(t, stub, name)
			first, _, _ := strings.Cut(got, " ")
			if _, err := netip.ParseAddr(first); err != nil {
				t.Errorf("%s %s: %q, want an address", stub, name, got)
			}
		}
	}
	expect(t, "workstation17.lab.example.org", "/stub-musl", "192.0.2.17")
	expect(t, "workstation17.lab.example.org.", "/stub-go", "192.0.2.17")
	expect(t, "Name does not resolve", "/stub-musl", "workstation300.lab.example.org")
	expect(t, "no such host", "/stub-go", "workstation300.lab.example.org")

	for _, network := range []string{"udp", "tcp"} {
		for _, test := range []struct{ name, qtype, want string }{
			{"workstation17.lab.example.org", "A", "NOERROR workstation17.lab.example.org. A 192.0.2.17"},
			{"workstation17.lab.example.org", "AAAA", "NOERROR workstation17.lab.example.org. AAAA 2001:db8::11"},
			{"workstation17.lab.example.org", "TXT", "NOERROR"},
			{"workstation300.lab.example.org", "A", "NXDOMAIN"},
			{"lab.example.org", "A", "NOERROR"},
			{"17.2.0.192.in-addr.arpa", "PTR", "NOERROR 17.2.0.192.in-addr.arpa. PTR workstation17.lab.example.org."},
			{"1.1" + strings.Repeat(".0", 22) + ".8.b.d.0.1.0.0.2.ip6.arpa", "PTR", "NOERROR 1.1" +
				strings.Repeat(".0", 22) + ".8.b.d.0.1.0.0.2.ip6.arpa. PTR workstation17.lab.example.org."},
			{"kubernetes.default.svc.cluster.local", "A",
				"NOERROR kubernetes.default.svc.cluster.local. A " + api.Spec.ClusterIP},
		} {
			expect(t, test.want, "/client", "ask", network, test.name, test.qtype)
		}
		for _, qtype := range []string{"A", "AAAA"} {
			got := inPod(t, "/client", "ask", network, "www.example.com", qtype)
			if !strings.HasPrefix(got, "NOERROR www.example.com. ") {
				t.Errorf("www.example.com %s by %s: %q", qtype, network, got)
			}
		}
	}
}

// TestEveryAddress gives every pod and node a name, as the manual does, whose CIDR of the pods
// is that of kubeadm and kind.
func TestEveryAddress(t *testing.T) {
	replaceClusterDNS(t)
	startClient(t)
	good := corefile(t)
	t.Cleanup(func() {
		edit(t, good)
		awaitAnswer(t, "NXDOMAIN", "ip-10-244-0-7.net.example.org", "A")
	})
	_, example, found := strings.Cut(manual(t, "README.md"), "~~~ corefile\n")
	if !found {
		t.Fatal("the manual has no Corefile")
	}
	example, _, _ = strings.Cut(example, "~~~\n")
	edit(t, example)
	awaitAnswer(t, "NOERROR ip-10-244-0-7.net.example.org. A 10.244.0.7", "ip-10-244-0-7.net.example.org", "A")

	client, err := cluster.CoreV1().Pods(namespace).Get(ctx, "client", metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	api, err := cluster.CoreV1().Services("default").Get(ctx, "kubernetes", metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	served := dnsPods(t)[0].Status.PodIP
	dashed := strings.NewReplacer(".", "-", ":", "-")
	computed := "ip-" + dashed.Replace(client.Status.PodIP) + ".net.example.org"
	expect(t, client.Status.PodIP, "/stub-go", computed)
	for address, want := range map[string]string{
		client.Status.PodIP: computed,
		"198.51.100.200":    "ip-198-51-100-200.net.example.org", // no node has it yet
		// These are kubernetes' own.
		api.Spec.ClusterIP: "kubernetes.default.svc.cluster.local",
		served:             dashed.Replace(served) + ".kube-dns.kube-system.svc.cluster.local",
	} {
		reverse, err := dns.ReverseAddr(address)
		if err != nil {
			t.Fatal(err)
		}
		expect(t, "NOERROR "+reverse+" PTR "+want+".", "/client", "ask", "udp", reverse, "PTR")
	}
	expect(t, api.Spec.ClusterIP, "/stub-go", "kubernetes.default")
	expect(t, "NXDOMAIN", "/client", "ask", "udp", "ip-10-245-0-1.net.example.org", "A")
	expect(t, "NOERROR", "/client", "ask", "udp", computed, "AAAA")
}

// TestOverlays makes the manuals' overlays, and asks the API server what it would make
// of them.
func TestOverlays(t *testing.T) {
	const ours = "image: registry.example.net/dns/coredns:v1.15.0-workstation"
	directory := t.TempDir()
	if err := os.CopyFS(filepath.Join(directory, "deploy"), os.DirFS("../../deploy")); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		name, manual, base string
		want               []string
	}{
		{"cluster-dns", "README.md", "kubernetes", []string{ours, "    whoami"}},
		{"cluster-dns", "zone-files/README.md", "zone-files/zones", []string{ours, "    whoami", "gateway        IN CNAME"}},
		{"node-local-dns", "README.md", "node-local", []string{ours, "    whoami", "image: registry.example.net/busybox:1.37"}},
		{"workstation-dns", "beside/README.md", "beside", []string{ours, "    whoami", "10.100.0.53"}},
	} {
		// It may stand in a list.
		fence := regexp.MustCompile(`(?ms)^( *)~~~ yaml ` + test.name + `/kustomization\.yaml\n(.*?)^ *~~~$`)
		found := fence.FindStringSubmatch(manual(t, test.manual))
		if found == nil {
			t.Fatalf("%s has no overlay %s", test.manual, test.name)
		}
		overlay := strings.ReplaceAll("\n"+found[2], "\n"+found[1], "\n")
		made := filepath.Join(directory, test.name)
		if err := os.RemoveAll(made); err != nil {
			t.Fatal(err)
		}
		if err := os.CopyFS(made, os.DirFS("../../deploy/"+test.base)); err != nil {
			t.Fatal(err)
		}
		for name, text := range map[string]string{"kustomization.yaml": overlay, "Corefile": ".:53 {\n    whoami\n}\n"} {
			if err := os.WriteFile(filepath.Join(made, name), []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		said := kubectl(t, "kustomize", made)
		for _, want := range test.want {
			if !strings.Contains(said, want) {
				t.Errorf("%s: no %q in\n%s", test.name, want, said)
			}
		}
		if test.base != "beside" { // whose namespace is not there to be asked about
			kubectl(t, "apply", "-k", made, "--dry-run=server")
		}
	}
}

// TestConfinement looks at the process of a pod from beside it: the user,
// capabilities and root file system that the kernel knows of.
func TestConfinement(t *testing.T) {
	replaceClusterDNS(t)
	pod := dnsPods(t)[0]
	pod.Spec.EphemeralContainers = append(pod.Spec.EphemeralContainers, corev1.EphemeralContainer{
		EphemeralContainerCommon: corev1.EphemeralContainerCommon{
			Name: "look", Image: "localhost/client", ImagePullPolicy: corev1.PullNever,
			Args: []string{"cat", "/proc/1/status", "/proc/1/mountinfo"},
		},
		TargetContainerName: "coredns",
	})
	_, err := cluster.CoreV1().Pods(kubeSystem).UpdateEphemeralContainers(ctx, pod.Name, &pod, metav1.UpdateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	await(t, time.Minute, func() error {
		now, err := cluster.CoreV1().Pods(kubeSystem).Get(ctx, pod.Name, metav1.GetOptions{})
		if err != nil {
			return err
		}
		for _, status := range now.Status.EphemeralContainerStatuses {
			if status.State.Terminated != nil {
				return nil
			}
		}
		return errors.New("the container that looks has not ended")
	})
	t.Cleanup(func() { // an ephemeral container stays as long as its pod
		if err := cluster.CoreV1().Pods(kubeSystem).Delete(ctx, pod.Name, metav1.DeleteOptions{}); err != nil {
			t.Error(err)
		}
	})
	looked := strings.Join(strings.Fields(logs(t, pod, "look")), " ")
	for _, want := range []string{
		"Name: coredns ",
		"Uid: 65532 65532 65532 65532 ",
		"Gid: 65532 65532 65532 65532 ",
		"CapPrm: 0000000000000400 ", // CAP_NET_BIND_SERVICE
		"CapEff: 0000000000000400 ",
		"CapBnd: 0000000000000400 ",
		"NoNewPrivs: 1 ",
		"Seccomp: 2 ",
		" / / ro,", // the root file system
	} {
		if !strings.Contains(looked, want) {
			t.Errorf("no %q in\n%s", want, looked)
		}
	}
	// The container's limit of 170 MiB is Go's.
	if exported := metrics(t, pod, "9153"); !strings.Contains(exported, "\ngo_gc_gomemlimit_bytes 1.7825792e+08\n") {
		t.Error("no memory limit of 170 MiB")
	}
	// The version that the Go tool found in the clone.
	if logged := logs(t, pod, "coredns"); !strings.Contains(logged, " workstation-v") {
		t.Errorf("no version in\n%s", logged)
	}
}

// TestNoLookupFails scales, restarts and drains cluster DNS while pods look names
// up.
func TestNoLookupFails(t *testing.T) {
	replaceClusterDNS(t)
	startClient(t)
	end := startLoad(t, 10*time.Millisecond, lookups...)
	available := func() {
		t.Helper()
		kubectl(t, "-n", kubeSystem, "rollout", "status", "deployment/coredns", "--timeout=2m")
	}

	kubectl(t, "-n", kubeSystem, "scale", "deployment/coredns", "--replicas=1")
	available()
	kubectl(t, "-n", kubeSystem, "scale", "deployment/coredns", "--replicas=2")
	available()
	kubectl(t, "-n", kubeSystem, "rollout", "restart", "deployment/coredns")
	available()
	// As kubectl drain does, which asks again while the budget forbids it: the second
	// one has to wait for a pod in place of the first.
	evict := func(pod corev1.Pod) error {
		return cluster.PolicyV1().Evictions(kubeSystem).Evict(ctx, &policyv1.Eviction{
			ObjectMeta: metav1.ObjectMeta{Name: pod.Name, Namespace: kubeSystem},
		})
	}
	pods := dnsPods(t)
	await(t, time.Minute, func() error { return evict(pods[0]) })
	if err := evict(pods[1]); !apierrors.IsTooManyRequests(err) {
		t.Errorf("two pods are evicted at once: %v", err)
	}
	await(t, time.Minute, func() error { return evict(pods[1]) })
	time.Sleep(10 * time.Second) // to the end of the last one's lameduck

	// A query to a pod that has gone is asked again after five seconds. A busy machine
	// may be slow once.
	if result := end(); result.Lookups < 1000 || len(result.Failures) > 0 || len(result.Slow)*200 > result.Lookups {
		t.Errorf("%s; these were slow: %q", result.failed(), result.Slow)
	}
}

// TestEdit edits the ConfigMap, rightly and wrongly, under pods that stay.
func TestEdit(t *testing.T) {
	replaceClusterDNS(t)
	startClient(t)
	before := dnsPods(t)
	good := corefile(t)
	t.Cleanup(func() { edit(t, good) })

	// Computed names below every domain, cluster.local included.
	better := strings.Replace(good, "\n    forward ", "\n    workstation {\n        network 198.51.100.0/24\n    }\n    forward ", 1)
	better += "printers.example.org {\n    workstation {\n        name printer{n:3}\n        network 203.0.113.0/24\n    }\n}\n"
	edit(t, better)
	awaitAnswer(t, "NOERROR printer007.printers.example.org. A 203.0.113.7", "printer007.printers.example.org", "A")
	awaitAnswer(t, "NOERROR workstation6.example.net. A 198.51.100.6", "workstation6.example.net", "A")
	service, err := cluster.CoreV1().Services(namespace).Get(ctx, "workstation5", metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	name := "workstation5." + namespace + ".svc.cluster.local"
	expect(t, "NOERROR "+name+". A "+service.Spec.ClusterIP, "/client", "ask", "udp", name, "A")

	edit(t, better+"broken.example.org {\n    workstation {\n        network 203.0.113.1/24\n    }\n}\n")
	for _, pod := range before {
		await(t, 3*time.Minute, func() error {
			// The error that names the way out, once in a reload.
			const line = "write '203.0.113.0/24'"
			if logged := logs(t, pod, "coredns"); !strings.Contains(logged, line) {
				return fmt.Errorf("%q is not in the log:\n%s", line, logged)
			}
			if !strings.Contains(metrics(t, pod, "9153"), "\ncoredns_reload_failed_total 1\n") {
				return errors.New("coredns_reload_failed_total is not 1")
			}
			return nil
		})
	}
	expect(t, "NOERROR printer007.printers.example.org. A 203.0.113.7",
		"/client", "ask", "udp", "printer007.printers.example.org", "A")

	edit(t, good)
	awaitAnswer(t, "NXDOMAIN", "workstation6.example.net", "A")
	after := dnsPods(t)
	if names(after) != names(before) {
		t.Errorf("the pods were %s and are %s", names(before), names(after))
	}
	for _, pod := range after {
		if ok, restarts := ready(pod); !ok || restarts > 0 {
			t.Errorf("%s: Ready %t, %d restarts", pod.Name, ok, restarts)
		}
	}
}

// TestUpstreamDead has cluster DNS forward to who never answers, while pods wait for
// that, too.
func TestUpstreamDead(t *testing.T) {
	replaceClusterDNS(t)
	startClient(t)
	pod := newClient("deaf", "deaf")
	if _, err := cluster.CoreV1().Pods(namespace).Create(ctx, pod, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	kubectl(t, "-n", namespace, "wait", "--for=condition=Ready", "pod/deaf", "--timeout=1m")
	deaf, err := cluster.CoreV1().Pods(namespace).Get(ctx, "deaf", metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}

	names := []string{
		"kubernetes.default", "workstation17", "workstation17.lab.example.org.", "nobody%d.lab.example.org.",
	}
	const forwarded = "nobody%d.example.net."
	measure := func() (inside, outside load) {
		t.Helper()
		endOutside := startLoad(t, 50*time.Millisecond, forwarded)
		endInside := startLoad(t, 10*time.Millisecond, names...)
		time.Sleep(6 * time.Second)
		return endInside(), endOutside()
	}

	alive, answered := measure()
	good := corefile(t)
	edit(t, strings.Replace(good, "forward . /etc/resolv.conf", "forward . "+deaf.Status.PodIP, 1)+
		"edited.example.org {\n    workstation {\n        network 203.0.113.0/24\n    }\n}\n")
	t.Cleanup(func() {
		edit(t, good)
		awaitAnswer(t, "NXDOMAIN", "workstation1.edited.example.org", "A")
	})
	awaitAnswer(t, "NOERROR workstation1.edited.example.org. A 203.0.113.1", "workstation1.edited.example.org", "A")
	dead, unanswered := measure()

	if answered.Lookups < 50 || len(answered.Failures) > 0 {
		t.Errorf("with the upstream: %s", answered.failed())
	}
	if unanswered.Lookups < 50 || len(unanswered.Failures) < unanswered.Lookups || unanswered.Median < 2*time.Second {
		t.Errorf("without the upstream: %s, after a median of %v", unanswered.failed(), unanswered.Median)
	}
	for _, result := range []load{alive, dead} {
		if result.Lookups < 100 || len(result.Failures) > 0 || result.Max > time.Second {
			t.Errorf("%s; the longest took %v", result.failed(), result.Max)
		}
	}
	if dead.Median > 3*alive.Median {
		t.Errorf("the median was %v with the upstream, and is %v without", alive.Median, dead.Median)
	}
	expect(t, "NOERROR 17.2.0.192.in-addr.arpa. PTR workstation17.lab.example.org.",
		"/client", "ask", "udp", "17.2.0.192.in-addr.arpa", "PTR")
}

// TestImageMissing goes the manual's first step with an image that cannot be pulled,
// and gives it up.
func TestImageMissing(t *testing.T) {
	stockClusterDNS(t)
	startClient(t)
	end := startLoad(t, 10*time.Millisecond, "kubernetes.default")
	keepPods(t)
	kubectl(t, "-n", kubeSystem, "set", "image", "deployment/coredns", "coredns=registry.example.org/coredns:missing")
	await(t, time.Minute, func() error {
		for _, pod := range dnsPods(t) {
			for _, container := range pod.Status.ContainerStatuses {
				if waiting := container.State.Waiting; waiting != nil && waiting.Reason == "ImagePullBackOff" {
					return nil
				}
			}
		}
		return errors.New("no pod lacks its image")
	})
	if n := readyPods(t); n < 2 {
		t.Errorf("%d pods of before are left", n)
	}
	kubectl(t, "-n", kubeSystem, "rollout", "undo", "deployment/coredns")
	rolledOut(t)
	if result := end(); result.Lookups < 100 || len(result.Failures) > 0 {
		t.Error(result.failed())
	}
}
