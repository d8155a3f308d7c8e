package workstation

import "slices"

// form is how a pool writes the texts of a pattern for one kind of key, as a sequence of parts. It
// differs from the pattern in two ways. An octet that is the same in all addresses of the pool is
// literal text. An IPv4 address is four octets. For example, ip-{ip} in 10.1.0.0/16 has the form
// ip-10-1-{c}-{d}.
//
// Two patterns are compared by their forms: see commonText.
type form struct {
	pattern  *pattern
	pools    []*pool // the pool; or all pools of a zone that write numbers in this way
	parts    []part
	affixes  // literal text before the first placeholder and after the last
	alphabet // what the placeholders can produce
}

// part is a character of literal text, or a placeholder.
type part struct {
	character   byte
	placeholder *placeholder // nil for literal text
}

// alphabet is a set of characters that placeholders can produce. Each includes the ones before it.
type alphabet int

const (
	decimal alphabet = iota
	hexadecimal
	hyphenated // hexadecimal digits and "-"
	alphabets
)

// produces reports whether c is in the alphabet.
func (a alphabet) produces(c byte) bool {
	return isDigit(c) || a >= hexadecimal && isHex(c) || a == hyphenated && c == '-'
}

// literal returns the parts of literal text.
func literal(text string) (parts []part) {
	for _, c := range []byte(text) {
		parts = append(parts, part{character: c})
	}
	return parts
}

// forms returns the forms of one of the pool's patterns.
func (p *pool) forms(pt *pattern) (forms []*form) {
	if pt.kind() == byAddress && len(p.networks[ipv6]) > 0 {
		for _, address := range addressParts(&pt.placeholders[0]) {
			forms = append(forms, newForm(p, pt, slices.Concat(literal(pt.prefix), address, literal(pt.suffix))))
		}
	}
	if pt.kind() == byAddress && len(p.networks[ipv4]) == 0 {
		return forms
	}

	placeholders, between := pt.placeholders, pt.between
	if pt.kind() == byAddress {
		placeholders, between = octetsOf(pt.placeholders[0])
	}
	parts := literal(pt.prefix)
	for i, ph := range placeholders {
		if i > 0 {
			parts = append(parts, literal(between[i-1])...)
		}
		if ph.kind == octet && !p.varying().has(ph.octet) {
			parts = append(parts, literal(string(ph.appendOctet(nil, byte(p.someAddress()>>(8*(3-ph.octet))))))...)
		} else {
			parts = append(parts, part{placeholder: &ph})
		}
	}
	return append(forms, newForm(p, pt, append(parts, literal(pt.suffix)...)))
}

// addressParts returns the ways to write an IPv6 address in place of a placeholder. {ip} has two:
// eight groups, or fewer of them and "--". Only in the second is the placeholder itself a part.
func addressParts(address *placeholder) [][]part {
	groups := func(ph placeholder) (parts []part) {
		for i := range 8 {
			if i > 0 {
				parts = append(parts, part{character: '-'})
			}
			parts = append(parts, part{placeholder: &ph})
		}
		return parts
	}
	switch address.kind {
	case full:
		return [][]part{groups(placeholder{kind: hexDigits, base: 16, width: 4})}
	case packed:
		return [][]part{{{placeholder: &placeholder{kind: hexDigits, base: 16, width: 32}}}}
	default:
		return [][]part{groups(placeholder{kind: group, base: 16, width: 1}), {{placeholder: address}}}
	}
}

// octetsOf returns the octets in which a placeholder for an address writes IPv4 addresses, and the
// text between them.
func octetsOf(address placeholder) (placeholders []placeholder, between []string) {
	ph, separator := placeholder{kind: octet, base: 10, width: 1}, "-"
	switch address.kind {
	case full:
		ph.width = 3
	case packed:
		ph.base, ph.width, separator = 16, 2, ""
	}
	for ph.octet = range 4 {
		placeholders, between = append(placeholders, ph), append(between, separator)
	}
	return placeholders, between
}

// newForm returns the form of a pool's pattern that has these parts.
func newForm(p *pool, pt *pattern, parts []part) *form {
	f := &form{pattern: pt, pools: []*pool{p}, parts: parts}
	last := -1 // of the last placeholder
	for i, part := range parts {
		if part.placeholder == nil {
			continue
		}
		last = i
		switch {
		case part.placeholder.produces('-'):
			f.alphabet = hyphenated
		case part.placeholder.produces('a'):
			f.alphabet = max(f.alphabet, hexadecimal)
		}
	}
	f.affixes = affixes{textOf(parts), textOf(parts[last+1:])}
	return f
}

// textOf returns the literal text before the first placeholder of the parts.
func textOf(parts []part) string {
	var text []byte
	for _, p := range parts {
		if p.placeholder != nil {
			break
		}
		text = append(text, p.character)
	}
	return string(text)
}

// split splits the form at its separators: the characters that no placeholder of an alphabet can
// produce. segments are the parts before, between and after them. If two forms have a text in
// common, they have the same separators.
func (f *form) split(a alphabet) (segments [][]part, separators string) {
	var between []byte
	start := 0
	for i, p := range f.parts {
		if p.placeholder == nil && !a.produces(p.character) {
			segments = append(segments, f.parts[start:i])
			between = append(between, p.character)
			start = i + 1
		}
	}
	return append(segments, f.parts[start:]), string(between)
}

// isLiteral reports whether a segment has no placeholder.
func isLiteral(segment []part) bool {
	return !slices.ContainsFunc(segment, func(p part) bool { return p.placeholder != nil })
}

// key returns the key of the host whose text is text.
func (f *form) key(text string) key {
	k, _ := f.pattern.keyOf(text)
	return f.pattern.put(k, f.pools[0].someAddress())
}

// placeholder returns the form's first placeholder, or the zero placeholder if it has none.
func (f *form) placeholder() placeholder {
	for _, p := range f.parts {
		if p.placeholder != nil {
			return *p.placeholder
		}
	}
	return placeholder{}
}

// hasOctets reports whether the form's keys are IPv4 addresses.
func (f *form) hasOctets() bool {
	for _, p := range f.parts {
		if p.placeholder != nil && p.placeholder.kind != octet {
			return false
		}
	}
	return true
}

// repeated returns the octets that occur in the form more than once.
func (f *form) repeated() (repeated octets) {
	var once octets
	for _, p := range f.parts {
		if p.placeholder != nil && p.placeholder.kind == octet {
			repeated |= once & (1 << p.placeholder.octet)
			once |= 1 << p.placeholder.octet
		}
	}
	return repeated
}

// formIndex finds the forms that may have a text in common with a given one. It first compares what
// is cheap to compare, the separators and the literal text between them, because a zone may have
// thousands of patterns such as rack1-{n} and rack2-{n}.
type formIndex map[skeleton][]*shape

// skeleton is what two forms must both have to have a text in common. For ip-{ip}.dyn and the
// alphabet hyphenated, which has "d" and "-", the separators are "ip.yn".
type skeleton struct {
	alphabet   alphabet // the larger one of the two forms'
	separators string   // see form.split
}

// shape is the forms of one skeleton that have one alphabet, and placeholders in the same segments.
type shape struct {
	alphabet  alphabet           // of the forms, which may be smaller than that of the skeleton
	literal   string             // for each segment, '=' if it is literal and '{' if it has a placeholder
	forms     []*form            // in the order of their stanzas
	byLiteral map[string][]*form // the same, by the text of the literal segments
	numbered  map[string]*form   // those of patterns by number, by the pattern, which has one form
}

// shapeOf returns, for an alphabet, the form's skeleton, which of its segments are literal (see
// shape), and their text.
func (f *form) shapeOf(a alphabet) (sk skeleton, literal, text string) {
	segments, separators := f.split(a)
	var where, texts []byte
	for _, segment := range segments {
		if isLiteral(segment) {
			where, texts = append(where, '='), append(append(texts, textOf(segment)...), ' ')
		} else {
			where = append(where, '{')
		}
	}
	return skeleton{a, separators}, string(where), string(texts)
}

// insert adds a form. Pools that write numbers by the same pattern share one.
func (x *formIndex) insert(f *form) {
	if *x == nil {
		*x = make(formIndex)
	}
	for a := f.alphabet; a < alphabets; a++ {
		sk, literal, text := f.shapeOf(a)
		i := slices.IndexFunc((*x)[sk], func(s *shape) bool { return s.alphabet == f.alphabet && s.literal == literal })
		if i < 0 {
			i = len((*x)[sk])
			(*x)[sk] = append((*x)[sk], &shape{alphabet: f.alphabet, literal: literal, byLiteral: make(map[string][]*form), numbered: make(map[string]*form)})
		}
		s := (*x)[sk][i]
		if f.pattern.kind() == byNumber {
			if same := s.numbered[f.pattern.text]; same != nil {
				if !slices.Contains(same.pools, f.pools[0]) {
					same.pools = append(same.pools, f.pools[0])
				}
				return // it is in the other shapes, too
			}
			s.numbered[f.pattern.text] = f
		}
		s.forms, s.byLiteral[text] = append(s.forms, f), append(s.byLiteral[text], f)
	}
}

// meets looks for a form of another pattern and another pool that has a text in common with f. It
// returns that text, pattern and pool. The text is empty if it takes too long to tell, and the
// pattern is nil if there is no such form.
func (x formIndex) meets(f *form) (text string, other *pattern, p *pool) {
	for a := f.alphabet; a < alphabets; a++ {
		sk, literal, own := f.shapeOf(a)
		for _, s := range x[sk] {
			if max(f.alphabet, s.alphabet) != a {
				continue // these were compared before, by a smaller alphabet
			}
			candidates := s.forms
			if s.literal == literal {
				candidates = s.byLiteral[own]
			}
			for _, g := range candidates {
				i := slices.IndexFunc(g.pools, func(p *pool) bool { return p != f.pools[0] }) // checkPatterns compares those of one pool
				if i < 0 || g.pattern.text == f.pattern.text {
					continue
				}
				if text, ok := commonText(f, g); ok {
					return text, g.pattern, g.pools[i]
				}
			}
		}
	}
	return "", nil, nil
}
