package published_test

import (
	"strings"
	"testing"
	"time"

	"candor/internal/attack"
	"candor/internal/attack/published"
	"candor/internal/fault"
)

var (
	one   = strings.Repeat("1", 64)
	two   = strings.Repeat("2", 64)
	three = strings.Repeat("3", 64)
)

func read(t *testing.T, text string) []attack.PublishedFile {
	t.Helper()
	files, err := published.Read(strings.NewReader(text), "table.csv")
	if err != nil {
		t.Fatal(err)
	}
	return files
}

func TestWhatIsCompiledIn(t *testing.T) {
	known, err := published.Known(nil)
	if err != nil {
		t.Fatal(err)
	}
	f, ok := known.File("2.1", "ics-attack", "18.1")
	if !ok || f.Source != published.BuiltIn || !f.Added.IsZero() {
		t.Fatalf("ics 18.1: %+v", f)
	}
	r := attack.Release{Domain: "ics-attack", Version: "18.1", STIX: "2.1", FileHash: f.SHA256}
	for state, change := range map[string]func(*attack.Release){
		published.Verified: func(*attack.Release) {},
		published.Mismatch: func(r *attack.Release) { r.FileHash = three },
		published.Unknown:  func(r *attack.Release) { r.Version = "99.0" },
	} {
		r := r
		change(&r)
		if got, _ := known.Check(r); got != state {
			t.Errorf("%+v is %s, want %s", r, got, state)
		}
	}
	for _, version := range []string{"19.0", "19.1", "19.2", "20.0"} {
		for _, stix := range []string{"2.0", "2.1"} {
			if _, ok := known.File(stix, "enterprise-attack", version); !ok {
				t.Errorf("no hash of enterprise %s in STIX %s", version, stix)
			}
		}
	}
	// One file was published as several releases.
	f, _ = known.File("2.0", "enterprise-attack", "11.2")
	if as := known.Are(f.SHA256); len(as) != 2 || as[1].Version != "11.3" {
		t.Errorf("enterprise 11.2 is %v", as)
	}
}

func TestATableIsReadAsPeopleWriteIt(t *testing.T) {
	files := read(t, "\ufeffSTIX, Domain, Release, SHA256\r\n# a remark\r\n\r\n2.1, Enterprise , v20.0, "+strings.Repeat("AB", 32)+"\r\n2.0,ics-attack,11.0-beta,"+one+"\r\n")
	want := []attack.PublishedFile{
		{STIX: "2.1", Domain: "enterprise-attack", Version: "20.0", SHA256: strings.Repeat("ab", 32), Source: "table.csv"},
		{STIX: "2.0", Domain: "ics-attack", Version: "11.0-beta", SHA256: one, Source: "table.csv"},
	}
	if len(files) != 2 || files[0] != want[0] || files[1] != want[1] {
		t.Errorf("%+v", files)
	}
	if files := read(t, "2.1,ics,1.0,"+one+"\n2.1,ics,1.0,"+one+"\n"); len(files) != 2 {
		t.Errorf("without a header: %+v", files)
	}
}

func TestATableThatIsWrongIsRefusedByLine(t *testing.T) {
	head := "stix,domain,release,sha256\n"
	for name, c := range map[string]struct{ text, want string }{
		"a hash":        {head + "2.1,ics,1.0,xyz\n", "table.csv:2: sha256"},
		"a short hash":  {head + "2.1,ics,1.0," + one[:63] + "\n", "table.csv:2: sha256"},
		"a STIX":        {head + "\n2.1,ics,1.0," + one + "\n3,ics,1.0," + one + "\n", "table.csv:4: stix"},
		"a release":     {head + "2.1,ics,newest," + one + "\n", "table.csv:2: release"},
		"a domain":      {head + "2.1,,1.0," + one + "\n", "table.csv:2: domain"},
		"columns":       {head + "2.1,ics,1.0\n", "table.csv"},
		"nothing":       {head, "empty"},
		"contradiction": {head + "2.1,ics,1.0," + one + "\n2.1,ICS,1.0," + two + "\n", "table.csv:3"},
		"JSON":          {`{"a":1}`, "table.csv"},
	} {
		_, err := published.Read(strings.NewReader(c.text), "table.csv")
		if fault.KindOf(err) != fault.Invalid || !strings.Contains(err.Error(), c.want) || fault.HintOf(err) == "" {
			t.Errorf("%s: %v; want %q and a next step", name, err, c.want)
		}
	}
}

func TestWhatIsAddedContradictsNothing(t *testing.T) {
	known, err := published.Known([]attack.PublishedFile{{STIX: "2.1", Domain: "ics-attack", Version: "99.0", SHA256: one, Source: "first.csv", Added: time.Unix(1, 0)}})
	if err != nil {
		t.Fatal(err)
	}
	builtin, _ := known.File("2.1", "ics-attack", "18.1")
	for name, c := range map[string]struct {
		text    string
		replace bool
		fresh   int
		kind    fault.Kind
	}{
		"new":                         {text: "2.1,ics,99.1," + two, fresh: 1},
		"known":                       {text: "2.1,ics,18.1," + builtin.SHA256},
		"added before":                {text: "2.1,ics,99.0," + one},
		"otherwise than built in":     {text: "2.1,ics,99.1," + two + "\n2.1,ics,18.1," + two, kind: fault.Conflict},
		"otherwise than added":        {text: "2.1,ics,99.0," + two, kind: fault.Conflict},
		"replaces what was added":     {text: "2.1,ics,99.0," + two, replace: true, fresh: 1},
		"never replaces the built in": {text: "2.1,ics,18.1," + two, replace: true, kind: fault.Conflict},
	} {
		fresh, err := known.Add(read(t, c.text), c.replace)
		if len(fresh) != c.fresh || (err == nil) != (c.kind == "") || err != nil && fault.KindOf(err) != c.kind {
			t.Errorf("%s: %v, %v", name, fresh, err)
		}
	}
	r := attack.Release{Domain: "ics-attack", Version: "99.0", STIX: "2.1", FileHash: one}
	if state, by := known.Check(r); state != published.Verified || by != "first.csv" {
		t.Errorf("what was added says %s, %s", state, by)
	}
	// What is compiled in later counts before what was added.
	known = published.New([]attack.PublishedFile{{STIX: "2.1", Domain: "ics-attack", Version: "99.0", SHA256: one, Source: published.BuiltIn}, {STIX: "2.1", Domain: "ics-attack", Version: "99.0", SHA256: two}})
	if state, by := known.Check(r); state != published.Verified || by != published.BuiltIn || len(known.Are(two)) != 0 {
		t.Errorf("two tables say %s, %s", state, by)
	}
}

func FuzzRead(f *testing.F) {
	f.Add("stix,domain,release,sha256\n2.1,ics,1.0," + one + "\n")
	f.Add("stix,domain,release,sha256\n2.1,ics,1.0,xyz\n")
	f.Add("\"\n2.1,")
	f.Fuzz(func(t *testing.T, text string) {
		files, err := published.Read(strings.NewReader(text), "table.csv")
		if err != nil && fault.KindOf(err) != fault.Invalid {
			t.Errorf("%v", err)
		}
		if err == nil && len(files) == 0 {
			t.Error("neither a hash nor an error")
		}
		for _, f := range files {
			if len(f.SHA256) != 64 || f.SHA256 != strings.ToLower(f.SHA256) || !strings.HasSuffix(f.Domain, "-attack") {
				t.Errorf("%+v", f)
			}
		}
	})
}
