package storetest

import (
	"context"
	"slices"
	"testing"
	"time"

	"candor/internal/attack"
	"candor/internal/fault"
	"candor/internal/store"
)

// removal names a release as it landed.
func removal(r attack.Release) attack.Removal {
	return attack.Removal{Release: r, At: time.Date(2026, 3, 4, 5, 6, 7, 8, time.UTC), By: "ann", Reason: "a beta"}
}

// answers is much of what a library answers, for comparison with another.
func answers(t *testing.T, l store.Library) map[string]any {
	t.Helper()
	ctx := context.Background()
	all := map[string]any{"releases": must(l.Releases(ctx))(t)}
	for _, r := range must(l.Releases(ctx))(t) {
		ids := []string{}
		for _, m := range must(l.Members(ctx, r))(t) {
			ids = append(ids, m.StixID)
		}
		all[r.String()+" raws"] = texts(must(l.Raws(ctx, r, ids))(t))
		all[r.String()+" odd"] = must(l.Oddities(ctx, r))(t)
		for _, text := range []string{"shared", "words", "first", "second", "procedure", "T1001", "T1002"} {
			all[r.String()+" "+text] = list(t, l, store.Query{Release: r, Text: text})
		}
		for _, id := range ids {
			all[r.String()+" "+id] = edges(t, l, r, id)
		}
	}
	for _, id := range []string{"T1001", "T1002", "T1003", "T0001", "tool--1", "attack-pattern--1", "attack-pattern--2", "attack-pattern--3"} {
		all["find "+id] = find(t, l, id, attack.ReleaseRef{})
		as := must(l.Appearances(ctx, id))(t)
		for i := range as {
			as[i].Release.Imported = time.Time{}
		}
		all["appearances "+id] = as
	}
	return all
}

// twoReleases returns texts of two releases that share some objects.
func twoReleases(t *testing.T) (older, newer string) {
	same := object("tool", "1", "S0001", "shared words")
	old := object("attack-pattern", "1", "T1001", "the first words").but(obj{"x_mitre_old_attack_id": "T0001"})
	return bundle(t, same, old, object("attack-pattern", "2", "T1002", "only of the first"), relationship("1", "uses", "tool--1", "attack-pattern--2").but(obj{"description": "procedure of the first"})),
		bundle(t, same, old.but(obj{"name": "the second words", "x_mitre_old_attack_id": "T0009"}), object("attack-pattern", "3", "T1003", "only of the second"))
}

func libraryRemove(t *testing.T, open OpenLibrary) {
	older, newer := twoReleases(t)
	for name, keep := range map[string]string{"acme 1.0": "acme 2.0", "acme 2.0": "acme 1.0"} {
		text := map[string]string{"acme 1.0": older, "acme 2.0": newer}
		dir := t.TempDir()
		l := open(t, dir)
		rs := map[string]attack.Release{"acme 1.0": landText(t, l, "acme 1.0", older), "acme 2.0": landText(t, l, "acme 2.0", newer)}
		answers(t, l) // so that there is something to forget
		got := must(l.Remove(context.Background(), removal(rs[name])))(t)
		equal(t, "what was removed", got.Release, rs[name])
		alone := open(t, t.TempDir())
		landText(t, alone, keep, text[keep])
		equal(t, "answers without "+name, answers(t, l), answers(t, alone))
		equal(t, "answers when opened again", answers(t, open(t, dir)), answers(t, alone))
		rms := must(l.Removals(context.Background()))(t)
		equal(t, "removals", rms, []attack.Removal{removal(rs[name])})

		// It may come again, and it may be another file.
		landText(t, l, name, text[name])
		both := open(t, t.TempDir())
		landText(t, both, "acme 1.0", older)
		landText(t, both, "acme 2.0", newer)
		equal(t, "answers with "+name+" again", answers(t, l), answers(t, both))
	}
}

func libraryRemoveRefused(t *testing.T, open OpenLibrary) {
	ctx := context.Background()
	older, newer := twoReleases(t)
	l := open(t, t.TempDir())
	r := landText(t, l, "acme 1.0", older)
	before := answers(t, l)
	other := r
	other.Version = "2.0"
	_, err := l.Remove(ctx, removal(other))
	refused(t, err, fault.NotFound)
	other = r
	other.FileHash = "another"
	_, err = l.Remove(ctx, removal(other))
	refused(t, err, fault.NotFound)
	w := add(t, l, newer)
	_, err = l.Remove(ctx, removal(r))
	refused(t, err, fault.Conflict)
	if err := w.Rollback(); err != nil {
		t.Fatal(err)
	}
	equal(t, "answers", answers(t, l), before)
	if rms := must(l.Removals(ctx))(t); len(rms) > 0 {
		t.Errorf("removals %+v", rms)
	}
	must(l.Remove(ctx, removal(r)))(t)
	if rs := must(l.Releases(ctx))(t); len(rs) > 0 {
		t.Errorf("releases %+v", rs)
	}
	landText(t, l, "acme 2.0", newer)
	if got := must(l.Releases(ctx))(t); len(got) != 1 || !slices.Equal(find(t, l, "T1001", attack.ReleaseRef{}), []string{"attack-pattern--1@acme 2.0"}) {
		t.Errorf("%+v, %v", got, find(t, l, "T1001", attack.ReleaseRef{}))
	}
}
