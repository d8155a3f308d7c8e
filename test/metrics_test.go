package test

import (
	"io"
	"net/http"
	"regexp"
	"strconv"
	"testing"
	"time"
)

// scrape returns the metrics page of a server.
func scrape(t *testing.T, port string) []byte {
	t.Helper()
	resp, err := http.Get("http://127.0.0.1:" + port + "/metrics")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// sample returns the sum of the samples of a metric. There must be at least one.
func sample(t *testing.T, page []byte, metric string) (sum float64) {
	t.Helper()
	samples := regexp.MustCompile(`(?m)^`+metric+`(?:\{.*\})? (\S+)$`).FindAllSubmatch(page, -1)
	if samples == nil {
		t.Fatalf("the server does not export %s", metric)
	}
	for _, m := range samples {
		v, err := strconv.ParseFloat(string(m[1]), 64)
		if err != nil {
			t.Fatal(err)
		}
		sum += v
	}
	return sum
}

// usage is the resources that a server uses: memory in MiB, goroutines and file descriptors.
type usage struct{ memory, goroutines, files int }

// usageOf returns the resources that a server uses, as its metrics show them.
func usageOf(t *testing.T, metrics string) usage {
	t.Helper()
	page := scrape(t, metrics)
	return usage{
		memory:     int(sample(t, page, "process_resident_memory_bytes")) >> 20,
		goroutines: int(sample(t, page, "go_goroutines")),
		files:      int(sample(t, page, "process_open_fds")),
	}
}

// more reports whether u is more than before, by more than the usual variation.
func (u usage) more(before usage) bool {
	return u.goroutines > before.goroutines+10 || u.files > before.files+10
}

// most returns the maximum of each resource.
func most(usages ...usage) (m usage) {
	for _, u := range usages {
		m = usage{max(m.memory, u.memory), max(m.goroutines, u.goroutines), max(m.files, u.files)}
	}
	return m
}

// settled waits until a server uses no more than before, for a minute at most, and returns its usage. A
// server keeps a connection open for some seconds while it waits for the rest of a message, or for
// the next query to the upstream.
func settled(t *testing.T, metrics string, before usage) usage {
	t.Helper()
	after := usageOf(t, metrics)
	for deadline := time.Now().Add(time.Minute); after.more(before) && time.Now().Before(deadline); {
		time.Sleep(100 * time.Millisecond)
		after = usageOf(t, metrics)
	}
	return after
}

// growth returns by how many MiB a server may grow. With the race detector a server is slow, and its
// memory still grows when a test ends.
func growth(mib int) int {
	if raceEnabled {
		return 256
	}
	return mib
}
