package workstation

import (
	"math"
	"regexp"
	"strconv"
	"testing"
)

func TestPatternNumber(t *testing.T) {
	tests := []struct {
		label  string
		number uint64
		ok     bool
	}{
		{"workstation0", 0, true},
		{"workstation1", 1, true},
		{"workstation10", 10, true},
		{"workstation255", 255, true},
		{"workstation18446744073709551615", math.MaxUint64, true},
		{label: "workstation18446744073709551616"},
		{label: "workstation18446744073709551620"},
		{label: "workstation99999999999999999999"},
		{label: "workstation184467440737095516150"},
		{label: "workstation111111111111111111111111111111111111111111111111111"},
		{label: "workstation00"},
		{label: "workstation01"},
		{label: "workstation007"},
		{label: "workstation+5"},
		{label: "workstation-5"},
		{label: "workstation 5"},
		{label: "workstation5 "},
		{label: "workstation5.0"},
		{label: "workstation1_000"},
		{label: "workstation0x1f"},
		{label: "workstation5e1"},
		{label: "workstation５"}, // a digit, but not an ASCII one
		{label: "workstation"},
		{label: "workstationfoo"},
		{label: "workstation5workstation6"},
		{label: "5workstation6"},
		{label: "xworkstation5"},
		{label: "orkstation5"},
		{label: "workstatio5"},
		{label: "5"},
		{label: ""},
	}
	for _, tc := range tests {
		number, ok := defaultPattern.number([]byte(tc.label))
		if ok != tc.ok || ok && number != tc.number {
			t.Errorf("number(%q) = %d, %t, want %d, %t", tc.label, number, ok, tc.number, tc.ok)
		}
		if ok {
			if label := defaultPattern.label(number); label != tc.label {
				t.Errorf("label(number(%q)) = %q", tc.label, label)
			}
		}
	}
}

// TestDecimalEveryString compares decimal with a regular expression and
// strconv, on every string of up to five characters of those that matter.
func TestDecimalEveryString(t *testing.T) {
	canonical := regexp.MustCompile(`^(0|[1-9][0-9]*)$`)
	var try func(s string)
	try = func(s string) {
		number, ok := decimal([]byte(s))
		if want := canonical.MatchString(s); ok != want {
			t.Errorf("decimal(%q) is a number: %t, want %t", s, ok, want)
		}
		if want, _ := strconv.ParseUint(s, 10, 64); ok && number != want {
			t.Errorf("decimal(%q) = %d, want %d", s, number, want)
		}
		if len(s) == 5 {
			return
		}
		for _, c := range "0129/:+-a" {
			try(s + string(c))
		}
	}
	try("")
}

// FuzzPatternNumber holds the pattern to a regular expression: a label is a
// number's if and only if it is that number's one label.
func FuzzPatternNumber(f *testing.F) {
	f.Add("workstation17")
	f.Add("workstation007")
	f.Add("workstation18446744073709551616")
	f.Add("workstation+5")
	canonical := regexp.MustCompile(`^workstation(0|[1-9][0-9]{0,19})$`)

	f.Fuzz(func(t *testing.T, label string) {
		number, ok := defaultPattern.number([]byte(label))
		var want uint64
		m := canonical.FindStringSubmatch(label)
		wantOK := m != nil
		if wantOK {
			var err error
			want, err = strconv.ParseUint(m[1], 10, 64)
			wantOK = err == nil
		}
		if ok != wantOK || ok && number != want {
			t.Fatalf("number(%q) = %d, %t, want %d, %t", label, number, ok, want, wantOK)
		}
		if ok && defaultPattern.label(number) != label {
			t.Fatalf("label(%d) = %q, want %q", number, defaultPattern.label(number), label)
		}
	})
}
