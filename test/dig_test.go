package test

import (
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/miekg/dns"
)

// dig is a query to a DNS server. Its arguments are like those of the program of that name:
//
//	dig [@SERVER] [-p PORT] [-OPTION...] [+OPTION...] NAME [TYPE]
//	dig [@SERVER] [-p PORT] [-OPTION...] [+OPTION...] -x ADDRESS
//
// By default the server is 127.0.0.1, the port is $PORT, and the type is A. The options are
//
//	-b ADDRESS   ask from ADDRESS
//	-c CLASS     ask in the class CLASS
//	-y [hmac:]NAME:SECRET
//	             sign with a TSIG key, for hmac-sha256 by default, and fail if the
//	             response is not signed with it
//	+tcp         ask over TCP
//	+notcp       ask over UDP for a zone transfer, too
//	+short       print only the data of the answer's records, and fail if the
//	             status is not NOERROR
//	+norecurse   do not set RD
//	+cdflag      set CD
//	+dnssec      set DO, in an OPT record
//	+additional  print the records of the additional section, too
//	+bufsize=N   announce a buffer of N octets instead of 4096, in an OPT record
//	+nsid        ask for the server's identifier, in an OPT record
//	+opcode=OP   send the opcode OP, such as NOTIFY
//	+noquestion  send no question
//	+time=N      wait N seconds for the response instead of 10
//
// A response is printed on one line, in the format of summary. A zone transfer is printed with one
// record on each line. It is an error if the response repeats the question in another way, even if
// only the case differs.
type dig struct {
	addr    string
	from    net.IP // nil: any
	net     string
	short   bool
	extra   bool
	wait    time.Duration
	msg     *dns.Msg
	secrets map[string]string // by name of the TSIG key
}

// parseDig returns the query for these arguments. The port is the default of -p.
func parseDig(args []string, port string) (*dig, error) {
	d := &dig{net: "udp", wait: 10 * time.Second, msg: new(dns.Msg)}
	d.msg.SetQuestion(".", dns.TypeA)
	q := &d.msg.Question[0]
	server, key, noQuestion, named, noTCP := "127.0.0.1", "", false, false, false
	for i := 0; i < len(args); i++ {
		arg := args[i]
		switch {
		case arg[0] == '@':
			server = arg[1:]
		case arg == "-p" && i+1 < len(args):
			i++
			port = args[i]
		case arg == "-c" && i+1 < len(args):
			i++
			q.Qclass = dns.StringToClass[args[i]]
		case arg == "-b" && i+1 < len(args):
			i++
			if d.from = net.ParseIP(args[i]); d.from == nil {
				return nil, fmt.Errorf("-b %s is not an address", args[i])
			}
		case arg == "-y" && i+1 < len(args):
			i++
			key = args[i]
		case arg == "-x" && i+1 < len(args):
			i++
			name, err := dns.ReverseAddr(args[i])
			if err != nil {
				return nil, err
			}
			q.Name, q.Qtype, named = name, dns.TypePTR, true
		case arg == "+tcp":
			d.net = "tcp"
		case arg == "+notcp":
			noTCP = true
		case arg == "+short":
			d.short = true
		case arg == "+norecurse":
			d.msg.RecursionDesired = false
		case arg == "+additional":
			d.extra = true
		case arg == "+cdflag":
			d.msg.CheckingDisabled = true
		case arg == "+dnssec":
			d.opt().SetDo()
		case arg == "+nsid":
			d.opt().Option = append(d.opt().Option, &dns.EDNS0_NSID{Code: dns.EDNS0NSID})
		case strings.HasPrefix(arg, "+bufsize="):
			size, err := strconv.ParseUint(strings.TrimPrefix(arg, "+bufsize="), 10, 16)
			if err != nil {
				return nil, err
			}
			d.opt().SetUDPSize(uint16(size))
		case strings.HasPrefix(arg, "+opcode="):
			d.msg.Opcode = dns.StringToOpcode[strings.TrimPrefix(arg, "+opcode=")]
		case strings.HasPrefix(arg, "+time="):
			wait, err := time.ParseDuration(strings.TrimPrefix(arg, "+time=") + "s")
			if err != nil {
				return nil, err
			}
			d.wait = wait
		case arg == "+noquestion":
			noQuestion = true
		case arg[0] == '+' || arg[0] == '-':
			return nil, fmt.Errorf("unknown option %s", arg)
		case strings.HasPrefix(arg, "IXFR="):
			serial, err := strconv.ParseUint(strings.TrimPrefix(arg, "IXFR="), 10, 32)
			if err != nil {
				return nil, err
			}
			d.msg.SetIxfr(q.Name, uint32(serial), ".", ".")
		case !named:
			q.Name, named = dns.Fqdn(arg), true
		default:
			qtype, ok := dns.StringToType[arg]
			if !ok {
				n, err := strconv.ParseUint(strings.TrimPrefix(arg, "TYPE"), 10, 16)
				if err != nil {
					return nil, fmt.Errorf("unknown type %s", arg)
				}
				qtype = uint16(n)
			}
			q.Qtype = qtype
		}
	}
	if noQuestion {
		d.msg.Question = nil
	} else if d.isTransfer() && !noTCP {
		d.net = "tcp"
	}
	if key != "" { // at the end, because the TSIG record must be the last of the message
		if err := d.sign(key); err != nil {
			return nil, err
		}
	}
	d.addr = net.JoinHostPort(server, port)
	return d, nil
}

// opt returns the OPT record of the query. It adds one if there is none.
func (d *dig) opt() *dns.OPT {
	if d.msg.IsEdns0() == nil {
		d.msg.SetEdns0(dns.DefaultMsgSize, false)
	}
	return d.msg.IsEdns0()
}

// sign signs the query with a key, which is [hmac:]NAME:SECRET.
func (d *dig) sign(key string) error {
	hmac, rest, _ := strings.Cut(key, ":")
	name, secret, ok := strings.Cut(rest, ":")
	if !ok {
		hmac, name, secret = "hmac-sha256", hmac, rest
	}
	if name == "" || secret == "" {
		return fmt.Errorf("-y %s is not [hmac:]NAME:SECRET", key)
	}
	name = dns.CanonicalName(name)
	d.secrets = map[string]string{name: secret}
	d.msg.SetTsig(name, dns.CanonicalName(hmac), 300, time.Now().Unix())
	return nil
}

// print sends the query, and prints the response to w.
func (d *dig) print(w io.Writer) error {
	if d.isTransfer() && d.net == "tcp" {
		return d.printTransfer(w)
	}
	m, err := d.ask()
	if err != nil {
		return err
	}
	if !d.short {
		fmt.Fprintln(w, d.summary(m))
		return nil
	}
	if m.Rcode != dns.RcodeSuccess {
		return errors.New(summary(m))
	}
	for _, rr := range m.Answer {
		fmt.Fprintln(w, rdata(rr))
	}
	return nil
}

// isTransfer reports whether d asks for a zone transfer.
func (d *dig) isTransfer() bool {
	questions := d.msg.Question
	return len(questions) == 1 && (questions[0].Qtype == dns.TypeAXFR || questions[0].Qtype == dns.TypeIXFR)
}

// ask sends the query, and returns the response.
func (d *dig) ask() (*dns.Msg, error) {
	m, _, err := d.client().Exchange(d.msg, d.addr)
	switch {
	case err == nil && len(m.Question) > 0 && !slices.Equal(m.Question, d.msg.Question):
		return nil, fmt.Errorf("%s: the response is to the question %v", summary(m), m.Question)
	case d.secrets == nil || m == nil:
	case m.IsTsig() == nil:
		return nil, fmt.Errorf("%s: not signed", summary(m))
	case m.IsTsig().Error != dns.RcodeSuccess:
		return m, nil // the server refuses the key, and does not sign with it
	}
	return m, err
}

// client returns the client for the protocol, address and key of the query.
func (d *dig) client() *dns.Client {
	dialer := &net.Dialer{Timeout: d.wait}
	switch {
	case d.from == nil:
	case d.net == "tcp":
		dialer.LocalAddr = &net.TCPAddr{IP: d.from}
	default:
		dialer.LocalAddr = &net.UDPAddr{IP: d.from}
	}
	return &dns.Client{Net: d.net, Dialer: dialer, Timeout: d.wait, TsigSecret: d.secrets}
}

// printTransfer asks for a zone transfer over TCP, and prints its records.
func (d *dig) printTransfer(w io.Writer) error {
	conn, err := d.client().Dial(d.addr)
	if err != nil {
		return err
	}
	transfer := &dns.Transfer{Conn: conn, ReadTimeout: d.wait, TsigSecret: d.secrets}
	envelopes, err := transfer.In(d.msg, d.addr)
	if err != nil {
		return err
	}
	for e := range envelopes {
		if e.Error != nil {
			return e.Error
		}
		for _, rr := range e.RR {
			fmt.Fprintln(w, record(rr))
		}
	}
	return nil
}

// summary returns a response on one line. It has the status, the flags AA, TC and AD if they are set,
// and the records of the answer. Of the authority section, it has the owner and type of each
// record. Of an OPT record, it has only the NSID. For example,
//
//	NOERROR aa, workstation1.example.org. 3600 A 192.0.2.1
//	NXDOMAIN, authority: example.org. SOA, nsid: ns1
func summary(m *dns.Msg) string {
	s := dns.RcodeToString[m.Rcode]
	if m.Authoritative {
		s += " aa"
	}
	if m.Truncated {
		s += " tc"
	}
	if m.AuthenticatedData {
		s += " ad"
	}
	for _, rr := range m.Answer {
		s += ", " + record(rr)
	}
	for _, rr := range m.Ns {
		s += ", authority: " + rr.Header().Name + " " + dns.Type(rr.Header().Rrtype).String()
	}
	if opt := m.IsEdns0(); opt != nil {
		for _, o := range opt.Option {
			if nsid, ok := o.(*dns.EDNS0_NSID); ok {
				name, _ := hex.DecodeString(nsid.Nsid)
				s += ", nsid: " + string(name)
			}
		}
	}
	return s
}

// summary returns a response on one line, with the records of the additional section if d has the
// option +additional.
func (d *dig) summary(m *dns.Msg) string {
	s := summary(m)
	for _, rr := range m.Extra {
		if d.extra && rr.Header().Rrtype != dns.TypeOPT {
			s += ", additional: " + record(rr)
		}
	}
	return s
}

// record returns a record in the format of a zone file, without its class.
func record(rr dns.RR) string {
	h := rr.Header()
	return fmt.Sprintf("%s %d %s %s", h.Name, h.Ttl, dns.Type(h.Rrtype), rdata(rr))
}

// rdata returns the data of a record.
func rdata(rr dns.RR) string {
	return strings.TrimPrefix(rr.String(), rr.Header().String())
}
