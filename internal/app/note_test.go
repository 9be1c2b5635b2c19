package app_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"candor/internal/door"
	"candor/internal/identity"
	"candor/internal/take"
)

var (
	writeNote  = door.Route{Pattern: "POST /api/v1/objects/{id}/notes"}
	listNotes  = door.Route{Pattern: "GET /api/v1/objects/{id}/notes"}
	noteRecord = door.Route{Pattern: "GET /api/v1/objects/{id}/notes/history"}
	objectPage = door.Route{Pattern: "GET /objects/{id}"}
	objectTake = door.Route{Pattern: "GET /api/v1/objects/{id}/take"}
)

// note writes a note about an object, and returns the status and the answer.
func (h *house) note(secret, id, body string, headers ...string) (int, string) {
	h.t.Helper()
	w := h.request(writeNote, id, body, append([]string{"Authorization", "Bearer " + secret, "Content-Type", "application/json"}, headers...)...)
	return w.Code, w.Body.String()
}

func (h *house) notes(r door.Route, id string) []take.Noted {
	h.t.Helper()
	var ns []take.Noted
	w := h.request(r, id, "")
	if err := json.Unmarshal(w.Body.Bytes(), &ns); err != nil || w.Code != http.StatusOK {
		h.t.Fatalf("%s of %s: %d, %v: %s", r.Pattern, id, w.Code, err, w.Body)
	}
	return ns
}

func TestNotesAreWrittenOverHTTP(t *testing.T) {
	h := newHouse(t, identity.Rules{})
	secret, feeds := h.token("wiki", "notes"), h.token("feeds", "feeds")
	if code, said := h.note(feeds, "AN1989", `{"author":"Ann","markdown":"x"}`); code != http.StatusForbidden {
		t.Errorf("with a token for something else: %d %s", code, said)
	}
	if ns := h.notes(listNotes, "AN1989"); len(ns) != 0 {
		t.Errorf("before anything was written: %+v", ns)
	}
	const one = `{"author":"Ann Lee","section":"executive_priority","replaces":true,"review_by":"2026-11-21","markdown":"Insured **since May**."}`
	if code, said := h.note(secret, "an1989", one); code != http.StatusCreated || !strings.Contains(said, `"recorded_by":"token:wiki"`) || !strings.Contains(said, `"state":"in_force"`) {
		t.Fatalf("%d %s", code, said)
	}
	if code, said := h.note(secret, "AN1989", one); code != http.StatusOK {
		t.Errorf("the same again: %d %s", code, said)
	}
	for _, tt := range []struct {
		id, body string
		code     int
		says     string
	}{
		{"AN9999", one, http.StatusNotFound, "AN9999"},
		{"AN1989", `{"author":"","markdown":"x"}`, http.StatusBadRequest, "needs an author"},
		{"AN1989", `{"author":"A","markdown":""}`, http.StatusBadRequest, "has no words"},
		{"AN1989", `{"author":"A","markdown":"x","section":"sumary"}`, http.StatusBadRequest, "did you mean summary"},
		{"AN1989", `{"author":"A","markdown":"x","review_by":"2026-11-19"}`, http.StatusBadRequest, "before it is written"},
		{"AN1989", `{"author":"A","markdown":"x","sectoin":"summary"}`, http.StatusBadRequest, "sectoin"},
		{"AN1989", `{"author":"A","markdown":"x"}{}`, http.StatusBadRequest, "more behind the first"},
		{"AN1989", `nonsense`, http.StatusBadRequest, "not the JSON object"},
		{"AN1989", fmt.Sprintf(`{"author":"A","markdown":%q}`, strings.Repeat("x", take.MaxNote+1)), http.StatusBadRequest, "16384 is the most"},
		{"AN1989", fmt.Sprintf(`{"author":"A","markdown":%q}`, strings.Repeat("x", 9*take.MaxNote)), http.StatusRequestEntityTooLarge, "longer than"},
	} {
		if code, said := h.note(secret, tt.id, tt.body); code != tt.code || !strings.Contains(said, tt.says) || !strings.Contains(said, `"hint"`) {
			t.Errorf("%.60s: %d %s, want %d %q", tt.body, code, said, tt.code, tt.says)
		}
	}
	if code, _ := h.note(secret, "AN1989", one, "Content-Type", "text/plain"); code != http.StatusUnsupportedMediaType {
		t.Errorf("as plain text: %d", code)
	}
	if ns := h.notes(noteRecord, "AN1989"); len(ns) != 1 {
		t.Errorf("what was refused is there: %+v", ns)
	}
	retire := door.Route{Pattern: "POST /api/v1/objects/AN1989/notes/" + h.notes(listNotes, "AN1989")[0].ID + "/retire"}
	if w := h.request(retire, "", `{"by":"Bo","reason":"ended"}`, "Authorization", "Bearer "+secret, "Content-Type", "application/json"); w.Code != http.StatusCreated {
		t.Errorf("retire: %d %s", w.Code, w.Body)
	}
	if w := h.request(retire, "", `{"by":"Bo","reason":"ended"}`, "Authorization", "Bearer "+secret, "Content-Type", "application/json"); w.Code != http.StatusNotFound {
		t.Errorf("retire again: %d %s", w.Code, w.Body)
	}
	if ns := h.notes(listNotes, "AN1989"); len(ns) != 0 {
		t.Errorf("a retired note is listed: %+v", ns)
	}
	if ns := h.notes(noteRecord, "AN1989"); len(ns) != 2 || ns[0].State != take.Superseded || ns[1].State != take.Retired {
		t.Errorf("the history: %+v", ns)
	}
}

func TestNotesStandApartOnThePage(t *testing.T) {
	h := newHouse(t, identity.Rules{})
	secret := h.token("wiki", "notes")
	derived := h.takeOf("AN1989")
	h.note(secret, "AN1989", `{"author":"Ann Lee","section":"executive_priority","replaces":true,"review_by":"2026-11-20","markdown":"Insured **since May**."}`)
	h.note(secret, "AN1989", `{"author":"Mallory\u001b[2J<b>","markdown":"<script>alert(1)</script> <img src=x onerror=alert(2)> [go](javascript:alert(3)) \u202e \u001b[31m \"><iframe src=//evil>"}`)
	tk := h.takeOf("AN1989")
	if len(tk.Notes) != 2 || tk.Section(take.Executive).ReplacedBy != tk.Notes[0].ID || !tk.Notes[0].Due {
		t.Errorf("the take has %+v", tk.Notes)
	}
	if a, b := derived.Section(take.Executive).Statements, tk.Section(take.Executive).Statements; len(a) == 0 || fmt.Sprint(a) != fmt.Sprint(b) {
		t.Errorf("what is derived has changed with a note:\n%v\n%v", a, b)
	}
	page := h.request(objectPage, "AN1989", "").Body.String()
	for _, want := range []string{"Note of Ann Lee", "<strong>since May</strong>", "Its review has been due since 2026-11-20.", "What is derived in its place",
		derived.Section(take.Executive).Statements[0].Text, "What people here wrote about it", "&lt;script&gt;alert(1)", `\u202e`, `\u001b[31m`, "Mallory"} {
		if !strings.Contains(page, want) {
			t.Errorf("the page does not say %q", want)
		}
	}
	for _, never := range []string{"<script>alert", "<img src=x", `href="javascript:`, "<iframe", "\x1b", "\u202e", "Mallory\\u001b[2J<b>"} {
		if strings.Contains(page, never) {
			t.Errorf("the page has %q", never)
		}
	}
	if w := h.request(objectTake, "AN1989", ""); strings.ContainsAny(w.Body.String(), "\x1b\u202e") {
		t.Error("the API says what a terminal would obey")
	}
}

func (h *house) takeOf(id string) (tk take.Take) {
	h.t.Helper()
	w := h.request(objectTake, id, "")
	if err := json.Unmarshal(w.Body.Bytes(), &tk); err != nil || w.Code != http.StatusOK {
		h.t.Fatalf("the take of %s: %d %v", id, w.Code, err)
	}
	return tk
}
