package parquet

import (
	"encoding/hex"
	"encoding/json"
	"math/big"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/deprecated"
	"github.com/parquet-go/parquet-go/format"

	"candor/internal/alert"
	"candor/internal/decode"
)

// leaf is a column that holds values.
type leaf struct {
	// name is the path without what lists and maps put in between, in lower case
	// where it is one of Candor's.
	name string
	// key and value say which half of a map it is.
	key, value bool
	// when says that it is a time.
	when bool
	kind parquet.Type
}

// known are the names of Candor's fields of an alert.
var known = [...]string{
	"id", "rule_id", "rule_name", "time", "site", "entity", "severity", "score", "case_id", "techniques", "tactic", "source", "fields",
	"disposition", "disposition_time", "disposition_by", "provenance", "reading", "duplicate_of",
	"entity_type", "entities", "entities.name", "entities.type", "entities.primary",
}

// leaves lists the columns in the order in which rows number them.
func leaves(s *parquet.Schema) []leaf {
	var out []leaf
	for _, path := range s.Columns() {
		column, _ := s.Lookup(path...) // of its own columns a schema has each
		l := leaf{kind: column.Node.Type()}
		l.name, l.key, l.value = plainPath(path)
		if lower := strings.ToLower(l.name); slices.Contains(known[:], lower) {
			l.name = lower
		}
		l.when = l.name == "time" || l.name == "disposition_time"
		out = append(out, l)
	}
	return out
}

// plainPath joins a path without the levels of lists and maps.
func plainPath(path []string) (name string, key, value bool) {
	var parts []string
	for i := 0; i < len(path); i++ {
		rest := path[i:]
		switch {
		case i > 0 && len(rest) >= 2 && rest[0] == "list" && (rest[1] == "element" || rest[1] == "item"):
			i++
		case i > 0 && len(rest) == 2 && (rest[0] == "key_value" || rest[0] == "entries" || rest[0] == "map"):
			return strings.Join(parts, "."), rest[1] == "key", rest[1] != "key"
		default:
			parts = append(parts, path[i])
		}
	}
	return strings.Join(parts, "."), false, false
}

// names lists the columns at the top, for messages.
func names(s *parquet.Schema) []string {
	var out []string
	for _, f := range s.Fields() {
		out = append(out, f.Name())
	}
	return out
}

// cells are the values of a row, by their column.
type cells struct {
	leaves []leaf
	texts  [][]string
}

// cells returns the values of a row as text.
func (r *reader) cells(row parquet.Row) cells {
	c := cells{r.leaves, make([][]string, len(r.leaves))}
	for _, v := range row {
		i := v.Column()
		if i < 0 || i >= len(c.texts) {
			continue
		}
		l := &r.leaves[i]
		if v.IsNull() {
			if l.key || l.value || strings.HasPrefix(l.name, "entities.") {
				c.texts[i] = append(c.texts[i], "")
			}
			continue
		}
		text, ok := l.text(v)
		if ok && l.when {
			text = r.epoch(l, v, text)
		}
		if !ok {
			r.fail(l.name, strings.ToValidUTF8(text, "\ufffd"), "not UTF-8")
		}
		c.texts[i] = append(c.texts[i], text)
	}
	return c
}

// text returns a value as text, and false for bytes that are none.
func (l *leaf) text(v parquet.Value) (string, bool) {
	switch v.Kind() {
	case parquet.Boolean:
		return strconv.FormatBool(v.Boolean()), true
	case parquet.Int32, parquet.Int64:
		return l.integer(v), true
	case parquet.Int96:
		return stamp(nanos96(v.Int96())), true
	case parquet.Float:
		return strconv.FormatFloat(float64(v.Float()), 'g', -1, 32), true
	case parquet.Double:
		return strconv.FormatFloat(v.Double(), 'f', -1, 64), true
	}
	b := v.ByteArray()
	switch kind := l.logical().(type) {
	case *format.UUIDType:
		if h := hex.EncodeToString(b); len(h) == 32 {
			return h[:8] + "-" + h[8:12] + "-" + h[12:16] + "-" + h[16:20] + "-" + h[20:], true
		}
	case *format.DecimalType:
		return decimal(signed(b), kind.Scale), true
	}
	return string(b), utf8.Valid(b)
}

func (l *leaf) logical() any {
	if t := l.kind.LogicalType(); t != nil {
		return t.Value
	}
	return nil
}

// integer returns a whole number as what its column says that it is.
func (l *leaf) integer(v parquet.Value) string {
	n := v.Int64()
	if v.Kind() == parquet.Int32 {
		n = int64(v.Int32())
	}
	switch kind := l.logical().(type) {
	case *format.TimestampType:
		if kind.Unit.Value == nil {
			break
		}
		return stamp(ticks(n, kind.Unit.Value.Duration()))
	case *format.DateType:
		return time.Unix(n*86400, 0).UTC().Format(time.DateOnly)
	case *format.DecimalType:
		return decimal(big.NewInt(n), kind.Scale)
	case *format.IntType:
		if !kind.IsSigned && v.Kind() == parquet.Int32 {
			return strconv.FormatUint(uint64(uint32(n)), 10)
		} else if !kind.IsSigned {
			return strconv.FormatUint(uint64(n), 10)
		}
	}
	if c := l.kind.ConvertedType(); c != nil {
		switch *c {
		case deprecated.TimestampMillis:
			return stamp(ticks(n, time.Millisecond))
		case deprecated.TimestampMicros:
			return stamp(ticks(n, time.Microsecond))
		}
	}
	return strconv.FormatInt(n, 10)
}

// ticks returns the time that is so many units after the start of 1970.
func ticks(n int64, unit time.Duration) time.Time {
	per := int64(time.Second / unit)
	return time.Unix(n/per, n%per*int64(unit)).UTC()
}

func stamp(t time.Time) string { return t.Format(time.RFC3339Nano) }

// julian1970 is the Julian day of the start of 1970.
const julian1970 = 2440588

// nanos96 reads a time as older writers have it: nanoseconds of the day, and the
// Julian day.
func nanos96(v deprecated.Int96) time.Time {
	ns := int64(v[1])<<32 | int64(v[0])
	return time.Unix((int64(v[2])-julian1970)*86400, ns).UTC()
}

// epoch returns the time that a number in a column of times stands for. A text, or
// what its column says is a time, stays.
func (r *reader) epoch(l *leaf, v parquet.Value, text string) string {
	var t time.Time
	switch {
	case v.Kind() == parquet.Double:
		s := v.Double()
		if !(s >= 0 && s < 1e11) {
			return text
		}
		t = time.UnixMicro(int64(s * 1e6)).UTC()
		r.told(l, "seconds")
	case v.Kind() == parquet.Int64 && strings.Trim(text, "0123456789") == "":
		unit, word := unitOf(v.Int64())
		t = ticks(v.Int64(), unit)
		r.told(l, word)
	default:
		return text
	}
	return stamp(t)
}

// unitOf returns the unit in which a number since 1970 is a time after March 1973
// and before the year 5138.
func unitOf(n int64) (unit time.Duration, word string) {
	switch {
	case n < 1e11:
		return time.Second, "seconds"
	case n < 1e14:
		return time.Millisecond, "milliseconds"
	case n < 1e17:
		return time.Microsecond, "microseconds"
	}
	return time.Nanosecond, "nanoseconds"
}

// told warns once of what numbers in a column of times were taken for.
func (r *reader) told(l *leaf, word string) {
	if r.unit[l.name+word] {
		return
	}
	r.unit[l.name+word] = true
	r.in.Warn("numbers in column " + l.name + " were taken as " + word + " since 1970")
}

// signed reads a number in big-endian two's complement.
func signed(b []byte) *big.Int {
	n := new(big.Int).SetBytes(b)
	if len(b) > 0 && b[0]&0x80 != 0 {
		n.Sub(n, new(big.Int).Lsh(big.NewInt(1), uint(len(b))*8))
	}
	return n
}

// maxScale is the largest scale of a decimal that is written out.
const maxScale = 64

// decimal writes a number with the last scale digits behind the point.
func decimal(n *big.Int, scale int32) string {
	if scale <= 0 || scale > maxScale {
		return n.String()
	}
	return new(big.Rat).SetFrac(n, new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(scale)), nil)).FloatString(int(scale))
}

// text returns the first value under a name.
func (c *cells) text(name string) string {
	for i, l := range c.leaves {
		if l.name == name && len(c.texts[i]) > 0 {
			return strings.TrimSpace(c.texts[i][0])
		}
	}
	return ""
}

// techniques returns the ATT&CK IDs: of a list, or of a text joined by semicolons.
func (c *cells) techniques() []string {
	var out []string
	for i, l := range c.leaves {
		if l.name != "techniques" {
			continue
		}
		for _, t := range c.texts[i] {
			out = append(out, decode.List(strings.ToUpper(t))...)
		}
	}
	return out
}

// entities returns what the row is about: of a list of texts or of structures with name, type
// and primary, or of one text joined by semicolons.
func (c *cells) entities() (list []alert.Mention) {
	at := map[string][]string{}
	for i, l := range c.leaves {
		if l.name == "entities" {
			for _, t := range c.texts[i] {
				list = append(list, alert.ParseMentions(t)...)
			}
		}
		at[l.name] = c.texts[i]
	}
	of := func(name string, i int) string {
		if texts := at["entities."+name]; i < len(texts) {
			return texts[i]
		}
		return ""
	}
	for i, name := range at["entities.name"] {
		if name = strings.TrimSpace(name); name != "" {
			list = append(list, alert.Mention{Type: of("type", i), Name: name, Primary: of("primary", i) == "true"})
		}
	}
	return list
}

// fields returns what is kept beside: the entries of the map fields, or of the
// JSON object in it, and columns that are not known.
func (c *cells) fields(fail func(field, value, reason string)) map[string]string {
	out := map[string]string{}
	for i, l := range c.leaves {
		switch {
		case l.name == "fields" && l.key:
			c.pairs(out, i)
		case l.name == "fields" && !l.value && len(c.texts[i]) > 0:
			object(out, c.texts[i][0], fail)
		case !slices.Contains(known[:], l.name) && len(c.texts[i]) > 0:
			if v := strings.Join(c.texts[i], ";"); v != "" {
				out[strings.TrimPrefix(l.name, "fields.")] = v
			}
		}
	}
	if len(out) == 0 {
		return nil
	}
	return out
}

// pairs adds the pairs of a map whose keys are in column i; the values are in
// the next.
func (c *cells) pairs(out map[string]string, i int) {
	if i+1 >= len(c.texts) {
		return
	}
	values := c.texts[i+1]
	for j, k := range c.texts[i] {
		if k != "" && j < len(values) && values[j] != "" {
			out[k] = values[j]
		}
	}
}

// object adds the members of a JSON object.
func object(out map[string]string, text string, fail func(field, value, reason string)) {
	if strings.TrimSpace(text) == "" {
		return
	}
	var members map[string]json.RawMessage
	if err := json.Unmarshal([]byte(text), &members); err != nil {
		fail("fields", text, "not a JSON object")
		return
	}
	for k, raw := range members {
		var s string
		switch {
		case string(raw) == "null":
		case json.Unmarshal(raw, &s) == nil:
			out[k] = s
		default:
			out[k] = string(raw)
		}
	}
}
