package taxii

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"candor/internal/attack"
	"candor/internal/fault"
	"candor/internal/near"
)

// collection is a release, or the newest of a domain, as TAXII has it.
type collection struct {
	id, alias, title string
	// stages are what the collection was made of, one after the other, the last being what
	// it is made of now. That of one release has one.
	stages []stage
}

// stage is a release, since it is what a collection is made of.
type stage struct {
	release attack.Release
	since   time.Time
}

// now is the release that a collection is made of.
func (c *collection) now() attack.Release { return c.stages[len(c.stages)-1].release }

// key says all that the order of a collection's objects follows from.
func (c *collection) key() string {
	var b strings.Builder
	b.WriteString(c.id)
	for _, s := range c.stages {
		b.WriteString("|" + s.release.FileHash + "@" + s.since.Format(time.RFC3339Nano))
	}
	return b.String()
}

// view is a collection as the standard writes it.
type view struct {
	ID          string   `json:"id"`
	Title       string   `json:"title"`
	Description string   `json:"description"`
	Alias       string   `json:"alias"`
	CanRead     bool     `json:"can_read"`
	CanWrite    bool     `json:"can_write"`
	MediaTypes  []string `json:"media_types"`
}

func (s *server) view(ctx context.Context, c *collection) (view, error) {
	origin, err := s.Origin.Origin(ctx, c.now())
	if err != nil {
		return view{}, err
	}
	said := "Every object of " + c.now().String() + ", as it was imported. " + origin.Licence
	return view{c.id, c.title, said, c.alias, true, false, []string{stixType + c.now().STIX}}, nil
}

// stixType is the media type of objects, before the version of STIX.
const stixType = "application/stix+json;version="

// all lists the collections: those of the newest first, each followed by the domain's
// releases, the latest first.
func (s *server) all(ctx context.Context) ([]collection, error) {
	releases, err := s.Store.Releases(ctx)
	if err != nil {
		return nil, err
	}
	removals, err := s.Store.Removals(ctx)
	if err != nil {
		return nil, err
	}
	var list []collection
	for _, newest := range attack.Newest(releases, attack.ReleaseRef{}) {
		of := slices.DeleteFunc(slices.Clone(releases), func(r attack.Release) bool { return r.Domain != newest.Domain })
		short := attack.ShortDomain(newest.Domain)
		list = append(list, collection{id: identifier(newest.Domain, "latest"), alias: short + "-latest",
			title: "ATT&CK " + short + ", the newest release", stages: stagesOf(of, removals, newest)})
		slices.SortFunc(of, func(a, b attack.Release) int {
			if attack.Newer(a, b) {
				return -1
			}
			return 1
		})
		for i, r := range of {
			c := collection{id: identifier(r.Domain, r.Version, r.STIX), alias: short + "-" + r.Version, title: "ATT&CK " + r.String(), stages: []stage{{r, moment(r.Imported)}}}
			if i > 0 && of[i-1].Version == r.Version { // the same in an earlier STIX
				c.alias, c.title = c.alias+"-stix-"+r.STIX, c.title+", STIX "+r.STIX
			}
			list = append(list, c)
		}
	}
	return list, nil
}

// identifier is the id of a collection. It follows from what the collection is, so that it
// stays when a folder is made anew.
func identifier(parts ...string) string {
	return uuid.NewSHA1(uuid.NameSpaceURL, []byte("candor:taxii:"+strings.Join(parts, ":"))).String()
}

// moment returns a time as precisely as the standard can write it.
func moment(t time.Time) time.Time { return t.UTC().Truncate(time.Microsecond) }

// stagesOf returns the releases of a domain that were the newest, one after the other.
// Where a newer one was removed, what is the newest now came back then, whole.
func stagesOf(of []attack.Release, removals []attack.Removal, newest attack.Release) []stage {
	slices.SortStableFunc(of, func(a, b attack.Release) int { return a.Imported.Compare(b.Imported) })
	var stages []stage
	for _, r := range of {
		if len(stages) == 0 || attack.Newer(r, stages[len(stages)-1].release) {
			stages = append(stages, stage{r, moment(r.Imported)})
		}
	}
	for _, rm := range removals {
		last := &stages[len(stages)-1]
		if rm.Release.Domain == newest.Domain && attack.Newer(rm.Release, newest) && rm.At.After(last.since) {
			stages = []stage{{newest, moment(rm.At)}}
		}
	}
	return stages
}

// named returns the collection that a request is about, by its id or alias.
func (s *server) named(r *http.Request) (*collection, error) {
	list, err := s.all(r.Context())
	if err != nil {
		return nil, err
	}
	id := r.PathValue("id")
	var aliases []string
	for i := range list {
		if list[i].id == id || list[i].alias == id {
			return &list[i], nil
		}
		aliases = append(aliases, list[i].alias)
	}
	return nil, fault.New(fault.NotFound, "there is no collection %q", id).At("collection").Next("%s", near.Hint(id, aliases, root+"collections/ lists them"))
}
