package engine_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"candor/internal/engine"
	"candor/internal/fault"
	"candor/internal/store"
)

func TestAnEngineIsChosen(t *testing.T) {
	both, alone := engine.Built(true), engine.Built(false)
	for _, c := range []struct {
		files, wanted string
		built         []engine.Name
		want          engine.Name
		kind          fault.Kind
	}{
		{"", "", both, engine.DuckDB, ""},
		{"", "", alone, engine.Scan, ""},
		{"", "scan", both, engine.Scan, ""},
		{"", "duckdb", both, engine.DuckDB, ""},
		{"", "duckdb", alone, "", fault.Unavailable},
		{"", "postgres", both, "", fault.Usage},
		{"alerts alerts.index", "", both, engine.DuckDB, ""},
		{"alerts alerts.index", "scan", both, engine.Scan, ""},
		{"alerts alerts.index", "", alone, engine.Scan, ""},
		{"alerts.duckdb", "scan", both, "", fault.Unavailable},
		{"", "sqlite", both, "", fault.Usage},
		{"alerts.db", "", both, "", fault.Unavailable},
		{"alerts.db alerts", "scan", alone, "", fault.Unavailable},
	} {
		dir := t.TempDir()
		for name := range strings.FieldsSeq(c.files) {
			if err := os.WriteFile(filepath.Join(dir, name), nil, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		got, err := engine.Choose(dir, engine.Wish{Name: c.wanted}, c.built)
		switch {
		case c.kind == "" && (err != nil || got != c.want):
			t.Errorf("%+v: %s, %v", c, got, err)
		case c.kind != "" && (fault.KindOf(err) != c.kind || fault.HintOf(err) == ""):
			t.Errorf("%+v: error %v; want one of kind %s with a hint", c, err, c.kind)
		}
	}
}

// A folder of few alerts is read without an index, unless whoever opens it needs one.
func TestFewAlertsAreReadWithoutAnIndex(t *testing.T) {
	for _, c := range []struct {
		files, size int
		wish        engine.Wish
		want        engine.Name
	}{
		{0, 0, engine.Wish{}, engine.Scan},
		{3, 100 << 10, engine.Wish{}, engine.Scan},
		{4, 100 << 10, engine.Wish{}, engine.DuckDB},
		{1, 1 << 20, engine.Wish{}, engine.DuckDB},
		{63, 10, engine.Wish{}, engine.Scan},
		{64, 10, engine.Wish{}, engine.DuckDB},
		{3, 10, engine.Wish{Index: true}, engine.DuckDB},
		{3, 10, engine.Wish{Name: "duckdb"}, engine.DuckDB},
		{4, 1 << 20, engine.Wish{Name: "scan"}, engine.Scan},
	} {
		dir := t.TempDir()
		if err := os.Mkdir(filepath.Join(dir, engine.Folder), 0o700); err != nil {
			t.Fatal(err)
		}
		for i := range c.files {
			if err := os.WriteFile(filepath.Join(dir, engine.Folder, strconv.Itoa(i)+".parquet"), make([]byte, c.size), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		if got, err := engine.Choose(dir, c.wish, engine.Built(true)); err != nil || got != c.want {
			t.Errorf("%+v: %s, %v", c, got, err)
		}
	}
}

// broken is a store whose every answer is what was asked.
type broken struct{ engine.Alerts }

func (broken) Batches(context.Context) ([]store.Batch, error) {
	return []store.Batch{{ID: "alerts-1"}}, nil
}

func (broken) Close() error { return errors.New("closed") }

func TestAStoreIsOpenedWhenItIsAsked(t *testing.T) {
	times, refused := 0, errors.New("refused")
	l := engine.NewLate(func(context.Context) (engine.Alerts, error) {
		if times++; times == 1 {
			return nil, refused
		}
		return broken{}, nil
	})
	if err := l.Close(); err != nil || times != 0 {
		t.Errorf("a store that nobody asked: opened %d times, closed with %v", times, err)
	}
	for _, err := range l.Each(t.Context(), "r", "", "") {
		if !errors.Is(err, refused) {
			t.Errorf("error %v, want %v", err, refused)
		}
	}
	for range 2 {
		if bs, err := l.Batches(t.Context()); err != nil || len(bs) != 1 {
			t.Errorf("batches %v, %v", bs, err)
		}
	}
	if times != 2 {
		t.Errorf("opened %d times, want once after it failed", times)
	}
	if err := l.Close(); err == nil || err.Error() != "closed" {
		t.Errorf("closed with %v", err)
	}
}
