package backup_test

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"candor/internal/backup"
	"candor/internal/fault"
	"candor/internal/ledger"
)

func root() ledger.Root { return ledger.Root{Size: 3, Hash: strings.Repeat("ab", 32)} }

// folder is a data folder of plain files, with one part that copies itself.
func folder(t *testing.T) (dir string, j backup.Job) {
	t.Helper()
	dir = t.TempDir()
	for name, text := range map[string]string{
		"policy.yaml": "version: 1\n", "rejects/feeds-1.jsonl": "{}\n", "rejects/.temp": "half", "assessments/a.json.gz": "kept",
		"alerts/alerts-1.parquet": "rows", "alerts/alerts-1.withdrawn.json": "{}", "alerts/last.json": "then", "alerts/.incoming.parquet": "half",
		"writer.lock": "", "downloads/x.json": "big", "evidence.db-wal": "log",
	} {
		write(t, filepath.Join(dir, name), text)
	}
	part := func(name string) backup.Part {
		return backup.Part{Name: name, CopyTo: func(_ context.Context, path string) error {
			return os.WriteFile(path, []byte("copy of "+name), 0o600)
		}}
	}
	return dir, backup.Job{
		To: filepath.Join(t.TempDir(), "b.tar.gz"), Dir: dir, Parts: []backup.Part{part("evidence.db"), part("library.db")},
		Still: func(_ context.Context, f func(ledger.Root) error) error {
			err := f(root())
			write(t, filepath.Join(dir, "alerts", "last.json"), "later")
			return err
		}, Made: time.Date(2026, 5, 4, 3, 2, 1, 0, time.UTC), Candor: "v1",
	}
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// restore restores a backup whose ledger is not looked at.
func restore(ctx context.Context, file, dir string) (backup.Manifest, error) {
	return backup.Restore(ctx, backup.Restoration{File: file, Dir: dir, Check: func(context.Context, string, backup.Manifest) error { return nil }})
}

func made(t *testing.T) backup.Job {
	t.Helper()
	_, j := folder(t)
	if _, err := backup.Write(t.Context(), j); err != nil {
		t.Fatal(err)
	}
	return j
}

// contents returns the files under a folder.
func contents(t *testing.T, dir string) map[string]string {
	t.Helper()
	found := map[string]string{}
	err := filepath.WalkDir(dir, func(p string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		b, err := os.ReadFile(p)
		rel, _ := filepath.Rel(dir, p)
		found[filepath.ToSlash(rel)] = string(b)
		return err
	})
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		t.Fatal(err)
	}
	return found
}

func TestRestoreGivesBackWhatWasBackedUp(t *testing.T) {
	j := made(t)
	if left := contents(t, filepath.Dir(j.To)); len(left) != 1 {
		t.Errorf("beside the backup: %v", left)
	}
	empty := t.TempDir()
	for _, to := range []string{filepath.Join(t.TempDir(), "new", "folder"), empty} {
		m, err := restore(t.Context(), j.To, to)
		if err != nil {
			t.Fatal(err)
		}
		if m.Ledger != root() || !m.Made.Equal(j.Made) || m.Candor != "v1" || len(m.Files) != 8 {
			t.Errorf("manifest %+v", m)
		}
		want := map[string]string{"policy.yaml": "version: 1\n", "rejects/feeds-1.jsonl": "{}\n", "assessments/a.json.gz": "kept",
			"alerts/alerts-1.parquet": "rows", "alerts/alerts-1.withdrawn.json": "{}", "alerts/last.json": "then",
			"evidence.db": "copy of evidence.db", "library.db": "copy of library.db"}
		got := contents(t, to)
		for name, text := range want {
			if got[name] != text {
				t.Errorf("%s holds %q, want %q", name, got[name], text)
			}
		}
		if len(got) != len(want) {
			t.Errorf("restored %v", got)
		}
	}
}

func TestNothingIsOverwritten(t *testing.T) {
	j := made(t)
	if _, err := backup.Write(t.Context(), j); fault.KindOf(err) != fault.Conflict {
		t.Errorf("a second backup to one file: %v", err)
	}
	dir := t.TempDir()
	write(t, filepath.Join(dir, "mine.txt"), "mine")
	if _, err := restore(t.Context(), j.To, dir); fault.KindOf(err) != fault.Conflict {
		t.Errorf("restore into a folder that is not empty: %v", err)
	}
	if got := contents(t, dir); len(got) != 1 {
		t.Errorf("the folder holds %v", got)
	}
	if _, err := restore(t.Context(), j.To, filepath.Join(dir, "mine.txt")); fault.KindOf(err) != fault.Conflict {
		t.Errorf("restore onto a file: %v", err)
	}
	if _, err := restore(t.Context(), filepath.Join(dir, "none"), filepath.Join(dir, "new")); fault.KindOf(err) != fault.NotFound {
		t.Errorf("no backup: %v", err)
	}
}

func TestFailedBackupLeavesNothing(t *testing.T) {
	_, j := folder(t)
	broken := errors.New("broken")
	j.Parts = append(j.Parts, backup.Part{Name: "library.db", CopyTo: func(context.Context, string) error { return broken }})
	if _, err := backup.Write(t.Context(), j); !errors.Is(err, broken) {
		t.Errorf("error %v", err)
	}
	j.Parts = j.Parts[:1]
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := backup.Write(ctx, j); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
	if left := contents(t, filepath.Dir(j.To)); len(left) > 0 {
		t.Errorf("left over: %v", left)
	}
}

// repacked returns the backup with its archive changed by change.
func repacked(t *testing.T, file string, change func(t *tar.Writer, head *tar.Header, body []byte)) string {
	t.Helper()
	f, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	zw := gzip.NewWriter(&out)
	tw := tar.NewWriter(zw)
	for r := tar.NewReader(z); ; {
		head, err := r.Next()
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		change(tw, head, body)
	}
	tw.Close()
	zw.Close()
	path := filepath.Join(t.TempDir(), "changed.tar.gz")
	write(t, path, out.String())
	return path
}

func put(tw *tar.Writer, head *tar.Header, body []byte) {
	h := *head
	h.Size = int64(len(body))
	tw.WriteHeader(&h)
	tw.Write(body)
}

func TestDamagedBackupRestoresNothing(t *testing.T) {
	j := made(t)
	named := func(name string, do func(tw *tar.Writer, head *tar.Header, body []byte)) func(*tar.Writer, *tar.Header, []byte) {
		return func(tw *tar.Writer, head *tar.Header, body []byte) {
			if head.Name == name {
				do(tw, head, body)
				return
			}
			put(tw, head, body)
		}
	}
	rename := func(to string) func(*tar.Writer, *tar.Header, []byte) {
		return func(tw *tar.Writer, head *tar.Header, body []byte) {
			body = bytes.ReplaceAll(body, []byte("evidence.db\""), []byte(to+"\""))
			if head.Name == "evidence.db" {
				head.Name = to
			}
			put(tw, head, body)
		}
	}
	for name, change := range map[string]func(*tar.Writer, *tar.Header, []byte){
		"a byte of a file": named("evidence.db", func(tw *tar.Writer, h *tar.Header, b []byte) { put(tw, h, append(b[:len(b)-1], 'X')) }),
		"a longer file":    named("evidence.db", func(tw *tar.Writer, h *tar.Header, b []byte) { put(tw, h, append(b, 'X')) }),
		"a file less":      named("library.db", func(*tar.Writer, *tar.Header, []byte) {}),
		"a file more":      named("library.db", func(tw *tar.Writer, h *tar.Header, b []byte) { put(tw, h, b); h.Name = "more.db"; put(tw, h, b) }),
		"a file twice":     named("library.db", func(tw *tar.Writer, h *tar.Header, b []byte) { put(tw, h, b); put(tw, h, b) }),
		"a link": named("library.db", func(tw *tar.Writer, h *tar.Header, _ []byte) {
			tw.WriteHeader(&tar.Header{Typeflag: tar.TypeSymlink, Name: h.Name, Linkname: "/etc/passwd"})
		}),
		"no manifest": named("manifest.json", func(*tar.Writer, *tar.Header, []byte) {}),
		"a manifest of others": named("manifest.json", func(tw *tar.Writer, h *tar.Header, b []byte) {
			put(tw, h, bytes.Replace(b, []byte("candor-backup"), []byte("x"), 1))
		}),
		"a newer format": named("manifest.json", func(tw *tar.Writer, h *tar.Header, b []byte) {
			put(tw, h, bytes.Replace(b, []byte(`"version": 1`), []byte(`"version": 2`), 1))
		}),
		"a manifest cut short": named("manifest.json", func(tw *tar.Writer, h *tar.Header, b []byte) { put(tw, h, b[:9]) }),
		"a path upwards":       rename("../evil.db"),
		"an absolute path":     rename("/tmp/evil.db"),
		"another folder":       rename("bin/evil.db"),
		"a hidden file":        rename(".evil"),
		"an unknown file":      rename("evil.db"),
		"a lock":               rename("writer.lock"),
		"no root": named("manifest.json", func(tw *tar.Writer, h *tar.Header, b []byte) {
			put(tw, h, bytes.Replace(b, []byte(strings.Repeat("ab", 32)), nil, 1))
		}),
		"a size below nothing": named("manifest.json", func(tw *tar.Writer, h *tar.Header, b []byte) {
			put(tw, h, bytes.Replace(b, []byte(`"size": 19`), []byte(`"size": -19`), 1))
		}),
	} {
		t.Run(name, func(t *testing.T) {
			to := filepath.Join(t.TempDir(), "new")
			_, err := restore(t.Context(), repacked(t, j.To, change), to)
			if fault.KindOf(err) != fault.Invalid || fault.HintOf(err) == "" {
				t.Errorf("error %v; want one of kind %s with a hint", err, fault.Invalid)
			}
			if left := contents(t, filepath.Dir(to)); len(left) > 0 {
				t.Errorf("left over: %v", left)
			}
		})
	}
}

// TestCutOrFlippedBackupIsRefusedOrWhole goes through every byte of the packed
// file. A few bits of gzip say nothing about the data; with them flipped the
// restored folder is still the one that was backed up.
func TestCutOrFlippedBackupIsRefusedOrWhole(t *testing.T) {
	j := made(t)
	packed, err := os.ReadFile(j.To)
	if err != nil {
		t.Fatal(err)
	}
	path, to := filepath.Join(t.TempDir(), "b.tar.gz"), filepath.Join(t.TempDir(), "new")
	if _, err := restore(t.Context(), j.To, to); err != nil {
		t.Fatal(err)
	}
	want := contents(t, to)
	refused := 0
	tried := 0
	for i := 0; i < len(packed); i += 5 {
		flipped := bytes.Clone(packed)
		flipped[i] ^= 0x10
		for what, b := range map[string][]byte{"cut": packed[:i], "flipped": flipped} {
			tried++
			os.RemoveAll(to)
			write(t, path, string(b))
			_, err := restore(t.Context(), path, to)
			switch got := contents(t, to); {
			case err != nil && len(got) == 0:
				refused++
			case err != nil || what == "cut" || !maps.Equal(got, want):
				t.Fatalf("%s at byte %d of %d: error %v, restored %v", what, i, len(packed), err, got)
			}
		}
	}
	if refused < tried-10 {
		t.Errorf("%d of %d damaged backups were refused", refused, tried)
	}
}

func FuzzRestore(f *testing.F) {
	for _, seed := range []string{"", "\x1f\x8b", "candor"} {
		f.Add([]byte(seed))
	}
	var out bytes.Buffer
	z := gzip.NewWriter(&out)
	tw := tar.NewWriter(z)
	for name, text := range map[string]string{"manifest.json": `{"kind":"candor-backup","version":1,"files":[]}`} {
		put(tw, &tar.Header{Typeflag: tar.TypeReg, Name: name, Mode: 0o600}, []byte(text))
	}
	tw.Close()
	z.Close()
	f.Add(out.Bytes())
	f.Fuzz(func(t *testing.T, packed []byte) {
		dir := t.TempDir()
		write(t, filepath.Join(dir, "b"), string(packed))
		to := filepath.Join(dir, "to", "new")
		m, err := restore(context.Background(), filepath.Join(dir, "b"), to)
		got := contents(t, filepath.Join(dir, "to"))
		if err != nil && len(got) > 0 || err == nil && len(got) != len(m.Files) {
			t.Fatalf("error %v, restored %v", err, got)
		}
	})
}

// TestARestoreThatFailsLeavesNothing fails once all is unpacked, and before anything is.
func TestARestoreThatFailsLeavesNothing(t *testing.T) {
	j := made(t)
	place := t.TempDir()
	to, refused := filepath.Join(place, "new", "folders", "data"), errors.New("refused")
	_, err := backup.Restore(t.Context(), backup.Restoration{File: j.To, Dir: to, Check: func(_ context.Context, dir string, m backup.Manifest) error {
		if got := contents(t, dir); len(got) != len(m.Files) || m.Ledger != root() {
			t.Errorf("checked is %v", got)
		}
		if _, err := os.Stat(to); err == nil {
			t.Error("the folder can be seen before it is checked")
		}
		return refused
	}})
	if !errors.Is(err, refused) {
		t.Errorf("error %v", err)
	}
	huge := repacked(t, j.To, func(tw *tar.Writer, head *tar.Header, body []byte) {
		if head.Name == "manifest.json" {
			body = bytes.Replace(body, []byte(`"size": 19`), []byte(`"size": 1152921504606846976`), 1)
		}
		put(tw, head, body)
	})
	_, err = backup.Restore(t.Context(), backup.Restoration{File: huge, Dir: to, Begin: func(backup.Manifest) { t.Error("it begins") }})
	if fault.KindOf(err) != fault.Unavailable || !strings.Contains(err.Error(), "1152921504606847") {
		t.Errorf("more than the disk has room for: %v", err)
	}
	if left, err := os.ReadDir(place); err != nil || len(left) > 0 {
		t.Errorf("left over: %v, %v", left, err)
	}
}

// TestWhatFollowsAnArchiveIsBounded packs 64 MiB of nothing behind a backup.
func TestWhatFollowsAnArchiveIsBounded(t *testing.T) {
	j := made(t)
	packed, err := os.ReadFile(j.To)
	if err != nil {
		t.Fatal(err)
	}
	var bomb bytes.Buffer
	z := gzip.NewWriter(&bomb)
	block := make([]byte, 1<<20)
	for range 64 {
		if _, err := z.Write(block); err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "b.tar.gz")
	write(t, path, string(packed)+bomb.String())
	if _, err := restore(t.Context(), path, filepath.Join(t.TempDir(), "new")); fault.KindOf(err) != fault.Invalid {
		t.Errorf("error %v", err)
	}
}

// TestWhatAKilledBackupLeftIsCollected leaves what a process does that is killed.
func TestWhatAKilledBackupLeftIsCollected(t *testing.T) {
	dir, j := folder(t)
	at := filepath.Dir(j.To)
	write(t, filepath.Join(at, ".candor-backup-123", "library.db"), "half")
	write(t, filepath.Join(at, "mine", "library.db"), "mine")
	write(t, filepath.Join(dir, "backup.stage"), at)
	for range 2 {
		if err := backup.Collect(dir); err != nil {
			t.Error(err)
		}
	}
	if got := contents(t, at); len(got) != 1 || got["mine/library.db"] != "mine" {
		t.Errorf("left: %v", got)
	}
	if _, err := os.Stat(filepath.Join(dir, "backup.stage")); err == nil {
		t.Error("the note is there")
	}
}
