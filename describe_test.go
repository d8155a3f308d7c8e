package workstation

import (
	"math"
	"strings"
	"testing"

	"github.com/coredns/caddy"
)

func TestDescribe(t *testing.T) {
	tests := []struct {
		name     string
		keys     string
		corefile string
		want     string
	}{
		{
			"both families, and their reverse zones among the keys",
			"dns://example.org.:53 dns://2.0.192.in-addr.arpa.:53 dns://8.b.d.0.1.0.0.2.ip6.arpa.:53",
			`
				workstation {
					network 192.0.2.0/24 2001:db8::/64
				}`,
			`Server block example.org.:53, 2.0.192.in-addr.arpa.:53, 8.b.d.0.1.0.0.2.ip6.arpa.:53
  example.org: 256 hosts, workstation0 (192.0.2.0, 2001:db8::) to workstation255 (192.0.2.255, 2001:db8::ff)
    IPv4 PTR records in 2.0.192.in-addr.arpa
    IPv6 PTR records in 8.b.d.0.1.0.0.2.ip6.arpa
`,
		},
		{
			"the server block of the root zone has all reverse zones",
			"dns://.:1053",
			`
				workstation example.org {
					name ws{n:3}
					network 192.0.2.0/26 2001:db8::/60
					numbers 1-9 20-40
				}`,
			`Server block .:1053
  example.org: 30 hosts, ws001 (192.0.2.1, 2001:db8::1) to ws040 (192.0.2.40, 2001:db8::28)
    IPv4 PTR records in 2.0.192.in-addr.arpa
    IPv6 PTR records in 0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa
`,
		},
		{
			"one host, another scheme",
			"tls://example.org.:853 dns://10.in-addr.arpa.:53",
			`
				workstation {
					network 10.0.0.0/24
					numbers 7
				}`,
			`Server block tls://example.org.:853, 10.in-addr.arpa.:53
  example.org: 1 host, workstation7 (10.0.0.7)
    IPv4 PTR records in 10.in-addr.arpa
`,
		},
		{
			"addresses of both families are hosts of their own",
			"dns://.:53",
			`
				workstation example.org {
					name ip-{ip}
					network 10.0.0.0/8 2001:db8::/32
				}`,
			`Server block .:53
  example.org: 16777216 hosts, ip-10-0-0-0 (10.0.0.0) to ip-10-255-255-255 (10.255.255.255)
  example.org: 2^96 hosts, ip-2001-db8--0 (2001:db8::) to ` +
				`ip-2001-db8-ffff-ffff-ffff-ffff-ffff-ffff (2001:db8:ffff:ffff:ffff:ffff:ffff:ffff)
    IPv4 PTR records in 10.in-addr.arpa
    IPv6 PTR records in 8.b.d.0.1.0.0.2.ip6.arpa
`,
		},
		{
			"octets of two networks, further names, and several zones: the first is in the PTR records",
			"dns://.:53",
			`
				workstation example.org example.net {
					name rack{c}-node{d} *.rack{c}-node{d}
					network 10.1.0.0/22 10.1.128.0/24
				}`,
			`Server block .:53
  example.net, example.org: 1280 hosts, rack0-node0 (10.1.0.0) to rack128-node255 (10.1.128.255)
    each has the names rack{c}-node{d} *.rack{c}-node{d}
    IPv4 PTR records in 1.10.in-addr.arpa, with names in example.org
`,
		},
		{
			"the first name without a wildcard is in the PTR records",
			"dns://.:53",
			`
				workstation example.org {
					name *.h{n} h{n}
					network 192.0.2.0/24
				}`,
			`Server block .:53
  example.org: 256 hosts, h0 (192.0.2.0) to h255 (192.0.2.255)
    each has the names *.h{n} h{n}
    IPv4 PTR records in 2.0.192.in-addr.arpa
`,
		},
		{
			"only wildcards",
			"dns://.:53",
			`
				workstation example.org {
					name *.ip-{ip}
					network 192.0.2.0/24
				}`,
			`Server block .:53
  example.org: 256 hosts, *.ip-192-0-2-0 (192.0.2.0) to *.ip-192-0-2-255 (192.0.2.255)
    no IPv4 PTR records: each name is a wildcard
`,
		},
		{
			"the root zone, and the root zone with another one",
			"dns://.:53",
			`
				workstation {
					name a{n}
					network 192.0.2.0/24
				}
				workstation . example.org {
					name b{n}
					network 198.51.100.0/24
				}`,
			`Server block .:53
  any zone: 256 hosts, a0 (192.0.2.0) to a255 (192.0.2.255)
    no IPv4 PTR records: they need a zone other than the root
  any zone, example.org: 256 hosts, b0 (198.51.100.0) to b255 (198.51.100.255)
    IPv4 PTR records in 100.51.198.in-addr.arpa, with names in example.org
`,
		},
		{
			"no_reverse",
			"dns://example.org.:53 dns://2.0.192.in-addr.arpa.:53",
			`
				workstation {
					network 192.0.2.0/24
					no_reverse
				}`,
			`Server block example.org.:53, 2.0.192.in-addr.arpa.:53
  example.org: 256 hosts, workstation0 (192.0.2.0) to workstation255 (192.0.2.255)
    no IPv4 PTR records: no_reverse
`,
		},
		{
			"a server block without a reverse zone, and with one for other addresses",
			"dns://example.org.:53 dns://2.0.192.in-addr.arpa.:53",
			`
				workstation {
					network 192.0.2.0/24 2001:db8::/64
				}
				workstation lab.example.org {
					network 198.51.100.0/24
				}`,
			`Server block example.org.:53, 2.0.192.in-addr.arpa.:53
  example.org: 256 hosts, workstation0 (192.0.2.0, 2001:db8::) to workstation255 (192.0.2.255, 2001:db8::ff)
    IPv4 PTR records in 2.0.192.in-addr.arpa
    no IPv6 PTR records: the server block has no reverse zone for these addresses
  lab.example.org: 256 hosts, workstation0 (198.51.100.0) to workstation255 (198.51.100.255)
    no IPv4 PTR records: the server block has no reverse zone for these addresses
`,
		},
		{
			"a server block with a part of the stanza's reverse zone",
			"dns://example.org.:53 dns://1.10.in-addr.arpa.:53",
			`
				workstation example.org 10.0.0.0/8 {
					network 10.0.0.0/15
				}`,
			`Server block example.org.:53, 1.10.in-addr.arpa.:53
  example.org: 131072 hosts, workstation0 (10.0.0.0) to workstation131071 (10.1.255.255)
    IPv4 PTR records in 1.10.in-addr.arpa, for 65536 of 131072 addresses
`,
		},
		{
			"reverse zones of a stanza, one of RFC 2317 among them, and nested keys",
			"dns://.:53 dns://10.in-addr.arpa.:53",
			`
				workstation example.org 10.1.0.0/16 64-127.2.0.192.in-addr.arpa {
					name ip-{ip}
					network 10.0.0.0/12 192.0.2.0/24
				}`,
			`Server block .:53, 10.in-addr.arpa.:53
  example.org: 1048832 hosts, ip-10-0-0-0 (10.0.0.0) to ip-192-0-2-255 (192.0.2.255)
    IPv4 PTR records in 1.10.in-addr.arpa, 64-127.2.0.192.in-addr.arpa, for 65600 of 1048832 addresses
`,
		},
		{
			"a zone of RFC 2317 among the keys",
			"dns://example.org.:53 dns://64/26.2.0.192.in-addr.arpa.:53",
			`
				workstation {
					name {d}.{c}.{b}.{a}.dyn
					network 192.0.2.0/24 2001:db8::/64
				}`,
			`Server block example.org.:53, 64/26.2.0.192.in-addr.arpa.:53
  example.org: 256 hosts, 0.2.0.192.dyn (192.0.2.0, 2001:db8::) to 255.2.0.192.dyn (192.0.2.255, 2001:db8::ff)
    IPv4 PTR records in 64/26.2.0.192.in-addr.arpa, for 64 of 256 addresses
    no IPv6 PTR records: the server block has no reverse zone for these addresses
`,
		},
		{
			"an earlier stanza gives the PTR records, or some of them",
			"dns://.:53",
			`
				workstation example.org {
					network 10.0.1.0/24
				}
				workstation example.net {
					network 10.0.1.0/25
				}
				workstation example.com {
					network 10.0.0.0/23
				}`,
			`Server block .:53
  example.org: 256 hosts, workstation0 (10.0.1.0) to workstation255 (10.0.1.255)
    IPv4 PTR records in 1.0.10.in-addr.arpa
  example.net: 128 hosts, workstation0 (10.0.1.0) to workstation127 (10.0.1.127)
    no IPv4 PTR records: the stanza at Corefile:1 gives them
  example.com: 512 hosts, workstation0 (10.0.0.0) to workstation511 (10.0.1.255)
    IPv4 PTR records in 0.10.in-addr.arpa, for 256 of 512 addresses
`,
		},
		{
			"only reverse zones",
			"dns://2.0.192.in-addr.arpa.:53",
			`
				workstation example.org {
					network 192.0.2.0/24
				}`,
			`Server block 2.0.192.in-addr.arpa.:53
  example.org: 256 hosts, workstation0 (192.0.2.0) to workstation255 (192.0.2.255)
    IPv4 PTR records in 2.0.192.in-addr.arpa
`,
		},
		{
			"stanzas in the order of their lines",
			"dns://.:53",
			strings.Repeat("\n", 7) + `
				workstation z.example {
				}
				workstation y.example {
				}
				workstation x.example {
					no_reverse
				}`,
			`Server block .:53
  z.example: 256 hosts, workstation0 (172.0.2.0) to workstation255 (172.0.2.255)
    IPv4 PTR records in 2.0.172.in-addr.arpa
  y.example: 256 hosts, workstation0 (172.0.2.0) to workstation255 (172.0.2.255)
    no IPv4 PTR records: the stanza at Corefile:8 gives them
  x.example: 256 hosts, workstation0 (172.0.2.0) to workstation255 (172.0.2.255)
    no IPv4 PTR records: no_reverse
`,
		},
		{
			"many zones",
			"dns://.:53",
			`
				workstation a.example b.example c.example d.example e.example f.example g.example h.example {
					network 192.0.2.0/24
					no_reverse
				}`,
			`Server block .:53
  a.example, b.example, c.example, d.example, e.example, f.example, 2 more: ` +
				`256 hosts, workstation0 (192.0.2.0) to workstation255 (192.0.2.255)
    no IPv4 PTR records: no_reverse
`,
		},
	}
	for _, tc := range tests {
		t.Run(tc.name, func(t *testing.T) {
			keys := strings.Fields(tc.keys)
			ws, err := parseBlock(tc.corefile, keys...)
			if err != nil {
				t.Fatal(err)
			}
			if got := newServerBlock(keys, ws, nil).String(); got != tc.want {
				t.Errorf("got\n%s\nwant\n%s", got, tc.want)
			}
		})
	}
}

// TestDescribeInstance checks that an instance has its server blocks, in their order.
func TestDescribeInstance(t *testing.T) {
	c := caddy.NewTestController("dns", "workstation {\n}\n")
	inst := &caddy.Instance{Storage: make(map[any]any)}
	if got := Describe(inst); got != "" {
		t.Errorf("without stanzas: %q", got)
	}
	for _, key := range []string{"dns://example.org.:53", "dns://example.net.:53"} {
		c.Dispenser = caddy.NewTestController("dns", "workstation {\n}\n").Dispenser
		c.ServerBlockKeys = []string{key}
		if err := setup(c); err != nil {
			t.Fatal(err)
		}
	}
	inst.Storage[serverBlocksKey{}] = c.Get(serverBlocksKey{})
	const pool = `: 256 hosts, workstation0 (172.0.2.0) to workstation255 (172.0.2.255)
    no IPv4 PTR records: the server block has no reverse zone for these addresses
  Warning: Testfile:1 has no 'network' and gets the default, 172.0.2.0/24, which is public address space: ` +
		`write 'network' with a network of your own
  Warning: Testfile:1 has PTR records that no server block is asked for: ` +
		`add 172.0.2.0/24 to the zones of its server block, or write 'no_reverse'
`
	want := "\nServer block example.org.:53\n  example.org" + pool +
		"\nServer block example.net.:53\n  example.net" + pool
	if got := Describe(inst); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

func TestDescribeCount(t *testing.T) {
	most := uint128{math.MaxUint64, math.MaxUint64}
	tests := []struct {
		index index
		want  string
	}{
		{nil, "0"},
		{index{{}}, "1"},
		{index{{span: span{last: uint128{lo: 9}}}, {span: span{uint128{lo: 20}, uint128{lo: 24}}}}, "15"},
		{index{{span: span{last: uint128{lo: math.MaxUint32}}}}, "4294967296"},
		{index{{span: span{last: uint128{lo: 1<<33 - 1}}}}, "2^33"},
		{index{{span: span{last: uint128{lo: 1 << 33}}}}, "8589934593"},
		{index{{span: span{last: uint128{lo: math.MaxUint64}}}}, "2^64"},
		{index{{span: span{last: uint128{hi: 1}}}}, "18446744073709551617"},
		{index{{span: span{last: most}}}, "2^128"},
		{index{{span: span{uint128{lo: 1}, most}}}, "340282366920938463463374607431768211455"},
	}
	for _, tc := range tests {
		if got := tc.index.count(); got != tc.want {
			t.Errorf("%v has %s, want %s", tc.index, got, tc.want)
		}
	}
}
