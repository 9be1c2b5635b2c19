package policy

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"reflect"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"candor/internal/assure"
	"candor/internal/fault"
	"candor/internal/near"
)

// maxBytes bounds a policy file; the commented default is under 5 kB.
const maxBytes = 1 << 20

// Read reads a policy file. Keys that it leaves out keep their defaults; only
// version is required. A key that is not known, a key given twice and a value
// that cannot be are fault.Invalid with the file's name and the line.
func Read(r io.Reader, name string) (assure.Policy, error) {
	p := builtIn()
	root, sum, err := parse(r, name)
	if err != nil {
		return p, err
	}
	f := file{name: name, keys: keys(&p), set: map[string]int{}}
	if err := f.read(root, ""); err != nil {
		return p, err
	}
	if _, ok := f.set["version"]; !ok {
		return p, fault.New(fault.Invalid, "the policy has no version").At("%s", name).Next("add a line such as: version: \"1\"")
	}
	if err := f.own(&p); err != nil {
		return p, err
	}
	p.SHA256, p.Looser = sum, looser(&p)
	if p.Visibility.MinFeedDays > p.WindowDays {
		return p, fault.New(fault.Invalid, "visibility.min_feed_days is %d, and the window has %d days", p.Visibility.MinFeedDays, p.WindowDays).
			At("%s:%d", name, max(f.set["visibility.min_feed_days"], f.set["window_days"])).Next("lower min_feed_days or raise window_days")
	}
	return p, nil
}

// unnamed is what a policy is called that does not say what it is called.
const unnamed = "unnamed"

// own refuses a policy that calls itself what the built-in one is called and is not that
// one, and names one that has no name.
func (f *file) own(p *assure.Policy) error {
	standard := builtIn()
	if p.Name != standard.Name || reflect.DeepEqual(*p, standard) {
		return nil
	}
	if _, ok := f.set["name"]; !ok {
		p.Name = unnamed
		return nil
	}
	return fault.New(fault.Conflict, "%q is the name of the built-in policy, and the file says something else", standard.Name).At("%s:%d", f.name, f.set["name"]).
		Next("give the policy a name of its own, so that every output says which of the two it was judged by")
}

// unread is the fault of a policy whose bytes cannot be had.
func unread(name string, err error) error {
	return fault.New(fault.Unavailable, "the policy cannot be read").At("%s", name).Because(err)
}

// parse returns the mapping that the file holds, and the SHA-256 of its bytes.
func parse(r io.Reader, name string) (root *yaml.Node, sum string, err error) {
	data, err := io.ReadAll(io.LimitReader(r, maxBytes+1))
	if err != nil {
		return nil, "", unread(name, err)
	}
	if len(data) > maxBytes {
		return nil, "", fault.New(fault.Invalid, "the policy is larger than 1 MiB").At("%s", name).Next("check that this is a policy file")
	}
	d := yaml.NewDecoder(strings.NewReader(string(data)))
	var doc yaml.Node
	if err := d.Decode(&doc); errors.Is(err, io.EOF) {
		return nil, "", fault.New(fault.Invalid, "the policy is empty").At("%s", name).Next("start from the output of: candor policy show")
	} else if err != nil {
		return nil, "", fault.New(fault.Invalid, "the policy is not YAML").At("%s", name).Because(err)
	}
	if err := d.Decode(new(yaml.Node)); !errors.Is(err, io.EOF) {
		return nil, "", fault.New(fault.Invalid, "the file holds more than one YAML document").At("%s", name).Next("keep one policy in a file")
	}
	digest := sha256.Sum256(data)
	return doc.Content[0], hex.EncodeToString(digest[:]), nil
}

// file is a policy file on its way into a policy.
type file struct {
	name string
	keys []key
	set  map[string]int // the line of each key that was set
}

// read sets what the mapping n says; prefix is the path of its section with a
// trailing dot.
func (f *file) read(n *yaml.Node, prefix string) error {
	if n.Kind != yaml.MappingNode {
		return f.wrong(n, "%s must be a mapping of keys to values", sectionName(prefix)).Next("start from the output of: candor policy show")
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		if err := f.setting(n.Content[i], n.Content[i+1], prefix); err != nil {
			return err
		}
	}
	return nil
}

func (f *file) setting(k, v *yaml.Node, prefix string) error {
	path := prefix + k.Value
	if line, again := f.set[path]; again {
		return f.wrong(k, "%s is given twice; the first is on line %d", path, line).Next("remove one of them")
	}
	f.set[path] = k.Line
	i := slices.IndexFunc(f.keys, func(k key) bool { return k.name == path })
	if i < 0 && f.section(path) {
		return f.read(v, path+".")
	}
	if i < 0 {
		return f.wrong(k, "%s is not a key of a policy", path).Next("the nearest key is %s; candor policy show lists all", f.nearest(path))
	}
	if v.Kind == yaml.AliasNode {
		return f.wrong(v, "%s is a YAML alias, which a policy may not use", path).Next("write the value out")
	}
	if wrong := f.keys[i].value.set(v); wrong != "" {
		return f.wrong(v, "%s is %q and %s", path, valueText(v), wrong).Next("candor policy show says what %s means", path)
	}
	return nil
}

func (f *file) section(name string) bool {
	return slices.ContainsFunc(f.keys, func(k key) bool { return strings.HasPrefix(k.name, name+".") })
}

func (f *file) wrong(n *yaml.Node, format string, args ...any) *fault.Error {
	return fault.New(fault.Invalid, format, args...).At("%s:%d", f.name, n.Line)
}

func sectionName(prefix string) string {
	if prefix == "" {
		return "a policy"
	}
	return strings.TrimSuffix(prefix, ".")
}

// valueText shows a wrong value in an error.
func valueText(n *yaml.Node) string {
	switch n.Kind {
	case yaml.SequenceNode:
		return "a list"
	case yaml.MappingNode:
		return "a mapping"
	}
	return n.Value
}

// nearest returns the known key that takes the fewest changes to reach from
// path, the section being left out where the last part is a key elsewhere.
func (f *file) nearest(path string) string {
	best, least := "", -1
	last := path[strings.LastIndexByte(path, '.')+1:]
	for _, k := range f.keys {
		d := min(near.Edits(path, k.name), 1+near.Edits(last, k.name[strings.LastIndexByte(k.name, '.')+1:]))
		if least < 0 || d < least {
			best, least = k.name, d
		}
	}
	return best
}
