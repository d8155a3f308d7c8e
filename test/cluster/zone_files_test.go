package cluster

import (
	"fmt"
	"strings"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// gateway is a name that only a zone file has, and gatewayStored is the answer for it.
const (
	gateway       = "gateway.lab.example.org"
	gatewayStored = "NOERROR gateway.lab.example.org. CNAME workstation1.lab.example.org. " +
		"workstation1.lab.example.org. A 192.0.2.1"
)

// testUnstored queries names that zone files would have, from the client pod.
func testUnstored(t *testing.T) {
	t.Helper()
	for _, stub := range []string{"/stub-musl", "/stub-go"} {
		expect(t, "192.0.2.200 2001:db8::c8", stub, "workstation200.lab.example.org")
	}
	for _, test := range []struct{ name, qtype, want string }{
		{gateway, "A", "NXDOMAIN"},
		{"lab.example.org", "NS", "NOERROR"},
		{"7.2.0.192.in-addr.arpa", "PTR", "NOERROR 7.2.0.192.in-addr.arpa. PTR workstation7.lab.example.org."},
	} {
		expect(t, test.want, "/client", "ask", "udp", test.name, test.qtype)
	}
}

// testStored queries names that the zone files have, from the client pod. It waits, because a
// cache may still have the earlier answers.
func testStored(t *testing.T) {
	t.Helper()
	expectSoon := func(want string, args ...string) {
		t.Helper()
		await(t, time.Minute, func() error {
			if got := inPod(t, args...); got != want {
				return fmt.Errorf("%s: output is %q, want %q", strings.Join(args, " "), got, want)
			}
			return nil
		})
	}
	for _, stub := range []string{"/stub-musl", "/stub-go"} {
		expectSoon("192.0.2.1 2001:db8::1", stub, "gateway")
		expectSoon("198.51.100.200 2001:db8::c8", stub, "workstation200.lab.example.org")
	}
	for _, test := range []struct{ name, qtype, want string }{
		{gateway, "A", gatewayStored},
		{"lab.example.org", "NS", "NOERROR lab.example.org. NS kube-dns.kube-system.svc.cluster.local."},
		{"7.2.0.192.in-addr.arpa", "PTR", "NOERROR 7.2.0.192.in-addr.arpa. PTR printer.lab.example.org."},
	} {
		expectSoon(test.want, "/client", "ask", "udp", test.name, test.qtype)
	}
}

// TestZoneFiles gives zone files to cluster DNS and to the cache of the node, edits the files
// while the pods stay, and removes them.
func TestZoneFiles(t *testing.T) {
	replaceClusterDNS(t)
	startClient(t)
	storeNames(t)
	awaitAnswer(t, gatewayStored, gateway, "A")
	testLookups(t)
	testStored(t)

	before := dnsPods(t)
	const file = "lab.example.org.zone"
	zones, err := cluster.CoreV1().ConfigMaps(kubeSystem).Get(ctx, "coredns-zones", metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	zones.Data[file] = strings.Replace(zones.Data[file], " 1 7200 ", " 2 7200 ", 1) + "added IN A 192.0.2.201\n"
	if _, err := cluster.CoreV1().ConfigMaps(kubeSystem).Update(ctx, zones, metav1.UpdateOptions{}); err != nil {
		t.Fatal(err)
	}
	awaitAnswer(t, "NOERROR added.lab.example.org. A 192.0.2.201", "added.lab.example.org", "A")
	if after := dnsPods(t); names(after) != names(before) {
		t.Errorf("the pods were %s and are %s", names(before), names(after))
	}

	t.Run("cache", func(t *testing.T) {
		startCacheOf(t, "zone-files/node-local")
		await(t, time.Minute, func() error {
			for name, want := range map[string]string{
				gateway:                          gatewayStored,
				"workstation200.lab.example.org": "NOERROR workstation200.lab.example.org. A 198.51.100.200",
				"workstation17.lab.example.org":  "NOERROR workstation17.lab.example.org. A 192.0.2.17",
			} {
				if got := inPod(t, "/client", "ask", "udp", name, "A", cacheAddress); got != want {
					return fmt.Errorf("%s: answer of the cache is %q, want %q", name, got, want)
				}
			}
			return nil
		})
	})

	kubectl(t, "apply", "-k", "../../deploy/kubernetes")
	rolledOut(t)
	awaitAnswer(t, "NXDOMAIN", gateway, "A")
	testUnstored(t)
	if n := len(dnsPods(t)[0].Spec.Volumes); n != 2 { // the Corefile's and the token's
		t.Errorf("a pod has %d volumes, want 2", n)
	}
}
