package triage

import (
	"slices"
	"strings"
	"testing"

	"candor/internal/assure"
	"candor/internal/attack"
	"candor/internal/attack/adjacency"
	"candor/internal/claim"
	"candor/internal/evidence"
	"candor/internal/runbook"
	"candor/internal/runbook/frontmatter"
	"candor/internal/telemetry"
	"candor/internal/visibility"
)

func name(id, n string) assure.Name { return assure.Name{StixID: "stix-" + id, ATTACKID: id, Name: n} }

// seen is an analytic with log sources, rules and knobs.
func seen() Input {
	v := assure.Verdict{
		Analytic: name("AN0001", "Analytic 1"), Platforms: []string{"Linux"}, Techniques: []assure.Name{name("T1087.001", `Local "Account" | x`)},
		Tactics: []assure.Name{name("TA0007", "Discovery")}, Rung: assure.RuleOnly, Claimed: true,
		Reasons: []evidence.Reason{{Code: "a", Text: "Its feed was never measured."}}, Limits: []string{"Missed incidents are not known."},
		Claims: []claim.Claim{{RuleID: "r1", RuleName: "Rule one"}, {RuleID: "r2"}},
	}
	v.Visibility.Needs = []visibility.Need{
		{LogSource: attack.LogSource{Name: "auditd:SYSCALL", Channel: "execve | all"}, ComponentName: "Process Creation", State: visibility.Measured, LastSeen: "2026-05-01", Hosts: 3, HostsOf: 4},
		{LogSource: attack.LogSource{Name: "linux:syslog"}, State: visibility.Missing},
	}
	var near []adjacency.Adjacent
	for _, id := range []string{"T1", "T2", "T3"} {
		near = append(near, adjacency.Adjacent{Technique: adjacency.Ref{StixID: "stix-" + id, ATTACKID: id, Name: "Near " + id},
			Tactic: adjacency.Ref{StixID: "ta", Name: "Impact"}, Support: 4})
	}
	return Input{
		Verdict: v, Knobs: []attack.MutableElement{{Field: "TimeWindow", Description: "How long\nto look."}, {Field: "Threshold", Description: "How many."}},
		Tuning: []runbook.Tuning{
			{Element: "timewindow", Value: "10 minutes", Date: "2026-04-01", ApprovedBy: "ann", RuleID: "r1", Baseline: "p99"},
			{Element: "TimeWindow", Value: "5 minutes", Date: "2026-04-02"}, {Element: "Other", Value: "x", Date: "2026-04-02"},
		},
		Adjacent: adjacency.Result{Adjacent: near, BasisUsers: 9, Note: "Based on 9 users"},
		Assessment: assure.Assessment{
			Release: attack.Release{Domain: "enterprise-attack", Version: "18.1"}, Window: visibility.Window{To: "2026-05-31"},
			Policy:   assure.PolicyRef{Name: "default", Version: "1"},
			Verdicts: []assure.Verdict{{Rung: assure.Blind, Techniques: []assure.Name{name("T1", "")}}, {Rung: assure.Reliable, Techniques: []assure.Name{name("T1", "")}}},
		},
	}
}

// outside is an analytic that nobody here can see.
func outside() Input {
	in := seen()
	in.Verdict.Visibility.Needs, in.Knobs, in.Adjacent, in.Verdict.Claims = nil, nil, adjacency.Result{}, nil
	in.Verdict.Techniques, in.Verdict.Claimed = nil, false
	in.Verdict.Visibility.Externals = []visibility.Sight{{Source: telemetry.External{Name: "Feed", Provider: "CERT", Reliability: "B", Credibility: 2, Expires: "2026-09-01", Owner: "ti"}, Why: "it has expired"}}
	return in
}

func TestDraftSaysWhatIsKnown(t *testing.T) {
	for name, test := range map[string]struct {
		in   Input
		want []string
		not  []string
	}{
		"with telemetry": {seen(), []string{
			"# Triage: AN0001 Local \"Account\" | x", "Verdict: **rule only**. At least one enabled rule claims it.", "- Its feed was never measured.",
			"- Missed incidents are not known.", "- Rule one (r1)", "- r2 (r2)",
			`| auditd:SYSCALL | execve \| all | Process Creation | measured | 2026-05-01 | 3 of 4 |`, "| linux:syslog |  |  | missing | never | 0 |",
			"| TimeWindow | How long to look. | 10 minutes, set 2026-04-01 with the consent of ann in rule r1; baseline: p99; 5 minutes, set 2026-04-02 |",
			"| Threshold | How many. |  |", "| Impact | T1 Near T1 | 4 of 9 | 1 blind, 1 reliable |", "| Impact | T2 Near T2 | 4 of 9 | no analytic |",
			"Is linux:syslog there for this entity at all? Here it is missing.", "Was T1 Near T1, or another stage",
			"Drafted from enterprise 18.1, as of 2026-05-31, policy default 1",
		}, []string{"T3", "Is auditd:SYSCALL", "Who saw it"}},
		"outside": {outside(), []string{
			"# Triage: AN0001 Analytic 1", "No rule that counts claims it.", "- none", "ATT&CK names no log source for it",
			"External source Feed, by CERT, rated B2, until 2026-09-01; owner ti: it has expired", "ATT&CK names no element to tune",
			"No other technique is known", "Who saw it: a provider",
		}, []string{"| log source |"}},
	} {
		text := Runbook(test.in)
		for _, w := range test.want {
			if !strings.Contains(text, w) {
				t.Errorf("%s: the draft does not say %q:\n%s", name, w, text)
			}
		}
		for _, n := range test.not {
			if strings.Contains(text, n) {
				t.Errorf("%s: the draft says %q", name, n)
			}
		}
	}
}

func TestDraftIsARunbookThatDoesNotCountYet(t *testing.T) {
	for _, in := range []Input{seen(), outside()} {
		text := Runbook(in)
		d := frontmatter.Decode("an0001.md", []byte(text))
		if len(d.Records) != 1 || len(d.Rejects)+len(d.Warnings) > 0 {
			t.Fatalf("%+v", d)
		}
		book := d.Records[0]
		if book.ID != "triage-an0001" || !slices.Equal(book.AppliesTo, []string{"AN0001"}) || book.Owner != "" || book.Reviewed != "" {
			t.Errorf("%+v", book)
		}
		filled := strings.Replace(strings.Replace(text, "owner:\n", "owner: soc\n", 1), "reviewed:\n", "reviewed: 2026-05-31\n", 1)
		if book = frontmatter.Decode("an0001.md", []byte(filled)).Records[0]; book.Owner != "soc" || book.Reviewed != "2026-05-31" {
			t.Errorf("filled in: %+v", book)
		}
	}
}
