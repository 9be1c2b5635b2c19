package stix_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"runtime"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"
	"github.com/klauspost/compress/gzip"

	"candor/internal/attack"
	"candor/internal/attack/stix"
	"candor/internal/fault"
)

// read reads a text and returns its objects.
func read(t testing.TB, text string, lim stix.Limits) ([]*attack.Snapshot, stix.Summary, error) {
	t.Helper()
	var snaps []*attack.Snapshot
	sum, err := stix.Read(context.Background(), stix.Source{Name: "f.json", Reader: strings.NewReader(text), Limits: lim},
		func(s *attack.Snapshot) error {
			snaps = append(snaps, s)
			return nil
		})
	return snaps, sum, err
}

// bundle returns the text of a bundle of objects.
func bundle(objects ...string) string {
	return `{"type":"bundle","id":"bundle--1","objects":[` + strings.Join(objects, ",") + `]}`
}

const tool = `{"type":"tool","id":"tool--1"}`

func TestReadRefusesWithTheOffset(t *testing.T) {
	tests := map[string]struct {
		text  string
		lim   stix.Limits
		where string
		what  string
	}{
		"empty file":              {"", stix.Limits{}, "f.json: byte 0", "cut off"},
		"not an object":           {`["a"]`, stix.Limits{}, "f.json: byte 0", "not a STIX bundle"},
		"not JSON":                {`<html>`, stix.Limits{}, "f.json: byte 0", "not valid JSON"},
		"another type":            {`{"type":"indicator","id":"x"}`, stix.Limits{}, "f.json: byte 8", `"indicator"`},
		"no type":                 {`{"id":"x","collections":[]}`, stix.Limits{}, "f.json: byte 0", `no "type"`},
		"no objects":              {`{"type":"bundle"}`, stix.Limits{}, "f.json: byte 0", `no "objects"`},
		"objects of another kind": {`{"type":"bundle","objects":{}}`, stix.Limits{}, "f.json: byte 27", "not an array"},
		"type after the objects":  {`{"objects":[` + tool + `],"type":"x"}`, stix.Limits{}, "f.json: byte 51", `"x"`},
		"cut off in an object":    {bundle(tool)[:60], stix.Limits{}, "f.json: byte 60", "cut off"},
		"cut off after one":       {`{"type":"bundle","objects":[` + tool, stix.Limits{}, "f.json: byte 58", "cut off"},
		"trailing data":           {bundle(tool) + "\n{}", stix.Limits{}, "f.json: byte 78", "follows the end"},
		"trailing text":           {bundle(tool) + "x", stix.Limits{}, "f.json: byte 77", "not valid JSON"},
		"element not an object":   {bundle(tool, `7`), stix.Limits{}, "f.json: byte 76", "a number, not an object"},
		"no id":                   {bundle(tool, `{"type":"tool"}`), stix.Limits{}, "f.json: byte 76", "no id or no type"},
		"no type of object":       {bundle(`{"id":"tool--1"}`), stix.Limits{}, "f.json: byte 45", "no id or no type"},
		"id of another kind":      {bundle(`{"type":"tool","id":7}`), stix.Limits{}, "f.json: byte 45", "no id or no type"},
		"objects twice":           {`{"type":"bundle","objects":[` + tool + `],"objects":[]}`, stix.Limits{}, "f.json: byte 60", `"objects" twice`},
		"invalid UTF-8":           {bundle("{\"type\":\"tool\",\"id\":\"tool--\xff\"}"), stix.Limits{}, "f.json: byte 72", "UTF-8"},
		"lone surrogate":          {bundle(`{"type":"tool","id":"tool--1","name":"\ud800"}`), stix.Limits{}, "f.json: byte 83", "not valid JSON"},
		"nesting too deep":        {bundle(`{"type":"tool","id":"tool--1","x":[[[]]]}`), stix.Limits{Depth: 3}, "f.json: byte 45", "nests 4 deep"},
		"bundle nesting too deep": {`{"x":[[[[]]]],"type":"bundle","objects":[]}`, stix.Limits{Depth: 3}, "f.json: byte 5", "nests 4 deep"},
		"far too deep":            {bundle(`{"type":"tool","id":"tool--1","x":` + strings.Repeat("[", 20_000)), stix.Limits{}, "", "not valid JSON"},
		"object too large":        {bundle(tool, `{"type":"tool","id":"`+strings.Repeat("x", 200)+`"}`), stix.Limits{Object: 100}, "f.json: byte 76", "larger than 100"},
		"object far too large":    {bundle(tool, `{"type":"tool","id":"`+strings.Repeat("x", 200_000)+`"}`), stix.Limits{Object: 1000}, "", "larger than 1000"},
		"file too large":          {bundle(tool, `{"type":"tool","id":"`+strings.Repeat("x", 200_000)+`"}`), stix.Limits{File: 50_000}, "", "larger than 50000"},
		"too many objects":        {bundle(tool, tool, tool), stix.Limits{Objects: 2}, "f.json: byte 107", "more than 2 objects"},
		"damaged gzip":            {"\x1f\x8bnot gzip", stix.Limits{}, "f.json: byte 0", "gzip file is damaged"},
		"gzip cut off":            {string(packed(bundle(tool))[:40]), stix.Limits{}, "", "cut off"},
		"gzip checksum":           {flip(packed(bundle(tool))), stix.Limits{}, "", "damaged"},
		"gzip bomb":               {string(packed(bundle(`{"type":"tool","id":"tool--1","name":"` + strings.Repeat("x", 32<<20) + `"}`))), stix.Limits{}, "", "more than 200 times"},
	}
	for name, c := range tests {
		t.Run(name, func(t *testing.T) {
			_, _, err := read(t, c.text, c.lim)
			var f *fault.Error
			if !errors.As(err, &f) || f.Kind != fault.Invalid || f.Hint == "" {
				t.Fatalf("error %v, want an invalid fault with a hint", err)
			}
			if !strings.Contains(err.Error(), c.what) {
				t.Errorf("error %q does not say %q", err, c.what)
			}
			if c.where != "" && f.Where != c.where || !strings.HasPrefix(f.Where, "f.json: byte ") {
				t.Errorf("place %q, want %q", f.Where, c.where)
			}
		})
	}
}

func packed(text string) []byte {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	io.WriteString(w, text)
	w.Close()
	return b.Bytes()
}

// flip damages the checksum of a gzip file.
func flip(gz []byte) string {
	gz[len(gz)-5] ^= 1
	return string(gz)
}

func TestOtherJSONIsToldFromBrokenBundles(t *testing.T) {
	for text, want := range map[string]bool{
		`[]`: true, `{"type":"x"}`: true, `{"a":1}`: true, `{"type":"bundle"}`: true, `{"type":"bundle","objects":1}`: true,
		`{"type":"bundle","objects":[`: false, bundle(`{}`): false, ``: false,
	} {
		if _, _, err := read(t, text, stix.Limits{}); errors.Is(err, stix.ErrNotBundle) != want {
			t.Errorf("%s: %v, want a file that is no bundle: %v", text, err, want)
		}
	}
}

func TestReadSummarises(t *testing.T) {
	collection := `{"type":"x-mitre-collection","id":"x-mitre-collection--1","spec_version":"2.1","name":"ICS ATT&CK","x_mitre_version":"18.1","modified":"2025-11-13T14:00:00.188Z"}`
	inDomains := func(n int, domains ...string) string {
		return fmt.Sprintf(`{"type":"tool","id":"tool--%d","x_mitre_domains":["%s"]}`, n, strings.Join(domains, `","`))
	}
	text := " " + bundle(collection, inDomains(1, "enterprise-attack"), inDomains(2, "enterprise-attack", "ics-attack")) + "\n\n"
	for name, file := range map[string]string{"plain": text, "gzip": string(packed(text))} {
		_, sum, err := read(t, file, stix.Limits{})
		if err != nil {
			t.Fatal(err)
		}
		want := stix.Summary{ID: "bundle--1", STIX: "2.1", Objects: 3, Size: int64(len(text)), FileHash: sha(text),
			Domains:    map[string]int{"enterprise-attack": 2, "ics-attack": 1},
			Collection: &stix.Collection{ID: "x-mitre-collection--1", Name: "ICS ATT&CK", Version: "18.1", Modified: "2025-11-13T14:00:00.188Z"}}
		if diff := cmp.Diff(want, sum); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
		if sum.Domain() != "ics-attack" {
			t.Errorf("domain %q, want ics-attack", sum.Domain())
		}
	}
}

func TestTheDomainIsToldByNameElseByMost(t *testing.T) {
	for _, c := range []struct {
		sum  stix.Summary
		want string
	}{
		{stix.Summary{Collection: &stix.Collection{Name: "Mobile ATT&CK"}, Domains: map[string]int{"enterprise-attack": 9}}, "mobile-attack"},
		{stix.Summary{Collection: &stix.Collection{Name: "Our own things"}, Domains: map[string]int{"acme-attack": 9, "ics-attack": 2}}, "acme-attack"},
		{stix.Summary{Domains: map[string]int{"acme-attack": 2, "ics-attack": 2}}, ""},
		{stix.Summary{}, ""},
	} {
		if got := c.sum.Domain(); got != c.want {
			t.Errorf("domain of %+v is %q, want %q", c.sum, got, c.want)
		}
	}
}

func TestTheSTIXVersionIsThatOfTheBundleElseOfTheObjects(t *testing.T) {
	stated := func(bundle, object string) string {
		return `{"type":"bundle",` + bundle + `"objects":[{"type":"tool",` + object + `"id":"tool--1"}]}`
	}
	for text, want := range map[string]struct {
		stix string
		odd  int
	}{
		stated(`"spec_version":"2.0",`, ``):                      {"2.0", 0},
		stated(`"spec_version":"2.1",`, ``):                      {"2.1", 0},
		stated(``, `"spec_version":"2.1",`):                      {"2.1", 0},
		stated(`"spec_version":"2.0",`, `"spec_version":"2.1",`): {"2.0", 1},
		stated(`"spec_version":"2.1",`, `"spec_version":"2.0",`): {"2.1", 1},
		stated(``, ``): {"2.0", 1},
		`{"type":"bundle","objects":[{"type":"tool","id":"tool--1","spec_version":"2.0"},{"type":"tool","id":"tool--2","spec_version":"2.1"}]}`: {"2.1", 1},
		`{"type":"bundle","objects":[` + tool + `],"spec_version":"2.1"}`:                                                                       {"2.1", 0},
	} {
		_, sum, err := read(t, text, stix.Limits{})
		if err != nil || sum.STIX != want.stix || len(sum.Oddities) != want.odd {
			t.Errorf("%s: %q, %v, %v; want %v", text, sum.STIX, sum.Oddities, err, want)
		}
	}
}

func TestReadKeepsOrderAndBytes(t *testing.T) {
	var objects []string
	for i := range 5000 {
		objects = append(objects, fmt.Sprintf("{ \"type\" :\"tool\",\n\"id\":\"tool--%d\",\"description\":%q }", i, strings.Repeat("x", i%700)))
	}
	snaps, _, err := read(t, bundle(objects...), stix.Limits{})
	if err != nil || len(snaps) != len(objects) {
		t.Fatalf("%d objects, %v", len(snaps), err)
	}
	for i, s := range snaps {
		if string(s.Raw) != objects[i] {
			t.Fatalf("object %d is %s, want %s", i, s.Raw, objects[i])
		}
	}
}

func TestWhatComesBeforeAFaultIsDelivered(t *testing.T) {
	snaps, _, err := read(t, bundle(tool, `{"type":"tool","id":"tool--2"}`, `{"id":"x"}`), stix.Limits{})
	if err == nil || len(snaps) != 2 {
		t.Errorf("%d objects, %v; want 2 and an error", len(snaps), err)
	}
}

func TestReadEndsWithTheErrorOfItsCaller(t *testing.T) {
	stop := errors.New("stop")
	n := 0
	_, err := stix.Read(context.Background(), stix.Source{Reader: strings.NewReader(bundle(tool, tool, tool))}, func(*attack.Snapshot) error {
		n++
		return stop
	})
	if err != stop || n != 1 {
		t.Errorf("%d calls, %v; want 1 and the caller's own error", n, err)
	}
}

func TestReadEndsWhenCancelled(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	n := 0
	_, err := stix.Read(ctx, stix.Source{Reader: &endless{}}, func(*attack.Snapshot) error {
		if n++; n == 10 {
			cancel()
		}
		return nil
	})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("error %v, want cancelled", err)
	}
}

func TestAReaderThatFailsIsNotTakenForABrokenFile(t *testing.T) {
	broken := errors.New("disk on fire")
	for name, r := range map[string]io.Reader{
		"at once": iotest.ErrReader(broken),
		"later":   io.MultiReader(strings.NewReader(bundle(tool)[:50]), iotest.ErrReader(broken)),
		"gzip":    io.MultiReader(bytes.NewReader(packed(bundle(tool))[:30]), iotest.ErrReader(broken)),
	} {
		_, err := stix.Read(context.Background(), stix.Source{Reader: r}, func(*attack.Snapshot) error { return nil })
		if !errors.Is(err, broken) || fault.KindOf(err) != fault.Unavailable {
			t.Errorf("%s: %v, want it unavailable because of the reader", name, err)
		}
	}
}

// endless is a bundle of n objects of a few KiB, or without end.
type endless struct {
	n    int
	sent int
	rest string
}

func (e *endless) Read(p []byte) (int, error) {
	if e.rest == "" {
		switch {
		case e.sent == 0:
			e.rest = `{"type":"bundle","objects":[` + tool
		case e.n > 0 && e.sent == e.n:
			e.rest = `]}`
		case e.n > 0 && e.sent > e.n:
			return 0, io.EOF
		default:
			e.rest = fmt.Sprintf(`,{"type":"tool","id":"tool--1","description":%q}`, strings.Repeat("long ", 1000))
		}
		e.sent++
	}
	n := copy(p, e.rest)
	e.rest = e.rest[n:]
	return n, nil
}

func TestMemoryIsBoundedByObjectsNotByTheFile(t *testing.T) {
	runtime.GC()
	var before, now runtime.MemStats
	runtime.ReadMemStats(&before)
	objects, n := 20_000, 0
	if testing.Short() {
		objects = 8000
	}
	sum, err := stix.Read(context.Background(), stix.Source{Reader: &endless{n: objects}}, func(*attack.Snapshot) error {
		if n++; n%4000 == 0 {
			runtime.GC()
			runtime.ReadMemStats(&now)
			if grown := int64(now.HeapAlloc) - int64(before.HeapAlloc); grown > 16<<20 {
				t.Errorf("after %d objects %d bytes are in use", n, grown)
			}
		}
		return nil
	})
	if err != nil || sum.Size < int64(objects)*5000 {
		t.Fatalf("read %d bytes, %v", sum.Size, err)
	}
}

func TestFileHashIsThatOfRead(t *testing.T) {
	for _, text := range []string{bundle(tool) + "\n", "", "not JSON"} {
		for _, file := range []string{text, string(packed(text))} {
			h, size, err := stix.FileHash(stix.Source{Reader: strings.NewReader(file)})
			if err != nil || h != sha(text) || size != int64(len(text)) {
				t.Errorf("hash of %q is %s of %d bytes, %v", text, h, size, err)
			}
		}
	}
	_, _, err := stix.FileHash(stix.Source{Reader: strings.NewReader(string(packed(bundle(tool))[:30]))})
	if fault.KindOf(err) != fault.Invalid {
		t.Errorf("a file that is cut off: %v", err)
	}
}
