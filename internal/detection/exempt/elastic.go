package exempt

import (
	"io"
	"strings"

	"candor/internal/alert/export"
	"candor/internal/detection"
	"candor/internal/detection/condition"
	"candor/internal/evidence"
)

// ElasticFormat is the name of the format of Elastic's exception lists.
const ElasticFormat = "elastic-exceptions"

// SniffElastic reports whether a file that begins with head has exception lists: an
// export of them, or one of rules, which holds theirs.
func SniffElastic(head []byte, _ string) bool {
	return export.Contains(head, `"list_id"`) && (export.Contains(head, `"namespace_type"`) || export.Contains(head, `"item_id"`))
}

// ListsAlone reports whether a file that begins with head has exception lists and no rules.
func ListsAlone(head []byte, name string) bool {
	return SniffElastic(head, name) && !export.Contains(head, `"risk_score"`)
}

// Elastic reads exception lists as Kibana exports them: a line for each list, then one
// for each item. They hold for the rules that name the list; see
// detection.Rule.ExceptionLists. File names the input in messages. It fails with
// fault.Invalid when the file cannot be read on.
func Elastic(file string, r io.Reader) (evidence.Decoded[detection.Exception], error) {
	return export.Collect(file, r, nil, item)
}

// elasticProduct is what Elastic's alerts call their source.
const elasticProduct = "Elastic Security"

func item(r *export.Record) (detection.Exception, bool) {
	switch {
	case r.Text("rule_id") != "":
		r.Note("rules were passed over; add them as rules")
		return detection.Exception{}, false
	case r.Text("item_id") == "" && (r.Text("list_id") != "" || r.Text("exported_exception_list_count", "exported_rules_count", "exported_count") != ""):
		return detection.Exception{}, false // the list itself, or the line that ends the file
	}
	e := detection.Exception{
		ID: r.Need("item_id"), Name: r.Text("name"), List: r.Need("list_id"), Source: elasticProduct, Reason: reason(r), Owner: r.Text("created_by"),
		Since: r.Day("created_at"), Expires: r.Day("expire_time"), Ends: true,
	}
	entries := r.Objects("entries")
	if len(entries) == 0 {
		r.Fail("entries", "", "is missing or empty, so that nothing says what the exception is of")
		return e, true
	}
	var parts []condition.Expr
	for _, o := range entries {
		parts = append(parts, clause(r, o, ""))
	}
	if !r.Bad() {
		all := condition.All(parts...)
		e.Condition = all.String()
	}
	return e, true
}

// reason is what the item says of itself, and its comments.
func reason(r *export.Record) string {
	words := []string{r.Text("description")}
	for _, c := range r.Objects("comments") {
		words = append(words, c.Text("comment"))
	}
	return strings.TrimSpace(strings.Join(words, " "))
}

// clause reads one comparison of an item, or what is nested in one.
func clause(r *export.Record, o export.Object, within string) condition.Expr {
	field := within + o.Text("field")
	if field == within {
		r.Fail("entries.field", "", "is missing or empty")
	}
	var e condition.Expr
	switch kind := o.Text("type"); kind {
	case "match":
		e = condition.Is(field, condition.Equals, o.Text("value"))
	case "match_any":
		values := o.Texts("value")
		if len(values) == 0 {
			r.Fail("entries.value", "", "is missing or empty")
		}
		e = condition.Is(field, condition.In, values...)
	case "wildcard":
		e = condition.Is(field, condition.Like, o.Text("value"))
	case "exists":
		e = condition.Is(field, condition.Exists)
	case "list":
		name := o.Text("list.id")
		r.Note("value list %s is not a part of the export: what it holds decides nothing", name)
		e = condition.Is(field, condition.Listed, name)
	case "nested":
		var parts []condition.Expr
		for _, sub := range o.Objects("entries") {
			parts = append(parts, clause(r, sub, field+"."))
		}
		if len(parts) == 0 {
			r.Fail("entries.entries", "", "is missing or empty")
			return e
		}
		return condition.All(parts...)
	default:
		r.Fail("entries.type", kind, "not one of match, match_any, wildcard, exists, list, nested")
	}
	if o.Text("operator") == "excluded" {
		return condition.None(e)
	}
	return e
}
