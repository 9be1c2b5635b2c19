package away

import (
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"candor/internal/decode/decodetest"
	"candor/internal/evidence"
	"candor/internal/exercise"
)

type format struct {
	file   string
	sniff  func([]byte, string) bool
	decode func(string, io.Reader) (evidence.Decoded[exercise.Exercise], error)
}

func formats() []format {
	return []format{{"backtest.json", SniffBacktest, DecodeBacktest}, {"info.yml", SniffRegression, DecodeRegression}, {"mitre.json", SniffMITRE, DecodeMITRE}}
}

func TestWhatTookPlaceElsewhereAsTheGoldenFilesSay(t *testing.T) {
	for _, f := range formats() {
		text := decodetest.Load(t, "testdata/"+f.file)
		for _, other := range formats() {
			if got := other.sniff(text, f.file); got != (other.file == f.file) {
				t.Errorf("%s is taken for %s: %v", f.file, other.file, got)
			}
		}
		got, err := f.decode(f.file, strings.NewReader(string(text)))
		if err != nil {
			t.Errorf("%s: %v", f.file, err)
		}
		for _, e := range got.Records {
			if !e.Away() || e.Outcome == exercise.Ran || e.Test == "" {
				t.Errorf("%s: %+v", f.file, e)
			}
		}
		decodetest.Golden(t, "testdata/"+f.file+".golden", got)
	}
}

func TestDescriptionsThatAreWrongAreRejects(t *testing.T) {
	for text, want := range map[string]string{
		"regression_tests_info: [": "not YAML", "date: soon\nrule_metadata: [{id: a}]\nregression_tests_info: [{name: x}]": "", "regression_tests_info: []": "names no rule",
		"rule_metadata: [{title: x}]\nregression_tests_info: [{name: x}]": "has no id",
	} {
		got, err := DecodeRegression("info.yml", strings.NewReader(text))
		if err != nil || len(got.Records) > 0 || len(got.Rejects) != 1 || !strings.Contains(got.Rejects[0].Reason, want) {
			t.Errorf("%q: %+v, error %v", text, got, err)
		}
	}
	got, err := DecodeRegression("x.json", strings.NewReader(`{"Event": {"System": {"EventRecordID": 1}}}`))
	if err != nil || len(got.Records)+len(got.Rejects) > 0 || len(got.Warnings) != 1 {
		t.Errorf("%+v, error %v", got, err)
	}
}

// TestPublicRegressionData reads all that a checkout of SigmaHQ's rules has, where
// CANDOR_SIGMA_GIT names its git directory.
func TestPublicRegressionData(t *testing.T) {
	dir := os.Getenv("CANDOR_SIGMA_GIT")
	if dir == "" {
		t.Skip("CANDOR_SIGMA_GIT is not set")
	}
	list, err := exec.CommandContext(t.Context(), "git", "-C", dir, "ls-tree", "-r", "--name-only", "HEAD", "regression_data").Output()
	if err != nil {
		t.Fatal(err)
	}
	files, records, rejects := 0, 0, 0
	for name := range strings.FieldsSeq(string(list)) {
		if filepath.Base(name) != "info.yml" {
			continue
		}
		text, err := exec.CommandContext(t.Context(), "git", "-C", dir, "show", "HEAD:"+name).Output()
		if err != nil {
			t.Fatal(err)
		}
		got, err := DecodeRegression(name, strings.NewReader(string(text)))
		if err != nil || len(got.Rejects)+len(got.Records) == 0 || !SniffRegression(text[:min(len(text), 4096)], name) {
			t.Errorf("%s: %+v, error %v", name, got, err)
		}
		for _, r := range got.Rejects {
			t.Logf("%s: %+v", name, r)
		}
		files, records, rejects = files+1, records+len(got.Records), rejects+len(got.Rejects)
	}
	if rejects > files/50 {
		t.Errorf("%d descriptions, %d replays, %d rejects", files, records, rejects)
	}
	t.Logf("%d descriptions, %d replays, %d rejects", files, records, rejects)
}

func FuzzAway(f *testing.F) {
	for _, one := range formats() {
		f.Add(string(decodetest.Load(f, "testdata/"+one.file)))
	}
	f.Fuzz(func(t *testing.T, text string) {
		for _, one := range formats() {
			one.sniff([]byte(text), "f")
			got, _ := one.decode("f", strings.NewReader(text))
			for _, e := range got.Records {
				if !e.Away() || e.RuleID == "" && e.Technique == "" {
					t.Fatalf("%+v", e)
				}
			}
		}
	})
}
