package workstation

import (
	"slices"

	"github.com/miekg/dns"
)

// guard is the ResponseWriter for queries of a name that exists but whose
// answer is left to the next plugin. Where that plugin denies the name, guard
// turns the denial (NXDOMAIN) into the statement that the name has no records
// of this type (NODATA), because a resolver that believes the denial takes the
// name's other records, and everything below it, for gone (RFC 2308, RFC 8020).
type guard struct {
	dns.ResponseWriter
	overridden bool // a denial was turned
}

// WriteMsg implements dns.ResponseWriter. An NXDOMAIN with an answer section
// speaks of the target of a CNAME there (RFC 6604), and passes.
func (g *guard) WriteMsg(m *dns.Msg) error {
	if m.Rcode != dns.RcodeNameError || len(m.Answer) > 0 {
		return g.ResponseWriter.WriteMsg(m)
	}
	// The message may be held by somebody else, such as a cache: change a copy,
	// and leave those that append to its sections no room in the original's.
	nodata := *m
	nodata.Rcode = dns.RcodeSuccess
	nodata.AuthenticatedData = false // what was validated is the denial
	nodata.Answer = nil
	nodata.Ns = slices.Clip(m.Ns)
	nodata.Extra = slices.Clip(m.Extra)
	g.overridden = true
	return g.ResponseWriter.WriteMsg(&nodata)
}
