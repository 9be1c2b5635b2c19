package definition_test

import (
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"candor/internal/correlate"
	"candor/internal/correlate/definition"
)

const whole = `title: Many failures, then a success
id: 5f6a
name: guessed
status: experimental
level: High
correlation:
  type: temporal_ordered
  rules:
    - many
    - technique:T1078
  group-by: [entity, remote]
  timespan: 90m
  aliases:
    remote:
      many: src_ip
      technique:T1078: client.ip
---
title: Many failures
name: many
correlation:
  type: event_count
  rules: [failure]
  group-by: [entity]
  timespan: 10m
  condition: {gt: 9, lt: 100}
---
title: A failure
id: 4625-rule
name: failure
logsource: {product: windows}
detection: {}
---
families:
  net: [S-*, W-Ids]
  host: W-*
---
title: Sum
enabled: false
correlation: {type: value_sum, rules: ["tactic:Initial Access", "signal:leak"], group-by: [site], timespan: 1d, condition: {gte: 1.5, field: bytes}}
`

func TestDecode(t *testing.T) {
	d := definition.Decode("f.yml", []byte(whole))
	if len(d.Rejects)+len(d.Warnings) > 0 {
		t.Fatal(d.Rejects, d.Warnings)
	}
	if len(d.Definitions) != 3 || len(d.Families) != 2 || !reflect.DeepEqual(d.Rules, []correlate.Known{{ID: "4625-rule", Name: "failure", Title: "A failure"}}) {
		t.Fatalf("%+v", d.Set)
	}
	first, many, sum := d.Definitions[0], d.Definitions[1], d.Definitions[2]
	if first.Level != "high" || first.Span != 90*time.Minute || first.Stages[1].Kind != correlate.OfTechnique || first.Stages[1].Line != 10 ||
		first.Condition != (correlate.Condition{Lower: 2, Upper: correlate.Unbounded}) || first.Aliases["remote"]["many"] != "src_ip" {
		t.Errorf("%+v", first)
	}
	if many.Condition != (correlate.Condition{Lower: 10, Upper: 99}) || many.Line != 18 {
		t.Errorf("%+v", many)
	}
	if !sum.Off || sum.Condition.Lower != 1500 || sum.Stages[0] != (correlate.Selector{Kind: correlate.OfTactic, Name: "Initial Access", Line: 39}) {
		t.Errorf("%+v", sum)
	}
}

func TestWhatNamesMean(t *testing.T) {
	var text strings.Builder
	for _, of := range []string{"failure", "family:net", "tactic:initial-access", "technique:T1059", "signal:Leak"} {
		fmt.Fprintf(&text, "title: '%s'\ncorrelation: {type: event_count, rules: ['%s'], group-by: [entity], timespan: 1m, condition: {gte: 1}}\n---\n", of+"?", of)
	}
	text.WriteString("families: {net: [S-*, W-Ids], host: W-*}\n---\n{title: A failure, id: 4625-rule, name: failure, logsource: {}, detection: {}}\n")
	p, rejects := correlate.Compile(definition.Decode("f.yml", []byte(text.String())).Set)
	if len(rejects) > 0 {
		t.Fatal(rejects)
	}
	for _, c := range []struct {
		of   correlate.Sort
		want string
	}{
		{correlate.Sort{Rule: "4625-rule"}, "failure?"},
		{correlate.Sort{Rule: "failure"}, "failure?"},
		{correlate.Sort{Rule: "77", Name: "A failure"}, "failure?"},
		{correlate.Sort{Rule: "S-Tls"}, "family:net?"},
		{correlate.Sort{Rule: "W-Ids"}, "family:net?"},
		{correlate.Sort{Rule: "W-Idsx"}, ""},
		{correlate.Sort{Rule: "x", Tactics: []string{"Initial Access"}}, "tactic:initial-access?"},
		{correlate.Sort{Signal: "leak", Techniques: []string{"T1059.001"}}, "technique:T1059? signal:Leak?"},
		{correlate.Sort{Rule: "leak", Techniques: []string{"T1059x", "T10590"}}, ""},
	} {
		st := correlate.NewState(p, correlate.Limits{})
		correlate.Step(st, &correlate.Observation{ID: "0", Time: time.Unix(0, 0), Sort: &c.of, Entity: "h"})
		var got []string
		for _, f := range st.Flush() {
			if !f.Open {
				got = append(got, f.Definition)
			}
		}
		if strings.Join(got, " ") != c.want {
			t.Errorf("%+v: %q, want %q", c.of, got, c.want)
		}
	}
}

// TestRefused: what cannot mean anything is refused where it stands.
func TestRefused(t *testing.T) {
	rule := func(s string) string { return "title: t\nname: t\ncorrelation:\n" + s }
	const rest = "  group-by: [entity]\n  timespan: 1m\n"
	for _, c := range []struct{ text, want string }{
		{"[]", "f.yml:1: : not a correlation rule"},
		{"title: x", "f.yml:1: correlation: neither"},
		{"a: [", "f.yml:2: : not YAML"},
		{rule("  type: temporl\n  rules: [a, b]\n" + rest), "f.yml:4: correlation.type: none of event_count"},
		{rule("  type: temporal\n  rules: [a]\n" + rest), "f.yml:5: correlation.rules: one rule lines up with nothing"},
		{rule("  type: temporal\n  rules: [a, a]\n" + rest), "f.yml:5: correlation.rules: is there twice"},
		{rule("  type: temporal\n  rules: [a, 'technique:1059']\n" + rest), "f.yml:5: correlation.rules: not a technique"},
		{rule("  type: temporal\n  rules: [a, 'family:x']\n" + rest), "f.yml:5: rules: no family of that name"},
		{rule("  type: temporal\n  rules: [a, 'chain:x']\n" + rest), "f.yml:5: rules: no definition is called so"},
		{rule("  type: temporal\n  rules: [a, t]\n" + rest), "f.yml:5: rules: a definition cannot be a stage of itself"},
		{rule("  type: temporal\n  rules: [a, b]\n  group-by: []\n  timespan: 1m\n"), "f.yml:6: correlation.group-by: is missing"},
		{rule("  type: temporal\n  rules: [a, b]\n  group-by: [entity]\n"), "correlation.timespan: is missing"},
		{rule("  type: temporal\n  rules: [a, b]\n  group-by: [entity]\n  timespan: 1w\n"), "f.yml:7: correlation.timespan: not a whole number"},
		{rule("  type: temporal\n  rules: [a, b]\n  group-by: [entity]\n  timespan: 0s\n"), "f.yml:7: correlation.timespan"},
		{rule("  type: temporal\n  rules: [a, b]\n  group-by: [entity]\n  timespan: 999999999999d\n"), "f.yml:7: correlation.timespan: longer"},
		{rule("  type: temporal\n  rules: [a, b]\n" + rest + "  condition: {gte: 3}\n"), "f.yml:8: condition: there are 2 rules"},
		{rule("  type: temporal\n  rules: [a, b]\n" + rest + "  condition: {gte: 1}\n"), "f.yml:8: correlation.condition: one rule lines up"},
		{rule("  type: temporal\n  rules: [a, b]\n" + rest + "  condition: a and b\n"), "f.yml:8: correlation.condition: not a mapping"},
		{rule("  type: temporal_ordered\n  rules: [a, b, c]\n" + rest + "  condition: {gte: 2}\n"), "f.yml:8: condition: an order is of all 3"},
		{rule("  type: event_count\n  rules: [a]\n" + rest), "correlation.condition: is missing"},
		{rule("  type: event_count\n  rules: [a]\n" + rest + "  condition: {}\n"), "f.yml:8: correlation.condition: says no number"},
		{rule("  type: event_count\n  rules: [a]\n" + rest + "  condition: {gte: -1}\n"), "f.yml:8: correlation.condition.gte: not a whole number"},
		{rule("  type: event_count\n  rules: [a]\n" + rest + "  condition: {lt: 1}\n"), "f.yml:8: correlation.condition: nothing that can be counted"},
		{rule("  type: event_count\n  rules: [a]\n" + rest + "  condition: {eq: 0}\n"), "f.yml:8: correlation.condition: nothing that can be counted"},
		{rule("  type: event_count\n  rules: [a]\n" + rest + "  condition: {neq: 1}\n"), "f.yml:8: correlation.condition.neq: none of gt"},
		{rule("  type: event_count\n  rules: [a]\n" + rest + "  condition: {gte: 100000}\n"), "f.yml:8: condition: at most 10000"},
		{rule("  type: event_count\n  rules: [a]\n" + rest + "  condition: {gte: 2, field: x}\n"), "f.yml:8: correlation.condition.field: event_count reads no field"},
		{rule("  type: value_count\n  rules: [a]\n" + rest + "  condition: {gte: 2}\n"), "f.yml:8: correlation.condition.field: is missing"},
		{rule("  type: value_sum\n  rules: [a]\n" + rest + "  condition: {gte: x, field: v}\n"), "f.yml:8: correlation.condition.gte: not a number"},
		{rule("  type: temporal\n  rules: [a, b]\n" + rest + "  ordered: true\n"), "f.yml:8: correlation.ordered: is not read"},
		{rule("  type: temporal\n  rules: [a, b]\n" + rest + "  aliases: {x: {a: f}}\n"), "f.yml:8: aliases: group-by does not use it"},
		{rule("  type: temporal\n  rules: [a, b]\n  group-by: [x]\n  timespan: 1m\n  aliases: {x: {a: f}}\n"), "f.yml:8: aliases: says no field for b"},
		{rule("  type: temporal\n  rules: [a, b]\n" + rest + "---\n" + rule("  type: temporal\n  rules: [a, b]\n"+rest)), "f.yml:9: name: another definition is called so too: f.yml:1"},
		{rule("  type: temporal\n  rules: [a, u]\n" + rest + "---\ntitle: u\ncorrelation: {type: temporal, rules: [t, b], group-by: [entity], timespan: 1m}"), "the definition is a stage of itself, through others"},
		{rule("  type: temporal\n  rules: [a, u]\n" + rest + "---\ntitle: u\ncorrelation: {type: event_count, rules: [b], group-by: [entity], timespan: 1m, condition: {lte: 4}}"), "f.yml:5: rules: its condition has an upper bound"},
		{rule("  type: temporal\n  rules: [a, u]\n" + rest + "---\ntitle: u\nenabled: no\ncorrelation: {type: event_count, rules: [b], group-by: [entity], timespan: 1m, condition: {gte: 4}}"), "f.yml:5: rules: the definition that it names is off"},
		{"families: {a: [x, 'y*z']}", "f.yml:1: families.a: a star"},
		{"families: {a: ['*']}", "f.yml:1: families.a: a star"},
		{"families:\n  a: [x]\n  b: [x]", "f.yml:3: families: is declared to be of a too"},
	} {
		d := definition.Decode("f.yml", []byte(c.text))
		var got []string
		_, rejects := correlate.Compile(d.Set)
		for _, r := range append(d.Rejects, rejects...) {
			got = append(got, fmt.Sprintf("%s:%d: %s: %s", r.File, r.Line, r.Field, r.Reason))
		}
		if !strings.Contains(strings.Join(got, "\n"), c.want) {
			t.Errorf("%s\ngot  %s\nwant %s", c.text, strings.Join(got, "\n     "), c.want)
		}
	}
}

func FuzzDecode(f *testing.F) {
	f.Add([]byte(whole))
	f.Add([]byte("title: a\ncorrelation: {type: event_count, rules: [a], group-by: [e], timespan: 1s, condition: {gte: 1}}"))
	f.Add([]byte("correlation: &a {rules: [*a]}"))
	f.Fuzz(func(t *testing.T, data []byte) {
		d := definition.Decode("f", data)
		p, rejects := correlate.Compile(d.Set)
		if (p == nil) != (len(rejects) > 0) {
			t.Fatal("neither a plan nor a reason")
		}
		if p == nil {
			return
		}
		st := correlate.NewState(p, correlate.Limits{})
		correlate.Step(st, &correlate.Observation{Time: time.Unix(1, 0), Sort: &correlate.Sort{Rule: "a"}, Entity: "e", Fields: map[string]string{"e": "x"}})
		st.Flush()
	})
}

func TestAliases(t *testing.T) {
	const head = "kind: entity-aliases\nversion: 1\n"
	a, err := definition.Aliases("a.yml", []byte(head+"entities:\n  ann.lee: [Ann@example.org, WS-17]\n"))
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{"ann@EXAMPLE.org": "ann.lee", "ws-17": "ann.lee", "Ann.Lee": "ann.lee", "ws-18": "ws-18"} {
		if got, _ := a.Of(name); got != want {
			t.Errorf("%s is %s, want %s", name, got, want)
		}
	}
	for text, want := range map[string]string{
		"x: 1": "kind is", head: "entities is missing", head + "entities:\n  a: [x]\n  b: [X]\n": `a.yml:5: "X" is a name of a and of b`, head + "entities: {a: {b: c}}": "not a list",
	} {
		if _, err := definition.Aliases("a.yml", []byte(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %s", text, err, want)
		}
	}
}
