package pull

import (
	"bufio"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"os"
	"path/filepath"
	"strings"

	"candor/internal/fault"
	"candor/internal/pull/question"
	"candor/internal/scratch"
)

// collected is what came of one question, but for what came before as it is. It lies in a
// file among the temporary ones, so that any amount takes little memory.
type collected struct {
	folder *scratch.Folder
	name   string // of the file, in the folder
	file   *os.File
	out    *bufio.Writer
	size   int64
	// all has the records where they are not lines.
	all []question.Record

	came, known, fresh int64
	anew               int
	seen               map[string]string
	partial            string
}

// maxSeen is how many records are remembered for the overlap. What is forgotten comes
// again, and changes nothing.
const maxSeen = 100_000

// maxRequests bounds one question, so that a source that never ends is left.
const maxRequests = 100_000

// prefix begins the names of folders of what came.
const prefix = "candor-pull-"

// collect asks a question to its end. What it returns is to be dropped. Where it fails,
// nothing is left. A time that is not short may be too long for the source, which is an
// error then.
func (r *run) collect(ctx context.Context, part question.Part, w question.Window, cursor *Cursor, one *PulledPart, short bool) (c *collected, err error) {
	folder, err := scratch.Make(os.TempDir(), prefix)
	if err != nil {
		return nil, fault.New(fault.Unavailable, "there is no room for what comes").Because(err).Next("make room among the temporary files (TMPDIR)")
	}
	c = &collected{folder: folder, name: fileName(r.of, part, w), seen: map[string]string{}}
	defer func() {
		if err != nil {
			c.drop()
		}
	}()
	settings := r.of.Settings
	if r.o.Look {
		settings.Size = min(settings.Size, 10)
	}
	n := 0
	for ask := part.First(settings, w); ask != nil; n++ {
		if n >= maxRequests {
			return c, fault.New(fault.Invalid, "the source goes on after %d requests", maxRequests).At("%s: %s", r.of.Name, part.Name).Next("ask for more at once (size), or a shorter time (window)")
		}
		reply, err := r.ask(ctx, part, ask)
		if err != nil {
			return c, err
		}
		if reply.Partial != "" {
			if c.partial = reply.Partial; reply.Long && !r.o.Look && !short {
				return c, long(r.of, part, reply.Partial)
			}
		}
		if reply.Anew {
			c.anew++
		}
		if err := c.take(part, reply.Records, cursor); err != nil {
			return c, r.unkept(err)
		}
		if c.size > r.Held {
			return c, fault.New(fault.Invalid, "the source sent more than %d MiB for one time", r.Held>>20).At("%s: %s", r.of.Name, part.Name).Next("make the time shorter that is asked for at once (window)")
		}
		if r.o.Tell != nil {
			r.o.Tell(part.Name, one.Came+c.came)
		}
		if ask = reply.Next; r.o.Look && c.came > 0 {
			break
		}
	}
	return c, nil
}

// long says that the source cannot answer for so long a time.
func long(of *Source, part question.Part, why string) error {
	return fault.New(fault.Unavailable, "the source answered in part: %s", why).At("%s: %s", of.Name, part.Name).Because(errLong).
		Next("make the time shorter that is asked for at once (window)")
}

func (r *run) unkept(err error) error {
	var f *fault.Error
	if errors.As(err, &f) {
		return err
	}
	return fault.New(fault.Unavailable, "what came cannot be kept").At("%s", r.of.Name).Because(err).Next("make room among the temporary files (TMPDIR)")
}

// ask sends one request and reads its answer.
func (r *run) ask(ctx context.Context, part question.Part, ask *question.Ask) (question.Reply, error) {
	a, err := r.client.Do(ctx, ask)
	if err != nil || ask.Read == nil {
		return question.Reply{}, err
	}
	reply, err := ask.Read(a)
	if err != nil {
		return reply, fault.New(fault.Invalid, "%s", err).At("%s: %s", r.of.Name, part.Name).
			Next("check that the address is that of %s; nothing of this answer was taken", r.of.Product.Title)
	}
	return reply, nil
}

// take writes down the records that are new or have changed.
func (c *collected) take(part question.Part, records []question.Record, cursor *Cursor) error {
	for _, rec := range records {
		c.came++
		line, err := question.Lines([]question.Record{rec})
		if err != nil {
			return fault.New(fault.Invalid, "a record of the answer is no JSON").At("%s", part.Name).Because(err).Next("nothing of this answer was taken")
		}
		name, content := hashed(rec.ID), hashed(string(line))
		if rec.ID == "" {
			name = content
		}
		before := cursor.Seen[name] == content && !part.Whole || c.seen[name] == content
		if len(c.seen) < maxSeen || c.seen[name] != "" {
			c.seen[name] = content
		}
		if before {
			c.known++
			continue
		}
		c.fresh++
		c.size += int64(len(line))
		if part.Frame != nil {
			c.all = append(c.all, rec)
		} else if err := c.write(line); err != nil {
			return err
		}
	}
	return nil
}

// hashed is a short hash of a text: enough to tell the records of one time apart.
func hashed(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:12])
}

func (c *collected) write(text []byte) error {
	if c.file == nil {
		at := filepath.Join(c.folder.Path(), filepath.FromSlash(c.name))
		if err := os.MkdirAll(filepath.Dir(at), 0o700); err != nil {
			return err
		}
		var err error
		if c.file, err = os.OpenFile(at, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600); err != nil {
			return err
		}
		c.out = bufio.NewWriterSize(c.file, 1<<16)
	}
	_, err := c.out.Write(text)
	return err
}

// close ends the file and returns its path within the folder; empty where nothing is new.
func (c *collected) close(part question.Part) (string, error) {
	if c.fresh == 0 {
		return "", nil
	}
	if part.Frame != nil {
		text, err := part.Frame(c.all)
		if err != nil {
			return "", fault.New(fault.Invalid, "the answer cannot be written as a file").At("%s", part.Name).Because(err).Next("nothing of it was taken")
		}
		if err := c.write(text); err != nil {
			return "", err
		}
	}
	err := errors.Join(c.out.Flush(), c.file.Close())
	c.file = nil
	return filepath.FromSlash(strings.TrimPrefix(c.name, "/")), err
}

// drop removes what is kept.
func (c *collected) drop() {
	if c.file != nil {
		c.file.Close()
		c.file = nil
	}
	_ = c.folder.Remove()
}
