package export

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// alike checks that what quick reads is what the other reader reads, and that it reads
// nothing that the other refuses.
func alike(t interface{ Errorf(string, ...any) }, text string) (read bool) {
	got, some, ok := quick(text)
	if !ok {
		return false
	}
	want, there, err := careful([]byte(text))
	if err != nil {
		t.Errorf("%q is read, and is wrong: %v", text, err)
		return true
	}
	if diff := cmp.Diff(want.Plain(), got.Plain()); diff != "" || some != there {
		t.Errorf("%q: %s", text, diff)
	}
	return true
}

func TestWhatIsReadQuickly(t *testing.T) {
	for text, want := range map[string]bool{
		`{"a":"b","c":[1,-2.50,true,false,null,"x",{"d":{}},[]],"e":null}`: true, ` [ ] `: true, `"a\u00fc\n\"\\"`: true, `{"ü":"ü"}`: true, `0`: true, `-0.0`: true,
		`{"a":1,"a":2}`: false, `{"a":null,"a":2}`: false, `{"a":null,"a":null}`: false, `{"a":1,"a":null}`: false, `1e5`: false, `01`: false, `1.`: false, `-`: false,
		`{"a":1,}`: false, `[1,]`: false, `{"a"}`: false, `{a:1}`: false, `"a`: false, "\"a\tb\"": false, "\"\xff\"": false, `"\ud800"`: false, `{} {}`: false, ``: false, `nul`: false,
		strings.Repeat("[", 80) + strings.Repeat("]", 80): false,
	} {
		if got := alike(t, text); got != want {
			t.Errorf("%q is read quickly: %v", text, got)
		}
	}
}

func TestAnyValueIsReadAlike(t *testing.T) {
	var value func(depth int) *rapid.Generator[string]
	value = func(depth int) *rapid.Generator[string] {
		return rapid.Custom(func(t *rapid.T) string {
			n := rapid.IntRange(0, 6).Draw(t, "kind")
			if depth == 0 {
				n = min(n, 4)
			}
			switch n {
			case 0:
				return rapid.SampledFrom([]string{"null", "true", "false", "tru", " null "}).Draw(t, "word")
			case 1:
				return rapid.SampledFrom([]string{"0", "-1", "1.5", "1e3", "01", "1.", "12345678901234567890"}).Draw(t, "number")
			case 2, 3, 4:
				return `"` + rapid.StringOf(rapid.SampledFrom([]rune("ab\\\"u00e9/\x1f\u00fc\U0001f600 ,:}"))).Draw(t, "text") + `"`
			case 5:
				return "[" + strings.Join(rapid.SliceOfN(value(depth-1), 0, 4).Draw(t, "list"), ",") + "]"
			}
			var parts []string
			for _, v := range rapid.SliceOfN(value(depth-1), 0, 4).Draw(t, "object") {
				parts = append(parts, rapid.SampledFrom([]string{`"a"`, `"b"`, `"\u0061"`, `"c d"`}).Draw(t, "name")+":"+v)
			}
			return "{" + strings.Join(parts, ", ") + "}"
		})
	}
	rapid.Check(t, func(t *rapid.T) { alike(t, value(3).Draw(t, "value")) })
}

func FuzzQuick(f *testing.F) {
	f.Add(`{"a":"b","c":[1,-2.50,true,false,null,"x",{"d":{}},[]],"e":null}`)
	f.Fuzz(func(t *testing.T, text string) { alike(t, text) })
}

// TestPlansKeepWhatAnyRecordHas reads records one after the other, and compares the fields that
// a plan remembers the places of with those that are looked for in each record alone.
func TestPlansKeepWhatAnyRecordHas(t *testing.T) {
	names := []string{"a", "b", "a.b", "b.a", ""}
	var value func(depth int) *rapid.Generator[string]
	value = func(depth int) *rapid.Generator[string] {
		return rapid.Custom(func(t *rapid.T) string {
			switch n := rapid.IntRange(0, 9).Draw(t, "kind"); {
			case n < 5 || depth == 0:
				return `"` + rapid.SampledFrom([]string{"", "x", "y", "z", strings.Repeat("l", maxField/2), strings.Repeat("l", maxField+1)}).Draw(t, "text") + `"`
			case n < 7:
				return "[" + strings.Join(rapid.SliceOfN(value(depth-1), 0, 3).Draw(t, "list"), ",") + "]"
			}
			var parts []string
			for _, name := range rapid.SliceOfNDistinct(rapid.SampledFrom(names), 0, 4, rapid.ID[string]).Draw(t, "names") {
				parts = append(parts, `"`+name+`":`+value(depth-1).Draw(t, "value"))
			}
			return "{" + strings.Join(parts, ",") + "}"
		})
	}
	rapid.Check(t, func(t *rapid.T) {
		var kept plans
		without := rapid.SampledFrom([][]string{nil, {"a.a"}, {"b", "a.b.a"}}).Draw(t, "without")
		for range 4 {
			text := `{"a":` + value(3).Draw(t, "value") + `,"a.b":` + value(2).Draw(t, "other") + "}"
			o, wrong := new(lane).object(text)
			if wrong != "" {
				t.Fatal(text, wrong)
			}
			alone, planned := &Record{Object: o, notes: &notes{}}, &Record{Object: o, notes: &notes{}, plans: &kept}
			if diff := cmp.Diff(alone.Fields(without...), planned.Fields(without...)); diff != "" {
				t.Fatalf("%s: %s", text, diff)
			}
			if diff := cmp.Diff(alone.notes.texts, planned.notes.texts); diff != "" {
				t.Fatalf("%s: %s", text, diff)
			}
		}
	})
}

func TestPlansForgetRecordsOfEverNewNames(t *testing.T) {
	var kept plans
	for i := range 3 * maxPlaces / 100 {
		sub := Object{}
		for n := range 100 {
			sub = append(sub, Member{fmt.Sprint(i, ".", n), TextValue("x")})
		}
		r := &Record{Object: Object{{fmt.Sprint("o", i%50), ObjectValue(sub)}}, notes: &notes{}, plans: &kept}
		if got := r.Fields(); len(got) != 100 {
			t.Fatalf("record %d has %d fields", i, len(got))
		}
	}
	if n := len(kept.of(nil).paths); n > maxPlaces {
		t.Errorf("%d places are remembered", n)
	}
}
