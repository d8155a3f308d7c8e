// Package test has the black-box tests of cmd/coredns: they start the program and send queries to
// it. You can read the scripts in testdata as manual pages. Each one has Corefiles, questions, and
// the answers to them.
//
// Besides the commands of testscript, a script can use
//
//	serve COREFILE [BINARY]  start coredns, which logs to COREFILE.log
//	logged COREFILE REGEXP   wait until it has logged a line that matches
//	reload COREFILE          tell it to read its Corefile again
//	end COREFILE             end it; the end of the script ends it, too
//	answers TABLE [ARG...]   ask the questions of a table, and compare the answers
//	dig ARG...               ask one question, and print the answer
//	get URL                  print the response of an HTTP server
//
// and these variables, which are {$PORT} and so on in a Corefile:
//
//	$PORT, $UPSTREAM, $METRICS   free ports
//	$RESOLVER                    the address of the name server in the file
//	                             resolv.conf of the script's directory
//	$CHECKOUT                    the root of this repository
//
// The documentation of type dig has the arguments of a question, and that of tableRows the format
// of a table.
package test

import (
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

func TestMain(m *testing.M) {
	dir, err := os.MkdirTemp("", "workstation")
	if err != nil {
		panic(err)
	}
	buildDir = dir
	code := m.Run()
	os.RemoveAll(dir)
	os.Exit(code)
}

// TestScripts runs the scripts in testdata.
func TestScripts(t *testing.T) {
	testscript.Run(t, params("testdata"))
}

// TestScriptsHaveNoStop checks that no script has the command stop. It ends the script, which then
// passes without its remaining steps. The command that stops a server is called end.
func TestScriptsHaveNoStop(t *testing.T) {
	for _, dir := range []string{"testdata", "testdata/slow"} {
		scripts, err := filepath.Glob(filepath.Join(dir, "*.txt"))
		if err != nil || len(scripts) == 0 {
			t.Fatalf("%d scripts in %s, %v", len(scripts), dir, err)
		}
		for _, script := range scripts {
			b, err := os.ReadFile(script)
			if err != nil {
				t.Fatal(err)
			}
			commands, _, _ := strings.Cut(string(b), "\n-- ")
			if regexp.MustCompile(`(?m)^stop\b`).MatchString(commands) {
				t.Errorf("%s: testscript does not run the lines after stop: use end to stop a server", script)
			}
		}
	}
}

// params returns the commands and variables for the scripts in dir.
func params(dir string) testscript.Params {
	return testscript.Params{
		Dir:                 dir,
		Setup:               setup,
		Condition:           condition,
		RequireUniqueNames:  true,
		RequireExplicitExec: true,
		Cmds: map[string]func(ts *testscript.TestScript, neg bool, args []string){
			"serve":   serve,
			"logged":  logged,
			"reload":  reload,
			"end":     end,
			"answers": cmdAnswers,
			"dig":     cmdDig,
			"get":     get,
		},
	}
}

// portVariables are the variables that hold free ports.
var portVariables = []string{"PORT", "UPSTREAM", "METRICS"}

// setup builds the program, and sets the variables of a script.
func setup(env *testscript.Env) error {
	path, err := coredns()
	if err != nil {
		return err
	}
	checkout, err := filepath.Abs("..")
	if err != nil {
		return err
	}
	env.Setenv("PATH", filepath.Dir(path)+string(filepath.ListSeparator)+env.Getenv("PATH"))
	for _, name := range portVariables {
		port, err := freePort()
		if err != nil {
			return err
		}
		env.Setenv(name, port)
	}
	resolver := nextResolver()
	env.Setenv("RESOLVER", resolver)
	env.Setenv("CHECKOUT", checkout)
	env.Values[serversKey{}] = make(map[string]*server)
	return os.WriteFile(filepath.Join(env.WorkDir, "resolv.conf"), []byte("nameserver "+resolver+"\n"), 0o644)
}

// condition evaluates two conditions of scripts. [port53] reports whether a server can listen on port
// 53, the only port that a resolv.conf can name. [loopback] reports whether a client can send queries
// from all of 127.0.0.0/8. In CI it is an error if one of them is false.
func condition(cond string) (bool, error) {
	addresses := map[string]string{"port53": nextResolver() + ":53", "loopback": "127.0.1.1:0"}
	if addresses[cond] == "" {
		return false, fmt.Errorf("unknown condition %q", cond)
	}
	l, err := net.Listen("tcp", addresses[cond])
	if err != nil {
		if os.Getenv("CI") != "" {
			return false, err
		}
		return false, nil
	}
	return true, l.Close()
}

// serversKey is the key of the value that holds the running servers of a script.
type serversKey struct{}

// servers returns the running servers of a script by Corefile.
func servers(ts *testscript.TestScript) map[string]*server {
	return ts.Value(serversKey{}).(map[string]*server)
}

// serverOf returns the server of a Corefile, which must be the only argument.
func serverOf(ts *testscript.TestScript, neg bool, args []string) *server {
	if neg || len(args) != 1 || servers(ts)[args[0]] == nil {
		ts.Fatalf("usage: reload|end|logged COREFILE..., after serve COREFILE")
	}
	return servers(ts)[args[0]]
}

func serve(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) == 0 || len(args) > 2 {
		ts.Fatalf("usage: serve COREFILE [BINARY]")
	}
	binary, err := coredns()
	ts.Check(err)
	if len(args) == 2 {
		binary = ts.MkAbs(args[1])
	}
	var env []string
	for _, name := range append(portVariables, "RESOLVER", "GOGC", "GOMEMLIMIT") {
		env = append(env, name+"="+ts.Getenv(name))
	}
	s, err := startServer(binary, ts.MkAbs("."), ts.MkAbs(args[0]+".log"), env, "-conf", args[0])
	ts.Check(err)
	servers(ts)[args[0]] = s
	ts.Defer(func() { ts.Check(s.stop()) })
}

func logged(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) != 2 {
		ts.Fatalf("usage: logged COREFILE REGEXP")
	}
	ts.Check(serverOf(ts, neg, args[:1]).waitForLog("(?m)"+args[1], 0, time.Minute))
}

func reload(ts *testscript.TestScript, neg bool, args []string) {
	ts.Check(serverOf(ts, neg, args).reload())
}

func end(ts *testscript.TestScript, neg bool, args []string) {
	ts.Check(serverOf(ts, neg, args).stop())
}

func cmdAnswers(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) == 0 {
		ts.Fatalf("usage: answers TABLE [ARG...]")
	}
	ts.Check(answers(ts.ReadFile(args[0]), ts.Getenv("PORT"), args[1:]...))
}

func cmdDig(ts *testscript.TestScript, neg bool, args []string) {
	d, err := parseDig(args, ts.Getenv("PORT"))
	ts.Check(err)
	if err = d.print(ts.Stdout()); neg && err == nil {
		err = errors.New("unexpected success")
	} else if neg {
		err = nil
	}
	ts.Check(err)
}

func get(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 || !strings.HasPrefix(args[0], "http://") {
		ts.Fatalf("usage: get URL")
	}
	resp, err := http.Get(args[0])
	ts.Check(err)
	defer resp.Body.Close()
	_, err = io.Copy(ts.Stdout(), resp.Body)
	ts.Check(err)
}
