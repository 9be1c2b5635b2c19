package taxii_test

import (
	"flag"
	"fmt"
	"net/http"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"candor/internal/identity"
)

var update = flag.Bool("update", false, "write the golden files")

// settled is an answer without what differs from one import to the next: what was added at
// once is in the order in which it is stored, and so is which part of it comes first.
func settled(path, body string) string {
	if strings.Contains(path, "limit=") {
		return fmt.Sprintf("%d objects, more %v, next %v", strings.Count(body, `{"type":`), strings.Contains(body, `"more":true`), strings.Contains(body, `"next":"`))
	}
	lines := strings.Split(body, "\n")
	if len(lines) < 3 || lines[0] != `{"objects":[` {
		return body
	}
	objects := lines[1 : len(lines)-1]
	for i := range objects {
		objects[i] = strings.TrimSuffix(objects[i], ",")
	}
	slices.Sort(objects)
	return strings.Join(lines, "\n")
}

// TestAnswersAreWrittenAsTheGoldenFileSays asks for every resource, and for what is refused.
func TestAnswersAreWrittenAsTheGoldenFileSays(t *testing.T) {
	s := serve(t, identity.Rules{})
	_, all := s.ask(http.MethodGet, "/taxii2/attack/collections/", media)
	newest := strings.Split(string(all), `"id":"`)[1][:36]
	var b strings.Builder
	for _, path := range []string{"/taxii2/", "/taxii2/attack/", "/taxii2/attack/collections/", "/taxii2/attack/collections/ics-1.0/", "/taxii2/attack/collections/ics-2.0/objects/",
		"/taxii2/attack/collections/ics-2.0/objects/?limit=2", "/taxii2/attack/collections/ics-latest/objects/?added_after=2026-03-01T12:00:00Z", "/taxii2/attack/collections/" + newest + "/objects/tool--1/",
		"/taxii2/attack/collections/ics-2.0/objects/tool--2/versions/", "/taxii2/attack/collections/ics-2.0/manifest/?match[type]=tool", "/taxii2/attack/collections/ics-2.0/objects/?match[kind]=tool", "/taxii2/attack/collections/none/"} {
		w, body := s.ask(http.MethodGet, path, media)
		fmt.Fprintf(&b, "GET %s\n%d %s\n", path, w.StatusCode, w.Header.Get("Content-Type"))
		for _, name := range []string{"X-TAXII-Date-Added-First", "X-TAXII-Date-Added-Last"} {
			if at := w.Header.Get(name); at != "" {
				fmt.Fprintf(&b, "%s: %s\n", name, at)
			}
		}
		fmt.Fprintf(&b, "\n%s\n\n", settled(path, strings.TrimSpace(string(body))))
	}
	const path = "testdata/answers.txt"
	if *update {
		if err := os.WriteFile(path, []byte(b.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(string(want), b.String()); d != "" {
		t.Errorf("%s (-want +got):\n%s", path, d)
	}
}
