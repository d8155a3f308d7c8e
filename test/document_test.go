package test

import (
	"os"
	"regexp"
	"strings"
	"testing"
)

// fence is a fenced block of a document: the words after the opening ~~~, and the text.
type fence struct{ info, text string }

var fenceRE = regexp.MustCompile(`(?ms)^~~~ (.*?)\n(.*?)^~~~$`)

// fencesOf returns the document at path and its fenced blocks.
func fencesOf(t *testing.T, path string) (text string, fences []fence) {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range fenceRE.FindAllStringSubmatch(string(b), -1) {
		fences = append(fences, fence{info: m[1], text: m[2]})
	}
	return string(b), fences
}

// writeZones writes the zone files of a document into dir.
func writeZones(t *testing.T, dir string, fences []fence) {
	t.Helper()
	for _, f := range fences {
		if name, ok := strings.CutPrefix(f.info, "zone "); ok {
			write(t, dir, name, f.text)
		}
	}
}
