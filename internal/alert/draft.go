package alert

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Draft is an alert as text, as a decoder holds it. A field that the input does
// not have is empty.
type Draft struct {
	ID, RuleID, RuleName, Time, Site, Entity, Severity, Score, CaseID, Tactic, Source string

	// EntityType is the type of Entity, and Entities and Mentions what else the alert is about;
	// where there is no Entity and none of them says that it is primary, the first is.
	EntityType string
	Entities   []Entity
	Mentions   []Mention

	Techniques []string
	Fields     map[string]string

	Disposition, DispositionTime, DispositionBy, Provenance string
	// Reading is "second" for a second reading, and else "first" or empty; DuplicateOf
	// names the alert that a duplicate repeats.
	Reading, DuplicateOf string
	// Word is the vendor's own word for the disposition, if it is to be kept.
	Word string
}

// Mention is an entity as a record of Candor's own formats names it.
type Mention struct {
	Type, Name string
	Primary    bool
}

// ParseMention reads an entity as text; see ParseEntity.
func ParseMention(text string) Mention {
	e := ParseEntity(text)
	return Mention{Type: string(e.Type), Name: e.Name}
}

// ParseMentions reads entities that are joined by semicolons.
func ParseMentions(text string) (list []Mention) {
	for part := range strings.SplitSeq(text, ";") {
		if m := ParseMention(part); m.Name != "" {
			list = append(list, m)
		}
	}
	return list
}

// Placed is an alert, or a statement about one, with the line of its file.
type Placed struct {
	*Alert
	Line int
}

// Checker turns drafts into alerts, so that every format refuses the same things
// for the same reasons. When reads the text of a field that is a time; Fail is
// told what is wrong with an alert, and Warn what was taken for granted. Fail
// may be called several times for one draft.
type Checker struct {
	When func(field, text string) (time.Time, bool)
	// Help says what a text is not when it is no time.
	Help string
	Fail func(field, value, reason string)
	Warn func(text string)

	told    map[string]bool  // what Warn was told
	classes map[string]Class // the words met so far
}

// Alert returns the alert that d says; it is of no use once Fail was called.
func (c *Checker) Alert(d *Draft) *Alert {
	a := &Alert{
		ID: c.need("id", d.ID), RuleID: c.need("rule_id", d.RuleID), RuleName: d.RuleName,
		Time: c.when("time", c.need("time", d.Time)), Site: d.Site, Severity: d.Severity,
		Score: c.score(d.Score), CaseID: d.CaseID, Techniques: d.Techniques, Tactic: d.Tactic, Source: c.source(d.Source),
		Fields: d.Fields,
	}
	c.entities(d, a)
	a.Disposition = c.disposition(d, a)
	return a
}

// entities sets what the alert is about.
func (c *Checker) entities(d *Draft, a *Alert) {
	primary, others := Entity{c.entityType(d.EntityType), strings.TrimSpace(d.Entity)}, d.Entities
	if len(d.Mentions) > 0 {
		others = slices.Grow(slices.Clone(others), len(d.Mentions))
	}
	for _, m := range d.Mentions {
		e := Entity{c.entityType(m.Type), strings.TrimSpace(m.Name)}
		switch {
		case !m.Primary:
			others = append(others, e)
		case e.Name == "":
			c.Fail("entities", "", "the primary entity has no name")
		case primary.Name == "":
			primary = e
		case FoldEntity(primary.Name) != FoldEntity(e.Name):
			c.Fail("entities", m.Name, "is said to be primary, and so is "+primary.Name)
		case primary.Type == Untyped:
			primary.Type = e.Type
		}
	}
	if !a.SetEntities(primary, others) {
		c.warn(fmt.Sprintf("of alerts that name more than %d entities the primary one and the first of the others were kept, %[1]d in all", MaxEntities))
	}
}

func (c *Checker) entityType(word string) EntityType {
	t, ok := ParseEntityType(word)
	if !ok {
		c.warn(fmt.Sprintf("the entity type %q is not one of %s and was taken as %s", clip(word), entityTypes(), OtherEntity))
	}
	return t
}

func clip(text string) string {
	const most = 40
	if r := []rune(text); len(r) > most {
		return string(r[:most]) + "..."
	}
	return text
}

func entityTypes() string {
	var words []string
	for _, t := range EntityTypes() {
		words = append(words, string(t))
	}
	return strings.Join(words, ", ")
}

// mostTold bounds how many different things Warn is told.
const mostTold = 20

// warn tells Warn a thing once.
func (c *Checker) warn(text string) {
	if c.told[text] || len(c.told) == mostTold {
		return
	}
	if c.told == nil {
		c.told = map[string]bool{}
	}
	c.told[text] = true
	c.Warn(text)
}

// source returns the name of a source. What divides it from a rule's id is in none.
func (c *Checker) source(name string) string {
	name = strings.TrimSpace(name)
	if strings.Contains(name, RuleMark) {
		c.Fail("source", name, "has the character U+001F, which is in no name of a source")
		return ""
	}
	return name
}

// Statement returns what d says of an alert that is known: a partial alert with a
// disposition, which needs a time of its own. Of d it reads ID, Source, Site, CaseID and what
// belongs to the disposition. It is of no use once Fail was called.
func (c *Checker) Statement(d *Draft) *Alert {
	a := &Alert{ID: c.need("id", d.ID), Source: c.source(d.Source), Site: d.Site, CaseID: d.CaseID}
	c.need("disposition", d.Disposition)
	c.need("disposition_time", d.DispositionTime)
	a.Disposition = c.disposition(d, a)
	return a
}

func (c *Checker) need(field, value string) string {
	if value == "" {
		c.Fail(field, "", "is missing or empty")
	}
	return value
}

func (c *Checker) when(field, text string) time.Time {
	if text == "" {
		return time.Time{}
	}
	t, ok := c.When(field, text)
	if !ok {
		c.Fail(field, text, c.Help)
	}
	return t
}

func (c *Checker) score(text string) *float64 {
	if text == "" {
		return nil
	}
	v, err := strconv.ParseFloat(text, 64)
	if err != nil || math.IsNaN(v) || math.IsInf(v, 0) {
		c.Fail("score", text, "not a finite number")
		return nil
	}
	return &v
}

// disposition returns the statement that came with the alert. An empty word is
// no statement; a word that says nothing about the alert ("open") is one.
func (c *Checker) disposition(d *Draft, a *Alert) *Disposition {
	if d.Disposition == "" {
		return nil
	}
	class, ok := c.class(d.Disposition)
	if !ok {
		c.Fail("disposition", d.Disposition, "not a class of disposition; use one of "+classes())
		return nil
	}
	out := &Disposition{AlertID: a.ID, Class: class, Word: d.Word, Time: a.Time, By: d.DispositionBy, Provenance: c.provenance(d),
		Second: c.second(d), DuplicateOf: c.original(d, class)}
	if out.Word == string(class) {
		out.Word = ""
	}
	if d.DispositionTime != "" {
		out.Time = c.when("disposition_time", d.DispositionTime)
	}
	return out
}

// second reports whether d is a second reading, which somebody must have made.
func (c *Checker) second(d *Draft) bool {
	second, ok := ParseReading(d.Reading)
	if !ok {
		c.Fail("reading", d.Reading, "not one of first, second")
	}
	if second && d.DispositionBy == "" {
		c.Fail("disposition_by", "", "is missing; a second reading counts for somebody else than the first")
	}
	return second
}

// original returns the alert that d says is repeated.
func (c *Checker) original(d *Draft, class Class) string {
	switch {
	case d.DuplicateOf == "":
	case class != Duplicate:
		c.Fail("duplicate_of", d.DuplicateOf, "only a duplicate repeats another alert")
	case d.DuplicateOf == d.ID:
		c.Fail("duplicate_of", d.DuplicateOf, "an alert does not repeat itself")
	}
	return d.DuplicateOf
}

func (c *Checker) class(word string) (Class, bool) {
	if class, ok := c.classes[word]; ok {
		return class, true
	}
	class, ok := ParseClass(word)
	if ok {
		if c.classes == nil {
			c.classes = map[string]Class{}
		}
		c.classes[strings.Clone(word)] = class
	}
	return class, ok
}

func (c *Checker) provenance(d *Draft) Provenance {
	if d.Provenance == "" {
		c.warn("dispositions that name no provenance were taken as made by an analyst")
		return Analyst
	}
	p, ok := ParseProvenance(d.Provenance)
	if !ok {
		c.Fail("provenance", d.Provenance, "not one of "+provenances())
	}
	return p
}

func provenances() string {
	var words []string
	for _, p := range Provenances() {
		words = append(words, string(p))
	}
	return strings.Join(words, ", ")
}

func classes() string {
	var words []string
	for _, c := range Classes() {
		words = append(words, string(c))
	}
	return strings.Join(append(words, string(Open)), ", ")
}
