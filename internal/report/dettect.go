package report

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"candor/internal/assessment"
	"candor/internal/assure"
	"candor/internal/claim"
	"candor/internal/custody"
	"candor/internal/day"
	"candor/internal/fault"
	"candor/internal/figure"
	"candor/internal/near"
	"candor/internal/telemetry/dettect"
	"candor/internal/visibility"
)

// The administrations of DeTT&CT that there are reports of.
const (
	FileSources    = "data-sources"
	FileTechniques = "techniques"
)

// Administrations lists them.
func Administrations() []string { return []string{FileSources, FileTechniques} }

// anyPlatform is the system of an analytic that states no platform.
const anyPlatform = "Any platform"

// mostLocations bounds how many rules stand as locations of a detection.
const mostLocations = 20

// heldRecord is a data component on a platform as DeTT&CT has it. Scores of 0 are not known.
type heldRecord struct {
	Source     string `col:"data_source"`
	Platform   string `col:"applicable_to"`
	Connected  string `col:"date_connected"`
	Available  bool   `col:"available_for_data_analytics"`
	Devices    int    `col:"device_completeness"`
	Timeliness int    `col:"timeliness"`
	Comment    string `col:"comment"`
}

// scoredRecord is a technique on a platform as DeTT&CT has it.
type scoredRecord struct {
	Technique  string   `col:"technique_id"`
	Name       string   `col:"technique_name"`
	Platform   string   `col:"applicable_to"`
	Detection  int      `col:"detection"`
	Location   []string `col:"location"`
	Comment    string   `col:"detection_comment"`
	Visibility int      `col:"visibility"`
	Seen       string   `col:"visibility_comment"`
}

// DeTTECT makes an administration of DeTT&CT.
func (s *Service) DeTTECT(ctx context.Context, r assessment.Request, file, by string) (Sealed, error) {
	m, err := s.dettect(ctx, r, file)
	if err != nil {
		return Sealed{}, err
	}
	return s.seal(ctx, m, by)
}

func (s *Service) dettect(ctx context.Context, r assessment.Request, file string) (made, error) {
	if !slices.Contains(Administrations(), file) {
		return made{}, fault.New(fault.Usage, "there is no file %q of DeTT&CT", file).Next("%s", near.Hint(file, Administrations(), ""))
	}
	r.AsOf = endOf(day.Of(r.AsOf))
	whole, err := s.Assessment.Assess(ctx, r)
	if err != nil {
		return made{}, err
	}
	d := dettectOf{request: r, whole: &whole, gates: map[string]assure.Decision{}}
	if file == FileTechniques {
		if err := s.reporting(ctx, r, &d); err != nil {
			return made{}, err
		}
	}
	doc := d.sources()
	if file == FileTechniques {
		doc = d.techniques()
	}
	return made{document: doc, asked: askedOf(KindDeTTECT, file, &whole, r), all: true, policy: whole.Policy.SHA256, release: custody.ReleaseID(whole.Release)}, nil
}

// reporting asks the gate for reporting about what was shown to work.
func (s *Service) reporting(ctx context.Context, r assessment.Request, d *dettectOf) error {
	for i := range d.whole.Verdicts {
		v := &d.whole.Verdicts[i]
		if v.Rung != assure.Proven && v.Rung != assure.Reliable {
			continue
		}
		g, err := s.Assessment.Gate(ctx, r, v.Analytic.ATTACKID, assure.Reporting)
		if err != nil {
			return err
		}
		d.gates[v.Analytic.ATTACKID] = g
	}
	return nil
}

// dettectOf is what an administration is made of: gates are those for reporting, of what was
// shown to work.
type dettectOf struct {
	request assessment.Request
	whole   *assure.Assessment
	gates   map[string]assure.Decision
}

func (d *dettectOf) document(title string, lead string, limits ...string) Document {
	doc := Document{Kind: KindDeTTECT, Title: title, Basis: basisOf(d.whole, d.request), Lead: []string{lead}}
	doc.Limits = together(d.whole.Limits, limits)
	return doc
}

// on lists the platforms of an analytic.
func on(v *assure.Verdict) []string {
	if len(v.Platforms) == 0 {
		return []string{anyPlatform}
	}
	return v.Platforms
}

// sources is the data source administration.
func (d *dettectOf) sources() Document {
	list, missing := []heldRecord{}, 0
	for key, needs := range d.needs() {
		if h, is := held(key, needs); is {
			list = append(list, h)
		} else {
			missing++
		}
	}
	slices.SortFunc(list, func(a, b heldRecord) int {
		return cmp.Or(strings.Compare(a.Source, b.Source), strings.Compare(a.Platform, b.Platform))
	})
	available := 0
	for i := range list {
		if list[i].Available {
			available++
		}
	}
	doc := d.document("DeTT&CT: data sources", figure.Sprintf("%d data components, each on one platform, are said to be collected or were looked for, out of %d that analytics name; %d are available.", len(list), len(list)+missing, available),
		"A score of data quality of 0 says that nothing is known, which DeTT&CT reads as the lowest.",
		"Completeness of fields, consistency and retention have no score: nothing measures them for a data component. Products are left out, and the day of connection is the first on which evidence has it arriving.",
		"A data component has the lowest score of its log sources that arrive; which log sources are missing is in the comment as a count alone.")
	doc.Sections = []Section{{Title: FileSources, Table: table(list, "No data component is collected.")}}
	return doc
}

// place is a data component on a platform, and source a log source by name and channel.
type (
	place  struct{ component, platform string }
	source struct{ name, channel string }
)

// needs gathers the log sources that analytics need; of one that is seen differently by several
// analytics, the worst.
func (d *dettectOf) needs() map[place]map[source]*visibility.Need {
	all := map[place]map[source]*visibility.Need{}
	for i := range d.whole.Verdicts {
		v := &d.whole.Verdicts[i]
		if v.Rung == assure.NotApplicable {
			continue
		}
		for k := range v.Visibility.Needs {
			n := &v.Visibility.Needs[k]
			for _, p := range on(v) {
				at, key := place{n.ComponentName, p}, source{n.Name, n.Channel}
				if n.ComponentName == "" {
					continue
				}
				if all[at] == nil {
					all[at] = map[source]*visibility.Need{}
				}
				if was := all[at][key]; was == nil || slices.Index(needStates(), n.State) < slices.Index(needStates(), was.State) {
					all[at][key] = n
				}
			}
		}
	}
	return all
}

// needStates are the states of a log source, the worst first.
func needStates() []visibility.NeedState {
	return []visibility.NeedState{visibility.Missing, visibility.Silent, visibility.Old, visibility.Unmeasured, visibility.Thin, visibility.Measured}
}

// held is a data component as DeTT&CT has it; false for one that nobody says is collected.
func held(at place, needs map[source]*visibility.Need) (heldRecord, bool) {
	h := heldRecord{Source: at.component, Platform: at.platform}
	n := map[visibility.NeedState]int{}
	arrive := false
	for _, need := range needs {
		n[need.State]++
		if first := string(need.FirstSeen); first != "" && (h.Connected == "" || first < h.Connected) {
			h.Connected = first
		}
		if need.State != visibility.Measured && need.State != visibility.Thin {
			continue
		}
		devices, timely := devicesScore(need), timelinessScore(need.P95Latency)
		if !arrive || devices < h.Devices {
			h.Devices = devices
		}
		if !arrive || timely < h.Timeliness {
			h.Timeliness = timely
		}
		arrive = true
	}
	if n[visibility.Missing] == len(needs) {
		return h, false
	}
	h.Available = arrive || n[visibility.Unmeasured] > 0
	var parts []string
	for _, s := range slices.Backward(needStates()) {
		if n[s] > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", n[s], needWords(s)))
		}
	}
	h.Comment = fmt.Sprintf("Candor: of %s of this component that analytics name: %s.%s", figure.Of(int64(len(needs)), "log source", "log sources"), strings.Join(parts, ", "), unknown(&h))
	return h, true
}

func needWords(s visibility.NeedState) string {
	switch s {
	case visibility.Measured:
		return "arrive as policy asks"
	case visibility.Thin:
		return "arrive on too few days or from too few hosts"
	case visibility.Unmeasured:
		return "declared and never observed to arrive"
	case visibility.Old:
		return "arrived once, not lately"
	case visibility.Silent:
		return "looked for and silent"
	}
	return "not collected"
}

// unknown says which scores are 0 since nothing is known.
func unknown(h *heldRecord) string {
	list := []string{"fields", "consistency", "retention"}
	if h.Timeliness == 0 {
		list = slices.Insert(list, 0, "timeliness")
	}
	if h.Devices == 0 {
		list = slices.Insert(list, 0, "devices")
	}
	return " Not known, and 0 for that: " + strings.Join(list, ", ") + "."
}

// devicesScore is the share of hosts that send a log source, as DeTT&CT bins it; 0 where nobody
// declared how many should.
func devicesScore(n *visibility.Need) int {
	switch {
	case n.HostsOf == 0 || n.Hosts == 0:
		return 0
	case n.Hosts >= n.HostsOf:
		return 5
	case n.Hosts*100 > n.HostsOf*75:
		return 4
	case n.Hosts*2 > n.HostsOf:
		return 3
	case n.Hosts*4 > n.HostsOf:
		return 2
	}
	return 1
}

// timelinessScore is of within how many seconds 95 % of the events arrive. DeTT&CT has no figures
// for it; these are ours.
func timelinessScore(p95 *float64) int {
	if p95 == nil {
		return 0
	}
	bounds := [...]float64{300, 3600, 86400, 7 * 86400} // five minutes, an hour, a day, a week
	for i, b := range bounds {
		if *p95 <= b {
			return 5 - i
		}
	}
	return 1
}

// spot is a technique on a platform.
type spot struct{ id, platform string }

// techniques is the technique administration.
func (d *dettectOf) techniques() Document {
	at := map[spot][]*assure.Verdict{}
	names := map[string]string{}
	for i := range d.whole.Verdicts {
		v := &d.whole.Verdicts[i]
		if v.Rung == assure.NotApplicable {
			continue
		}
		for _, t := range v.Techniques {
			names[t.ATTACKID] = t.Name
			for _, p := range on(v) {
				at[spot{t.ATTACKID, p}] = append(at[spot{t.ATTACKID, p}], v)
			}
		}
	}
	list := make([]scoredRecord, 0, len(at))
	for key, of := range at {
		list = append(list, d.scored(key, names[key.id], of))
	}
	slices.SortFunc(list, func(a, b scoredRecord) int {
		return cmp.Or(strings.Compare(a.Technique, b.Technique), strings.Compare(a.Platform, b.Platform))
	})
	n := map[int]int{}
	for i := range list {
		n[list[i].Detection]++
	}
	doc := d.document("DeTT&CT: techniques", figure.Sprintf("%d techniques, each on one platform: %d have a detection that the gate for reporting lets through (score 3 or 4), %d a rule alone or what that gate refuses (1), %d a rule that sees nothing or was shown not to work (0), %d none (-1).",
		len(list), n[4]+n[3], n[1], n[0], n[-1]),
		"A rung is not a score of DeTT&CT: 4 is reliable and 3 proven, where the gate for reporting lets it through without a waiver; nothing is above 1 that it refuses, and nothing is 5.",
		"A technique has the lowest score of its analytics on a platform. What is said of each analytic, counts and intervals have no room; sub-techniques have scores of their own, and a technique that no analytic detects has none.",
		"The day is the day that was judged as of, not that on which a detection was made.")
	doc.Sections = []Section{{Title: FileTechniques, Table: table(list, "No technique has an analytic that applies.")}}
	return doc
}

// scored is a technique on a platform with the lowest of what its analytics have.
func (d *dettectOf) scored(at spot, name string, of []*assure.Verdict) scoredRecord {
	r := scoredRecord{Technique: at.id, Name: name, Platform: at.platform, Location: locations(of)}
	low, seen := of[0], of[0]
	for _, v := range of[1:] {
		if d.detection(v) < d.detection(low) {
			low = v
		}
		if seenScore(v) < seenScore(seen) {
			seen = v
		}
	}
	r.Detection, r.Visibility = d.detection(low), seenScore(seen)
	among := "Candor: the lowest of " + figure.Of(int64(len(of)), "analytic", "analytics") + " on " + at.platform + " is "
	r.Comment = among + low.Analytic.ATTACKID + ", on the rung " + strings.ReplaceAll(string(low.Rung), "_", " ") + d.gate(low) + ". " + low.Sentence + " Without counts, intervals and the other analytics."
	if rules := counting(of); len(rules) > len(r.Location) {
		r.Comment += fmt.Sprintf(" %d of %d rules are named.", len(r.Location), len(rules))
	}
	r.Seen = among + seen.Analytic.ATTACKID + ": " + seen.Visibility.Sentence + " Without the single log sources."
	return r
}

// gate says what the gate for reporting does with what was shown to work.
func (d *dettectOf) gate(v *assure.Verdict) string {
	g, asked := d.gates[v.Analytic.ATTACKID]
	switch {
	case !asked:
		return ""
	case g.Allowed && g.Waived:
		return ", which only a waiver lets through the gate for reporting"
	case g.Allowed:
		return ", which the gate for reporting lets through"
	}
	return ", which the gate for reporting refuses"
}

// detection is the score of detection that a rung may have.
func (d *dettectOf) detection(v *assure.Verdict) int {
	g := d.gates[v.Analytic.ATTACKID]
	open := g.Allowed && !g.Waived
	switch {
	case !v.Claimed:
		return -1
	case v.Rung == assure.Reliable && open:
		return 4
	case v.Rung == assure.Proven && open:
		return 3
	case v.Rung == assure.RuleOnly, v.Rung == assure.Blind, v.Rung == assure.Outside, v.Rung == assure.Contradicted:
		return 0
	}
	return 1
}

// seenScore is the score of visibility; 4 is for nothing that ATT&CK names log sources of.
func seenScore(v *assure.Verdict) int {
	switch v.Visibility.State {
	case visibility.Verified:
		return 3
	case visibility.External:
		return 1
	case visibility.Partial:
		for i := range v.Visibility.Needs {
			if v.Visibility.Needs[i].State == visibility.Measured {
				return 1
			}
		}
	}
	return 0
}

// counting lists the rules that claim any of analytics on a basis that counts, by name.
func counting(of []*assure.Verdict) (names []string) {
	for _, v := range of {
		for i := range v.Claims {
			if c := &v.Claims[i]; counts(c) {
				names = append(names, strings.ReplaceAll(cmp.Or(c.RuleName, c.RuleID), wordSeparator, ","))
			}
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

func counts(c *claim.Claim) bool { return c.Counts && c.Enabled }

func locations(of []*assure.Verdict) []string {
	names := counting(of)
	return names[:min(len(names), mostLocations)]
}

// DeTTECT is the administration that a report of that kind is of, as DeTT&CT reads it.
func DeTTECT(s *Sealed) ([]byte, error) {
	d := &s.Document
	name := cmp.Or(d.Basis.Scope.Organisation, "Candor") + ", as of " + string(d.Basis.AsOf)
	h := dettect.Header{Name: name, Domain: s.Asked.Domain, Notes: d.Basis.Words()}
	for _, n := range s.notes() {
		h.Notes = append(h.Notes, n[0]+": "+n[1])
	}
	if part := d.section(FileSources); part != nil {
		var list []dettect.Held
		for _, r := range records[heldRecord](part.Table) {
			list = append(list, dettect.Held{Name: r.Source, Platform: r.Platform, Registered: d.Basis.AsOf, Connected: day.Date(r.Connected), Available: r.Available, Devices: r.Devices, Timeliness: r.Timeliness, Comment: r.Comment})
		}
		return dettect.WriteSources(h, list)
	}
	part := d.section(FileTechniques)
	if part == nil {
		return nil, fault.New(fault.Invalid, "the report is no file of DeTT&CT")
	}
	var list []dettect.Scored
	for _, r := range records[scoredRecord](part.Table) {
		list = append(list, dettect.Scored{Technique: r.Technique, Name: r.Name, Platform: r.Platform, Day: d.Basis.AsOf, Detection: r.Detection, Location: r.Location, Comment: r.Comment, Visibility: r.Visibility, Seen: r.Seen})
	}
	return dettect.WriteTechniques(h, list)
}
