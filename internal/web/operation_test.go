package web_test

import (
	"context"
	"net/http"
	"testing"
	"time"

	"candor/internal/upkeep"
	"candor/internal/web"
)

// ailing is an installation that answers, with which something is amiss.
func ailing(context.Context) upkeep.State {
	room := int64(3 << 30)
	return upkeep.Of(upkeep.Facts{At: time.Date(2026, 11, 20, 14, 0, 0, 0, time.UTC), Writable: true, Room: &room, Releases: 1, Imported: time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC),
		Dead: 2, Failing: []string{"corp-<elastic>: it answered 401"}, Browser: true})
}

func TestOperationSaysWhatIsAmissAndWhatToDo(t *testing.T) {
	d := demonstration(t)
	_, doc := d.page("/operation")
	says(t, doc, "This server answers, and takes what is sent to it: 3 things are amiss or will be.", "corp-<elastic>: it answered 401", "2 messages were put aside",
		"3.0 GiB can be written", "What is looked at")
	for _, m := range upkeep.Meanings() {
		says(t, doc, m.Code, m.Means, m.Answer)
	}
	_, home := d.page("/")
	if !linked(home)["/operation"] {
		t.Error("no page leads there")
	}
	d = demonstration(t, func(_ *desk, deps *web.Deps) {
		deps.Operation = func(context.Context) upkeep.State {
			return upkeep.Of(upkeep.Facts{At: time.Now(), Releases: 1, Imported: time.Now(), Browser: true})
		}
	})
	_, doc = d.page("/operation")
	says(t, doc, "Something stops this server from answering, or from taking what is sent to it", "1 thing is amiss or will be.")
	d = demonstration(t, func(_ *desk, deps *web.Deps) { deps.Operation = nil })
	if a := d.get("/operation"); a.Code != http.StatusNotFound {
		t.Errorf("where nothing is looked at: %d", a.Code)
	}
}
