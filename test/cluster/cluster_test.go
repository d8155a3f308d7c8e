// Package cluster has the end-to-end tests of the manifests in deploy/, on the cluster that
// KUBECONFIG names. Use a cluster for tests only: the tests replace its cluster DNS, and put
// its Deployment, Service and Corefile back at the end.
package cluster

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/clientcmd"
)

const (
	kubeSystem = "kube-system"
	namespace  = "workstation-test" // of the client pods
	image      = "registry.example.org/coredns:v1.15.0-workstation"
)

// lookups has what the client pod looks up under load: a Service, a computed name with its
// addresses (once by the search path, once fully qualified), and two forwarded names, one
// that *cache* answers and one that it cannot.
var lookups = []string{
	"kubernetes.default",
	"workstation17=192.0.2.17 2001:db8::11",
	"workstation17.lab.example.org.=192.0.2.17 2001:db8::11",
	"www.example.com",
	"nobody%d.example.com.",
}

var (
	ctx     = context.Background()
	cluster *kubernetes.Clientset

	// The cluster DNS that the tests found: its Deployment, and all of it as the manual saves it.
	stockDeployment *appsv1.Deployment
	before          []byte
)

func TestMain(m *testing.M) {
	if err := find(); err != nil {
		log.Fatalf("finding a cluster to test on: %v", err)
	}
	code := m.Run()
	if err := putBack(); err != nil {
		log.Fatalf("putting back the cluster DNS that was there: %v", err)
	}
	os.Exit(code)
}

// find connects to the cluster, and saves its cluster DNS.
func find() error {
	if os.Getenv("KUBECONFIG") == "" { // or kubectl would use its default cluster
		return errors.New("KUBECONFIG is not set: set it to the configuration of a cluster for tests")
	}
	config, err := clientcmd.NewNonInteractiveDeferredLoadingClientConfig(
		clientcmd.NewDefaultClientConfigLoadingRules(), nil).ClientConfig()
	if err != nil {
		return err
	}
	// The tests are the cluster's only client.
	config.QPS, config.Burst = 100, 100
	if cluster, err = kubernetes.NewForConfig(config); err != nil {
		return err
	}
	deployments := cluster.AppsV1().Deployments(kubeSystem)
	if stockDeployment, err = deployments.Get(ctx, "coredns", metav1.GetOptions{}); err != nil {
		return err
	}
	before, err = exec.Command("kubectl", "-n", kubeSystem, "get",
		"configmap/coredns", "service/kube-dns", "deployment/coredns", "-o", "yaml").Output()
	return err
}

// putBack restores the cluster DNS that find saved.
func putBack() error {
	for _, err := range []error{
		cluster.CoreV1().Namespaces().Delete(ctx, namespace, metav1.DeleteOptions{}),
		cluster.CoreV1().ConfigMaps(kubeSystem).Delete(ctx, "coredns-zones", metav1.DeleteOptions{}),
		cluster.PolicyV1().PodDisruptionBudgets(kubeSystem).Delete(ctx, "coredns", metav1.DeleteOptions{}),
	} {
		if err != nil && !apierrors.IsNotFound(err) {
			return err
		}
	}
	// These are the manual's commands.
	back := exec.Command("sh", "-c", "sed '/^    resourceVersion:/d; /^    uid:/d' | kubectl replace -f -")
	back.Stdin = bytes.NewReader(before)
	if out, err := back.CombinedOutput(); err != nil {
		return fmt.Errorf("%w\n%s", err, out)
	}
	return nil
}

// stockImage returns the image of the cluster DNS that find saved.
func stockImage() string {
	return stockDeployment.Spec.Template.Spec.Containers[0].Image
}

// kubectl runs kubectl, which must succeed, and returns its output.
func kubectl(t *testing.T, args ...string) string {
	t.Helper()
	out, err := exec.Command("kubectl", args...).CombinedOutput()
	if err != nil {
		t.Fatalf("kubectl %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return string(out)
}

// await calls done until it returns no error. After the timeout, it fails the test with the
// last error.
func await(t *testing.T, timeout time.Duration, done func() error) {
	t.Helper()
	deadline := time.Now().Add(timeout)
	for {
		err := done()
		if err == nil {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("still failing after %v: %v", timeout, err)
		}
		time.Sleep(200 * time.Millisecond)
	}
}

// replaceClusterDNS replaces cluster DNS as the manual does, with the manifests unchanged. The
// image comes first, because it understands the old Corefile, too.
func replaceClusterDNS(t *testing.T) {
	t.Helper()
	keepPods(t)
	kubectl(t, "-n", kubeSystem, "set", "image", "deployment/coredns", "coredns="+image)
	kubectl(t, "-n", kubeSystem, "rollout", "status", "deployment/coredns", "--timeout=3m")
	kubectl(t, "apply", "-k", "../../deploy/kubernetes")
	rolledOut(t)
}

// storeNames adds the overlay's zone files to the cluster DNS that replaceClusterDNS made.
func storeNames(t *testing.T) {
	t.Helper()
	kubectl(t, "apply", "-k", "../../deploy/zone-files/kubernetes")
	rolledOut(t)
}

// keepPods changes the Deployment so that no pod ends before a new one is Ready.
func keepPods(t *testing.T) {
	t.Helper()
	kubectl(t, "-n", kubeSystem, "patch", "deployment", "coredns", "-p",
		`{"spec":{"strategy":{"rollingUpdate":{"maxUnavailable":0}}}}`)
}

// stockClusterDNS puts back the cluster DNS that find saved.
func stockClusterDNS(t *testing.T) {
	t.Helper()
	if err := putBack(); err != nil {
		t.Fatal(err)
	}
	rolledOut(t)
}

// rolledOut waits until the Deployment of cluster DNS is rolled out and no old pod is left.
// While an old pod ends, its *kubernetes* still answers, but no longer watches the API server.
func rolledOut(t *testing.T) {
	t.Helper()
	kubectl(t, "-n", kubeSystem, "rollout", "status", "deployment/coredns", "--timeout=2m")
	await(t, time.Minute, func() error {
		pods, err := cluster.CoreV1().Pods(kubeSystem).List(ctx, metav1.ListOptions{LabelSelector: "k8s-app=kube-dns"})
		if err != nil {
			return err
		}
		if n := len(pods.Items) - len(dnsPods(t)); n > 0 {
			return fmt.Errorf("%d old pods have not ended", n)
		}
		return nil
	})
}

// corefile returns the Corefile of cluster DNS.
func corefile(t *testing.T) string {
	t.Helper()
	config, err := cluster.CoreV1().ConfigMaps(kubeSystem).Get(ctx, "coredns", metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	return config.Data["Corefile"]
}

// edit changes the Corefile of cluster DNS, as kubectl edit would.
func edit(t *testing.T, corefile string) {
	t.Helper()
	patch, err := json.Marshal(map[string]any{"data": map[string]string{"Corefile": corefile}})
	if err != nil {
		t.Fatal(err)
	}
	kubectl(t, "-n", kubeSystem, "patch", "configmap", "coredns", "--patch", string(patch))
}

// dnsPods returns the pods of cluster DNS, except those that are ending.
func dnsPods(t *testing.T) []corev1.Pod {
	t.Helper()
	return pods(t, "k8s-app=kube-dns")
}

// pods returns the pods with these labels, except those that are ending.
func pods(t *testing.T, labels string) []corev1.Pod {
	t.Helper()
	pods, err := cluster.CoreV1().Pods(kubeSystem).List(ctx, metav1.ListOptions{LabelSelector: labels})
	if err != nil {
		t.Fatal(err)
	}
	return slices.DeleteFunc(pods.Items, func(pod corev1.Pod) bool { return pod.DeletionTimestamp != nil })
}

// ready reports whether a pod is Ready, and how often its containers were restarted.
func ready(pod corev1.Pod) (ready bool, restarts int32) {
	for _, condition := range pod.Status.Conditions {
		if condition.Type == corev1.PodReady {
			ready = condition.Status == corev1.ConditionTrue
		}
	}
	for _, container := range pod.Status.ContainerStatuses {
		restarts += container.RestartCount
	}
	return ready, restarts
}

// readyPods returns how many pods of cluster DNS are Ready.
func readyPods(t *testing.T) (n int) {
	t.Helper()
	for _, pod := range dnsPods(t) {
		if ok, _ := ready(pod); ok {
			n++
		}
	}
	return n
}

// names returns the sorted names of pods. Each pod has a unique name, so equal names mean the
// same pods.
func names(pods []corev1.Pod) string {
	var names []string
	for _, pod := range pods {
		names = append(names, pod.Name)
	}
	slices.Sort(names)
	return strings.Join(names, " ")
}

// metrics returns what a pod exports on a port.
func metrics(t *testing.T, pod corev1.Pod, port string) string {
	t.Helper()
	b, err := cluster.CoreV1().Pods(pod.Namespace).ProxyGet("http", pod.Name, port, "/metrics", nil).DoRaw(ctx)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// logs returns the log of a container of a pod.
func logs(t *testing.T, pod corev1.Pod, container string) string {
	t.Helper()
	options := &corev1.PodLogOptions{Container: container}
	b, err := cluster.CoreV1().Pods(pod.Namespace).GetLogs(pod.Name, options).DoRaw(ctx)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// newClient returns a pod that runs a command of ./client.
func newClient(name string, command ...string) *corev1.Pod {
	return &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Name: name, Namespace: namespace},
		Spec: corev1.PodSpec{
			Containers: []corev1.Container{{
				Name: name, Image: "localhost/client", ImagePullPolicy: corev1.PullNever, Args: command,
			}},
			TerminationGracePeriodSeconds: new(int64),
		},
	}
}

// startClient starts the client pod, and a Service that has the same name as a workstation. The
// pod's search path and options are as on any cluster, and the zone is added to the search path,
// as the nodes' resolv.conf would add it.
func startClient(t *testing.T, changes ...func(*corev1.Pod)) {
	t.Helper()
	pod := newClient("client", "wait")
	pod.Spec.DNSConfig = &corev1.PodDNSConfig{Searches: []string{"lab.example.org"}}
	for _, change := range changes {
		change(pod)
	}
	service := &corev1.Service{
		ObjectMeta: metav1.ObjectMeta{Name: "workstation5", Namespace: namespace},
		Spec:       corev1.ServiceSpec{Ports: []corev1.ServicePort{{Port: 80}}},
	}
	await(t, time.Minute, func() error { // an old namespace of this name may still be ending
		_, err := cluster.CoreV1().Namespaces().Create(ctx, &corev1.Namespace{
			ObjectMeta: metav1.ObjectMeta{Name: namespace}}, metav1.CreateOptions{})
		return err
	})
	t.Cleanup(func() {
		if err := cluster.CoreV1().Namespaces().Delete(ctx, namespace, metav1.DeleteOptions{}); err != nil {
			t.Error(err)
		}
	})
	await(t, time.Minute, func() error { // the default ServiceAccount is made with a delay
		_, err := cluster.CoreV1().Pods(namespace).Create(ctx, pod, metav1.CreateOptions{})
		return err
	})
	if _, err := cluster.CoreV1().Services(namespace).Create(ctx, service, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	kubectl(t, "-n", namespace, "wait", "--for=condition=Ready", "pod/client", "--timeout=1m")
}

// inPod runs a program in the client pod, and returns its output on one line.
func inPod(t *testing.T, args ...string) string {
	t.Helper()
	out := kubectl(t, append([]string{"-n", namespace, "exec", "client", "--"}, args...)...)
	return strings.Join(strings.Fields(out), " ")
}

// manual returns a page of the manual, a file in deploy/.
func manual(t *testing.T, page string) string {
	t.Helper()
	b, err := os.ReadFile("../../deploy/" + page)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// expect reports an error unless a program in the client pod prints want.
func expect(t *testing.T, want string, args ...string) {
	t.Helper()
	if got := inPod(t, args...); got != want {
		t.Errorf("%s: output is %q, want %q", strings.Join(args, " "), got, want)
	}
}

// awaitAnswer waits until each pod of cluster DNS gives this answer. It asks each pod, because
// the pods reload at different times, and the Service may send a query to any of them.
func awaitAnswer(t *testing.T, want, name, qtype string) {
	t.Helper()
	await(t, 3*time.Minute, func() error {
		pods := dnsPods(t)
		if len(pods) == 0 {
			return errors.New("cluster DNS has no pod")
		}
		for _, pod := range pods {
			if got := inPod(t, "/client", "ask", "udp", name, qtype, pod.Status.PodIP); got != want {
				return fmt.Errorf("pod %s, %s %s: answer is %q, want %q", pod.Name, name, qtype, got, want)
			}
		}
		return nil
	})
}

// load is the result of a constant load of lookups from the client pod.
type load struct {
	Lookups          int
	Failures         []string
	Slow             []string // lookups that took more than a second, and when they began
	Median, P99, Max time.Duration
}

// failed says how many lookups failed, and gives the first errors.
func (l load) failed() string {
	return fmt.Sprintf("%d of %d lookups failed: %q", len(l.Failures), l.Lookups, l.Failures[:min(len(l.Failures), 5)])
}

// startLoad starts to look names up, with this time between two lookups. A name may be followed
// by "=" and addresses, which must be all of its addresses. A %d in a name is replaced by a
// different number each time. A lookup of such a name also succeeds if the name does not exist.
// The function that startLoad returns ends the load, and returns the result.
func startLoad(t *testing.T, between time.Duration, names ...string) (end func() load) {
	t.Helper()
	command := exec.Command("kubectl",
		append([]string{"-n", namespace, "exec", "-i", "client", "--", "/client", "load", between.String()},
			names...)...)
	stdin, err := command.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	var out strings.Builder
	command.Stdout, command.Stderr = &out, os.Stderr
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	return func() load {
		t.Helper()
		stdin.Close()
		if err := command.Wait(); err != nil {
			t.Fatal(err)
		}
		var l load
		if err := json.Unmarshal([]byte(out.String()), &l); err != nil {
			t.Fatalf("%v: %q", err, out.String())
		}
		t.Logf("%d lookups, %d failed, %d slow; median %v, longest %v",
			l.Lookups, len(l.Failures), len(l.Slow), l.Median, l.Max)
		return l
	}
}
