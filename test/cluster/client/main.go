// Command client has the commands that the tests run in pods.
package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/signal"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/miekg/dns"
)

func main() {
	switch command, args := os.Args[1], os.Args[2:]; command {
	case "wait":
		wait()
	case "ask":
		ask(args[0], args[1], args[2], args[3:]...)
	case "load":
		load(args[0], args[1:])
	case "deaf": // receives queries, and never answers
		socket, err := net.ListenPacket("udp", ":53")
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		wait()
		socket.Close()
	case "cat":
		for _, path := range args {
			b, err := os.ReadFile(path)
			if err != nil {
				fmt.Println(err)
			}
			os.Stdout.Write(b)
		}
	default:
		fmt.Fprintln(os.Stderr, "unknown command", command)
		os.Exit(2)
	}
}

// wait waits until the pod is deleted.
func wait() {
	deleted := make(chan os.Signal, 1)
	signal.Notify(deleted, syscall.SIGTERM)
	<-deleted
}

// ask sends a query over UDP or TCP to the pod's name server, or to another one. It prints the
// response code, and each record of the answer without its TTL.
func ask(network, name, qtype string, server ...string) {
	config, err := dns.ClientConfigFromFile("/etc/resolv.conf")
	if err != nil {
		fmt.Println(err)
		return
	}
	server = append(server, config.Servers...)
	query := new(dns.Msg).SetQuestion(dns.Fqdn(name), dns.StringToType[qtype])
	client := dns.Client{Net: network, Timeout: 10 * time.Second}
	response, _, err := client.Exchange(query, net.JoinHostPort(server[0], "53"))
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(dns.RcodeToString[response.Rcode])
	for _, rr := range response.Answer {
		rdata := strings.TrimPrefix(rr.String(), rr.Header().String())
		owner := strings.ToLower(rr.Header().Name) // a cache keeps the case of the first query
		fmt.Println(owner, dns.TypeToString[rr.Header().Rrtype], rdata)
	}
}

// load looks names up as programs in Go do, with a pause between two lookups, until its input
// ends. Then it prints the result. A name may be followed by "=" and its addresses. A %d in a
// name is replaced by a different number each time, and such a name need not exist.
func load(pause string, names []string) {
	between, err := time.ParseDuration(pause)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(2)
	}
	var ended atomic.Bool
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin)
		ended.Store(true)
	}()
	var (
		mu     sync.Mutex
		wg     sync.WaitGroup
		result struct {
			Lookups          int
			Failures         []string
			Slow             []string
			Median, P99, Max time.Duration
		}
		took []time.Duration
	)
	for i := 0; !ended.Load(); i++ {
		pattern, want, _ := strings.Cut(names[i%len(names)], "=")
		name := strings.ReplaceAll(pattern, "%d", strconv.Itoa(i))
		wg.Go(func() {
			start := time.Now()
			addresses, err := net.LookupHost(name)
			d := time.Since(start)
			if got := strings.Join(addresses, " "); err == nil && want != "" && got != want {
				err = fmt.Errorf("%s has %s, want %s", name, got, want)
			}
			var dnsError *net.DNSError
			if errors.As(err, &dnsError) && dnsError.IsNotFound && pattern != name {
				err = nil
			}
			mu.Lock()
			defer mu.Unlock()
			took = append(took, d)
			if d > time.Second {
				result.Slow = append(result.Slow, fmt.Sprintf("%s %s: %v", start.Format("15:04:05.000"), name, d))
			}
			if err != nil {
				result.Failures = append(result.Failures, err.Error())
			}
		})
		time.Sleep(between)
	}
	wg.Wait()
	slices.Sort(took)
	result.Lookups = len(took)
	result.Median, result.P99, result.Max = took[len(took)/2], took[len(took)*99/100], took[len(took)-1]
	if err := json.NewEncoder(os.Stdout).Encode(result); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
