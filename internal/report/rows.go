package report

import (
	"reflect"
	"slices"
	"strconv"
	"strings"
)

// Documents that other programs read as records have them in tables as well, so that there is
// one thing to seal, to compare and to look through: a record is a struct of texts, numbers
// and lists of words, of which each field is a column under the name of its tag "col".

// wordSeparator stands between the words of a list in a cell, as in the CSV that Candor reads.
const wordSeparator = ";"

// table makes a table of records.
func table[T any](records []T, empty string) *Table {
	t := &Table{Empty: empty, Rows: make([][]string, 0, len(records))}
	of := columns[T]()
	for i, f := range of {
		t.Columns = append(t.Columns, f.Tag.Get("col"))
		if numeric(f.Type) {
			t.Numbers = append(t.Numbers, i)
		}
	}
	for i := range records {
		v := reflect.ValueOf(&records[i]).Elem()
		row := make([]string, len(of))
		for k, f := range of {
			row[k] = entered(v.FieldByIndex(f.Index))
		}
		t.Rows = append(t.Rows, row)
	}
	return t
}

// columns are the fields of a record that are columns, those of what it embeds in their place.
func columns[T any]() []reflect.StructField {
	return slices.DeleteFunc(reflect.VisibleFields(reflect.TypeFor[T]()), func(f reflect.StructField) bool { return f.Tag.Get("col") == "" })
}

// numeric reports whether a field holds a number, or none.
func numeric(t reflect.Type) bool {
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	return t.Kind() == reflect.Int || t.Kind() == reflect.Int64 || t.Kind() == reflect.Float64
}

// entered writes a field; what a pointer does not point at is empty, which is not zero.
func entered(v reflect.Value) string {
	switch v.Kind() {
	case reflect.Pointer:
		if v.IsNil() {
			return ""
		}
		return entered(v.Elem())
	case reflect.Int, reflect.Int64:
		return strconv.FormatInt(v.Int(), 10)
	case reflect.Float64:
		return strconv.FormatFloat(v.Float(), 'f', 4, 64)
	case reflect.Bool:
		return yes(v.Bool())
	case reflect.Slice:
		return strings.Join(v.Interface().([]string), wordSeparator)
	}
	return v.String()
}

// records reads a table back; of a table that is none of T's it returns none.
func records[T any](t *Table) []T {
	of := columns[T]()
	if t == nil || len(of) != len(t.Columns) {
		return nil
	}
	list := make([]T, len(t.Rows))
	for i, row := range t.Rows {
		v := reflect.ValueOf(&list[i]).Elem()
		for k, f := range of[:min(len(of), len(row))] {
			read(v.FieldByIndex(f.Index), row[k])
		}
	}
	return list
}

// read sets a field to what a cell says.
func read(v reflect.Value, text string) {
	switch v.Kind() {
	case reflect.Pointer:
		if text != "" {
			v.Set(reflect.New(v.Type().Elem()))
			read(v.Elem(), text)
		}
	case reflect.Int, reflect.Int64:
		n, _ := strconv.ParseInt(text, 10, 64)
		v.SetInt(n)
	case reflect.Float64:
		x, _ := strconv.ParseFloat(text, 64)
		v.SetFloat(x)
	case reflect.Bool:
		v.SetBool(text == yes(true))
	case reflect.Slice:
		if text != "" {
			v.Set(reflect.ValueOf(strings.Split(text, wordSeparator)))
		}
	default:
		v.SetString(text)
	}
}

// section returns the part of a document under a title; nil where it has none.
func (d *Document) section(title string) *Section {
	i := slices.IndexFunc(d.Sections, func(s Section) bool { return s.Title == title })
	if i < 0 {
		return nil
	}
	return &d.Sections[i]
}

// ids are the ATT&CK IDs of names.
func ids[T any](of []T, id func(*T) string) []string {
	list := make([]string, len(of))
	for i := range of {
		list[i] = id(&of[i])
	}
	return list
}
