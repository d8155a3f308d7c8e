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

// The tests in this file run the manual's kubeadm commands. They must run on a node that
// kubeadm has set up.

// ignored and skipped leave out what this node does not have or what does not concern DNS:
// version 1 of cgroups, the control plane, the kubelet, and kube-proxy, which is not a DaemonSet
// here.
const (
	ignored = "--ignore-preflight-errors=SystemVerification"
	skipped = "--skip-phases=control-plane,kubelet-config,addon/kube-proxy"
)

// kubeadm runs kubeadm, and returns its output.
func kubeadm(args ...string) (string, error) {
	out, err := exec.Command("kubeadm", args...).CombinedOutput()
	return string(out), err
}

// wayBack has kubeadm make its own cluster DNS again, as the manual does.
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

// TestDifferences checks that the manifest and the Corefile are kubeadm's, except for the
// differences that their comments mention.
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
	// The API server adds the defaults.
	dryRun := metav1.CreateOptions{DryRun: []string{metav1.DryRunAll}}
	deployment, err = cluster.AppsV1().Deployments(kubeSystem).Create(ctx, deployment, dryRun)
	if err != nil {
		t.Fatal(err)
	}
	strategy := deployment.Spec.Strategy.RollingUpdate
	if strategy.MaxUnavailable.String() != "0" || strategy.MaxSurge.String() != "1" {
		t.Errorf("strategy is %v, want maxUnavailable 0 and maxSurge 1", strategy)
	}
	got, want := deployment.Spec.Template.Spec, stockDeployment.Spec.Template.Spec
	if zone := got.TopologySpreadConstraints; len(zone) != 1 || zone[0].TopologyKey != corev1.LabelTopologyZone {
		t.Errorf("topology spread constraints are %v, want one over zones", zone)
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
		t.Errorf("our pod without the known differences:\n%s\nwant kubeadm's:\n%s", g, w)
	}
}

// TestKubeadm upgrades a node without changing cluster DNS, and then has kubeadm make its own
// cluster DNS again.
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
	if out, err := kubeadm("upgrade", "plan", version.GitVersion, ignored); err == nil ||
		!strings.Contains(out, unknown) {
		t.Errorf("upgrade plan: %v, want %q in\n%s", err, unknown, out)
	}
	if out, err := kubeadm("upgrade", "plan", version.GitVersion, ignored+plugins); err != nil {
		t.Errorf("upgrade plan: %v\n%s", err, out)
	}
	upgrade := []string{"upgrade", "apply", version.GitVersion, "--yes"}

	for _, args := range [][]string{
		{ignored, skipped},           // kubeadm refuses before it does anything
		{ignored + plugins, skipped}, // kubeadm refuses at the end
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
		t.Errorf("kubernetes.default: output is %q, want the address of the Service", got)
	}
}

// TestKubeadmKnownTag gives the image the tag of a version that kubeadm knows. kubeadm then
// replaces the image by the stock one, which does not start. Old pods still answer, and applying
// the manifests repairs cluster DNS.
func TestKubeadmKnownTag(t *testing.T) {
	replaceClusterDNS(t)
	startClient(t)
	_, tag, _ := strings.Cut(stockImage(), ":")
	known := "registry.example.org/coredns:" + tag
	addTag := exec.Command("ctr", "--namespace", "k8s.io", "images", "tag", image, known)
	if out, err := addTag.CombinedOutput(); err != nil {
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
				return fmt.Errorf("stock image logs %q", logged)
			}
		}
		return fmt.Errorf("no pod has the image %s", stockImage())
	})
	expect(t, "192.0.2.17 2001:db8::11", "/stub-go", "workstation17")

	kubectl(t, "apply", "-k", "../../deploy/kubernetes")
	rolledOut(t)
	testLookups(t)
}

// TestKubelet has the kubelet give pods the address of the node's cache, and then the old
// address again.
func TestKubelet(t *testing.T) {
	replaceClusterDNS(t)
	startCache(t)
	service, err := cluster.CoreV1().Services(kubeSystem).Get(ctx, "kube-dns", metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	// clusterDNS changes the name server of the pods that are created from then on.
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
		// The service manager restarts the kubelet.
		if out, err := exec.Command("pkill", "-x", "kubelet").CombinedOutput(); err != nil {
			t.Fatalf("pkill: %v\n%s", err, out)
		}
	}

	clusterDNS(service.Spec.ClusterIP, cacheAddress)
	t.Run("cache", func(t *testing.T) {
		startClient(t)
		got := inPod(t, "/client", "cat", "/etc/resolv.conf")
		if !strings.Contains(got, "nameserver "+cacheAddress+" ") {
			t.Errorf("resolv.conf has another name server: %q", got)
		}
		testLookups(t)
	})
	clusterDNS(cacheAddress, service.Spec.ClusterIP)
	t.Run("cluster DNS", func(t *testing.T) {
		startClient(t)
		got := inPod(t, "/client", "cat", "/etc/resolv.conf")
		if !strings.Contains(got, "nameserver "+service.Spec.ClusterIP+" ") {
			t.Errorf("resolv.conf has another name server: %q", got)
		}
		testLookups(t)
	})
}
