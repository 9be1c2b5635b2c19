package batchfile

import (
	"errors"
	"io"
	"slices"
	"strings"

	"github.com/parquet-go/parquet-go"

	"candor/internal/alert"
)

// decoder reads the rows of one group, each column by itself. A text that many rows share
// is made once, and what belongs to single rows is cut from larger pieces of memory.
type decoder struct {
	columns map[string]*cursor // by the path of the column
	left    int64              // rows that are not read yet

	batch, place, source, site, id, time, ruleID, ruleName, ruleSource, ruleVersion, severity, score, caseID, tactic *cursor

	technique, entityType, entityName, entityPrimary, key, value *cursor
	kind, class, word, by, at, provenance, duplicateOf           *cursor

	*piece
}

// piece is some rows, with the memory that what they say lies in but for its texts.
type piece struct {
	rows   []row
	told   []Row
	alerts []alert.Alert
	said   []alert.Disposition

	numbers    []int64
	scores     []float64
	texts      []string
	entities   []entity
	pairs      []pair
	statements []statement
}

// clear makes the piece ready for other rows.
func (p *piece) clear() {
	p.rows, p.numbers, p.scores, p.texts = p.rows[:0], p.numbers[:0], p.scores[:0], p.texts[:0]
	p.entities, p.pairs, p.statements = p.entities[:0], p.pairs[:0], p.statements[:0]
}

// pair is a further field of an alert.
type pair struct{ key, value string }

// errColumns says that columns do not have the same number of rows.
var errColumns = errors.New("its columns do not fit each other")

// newDecoder begins to read a group of rows. Close ends it.
func newDecoder(schema *parquet.Schema, g parquet.RowGroup, shared map[string]map[string]string) (*decoder, error) {
	d := &decoder{columns: map[string]*cursor{}, left: g.NumRows()}
	chunks := g.ColumnChunks()
	for _, path := range schema.Columns() {
		leaf, _ := schema.Lookup(path...)
		name := strings.Join(path, ".")
		if shared[name] == nil {
			shared[name] = map[string]string{}
		}
		d.columns[name] = &cursor{pages: chunks[leaf.ColumnIndex].Pages(), values: make([]parquet.Value, 512), level: leaf.MaxDefinitionLevel, shared: shared[name], block: &strings.Builder{}}
	}
	for name, c := range map[string]**cursor{"batch": &d.batch, "place": &d.place, "source": &d.source, "site": &d.site, "id": &d.id, "time": &d.time,
		"rule_id": &d.ruleID, "rule_name": &d.ruleName, "rule_source": &d.ruleSource, "rule_version": &d.ruleVersion, "severity": &d.severity, "score": &d.score,
		"case_id": &d.caseID, "tactic": &d.tactic, "techniques.list.element": &d.technique, "entities.list.element.type": &d.entityType,
		"entities.list.element.name": &d.entityName, "entities.list.element.primary": &d.entityPrimary, "fields.key_value.key": &d.key, "fields.key_value.value": &d.value,
		"statements.list.element.kind": &d.kind, "statements.list.element.class": &d.class, "statements.list.element.word": &d.word, "statements.list.element.by": &d.by,
		"statements.list.element.at": &d.at, "statements.list.element.provenance": &d.provenance, "statements.list.element.duplicate_of": &d.duplicateOf} {
		if *c = d.columns[name]; *c == nil {
			d.close()
			return nil, errors.New("it has no column " + name)
		}
	}
	return d, nil
}

func (d *decoder) close() {
	for _, c := range d.columns {
		c.release()
		_ = c.pages.Close()
	}
}

// read reads up to n rows into a piece; io.EOF says that there are no more.
func (d *decoder) read(p *piece, n int) error {
	n = int(min(int64(n), d.left))
	p.clear()
	p.rows, p.numbers = slices.Grow(p.rows, n)[:n], slices.Grow(p.numbers, 2*n)
	p.entities, p.pairs = slices.Grow(p.entities, n), slices.Grow(p.pairs, n)
	d.piece = p
	for i := range p.rows {
		d.row(&p.rows[i])
	}
	d.left -= int64(n)
	for _, c := range d.columns {
		switch {
		case c.err != nil && c.err != io.EOF:
			return c.err
		case c.err == io.EOF, d.left == 0 && c.more():
			return errColumns
		}
	}
	if n == 0 {
		return io.EOF
	}
	return nil
}

func (d *decoder) row(r *row) {
	*r = row{Batch: d.batch.text(), Place: d.place.next().Int64(), Source: d.source.text(), Site: d.site.text(), ID: d.id.own(), Time: d.number(d.time),
		RuleID: d.ruleID.text(), RuleName: d.ruleName.text(), RuleSource: d.ruleSource.text(), RuleVersion: d.ruleVersion.text(), Severity: d.severity.text(),
		Score: d.double(d.score), CaseID: d.caseID.text(), Tactic: d.tactic.text()}
	from := len(d.texts)
	for t := range d.technique.items() {
		d.texts = append(d.texts, d.technique.share(t))
	}
	r.Techniques = d.texts[from:len(d.texts):len(d.texts)]
	from = len(d.entities)
	for name := range d.entityName.items() {
		d.entities = append(d.entities, entity{Type: d.entityType.text(), Name: d.entityName.share(name), Primary: d.entityPrimary.next().Boolean()})
	}
	r.Entities = d.entities[from:len(d.entities):len(d.entities)]
	if len(r.Entities) == 0 {
		d.entityType.next()
		d.entityPrimary.next()
	}
	from = len(d.pairs)
	for k := range d.key.items() {
		d.pairs = append(d.pairs, pair{d.key.share(k), d.value.own()})
	}
	if r.pairs = d.pairs[from:len(d.pairs):len(d.pairs)]; len(r.pairs) == 0 {
		d.value.next()
	}
	d.stated(r)
}

// stated reads the statements of a row.
func (d *decoder) stated(r *row) {
	from := len(d.statements)
	for kind := range d.kind.items() {
		d.statements = append(d.statements, statement{Kind: d.kind.share(kind), Class: d.class.text(), Word: d.word.text(), By: d.by.text(), At: d.number(d.at),
			Provenance: d.provenance.text(), DuplicateOf: d.duplicateOf.own()})
	}
	if r.Statements = d.statements[from:len(d.statements):len(d.statements)]; len(r.Statements) == 0 {
		for _, c := range [...]*cursor{d.class, d.word, d.by, d.at, d.provenance, d.duplicateOf} {
			c.next()
		}
	}
}

// number is the place of the next number of a column, nil where there is none.
func (d *decoder) number(c *cursor) *int64 {
	v := c.next()
	if v.IsNull() {
		return nil
	}
	d.numbers = append(d.numbers, v.Int64())
	return &d.numbers[len(d.numbers)-1]
}

func (d *decoder) double(c *cursor) *float64 {
	v := c.next()
	if v.IsNull() {
		return nil
	}
	d.scores = append(d.scores, v.Double())
	return &d.scores[len(d.scores)-1]
}

// cursor reads the values of a column of a group of rows, one after the other.
type cursor struct {
	pages  parquet.Pages
	page   parquet.Page
	reader parquet.ValueReader
	values []parquet.Value // that were read, of which those from at to end are to come
	at     int
	end    int
	level  int // the definition level of a value of the column
	err    error

	none   parquet.Value // stands for those behind the end
	shared map[string]string
	last   string
	block  *strings.Builder
}

// next returns the next value, which is good until the one behind it is asked for.
func (c *cursor) next() *parquet.Value {
	if c.at == c.end && !c.fill() {
		if c.err == nil {
			c.err = io.EOF
		}
		return &c.none
	}
	c.at++
	return &c.values[c.at-1]
}

// more reports whether there is another value.
func (c *cursor) more() bool { return c.at < c.end || c.fill() }

// fill reads values, and reports whether there are any.
func (c *cursor) fill() bool {
	for c.err == nil {
		if c.reader == nil {
			p, err := c.pages.ReadPage()
			if err != nil {
				if err != io.EOF {
					c.err = err
				}
				return false
			}
			c.page, c.reader = p, p.Values()
		}
		n, err := c.reader.ReadValues(c.values)
		c.at, c.end = 0, n
		switch {
		case n > 0:
			return true
		case err == io.EOF:
			c.release()
		case err != nil:
			c.err = err
		default:
			c.err = io.ErrNoProgress
		}
	}
	return false
}

// release lets go of the page.
func (c *cursor) release() {
	if c.page != nil {
		parquet.Release(c.page)
	}
	c.page, c.reader = nil, nil
}

// items yields the values of the column's list in one row.
func (c *cursor) items() func(yield func(*parquet.Value) bool) {
	return func(yield func(*parquet.Value) bool) {
		for {
			v := c.next()
			if v.DefinitionLevel() < c.level || c.err != nil {
				return // the list is empty
			}
			if !yield(v) || !c.more() || c.values[c.at].RepetitionLevel() == 0 {
				return
			}
		}
	}
}

// text reads a text that many rows may share, empty where there is none.
func (c *cursor) text() string { return c.share(c.next()) }

// mostShared is how many texts of a column are shared.
const mostShared = 1 << 16

// share returns a text that many rows may share.
func (c *cursor) share(v *parquet.Value) string {
	if v.IsNull() {
		return ""
	}
	b := v.ByteArray()
	if string(b) == c.last {
		return c.last
	}
	s, known := c.shared[string(b)]
	if !known {
		if s = string(b); len(c.shared) < mostShared {
			c.shared[s] = s
		}
	}
	c.last = s
	return s
}

// own reads a text of a row alone, empty where there is none. Texts are cut from blocks.
func (c *cursor) own() string {
	v := c.next()
	if v.IsNull() {
		return ""
	}
	const size = 32 << 10
	b := v.ByteArray()
	if len(b) > c.block.Cap()-c.block.Len() {
		c.block = &strings.Builder{}
		c.block.Grow(max(size, len(b)))
	}
	from := c.block.Len()
	c.block.Write(b)
	return c.block.String()[from:]
}

// fields are the further fields of a row, nil when there are none.
func (r *row) fields() map[string]string {
	if len(r.pairs) == 0 {
		return r.Fields
	}
	m := make(map[string]string, len(r.pairs))
	for _, p := range r.pairs {
		m[p.key] = p.value
	}
	return m
}
