package cluster

import (
	"encoding/json"
	"os"
	"os/exec"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/yaml"
)

// stub returns a file in deploy/beside/stubs.
func stub(t *testing.T, name string) string {
	t.Helper()
	b, err := os.ReadFile("../../deploy/beside/stubs/" + name)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// TestBeside has the stock cluster DNS forward to the server of deploy/beside: first without zone
// files and with the stub for kubeadm, then with zone files and a stub that is imported.
func TestBeside(t *testing.T) {
	stockClusterDNS(t)
	startClient(t)
	kubectl(t, "apply", "-k", "../../deploy/beside")
	t.Cleanup(func() { kubectl(t, "delete", "-k", "../../deploy/beside") })
	kubectl(t, "-n", "workstation-dns", "rollout", "status", "deployment/workstation-dns", "--timeout=2m")
	const name, there = "workstation17.lab.example.org", "NOERROR workstation17.lab.example.org. A 192.0.2.17"
	expect(t, "NXDOMAIN", "/client", "ask", "udp", name, "A")

	stock := strings.TrimRight(corefile(t), "\n") + "\n"
	edit(t, stock+stub(t, "coredns.Corefile"))
	awaitAnswer(t, there, name, "A")
	testLookups(t)
	testUnstored(t)

	importCustom(t, stock)
	expect(t, "NXDOMAIN", "/client", "ask", "udp", name, "A")
	kubectl(t, "apply", "-f", "../../deploy/beside/stubs/coredns-custom.yaml")
	t.Cleanup(func() { kubectl(t, "-n", kubeSystem, "delete", "configmap", "coredns-custom") })
	kubectl(t, "apply", "-k", "../../deploy/zone-files/beside")
	kubectl(t, "-n", "workstation-dns", "rollout", "status", "deployment/workstation-dns", "--timeout=2m")
	awaitAnswer(t, gatewayStored, gateway, "A")
	testLookups(t)
	testStored(t)
}

// importCustom has cluster DNS import the ConfigMap coredns-custom, which does not exist yet. It
// adds the import lines of k3s to the Corefile. The volume is that of the stub for RKE2, and k3s,
// AKS and DigitalOcean mount the ConfigMap in the same directory.
func importCustom(t *testing.T, corefile string) {
	t.Helper()
	const last = "    loadbalance\n"
	if !strings.Contains(corefile, last) {
		t.Fatalf("the Corefile has no line %q:\n%s", last, corefile)
	}
	edit(t, strings.Replace(corefile, last, last+"    import /etc/coredns/custom/*.override\n", 1)+
		"import /etc/coredns/custom/*.server\n")

	var chart struct {
		Spec struct{ ValuesContent string }
	}
	if err := yaml.Unmarshal([]byte(stub(t, "rke2.yaml")), &chart); err != nil {
		t.Fatal(err)
	}
	var values struct {
		ExtraVolumes      []corev1.Volume
		ExtraVolumeMounts []corev1.VolumeMount
	}
	if err := yaml.Unmarshal([]byte(chart.Spec.ValuesContent), &values); err != nil {
		t.Fatal(err)
	}
	patch, err := json.Marshal(map[string]any{"spec": map[string]any{"template": map[string]any{
		"spec": map[string]any{
			"volumes":    values.ExtraVolumes,
			"containers": []any{map[string]any{"name": "coredns", "volumeMounts": values.ExtraVolumeMounts}},
		},
	}}})
	if err != nil {
		t.Fatal(err)
	}
	kubectl(t, "-n", kubeSystem, "patch", "deployment", "coredns", "--patch", string(patch))
	rolledOut(t)
}

// TestStubsValidated has the API server check the stubs that are manifests. It knows the
// definitions of OpenShift and RKE2, and refuses the stubs with a mistake.
func TestStubsValidated(t *testing.T) {
	// apply applies a manifest in a dry run.
	apply := func(manifest string) (string, error) {
		command := exec.Command("kubectl", "apply", "--dry-run=server", "--validate=strict", "-f", "-")
		command.Stdin = strings.NewReader(manifest)
		out, err := command.CombinedOutput()
		return string(out), err
	}
	for _, test := range []struct{ stub, right, wrong, want string }{
		{"coredns-custom.yaml", "\ndata:", "\ndate:", `unknown field "date"`},
		{"kube-dns.yaml", "\ndata:", "\ndate:", `unknown field "date"`},
		{"openshift.yaml", "forwardPlugin:", "forward:", `unknown field "spec.servers[0].forward"`},
		{"openshift.yaml", "upstreams:\n      -", "upstreams:", "must be of type array"},
		{"openshift.yaml", "forwardPlugin:", "forwardPlugin:\n      policy: First", `Unsupported value: "First"`},
		{"rke2.yaml", "valuesContent:", "values_content:", `unknown field "spec.values_content"`},
		{"rke2.yaml", "valuesContent: |", "valuesContent:", `unknown field "spec.valuesContent.extraConfig"`},
	} {
		manifest := stub(t, test.stub)
		if out, err := apply(manifest); err != nil {
			t.Errorf("%s: %v\n%s", test.stub, err, out)
		}
		if !strings.Contains(manifest, test.right) {
			t.Fatalf("%s has no %q", test.stub, test.right)
		}
		out, err := apply(strings.Replace(manifest, test.right, test.wrong, 1))
		if err == nil || !strings.Contains(out, test.want) {
			t.Errorf("%s with %q: %v\n%s\nwant an error with %q", test.stub, test.wrong, err, out, test.want)
		}
	}
}

// TestStubsOpenShift patches the resource of OpenShift's DNS operator with the manual's command.
// The list of servers is replaced.
func TestStubsOpenShift(t *testing.T) {
	const dns = "dns.operator.openshift.io/default"
	create := exec.Command("kubectl", "create", "-f", "-")
	create.Stdin = strings.NewReader(`{"apiVersion": "operator.openshift.io/v1", "kind": "DNS",
		"metadata": {"name": "default"}, "spec": {"logLevel": "Debug", "servers": [{"name": "other",
		"zones": ["example.net"], "forwardPlugin": {"upstreams": ["192.0.2.53"]}}]}}`)
	if out, err := create.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	t.Cleanup(func() { kubectl(t, "delete", dns) })
	kubectl(t, "patch", dns, "--type=merge", "--patch-file=../../deploy/beside/stubs/openshift.yaml")
	got := kubectl(t, "get", dns, "-o", "jsonpath={.spec.logLevel} {.spec.servers[*].name} {.spec.servers[0].forwardPlugin}")
	if want := `Debug workstation {"policy":"Random","upstreams":["10.96.0.53"]}`; got != want {
		t.Errorf("the resource is %q, want %q", got, want)
	}
}
