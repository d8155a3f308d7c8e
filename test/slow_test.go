//go:build slow

package test

import (
	"os/exec"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

// TestSlowScripts runs the scripts that take minutes. They may use the Go tool.
func TestSlowScripts(t *testing.T) {
	p := params("testdata/slow")
	p.Setup = func(env *testscript.Env) error {
		keys := []string{"GOCACHE", "GOMODCACHE", "GOFLAGS", "GOPROXY", "GOPRIVATE", "GONOPROXY", "GONOSUMDB", "GOSUMDB", "GOTOOLCHAIN"}
		out, err := exec.Command("go", append([]string{"env"}, keys...)...).Output()
		if err != nil {
			return err
		}
		values := strings.Split(string(out), "\n")
		for i, key := range keys {
			env.Setenv(key, values[i])
		}
		return setup(env)
	}
	testscript.Run(t, p)
}
