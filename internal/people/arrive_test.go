package people

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"candor/internal/fault"
	"candor/internal/identity"
)

// ann is a person of a provider.
func annOf(role identity.Role) Person {
	return Person{Provider: "corp", Name: "Ann", Issuer: "https://login.example", Subject: "4711", Role: role}
}

func TestWhomAProviderSendsIsNobodyElse(t *testing.T) {
	b, log := newBook(t)
	add(t, b, "ann", identity.Admin, "four good words here")
	a, err := b.Arrive(t.Context(), annOf(identity.Analyst))
	if err != nil || a.Name != "corp+ann" || a.Role != identity.Analyst || a.Provider != "corp" || a.OneTime != nil {
		t.Fatalf("%+v %v", a, err)
	}
	if local, err := b.Get("ann"); err != nil || local.Role != identity.Admin || local.Provider != "" {
		t.Errorf("the account of one name here: %+v %v", local, err)
	}
	other := annOf(identity.Admin)
	other.Subject = "4712"
	elsewhere := annOf(identity.Admin)
	elsewhere.Issuer = "https://login.example.org"
	groupless := other
	groupless.Role = ""
	for _, p := range []Person{other, elsewhere, groupless} {
		if _, err := b.Arrive(t.Context(), p); turned(err) != NameTaken {
			t.Errorf("somebody else has the name: %v", err)
		}
	}
	if a, _ := b.Get("corp+ann"); a.Role != identity.Analyst {
		t.Errorf("somebody else changed the role: %+v", a)
	}
	renamed := annOf(identity.Lead)
	renamed.Name = "boss"
	if a, err := b.Arrive(t.Context(), renamed); err != nil || a.Name != "corp+ann" || a.Role != identity.Lead {
		t.Errorf("who is renamed at the provider is two: %+v %v", a, err)
	}
	if err := os.Remove(b.path("corp+ann")); err != nil {
		t.Fatal(err)
	}
	for _, p := range []Person{annOf(identity.Analyst), renamed} {
		if _, err := b.Arrive(t.Context(), p); turned(err) != NameTaken {
			t.Errorf("%s: a name is used again, or a person is two, once a file is gone: %v", p.Name, err)
		}
	}
	for _, name := range []string{"corp+ann", "corp+eve", "+ann"} {
		if _, _, err := b.Add(t.Context(), New{Name: name, Role: identity.Reader}); fault.KindOf(err) != fault.Usage {
			t.Errorf("%s is made here: %v", name, err)
		}
	}
	if last := log.entries[len(log.entries)-1]; last.ID != "corp+ann" || last.By != "provider:corp" || !strings.Contains(last.Note, `"provider":"corp"`) || strings.Contains(last.Note, "4711") {
		t.Errorf("%+v", last)
	}
}

// turned is what is noted of turning somebody away.
func turned(err error) string {
	var t *Turned
	if fault.KindOf(err) != fault.Refused || !errors.As(err, &t) {
		return ""
	}
	return t.What
}

func TestARoleIsWhatTheGroupsGiveNow(t *testing.T) {
	b, log := newBook(t)
	for i, role := range []identity.Role{identity.Reader, identity.Reader, identity.Admin, identity.Auditor} {
		if a, err := b.Arrive(t.Context(), annOf(role)); err != nil || a.Role != role {
			t.Errorf("%d: %+v %v", i, a, err)
		}
	}
	if len(log.entries) != 3 {
		t.Errorf("%d entries for three roles", len(log.entries))
	}
	for _, p := range []Person{annOf(""), {Provider: "corp", Name: "eve", Subject: "1"}} {
		if _, err := b.Arrive(t.Context(), p); turned(err) != NoGroup {
			t.Errorf("who has no group comes in: %v", err)
		}
	}
	if all, err := b.List(); err != nil || len(all) != 1 {
		t.Errorf("who has no group has an account: %v %v", all, err)
	}
	if _, err := b.Arrive(t.Context(), annOf("boss")); err == nil {
		t.Error("a role that is none is given")
	}
	if _, _, err := b.SetState(t.Context(), Changing{Name: "corp+ann"}, Disabled); err != nil {
		t.Fatal(err)
	}
	if _, err := b.Arrive(t.Context(), annOf(identity.Admin)); turned(err) != NotActive {
		t.Errorf("a disabled account comes in: %v", err)
	}
}

// TestWhoComesThroughAProviderHasNoPassword: else whoever can make a one-time password is
// asked by no provider.
func TestWhoComesThroughAProviderHasNoPassword(t *testing.T) {
	b, _ := newBook(t)
	if _, err := b.Arrive(t.Context(), annOf(identity.Admin)); err != nil {
		t.Fatal(err)
	}
	c := Changing{Name: "corp+ann"}
	_, _, role := b.SetRole(t.Context(), c, identity.Reader)
	_, word := b.SetPassword(t.Context(), c, "four good words here")
	_, _, lost := b.Recover(t.Context(), c)
	for _, err := range []error{role, word, lost} {
		if fault.KindOf(err) != fault.Conflict || !strings.Contains(err.Error(), "signs in through corp") {
			t.Error(err)
		}
	}
	for _, word := range []string{"", "four good words here"} {
		if _, err := b.Check(t.Context(), "corp+ann", word); fault.KindOf(err) != fault.Refused {
			t.Errorf("%q opens it: %v", word, err)
		}
	}
	add(t, b, "root", identity.Admin, "four good words here")
	if _, _, err := b.SetState(t.Context(), Changing{Name: "root"}, Disabled); fault.KindOf(err) != fault.Conflict {
		t.Errorf("the last admin that needs no provider was disabled: %v", err)
	}
	if _, _, err := b.SetState(t.Context(), c, Disabled); err != nil {
		t.Error(err)
	}
}

func TestAFileMakesNobodyOfAProvider(t *testing.T) {
	b, log := newBook(t)
	if _, err := b.Arrive(t.Context(), annOf(identity.Reader)); err != nil {
		t.Fatal(err)
	}
	file, err := os.ReadFile(b.path("corp+ann"))
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{
		"corp+ann": strings.Replace(string(file), `"subject"`, `"x"`, 1),
		"corp+eve": strings.ReplaceAll(strings.Replace(string(file), "corp+ann", "corp+eve", 1), `"provider": "corp"`, `"provider": "other"`),
		"eve":      strings.Replace(string(file), "corp+ann", "eve", 1),
	} {
		path := filepath.Join(b.dir, name+suffix)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := b.Get(name); fault.KindOf(err) != fault.Unavailable {
			t.Errorf("%s: %v", name, err)
		}
		if strange, err := b.Compare(log.entries); err != nil || len(strange) == 0 {
			t.Errorf("%s is not found: %v %v", name, strange, err)
		}
		_ = os.Remove(path)
	}
	if err := os.WriteFile(b.path("corp+ann"), []byte(strings.Replace(string(file), annOf("").mark(), strings.Repeat("0", 64), 1)), 0o600); err != nil {
		t.Fatal(err)
	}
	if strange, err := b.Compare(log.entries); err != nil || len(strange) != 1 || !strings.Contains(strange[0].What, "the subject is 0") {
		t.Errorf("another person's mark is not found: %v %v", strange, err)
	}
}

func TestNamesOfPersonsAreFitForALedger(t *testing.T) {
	b, _ := newBook(t)
	for _, name := range []string{"", " ", "a b", "../root", "ann\n", "corp+ann", "ann+1", "añn", "ann\u202e", "DOMAIN\\ann", strings.Repeat("a", 65), strings.Repeat("a", 1<<20), "<script>", "-ann", "ann/x", "ann\x00"} {
		p := annOf(identity.Reader)
		p.Name = name
		if _, err := b.Arrive(context.Background(), p); turned(err) != NoName || len(err.Error()) > 200 {
			t.Errorf("%.40q: %.300v", name, err)
		}
	}
	if all, err := b.List(); err != nil || len(all) != 0 {
		t.Errorf("%v %v", all, err)
	}
}
