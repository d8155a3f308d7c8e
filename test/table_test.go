package test

import (
	"errors"
	"fmt"
	"strings"
)

// tableRows reads a table of questions and answers. A row is
//
//	QUESTION => ANSWER
//
// A table that compares two servers has a third column. A row continues on the next line after a comma,
// and before =>. The number of spaces does not matter. Empty lines and lines that begin with # are
// skipped.
func tableRows(table string) (rows [][]string, err error) {
	var texts []string // one for each row
	for line := range strings.Lines(table) {
		line = strings.Join(strings.Fields(line), " ")
		last := len(texts) - 1
		switch {
		case line == "" || line[0] == '#':
		case last >= 0 && (strings.HasSuffix(texts[last], ",") || strings.HasPrefix(line, "=>")):
			texts[last] += " " + line
		default:
			texts = append(texts, line)
		}
	}
	for _, text := range texts {
		row := strings.Split(text, "=>")
		for i := range row {
			row[i] = strings.TrimSpace(row[i])
		}
		if len(row) < 2 || row[0] == "" || strings.HasSuffix(text, ",") {
			return nil, fmt.Errorf("%q is not QUESTION => ANSWER", text)
		}
		rows = append(rows, row)
	}
	return rows, nil
}

// answers asks each question of a table. It returns an error that lists all answers that differ
// from the table. The questions are arguments of dig, and the answers are summaries. The further
// arguments of dig apply to each question.
func answers(table, port string, args ...string) error {
	rows, err := tableRows(table)
	if err != nil {
		return err
	}
	var errs []error
	for _, row := range rows {
		if len(row) != 2 {
			return fmt.Errorf("%q is not QUESTION => ANSWER", row)
		}
		question, want := row[0], row[1]
		d, err := parseDig(append(args, strings.Fields(question)...), port)
		if err != nil {
			return fmt.Errorf("%s: %w", question, err)
		}
		m, err := d.ask()
		if err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", question, err))
			continue
		}
		if got := d.summary(m); got != want {
			errs = append(errs, fmt.Errorf("%s\n\tgot  %s\n\twant %s", question, got, want))
		}
	}
	return errors.Join(errs...)
}
