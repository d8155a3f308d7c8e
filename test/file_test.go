package test

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/miekg/dns"
)

// write writes a file into dir, and returns its path.
func write(t *testing.T, dir, name, text string) string {
	t.Helper()
	path := filepath.Join(dir, name)
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

// writeEmptyZone writes the zone file db.empty into dir. It has only an SOA and an NS record.
func writeEmptyZone(t *testing.T, dir string) {
	t.Helper()
	write(t, dir, "db.empty", `@ 300 SOA ns.example.org. hostmaster.example.org. 1 7200 1800 86400 300
@ 300 NS ns.example.org.
`)
}

// writeKey writes a new DNSSEC key for a zone into dir. It returns the path of its files, without their
// extensions.
func writeKey(t *testing.T, dir, zone string) string {
	t.Helper()
	key := &dns.DNSKEY{
		Hdr:   dns.RR_Header{Name: zone, Rrtype: dns.TypeDNSKEY, Class: dns.ClassINET, Ttl: 3600},
		Flags: 257, Protocol: 3, Algorithm: dns.ECDSAP256SHA256,
	}
	private, err := key.Generate(256)
	if err != nil {
		t.Fatal(err)
	}
	name := filepath.Join(dir, fmt.Sprintf("K%s+%03d+%05d", zone, key.Algorithm, key.KeyTag()))
	for file, text := range map[string]string{".key": key.String(), ".private": key.PrivateKeyString(private)} {
		if err := os.WriteFile(name+file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return name
}
