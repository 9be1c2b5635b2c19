package mapping

import (
	"fmt"
	"io"
	"strings"
	"testing"

	"candor/internal/alert/export"
	"candor/internal/evidence"
)

// BenchmarkText makes text of 20,000 records of JSON Lines, beside reading them alone.
func BenchmarkText(b *testing.B) {
	var lines strings.Builder
	for i := range 20_000 {
		fmt.Fprintf(&lines, `{"ident":"%d","rule":{"id":"r%d","name":"Rule %d"},"created":"2026-03-%02dT10:00:00Z","host":{"name":"host-%d"},"sev":"high","user":"u%d"}`+"\n", i, i%500, i%500, 1+i%28, i%2000, i%97)
	}
	m, _, err := Decode("m.yaml", []byte(of+"alerts\ncolumns: {id: ident, rule_id: rule.id, rule_name: rule.name, time: created, entity: host.name, severity: sev}\nfields: [user]\n"))
	if err != nil {
		b.Fatal(err)
	}
	in := func() export.Input {
		return export.Input{File: "f", Text: strings.NewReader(lines.String()), Reject: func(evidence.Reject) {}, Warn: func(string) {}}
	}
	b.Run("read", func(b *testing.B) {
		b.SetBytes(int64(lines.Len()))
		for b.Loop() {
			if err := export.Records(in(), false, func(*export.Record) bool { return true }); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("map", func(b *testing.B) {
		b.SetBytes(int64(lines.Len()))
		for b.Loop() {
			t := m.Text(in())
			if _, err := io.Copy(io.Discard, t); err != nil {
				b.Fatal(err)
			}
			t.Close()
		}
	})
}
