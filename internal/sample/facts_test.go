package sample_test

import (
	"compress/gzip"
	"io"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"candor/internal/sample"
)

// release18 returns the objects of MITRE's Enterprise 18.1.
func release18(t *testing.T) []anyObject {
	t.Helper()
	dir := os.Getenv("CANDOR_TEST_DATA")
	if dir == "" {
		t.Skip("CANDOR_TEST_DATA is not set: the miniature is not compared with ATT&CK")
	}
	f, err := os.Open(filepath.Join(dir, "attack", "enterprise-attack-18.1.json.gz"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	data, err := io.ReadAll(z)
	if err != nil {
		t.Fatal(err)
	}
	return decodeBundle(t, data)
}

// facts are what a bundle states of an object with an ATT&CK ID.
type facts struct {
	name                  string
	platforms, logs, uses []string
	knobs                 []string
}

// factsOf returns the facts of a bundle by type and ATT&CK ID, and its texts.
func factsOf(objects []anyObject) (map[string]*facts, map[string]bool) {
	byStix, byKey, texts := map[string]*anyObject{}, map[string]*facts{}, map[string]bool{}
	for i := range objects {
		byStix[objects[i].ID] = &objects[i]
	}
	get := func(o *anyObject) *facts {
		key := o.Type + " " + o.attackID()
		if byKey[key] == nil {
			byKey[key] = &facts{}
		}
		return byKey[key]
	}
	for i := range objects {
		o := &objects[i]
		if o.Description != nil && *o.Description != "" {
			texts[*o.Description] = true
		}
		if o.Type == "relationship" {
			from, to := byStix[o.Source], byStix[o.Target]
			if from != nil && to != nil {
				f := get(from)
				f.uses = append(f.uses, o.RelationshipType+" "+to.Type+" "+to.attackID())
			}
			continue
		}
		if o.attackID() == "" {
			continue
		}
		f := get(o)
		f.name, f.platforms = o.Name, o.Platforms
		for _, a := range o.Analytics {
			f.uses = append(f.uses, "holds "+byStix[a].attackID())
		}
		for _, l := range o.Logs {
			f.logs = append(f.logs, byStix[l.Component].attackID()+" "+l.Name+" "+l.Channel)
		}
		for _, k := range o.Mutable {
			f.knobs = append(f.knobs, k.Field)
		}
	}
	return byKey, texts
}

func TestMiniatureStatesFactsAndNoTextOfATTACK(t *testing.T) {
	real, texts := factsOf(release18(t))
	ours, written := factsOf(decodeBundle(t, sample.Bundle()))
	for key, o := range ours {
		r, ok := real[key]
		if !ok {
			t.Errorf("ATT&CK has no %s", key)
			continue
		}
		if o.name != r.name && key != "x-mitre-matrix "+sample.Domain {
			t.Errorf("%s is called %q, and in ATT&CK %q", key, o.name, r.name)
		}
		for _, pair := range [][2][]string{{o.platforms, r.platforms}, {o.logs, r.logs}, {o.uses, r.uses}, {o.knobs, r.knobs}} {
			for _, fact := range pair[0] {
				if !slices.Contains(pair[1], fact) {
					t.Errorf("%s: ATT&CK does not say %q", key, fact)
				}
			}
		}
	}
	for text := range written {
		if texts[text] {
			t.Errorf("this text is ATT&CK's: %q", text)
		}
	}
}
