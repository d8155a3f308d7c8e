package workstation

import (
	"iter"
	"slices"
	"strconv"
	"strings"
)

// Two stanzas may not give one name to two hosts. Whether two patterns have a text in
// common is found by reading texts of both at once: see meet.

// form is how a pool writes the texts of a pattern for one kind of key. It is what
// the pattern has, except that octets which are the same in all addresses of the
// pool are literal text, and IPv4 addresses are octets.
type form struct {
	pattern *pattern
	pools   []*pool // that write numbers alike, else one
	parts   []part
	affixes // the literal text at its ends
	alphabet
}

// part is a character of literal text, or a placeholder.
type part struct {
	character   byte
	placeholder *placeholder // nil: literal text
}

// alphabet are the characters that placeholders can produce.
type alphabet int

const (
	decimal alphabet = iota
	hexadecimal
	hyphenated // and hexadecimal
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
		parts := append(literal(pt.prefix), part{placeholder: &pt.placeholders[0]})
		forms = append(forms, newForm(p, pt, append(parts, literal(pt.suffix)...)))
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

// octetsOf returns the octets that a placeholder for an address writes of IPv4, and
// what stands between them.
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

func newForm(p *pool, pt *pattern, parts []part) *form {
	f := &form{pattern: pt, pools: []*pool{p}, parts: parts}
	first, last := len(parts), -1
	for i, part := range parts {
		if part.placeholder == nil {
			continue
		}
		first, last = min(first, i), i
		switch {
		case part.placeholder.produces('-'):
			f.alphabet = hyphenated
		case part.placeholder.produces('a'):
			f.alphabet = max(f.alphabet, hexadecimal)
		}
	}
	f.affixes = affixes{textOf(parts[:first]), textOf(parts[last+1:])}
	return f
}

// textOf returns the text of parts, up to the first placeholder.
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

// split returns the segments of a form: what stands before, between and after the
// separators, which are characters that no placeholder of an alphabet can produce.
// Forms that have a text in common have the same separators.
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

// isLiteral reports whether there is no placeholder in a segment.
func isLiteral(segment []part) bool {
	return !slices.ContainsFunc(segment, func(p part) bool { return p.placeholder != nil })
}

// formIndex finds forms that may have a text in common with another, however many
// there are.
type formIndex map[skeleton][]*shape

// skeleton is what two forms must have in common.
type skeleton struct {
	alphabet   alphabet // of the form that has the larger one
	separators string
}

// shape are forms of one skeleton that have placeholders in the same segments.
type shape struct {
	literal   string             // which segments have none: one character each
	forms     []*form            // in the order of their stanzas
	byLiteral map[string][]*form // the same, by the text of the literal segments
}

// shapeOf returns the skeleton of a form, where its segments are literal, and their text.
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

// insert adds a form.
func (x *formIndex) insert(f *form) {
	if *x == nil {
		*x = make(formIndex)
	}
	for a := f.alphabet; a < alphabets; a++ {
		sk, literal, text := f.shapeOf(a)
		i := slices.IndexFunc((*x)[sk], func(s *shape) bool { return s.literal == literal })
		if i < 0 {
			i = len((*x)[sk])
			(*x)[sk] = append((*x)[sk], &shape{literal: literal, byLiteral: make(map[string][]*form)})
		}
		s := (*x)[sk][i]
		same := slices.IndexFunc(s.byLiteral[text], func(g *form) bool { return g.pattern.text == f.pattern.text })
		if same >= 0 && f.pattern.kind() == byNumber {
			if g := s.byLiteral[text][same]; !slices.Contains(g.pools, f.pools[0]) {
				g.pools = append(g.pools, f.pools[0])
			}
			continue
		}
		s.forms, s.byLiteral[text] = append(s.forms, f), append(s.byLiteral[text], f)
	}
}

// meets returns a text that f has in common with a form of another pattern, and a pool
// that has that one and is another.
func (x formIndex) meets(f *form) (text string, other *pattern, p *pool) {
	for a := f.alphabet; a < alphabets; a++ {
		sk, literal, own := f.shapeOf(a)
		for _, s := range x[sk] {
			candidates := s.forms
			if s.literal == literal {
				candidates = s.byLiteral[own]
			}
			for _, g := range candidates {
				i := slices.IndexFunc(g.pools, func(p *pool) bool { return p != f.pools[0] }) // see checkPatterns
				if i < 0 || max(f.alphabet, g.alphabet) != a || g.pattern.text == f.pattern.text {
					continue
				}
				if text, ok := meet(f, g); ok {
					return text, g.pattern, g.pools[i]
				}
			}
		}
	}
	return "", nil, nil
}

// meet returns a text that both forms give, if there is one. The text is empty where
// that takes too long to tell.
func meet(f, g *form) (text string, ok bool) {
	return newIntersection(f, g, 0).find()
}

// differ returns a text that both forms, of one pool, give for different hosts, if
// there is one. The text is empty where that takes too long to tell.
func differ(f, g *form) (text string, ok bool) {
	differs := func(text string) bool { return f.key(text) != g.key(text) }
	if text, ok = meet(f, g); !ok || text == "" || differs(text) {
		return text, ok
	}
	one, other := f.placeholder(), g.placeholder()
	switch {
	case f.hasOctets() && g.hasOctets():
		for i := range 4 {
			if !f.pools[0].varying().has(i) {
				continue
			}
			if text, ok = newIntersection(f, g, 1<<i).find(); ok {
				return text, true
			}
		}
		return "", false
	case one.kind == numeric && one.base == other.base && f.suffix == g.suffix && (onlyZeros(f.prefix, g.prefix) || onlyZeros(g.prefix, f.prefix)):
		return "", false // the same digits, except for leading zeros
	case one.kind != numeric && f.affixes == g.affixes:
		return "", false // one text is one address, in whichever way it is written
	}
	for _, order := range []string{ascending, descending} {
		w := walk{f: f.parts, g: g.parts, characters: order, visits: new(int), accepts: differs}
		if text, _, ways := w.find(unknown); ways > 0 {
			return text, true
		}
	}
	return "", false
}

// key returns the key of the host whose text is text.
func (f *form) key(text string) key {
	k, _ := f.pattern.keyOf(text)
	return f.pattern.put(k, f.pools[0].someAddress())
}

// onlyZeros reports whether s begins with prefix, and has only zeros after it.
func onlyZeros(prefix, s string) bool {
	rest, ok := strings.CutPrefix(s, prefix)
	return ok && strings.Trim(rest, "0") == ""
}

// placeholder returns the first placeholder, if any.
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

// repeated returns the octets that the form has more than once.
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

// intersection is what two forms have in common. Where the values of octets are known that
// stand in a form more than once, each segment can be read by itself.
type intersection struct {
	segments []walk
	kept     [2]octets // of each form, octets whose values must be known
	unlike   octets    // an octet that must have different values in them, if any
	visits   int       // of states, in all walks
}

// values are those of the octets of both forms, where they are known.
type values [2][4]int16

var unknown = values{{-1, -1, -1, -1}, {-1, -1, -1, -1}}

// newIntersection returns an intersection, which has no segments if it is known to be
// empty.
func newIntersection(f, g *form, unlike octets) *intersection {
	x := &intersection{kept: [2]octets{f.repeated() | unlike, g.repeated() | unlike}, unlike: unlike}
	a := max(f.alphabet, g.alphabet)
	ours, separators := f.split(a)
	theirs, others := g.split(a)
	if separators != others {
		return x
	}
	for i := range ours { // before any is walked
		if isLiteral(ours[i]) && isLiteral(theirs[i]) && textOf(ours[i]) != textOf(theirs[i]) {
			return x
		}
	}
	for i := range ours {
		if i > 0 {
			separator := literal(separators[i-1 : i])
			x.segments = append(x.segments, walk{f: separator, g: separator})
		}
		for f, g := range aligned(ours[i], theirs[i]) {
			w := walk{f: f, g: g, kept: x.kept, characters: ascending, visits: &x.visits}
			if !w.hasKept() {
				text, _, ways := w.find(unknown)
				if ways == 0 {
					return new(intersection)
				}
				w = walk{f: literal(text), g: literal(text)}
			}
			x.segments = append(x.segments, w)
		}
	}
	return x
}

// aligned splits what stands between separators once more, where texts of fixed lengths
// end together.
func aligned(ours, theirs []part) iter.Seq2[[]part, []part] {
	return func(yield func(f, g []part) bool) {
		i, j, length := 0, 0, 0 // length: by how much more is read of ours
		for i < len(ours) && j < len(theirs) {
			next, of, sign := &i, ours, 1
			if length > 0 {
				next, of, sign = &j, theirs, -1
			}
			n := of[*next].length()
			if n == 0 {
				break
			}
			*next++
			if length += sign * n; length == 0 && j > 0 {
				if !yield(ours[:i], theirs[:j]) {
					return
				}
				ours, theirs, i, j = ours[i:], theirs[j:], 0, 0
			}
		}
		yield(ours, theirs)
	}
}

// length returns how many characters a part has, or 0 if it varies.
func (p part) length() int {
	switch {
	case p.placeholder == nil:
		return 1
	case p.placeholder.kind == octet && !p.placeholder.varies():
		return p.placeholder.width
	default:
		return 0
	}
}

// split returns what stands before, between and after the separators, and these.
func split(parts []part, separates func(byte) bool) (segments [][]part, separators string) {
	var between []byte
	start := 0
	for i, p := range parts {
		if p.placeholder == nil && separates(p.character) {
			segments = append(segments, parts[start:i])
			between = append(between, p.character)
			start = i + 1
		}
	}
	return append(segments, parts[start:]), string(between)
}

// find returns a text of the intersection, if there is one. The text is empty where that
// takes too long to tell.
func (x *intersection) find() (text string, ok bool) {
	if len(x.segments) == 0 {
		return "", false
	}
	// An octet that has no possible value by itself need not be tried with all others'.
	for form, kept := range x.kept {
		for i := range 4 {
			if kept.has(i) && !slices.ContainsFunc(octetValues, func(value int16) bool {
				known := unknown
				known[form][i] = value
				_, _, ok := x.infer(known)
				return ok
			}) {
				return "", false
			}
		}
	}
	text, ok = x.findFrom(unknown)
	if x.visits > maxVisits {
		return "", true
	}
	return text, ok
}

// findFrom is find where some values are known.
func (x *intersection) findFrom(known values) (text string, ok bool) {
	text, known, ok = x.infer(known)
	if !ok {
		return "", false
	}
	for form, kept := range x.kept {
		for i := range 4 {
			if !kept.has(i) || known[form][i] >= 0 {
				continue
			}
			for _, value := range octetValues {
				known[form][i] = value
				if text, ok = x.findFrom(known); ok {
					return text, true
				}
			}
			return "", false
		}
	}
	return text, true
}

// octetValues are all that an octet may have.
var octetValues = func() (all []int16) {
	for value := range int16(256) {
		all = append(all, value)
	}
	return all
}()

// infer returns all values that follow from those known, and a text by them. It
// reports whether each segment can be read.
func (x *intersection) infer(known values) (text string, all values, ok bool) {
	for {
		before := known
		var whole []byte
		for _, segment := range x.segments {
			if !segment.hasKept() { // both are one text
				whole = append(whole, textOf(segment.f)...)
				continue
			}
			part, values, ways := segment.find(known)
			switch ways {
			case 0:
				return "", known, false
			case 1:
				known = values
			}
			whole = append(whole, part...)
		}
		for i := range 4 {
			if x.unlike.has(i) && known[0][i] >= 0 && known[0][i] == known[1][i] {
				return "", known, false
			}
		}
		if known == before {
			return string(whole), known, true
		}
	}
}

// walk reads texts of two sequences of parts at once, character by character: of the
// states in which their readers can be, it visits each once.
type walk struct {
	f, g       []part
	kept       [2]octets              // whose values the readers keep
	characters string                 // that texts have, in the order in which they are tried
	accepts    func(text string) bool // if not nil, the texts that are looked for
	visits     *int                   // counts the states
}

const (
	ascending  = "-.0123456789_abcdefghijklmnopqrstuvwxyz"
	descending = "zyxwvutsrqponmlkjihgfedcba_9876543210.-"
)

// reader is a state in which a text is read.
type reader struct {
	part   int
	done   string // what the placeholder there has read
	values [4]int16
}

// visit is a state of both readers, and how the walk came to it.
type visit struct {
	f, g reader
	from int
	c    byte
}

// maxVisits ends all walks for two forms, which then count as such that meet. Only
// octets that are repeated without separators come near to it.
const maxVisits = 1 << 20

// find returns the shortest text that both read to their ends, and the values of the
// octets then. Of how many ways there are for these values, it counts two.
func (w *walk) find(known values) (text string, all values, ways int) {
	visits := []visit{{f: reader{values: known[0]}, g: reader{values: known[1]}, from: -1}}
	seen := make(map[[2]reader]bool)
	textAt := func(i int) string {
		var b []byte
		for ; visits[i].from >= 0; i = visits[i].from {
			b = append(b, visits[i].c)
		}
		slices.Reverse(b)
		return string(b)
	}
	for i := 0; i < len(visits); i++ {
		v := visits[i]
		f, ok := w.end(0, v.f)
		g, ok2 := w.end(1, v.g)
		if ok && ok2 && (w.accepts == nil || w.accepts(textAt(i))) {
			if now := (values{f.values, g.values}); ways == 0 {
				text, all, ways = textAt(i), now, 1
			} else if now != all {
				return text, all, 2
			}
			if w.accepts != nil {
				return text, all, ways
			}
		}
		if *w.visits++; *w.visits > maxVisits {
			return "", all, 2
		}
		for _, c := range []byte(w.nextCharacters(v)) {
			for _, f := range w.step(0, v.f, c) {
				for _, g := range w.step(1, v.g, c) {
					state := [2]reader{w.state(0, f), w.state(1, g)}
					if !seen[state] {
						seen[state] = true
						visits = append(visits, visit{f, g, i, c})
					}
				}
			}
		}
	}
	return text, all, ways
}

// nextCharacters returns those that may come next.
func (w *walk) nextCharacters(v visit) string {
	for form, r := range [...]reader{v.f, v.g} {
		if parts := w.parts(form); r.part == len(parts) {
			return ""
		} else if p := parts[r.part]; p.placeholder == nil {
			return string(p.character)
		}
	}
	return w.characters
}

// hasKept reports whether there is an octet whose value is kept.
func (w *walk) hasKept() bool {
	for form, kept := range w.kept {
		for _, p := range w.parts(form) {
			if p.placeholder != nil && p.placeholder.kind == octet && kept.has(p.placeholder.octet) {
				return true
			}
		}
	}
	return false
}

// parts returns those that the first or the second reader reads.
func (w *walk) parts(form int) []part { return [...][]part{w.f, w.g}[form] }

// state returns r without what does not matter for how it may go on.
func (w *walk) state(form int, r reader) reader {
	if r.done != "" {
		// Numbers of one class stand for different hosts.
		if ph := w.parts(form)[r.part].placeholder; w.accepts == nil || ph.kind != numeric {
			r.done = ph.class(r.done)
		}
	}
	return r
}

// end returns the state at the end of the parts, if r is there.
func (w *walk) end(form int, r reader) (reader, bool) {
	if r.done != "" {
		var ok bool
		if r, ok = w.leave(form, r); !ok {
			return r, false
		}
	}
	return r, r.part == len(w.parts(form))
}

// step returns the states after the character c.
func (w *walk) step(form int, r reader, c byte) (next []reader) {
	parts := w.parts(form)
	if r.part == len(parts) {
		return nil
	}
	ph := parts[r.part].placeholder
	if ph == nil {
		if parts[r.part].character == c {
			r.part++
			next = append(next, r)
		}
		return next
	}
	if r.done != "" {
		if after, ok := w.leave(form, r); ok {
			next = w.step(form, after, c)
		}
	}
	if done := r.done + string(c); ph.produces(c) && ph.begins(done) {
		if value := r.values[ph.octet]; ph.kind != octet || value < 0 || strings.HasPrefix(string(ph.appendOctet(nil, byte(value))), done) {
			r.done = done
			next = append(next, r)
		}
	}
	return next
}

// leave returns the state after the placeholder in which r is, if its text is one.
func (w *walk) leave(form int, r reader) (reader, bool) {
	ph := w.parts(form)[r.part].placeholder
	if !ph.ends(r.done) {
		return r, false
	}
	if ph.kind == octet && w.kept[form].has(ph.octet) {
		value, _, _ := ph.readOctet([]byte(r.done))
		if known := r.values[ph.octet]; known >= 0 && known != int16(value) {
			return r, false
		}
		r.values[ph.octet] = int16(value)
	}
	r.part++
	r.done = ""
	return r, true
}

// begins reports whether text may be the beginning of the placeholder's text. Of an
// address, that is an IPv6 address: forms have octets for IPv4.
func (ph *placeholder) begins(text string) bool {
	for i := range len(text) {
		if !ph.produces(text[i]) {
			return false
		}
	}
	switch ph.kind {
	case numeric:
		return len(text) <= max(ph.width, len(strconv.FormatUint(1<<64-1, ph.base))) && (len(text) <= ph.width || text[0] != '0')
	case octet:
		_, err := strconv.ParseUint(text, ph.base, 8)
		return err == nil && (len(text) <= ph.width || text[0] != '0')
	case packed:
		return len(text) <= 32
	case full:
		return len(text) <= len(full6) && (text[len(text)-1] == '-') == (len(text)%5 == 0)
	default:
		groups := strings.Split(text, "-")
		last := groups[len(groups)-1]
		return text[0] != '-' && !strings.Contains(text, "---") && strings.Count(text, "--") < 2 &&
			len(groups) <= 9 && len(last) <= 4 && (len(last) < 2 || last[0] != '0')
	}
}

// ends reports whether text is a text of the placeholder.
func (ph *placeholder) ends(text string) bool {
	switch ph.kind {
	case numeric:
		_, ok := parseNumber([]byte(text), ph.base, ph.width)
		return ok
	case octet:
		_, length, ok := ph.readOctet([]byte(text))
		return ok && length == len(text)
	default:
		addr, ok := ph.parseAddress([]byte(text))
		return ok && addr.Is6()
	}
}

// class returns what of text, a beginning of the placeholder's text, decides how it
// may go on. Characters are tried in their order, so the first text of a class has
// the smallest number, and the others go no further.
func (ph *placeholder) class(text string) string {
	length := strconv.Itoa(len(text))
	switch ph.kind {
	case octet:
		return text
	case numeric:
		if text[0] == '0' {
			return "0" + length
		}
		return length
	case dashed: // whether each group is zero, and the length of the last
		groups := strings.Split(text, "-")
		last := len(groups) - 1
		for i, group := range groups {
			if group != "" && group != "0" {
				groups[i] = "x"
				if i == last {
					groups[i] = strings.Repeat("x", len(group))
				}
			}
		}
		return strings.Join(groups, "-")
	default:
		return length
	}
}
