//go:build cgo && (((linux || darwin) && (amd64 || arm64)) || (windows && amd64))

package duckdb

import (
	"math"
	"strings"

	driver "github.com/duckdb/duckdb-go/v2"
)

// This file turns rows into cells of held tables, and values that were read into
// rows.

// columnsOf describes columns of the tables by their names.
func columnsOf(names string) []driver.ColumnInfo {
	var list []driver.ColumnInfo
	for name := range strings.SplitSeq(names, ", ") {
		t := driver.TYPE_INTEGER
		switch name {
		case "seq", "alert", "digest", "time", "said":
			t = driver.TYPE_BIGINT
		case "id", "fields", "text":
			t = driver.TYPE_VARCHAR
		case "score":
			t = driver.TYPE_DOUBLE
		case "revised", "void":
			t = driver.TYPE_BOOLEAN
		}
		list = append(list, column(name, t))
	}
	return list
}

// setting sets columns to those of h, for an UPDATE.
func setting(names string) string {
	var set []string
	for name := range strings.SplitSeq(names, ", ") {
		set = append(set, name+" = h."+name)
	}
	return strings.Join(set, ", ")
}

// putContent puts the cells of the columns content.
func (t *texts) putContent(c *cells, s *saying) {
	put(c, s.time)
	for _, w := range s.words {
		put(c, w)
	}
	if math.IsNaN(s.score) {
		put[any](c, nil)
	} else {
		put(c, s.score)
	}
	put(c, t.of(s.fields))
}

// putStanding puts the cells of the columns standing.
func (r *row) putStanding(c *cells) {
	put(c, r.class)
	put(c, r.provenance)
	put(c, r.said)
}

// putFlags puts the cells of the columns flags.
func (r *row) putFlags(c *cells) {
	put(c, r.revised)
	put(c, r.void)
}

// put puts the cells said, class, word, author and provenance.
func (s *statement) put(c *cells) {
	put(c, s.time)
	put(c, s.class)
	put(c, s.word)
	put(c, s.author)
	put(c, s.provenance)
}

// rowOf reads columns.
func (t *texts) rowOf(v []value) row {
	r := row{seq: v[0].(int64), batch: v[1].(int32), digest: v[2].(int64), id: t.keepString(v[3].(string)), saying: t.sayingOf(v[4:])}
	v = v[4+numContent:]
	r.class, r.provenance, r.said, r.revised, r.void = v[0].(int32), v[1].(int32), v[2].(int64), v[3].(bool), v[4].(bool)
	return r
}

// sayingOf reads content.
func (t *texts) sayingOf(v []value) saying {
	s := saying{time: v[0].(int64), score: math.NaN()}
	for i := range s.words {
		s.words[i] = v[1+i].(int32)
	}
	if score, ok := v[1+numWords].(float64); ok {
		s.score = score
	}
	s.fields = t.keepString(v[2+numWords].(string))
	return s
}

// statementOf reads said, class, word, author and provenance.
func statementOf(v []value) statement {
	return statement{time: v[0].(int64), class: v[1].(int32), word: v[2].(int32), author: v[3].(int32), provenance: v[4].(int32)}
}
