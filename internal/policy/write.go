package policy

import (
	"bytes"
	"fmt"
	"io"
	"strings"

	"go.yaml.in/yaml/v3"

	"candor/internal/assure"
)

// WriteYAML writes p as a policy file in which every key has its meaning and
// its default above it. Reading it gives the same policy.
func WriteYAML(w io.Writer, p assure.Policy) error {
	root := &yaml.Node{Kind: yaml.MappingNode}
	sections := map[string]*yaml.Node{"": root}
	for _, s := range Explain(p) {
		section, name := "", s.Key
		if i := strings.LastIndexByte(s.Key, '.'); i >= 0 {
			section, name = s.Key[:i], s.Key[i+1:]
		}
		k, v, err := nodesOf(name, s)
		if err != nil {
			return err
		}
		in := sectionNode(sections, section)
		in.Content = append(in.Content, k, v)
	}
	var b bytes.Buffer
	e := yaml.NewEncoder(&b)
	e.SetIndent(2)
	if err := e.Encode(root); err != nil {
		return fmt.Errorf("write policy %s: %w", p.Name, err)
	}
	_, err := w.Write(b.Bytes())
	return err
}

// sectionNode returns the mapping of a section by its path, making it, and those
// that it lies in, if need be.
func sectionNode(sections map[string]*yaml.Node, path string) *yaml.Node {
	if n := sections[path]; n != nil {
		return n
	}
	outer, name := "", path
	if i := strings.LastIndexByte(path, '.'); i >= 0 {
		outer, name = path[:i], path[i+1:]
	}
	n := &yaml.Node{Kind: yaml.MappingNode}
	sections[path] = n
	in := sectionNode(sections, outer)
	in.Content = append(in.Content, scalar(name), n)
	return n
}

func scalar(s string) *yaml.Node { return &yaml.Node{Kind: yaml.ScalarNode, Value: s} }

// nodesOf returns a setting's key, with its meaning above it, and its value.
func nodesOf(name string, s Setting) (k, v *yaml.Node, err error) {
	standard, err := inline(s.Default)
	if err != nil {
		return nil, nil, fmt.Errorf("write default of %s: %w", s.Key, err)
	}
	k = scalar(name)
	k.HeadComment = s.Meaning + "\n" + "Default: " + strings.TrimSpace(standard+" "+unitText(s.Unit)) + "."
	v, err = nodeOf(s.Value)
	if err != nil {
		return nil, nil, fmt.Errorf("write %s: %w", s.Key, err)
	}
	return k, v, nil
}

func unitText(unit string) string {
	if unit == "" || unit == "proportion" || unit == "Admiralty rating" {
		return ""
	}
	return unit
}

// nodeOf returns a value as a node on one line.
func nodeOf(value any) (*yaml.Node, error) {
	n := new(yaml.Node)
	if err := n.Encode(value); err != nil {
		return nil, err
	}
	n.Style = yaml.FlowStyle
	if n.Kind == yaml.ScalarNode {
		n.Style = 0
	}
	if n.Tag == "!!str" && n.Kind == yaml.ScalarNode {
		n.Style = yaml.DoubleQuotedStyle
	}
	return n, nil
}

// inline returns a value as YAML writes it on one line.
func inline(value any) (string, error) {
	n, err := nodeOf(value)
	if err != nil {
		return "", err
	}
	out, err := yaml.Marshal(n)
	return strings.TrimSpace(string(out)), err
}
