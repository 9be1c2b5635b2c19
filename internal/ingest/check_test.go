package ingest

import (
	"context"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"candor/internal/alert"
	"candor/internal/day"
	"candor/internal/fault"
	"candor/internal/store"
)

const twoFeeds = "date,source,channel,events,hosts\n2026-01-01,a,,1,1\n2026-01-02,a,,1,1\n"

func (b *bench) check(r Request) Check {
	b.t.Helper()
	c, err := b.Check(context.Background(), r)
	if err != nil {
		b.t.Fatalf("check %s: %v (hint: %s)", r.Kind, err, fault.HintOf(err))
	}
	return c
}

func TestCheckSaysWhatAddDoes(t *testing.T) {
	b := newBench(t)
	for name, text := range map[string]string{
		"1.csv": twoFeeds,
		"2.csv": twoFeeds + "2026-01-03,a,,5,1\nsoon,a,,5,1\n",
		"3.csv": strings.Replace(twoFeeds, ",1,1", ",7,1", 1) + "2026-01-03,a,,6,1\n2026-01-03,a,,7,1\n",
	} {
		r := b.request("feeds", b.write(name, text))
		c := b.check(r)
		added := b.add(r)
		if c.ID != added.ID || c.Format != added.Format || !c.Lands || !c.Counted || c.Good != added.Read-added.Rejected ||
			[5]int64{c.Read, c.New, c.Updated, c.Unchanged, c.Rejected} != [5]int64{added.Read, added.New, added.Updated, added.Unchanged, added.Rejected} ||
			len(c.Rejects) != len(added.Rejects) || strings.Join(c.Warnings, "\n") != strings.Join(added.Warnings, "\n") {
			t.Errorf("%s: check says %+v, add %+v", name, c, added)
		}
		if again := b.check(r); again.Lands || again.ID != added.ID {
			t.Errorf("%s again: %+v", name, again)
		}
	}
}

func TestCheckWritesNothing(t *testing.T) {
	b := newBench(t)
	c := b.check(b.request("alerts", b.write("a.jsonl", `{"id":"1","rule_id":"r","time":"2026-01-01T00:00:00Z"}`+"\n{}\n")))
	if c.Good != 1 || c.Rejected != 1 || c.Counted || !c.Lands || len(c.Rejects) != 1 {
		t.Errorf("%+v", c)
	}
	b.check(b.request("feeds", b.write("f.csv", twoFeeds+"soon,a,,1,1\n")))
	for name, list := range map[string]func(context.Context) ([]store.Batch, error){"evidence": b.evidence.Batches, "alerts": b.alerts.Batches} {
		if bs, err := list(context.Background()); err != nil || len(bs) > 0 {
			t.Errorf("%s: %v, %v", name, bs, err)
		}
	}
	if _, err := os.Stat(filepath.Join(b.dir, "rejects")); !os.IsNotExist(err) {
		t.Errorf("a rejects folder was made: %v", err)
	}
}

func TestCheckNeedsNoStores(t *testing.T) {
	b := newBench(t)
	alone := NewEvidence(nil, nil, func() time.Time { return added })
	c, err := alone.Check(context.Background(), b.request("feeds", b.write("f.csv", twoFeeds)))
	if err != nil || c.New != 2 || !c.Lands {
		t.Errorf("%+v, %v", c, err)
	}
	_, err = alone.Check(context.Background(), b.request("feeds", b.write("g.csv", "date,source,channel,events,hosts\nsoon,a,,1,1\n")))
	if fault.KindOf(err) != fault.Invalid {
		t.Errorf("nothing that would land: %v", err)
	}
	if _, err := alone.Check(context.Background(), Request{Kind: "gossip", Paths: []string{"x"}}); fault.KindOf(err) != fault.Usage {
		t.Errorf("an unknown kind: %v", err)
	}
}

// TestWithdrawnInputLandsUnderAnotherID adds a file, withdraws it and adds it
// again, twice over.
func TestWithdrawnInputLandsUnderAnotherID(t *testing.T) {
	b := newBench(t)
	text := twoFeeds + "soon,a,,1,1\n"
	r := b.request("feeds", b.write("f.csv", text))
	first := b.add(r)
	for _, suffix := range []string{"-2", "-3"} {
		bs, err := b.evidence.Batches(context.Background())
		if err != nil {
			t.Fatal(err)
		}
		newest := bs[len(bs)-1]
		if err := b.evidence.Withdraw(context.Background(), newest.ID, store.Withdrawal{At: added, Reason: "wrong"}); err != nil {
			t.Fatal(err)
		}
		again := b.add(r)
		if !again.Fresh || again.ID != first.ID+suffix || again.New != 2 {
			t.Errorf("%+v", again)
		}
		if filepath.Base(again.Batch.Rejects) != again.ID+".jsonl" {
			t.Errorf("rejects in %s", again.Batch.Rejects)
		}
		if same := b.add(r); same.Fresh || same.ID != again.ID {
			t.Errorf("and once more: %+v", same)
		}
	}
}

func TestTemplatesAreTakenInAsTheyAre(t *testing.T) {
	b := newBench(t)
	for _, kind := range Templates() {
		tpl, err := TemplateOf(kind, day.Of(added))
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(tpl.Text, "{today}") || strings.Contains(tpl.Text, "{yesterday}") || strings.Contains(tpl.Text, "{expires}") {
			t.Errorf("%s: a date was not filled in:\n%s", kind, tpl.Text)
		}
		path := b.write(tpl.File, tpl.Text)
		if tpl.Adds == "" {
			continue
		}
		res := b.add(b.request(tpl.Adds, path))
		if !res.Fresh || res.Rejected > 0 || res.New+res.Updated == 0 || len(res.Warnings) > 0 {
			t.Errorf("%s: %+v", kind, res)
		}
	}
	csv := b.write("export.csv", "alert_id,rule,rule_title,created,host,severity,case,verdict,closed,analyst,user,process\n"+
		"1,EX-1,A rule,2026-11-22T08:00:00Z,web-01,low,,TP,2026-11-22T09:00:00Z,ann,root,sh\n"+
		"2,EX-1,A rule,2026-11-22T08:00:00Z,web-01,low,,,,,root,sh\n"+
		"3,EX-1,A rule,2026-11-22T08:00:00Z,web-01,low,,Benign-ish,2026-11-22T09:00:00Z,bob,root,sh\n")
	r := b.request("alerts", csv)
	r.Mapping = filepath.Join(b.dir, "mapping.yaml")
	if res := b.add(r); res.New != 3 || res.Rejected > 0 || len(res.Warnings) > 0 {
		t.Errorf("mapping: %+v", res)
	}
	if _, err := TemplateOf("gossip", day.Of(added)); fault.KindOf(err) != fault.Usage {
		t.Errorf("an unknown kind: %v", err)
	}
}

func TestEveryKindHasATemplate(t *testing.T) {
	adds := map[string]bool{}
	for _, tpl := range listed() {
		adds[tpl.Adds] = true
	}
	for _, k := range Kinds() {
		if !adds[k] {
			t.Errorf("there is no template of %s", k)
		}
	}
}

// TestACheckHoldsNoMoreOfAFileThanItSays compares alerts by their ids, with a store and without.
func TestACheckHoldsNoMoreOfAFileThanItSays(t *testing.T) {
	asked := 0
	store := func(context.Context, []string) (map[string][]alert.Identity, error) { asked++; return nil, nil }
	for name, known := range map[string]func(context.Context, []string) (map[string][]alert.Identity, error){"with": store, "without": nil} {
		x := twins{known: known}
		for n := range twinsRemembers + 3*twinsAtOnce + 5 {
			if err := x.add(t.Context(), &alert.Alert{ID: strconv.Itoa(n), RuleID: "r", Time: added}); err != nil {
				t.Fatal(err)
			}
		}
		if len(x.seen) > twinsRemembers || len(x.some) >= twinsAtOnce || cap(x.some) > 2*twinsAtOnce {
			t.Errorf("%s a store: %d ids are remembered, %d wait", name, len(x.seen), len(x.some))
		}
	}
	if asked != twinsRemembers/twinsAtOnce+3 {
		t.Errorf("the store was asked %d times", asked)
	}
}
