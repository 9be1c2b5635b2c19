package storetest

import (
	"context"
	"slices"
	"testing"

	"candor/internal/store"
)

// searched is a small library to look for things in.
func searched() []obj {
	alias := func(names ...string) obj { return obj{"aliases": names} }
	return append(detection(),
		object("intrusion-set", "1", "G1", "APT29").but(alias("APT29", "Cozy Bear", "The Dukes")),
		object("intrusion-set", "2", "G2", "Kimsuky"),
		object("tool", "1", "S1", "Mimikatz"),
		object("attack-pattern", "10", "T10", "Keylogging"),
		object("attack-pattern", "11", "T11", "Exploitation for Execution"),
		object("attack-pattern", "12", "T12", "Interpreters"),
		object("attack-pattern", "13", "T12.001", "PowerShell").but(obj{"x_mitre_is_subtechnique": true}),
		object("attack-pattern", "14", "T14", "Shell Scripts").but(obj{"revoked": true}),
		relationship("10", "uses", "intrusion-set--2", "attack-pattern--11").but(obj{"description": "It exploited CVE-2017-11882 and ran procdump."}),
		relationship("11", "subtechnique-of", "attack-pattern--13", "attack-pattern--12"),
		relationship("12", "revoked-by", "attack-pattern--14", "attack-pattern--13"),
	)
}

func librarySearch(t *testing.T, open OpenLibrary) {
	l := open(t, t.TempDir())
	r := land(t, l, "acme 1.0", searched()...)
	for text, want := range map[string]string{
		"apt 29": "G1", "cozybear": "G1", "COZY-BEAR": "G1", "thedukes": "G1", "cozyb": "G1",
		"mimkatz": "S1", "mimikazt": "S1", "kimsukky": "G2", "powershel": "T12.001", "pwoershell": "T12.001",
		"keylogger": "T10", "keyloggers": "T10", "CVE-2017-11882": "T11", "cve 2017 11882": "T11", "procdump": "T11", "procdmp": "T11",
		"EventCode=4688": "DC1", "WinEventLog:Security / EventCode=4688": "DC1", "auditd:SYSCALL": "AN1",
		"interpreters powershell": "T12.001", "interpreters: powershell": "T12.001", "t12/001": "T12.001",
		"https://attack.mitre.org/techniques/T12/001": "T12.001",
	} {
		if got := list(t, l, store.Query{Release: r, Text: text}); len(got) == 0 || got[0] != want {
			t.Errorf("%q finds %v, want %s first", text, got, want)
		}
	}
	equal(t, "both ends of a procedure", list(t, l, store.Query{Release: r, Text: "procdump"}), []string{"T11", "G2"})
	equal(t, "analytics by their strategy", list(t, l, store.Query{Release: r, Text: "detection 1"}), []string{"DET1", "AN1"})
	equal(t, "a short word is not forgiven", list(t, l, store.Query{Release: r, Text: "apx"}), []string(nil))
	equal(t, "nothing near", list(t, l, store.Query{Release: r, Text: "zzzzzzzz"}), []string(nil))
}

func librarySearchOrder(t *testing.T, open OpenLibrary) {
	l := open(t, t.TempDir())
	said := obj{"description": "It dumps shadow copies."}
	r := land(t, l, "acme 1.0", append(searched(),
		object("x-mitre-detection-strategy", "20", "DET20", "Of shadows").but(said),
		object("attack-pattern", "20", "T20", "Old shadows").but(said).but(obj{"revoked": true}),
		object("attack-pattern", "21", "T21", "Dumps").but(said),
		object("malware", "20", "S20", "Dumper").but(said))...)
	got := list(t, l, store.Query{Release: r, Text: "dumps shadow copies"})
	if len(got) != 4 || got[0] != "T21" || got[3] != "T20" || !slices.Contains(got, "DET20") {
		t.Errorf("the order is %v, want T21 first and T20, which is revoked, last", got)
	}
	equal(t, "what took its place follows", list(t, l, store.Query{Release: r, Text: "T14"}), []string{"T14", "T12.001"})
	equal(t, "only what is retired", list(t, l, store.Query{Release: r, Text: "T14", Lifecycle: "revoked"}), []string{"T14"})
}

func libraryCalled(t *testing.T, open OpenLibrary) {
	l := open(t, t.TempDir())
	r := land(t, l, "acme 1.0", append(searched(), object("attack-pattern", "20", "T0", "PowerShell").but(obj{"revoked": true}))...)
	for _, c := range []struct {
		text  string
		most  int
		want  []string
		exact bool
	}{
		{"kimsuky", 3, []string{"G2 Kimsuky"}, true}, {"cozybear", 3, []string{"G1 Cozy Bear"}, true}, {"apt-29", 3, []string{"G1 APT29"}, true},
		{"Power Shell", 1, []string{"T12.001 PowerShell", "T0 PowerShell"}, true}, {"kimsukky", 3, []string{"G2 Kimsuky"}, false},
		{"cozybaer", 3, []string{"G1 Cozy Bear"}, false}, {"cozy baer", 3, []string{"G1 Cozy Bear"}, false},
		{"powershel", 3, []string{"T12.001 PowerShell"}, false}, {"powershel", 0, nil, false},
		{"procdump", 3, nil, false}, {"zzzz", 3, nil, false}, {" ", 3, nil, false}, {"interpreters powershell", 0, nil, false},
	} {
		found, exact, err := l.Called(context.Background(), r, c.text, c.most)
		var got []string
		for _, f := range found {
			got = append(got, f.ATTACKID+" "+f.As)
		}
		if err != nil || exact != c.exact || !slices.Equal(got, c.want) {
			t.Errorf("%q, %d at most: %q, %v, %v; want %q, %v", c.text, c.most, got, exact, err, c.want, c.exact)
		}
	}
}
