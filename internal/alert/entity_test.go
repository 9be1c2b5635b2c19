package alert

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// TestAnAlertIsAboutEachEntityOnce: whatever is named, one is primary, none is there twice, no
// name is lost but for the bound, and to set the same again changes nothing.
func TestAnAlertIsAboutEachEntityOnce(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		drawn := rapid.Custom(func(t *rapid.T) Entity {
			return Entity{rapid.SampledFrom(append(EntityTypes(), Untyped)).Draw(t, "type"), rapid.SampledFrom([]string{"", " ", "a", "A", "b ", "host:a", "ß"}).Draw(t, "name")}
		})
		named := rapid.SliceOfN(drawn, 1, 12).Draw(t, "entities")
		var a Alert
		if !a.SetEntities(named[0], named[1:]) {
			t.Fatal("a few are too many")
		}
		all := slices.Collect(a.Entities())
		for i, e := range all {
			if strings.TrimSpace(e.Name) != e.Name || e.Name == "" {
				t.Fatalf("an entity is called %q", e.Name)
			}
			for _, f := range all[:i] {
				if e.is(f) {
					t.Fatalf("%v and %v are one", e, f)
				}
			}
		}
		for _, e := range named {
			if name := strings.TrimSpace(e.Name); name != "" && !a.About(false, FoldEntity(name)) {
				t.Fatalf("%v is lost: %v", e, all)
			}
		}
		var again Alert
		again.SetEntities(Entity{a.EntityType, a.Entity}, a.Others)
		if !slices.Equal(slices.Collect(again.Entities()), all) {
			t.Fatalf("again: %+v, %+v", again, a)
		}
	})
}

func TestNamesOfManyEntities(t *testing.T) {
	var a Alert
	if a.Names(3) != "" {
		t.Error("nothing has a name")
	}
	a.SetEntities(Entity{Host, "a"}, []Entity{{Account, "b"}, {Mail, "c"}, {Mail, "d"}})
	if a.Names(3) != "a, b, c and 1 more" || a.Names(4) != "a, b, c, d" || a.Names(1) != "a and 3 more" {
		t.Error(a.Names(3), a.Names(4), a.Names(1))
	}
}

func TestTheFirstNameIsPrimaryWhereNoneIsSaid(t *testing.T) {
	var a Alert
	a.SetEntities(Entity{}, []Entity{{Account, "jdoe"}, {Host, "web-01"}, {Untyped, "WEB-01"}})
	if a.Entity != "jdoe" || a.EntityType != Account || !slices.Equal(a.Others, []Entity{{Host, "web-01"}}) {
		t.Errorf("%+v", a)
	}
	a.SetEntities(Entity{Name: "WEB-01"}, []Entity{{Host, "web-01"}, {Account, "web-01"}})
	if a.Entity != "WEB-01" || a.EntityType != Host || !slices.Equal(a.Others, []Entity{{Account, "web-01"}}) {
		t.Errorf("%+v", a)
	}
	if a.Others = nil; !a.About(true, "web-01") || a.Cluster() != (&Alert{Entity: "web-01"}).Cluster() {
		t.Errorf("spelled otherwise it is another: %+v", a)
	}
}

// TestManyEntitiesAreBounded: ten thousand names cost what a hundred do, and it is said.
func TestManyEntitiesAreBounded(t *testing.T) {
	d := Draft{ID: "a", RuleID: "r", Time: "t", Entity: "first"}
	for i := range 10_000 {
		d.Mentions = append(d.Mentions, Mention{Type: "host", Name: fmt.Sprint("h", i)})
	}
	var told []string
	c := Checker{When: func(string, string) (time.Time, bool) { return time.Unix(1, 0), true }, Warn: func(text string) { told = append(told, text) },
		Fail: func(field, value, reason string) { t.Error(field, value, reason) }}
	a := c.Alert(&d)
	c.Alert(&d)
	if len(a.Others) != MaxEntities-1 || a.Entity != "first" || a.Others[98].Name != "h98" {
		t.Errorf("%d others, the last %v", len(a.Others), a.Others[len(a.Others)-1])
	}
	if want := "of alerts that name more than 100 entities the primary one and the first of the others were kept, 100 in all"; !slices.Equal(told, []string{want}) {
		t.Errorf("told %q", told)
	}
}

func TestWhatIsPrimaryIsSaidOnce(t *testing.T) {
	of := func(d Draft) (*Alert, string) {
		failed := ""
		c := Checker{When: func(string, string) (time.Time, bool) { return time.Unix(1, 0), true }, Warn: func(string) {}, Fail: func(field, value, reason string) { failed = field + " " + value + " " + reason }}
		d.ID, d.RuleID, d.Time = "a", "r", "t"
		return c.Alert(&d), failed
	}
	a, failed := of(Draft{Mentions: []Mention{{Name: "jdoe", Type: "User"}, {Name: "web-01", Type: "host", Primary: true}}})
	if failed != "" || a.Entity != "web-01" || a.EntityType != Host || !slices.Equal(a.Others, []Entity{{Account, "jdoe"}}) {
		t.Errorf("%+v: %s", a, failed)
	}
	if a, failed = of(Draft{Entity: "WEB-01", Mentions: []Mention{{Name: "web-01", Type: "host", Primary: true}}}); failed != "" || a.Entity != "WEB-01" || a.EntityType != Host {
		t.Errorf("%+v: %s", a, failed)
	}
	for _, list := range [][]Mention{{{Name: "a", Primary: true}, {Name: "b", Primary: true}}, {{Primary: true}}} {
		if _, failed := of(Draft{Mentions: list}); failed == "" {
			t.Errorf("%+v goes through", list)
		}
	}
}

func TestEntitiesAsText(t *testing.T) {
	for text, want := range map[string]Entity{"web-01": {Untyped, "web-01"}, "Host:web-01": {Host, "web-01"}, "account: CORP\\jdoe ": {Account, `CORP\jdoe`},
		"fe80::1": {Untyped, "fe80::1"}, `C:\x`: {Untyped, `C:\x`}, "urn:x": {Untyped, "urn:x"}, "": {}} {
		if got := ParseEntity(text); got != want {
			t.Errorf("%q is %+v", text, got)
		}
		if want != (Entity{}) && ParseEntity(want.String()) != want {
			t.Errorf("%+v is written %q", want, want)
		}
	}
	for word, want := range map[string]EntityType{"IP": Address, "user_name": Account, "Azure Resource": Resource, "mailbox": Mail, "dns": OtherEntity, "": Untyped} {
		if got, ok := ParseEntityType(word); got != want || !ok {
			t.Errorf("%q is %q", word, got)
		}
	}
	if got, ok := ParseEntityType("gizmo"); ok || got != OtherEntity {
		t.Errorf("a gizmo is %q", got)
	}
	if EntityOf(Host, "10.0.0.1").Type != Address || EntityOf(Untyped, "fe80::1").Type != Address || EntityOf(Account, "10.0.0.1").Type != Account {
		t.Error("what has the form of an address is none")
	}
}
