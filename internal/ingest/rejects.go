package ingest

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"candor/internal/evidence"
	"candor/internal/fault"
)

// rejects keeps the rejected records of a batch: the first in memory, all in a
// file. The file appears under its name when it is whole.
type rejects struct {
	dir, name string
	// base is the folder that dir starts at, if it is relative.
	base string
	// veiled says that the file must hold no names, so that it has no values.
	veiled bool

	first []evidence.Reject
	n     int64
	// alike counts the rejects by field and reason, of so many of them as are told apart.
	alike map[[2]string]int64
	temp  *os.File
	out   *bufio.Writer
	err   error
}

// add keeps one reject. A failure to write is kept for close.
func (r *rejects) add(j evidence.Reject) {
	r.n++
	if k := [2]string{j.Field, j.Reason}; r.alike[k] > 0 || len(r.alike) < maxAlike {
		if r.alike == nil {
			r.alike = map[[2]string]int64{}
		}
		r.alike[k]++
	}
	if len(r.first) < maxShown {
		r.first = append(r.first, j)
	}
	if r.dir == "" || r.err != nil {
		return
	}
	if r.temp == nil {
		if r.err = r.open(); r.err != nil {
			return
		}
	}
	if r.veiled && j.Value != "" {
		j.Reason = strings.ReplaceAll(j.Reason, j.Value, "…") + valueWithheld
		j.Value = ""
	}
	line, err := json.Marshal(j)
	if err == nil {
		_, err = r.out.Write(append(line, '\n'))
	}
	r.err = err
}

// valueWithheld is said of a reject whose value is not kept.
const valueWithheld = " (the value is withheld: names are kept as pseudonyms)"

// maxAlike bounds how many fields and reasons are told apart.
const maxAlike = 1000

// common says what most of the rejects have in common, where they are more than a tenth of
// what was read and some are alike; empty otherwise.
func (r *rejects) common(read int64) string {
	if r.n < 3 || 10*r.n <= read {
		return ""
	}
	var most [2]string
	var n int64
	for k, count := range r.alike {
		if count > n || count == n && (k[0] < most[0] || k[0] == most[0] && k[1] < most[1]) {
			most, n = k, count
		}
	}
	if n < 2 {
		return ""
	}
	field := most[0]
	if field != "" {
		field += ": "
	}
	return fmt.Sprintf("%d of %s were rejected, %d of them alike: %s%s", r.n, plural(int(read), "record"), n, field, most[1])
}

func (r *rejects) open() (err error) {
	if err := os.MkdirAll(within(r.base, r.dir), 0o750); err != nil {
		return err
	}
	if r.temp, err = os.CreateTemp(within(r.base, r.dir), "."+r.name+"-*"); err != nil {
		return err
	}
	r.out = bufio.NewWriter(r.temp)
	return nil
}

// close makes the file whole and returns its path, which is empty when there is
// nothing in it.
func (r *rejects) close() (string, error) {
	if r.temp == nil {
		return "", r.fault(r.err)
	}
	err := errors.Join(r.err, r.out.Flush(), r.temp.Sync(), r.temp.Close())
	path := filepath.Join(r.dir, r.name+".jsonl")
	if err == nil {
		err = os.Rename(r.temp.Name(), within(r.base, path))
	}
	if err != nil {
		os.Remove(r.temp.Name())
		return "", r.fault(err)
	}
	r.temp = nil
	return path, nil
}

// drop removes a file that was not closed.
func (r *rejects) drop() {
	if r.temp != nil {
		r.temp.Close()
		os.Remove(r.temp.Name())
	}
}

func (r *rejects) fault(err error) error {
	if err == nil {
		return nil
	}
	return fault.New(fault.Unavailable, "the rejected records cannot be written").At("%s", r.dir).Because(err).
		Next("make room or name another data folder; nothing was added")
}

// plural is a number with its noun.
func plural(n int, noun string) string {
	if n != 1 {
		noun += "s"
	}
	return strconv.Itoa(n) + " " + noun
}
