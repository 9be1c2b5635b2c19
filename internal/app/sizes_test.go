package app_test

import (
	"cmp"
	"context"
	"html"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"candor/internal/assure"
	"candor/internal/attack"
	"candor/internal/door"
	"candor/internal/policy"
	"candor/internal/store"
)

// How many bytes a page has at most, before anything is packed.
const (
	mostOfPage   = 250_000
	mostOfMatrix = 600_000
)

// large are objects whose pages are among the largest of Enterprise 18.1.
var large = []string{"T1105", "T1059.001", "T1082", "DC0032", "G0007", "S0154", "TA0005"}

var (
	linked = regexp.MustCompile(`href="(/[^"#]*)`)
	named  = regexp.MustCompile(`/[^/]*[0-9][^/]*`) // an object, a rule, a batch
)

// sizes holds the largest pages of the README's walk against how large a page may be; in
// long tests every object's page, and three of each shape that links lead to. With -v it
// tells the largest.
func (w *walk) sizes(t *testing.T) {
	pages := w.desk.Handler(door.New(door.Config{Now: time.Now}), func() (assure.Policy, error) { return policy.Default(), nil }, slog.New(slog.DiscardHandler))
	of := func(path string) string { return path + "?as_of=2022-01-31&domain=enterprise&release=18.1" }
	queue := []string{of("/"), of("/next") + "&site=santos", of("/matrix"), of("/standing/groups"), of("/evidence/rules"), of("/verdicts"), of("/measurements")}
	for _, id := range w.objects(t) {
		queue = append(queue, of("/objects/"+id))
	}
	least := len(queue)
	seen, shapes := map[string]bool{}, map[string]int{}
	type sized struct {
		bytes int
		place string
	}
	var all []sized
	for i := 0; i < len(queue); i++ {
		place := queue[i]
		path, _, _ := strings.Cut(place, "?")
		shape := named.ReplaceAllString(path, "/*")
		if shapes[shape]++; seen[place] || shapes[shape] > 3 && i >= least {
			continue
		}
		seen[place] = true
		r := httptest.NewRequestWithContext(context.Background(), http.MethodGet, "http://localhost"+place, nil)
		a := httptest.NewRecorder()
		pages.ServeHTTP(a, r)
		body := a.Body.String()
		if !strings.HasPrefix(a.Header().Get("Content-Type"), "text/html") {
			continue
		}
		all = append(all, sized{len(body), place})
		most := mostOfPage
		if strings.HasPrefix(place, "/matrix") {
			most = mostOfMatrix
		}
		if len(body) > most {
			t.Errorf("%s has %d bytes, of at most %d", place, len(body), most)
		}
		if os.Getenv("CANDOR_TEST_LONG") == "" {
			continue
		}
		for _, m := range linked.FindAllStringSubmatch(body, -1) {
			if to := html.UnescapeString(m[1]); !strings.Contains(to, ".csv") && !strings.HasPrefix(to, "/api/") && !strings.HasPrefix(to, "/static/") && strings.Contains(to, "enterprise") {
				queue = append(queue, to)
			}
		}
	}
	slices.SortFunc(all, func(a, b sized) int { return cmp.Compare(b.bytes, a.bytes) })
	for _, s := range all[:min(len(all), 25)] {
		t.Logf("%d bytes: %s", s.bytes, s.place)
	}
	t.Logf("%d pages", len(all))
}

// objects are the IDs of the objects whose pages are measured.
func (w *walk) objects(t *testing.T) []string {
	if os.Getenv("CANDOR_TEST_LONG") == "" {
		return large
	}
	rel, err := w.desk.Library.Release(context.Background(), attack.ReleaseRef{Domain: "enterprise-attack", Version: "18.1"})
	if err != nil {
		t.Fatal(err)
	}
	found, _, err := w.desk.Library.List(context.Background(), store.Query{Release: rel, Limit: 1 << 20, Kinds: []attack.Kind{attack.KindTactic, attack.KindTechnique,
		attack.KindSubTechnique, attack.KindGroup, attack.KindCampaign, attack.KindMalware, attack.KindTool, attack.KindMitigation, attack.KindComponent, attack.KindStrategy}})
	if err != nil {
		t.Fatal(err)
	}
	var ids []string
	for i := range found {
		ids = append(ids, found[i].StixID)
	}
	return ids
}
