package workstation

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// pattern says how a pool writes its names: literal text around placeholders, such as ws{n},
// {d}.{c}.{b}.{a}.dyn or *.ip-{ip}. Dots separate labels. A name is the text, a dot and the zone.
//
// A pattern reads a text as a key, and writes a key as a text. In 10.0.0.0/16, r{c}-{d:3} reads
// r7-012 as the third octet 7 and the fourth octet 12, so it stands for 10.0.7.12. Each host has
// exactly one text, the canonical one, which the pattern writes again after it has read it. Any
// other text, such as one with a sign or with one zero too many, stands for nothing.
type pattern struct {
	text     string // as it is written, in lower case; equal patterns have equal texts
	wildcard bool   // it begins with "*.", which means all names below the rest
	affixes
	placeholders []placeholder
	between      []string   // literal text between each placeholder and the next
	octets       octets     // the octets that its placeholders write
	ancestors    []ancestor // between the pattern's names and the zone, the longest first
}

// affixes are the literal text of a pattern before its first placeholder and after its last, in
// lower case and without "*.". Those of *.ws{n}.lab are "ws" and ".lab".
type affixes struct{ prefix, suffix string }

// patternKind says what a pattern stands for. All patterns of a pool are of one kind.
type patternKind int

const (
	byNumber  patternKind = iota // {n}, {x}
	byOctets                     // {a} to {d}: an IPv4 address
	byAddress                    // {ip}, {ip:full}, {ip:x}
)

// errNoPlaceholder says that a pattern has no placeholder. Like all errors of parsePattern, it
// follows the word "name" and the pattern.
var errNoPlaceholder = errors.New("has no placeholder: write one of " + placeholderList + " in place of the number or address")

// parsePattern parses a pattern. Its error continues a sentence that begins with the pattern, as in
// "name 'ws' has no placeholder: ...".
func parsePattern(s string) (pattern, error) {
	p, err := parseLabels(s)
	if err != nil {
		return pattern{}, err
	}
	p.ancestors, err = p.parseAncestors()
	return p, err
}

// parseLabels is parsePattern, except that it leaves out the ancestors.
func parseLabels(s string) (pattern, error) {
	p := pattern{text: string(appendLower(nil, s))}
	rest, wildcard := strings.CutPrefix(p.text, "*.")
	p.wildcard = wildcard

	var literals []string // before, between and after the placeholders
	for {
		literal, after, opened := strings.Cut(rest, "{")
		inner, after, closed := strings.Cut(after, "}")
		literals = append(literals, literal)
		if !opened {
			break
		}
		if !closed || strings.Contains(inner, "{") {
			return pattern{}, errors.New("has a placeholder that is not closed: write it as one of " + placeholderList)
		}
		ph, err := parsePlaceholder(inner)
		if err != nil {
			return pattern{}, err
		}
		p.placeholders = append(p.placeholders, ph)
		rest = after
	}
	for _, literal := range literals {
		if err := checkLiteral(literal); err != nil {
			return pattern{}, err
		}
	}
	last := len(literals) - 1
	p.affixes = affixes{literals[0], literals[last]}
	if last == 0 {
		return pattern{}, errNoPlaceholder
	}
	p.between = literals[1:last]
	if err := p.checkLabels(); err != nil {
		return pattern{}, err
	}
	if err := p.checkPlaceholders(); err != nil {
		return pattern{}, err
	}

	var text strings.Builder
	if p.wildcard {
		text.WriteString("*.")
	}
	for i, ph := range p.placeholders {
		fmt.Fprint(&text, literals[i], ph)
		if ph.kind == octet {
			p.octets |= 1 << ph.octet
		}
	}
	p.text = text.String() + p.suffix
	return p, nil
}

// checkLiteral refuses characters that may not stand around placeholders.
func checkLiteral(literal string) error {
	for _, c := range literal {
		switch {
		case 'a' <= c && c <= 'z', '0' <= c && c <= '9', c == '-', c == '_', c == '.':
		case c == '*':
			return errors.New("has a '*' that is not a label of its own at the front: remove it; only '*.' at the front has a meaning, which is all names below the rest")
		default:
			return fmt.Errorf("has a '%c': use letters, digits, '-', '_' and dots around placeholders", c)
		}
	}
	return nil
}

// checkLabels refuses empty labels.
func (p *pattern) checkLabels() error {
	switch {
	case strings.HasSuffix(p.suffix, "."):
		return errors.New("ends with a dot: remove it; the zone is added")
	case strings.HasPrefix(p.prefix, "."):
		return errors.New("begins with a dot: remove it")
	case slices.ContainsFunc(append([]string{p.prefix, p.suffix}, p.between...), func(literal string) bool { return strings.Contains(literal, "..") }):
		return errors.New("has an empty label: remove one of the two dots")
	}
	return nil
}

// checkPlaceholders refuses placeholders that cannot be combined. A pattern stands for one number,
// for one address, or for octets. If an octet varies in length, the text after it must show where
// it ends.
func (p *pattern) checkPlaceholders() error {
	first := p.placeholders[0]
	for i, ph := range p.placeholders[1:] {
		switch previous := p.placeholders[i]; {
		case ph.patternKind() != first.patternKind():
			return fmt.Errorf("has both %s and %s: use either a number, or an address, or octets of an address", first, ph)
		case ph.kind != octet:
			return fmt.Errorf("has two placeholders, %s and %s, but takes only one: remove one of them", previous, ph)
		case previous.varies() && p.between[i] == "":
			return fmt.Errorf("can be read in two ways where %s follows %s: put a character such as '-' between them, or write {%s:3}, which always has three digits", ph, previous, previous.name())
		case previous.varies() && previous.produces(p.between[i][0]):
			return fmt.Errorf("can be read in two ways where '%c' follows %s: put a character such as '-' before it, or write {%s:3}, which always has three digits", p.between[i][0], previous, previous.name())
		}
	}
	return nil
}

// mustPattern is parsePattern for a valid pattern. It panics if s is not valid.
func mustPattern(s string) pattern {
	p, err := parsePattern(s)
	if err != nil {
		panic(err)
	}
	return p
}

// String returns the pattern as it is written.
func (p pattern) String() string { return p.text }

// kind returns what the pattern stands for.
func (p *pattern) kind() patternKind { return p.placeholders[0].patternKind() }

// labels returns how many labels the pattern has, without "*".
func (p *pattern) labels() int { return strings.Count(strings.TrimPrefix(p.text, "*."), ".") + 1 }

// parse returns the key that text stands for. text is in lower case, and is the part of a name
// between the affixes. Of an address, the key has only what the pattern writes; see pick.
func (p *pattern) parse(text []byte) (key, bool) {
	switch ph := &p.placeholders[0]; ph.kind {
	case numeric:
		n, ok := parseNumber(text, ph.base, ph.width)
		return key{number, uint128{lo: n}}, ok
	case octet:
		return p.parseOctets(text)
	default:
		addr, ok := ph.parseAddress(text)
		if !ok {
			return key{}, false
		}
		return addressKey(addr), true
	}
}

// parseOctets is parse for a pattern of octets.
func (p *pattern) parseOctets(text []byte) (key, bool) {
	var address uint32
	var read octets
	for i := range p.placeholders {
		if i > 0 {
			literal := p.between[i-1]
			if len(text) < len(literal) || string(text[:len(literal)]) != literal {
				return key{}, false
			}
			text = text[len(literal):]
		}
		ph := &p.placeholders[i]
		value, length, ok := ph.readOctet(text)
		if !ok {
			return key{}, false
		}
		shift := 8 * (3 - ph.octet)
		if read&(1<<ph.octet) != 0 && byte(address>>shift) != byte(value) {
			return key{}, false // one octet with two values
		}
		read |= 1 << ph.octet
		address |= uint32(value) << shift
		text = text[length:]
	}
	return key{address4, uint128{lo: uint64(p.octets.pick(address))}}, len(text) == 0
}

// append appends the text that stands for k, without "*.".
func (p *pattern) append(b []byte, k key) []byte {
	b = append(b, p.prefix...)
	switch ph := &p.placeholders[0]; ph.kind {
	case numeric:
		b = appendNumber(b, k.u.lo, ph.base, ph.width)
	case octet:
		for i := range p.placeholders {
			if i > 0 {
				b = append(b, p.between[i-1]...)
			}
			ph := &p.placeholders[i]
			b = ph.appendOctet(b, byte(k.u.lo>>(8*(3-ph.octet))))
		}
	default:
		b = ph.appendAddress(b, k.address())
	}
	return append(b, p.suffix...)
}

// name returns the name that stands for k in a zone.
func (p *pattern) name(k key, zone string) string {
	var buf [255]byte
	b := buf[:0]
	if p.wildcard {
		b = append(b, "*."...)
	}
	b = append(p.append(b, k), '.')
	return string(append(b, zone...))
}

// withWildcard returns text with "*." before it if the pattern has that.
func (p *pattern) withWildcard(text string) string {
	if p.wildcard {
		return "*." + text
	}
	return text
}

// gives reports whether the pattern writes text, which is without "*.", for some key.
func (p *pattern) gives(text string) bool {
	_, ok := p.keyOf(text)
	return ok
}

// keyOf is parse for a text with the affixes, but without "*.".
func (p *pattern) keyOf(text string) (k key, ok bool) {
	inner, ok := strings.CutPrefix(text, p.prefix)
	if ok {
		inner, ok = strings.CutSuffix(inner, p.suffix)
	}
	if !ok {
		return key{}, false
	}
	return p.parse([]byte(inner))
}

// pick returns what the pattern writes of k. Of an address, that is only the octets that it has, as
// one number: {c}-{d} picks 7<<8 + 12 of 10.0.7.12. The keys that parse returns are like this.
func (p *pattern) pick(k key) key {
	if p.octets != 0 {
		k.u.lo = uint64(p.octets.pick(uint32(k.u.lo)))
	}
	return k
}

// put is the inverse of pick: it returns the whole key of a picked one. Octets that the pattern
// does not write are those of address.
func (p *pattern) put(k key, address uint32) key {
	if p.octets != 0 {
		k.u.lo = uint64(p.octets.put(uint32(k.u.lo), address))
	}
	return k
}

// project returns the keys of an entry as pick returns them.
func (p *pattern) project(e entry) (projected index) {
	if p.octets == 0 {
		return index{e}
	}
	for _, s := range p.octets.project(0, uint32(e.first.lo), uint32(e.last.lo)) {
		projected = append(projected, entry{s, e.pool})
	}
	return projected
}
