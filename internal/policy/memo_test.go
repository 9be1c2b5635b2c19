package policy_test

import (
	"bytes"
	"io"
	"testing"

	"github.com/google/go-cmp/cmp"

	"candor/internal/policy"
)

func TestAMemoReadsWhatReadReads(t *testing.T) {
	var m policy.Memo
	first, second := []byte("version: \"7\"\nwindow_days: 77\n"), []byte("version: \"8\"\nwindow_days: 88\n")
	for i, step := range []struct {
		text []byte
		days int // 0 for an error
	}{{nil, 90}, {nil, 90}, {first, 77}, {first, 77}, {second, 88}, {[]byte("version: 8\nwindow_days: never\n"), 0}, {second, 88}, {[]byte{}, 0}, {nil, 90}} {
		var text io.Reader
		if step.text != nil {
			text = bytes.NewReader(step.text)
		}
		p, err := m.Read(text, "policy.yaml")
		if (err != nil) != (step.days == 0) || err == nil && p.WindowDays != step.days {
			t.Errorf("step %d: %d days, %v, want %d", i, p.WindowDays, err, step.days)
		}
	}
	if p, _ := m.Read(nil, ""); cmp.Diff(policy.Default(), p) != "" {
		t.Error(cmp.Diff(policy.Default(), p))
	}
}
