package ingest

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/parquet-go/parquet-go"

	"candor/internal/fault"
)

// parquetRows is a Parquet file of alerts with these ids.
func parquetRows(t *testing.T, ids ...string) string {
	t.Helper()
	type row struct {
		ID   string    `parquet:"id"`
		Rule string    `parquet:"rule_id"`
		Time time.Time `parquet:"time,timestamp(millisecond)"`
	}
	var rows []row
	for _, id := range ids {
		rows = append(rows, row{id, "r", added})
	}
	var b bytes.Buffer
	if err := parquet.Write(&b, rows); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestAlertsInParquetLandAndAreKnownAgain(t *testing.T) {
	b := newBench(t)
	r := b.request("alerts", b.write("in/a.parquet", parquetRows(t, "a", "b", "")))
	if c := b.check(r); c.Format != "candor-parquet" || c.Good != 2 || c.Rejected != 1 {
		t.Errorf("%+v", c)
	}
	res := b.add(r)
	if res.Format != "candor-parquet" || res.New != 2 || res.Rejected != 1 || res.Rejects[0].Line != 3 {
		t.Errorf("%+v", res)
	}
	if again := b.add(r); again.Fresh {
		t.Errorf("%+v", again)
	}
	if more := b.add(b.request("alerts", b.write("more.parquet", parquetRows(t, "b", "c")))); more.New != 1 || more.Unchanged != 1 {
		t.Errorf("%+v", more)
	}
	if folder := b.request("alerts", b.dir+"/in"); !b.add(folder).Fresh {
		t.Error("a folder's Parquet files are not found")
	}
	if kind, err := r.KindOf(); err != nil || kind != "alerts" {
		t.Errorf("%s, %v", kind, err)
	}
}

func TestParquetThatCannotBeReadLandsNothing(t *testing.T) {
	b := newBench(t)
	whole := parquetRows(t, "a", "b")
	b.refused(b.request("alerts", b.write("cut.parquet", whole[:len(whole)-9])), fault.Invalid)
	b.refused(b.request("alerts", b.write("packed.parquet.gz", string(gzipped(whole)))), fault.Invalid)
	b.refused(b.request("dispositions", b.write("d.parquet", whole)), fault.Invalid)
	forced := b.request("alerts", b.write("a.jsonl", alertJSON))
	forced.Format = "candor-parquet"
	if err := b.refused(forced, fault.Invalid); !strings.Contains(err.Error(), "PAR1") {
		t.Errorf("%v", err)
	}
	mapped := b.request("alerts", b.write("m.parquet", whole))
	mapped.Mapping = b.write("mapping.yaml", mappingText)
	b.refused(mapped, fault.Usage)
}
