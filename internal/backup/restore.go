package backup

import (
	"archive/tar"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"candor/internal/durable"
	"candor/internal/fault"
	"candor/internal/scratch"
)

// maxManifest bounds the manifest, and maxBehind what may follow the archive, in bytes.
const (
	maxManifest = 64 << 20
	maxBehind   = 1 << 20
)

// Restoration is a backup to unpack.
type Restoration struct {
	// File is the backup, and Dir the data folder, which must be empty or not there.
	File, Dir string
	// Begin, which may be nil, is told what is in the backup before it is unpacked.
	Begin func(Manifest)
	// Check looks at what was unpacked, in a folder that nobody knows yet. An error of
	// it ends the restore.
	Check func(ctx context.Context, dir string, m Manifest) error
}

// Restore unpacks a backup. The data folder appears when every file in it is the one
// that the manifest names, and has been checked; a restore that fails leaves nothing.
// Faults: NotFound without a backup, Conflict for a folder that holds anything, Invalid
// for a backup that is damaged, Unavailable for one that the disk has no room for.
func Restore(ctx context.Context, r Restoration) (m Manifest, err error) {
	in, err := os.Open(r.File)
	if err != nil {
		return Manifest{}, fault.New(fault.NotFound, "the backup cannot be read").At("%s", r.File).Because(err).Next("check the path")
	}
	defer in.Close()
	if err := vacant(r.Dir); err != nil {
		return Manifest{}, err
	}
	parent := filepath.Dir(filepath.Clean(r.Dir))
	made, err := makeAll(parent)
	defer func() {
		if err != nil {
			for _, dir := range slices.Backward(made) {
				_ = os.Remove(dir) // unless something else is in it by now
			}
		}
	}()
	if err != nil {
		return Manifest{}, unmakeable(r.Dir, err)
	}
	stage, err := scratch.Make(parent, restoredIn)
	if err != nil {
		return Manifest{}, unmakeable(r.Dir, err)
	}
	defer stage.Remove() // does nothing once it has its name
	u := &unpacking{ctx: ctx, file: r.File, dir: stage.Path(), begin: r.Begin}
	if m, err = u.unpack(in); err != nil {
		return Manifest{}, err
	}
	if err = r.Check(ctx, stage.Path(), m); err != nil {
		return Manifest{}, err
	}
	if err = os.Chmod(stage.Path(), 0o750); err != nil {
		return Manifest{}, unmakeable(r.Dir, err)
	}
	if err = os.Remove(r.Dir); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return Manifest{}, unmakeable(r.Dir, err)
	}
	if err = stage.Rename(r.Dir); err != nil {
		return Manifest{}, unmakeable(r.Dir, err)
	}
	return m, nil
}

// makeAll makes a folder and those above it, and returns those that it made, the
// highest first.
func makeAll(dir string) (made []string, err error) {
	var missing []string
	for at := filepath.Clean(dir); ; at = filepath.Dir(at) {
		if _, err := os.Stat(at); !errors.Is(err, fs.ErrNotExist) {
			break
		}
		missing = append(missing, at)
	}
	for _, at := range slices.Backward(missing) {
		if err := os.Mkdir(at, 0o750); err != nil && !errors.Is(err, fs.ErrExist) {
			return made, err
		}
		made = append(made, at)
	}
	return made, nil
}

func unmakeable(dir string, err error) error {
	return fault.New(fault.Unavailable, "the data folder cannot be made").At("%s", dir).Because(err).
		Next("check the space left and the permissions of the folder above it")
}

// vacant refuses a folder that holds anything.
func vacant(dir string) error {
	entries, err := os.ReadDir(dir)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return fault.New(fault.Conflict, "the data folder cannot be looked into").At("%s", dir).Because(err).Next("name a new folder with --data")
	case len(entries) > 0:
		return fault.New(fault.Conflict, "the folder is not empty").At("%s", dir).Next("name a new folder with --data; a restore never overwrites")
	}
	return nil
}

// unpacking is a restore under way.
type unpacking struct {
	ctx       context.Context
	file, dir string
	begin     func(Manifest)
	tar       *tar.Reader
}

func (u *unpacking) damaged(format string, args ...any) *fault.Error {
	return fault.New(fault.Invalid, "the backup is damaged: "+format, args...).At("%s", u.file).
		Next("use another copy of it; nothing was restored")
}

func (u *unpacking) unpack(in io.Reader) (Manifest, error) {
	z, err := gzip.NewReader(in)
	if err != nil {
		return Manifest{}, u.damaged("not gzip").Because(err)
	}
	u.tar = tar.NewReader(until(u.ctx, z))
	m, err := u.manifest()
	if err != nil {
		return Manifest{}, err
	}
	wanted, err := u.wanted(m)
	if err != nil {
		return Manifest{}, err
	}
	if u.begin != nil {
		u.begin(m)
	}
	for {
		head, err := u.tar.Next()
		if err == io.EOF {
			break
		}
		if err != nil {
			return Manifest{}, u.because("the archive ends early", err)
		}
		f, ok := wanted[head.Name]
		if !ok || head.Typeflag != tar.TypeReg {
			return Manifest{}, u.damaged("the manifest does not name %q", head.Name)
		}
		if head.Size != f.Size {
			return Manifest{}, u.damaged("%s is not the file that the manifest names", f.Name)
		}
		delete(wanted, head.Name)
		if err := u.write(f); err != nil {
			return Manifest{}, err
		}
	}
	for name := range wanted {
		return Manifest{}, u.damaged("%s is missing", name)
	}
	// What follows the archive is checked by gzip's own sum. It is next to nothing.
	n, err := io.Copy(io.Discard, io.LimitReader(until(u.ctx, z), maxBehind))
	if err != nil {
		return Manifest{}, u.because("it ends early", err)
	}
	if n == maxBehind {
		return Manifest{}, u.damaged("more follows its archive than belongs there")
	}
	return m, nil
}

// wanted returns the files that the manifest names. It refuses one that names others
// than a data folder has, or more than the disk has room for.
func (u *unpacking) wanted(m Manifest) (map[string]File, error) {
	wanted, all := map[string]File{}, int64(0)
	for _, f := range m.Files {
		if _, twice := wanted[f.Name]; twice || !fit(f.Name) || f.Size < 0 || all > math.MaxInt64-f.Size {
			return nil, u.damaged("%q is no file of a data folder", f.Name)
		}
		wanted[f.Name] = f
		all += f.Size
	}
	if _, there := wanted["evidence.db"]; !there || m.Ledger.Hash == "" {
		return nil, u.damaged("it has no ledger, or does not name its root")
	}
	if room, known := durable.Free(u.dir); known && all > room {
		return nil, fault.New(fault.Unavailable, "the backup unpacks to %d bytes, and the disk has room for %d", all, room).At("%s", u.file).
			Next("make room, or restore to another disk with --data; nothing was restored")
	}
	return wanted, nil
}

// because says that the context ended, or what is damaged.
func (u *unpacking) because(what string, err error) error {
	if u.ctx.Err() != nil {
		return u.ctx.Err()
	}
	return u.damaged("%s", what).Because(err)
}

// manifest reads the first entry.
func (u *unpacking) manifest() (Manifest, error) {
	var m Manifest
	head, err := u.tar.Next()
	if err != nil {
		return m, u.because("it holds no archive", err)
	}
	if head.Name != manifestName || head.Size > maxManifest {
		return m, u.damaged("its first entry is no manifest")
	}
	b, err := io.ReadAll(u.tar)
	if err != nil {
		return m, u.because("its manifest ends early", err)
	}
	if err := json.Unmarshal(b, &m); err != nil {
		return m, u.damaged("its manifest cannot be read").Because(err)
	}
	if m.Kind != kind {
		return m, fault.New(fault.Invalid, "not a backup of Candor").At("%s", u.file).Next("name a file that candor backup made")
	}
	if m.Version != version {
		return m, fault.New(fault.Invalid, "the backup is of format %d, and this candor reads format %d", m.Version, version).At("%s", u.file).
			Next("use a candor as new as the one that made it (%s)", m.Candor)
	}
	return m, nil
}

// fit reports whether a name is one that a data folder has.
func fit(name string) bool {
	if name != path.Clean(name) || !filepath.IsLocal(name) || strings.Contains(name, `\`) || strings.HasPrefix(path.Base(name), ".") {
		return false
	}
	dir, _ := path.Split(name)
	if dir == "" {
		return slices.Contains(files[:], name) || slices.Contains(stores[:], name)
	}
	return slices.Contains(folders[:], strings.TrimSuffix(dir, "/"))
}

// write unpacks the file that the archive is at, and checks it.
func (u *unpacking) write(f File) error {
	at := filepath.Join(u.dir, filepath.FromSlash(f.Name))
	if err := os.MkdirAll(filepath.Dir(at), 0o750); err != nil {
		return unmakeable(u.dir, err)
	}
	out, err := os.OpenFile(at, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return unmakeable(u.dir, err)
	}
	h := sha256.New()
	n, err := io.Copy(io.MultiWriter(out, h), u.tar)
	if err := errors.Join(err, out.Sync(), out.Close()); err != nil {
		var disk *fs.PathError
		if errors.As(err, &disk) {
			return unmakeable(u.dir, err)
		}
		return u.because(fmt.Sprintf("%s cannot be unpacked", f.Name), err)
	}
	if n != f.Size || hex.EncodeToString(h.Sum(nil)) != f.SHA256 {
		return u.damaged("%s is not the file that the manifest names", f.Name)
	}
	return nil
}
