package token

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"candor/internal/fault"
)

var noon = time.Date(2026, 11, 26, 12, 0, 0, 0, time.UTC)

func create(t *testing.T, f *Folder, name string, expires *time.Time, scopes ...string) (Token, string) {
	t.Helper()
	made, secret, err := f.Create(Request{Name: name, Scopes: scopes, Expires: expires, By: "ann"}, noon)
	if err != nil {
		t.Fatal(err)
	}
	return made, secret
}

func TestASecretOpensItsTokenAlone(t *testing.T) {
	f := In(filepath.Join(t.TempDir(), "tokens"))
	_, a := create(t, f, "edr", nil, "feeds", "alerts", "alerts")
	_, b := create(t, f, "soar-2.eu", nil, "dispositions")
	got, err := f.Verify(a, noon)
	if err != nil || got.Name != "edr" || !got.Allows("alerts") || !got.Allows("feeds") || got.Allows("dispositions") || len(got.Scopes) != 2 {
		t.Errorf("%+v, %v", got, err)
	}
	if got, err := f.Verify(b, noon); err != nil || got.Name != "soar-2.eu" {
		t.Errorf("%+v, %v", got, err)
	}
	random := a[strings.LastIndexByte(a, '_')+1:]
	for what, secret := range map[string]string{
		"empty": "", "prefix": Prefix, "no random part": Prefix + "edr", "one byte short": a[:len(a)-1], "one byte more": a + "a",
		"upper case": strings.ToUpper(a), "another's random part": Prefix + "soar-2.eu_" + random, "unknown name": Prefix + "siem_" + random,
		"no prefix": "edr_" + random, "another folder": Prefix + "../tokens/edr_" + random, "a hash": digest(a),
	} {
		if got, err := f.Verify(secret, noon); fault.KindOf(err) != fault.Refused {
			t.Errorf("%s: %+v, %v", what, got, err)
		}
	}
}

func TestTokensEnd(t *testing.T) {
	dir := t.TempDir()
	f := In(dir)
	end := noon.Add(time.Hour)
	_, short := create(t, f, "short", &end, "alerts")
	made, long := create(t, f, "long", nil, "alerts")
	if _, err := f.Verify(short, end.Add(-time.Second)); err != nil {
		t.Error(err)
	}
	if _, err := f.Verify(short, end); fault.KindOf(err) != fault.Refused || !strings.Contains(err.Error(), "expired") {
		t.Errorf("an expired token: %v", err)
	}
	// Another process revokes: this one's next answer knows it.
	if got, fresh, err := In(dir).Revoke(made.ID, "bob", noon); err != nil || !fresh || got.Revoked == nil || got.RevokedBy != "bob" {
		t.Errorf("%+v, %v, %v", got, fresh, err)
	}
	if _, err := f.Verify(long, noon); fault.KindOf(err) != fault.Refused || !strings.Contains(err.Error(), "revoked") {
		t.Errorf("a revoked token: %v", err)
	}
	if _, fresh, err := f.Revoke("long", "eve", noon.Add(time.Hour)); err != nil || fresh {
		t.Errorf("revoked twice: %v, %v", fresh, err)
	}
	if _, _, err := f.Revoke("none", "", noon); fault.KindOf(err) != fault.NotFound {
		t.Error(err)
	}
	list, err := f.List()
	if err != nil || len(list) != 2 || list[0].State(noon) != Revoked || list[0].RevokedBy != "bob" || list[1].State(noon) != Active || list[1].State(end) != Expired {
		t.Errorf("%+v, %v", list, err)
	}
}

func TestSecretsAreCovered(t *testing.T) {
	f := In(t.TempDir())
	_, short := create(t, f, "a", nil, "alerts")
	_, long := create(t, f, strings.Repeat("n", 40), nil, "alerts")
	if len(long) != SecretSize {
		t.Errorf("the longest secret has %d bytes, not %d", len(long), SecretSize)
	}
	stars := strings.Repeat("*", randomSize)
	for text, want := range map[string]string{
		"": "", "candor_ token_x": "candor_ token_x", "x" + short + "y" + long: "xcandor_a_" + stars + "ycandor_" + strings.Repeat("n", 40) + "_" + stars,
		short[:len(short)-1]: short[:len(short)-1],
	} {
		if got := string(Cover([]byte(text))); got != want || len(got) != len(text) {
			t.Errorf("%q is covered as %q", text, got)
		}
	}
}

func TestWhatIsKeptDoesNotOpen(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "tokens")
	f := In(dir)
	_, secret := create(t, f, "edr", nil, "alerts")
	random := secret[strings.LastIndexByte(secret, '_')+1:]
	if len(random) != 52 { // 256 bits, 5 a letter
		t.Errorf("the random part has %d letters", len(random))
	}
	path := filepath.Join(dir, "edr.json")
	b, err := os.ReadFile(path)
	if err != nil || strings.Contains(string(b), random) {
		t.Errorf("the file has the secret, or cannot be read: %v", err)
	}
	for p, want := range map[string]os.FileMode{path: 0o600, dir: 0o700} {
		if info, err := os.Stat(p); err != nil || info.Mode().Perm() != want {
			t.Errorf("%s: %v, %v", p, info.Mode(), err)
		}
	}
	list, err := f.List()
	if out, _ := json.Marshal(list); err != nil || strings.Contains(string(out), digest(secret)) {
		t.Errorf("a list has the hash: %s, %v", out, err)
	}
}

func TestLastUseIsKeptRoughly(t *testing.T) {
	f := In(t.TempDir())
	_, secret := create(t, f, "edr", nil, "alerts")
	used := func() *time.Time {
		list, err := f.List()
		if err != nil || len(list) != 1 {
			t.Fatalf("%+v, %v", list, err)
		}
		return list[0].LastUsed
	}
	if used() != nil {
		t.Errorf("never used, and last on %v", used())
	}
	for _, step := range []struct{ at, want time.Duration }{{0, 0}, {30 * time.Second, 0}, {time.Minute, time.Minute}, {-time.Hour, -time.Hour}} {
		if _, err := f.Verify(secret, noon.Add(step.at)); err != nil {
			t.Fatal(err)
		}
		if !used().Equal(noon.Add(step.want)) {
			t.Errorf("used at %v, kept as %v", noon.Add(step.at), used())
		}
	}
}

func TestWrongRequestsAreRefused(t *testing.T) {
	f := In(t.TempDir())
	create(t, f, "edr", nil, "alerts")
	for want, r := range map[string]Request{
		"is no name":         {Name: "EDR", Scopes: []string{"alerts"}},
		`"a_b" is no name`:   {Name: "a_b", Scopes: []string{"alerts"}},
		`"../x" is no name`:  {Name: "../x", Scopes: []string{"alerts"}},
		"no scope was given": {Name: "x"},
		`no scope "rules"`:   {Name: "x", Scopes: []string{"alerts", "rules"}},
		"would have expired": {Name: "x", Scopes: []string{"alerts"}, Expires: &noon},
		"was made before":    {Name: "edr", Scopes: []string{"alerts"}},
	} {
		_, secret, err := f.Create(r, noon)
		if kind := fault.KindOf(err); kind != fault.Usage && kind != fault.Conflict || !strings.Contains(err.Error(), want) || secret != "" {
			t.Errorf("%+v: %v, want %q", r, err, want)
		}
	}
	if list, err := f.List(); err != nil || len(list) != 1 {
		t.Errorf("%+v, %v", list, err)
	}
	if list, err := In(filepath.Join(t.TempDir(), "none")).List(); err != nil || list == nil || len(list) != 0 {
		t.Errorf("no folder: %+v, %v", list, err)
	}
}

func TestOneOfManyGetsAName(t *testing.T) {
	dir := t.TempDir()
	var made atomic.Int32
	var all sync.WaitGroup
	for range 16 {
		all.Go(func() {
			if _, _, err := In(dir).Create(Request{Name: "edr", Scopes: []string{"alerts"}}, noon); err == nil {
				made.Add(1)
			} else if fault.KindOf(err) != fault.Conflict {
				t.Error(err)
			}
		})
	}
	all.Wait()
	if entries, err := os.ReadDir(dir); made.Load() != 1 || err != nil || len(entries) != 1 {
		t.Errorf("%d made, %v, %v", made.Load(), entries, err)
	}
}

func TestADamagedFileIsSaid(t *testing.T) {
	dir := t.TempDir()
	f := In(dir)
	_, secret := create(t, f, "edr", nil, "alerts")
	for _, text := range []string{"", "{", `{"name":"other","sha256":""}`} {
		if err := os.WriteFile(filepath.Join(dir, "edr.json"), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := f.Verify(secret, noon); fault.KindOf(err) != fault.Unavailable || !strings.Contains(err.Error(), "edr.json") {
			t.Errorf("%q: %v", text, err)
		}
		if _, err := f.List(); fault.KindOf(err) != fault.Unavailable {
			t.Errorf("%q: %v", text, err)
		}
	}
}

func FuzzVerify(f *testing.F) {
	folder := In(f.TempDir())
	_, secret, err := folder.Create(Request{Name: "edr", Scopes: []string{"alerts"}}, noon)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(secret)
	f.Add("candor_edr_")
	f.Add("candor_../edr_x")
	f.Fuzz(func(t *testing.T, s string) {
		if got, err := folder.Verify(s, noon); (err == nil) != (s == secret) {
			t.Errorf("%q: %+v, %v", s, got, err)
		}
	})
}
