package workstation

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// pattern says how a pool writes its names: literal text around placeholders, such
// as ws{n}, {d}.{c}.{b}.{a}.dyn and *.ip-{ip}. Dots separate labels; a name is the
// text, a dot, and the zone.
//
// Each host has exactly one text, the canonical one: what is read and written again
// gives the same text. A text with a sign, one zero too many or anything else
// stands for nothing at all.
type pattern struct {
	text     string // as a Corefile has it, in lower case; equal patterns have equal text
	wildcard bool   // it begins with "*.": all names below the rest
	affixes
	placeholders []placeholder
	between      []string   // literal text between each placeholder and the next
	octets       octets     // which of them it has
	ancestors    []ancestor // between the pattern's names and the zone, the longest first
}

// affixes are the literal text of a pattern before its first placeholder and after
// its last, in lower case and without "*.".
type affixes struct{ prefix, suffix string }

// patternKind says what a pattern stands for. The patterns of a pool are of one kind.
type patternKind int

const (
	byNumber  patternKind = iota // {n}, {x}
	byOctets                     // {a} to {d}: an IPv4 address
	byAddress                    // {ip}, {ip:full}, {ip:x}
)

// defaultPattern is that of the example from which this plugin descends.
const defaultPattern = "workstation{n}"

// errNoPlaceholder is that a pattern has none.
var errNoPlaceholder = errors.New("has no placeholder: write one of " + placeholderList + " in place of the number or address")

// parsePattern parses a pattern as a Corefile has it. The error goes on where the
// pattern was named.
func parsePattern(s string) (pattern, error) {
	p, err := parseLabels(s)
	if err != nil {
		return pattern{}, err
	}
	p.ancestors, err = p.parseAncestors()
	return p, err
}

// parseLabels is parsePattern without the ancestors.
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
	if canonical := text.String() + p.suffix; canonical != p.text {
		p.text = canonical
	}
	return p, nil
}

// checkLiteral refuses what may not stand around placeholders.
func checkLiteral(literal string) error {
	for _, c := range literal {
		switch {
		case 'a' <= c && c <= 'z', '0' <= c && c <= '9', c == '-', c == '_', c == '.':
		case c == '*':
			return errors.New("has a '*' that is no label of its own at the front: only '*.' before all else stands for something, all names below the rest")
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
		return errors.New("ends with a dot: remove it; the zone follows of itself")
	case strings.HasPrefix(p.prefix, "."):
		return errors.New("begins with a dot: remove it")
	case slices.ContainsFunc(append([]string{p.prefix, p.suffix}, p.between...), func(literal string) bool { return strings.Contains(literal, "..") }):
		return errors.New("has an empty label: remove one of the two dots")
	}
	return nil
}

// checkPlaceholders refuses placeholders that do not go together: a pattern stands
// for one number, for one address, or for octets. Where an octet varies in length,
// what follows must show where it ends.
func (p *pattern) checkPlaceholders() error {
	first := p.placeholders[0]
	for i, ph := range p.placeholders[1:] {
		switch previous := p.placeholders[i]; {
		case ph.patternKind() != first.patternKind():
			return fmt.Errorf("has both %s and %s: use a number, the address, or octets of it", first, ph)
		case ph.kind != octet:
			return fmt.Errorf("has two placeholders, %s and %s: keep the one that tells the hosts apart", previous, ph)
		case previous.varies() && p.between[i] == "":
			return fmt.Errorf("can be read in two ways where %s follows %s: put a character such as '-' between them, or write {%s:3}, which always has three digits", ph, previous, previous.name())
		case previous.varies() && previous.produces(p.between[i][0]):
			return fmt.Errorf("can be read in two ways where '%c' follows %s: put a character such as '-' before it, or write {%s:3}, which always has three digits", p.between[i][0], previous, previous.name())
		}
	}
	return nil
}

// mustPattern returns the pattern that s is, which has no mistake.
func mustPattern(s string) pattern {
	p, err := parsePattern(s)
	if err != nil {
		panic(err)
	}
	return p
}

// String returns p as a Corefile has it.
func (p pattern) String() string { return p.text }

// kind returns what the pattern stands for.
func (p *pattern) kind() patternKind { return p.placeholders[0].patternKind() }

// labels returns how many labels the pattern has, "*" not counted.
func (p *pattern) labels() int { return strings.Count(strings.TrimPrefix(p.text, "*."), ".") + 1 }

// parse returns the key that text, the part of a name between the affixes, stands
// for, as the pattern writes it (see pick). It is in lower case.
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

// parseOctets is parse of a pattern of octets.
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
			return key{}, false // one octet, two values
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

// full returns text with the "*." of the pattern, if it has one.
func (p *pattern) full(text string) string {
	if p.wildcard {
		return "*." + text
	}
	return text
}

// gives reports whether text, without "*.", is one of the pattern.
func (p *pattern) gives(text string) bool {
	_, ok := p.keyOf(text)
	return ok
}

// keyOf returns the key that text, without "*.", stands for.
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

// pick returns of a key what the pattern writes: of an address, the octets that it
// has, as one number. What parse returns is such a key.
func (p *pattern) pick(k key) key {
	if p.octets != 0 {
		k.u.lo = uint64(p.octets.pick(uint32(k.u.lo)))
	}
	return k
}

// put returns the whole key of what parse returned: octets that the pattern does
// not have are those of address.
func (p *pattern) put(k key, address uint32) key {
	if p.octets != 0 {
		k.u.lo = uint64(p.octets.put(uint32(k.u.lo), address))
	}
	return k
}

// project returns what the pattern writes of the keys of an entry: where it has some
// octets of the address alone, these, as pick has them.
func (p *pattern) project(e entry) (projected index) {
	if p.octets == 0 {
		return index{e}
	}
	for _, s := range p.octets.project(0, uint32(e.first.lo), uint32(e.last.lo)) {
		projected = append(projected, entry{s, e.pool})
	}
	return projected
}
