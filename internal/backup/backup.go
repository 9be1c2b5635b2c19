// Package backup packs a data folder into one file and unpacks it again.
//
// A backup is a gzip of a tar archive. Its first entry is the manifest, with the
// SHA-256 of every other. A backup appears under its name when it is whole, and a
// restored folder when every byte of it was checked. The package refuses to
// overwrite a backup, to restore into a folder that holds anything, and to unpack
// what the manifest does not name.
package backup

import (
	"archive/tar"
	"cmp"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"candor/internal/fault"
	"candor/internal/ledger"
	"candor/internal/scratch"
)

// manifestName is the first entry of a backup.
const manifestName = "manifest.json"

// kind and version say what a manifest is of.
const (
	kind    = "candor-backup"
	version = 1
)

// Manifest says what a backup holds.
type Manifest struct {
	Kind    string `json:"kind"`    // "candor-backup"
	Version int    `json:"version"` // of this format
	// Made is when, and Candor by which version.
	Made   time.Time `json:"made"`
	Candor string    `json:"candor"`
	// Ledger is the root of the ledger in it.
	Ledger ledger.Root `json:"ledger"`
	Files  []File      `json:"files"`
}

// File is one file of a backup.
type File struct {
	Name   string `json:"name"` // with slashes
	Size   int64  `json:"size"`
	SHA256 string `json:"sha256"`
}

// Part is a store that copies itself.
type Part struct {
	// Name is that of its file in the data folder.
	Name string
	// CopyTo writes a consistent copy to a new file.
	CopyTo func(ctx context.Context, path string) error
}

// Job is a backup to make.
type Job struct {
	// To is the path of the backup, which must not be there yet.
	To string
	// Dir is the data folder.
	Dir   string
	Parts []Part
	// Still runs a function, with the root of the ledger, while nothing lands in the
	// data folder.
	Still func(ctx context.Context, f func(ledger.Root) error) error
	// Copying, if set, keeps the files of the folders as they are until release is called;
	// others may be added.
	Copying func(ctx context.Context) (release func(), err error)
	// Made and Candor go into the manifest.
	Made   time.Time
	Candor string
}

// folders are the folders of a data folder whose files are part of it; files are
// those that lie beside the stores.
var folders, files = [...]string{"assessments", "rejects", "alerts"}, [...]string{"policy.yaml", "names.json", "alerts/last.json"}

// stores are the files of stores that a data folder may have.
var stores = [...]string{"library.db", "evidence.db"}

// Write makes a backup. It is fault.Conflict when its file is there already.
func Write(ctx context.Context, j Job) (Manifest, error) {
	if _, err := os.Lstat(j.To); err == nil {
		return Manifest{}, fault.New(fault.Conflict, "the file is there already").At("%s", j.To).Next("name a new file; a backup is never overwritten")
	}
	temp, err := scratch.Make(filepath.Dir(j.To), madeIn)
	if err != nil {
		return Manifest{}, unwritable(j.To, err)
	}
	defer temp.Remove()
	if err := j.mark(); err != nil {
		return Manifest{}, unwritable(j.To, err)
	}
	defer j.unmark()
	if j.Copying != nil {
		release, err := j.Copying(ctx)
		if err != nil {
			return Manifest{}, err
		}
		defer release()
	}
	stage := temp.Path()
	m := Manifest{Kind: kind, Version: version, Made: j.Made.UTC(), Candor: j.Candor, Files: []File{}}
	var where map[string]string // of each file
	err = j.Still(ctx, func(root ledger.Root) error {
		m.Ledger = root
		where, err = j.stage(ctx, stage)
		return err
	})
	if err != nil {
		return Manifest{}, err
	}
	for name, at := range where {
		f, err := describe(ctx, name, at)
		if err != nil {
			return Manifest{}, err
		}
		m.Files = append(m.Files, f)
	}
	slices.SortFunc(m.Files, func(x, y File) int { return strings.Compare(x.Name, y.Name) })
	return m, pack(ctx, j.To, filepath.Join(stage, "packed"), m, where)
}

// stage copies what changes into a folder, and returns where each file of the
// backup lies.
func (j *Job) stage(ctx context.Context, dir string) (where map[string]string, err error) {
	where = map[string]string{}
	for _, p := range j.Parts {
		where[p.Name] = filepath.Join(dir, p.Name)
		err := p.CopyTo(ctx, where[p.Name])
		var said *fault.Error
		switch {
		case ctx.Err() != nil || errors.As(err, &said):
			return nil, cmp.Or(ctx.Err(), err)
		case err != nil:
			return nil, unwritable(j.To, err)
		}
	}
	for _, name := range files {
		b, err := os.ReadFile(filepath.Join(j.Dir, name))
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		where[name] = filepath.Join(dir, filepath.Base(name))
		if err = errors.Join(err, os.WriteFile(where[name], b, 0o600)); err != nil {
			return nil, unwritable(j.To, err)
		}
	}
	return where, inFolders(j.Dir, where)
}

func unwritable(path string, err error) error {
	return fault.New(fault.Unavailable, "the backup cannot be written").At("%s", path).Because(err).
		Next("check the space left and the permissions of the folder, and with candor ledger verify that the stores are whole")
}

// inFolders adds the files of the folders but for those that are there, which are
// changed; the others never are.
func inFolders(dir string, where map[string]string) error {
	for _, folder := range folders {
		entries, err := os.ReadDir(filepath.Join(dir, folder))
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fault.New(fault.Unavailable, "the folder cannot be read").At("%s", filepath.Join(dir, folder)).Because(err).Next("check that you may read it")
		}
		for _, e := range entries {
			name := path.Join(folder, e.Name())
			if where[name] == "" && e.Type().IsRegular() && !strings.HasPrefix(e.Name(), ".") {
				where[name] = filepath.Join(dir, folder, e.Name())
			}
		}
	}
	return nil
}

// describe hashes a file.
func describe(ctx context.Context, name, at string) (File, error) {
	f, err := os.Open(at)
	if err != nil {
		return File{}, fault.New(fault.Unavailable, "the file cannot be read").At("%s", at).Because(err).Next("check that you may read it")
	}
	defer f.Close()
	h := sha256.New()
	n, err := io.Copy(h, until(ctx, f))
	if err != nil {
		return File{}, fmt.Errorf("read %s: %w", at, err)
	}
	return File{Name: name, Size: n, SHA256: hex.EncodeToString(h.Sum(nil))}, nil
}

// pack writes the archive to temp and gives it its name when it is whole.
func pack(ctx context.Context, to, temp string, m Manifest, where map[string]string) error {
	out, err := os.OpenFile(temp, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return unwritable(to, err)
	}
	err = fill(ctx, out, m, where)
	if err := errors.Join(err, out.Sync(), out.Close()); err != nil {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		return unwritable(to, err)
	}
	// A link, unlike a rename, does not overwrite what came meanwhile; not every
	// file system has links.
	err = os.Link(temp, to)
	if err != nil && !errors.Is(err, fs.ErrExist) {
		err = os.Rename(temp, to)
	}
	if err != nil {
		return unwritable(to, err)
	}
	return nil
}

func fill(ctx context.Context, out io.Writer, m Manifest, where map[string]string) error {
	z, err := gzip.NewWriterLevel(out, gzip.BestSpeed)
	if err != nil {
		return err
	}
	t := tar.NewWriter(z)
	head, err := json.MarshalIndent(m, "", "  ")
	if err != nil {
		return err
	}
	if err := enter(t, manifestName, int64(len(head)), m.Made); err != nil {
		return err
	}
	if _, err := t.Write(head); err != nil {
		return err
	}
	for _, f := range m.Files {
		if err := enter(t, f.Name, f.Size, m.Made); err != nil {
			return err
		}
		if err := add(ctx, t, where[f.Name]); err != nil {
			return err
		}
	}
	return errors.Join(t.Close(), z.Close())
}

func enter(t *tar.Writer, name string, size int64, made time.Time) error {
	return t.WriteHeader(&tar.Header{Typeflag: tar.TypeReg, Name: name, Size: size, Mode: 0o600, ModTime: made.Truncate(time.Second)})
}

func add(ctx context.Context, t *tar.Writer, at string) error {
	f, err := os.Open(at)
	if err != nil {
		return err
	}
	defer f.Close()
	_, err = io.Copy(t, until(ctx, f))
	return err
}

// until reads from r until ctx ends.
func until(ctx context.Context, r io.Reader) io.Reader { return &reader{ctx, r} }

type reader struct {
	ctx context.Context
	r   io.Reader
}

func (r *reader) Read(p []byte) (int, error) {
	if err := r.ctx.Err(); err != nil {
		return 0, err
	}
	return r.r.Read(p)
}
