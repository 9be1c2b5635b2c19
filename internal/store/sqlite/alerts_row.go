package sqlite

import (
	"context"
	"database/sql"
	"encoding/json"
	"hash/fnv"
	"io"
	"maps"

	"candor/internal/alert"
	"candor/internal/store/stamp"
)

// The places in row.words, in the order of the table's columns.
const (
	wordRule = iota
	wordName
	wordSite
	wordEntity
	wordSeverity
	wordIncident
	wordTechniques
	wordTactic
	wordSource
	numWords
)

// row is an alert as it is stored; see the table for the columns' meaning.
type row struct {
	seq    int64
	id     string
	time   int64
	words  [numWords]int64
	score  sql.NullFloat64
	fields string // JSON, or empty

	class, provenance, said int64

	// revised says that the row is no longer what arrived first, which is kept
	// apart, and void that no batch that brought it counts.
	revised, void bool
}

// statement is a disposition as it is stored.
type statement struct {
	time, class, word, author, provenance int64
}

// columns are those of the alert table that hold a row, in the order of values.
const columns = countedColumns + `, revised, void`

// countedColumns are those that are no flags.
const countedColumns = `seq, id, ` + saidColumns + `, class, provenance, said`

// saidColumns are those of them that an arrival says.
const saidColumns = `time, rule, name, site, entity, severity, incident, techniques, tactic, source, score, fields`

// numColumns and numSaid are how many they name.
const (
	numColumns = 2 + numSaid + 5
	numSaid    = 12
)

// values appends the row's columns to args.
func (r *row) values(args []any) []any {
	args = r.saidValues(append(args, r.seq, r.id))
	return append(args, r.class, r.provenance, r.said, bit(r.revised), bit(r.void))
}

// saidValues appends what an arrival said to args.
func (r *row) saidValues(args []any) []any {
	args = append(args, r.time)
	for _, w := range r.words {
		args = append(args, w)
	}
	return append(args, r.score, r.fields)
}

// targets returns where to scan the row's columns.
func (r *row) targets() []any {
	to := r.saidTargets(append(make([]any, 0, numColumns), &r.seq, &r.id))
	return append(to, &r.class, &r.provenance, &r.said, &r.revised, &r.void)
}

// saidTargets appends where to scan what an arrival said.
func (r *row) saidTargets(to []any) []any {
	to = append(to, &r.time)
	for i := range r.words {
		to = append(to, &r.words[i])
	}
	return append(to, &r.score, &r.fields)
}

// partial reports whether r was said of an alert that is known, and brings none.
func (r *row) partial() bool { return r.time == stamp.Unknown }

// saysSame reports whether other says the same of the alert as r does.
func (r *row) saysSame(other *row) bool {
	return r.time == other.time && r.words == other.words && r.score == other.score && r.fields == other.fields
}

// silent has the terms of the classes that say nothing of what an alert was; of
// one that was never said, -1.
type silent struct{ unlabelled, open int64 }

func silentOf(ctx context.Context, tx *sql.Tx) (s silent, err error) {
	const term = `coalesce((SELECT id FROM term WHERE text = ?), -1)`
	return s, tx.QueryRowContext(ctx, `SELECT `+term+`, `+term, string(alert.Unlabelled), string(alert.Open)).Scan(&s.unlabelled, &s.open)
}

// unsay leaves the row as one that nothing was stated about.
func (r *row) unsay(s silent) { r.class, r.provenance, r.said = s.unlabelled, 0, stamp.Unknown }

// cell returns the cell that counts the row.
func (r *row) cell(s silent) cell {
	c := cell{day: int64(stamp.Day(r.time)), hour: int64(stamp.Hour(r.time)), site: r.words[wordSite], rule: r.words[wordRule], class: r.class, provenance: r.provenance, opened: stamp.Unknown}
	if c.incident = r.words[wordIncident]; c.incident == 0 {
		c.entity = r.words[wordEntity]
	}
	if r.class == s.open {
		c.class, c.provenance = s.unlabelled, 0
		if c.incident != 0 {
			c.opened = r.said
		}
	}
	return c
}

// hear counts the row under s unless a later statement has been made. A
// statement that leaves it unlabelled also takes its provenance away.
func (r *row) hear(s statement, as silent) {
	if s.time < r.said {
		return
	}
	r.said, r.class, r.provenance = s.time, s.class, s.provenance
	if s.class == as.unlabelled {
		r.provenance = 0
	}
}

// merge takes over what other says and reports whether any of it is new. What
// other leaves empty stays as it was.
func (r *row) merge(other *row) (changed bool, err error) {
	if !other.partial() && other.time != r.time {
		r.time, changed = other.time, true
	}
	for i, w := range other.words {
		if w != 0 && w != r.words[i] {
			r.words[i], changed = w, true
		}
	}
	if other.score.Valid && other.score != r.score {
		r.score, changed = other.score, true
	}
	if other.fields == "" || other.fields == r.fields {
		return changed, nil
	}
	if r.fields == "" {
		r.fields = other.fields
		return true, nil
	}
	fields, err := mergeFields(r.fields, other.fields)
	if err != nil || fields == r.fields {
		return changed, err
	}
	r.fields = fields
	return true, nil
}

// mergeFields returns the fields of both in their stored form; newer wins.
func mergeFields(older, newer string) (string, error) {
	all := map[string]string{}
	if err := json.Unmarshal([]byte(older), &all); err != nil {
		return "", err
	}
	var said map[string]string
	if err := json.Unmarshal([]byte(newer), &said); err != nil {
		return "", err
	}
	maps.Copy(all, said)
	return encodeFields(all)
}

// encodeFields returns fields in their stored form, JSON with sorted keys.
func encodeFields(fields map[string]string) (string, error) {
	if len(fields) == 0 {
		return "", nil
	}
	b, err := json.Marshal(fields)
	return string(b), err
}

// digest returns what an alert is found by: FNV-1a of its id in 64 bits. Two ids
// may share one.
func digest(id string) int64 {
	h := fnv.New64a()
	io.WriteString(h, id)
	return int64(h.Sum64())
}
