package workstation

import (
	"strings"
	"testing"
)

func TestZonesFind(t *testing.T) {
	var (
		org    = testPool("192.0.2.0/24")
		lab    = testPool("198.51.100.0/24")
		nested = testPool("203.0.113.0/24")
		root   = testPool("172.0.2.0/24")
	)
	listed := zones{}
	listed.add("example.org.", org)
	listed.add("lab.example.org.", lab)
	listed.add("deep.workstation7.example.org.", nested)
	listed.add("a.b.example.net.", lab)
	listed.add("workstation9.example.org.", nested)

	withRoot := zones{}
	withRoot.add(".", root)
	withRoot.add("example.org.", org)
	withRoot.addReverse("10.in-addr.arpa.")

	tests := []struct {
		zones  zones
		name   string
		zone   string // empty: not known to exist
		pool   *pool  // nil: not a computed name
		number uint64
	}{
		{listed, "workstation1.example.org.", "example.org.", org, 1},
		{listed, "WorkStation1.EXAMPLE.oRg.", "example.org.", org, 1},
		{listed, "workstation1.lab.example.org.", "lab.example.org.", lab, 1},
		{listed, "workstation1.deep.workstation7.example.org.", "deep.workstation7.example.org.", nested, 1},
		// Both a computed name and an ancestor of a zone.
		{listed, "workstation7.example.org.", "example.org.", org, 7},

		// The apex of a zone belongs to that zone, whatever its parent computes.
		{listed, "workstation9.example.org.", "workstation9.example.org.", nil, 0},
		{listed, "workstation9.workstation9.example.org.", "workstation9.example.org.", nested, 9},

		// The apex of a zone, and the ancestors of one.
		{listed, "example.org.", "example.org.", nil, 0},
		{listed, "LAB.example.org.", "lab.example.org.", nil, 0},
		{listed, "org.", "example.org.", nil, 0},
		{listed, "b.example.net.", "a.b.example.net.", nil, 0},
		{listed, "example.net.", "a.b.example.net.", nil, 0},
		{listed, "net.", "a.b.example.net.", nil, 0},

		// Nothing of ours.
		{listed, ".", "", nil, 0},
		{listed, "com.", "", nil, 0},
		{listed, "workstation1.", "", nil, 0},
		{listed, "workstation1.org.", "", nil, 0},
		{listed, "workstation1.b.example.net.", "", nil, 0},
		{listed, "workstation256.example.org.", "", nil, 0},
		{listed, "host.example.org.", "", nil, 0},
		{listed, "a.workstation1.example.org.", "", nil, 0},
		{listed, "workstation1.example.org.example.com.", "", nil, 0},
		{listed, "workstation1xexample.org.", "", nil, 0},
		{listed, `workstation1\.example.org.`, "", nil, 0},
		{listed, `workstation1\\.example.org.`, "", nil, 0},
		{listed, `x\.workstation1.example.org.`, "", nil, 0},

		// The root zone stands for any parent that no other zone encloses.
		{withRoot, "workstation1.", ".", root, 1},
		{withRoot, "workstation1.example.com.", ".", root, 1},
		{withRoot, "workstation1.a.b.c.d.e.f.example.com.", ".", root, 1},
		{withRoot, `workstation1.a\.b\032c.example.com.`, ".", root, 1},
		{withRoot, "workstation1.example.org.", "example.org.", org, 1},
		{withRoot, "workstation1.www.example.org.", "", nil, 0},
		{withRoot, `workstation1.x\.example.org.`, ".", root, 1},
		{withRoot, "org.", "example.org.", nil, 0},
		{withRoot, "com.", "", nil, 0},
		{withRoot, ".", "", nil, 0},

		// A reverse zone encloses names, and computes none.
		{withRoot, "workstation1.10.in-addr.arpa.", "", nil, 0},
		{withRoot, "workstation1.x.10.in-addr.arpa.", "", nil, 0},
		{withRoot, "workstation1.in-addr.arpa.", ".", root, 1},
		{withRoot, "10.in-addr.arpa.", "", nil, 0},
		{withRoot, "in-addr.arpa.", "", nil, 0},

		{zones{}, "workstation1.example.org.", "", nil, 0},
	}
	for _, tc := range tests {
		m := tc.zones.find(tc.name)
		var zone string
		if m.zone != nil {
			zone = m.zone.name
		}
		if zone != tc.zone || m.pool != tc.pool || m.number != tc.number {
			t.Errorf("find(%q) = zone %q, pool %v, number %d, want zone %q, pool %v, number %d",
				tc.name, zone, m.pool, m.number, tc.zone, tc.pool, tc.number)
		}
	}
}

// TestZonesFindLongNames asks for names longer in their escaped form than the
// buffer that they are folded into.
func TestZonesFindLongNames(t *testing.T) {
	zs := zones{}
	p := testPool("192.0.2.0/24")
	zs.add(".", p)

	label := strings.Repeat(`\000`, 63) + "."
	if m := zs.find("Workstation5." + label + label + label); m.pool != p || m.number != 5 {
		t.Errorf("a computed name of %d octets was not found", len("Workstation5.")+4*3*63)
	}
	if m := zs.find(label + label + label); m.zone != nil {
		t.Errorf("a long name that is not ours was found in zone %q", m.zone.name)
	}
}

func TestZonesAddConflict(t *testing.T) {
	zs := zones{}
	first, second := testPool("192.0.2.0/24"), testPool("198.51.100.0/24")

	for _, zone := range []string{"lab.example.org.", "example.org.", "lab.example.org.", "."} {
		if conflict := zs.add(zone, first); conflict != nil {
			t.Errorf("adding a pool to %q conflicts with %v", zone, conflict)
		}
	}
	if conflict := zs.add("example.org.", second); conflict != first {
		t.Errorf("adding a second pool to a zone conflicts with %v, want the first pool", conflict)
	}
	if m := zs.find("workstation1.example.org."); m.pool != first {
		t.Error("a pool in conflict took the zone")
	}
	if conflict := zs.add("org.", second); conflict != nil {
		t.Errorf("adding a pool to an ancestor of a zone conflicts with %v", conflict)
	}
	if m := zs.find("workstation1.org."); m.pool != second {
		t.Error("a zone listed after one below it gives no names")
	}
}

func TestZonesFindAllocatesNothing(t *testing.T) {
	zs := zones{}
	zs.add("example.org.", testPool("192.0.2.0/24"))
	zs.add(".", testPool("172.0.2.0/24"))
	for _, name := range []string{"Workstation1.example.org.", "workstation1.Example.com.", "www.example.org.", "workstationfoo.example.com."} {
		if allocs := testing.AllocsPerRun(100, func() { zs.find(name) }); allocs != 0 {
			t.Errorf("find(%q) allocates %v times", name, allocs)
		}
	}
}
