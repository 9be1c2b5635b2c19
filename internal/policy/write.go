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
		section, name, nested := strings.Cut(s.Key, ".")
		if !nested {
			section, name = "", s.Key
		}
		in := sections[section]
		if in == nil {
			in = &yaml.Node{Kind: yaml.MappingNode}
			sections[section] = in
			root.Content = append(root.Content, scalar(section), in)
		}
		k, v, err := nodesOf(name, s)
		if err != nil {
			return err
		}
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
