//go:build cgo && (((linux || darwin) && (amd64 || arm64)) || (windows && amd64))

package duckdb

import (
	"cmp"
	"context"
	"crypto/sha256"
	"database/sql"
	"fmt"
	"hash"
	"maps"
	"slices"
	"strings"
)

// This file computes the seals of batches anew, from what the store has of what
// they said.

// arrived is one thing that a batch said, as it is sealed.
type arrived struct {
	seq   int64
	batch int32
	id    span
	saying
	statement
}

// sheet is a page with what else arrived within its numbers.
type sheet struct {
	page
	later []arrived        // of alerts that were known, in order
	rare  map[int32]string // the terms that seals do not know, as they are sealed
}

func newSheet() *sheet { return &sheet{rare: map[int32]string{}} }

// fill reads the page of numbers from bounds[0] to before bounds[1]. The terms below
// common are not rare.
func (p *sheet) fill(ctx context.Context, q *sql.Conn, bounds [2]int64, common int) error {
	if err := p.page.fill(ctx, q, pick{first: bounds[0], end: bounds[1]}); err != nil {
		return err
	}
	if err := p.readLater(ctx, q, bounds); err != nil {
		return err
	}
	return p.readRare(ctx, q, int32(common))
}

// readLater reads what arrived of alerts that were known.
func (p *sheet) readLater(ctx context.Context, q *sql.Conn, bounds [2]int64) error {
	p.later = p.later[:0]
	var from, to sql.NullInt64
	err := q.QueryRowContext(ctx, `SELECT min(alert), max(alert) FROM arrival WHERE seq >= ? AND seq < ? AND seq <> alert`, bounds[0], bounds[1]).
		Scan(&from, &to)
	if err != nil || !from.Valid {
		return err
	}
	err = scan(ctx, q, 8+numContent, func(v []value) {
		p.later = append(p.later, arrived{seq: v[0].(int64), batch: v[1].(int32), id: p.keepString(v[2].(string)),
			statement: statementOf(v[3:]), saying: p.sayingOf(v[8:])})
	}, laterArrivals(), bounds[0], bounds[1], from.Int64, to.Int64)
	slices.SortFunc(p.later, func(x, y arrived) int { return cmp.Compare(x.seq, y.seq) })
	return err
}

// laterArrivals asks for what arrived of known alerts with numbers from $1 to
// before $2. These alerts have numbers from $3 to $4, which spares the engine the
// others.
func laterArrivals() string {
	return `SELECT r.seq, r.batch, a.id, r.said, r.class, r.word, r.author, r.provenance, ` +
		contentOf(`if(t.seq IS NOT NULL, t.%[1]s, if(o.alert IS NULL, a.%[1]s, o.%[1]s))`) + `
		FROM (FROM arrival WHERE seq >= $1 AND seq < $2 AND seq <> alert) r
		JOIN (FROM alert WHERE seq BETWEEN $3 AND $4) a ON a.seq = r.alert
		LEFT JOIN (FROM origin WHERE alert BETWEEN $3 AND $4) o ON o.alert = a.seq
		LEFT JOIN (FROM restated WHERE seq >= $1 AND seq < $2) t ON t.seq = r.seq`
}

// contentOf formats each of the columns content.
func contentOf(format string) string {
	var list []string
	for name := range strings.SplitSeq(content, ", ") {
		list = append(list, fmt.Sprintf(format, name))
	}
	return strings.Join(list, ", ")
}

// readRare reads the terms of the page from number common on.
func (p *sheet) readRare(ctx context.Context, q *sql.Conn, common int32) error {
	clear(p.rare)
	note := func(words *[numWords]int32, s *statement) {
		for _, w := range words {
			if w >= common {
				p.rare[w] = ""
			}
		}
		for _, w := range [...]int32{s.class, s.word, s.author, s.provenance} {
			if w >= common {
				p.rare[w] = ""
			}
		}
	}
	for i := range p.alerts {
		h := &p.alerts[i]
		note(&h.first().words, &h.stated)
	}
	for i := range p.later {
		note(&p.later[i].words, &p.later[i].statement)
	}
	if len(p.rare) == 0 {
		return nil
	}
	return scan(ctx, q, 2, func(v []value) {
		p.rare[v[0].(int32)] = string(sealText(nil, v[1].(string)))
	}, termsQuery, slices.Collect(maps.Keys(p.rare)))
}

// seals has the hashes of what batches said.
type seals struct {
	texts
	common  []span // the first terms of the store, as they are sealed; empty for a number that none has
	batches map[int32]*running
	last    *running // that of the batch in place at
	at      int32
	leaves  []byte // of that batch, which are not hashed yet
	lost    int    // how many words had no term
}

// running is the hash of what a batch said so far.
type running struct {
	hash.Hash
	base int64 // places in the batch are numbers less this
}

// newSeals reads what all seals need, and so many terms.
func newSeals(ctx context.Context, q querier, terms int) (*seals, error) {
	s := &seals{batches: map[int32]*running{}}
	err := scan(ctx, q, 2, func(v []value) {
		id := int(v[0].(int32))
		for id >= len(s.common) {
			s.common = append(s.common, span{})
		}
		s.common[id] = s.keep(sealText(s.text, v[1].(string)))
	}, `SELECT id, text FROM term WHERE id >= 0 AND id < ?`, terms)
	if err != nil {
		return nil, err
	}
	// Numbers begin behind those of the batches before.
	base := int64(0)
	return s, scan(ctx, q, 2, func(v []value) {
		s.batches[v[0].(int32)] = &running{Hash: sha256.New(), base: base}
		base = max(base, v[1].(int64))
	}, `SELECT batch, max(seq) FROM (SELECT batch, seq FROM alert UNION ALL SELECT batch, seq FROM arrival) GROUP BY batch ORDER BY batch`)
}

// add adds what arrived within the numbers of a page, in order.
func (s *seals) add(p *sheet) {
	later := p.later
	for i := range p.alerts {
		h := &p.alerts[i]
		for len(later) > 0 && later[0].seq < h.seq {
			s.seal(p, &later[0])
			later = later[1:]
		}
		s.seal(p, &arrived{seq: h.seq, batch: h.batch, id: h.id, saying: *h.first(), statement: h.stated})
	}
	for i := range later {
		s.seal(p, &later[i])
	}
}

// seal adds one thing that a batch said.
func (s *seals) seal(p *sheet, v *arrived) {
	if s.last == nil || s.at != v.batch {
		s.flush()
		s.last, s.at = s.batches[v.batch], v.batch
	}
	leaf := sealHead(s.leaves, v.seq-s.last.base, p.of(v.id), &v.saying)
	for _, w := range v.words {
		leaf = s.word(leaf, w, p.rare)
	}
	leaf = sealText(leaf, p.of(v.fields))
	if v.class != 0 {
		leaf = sealStatement(leaf, v.statement.time)
		for _, w := range [...]int32{v.class, v.word, v.author, v.provenance} {
			leaf = s.word(leaf, w, p.rare)
		}
	}
	const enough = 1 << 16
	if s.leaves = leaf; len(leaf) > enough {
		s.flush()
	}
}

// word appends a term as it is sealed.
func (s *seals) word(leaf []byte, term int32, rare map[int32]string) []byte {
	if term >= 0 && int(term) < len(s.common) {
		if text := s.of(s.common[term]); len(text) > 0 {
			return append(leaf, text...)
		}
	} else if text := rare[term]; text != "" {
		return append(leaf, text...)
	}
	s.lost++
	return leaf
}

// flush hashes what waits.
func (s *seals) flush() {
	if len(s.leaves) > 0 {
		s.last.Write(s.leaves)
		s.leaves = s.leaves[:0]
	}
}

// said returns the hash of what the batch in a place said.
func (s *seals) said(batch int32) hash.Hash {
	s.flush()
	if r := s.batches[batch]; r != nil {
		return r
	}
	return sha256.New()
}
