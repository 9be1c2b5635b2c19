package cli

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"candor/internal/assessment"
	"candor/internal/assure"
	"candor/internal/evidence"
	"candor/internal/fault"
	"candor/internal/figure"
	"candor/internal/measure"
)

// measuring holds the flags that say what is measured, over which days.
type measuring struct {
	judging
	window int
	given  func(flag string) bool
}

func (m *measuring) flags(c *cobra.Command) {
	m.given = c.Flags().Changed
	refFlags(c, &m.ref)
	c.Flags().StringVar(&m.asOf, "as-of", "", "judge as of this day, 2006-01-02 (default: today)")
	c.Flags().StringVar(&m.policy, "policy", "", "policy file (default: policy.yaml in the data folder, else built in)")
	c.Flags().IntVar(&m.window, "window", 0, "days to look at, the last of them the day of judgement (default: window_days of the policy)")
}

// measurement makes the request that the flags stand for.
func (p *program) measurement(m measuring) (assessment.Request, error) {
	r, err := p.request(m.judging)
	if err != nil {
		return r, err
	}
	switch {
	case m.window < 0, m.window > 3660, m.window == 0 && m.given != nil && m.given("window"):
		return r, fault.New(fault.Usage, "a window of %d days cannot be looked at", m.window).At("--window").Next("use 1 to 3660 days")
	case m.window > 0:
		r.Policy.WindowDays = m.window
	}
	return r, nil
}

// measuringCommands are those that measure, and say what follows from it.
func (p *program) measuringCommands() []*cobra.Command {
	return []*cobra.Command{p.measureCommand(), p.labelCommand(), p.gateCommand(), p.nextCommand(), p.matrixCommand(), p.gapCommand(), p.profileCommand(), p.takeCommand(), p.reportCommand(), p.noteCommand(), p.tuneCommand(), p.reviewCommand(), p.exerciseCommand(), p.correlateCommand()}
}

func (p *program) measureCommand() *cobra.Command {
	var m measuring
	var rule, analytic, by string
	var recall, timed bool
	c := &cobra.Command{
		Use:   "measure",
		Short: "What the alerts say: precision with intervals, volume, workload",
		Long: `Measure turns the labelled alerts of a window into statements, for every rule, for
one rule or for one analytic: precision by alerts and by episodes with intervals that
account for bursts, what the unlabelled leave open, volume, workload and trend, and
what may be concluded: good enough, not good enough, undecided (with how many alerts
to label), or not measurable (with why). doc/statistics.md defines every figure.

--recall shows what exercises say of what was detected, and how incidents became known.
Alerts cannot say that.`,
		Example: "  candor measure\n  candor measure --rule W-Acc-400\n  candor measure --analytic AN0001 --window 30\n  candor measure --by analytic --json\n  candor measure --recall",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			req, err := p.measurement(m)
			if err != nil {
				return err
			}
			if by != "rule" && by != "analytic" {
				return fault.New(fault.Usage, "nothing is measured by %q", by).At("--by").Next("use rule or analytic")
			}
			if timed && (rule != "" || analytic != "" || by == "analytic") {
				return fault.New(fault.Usage, "times are of the table of every rule").At("--times").Next("leave --rule, --analytic and --by out; the statement of one rule has its times")
			}
			return p.with(cmd, false, func(ctx context.Context, d *Desk) error {
				switch {
				case recall:
					return p.recall(ctx, d, req, analytic)
				case rule != "":
					return p.measureRule(ctx, d, req, rule)
				case analytic != "" || by == "analytic":
					return p.measureAnalytics(ctx, d, req, analytic)
				}
				return p.measureRules(ctx, d, req, timed)
			})
		},
	}
	m.flags(c)
	m.siteFlag(c)
	c.Flags().StringVar(&rule, "rule", "", "the whole statement of one rule, by id or name")
	c.Flags().StringVar(&analytic, "analytic", "", "the whole statement of one analytic, by ATT&CK ID")
	c.Flags().StringVar(&by, "by", "rule", "what the table is of: rule, analytic")
	c.Flags().BoolVar(&recall, "recall", false, "what exercises and incidents say of what is detected, apart from precision")
	c.Flags().BoolVar(&timed, "times", false, "for every rule: how long alerts wait to be acknowledged and to be closed (takes longest to count)")
	c.MarkFlagsMutuallyExclusive("rule", "analytic")
	c.MarkFlagsMutuallyExclusive("rule", "recall")
	c.MarkFlagsMutuallyExclusive("by", "rule")
	c.MarkFlagsMutuallyExclusive("by", "recall")
	c.MarkFlagsMutuallyExclusive("times", "recall")
	return c
}

func (p *program) measureRules(ctx context.Context, d *Desk, r assessment.Request, timed bool) error {
	m, err := d.Assessment.Measure(ctx, r, timed)
	if err != nil {
		return err
	}
	return p.emit(m, func(g *sheet) {
		if len(m.Rules) == 0 {
			g.line("No rule raised an alert from %s to %s; --as-of and --window choose other days, and candor evidence add alerts FILE adds alerts.", m.Window.From, m.Window.To)
		} else {
			showStatements(g, m.Rules, "RULE", nil)
		}
		if timed {
			showTimes(g, m.Rules)
		}
		showBasis(g, m.Basis)
		if m.Silent > 0 {
			g.line("%s no alert in the window; that says nothing of whether they work", plural(m.Silent, "enabled rule raised", "enabled rules raised"))
		}
		showRevisions(g, m.Revisions)
		showWaivers(g, m.Waivers, "")
		showLimits(g, m.Limits)
		g.line("\none rule: candor measure --rule ID; alerts to label: candor label sample RULE -n N; thresholds: candor tune RULE")
	})
}

// showStatements prints one line for each statement. The names are those of the
// first column where they are not the rule's.
func showStatements(g *sheet, ds []measure.Detail, what string, names []string) {
	rows := [][]string{{what, "NAME", "PER DAY", "MIN/DAY", "TRUE OF LABELLED", "CLUSTERED", "EPISODES", "INTERVAL", "UNLABELLED", "TREND", "CONCLUSION"}}
	for i := range ds {
		d := &ds[i]
		id := d.RuleID
		if names != nil {
			id = names[i]
		}
		rows = append(rows, []string{clip(id, 36), clip(d.RuleName, 34), figure.PerDay(d.PerDay.Mean), figure.Fixed(d.WorkloadMinutesPerDay, 0),
			ratio(d.TruePositive, labelledOf(&d.Statement)), short(d.ClusteredInterval), ratio(int64(d.EpisodeHits), int64(d.Episodes)),
			short(d.EpisodeInterval), group3(d.Unlabelled), direction(d.Trend), conclusionWords(&d.Statement)})
	}
	g.table("", rows)
}

func labelledOf(s *measure.Statement) int64 {
	return s.TruePositive + s.BenignPositive + s.FalsePositive
}

func ratio(k, n int64) string {
	if n == 0 {
		return "none"
	}
	return group3(k) + "/" + group3(n)
}

func short(i *measure.Interval) string {
	if i == nil {
		return "-"
	}
	return figure.Percents(i[0], i[1])
}

// direction says a trend in a word where its interval leaves out 0.
func direction(t *measure.Trend) string {
	switch {
	case t == nil:
		return "-"
	case t.Interval[0] > 0:
		return "rising"
	case t.Interval[1] < 0:
		return "falling"
	}
	return "none"
}

func conclusionWords(s *measure.Statement) string {
	words := strings.ReplaceAll(string(s.Conclusion), "_", " ")
	switch {
	case s.Conclusion == measure.Undecided && s.ToLabel > 0:
		words += ", " + settling(s.Settling(s.ToLabel))
	case s.Noisy && s.Conclusion != measure.NotGoodEnough:
		words += ", over volume"
	}
	return words
}

// settling says in a cell what would settle a measurement.
func settling(t measure.Settling) string {
	if t.Labels > 0 {
		return "label " + group3(t.Labels)
	}
	return "wait for " + plural(t.Episodes, "episode", "episodes")
}

func showBasis(g *sheet, b assessment.Basis) {
	g.line("\nwindow %s to %s, policy %s asks for precision %s; intervals at %s", b.Window.From, b.Window.To,
		b.Policy, figure.Percent(b.MinPrecision), figure.Percent(b.Confidence))
}

func showLimits(g *sheet, limits []string) {
	for i, l := range limits {
		if i == 0 {
			g.head("Limits")
		}
		g.wrap("  ", l, 110)
	}
}

func (p *program) measureRule(ctx context.Context, d *Desk, r assessment.Request, rule string) error {
	m, err := d.Assessment.MeasureRule(ctx, r, rule)
	if err != nil {
		return err
	}
	return p.emit(m, func(g *sheet) {
		g.line("%s  %s", g.bold(m.RuleID), m.RuleName)
		g.line("%s", g.dim(ruleOrigin(&m)))
		showOperation(g, m.Operation)
		if m.Revision != nil {
			g.wrap("", m.Revision.Sentence, 110)
		}
		showExceptions(g, m.Exceptions)
		showDetail(g, &m.Detail)
		showRests(g, m.Evidence)
		showWaivers(g, m.Waivers, "")
		showBasis(g, m.Basis)
		showLimits(g, m.Limits)
	})
}

// showRevisions says which rules were changed within the window.
func showRevisions(g *sheet, revisions []assure.Revision) {
	for i := range revisions {
		if i == 0 {
			g.head("Rules that were changed in the window")
		}
		g.wrap("  ", revisions[i].Sentence, 110)
	}
}

// showOperation says whether a rule runs, where that is recorded.
func showOperation(g *sheet, o *assure.Operation) {
	if o == nil {
		g.wrap("", "whether it runs is not recorded", 110)
		return
	}
	state := "it runs"
	if !o.Runs() {
		state = "it does not run"
	}
	text := fmt.Sprintf("%s: %s; %s recorded of the window", state, o.Sentence, plural(int(o.Executions), "run", "runs"))
	if o.Failed+o.Late > 0 {
		text += figure.Sprintf(", of which %d failed and %d were late", o.Failed, o.Late)
	}
	g.wrap("", text, 110)
}

// ruleOrigin says where a rule comes from and whether it runs.
func ruleOrigin(m *assessment.MeasuredRule) string {
	if m.Rule == nil {
		return "no rule of this id was added; only its alerts are known"
	}
	state := "not enabled"
	if m.Rule.Enabled {
		state = "enabled"
	}
	return fmt.Sprintf("%s, of batch %s", state, m.RuleBatch)
}

// showDetail prints a statement whole: every figure, then each reason.
func showDetail(g *sheet, d *measure.Detail) {
	showMeasurement(g, &d.Statement)
	var rows [][]string
	if n := labelledOf(&d.Statement); n > 0 {
		rows = append(rows,
			[]string{"logic precision", fmt.Sprintf("%s of %s = %s, interval %s", group3(d.TruePositive+d.BenignPositive), group3(n), figure.Percent(*d.LogicPrecision), span(d.LogicInterval))},
			[]string{"plain interval", span(d.Interval)},
			[]string{"design effect", fmt.Sprintf("%s, clusters weigh as %s equal ones, effective n %s", figure.Fixed(*d.Deff, 4), figure.Fixed(*d.MEff, 3), figure.Fixed(*d.EffectiveN, 3))},
			[]string{"clustered", span(d.ClusteredInterval)},
			[]string{"episodes", fmt.Sprintf("%s on %s, interval %s", ratio(int64(d.EpisodeHits), int64(d.Episodes)), count(int64(d.Occasions), "occasion", "occasions"), span(d.EpisodeInterval))})
	}
	if d.LabelledShare != nil {
		rows = append(rows, []string{"labelled share", fmt.Sprintf("%s of %s = %s", group3(labelledOf(&d.Statement)), group3(labelledOf(&d.Statement)+d.Unlabelled), figure.Percent(*d.LabelledShare))})
	}
	for _, l := range d.Provenance {
		counts := "counts"
		if !l.Counts {
			counts = "does not count"
		}
		rows = append(rows, []string{"labels by " + string(l.Provenance), group3(l.Alerts) + ", " + counts})
	}
	rows = append(rows, labelRows(&d.Labels)...)
	if d.Busiest != nil {
		rows = append(rows, []string{"busiest cluster", fmt.Sprintf("%s of %s = %s: %s", group3(d.Busiest.Alerts), group3(d.Alerts), figure.Percent(d.Busiest.Share), d.Busiest.Cluster)})
	}
	if t := d.Trend; t != nil {
		rows = append(rows, []string{"trend", fmt.Sprintf("%+.4f alerts a day with each day, interval %.4f to %.4f, over %d days", t.Slope, t.Interval[0], t.Interval[1], t.Days)})
	}
	rows = append(rows, timeRows(d.Times)...)
	g.table("  ", rows)
	g.head("In words")
	showReasons(g, d.Reasons)
	switch {
	case d.Conclusion != measure.Undecided || d.ToLabel == 0:
	case d.Unlabelled == 0:
		g.line("\n  no alert is left to label: about %s more have to arrive first", plural(d.Settling(d.ToLabel).Episodes, "episode", "episodes"))
	default:
		g.line("\n  candor label sample %s -n %d", d.RuleID, min(d.ToLabel, d.Unlabelled))
	}
}

// labelRows says how the labels came about.
func labelRows(l *measure.Labels) [][]string {
	var rows [][]string
	if l.Named > 0 {
		rows = append(rows, []string{"persons", fmt.Sprintf("%s, the busiest %s: %s = %s of the labelled", group3(l.Persons), l.Busiest, group3(l.ByBusiest), figure.Percent(*l.BusiestShare))})
	}
	if l.InMinute > 0 {
		rows = append(rows, []string{"busiest minute", fmt.Sprintf("%s: %s = %s of the labelled", l.Minute, group3(l.InMinute), figure.Percent(*l.MinuteShare))})
	}
	if l.Untimed > 0 {
		rows = append(rows, []string{"without time", l.Timeless()})
	}
	for _, c := range l.LeftOut {
		rows = append(rows, []string{"left out", fmt.Sprintf("%s: %s = %s of all labels", strings.ReplaceAll(string(c.Cause), "_", " "), group3(c.Labels), figure.Percent(c.Share))})
	}
	if a := &l.Second; a.Pairs > 0 {
		rows = append(rows, []string{"second readings", fmt.Sprintf("%s of %s alike, AC1 %s, interval %s to %s; %s doubted", group3(a.Agreed), group3(a.Pairs),
			figure.Fixed(*a.AC1, 3), figure.Fixed(a.Interval[0], 3), figure.Fixed(a.Interval[1], 3), group3(l.Doubted))})
	}
	return rows
}

// timeRows says how long alerts wait.
func timeRows(t *measure.Times) [][]string {
	if t == nil {
		return nil
	}
	var rows [][]string
	for _, x := range []struct {
		what string
		of   *measure.Waiting
	}{{"time to acknowledge", &t.Acknowledge}, {"time to close", &t.Close}} {
		text := "not known"
		if x.of.Alerts > 0 {
			text = fmt.Sprintf("median %s, 90th percentile %s", waitText(&x.of.Median), waitText(&x.of.P90))
		}
		rows = append(rows, []string{x.what, fmt.Sprintf("%s; %s done, %s still waiting, %s untimed", text,
			group3(x.of.Done), group3(x.of.Censored), group3(x.of.Untimed))})
	}
	return rows
}

// showTimes prints one line for each rule: how long its alerts wait.
func showTimes(g *sheet, ds []measure.Detail) {
	g.head("Times")
	rows := [][]string{{"RULE", "ACKNOWLEDGED: MEDIAN", "90 %", "WAITING", "UNTIMED", "CLOSED: MEDIAN", "90 %", "WAITING", "UNTIMED"}}
	for i := range ds {
		t := ds[i].Times
		row := []string{clip(ds[i].RuleID, 36)}
		for _, w := range []*measure.Waiting{&t.Acknowledge, &t.Close} {
			row = append(row, minutesText(w.Median.Value), minutesText(w.P90.Value), group3(w.Censored), group3(w.Untimed))
		}
		rows = append(rows, row)
	}
	g.table("  ", rows)
}

// waitText writes a time with its interval.
func waitText(q *measure.Quantile) string {
	if q.Value == nil {
		return "not reached"
	}
	return fmt.Sprintf("%s (%s to %s)", minutesText(q.Value), minutesText(q.Low), minutesText(q.High))
}

// minutesText writes minutes as people do.
func minutesText(m *float64) string {
	switch {
	case m == nil:
		return "not reached"
	case *m < 120:
		return fmt.Sprintf("%.0f min", *m)
	case *m < 48*60:
		return fmt.Sprintf("%.1f h", *m/60)
	}
	return fmt.Sprintf("%.1f days", *m/60/24)
}

func (p *program) measureAnalytics(ctx context.Context, d *Desk, r assessment.Request, id string) error {
	m, err := d.Assessment.MeasureAnalytics(ctx, r, id)
	if err != nil {
		return err
	}
	if id != "" && p.json {
		return p.emit(m.One(), nil)
	}
	return p.emit(m, func(g *sheet) {
		if id != "" {
			showMeasuredAnalytic(g, &m.Analytics[0])
		} else {
			showMeasuredAnalytics(g, m.Analytics)
			showWaivers(g, waiversOf(m.Analytics), "")
		}
		showBasis(g, m.Basis)
		showLimits(g, m.Limits)
	})
}

func showMeasuredAnalytics(g *sheet, as []assessment.MeasuredAnalytic) {
	if len(as) == 0 {
		g.line("No rule that claims an analytic raised an alert in the window.")
		return
	}
	var details []measure.Detail
	var names []string
	for i := range as {
		d := as[i].Detail
		d.RuleName = nameList(as[i].Techniques, 1)
		details, names = append(details, d), append(names, as[i].Analytic.ATTACKID+" "+words(as[i].Rung))
	}
	showStatements(g, details, "ANALYTIC", names)
}

// waiversOf lists the waivers of all analytics, each once.
func waiversOf(as []assessment.MeasuredAnalytic) []assure.Waiver {
	var ws []assure.Waiver
	for i := range as {
		for _, w := range as[i].Waivers {
			if !slices.ContainsFunc(ws, func(o assure.Waiver) bool { return o.Key() == w.Key() }) {
				ws = append(ws, w)
			}
		}
	}
	return ws
}

func showMeasuredAnalytic(g *sheet, a *assessment.MeasuredAnalytic) {
	g.line("%s  %s  %s", g.bold(a.Analytic.ATTACKID), nameList(a.Techniques, 2), words(a.Rung))
	showDetail(g, &a.Detail)
	if len(a.Rules) > 0 {
		g.head("Rule by rule")
		showStatements(g, a.Rules, "RULE", nil)
	}
	showRevisions(g, a.Revisions)
	showRests(g, a.Evidence)
	showWaivers(g, a.Waivers, "")
}

// showRests names the batches that figures rest on.
func showRests(g *sheet, refs []evidence.Ref) {
	var ids []string
	for _, r := range refs {
		ids = append(ids, r.Kind+" "+r.ID)
	}
	if len(ids) > 0 {
		g.line("\n  %s", g.dim("alerts of "+strings.Join(ids, "; ")))
	}
}

func (p *program) recall(ctx context.Context, d *Desk, r assessment.Request, analytic string) error {
	m, err := d.Assessment.Recall(ctx, r, analytic)
	if err != nil {
		return err
	}
	return p.emit(m, func(g *sheet) {
		g.line("%s  as of %s", g.bold("Recall, from exercises alone"), m.AsOf.UTC().Format("2006-01-02"))
		g.line("")
		rows := [][]string{{"OF", "DETECTED", "RECALL", "INTERVAL", "LOGGED", "BLOCKED", "OUT OF DATE", "LAST"}}
		all := []measure.Recall{m.Organisation}
		for _, x := range append(append(all, m.Techniques...), m.Analytics...) {
			rows = append(rows, recallRow(&x))
		}
		g.table("", rows)
		showCaseRecall(g, &m.Cases)
		g.line("\npolicy %s", m.Policy)
		showLimits(g, m.Limits)
	})
}

func showCaseRecall(g *sheet, c *assessment.CasesRecalled) {
	g.head("How incidents became known, from cases alone")
	if c.Organisation.Incidents+c.Organisation.Unsaid == 0 {
		g.line("  no case of an incident is known")
		return
	}
	rows := [][]string{{"OF", "BY ALERT", "SHARE", "INTERVAL", "OTHERWISE", "TOO LATE", "NOT SAID", "LAST"}}
	all := append([]measure.CaseRecall{c.Organisation}, c.Techniques...)
	for _, x := range append(all, c.Analytics...) {
		share := "-"
		if x.Recall != nil {
			share = figure.Percent(*x.Recall)
		}
		rows = append(rows, []string{x.Of, ratio(int64(x.ByAlert), int64(x.Incidents)), share, short(x.Interval), fmt.Sprint(x.Otherwise),
			fmt.Sprint(x.Missed), fmt.Sprint(x.Unsaid), x.Last[:min(10, len(x.Last))]})
	}
	g.table("", rows)
}

func recallRow(x *measure.Recall) []string {
	share := "-"
	if x.Recall != nil {
		share = figure.Percent(*x.Recall)
	}
	return []string{x.Of, ratio(int64(x.Detected), int64(x.Exercises)), share, short(x.Interval), fmt.Sprint(x.Logged), fmt.Sprint(x.Blocked), fmt.Sprint(x.Expired), x.Last[:min(10, len(x.Last))]}
}
