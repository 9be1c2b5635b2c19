package assessment

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"candor/internal/assure"
	"candor/internal/attack"
	"candor/internal/day"
	"candor/internal/evidence"
	"candor/internal/fault"
	"candor/internal/near"
	"candor/internal/store"
	"candor/internal/take"
)

// Subject is the object that notes are about, as a release has it.
type Subject struct {
	Object assure.Name
	// Release is the release at hand, and Hash the SHA-256 of the object there.
	Release attack.Release
	Hash    string
}

// SubjectOf returns the subject that an object of a release is. One of a kind of which
// no take is written is fault.Usage.
func SubjectOf(o attack.Object, r attack.Release, hash string) (Subject, error) {
	return Subject{Object: assure.Name{StixID: o.ID, ATTACKID: o.ATTACKID, Name: o.Name}, Release: r, Hash: hash}, Takeable(o)
}

// Annotate records a note about an object. It is evidence, in a batch of its own; one of
// the same author for the same section, or of the same ID, takes the place of an
// earlier one. A note that says what the one in force says changes nothing, and fresh
// is false. It fails with fault.Usage for a note that cannot be meant, and with
// fault.Conflict for an ID that another author's note has.
func (s *Service) Annotate(ctx context.Context, of Subject, n take.Note) (noted take.Noted, fresh bool, err error) {
	if n, err = n.Checked(); err != nil {
		return take.Noted{}, false, err
	}
	n.Object, n.Release, n.Hash, n.Written = of.Object, of.Release.String(), of.Hash, n.Written.UTC()
	have, err := s.NoteHistory(ctx, of, n.Written)
	if err != nil {
		return take.Noted{}, false, err
	}
	for _, old := range take.Current(have) {
		if old.ID != n.ID {
			continue
		}
		if old.Author != n.Author {
			return take.Noted{}, false, fault.New(fault.Conflict, "the note %s about %s is of %s", n.ID, nameOf(of), old.Author).At("id").
				Next("give yours an id of its own; candor note retire %s %s takes the other back", nameOf(of), n.ID)
		}
		same := n
		same.Written, same.RecordedBy = old.Written, old.RecordedBy
		if same == old.Note {
			return old, false, nil
		}
	}
	return s.enter(ctx, of, n, n.Written)
}

// Retire takes a note about an object back: it is shown no more, and its history stays.
func (s *Service) Retire(ctx context.Context, of Subject, id string, r take.Retirement) (take.Noted, error) {
	switch {
	case strings.TrimSpace(r.By) == "":
		return take.Noted{}, fault.New(fault.Usage, "it is not said who takes the note back").At("by").Next("say who")
	case strings.TrimSpace(r.Reason) == "":
		return take.Noted{}, fault.New(fault.Usage, "it is not said why the note is taken back").At("reason").Next("say why")
	}
	history, err := s.NoteHistory(ctx, of, r.At)
	if err != nil {
		return take.Noted{}, err
	}
	var ids []string
	for _, old := range take.Current(history) {
		if old.ID == id {
			n := old.Note
			n.Retired = &r
			noted, _, err := s.enter(ctx, of, n, r.At)
			return noted, err
		}
		ids = append(ids, old.ID)
	}
	e := fault.New(fault.NotFound, "no note %s about %s is in force", id, nameOf(of))
	if len(ids) == 0 {
		return take.Noted{}, e.Next("none is; candor note history %s shows what was written", nameOf(of))
	}
	return take.Noted{}, e.Next("%s", near.Hint(id, ids, ""))
}

// enter records an entry, and returns it as it then stands.
func (s *Service) enter(ctx context.Context, of Subject, n take.Note, at time.Time) (take.Noted, bool, error) {
	body, err := json.Marshal(n)
	if err != nil {
		return take.Noted{}, false, fmt.Errorf("encode the note of %s about %s: %w", n.Author, nameOf(of), err)
	}
	sum := sha256.Sum256(body)
	hash := hex.EncodeToString(sum[:])
	by := n.Author
	if n.Retired != nil {
		by = n.Retired.By
	}
	b := store.Batch{ID: evidence.Notes + "-" + hash[:12], Kind: evidence.Notes, Format: "candor-json",
		Paths: []string{"note about " + nameOf(of)}, Hash: hash, Added: at, By: cmp.Or(n.RecordedBy, by), First: at, Last: at}
	landed, _, err := s.evidence.Append(ctx, b, one(store.Record{Kind: evidence.RecordNote, Key: of.Object.StixID, Body: body}))
	if err != nil {
		return take.Noted{}, false, err
	}
	history, err := s.NoteHistory(ctx, of, at)
	if err != nil {
		return take.Noted{}, false, err
	}
	i := slices.IndexFunc(history, func(h take.Noted) bool { return h.Batch == landed.ID })
	if i < 0 {
		return take.Noted{}, false, fault.New(fault.Internal, "the note %s was recorded and is not there", landed.ID)
	}
	return history[i], true, nil
}

func nameOf(of Subject) string { return cmp.Or(of.Object.ATTACKID, of.Object.StixID) }

// Notes returns what people wrote about an object and is in force on a day.
func (s *Service) Notes(ctx context.Context, of Subject, asOf time.Time) ([]take.Noted, error) {
	history, err := s.NoteHistory(ctx, of, asOf)
	return take.Current(history), err
}

// NoteHistory returns everything that people ever wrote about an object, oldest first,
// with what became of it by a day.
func (s *Service) NoteHistory(ctx context.Context, of Subject, asOf time.Time) ([]take.Noted, error) {
	batches, err := s.noteBatches(ctx)
	if err != nil {
		return nil, err
	}
	entries, err := s.sayings(ctx, of.Object.StixID, batches)
	return take.History(entries, of.Hash, day.Of(asOf)), err
}

// Annotated lists the objects about which people wrote, by their ATT&CK IDs. Each is
// named as its first note names it.
func (s *Service) Annotated(ctx context.Context) ([]assure.Name, error) {
	all, err := s.said(ctx)
	if err != nil {
		return nil, err
	}
	names := []assure.Name{}
	for _, entries := range all {
		names = append(names, entries[0].Object)
	}
	slices.SortFunc(names, func(a, b assure.Name) int {
		return cmp.Or(cmp.Compare(a.ATTACKID, b.ATTACKID), cmp.Compare(a.StixID, b.StixID))
	})
	return names, nil
}

// noteBatches returns the batches of notes, and whether each is withdrawn.
func (s *Service) noteBatches(ctx context.Context) (map[string]bool, error) {
	batches, err := s.evidence.Batches(ctx)
	if err != nil {
		return nil, err
	}
	withdrawn := map[string]bool{}
	for _, b := range batches {
		if b.Kind == evidence.Notes {
			withdrawn[b.ID] = b.Withdrawn != nil
		}
	}
	return withdrawn, nil
}

// said returns every entry of the notes that are not all withdrawn, by the object's STIX
// id, oldest first.
func (s *Service) said(ctx context.Context) (map[string][]take.Said, error) {
	g, err := s.evidence.Generation(ctx)
	if err != nil {
		return nil, err
	}
	return s.notes.Of(ctx, g, func(ctx context.Context) (map[string][]take.Said, error) {
		current, err := s.evidence.Current(ctx, evidence.RecordNote)
		if err != nil || len(current) == 0 {
			return nil, err
		}
		batches, err := s.noteBatches(ctx)
		if err != nil {
			return nil, err
		}
		all := map[string][]take.Said{}
		for _, c := range current {
			if all[c.Key], err = s.sayings(ctx, c.Key, batches); err != nil {
				return nil, err
			}
		}
		return all, nil
	})
}

// sayings reads what is said of the notes about an object, oldest first.
func (s *Service) sayings(ctx context.Context, stixID string, batches map[string]bool) ([]take.Said, error) {
	records, err := s.evidence.History(ctx, evidence.RecordNote, stixID)
	if err != nil {
		return nil, err
	}
	notes, err := decode[take.Note](records)
	if err != nil {
		return nil, err
	}
	var said []take.Said
	for _, n := range notes {
		if withdrawn, known := batches[n.Batch]; known { // else it came since they were listed
			said = append(said, take.Said{Note: n.Value, Batch: n.Batch, Withdrawn: withdrawn})
		}
	}
	return said, nil
}
