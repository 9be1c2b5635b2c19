package ingest

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"unicode"

	"candor/internal/evidence"
	"candor/internal/fault"
	"candor/internal/store"
)

// A source is who states something: a product, a repository, a team. What a record is
// about is its source and what the source calls it, so that the same id of two sources
// is two records. An input that is all there is of its source has a state: what it no
// longer holds is retired.

// maxSource is how long the name of a source may be, in characters.
const maxSource = 100

// checkSource returns fault.Usage for a source that cannot be meant, or that does not
// go with the kind.
func (r Request) checkSource(k kind) error {
	switch {
	case r.Source == "" && r.Whole:
		return fault.New(fault.Usage, "an input is complete for a source, and none was named").Next("name it: --complete SOURCE")
	case r.Source == "":
		return nil
	case strings.TrimSpace(r.Source) != r.Source || strings.ContainsFunc(r.Source, unicode.IsControl) || strings.Contains(r.Source, "/"):
		return fault.New(fault.Usage, "%q is no name of a source", r.Source).Next("use a name without slashes, control characters and blanks at its ends, for example corp-sigma")
	case len([]rune(r.Source)) > maxSource:
		return fault.New(fault.Usage, "the name of the source is longer than %d characters", maxSource).Next("use a shorter one")
	case !k.Sourced && k.Name != evidence.Alerts:
		return fault.New(fault.Usage, "%s are of no source: each is known by its id alone", k.Name).Next("leave the source out; %s have one", strings.Join(evidence.Names(func(k *evidence.Kind) bool { return k.Sourced }), ", "))
	case r.Whole && !k.Sourced:
		return fault.New(fault.Usage, "%s are never complete: what fired stays", k.Name).Next("use --source to say whose they are")
	}
	return nil
}

// again gives a complete input that was there before a name of its own where another
// one of its source came since: it says something new then.
func (b *batch) again(known []store.Batch) {
	if !b.Whole {
		return
	}
	ofSource := slices.DeleteFunc(slices.Clone(known), func(o store.Batch) bool {
		return o.Kind != b.Kind || o.Withdrawn != nil || o.Source != b.Source && o.Source != ""
	})
	if len(ofSource) == 0 || !slices.ContainsFunc(ofSource, func(o store.Batch) bool { return o.Hash == b.Hash }) {
		return
	}
	last, first := ofSource[len(ofSource)-1], b.Hash
	if last.Hash == first {
		return
	}
	for _, o := range ofSource {
		if again := hashAfter(first, o.ID); last.Hash == again {
			b.named(again)
			return
		}
	}
	b.named(hashAfter(first, last.ID))
}

// hashAfter is the hash of an input that lands once more, after a batch.
func hashAfter(hash, batch string) string {
	return hexSum(sha256.Sum256([]byte(hash + "\x00after\x00" + batch)))
}

// named gives the batch the hash of its input, and the id that follows from it.
func (b *batch) named(hash string) {
	b.Hash, b.ID = hash, b.Kind+"-"+hash[:12]
	b.rejects.name = b.ID
}

// origin returns the source of records in a format: the one that was named, and of
// rules otherwise the format.
func (b *batch) origin(format string) string {
	if b.Kind == evidence.Rules {
		return cmp.Or(b.Source, format)
	}
	return b.Source
}

// held is what is in force of the kinds of record that a batch has.
func (e *Evidence) held(ctx context.Context, b *batch) ([]store.Record, error) {
	if e.evidence == nil {
		return nil, nil
	}
	var all []store.Record
	k := evidence.KindOf(b.Kind)
	if !k.Sourced {
		return nil, nil
	}
	for _, kind := range k.Records {
		list, err := e.evidence.Current(ctx, kind)
		if err != nil {
			return nil, err
		}
		all = append(all, list...)
	}
	return all, nil
}

// compare holds a batch against what is in force. It retires what a complete input no
// longer holds, says what of an earlier one is not in this, and whose ids are of
// several sources.
func (e *Evidence) compare(ctx context.Context, b *batch, known []store.Batch) error {
	held, err := e.held(ctx, b)
	if err != nil || len(held) == 0 {
		return err
	}
	has := make(map[[2]string]bool, len(b.records))
	for i := range b.records {
		has[[2]string{b.records[i].Kind, b.records[i].Key}] = true
	}
	missing := slices.DeleteFunc(slices.Clone(held), func(r store.Record) bool { return has[[2]string{r.Kind, r.Key}] })
	b.shared(missing)
	if b.Whole {
		b.retire(missing)
	} else {
		b.left(missing, known)
	}
	return nil
}

// retire retires what is missing of the batch's source. Where a record was rejected it
// may be any of them, so that none is.
func (b *batch) retire(missing []store.Record) {
	var over []store.Record
	for _, r := range missing {
		if source, _ := r.Identity(); source == b.Source {
			over = append(over, r)
		}
	}
	if n := b.rejects.n; n > 0 {
		b.Whole = false
		lacks := "it seems to lack none"
		if len(over) > 0 {
			lacks = fmt.Sprintf("what could not be read may be among the %d that it seems to lack", len(over))
		}
		b.warnings = append(b.warnings, fmt.Sprintf("the input is not taken for complete, and nothing of %s was retired: %s could not be read, and %s; correct the input and add it again",
			b.Source, plural(int(n), "record"), lacks))
		return
	}
	for _, r := range over {
		b.gone = append(b.gone, Title(r))
		b.records = append(b.records, store.Record{Kind: r.Kind, Key: r.Key})
	}
}

// left says what earlier inputs of the same paths brought that is in force, and that
// this one does not hold.
func (b *batch) left(missing []store.Record, known []store.Batch) {
	same := map[string]store.Batch{}
	for _, o := range known {
		if o.Kind == b.Kind && o.Withdrawn == nil && slices.ContainsFunc(o.Paths, b.names) {
			same[o.ID] = o
		}
	}
	var names []string
	source := b.Source
	for _, r := range missing {
		if _, ok := same[r.Batch]; ok {
			names = append(names, Title(r))
			of, _ := r.Identity()
			source = cmp.Or(source, of, "SOURCE")
		}
	}
	if len(names) == 0 {
		return
	}
	b.warnings = append(b.warnings, fmt.Sprintf("%s that earlier input of the same path brought and this one lacks still count: %s; if the input is all there is of its source, add it with --complete %s, and they are retired",
		plural(len(names), "record"), some(names), source))
}

// names reports whether a path that an earlier batch named is one of the batch's own.
func (b *batch) names(path string) bool {
	return slices.ContainsFunc(b.Paths, func(p string) bool { return filepath.Clean(p) == filepath.Clean(path) })
}

// shared says which of the batch's ids others in force have that are of another source.
func (b *batch) shared(missing []store.Record) {
	type subject struct{ kind, id string }
	mine := map[subject]bool{}
	for i := range b.records {
		_, id := b.records[i].Identity()
		mine[subject{b.records[i].Kind, id}] = true
	}
	var of, ids []string
	for _, r := range missing {
		source, id := r.Identity()
		if !mine[subject{r.Kind, id}] || r.Kind == evidence.RecordScope {
			continue
		}
		ids = append(ids, Title(r))
		if source = cmp.Or(source, "no named source"); !slices.Contains(of, source) {
			of = append(of, source)
		}
	}
	if len(ids) == 0 {
		return
	}
	note := fmt.Sprintf("%s of another source (%s) are called as some of this input: %s; both count", plural(len(ids), "record"), strings.Join(of, ", "), some(ids))
	if b.Kind == evidence.Rules {
		note += ", and alerts that name such a rule are joined by their source, and to none where it does not tell"
	}
	b.warnings = append(b.warnings, note+"; withdraw the batch that is replaced, if one is")
}

// some lists the first of names.
func some(names []string) string {
	const most = 5
	shown := strings.Join(names[:min(most, len(names))], ", ")
	if more := len(names) - most; more > 0 {
		shown += fmt.Sprintf(" and %d more", more)
	}
	return shown
}

// Title returns what people call a record: its id and its name where it has one.
func Title(r store.Record) string {
	_, id := r.Identity()
	var body struct {
		Name, Title string
	}
	name := ""
	if (r.Kind == evidence.RecordRule || r.Kind == evidence.RecordRunbook || r.Kind == evidence.RecordExternal) && json.Unmarshal(r.Body, &body) == nil {
		name = cmp.Or(body.Title, body.Name)
	}
	parts := slices.DeleteFunc(strings.Split(id, "|"), func(p string) bool { return p == "" })
	if r.Kind == evidence.RecordRule || r.Kind == evidence.RecordRunbook {
		parts = []string{id}
	}
	if id = strings.Join(parts, ", "); name == "" || name == id {
		return id
	}
	return id + " (" + name + ")"
}
