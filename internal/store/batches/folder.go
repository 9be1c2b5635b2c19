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
	incoming  = ".incoming" + suffix
	doubted   = ".doubted" // why the index is to be built anew
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

// tipFormat is the version of the folder's form.
const tipFormat = 1

// tipFile is what the folder says of its tip, so that it is noticed when a file at the
// end is gone.
type tipFile struct {
	Format int `json:"format"`
	Tip
}

// folder is the folder of batch files.
type folder struct{ dir string }

// entry is a file in the folder.
type entry struct {
	id   string
	size int64
	time time.Time
}

func (f folder) path(id string) string { return filepath.Join(f.dir, id+suffix) }

// fits refuses an ID that cannot be the name of a file on every system.
func fits(id string) error {
	ok := id != "" && len(id) <= 200 && id[0] != '.' && id[0] != '-'
	for _, c := range id {
		ok = ok && (c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || strings.ContainsRune("-_.", c))
	}
	if !ok {
		return fault.New(fault.Invalid, "%q is no id of a batch: it takes letters, digits, dots, dashes and underscores", id)
	}
	return nil
}

// list returns the batch files by the IDs of their batches, and the IDs of those that
// are said to be withdrawn.
func (f folder) list() (files map[string]entry, gone []string, err error) {
	names, err := os.ReadDir(f.dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, nil, unreadable(f.dir, err)
	}
	files = map[string]entry{}
	for _, n := range names {
		if strings.HasPrefix(n.Name(), ".") {
			continue
		}
		if id, ok := strings.CutSuffix(n.Name(), withdrawn); ok {
			gone = append(gone, id)
		}
		id, ok := strings.CutSuffix(n.Name(), suffix)
		if !ok {
			continue
		}
		info, err := n.Info()
		if err != nil {
			return nil, nil, unreadable(filepath.Join(f.dir, n.Name()), err)
		}
		files[id] = entry{id: id, size: info.Size(), time: info.ModTime().UTC()}
	}
	return files, gone, nil
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
	text, err := json.Marshal(tipFile{tipFormat, t})
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
		if ext := filepath.Ext(e.Name()); e.Name()[0] == '.' || ext != suffix && !strings.HasSuffix(e.Name(), withdrawn) {
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

// head reads the row of the batch that a file is of.
func (f folder) head(id string) (batchfile.Head, error) {
	b, err := batchfile.Open(f.path(id))
	if err != nil {
		return batchfile.Head{}, err
	}
	defer b.Close()
	if len(b.Heads) != 1 || b.Heads[0].Batch.ID != id {
		return batchfile.Head{}, f.swapped(id, "it is the file of batch "+b.Heads[0].Batch.ID)
	}
	return b.Heads[0], nil
}

// swapped says that a file is not the one that was recorded.
func (f folder) swapped(id, why string) error {
	return fault.New(fault.Conflict, "the file of batch %s is not the one that was written: %s", id, why).At("%s", f.path(id)).
		Next("candor ledger verify names every file that is not as it was; put it back from a backup")
}

// missing says that a file is gone.
func (f folder) missing(id string) error {
	return fault.New(fault.Conflict, "the file of batch %s is missing, and without it no count can be trusted", id).At("%s", f.path(id)).
		Next("candor ledger verify names every file that is not as it was; put it back from a backup")
}

// held returns what is to be noted of a file, whose hash it computes; that it returns also
// with an error, if the file can be read.
func (f folder) held(ctx context.Context, e entry, w *store.Withdrawal) (Held, error) {
	sum, err := batchfile.Sum(ctx, f.path(e.id))
	if err != nil {
		return Held{}, err
	}
	head, err := f.head(e.id)
	h := Held{Number: head.Number, Rows: head.Rows, Size: e.size, Time: e.time, Batch: head.Batch}
	h.Batch.Content, h.Batch.RowsHash, h.Batch.Withdrawn = sum, head.RowsHash, w
	return h, err
}
