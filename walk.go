package workstation

import (
	"slices"
	"strings"
)

// walk reads the texts of two sequences of parts at once, character by character. It visits each
// pair of states in which their two readers can be, once, the shortest texts first. So it finds
// whether the sequences have a text in common. With the parts of ws{n} and w{x}, it finds none,
// since no text of the second has an "s"; with those of {n} and {x}, it finds "0".
type walk struct {
	f, g       []part
	kept       [2]octets              // of which the readers keep the values
	characters string                 // what texts are made of, in the order in which it is tried
	accepts    func(text string) bool // if not nil, only such a text counts
	visits     *int                   // counts visited states
}

const (
	ascending  = "-.0123456789_abcdefghijklmnopqrstuvwxyz"
	descending = "zyxwvutsrqponmlkjihgfedcba_9876543210.-"
)

// reader is the state of reading one sequence.
type reader struct {
	part   int      // the part that is read
	done   string   // what has been read of the placeholder there
	values [4]int16 // of the octets, or -1
}

// visit is a state of both readers, and how the walk came to it.
type visit struct {
	f, g reader
	from int  // the visit before, or -1
	c    byte // the character in between
}

// maxVisits is how many states all walks for two forms may visit. If they visit more, the forms
// count as meeting. Only octets that are repeated without separators come near it.
var maxVisits = 1 << 20

// find returns the shortest text that both readers read to the end, and the values of the octets
// then. ways is 0 if there is no such text, 1 if all such texts have these values, and 2 otherwise.
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

// nextCharacters returns the characters that may come next.
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

// hasKept reports whether the parts include an octet of which the value is kept.
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

// parts returns what the first (0) or the second (1) reader reads.
func (w *walk) parts(form int) []part { return [...][]part{w.f, w.g}[form] }

// state returns r without what has no influence on how it can go on.
func (w *walk) state(form int, r reader) reader {
	if r.done != "" {
		// accepts has to see all numbers, because they stand for different hosts.
		if ph := w.parts(form)[r.part].placeholder; w.accepts == nil || ph.kind != numeric {
			r.done = ph.continuation(r.done)
		}
	}
	return r
}

// end returns the state at the end of the parts, if r can be there.
func (w *walk) end(form int, r reader) (reader, bool) {
	if r.done != "" {
		var ok bool
		if r, ok = w.leave(form, r); !ok {
			return r, false
		}
	}
	return r, r.part == len(w.parts(form))
}

// step returns the states in which r can be after the character c.
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
	if done := r.done + string(c); ph.produces(c) && ph.canBegin(done) {
		if value := r.values[ph.octet]; ph.kind != octet || value < 0 || strings.HasPrefix(string(ph.appendOctet(nil, byte(value))), done) {
			r.done = done
			next = append(next, r)
		}
	}
	return next
}

// leave returns the state after the placeholder that r reads, if its text is complete.
func (w *walk) leave(form int, r reader) (reader, bool) {
	ph := w.parts(form)[r.part].placeholder
	if !ph.isComplete(r.done) {
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
