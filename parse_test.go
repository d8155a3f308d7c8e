package workstation

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// describePool returns a pool on one line, with the defaults of properties that the stanza does not have.
func describePool(p *pool) string {
	var words []string
	for _, pt := range p.patterns {
		words = append(words, pt.String())
	}
	for _, networks := range p.networks {
		for _, n := range networks {
			words = append(words, n.text)
		}
	}
	s := strings.Join(words, " ")
	for _, r := range p.numbers {
		s += " " + r.String()
	}
	if p.offset != 0 {
		s += fmt.Sprintf(" offset %d", p.offset)
	}
	s += fmt.Sprintf(" ttl %d", p.ttl)
	if p.ptrZone != "" {
		s += " PTR " + p.ptrZone
	}
	for _, prefixes := range p.reverseZones {
		for _, prefix := range prefixes {
			s += " in " + prefix.String()
		}
	}
	for _, zone := range p.classless {
		s += " in " + zone.name
	}
	return s
}

// TestParse compares the pools of the Corefiles in testdata/accepted.txt with those in the file, and checks what
// holds for all pools.
func TestParse(t *testing.T) {
	checkGolden(t, "testdata/accepted.txt", func(_, corefile string) (pools []string) {
		ws, err := parseCorefile(corefile)
		if err != nil {
			t.Errorf("%s\n%v", corefile, err)
			return nil
		}
		checkWorkstation(t, ws)
		for _, z := range ws.zones.listed() {
			for _, p := range ws.pools {
				inPools := func(ps *patternPools) bool { return slices.Contains(ps.pools, p) }
				if slices.ContainsFunc(z.patterns(), inPools) {
					pools = append(pools, z.name+": "+describePool(p))
				}
			}
		}
		slices.Sort(pools)
		return pools
	})
}

// TestParseWithoutServerBlock parses a stanza in a server block without keys, as in tests of other plugins.
func TestParseWithoutServerBlock(t *testing.T) {
	ws, err := parseBlock("workstation")
	if err != nil {
		t.Fatal(err)
	}
	checkWorkstation(t, ws)
	if zones := ws.zones.listed(); len(zones) != 0 {
		t.Errorf("got %d zones", len(zones))
	}
}

// TestErrors compares the errors of the Corefiles in testdata/errors.txt with those in the file, and checks that
// it helps to do what they say.
func TestErrors(t *testing.T) {
	hints := 0
	checkGolden(t, "testdata/errors.txt", func(_, corefile string) []string {
		_, err := parseCorefile(corefile)
		if err == nil {
			t.Errorf("%s\nis accepted", corefile)
			return nil
		}
		hints += tryHints(t, corefile, err.Error())
		return []string{err.Error()}
	})
	// When messages change, hintRE may no longer find what they say to write.
	if hints < 65 {
		t.Errorf("only %d hints were tried", hints)
	}
}

// TestErrorsAreListed checks that testdata/errors.txt has each message in the code, with anything in place of its
// verbs.
func TestErrorsAreListed(t *testing.T) {
	listed, err := os.ReadFile("testdata/errors.txt")
	if err != nil {
		t.Fatal(err)
	}
	verbRE := regexp.MustCompile(`%[a-z]`)
	formats := errorFormats(t)
	if len(formats) < 70 {
		t.Errorf("only %d formats were found", len(formats))
	}
	for _, format := range formats {
		if strings.Contains(format, "takes too long to rule out") {
			continue // TestTooLongToTell has these: they need a lower limit
		}
		message := strings.Join(verbRE.Split(format, -1), "\x00")
		message = strings.ReplaceAll(regexp.QuoteMeta(message), "\x00", ".*")
		if !regexp.MustCompile(`(?m)^=> .*` + message).Match(listed) {
			t.Errorf("testdata/errors.txt has no %q", format)
		}
	}
}

// errorFormats returns the messages, with their verbs, in the production files that parse.
func errorFormats(t *testing.T) (formats []string) {
	t.Helper()
	paths, err := filepath.Glob("p[al]*.go") // parse.go, its parts, pattern.go and placeholder.go
	if err != nil {
		t.Fatal(err)
	}
	functions := []string{"Err", "Errf", "Errorf", "New", "Sprintf", "errorAt"}
	for _, path := range paths {
		if strings.HasSuffix(path, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(file, func(n ast.Node) bool {
			call, ok := n.(*ast.CallExpr)
			if !ok {
				return true
			}
			var name string
			switch f := call.Fun.(type) {
			case *ast.SelectorExpr:
				name = f.Sel.Name
			case *ast.Ident:
				name = f.Name
			}
			for _, arg := range call.Args {
				literal, ok := arg.(*ast.BasicLit)
				if ok && literal.Kind == token.STRING && slices.Contains(functions, name) {
					format, err := strconv.Unquote(literal.Value)
					if err != nil {
						t.Fatal(err)
					}
					formats = append(formats, format)
				}
			}
			return true
		})
	}
	return formats
}

var (
	lineRE  = regexp.MustCompile(`^Corefile:([0-9]+) - Error during parsing: `)
	faultRE = regexp.MustCompile(`Error during parsing: (?:[a-z_]+ )*'([^']*)'`)
	hintRE  = regexp.MustCompile(`\b(?:write (?:it (?:as|without spaces, as) |one such as )?|` +
		`number or address, such as )'([^'{}][^']+)'`)
)

// tryHints writes what an error says to write, and parses the result. It returns how many such hints the error has. A
// hint is a property, or replaces the word at fault.
func tryHints(t *testing.T, corefile, message string) (hints int) {
	t.Helper()
	line, err := strconv.Atoi(lineRE.FindStringSubmatch(message)[1])
	if err != nil {
		t.Fatal(err)
	}
	for _, hint := range hintRE.FindAllStringSubmatch(message, -1) {
		hints++
		lines := strings.Split(corefile, "\n")
		word, _, _ := strings.Cut(hint[1], " ")
		isProperty := slices.ContainsFunc(properties, func(known property) bool { return known.name == word })
		switch fault := faultRE.FindStringSubmatch(message); {
		case isProperty:
			lines = slices.DeleteFunc(lines, func(l string) bool {
				return strings.HasPrefix(strings.TrimSpace(l), word+" ") || strings.TrimSpace(l) == word
			})
			begins := func(l string) bool { return strings.HasPrefix(strings.TrimSpace(l), pluginName) }
			stanza := slices.IndexFunc(lines, begins)
			if !strings.Contains(lines[stanza], "{") {
				lines[stanza] += " {\n}"
			}
			lines[stanza] = strings.Replace(lines[stanza], "{", "{\n "+hint[1], 1)
		case strings.Contains(hint[0], "or if"),
			strings.HasPrefix(hint[0], "write") && strings.Contains(message, "the space is not meant"):
			words := strings.Fields(lines[line-1])
			lines[line-1] = words[0] + " " + hint[1]
		case fault == nil:
			t.Fatalf("%s: an error names the word at fault first, in quotes", message)
		default:
			lines[line-1] = strings.Replace(lines[line-1], fault[1], hint[1], 1)
		}
		if _, err := parseCorefile(strings.Join(lines, "\n")); err != nil {
			t.Errorf("%s\nis told: %s\nbut with %q it is refused: %v", corefile, message, hint[1], err)
		}
	}
	return hints
}
