package taxii

import (
	"bufio"
	"encoding/json"
	"fmt"
	"mime"
	"net/http"
	"strconv"
	"strings"
	"time"

	"candor/internal/fault"
)

// mediaType is the media type of every answer.
const mediaType = "application/taxii+json;version=2.1"

// acceptable reports whether an answer in mediaType is one that is accepted. Whoever says
// nothing accepts anything.
func acceptable(accept []string) bool {
	list := strings.TrimSpace(strings.Join(accept, ","))
	if list == "" {
		return true
	}
	for _, one := range strings.Split(list, ",") {
		name, params, err := mime.ParseMediaType(one)
		if err != nil {
			continue
		}
		if q, err := strconv.ParseFloat(params["q"], 64); err == nil && q <= 0 {
			continue
		}
		switch v, versioned := params["version"]; {
		case name == "*/*" || name == "application/*", name == "application/taxii+json" && (!versioned || v == "2.1"):
			return true
		}
	}
	return false
}

// complaint is an error message as the standard writes it.
type complaint struct {
	Title       string            `json:"title"`
	Description string            `json:"description,omitempty"`
	Status      string            `json:"http_status"`
	Details     map[string]string `json:"details,omitempty"`
}

// refuse answers with an error message. What failed for a reason of the server's own is
// told to its log alone.
func refuse(w http.ResponseWriter, status int, err error) {
	c := complaint{Title: http.StatusText(status), Description: err.Error(), Status: strconv.Itoa(status)}
	if fault.KindOf(err) == fault.Internal {
		c.Description = "the request failed for a reason of the server's own; its log says why"
	} else if hint := fault.HintOf(err); hint != "" {
		c.Details = map[string]string{"next": hint}
	}
	w.Header().Set("Content-Type", mediaType)
	w.Header().Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(c)
}

// head sets the headers of an answer.
func head(w http.ResponseWriter) {
	h := w.Header()
	h.Set("Content-Type", mediaType)
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Cache-Control", "private, no-cache")
}

// send answers with what is small.
func send(w http.ResponseWriter, _ *http.Request, v any) error {
	b, err := json.Marshal(v)
	if err != nil {
		return err
	}
	head(w)
	_, _ = w.Write(append(b, '\n')) // who is gone need not be told
	return nil
}

// written is a time as the standard writes it.
func written(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000000Z") }

// dated sets the headers that say when the first and the last of what is sent was added.
func (r *result) dated(w http.ResponseWriter) {
	if len(r.found) > 0 {
		w.Header().Set("X-TAXII-Date-Added-First", written(r.entries[r.found[0]].added))
		w.Header().Set("X-TAXII-Date-Added-Last", written(r.entries[r.found[len(r.found)-1]].added))
	}
}

// envelope begins an answer: whether there is more, and how to ask for it.
type envelope struct {
	More bool   `json:"more,omitempty"`
	Next string `json:"next,omitempty"`
}

func (r *result) envelope() envelope {
	if !r.more {
		return envelope{}
	}
	return envelope{true, r.entries[r.found[len(r.found)-1]].mark().String()}
}

// manifest lists versions of objects, without them.
func (s *server) manifest(w http.ResponseWriter, r *http.Request) error {
	res, err := s.ask(r, idParameter, typeParameter, versionParameter)
	if err != nil {
		return err
	}
	type record struct {
		ID      string `json:"id"`
		Added   string `json:"date_added"`
		Version string `json:"version"`
		Media   string `json:"media_type"`
	}
	out := struct {
		envelope
		Objects []record `json:"objects,omitempty"`
	}{envelope: res.envelope()}
	for _, i := range res.found {
		e := &res.entries[i]
		out.Objects = append(out.Objects, record{e.id, written(e.added), e.version, stixType + res.release.STIX})
	}
	res.dated(w)
	return send(w, r, out)
}

// versions lists the versions of one object.
func (s *server) versions(w http.ResponseWriter, r *http.Request) error {
	res, err := s.askOne(r)
	if err != nil {
		return err
	}
	out := struct {
		envelope
		Versions []string `json:"versions,omitempty"`
	}{envelope: res.envelope()}
	for _, i := range res.found {
		out.Versions = append(out.Versions, res.entries[i].version)
	}
	res.dated(w)
	return send(w, r, out)
}

func (s *server) objects(w http.ResponseWriter, r *http.Request) error {
	res, err := s.ask(r, idParameter, typeParameter, versionParameter)
	if err != nil {
		return err
	}
	return s.stream(w, r, res)
}

func (s *server) object(w http.ResponseWriter, r *http.Request) error {
	res, err := s.askOne(r, versionParameter)
	if err != nil {
		return err
	}
	return s.stream(w, r, res)
}

// ask answers the query of a request about a collection.
func (s *server) ask(r *http.Request, may ...string) (result, error) {
	q, err := ask(r, may...)
	if err != nil {
		return result{}, err
	}
	c, err := s.named(r)
	if err != nil {
		return result{}, err
	}
	sh, err := s.shelf(r.Context(), c)
	if err != nil {
		return result{}, err
	}
	return sh.find(q), nil
}

// askOne answers the query of a request about one object of a collection.
func (s *server) askOne(r *http.Request, may ...string) (result, error) {
	q, err := ask(r, may...)
	if err != nil {
		return result{}, err
	}
	c, err := s.named(r)
	if err != nil {
		return result{}, err
	}
	sh, err := s.shelf(r.Context(), c)
	if err != nil {
		return result{}, err
	}
	id := r.PathValue("object")
	if len(sh.byID[id]) == 0 {
		return result{}, fault.New(fault.NotFound, "the collection %s has no object %q", c.alias, id).At("object").Next("its manifest lists what it has")
	}
	q.ids, q.onlyVersion = []string{id}, len(may) == 0
	return sh.find(q), nil
}

// Bytes are sent in parts of partSize, and each mostSilent bytes the time that an answer may
// take begins anew: it is for whoever does not take what is sent.
const (
	partSize   = 1 << 16
	mostSilent = 4 << 20
	partTime   = time.Minute
)

// stream sends objects one after the other, as they were imported. Where it fails when a
// part is sent already, the connection is cut, so that nobody takes that part for all.
func (s *server) stream(w http.ResponseWriter, r *http.Request, res result) error {
	res.dated(w)
	head(w)
	first, err := json.Marshal(res.envelope())
	if err != nil || len(res.found) == 0 || r.Method == http.MethodHead {
		_, _ = w.Write(append(first, '\n'))
		return err
	}
	places := make([]int, len(res.found))
	for k, i := range res.found {
		places[k] = res.entries[i].place
	}
	out, sent, line := bufio.NewWriterSize(w, partSize), mostSilent, http.NewResponseController(w)
	first = first[:len(first)-1]
	if len(first) > 1 {
		first = append(first, ',')
	}
	fmt.Fprintf(out, "%s\"objects\":[\n", first)
	err = s.Store.Each(r.Context(), res.release, places, func(i int, raw []byte) error {
		if i > 0 {
			_, _ = out.WriteString(",\n") // an error stays, and is told by the next
		}
		if sent += len(raw); sent >= mostSilent {
			sent = 0
			_ = line.SetWriteDeadline(time.Now().Add(partTime)) // without one there is more time
		}
		_, err := out.Write(raw)
		return err
	})
	if err == nil {
		_, _ = out.WriteString("\n]}\n")
		err = out.Flush()
	}
	if err != nil {
		if r.Context().Err() == nil {
			s.Log.WarnContext(r.Context(), "an answer was cut short", "path", r.URL.Path, "error", err)
		}
		panic(http.ErrAbortHandler)
	}
	return nil
}
