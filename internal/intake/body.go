package intake

import (
	"bytes"
	"compress/gzip"
	"errors"
	"io"
	"net/http"
	"slices"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"candor/internal/alert/tabular"
	"candor/internal/fault"
)

// read returns the body of a request as lines of JSON.
func read(p Post, limit int64) ([]byte, error) {
	from := p.Body
	if p.Gzip {
		z, err := gzip.NewReader(from)
		if err != nil {
			return nil, unread("gzip", err)
		}
		from = z
	}
	body, err := io.ReadAll(io.LimitReader(from, limit+1))
	switch {
	case err != nil && p.Gzip:
		return nil, unread("gzip", err)
	case err != nil:
		return nil, unread("", err)
	case int64(len(body)) > limit:
		return nil, tooLarge(limit)
	}
	if p.Lines || p.Format != "" { // a product's own decoder knows how it wraps records
		return body, nil
	}
	return oneLine(body)
}

// oneLine brings each record of a body to one line: of one record, of several that
// follow one another, and of a list of them, by itself or under a key.
func oneLine(body []byte) ([]byte, error) {
	body = bytes.TrimSpace(bytes.TrimPrefix(body, []byte(bom)))
	var out []byte
	d := jsontext.NewDecoder(bytes.NewReader(body), jsontext.AllowDuplicateNames(true)) // of a record that says one thing twice, its decoder says so
	for {
		v, err := d.ReadValue()
		switch {
		case err == io.EOF:
			return out, nil
		case err != nil:
			return nil, notRecords(err, body)
		}
		for _, r := range records(v) {
			if err := r.Compact(); err != nil {
				return nil, notRecords(err, body)
			}
			out = append(append(out, r...), '\n')
		}
	}
}

func notRecords(err error, body []byte) error {
	f := fault.New(fault.Invalid, "the body is not JSON records").Because(err).Next("correct it; several records go as JSON Lines, with Content-Type: application/x-ndjson, or as a list")
	var text *jsontext.SyntacticError
	if errors.As(err, &text) {
		return f.At("body line %d", 1+bytes.Count(body[:min(int(text.ByteOffset), len(body))], []byte("\n"))).Because(text.Err)
	}
	return f
}

// records returns the records of a value: itself, the entries of a list, or those of the
// list that an object holds which has no other member than a count, or a place to go on.
func records(v jsontext.Value) []jsontext.Value {
	if v.Kind() == '{' {
		if list := under(v); list != nil {
			v = list
		}
	}
	if v.Kind() != '[' {
		return []jsontext.Value{v.Clone()}
	}
	var list []jsontext.Value
	if json.Unmarshal(v, &list, jsontext.AllowDuplicateNames(true)) != nil {
		return []jsontext.Value{v.Clone()}
	}
	return list
}

// under returns the list of objects that is all that an object has to say, or nil.
func under(v jsontext.Value) (list jsontext.Value) {
	var members map[string]jsontext.Value
	if json.Unmarshal(v, &members) != nil {
		return nil
	}
	for name, m := range members {
		switch kind := m.Kind(); {
		case kind == '[' && list == nil && slices.Contains(tabular.OwnLists(), name):
			list = m
		case name == "id" || kind == '[' || kind == '{':
			return nil
		}
	}
	return list
}

func tooLarge(limit int64) error {
	return fault.New(fault.Invalid, "the body is longer than %d bytes, unpacked", limit).Because(ErrTooLarge).
		Next("send it in parts; nothing of it was kept")
}

// unread is the error of a body that ends early, or is not packed as it says.
func unread(packed string, err error) error {
	var long *http.MaxBytesError
	switch {
	case errors.As(err, &long):
		return tooLarge(long.Limit)
	case packed != "" && (errors.Is(err, gzip.ErrHeader) || errors.Is(err, gzip.ErrChecksum) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.EOF)):
		return fault.New(fault.Invalid, "the body is not whole %s data", packed).Because(err).Next("send it again; nothing of it was kept")
	}
	return fault.New(fault.Invalid, "the body could not be read to its end").Because(err).Next("send it again; nothing of it was kept")
}
