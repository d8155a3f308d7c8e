package workstation

import (
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/coredns/coredns/plugin"
	"github.com/coredns/coredns/plugin/file"
	"github.com/coredns/coredns/plugin/test"
	"github.com/coredns/coredns/plugin/transfer"

	"github.com/miekg/dns"
)

func TestTransfer(t *testing.T) {
	const lab = `
		workstation lab.example.org {
			name ws{n}
			network 192.0.2.0/31
			ttl 60
		}`
	tests := []struct {
		name, corefile string
		zone           string
		stored         string // without the apex
		want           string // of the transfer, without the apex
	}{
		{
			name:     "forward",
			corefile: lab,
			zone:     "lab.example.org.",
			stored:   "www 300 A 198.51.100.1",
			want: `
				www.lab.example.org. 300 A 198.51.100.1
				ws0.lab.example.org. 60 A 192.0.2.0
				ws1.lab.example.org. 60 A 192.0.2.1`,
		}, {
			name: "two families, several pools and zones",
			corefile: `
				workstation lab.example.org example.net {
					name a{n:2}
					network 192.0.2.0/24 2001:db8::/64
					numbers 9-10
					ttl 60
				}
				workstation lab.example.org {
					name ip-{ip}
					network 198.51.100.4/31 2001:db8:1::/127
					ttl 30
				}
				workstation lab.example.org {
					name a{n:2}
					network 203.0.113.0/24
					numbers 11 13
					ttl 20
				}`,
			zone: "lab.example.org.",
			want: `
				a09.lab.example.org. 60 A 192.0.2.9
				a09.lab.example.org. 60 AAAA 2001:db8::9
				a10.lab.example.org. 60 A 192.0.2.10
				a10.lab.example.org. 60 AAAA 2001:db8::a
				a11.lab.example.org. 20 A 203.0.113.11
				a13.lab.example.org. 20 A 203.0.113.13
				ip-198-51-100-4.lab.example.org. 30 A 198.51.100.4
				ip-198-51-100-5.lab.example.org. 30 A 198.51.100.5
				ip-2001-db8-1--0.lab.example.org. 30 AAAA 2001:db8:1::
				ip-2001-db8-1--1.lab.example.org. 30 AAAA 2001:db8:1::1`,
		}, {
			name:     "IPv4 reverse",
			corefile: lab,
			zone:     "2.0.192.in-addr.arpa.",
			stored: `
				0 300 PTR other.example.org.
				0 300 TXT stays
				1 300 CNAME 1.0-31
				2 300 PTR stays.example.org.`,
			want: `
				0.2.0.192.in-addr.arpa. 300 TXT "stays"
				2.2.0.192.in-addr.arpa. 300 PTR stays.example.org.
				0.2.0.192.in-addr.arpa. 60 PTR ws0.lab.example.org.
				1.2.0.192.in-addr.arpa. 60 PTR ws1.lab.example.org.`,
		}, {
			name: "IPv6 reverse",
			corefile: `
				workstation lab.example.org {
					name ip-{ip}
					network 2001:db8::/127
				}`,
			zone: "8.b.d.0.1.0.0.2.ip6.arpa.",
			want: `
				0.` + strings.Repeat("0.", 23) + `8.b.d.0.1.0.0.2.ip6.arpa. 3600 PTR ip-2001-db8--0.lab.example.org.
				1.` + strings.Repeat("0.", 23) + `8.b.d.0.1.0.0.2.ip6.arpa. 3600 PTR ip-2001-db8--1.lab.example.org.`,
		}, {
			name: "part of a pool's addresses",
			corefile: `
				workstation lab.example.org {
					name ws{n}
					network 192.0.2.254-192.0.3.1
				}`,
			zone: "3.0.192.in-addr.arpa.",
			want: `
				0.3.0.192.in-addr.arpa. 3600 PTR ws2.lab.example.org.
				1.3.0.192.in-addr.arpa. 3600 PTR ws3.lab.example.org.`,
		}, {
			name: "PTR records confined to a reverse zone",
			corefile: `
				workstation lab.example.org 192.0.2.0/24 {
					name ws{n}
					network 192.0.2.255-192.0.3.1
				}`,
			zone: "0.192.in-addr.arpa.",
			want: "255.2.0.192.in-addr.arpa. 3600 PTR ws0.lab.example.org.",
		}, {
			name:     "a zone of one address",
			corefile: lab,
			zone:     "1.2.0.192.in-addr.arpa.",
			stored:   "@ 300 PTR other.example.org.",
			want:     "1.2.0.192.in-addr.arpa. 60 PTR ws1.lab.example.org.",
		}, {
			// Queries do not get stored records of a type that is computed, but those of other types.
			name:     "stored at computed names",
			corefile: lab,
			zone:     "lab.example.org.",
			stored: `
				ws0 300 A 198.51.100.1
				ws0 300 AAAA 2001:db8::1
				ws0 300 MX 10 ws1
				WS1 300 CNAME www
				a.ws1 300 A 198.51.100.1
				ws2 300 A 198.51.100.1
				ws3 300 CNAME ws1`,
			want: `
				ws0.lab.example.org. 300 AAAA 2001:db8::1
				ws0.lab.example.org. 300 MX 10 ws1.lab.example.org.
				a.ws1.lab.example.org. 300 A 198.51.100.1
				ws2.lab.example.org. 300 A 198.51.100.1
				ws3.lab.example.org. 300 CNAME ws1.lab.example.org.
				ws0.lab.example.org. 60 A 192.0.2.0
				ws1.lab.example.org. 60 A 192.0.2.1`,
		}, {
			name: "stored at names with IPv6 addresses",
			corefile: `
				workstation lab.example.org {
					name ws{n}
					network 2001:db8::/127
				}`,
			zone: "lab.example.org.",
			stored: `
				ws0 300 A 198.51.100.1
				ws0 300 AAAA 2001:db8::ff
				ws1 300 CNAME www`,
			want: `
				ws0.lab.example.org. 300 A 198.51.100.1
				ws0.lab.example.org. 3600 AAAA 2001:db8::
				ws1.lab.example.org. 3600 AAAA 2001:db8::1`,
		}, {
			// Queries get these, too.
			name:     "a zone above the listed one",
			corefile: lab,
			zone:     "example.org.",
			stored: `
				www.lab 300 A 198.51.100.1
				ws1.lab 300 A 198.51.100.1
				ws1 300 A 198.51.100.1`,
			want: `
				ws1.example.org. 300 A 198.51.100.1
				www.lab.example.org. 300 A 198.51.100.1
				ws0.lab.example.org. 60 A 192.0.2.0
				ws1.lab.example.org. 60 A 192.0.2.1`,
		}, {
			name: "a zone with several listed ones",
			corefile: lab + `
				workstation test.example.org example.org example.net {
					name test{n}
					network 198.51.100.7/32
				}`,
			zone: "example.org.",
			want: `
				test0.example.org. 3600 A 198.51.100.7
				test0.test.example.org. 3600 A 198.51.100.7
				ws0.lab.example.org. 60 A 192.0.2.0
				ws1.lab.example.org. 60 A 192.0.2.1`,
		}, {
			// What is below a zone cut is in another zone, and an address there is glue.
			name: "a listed zone below a zone cut",
			corefile: lab + `
				workstation example.org {
					name ws{n}
					network 198.51.100.7/32
				}`,
			zone: "example.org.",
			stored: `
				lab 300 NS ws1.lab
				ws1.lab 300 A 203.0.113.1`,
			want: `
				lab.example.org. 300 NS ws1.lab.example.org.
				ws1.lab.example.org. 300 A 203.0.113.1
				ws0.example.org. 3600 A 198.51.100.7`,
		}, {
			name: "a zone cut above the listed zone",
			corefile: lab + `
				workstation org {
					name ws{n}
					network 198.51.100.7/32
				}`,
			zone:   "org.",
			stored: "example 300 NS ns.example.org.",
			want: `
				example.org. 300 NS ns.example.org.
				ws0.org. 3600 A 198.51.100.7`,
		}, {
			name: "a listed zone below a DNAME",
			corefile: lab + `
				workstation example.org {
					name ws{n}
					network 198.51.100.7/32
				}`,
			zone:   "example.org.",
			stored: "lab 300 DNAME example.net.",
			want: `
				lab.example.org. 300 DNAME example.net.
				ws0.example.org. 3600 A 198.51.100.7`,
		}, {
			name: "reverse zone cuts",
			corefile: `
				workstation lab.example.org {
					name ws{n}
					network 192.0.1.254-192.0.4.1
					numbers 0-2 257-259 513-515
				}`,
			zone: "0.192.in-addr.arpa.",
			stored: `
				2 300 NS ns.example.org.
				255.2 300 PTR stays.example.org.
				1.4 300 NS ns.1.4`,
			want: `
				2.0.192.in-addr.arpa. 300 NS ns.example.org.
				255.2.0.192.in-addr.arpa. 300 PTR stays.example.org.
				1.4.0.192.in-addr.arpa. 300 NS ns.1.4.0.192.in-addr.arpa.
				1.4.0.192.in-addr.arpa. 3600 PTR ws515.lab.example.org.
				254.1.0.192.in-addr.arpa. 3600 PTR ws0.lab.example.org.
				255.1.0.192.in-addr.arpa. 3600 PTR ws1.lab.example.org.
				0.3.0.192.in-addr.arpa. 3600 PTR ws258.lab.example.org.
				1.3.0.192.in-addr.arpa. 3600 PTR ws259.lab.example.org.
				255.3.0.192.in-addr.arpa. 3600 PTR ws513.lab.example.org.
				0.4.0.192.in-addr.arpa. 3600 PTR ws514.lab.example.org.`,
		}, {
			name:     "a zone whose own name is computed",
			corefile: lab,
			zone:     "ws1.lab.example.org.",
			stored: `
				@ 300 A 198.51.100.1
				@ 300 AAAA 2001:db8::1
				ws1 300 A 198.51.100.1`,
			want: `
				ws1.lab.example.org. 300 AAAA 2001:db8::1
				ws1.ws1.lab.example.org. 300 A 198.51.100.1
				ws1.lab.example.org. 60 A 192.0.2.1`,
		}, {
			name:     "a name at a zone cut, and below",
			corefile: lab,
			zone:     "2.0.192.in-addr.arpa.",
			stored: `
				1 300 NS ns.1
				1 300 PTR hidden.example.org.
				1 300 A 203.0.113.1
				ns.1 300 A 203.0.113.1
				0 300 DNAME example.net.`,
			want: `
				1.2.0.192.in-addr.arpa. 300 NS ns.1.2.0.192.in-addr.arpa.
				1.2.0.192.in-addr.arpa. 300 A 203.0.113.1
				ns.1.2.0.192.in-addr.arpa. 300 A 203.0.113.1
				0.2.0.192.in-addr.arpa. 300 DNAME example.net.
				0.2.0.192.in-addr.arpa. 60 PTR ws0.lab.example.org.
				1.2.0.192.in-addr.arpa. 60 PTR ws1.lab.example.org.`,
		}, {
			name:     "a DNAME at the apex",
			corefile: lab,
			zone:     "lab.example.org.",
			stored:   "@ 300 DNAME example.net.",
			want:     "lab.example.org. 300 DNAME example.net.",
		}, {
			name: "a zone whose own name is computed, in the root zone",
			corefile: `
				workstation {
					name ws{n}
					network 192.0.2.0/24
				}`,
			zone: "ws1.com.",
			stored: `
				@ 300 A 198.51.100.1
				ws2 300 A 198.51.100.2`,
			want: `
				ws1.com. 3600 A 192.0.2.1
				ws2.ws1.com. 300 A 198.51.100.2`,
		}, {
			name: "a top-level domain whose name is computed",
			corefile: `
				workstation {
					name ws{n}
					network 192.0.2.0/24
				}`,
			zone: "ws1.",
			want: "ws1. 3600 A 192.0.2.1",
		}, {
			name: "IPv6 addresses that hold IPv4 addresses",
			corefile: `
				workstation lab.example.org {
					name ws{n}
					network ::ffff:c000:200/128
				}`,
			zone: "ip6.arpa.",
			want: "0.0.2.0.0.0.0.c.f.f.f.f." + strings.Repeat("0.", 20) + "ip6.arpa. 3600 PTR ws0.lab.example.org.",
		}, {
			// The names in the root zone never end.
			name: "the root zone",
			corefile: `
				workstation . example.net {
					name ws{n}
					network 192.0.2.1/32
				}`,
			zone: ".",
			stored: `
				ws0.example.com. 300 A 198.51.100.1
				ws0.example.net. 300 A 198.51.100.1
				2.0.192.in-addr.arpa. 300 CNAME stays.`,
			want: `
				2.0.192.in-addr.arpa. 300 CNAME stays.
				ws0.example.com. 300 A 198.51.100.1
				ws0.example.net. 3600 A 192.0.2.1
				1.2.0.192.in-addr.arpa. 3600 PTR ws0.example.net.`,
		}, {
			name: "several names, labels and wildcards",
			corefile: `
				workstation lab.example.org {
					name {d}.{c} n{d}-{c} *.n{d}-{c} n{d:2}-{c}
					network 10.0.6.9-10.0.6.10
					ttl 60
				}`,
			zone: "lab.example.org.",
			want: `
				9.6.lab.example.org. 60 A 10.0.6.9
				10.6.lab.example.org. 60 A 10.0.6.10
				n9-6.lab.example.org. 60 A 10.0.6.9
				n10-6.lab.example.org. 60 A 10.0.6.10
				n09-6.lab.example.org. 60 A 10.0.6.9
				*.n9-6.lab.example.org. 60 A 10.0.6.9
				*.n10-6.lab.example.org. 60 A 10.0.6.10`,
		}, {
			name: "zone cuts and DNAMEs in the middle of names",
			corefile: `
				workstation lab.example.org {
					name {d}.{c} *.x{c}-{d}
					network 10.0.6.254-10.0.7.1
				}`,
			zone: "lab.example.org.",
			stored: `
				7 300 NS ns.example.net.
				x6-255 300 DNAME example.net.`,
			want: `
				7.lab.example.org. 300 NS ns.example.net.
				x6-255.lab.example.org. 300 DNAME example.net.
				254.6.lab.example.org. 3600 A 10.0.6.254
				255.6.lab.example.org. 3600 A 10.0.6.255
				*.x6-254.lab.example.org. 3600 A 10.0.6.254
				*.x7-0.lab.example.org. 3600 A 10.0.7.0
				*.x7-1.lab.example.org. 3600 A 10.0.7.1`,
		}, {
			name: "stored records first",
			corefile: `
				workstation lab.example.org {
					name ws{n}
					network 192.0.2.0/29 2001:db8::/64
					numbers 0-5
					stored_first
				}
				workstation lab.example.org {
					name {d}.r{c}
					network 10.0.5.255-10.0.7.0
					stored_first
				}
				workstation lab.example.org {
					name first{n}
					network 198.51.100.0/31
				}`,
			zone: "lab.example.org.",
			stored: `
				WS0 300 A 203.0.113.0
				WS0 300 A 203.0.113.100
				ws1 300 CNAME www
				ws2 300 TXT stored
				ws3 300 NS ns.ws3
				ns.ws3 300 A 203.0.113.3
				ws4 300 DNAME example.net.
				ws5 300 AAAA 2001:db8:5::
				r5 300 NS ns.ws3
				r6 300 DNAME example.net.
				first0 300 A 203.0.113.0
				first1 300 CNAME www
				0.r7 300 MX 10 www`,
			want: `
				ws0.lab.example.org. 300 A 203.0.113.0
				ws0.lab.example.org. 300 A 203.0.113.100
				ws0.lab.example.org. 3600 AAAA 2001:db8::
				ws1.lab.example.org. 300 CNAME www.lab.example.org.
				ws2.lab.example.org. 300 TXT "stored"
				ws2.lab.example.org. 3600 A 192.0.2.2
				ws2.lab.example.org. 3600 AAAA 2001:db8::2
				ws3.lab.example.org. 300 NS ns.ws3.lab.example.org.
				ns.ws3.lab.example.org. 300 A 203.0.113.3
				ws4.lab.example.org. 300 DNAME example.net.
				ws4.lab.example.org. 3600 A 192.0.2.4
				ws4.lab.example.org. 3600 AAAA 2001:db8::4
				ws5.lab.example.org. 300 AAAA 2001:db8:5::
				ws5.lab.example.org. 3600 A 192.0.2.5
				r5.lab.example.org. 300 NS ns.ws3.lab.example.org.
				r6.lab.example.org. 300 DNAME example.net.
				0.r7.lab.example.org. 300 MX 10 www.lab.example.org.
				0.r7.lab.example.org. 3600 A 10.0.7.0
				first0.lab.example.org. 3600 A 198.51.100.0
				first1.lab.example.org. 3600 A 198.51.100.1`,
		}, {
			name: "stored PTR records first",
			corefile: `
				workstation lab.example.org {
					name ws{n}
					network 192.0.2.0/29
					stored_first
				}`,
			zone: "2.0.192.in-addr.arpa.",
			stored: `
				0 300 PTR mail.example.org.
				1 300 CNAME 1.0-3
				0-3 300 NS ns.example.net.
				2 300 NS ns.example.net.
				3 300 DNAME example.net.
				4 300 TXT stored`,
			want: `
				0.2.0.192.in-addr.arpa. 300 PTR mail.example.org.
				1.2.0.192.in-addr.arpa. 300 CNAME 1.0-3.2.0.192.in-addr.arpa.
				0-3.2.0.192.in-addr.arpa. 300 NS ns.example.net.
				2.2.0.192.in-addr.arpa. 300 NS ns.example.net.
				3.2.0.192.in-addr.arpa. 300 DNAME example.net.
				3.2.0.192.in-addr.arpa. 3600 PTR ws3.lab.example.org.
				4.2.0.192.in-addr.arpa. 300 TXT "stored"
				4.2.0.192.in-addr.arpa. 3600 PTR ws4.lab.example.org.
				5.2.0.192.in-addr.arpa. 3600 PTR ws5.lab.example.org.
				6.2.0.192.in-addr.arpa. 3600 PTR ws6.lab.example.org.
				7.2.0.192.in-addr.arpa. 3600 PTR ws7.lab.example.org.`,
		}, {
			name: "a wildcard stored first",
			corefile: `
				workstation lab.example.org {
					name *.ws{n}
					network 192.0.2.0/31
					stored_first
				}`,
			zone:   "lab.example.org.",
			stored: "*.ws0 300 A 203.0.113.0",
			want: `
				*.ws0.lab.example.org. 300 A 203.0.113.0
				*.ws1.lab.example.org. 3600 A 192.0.2.1`,
		}, {
			name: "a pool that is not transferred",
			corefile: `
				workstation lab.example.org {
					name ws{n}
					network 192.0.2.0/31
					no_transfer
				}
				workstation lab.example.org {
					name b{n}
					network 198.51.100.0/32
				}`,
			zone: "lab.example.org.",
			stored: `
				ws0 300 A 203.0.113.0
				ws1 300 CNAME www
				b0 300 A 203.0.113.0`,
			want: `
				ws0.lab.example.org. 300 A 203.0.113.0
				ws1.lab.example.org. 300 CNAME www.lab.example.org.
				b0.lab.example.org. 3600 A 198.51.100.0`,
		}, {
			name: "PTR records that are not transferred",
			corefile: `
				workstation lab.example.org {
					name ws{n}
					network 192.0.2.0/31
					no_transfer
				}
				workstation lab.example.org {
					name b{n}
					network 192.0.2.7/32
				}`,
			zone:   "2.0.192.in-addr.arpa.",
			stored: "0 300 PTR stored.example.org.",
			want: `
				0.2.0.192.in-addr.arpa. 300 PTR stored.example.org.
				7.2.0.192.in-addr.arpa. 3600 PTR b0.lab.example.org.`,
		}, {
			name: "classless PTR records that are not transferred",
			corefile: `
				workstation lab.example.org 0/31.2.0.192.in-addr.arpa {
					name ws{n}
					network 192.0.2.0/32
					no_transfer
				}
				workstation lab.example.org 0/31.2.0.192.in-addr.arpa {
					name b{n}
					network 192.0.2.1/32
				}`,
			zone: "0/31.2.0.192.in-addr.arpa.",
			want: "1.0/31.2.0.192.in-addr.arpa. 3600 PTR b0.lab.example.org.",
		}, {
			name: "an apex that is not transferred",
			corefile: `
				workstation lab.example.org {
					name ws{n}
					network 192.0.2.0/31
					ttl 60
					no_transfer
				}
				workstation ws1.lab.example.org {
					name b{n}
					network 198.51.100.0/32
				}`,
			zone:   "ws1.lab.example.org.",
			stored: "@ 300 A 203.0.113.0",
			want: `
				ws1.lab.example.org. 300 A 203.0.113.0
				b0.ws1.lab.example.org. 3600 A 198.51.100.0`,
		}, {
			name: "a zone below the listed one",
			corefile: `
				workstation lab.example.org {
					name {d}.{c}.dyn {c}-{d}
					network 10.0.5.255-10.0.6.0
				}`,
			zone: "dyn.lab.example.org.",
			want: `
				255.5.dyn.lab.example.org. 3600 A 10.0.5.255
				0.6.dyn.lab.example.org. 3600 A 10.0.6.0`,
		}, {
			name: "a zone in the middle of names",
			corefile: `
				workstation lab.example.org {
					name {d}.{c}.dyn {c}-{d}
					network 10.0.5.254-10.0.6.1
				}`,
			zone:   "6.dyn.lab.example.org.",
			stored: "www 300 A 198.51.100.1",
			want: `
				www.6.dyn.lab.example.org. 300 A 198.51.100.1
				0.6.dyn.lab.example.org. 3600 A 10.0.6.0
				1.6.dyn.lab.example.org. 3600 A 10.0.6.1`,
		}, {
			name: "a zone below a wildcard's",
			corefile: `
				workstation lab.example.org {
					name *.ip-{ip}
					network 10.0.0.0/24
				}`,
			zone: "ip-10-0-0-5.lab.example.org.",
			want: "*.ip-10-0-0-5.lab.example.org. 3600 A 10.0.0.5",
		}, {
			name: "a zone that a wildcard covers",
			corefile: `
				workstation lab.example.org {
					name *.ip-{ip}
					network 10.0.0.4/31
				}`,
			zone: "q.ip-10-0-0-4.lab.example.org.",
			want: `
				q.ip-10-0-0-4.lab.example.org. 3600 A 10.0.0.4
				*.q.ip-10-0-0-4.lab.example.org. 3600 A 10.0.0.4`,
		}, {
			name: "a listed zone that a wildcard of another covers",
			corefile: `
				workstation lab.example.org {
					name *.ip-{ip}
					network 10.0.0.4/31
				}
				workstation q.ip-10-0-0-4.lab.example.org {
					network 192.0.2.1/32
				}`,
			zone: "q.ip-10-0-0-4.lab.example.org.",
			want: `
				workstation0.q.ip-10-0-0-4.lab.example.org. 3600 A 192.0.2.1`,
		}, {
			name: "a wildcard that a listed zone takes",
			corefile: `
				workstation lab.example.org {
					name *.ip-{ip}
					network 10.0.0.4/31
				}
				workstation ip-10-0-0-5.lab.example.org {
					network 192.0.2.1/32
				}`,
			zone: "lab.example.org.",
			want: `
				*.ip-10-0-0-4.lab.example.org. 3600 A 10.0.0.4
				workstation0.ip-10-0-0-5.lab.example.org. 3600 A 192.0.2.1`,
		}, {
			name: "a classless zone",
			corefile: `
				workstation lab.example.org 4/31.2.0.192.in-addr.arpa {
					name ws{n}
					network 192.0.2.0/29
				}`,
			zone: "4/31.2.0.192.in-addr.arpa.",
			stored: `
				4 300 CNAME hidden
				6 300 PTR stays.example.org.`,
			want: `
				6.4/31.2.0.192.in-addr.arpa. 300 PTR stays.example.org.
				4.4/31.2.0.192.in-addr.arpa. 3600 PTR ws4.lab.example.org.
				5.4/31.2.0.192.in-addr.arpa. 3600 PTR ws5.lab.example.org.`,
		}, {
			name: "a delegation of a classless zone",
			corefile: `
				workstation lab.example.org 4/31.2.0.192.in-addr.arpa 192.0.2.0/30 {
					name ws{n}
					network 192.0.2.3-192.0.2.5
				}`,
			zone: "2.0.192.in-addr.arpa.",
			stored: `
				4/31 300 NS ns.example.org.
				4 300 CNAME 4.4/31`,
			want: `
				4/31.2.0.192.in-addr.arpa. 300 NS ns.example.org.
				4.2.0.192.in-addr.arpa. 300 CNAME 4.4/31.2.0.192.in-addr.arpa.
				3.2.0.192.in-addr.arpa. 3600 PTR ws0.lab.example.org.`,
		}, {
			name:     "a reverse tree",
			corefile: lab,
			zone:     "arpa.",
			stored: `
				ip6 300 NS ns.example.org.
				ws0 300 A 198.51.100.1
				0.192.in-addr 300 CNAME stays`,
			want: `
				0.192.in-addr.arpa. 300 CNAME stays.arpa.
				ip6.arpa. 300 NS ns.example.org.
				ws0.arpa. 300 A 198.51.100.1
				0.2.0.192.in-addr.arpa. 60 PTR ws0.lab.example.org.
				1.2.0.192.in-addr.arpa. 60 PTR ws1.lab.example.org.`,
		},
	}
	for _, tc := range tests {
		t.Run(tc.name, func(t *testing.T) {
			ws := above(t, tc.corefile, zoneFile(t, map[string]string{tc.zone: tc.stored}))
			got := transferLines(t, ws, tc.zone, 0)

			soa := tc.zone + " 300 SOA ns.example.org. hostmaster.example.org. 7 7200 1800 86400 300"
			want := []string{tc.zone + " 300 NS ns.example.org."}
			for l := range strings.Lines(tc.want) {
				if l = strings.TrimSpace(l); l != "" {
					want = append(want, l)
				}
			}
			if len(got) < 2 || got[0] != soa || got[len(got)-1] != soa {
				t.Fatalf("got %q, which is not between SOA records", got)
			}
			checkTransfer(t, ws, got[:len(got)-1])
			// The order of the records between them has no meaning.
			got = got[1 : len(got)-1]
			slices.Sort(got)
			slices.Sort(want)
			if !slices.Equal(got, want) {
				t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
			}
		})
	}
}

// TestTransferIncremental sends serials with requests. The zone's is 7. As with the plugin file, the answer is one
// SOA record or the whole zone.
func TestTransferIncremental(t *testing.T) {
	const zone = "lab.example.org."
	f := zoneFile(t, map[string]string{zone: ""})
	ws := above(t, `
		workstation lab.example.org {
			network 192.0.2.0/24
		}`, f)
	for _, tc := range []struct {
		serial  uint32
		records int
	}{
		{0, 3 + 256}, {6, 3 + 256}, {7, 1},
	} {
		lines := transferLines(t, ws, zone, tc.serial)
		if len(lines) != tc.records || lines[0] != lines[len(lines)-1] {
			t.Errorf("serial %d: got %d records, want %d", tc.serial, len(lines), tc.records)
		}
		slices.Sort(lines)
		if n := len(slices.Compact(lines)); n != max(1, tc.records-1) {
			t.Errorf("serial %d: got %d different records of %d", tc.serial, n, tc.records)
		}
	}
}

// transferFunc is a transferer.
type transferFunc func(zone string, serial uint32) (<-chan []dns.RR, error)

func (f transferFunc) Transfer(zone string, serial uint32) (<-chan []dns.RR, error) {
	return f(zone, serial)
}

// TestTransferCase transfers records with upper-case letters in their names, which the plugin file never writes.
func TestTransferCase(t *testing.T) {
	ws := testWorkstation(t, `
		workstation example.org {
			name ws{n}
			network 192.0.2.254-192.0.3.0
		}`)
	soa := test.SOA("0.192.In-Addr.arpa. 300 IN SOA ns.example.org. hostmaster.example.org. 7 7200 1800 86400 300")
	ws.transferers = []transfer.Transferer{transferFunc(func(string, uint32) (<-chan []dns.RR, error) {
		ch := make(chan []dns.RR, 1)
		ch <- []dns.RR{
			soa,
			test.NS("0.192.IN-ADDR.arpa. 300 IN NS ns.example.org."),
			test.PTR("255.2.0.192.IN-ADDR.ARPA. 300 IN PTR hidden.example.org."),
			test.NS("3.0.192.In-Addr.Arpa. 300 IN NS ns.example.org."),
			test.PTR("0.3.0.192.in-ADDR.ARPA. 300 IN PTR stays.example.org."),
			soa,
		}
		close(ch)
		return ch, nil
	})}
	got := transferLines(t, ws, "0.192.in-addr.arpa.", 0)
	want := []string{
		line(soa),
		"0.192.IN-ADDR.arpa. 300 NS ns.example.org.",
		"3.0.192.In-Addr.Arpa. 300 NS ns.example.org.",
		"0.3.0.192.in-ADDR.ARPA. 300 PTR stays.example.org.",
		"254.2.0.192.in-addr.arpa. 3600 PTR ws0.example.org.",
		"255.2.0.192.in-addr.arpa. 3600 PTR ws1.example.org.",
		line(soa),
	}
	if !slices.Equal(got, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// TestTransferersAfter checks that zones are taken only from plugins after this one.
func TestTransferersAfter(t *testing.T) {
	ws := testWorkstation(t, `
		workstation example.org {
			network 192.0.2.0/24
		}`)
	before, after := zoneFile(t, nil), zoneFile(t, map[string]string{"example.org.": ""})
	got := transferersAfter(ws, []plugin.Handler{before, ws, replyWith(dns.RcodeSuccess), after})
	if len(got) != 1 || len(got[0].(file.File).Names) != 1 {
		t.Errorf("got %v", got)
	}
}

func TestTransferError(t *testing.T) {
	ws := testWorkstation(t, `
		workstation lab.example.org large.example.org {
			network 192.0.2.0/24
		}
		workstation large.example.org {
			name ip-{ip}
			network 10.0.0.0/8
		}
		workstation {
			name large{n}
			network 11.0.0.0/8
		}
		workstation larger.example.org {
			name ip-{ip}
			network 2001:db8::/32
		}
		workstation hidden.example.org {
			network 198.51.100.0/24
			no_transfer
		}`)
	stored := zoneFile(t, map[string]string{
		"large.example.org.": "", "larger.example.org.": "",
		"0.1.0.0.2.ip6.arpa.": "", "2.0.192.in-addr.arpa.": "", "arpa.": "",
	})
	broken := transferFunc(func(string, uint32) (<-chan []dns.RR, error) { return nil, errors.New("broken") })
	none := transferFunc(func(string, uint32) (<-chan []dns.RR, error) { return nil, transfer.ErrNotAuthoritative })
	const (
		notAuthoritative = "not authoritative for zone"
		tooMany          = "computed names, too many to transfer: write 'no_transfer' and give the secondary the same stanzas"
	)
	for _, tc := range []struct {
		zone string
		next []transfer.Transferer
		want string // part of the error; empty if there is none
	}{
		// Nothing is computed in these, so the plugin transfer asks the next one.
		{"www.example.org.", []transfer.Transferer{broken}, notAuthoritative},
		{"ws.lab.example.org.", []transfer.Transferer{broken}, notAuthoritative},
		{"workstation256.lab.example.org.", []transfer.Transferer{broken}, notAuthoritative},
		{"3.0.192.in-addr.arpa.", []transfer.Transferer{broken}, notAuthoritative},
		{"0-63.2.0.192.in-addr.arpa.", []transfer.Transferer{broken}, notAuthoritative},
		{"com.", []transfer.Transferer{broken}, notAuthoritative},
		{"hidden.example.org.", []transfer.Transferer{broken}, notAuthoritative},
		{"100.51.198.in-addr.arpa.", []transfer.Transferer{broken}, notAuthoritative},
		// No plugin has the zone.
		{"lab.example.org.", nil, notAuthoritative},
		{"lab.example.org.", []transfer.Transferer{none}, notAuthoritative},
		{"larger.example.org.", []transfer.Transferer{none}, notAuthoritative},
		{"lab.example.org.", []transfer.Transferer{none, broken, stored}, "broken"},
		// A plugin has the zone.
		{"2.0.192.in-addr.arpa.", []transfer.Transferer{none, stored, broken}, ""},
		// The zone is too large, by 256 names or more.
		{"large.example.org.", []transfer.Transferer{stored}, "zone 'large.example.org.' has more than 16777216 " + tooMany},
		{"larger.example.org.", []transfer.Transferer{stored}, tooMany},
		{"0.1.0.0.2.ip6.arpa.", []transfer.Transferer{stored}, tooMany},
		{"arpa.", []transfer.Transferer{stored}, tooMany},
	} {
		ws.transferers = tc.next
		ch, err := ws.Transfer(tc.zone, 0)
		if err == nil {
			discard(ch)
		}
		if (err == nil) != (tc.want == "") || err != nil && !strings.Contains(err.Error(), tc.want) {
			t.Errorf("transfer of %s: got error %v, want %q", tc.zone, err, tc.want)
		}
	}
}

// TestTransferBelowCuts transfers a zone from which another zone is delegated. That one has too many names.
func TestTransferBelowCuts(t *testing.T) {
	ws := above(t, `
		workstation big.example.org {
			name ip-{ip}
			network 2001:db8::/32
		}
		workstation example.org {
			name ws{n}
			network 192.0.2.0/31
		}`,
		zoneFile(t, map[string]string{"example.org.": "big 300 NS ns.example.net."}))
	got := transferLines(t, ws, "example.org.", 0)
	want := []string{
		"big.example.org. 300 NS ns.example.net.",
		"ws0.example.org. 3600 A 192.0.2.0",
		"ws1.example.org. 3600 A 192.0.2.1",
	}
	if got = got[2 : len(got)-1]; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

// TestTransferSkipsNamesBelowCuts has so many names below cuts that it would take forever to compute and drop them.
func TestTransferSkipsNamesBelowCuts(t *testing.T) {
	ws := above(t, `
		workstation example.org {
			name {ip}.dyn
			network 2001:db8::/64
		}
		workstation example.org {
			name {d}.{c}.{b}.{a}
			network 10.0.0.0-11.0.0.1
		}`,
		zoneFile(t, map[string]string{"example.org.": `
			dyn 300 NS ns.example.net.
			10 300 NS ns.example.net.`}))
	got := transferLines(t, ws, "example.org.", 0)
	want := []string{
		"10.example.org. 300 NS ns.example.net.",
		"dyn.example.org. 300 NS ns.example.net.",
		"0.0.0.11.example.org. 3600 A 11.0.0.0",
		"1.0.0.11.example.org. 3600 A 11.0.0.1",
	}
	if got = got[2 : len(got)-1]; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	// A secondary that has this serial gets only the SOA record.
	if got := transferLines(t, ws, "example.org.", 7); len(got) != 1 || !strings.Contains(got[0], " SOA ") {
		t.Errorf("got %q", got)
	}
}

// TestTransferRefusedSoon has many cuts in two zones that are too large. Each cut takes keys from all parts of a
// network, or is in one of many zones. To count them one by one would take hours.
func TestTransferRefusedSoon(t *testing.T) {
	var cuts, zones, many strings.Builder
	for i := range 256 {
		fmt.Fprintf(&cuts, "%d 300 NS ns.example.net.\n", i)
	}
	for i := range 1000 {
		zones.WriteString(stanzaOf(fmt.Sprintf("z%d.example.org", i), "name {d}.{c}", "network 10.0.0.0/16"))
	}
	for i := range 30_000 {
		fmt.Fprintf(&many, "c%d 300 NS ns.example.net.\n", i)
	}
	for _, tc := range []struct{ corefile, stored string }{
		{`
			workstation example.org {
				name {a}.{b}.{c}.{d} x.{a}.{b}.{c}.{d}
				network 0.0.0.0/0
			}`, cuts.String()},
		{zones.String(), many.String()},
	} {
		ws := above(t, tc.corefile, zoneFile(t, map[string]string{"example.org.": tc.stored}))
		if _, err := ws.Transfer("example.org.", 0); err == nil {
			t.Error("too many names are transferred")
		}
	}
}

// TestTransferLetsGo checks that the transfer of the next plugin ends if a transfer is refused.
func TestTransferLetsGo(t *testing.T) {
	done := make(chan bool)
	ws := testWorkstation(t, `
		workstation example.org {
			name ip-{ip}
			network 2001:db8::/64
		}`)
	ws.transferers = []transfer.Transferer{transferFunc(func(string, uint32) (<-chan []dns.RR, error) {
		ch := make(chan []dns.RR)
		go func() {
			for range 1000 {
				ch <- []dns.RR{test.A("example.org. 300 IN A 192.0.2.1")}
			}
			close(ch)
			close(done)
		}()
		return ch, nil
	})}
	if _, err := ws.Transfer("example.org.", 0); err == nil {
		t.Error("a /64 is transferred")
	}
	<-done
}

// TestTransferMemory checks that memory does not grow with the zone. A /12 has a million records, which would take
// some 200 megabytes. A thousand of them are stored.
func TestTransferMemory(t *testing.T) {
	const zone = "10.in-addr.arpa."
	var stored strings.Builder
	for i := range 1000 {
		fmt.Fprintf(&stored, "%d.%d.3 300 PTR customer%d.example.net.\n", i%250, i/250, i)
	}
	ws := above(t, `
		workstation example.org {
			network 10.0.0.0/12
			stored_first
		}`, zoneFile(t, map[string]string{zone: stored.String()}))
	ch, err := ws.Transfer(zone, 0)
	if err != nil {
		t.Fatal(err)
	}
	inUse := func() uint64 {
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	before, records := inUse(), 0
	for rrs := range ch {
		records += len(rrs)
		if records%100_000 < len(rrs) {
			if now := inUse(); now > before+1<<20 {
				t.Errorf("after %d records, %d bytes more are in use", records, now-before)
			}
		}
	}
	if want := 1<<20 + 3; records != want {
		t.Errorf("got %d records, want %d", records, want)
	}
}

// BenchmarkTransfer transfers a /16, forward and reverse.
func BenchmarkTransfer(b *testing.B) {
	for _, zone := range []string{"example.org.", "0.10.in-addr.arpa."} {
		b.Run(zone, func(b *testing.B) {
			ws := above(b, `
				workstation example.org {
					network 10.0.0.0/16
				}`, zoneFile(b, map[string]string{zone: ""}))
			records := 0
			for b.Loop() {
				ch, err := ws.Transfer(zone, 0)
				if err != nil {
					b.Fatal(err)
				}
				for rrs := range ch {
					records += len(rrs)
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(records), "ns/record")
		})
	}
}
