// Package store holds the contracts of Candor's stores: the library of ATT&CK
// releases, the evidence and the alerts.
//
// A store keeps what it is given and answers with what it keeps, counts
// included. It refuses to judge: no proportion, rung or reason comes from here.
// Every adapter passes the conformance suite in package storetest.
package store

import (
	"context"
	"iter"
	"time"

	"candor/internal/alert"
	"candor/internal/attack"
	"candor/internal/day"
	"candor/internal/evidence"
)

// Library keeps ATT&CK releases. Bytes are kept once per content, releases say
// which snapshots they carry.
type Library interface {
	LibraryWriter
	LibraryRemover
	LibraryHashes
	LibraryReader
	LibraryCustody
	Generations
}

// Generations is what lets whoever has a store open tell whether anything was changed.
type Generations interface {
	// Generation names the state of what the store keeps. It is another name once a batch
	// or a release has landed, or one was withdrawn or removed, by whichever process. Two
	// openings of a store may name one state differently. To ask takes no longer however
	// much there is.
	Generation(ctx context.Context) (string, error)
}

// LibraryCustody is what lets a library answer for what it keeps.
type LibraryCustody interface {
	// Content returns the SHA-256, in hexadecimal, over all that the library keeps of
	// a release: what it says of the release, the exact bytes of each object in the
	// order of the bundle, and the oddities. Two engines need not agree on it.
	// fault.NotFound without the release.
	Content(ctx context.Context, r attack.Release) (string, error)
	// Audit reads all that the library keeps, and computes anew what can be computed
	// from the bytes of the objects. Damage is told, not an error.
	Audit(ctx context.Context) (LibraryAudit, error)
}

// LibraryAudit is what a library finds when it reads all that it keeps.
type LibraryAudit struct {
	// Releases is what is kept of each release.
	Releases []AuditedRelease
	// Amiss is what does not follow from the bytes of the objects.
	Amiss []AmissRelease
	// Unread says that not all could be read, which is amiss, and that Releases may
	// lack some for that reason.
	Unread bool
}

// AuditedRelease is what a library keeps of one release.
type AuditedRelease struct {
	attack.Release
	// Content is what LibraryCustody.Content returns, computed anew; empty when some
	// of what it is of cannot be read, which is amiss then.
	Content string
}

// AmissRelease is one thing that an audit of a library found wrong.
type AmissRelease struct {
	Release attack.Release // the zero Release when it is of no one release
	What    string
}

// LibraryWriter begins imports. One import runs at a time.
type LibraryWriter interface {
	// Begin starts an import. Nothing that it adds can be seen by readers before
	// Commit returns without error.
	Begin(ctx context.Context) (ReleaseWriter, error)
}

// LibraryRemover drops releases.
type LibraryRemover interface {
	// Remove drops the release that rm names by domain, version, STIX version and
	// FileHash, with all that only it carries: bytes, words, oddities. What the
	// library answers afterwards is what it would answer had the release never been
	// imported, but for Removals. It returns rm with the release as it was imported.
	// It is fault.NotFound if the library does not hold the release, and
	// fault.Conflict while an import runs; neither changes anything.
	Remove(ctx context.Context, rm attack.Removal) (attack.Removal, error)
}

// LibraryHashes keeps the hashes of published files that were added to those that are
// compiled in. What the library says of a release's file follows from both.
type LibraryHashes interface {
	// AddHashes adds files, each in the place of one of the same release and STIX
	// version that was added before.
	AddHashes(ctx context.Context, files []attack.PublishedFile) error
	// AddedHashes lists what was added, by domain, version and STIX version.
	AddedHashes(ctx context.Context) ([]attack.PublishedFile, error)
}

// ReleaseWriter takes the objects of one release. It must end with Commit or
// Rollback; Rollback after Commit does nothing.
type ReleaseWriter interface {
	// Add adds a snapshot, in the order of the bundle. The store keeps a copy of
	// what it needs before Add returns.
	Add(ctx context.Context, s *attack.Snapshot) error
	// Commit lands the release. It returns false, and changes nothing, when the
	// same file (by FileHash, domain and version) is already there. Another file
	// for the same domain, version and STIX edition is a fault.Conflict.
	Commit(ctx context.Context, r attack.Release, odd []Oddity) (landed bool, err error)
	Rollback() error
	// New returns, after Commit, how many of the objects had bytes that the store
	// did not hold before.
	New() int
}

// Oddity is something unusual that an import met and kept as it was.
type Oddity struct {
	// Kind is "import" or empty for what an import met, and for what is odd about the
	// release as a whole one of package attack/odd.
	Kind     string `json:"kind,omitempty"`
	StixID   string `json:"stix_id,omitempty"`
	ATTACKID string `json:"attack_id,omitempty"`
	What     string `json:"what"`
}

// LibraryReader answers questions about imported releases.
type LibraryReader interface {
	// Releases lists the imported releases by domain, then version, oldest first. Each
	// is verified against the hashes that are known now; where none is known of it, it is
	// what it was when it landed.
	Releases(ctx context.Context) ([]attack.Release, error)
	// Removals lists the releases that were removed, the latest last.
	Removals(ctx context.Context) ([]attack.Removal, error)
	// Oddities lists what the import of a release met.
	Oddities(ctx context.Context, r attack.Release) ([]Oddity, error)
	// Find returns the objects that an ATT&CK ID or STIX id names, in the newest
	// release that has each, among the releases that ref selects; an empty
	// Version means all releases. It returns none when nothing has the id.
	Find(ctx context.Context, id string, ref attack.ReleaseRef) ([]Located, error)
	// Snapshot returns the object with STIX id as release r carries it; of
	// duplicates inside the release, the one that counts. fault.NotFound if r
	// does not carry it.
	Snapshot(ctx context.Context, r attack.Release, stixID string) (*attack.Snapshot, error)
	// Same returns all objects with STIX id that release r carries, in the order of the
	// bundle: one, or more where the bundle repeats an id. fault.NotFound if r does not
	// carry it.
	Same(ctx context.Context, r attack.Release, stixID string) ([]*attack.Snapshot, error)
	// Relations returns the relations of an object within a release, in both
	// directions, each with the header of the other end: those of the given types,
	// or all when none is given.
	Relations(ctx context.Context, r attack.Release, stixID string, types ...string) ([]Edge, error)
	// Renames lists which ATT&CK ID took the place of which by the live revoked-by
	// relations of a release, in the order of the bundle.
	Renames(ctx context.Context, r attack.Release) ([]attack.Rename, error)
	// Appearances lists the releases that carry an object, oldest first, with
	// what they carry.
	Appearances(ctx context.Context, stixID string) ([]Appearance, error)
	// Load returns the view of a release with objects of the given STIX types,
	// or all types when none is given. Relationship objects are loaded when
	// "relationship" is among them.
	Load(ctx context.Context, r attack.Release, types ...string) (*attack.Library, error)
	// List returns the headers that match, and how many match in all.
	List(ctx context.Context, q Query) ([]Located, int, error)
	// Called returns the objects of a release whose name or alias is a text, but for
	// case, spaces and punctuation, live ones first, then by ATT&CK ID. Where there is
	// none it returns at most most live objects that are called nearly so, the nearest
	// first, and false.
	Called(ctx context.Context, r attack.Release, text string, most int) (called []Called, exact bool, err error)
	// Members lists every object of a release in the order of the bundle, of
	// duplicates the one that counts.
	Members(ctx context.Context, r attack.Release) ([]Member, error)
	// Raws returns the exact bytes of the objects of a release with the given
	// STIX ids; an id that the release does not carry is left out. The caller must
	// not change them.
	Raws(ctx context.Context, r attack.Release, ids []string) (map[string][]byte, error)
	// Carried lists every object of a release in the order of the bundle, those that
	// repeat an id included: as many as the bundle has.
	Carried(ctx context.Context, r attack.Release) ([]Carried, error)
	// Each calls f with the exact bytes of the objects at the given places of the bundle, from
	// 0, in the order given, and their index there. It holds no more bytes than that order
	// makes it: in the order of Member.Bytes hardly any. f must not change or keep raw;
	// where it fails, Each fails with its error.
	Each(ctx context.Context, r attack.Release, places []int, f func(i int, raw []byte) error) error
	// Hashes returns the object hash of every object of a release by STIX id, of
	// duplicates that of the one that counts.
	Hashes(ctx context.Context, r attack.Release) (map[string]attack.Hash, error)
}

// Header is what a list shows of an object.
type Header struct {
	StixID     string      `json:"stix_id"`
	Type       string      `json:"type"`
	Kind       attack.Kind `json:"kind"`
	ATTACKID   string      `json:"attack_id,omitempty"`
	Name       string      `json:"name"`
	Version    string      `json:"version,omitempty"`
	Modified   string      `json:"modified,omitempty"`
	Revoked    bool        `json:"revoked"`
	Deprecated bool        `json:"deprecated"`
	Platforms  []string    `json:"platforms,omitempty"`
}

// Live reports whether the object is neither revoked nor deprecated.
func (h Header) Live() bool { return !h.Revoked && !h.Deprecated }

// Located is an object's header in a release.
type Located struct {
	Header
	Release attack.Release `json:"-"`
	// Fit says how well the object fits the Text that it was listed for, more for
	// better: to compare what different releases have for one text, nothing else.
	Fit float64 `json:"-"`
}

// Called is an object as it is called by a name or an alias.
type Called struct {
	Located
	As string
}

// Edge is a relation as one of its ends sees it.
type Edge struct {
	attack.Relation
	// Out says that the object asked about is at the From end.
	Out bool `json:"out"`
	// Other is the header of the other end; its StixID is set and its Type empty
	// when the release does not carry it.
	Other Header `json:"other"`
	// Live says that the relationship object itself is neither revoked nor
	// deprecated; it is true for references inside objects.
	Live bool `json:"live"`
	// Text is the relationship object's description, with the References that its
	// citations name. The store leaves both empty: package library fills them in
	// where they are shown.
	Text       string             `json:"text,omitempty"`
	References []attack.Reference `json:"references,omitempty"`
}

// Member is one object of a release.
type Member struct {
	Header
	// Bytes is the same number for two members, of whatever releases, exactly when
	// the store holds the same bytes for both.
	Bytes uint64
}

// Carried is an object at its place in the bundle of a release.
type Carried struct {
	Member
	// Counts says that it is the one that its STIX id means, where several have it.
	Counts bool
}

// Appearance is an object in one release.
type Appearance struct {
	Release    attack.Release
	Version    string
	Created    string
	Modified   string
	Revoked    bool
	Deprecated bool
	ObjectHash attack.Hash
}

// Query selects objects. Empty fields are wild.
type Query struct {
	Release attack.Release // which release to list; required
	// Kinds is wild but for relationship objects: they are listed when named.
	Kinds []attack.Kind
	// Text is words to look for: in ids, names, aliases, descriptions, log sources
	// and channels, and in what relationship objects say of an object. Spaces and
	// punctuation, endings, the rest of the last word and slips of the hand are
	// forgiven; where hardly anything has every word, what has some is listed, too.
	// What has the text for its id, name or alias comes first, then the best match,
	// live objects before retired ones, unless Sort is set.
	Text      string
	Tactic    string // a tactic's ATT&CK ID or short name; techniques only
	Platform  string
	LogSource string // a log source name; what names it, and strategies and techniques by their analytics
	Lifecycle string // "live", "revoked", "deprecated"; empty for all; another word is fault.Usage
	Sort      string // "id", "name", "modified", with a leading "-" for descending; another word is fault.Usage
	Offset    int
	Limit     int // at most this many; 0 means 50
}

// Batch is one import of evidence. It lands whole or not at all.
type Batch struct {
	ID     string `json:"id"`
	Kind   string `json:"kind"`
	Format string `json:"format"`
	// Paths and Hash are the input: what was named, and the SHA-256 over the
	// bytes of its files in order.
	Paths []string `json:"paths"`
	Hash  string   `json:"sha256"`
	// Source is whose statements the input holds, as whoever added it named it; of
	// rules, where nobody did, the format names it. Whole says that the input is all
	// there is of that source, so that what it lacks was retired.
	Source string    `json:"source,omitempty"`
	Whole  bool      `json:"complete,omitempty"`
	Added  time.Time `json:"added"`
	By     string    `json:"by,omitempty"`
	// Read = New + Updated + Unchanged + Rejected.
	Read      int64 `json:"read"`
	New       int64 `json:"new"`
	Updated   int64 `json:"updated"`
	Unchanged int64 `json:"unchanged"`
	Rejected  int64 `json:"rejected"`
	// LeftOut is how many records of the input a mapping says are none of the kind. They
	// were not read, and are none of the above.
	LeftOut int64 `json:"left_out,omitempty"`
	// Retired is how many records that were in force the batch retired. They were not
	// read, and are none of the above.
	Retired int64 `json:"retired,omitempty"`
	// Rejects is the path of the rejects file, empty if nothing was rejected.
	Rejects string `json:"rejects,omitempty"`
	// First and Last bound the time of the batch's records, where they have one.
	First time.Time `json:"first,omitzero"`
	Last  time.Time `json:"last,omitzero"`
	// Content is the SHA-256 over all that the store keeps of the batch: of a batch of
	// alerts, that of its file. The store sets it.
	Content string `json:"content_sha256,omitempty"`
	// RowsHash is the SHA-256 over the rows of a batch of alerts in canonical form; see
	// doc/batches.md. The store sets it.
	RowsHash string `json:"rows_sha256,omitempty"`
	// Withdrawn is set once the batch no longer counts.
	Withdrawn *Withdrawal `json:"withdrawn,omitempty"`
	// Merged names the merged file in which the rows of a batch of alerts lie, empty while
	// they lie in the one in which it landed. The store sets it.
	Merged string `json:"merged,omitempty"`
	// Expired is how many rows of a batch of alerts were removed for retention. The store
	// sets it.
	Expired int64 `json:"expired,omitempty"`
	// Names is the fingerprint of the key by whose pseudonyms the batch names hosts,
	// accounts, addresses and persons; empty where it has their names. See package veil.
	Names string `json:"names_key,omitempty"`
	// Shared is how many of New have an ID that another alert has, of another source or
	// site, and Moved how many of Updated changed the rule of an alert of which they leave
	// out, or say first, whose or where it is. The store sets them, and what is the first of
	// each, which it does not keep.
	Shared      int64          `json:"shared_ids,omitempty"`
	Moved       int64          `json:"moved,omitempty"`
	FirstShared alert.Identity `json:"-"`
	FirstMoved  alert.Identity `json:"-"`
	// Found, if set, is what whoever reads the alerts has found by their end; Alerts.Append
	// takes it over into Format, Rejected, Rejects and LeftOut then. No store keeps it.
	Found *Found `json:"-"`
}

// Found is what is known of the input of a batch of alerts once it has been read.
type Found struct {
	Format   string
	Rejected int64
	Rejects  string // as Batch has it
	LeftOut  int64
}

// Outside returns the batch as it is told to those who reach a server: with the names
// of its files in place of their paths.
func (b Batch) Outside() Batch {
	names := make([]string, len(b.Paths))
	for i, p := range b.Paths {
		names[i] = evidence.FileName(p)
	}
	b.Paths, b.Rejects = names, evidence.FileName(b.Rejects)
	return b
}

// Withdrawal says that a batch no longer counts, since when, and why. It cannot
// be undone; the input may be added again as another batch.
type Withdrawal struct {
	At     time.Time `json:"at"`
	By     string    `json:"by,omitempty"`
	Reason string    `json:"reason"`
}

// Custody is what lets a store of batches answer for what it keeps.
type Custody interface {
	// Withdraw makes a batch stop counting. Whatever the store answers afterwards
	// is what it would answer had the batch never been added, but for the lists of
	// batches, of a record's history and of an alert's dispositions, which still
	// show it. An unknown batch is fault.NotFound, one that is withdrawn already
	// fault.Conflict, and no reason fault.Invalid; none of them changes anything.
	Withdraw(ctx context.Context, batch string, w Withdrawal) error
	// Audit reads all that the store keeps. Damage that does not keep it from reading is
	// told, not an error. A deep audit also computes anew whatever can be computed from
	// what is kept, where that takes much longer.
	Audit(ctx context.Context, deep bool) (Audit, error)
}

// Audit is what a store finds when it reads all that it keeps.
type Audit struct {
	// Batches is what is kept of each batch, by its ID.
	Batches map[string]Audited
	// Amiss is what does not follow from the batches.
	Amiss []Amiss
}

// Audited is what an audit finds of one batch.
type Audited struct {
	// Content is Batch.Content, computed anew, and RowsHash Batch.RowsHash, which only a
	// deep audit has.
	Content   string
	RowsHash  string
	Withdrawn *Withdrawal
	// Now is where the rows of a batch of alerts lie, and what they are, since they were
	// merged or some of them expired; nil before. Content and RowsHash are then what the
	// file says that was recorded when the batch landed.
	Now *Lying
}

// Lying is what is kept of a batch of alerts whose rows lie in another file than it
// landed in.
type Lying struct {
	// File is the name of the file, and SHA256 its hash, computed anew.
	File   string
	SHA256 string
	// Rows is how many rows are left and RowsHash the hash over them as the file says, which
	// a deep audit computes anew.
	Rows     int64
	RowsHash string
}

// Amiss is one thing that an audit found wrong.
type Amiss struct {
	Batch string `json:"batch,omitempty"` // empty when it is of no one batch
	What  string `json:"what"`
}

// Record is one statement of evidence other than an alert: what it is about (Key and
// Kind, one of package evidence), and what it says (Body, the noun as JSON). A later
// record with the same kind and key supersedes an earlier one; both stay. One without a
// body says nothing but that what was said before is over: it retires its key.
type Record struct {
	Kind  string
	Key   string
	Body  []byte
	Batch string // set by the store
}

// Evidence keeps batches and their records.
type Evidence interface {
	Generations
	// Append lands a batch with its records, whole or not at all: an error from
	// records leaves the store as it was. It sets New, Updated and Unchanged.
	// A batch whose Kind and Hash are already there, and not withdrawn, changes
	// nothing and returns the earlier batch and false.
	Append(ctx context.Context, b Batch, records iter.Seq2[Record, error]) (landed Batch, fresh bool, err error)
	// Batches lists every batch, oldest first.
	Batches(ctx context.Context) ([]Batch, error)
	Recent
	// Current lists the records of a kind that are neither superseded nor retired, by key.
	Current(ctx context.Context, kind string) ([]Record, error)
	// Retired lists what a batch retired, by kind and key, each as it was stated last
	// before, with the batch that did. It is empty for a batch that is not there.
	Retired(ctx context.Context, batch string) ([]Record, error)
	// Stated lists what a batch stated that was news, in the order in which it did, retirements
	// apart: at most n records behind the first of them, and how many there are in all. What
	// it only said again is not among them. It is empty for a batch that is not there.
	Stated(ctx context.Context, batch string, first, n int) (list []Record, all int, err error)
	// Versions lists what batches that count said under the keys of a kind of which more
	// than one statement is kept, retirements apart: by key, then oldest first.
	Versions(ctx context.Context, kind string) ([]Record, error)
	// Text returns the text of the rule that is in force under a key, byte for byte; nil where
	// none is kept. Texts (evidence.RecordRuleText) stand beside the records of a batch: they
	// are superseded and withdrawn as those are, and are in no count and not in Stated.
	Text(ctx context.Context, key string) ([]byte, error)
	// History lists every record of a kind and key, oldest first.
	History(ctx context.Context, kind, key string) ([]Record, error)
}

// Alerts keeps alerts and dispositions and counts them.
type Alerts interface {
	Generations
	// Append lands the alerts of a batch, whole or not at all: an error from
	// alerts leaves the store as it was. An alert that is known and says
	// nothing new is unchanged; one with a new disposition is updated. It sets New,
	// Updated, Unchanged, Shared, Moved, First and Last. A batch whose Hash is already there, and
	// not withdrawn, changes nothing and returns the earlier batch and false.
	//
	// Which alert one is, its source, its site and its ID say; see alert.Identity and
	// history.Family. An alert that is partial (alert.Alert.Partial) merges into the one that
	// it means, and is fault.NotFound when none counts, and fault.Conflict when it could mean
	// several. It never keeps an alert
	// alive: when the batches that brought it are withdrawn, partial ones wait, and
	// apply in their place, in order of arrival, to an alert that is brought again.
	// In First and Last a partial alert has the time of its disposition.
	Append(ctx context.Context, b Batch, alerts iter.Seq2[*alert.Alert, error]) (landed Batch, fresh bool, err error)
	// Batches lists every batch of alerts, oldest first.
	Batches(ctx context.Context) ([]Batch, error)
	Recent
	AlertReader
	// Brought lists what a batch brought, as it arrived and in that order: at most n alerts
	// behind the first of them, and how many there are in all. fault.NotFound for a batch
	// that is not there.
	Brought(ctx context.Context, batch string, first, n int) (list []*alert.Alert, all int, err error)
}

// AlertReader answers questions about alerts. What its answers must come to is said
// by package history.
type AlertReader interface {
	AlertIndex
	// Sums answers a question about sets of alerts, one answer for each set: how many there
	// are, and what their labels come to cluster by cluster. What alerts inherit from the
	// question's cases is worked in, and rules of one set are counted together.
	Sums(ctx context.Context, q *alert.Question) ([]alert.Sums, error)
}

// AlertIndex answers those questions about alerts that it takes the alerts to answer.
type AlertIndex interface {
	AroundReader
	// Known returns, of those of the ids that alerts have which count, what these are known
	// by: by source and site in byte order.
	Known(ctx context.Context, ids []string) (map[string][]alert.Identity, error)
	// Tallies returns what the alerts of the question's days and site count as, of the
	// rules of its sets, or of all where it has none: by rule, then cluster, day, class,
	// provenance and Opened, before anything is inherited. They are many: who can start
	// from Sums does.
	Tallies(ctx context.Context, q *alert.Question) ([]alert.Tally, error)
	// CaseCounts counts the alerts of the question's days that name one of its cases, by
	// case, then rule, class, provenance and Reopened. The question's sets do not matter.
	CaseCounts(ctx context.Context, q *alert.Question) ([]alert.CaseCount, error)
	// Durations counts how long alerts took to be acknowledged and to be closed, by rule,
	// then milestone, Reached last, then Minutes. Of the statements that are known those
	// that count decide. Each alert is counted once for each milestone. A time that no
	// store can keep is fault.Invalid.
	Durations(ctx context.Context, q *alert.Waits) ([]alert.Duration, error)
	// Rules lists the rules that alerts name, each source's by itself, by their keys
	// (alert.RuleKey), with how many alerts each has.
	Rules(ctx context.Context) ([]AlertRule, error)
	// Find returns the alert that counts and has an identity, or else the one that it fits,
	// as Each gives it; fault.NotFound when there is none, and fault.Conflict when there are
	// several.
	Find(ctx context.Context, of alert.Identity) (*alert.Alert, error)
	// Dispositions lists every statement about the alert that has an identity, or else about
	// those that it fits, oldest first, those of withdrawn batches and those that could be of
	// several alerts included and marked. fault.NotFound when nothing arrived of any.
	Dispositions(ctx context.Context, of alert.Identity) ([]alert.Disposition, error)
	// Each yields the alerts of a rule, by its key, of the days from to to, both included, in
	// the order of history.Compare; an unknown day is no bound. Each comes as
	// merged so far; its Disposition has the class, time and provenance under which
	// it counts, by whom and what it repeats, and is nil when it is unlabelled, unless it
	// was said to be open; Second is the second reading that is compared with it. It ends
	// after an error.
	Each(ctx context.Context, rule string, from, to day.Date) iter.Seq2[*alert.Alert, error]
	// All yields the alerts of all rules as Each does those of one, in one order.
	All(ctx context.Context, from, to day.Date) iter.Seq2[*alert.Alert, error]
}

// AlertRule is a rule as the alerts name it.
type AlertRule struct {
	ID string `json:"rule_id"`
	// Source is whose rule the alerts say that it is; empty where they do not.
	Source string `json:"source,omitempty"`
	// Name is what the alert calls the rule that fired last, of those that give a name.
	Name   string    `json:"rule_name,omitempty"`
	Alerts int64     `json:"alerts"`
	First  time.Time `json:"first"`
	Last   time.Time `json:"last"`
	// Batches are those that brought one of the alerts to the rule, or news of it since; in
	// the place of such as are merged, the merged file.
	Batches []string `json:"batches"`
	// Sites are those that the alerts name, in byte order.
	Sites []string `json:"sites,omitempty"`
}
