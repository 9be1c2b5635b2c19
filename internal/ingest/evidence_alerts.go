package ingest

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"hash"
	"io"
	"iter"
	"os"
	"path/filepath"

	"candor/internal/alert"
	"candor/internal/alert/export"
	"candor/internal/alert/tabular"
	"candor/internal/evidence"
	"candor/internal/fault"
	"candor/internal/store"
)

// addAlerts adds a batch of alerts. The files are read three times: for their
// hash, which tells input that is already there; to see what is wrong with them,
// since a batch says how much of it was rejected before it lands; and to land.
// The last two check the hash.
func (e *Evidence) addAlerts(ctx context.Context, r Request, k kind) (Result, error) {
	in, err := openAlerts(r, k, 3)
	if err != nil {
		return Result{}, err
	}
	b, old, err := e.readAlerts(ctx, r, in)
	if err != nil {
		return Result{}, err
	}
	defer b.rejects.drop()
	if old != nil {
		return b.result(*old, false), nil
	}
	landed, fresh, err := e.alerts.Append(ctx, b.Batch, in.alerts(ctx, in.sum, pass{reject: func(evidence.Reject) {}, warn: func(string) {}}))
	if err != nil {
		b.forget()
		return Result{}, wrap("append", b.ID, err)
	}
	return b.result(landed, fresh), nil
}

// openAlerts finds the files of a request, which are to be read so many times.
func openAlerts(r Request, k kind, times int64) (*alertInput, error) {
	where, err := r.find(k)
	if err != nil {
		return nil, err
	}
	in := &alertInput{where: where, forced: r.Format, progress: meter(times*sizes(where), r.Progress)}
	in.notes, err = in.loadMapping(r.Mapping, within(r.Dir, r.Mapping))
	return in, err
}

// readAlerts makes the batch of a request, up to its landing. It returns the
// earlier batch, too, when the same input is there already.
func (e *Evidence) readAlerts(ctx context.Context, r Request, in *alertInput) (b *batch, old *store.Batch, err error) {
	if in.sum, err = in.hash(ctx); err != nil {
		return nil, nil, err
	}
	b = e.newBatch(r, in.sum)
	b.warnings = in.notes
	known, err := known(ctx, e.alerts)
	if err != nil {
		return nil, nil, wrap("look up", b.ID, err)
	}
	if o, ok := earlier(known, b); ok {
		return b, &o, nil
	}
	if err := b.scan(ctx, in, in.sum); err != nil {
		b.rejects.drop()
		return nil, nil, err
	}
	return b, nil, nil
}

// scan reads every alert once, to count them and to keep what was refused.
func (b *batch) scan(ctx context.Context, in *alertInput, sum [32]byte) (err error) {
	p := pass{reject: b.rejects.add, warn: func(w string) { b.warnings = append(b.warnings, w) }, format: b.format}
	for a, err := range in.alerts(ctx, sum, p) {
		if err != nil {
			return err
		}
		b.good++
		b.span(a.Time)
	}
	b.Rejected, b.Read = b.rejects.n, b.good+b.rejects.n
	if b.Rejects, err = b.rejects.close(); err != nil {
		return err
	}
	return b.check()
}

// alertInput is files of alerts, which are streamed.
type alertInput struct {
	where    []location
	forced   string // the format that the request forces
	mapping  *tabular.Mapping
	rules    []byte // the bytes of the mapping file
	notes    []string
	progress func(n int64)
	sum      [32]byte // of the bytes, once they were hashed
}

// pass is one reading of the files.
type pass struct {
	reject func(evidence.Reject)
	warn   func(string)
	format func(string) // nil when nobody asks
}

// loadMapping reads the mapping file, if one was named.
func (in *alertInput) loadMapping(path, at string) (warnings []string, err error) {
	if path == "" {
		return nil, nil
	}
	if _, err := os.Stat(at); errors.Is(err, os.ErrNotExist) {
		return nil, fault.New(fault.NotFound, "there is no such mapping file").At("%s", path).Next("check the path")
	}
	if in.rules, err = (location{path: path, at: at}).read(); err != nil {
		return nil, err
	}
	in.mapping, warnings, err = tabular.DecodeMapping(path, in.rules)
	return warnings, err
}

// start begins a hash with what is not in the files: the mapping.
func (in *alertInput) start() hash.Hash {
	h := sha256.New()
	h.Write(in.rules)
	return h
}

// sign adds to a hash what the place of a file says. The name of a file counts
// when the mapping reads it.
func (in *alertInput) sign(h hash.Hash, l location) {
	l.sign(h, l.size)
	if in.mapping != nil && in.mapping.NamesFile() {
		fmt.Fprintf(h, "%s\x00", filepath.Base(l.path))
	}
}

// hash reads the files for their hash alone.
func (in *alertInput) hash(ctx context.Context) ([32]byte, error) {
	h := in.start()
	for _, l := range in.where {
		if err := ctx.Err(); err != nil {
			return [32]byte{}, err
		}
		in.sign(h, l)
		if err := in.copy(h, l); err != nil {
			return [32]byte{}, err
		}
	}
	return [32]byte(h.Sum(nil)), nil
}

func (in *alertInput) copy(h hash.Hash, l location) error {
	f, err := os.Open(l.at)
	if err != nil {
		return unreadable(l.path, err)
	}
	defer f.Close()
	if _, err := io.Copy(h, &counter{r: f, tell: in.progress}); err != nil {
		return unreadable(l.path, err)
	}
	return nil
}

// counter tells how many bytes go through it.
type counter struct {
	r    io.Reader
	tell func(n int64)
}

func (c *counter) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.tell(int64(n))
	return n, err
}

// alerts reads the alerts of all files. It ends with fault.Conflict when the
// bytes are not those of the sum.
func (in *alertInput) alerts(ctx context.Context, sum [32]byte, p pass) iter.Seq2[*alert.Alert, error] {
	return func(yield func(*alert.Alert, error) bool) {
		h := in.start()
		for _, l := range in.where {
			in.sign(h, l)
			for a, err := range in.file(ctx, h, l, p) {
				if !yield(a, err) || err != nil {
					return
				}
			}
		}
		if [32]byte(h.Sum(nil)) != sum {
			yield(nil, changed(in.where[0].path))
		}
	}
}

// file reads the alerts of one file and adds its bytes to a hash.
func (in *alertInput) file(ctx context.Context, h hash.Hash, l location, p pass) iter.Seq2[*alert.Alert, error] {
	return func(yield func(*alert.Alert, error) bool) {
		f, err := os.Open(l.at)
		if err != nil {
			yield(nil, unreadable(l.path, err))
			return
		}
		defer f.Close()
		raw := bufio.NewReaderSize(io.TeeReader(&counter{r: f, tell: in.progress}, h), 1<<16)
		text, err := plain(raw)
		if err != nil {
			yield(nil, damaged(l.path, "gzip", err))
			return
		}
		seq, err := in.detect(l, text, p)
		if err != nil {
			yield(nil, err)
			return
		}
		n := 0
		for a, err := range seq {
			if n++; err == nil && n%1024 == 0 {
				err = ctx.Err()
			}
			if err != nil {
				yield(nil, in.because(l, err))
				return
			}
			if !yield(a, nil) {
				return
			}
		}
		// What lies behind the last row is part of the input too.
		if _, err := io.Copy(io.Discard, raw); err != nil {
			yield(nil, unreadable(l.path, err))
		}
	}
}

// because turns an error of reading a file into one for people.
func (in *alertInput) because(l location, err error) error {
	var f *fault.Error
	switch {
	case errors.As(err, &f), errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return err
	case errors.Is(err, gzip.ErrChecksum), errors.Is(err, gzip.ErrHeader), errors.Is(err, io.ErrUnexpectedEOF):
		return damaged(l.path, "gzip", err)
	}
	return unreadable(l.path, err)
}

// plain returns the text behind a reader, unpacked if need be.
func plain(raw *bufio.Reader) (*bufio.Reader, error) {
	if head, _ := raw.Peek(2); !isGzip(head) {
		return raw, nil
	}
	z, err := gzip.NewReader(raw)
	if err != nil {
		return nil, err
	}
	return bufio.NewReaderSize(z, 1<<16), nil
}

// detect tells the format of a file by its first bytes and returns its alerts.
func (in *alertInput) detect(l location, text *bufio.Reader, p pass) (iter.Seq2[*alert.Alert, error], error) {
	head, _ := text.Peek(headSize)
	head = bytes.TrimLeft(bytes.TrimPrefix(head, []byte("\ufeff")), " \t\r\n")
	input := export.Input{File: l.path, Text: text, Reject: p.reject, Warn: p.located(l)}
	object := bytes.HasPrefix(head, []byte("{"))
	if in.mapping != nil {
		if object {
			return nil, fault.New(fault.Usage, "a mapping is for CSV, and this file is JSON").At("%s", l.path).Next("leave the mapping out")
		}
		p.say(mappedCSV)
		return tabular.Alerts(tabular.Input(input), in.mapping), nil
	}
	chosen := choose(formatsOf("alerts"), in.forced, head, l.name)
	if chosen.Name == ownJSONL && in.forced == "" && !object {
		return nil, unknownAlerts(l, head)
	}
	p.say(chosen.Name)
	return chosen.alerts(input), nil
}

// unknownAlerts is the error for a file that no format of alerts knows.
func unknownAlerts(l location, head []byte) error {
	if bytes.HasPrefix(head, []byte("[")) {
		return fault.New(fault.Invalid, "a JSON list of records that no format of alerts knows").At("%s", l.path).
			Next("see which formats there are and name one (--format NAME)")
	}
	return fault.New(fault.Invalid, "neither JSON of a known format nor a CSV with Candor's columns").At("%s", l.path).
		Next("name a mapping file that says which columns make an alert (--mapping FILE)")
}

func (p pass) say(format string) {
	if p.format != nil {
		p.format(format)
	}
}

// located says which file a warning is about.
func (p pass) located(l location) func(string) {
	return func(w string) { p.warn(l.path + ": " + w) }
}
