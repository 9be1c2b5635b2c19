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
	"candor/internal/measure"
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
	w := worth.Worth{Definition: "pa<ir", Unit: worth.Sliding, Window: "1h", Chains: 18, Chance: worth.Chance{Observed: 18, Expected: new(1.8), Ratio: new(10.0)}}
	svg := Worth([]worth.Worth{w}, true)
	wellFormed(t, svg)
	if strings.Count(svg, "<circle") != 1 || !strings.Contains(svg, "18 chains where chance makes 1.80; none is labelled") || !strings.Contains(svg, "<style>") {
		t.Error(svg)
	}
	w.Control = &worth.Chance{Observed: 2, Ratio: new(1.0)}
	w.Precision = worth.Share{Hits: 9, Of: 18, Share: new(0.5), Interval: &measure.Interval{0.25, 0.75}}
	svg = Worth([]worth.Worth{w, {Definition: "other"}}, false)
	wellFormed(t, svg)
	for _, part := range []string{`class="outside" cx="16.67%"`, `class="seen" cx="31.33%"`, `class="seen" cx="76.00%"`, `x1="65.00%" y1="58" x2="87.00%" y2="58"`, ">9/18<", ">no null<",
		"outside incidents 2; 9 of 18 labelled ones have a true positive; there is no true positive that paging on chains alone could lose."} {
		if !strings.Contains(svg, part) {
			t.Errorf("no %s in %s", part, svg)
		}
	}
}
