package bulk_test

import (
	"errors"
	"fmt"
	"io"
	"iter"
	"os"
	"reflect"
	"strings"
	"sync/atomic"
	"testing"
	"testing/iotest"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"candor/internal/alert"
	"candor/internal/alert/bulk"
	"candor/internal/alert/jsonl"
	"candor/internal/evidence"
)

// said is everything that reading a file gives, in order.
type said struct {
	Events   []any // alerts and rejects
	Warnings []string
	Err      string
}

// read reads a text with one of the two readers.
func read(alerts func(jsonl.Input) iter.Seq2[*alert.Alert, error], text io.Reader) said {
	var s said
	in := jsonl.Input{File: "f.jsonl", Text: text,
		Reject: func(r evidence.Reject) { s.Events = append(s.Events, r) },
		Warn:   func(w string) { s.Warnings = append(s.Warnings, w) }}
	for a, err := range alerts(in) {
		if err != nil {
			s.Err = err.Error()
			continue
		}
		s.Events = append(s.Events, a)
	}
	return s
}

// same checks that both readers say the same of a text.
func same(t interface{ Errorf(string, ...any) }, text string) {
	want, got := read(jsonl.Alerts, strings.NewReader(text)), read(bulk.Alerts, strings.NewReader(text))
	if reflect.DeepEqual(want, got) {
		return // what cmp would take a hundred times as long to find of many rows
	}
	if diff := cmp.Diff(want, got); diff != "" {
		if len(text) > 500 {
			text = text[:500] + "..."
		}
		t.Errorf("%q: package jsonl (-) and package bulk (+) differ:\n%s", text, diff)
	}
}

func TestBothReadersReadTheGoldenFileAlike(t *testing.T) {
	text, err := os.ReadFile("../jsonl/testdata/alerts.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	same(t, string(text))
	same(t, "\ufeff"+string(text))
	same(t, strings.Repeat(string(text), 2000)) // many blocks
}

func TestBothReadersTreatLinesAlike(t *testing.T) {
	const good = `{"id":"a","rule_id":"r","time":"2026-03-01","disposition":"open"}`
	for _, text := range []string{
		"", "\n", "\n\n" + good, good + "\n\ufeff" + good, " \t" + good + "\r\n" + good, "\u00a0" + good + "\u00a0\n", good + good, good + " x",
		"{}", "[]", "null", "{", `{"id"}`, `{"id":}`, `{"id":"a",}`, `{,}`, `"a"`, `{"id":"a""rule_id":"r"}`, good + "\x00",
		strings.Replace(good, `"open"`, `null`, 1), strings.Replace(good, `"open"`, `"OPEN "`, 1), strings.Replace(good, `"open"`, `1`, 1),
		strings.Replace(good, `"id"`, `"ID"`, 1), strings.Replace(good, `"id"`, `"\u0069d"`, 1), strings.Replace(good, `"r"`, `"\ud800"`, 1),
		strings.Replace(good, `"r"`, "\"r\xff\"", 1), strings.Replace(good, `"r"`, "\"r\tx\"", 1), strings.Replace(good, `"r"`, `"r\t\u00fc\"\\ü"`, 1),
		strings.Replace(good, `{`, `{"id":"b",`, 1), strings.Replace(good, `{`, `{"colour":"red",`, 1), strings.Replace(good, `{`, `{"fields":{},`, 1),
		strings.Replace(good, `{`, `{"fields":{"a":null},`, 1), strings.Replace(good, `{`, `{"fields":{"a":1,"a":2},`, 1), strings.Replace(good, `{`, `{"fields":null,`, 1),
		strings.Replace(good, `{`, `{"fields":{"a":-0.50,"b":true,"c":false,"d":"x","e":1e5},`, 1), strings.Replace(good, `{`, `{"fields":{"a":{"b":[1, 2]}},`, 1),
		strings.Replace(good, `{`, `{"fields":{"a":01},`, 1), strings.Replace(good, `{`, `{"fields":{"a":1.},`, 1), strings.Replace(good, `{`, `{"fields":[],`, 1),
		strings.Replace(good, `{`, `{"fields":nullx,`, 1), strings.Replace(good, `{`, `{"severity":3,`, 1), strings.Replace(good, `{`, `{"severity":null,`, 1),
		strings.Replace(good, `{`, `{"severity":true,`, 1), strings.Replace(good, `{`, `{"severity":{"a":1},`, 1), strings.Replace(good, `{`, `{"score":"1",`, 1),
		strings.Replace(good, `{`, `{"score":1.5e3,`, 1), strings.Replace(good, `{`, `{"score":-1.5,`, 1), strings.Replace(good, `{`, `{"score":null,`, 1),
		strings.Replace(good, `{`, `{"score":99999999999999999999999,`, 1), strings.Replace(good, `{`, `{"score":-,`, 1), strings.Replace(good, `{`, `{"score":true,`, 1),
		strings.Replace(good, `{`, `{"techniques":["t1059"," T1 "],`, 1), strings.Replace(good, `{`, `{"techniques":[],`, 1), strings.Replace(good, `{`, `{"techniques":"t1; t2;",`, 1),
		strings.Replace(good, `{`, `{"techniques":[1],`, 1), strings.Replace(good, `{`, `{"techniques":["a",],`, 1), strings.Replace(good, `{`, `{"techniques":null,`, 1),
		strings.Replace(good, `{`, `{"techniques":1,`, 1), strings.Replace(good, `{`, `{"techniques":["a" "b"],`, 1),
		strings.Replace(good, `{`, `{"disposition_time":"soon",`, 1), strings.Replace(good, `{`, `{"provenance":"Automation",`, 1), strings.Replace(good, `{`, `{"provenance":"x",`, 1),
	} {
		same(t, text)
		same(t, good+"\n"+text+"\n"+good)
	}
	var many strings.Builder
	for i := range 40 {
		fmt.Fprintf(&many, `"f%d":%d,`, i, i)
	}
	same(t, strings.Replace(good, `{`, `{"fields":{`+strings.TrimSuffix(many.String(), ",")+`},`, 1))
}

func TestLongLinesArePassedOver(t *testing.T) {
	const good = `{"id":"a","rule_id":"r","time":"2026-03-01"}` + "\n"
	fit := `{"id":"` + strings.Repeat("a", jsonl.MaxLine-len(good)+1) + `","rule_id":"r","time":"2026-03-01"}` + "\n"
	for name, text := range map[string]string{
		"as long as is read":  fit,
		"a byte longer":       strings.Replace(fit, "aa", "aaa", 1),
		"much longer":         strings.Repeat("x", 3*jsonl.MaxLine) + "\n",
		"longer, at the end":  strings.Repeat("x", jsonl.MaxLine+1),
		"longest, at the end": strings.Repeat(" ", jsonl.MaxLine),
	} {
		t.Run(name, func(t *testing.T) { same(t, good+text+good) })
		t.Run(name+" and last", func(t *testing.T) { same(t, good+text) })
	}
}

func TestAnErrorOfTheReaderEndsTheAlerts(t *testing.T) {
	const text = `{"id":"a","rule_id":"r","time":"2026-03-01"}` + "\n" + `{"id":"b","rule`
	broken := func() io.Reader {
		return iotest.OneByteReader(io.MultiReader(strings.NewReader(text), iotest.ErrReader(errors.New("broken"))))
	}
	if diff := cmp.Diff(read(jsonl.Alerts, broken()), read(bulk.Alerts, broken())); diff != "" {
		t.Error(diff)
	}
}

// slow is a reader that waits in the midst of a text until it is let go on.
type slow struct {
	io.Reader
	reads int
	goOn  chan struct{}
}

func (s *slow) Read(p []byte) (int, error) {
	if s.reads++; s.reads == 4 {
		<-s.goOn
	}
	return s.Reader.Read(p)
}

// TestStoppingEndsTheGoroutines stops while the text is being read ahead. The
// sequence must not end before that has, and the bubble fails a test that leaves a
// goroutine behind.
func TestStoppingEndsTheGoroutines(t *testing.T) {
	text := strings.Repeat(`{"id":"a","rule_id":"r","time":"2026-03-01"}`+"\n", 200_000)
	synctest.Test(t, func(t *testing.T) {
		s := &slow{Reader: strings.NewReader(text), goOn: make(chan struct{})}
		var read atomic.Bool
		n := 0
		for range bulk.Alerts(jsonl.Input{Text: s, Reject: func(evidence.Reject) {}, Warn: func(string) {}}) {
			if n++; n < 10 {
				continue
			}
			go func() {
				synctest.Wait() // until all that is left to wait for is this
				read.Store(true)
				close(s.goOn)
			}()
			break
		}
		if !read.Load() {
			t.Error("the sequence has ended, and the text is still being read")
		}
	})
}

// drawnLine draws a line that is plain, or nearly.
func drawnLine() *rapid.Generator[string] {
	return rapid.Custom(func(t *rapid.T) string {
		pick := func(name string, values ...string) string { return rapid.SampledFrom(values).Draw(t, name) }
		var members []string
		for range rapid.IntRange(0, 6).Draw(t, "members") {
			key := pick("key", "id", "rule_id", "time", "site", "severity", "score", "techniques", "fields", "disposition", "provenance", "colour", `\u0069d`)
			value := pick("value", `"a"`, `"2026-03-01T10:00:00.5Z"`, `"open"`, `"true_positive"`, `""`, `null`, `12`, `-1.25`, `1e3`, `true`, `[]`, `["t1"]`,
				`{}`, `{"a":"b"}`, `{"a":1,"b":null}`, `{"a":[1]}`, `"\n"`, `"\u12"`, "\"\u00fc\"", "\"\xff\"", `analyst`)
			members = append(members, pick("space", "", "", " ", "\t")+`"`+key+`":`+value)
		}
		base := pick("base", `"id":"x","rule_id":"y","time":"2026-03-01"`, `"id":"x","rule_id":"y","time":"2026-03-01"`, "")
		if base != "" {
			members = append(members, base)
		}
		return pick("open", "{", "{", "{", " {", "") + strings.Join(members, ",") + pick("close", "}", "}", "}", "} ", "},", "")
	})
}

func TestBothReadersReadAnyLinesAlike(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		same(rt, strings.Join(rapid.SliceOfN(drawnLine(), 0, 6).Draw(rt, "lines"), rapid.SampledFrom([]string{"\n", "\r\n", "\n\n"}).Draw(rt, "break")))
	})
}

func FuzzBothReadersReadAnyTextAlike(f *testing.F) {
	text, err := os.ReadFile("../jsonl/testdata/alerts.jsonl")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(string(text))
	for line := range strings.Lines(string(text)) {
		f.Add(line)
	}
	f.Fuzz(func(t *testing.T, text string) { same(t, text) })
}

func BenchmarkAlerts(b *testing.B) {
	var text strings.Builder
	for i := range 100_000 {
		at := time.Unix(int64(1_770_000_000+i), 0).UTC().Format(time.RFC3339)
		fmt.Fprintf(&text, `{"id":"%032x","rule_id":"rule-%d","rule_name":"Name of rule %[2]d","time":"%s","site":"site","entity":"host-%d","severity":"high",`+
			`"score":%[2]d,"source":"edr","fields":{"ip":"192.0.2.%[2]d"},"disposition":"benign_positive","disposition_by":"ann","provenance":"analyst"}`+"\n", i, i%70, at, i%2000)
	}
	for name, alerts := range map[string]func(jsonl.Input) iter.Seq2[*alert.Alert, error]{"jsonl": jsonl.Alerts, "bulk": bulk.Alerts} {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(text.Len()))
			for b.Loop() {
				n := 0
				for range alerts(jsonl.Input{Text: strings.NewReader(text.String()), Reject: func(r evidence.Reject) { b.Error(r) }, Warn: func(string) {}}) {
					n++
				}
				if n != 100_000 {
					b.Fatal(n)
				}
			}
		})
	}
}
