//go:build kubeadm

package cluster

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"
	"testing"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/yaml"
)

// The tests here go the manual's ways with kubeadm. They have to run on a node that it
// has set up.

// What is not of this node, or not of DNS: cgroups of version 1, the control plane, the
// kubelet, and kube-proxy, which is not a DaemonSet here.
const (
	ignored = "--ignore-preflight-errors=SystemVerification"
	skipped = "--skip-phases=control-plane,kubelet-config,addon/kube-proxy"
)

// kubeadm runs it, and returns its output.
func kubeadm(args ...string) (string, error) {
	out, err := exec.Command("kubeadm", args...).CombinedOutput()
	return string(out), err
}

// wayBack has kubeadm make its own cluster DNS again.
func wayBack(t *testing.T) {
	t.Helper()
	config := filepath.Join(t.TempDir(), "cluster.yaml")
	if err := os.WriteFile(config, []byte(kubectl(t, "-n", kubeSystem, "get", "configmap", "kubeadm-config",
		"-o", "jsonpath={.data.ClusterConfiguration}")), 0o600); err != nil {
		t.Fatal(err)
	}
	kubectl(t, "-n", kubeSystem, "delete", "configmap", "coredns")
	if out, err := kubeadm("init", "phase", "addon", "coredns", "--config="+config); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	rolledOut(t)
	kubectl(t, "-n", kubeSystem, "delete", "poddisruptionbudget/coredns")
}

// TestDifferences holds the manifest and Corefile to kubeadm's, except what they say
// that they have of their own.
func TestDifferences(t *testing.T) {
	stockClusterDNS(t)
	ours, err := os.ReadFile("../../deploy/kubernetes/Corefile")
	if err != nil {
		t.Fatal(err)
	}
	unconsolidated := regexp.MustCompile(`(?s)errors \{.*?\}`).ReplaceAllString(string(ours), "errors")
	if theirs := corefile(t); !strings.HasPrefix(unconsolidated, strings.TrimRight(theirs, "\n")) {
		t.Errorf("the Corefile does not begin with kubeadm's, except errors:\n%s", theirs)
	}

	manifest, err := os.ReadFile("../../deploy/kubernetes/deployment.yaml")
	if err != nil {
		t.Fatal(err)
	}
	deployment := new(appsv1.Deployment)
	if err := yaml.UnmarshalStrict(manifest, deployment); err != nil {
		t.Fatal(err)
	}
	deployment.Name = "other"
	// The API server puts in what is left out.
	deployment, err = cluster.AppsV1().Deployments(kubeSystem).Create(ctx, deployment, metav1.CreateOptions{DryRun: []string{metav1.DryRunAll}})
	if err != nil {
		t.Fatal(err)
	}
	if strategy := deployment.Spec.Strategy.RollingUpdate; strategy.MaxUnavailable.String() != "0" || strategy.MaxSurge.String() != "1" {
		t.Errorf("the strategy is %v", strategy)
	}
	got, want := deployment.Spec.Template.Spec, stockDeployment.Spec.Template.Spec
	if zone := got.TopologySpreadConstraints; len(zone) != 1 || zone[0].TopologyKey != corev1.LabelTopologyZone {
		t.Errorf("the pods are spread over %v", zone)
	}
	got.SecurityContext, want.SecurityContext = nil, nil
	got.TopologySpreadConstraints = nil
	container := &got.Containers[0]
	container.Image, container.Env = want.Containers[0].Image, nil
	for _, probe := range []*corev1.Probe{container.ReadinessProbe, want.Containers[0].ReadinessProbe} {
		probe.PeriodSeconds, probe.TimeoutSeconds, probe.FailureThreshold = 0, 0, 0
	}
	if !reflect.DeepEqual(got, want) {
		g, _ := yaml.Marshal(got)
		w, _ := yaml.Marshal(want)
		t.Errorf("ours, without what it has of its own:\n%s\nkubeadm's:\n%s", g, w)
	}
}

// TestKubeadm upgrades a node, which leaves cluster DNS alone, and goes the way back.
func TestKubeadm(t *testing.T) {
	replaceClusterDNS(t)
	startClient(t)
	before := dnsPods(t)
	const unknown = "start version '1.15.0-workstation' not supported"
	version, err := cluster.Discovery().ServerVersion()
	if err != nil {
		t.Fatal(err)
	}
	const plugins = ",CoreDNSUnsupportedPlugins,CoreDNSMigration"
	if out, err := kubeadm("upgrade", "plan", version.GitVersion, ignored); err == nil || !strings.Contains(out, unknown) {
		t.Errorf("%v, want %q in\n%s", err, unknown, out)
	}
	if out, err := kubeadm("upgrade", "plan", version.GitVersion, ignored+plugins); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
	upgrade := []string{"upgrade", "apply", version.GitVersion, "--yes"}

	for _, args := range [][]string{
		{ignored, skipped},           // refused before anything is done
		{ignored + plugins, skipped}, // in the end
	} {
		if out, err := kubeadm(append(upgrade, args...)...); err == nil || !strings.Contains(out, unknown) {
			t.Errorf("%v: %v, want %q in\n%s", args, err, unknown, out)
		}
	}
	out, err := kubeadm(append(upgrade, ignored+plugins, skipped+",addon/coredns")...)
	if err != nil || !strings.Contains(out, "SUCCESS") {
		t.Fatalf("%v\n%s", err, out)
	}
	if out, err := kubeadm("upgrade", "node", ignored, skipped+",addon/coredns"); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	if after := dnsPods(t); names(after) != names(before) {
		t.Errorf("the pods were %s and are %s", names(before), names(after))
	}
	expect(t, "192.0.2.17 2001:db8::11", "/stub-go", "workstation17")

	wayBack(t)
	expect(t, "no such host", "/stub-go", "workstation17")
	if got := inPod(t, "/stub-go", "kubernetes.default"); !strings.HasPrefix(got, "10.") {
		t.Errorf("kubernetes.default: %q", got)
	}
}

// TestKubeadmKnownTag gives the image the tag of a version that kubeadm knows, which
// replaces it then by one that does not start. The pods of before still answer, and
// applying the manifests mends it.
func TestKubeadmKnownTag(t *testing.T) {
	replaceClusterDNS(t)
	startClient(t)
	_, tag, _ := strings.Cut(stockImage(), ":")
	known := "registry.example.org/coredns:" + tag
	if out, err := exec.Command("ctr", "--namespace", "k8s.io", "images", "tag", image, known).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	kubectl(t, "-n", kubeSystem, "set", "image", "deployment/coredns", "coredns="+known)
	rolledOut(t)

	if out, err := kubeadm("upgrade", "node", "phase", "addon", "coredns"); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	await(t, time.Minute, func() error {
		for _, pod := range dnsPods(t) {
			if pod.Spec.Containers[0].Image == stockImage() {
				logged, _ := cluster.CoreV1().Pods(kubeSystem).GetLogs(pod.Name, new(corev1.PodLogOptions)).DoRaw(ctx)
				if strings.Contains(string(logged), "Unknown directive 'workstation'") {
					return nil
				}
				return fmt.Errorf("the stock image logs %q", logged)
			}
		}
		return fmt.Errorf("no pod has %s", stockImage())
	})
	expect(t, "192.0.2.17 2001:db8::11", "/stub-go", "workstation17")

	kubectl(t, "apply", "-k", "../../deploy/kubernetes")
	rolledOut(t)
	testLookups(t)
}

// TestKubelet has the kubelet give pods the address of the node's cache, and takes it
// back.
func TestKubelet(t *testing.T) {
	replaceClusterDNS(t)
	startCache(t)
	service, err := cluster.CoreV1().Services(kubeSystem).Get(ctx, "kube-dns", metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	// clusterDNS makes a server that of the pods from now on.
	clusterDNS := func(from, to string) {
		t.Helper()
		config, err := cluster.CoreV1().ConfigMaps(kubeSystem).Get(ctx, "kubelet-config", metav1.GetOptions{})
		if err != nil {
			t.Fatal(err)
		}
		config.Data["kubelet"] = strings.Replace(config.Data["kubelet"], "\n- "+from+"\n", "\n- "+to+"\n", 1)
		if _, err := cluster.CoreV1().ConfigMaps(kubeSystem).Update(ctx, config, metav1.UpdateOptions{}); err != nil {
			t.Fatal(err)
		}
		if out, err := kubeadm("upgrade", "node", "phase", "kubelet-config"); err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		// The service manager starts it again.
		if out, err := exec.Command("pkill", "-x", "kubelet").CombinedOutput(); err != nil {
			t.Fatalf("pkill: %v\n%s", err, out)
		}
	}

	clusterDNS(service.Spec.ClusterIP, cacheAddress)
	t.Run("cache", func(t *testing.T) {
		startClient(t)
		if got := inPod(t, "/client", "cat", "/etc/resolv.conf"); !strings.Contains(got, "nameserver "+cacheAddress+" ") {
			t.Errorf("resolv.conf: %q", got)
		}
		testLookups(t)
	})
	clusterDNS(cacheAddress, service.Spec.ClusterIP)
	t.Run("cluster DNS", func(t *testing.T) {
		startClient(t)
		if got := inPod(t, "/client", "cat", "/etc/resolv.conf"); !strings.Contains(got, "nameserver "+service.Spec.ClusterIP+" ") {
			t.Errorf("resolv.conf: %q", got)
		}
		testLookups(t)
	})
}
