package intake

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"candor/internal/evidence"
	"candor/internal/fault"
	"candor/internal/ingest"
	"candor/internal/store"
	"candor/internal/store/batches"
	"candor/internal/store/scan"
	"candor/internal/store/sqlite"
)

var noon = time.Date(2026, 11, 26, 12, 0, 0, 0, time.UTC)

func clock() time.Time { return noon }

// desk is a data folder with an intake that makes batches when it is told to.
type desk struct {
	t        *testing.T
	dir      string
	evidence *sqlite.Evidence
	alerts   *batches.Store
	ingest   *ingest.Evidence
	log      bytes.Buffer
	*Service
}

func newDesk(t *testing.T, limits Limits) *desk {
	t.Helper()
	d := &desk{t: t, dir: t.TempDir()}
	var err error
	if d.evidence, err = sqlite.OpenEvidence(t.Context(), filepath.Join(d.dir, "evidence.db")); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { d.evidence.Close() })
	if d.alerts, err = scan.Open(t.Context(), filepath.Join(d.dir, "alerts"), batches.Options{Write: true}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { d.alerts.Close() })
	d.ingest = ingest.NewEvidence(d.evidence, d.alerts, clock)
	d.Service = d.service(limits, d.ingest)
	return d
}

func (d *desk) service(limits Limits, in Adder) *Service {
	return New(Config{Dir: filepath.Join(d.dir, "push"), RejectsDir: filepath.Join(d.dir, "rejects"), Limits: limits, Now: clock}, in)
}

// begin starts a service that makes batches by itself only at the end.
func (d *desk) begin(s *Service) (stop func()) {
	d.t.Helper()
	stop, err := s.Start(time.Hour, slog.New(slog.NewTextHandler(&d.log, nil)))
	if err != nil {
		d.t.Fatal(err)
	}
	stop = sync.OnceFunc(stop)
	d.t.Cleanup(stop)
	return stop
}

func (d *desk) push(s *Service, kind, token, body string) Receipt {
	d.t.Helper()
	r, err := s.Receive(d.t.Context(), Post{Kind: kind, Token: token, Body: strings.NewReader(body), Lines: true})
	if err != nil {
		d.t.Fatal(err)
	}
	return r
}

func (d *desk) fold(s *Service) {
	d.t.Helper()
	if err := s.Fold(d.t.Context()); err != nil {
		d.t.Fatal(err)
	}
}

// batches lists those of alerts and of feeds in short.
func (d *desk) batches() (list []string) {
	d.t.Helper()
	for _, s := range []interface {
		Batches(context.Context) ([]store.Batch, error)
	}{d.alerts, d.evidence} {
		bs, err := s.Batches(d.t.Context())
		if err != nil {
			d.t.Fatal(err)
		}
		for _, b := range bs {
			list = append(list, fmt.Sprintf("%s %s %s read %d new %d updated %d unchanged %d rejected %d", b.Kind, b.Format, b.By, b.Read, b.New, b.Updated, b.Unchanged, b.Rejected))
		}
	}
	return list
}

// left lists the folders of segments.
func (d *desk) left() []string {
	found, err := filepath.Glob(filepath.Join(d.dir, "push", "*-*"))
	if err != nil {
		d.t.Fatal(err)
	}
	return found
}

func (d *desk) want(batches ...string) {
	d.t.Helper()
	if got := d.batches(); !slices.Equal(got, batches) {
		d.t.Errorf("batches\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(batches, "\n"))
	}
}

func alertLine(id string) string {
	return `{"id":"` + id + `","rule_id":"r","time":"2026-11-26T10:00:00Z","entity":"h"}` + "\n"
}

const feedLine = `{"date":"2026-11-25","source":"s","channel":"c","events":4,"hosts":1}` + "\n"

func TestWhatIsPushedBecomesBatches(t *testing.T) {
	d := newDesk(t, Usual())
	d.begin(d.Service)
	d.push(d.Service, "alerts", "edr", alertLine("a")+"\n \r\n"+alertLine("b"))
	d.push(d.Service, "alerts", "edr", "\ufeff"+alertLine("c"))
	d.push(d.Service, "alerts", "siem-2", alertLine("a"))
	d.push(d.Service, "feeds", "edr", feedLine)
	d.want()
	d.fold(d.Service)
	d.want("alerts candor-jsonl token:edr read 3 new 3 updated 0 unchanged 0 rejected 0",
		"alerts candor-jsonl token:siem-2 read 1 new 0 updated 0 unchanged 1 rejected 0",
		"feeds candor-jsonl token:edr read 1 new 1 updated 0 unchanged 0 rejected 0")
	if left := d.left(); len(left) != 0 || d.waiting != 0 {
		t.Errorf("left %v, %d bytes waiting", left, d.waiting)
	}
	d.fold(d.Service)
	if n := len(d.batches()); n != 3 {
		t.Errorf("nothing was pushed, and there are %d batches", n)
	}
}

const signalLine = `{"id":"s","time":"2026-11-26T10:00:00Z","entity":"h","name":"rare log-on"}` + "\n"

func statementLine(id, class string) string {
	return `{"id":"` + id + `","disposition":"` + class + `","disposition_time":"2026-11-26T11:00:00Z","disposition_by":"ann"}` + "\n"
}

func TestDispositionsFindTheAlertsPushedBefore(t *testing.T) {
	d := newDesk(t, Usual())
	d.begin(d.Service)
	d.push(d.Service, "dispositions", "soar", statementLine("never", "false_positive")+statementLine("a", "false_positive"))
	d.push(d.Service, "alerts", "edr", alertLine("a"))
	d.push(d.Service, "dispositions", "other", statementLine("a", "true_positive"))
	d.fold(d.Service)
	d.push(d.Service, "dispositions", "soar", statementLine("never", "false_positive"))
	d.fold(d.Service)
	d.want("alerts candor-jsonl token:edr read 1 new 1 updated 0 unchanged 0 rejected 0",
		"dispositions candor-jsonl token:soar read 2 new 0 updated 1 unchanged 0 rejected 1",
		"dispositions candor-jsonl token:other read 1 new 0 updated 1 unchanged 0 rejected 0")
	found, err := filepath.Glob(filepath.Join(d.dir, "rejects", "dispositions-*"))
	if err != nil || len(found) == 0 {
		t.Fatalf("%v, %v", found, err)
	}
	for _, f := range found {
		if b, err := os.ReadFile(f); err != nil || !strings.Contains(string(b), `"field":"id","value":"never","reason":"no alert of this id is known"`) {
			t.Errorf("%v: %s", err, b)
		}
	}
	// Of the last one nothing was good, so that there is no batch of it.
	if aside, err := filepath.Glob(filepath.Join(d.dir, "push", "refused", "dispositions-*-soar")); err != nil || len(aside) != 1 {
		t.Errorf("put aside: %v, %v", aside, err)
	}
}

// TestALineSaysNothingOfTheLinesBehind pushes what a reader that is free to guess
// would take for another format, before what is good, with a token of its own for
// each, so that each begins a file.
func TestALineSaysNothingOfTheLinesBehind(t *testing.T) {
	odd := []string{"[", "[{}]", `{"value":[{"id":"x"}]}`, `{"hits":{"hits":[]}}`, "{", "}", "id,time,entity,name", `"`, "x", `{"id":`, "\x00", "\xff",
		"\x1f\x8b\x08", "PAR1", "PK\x03\x04", "\xff\xfe", strings.Repeat("\x00", 257) + "ustar" + strings.Repeat("\x00", 250)}
	for kind, good := range map[string]string{"alerts": alertLine("a"), "signals": signalLine, "feeds": feedLine, "dispositions": statementLine("a", "test")} {
		d := newDesk(t, Usual())
		d.begin(d.Service)
		d.push(d.Service, "alerts", "first", alertLine("a"))
		d.fold(d.Service)
		for i, line := range odd {
			if r := d.push(d.Service, kind, fmt.Sprint("edr", i), line+"\n"+good); r.Received != 2 || r.Accepted != 1 {
				t.Errorf("%s, %q: %+v", kind, line, r)
			}
		}
		d.fold(d.Service)
		list := d.batches()
		for i, line := range odd {
			if !slices.ContainsFunc(list, func(b string) bool {
				return strings.HasPrefix(b, kind) && strings.Contains(b, fmt.Sprintf(" token:edr%d read 2 ", i)) && strings.HasSuffix(b, "rejected 1")
			}) {
				t.Errorf("%s after %q: %v", kind, line, list)
			}
		}
	}
}

func TestTheSameBytesLaterAreAnotherInput(t *testing.T) {
	d := newDesk(t, Usual())
	d.begin(d.Service)
	for _, events := range []string{"4", "0", "4"} {
		d.push(d.Service, "feeds", "edr", strings.Replace(feedLine, `"events":4`, `"events":`+events, 1))
		d.fold(d.Service)
	}
	d.want("feeds candor-jsonl token:edr read 1 new 1 updated 0 unchanged 0 rejected 0",
		"feeds candor-jsonl token:edr read 1 new 0 updated 1 unchanged 0 rejected 0",
		"feeds candor-jsonl token:edr read 1 new 0 updated 1 unchanged 0 rejected 0")
}

func TestWrongRecordsDoNotKeepOthersOut(t *testing.T) {
	d := newDesk(t, Usual())
	d.begin(d.Service)
	var body strings.Builder
	for range 25 {
		body.WriteString("{}\n")
	}
	r := d.push(d.Service, "alerts", "edr", body.String()+alertLine("a")+strings.Replace(alertLine("b"), "2026-11-26T10:00:00Z", strings.Repeat("é", 300), 1))
	if r.Received != 27 || r.Accepted != 1 || r.Rejected != 26 || len(r.Rejects) != 20 || r.Rejects[19].Line != 20 || r.Rejects[0].Field != "id" {
		t.Errorf("%+v", r)
	}
	d.fold(d.Service)
	d.want("alerts candor-jsonl token:edr read 27 new 1 updated 0 unchanged 0 rejected 26")
	found, err := filepath.Glob(filepath.Join(d.dir, "rejects", "*"))
	if err != nil || len(found) != 1 {
		t.Fatalf("%v, %v", found, err)
	}
	if b, err := os.ReadFile(found[0]); err != nil || bytes.Count(b, []byte("\n")) != 26 {
		t.Errorf("%v: %s", err, b)
	}
	// Where nothing is good, nothing is kept.
	for kind, body := range map[string]string{"alerts": "{}\n[]\nx\n", "feeds": "{}\n", "signals": "{}\n[]\n", "dispositions": "{\"id\":\"a\"}\n"} {
		if r := d.push(d.Service, kind, "edr", body); r.Accepted != 0 || r.Rejected == 0 || r.Received != r.Rejected {
			t.Errorf("%s: %+v", kind, r)
		}
	}
	if r := d.push(d.Service, "alerts", "edr", " \n\n"); r.Received != 0 || r.Rejects == nil {
		t.Errorf("%+v", r)
	}
	if left := d.left(); len(left) != 0 {
		t.Errorf("left %v", left)
	}
}

func TestALongValueIsCutInTheReceipt(t *testing.T) {
	d := newDesk(t, Usual())
	d.begin(d.Service)
	r := d.push(d.Service, "alerts", "edr", strings.Replace(alertLine("b"), "2026-11-26T10:00:00Z", "x"+strings.Repeat("é", 300), 1))
	if v := r.Rejects[0].Value; len(v) > 210 || !strings.HasSuffix(v, "é...") {
		t.Errorf("%q", v)
	}
}

func packed(text string) []byte {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	z.Write([]byte(text))
	z.Close()
	return b.Bytes()
}

func TestBodiesAreReadAsTheySay(t *testing.T) {
	d := newDesk(t, Limits{Body: 1000, Waiting: 1 << 20, Segment: 1 << 20, Requests: 2})
	d.begin(d.Service)
	pretty := strings.ReplaceAll(alertLine("p"), ",", ",\n  ")
	whole := packed(alertLine("z"))
	for _, c := range []struct {
		what  string
		post  Post
		body  []byte
		fault string // what the error says; empty for none
	}{
		{"one record on many lines", Post{}, []byte("\ufeff\n" + pretty + "\n"), ""},
		{"packed lines", Post{Gzip: true, Lines: true}, packed(alertLine("x") + alertLine("y")), ""},
		{"packed record", Post{Gzip: true}, packed(pretty), ""},
		{"two records one after the other", Post{}, []byte(alertLine("x") + alertLine("y")), ""},
		{"a list", Post{}, []byte("[" + alertLine("x") + "," + pretty + "]"), ""},
		{"a list under a key", Post{}, []byte(`{"count":2,"alerts":[` + alertLine("x") + "," + alertLine("y") + "]}"), ""},
		{"not JSON", Post{}, []byte("{\n\"id\": \"a\nb\"}"), "body line 2: the body is not JSON records"},
		{"not packed", Post{Gzip: true}, []byte(pretty), "the body is not whole gzip data"},
		{"packed and cut", Post{Gzip: true, Lines: true}, whole[:len(whole)-6], "the body is not whole gzip data"},
		{"packed and damaged", Post{Gzip: true, Lines: true}, append(slices.Clone(whole[:len(whole)-8]), 0, 0, 0, 0, 0, 0, 0, 0), "the body is not whole gzip data"},
		{"too long", Post{Lines: true}, []byte(strings.Repeat(" ", 1001)), "longer than 1000 bytes"},
		{"unpacks to too much", Post{Gzip: true, Lines: true}, packed(strings.Repeat(" ", 1001)), "longer than 1000 bytes"},
	} {
		c.post.Kind, c.post.Token, c.post.Body = "alerts", "edr", bytes.NewReader(c.body)
		r, err := d.Receive(t.Context(), c.post)
		switch {
		case c.fault == "" && (err != nil || r.Accepted == 0 || r.Rejected != 0):
			t.Errorf("%s: %+v, %v", c.what, r, err)
		case c.fault != "" && (fault.KindOf(err) != fault.Invalid || !strings.Contains(err.Error(), c.fault)):
			t.Errorf("%s: %v, want %q", c.what, err, c.fault)
		}
		if errors.Is(err, ErrTooLarge) != strings.HasPrefix(c.fault, "longer") {
			t.Errorf("%s: %v", c.what, err)
		}
	}
	d.fold(d.Service)
	d.want("alerts candor-jsonl token:edr read 10 new 3 updated 0 unchanged 7 rejected 0")
	if _, err := d.Receive(t.Context(), Post{Kind: "rules", Body: strings.NewReader("{}")}); fault.KindOf(err) != fault.Usage {
		t.Error(err)
	}
}

func TestWhatWaitsIsBounded(t *testing.T) {
	line := alertLine("a")
	d := newDesk(t, Limits{Body: 1 << 20, Waiting: int64(2 * len(line)), Segment: 1 << 20, Requests: 1})
	post := func(body string) error {
		_, err := d.Receive(t.Context(), Post{Kind: "alerts", Token: "edr", Body: strings.NewReader(body), Lines: true})
		return err
	}
	if err := post(line); fault.KindOf(err) != fault.Unavailable {
		t.Errorf("before the start: %v", err)
	}
	stop := d.begin(d.Service)
	d.push(d.Service, "alerts", "edr", line)
	d.push(d.Service, "alerts", "edr", line)
	var busy Busy
	if err := post(line); !errors.As(err, &busy) || busy.After != 5*time.Second {
		t.Errorf("over the limit: %v", err)
	}
	d.fold(d.Service)
	d.push(d.Service, "alerts", "edr", line)
	// A request that is under way takes the only place.
	d.flight <- struct{}{}
	if err := post(line); !errors.As(err, &busy) || busy.After != time.Second {
		t.Errorf("too many requests: %v", err)
	}
	<-d.flight
	stop()
	if err := post(line); fault.KindOf(err) != fault.Unavailable || errors.As(err, &busy) {
		t.Errorf("after the end: %v", err)
	}
	if n := len(d.batches()); n != 2 {
		t.Errorf("%d batches after the end", n)
	}
}

func TestAFullSegmentBecomesABatchBeforeItsTime(t *testing.T) {
	line := alertLine("a")
	d := newDesk(t, Limits{Body: 1 << 20, Waiting: 1 << 20, Segment: int64(len(line)), Requests: 1})
	landed := make(chan struct{}, 8)
	s := d.service(d.Limits, adder(func(ctx context.Context, r ingest.Request) (ingest.Result, error) {
		res, err := d.ingest.Add(ctx, r)
		landed <- struct{}{}
		return res, err
	}))
	d.begin(s)
	d.push(s, "alerts", "edr", line)
	d.push(s, "alerts", "edr", line)
	<-landed
}

type adder func(ctx context.Context, r ingest.Request) (ingest.Result, error)

func (a adder) Add(ctx context.Context, r ingest.Request) (ingest.Result, error) { return a(ctx, r) }

// TestAnotherProcessTakesUpWhatIsLeft leaves the journal as a process does that is
// killed: before a batch, between a batch and the removal, and in a torn line.
func TestAnotherProcessTakesUpWhatIsLeft(t *testing.T) {
	d := newDesk(t, Usual())
	died, dead := errors.New("killed"), false
	first := d.service(d.Limits, adder(func(ctx context.Context, r ingest.Request) (ingest.Result, error) {
		if !dead && r.By == "token:landed" {
			if _, err := d.ingest.Add(ctx, r); err != nil {
				t.Error(err)
			}
		}
		return ingest.Result{}, died
	}))
	d.begin(first)
	d.push(first, "alerts", "landed", alertLine("a"))
	d.push(first, "alerts", "waits", alertLine("b"))
	if err := first.Fold(t.Context()); !errors.Is(err, died) {
		t.Fatal(err)
	}
	dead = true
	d.push(first, "alerts", "torn", alertLine("c"))
	d.push(first, "feeds", "torn", feedLine)
	torn := first.open[stream{"alerts", "torn"}].path
	f, err := os.OpenFile(torn, os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	f.WriteString(alertLine("d")[:20])
	f.Close()
	os.MkdirAll(filepath.Join(d.dir, "push", nameOf(stream{"alerts", "empty"}, noon)), 0o700)

	last := first.last
	d.begin(d.Service)
	d.push(d.Service, "alerts", "torn", alertLine("e"))
	d.fold(d.Service)
	d.want("alerts candor-jsonl token:landed read 1 new 1 updated 0 unchanged 0 rejected 0",
		"alerts candor-jsonl token:waits read 1 new 1 updated 0 unchanged 0 rejected 0",
		"alerts candor-jsonl token:torn read 1 new 1 updated 0 unchanged 0 rejected 0",
		"alerts candor-jsonl token:torn read 1 new 1 updated 0 unchanged 0 rejected 0",
		"feeds candor-jsonl token:torn read 1 new 1 updated 0 unchanged 0 rejected 0")
	if left := d.left(); len(left) != 0 || d.waiting != 0 || !d.last.After(last) {
		t.Errorf("left %v, %d bytes; last %v", left, d.waiting, d.last)
	}
}

func TestABatchThatCannotLandStaysInTheJournal(t *testing.T) {
	d := newDesk(t, Usual())
	fails := fault.New(fault.Unavailable, "the disk is full")
	s := d.service(d.Limits, adder(func(ctx context.Context, r ingest.Request) (ingest.Result, error) {
		if fails != nil {
			return ingest.Result{}, fails
		}
		return d.ingest.Add(ctx, r)
	}))
	d.begin(s)
	d.push(s, "feeds", "edr", feedLine)
	d.push(s, "alerts", "edr", alertLine("a"))
	if err := s.Fold(t.Context()); !errors.Is(err, fails) {
		t.Error(err)
	}
	d.push(s, "alerts", "edr", alertLine("b"))
	if left := d.left(); len(left) != 3 {
		t.Errorf("left %v", left)
	}
	fails = nil
	d.fold(s)
	d.want("alerts candor-jsonl token:edr read 1 new 1 updated 0 unchanged 0 rejected 0",
		"alerts candor-jsonl token:edr read 1 new 1 updated 0 unchanged 0 rejected 0",
		"feeds candor-jsonl token:edr read 1 new 1 updated 0 unchanged 0 rejected 0")
}

func TestASegmentWithoutAGoodRecordIsPutAside(t *testing.T) {
	d := newDesk(t, Usual())
	s := d.service(d.Limits, adder(func(ctx context.Context, r ingest.Request) (ingest.Result, error) {
		if r.By == "token:bad" {
			return ingest.Result{}, fault.New(fault.Invalid, "every one of 1 record was rejected")
		}
		return d.ingest.Add(ctx, r)
	}))
	d.begin(s)
	d.push(s, "alerts", "bad", alertLine("a"))
	d.push(s, "alerts", "edr", alertLine("b"))
	d.fold(s)
	d.want("alerts candor-jsonl token:edr read 1 new 1 updated 0 unchanged 0 rejected 0")
	found, err := filepath.Glob(filepath.Join(d.dir, "push", "refused", "alerts-*-bad", "*.jsonl"))
	if err != nil || len(found) != 1 {
		t.Fatalf("%v, %v", found, err)
	}
	if b, err := os.ReadFile(found[0]); err != nil || string(b) != alertLine("a") || !strings.Contains(d.log.String(), "put aside") {
		t.Errorf("%v %s\n%s", err, b, d.log.String())
	}
}

// TestAcknowledgedIsThereOnce pushes from many sides while batches are made.
func TestAcknowledgedIsThereOnce(t *testing.T) {
	d := newDesk(t, Limits{Body: 1 << 20, Waiting: 1 << 20, Segment: 4 << 10, Requests: 16})
	stop := d.begin(d.Service)
	var acknowledged atomic.Int64
	var pushers, folder sync.WaitGroup
	done := make(chan struct{})
	folder.Go(func() {
		for {
			select {
			case <-done:
				return
			default:
				if err := d.Fold(context.Background()); err != nil {
					t.Error(err)
				}
			}
		}
	})
	for p := range 8 {
		pushers.Go(func() {
			for n := range 40 {
				var body strings.Builder
				for i := range 5 {
					body.WriteString(alertLine(fmt.Sprintf("%d-%d-%d", p, n, i)))
				}
				r, err := d.Receive(context.Background(), Post{Kind: "alerts", Token: fmt.Sprint("t", p%3), Body: strings.NewReader(body.String()), Lines: true})
				if err != nil {
					t.Error(err)
				}
				acknowledged.Add(int64(r.Accepted))
			}
		})
	}
	pushers.Wait()
	close(done)
	folder.Wait()
	stop()
	bs, err := d.alerts.Batches(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var stored int64
	for _, b := range bs {
		stored += b.New
	}
	if stored != acknowledged.Load() || stored != 8*40*5 || len(d.left()) != 0 || d.waiting != 0 {
		t.Errorf("%d acknowledged, %d stored in %d batches; left %v, %d bytes", acknowledged.Load(), stored, len(bs), d.left(), d.waiting)
	}
}

func TestTheClockMayJumpBack(t *testing.T) {
	d := newDesk(t, Limits{Body: 1 << 20, Waiting: 1 << 20, Segment: 1, Requests: 1})
	now := noon
	d.Now = func() time.Time { now = now.Add(-time.Hour); return now }
	d.begin(d.Service)
	for _, events := range []string{"1", "2", "3"} {
		d.push(d.Service, "feeds", "edr", strings.Replace(feedLine, `"events":4`, `"events":`+events, 1))
	}
	d.fold(d.Service)
	bs, err := d.evidence.Current(t.Context(), evidence.RecordFeed)
	if err != nil || len(bs) != 1 || !strings.Contains(string(bs[0].Body), `"events":3`) {
		t.Errorf("%+v, %v", bs, err)
	}
}

// FuzzReceive pushes anything: what is accepted becomes batches with as many
// records, and nothing stays in the journal.
func FuzzReceive(f *testing.F) {
	f.Add([]byte(alertLine("a")), false, true, uint8(0))
	f.Add([]byte(statementLine("a", "test")+"[]"), false, true, uint8(1))
	f.Add([]byte("{\"value\":[{}]}\n"+signalLine+"id,time"), false, true, uint8(2))
	f.Add([]byte(feedLine+"{}"), false, true, uint8(3))
	f.Add(packed(alertLine("a")+"x"), true, true, uint8(0))
	f.Add([]byte("\ufeff{\n}"), false, false, uint8(2))
	f.Add([]byte("{\"id\":\"a\",\"rule_id\":\"r\",\"time\":\"2026-01-01\",\n\r \"x\":\"\x0b\"}\r\n\x00"), false, true, uint8(0))
	f.Fuzz(func(t *testing.T, body []byte, gz, lines bool, kind uint8) {
		read := int64(0)
		d := &desk{t: t, dir: t.TempDir()}
		s := d.service(Limits{Body: 1 << 16, Waiting: 1 << 20, Segment: 1 << 20, Requests: 1}, adder(func(ctx context.Context, r ingest.Request) (ingest.Result, error) {
			c, err := ingest.NewEvidence(nil, nil, clock).Check(ctx, r)
			read = c.Good
			return ingest.Result{}, err
		}))
		d.begin(s)
		r, err := s.Receive(t.Context(), Post{Kind: Kinds()[int(kind)%len(Kinds())], Token: "t", Body: bytes.NewReader(body), Gzip: gz, Lines: lines})
		if err != nil && fault.KindOf(err) != fault.Invalid {
			t.Fatal(err)
		}
		d.fold(s)
		if read != int64(r.Accepted) || len(d.left()) != 0 {
			t.Fatalf("%+v: %d good in the batch, left %v", r, read, d.left())
		}
	})
}

func TestAPanicWhileABatchLandsIsItsError(t *testing.T) {
	d := newDesk(t, Usual())
	panics := make(chan bool, 1)
	panics <- true
	s := d.service(d.Limits, adder(func(ctx context.Context, r ingest.Request) (ingest.Result, error) {
		select {
		case <-panics:
			panic("boom")
		default:
			return d.ingest.Add(ctx, r)
		}
	}))
	d.Service = s
	stop := d.begin(s)
	d.push(s, "feeds", "edr", feedLine)
	s.hurry() // the loop lands it, and panics
	for len(panics) > 0 {
		runtime.Gosched()
	}
	d.push(s, "alerts", "edr", alertLine("a"))
	stop() // which lands the rest
	if !strings.Contains(d.log.String(), "boom") {
		t.Errorf("the log does not say why: %s", &d.log)
	}
	d.want("alerts candor-jsonl token:edr read 1 new 1 updated 0 unchanged 0 rejected 0",
		"feeds candor-jsonl token:edr read 1 new 1 updated 0 unchanged 0 rejected 0")
}
