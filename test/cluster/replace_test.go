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

// TestLookups looks names up from a pod, with the pod's own resolv.conf.
func TestLookups(t *testing.T) {
	replaceClusterDNS(t)
	startClient(t)
	testLookups(t)
	testUnstored(t)
}

// testLookups looks up all kinds of names that need no zone files, from the client pod.
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
				t.Errorf("%s %s: output is %q, want an address", stub, name, got)
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
				t.Errorf("www.example.com %s over %s: answer is %q, want its records", qtype, network, got)
			}
		}
	}
}

// TestEveryAddress gives every pod and node a name, with the Corefile of the manual. It has
// the CIDR of the pods that kubeadm and kind use.
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
		t.Fatal("deploy/README.md has no Corefile")
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
	served := dnsPods(t)[0].Status.PodIP // of a pod behind a Service
	dashed := strings.NewReplacer(".", "-", ":", "-")
	computed := "ip-" + dashed.Replace(client.Status.PodIP) + ".net.example.org"
	expect(t, client.Status.PodIP, "/stub-go", computed)
	for address, want := range map[string]string{
		client.Status.PodIP: computed,
		"198.51.100.200":    "ip-198-51-100-200.net.example.org", // no node has this address yet
		// *kubernetes* has these names.
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

// TestOverlays makes the manuals' overlays, and has the API server check them in a dry run.
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
		{"cluster-dns", "kubernetes/README.md", "kubernetes", []string{ours, "    whoami"}},
		{"cluster-dns", "zone-files/README.md", "zone-files/zones",
			[]string{ours, "    whoami", "gateway        IN CNAME"}},
		{"node-local-dns", "node-local/README.md", "node-local",
			[]string{ours, "    whoami", "image: registry.example.net/busybox:1.37"}},
		{"workstation-dns", "beside/README.md", "beside", []string{ours, "    whoami", "10.100.0.53"}},
	} {
		// The overlay may be in a list, and so indented.
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
		files := map[string]string{
			"kustomization.yaml": overlay,
			"Corefile":           ".:53 {\n    whoami\n}\n",
		}
		for name, text := range files {
			if err := os.WriteFile(filepath.Join(made, name), []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		manifests := kubectl(t, "kustomize", made)
		for _, want := range test.want {
			if !strings.Contains(manifests, want) {
				t.Errorf("%s: no %q in the manifests:\n%s", test.name, want, manifests)
			}
		}
		if test.base != "beside" { // a dry run needs the namespace, and that of beside does not exist
			kubectl(t, "apply", "-k", made, "--dry-run=server")
		}
	}
}

// TestConfinement checks the user, the capabilities and the root file system that a pod's
// process has according to the kernel. An ephemeral container in the pod reads them.
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
		return errors.New("the ephemeral container has not ended")
	})
	t.Cleanup(func() { // an ephemeral container can only be removed with its pod
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
			t.Errorf("no %q in the process status and mounts:\n%s", want, looked)
		}
	}
	// Go's memory limit is the container's, 170 MiB.
	if exported := metrics(t, pod, "9153"); !strings.Contains(exported, "\ngo_gc_gomemlimit_bytes 1.7825792e+08\n") {
		t.Error("Go's memory limit is not 170 MiB")
	}
	// The log has the version that the Go tool found in the clone.
	if logged := logs(t, pod, "coredns"); !strings.Contains(logged, " workstation-v") {
		t.Errorf("log has no version of the plugin:\n%s", logged)
	}
}

// TestNoLookupFails scales, restarts and drains cluster DNS while a pod looks names up.
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
	// kubectl drain evicts a pod, and tries again while the disruption budget forbids it. The
	// second pod has to wait until a new pod has replaced the first.
	evict := func(pod corev1.Pod) error {
		return cluster.PolicyV1().Evictions(kubeSystem).Evict(ctx, &policyv1.Eviction{
			ObjectMeta: metav1.ObjectMeta{Name: pod.Name, Namespace: kubeSystem},
		})
	}
	pods := dnsPods(t)
	await(t, time.Minute, func() error { return evict(pods[0]) })
	if err := evict(pods[1]); !apierrors.IsTooManyRequests(err) {
		t.Errorf("eviction of a second pod is not refused: %v", err)
	}
	await(t, time.Minute, func() error { return evict(pods[1]) })
	time.Sleep(10 * time.Second) // until the lameduck of the last pod is over

	// If a query went to a pod that has ended, the client repeats it after five seconds. A few
	// slow lookups are allowed, because the machine may be busy.
	if result := end(); result.Lookups < 1000 || len(result.Failures) > 0 || len(result.Slow)*200 > result.Lookups {
		t.Errorf("%s; slow lookups: %q", result.failed(), result.Slow)
	}
}

// TestEdit edits the ConfigMap, first to a valid Corefile, then to an invalid one. The pods stay.
func TestEdit(t *testing.T) {
	replaceClusterDNS(t)
	startClient(t)
	before := dnsPods(t)
	good := corefile(t)
	t.Cleanup(func() { edit(t, good) })

	// The first stanza computes names in every domain, cluster.local included.
	better := strings.Replace(good, "\n    forward ", `
    workstation {
        network 198.51.100.0/24
    }
    forward `, 1)
	better += `printers.example.org {
    workstation {
        name printer{n:3}
        network 203.0.113.0/24
    }
}
`
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
			// The log has the error, which names the way out.
			const line = "write '203.0.113.0/24'"
			if logged := logs(t, pod, "coredns"); !strings.Contains(logged, line) {
				return fmt.Errorf("log has no %q:\n%s", line, logged)
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

// TestUpstreamDead has cluster DNS forward to an upstream that never answers, and looks up
// forwarded names and others at the same time.
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
		t.Errorf("forwarded names, upstream answers: %s", answered.failed())
	}
	if unanswered.Lookups < 50 || len(unanswered.Failures) < unanswered.Lookups || unanswered.Median < 2*time.Second {
		t.Errorf("forwarded names, upstream is dead: %s, after a median of %v; want all to fail after 2 s or more",
			unanswered.failed(), unanswered.Median)
	}
	for _, result := range []load{alive, dead} {
		if result.Lookups < 100 || len(result.Failures) > 0 || result.Max > time.Second {
			t.Errorf("names that are not forwarded: %s; the longest lookup took %v", result.failed(), result.Max)
		}
	}
	if dead.Median > 3*alive.Median {
		t.Errorf("names that are not forwarded: the median lookup took %v while the upstream answered, and %v after",
			alive.Median, dead.Median)
	}
	expect(t, "NOERROR 17.2.0.192.in-addr.arpa. PTR workstation17.lab.example.org.",
		"/client", "ask", "udp", "17.2.0.192.in-addr.arpa", "PTR")
}

// TestImageMissing does the manual's first step with an image that cannot be pulled, and undoes
// it.
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
		return errors.New("no pod is in ImagePullBackOff")
	})
	if n := readyPods(t); n < 2 {
		t.Errorf("%d old pods are Ready, want 2", n)
	}
	kubectl(t, "-n", kubeSystem, "rollout", "undo", "deployment/coredns")
	rolledOut(t)
	if result := end(); result.Lookups < 100 || len(result.Failures) > 0 {
		t.Error(result.failed())
	}
}
