package parquet

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/compress"

	"candor/internal/alert"
	"candor/internal/evidence"
	"candor/internal/fault"
)

// said is everything that reading a file gives.
type said struct {
	Alerts   []*alert.Alert
	Rejects  []evidence.Reject
	Warnings []string
	Err      error
}

func read(data []byte) said {
	var s said
	in := Input{File: "f.parquet", Data: bytes.NewReader(data), Size: int64(len(data)),
		Reject: func(r evidence.Reject) { s.Rejects = append(s.Rejects, r) },
		Warn:   func(w string) { s.Warnings = append(s.Warnings, w) }}
	for a, err := range Alerts(in) {
		if err != nil {
			s.Err = err
			continue
		}
		s.Alerts = append(s.Alerts, a)
	}
	return s
}

// written returns the bytes of a file that holds the rows.
func written[T any](t testing.TB, rows []T, options ...parquet.WriterOption) []byte {
	t.Helper()
	var b bytes.Buffer
	w := parquet.NewGenericWriter[T](&b, options...)
	if _, err := w.Write(rows); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

type whole struct {
	ID          string            `parquet:"id"`
	RuleID      string            `parquet:"Rule_ID"`
	Time        time.Time         `parquet:"time,timestamp(microsecond)"`
	Score       *float64          `parquet:"score,optional"`
	Techniques  []string          `parquet:"techniques,list"`
	Fields      map[string]string `parquet:"fields"`
	Disposition *string           `parquet:"disposition,optional,dict"`
	Said        *time.Time        `parquet:"disposition_time,optional,timestamp(millisecond)"`
	Provenance  string            `parquet:"provenance"`
	Port        int32             `parquet:"dest_port"`
	Inner       struct {
		Name string `parquet:"name"`
	} `parquet:"host"`
}

var at = time.Date(2026, 3, 1, 10, 0, 0, 250e6, time.UTC)

func rows(n int) []whole {
	out := make([]whole, n)
	for i := range out {
		out[i] = whole{ID: fmt.Sprint("a-", i), RuleID: "r", Time: at.Add(time.Duration(i) * time.Second), Provenance: "analyst", Port: 22}
		out[i].Fields = map[string]string{"user": "root", "empty": ""}
		out[i].Inner.Name = "web-01"
		if i%2 == 0 {
			out[i].Score, out[i].Disposition, out[i].Said = new(2.5), new("true_positive"), new(at.Add(time.Hour))
			out[i].Techniques = []string{"t1059", "T1087"}
		}
	}
	return out
}

func TestAnAlertHasWhatItsRowHas(t *testing.T) {
	got := read(written(t, rows(2)))
	if got.Err != nil || len(got.Rejects)+len(got.Warnings) != 0 || len(got.Alerts) != 2 {
		t.Fatalf("%+v", got)
	}
	fields := map[string]string{"user": "root", "dest_port": "22", "host.name": "web-01"}
	want := []*alert.Alert{
		{ID: "a-0", RuleID: "r", Time: at, Score: new(2.5), Techniques: []string{"T1059", "T1087"}, Fields: fields,
			Disposition: &alert.Disposition{AlertID: "a-0", Class: alert.TruePositive, Time: at.Add(time.Hour), Provenance: alert.Analyst}},
		{ID: "a-1", RuleID: "r", Time: at.Add(time.Second), Fields: fields},
	}
	if d := cmp.Diff(want, got.Alerts); d != "" {
		t.Errorf("-want +got:\n%s", d)
	}
}

// TestEntitiesOfARow: as batch files have them, and as text.
func TestEntitiesOfARow(t *testing.T) {
	type entity struct {
		Type    *string `parquet:"type,optional"`
		Name    string  `parquet:"name"`
		Primary bool    `parquet:"primary"`
	}
	type row struct {
		ID       string    `parquet:"id"`
		RuleID   string    `parquet:"rule_id"`
		Time     time.Time `parquet:"time,timestamp(microsecond)"`
		Entities []entity  `parquet:"entities,list"`
	}
	at, host, account := time.Unix(1_770_000_000, 0), "host", "account"
	got := read(written(t, []row{{"a", "r", at, nil}, {"b", "r", at, []entity{{nil, "x", false}, {&host, "web-01", true}, {&account, "jdoe", false}}}, {"c", "r", at, []entity{{nil, "y", false}}}}))
	var want [3]alert.Alert
	want[1].SetEntities(alert.Entity{Type: alert.Host, Name: "web-01"}, []alert.Entity{{Name: "x"}, {Type: alert.Account, Name: "jdoe"}})
	want[2].SetEntities(alert.Entity{Name: "y"}, nil)
	for i, a := range got.Alerts {
		if got, want := slices.Collect(a.Entities()), slices.Collect(want[i].Entities()); !slices.Equal(got, want) {
			t.Errorf("row %d is about %v, want %v", i, got, want)
		}
	}
	if len(got.Alerts) != 3 || len(got.Rejects) > 0 || got.Alerts[1].Fields != nil {
		t.Errorf("%+v", got)
	}
	type texts struct {
		ID       string    `parquet:"id"`
		RuleID   string    `parquet:"rule_id"`
		Time     time.Time `parquet:"time,timestamp(microsecond)"`
		Type     string    `parquet:"entity_type"`
		Entity   string    `parquet:"entity"`
		Entities string    `parquet:"entities"`
	}
	got = read(written(t, []texts{{"a", "r", at, "device", "web-01", "account:jdoe;web-01"}}))
	if a := got.Alerts[0]; a.EntityType != alert.Host || a.Entity != "web-01" || !slices.Equal(a.Others, []alert.Entity{{Type: alert.Account, Name: "jdoe"}}) {
		t.Errorf("%+v", a)
	}
}

func TestRowGroupsAndPackingsReadTheSame(t *testing.T) {
	want := read(written(t, rows(1000)))
	for _, codec := range []compress.Codec{&parquet.Snappy, &parquet.Gzip, &parquet.Zstd, &parquet.Brotli, &parquet.Uncompressed} {
		got := read(written(t, rows(1000), parquet.MaxRowsPerRowGroup(300), parquet.PageBufferSize(4096), parquet.Compression(codec)))
		if d := cmp.Diff(want, got); d != "" {
			t.Errorf("%s: -want +got:\n%.2000s", codec, d)
		}
	}
	if got := read(written(t, rows(3), parquet.Compression(&parquet.Lz4Raw))); fault.KindOf(got.Err) != fault.Invalid || !strings.Contains(fault.HintOf(got.Err), "zstd") {
		t.Errorf("LZ4: %v", got.Err)
	}
}

func TestTimesOfEveryUnitAndNumbersAndTexts(t *testing.T) {
	type nanos struct {
		ID   string    `parquet:"id"`
		Rule string    `parquet:"rule_id"`
		Time time.Time `parquet:"time,timestamp(nanosecond)"`
	}
	type millis struct {
		ID   string    `parquet:"id"`
		Rule string    `parquet:"rule_id"`
		Time time.Time `parquet:"time,timestamp(millisecond)"`
	}
	type number struct {
		ID   string `parquet:"id"`
		Rule string `parquet:"rule_id"`
		Time int64  `parquet:"time"`
	}
	type float struct {
		ID   string  `parquet:"id"`
		Rule string  `parquet:"rule_id"`
		Time float64 `parquet:"time"`
	}
	type text struct {
		ID   string `parquet:"id"`
		Rule string `parquet:"rule_id"`
		Time string `parquet:"time"`
	}
	for name, c := range map[string]struct {
		data []byte
		note string
	}{
		"nanoseconds":  {data: written(t, []nanos{{"a", "r", at}})},
		"milliseconds": {data: written(t, []millis{{"a", "r", at}})},
		"text":         {data: written(t, []text{{"a", "r", "2026-03-01T11:00:00.25+01:00"}})},
		"float":        {written(t, []float{{"a", "r", float64(at.UnixMilli()) / 1e3}}), "seconds"},
		"number of ms": {written(t, []number{{"a", "r", at.UnixMilli()}}), "milliseconds"},
		"number of us": {written(t, []number{{"a", "r", at.UnixMicro()}}), "microseconds"},
		"number of ns": {written(t, []number{{"a", "r", at.UnixNano()}}), "nanoseconds"},
	} {
		got := read(c.data)
		if got.Err != nil || len(got.Alerts) != 1 || !got.Alerts[0].Time.Equal(at) || c.note != "" && (len(got.Warnings) != 1 || !strings.Contains(got.Warnings[0], c.note+" since 1970")) {
			t.Errorf("%s: %+v", name, got)
		}
	}
	if got := read(written(t, []number{{"a", "r", at.Unix()}, {"b", "r", -5}})); len(got.Alerts) != 1 || !got.Alerts[0].Time.Equal(at.Truncate(time.Second)) || len(got.Rejects) != 1 {
		t.Errorf("seconds: %+v", got)
	}
}

func TestFieldsAsJSONOrAsColumns(t *testing.T) {
	type row struct {
		ID     string `parquet:"id"`
		Rule   string `parquet:"rule_id"`
		Time   string `parquet:"time"`
		Fields string `parquet:"fields"`
		User   string `parquet:"fields.user"`
	}
	got := read(written(t, []row{
		{"a", "r", "2026-03-01", `{"pid":7,"deep":{"x":[1]},"none":null,"name":"n"}`, "root"}, {"b", "r", "2026-03-01", "", ""}, {"c", "r", "2026-03-01", "[1]", ""},
	}))
	if len(got.Alerts) != 2 || len(got.Rejects) != 1 || got.Rejects[0].Line != 3 || got.Rejects[0].Field != "fields" {
		t.Fatalf("%+v", got)
	}
	if d := cmp.Diff(map[string]string{"pid": "7", "deep": `{"x":[1]}`, "name": "n", "user": "root"}, got.Alerts[0].Fields); d != "" || got.Alerts[1].Fields != nil {
		t.Errorf("%s, %v", d, got.Alerts[1].Fields)
	}
}

func TestARowThatIsNoAlertIsRejectedByItsNumber(t *testing.T) {
	bad := rows(600)
	bad[299].ID, bad[400].RuleID, bad[599].Disposition = "", "", new("dubious")
	bad[500].RuleID = "\xff"
	got := read(written(t, bad, parquet.MaxRowsPerRowGroup(250)))
	var where []string
	for _, r := range got.Rejects {
		where = append(where, fmt.Sprint(r.Line, r.Field))
	}
	if d := cmp.Diff([]string{"300id", "401rule_id", "501rule_id", "600disposition"}, where); got.Err != nil || len(got.Alerts) != 596 || d != "" {
		t.Errorf("%v, %d alerts, %s", got.Err, len(got.Alerts), d)
	}
}

func TestAFileWithoutAnAlertsColumnsIsInvalid(t *testing.T) {
	type row struct {
		ID   string `parquet:"id"`
		Rule string `parquet:"rule"`
	}
	if got := read(written(t, []row{{"a", "r"}})); fault.KindOf(got.Err) != fault.Invalid || !strings.Contains(got.Err.Error(), `"rule_id"`) || !strings.Contains(fault.HintOf(got.Err), "id, rule") {
		t.Errorf("%v (hint %q)", got.Err, fault.HintOf(got.Err))
	}
}

func TestFindingsInOCSFAreToldHowToCome(t *testing.T) {
	type row struct {
		Class int64 `parquet:"class_uid"`
		Time  int64 `parquet:"time"`
	}
	if got := read(written(t, []row{{2004, 1}})); fault.KindOf(got.Err) != fault.Invalid || !strings.Contains(fault.HintOf(got.Err), "as JSON") {
		t.Errorf("%v (hint %q)", got.Err, fault.HintOf(got.Err))
	}
}

func TestADamagedFileIsInvalid(t *testing.T) {
	data := written(t, rows(500))
	for _, n := range []int{0, 3, 4, 8, len(data) / 2, len(data) - 1} {
		if got := read(data[:n]); fault.KindOf(got.Err) != fault.Invalid {
			t.Errorf("the first %d bytes: %v", n, got.Err)
		}
	}
	random := rand.New(rand.NewPCG(1, 2))
	for range 300 {
		spoilt := bytes.Clone(data)
		spoilt[random.IntN(len(spoilt))] ^= byte(1 + random.IntN(255))
		if got := read(spoilt); got.Err != nil && fault.KindOf(got.Err) != fault.Invalid {
			t.Fatalf("%v", got.Err)
		}
	}
}

func FuzzAlerts(f *testing.F) {
	f.Add(written(f, rows(3), parquet.Compression(&parquet.Uncompressed)))
	f.Add(written(f, rows(1), parquet.Compression(&parquet.Snappy)))
	f.Fuzz(func(t *testing.T, data []byte) {
		for _, a := range read(data).Alerts {
			if a.ID == "" || a.RuleID == "" || a.Time.IsZero() {
				t.Fatalf("an alert without id, rule or time: %+v", a)
			}
		}
	})
}
