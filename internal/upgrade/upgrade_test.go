package upgrade

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"candor/internal/attack"
	"candor/internal/fault"
)

// shelf makes a release by hand. IDs with a mark are not in force: "-" deprecated, "!" revoked.
func shelf(version string, techniques []string, revoked ...[2]string) *attack.Library {
	var objects []*attack.Object
	for _, t := range techniques {
		id, name, _ := strings.Cut(t, " ")
		o := &attack.Object{Kind: attack.KindTechnique, Deprecated: strings.HasSuffix(id, "-"), Revoked: strings.HasSuffix(id, "!"), Name: name}
		o.ATTACKID = strings.TrimRight(id, "-!*")
		o.ID = "attack-pattern--" + strings.TrimRight(id, "-!")
		objects = append(objects, o)
	}
	for _, r := range revoked {
		objects = append(objects, &attack.Object{ID: "relationship--" + r[0] + r[1], Kind: attack.KindRelationship,
			Relationship: &attack.Relationship{Type: attack.RevokedBy, Source: "attack-pattern--" + r[0], Target: "attack-pattern--" + r[1]}})
	}
	return attack.NewLibrary(attack.Release{Domain: "enterprise-attack", Version: version}, objects)
}

func renames(pairs ...string) []attack.Rename {
	var rs []attack.Rename
	for i, p := range pairs {
		old, now, _ := strings.Cut(p, ">")
		rs = append(rs, attack.Rename{Old: old, New: now, By: fmt.Sprintf("map.csv line %d", i+2)})
	}
	return rs
}

func rule(ids ...string) []Named {
	return []Named{{Holder: attack.Holder{Kind: attack.OfRule, ID: "r1"}, Title: "Rule 1", IDs: ids}}
}

func TestWhereIDsWent(t *testing.T) {
	before := shelf("18.1", []string{"T1 One", "T2 Two", "T3 Three"})
	for _, c := range []struct {
		name    string
		now     *attack.Library
		mapping []attack.Rename
		fate    Fate
		state   State
		to      string
		why     string
	}{
		{"revoked", shelf("19.0", []string{"T1!", "T9"}, [2]string{"T1", "T9"}), nil, Revoked, Certain, "T9", "enterprise 19.0: T1 is revoked by T9."},
		{"a chain", shelf("19.0", []string{"T1!", "T8!", "T9"}, [2]string{"T1", "T8"}, [2]string{"T8", "T9"}), nil, Revoked, Certain, "T9",
			"enterprise 19.0: T1 is revoked by T8; enterprise 19.0: T8 is revoked by T9."},
		{"a circle", shelf("19.0", []string{"T1!", "T8!"}, [2]string{"T1", "T8"}, [2]string{"T8", "T1"}), nil, Revoked, Ambiguous, "",
			"T1 is revoked in enterprise 19.0, and leads nowhere; its revoked-by relations run in a circle at T1."},
		{"a split by the release", shelf("19.0", []string{"T1!", "T8", "T9"}, [2]string{"T1", "T8"}, [2]string{"T1", "T9"}), nil, Split, Ambiguous, "",
			"T1 may be T8 or T9: enterprise 19.0: T1 is revoked by T8; enterprise 19.0: T1 is revoked by T9."},
		{"a split by the mapping", shelf("19.0", []string{"T8", "T9"}), renames("T1>T8", "T1>T9"), Split, Ambiguous, "",
			"T1 may be T8 or T9: map.csv line 2: T1 became T8; map.csv line 3: T1 became T9."},
		{"the mapping agrees", shelf("19.0", []string{"T1!", "T9"}, [2]string{"T1", "T9"}), renames("T1>T9"), Revoked, Certain, "T9",
			"enterprise 19.0: T1 is revoked by T9; and map.csv line 2: T1 became T9."},
		{"the mapping contradicts the release", shelf("19.0", []string{"T1!", "T8", "T9"}, [2]string{"T1", "T8"}), renames("T1>T9"), Split, Ambiguous, "",
			"T1 may be T8 or T9: enterprise 19.0: T1 is revoked by T8; map.csv line 2: T1 became T9."},
		{"the mapping leads on", shelf("19.0", []string{"T8!", "T9"}, [2]string{"T8", "T9"}), renames("T1>T7", "T7>T8"), Revoked, Certain, "T9",
			"map.csv line 2: T1 became T7; map.csv line 3: T7 became T8; enterprise 19.0: T8 is revoked by T9."},
		{"the mapping runs in a circle", shelf("19.0", nil), renames("T1>T7", "T7>T1"), Removed, Ambiguous, "",
			"enterprise 19.0 does not have T1, and nobody says what took its place; the mapping runs in a circle at T1."},
		{"the mapping names what the release lacks", shelf("19.0", []string{"T1!", "T9"}, [2]string{"T1", "T9"}), renames("T1>T77"), Revoked, Ambiguous, "",
			"enterprise 19.0: T1 is revoked by T9; map.csv line 2 says that it became T77, which enterprise 19.0 does not have."},
		{"deprecated", shelf("19.0", []string{"T1-"}), nil, Deprecated, Ambiguous, "", "T1 is deprecated in enterprise 19.0, and nobody says what took its place."},
		{"removed", shelf("19.0", nil), nil, Removed, Ambiguous, "", "enterprise 19.0 does not have T1, and nobody says what took its place."},
		{"renamed", shelf("19.0", []string{"T1 Uno"}), nil, Renamed, Unaffected, "T1", "T1 is called Uno in enterprise 19.0 and was called One: it is the same object, and is read as before."},
		{"reused", shelf("19.0", []string{"T1* Other"}), nil, Reused, Ambiguous, "",
			"T1 was One in enterprise 18.1 and is Other in enterprise 19.0: the ID is another object's. No decision changes what an ID that is in force means; change what names it where it is kept."},
	} {
		p := New(Asked{Old: before, New: c.now, Mapping: c.mapping, Named: rule("t1")})
		if len(p.Items) != 1 {
			t.Errorf("%s: %+v", c.name, p.Items)
			continue
		}
		i := p.Items[0]
		got := []string{string(i.Fate), string(i.State), strings.Join(i.To, ","), i.Why}
		if diff := cmp.Diff([]string{string(c.fate), string(c.state), c.to, c.why}, got); diff != "" {
			t.Errorf("%s (-want +got)\n%s", c.name, diff)
		}
	}
}

func TestAMergeNamesTheOthersAndTheUnchangedIsNoItem(t *testing.T) {
	now := shelf("19.0", []string{"T1!", "T2!", "T3", "T9"}, [2]string{"T1", "T9"}, [2]string{"T2", "T9"})
	p := New(Asked{Old: shelf("18.1", []string{"T1", "T2", "T3"}), New: now, Named: rule("T1", "T2", "T3", "T4")})
	if len(p.Items) != 2 || !slices.Equal(p.Items[0].Merged, []string{"T2"}) || !slices.Equal(p.Items[1].Merged, []string{"T1"}) || p.Things != 1 {
		t.Errorf("%+v", p)
	}
	again := New(Asked{Old: now, New: now, Named: rule("T1", "T2", "T3")})
	if len(again.Items) != 0 || again.Before != 2 {
		t.Errorf("from a release to itself: %+v", again)
	}
}

func TestWhatATTACKRelatesIsSuggestedAndNeverCertain(t *testing.T) {
	object := func(kind attack.Kind, id string, platforms ...string) *attack.Object {
		return &attack.Object{ID: "x--" + id, Kind: kind, ATTACKID: id, Platforms: platforms}
	}
	relation := func(typ, from, to string) *attack.Object {
		return &attack.Object{ID: "r--" + typ + from + to, Kind: attack.KindRelationship, Relationship: &attack.Relationship{Type: typ, Source: "x--" + from, Target: "x--" + to}}
	}
	release := func(version string, gone bool) *attack.Library {
		det := object(attack.KindStrategy, "DET1")
		det.Analytics = []string{"x--AN1", "x--AN2", "x--AN3"}
		sub, an := object(attack.KindSubTechnique, "T1.001"), object(attack.KindAnalytic, "AN1", "Windows")
		sub.Deprecated, an.Deprecated = gone, gone
		return attack.NewLibrary(attack.Release{Domain: "enterprise-attack", Version: version}, []*attack.Object{object(attack.KindTechnique, "T1"), sub, an,
			object(attack.KindAnalytic, "AN2", "Windows"), object(attack.KindAnalytic, "AN3", "Linux"), det,
			relation(attack.SubtechniqueOf, "T1.001", "T1"), relation(attack.Detects, "DET1", "T1")})
	}
	p := New(Asked{Old: release("18.1", false), New: release("19.0", true), Named: rule("T1.001", "AN1")})
	var got []string
	for _, i := range p.Items {
		for _, c := range i.Candidates {
			got = append(got, fmt.Sprintf("%s %s %v: %s", i.ID, i.State, c.Suggested, c.By[0]))
		}
	}
	want := []string{"AN1 ambiguous true: enterprise 19.0: AN2 of DET1 detects T1, as AN1 did", "T1.001 ambiguous true: enterprise 18.1: T1.001 was a sub-technique of T1"}
	if diff := cmp.Diff(want, got); diff != "" || len(p.Proposed()) != 0 {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

func TestWhatIsDecidedIsOpenNoMore(t *testing.T) {
	now := shelf("19.0", []string{"T1!", "T8", "T9"}, [2]string{"T1", "T8"}, [2]string{"T1", "T9"})
	named := []Named{{Holder: attack.Holder{Kind: attack.OfRule, ID: "r1"}, IDs: []string{"T1"}}, {Holder: attack.Holder{Kind: attack.OfExercise, ID: "e1"}, IDs: []string{"T1"}},
		{Holder: attack.Holder{Kind: attack.OfSignal, ID: "s"}, IDs: []string{"T1"}}}
	d := attack.Decision{Domain: "enterprise-attack", Release: "19.0", ID: "T1", Holder: named[0].Holder, To: []string{"T9"}, By: "Ann", Batch: "b1"}
	plan := func(ds ...attack.Decision) Item {
		return New(Asked{Old: shelf("18.1", []string{"T1"}), New: now.WithDecisions(ds), Named: named}).Items[0]
	}
	if i := plan(); i.Open() != 3 || i.State != Ambiguous {
		t.Errorf("before: %+v", i)
	}
	if i := plan(d); i.Open() != 2 || i.State != Ambiguous {
		t.Errorf("for one: %+v", i)
	}
	d.Holder = attack.Holder{}
	i := plan(d)
	if i.Open() != 0 || i.State != Decided {
		t.Errorf("for all: %+v", i)
	}
}

func TestADecisionThatCannotBeMeantIsRefused(t *testing.T) {
	now := shelf("19.0", []string{"T1!", "T8", "T9"})
	for text, field := range map[string]string{"T1=T8": "", "T1=none": "", "T1@rule:r=1=T8,T9": "", "T1@exercise:e=T8,T9": "to", "T1=T7": "to", "T1=AN1": "to", "T8=T9": "id",
		"T1": "parse", "=T8": "parse", "T1@song:x=T8": "parse", "T1=T8,": "parse"} {
		d, err := Chosen(text)
		if (err != nil) != (field == "parse") {
			t.Errorf("%s: %v", text, err)
			continue
		}
		if err != nil {
			continue
		}
		d.By, d.Why = "Ann", "because"
		err = Check(&d, now)
		if (err == nil) != (field == "") || err != nil && fault.KindOf(err) != fault.Usage {
			t.Errorf("%s: %v", text, err)
		}
	}
	if d, _ := Chosen("T1@rule:r=1=T8,T9"); d.Holder.ID != "r=1" || len(d.To) != 2 {
		t.Errorf("%+v", d)
	}
}

// Whatever releases and mappings say, a plan is the same each time, proposes only what is in
// force and what all who say anything agree on, and names every holder.
func TestPlansOfDrawnReleases(t *testing.T) {
	ids := []string{"T1", "T2", "T3", "T4", "T5"}
	certain, circles := 0, 0
	rapid.Check(t, func(t *rapid.T) {
		pair := rapid.Custom(func(t *rapid.T) [2]string {
			return [2]string{rapid.SampledFrom(ids).Draw(t, "from"), rapid.SampledFrom(ids).Draw(t, "to")}
		})
		var have []string
		for _, id := range ids {
			have = append(have, id+rapid.SampledFrom([]string{"", "!", "!", "-"}).Draw(t, "state "+id))
		}
		now := shelf("19.0", have, rapid.SliceOfNDistinct(pair, 0, 6, rapid.ID).Draw(t, "revoked")...)
		var said []string
		for _, p := range rapid.SliceOfN(pair, 0, 4).Draw(t, "mapping") {
			if p[0] != p[1] {
				said = append(said, p[0]+">"+p[1])
			}
		}
		a := Asked{Old: shelf("18.1", ids), New: now, Mapping: renames(said...), Named: rule(ids...)}
		p := New(a)
		if diff := cmp.Diff(p, New(a)); diff != "" {
			t.Fatal(diff)
		}
		for _, i := range p.Items {
			if strings.Contains(i.Why, "circle") {
				circles++
			}
			if now.InForce(i.ID) || len(i.Named) != 1 || i.Why == "" {
				t.Fatalf("%+v", i)
			}
		}
		for _, d := range p.Proposed() {
			certain++
			d.By = "Ann"
			if err := Check(&d, now); err != nil || len(d.To) != 1 {
				t.Fatalf("%+v: %v", d, err)
			}
		}
	})
	if certain == 0 || circles == 0 {
		t.Errorf("%d certain, %d circles", certain, circles)
	}
}

// A decision of an ID that nobody names, or not the one that it is for, is refused.
func TestADecisionConcernsWhatIsNamed(t *testing.T) {
	named := []Named{{Holder: attack.Holder{Kind: attack.OfRule, ID: "r1"}, IDs: []string{"t1562"}}}
	for _, c := range []struct {
		id   string
		of   attack.Holder
		good bool
	}{{"T1562", attack.Holder{}, true}, {"T1562", named[0].Holder, true}, {"T1563", attack.Holder{}, false}, {"T1562", attack.Holder{Kind: attack.OfRule, ID: "r2"}, false}} {
		if err := Concerns(&attack.Decision{ID: c.id, Holder: c.of}, named); (err == nil) != c.good {
			t.Errorf("%s of %+v: %v", c.id, c.of, err)
		}
	}
}
