// Package cluster has the end-to-end tests, of the manifests in deploy/ on the
// cluster that KUBECONFIG names. Its cluster DNS is replaced, and in the end its
// Deployment, Service and Corefile are put back, so it should be a cluster for tests.
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
	namespace  = "workstation-test" // of the pods that ask
	image      = "registry.example.org/coredns:v1.15.0-workstation"
)

// What pods look up all the time: a Service, a computed name, with its addresses, by the
// search path and without, and names that are forwarded, cached and not.
var lookups = []string{
	"kubernetes.default", "workstation17=192.0.2.17 2001:db8::11", "workstation17.lab.example.org.=192.0.2.17 2001:db8::11",
	"www.example.com", "nobody%d.example.com.",
}

var (
	ctx     = context.Background()
	cluster *kubernetes.Clientset

	// The cluster DNS that was found, and as the manual has it saved.
	stockDeployment *appsv1.Deployment
	before          []byte
)

func TestMain(m *testing.M) {
	if err := find(); err != nil {
		log.Fatalf("no cluster to test on: %v", err)
	}
	code := m.Run()
	if err := putBack(); err != nil {
		log.Fatalf("cluster DNS is not as it was: %v", err)
	}
	os.Exit(code)
}

// find connects to the cluster, and remembers its cluster DNS.
func find() error {
	if os.Getenv("KUBECONFIG") == "" { // or it might be any
		return errors.New("KUBECONFIG names none")
	}
	config, err := clientcmd.NewNonInteractiveDeferredLoadingClientConfig(
		clientcmd.NewDefaultClientConfigLoadingRules(), nil).ClientConfig()
	if err != nil {
		return err
	}
	// It is a cluster of one client.
	config.QPS, config.Burst = 100, 100
	if cluster, err = kubernetes.NewForConfig(config); err != nil {
		return err
	}
	if stockDeployment, err = cluster.AppsV1().Deployments(kubeSystem).Get(ctx, "coredns", metav1.GetOptions{}); err != nil {
		return err
	}
	before, err = exec.Command("kubectl", "-n", kubeSystem, "get",
		"configmap/coredns", "service/kube-dns", "deployment/coredns", "-o", "yaml").Output()
	return err
}

// putBack makes cluster DNS what it was.
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
	// The manual's way back.
	back := exec.Command("sh", "-c", "sed '/^    resourceVersion:/d; /^    uid:/d' | kubectl replace -f -")
	back.Stdin = bytes.NewReader(before)
	if out, err := back.CombinedOutput(); err != nil {
		return fmt.Errorf("%w\n%s", err, out)
	}
	return nil
}

// stockImage is the one that was found.
func stockImage() string {
	return stockDeployment.Spec.Template.Spec.Containers[0].Image
}

// kubectl runs a command as an operator would, and returns its output.
func kubectl(t *testing.T, args ...string) string {
	t.Helper()
	out, err := exec.Command("kubectl", args...).CombinedOutput()
	if err != nil {
		t.Fatalf("kubectl %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return string(out)
}

// await waits for what a function reports as an error until it is done.
func await(t *testing.T, timeout time.Duration, done func() error) {
	t.Helper()
	deadline := time.Now().Add(timeout)
	for {
		err := done()
		if err == nil {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("after %v: %v", timeout, err)
		}
		time.Sleep(200 * time.Millisecond)
	}
}

// replaceClusterDNS goes the manual's way, with the manifests as they are: first
// the image, which understands the Corefile of before, too.
func replaceClusterDNS(t *testing.T) {
	t.Helper()
	keepPods(t)
	kubectl(t, "-n", kubeSystem, "set", "image", "deployment/coredns", "coredns="+image)
	kubectl(t, "-n", kubeSystem, "rollout", "status", "deployment/coredns", "--timeout=3m")
	kubectl(t, "apply", "-k", "../../deploy/kubernetes")
	rolledOut(t)
}

// storeNames gives cluster DNS, as replaceClusterDNS has made it, the zone files of the
// overlay.
func storeNames(t *testing.T) {
	t.Helper()
	kubectl(t, "apply", "-k", "../../deploy/zone-files/kubernetes")
	rolledOut(t)
}

// keepPods has no pod go before a new one is Ready.
func keepPods(t *testing.T) {
	t.Helper()
	kubectl(t, "-n", kubeSystem, "patch", "deployment", "coredns", "-p",
		`{"spec":{"strategy":{"rollingUpdate":{"maxUnavailable":0}}}}`)
}

// stockClusterDNS puts back what was found.
func stockClusterDNS(t *testing.T) {
	t.Helper()
	if err := putBack(); err != nil {
		t.Fatal(err)
	}
	rolledOut(t)
}

// rolledOut waits until cluster DNS is what its Deployment says, and no pod of
// before is left: while it ends, *kubernetes* answers, but watches no more.
func rolledOut(t *testing.T) {
	t.Helper()
	kubectl(t, "-n", kubeSystem, "rollout", "status", "deployment/coredns", "--timeout=2m")
	await(t, time.Minute, func() error {
		pods, err := cluster.CoreV1().Pods(kubeSystem).List(ctx, metav1.ListOptions{LabelSelector: "k8s-app=kube-dns"})
		if err != nil {
			return err
		}
		if n := len(pods.Items) - len(dnsPods(t)); n > 0 {
			return fmt.Errorf("%d pods are ending", n)
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

// edit changes the Corefile of cluster DNS, as kubectl edit does.
func edit(t *testing.T, corefile string) {
	t.Helper()
	patch, err := json.Marshal(map[string]any{"data": map[string]string{"Corefile": corefile}})
	if err != nil {
		t.Fatal(err)
	}
	kubectl(t, "-n", kubeSystem, "patch", "configmap", "coredns", "--patch", string(patch))
}

// dnsPods returns the pods of cluster DNS that are not about to end.
func dnsPods(t *testing.T) []corev1.Pod {
	t.Helper()
	return pods(t, "k8s-app=kube-dns")
}

// pods returns the pods with these labels that are not about to end.
func pods(t *testing.T, labels string) []corev1.Pod {
	t.Helper()
	pods, err := cluster.CoreV1().Pods(kubeSystem).List(ctx, metav1.ListOptions{LabelSelector: labels})
	if err != nil {
		t.Fatal(err)
	}
	return slices.DeleteFunc(pods.Items, func(pod corev1.Pod) bool { return pod.DeletionTimestamp != nil })
}

// ready reports whether a pod is Ready, and how often its containers have been
// restarted.
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

// names returns the names of pods, in order. Each pod has one of its own.
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

// logs returns what a container of a pod has logged.
func logs(t *testing.T, pod corev1.Pod, container string) string {
	t.Helper()
	options := &corev1.PodLogOptions{Container: container}
	b, err := cluster.CoreV1().Pods(pod.Namespace).GetLogs(pod.Name, options).DoRaw(ctx)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// newClient returns a pod that is to run a command of ./client.
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

// startClient starts the pod that asks, and beside it a Service of the name of a
// workstation. The pods' own search path and options are as on any cluster; the
// zone is added as the nodes' resolv.conf would.
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
	await(t, time.Minute, func() error { // a namespace of the name may be on its way out
		_, err := cluster.CoreV1().Namespaces().Create(ctx, &corev1.Namespace{
			ObjectMeta: metav1.ObjectMeta{Name: namespace}}, metav1.CreateOptions{})
		return err
	})
	t.Cleanup(func() {
		if err := cluster.CoreV1().Namespaces().Delete(ctx, namespace, metav1.DeleteOptions{}); err != nil {
			t.Error(err)
		}
	})
	await(t, time.Minute, func() error { // the default ServiceAccount comes with a delay
		_, err := cluster.CoreV1().Pods(namespace).Create(ctx, pod, metav1.CreateOptions{})
		return err
	})
	if _, err := cluster.CoreV1().Services(namespace).Create(ctx, service, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	kubectl(t, "-n", namespace, "wait", "--for=condition=Ready", "pod/client", "--timeout=1m")
}

// inPod runs a program in the pod that asks, and returns its output in one line.
func inPod(t *testing.T, args ...string) string {
	t.Helper()
	out := kubectl(t, append([]string{"-n", namespace, "exec", "client", "--"}, args...)...)
	return strings.Join(strings.Fields(out), " ")
}

// manual returns a page of the manual.
func manual(t *testing.T, page string) string {
	t.Helper()
	b, err := os.ReadFile("../../deploy/" + page)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// expect fails unless a program in the pod prints this.
func expect(t *testing.T, want string, args ...string) {
	t.Helper()
	if got := inPod(t, args...); got != want {
		t.Errorf("%s: %q, want %q", strings.Join(args, " "), got, want)
	}
}

// awaitAnswer waits until a question gets this answer from each pod of cluster DNS: each
// has its own time to reload, and whom the Service asks is a matter of luck.
func awaitAnswer(t *testing.T, want, name, qtype string) {
	t.Helper()
	await(t, 3*time.Minute, func() error {
		pods := dnsPods(t)
		if len(pods) == 0 {
			return errors.New("cluster DNS has no pod")
		}
		for _, pod := range pods {
			if got := inPod(t, "/client", "ask", "udp", name, qtype, pod.Status.PodIP); got != want {
				return fmt.Errorf("%s, %s %s: %q, want %q", pod.Name, name, qtype, got, want)
			}
		}
		return nil
	})
}

// load is a constant load of lookups from the pod that asks.
type load struct {
	Lookups     int
	Failures    []string
	Slow        []string // those that took more than a second, and when they began
	Median, Max time.Duration
}

// failed says how many lookups failed, and how the first ones did.
func (l load) failed() string {
	return fmt.Sprintf("%d of %d lookups failed: %q", len(l.Failures), l.Lookups, l.Failures[:min(len(l.Failures), 5)])
}

// startLoad starts to look names up, each so long after the one before. With "=" and
// addresses, these must be all that a name has. A %d in a name is another number each time,
// and it is answered if its absence is. The function that it returns ends the load, and
// returns what came of it.
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
		t.Logf("%d lookups, %d failed, %d slow, median %v, longest %v", l.Lookups, len(l.Failures), len(l.Slow), l.Median, l.Max)
		return l
	}
}
