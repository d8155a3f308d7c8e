package workstation

import (
	"iter"
	"slices"
	"strconv"
	"strings"
)

// form is how a pool writes the texts of a pattern for one kind of key. It is what
// the pattern has, except that octets which are the same in all addresses of the
// pool are literal text, and IPv4 addresses are octets.
type form struct {
	pattern *pattern
	pool    *pool
	parts   []part
	affixes // the literal text at its ends
}

// part is a character of literal text, or a placeholder.
type part struct {
	character   byte
	placeholder *placeholder // nil: literal text
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
	f := &form{pattern: pt, pool: p, parts: parts}
	for i := 0; i < len(parts) && parts[i].placeholder == nil; i++ {
		f.prefix += string(parts[i].character)
	}
	for i := len(parts) - 1; i >= 0 && parts[i].placeholder == nil; i-- {
		f.suffix = string(parts[i].character) + f.suffix
	}
	return f
}

// meet returns a text that both forms give, if there is one. The text is empty where
// that takes too long to tell.
func meet(f, g *form) (text string, ok bool) {
	// Of nearly all pairs this tells enough: a text begins and ends in one way.
	if !strings.HasPrefix(f.prefix, g.prefix) && !strings.HasPrefix(g.prefix, f.prefix) ||
		!strings.HasSuffix(f.suffix, g.suffix) && !strings.HasSuffix(g.suffix, f.suffix) {
		return "", false
	}
	return newPuzzle(f, g, 0).solve()
}

// differ returns a text that both forms, of one pool, give for different hosts, if
// there is one.
func differ(f, g *form) (text string, ok bool) {
	text, ok = meet(f, g)
	if !ok {
		return "", false
	}
	one, other := f.placeholder(), g.placeholder()
	switch {
	case f.hasOctets() && g.hasOctets():
		for i := range 4 {
			if f.pool.varying().has(i) {
				if text, ok = newPuzzle(f, g, 1<<i).solve(); ok {
					return text, true
				}
			}
		}
		return "", false
	case one.kind == numeric && one.base == other.base && f.suffix == g.suffix && (onlyZeros(f.prefix, g.prefix) || onlyZeros(g.prefix, f.prefix)):
		return "", false // the same digits, except for leading zeros
	case one.kind != numeric && f.affixes == g.affixes:
		return "", false // one text is one address, in whichever way it is written
	}
	for _, order := range []string{ascending, descending} {
		w := walk{f: f.parts, g: g.parts, characters: order, visits: new(int), differ: func(text string) bool {
			k, _ := f.pattern.keyOf(text)
			l, _ := g.pattern.keyOf(text)
			return k != l
		}}
		if text, _, found := w.find(unknown); found > 0 {
			return text, true
		}
	}
	return "", false
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

// puzzle is the question whether two forms give one text. Characters that no
// placeholder of theirs can produce must stand in both at the same places, and split
// them into segments. Octets that stand in a form more than once tie its segments
// together; where their values are known, each segment can be read by itself.
type puzzle struct {
	segments []walk
	tied     [2]octets // of each form, octets whose values must be known
	apart    octets    // an octet that must have different values, if any
	visits   int       // of states, in all walks
}

// values are those of the octets of both forms, where they are known.
type values [2][4]int16

var unknown = values{{-1, -1, -1, -1}, {-1, -1, -1, -1}}

// newPuzzle returns a puzzle, which has no segments if one of them cannot be read, or if
// the forms have different separators.
func newPuzzle(f, g *form, apart octets) *puzzle {
	separates := func(c byte) bool {
		for _, p := range slices.Concat(f.parts, g.parts) {
			if p.placeholder != nil && p.placeholder.produces(c) {
				return false
			}
		}
		return true
	}
	p := &puzzle{tied: [2]octets{f.repeated() | apart, g.repeated() | apart}, apart: apart}
	ours, separators := split(f.parts, separates)
	theirs, others := split(g.parts, separates)
	if separators != others {
		return p
	}
	for i := range ours {
		if i > 0 {
			separator := literal(separators[i-1 : i])
			p.segments = append(p.segments, walk{f: separator, g: separator})
		}
		for f, g := range aligned(ours[i], theirs[i]) {
			w := walk{f: f, g: g, tied: p.tied, characters: ascending, visits: &p.visits}
			if !w.hasTied() {
				text, _, found := w.find(unknown)
				if found == 0 {
					return &puzzle{}
				}
				w = walk{f: literal(text), g: literal(text)}
			}
			p.segments = append(p.segments, w)
		}
	}
	return p
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
	start := 0
	for i, p := range parts {
		if p.placeholder == nil && separates(p.character) {
			segments = append(segments, parts[start:i])
			separators += string(p.character)
			start = i + 1
		}
	}
	return append(segments, parts[start:]), separators
}

// solve returns a text that both forms give, if there is one.
func (p *puzzle) solve() (text string, ok bool) {
	if len(p.segments) == 0 {
		return "", false
	}
	// An octet that has no possible value by itself need not be tried with all others'.
	for form, tied := range p.tied {
		for i := range 4 {
			if tied.has(i) && !slices.ContainsFunc(octetValues, func(value int16) bool {
				known := unknown
				known[form][i] = value
				_, _, ok := p.infer(known)
				return ok
			}) {
				return "", false
			}
		}
	}
	text, ok = p.solveFrom(unknown)
	if p.visits > maxVisits {
		return "", true
	}
	return text, ok
}

// solveFrom is solve where some values are known.
func (p *puzzle) solveFrom(known values) (text string, ok bool) {
	text, known, ok = p.infer(known)
	if !ok {
		return "", false
	}
	for form, tied := range p.tied {
		for i := range 4 {
			if !tied.has(i) || known[form][i] >= 0 {
				continue
			}
			for _, value := range octetValues {
				known[form][i] = value
				if text, ok = p.solveFrom(known); ok {
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
func (p *puzzle) infer(known values) (text string, all values, ok bool) {
	for {
		before := known
		text = ""
		for _, segment := range p.segments {
			if !segment.hasTied() { // both are one text
				text += segment.text()
				continue
			}
			part, values, found := segment.find(known)
			if found == 0 {
				return "", known, false
			}
			if found == 1 {
				known = values
			}
			text += part
		}
		for i := range 4 {
			if p.apart.has(i) && known[0][i] >= 0 && known[0][i] == known[1][i] {
				return "", known, false
			}
		}
		if known == before {
			return text, known, true
		}
	}
}

// walk reads texts of two sequences of parts at once, character by character: of the
// states in which their readers can be, it visits each once.
type walk struct {
	f, g   []part
	tied   [2]octets         // whose values the readers keep
	differ func(string) bool // if not nil, what a text must be

	characters string // that texts have, in the order in which they are tried
	visits     *int   // counts the states
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
const maxVisits = 1 << 18

// find returns the shortest text that both read to their ends, and the values of the
// octets then. It returns how many ways there are for these values: 0, 1, or 2 for
// more.
func (w *walk) find(known values) (text string, all values, found int) {
	visits := []visit{{f: reader{values: known[0]}, g: reader{values: known[1]}, from: -1}}
	seen := make(map[[2]reader]bool)
	textOf := func(i int) string {
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
		if ok && ok2 && (w.differ == nil || w.differ(textOf(i))) {
			if now := (values{f.values, g.values}); found == 0 {
				text, all, found = textOf(i), now, 1
			} else if now != all {
				return text, all, 2
			}
			if w.differ != nil {
				return text, all, found
			}
		}
		if *w.visits++; *w.visits > maxVisits {
			return "", all, 2
		}
		for _, c := range []byte(w.characters) {
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
	return text, all, found
}

// hasTied reports whether there is an octet whose value is kept.
func (w *walk) hasTied() bool {
	for form, tied := range w.tied {
		for _, p := range w.parts(form) {
			if p.placeholder != nil && p.placeholder.kind == octet && tied.has(p.placeholder.octet) {
				return true
			}
		}
	}
	return false
}

// text returns what is read where there is no placeholder.
func (w *walk) text() (text string) {
	for _, p := range w.f {
		text += string(p.character)
	}
	return text
}

// parts returns those that the first or the second reader reads.
func (w *walk) parts(form int) []part { return [...][]part{w.f, w.g}[form] }

// state returns r without what does not matter for how it may go on.
func (w *walk) state(form int, r reader) reader {
	if r.done != "" {
		// Numbers of one class stand for different hosts.
		if ph := w.parts(form)[r.part].placeholder; w.differ == nil || ph.kind != numeric {
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
	if ph.kind == octet && w.tied[form].has(ph.octet) {
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
