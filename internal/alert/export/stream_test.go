package export

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"candor/internal/alert"
	"candor/internal/decode"
	"candor/internal/evidence"
)

// everything is all that reading a text comes to.
type everything struct {
	Alerts   []*alert.Alert
	Rejects  []evidence.Reject
	Warnings []string
	Err      string
}

// odd is a product whose records say much: notes of many words, times in numbers,
// techniques that are none, and rejects.
func odd() Format {
	return Format{Table: true, Read: func(r *Record) []alert.Draft {
		if r.Text("skip") != "" {
			r.Note("records to skip for %s were skipped", r.Text("skip"))
			return nil
		}
		return []alert.Draft{{ID: r.Text("id"), RuleID: r.Need("rule"), Time: r.Text("time"), Techniques: r.Techniques(r.Texts("words")),
			Disposition: r.Text("said"), Fields: r.Fields("id", "rule", "time", "words")}}
	}}
}

// through reads a text alone, or together in runs of so many bytes, up to so many alerts.
func through(text string, size, most int) everything {
	var e everything
	in := Input{File: "f", Text: strings.NewReader(text), Dates: decode.NewDates(decode.DayFirst),
		Reject: func(r evidence.Reject) { e.Rejects = append(e.Rejects, r) },
		Warn:   func(w string) { e.Warnings = append(e.Warnings, w) }}
	s := newStream(in, Shape{Tables: true, Lists: []string{"list"}}, func(in Input, _ func(string)) Reader[[]*alert.Alert] {
		a := newReading(in, odd())
		return Reader[[]*alert.Alert]{Use: a.record, Take: a.take}
	}, func(all []*alert.Alert) bool {
		e.Alerts = append(e.Alerts, all...)
		return most == 0 || len(e.Alerts) < most
	})
	read := s.alone
	if s.size = size; size > 0 {
		read = s.together
	}
	if err := s.told(read()); err != nil {
		e.Err = err.Error()
	}
	return e
}

// drawnRecord draws a record of the odd product, or what is none.
func drawnRecord() *rapid.Generator[string] {
	return rapid.Custom(func(t *rapid.T) string {
		pick := func(name string, values ...string) string { return rapid.SampledFrom(values).Draw(t, name) }
		n := rapid.IntRange(0, 70).Draw(t, "n")
		return pick("record",
			fmt.Sprintf(`{"id":"a%d","rule":"r","time":"2026-03-01T10:00:00Z","words":["T1059","w%d"],"host":{"name":"h%d","list":[1,{"x":%d}]}}`, n, n, n, n),
			fmt.Sprintf(`{"id":"a%d","rule":"r","time":"%d","said":"open"}`, n, 1_770_000_000+n),
			fmt.Sprintf(`{"id":"a%d","rule":"r","time":"3/11/2026 10:0%d:00"}`, n, n%10),
			fmt.Sprintf(`{"skip":"reason %d"}`, n), `{"id":"a","rule":"","time":"2026-03-01"}`, `{"id":"a","rule":"r","time":"soon"}`,
			`{"id":"a","id":"b"}`, `{"id":1e5,"rule":"r","time":"2026-03-01"}`, `{"id":"\ud800"}`, `[1]`, `"x"`, `{}`, `{"value":[{"skip":"inner"}]}`, `{"id":}`, `{`,
			`{"columns":["id","rule","time"],"rows":[["b","r","2026-03-01"],["c"]]}`, "{\"id\":\"c\",\n\"rule\":\"r\",\"time\":\"2026-03-02\"}", strings.Repeat(" ", n))
	})
}

// TestAFileIsReadTogetherAsAlone compares what several readers make of a file with what one
// makes of it.
func TestAFileIsReadTogetherAsAlone(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		records := rapid.SliceOfN(drawnRecord(), 0, 80).Draw(t, "records")
		text := rapid.SampledFrom([]string{"%s", "[%s]", `{"list":[%s],"more":1}`, "id,rule,time,words,skip\n%s", "[%s"}).Draw(t, "wrapped")
		between := "\n"
		if strings.Contains(text, "[") {
			between = ",\n"
		}
		text = fmt.Sprintf(text, strings.Join(records, between))
		if strings.HasPrefix(text, "id,") {
			text = "id,rule,time,words,skip\n" + strings.NewReplacer("{", "", "}", "", `"`, "").Replace(text[len("id,rule,time,words,skip\n"):])
		}
		want := through(text, 0, 0)
		for _, size := range []int{1, 100, 1000, runSize} {
			if diff := cmp.Diff(want, through(text, size, 0)); diff != "" {
				t.Fatalf("%s\nalone (-) and together in runs of %d bytes (+):\n%s", text, size, diff)
			}
		}
	})
}

// TestAReadingEndsWhereNobodyAsksForMore stops in the midst of a file, at whose end there is
// a fault that must not be told then.
func TestAReadingEndsWhereNobodyAsksForMore(t *testing.T) {
	text := "[" + strings.Repeat(`{"id":"a","rule":"r","time":"2026-03-01T10:00:00Z"},`, 20_000) + "}"
	for _, size := range []int{0, 100, runSize} {
		if e := through(text, size, 3); len(e.Alerts) < 3 || len(e.Alerts) > 20_000 || e.Err != "" || len(e.Warnings) > 0 {
			t.Errorf("in runs of %d: %d alerts, %q, %q", size, len(e.Alerts), e.Err, e.Warnings)
		}
	}
}

// TestWhatLiesAtPathsIsReadAsOfTheWhole compares what is found at paths in what was read of
// a record with what is found in the whole record.
func TestWhatLiesAtPathsIsReadAsOfTheWhole(t *testing.T) {
	names := []string{"a", "b", "a.b", "c", "b.c", "d e"}
	var value func(depth int) *rapid.Generator[string]
	value = func(depth int) *rapid.Generator[string] {
		return rapid.Custom(func(t *rapid.T) string {
			kinds := 3
			if depth > 0 {
				kinds = 6
			}
			switch rapid.IntRange(0, kinds).Draw(t, "kind") {
			case 0:
				return rapid.SampledFrom([]string{"null", "1", "true", `"\u00e4"`, `""`, "01", `"`}).Draw(t, "plain")
			case 4:
				return "[" + strings.Join(rapid.SliceOfN(value(depth-1), 0, 3).Draw(t, "list"), ",") + "]"
			case 5, 6:
				var parts []string
				for i, v := range rapid.SliceOfN(value(depth-1), 0, 4).Draw(t, "object") {
					name := names[(i+rapid.IntRange(0, 3).Draw(t, "name"))%len(names)]
					parts = append(parts, `"`+name+`": `+v)
				}
				return "{" + strings.Join(parts, ",") + "}"
			}
			return `"` + rapid.StringOfN(rapid.RuneFrom([]rune("xyz ")), 0, 5, -1).Draw(t, "text") + `"`
		})
	}
	rapid.Check(t, func(t *rapid.T) {
		text := "{" + `"a":` + value(3).Draw(t, "value") + `,"b":` + value(3).Draw(t, "other") + "}"
		paths := rapid.SliceOfNDistinct(rapid.SampledFrom([]string{"a", "b", "a.b", "a.b.c", "b.c", "c", "a.c.b", "b.d e", "a.a.a"}), 1, 3, rapid.ID[string]).Draw(t, "paths")
		read := NewPaths(paths...)
		var f filler
		ok := f.fill(read, text)
		whole, wrong := new(lane).object(text)
		if ok && wrong != "" {
			t.Fatalf("%s is read in part, and is wrong: %s", text, wrong)
		}
		if !ok || wrong != "" {
			return
		}
		for i, p := range paths {
			if diff := cmp.Diff(whole.Texts(p), EachText(f.slots[read.Index(p)].texts)); i == read.Index(p) && diff != "" {
				t.Fatalf("%s at %q of %q: %s", text, p, paths, diff)
			}
			if want, got := whole.Text(p), FirstText(f.slots[read.Index(p)].texts); want != got {
				t.Fatalf("%s at %q of %q: %q, want %q", text, p, paths, got, want)
			}
		}
	})
	if NewPaths("a.0.b") != nil {
		t.Error("an entry of a list by its number needs the whole list, and is read in part")
	}
	if new(filler).fill(NewPaths("a"), `{"b":{"x":1,"x":2},"a":"1"}`) {
		t.Error("a name is there twice in what is passed over, and nobody is told")
	}
}
