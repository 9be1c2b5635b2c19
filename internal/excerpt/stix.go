package excerpt

import (
	"bufio"
	"context"
	"fmt"
	"io"

	"github.com/google/uuid"
)

// space is what the ids of bundles are made in, so that the same excerpt of the same file
// has the same id whoever makes it.
const space = "candor:excerpt:"

// STIX writes an excerpt as a bundle: the exact bytes of each object as its file had them,
// in the order of that file. What stands around them, the bundle's id included, is not the
// file's.
func (s *Service) STIX(ctx context.Context, e *Excerpt, to io.Writer) error {
	w := bufio.NewWriterSize(to, 1<<16)
	fmt.Fprintf(w, "{\n\"type\": \"bundle\",\n\"id\": \"bundle--%s\",\n", e.id())
	if e.Release.STIX == "2.0" {
		fmt.Fprint(w, "\"spec_version\": \"2.0\",\n")
	}
	fmt.Fprint(w, "\"objects\": [\n")
	err := s.Store.Each(ctx, e.Release, e.places, func(i int, raw []byte) error {
		if i > 0 {
			_, _ = w.WriteString(",\n") // an error stays, and is told by the next
		}
		_, err := w.Write(raw)
		return err
	})
	if err != nil {
		return err
	}
	fmt.Fprint(w, "\n]\n}\n")
	return w.Flush()
}

// id returns the id of the bundle, which follows from the file and from what is chosen.
func (e *Excerpt) id() string {
	name := space + e.Release.FileHash
	if !e.Whole {
		name += fmt.Sprint(e.places)
	}
	return uuid.NewSHA1(uuid.NameSpaceURL, []byte(name)).String()
}
