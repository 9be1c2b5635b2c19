package measure

import (
	"strconv"
	"strings"

	"candor/internal/evidence"
	"candor/internal/figure"
)

// reasons says every number of the statement in a sentence, then what is
// concluded from it. They name the policy that they rest on; the batches of the
// counted alerts are known to the caller alone.
func (s *Statement) reasons(p *Policy) []evidence.Reason {
	var rs []evidence.Reason
	rs = append(rs, s.countReasons(p)...)
	if s.labelled() > 0 {
		rs = append(rs, s.precisionReasons(p)...)
	}
	return append(rs, s.conclusionReason(p))
}

func reason(code, text string, keys ...string) evidence.Reason {
	refs := []evidence.Ref{}
	for _, k := range keys {
		refs = append(refs, evidence.Ref{Kind: "policy", ID: "measure." + k})
	}
	return evidence.Reason{Code: code, Text: text, Refs: refs}
}

// countReasons says which alerts no precision is computed from.
func (s *Statement) countReasons(p *Policy) []evidence.Reason {
	var rs []evidence.Reason
	if s.NotCounted > 0 {
		rs = append(rs, reason("labels_not_counted", figure.Sprintf(
			"%d of %s carry a label that does not come from %s; they count as unlabelled.",
			s.NotCounted, alerts(s.Alerts), orNobody(p.Provenances)), "provenances"))
	}
	if left := s.Test + s.Duplicate; left > 0 {
		rs = append(rs, reason("left_out", figure.Sprintf(
			"%d of %s are left out of precision: %d raised by tests, %d duplicates.",
			left, alerts(s.Alerts), s.Test, s.Duplicate)))
	}
	rs = append(rs, s.labelReasons(p)...)
	if s.Unlabelled > 0 && s.labelled() > 0 {
		all := s.labelled() + s.Unlabelled
		rs = append(rs, reason("unlabelled", figure.Sprintf(
			"%d of %s are unlabelled. If all of them were wrong, precision would be %s (%d of %d); if all were right, %s (%d of %d).",
			s.Unlabelled, alerts(all),
			number(s.Bounds[0]), s.TruePositive, all, number(s.Bounds[1]), s.TruePositive+s.Unlabelled, all)))
	}
	return rs
}

// precisionReasons says the proportions of the labelled alerts.
func (s *Statement) precisionReasons(p *Policy) []evidence.Reason {
	n := s.labelled()
	level := number(p.Confidence)
	missed := s.BenignPositive + s.FalsePositive
	rs := []evidence.Reason{
		reason("precision", figure.Sprintf(
			"%d of %s were true positives: precision %s, %s interval %s if alerts were independent.",
			s.TruePositive, labelled(n), number(*s.Precision), level, s.Interval.words()), "confidence"),
		reason("clustered_precision", figure.Sprintf(
			"Alerts come in bursts (%s, design effect %s), so that %d of %s weigh as much as %s independent ones: precision %s, %s interval %s.",
			s.Grounds(), brief(*s.Deff), s.TruePositive, labelled(n), brief(*s.EffectiveN), number(*s.Precision), level, s.ClusteredInterval.words()), "confidence"),
		reason("episode_precision", figure.Sprintf(
			"%d of %s held a true positive: episode precision %s, %s interval %s.",
			s.EpisodeHits, count(int64(s.Episodes), "labelled episode"), number(*s.EpisodePrecision), level, s.EpisodeInterval.words()), "confidence"),
	}
	if missed > 0 {
		i := Jeffreys(float64(s.FalsePositive), float64(n), p.Confidence)
		rs = append(rs, reason("share_false", figure.Sprintf(
			"%d of %s were false: share %s, %s interval %s if alerts were independent.",
			s.FalsePositive, labelled(n), number(share(s.FalsePositive, n)), level, i.words()), "confidence"))
	}
	if s.BenignPositive > 0 {
		rs = append(rs, reason("logic_precision", figure.Sprintf(
			"%d of %s were what the rule looks for, expected ones included: logic precision %s, %s interval %s if alerts were independent.",
			s.TruePositive+s.BenignPositive, labelled(n), number(*s.LogicPrecision), level, s.LogicInterval.words()), "confidence"))
	}
	return rs
}

// conclusionReason says what is concluded and why.
func (s *Statement) conclusionReason(p *Policy) evidence.Reason {
	asks := number(p.MinPrecision)
	switch {
	case s.labelled() == 0:
		return reason("nothing_labelled", figure.Sprintf(
			"None of %s carries a label that counts; unlabelled is not false, and nothing is concluded.", alerts(s.Alerts)), "provenances")
	case s.Conclusion == NotMeasurable && s.Episodes >= p.MinEpisodes:
		return reason("too_few_occasions", figure.Sprintf(
			"There are labels in %s, which is in how many hours of a site they fell; policy asks for %d occasions before anything is concluded.",
			s.Grounds(), p.MinEpisodes), "min_episodes")
	case s.Conclusion == NotMeasurable:
		return reason("too_few_episodes", figure.Sprintf(
			"There are labels in %s; policy asks for %d before anything is concluded.",
			count(int64(s.Episodes), "episode"), p.MinEpisodes), "min_episodes")
	case s.Conclusion == GoodEnough:
		return reason("good_enough", figure.Sprintf(
			"The lower bounds, %s for alerts (%d of %d) and %s for episodes (%d of %d), reach the precision of %s that policy asks for.",
			figure.Against(s.ClusteredInterval[0], p.MinPrecision), s.TruePositive, s.labelled(),
			figure.Against(s.EpisodeInterval[0], p.MinPrecision), s.EpisodeHits, s.Episodes, asks), "min_precision")
	case s.Conclusion == NotGoodEnough:
		return reason("below_threshold", s.belowText(p.MinPrecision), "min_precision")
	case straddles(*s.Bounds, p.MinPrecision):
		return reason("unlabelled_decide", figure.Sprintf(
			"The %s could lift or sink precision across the %s that policy asks for (%d to %d of %d). %s",
			count(s.Unlabelled, "unlabelled alert"), asks,
			s.TruePositive, s.TruePositive+s.Unlabelled, s.labelled()+s.Unlabelled, s.labelText()), "min_precision")
	}
	return reason("interval_straddles", figure.Sprintf(
		"The precision of %s that policy asks for lies between the bounds of alerts (%d of %d, %s) or of episodes (%d of %d, %s). %s",
		asks, s.TruePositive, s.labelled(), s.ClusteredInterval.words(),
		s.EpisodeHits, s.Episodes, s.EpisodeInterval.words(), s.labelText()), "min_precision")
}

// belowText says which of the two precisions is below what policy asks for.
func (s *Statement) belowText(limit float64) string {
	asks := number(limit)
	if s.ClusteredInterval[1] <= s.EpisodeInterval[1] {
		return figure.Sprintf("The upper bound for alerts is %s (%d of %d), below the precision of %s that policy asks for.",
			figure.Against(s.ClusteredInterval[1], limit), s.TruePositive, s.labelled(), asks)
	}
	return figure.Sprintf("The upper bound for episodes is %s (%d of %d), below the precision of %s that policy asks for.",
		figure.Against(s.EpisodeInterval[1], limit), s.EpisodeHits, s.Episodes, asks)
}

func (s *Statement) labelText() string {
	if s.ToLabel == 0 {
		return "No number of labels within reach would decide it at the current estimate."
	}
	return "To decide it at the current estimate, " + s.Settling(s.ToLabel).Words() + "."
}

// volumeReasons says volume and workload, and whether policy allows them.
func (s *Statement) volumeReasons(l *load, p *Policy) []evidence.Reason {
	window, of := count(int64(l.days), "day"), ""
	if s.VolumeDays > 0 {
		of = figure.Sprintf(" in the %s since a rule was changed last", count(int64(s.VolumeDays), "day"))
	}
	rs := []evidence.Reason{reason("volume", figure.Sprintf(
		"%s in %s: %s a day on average%s, at most %d on one day.", alerts(s.Alerts), count(int64(s.WindowDays), "day"), brief(s.PerDay.Mean), of, s.PerDay.Max))}
	if l.overVolume(p) {
		rs = append(rs, reason("volume_over", figure.Sprintf(
			"Rule %s raises %s alerts a day on average (%d in %s), more than the %s that policy allows.",
			l.rule, brief(l.perDay), l.alerts, window, brief(p.MaxAlertsPerDay)), "max_alerts_per_day"))
	}
	if l.overWorkload(p) {
		rs = append(rs, reason("workload_over", figure.Sprintf(
			"At %s minutes each, the %s alerts a day of rule %s take %s minutes, more than the %s that policy allows.",
			brief(p.MinutesPerAlert), brief(l.perDay), l.rule, brief(l.minutes), brief(p.MaxMinutesPerDay)),
			"max_minutes_per_day", "minutes_per_alert"))
	}
	return rs
}

// words writes an interval for people.
func (i *Interval) words() string { return figure.Percents(i[0], i[1]) }

// number writes a proportion for people.
func number(x float64) string { return figure.Percent(x) }

// brief writes a quantity with one decimal, and small ones with more.
func brief(x float64) string {
	if x != 0 && x < 1 {
		return strconv.FormatFloat(x, 'g', 2, 64)
	}
	return strings.TrimSuffix(figure.Fixed(x, 1), ".0")
}

func alerts(n int64) string   { return count(n, "alert") }
func labelled(n int64) string { return count(n, "labelled alert") }

func count(n int64, what string) string { return figure.Of(n, what, what+"s") }

func orNobody(names []string) string {
	if len(names) == 0 {
		return "anybody that policy counts"
	}
	return strings.Join(names, ", ")
}
