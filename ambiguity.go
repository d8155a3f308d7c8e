package workstation

import (
	"iter"
	"slices"
	"strconv"
	"strings"
)

// Two stanzas may not give one name to two hosts. Whether two patterns have a text in
// common is found by reading texts of both at once: see meet.

// meet returns a text that both forms give, if there is one. The text is empty where
// that takes too long to tell.
func meet(f, g *form) (text string, ok bool) {
	text, ok = newIntersection(f, g, 0).find()
	if !ok || text == "" || f.pattern.gives(text) && g.pattern.gives(text) {
		return text, ok
	}
	// Two groups of zeros side by side, which RFC 5952 writes as "--".
	for f := range f.withoutZeros() {
		for g := range g.withoutZeros() {
			if text, ok = newIntersection(f, g, 0).find(); ok && (text == "" || f.pattern.gives(text) && g.pattern.gives(text)) {
				return text, true
			}
		}
	}
	return "", false
}

// withoutZeros returns the form with each choice of groups of zeros, no two of them side
// by side, and the others greater than zero; or the form, if it has no groups.
func (f *form) withoutZeros() iter.Seq[*form] {
	return func(yield func(*form) bool) {
		for zeros := range 1 << 8 {
			if zeros&(zeros<<1) != 0 {
				continue
			}
			parts, groups := slices.Clone(f.parts), 0
			for i, p := range parts {
				if p.placeholder == nil || p.placeholder.kind != group {
					continue
				}
				if zeros>>groups&1 != 0 {
					parts[i] = part{character: '0'}
				} else {
					parts[i].placeholder = &placeholder{kind: nonzeroGroup, base: 16, width: 1}
				}
				groups++
			}
			if !yield(newForm(f.pools[0], f.pattern, parts)) || groups == 0 {
				return
			}
		}
	}
}

// differ returns a text that both forms, of one pool, give for different hosts, if
// there is one. The text is empty where that takes too long to tell.
func differ(f, g *form) (text string, ok bool) {
	differs := func(text string) bool {
		return f.pattern.gives(text) && g.pattern.gives(text) && f.key(text) != g.key(text)
	}
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

// onlyZeros reports whether s begins with prefix, and has only zeros after it.
func onlyZeros(prefix, s string) bool {
	rest, ok := strings.CutPrefix(s, prefix)
	return ok && strings.Trim(rest, "0") == ""
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
	if separators != others || f.lacksHyphens(g) || g.lacksHyphens(f) {
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

// lacksHyphens reports whether all texts of the other form have "--" by an {ip}, and
// those of this form cannot.
func (f *form) lacksHyphens(other *form) bool {
	if f.alphabet == hyphenated || other.alphabet < hyphenated {
		return false
	}
	for i, p := range f.parts[1:] {
		if p.character == '-' && f.parts[i].character == '-' {
			return false
		}
	}
	return true
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
	case p.placeholder.kind == octet && !p.placeholder.varies(), p.placeholder.kind == hexDigits:
		return p.placeholder.width
	default:
		return 0
	}
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
var maxVisits = 1 << 20

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

// begins reports whether text may be the beginning of the placeholder's text. {ip} stands
// for IPv6 addresses with "--" here: forms have octets and groups for the others.
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
	case group:
		return len(text) == 1 || len(text) <= 4 && text[0] != '0'
	case nonzeroGroup:
		return len(text) <= 4 && text[0] != '0'
	case hexDigits:
		return len(text) <= ph.width
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
	case group, nonzeroGroup:
		return true
	case hexDigits:
		return len(text) == ph.width
	default:
		_, ok := parseDashed([]byte(text))
		return ok && strings.Contains(text, "--")
	}
}

// class returns what of text, a beginning of the placeholder's text, decides how it
// may go on. Characters are tried in their order, so the first text of a class has
// the smallest number, and the others go no further.
func (ph *placeholder) class(text string) string {
	switch ph.kind {
	case octet:
		return text
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
		if text[0] == '0' {
			return "0" + strconv.Itoa(len(text))
		}
		return strconv.Itoa(len(text))
	}
}
