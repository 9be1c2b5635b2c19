package policy

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"

	"candor/internal/attack"
)

// value is where a setting is kept. set reads a YAML node into it and returns
// what is wrong with the node, as the end of a sentence, or "".
type value interface {
	get() any
	set(n *yaml.Node) (wrong string)
	// looser reports whether it asks less than the same setting of another policy.
	looser(than value, w loose) bool
}

// text is a string, one of allowed unless that is nil.
type text struct {
	at      *string
	allowed []string
}

func (v text) get() any { return *v.at }

func (v text) set(n *yaml.Node) string {
	if n.Kind != yaml.ScalarNode || n.Tag == "!!null" || strings.TrimSpace(n.Value) == "" {
		return "must be a word or text"
	}
	if v.allowed != nil && !slices.Contains(v.allowed, n.Value) {
		return "must be one of " + strings.Join(v.allowed, ", ")
	}
	*v.at = n.Value
	return ""
}

// release is an ATT&CK release by domain and version, or the newest.
type release struct{ at *attack.ReleaseRef }

// newest is how a policy says that the newest release is meant.
const newest = "newest"

func (v release) get() any { return v.String() }

// String returns the release as a policy writes it.
func (v release) String() string {
	if v.at.Version == "" {
		return newest
	}
	return attack.ShortDomain(v.at.Domain) + " " + v.at.Version
}

func (v release) set(n *yaml.Node) string {
	words := strings.Fields(n.Value)
	if n.Kind == yaml.ScalarNode && len(words) == 1 && words[0] == newest {
		*v.at = attack.ReleaseRef{}
		return ""
	}
	if len(words) == 1 {
		words = []string{attack.DefaultDomain, words[0]}
	}
	if n.Kind != yaml.ScalarNode || len(words) != 2 || !strings.ContainsAny(words[1][:1], "0123456789") {
		return "must be a release like enterprise 18.1, or newest"
	}
	*v.at = attack.ReleaseRef{Domain: attack.DomainName(words[0]), Version: words[1]}
	return ""
}

// whole is a whole number from least to most.
type whole struct {
	at          *int
	least, most int
}

func (v whole) get() any { return *v.at }

func (v whole) set(n *yaml.Node) string {
	i, err := strconv.Atoi(n.Value)
	if n.Kind != yaml.ScalarNode || err != nil || i < v.least || i > v.most {
		return fmt.Sprintf("must be a whole number from %d to %d", v.least, v.most)
	}
	*v.at = i
	return ""
}

// number is a number from least to most.
type number struct {
	at          *float64
	least, most float64
}

func (v number) get() any { return *v.at }

func (v number) set(n *yaml.Node) string {
	f, err := strconv.ParseFloat(n.Value, 64)
	// Written so that NaN, which is in no order, is refused too.
	if n.Kind != yaml.ScalarNode || err != nil || !(f >= v.least && f <= v.most) {
		return fmt.Sprintf("must be a number from %g to %g", v.least, v.most)
	}
	*v.at = f
	return ""
}

// truth is true or false.
type truth struct{ at *bool }

func (v truth) get() any { return *v.at }

func (v truth) set(n *yaml.Node) string {
	if n.Kind != yaml.ScalarNode || n.Tag != "!!bool" {
		return "must be true or false"
	}
	*v.at = strings.EqualFold(n.Value, "true")
	return ""
}

// texts is a list of strings, each one of allowed unless that is nil.
type texts[S ~string] struct {
	at      *[]S
	allowed []S
}

func (v texts[S]) get() any { return *v.at }

func (v texts[S]) set(n *yaml.Node) string {
	if n.Kind != yaml.SequenceNode {
		return "must be a list"
	}
	list := []S{}
	for _, item := range n.Content {
		s := S(item.Value)
		if item.Kind != yaml.ScalarNode || item.Tag == "!!null" || strings.TrimSpace(item.Value) == "" {
			return "must be a list of words"
		}
		if v.allowed != nil && !slices.Contains(v.allowed, s) {
			return fmt.Sprintf("has %q; it must list some of %s", s, v.names())
		}
		if !slices.Contains(list, s) {
			list = append(list, s)
		}
	}
	*v.at = list
	return ""
}

func (v texts[S]) names() string {
	names := make([]string, len(v.allowed))
	for i, s := range v.allowed {
		names[i] = string(s)
	}
	return strings.Join(names, ", ")
}
