// Package deploy has those tests of the manifests and Corefiles in this directory that need
// no cluster.
package deploy

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/coredns/caddy"
	"github.com/coredns/caddy/caddyfile"
	"github.com/coredns/coredns/core/dnsserver"
	_ "github.com/coredns/coredns/core/plugin"
	"github.com/coredns/coredns/plugin"
	"github.com/miekg/dns"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/runtime/serializer"
	"k8s.io/apimachinery/pkg/util/validation"
	"k8s.io/apimachinery/pkg/util/yaml"
	"k8s.io/client-go/kubernetes/scheme"

	_ "github.com/seed-310b8fa8/workstation"
)

const clusterIP = "10.96.0.53"

// decoder decodes a manifest into its type, and finds unknown fields.
var decoder = serializer.NewCodecFactory(scheme.Scheme, serializer.EnableStrict).UniversalDeserializer()

func init() {
	openShift := schema.GroupVersionKind{Group: "operator.openshift.io", Version: "v1", Kind: "DNS"}
	helm := schema.GroupVersionKind{Group: "helm.cattle.io", Version: "v1", Kind: "HelmChartConfig"}
	scheme.Scheme.AddKnownTypeWithName(openShift, new(openShiftDNS))
	scheme.Scheme.AddKnownTypeWithName(helm, new(helmChartConfig))

	file := slices.Index(dnsserver.Directives, "file")
	dnsserver.Directives = slices.Insert(dnsserver.Directives, file, "workstation")
	dnsserver.Quiet, caddy.Quiet = true, true
}

// openShiftDNS is the resource of OpenShift's DNS operator, with those fields that the stub has.
// In test/cluster, the API server validates the stub by OpenShift's definition.
type openShiftDNS struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata"`

	Spec struct {
		Servers []struct {
			Name          string   `json:"name"`
			Zones         []string `json:"zones"`
			ForwardPlugin struct {
				Upstreams []string `json:"upstreams"`
			} `json:"forwardPlugin"`
		} `json:"servers"`
	} `json:"spec"`
}

// DeepCopyObject is only there to make openShiftDNS a runtime.Object.
func (d *openShiftDNS) DeepCopyObject() runtime.Object {
	shallow := *d
	return &shallow
}

// helmChartConfig is the resource with which RKE2 takes values for its charts, with those fields
// that the stub has. In test/cluster, the API server validates the stub by RKE2's definition.
type helmChartConfig struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata"`

	Spec struct {
		ValuesContent string `json:"valuesContent"`
	} `json:"spec"`
}

// DeepCopyObject is only there to make helmChartConfig a runtime.Object.
func (c *helmChartConfig) DeepCopyObject() runtime.Object {
	shallow := *c
	return &shallow
}

// TestStubs checks that each stub passes on every kind of answer that the server gives,
// without zone files and with them.
func TestStubs(t *testing.T) {
	stubs := []string{"coredns.Corefile", "node-local-dns.Corefile", "coredns-custom.yaml", "eks.yaml"}
	for _, test := range []struct {
		corefile  string
		stubs     []string
		questions []question
	}{
		{"beside/Corefile", stubs, slices.Concat(computed, unstored)},
		{"zone-files/beside/Corefile", stubs[:1], slices.Concat(computed, stored)},
	} {
		server := startServer(t, test.corefile)
		t.Run(test.corefile, func(t *testing.T) {
			ask(t, server, test.questions)
			if got := query(t, server, "www.example.com.", dns.TypeA); got != "REFUSED" {
				t.Errorf("query outside of the server's zones: %s, want REFUSED", got)
			}
		})
		keys, _, _ := strings.Cut(block(t, test.corefile), " {\n")
		for _, stub := range test.stubs {
			t.Run(test.corefile+"/"+stub, func(t *testing.T) {
				corefile := block(t, "beside/stubs/"+stub)
				if !strings.HasPrefix(corefile, keys+" {\n") {
					t.Errorf("the stub's zones are not those of the server, %s", keys)
				}
				if !strings.Contains(corefile, "forward . "+clusterIP+"\n") {
					t.Errorf("the stub does not forward to %s", clusterIP)
				}
				corefile = strings.ReplaceAll(corefile, clusterIP, server)
				corefile = strings.ReplaceAll(corefile, "bind __PILLAR__LOCAL__DNS__", "")
				ask(t, start(t, corefile), test.questions)
			})
		}
	}
	t.Run("kube-dns.yaml", func(t *testing.T) {
		_, data, _ := strings.Cut(read(t, "beside/stubs/kube-dns.yaml"), "stubDomains: |\n")
		var stubs map[string][]string
		if err := json.Unmarshal([]byte(data), &stubs); err != nil {
			t.Fatal(err)
		}
		zones := zones(t)
		if len(stubs) != len(zones) {
			t.Errorf("%d stub domains, want %d", len(stubs), len(zones))
		}
		for _, zone := range zones {
			if !slices.Equal(stubs[zone], []string{clusterIP}) {
				t.Errorf("stub domain %s has %v, want %s", zone, stubs[zone], clusterIP)
			}
		}
	})
	if !strings.Contains(read(t, "beside/service.yaml"), "clusterIP: "+clusterIP+"\n") {
		t.Errorf("clusterIP in service.yaml is not %s", clusterIP)
	}
}

// The platforms whose CoreDNS imports this ConfigMap of kube-system mount it at this directory.
const (
	imported = "coredns-custom"
	mounted  = "/etc/coredns/custom"
)

// TestStubsImported has CoreDNS import the ConfigMap coredns-custom as the platforms do. A path
// that is relative begins in the directory of the Corefile.
func TestStubsImported(t *testing.T) {
	var config struct {
		Metadata metav1.ObjectMeta
		Data     map[string]string
	}
	if err := yaml.Unmarshal([]byte(read(t, "beside/stubs/coredns-custom.yaml")), &config); err != nil {
		t.Fatal(err)
	}
	if config.Metadata.Namespace != "kube-system" || config.Metadata.Name != imported {
		t.Errorf("the ConfigMap is %s/%s, want kube-system/%s", config.Metadata.Namespace, config.Metadata.Name, imported)
	}
	server := startServer(t, "beside/Corefile")
	for platform, corefile := range map[string]string{
		"AKS, DigitalOcean": ".:53 {\n    errors\n    import custom/*.override\n}\nimport custom/*.server\n",
		"k3s":               ".:53 {\n    errors\n    import " + mounted + "/*.override\n}\nimport " + mounted + "/*.server\n",
		"RKE2":              rke2Config(t) + ".:53 {\n    errors\n}\n",
	} {
		t.Run(platform, func(t *testing.T) {
			directory := t.TempDir()
			if err := os.Mkdir(filepath.Join(directory, "custom"), 0o700); err != nil {
				t.Fatal(err)
			}
			for key, text := range config.Data {
				text = local(strings.ReplaceAll(text, clusterIP, server))
				if err := os.WriteFile(filepath.Join(directory, "custom", key), []byte(text), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			corefile := strings.ReplaceAll(corefile, "/etc/coredns", directory)
			ask(t, startIn(t, directory, corefile), slices.Concat(computed, unstored))
		})
	}
}

// rke2Config returns what RKE2's chart writes before its own server block with the values of the
// stub. It checks that they mount the ConfigMap as k3s does.
func rke2Config(t *testing.T) (corefile string) {
	t.Helper()
	chart := decode(t, "beside/stubs/rke2.yaml").(*helmChartConfig)
	if chart.Namespace+"/"+chart.Name != "kube-system/rke2-coredns" {
		t.Errorf("the HelmChartConfig is %s/%s, want kube-system/rke2-coredns", chart.Namespace, chart.Name)
	}
	var (
		names  map[string]any
		values struct {
			ExtraConfig  map[string]struct{ Parameters string }
			ExtraVolumes []struct {
				Name      string
				ConfigMap struct{ Name string }
			}
			ExtraVolumeMounts []struct{ Name, MountPath string }
		}
	)
	for _, into := range []any{&names, &values} {
		if err := yaml.Unmarshal([]byte(chart.Spec.ValuesContent), into); err != nil {
			t.Fatal(err)
		}
	}
	// Helm ignores unknown values, and distinguishes between upper and lower case.
	want := []string{"extraConfig", "extraVolumeMounts", "extraVolumes"}
	if got := slices.Sorted(maps.Keys(names)); !slices.Equal(got, want) {
		t.Errorf("the chart's values are %v, want %v", got, want)
	}
	if len(values.ExtraVolumes) != 1 || len(values.ExtraVolumeMounts) != 1 {
		t.Fatalf("%d volumes and %d mounts, want one", len(values.ExtraVolumes), len(values.ExtraVolumeMounts))
	}
	volume, mount := values.ExtraVolumes[0], values.ExtraVolumeMounts[0]
	if volume.ConfigMap.Name != imported {
		t.Errorf("the volume has the ConfigMap %q, want %s", volume.ConfigMap.Name, imported)
	}
	if mount.Name != volume.Name || mount.MountPath != mounted {
		t.Errorf("%s is mounted at %s, want %s at %s", mount.Name, mount.MountPath, volume.Name, mounted)
	}
	for directive, config := range values.ExtraConfig {
		corefile += directive + " " + config.Parameters + "\n"
	}
	return corefile
}

// TestStubsOpenShift asks through the server block that OpenShift's DNS operator makes of its
// resource.
func TestStubsOpenShift(t *testing.T) {
	resource := decode(t, "beside/stubs/openshift.yaml").(*openShiftDNS)
	if resource.Name != "default" || len(resource.Spec.Servers) != 1 {
		t.Fatalf("the resource %q has %d servers, want default with one", resource.Name, len(resource.Spec.Servers))
	}
	stub := resource.Spec.Servers[0]
	// These are the rules in the description of the resource. Its definition does not enforce them.
	if errs := validation.IsValidPortName(stub.Name); errs != nil {
		t.Errorf("server %q: %v", stub.Name, errs)
	}
	for _, zone := range stub.Zones {
		if errs := validation.IsDNS1123Subdomain(zone); errs != nil {
			t.Errorf("zone %q: %v", zone, errs)
		}
	}
	if !slices.Equal(stub.Zones, zones(t)) {
		t.Errorf("the stub's zones are %v, want %v", stub.Zones, zones(t))
	}
	if upstreams := stub.ForwardPlugin.Upstreams; !slices.Equal(upstreams, []string{clusterIP}) {
		t.Errorf("the upstreams are %v, want %s", upstreams, clusterIP)
	}
	server := startServer(t, "beside/Corefile")
	ask(t, start(t, fmt.Sprintf(`%s:5353 {
    prometheus 127.0.0.1:0
    forward . %s {
        policy random
    }
    errors
    log . {
        class error
    }
    bufsize 1232
    cache 900 {
        denial 9984 30
    }
}
`, strings.Join(stub.Zones, ":5353 "), server)), slices.Concat(computed, unstored))
}

// TestZoneFiles checks that the Corefiles with zone files differ from those without only in
// the pool's server block, and that the zone files for Helm are the same as the others.
func TestZoneFiles(t *testing.T) {
	for _, directory := range []string{"kubernetes/", "beside/", "node-local/"} {
		got := serverBlocks(t, read(t, "zone-files/"+directory+"Corefile"))
		want := serverBlocks(t, read(t, directory+"Corefile"))
		pool := got[len(got)-1]
		if !strings.HasSuffix(pool["workstation"], "\n stored_first\n }") || pool["file"] == "" {
			t.Errorf("%s: server block has no stored_first or no file: %q", directory, pool)
		}
		pool["workstation"] = strings.Replace(pool["workstation"], "\n stored_first", "", 1)
		delete(pool, "file")
		if !slices.EqualFunc(got, want, maps.Equal[map[string]string]) {
			t.Errorf("%s: without stored_first and file, the Corefile is\n%q, want\n%q", directory, got, want)
		}
	}

	if manual := read(t, "zone-files/README.md"); !strings.Contains(manual, block(t, "zone-files/kubernetes/Corefile")) {
		t.Error("zone-files/README.md does not have the pool's server block of zone-files/kubernetes/Corefile")
	}

	files, err := filepath.Glob("zone-files/zones/*.zone")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"helm/zone-files.yaml", "helm/zone-files-beside.yaml"} {
		zoneFiles := readValues(t, name).ZoneFiles
		if len(zoneFiles) != len(files) {
			t.Errorf("%s has %d zone files, want %d", name, len(zoneFiles), len(files))
		}
		for _, file := range zoneFiles {
			if want := read(t, "zone-files/zones/"+file.Filename); file.Contents != want {
				t.Errorf("%s: %s is\n%s, want\n%s", name, file.Filename, file.Contents, want)
			}
		}
	}
}

// helm maps each file of values for the chart to the directory with the same Corefile.
var helm = map[string]string{
	"helm/values.yaml":            "kubernetes/",
	"helm/beside.yaml":            "beside/",
	"helm/zone-files.yaml":        "zone-files/kubernetes/",
	"helm/zone-files-beside.yaml": "zone-files/beside/",
}

// values has the values from which the chart makes a Corefile and zone files.
type values struct {
	Servers []struct {
		Zones   []struct{ Zone string }
		Port    string
		Plugins []struct{ Name, Parameters, ConfigBlock string }
	}
	ZoneFiles []struct{ Filename, Contents string }
}

func readValues(t *testing.T, name string) (v values) {
	t.Helper()
	if err := yaml.Unmarshal([]byte(read(t, name)), &v); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return v
}

// corefile returns the Corefile that the chart makes of v. The public workflow runs the chart
// itself.
func (v values) corefile() string {
	var b strings.Builder
	for _, server := range v.Servers {
		var zones []string
		for _, zone := range server.Zones {
			zones = append(zones, zone.Zone)
		}
		fmt.Fprintf(&b, "%s:%s {\n", strings.Join(zones, " "), server.Port)
		for _, plugin := range server.Plugins {
			fmt.Fprintf(&b, "%s %s", plugin.Name, plugin.Parameters)
			if plugin.ConfigBlock != "" {
				fmt.Fprintf(&b, " {\n%s\n}", plugin.ConfigBlock)
			}
			b.WriteString("\n")
		}
		b.WriteString("}\n")
	}
	return b.String()
}

// TestHelm checks that the servers in the values are the same as the Corefiles for which they
// stand, except for the directory of the zone files.
func TestHelm(t *testing.T) {
	for name, directory := range helm {
		got := serverBlocks(t, readValues(t, name).corefile())
		want := serverBlocks(t, strings.ReplaceAll(read(t, directory+"Corefile"), "/etc/zones/", "/etc/coredns/"))
		if len(got) != len(want) {
			t.Fatalf("%s has %d server blocks, want %d", name, len(got), len(want))
		}
		for i := range want {
			if !maps.Equal(got[i], want[i]) {
				t.Errorf("%s: server block %d is\n%q, want\n%q", name, i, got[i], want[i])
			}
		}
	}
}

// serverBlocks returns the server blocks of a Corefile. Each block maps "zones" to its zones,
// and the name of each plugin to the plugin's lines.
func serverBlocks(t *testing.T, corefile string) (blocks []map[string]string) {
	t.Helper()
	parsed, err := caddyfile.Parse("Corefile", strings.NewReader(corefile), dnsserver.Directives)
	if err != nil {
		t.Fatalf("%v\n%s", err, corefile)
	}
	for _, block := range parsed {
		lines := make(map[string]string)
		for _, zone := range block.Keys {
			// 53 is the default port, and the chart writes it only once.
			lines["zones"] += " " + strings.TrimSuffix(zone, ":53")
		}
		for plugin, tokens := range block.Tokens {
			line := 0
			for _, token := range tokens {
				if token.Line > line {
					lines[plugin] += "\n"
				}
				line = token.Line
				lines[plugin] += " " + token.Text
			}
		}
		blocks = append(blocks, lines)
	}
	return blocks
}

// TestManifests decodes every manifest strictly into the types of the API, so it finds unknown
// fields. In test/cluster, kubectl and the API server check the manifests, too.
func TestManifests(t *testing.T) {
	kinds := map[string]int{}
	err := filepath.WalkDir(".", func(path string, _ fs.DirEntry, err error) error {
		if err != nil || filepath.Ext(path) != ".yaml" {
			return err
		}
		switch filepath.ToSlash(path) {
		// These are no manifests. AWS and promtool read them. Helm and nfpm read those below.
		case "beside/stubs/eks.yaml", "monitoring/rules_test.yaml":
			return nil
		}
		if filepath.Dir(path) == "helm" || filepath.Base(path) == "nfpm.yaml" {
			return nil
		}
		documents := yaml.NewYAMLReader(bufio.NewReader(strings.NewReader(read(t, path))))
		for {
			document, err := documents.Read()
			if errors.Is(err, io.EOF) {
				return nil
			}
			if err != nil {
				return fmt.Errorf("%s: %w", path, err)
			}
			var is metav1.TypeMeta
			if err := yaml.Unmarshal(document, &is); err != nil {
				t.Errorf("%s: %v", path, err)
			}
			kinds[is.Kind]++
			// The API's types do not include those of kustomize and of the Prometheus operator.
			if strings.HasPrefix(is.APIVersion, "kustomize.config.k8s.io/") ||
				strings.HasPrefix(is.APIVersion, "monitoring.coreos.com/") {
				continue
			}
			if _, _, err := decoder.Decode(document, nil, nil); err != nil {
				t.Errorf("%s: %v", path, err)
			}
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]int{
		"ClusterRole": 1, "ClusterRoleBinding": 1, "Component": 1, "ConfigMap": 2, "DNS": 1, "DaemonSet": 1,
		"Deployment": 2, "HelmChartConfig": 1, "HorizontalPodAutoscaler": 1, "Kustomization": 7, "Namespace": 1,
		"PodDisruptionBudget": 2, "PodMonitor": 3, "PrometheusRule": 1, "ResourceQuota": 1, "Service": 4,
		"ServiceAccount": 2,
	}
	if !maps.Equal(kinds, want) {
		t.Errorf("manifests have the kinds %v, want %v", kinds, want)
	}
}

// TestCorefiles has CoreDNS parse the Corefiles that cannot be served here, and run the setup
// of every plugin.
func TestCorefiles(t *testing.T) {
	resolvers := filepath.Join(t.TempDir(), "resolv.conf")
	if err := os.WriteFile(resolvers, []byte("nameserver 192.0.2.53\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	_, eks, _ := strings.Cut(read(t, "beside/stubs/eks.yaml"), "corefile: |\n")
	eks = strings.ReplaceAll("\n"+eks, "\n  ", "\n")
	corefiles := map[string]string{"eks": eks}
	for _, name := range []string{"kubernetes", "node-local", "zone-files/kubernetes", "zone-files/node-local"} {
		corefiles[name] = read(t, name+"/Corefile")
	}
	_, example, _ := strings.Cut(read(t, "README.md"), "~~~ corefile\n")
	corefiles["README.md"], _, _ = strings.Cut(example, "~~~\n")
	for name := range helm {
		corefiles[name] = readValues(t, name).corefile()
	}
	for name, corefile := range corefiles {
		t.Run(name, func(t *testing.T) {
			corefile := strings.NewReplacer(
				"/etc/zones", absolute(t, "zone-files/zones"),
				"/etc/coredns", absolute(t, "zone-files/zones"),
				"/etc/resolv.conf", resolvers,
				// Without an endpoint, *kubernetes* requires the environment of a pod.
				"pods insecure", "pods insecure\n endpoint http://127.0.0.1:1",
			).Replace(corefile)
			input := caddy.CaddyfileInput{Contents: []byte(corefile), Filepath: "Corefile", ServerTypeName: "dns"}
			if err := caddy.ValidateAndExecuteDirectives(input, nil, true); err != nil {
				t.Error(err)
			}
			if broken := strings.Replace(corefile, "prometheus :", "prometheus ", 1); broken == corefile {
				t.Error("the Corefile has no prometheus")
			} else if input.Contents = []byte(broken); caddy.ValidateAndExecuteDirectives(input, nil, true) == nil {
				t.Error("a Corefile with a mistake is accepted")
			}
		})
	}
}

// TestKubernetesVersions checks that CI tests the two minor versions of Kubernetes before that of
// test/cluster, and that README.md names all three.
func TestKubernetesVersions(t *testing.T) {
	newest := regexp.MustCompile(`k8s\.io/kubernetes v1\.(\d+)\.`).FindStringSubmatch(read(t, "../test/cluster/go.mod"))
	if newest == nil {
		t.Fatal("test/cluster/go.mod has no version of Kubernetes")
	}
	minor, err := strconv.Atoi(newest[1])
	if err != nil {
		t.Fatal(err)
	}
	nightly := regexp.MustCompile(fmt.Sprintf(`version: \[v1\.%d\.\d+, v1\.%d\.\d+\]`, minor-1, minor-2))
	if !nightly.MatchString(read(t, "../.github/workflows/nightly.yml")) {
		t.Errorf("the job kubernetes of nightly.yml does not have %s", nightly)
	}
	named := fmt.Sprintf("Kubernetes 1.%d, 1.%d and 1.%d", minor-2, minor-1, minor)
	if !strings.Contains(read(t, "README.md"), named) {
		t.Errorf("README.md does not say %s", named)
	}
}

// absolute returns the absolute path of a directory.
func absolute(t *testing.T, directory string) string {
	t.Helper()
	path, err := filepath.Abs(directory)
	if err != nil {
		t.Fatal(err)
	}
	return path
}

func read(t *testing.T, name string) string {
	t.Helper()
	b, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// block returns the server block of the pool's zones in a file, without YAML's indentation.
func block(t *testing.T, name string) string {
	t.Helper()
	var lines []string
	indent := ""
	for line := range strings.Lines(read(t, name)) {
		if lines == nil {
			before, _, found := strings.Cut(line, "lab.example.org:53 ")
			if !found {
				continue
			}
			indent = before
		}
		lines = append(lines, strings.TrimPrefix(line, indent))
	}
	if lines == nil {
		t.Fatalf("%s has no server block of lab.example.org:53", name)
	}
	return strings.Join(lines, "")
}

// decode returns the object in a manifest.
func decode(t *testing.T, name string) runtime.Object {
	t.Helper()
	object, _, err := decoder.Decode([]byte(read(t, name)), nil, nil)
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return object
}

// zones returns the names of the pool's zones, without the dot at the end.
func zones(t *testing.T) (zones []string) {
	t.Helper()
	keys, _, _ := strings.Cut(block(t, "beside/Corefile"), " {\n")
	for key := range strings.FieldsSeq(keys) {
		for _, zone := range plugin.Host(strings.TrimSuffix(key, ":53")).NormalizeExact() {
			zones = append(zones, strings.TrimSuffix(zone, "."))
		}
	}
	return zones
}

// startServer starts a server with a Corefile in this directory, and returns its address.
func startServer(t *testing.T, name string) string {
	t.Helper()
	return start(t, strings.NewReplacer(
		"/etc/zones", absolute(t, "zone-files/zones"),
		"health {", "health 127.0.0.1:0 {",
		"ready\n", "ready 127.0.0.1:0\n",
		"prometheus :9153", "prometheus 127.0.0.1:0",
		"reload\n", "\n",
	).Replace(read(t, name)))
}

// serverBlock matches the first line of a server block.
var serverBlock = regexp.MustCompile(`(?m)^\S.* \{$`)

// local has each server block use a free port of the loopback address.
func local(corefile string) string {
	return serverBlock.ReplaceAllStringFunc(corefile, func(line string) string {
		return strings.NewReplacer(":53 ", ":0 ", ":5353 ", ":0 ").Replace(line) + "\n    bind 127.0.0.1"
	})
}

// start starts a server with this Corefile on a free port of the loopback address, and returns
// the address with the port.
func start(t *testing.T, corefile string) string {
	t.Helper()
	return startIn(t, "", corefile)
}

// startIn does the same with a Corefile that imports files from a directory.
func startIn(t *testing.T, directory, corefile string) string {
	t.Helper()
	corefile = local(corefile)
	instance, err := caddy.Start(caddy.CaddyfileInput{
		Contents: []byte(corefile), Filepath: filepath.Join(directory, "Corefile"), ServerTypeName: "dns",
	})
	if err != nil {
		t.Fatalf("%v\n%s", err, corefile)
	}
	t.Cleanup(func() { instance.Stop() })
	return instance.Servers()[0].LocalAddr().String()
}

// question is a query and its answer, in the form that the function query returns.
type question struct {
	name  string
	qtype uint16
	want  string
}

// There is a question for every kind of answer: computed with and without zone files, unstored
// only without them, stored only with them.
var (
	computed = []question{
		{"workstation17.lab.example.org.", dns.TypeA, "NOERROR 192.0.2.17"},
		{"workstation17.lab.example.org.", dns.TypeAAAA, "NOERROR 2001:db8::11"},
		{"workstation17.lab.example.org.", dns.TypeTXT, "NOERROR SOA"},
		{"workstation300.lab.example.org.", dns.TypeA, "NXDOMAIN SOA"},
		{"lab.example.org.", dns.TypeA, "NOERROR SOA"},
		{"17.2.0.192.in-addr.arpa.", dns.TypePTR, "NOERROR workstation17.lab.example.org."},
		{"17.2.0.192.in-addr.arpa.", dns.TypeTXT, "NOERROR SOA"},
		{"1.1" + strings.Repeat(".0", 22) + ".8.b.d.0.1.0.0.2.ip6.arpa.", dns.TypePTR, "NOERROR workstation17.lab.example.org."},
		{"workstation200.lab.example.org.", dns.TypeAAAA, "NOERROR 2001:db8::c8"},
		{"workstation7.lab.example.org.", dns.TypeA, "NOERROR 192.0.2.7"},
	}
	unstored = []question{
		{"gateway.lab.example.org.", dns.TypeA, "NXDOMAIN SOA"},
		{"lab.example.org.", dns.TypeNS, "NOERROR SOA"},
		{"workstation200.lab.example.org.", dns.TypeA, "NOERROR 192.0.2.200"},
		{"7.2.0.192.in-addr.arpa.", dns.TypePTR, "NOERROR workstation7.lab.example.org."},
	}
	stored = []question{
		{"gateway.lab.example.org.", dns.TypeA, "NOERROR workstation1.lab.example.org. 192.0.2.1"},
		{"lab.example.org.", dns.TypeNS, "NOERROR kube-dns.kube-system.svc.cluster.local."},
		{"workstation200.lab.example.org.", dns.TypeA, "NOERROR 198.51.100.200"},
		{"7.2.0.192.in-addr.arpa.", dns.TypePTR, "NOERROR printer.lab.example.org."},
	}
)

func ask(t *testing.T, server string, questions []question) {
	t.Helper()
	for _, question := range questions {
		if got := query(t, server, question.name, question.qtype); got != question.want {
			t.Errorf("%s %s: answer is %q, want %q", question.name, dns.TypeToString[question.qtype], got, question.want)
		}
	}
}

// query returns the response code and the data of the answer's records. If there are none, it
// returns the types of the authority section's records in their place.
func query(t *testing.T, server, name string, qtype uint16) string {
	t.Helper()
	m := new(dns.Msg)
	m.SetQuestion(name, qtype)
	r, err := dns.Exchange(m, server)
	if err != nil {
		t.Fatal(err)
	}
	fields := []string{dns.RcodeToString[r.Rcode]}
	for _, rr := range r.Answer {
		fields = append(fields, strings.TrimPrefix(rr.String(), rr.Header().String()))
	}
	if len(r.Answer) == 0 {
		for _, rr := range r.Ns {
			fields = append(fields, dns.TypeToString[rr.Header().Rrtype])
		}
	}
	return strings.Join(fields, " ")
}
