package cluster

import (
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// TestTroubles starts pods that cannot work, and checks that the manual's troubleshooting has
// the messages of the cluster and of the log.
func TestTroubles(t *testing.T) {
	manual := manual(t, "README.md")
	stored, err := os.ReadFile("../../deploy/zone-files/kubernetes/Corefile")
	if err != nil {
		t.Fatal(err)
	}
	replaceClusterDNS(t)
	startClient(t)
	const computed = "workstation17.lab.example.org"
	template := dnsPods(t)[0].Spec
	template.NodeName = ""
	for i := range template.Containers {
		template.Containers[i].VolumeMounts = template.Containers[i].VolumeMounts[:1] // without the token's
	}
	template.Volumes = template.Volumes[:1]

	other := &corev1.ConfigMap{
		ObjectMeta: metav1.ObjectMeta{Name: "trouble", Namespace: kubeSystem},
		Data: map[string]string{
			"elsewhere": ".:53 {\n    bind 203.0.113.53\n}\n",
			"stored":    string(stored),
			"computed":  strings.Replace(string(stored), "        stored_first\n", "", 1),
		},
	}
	if _, err := cluster.CoreV1().ConfigMaps(kubeSystem).Create(ctx, other, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { kubectl(t, "-n", kubeSystem, "delete", "configmap", other.Name) })
	// otherCorefile has a pod read the Corefile under this key.
	otherCorefile := func(key string) func(*corev1.PodSpec, *corev1.Container) {
		return func(spec *corev1.PodSpec, _ *corev1.Container) {
			spec.Volumes[0].ConfigMap.Name = other.Name
			spec.Volumes[0].ConfigMap.Items[0].Key = key
		}
	}

	for _, test := range []struct {
		name string
		make func(*corev1.PodSpec, *corev1.Container)
		want []string // messages in the log or in kubectl describe
		// answers has the pod's answer to A queries for each name.
		answers map[string]string
		ready   bool
	}{
		{"no rights", func(spec *corev1.PodSpec, _ *corev1.Container) {
			spec.ServiceAccountName = "default"
		}, []string{
			"Plugins not ready: \"kubernetes\"",
			"is forbidden: User \"system:serviceaccount:kube-system:default\" cannot list resource",
		}, nil, false},
		{"no API server", func(_ *corev1.PodSpec, coredns *corev1.Container) {
			coredns.Env = append(coredns.Env, corev1.EnvVar{Name: "KUBERNETES_SERVICE_HOST", Value: "203.0.113.1"})
		}, []string{
			"plugin/kubernetes: starting server with unsynced Kubernetes API",
		}, map[string]string{
			computed:                               "NOERROR " + computed + ". A 192.0.2.17",
			"kubernetes.default.svc.cluster.local": "SERVFAIL",
		}, false},
		{"no key", func(spec *corev1.PodSpec, _ *corev1.Container) {
			spec.Volumes[0].ConfigMap.Items[0].Key = "corefile"
		}, []string{"configmap references non-existent config key: corefile"}, nil, false},
		{"no zone files", otherCorefile("stored"), []string{"plugin/file: Failed to open"}, map[string]string{
			computed: "SERVFAIL",
			gateway:  "SERVFAIL",
		}, true},
		{
			"no zone files, computed first", otherCorefile("computed"), []string{"plugin/file: Failed to open"},
			map[string]string{
				computed: "NOERROR " + computed + ". A 192.0.2.17",
				gateway:  "SERVFAIL",
			}, true,
		},
		{"no address", otherCorefile("elsewhere"), []string{"bind: cannot assign requested address"}, nil, false},
		{"port taken", func(spec *corev1.PodSpec, coredns *corev1.Container) {
			second := *coredns.DeepCopy()
			second.Name = "second"
			second.Ports, second.LivenessProbe, second.ReadinessProbe = nil, nil, nil
			other := int64(65533)
			second.SecurityContext.RunAsUser = &other
			spec.Containers = append(spec.Containers, second)
		}, []string{"bind: address already in use"}, nil, false},
		{"no capability", func(_ *corev1.PodSpec, coredns *corev1.Container) {
			coredns.SecurityContext.Capabilities.Add = nil
		}, []string{"operation not permitted"}, nil, false},
		{"stock image", func(_ *corev1.PodSpec, coredns *corev1.Container) {
			coredns.Image = stockImage()
		}, []string{"Unknown directive 'workstation'"}, nil, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			pod := &corev1.Pod{
				ObjectMeta: metav1.ObjectMeta{GenerateName: "trouble-", Namespace: kubeSystem},
				Spec:       *template.DeepCopy(),
			}
			pod.Spec.TerminationGracePeriodSeconds = new(int64)
			test.make(&pod.Spec, &pod.Spec.Containers[0])
			pod, err := cluster.CoreV1().Pods(kubeSystem).Create(ctx, pod, metav1.CreateOptions{})
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() {
				if err := cluster.CoreV1().Pods(kubeSystem).Delete(ctx, pod.Name, metav1.DeleteOptions{}); err != nil {
					t.Error(err)
				}
			})
			for _, want := range test.want {
				if !strings.Contains(manual, want) {
					t.Errorf("deploy/README.md does not mention %q", want)
				}
				await(t, time.Minute, func() error {
					said := kubectl(t, "-n", kubeSystem, "describe", "pod", pod.Name)
					for _, container := range pod.Spec.Containers {
						options := &corev1.PodLogOptions{Container: container.Name}
						// The error is ignored, because a container that has not started has no log.
						logged, _ := cluster.CoreV1().Pods(kubeSystem).GetLogs(pod.Name, options).DoRaw(ctx)
						said += string(logged)
					}
					if !strings.Contains(said, want) {
						return fmt.Errorf("no message %q in\n%s", want, said)
					}
					return nil
				})
			}
			await(t, time.Minute, func() error {
				now, err := cluster.CoreV1().Pods(kubeSystem).Get(ctx, pod.Name, metav1.GetOptions{})
				if err != nil {
					return err
				}
				pod = now
				if ok, _ := ready(*pod); ok != test.ready {
					return fmt.Errorf("pod is Ready: %t, want %t", ok, test.ready)
				}
				return nil
			})
			for name, want := range test.answers {
				expect(t, want, "/client", "ask", "udp", name, "A", pod.Status.PodIP)
			}
		})
	}
}
