package cluster

import (
	"os"
	"strings"
	"testing"
)

// TestBeside has the stock cluster DNS forward to the server of deploy/beside, first without
// zone files, then with them.
func TestBeside(t *testing.T) {
	stockClusterDNS(t)
	startClient(t)
	kubectl(t, "apply", "-k", "../../deploy/beside")
	t.Cleanup(func() { kubectl(t, "delete", "-k", "../../deploy/beside") })
	kubectl(t, "-n", "workstation-dns", "rollout", "status", "deployment/workstation-dns", "--timeout=2m")
	const name, there = "workstation17.lab.example.org", "NOERROR workstation17.lab.example.org. A 192.0.2.17"
	expect(t, "NXDOMAIN", "/client", "ask", "udp", name, "A")

	stub, err := os.ReadFile("../../deploy/beside/stubs/coredns.Corefile")
	if err != nil {
		t.Fatal(err)
	}
	edit(t, strings.TrimRight(corefile(t), "\n")+"\n"+string(stub))
	awaitAnswer(t, there, name, "A")
	testLookups(t)
	testUnstored(t)

	kubectl(t, "apply", "-k", "../../deploy/zone-files/beside")
	kubectl(t, "-n", "workstation-dns", "rollout", "status", "deployment/workstation-dns", "--timeout=2m")
	awaitAnswer(t, gatewayStored, gateway, "A")
	testLookups(t)
	testStored(t)
}
