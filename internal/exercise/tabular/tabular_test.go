package tabular

import (
	"bytes"
	"strings"
	"testing"

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
