package sqlite

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"time"

	"candor/internal/attack"
	"candor/internal/store"
)

// head is what a library says of a release, as it is hashed. It stays as it is
// whatever else is known of releases later: the ledger has hashes over it.
type head struct {
	Domain    string    `json:"domain"`
	Version   string    `json:"version"`
	STIX      string    `json:"stix_version"`
	FileHash  string    `json:"file_sha256"`
	Source    string    `json:"source"`
	Size      int64     `json:"bytes"`
	Objects   int       `json:"objects"`
	Published string    `json:"published"`
	Imported  time.Time `json:"imported"`
	Verified  string    `json:"verified"`
	Own       string    `json:"own"`
}

// contentOf hashes what a library keeps of a release: what it says of the release and
// the oddities, each a JSON text behind its length, and between them the number of
// objects and the SHA-256 of the bytes of each, in the order of the bundle.
func contentOf(r attack.Release, own string, sums [][sha256.Size]byte, odd []store.Oddity) (string, error) {
	head, err := json.Marshal(head{
		r.Domain, r.Version, r.STIX, r.FileHash, r.Source, r.Size, r.Objects, r.Published, r.Imported.UTC(), r.Verified, own,
	})
	if err != nil {
		return "", err
	}
	tail, err := json.Marshal(append([]store.Oddity{}, odd...))
	if err != nil {
		return "", err
	}
	b := binary.AppendUvarint(sealText(nil, head), uint64(len(sums)))
	for i := range sums {
		b = append(b, sums[i][:]...)
	}
	sum := sha256.Sum256(sealText(b, tail))
	return hex.EncodeToString(sum[:]), nil
}

// Content reads the bytes of every object of a release; see store.LibraryCustody.
func (l *Library) Content(ctx context.Context, r attack.Release) (string, error) {
	e, err := l.edition(ctx, r)
	if err != nil {
		return "", err
	}
	v := &view{ids: e.members.ids()}
	wanted := make([]int32, len(v.ids))
	for i := range wanted {
		wanted[i] = int32(i)
	}
	sums := make([][sha256.Size]byte, len(v.ids))
	err = l.visit(ctx, v, wanted, func(p *pack, wanted []int32) error {
		for _, n := range wanted {
			sums[n] = sha256.Sum256(p.object(v.ids[n]))
		}
		return nil
	})
	if err != nil {
		return "", fmt.Errorf("hash %s: %w", r, err)
	}
	odd, err := l.Oddities(ctx, r)
	if err != nil {
		return "", err
	}
	var own string
	said := e.release
	// What the import found of the file's hash is kept; what is known of it by now is not.
	if err := l.db.QueryRowContext(ctx, `SELECT own, verified FROM release WHERE id = ?`, e.id).Scan(&own, &said.Verified); err != nil {
		return "", fmt.Errorf("hash %s: %w", r, err)
	}
	return contentOf(said, own, sums, odd)
}

// keptRelease is a row of the table of releases, and what belongs to it.
type keptRelease struct {
	attack.Release
	id      int64
	own     string // what a team's own collection says of itself
	members []byte
	odd     []store.Oddity
	view    []byte
}

// releases compares what each release says with the objects that it carries.
func (a *libraryAudit) releases(ctx context.Context) error {
	byID := map[int64]*keptRelease{}
	var list []*keptRelease
	err := eachRow(ctx, a.tx, func(row []any) error {
		k := a.release(row)
		byID[k.id], list = k, append(list, k)
		return nil
	}, `SELECT id, domain, version, stix, file_hash, source, size, objects, published, imported, verified, members, own FROM release ORDER BY id`)
	if err != nil {
		return err
	}
	if err := a.oddities(ctx, byID); err != nil {
		return err
	}
	err = eachRow(ctx, a.tx, func(row []any) error {
		id, _ := row[0].(int64)
		if k := byID[id]; k != nil {
			k.view, _ = row[1].([]byte)
		} else {
			a.amiss("there is a view of a release that is not there (%v)", row[0])
		}
		return nil
	}, `SELECT release, data FROM release_view`)
	if err != nil {
		return err
	}
	for _, k := range list {
		if err := ctx.Err(); err != nil {
			return err
		}
		kept := store.AuditedRelease{Release: k.Release}
		if kept.Content, err = a.recompute(k); err != nil {
			return err
		}
		a.Releases = append(a.Releases, kept)
	}
	return nil
}

// release reads a row of the table of releases.
func (a *libraryAudit) release(row []any) *keptRelease {
	k := &keptRelease{}
	texts := map[int]*string{1: &k.Domain, 2: &k.Version, 3: &k.STIX, 4: &k.FileHash, 5: &k.Source, 8: &k.Published, 10: &k.Verified, 12: &k.own}
	k.id, _ = row[0].(int64)
	k.Size, _ = row[6].(int64)
	objects, ok := row[7].(int64)
	k.Objects = int(objects)
	imported, _ := row[9].(string)
	k.members, _ = row[11].([]byte)
	for i, to := range texts {
		var is bool
		*to, is = row[i].(string)
		ok = ok && is
	}
	var err error
	k.Imported, err = time.Parse(time.RFC3339Nano, imported)
	if !ok || err != nil || imported != k.Imported.UTC().Format(time.RFC3339Nano) {
		a.amissOf(k.Release, "the row of %s cannot be read", k.Release)
	}
	return k
}

// oddities reads what imports met.
func (a *libraryAudit) oddities(ctx context.Context, byID map[int64]*keptRelease) error {
	return eachRow(ctx, a.tx, func(row []any) error {
		id, _ := row[0].(int64)
		k := byID[id]
		if k == nil {
			a.amiss("there is an oddity of a release that is not there (%v)", row[0])
			return nil
		}
		seq, _ := row[1].(int64)
		var texts [3]string
		ok := int(seq) == len(k.odd)
		for i := range texts {
			var is bool
			texts[i], is = row[i+2].(string)
			ok = ok && is
		}
		if !ok {
			a.amissOf(k.Release, "an oddity of %s (%v) cannot be read, or one before it is gone", k.Release, row[1])
		}
		k.odd = append(k.odd, store.Oddity{StixID: texts[0], ATTACKID: texts[1], What: texts[2]})
		return nil
	}, `SELECT release, seq, stix_id, attack_id, what FROM oddity ORDER BY release, seq`)
}

// recompute makes anew what is derived of a release and compares it, and returns the
// hash of what is kept. It is empty when that cannot be read whole.
func (a *libraryAudit) recompute(k *keptRelease) (string, error) {
	ids, ok := a.carries(k)
	if !ok {
		return "", nil
	}
	items := make([]*item, len(ids))
	sums := make([][sha256.Size]byte, len(ids))
	unread := 0
	for i, id := range ids {
		a.carried[id] = true
		o := a.objects[id]
		if o == nil {
			unread++
			continue
		}
		items[i], sums[i] = o.item, o.sum
		if o.worded != nil {
			items[i].card.wording = o.worded.id
		}
	}
	if unread > 0 {
		a.amissOf(k.Release, "%d of the objects of %s are missing or cannot be read", unread, k.Release)
		return "", nil
	}
	if plain, err := a.l.unzip.DecodeAll(k.view, nil); err != nil || !bytes.Equal(plain, newView(items).write()) {
		a.amissOf(k.Release, "what lists and relations of %s are read from does not follow from its objects", k.Release)
	}
	return contentOf(k.Release, k.own, sums, k.odd)
}

// carries returns the snapshots that a release carries, in the order of the bundle.
func (a *libraryAudit) carries(k *keptRelease) ([]uint32, bool) {
	m, ok := unpackMembers(k.members)
	// A row that was tampered with may claim more than memory holds.
	if !ok || m.length != k.Objects || m.length > len(a.rows)+1<<20 {
		a.amissOf(k.Release, "which objects %s carries cannot be read", k.Release)
		return nil, false
	}
	ids := m.ids()
	if !bytes.Equal(packMembers(ids), k.members) {
		a.amissOf(k.Release, "which objects %s carries is written otherwise than candor does", k.Release)
	}
	return ids, true
}
