package workstation

import (
	"iter"
	"slices"
)

// commonText returns a text that both forms give, and reports whether there is one. Two stanzas may
// not give one name to two hosts, so their patterns may have no text in common. commonText reads
// texts of both forms at once; see walk. The text is empty if it takes too long to tell.
func commonText(f, g *form) (text string, ok bool) {
	text, ok = newIntersection(f, g, 0).find()
	if !ok || text == "" || f.pattern.gives(text) && g.pattern.gives(text) {
		return text, ok
	}
	// The text that was found is not canonical: it has two adjacent groups of zeros, which RFC 5952
	// writes as "--". Look for a text in forms that have no such groups.
	for f := range f.withoutZeros() {
		for g := range g.withoutZeros() {
			if text, ok = newIntersection(f, g, 0).find(); ok {
				return text, true
			}
		}
	}
	return "", false
}

// withoutZeros returns variants of a form of eight groups. In each of them, some groups are the
// literal text "0", but no two adjacent ones, and the others are not zero. If the form has no
// groups, it is the only variant.
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

// textOfTwoHosts returns a text that two patterns of the pool give to different hosts, if there is
// one. The text is empty if it takes too long to find out.
func (p *pool) textOfTwoHosts(pt, other *pattern) (text string, ok bool) {
	if pt.wildcard != other.wildcard {
		return "", false
	}
	for _, f := range p.forms(pt) {
		for _, g := range p.forms(other) {
			if text, ok = textOfTwoKeys(f, g); ok {
				return text, true
			}
		}
	}
	return "", false
}

// textOfTwoKeys returns a text that two forms of one pool give for different hosts, and reports whether
// there is one. The text is empty if it takes too long to tell.
func textOfTwoKeys(f, g *form) (text string, ok bool) {
	differs := func(text string) bool {
		return f.pattern.gives(text) && g.pattern.gives(text) && f.key(text) != g.key(text)
	}
	if text, ok = commonText(f, g); !ok || text == "" || differs(text) {
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
	case one.kind == numeric && one.base == other.base && f.suffix == g.suffix:
		return "", false // the same digits in every text, apart from leading zeros
	case one.kind != numeric && f.affixes == g.affixes:
		return "", false // however it is written, one text is one address
	}
	for _, order := range []string{ascending, descending} {
		w := walk{f: f.parts, g: g.parts, characters: order, visits: new(int), accepts: differs}
		if text, _, ways := w.find(unknown); ways > 0 {
			return text, true
		}
	}
	return "", false
}

// intersection is the texts that two forms have in common, as a sequence of walks. Each walk reads
// one segment of both forms on its own. What connects them are the octets that occur more than
// once: their values must be the same in all segments.
type intersection struct {
	segments []walk
	kept     [2]octets // of each form, the octets whose values must be known
	unlike   octets    // octets that must differ between the forms
	visits   int       // of states, in all walks together
}

// values are the values of each form's octets, or -1 where they are not known.
type values [2][4]int16

var unknown = values{{-1, -1, -1, -1}, {-1, -1, -1, -1}}

// newIntersection returns the intersection of two forms. It has no segments if it is known to be
// empty.
func newIntersection(f, g *form, unlike octets) *intersection {
	x := &intersection{kept: [2]octets{f.repeated() | unlike, g.repeated() | unlike}, unlike: unlike}
	a := max(f.alphabet, g.alphabet)
	ours, separators := f.split(a)
	theirs, others := g.split(a)
	if separators != others || f.lacksHyphens(g) || g.lacksHyphens(f) {
		return x
	}
	for i := range ours { // this is cheaper than any walk
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

// lacksHyphens reports whether all texts of the other form have "--" from an {ip}, and no text of
// this form has it.
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

// aligned splits one segment of two forms further, at places where parts of fixed lengths end
// together in both.
func aligned(ours, theirs []part) iter.Seq2[[]part, []part] {
	return func(yield func(f, g []part) bool) {
		i, j, length := 0, 0, 0 // length is how many characters more are read of ours than of theirs
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
			if length += sign * n; length == 0 {
				if !yield(ours[:i], theirs[:j]) {
					return
				}
				ours, theirs, i, j = ours[i:], theirs[j:], 0, 0
			}
		}
		yield(ours, theirs)
	}
}

// length returns how many characters the part has, or 0 if that varies.
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

// find returns a text of the intersection, and reports whether there is one. The text is empty if
// it takes too long to tell.
func (x *intersection) find() (text string, ok bool) {
	if len(x.segments) == 0 {
		return "", false
	}
	// If an octet has no possible value on its own, do not try its values with those of all others.
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

// findFrom is find with some values known.
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

// octetValues are all values of an octet.
var octetValues = func() (all []int16) {
	for value := range int16(256) {
		all = append(all, value)
	}
	return all
}()

// infer returns all values that follow from the known ones, and a text that has them. It reports
// whether each segment can be read with these values.
func (x *intersection) infer(known values) (text string, all values, ok bool) {
	for {
		before := known
		var whole []byte
		for _, segment := range x.segments {
			if !segment.hasKept() { // both forms have only this text here
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
