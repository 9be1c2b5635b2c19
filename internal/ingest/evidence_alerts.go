package ingest

import (
	"archive/zip"
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
	"slices"
	"strings"

	"github.com/klauspost/compress/zstd"

	"candor/internal/alert"
	"candor/internal/alert/bulk"
	"candor/internal/alert/export"
	"candor/internal/alert/parquet"
	"candor/internal/alert/tabular"
	"candor/internal/decode"
	"candor/internal/decode/workbook"
	"candor/internal/evidence"
	"candor/internal/fault"
	"candor/internal/mapping"
	"candor/internal/store"
	"candor/internal/veil"
)

// addAlerts adds a batch of alerts or dispositions. The files are read twice: for
// their hash, which tells input that is already there; and to land, which checks
// the hash. What was rejected is known when they have ended.
func (e *Evidence) addAlerts(ctx context.Context, r Request, k kind) (Result, error) {
	in, err := e.openAlerts(r, k)
	if err != nil {
		return Result{}, err
	}
	b, old, err := e.beginAlerts(ctx, r, in)
	if err != nil {
		return Result{}, err
	}
	if old != nil {
		return b.result(*old, false), nil
	}
	defer b.rejects.drop()
	read := b.found(b.taken(in.alerts(ctx, b.pass())))
	landed, fresh, err := e.alerts.Append(ctx, b.Batch, read)
	if err != nil {
		if !b.refused { // of what was refused as a whole, the rejects stay to be read
			b.forget()
		}
		return Result{}, wrap("append", b.ID, err)
	}
	if fresh {
		b.identities(&landed)
	}
	if err := e.joins(ctx, b); err != nil {
		return Result{}, err
	}
	return b.result(landed, fresh), nil
}

// openAlerts finds the files of a request.
func (e *Evidence) openAlerts(r Request, k kind) (*alertInput, error) {
	where, notes, err := r.find(k)
	if err != nil {
		return nil, err
	}
	in := &alertInput{where: where, kind: k.Name, files: k, forced: r.Format, source: r.Source, order: decode.Order(r.Dates), progress: meter(2*sizes(where), r.Progress)}
	if e.alerts != nil {
		in.known = e.alerts.Known
	}
	var more []string
	in.rules, in.mapping, in.recast, more, err = r.readMapping()
	in.notes = append(notes, more...)
	return in, err
}

// beginAlerts makes the batch of a request, of which only the hash is read. It
// returns the earlier batch, too, when the same input is there already.
func (e *Evidence) beginAlerts(ctx context.Context, r Request, in *alertInput) (b *batch, old *store.Batch, err error) {
	if in.sum, err = in.hash(ctx); err != nil {
		return nil, nil, err
	}
	if b, err = e.newBatch(r, in.sum); err != nil {
		return nil, nil, err
	}
	b.warnings = in.notes
	known, err := r.known(ctx, e.alerts)
	if err != nil {
		return nil, nil, wrap("look up", b.ID, err)
	}
	if o, ok := earlier(known, b); ok {
		return b, &o, nil
	}
	return b, nil, nil
}

// pass is a reading of the files whose rejects and warnings the batch keeps.
func (b *batch) pass() pass {
	return pass{reject: b.rejects.add, warn: func(w string) { b.warnings = append(b.warnings, w) }, format: b.format, left: b.leave}
}

// found is the alerts, at whose end the batch says what was found, or is refused.
func (b *batch) found(alerts iter.Seq2[*alert.Alert, error]) iter.Seq2[*alert.Alert, error] {
	b.Found = &store.Found{}
	return func(yield func(*alert.Alert, error) bool) {
		for a, err := range alerts {
			if !yield(a, err) {
				return
			}
		}
		if err := b.finish(); err != nil {
			b.refused = true
			yield(nil, err)
			return
		}
		*b.Found = store.Found{Format: b.Format, Rejected: b.Rejected, Rejects: b.Rejects, LeftOut: b.LeftOut}
	}
}

// taken counts the alerts into the batch, and puts pseudonyms in the place of names where
// they are kept so.
func (b *batch) taken(alerts iter.Seq2[*alert.Alert, error]) iter.Seq2[*alert.Alert, error] {
	return func(yield func(*alert.Alert, error) bool) {
		for a, err := range alerts {
			if err == nil {
				b.good++
				b.calls.add(a)
				b.span(a.Time)
				if b.key != nil {
					veil.Alert(b.key, a)
				}
				switch {
				case a.Disposition == nil:
				case a.Partial():
					b.span(a.Disposition.Time)
				case !a.Disposition.Time.Equal(a.Time):
					b.ages.See(a.Disposition.Time)
				}
			}
			if !yield(a, err) {
				return
			}
		}
	}
}

// alertInput is files of alerts, which are streamed.
type alertInput struct {
	where    []location
	kind     string
	files    kind                                                                         // that are read of an archive
	forced   string                                                                       // the format that the request forces
	order    decode.Order                                                                 // of day and month, as the request says
	known    func(ctx context.Context, ids []string) (map[string][]alert.Identity, error) // nil without a store
	source   string                                                                       // whose statements the request says that they are
	mapping  *tabular.Mapping                                                             // of version 1
	recast   *mapping.Mapping                                                             // of version 2
	rules    []byte                                                                       // the bytes of the mapping file
	notes    []string
	progress func(n int64)
	sum      [32]byte // of the bytes, once they were hashed
}

// pass is one reading of the files.
type pass struct {
	reject func(evidence.Reject)
	warn   func(string)
	format func(string)
	// left counts what a mapping left out of a file.
	left func(t *mapping.Text, shown string)
	// dates has the order of day and month in the file's dates; nil until it is known.
	dates *decode.Dates
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
	if in.mapping != nil && in.mapping.NamesFile() || in.recast != nil && in.recast.NamesFile() {
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
		if err := in.copy(ctx, h, l); err != nil {
			return [32]byte{}, err
		}
	}
	return [32]byte(h.Sum(nil)), nil
}

func (in *alertInput) copy(ctx context.Context, h hash.Hash, l location) error {
	f, err := os.Open(l.at)
	if err != nil {
		return unreadable(l.path, err)
	}
	defer f.Close()
	if _, err := io.Copy(h, &counter{ctx: ctx, r: f, tell: in.progress}); err != nil {
		return in.because(l, err)
	}
	return nil
}

// counter tells how many bytes go through it, until its context ends.
type counter struct {
	ctx  context.Context
	r    io.Reader
	tell func(n int64)
}

func (c *counter) Read(p []byte) (int, error) {
	if err := c.ctx.Err(); err != nil {
		return 0, err
	}
	n, err := c.r.Read(p)
	c.tell(int64(n))
	return n, err
}

// alerts reads the alerts of all files. It ends with fault.Conflict when the
// bytes are not those of the hash.
func (in *alertInput) alerts(ctx context.Context, p pass) iter.Seq2[*alert.Alert, error] {
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
		if [32]byte(h.Sum(nil)) != in.sum {
			yield(nil, changed(in.where[0].path))
		}
	}
}

// file reads the alerts of one file, or of each in an archive, and adds its bytes to a
// hash.
func (in *alertInput) file(ctx context.Context, h hash.Hash, l location, p pass) iter.Seq2[*alert.Alert, error] {
	return func(yield func(*alert.Alert, error) bool) {
		f, err := os.Open(l.at)
		if err != nil {
			yield(nil, unreadable(l.path, err))
			return
		}
		defer f.Close()
		raw := bufio.NewReaderSize(io.TeeReader(&counter{ctx: ctx, r: f, tell: in.progress}, h), 1<<16)
		head, _ := raw.Peek(512)
		head = bytes.Clone(head)
		switch {
		case l.member != "":
			in.one(ctx, f, l, p, yield)
			return
		case !l.text && isZip(head) && !workbook.Is(head):
			if in.archive(ctx, f, l, p, yield) {
				_, err = io.Copy(io.Discard, raw)
			}
		default:
			if in.read(ctx, opened{location: l, file: f, text: raw, head: head}, p, yield) {
				// What lies behind the last row is part of the input too.
				_, err = io.Copy(io.Discard, raw)
			}
		}
		if err != nil {
			yield(nil, unreadable(l.path, err))
		}
	}
}

// read reads the alerts of a file that is open, and reports whether it came to its end.
func (in *alertInput) read(ctx context.Context, o opened, p pass, yield func(*alert.Alert, error) bool) bool {
	var err error
	if !o.location.text {
		err = o.unpack()
	}
	if err != nil {
		yield(nil, in.because(o.location, err))
		return false
	}
	if p.dates == nil {
		p.dates = in.dates(ctx, o.location)
	}
	seq, err := in.detect(ctx, o, p)
	if err != nil {
		yield(nil, err)
		return false
	}
	n := 0
	for a, err := range seq {
		if n++; err == nil && n%1024 == 0 {
			err = ctx.Err()
		}
		if err != nil {
			yield(nil, in.because(o.location, err))
			return false
		}
		if !yield(a, nil) {
			return false
		}
	}
	if err := p.dates.Err(); err != nil { // what was read of them before counts for nothing
		yield(nil, in.because(o.location, err))
		return false
	}
	return true
}

// archive reads the alerts of each file in a zip archive, and reports whether it came to
// the end of the last.
func (in *alertInput) archive(ctx context.Context, f *os.File, l location, p pass, yield func(*alert.Alert, error) bool) bool {
	list, err := members(l, f, l.size, in.files)
	if err != nil {
		yield(nil, err)
		return false
	}
	for _, m := range list {
		one := l
		one.member, one.name, one.path = m.Name, inZip(m), l.path+"/"+inZip(m)
		if !in.one(ctx, f, one, p, yield) {
			return false
		}
	}
	return true
}

// one reads the alerts of one file of an archive.
func (in *alertInput) one(ctx context.Context, f *os.File, l location, p pass, yield func(*alert.Alert, error) bool) bool {
	z, err := zip.NewReader(f, l.size)
	if err != nil {
		yield(nil, damaged(l.path, "zip", err))
		return false
	}
	i := slices.IndexFunc(z.File, func(m *zip.File) bool { return m.Name == l.member })
	if i < 0 {
		yield(nil, changed(l.path))
		return false
	}
	r, err := z.File[i].Open()
	if err != nil {
		yield(nil, damaged(l.path, "zip", err))
		return false
	}
	defer r.Close()
	text := bufio.NewReaderSize(&counter{ctx: ctx, r: r, tell: func(int64) {}}, 1<<16)
	head, _ := text.Peek(512)
	return in.read(ctx, opened{location: l, text: text, head: bytes.Clone(head), packed: true}, p, yield)
}

// because turns an error of reading a file into one for people.
func (in *alertInput) because(l location, err error) error {
	var f *fault.Error
	switch {
	case errors.As(err, &f), errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return err
	case errors.Is(err, gzip.ErrChecksum), errors.Is(err, gzip.ErrHeader), errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, zip.ErrChecksum), errors.Is(err, zip.ErrFormat),
		errors.Is(err, zstd.ErrCRCMismatch), errors.Is(err, zstd.ErrMagicMismatch), errors.Is(err, zstd.ErrWindowSizeExceeded), errors.Is(err, zstd.ErrUnexpectedBlockSize),
		errors.Is(err, zstd.ErrReservedBlockType):
		return damaged(l.path, "packed", err)
	}
	return unreadable(l.path, err)
}

// opened is a file of alerts that is being read.
type opened struct {
	location
	file   *os.File // nil for a file of an archive
	text   *bufio.Reader
	head   []byte // the first bytes, as they lie there
	packed bool
}

// unpack makes of what a file's bytes are the text that they come to: unpacked, in UTF-8,
// of a workbook its first sheet.
func (o *opened) unpack() (err error) {
	if workbook.Is(o.head) {
		data, err := io.ReadAll(io.LimitReader(o.text, maxFile+1))
		switch {
		case err != nil:
			return err
		case len(data) > maxFile:
			return tooLarge(o.path, maxFile)
		}
		text, _, err := workbook.Text(o.path, data, maxFile)
		o.text, o.packed = bufio.NewReader(bytes.NewReader(text)), true
		return err
	}
	raw := o.text
	if o.text, err = plain(raw); err != nil {
		return damaged(o.path, packing(o.head), err)
	}
	o.packed = o.packed || o.text != raw
	return nil
}

// detect tells the format of a file by its first bytes and returns its alerts.
func (in *alertInput) detect(ctx context.Context, o opened, p pass) (iter.Seq2[*alert.Alert, error], error) {
	l := o.location
	head, _ := o.text.Peek(headSize)
	if isParquet(head, l.name) && !l.text || in.forced == parquet.Format {
		return in.parquet(o, head, p)
	}
	if in.forced == "" { // whoever forces a format means that what is no record is a reject
		if err := foreign(l.path, head); err != nil {
			return nil, err
		}
	}
	head = bytes.TrimLeft(bytes.TrimPrefix(head, []byte("\ufeff")), " \t\r\n")
	input := export.Input{File: l.path, Text: o.text, Reject: p.reject, Warn: p.located(l), Dates: p.dates}
	object := bytes.HasPrefix(head, []byte("{"))
	if len(head) == 0 {
		input.Warn("the file is empty")
		return func(func(*alert.Alert, error) bool) {}, nil
	}
	if in.recast != nil {
		return in.through(ctx, l, head, input, p), nil
	}
	if in.mapping != nil {
		if in.forced == mappedJSON || in.forced == "" && (object || bytes.HasPrefix(head, []byte("["))) {
			p.format(mappedJSON)
			return tabular.Objects(tabular.Input(input), in.mapping), nil
		}
		p.format(mappedCSV)
		return bulk.Rows(tabular.Input(input), in.mapping), nil
	}
	chosen := choose(formatsOf(in.kind), in.forced, head, l.name)
	if chosen.statements != nil {
		p.format(chosen.Name)
		return in.addressed(ctx, l, chosen.statements(input), p), nil
	}
	if chosen.Name == ownJSONL && in.forced == "" && !object {
		return nil, unknownAlerts(in.kind, l, head)
	}
	p.format(chosen.Name)
	return chosen.alerts(input), nil
}

// dates returns the order of day and month in the dates of a file: as the request says,
// else as all of them tell, for which the file is read once more when the first is met.
func (in *alertInput) dates(ctx context.Context, l location) *decode.Dates {
	if in.order != decode.Untold {
		return decode.NewDates(in.order)
	}
	return decode.AskDates(func() (decode.Order, error) {
		look := *in
		look.known, look.progress = nil, func(int64) {}
		seen := decode.NewDates(decode.Untold)
		p := pass{reject: func(evidence.Reject) {}, warn: func(string) {}, format: func(string) {}, left: func(*mapping.Text, string) {}, dates: seen}
		for _, err := range look.file(ctx, sha256.New(), l, p) {
			if err != nil {
				return decode.Untold, err
			}
		}
		told, err := seen.Tell(l.path, decode.OrderHelp)
		if err != nil {
			return decode.Untold, err
		}
		return told.Order(), nil
	})
}

// parquet reads a file that has its columns' places at its end.
func (in *alertInput) parquet(o opened, head []byte, p pass) (iter.Seq2[*alert.Alert, error], error) {
	switch {
	case in.kind != evidence.Alerts:
		return nil, fault.New(fault.Invalid, "%s do not come in Parquet", in.kind).At("%s", o.path).Next("write them as JSON Lines or CSV")
	case !isParquet(head, o.name):
		return nil, fault.New(fault.Invalid, "not a Parquet file: it does not begin with %s", parquet.Magic).At("%s", o.path).Next("leave the format out")
	case o.packed:
		return nil, fault.New(fault.Invalid, "a Parquet file within a packed one cannot be read").At("%s", o.path).Next("unpack it first; Parquet is packed by itself")
	case in.mapping != nil || in.recast != nil:
		return nil, fault.New(fault.Usage, "a mapping is for CSV and JSON, and this file is Parquet").At("%s", o.path).
			Next("leave the mapping out; columns bear Candor's names")
	}
	p.format(parquet.Format)
	return parquet.Alerts(parquet.Input{File: o.path, Data: o.file, Size: o.size, Reject: p.reject, Warn: p.located(o.location)}), nil
}

// unknownAlerts is the error for a file that no format of alerts knows.
func unknownAlerts(kind string, l location, head []byte) error {
	who := nearest(kind, formatsOf(kind), head)
	if bytes.HasPrefix(head, []byte("[")) {
		return fault.New(fault.Invalid, "a JSON list of records: %s", who.reason()).At("%s", l.path).
			Next("see which formats there are and name one (--format NAME), or a mapping file that says which paths make an alert (--mapping FILE); candor evidence map %s proposes one", l.path)
	}
	first, _, _ := bytes.Cut(head, []byte("\n"))
	return fault.New(fault.Invalid, "neither JSON of a known format nor a CSV with Candor's columns id, rule_id and time: %s", who.reason()).At("%s", l.path).
		Next("the file begins with %q; a mapping file says which columns make an alert (--mapping FILE); candor evidence map %s proposes one",
			strings.ToValidUTF8(string(first[:min(len(first), 200)]), "\ufffd"), l.path)
}

// located says which file a warning is about.
func (p pass) located(l location) func(string) {
	return func(w string) { p.warn(l.path + ": " + w) }
}

// asked is how many dispositions wait until it is looked up whether their alerts
// are known. A look goes through all alerts that there are.
const asked = 1 << 17

// addressed leaves out what is said of alerts that nobody knows, or of which it does not
// tell which is meant, and rejects it.
func (in *alertInput) addressed(ctx context.Context, l location, list iter.Seq2[alert.Placed, error], p pass) iter.Seq2[*alert.Alert, error] {
	return func(yield func(*alert.Alert, error) bool) {
		if in.known == nil {
			p.warn("whether the alerts are known was not looked up")
		}
		waiting := make([]alert.Placed, 0, 1024)
		for a, err := range list {
			if err != nil {
				yield(nil, err)
				return
			}
			if waiting = append(waiting, a); len(waiting) == asked {
				if !in.hand(ctx, l, waiting, p, yield) {
					return
				}
				waiting = waiting[:0]
			}
		}
		in.hand(ctx, l, waiting, p, yield)
	}
}

// hand yields those of the statements whose alerts are known, each with the source and the
// site that its alert is known by, and reports whether to go on. So a statement stays with
// the alert that it meant when it landed, whatever alerts of the same id come or go.
func (in *alertInput) hand(ctx context.Context, l location, list []alert.Placed, p pass, yield func(*alert.Alert, error) bool) bool {
	var known map[string][]alert.Identity
	if in.known != nil {
		ids := make([]string, len(list))
		for i, a := range list {
			ids[i] = a.ID
		}
		var err error
		if known, err = in.known(ctx, ids); err != nil {
			yield(nil, err)
			return false
		}
	}
	for _, a := range list {
		if in.known != nil {
			list := alert.Meant(known[a.ID], a.Identity(), alert.Identity{Source: in.source})
			if len(list) != 1 {
				p.reject(evidence.Reject{File: l.path, Line: a.Line, Field: "id", Value: a.ID, Reason: unmeant(known[a.ID], list)})
				continue
			}
			a.Source, a.Site = list[0].Source, list[0].Site
		}
		if !yield(a.Alert, nil) {
			return false
		}
	}
	return true
}

// unmeant says why a statement is about none of the alerts that have its id: it fits none
// of those that are known, or several.
func unmeant(known, fits []alert.Identity) string {
	switch {
	case len(known) == 0:
		return "no alert of this id is known"
	case len(fits) == 0:
		return "no alert of this id, source and site is known; there is " + alert.Names(known)
	}
	return fmt.Sprintf("%d alerts have this id: %s; say which by its source and site", len(fits), alert.Names(fits))
}
