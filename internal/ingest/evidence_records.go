package ingest

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"iter"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"

	"candor/internal/crew"
	"candor/internal/decode"
	"candor/internal/detection"
	"candor/internal/evidence"
	"candor/internal/mapping"
	"candor/internal/runbook/frontmatter"
	"candor/internal/store"
	"candor/internal/telemetry"
	"candor/internal/telemetry/dettect"
	"candor/internal/telemetry/inventory"
	"candor/internal/telemetry/sensormap"
	"candor/internal/veil"
)

// addRecords adds a batch of evidence other than alerts.
func (e *Evidence) addRecords(ctx context.Context, r Request, k kind) (Result, error) {
	b, old, err := e.readRecords(ctx, r, k)
	if err != nil {
		return Result{}, err
	}
	defer b.rejects.drop()
	landed, fresh := store.Batch{}, false
	if old != nil {
		landed = *old
	} else if landed, fresh, err = e.evidence.Append(ctx, b.Batch, b.all(ctx)); err != nil {
		b.forget()
		return Result{}, wrap("append", b.ID, err)
	}
	if b.Kind != evidence.Cases {
		return b.result(landed, fresh), nil
	}
	linked, more, err := e.link(ctx, b, landed.ID)
	res := b.result(landed, fresh)
	res.Linked, res.Links = linked, more
	return res, err
}

// readRecords makes the batch of a request, up to its landing. It returns the
// earlier batch, too, when the same input is there already.
func (e *Evidence) readRecords(ctx context.Context, r Request, k kind) (b *batch, old *store.Batch, err error) {
	where, notes, err := r.find(k)
	if err != nil {
		return nil, nil, err
	}
	said, _, m, more, err := r.readMapping()
	if err != nil {
		return nil, nil, err
	}
	files, sum, err := open(ctx, where, k, meter(sizes(where), r.Progress))
	if err != nil {
		return nil, nil, err
	}
	for i := range files {
		files[i].order = decode.Order(r.Dates)
	}
	if m != nil { // what it makes of the same bytes is another input
		sum = signed(sum, said, m.NamesFile(), where)
	}
	if b, err = e.newBatch(r, sum); err != nil {
		return nil, nil, err
	}
	b.warnings = append(notes, more...)
	known, err := r.known(ctx, e.evidence)
	if err != nil {
		return nil, nil, wrap("look up", b.ID, err)
	}
	b.again(known)
	if o, ok := earlier(known, b); ok {
		if b.Kind == evidence.Cases { // what they say of alerts may not be there yet
			again := &batch{Batch: b.Batch, rejects: &rejects{}, forced: b.forced, key: b.key}
			err = again.decode(k, files, m)
			b.records = again.records
		}
		return b, &o, err
	}
	err = b.decode(k, files, m)
	if err == nil {
		b.good = int64(len(b.records))
		if !b.changes {
			b.repeated()
		}
		err = b.finish()
	}
	if err == nil {
		if err = e.compare(ctx, b, known); err == nil && !r.New {
			err = e.names.tell(ctx, b)
		}
		if err != nil {
			b.forget()
		}
	}
	if err != nil {
		b.rejects.drop()
		return nil, nil, err
	}
	return b, nil, nil
}

// decode reads the files, through a mapping if there is one.
func (b *batch) decode(k kind, files []file, m *mapping.Mapping) error {
	if m != nil {
		if err := b.recast(files, m); err != nil {
			return err
		}
	}
	return k.decode(b, files)
}

// signed adds a mapping to the hash of an input, and the names of the files where it takes
// something from them.
func signed(sum [32]byte, said []byte, names bool, where []location) [32]byte {
	h := sha256.New()
	h.Write(said)
	for _, l := range where {
		if names {
			fmt.Fprintf(h, "%s\x00", filepath.Base(l.path))
		}
	}
	h.Write(sum[:])
	return [32]byte(h.Sum(nil))
}

// finish counts what was read, writes the rejects and refuses a batch in which
// nothing is good.
func (b *batch) finish() (err error) {
	b.Rejected, b.Read = b.rejects.n, b.good+b.rejects.n
	b.warnings = append(b.warnings, b.ages.Notes()...)
	if common := b.rejects.common(b.Read); common != "" && b.good > 0 {
		b.warnings = append(b.warnings, common)
	}
	if b.Rejects, err = b.rejects.close(); err != nil {
		return err
	}
	return b.check()
}

// forget removes the rejects file of a batch that did not land.
func (b *batch) forget() {
	if b.Rejects != "" {
		os.Remove(within(b.rejects.base, b.Rejects))
	}
}

// repeated warns of records that say different things of the same.
func (b *batch) repeated() {
	seen := map[string][]byte{}
	for _, r := range b.records {
		id := r.Kind + "\x00" + r.Key
		if before, ok := seen[id]; ok && !bytes.Equal(before, r.Body) {
			b.warnings = append(b.warnings, fmt.Sprintf("the input speaks of %s %q more than once; the last statement counts", r.Kind, bare(r)))
		}
		seen[id] = r.Body
	}
}

// bare returns what the source of a record calls it.
func bare(r store.Record) string {
	_, id := r.Identity()
	return id
}

// all is the records of a batch, until the context ends.
func (b *batch) all(ctx context.Context) iter.Seq2[store.Record, error] {
	return func(yield func(store.Record, error) bool) {
		for _, r := range slices.Concat(b.records, b.beside) {
			if err := ctx.Err(); err != nil {
				yield(store.Record{}, err)
				return
			}
			if !yield(r, nil) {
				return
			}
		}
	}
}

// put adds a record, with pseudonyms in the place of names where they are kept so.
func (b *batch) put(kind, key string, noun any) error {
	if b.key != nil {
		noun, key = veil.Noun(b.key, noun, key)
	}
	body, err := json.Marshal(noun)
	if err != nil {
		return fmt.Errorf("encode %s %q: %w", kind, key, err)
	}
	b.records = append(b.records, store.Record{Kind: kind, Key: store.KeyOf(b.Source, key), Body: body})
	return nil
}

// putRule adds a rule of a format, which is its source where nobody named one.
func (b *batch) putRule(format string, r detection.Rule) error {
	r.Origin = b.origin(format)
	body, err := json.Marshal(r)
	if err != nil {
		return fmt.Errorf("encode rule %q: %w", r.ID, err)
	}
	b.records = append(b.records, store.Record{Kind: evidence.RecordRule, Key: store.KeyOf(r.Origin, r.ID), Body: body})
	return nil
}

// notes keeps what a decoder said of a file. A decoder knows the file by its
// name within a folder; people are shown where it is.
func (b *batch) notes(f file, rejects []evidence.Reject, warnings []string) {
	for _, r := range rejects {
		r.File = f.shown
		b.rejects.add(b.placed(r))
	}
	for _, w := range warnings {
		b.warnings = append(b.warnings, f.shown+b.situated(f.shown, strings.TrimPrefix(w, f.name)))
	}
}

// key joins the parts of a record's key.
func key(parts ...string) string { return strings.Join(parts, "|") }

// inventory reads Candor's own telemetry file.
func (b *batch) inventory(f file) error {
	inv, err := inventory.Decode(f.shown, f.data)
	if err != nil {
		return err
	}
	b.notes(file{name: f.shown, shown: f.shown}, inv.Rejects, inv.Warnings)
	return b.putInventory(inv)
}

// dettect reads a data source administration.
func (b *batch) dettect(f file) error {
	a, err := dettect.Sources(f.shown, f.data)
	if err != nil {
		return err
	}
	b.notes(file{name: f.shown, shown: f.shown}, a.Rejects, a.Warnings)
	return b.putInventory(&inventory.Inventory{Scope: a.Scope, Sources: a.Sources})
}

// declarations makes a reader of declared log sources of a decoder.
func declarations(decode func(file string, data []byte) (evidence.Decoded[telemetry.Source], error)) func(*batch, file) error {
	return func(b *batch, f file) error {
		d, err := decode(f.shown, f.data)
		if err != nil {
			return err
		}
		b.notes(file{name: f.shown, shown: f.shown}, d.Rejects, d.Warnings)
		return b.putInventory(&inventory.Inventory{Sources: d.Records})
	}
}

// products reads a table of what products record, as the one that the request names.
func products(b *batch, f file) error {
	return declarations(func(file string, data []byte) (evidence.Decoded[telemetry.Source], error) {
		return sensormap.DecodeEDR(file, data, b.product)
	})(b, f)
}

func (b *batch) putInventory(inv *inventory.Inventory) error {
	if inv.Scope != nil {
		if err := b.put(evidence.RecordScope, inv.Scope.Organisation, inv.Scope); err != nil {
			return err
		}
	}
	for _, s := range inv.Sources {
		if err := b.put(evidence.RecordSource, sourceKey(s), s); err != nil {
			return err
		}
	}
	for _, x := range inv.Externals {
		if err := b.put(evidence.RecordExternal, x.ID, x); err != nil {
			return err
		}
	}
	return nil
}

// sourceKey tells declared log sources apart: the same one may be declared once
// for each group of sites.
func sourceKey(s telemetry.Source) string {
	return key(s.Name, s.Channel, s.Component, strings.Join(slices.Sorted(slices.Values(s.Sites)), ","))
}

func decodeFeeds(b *batch, files []file) error {
	list := formatsOf(b.Kind)
	for _, f := range files {
		chosen := choose(list, b.forced, f.data, f.name)
		if who, is := strange(list, &chosen, f.data); is && b.forced == "" {
			return who.fault(f.shown)
		}
		b.format(chosen.Name)
		d, err := chosen.feeds(f.shown, f.text())
		if err != nil {
			return err
		}
		b.notes(file{name: f.shown, shown: f.shown}, d.Rejects, d.Warnings)
		for _, o := range d.Records {
			b.span(o.Day.Time())
			if err := b.put(evidence.RecordFeed, key(string(o.Day), o.Source, o.Channel, o.Site), o); err != nil {
				return err
			}
		}
	}
	return nil
}

func decodeExercises(b *batch, files []file) error {
	list := formatsOf(b.Kind)
	for _, f := range files {
		chosen := choose(list, b.forced, f.data, f.name)
		if who, is := strange(list, &chosen, f.data); is && b.forced == "" {
			return who.fault(f.shown)
		}
		b.format(chosen.Name)
		d, err := chosen.exercises(f.shown, f.text())
		if err != nil {
			return err
		}
		b.notes(file{name: f.shown, shown: f.shown}, d.Rejects, d.Warnings)
		for _, x := range d.Records {
			if x.Time.IsZero() && x.Away() {
				x.Time = b.Added // no report of a replay says when it was
			}
			b.span(x.Time)
			if err := b.put(evidence.RecordExercise, x.Key(), x); err != nil {
				return err
			}
		}
	}
	return nil
}

func decodeRunbooks(b *batch, files []file) error {
	b.format(markdown)
	for _, f := range files {
		d := frontmatter.Decode(f.name, f.data)
		b.notes(f, d.Rejects, d.Warnings)
		for _, book := range d.Records {
			if err := b.put(evidence.RecordRunbook, book.ID, book); err != nil {
				return err
			}
		}
	}
	return nil
}

func decodeRules(b *batch, files []file) error {
	decoded, list := make([]rules, len(files)), formatsOf(b.Kind)
	each(len(files), func(i int) {
		chosen := choose(list, b.forced, files[i].data, files[i].name)
		if who, is := strange(list, &chosen, files[i].data); is && b.forced == "" {
			decoded[i].Rejects = []evidence.Reject{who.reject(files[i].name)}
			return
		}
		decoded[i] = chosen.rules(files[i])
	})
	for i, d := range decoded {
		if d.err != nil {
			return d.err
		}
		b.format(d.format)
		b.notes(files[i], d.Rejects, d.Warnings)
		for _, r := range d.Records {
			if err := b.putRule(d.format, r); err != nil {
				return err
			}
		}
		b.putTexts(d.format, files[i].data, d.Records)
	}
	return nil
}

// rules is what one file of rules holds.
type rules struct {
	evidence.Decoded[detection.Rule]
	format string
	err    error
}

// each calls do for every number below n, on all processors.
func each(n int, do func(i int)) {
	var wg crew.Workers
	workers := min(n, runtime.GOMAXPROCS(0))
	for w := range workers {
		wg.Go(func() {
			for i := w; i < n; i += workers {
				do(i)
			}
		})
	}
	wg.Wait()
}
