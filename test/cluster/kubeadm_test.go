//go:build kubeadm

package cluster

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestKubeadm upgrades a node that kubeadm has set up, by the manual's command,
// and goes the manual's way back. It has to run on that node.
func TestKubeadm(t *testing.T) {
	replaceClusterDNS(t)
	startClient(t)
	before := dnsPods(t)
	kubeadm := func(args ...string) (string, error) {
		out, err := exec.Command("kubeadm", args...).CombinedOutput()
		return string(out), err
	}
	version, err := cluster.Discovery().ServerVersion()
	if err != nil {
		t.Fatal(err)
	}
	// What is not of this node, or not of DNS: cgroups of version 1, the control
	// plane, the kubelet, and kube-proxy, which is not a DaemonSet here.
	upgrade := []string{"upgrade", "apply", version.GitVersion, "--yes"}
	const (
		ignored = "--ignore-preflight-errors=SystemVerification"
		skipped = "--skip-phases=control-plane,kubelet-config,addon/kube-proxy"
	)

	const unknown = "start version '1.15.0-workstation' not supported"
	for _, args := range [][]string{
		{ignored, skipped}, // refused before anything is done
		{ignored + ",CoreDNSUnsupportedPlugins,CoreDNSMigration", skipped}, // in the end
	} {
		if out, err := kubeadm(append(upgrade, args...)...); err == nil || !strings.Contains(out, unknown) {
			t.Errorf("%v: %v, want %q in\n%s", args, err, unknown, out)
		}
	}
	out, err := kubeadm(append(upgrade, ignored+",CoreDNSUnsupportedPlugins,CoreDNSMigration", skipped+",addon/coredns")...)
	if err != nil || !strings.Contains(out, "SUCCESS") {
		t.Fatalf("%v\n%s", err, out)
	}
	if after := dnsPods(t); names(after) != names(before) {
		t.Errorf("the pods were %s and are %s", names(before), names(after))
	}
	expect(t, "192.0.2.17 2001:db8::11", "/stub-go", "workstation17")

	// And the way back.
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
	kubectl(t, "-n", kubeSystem, "delete", "configmap/coredns-zones", "poddisruptionbudget/coredns")
	expect(t, "no such host", "/stub-go", "workstation17")
	if got := inPod(t, "/stub-go", "kubernetes.default"); !strings.HasPrefix(got, "10.") {
		t.Errorf("kubernetes.default: %q", got)
	}
}
