package intake

import (
	"bytes"
	"compress/gzip"
	"errors"
	"io"
	"net/http"

	"github.com/go-json-experiment/json/jsontext"

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
	if p.Lines {
		return body, nil
	}
	return oneLine(body)
}

// oneLine brings one record to one line.
func oneLine(body []byte) ([]byte, error) {
	v := jsontext.Value(bytes.TrimSpace(bytes.TrimPrefix(body, []byte(bom))))
	if len(v) == 0 {
		return nil, nil
	}
	err := v.Compact()
	if err == nil {
		return v, nil
	}
	f := fault.New(fault.Invalid, "the body is not one JSON record").Because(err).Next("correct it; several records go as JSON Lines, with Content-Type: application/x-ndjson")
	var text *jsontext.SyntacticError
	if errors.As(err, &text) {
		return nil, f.At("body line %d", 1+bytes.Count(v[:text.ByteOffset], []byte("\n"))).Because(text.Err)
	}
	return nil, f
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
