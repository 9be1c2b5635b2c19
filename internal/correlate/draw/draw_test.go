package draw

import (
	"encoding/xml"
	"errors"
	"io"
	"strings"
	"testing"
	"time"

	"candor/internal/correlate"
	"candor/internal/correlate/worth"
)

// wellFormed fails unless a drawing can be read as XML.
func wellFormed(t *testing.T, svg string) {
	t.Helper()
	for d := xml.NewDecoder(strings.NewReader(svg)); ; {
		if _, err := d.Token(); errors.Is(err, io.EOF) {
			return
		} else if err != nil {
			t.Fatalf("%v: %s", err, svg)
		}
	}
}

func TestATimeLineHasALaneForEachAndLoadsNothing(t *testing.T) {
	at := time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC)
	f := &correlate.Finding{ID: "chain-1", Definition: "pair", Title: "<Two>", Group: map[string]string{"entity": `h"1<`}, From: at, At: at.Add(time.Minute), Last: at.Add(2 * time.Minute),
		Observations: 3, Members: []correlate.Member{{ID: "a<1", Time: at, Of: "R & 1"}, {ID: "a2", Time: at.Add(time.Minute), Of: "R2"}}}
	for _, alone := range []bool{true, false} {
		svg := TimeLine(f, alone)
		wellFormed(t, svg)
		if n := strings.Count(svg, "<circle"); n != 2 || strings.Count(svg, "<line") != 2 || strings.Contains(svg, "<style>") != alone || strings.Contains(svg, "href") {
			t.Errorf("alone %t: %d members in %s", alone, n, svg)
		}
	}
	if w := Words(f); w != `Of h"1< the definition pair first held at 2026-03-01 09:01:00, by 2 observations from 2026-03-01 09:00:00 on, and did so until 2026-03-01 09:02:00 with 3 in all.` {
		t.Error(w)
	}
	f.Last, f.At = f.From, f.From
	wellFormed(t, TimeLine(f, false)) // all at one time
}

func TestWorthIsDrawnBesideChance(t *testing.T) {
	w := &worth.Worth{Definition: "pair", Chance: worth.Chance{Observed: 18, Expected: new(2.8)}}
	if svg := Worth(w, true); strings.Count(svg, "<rect") != 2 || !strings.Contains(svg, "by chance: 2.80") {
		t.Error(svg)
	}
	w.Control = &worth.Chance{Observed: 0}
	svg := Worth(w, false)
	wellFormed(t, svg)
	if strings.Count(svg, "<rect") != 3 || !strings.Contains(svg, "outside incidents, found: 0") {
		t.Error(svg)
	}
}
