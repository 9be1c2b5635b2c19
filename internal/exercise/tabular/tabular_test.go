package tabular

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"time"

	"candor/internal/decode"
	"candor/internal/decode/decodetest"
	"candor/internal/exercise"
	"candor/internal/fault"
)

func TestExercisesAsTheGoldenFileSays(t *testing.T) {
	d, err := Decode("exercises.csv", bytes.NewReader(decodetest.Load(t, "testdata/exercises.csv")))
	if err != nil {
		t.Fatal(err)
	}
	decodetest.Golden(t, "testdata/exercises.csv.golden", d)
}

func TestAMissingColumnIsNamed(t *testing.T) {
	_, err := Decode("f.csv", strings.NewReader("technique,analytic,test,time,rule_id,notes\n"))
	if fault.KindOf(err) != fault.Invalid || !strings.Contains(err.Error(), `"outcome"`) {
		t.Errorf("%v", err)
	}
}

// TestAFileHasOneOrderOfDayAndMonth puts what tells the order far behind what does not.
func TestAFileHasOneOrderOfDayAndMonth(t *testing.T) {
	const header, row = "technique,analytic,test,time,outcome,rule_id,notes\n", "T1059,,x,%s,none,,\n"
	early := strings.Repeat(fmt.Sprintf(row, "3/11/2026 10:00"), 2000)
	read := func(text string, order decode.Order) ([]exercise.Exercise, error) {
		d, err := Decode("f.csv", decode.Text{Reader: strings.NewReader(header + text), Order: order})
		return d.Records, err
	}
	for last, month := range map[string]time.Month{"13/11/2026": time.November, "11/13/2026": time.March} {
		if all, err := read(early+fmt.Sprintf(row, last), decode.Untold); err != nil || len(all) != 2001 || all[0].Time.Month() != month {
			t.Errorf("%s: %d exercises, %v", last, len(all), err)
		}
	}
	if _, err := read(early, decode.Untold); fault.KindOf(err) != fault.Invalid || fault.HintOf(err) != decode.OrderHelp || !strings.Contains(err.Error(), "(line 2)") {
		t.Errorf("told from what does not tell it: %v", err)
	}
	if all, err := read(early, decode.DayFirst); err != nil || all[0].Time.Month() != time.November {
		t.Errorf("said, and not read so: %v", err)
	}
	_, err := read(early+fmt.Sprintf(row, "13/11/2026")+fmt.Sprintf(row, "11/13/2026"), decode.Untold)
	if err == nil || !strings.Contains(err.Error(), "13/11/2026 (line 2002)") || !strings.Contains(err.Error(), "11/13/2026 (line 2003)") {
		t.Errorf("two orders in one file: %v", err)
	}
}

func FuzzDecode(f *testing.F) {
	f.Add(decodetest.Load(f, "testdata/exercises.csv"))
	f.Fuzz(func(t *testing.T, data []byte) {
		d, _ := Decode("f.csv", bytes.NewReader(data))
		for _, x := range d.Records {
			if _, ok := exercise.ParseOutcome(string(x.Outcome)); !ok || x.Test == "" || x.Time.IsZero() || x.Technique+x.Analytic == "" {
				t.Fatalf("an exercise that should have been rejected: %+v", x)
			}
		}
	})
}
