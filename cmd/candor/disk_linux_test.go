package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"
)

// disk is a small disk of its own, mounted at the place's data folder.
type disk struct {
	t  *testing.T
	at string
}

// disk mounts one of so many KiB, until the test ends.
func (p place) disk(kib int) disk {
	p.t.Helper()
	d := disk{p.t, p.path("data")}
	if err := os.MkdirAll(d.at, 0o755); err != nil {
		p.t.Fatal(err)
	}
	if err := syscall.Mount("candor-test", d.at, "tmpfs", 0, size(kib)); err != nil {
		if errors.Is(err, syscall.EPERM) || errors.Is(err, syscall.EACCES) {
			p.t.Skipf("a disk can be mounted by root alone: %v", err)
		}
		p.t.Fatal(err)
	}
	p.t.Cleanup(func() {
		if err := syscall.Unmount(d.at, 0); err != nil {
			p.t.Error(err)
		}
	})
	return d
}

func size(kib int) string { return fmt.Sprintf("size=%dk", kib) }

// free is how many KiB are free.
func (d disk) free() int {
	d.t.Helper()
	var s syscall.Statfs_t
	if err := syscall.Statfs(d.at, &s); err != nil {
		d.t.Fatal(err)
	}
	return int(s.Bavail) * int(s.Bsize) >> 10
}

// leave fills the disk but for so many KiB, and returns what makes room again.
func (d disk) leave(kib int) (room func()) {
	d.t.Helper()
	f, err := os.Create(d.at + "/ballast")
	if err != nil {
		d.t.Fatal(err)
	}
	_, err = io.CopyN(f, zeros{}, int64(d.free()-kib)<<10)
	if err := errors.Join(err, f.Close()); err != nil {
		d.t.Fatal(err)
	}
	return func() {
		if err := os.Remove(f.Name()); err != nil {
			d.t.Error(err)
		}
	}
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) {
	clear(p)
	return len(p), nil
}

// TestAFullDiskIsSaidAndSurvived adds evidence of each kind of store to a disk with
// too little room, and again when there is room.
func TestAFullDiskIsSaidAndSurvived(t *testing.T) {
	if testing.Short() {
		t.Skip("disks that are filled take a while")
	}
	t.Parallel()
	alerts := func(p place) []string {
		p.alerts("much.jsonl", 0, 40_000)
		return []string{"evidence", "add", "alerts", "much.jsonl"}
	}
	rows := func(p place, format string) []string {
		var b strings.Builder
		b.WriteString("date,source,channel,events,hosts\n2026-01-02,good,b,1,1\n")
		day := time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)
		for i := range 30_000 {
			fmt.Fprintf(&b, format, day.AddDate(0, 0, i%9000).Format(time.DateOnly), i)
		}
		p.write("much.csv", b.String())
		return []string{"evidence", "add", "feeds", "much.csv"}
	}
	for _, c := range []struct {
		name, engine string
		leave        int // KiB
		input        func(place) []string
	}{
		{"alerts through a server", "duckdb", 700, alerts},
		{"records through a server", "duckdb", 700, func(p place) []string { return rows(p, "%s,source %d,b,1,1\n") }},
		{"alerts", "duckdb", 700, alerts},
		{"alerts", "scan", 100, alerts},
		{"records", "scan", 700, func(p place) []string { return rows(p, "%s,source %d,b,1,1\n") }},
		{"rejects", "scan", 700, func(p place) []string { return rows(p, "%s,source %d,b,many,1\n") }},
		{"ledger", "scan", 0, func(p place) []string { return []string{"evidence", "add", "feeds", p.feeds("small.csv")} }},
	} {
		t.Run(c.name+" "+c.engine, func(t *testing.T) {
			p := engined(t, c.engine)
			d := p.disk(64 << 10)
			p.ok("evidence", "add", "feeds", p.feeds("first.csv"))
			p.alerts("first.jsonl", 100_000, 100)
			p.ok("evidence", "add", "alerts", "first.jsonl")
			if strings.Contains(c.name, "server") {
				p.serve()
			}
			before := p.ok("evidence", "list")
			args := c.input(p)
			room := d.leave(c.leave)
			s := p.run(args...)
			if s.code != 1 || !strings.Contains(s.err, "room") && !strings.Contains(s.err, "space") || !strings.Contains(s.err, "next: ") {
				t.Errorf("%s with %d KiB left: exit code %d\n%s%s", strings.Join(args, " "), c.leave, s.code, s.out, s.err)
			}
			t.Log(s.err)
			if c.leave > 0 {
				if now := p.ok("evidence", "list"); now != before {
					t.Errorf("before\n%safter\n%s", before, now)
				}
				p.ok("evidence", "history", "a-100001")
			}
			room()
			p.ok("ledger", "verify")
			p.ok(args...)
			p.ok("ledger", "verify")
			if n := len(p.batches()); n != 3 {
				t.Errorf("%d batches", n)
			}
		})
	}
}

// TestABackupWithoutRoomLeavesNothing writes a backup to a disk with too little room
// for the copies of the stores, and then for the archive.
func TestABackupWithoutRoomLeavesNothing(t *testing.T) {
	t.Parallel()
	p := engined(t, "scan")
	d := p.disk(16 << 10)
	p.ok("evidence", "add", "feeds", p.feeds("first.csv"))
	for _, kib := range []int{100, 200} {
		room := d.leave(kib)
		s := p.run("backup", "data/backup.tar.gz")
		if s.code != 1 || !strings.Contains(s.err, "data/backup.tar.gz: the backup cannot be written") || !strings.Contains(s.err, "next: check the space left") {
			t.Errorf("with %d KiB left: exit code %d\n%s%s", kib, s.code, s.out, s.err)
		}
		t.Log(s.err)
		entries, err := os.ReadDir(d.at)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range entries {
			if strings.Contains(e.Name(), "backup") {
				t.Errorf("%s was left behind", e.Name())
			}
		}
		room()
	}
	p.ok("backup", "data/backup.tar.gz")
}

// TestABackupThroughAServerWithoutRoom has the log of the alerts copied, because to bring
// it into the file there is no room, and goes on with the same server.
func TestABackupThroughAServerWithoutRoom(t *testing.T) {
	t.Parallel()
	p := engined(t, "duckdb")
	d := p.disk(32 << 10)
	p.serve()
	p.alerts("first.jsonl", 0, 3000)
	p.ok("evidence", "add", "alerts", "first.jsonl")
	room := d.leave(400)
	p.ok("backup", "b.tar.gz")
	room()
	p.alerts("second.jsonl", 3000, 3000)
	p.ok("evidence", "add", "alerts", "second.jsonl")
	p.ok("ledger", "verify")
	p.ok("restore", "b.tar.gz", "--data", "restored")
	if list := p.ok("evidence", "history", "a-2999", "--data", "restored"); !strings.Contains(list, "a-2999") {
		t.Errorf("restored:\n%s", list)
	}
}

// TestWhatIsAddedWithLittleRoomCanBeRead leaves enough for a batch, and not for what
// follows when the alert store is closed.
func TestWhatIsAddedWithLittleRoomCanBeRead(t *testing.T) {
	t.Parallel()
	for kib := 450; kib <= 900; kib += 150 {
		t.Run(fmt.Sprint(kib), func(t *testing.T) {
			p := engined(t, "duckdb")
			d := p.disk(32 << 10)
			p.alerts("first.jsonl", 0, 100)
			p.ok("evidence", "add", "alerts", "first.jsonl")
			p.alerts("second.jsonl", 100, 1000)
			room := d.leave(kib)
			landed := 1
			if p.run("evidence", "add", "alerts", "second.jsonl").code == 0 {
				landed++
			}
			if n := len(p.batches()); n != landed {
				t.Errorf("%d batches, want %d", n, landed)
			}
			p.ok("ledger", "verify")
			room()
			p.ok("evidence", "add", "alerts", "second.jsonl")
			p.ok("ledger", "verify")
		})
	}
}

// TestADiskThatFillsAtAnyMoment leaves a little more room each time, so that now the
// batch and now its entry in the ledger finds none.
func TestADiskThatFillsAtAnyMoment(t *testing.T) {
	if testing.Short() {
		t.Skip("disks that are filled take a while")
	}
	t.Parallel()
	// DuckDB writes blocks of 256 KiB.
	for engine, step := range map[string]int{"duckdb": 320, "scan": 40} {
		t.Run(engine, func(t *testing.T) {
			p := engined(t, engine)
			d := p.disk(32 << 10)
			p.alerts("first.jsonl", 100_000, 10)
			p.ok("evidence", "add", "alerts", "first.jsonl")
			failed, landed := 0, 1
			for kib := 0; kib <= 10*step; kib += step {
				name := fmt.Sprintf("%d.jsonl", kib)
				p.alerts(name, kib*10, 200)
				room := d.leave(kib)
				s := p.run("evidence", "add", "alerts", name)
				room()
				if s.code != 0 {
					failed++
				}
				if s.code == 0 && len(p.batches()) != landed+1 {
					t.Errorf("%d KiB left: an acknowledged batch is not there", kib)
				}
				p.ok("evidence", "add", "alerts", name)
				if landed++; len(p.batches()) != landed {
					t.Errorf("%d KiB left: %d batches, want %d", kib, len(p.batches()), landed)
				}
				p.ok("evidence", "add", "feeds", p.feeds("settles.csv")) // a write that records what has no entry
				if kib == 0 {
					landed++
				}
				p.ok("ledger", "verify")
			}
			if failed == 0 || failed == 11 {
				t.Errorf("%d of 11 imports found no room", failed)
			}
		})
	}
}
