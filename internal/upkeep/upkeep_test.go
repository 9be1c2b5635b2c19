package upkeep_test

import (
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"candor/internal/upkeep"
)

// sound is an installation with which nothing is amiss.
func sound() upkeep.Facts {
	at, room := time.Date(2026, 11, 30, 12, 0, 0, 0, time.UTC), int64(100<<30)
	return upkeep.Facts{At: at, Writable: true, Room: &room, Releases: 2, Imported: at.Add(-30 * 24 * time.Hour), Entry: at.Add(-time.Hour), Files: 4096, Browser: true}
}

func TestWhatIsAmissIsSaidWithItsAnswer(t *testing.T) {
	if s := upkeep.Of(sound()); !s.Ready || len(s.Alarms) != 0 || s.Alarms == nil {
		t.Fatalf("of a sound one: %+v", s)
	}
	raised := map[string]bool{}
	for code, spoil := range map[string]func(f *upkeep.Facts){
		"folder_read_only":   func(f *upkeep.Facts) { f.Writable = false },
		"disk_full":          func(f *upkeep.Facts) { *f.Room = upkeep.FullDisk - 1 },
		"disk_low":           func(f *upkeep.Facts) { *f.Room = upkeep.FullDisk },
		"library_unreadable": func(f *upkeep.Facts) { f.Library, f.Releases = "library.db: it is damaged", 0 },
		"policy_wrong":       func(f *upkeep.Facts) { f.Policy = "policy.yaml:3: no such setting" },
		"ledger_unreadable":  func(f *upkeep.Facts) { f.Ledger = "evidence.db: it is damaged" },
		"alerts_unreadable":  func(f *upkeep.Facts) { f.Alerts = "alerts/x.parquet is gone" },
		"library_empty":      func(f *upkeep.Facts) { f.Releases = 0 },
		"library_old":        func(f *upkeep.Facts) { f.Imported = f.At.Add(-upkeep.OldRelease - time.Hour) },
		"clock_behind":       func(f *upkeep.Facts) { f.Entry = f.At.Add(upkeep.Skew + time.Second) },
		"folder_open":        func(f *upkeep.Facts) { f.Open = []string{"tokens"} },
		"push_waiting":       func(f *upkeep.Facts) { f.Waiting = upkeep.ManyWaiting + 1 },
		"pulls_wrong":        func(f *upkeep.Facts) { f.Pulls = "corp.pulls.yaml:9" },
		"pull_failing":       func(f *upkeep.Facts) { f.Failing = []string{"corp: 401"} },
		"hook_dead":          func(f *upkeep.Facts) { f.Dead = 1 },
		"certificate":        func(f *upkeep.Facts) { f.Certificate = "it ends tomorrow" },
		"provider_down":      func(f *upkeep.Facts) { f.Provider = "it cannot be asked" },
		"token_ends":         func(f *upkeep.Facts) { f.Tokens = []string{"siem"} },
		"few_files":          func(f *upkeep.Facts) { f.Files = upkeep.FewFiles - 1 },
		"no_browser":         func(f *upkeep.Facts) { f.Browser = false },
	} {
		f := sound()
		spoil(&f)
		s := upkeep.Of(f)
		if len(s.Alarms) != 1 || s.Alarms[0].Code != code || s.Alarms[0].What == "" {
			t.Errorf("%s: %+v", code, s.Alarms)
			continue
		}
		if stops := s.Alarms[0].Weight == upkeep.Stops; s.Ready == stops {
			t.Errorf("%s weighs %s, and ready is %v", code, s.Alarms[0].Weight, s.Ready)
		}
		raised[code] = true
	}
	for _, m := range upkeep.Meanings() {
		if !raised[m.Code] {
			t.Errorf("%s is raised by nothing", m.Code)
		}
	}
}

// TestWhatIsNotKnownRaisesNothing: a system that cannot say how much room is left is not
// a full one.
func TestWhatIsNotKnownRaisesNothing(t *testing.T) {
	f := sound()
	f.Room, f.Files, f.Entry = nil, 0, time.Time{}
	if s := upkeep.Of(f); len(s.Alarms) != 0 {
		t.Errorf("%+v", s.Alarms)
	}
}

// TestWhatWeighsMostComesFirst: whoever reads one line reads the one that matters.
func TestWhatWeighsMostComesFirst(t *testing.T) {
	f := sound()
	f.Browser, f.Dead, f.Writable, f.Tokens = false, 2, false, []string{"a", "b"}
	var codes []string
	for _, a := range upkeep.Of(f).Alarms {
		codes = append(codes, a.Code)
	}
	if want := []string{"folder_read_only", "hook_dead", "token_ends", "token_ends", "no_browser"}; !slices.Equal(codes, want) {
		t.Errorf("%v, want %v", codes, want)
	}
}

// TestTheGuideHasEveryAlarm: doc/operate.md is where people look a code up.
func TestTheGuideHasEveryAlarm(t *testing.T) {
	guide, err := os.ReadFile("../../doc/operate.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range upkeep.Meanings() {
		row := "| `" + m.Code + "` | " + string(m.Weight) + " | " + m.Means + " | " + m.Answer + " |"
		if !strings.Contains(string(guide), row) {
			t.Errorf("missing: %s", row)
		}
	}
}
