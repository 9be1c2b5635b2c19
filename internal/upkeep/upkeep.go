// Package upkeep judges an installation: whether it can answer and take what is sent to
// it, what will stand in the way soon, and what whoever runs it is to do.
//
// It holds the alarms, each with what it means and its answer, and the one judgement over
// facts that others gathered. It is pure: it looks at no disk and knows no time but the one
// that the facts were gathered at. It refuses to judge what is kept: that is for the ledger.
package upkeep

import (
	"fmt"
	"slices"
	"time"

	"candor/internal/figure"
)

// Weight is how much an alarm weighs.
type Weight string

// The weights.
const (
	// Stops is what keeps the installation from answering, or from taking what is sent.
	Stops Weight = "stops"
	// Wrong is what is amiss now, while the rest goes on.
	Wrong Weight = "wrong"
	// Soon is what will be, or what is better otherwise.
	Soon Weight = "soon"
)

// Meaning is what an alarm of a code means, whenever there is one.
type Meaning struct {
	Code   string `json:"code"`
	Weight Weight `json:"weight"`
	// Means is what is so when it is raised, and Answer what is to be done.
	Means  string `json:"means"`
	Answer string `json:"answer"`
}

// Alarm is what is amiss with an installation.
type Alarm struct {
	Meaning
	// What says it of this installation.
	What string `json:"what"`
}

// The bounds of alarms.
const (
	// LowDisk and FullDisk are how much can be written at least before it is said that the
	// disk fills, and that it is full, in bytes.
	LowDisk  = 5 << 30
	FullDisk = 256 << 20
	// Ending is how long before its end a token or a certificate is spoken of.
	Ending = 14 * 24 * time.Hour
	// Skew is how far the newest entry of the ledger may be ahead of the clock.
	Skew = 5 * time.Minute
	// FewFiles is how many files a process has to be allowed to open at least.
	FewFiles = 1024
	// OldRelease is after how long without an import it is asked whether there is a newer
	// release: ATT&CK has two a year.
	OldRelease = 400 * 24 * time.Hour
	// ManyWaiting is how much of what was pushed may wait to become batches, in bytes.
	ManyWaiting = 256 << 20
)

// Facts are what is known of an installation. What could not be found out is left out, and
// raises nothing.
type Facts struct {
	At time.Time
	// Server says that a server gathered them, about itself.
	Server bool
	// Writable says that the folder can be written; Open lists what others than its owner
	// may read in it.
	Writable bool
	Open     []string
	// Room is how many bytes can be written; nil where that is not known.
	Room *int64
	// Library, Policy, Ledger, Alerts say why these cannot be read; empty where they can.
	Library, Policy, Ledger, Alerts string
	// Releases is how many releases are held, and Imported when the newest came.
	Releases int
	Imported time.Time
	// Entry is the time of the newest entry of the ledger; zero where there is none.
	Entry time.Time
	// Waiting is how many bytes of what was pushed are in no batch yet.
	Waiting int64
	// Pulls says why the configuration of pulls does not hold, and Failing names the sources
	// that are not collected.
	Pulls   string
	Failing []string
	// Dead is how many messages to hooks were put aside.
	Dead int
	// Certificate is what is wrong with the certificate, or will be.
	Certificate string
	// Provider is why nobody can sign in through the provider.
	Provider string
	// Tokens are those that end soon or ended, and were not revoked.
	Tokens []string
	// Files is how many files the process may open; 0 where that is not known.
	Files uint64
	// Browser says that a browser is there that prints PDFs.
	Browser bool
}

// Meanings lists all alarms, those first that weigh most.
func Meanings() []Meaning {
	return []Meaning{
		{"folder_read_only", Stops, "Nothing can be written into the data folder: the server reads, and takes nothing.", "Give the user that runs Candor the right to write into the folder, and start it again."},
		{"disk_full", Stops, "The disk of the data folder is full but for a rest: what is pushed is refused before anything is half written.", "Make room, or move the folder: candor backup, then candor restore elsewhere."},
		{"library_unreadable", Stops, "The library cannot be read.", "Look at the reason; candor ledger verify says what differs. Restore a backup if the file is damaged."},
		{"policy_wrong", Stops, "The policy in force cannot be used, so that nothing is judged.", "candor policy set FILE puts one in force that can."},
		{"ledger_unreadable", Stops, "The ledger cannot be read, so that nothing is recorded.", "Look at the reason, and restore a backup: candor restore."},
		{"alerts_unreadable", Stops, "The batches of alerts cannot be read.", "Look at the reason; candor ledger verify names the file. Restore that file from a backup."},
		{"library_empty", Wrong, "The library holds no release of ATT&CK, so that there is nothing to give a verdict on.", "candor attack sync fetches releases; candor attack import FILE reads one."},
		{"clock_behind", Wrong, "The newest entry of the ledger is from later than now: the clock was put back, or that of another machine was wrong.", "Set the clock. Entries keep their order whatever their times say."},
		{"folder_open", Wrong, "Others than the owner may read the data folder or what is secret in it.", "chmod -R go= the folder."},
		{"pulls_wrong", Wrong, "The configuration of pulls is wrong as it is now, and what it said before holds.", "Correct the file: candor pull check says where. It is read again within 15 seconds."},
		{"pull_failing", Wrong, "A source is not collected.", "candor pull list says what it answered; the page Pulls shows since when."},
		{"hook_dead", Wrong, "Messages to hooks were put aside after all tries.", "candor hooks dead lists them; candor hooks resend sends them again."},
		{"certificate", Wrong, "The certificate ends soon, or the one that replaced it cannot be used.", "Renew it: the server reads the new files by itself."},
		{"provider_down", Wrong, "Nobody can sign in through the provider; accounts of this server can, and sessions go on.", "Look at the reason: the provider, the network to it, or its configuration and secret. It is asked again by itself."},
		{"push_waiting", Wrong, "What is pushed waits to become batches for longer than it should.", "Look at the log for why batches are not made; a disk that is slow or full is the usual reason."},
		{"disk_low", Soon, "The disk of the data folder fills.", "Make room. candor evidence compact joins small batches; candor evidence expire removes what may no longer be kept."},
		{"token_ends", Soon, "A token ends soon, or has ended: who uses it is refused then.", "candor token create makes another; candor token revoke takes the old one back."},
		{"library_old", Soon, "No release was imported for more than a year, and ATT&CK has two a year.", "candor attack sync; candor attack upgrade says what a newer one would change."},
		{"few_files", Soon, "The process may open few files; a busy server needs one for every connection.", "Raise the limit: LimitNOFILE in the systemd unit, or ulimit -n."},
		{"no_browser", Soon, "No browser is there that prints PDFs; reports are HTML then.", "Install Chromium, or leave it if nobody wants PDFs."},
	}
}

// Judge returns what is amiss, that first which weighs most.
func Judge(f Facts) []Alarm {
	j := judge{}
	j.folder(f)
	j.stores(f)
	j.flows(f)
	j.rest(f)
	order := Meanings()
	at := func(a Alarm) int { return slices.IndexFunc(order, func(m Meaning) bool { return m.Code == a.Code }) }
	slices.SortStableFunc(j.alarms, func(a, b Alarm) int { return at(a) - at(b) })
	return j.alarms
}

// State is how an installation stands.
type State struct {
	At time.Time `json:"at"`
	// Server says that a server looked, at itself too: what waits, pulls and the certificate
	// are a server's.
	Server bool `json:"server"`
	// Ready says that nothing stops it from answering and from taking what is sent.
	Ready  bool    `json:"ready"`
	Alarms []Alarm `json:"alarms" nullable:"false"`
}

// Of returns how an installation stands by facts.
func Of(f Facts) State {
	s := State{At: f.At, Server: f.Server, Alarms: append([]Alarm{}, Judge(f)...)}
	s.Ready = !slices.ContainsFunc(s.Alarms, func(a Alarm) bool { return a.Weight == Stops })
	return s
}

type judge struct{ alarms []Alarm }

// raise raises an alarm where something is so.
func (j *judge) raise(so bool, code, format string, args ...any) {
	if !so {
		return
	}
	all := Meanings()
	i := slices.IndexFunc(all, func(m Meaning) bool { return m.Code == code })
	j.alarms = append(j.alarms, Alarm{all[i], fmt.Sprintf(format, args...)})
}

func (j *judge) folder(f Facts) {
	j.raise(!f.Writable, "folder_read_only", "nothing can be written into the data folder")
	if f.Room != nil {
		left := bytes(*f.Room)
		j.raise(*f.Room < FullDisk, "disk_full", "%s can be written, and %s is the least that a batch is begun with", left, bytes(FullDisk))
		j.raise(*f.Room >= FullDisk && *f.Room < LowDisk, "disk_low", "%s can be written", left)
	}
	for _, name := range f.Open {
		j.raise(true, "folder_open", "others than the owner may read %s", name)
	}
}

func (j *judge) stores(f Facts) {
	j.raise(f.Library != "", "library_unreadable", "%s", f.Library)
	j.raise(f.Policy != "", "policy_wrong", "%s", f.Policy)
	j.raise(f.Ledger != "", "ledger_unreadable", "%s", f.Ledger)
	j.raise(f.Alerts != "", "alerts_unreadable", "%s", f.Alerts)
	j.raise(f.Library == "" && f.Releases == 0, "library_empty", "there is no release")
	j.raise(f.Releases > 0 && f.At.Sub(f.Imported) > OldRelease, "library_old", "the newest of %s was imported on %s", figure.Of(int64(f.Releases), "release", "releases"), f.Imported.Format(time.DateOnly))
	j.raise(!f.Entry.IsZero() && f.Entry.Sub(f.At) > Skew, "clock_behind", "the newest entry is of %s, and the clock says %s", f.Entry.UTC().Format(time.DateTime), f.At.UTC().Format(time.DateTime))
}

func (j *judge) flows(f Facts) {
	j.raise(f.Waiting > ManyWaiting, "push_waiting", "%s wait", bytes(f.Waiting))
	j.raise(f.Pulls != "", "pulls_wrong", "%s", f.Pulls)
	for _, name := range f.Failing {
		j.raise(true, "pull_failing", "%s", name)
	}
	j.raise(f.Dead > 0, "hook_dead", "%s put aside", figure.Of(int64(f.Dead), "message was", "messages were"))
	j.raise(f.Certificate != "", "certificate", "%s", f.Certificate)
	j.raise(f.Provider != "", "provider_down", "%s", f.Provider)
}

func (j *judge) rest(f Facts) {
	for _, name := range f.Tokens {
		j.raise(true, "token_ends", "%s", name)
	}
	j.raise(f.Files > 0 && f.Files < FewFiles, "few_files", "it may open %d, and %d is little", f.Files, FewFiles)
	j.raise(!f.Browser, "no_browser", "the browser that would print was not found")
}

// bytes says how much that is, in the unit in which it is read.
func bytes(n int64) string {
	for _, u := range []struct {
		size int64
		name string
	}{{1 << 40, "TiB"}, {1 << 30, "GiB"}, {1 << 20, "MiB"}, {1 << 10, "KiB"}} {
		if n >= u.size {
			return figure.Fixed(float64(n)/float64(u.size), 1) + " " + u.name
		}
	}
	return figure.Count(n) + " bytes"
}
