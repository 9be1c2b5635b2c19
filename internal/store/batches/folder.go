package batches

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"candor/internal/durable"
	"candor/internal/fault"
	"candor/internal/store"
	"candor/internal/store/batchfile"
)

// The names within the folder of batch files.
const (
	suffix    = ".parquet"
	withdrawn = ".withdrawn.json"
	expired   = ".expired.json"
	incoming  = ".incoming" + suffix
	merging   = ".merging" + suffix
	next      = ".next-"         // begins the names of files that take the place of others
	expiring  = ".expiring.json" // an expiry that has to be finished
	doubted   = ".doubted"       // why the index is to be built anew
	merged    = "merged-"        // begins the names of merged files
	retention = "retention-"     // begins the IDs of expiries
)

// TipName is the name of the file that says how far the folder has come; it changes with
// each batch and each withdrawal.
const TipName = "last.json"

// Known refuses, with fault.Unavailable, a folder that a newer candor wrote. It need not be
// there.
func Known(dir string) error {
	_, err := folder{dir}.tip()
	if fault.KindOf(err) == fault.Unavailable {
		return err
	}
	return nil
}

// tipFormat is the version of the folder's form. In version 1, which is written for as
// long as it says all there is, each batch lies in a file of its own, whole.
const tipFormat = 2

// tipFile is what the folder says of its tip, so that it is noticed when a file at the
// end is gone.
type tipFile struct {
	Format int `json:"format"`
	Tip
}

// folder is the folder of batch files.
type folder struct{ dir string }

// onDisk is a file in the folder.
type onDisk struct {
	id   string
	size int64
	time time.Time
}

func (f folder) path(id string) string { return filepath.Join(f.dir, id+suffix) }

// fits refuses an ID that cannot be the name of a file on every system.
func fits(id string) error {
	ok := id != "" && len(id) <= 200 && id[0] != '.' && id[0] != '-' && !strings.HasPrefix(strings.ToLower(id), merged)
	for _, c := range id {
		ok = ok && (c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || strings.ContainsRune("-_.", c))
	}
	if !ok {
		return fault.New(fault.Invalid, "%q is no id of a batch: it takes letters, digits, dots, dashes and underscores, and does not begin with %s", id, merged)
	}
	return nil
}

// listing is what lies in the folder: the batch files by name, the IDs of the batches
// that are said to be withdrawn, and those of expiries.
type listing struct {
	files    map[string]onDisk
	gone     []string
	expiries []string
}

// list lists the folder.
func (f folder) list() (l listing, err error) {
	names, err := os.ReadDir(f.dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return l, unreadable(f.dir, err)
	}
	l.files = map[string]onDisk{}
	for _, n := range names {
		if strings.HasPrefix(n.Name(), ".") {
			continue
		}
		if id, ok := strings.CutSuffix(n.Name(), withdrawn); ok {
			l.gone = append(l.gone, id)
		}
		if id, ok := strings.CutSuffix(n.Name(), expired); ok {
			l.expiries = append(l.expiries, id)
		}
		id, ok := strings.CutSuffix(n.Name(), suffix)
		if !ok {
			continue
		}
		info, err := n.Info()
		if errors.Is(err, fs.ErrNotExist) {
			continue // it was merged into another one while it was looked at
		}
		if err != nil {
			return l, unreadable(filepath.Join(f.dir, n.Name()), err)
		}
		l.files[id] = onDisk{id: id, size: info.Size(), time: info.ModTime().UTC()}
	}
	return l, nil
}

func unreadable(path string, err error) error {
	return fault.New(fault.Unavailable, "the folder of batch files cannot be read").At("%s", path).Because(err).Next("check that you may read it")
}

// withdrawal reads the withdrawal of a batch.
func (f folder) withdrawal(id string) (*store.Withdrawal, error) {
	path := filepath.Join(f.dir, id+withdrawn)
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, unreadable(path, err)
	}
	w := &store.Withdrawal{}
	err = json.Unmarshal(text, w)
	if again, bad := encodeWithdrawal(w); err != nil || bad != nil || !bytes.Equal(again, text) {
		return nil, fault.New(fault.Conflict, "the withdrawal of batch %s is damaged", id).At("%s", path).Because(err).Next("put the file back from a backup")
	}
	return w, nil
}

// encodeWithdrawal returns what the file of a withdrawal holds.
func encodeWithdrawal(w *store.Withdrawal) ([]byte, error) {
	text, err := json.Marshal(w)
	return append(text, '\n'), err
}

// tip reads how far the folder has come.
func (f folder) tip() (Tip, error) {
	path := filepath.Join(f.dir, TipName)
	text, err := os.ReadFile(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return Tip{}, nil
	case err != nil:
		return Tip{}, unreadable(path, err)
	}
	var t tipFile
	if err := json.Unmarshal(text, &t); err != nil || t.Format < 1 {
		return Tip{}, fault.New(fault.Conflict, "the note of what landed last is damaged").At("%s", path).Because(err).Next("put the file back from a backup")
	}
	if t.Format > tipFormat {
		return Tip{}, fault.New(fault.Unavailable, "a newer candor wrote it: the folder of batch files has format %d, and this candor knows %d", t.Format, tipFormat).At("%s", path).
			Next("use a candor as new as the one that wrote it")
	}
	return t.Tip, nil
}

// setTip writes how far the folder has come.
func (f folder) setTip(t Tip) error {
	t.Folder = ""
	format := 1
	if t.Merges+t.Expiries > 0 {
		format = tipFormat
	}
	text, err := json.Marshal(tipFile{format, t})
	if err != nil {
		return err
	}
	return durable.Write(filepath.Join(f.dir, TipName), append(text, '\n'), 0o600)
}

// looked is of how many files the system is asked, at most, whenever a folder is opened.
const looked = 2048

// state returns what the system says of the files in the folder, empty when it says
// nothing: of each the size and when it was changed, or, of very many, when one came or
// went last. It is the same as before where nothing was changed.
func (f folder) state() string {
	d, err := os.Open(f.dir)
	if err != nil {
		return ""
	}
	defer d.Close()
	files, err := d.ReadDir(looked + 1)
	if len(files) > looked {
		if info, err := d.Stat(); err == nil {
			return "folder " + info.ModTime().UTC().Format(time.RFC3339Nano)
		}
	}
	if err != nil {
		return ""
	}
	slices.SortFunc(files, func(x, y fs.DirEntry) int { return strings.Compare(x.Name(), y.Name()) })
	h := sha256.New()
	for _, e := range files {
		if ext := filepath.Ext(e.Name()); e.Name()[0] == '.' || ext != suffix && ext != ".json" || e.Name() == TipName {
			continue
		}
		info, err := e.Info()
		if err != nil {
			return ""
		}
		fmt.Fprintln(h, e.Name(), info.Size(), info.ModTime().UnixNano())
	}
	return "files " + hex.EncodeToString(h.Sum(nil))
}

// called is how a file of the folder is spoken of.
func called(name string) string {
	if strings.HasPrefix(name, merged) {
		return "the merged file " + name
	}
	return "the file of batch " + name
}

// swapped says that a file is not the one that was recorded.
func (f folder) swapped(name, why string) error {
	return fault.New(fault.Conflict, "%s is not the one that was written: %s", called(name), why).At("%s", f.path(name)).
		Next("candor ledger verify names every file that is not as it was; put it back from a backup")
}

// missing says that a file is gone.
func (f folder) missing(name string) error {
	return fault.New(fault.Conflict, "%s is missing, and without it no count can be trusted", called(name)).At("%s", f.path(name)).
		Next("candor ledger verify names every file that is not as it was; put it back from a backup")
}

// held returns what is to be noted of the batches in a file, whose hash it computes; that
// it returns also with an error, if the file can be read.
func (f folder) held(ctx context.Context, e onDisk, gone map[string]*store.Withdrawal) (list []Held, sum string, err error) {
	if sum, err = batchfile.Sum(ctx, f.path(e.id)); err != nil {
		return nil, "", err
	}
	b, err := batchfile.Open(f.path(e.id))
	if err != nil {
		return nil, sum, err
	}
	defer b.Close()
	if !strings.HasPrefix(e.id, merged) && (len(b.Heads) != 1 || b.Heads[0].Batch.ID != e.id) {
		return nil, sum, f.swapped(e.id, "it is the file of batch "+b.Heads[0].Batch.ID)
	}
	for _, head := range b.Heads {
		list = append(list, heldOf(e, sum, head, gone[head.Batch.ID]))
	}
	return list, sum, nil
}

// heldOf returns what is to be noted of a batch in a file.
func heldOf(e onDisk, sum string, head batchfile.Head, w *store.Withdrawal) Held {
	h := Held{Number: head.Number, Rows: head.Rows, Size: e.size, Time: e.time, Batch: head.Batch}
	b := &h.Batch
	b.Content, b.RowsHash, b.Withdrawn = sum, head.RowsHash, w
	if l := head.Landed; l != nil {
		b.Content, b.RowsHash, b.Expired = l.SHA256, l.RowsHash, l.Rows-head.Rows
		h.Now = &store.Lying{File: e.id, SHA256: sum, Rows: head.Rows, RowsHash: head.RowsHash}
		if strings.HasPrefix(e.id, merged) {
			b.Merged = e.id
		}
	}
	return h
}
