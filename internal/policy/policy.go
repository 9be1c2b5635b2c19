// Package policy reads and writes the file of thresholds that verdicts are
// judged by, and says what each of them means.
//
// A policy file is YAML; a key that it leaves out keeps its default, and a key
// that is not known or a value that cannot be is refused with its line. The
// package refuses to judge anything by a policy: that is package assure's.
package policy

import (
	"crypto/sha256"
	"encoding/hex"

	"candor/internal/assure"
	"candor/internal/claim"
	"candor/internal/detection"
	"candor/internal/measure"
	"candor/internal/visibility"
)

// Default returns the policy in force where none is given. Its hash is that of what
// WriteYAML makes of it.
func Default() assure.Policy {
	p := builtIn()
	h := sha256.New()
	if err := WriteYAML(h, p); err != nil {
		panic(err) // cannot be: it is written from constants to memory
	}
	p.SHA256 = hex.EncodeToString(h.Sum(nil))
	return p
}

// builtIn is the policy that Default returns, without its hash.
func builtIn() assure.Policy {
	return assure.Policy{
		Name:       "default",
		Version:    "1",
		WindowDays: 90,
		KeepDaily:  400,
		Entities:   assure.Clear,
		Visibility: visibility.Policy{
			OutsidePlatforms: []string{"PRE"},
			JointNeed:        "all",
			MaxFeedAgeDays:   7,
			MinFeedDays:      3,
			MinHostShare:     0.8,
			MinFieldShare:    0.8,

			MaxLatencyMinutes: 60,

			WorstReliability: "C",
			WorstCredibility: 3,
		},
		Claim: claim.Policy{
			Count:        []claim.Basis{claim.Explicit, claim.TechniquePlatformLog, claim.TechniquePlatform},
			Statuses:     []string{},
			JoinAlertsBy: detection.Joins(),
		},
		Measure: measure.Policy{
			MinPrecision:     0.5,
			MinEpisodes:      5,
			MaxAlertsPerDay:  50,
			MaxMinutesPerDay: 240,
			MinutesPerAlert:  10,
			Provenances:      []string{"analyst", "incident", "exercise"},
			Confidence:       0.95,
		},
		Readiness: assure.Readiness{
			MaxExerciseAgeDays: 180,
			MaxRunbookAgeDays:  365,
			Passing:            []string{"alerted"},
			MaxRunAgeDays:      7,
			CorroborateHours:   24,
			MaxChance:          0.05,
			RequireOwner:       true,
		},
		Gates: assure.Gates{
			Reporting: assure.GatePolicy{
				MinPrecision: 0.5, MinEpisodes: 5, Rungs: []assure.Rung{assure.Proven, assure.Reliable}, MaxAlertsPerDay: 50, MaxAgeDays: 90,
				MaxPersonShare: 1, MaxMinuteShare: 1, MinSecondReadings: 20, MinAgreement: 0.6, MaxLeftOutShare: 0.2,
			},
			Automation: assure.GatePolicy{
				MinPrecision: 0.9, MinEpisodes: 5, Rungs: []assure.Rung{assure.Reliable}, MaxAlertsPerDay: 20, RequireRunbook: true, MaxAgeDays: 30,
				MinPersons: 2, MaxPersonShare: 0.8, MaxMinuteShare: 0.5, MinSecondReadings: 20, MinAgreement: 0.6, MaxLeftOutShare: 0.2,
			},
			MaxWaiverDays: 180,
		},
		Take: assure.Points{
			ShortText: 600, Official: 1, Visibility: 1, Measured: 1, Exercised: 1,
			Contradicted: 1, Aged: 1, Rating: 1, MediumFrom: 1, HighFrom: 3,
		},
	}
}

// Document is a policy as JSON writes it: the keys of the file, stable.
type Document struct {
	Name       string     `json:"name"`
	Version    string     `json:"version"`
	WindowDays int        `json:"window_days"`
	Release    string     `json:"release"`
	KeepDaily  int        `json:"keep_daily"`
	Entities   string     `json:"entities"`
	Visibility Visibility `json:"visibility"`
	Claim      Claim      `json:"claim"`
	Measure    Measure    `json:"measure"`
	Readiness  Readiness  `json:"readiness"`
	Gate       Gate       `json:"gate"`
	Costs      Costs      `json:"costs"`
	Take       Take       `json:"take"`
}

// Take is the part of a Document about how confidence in a take is counted.
type Take struct {
	ShortText    int `json:"short_text"`
	Official     int `json:"official"`
	Visibility   int `json:"visibility"`
	Measured     int `json:"measured"`
	Exercised    int `json:"exercised"`
	Contradicted int `json:"contradicted"`
	Aged         int `json:"aged"`
	Rating       int `json:"rating"`
	MediumFrom   int `json:"medium_from"`
	HighFrom     int `json:"high_from"`
}

// Costs is the part of a Document about what next steps cost; 0 is not stated.
type Costs struct {
	Collect          float64 `json:"collect"`
	VerifyFeed       float64 `json:"verify_feed"`
	RegisterExternal float64 `json:"register_external"`
	WriteRule        float64 `json:"write_rule"`
	Exercise         float64 `json:"exercise"`
	Label            float64 `json:"label"`
	Tune             float64 `json:"tune"`
	Fix              float64 `json:"fix"`
	WriteRunbook     float64 `json:"write_runbook"`
	ReviewRunbook    float64 `json:"review_runbook"`
}

// Gate is the part of a Document about what may be used for what.
type Gate struct {
	Reporting  GateFor `json:"reporting"`
	Automation GateFor `json:"automation"`
	// MaxWaiverDays is for how many days a waiver may hold.
	MaxWaiverDays int `json:"max_waiver_days"`
}

// GateFor is what a Document asks for one purpose.
type GateFor struct {
	MinPrecision    float64       `json:"min_precision"`
	MinEpisodes     int           `json:"min_episodes"`
	Rungs           []assure.Rung `json:"rungs"`
	MaxAlertsPerDay float64       `json:"max_alerts_per_day"`
	RequireRunbook  bool          `json:"require_runbook"`
	MaxAgeDays      int           `json:"max_age_days"`

	MinPersons        int     `json:"min_persons"`
	MaxPersonShare    float64 `json:"max_person_share"`
	MaxMinuteShare    float64 `json:"max_minute_share"`
	MinSecondReadings int     `json:"min_second_readings"`
	MinAgreement      float64 `json:"min_agreement"`
	MaxLeftOutShare   float64 `json:"max_left_out_share"`
}

// Visibility is the part of a Document about log sources and external sources.
type Visibility struct {
	OutsidePlatforms []string `json:"outside_platforms"`
	JointNeed        string   `json:"joint_need"`
	MaxFeedAgeDays   int      `json:"max_feed_age_days"`
	MinFeedDays      int      `json:"min_feed_days"`
	MinHostShare     float64  `json:"min_host_share"`
	MinFieldShare    float64  `json:"min_field_share"`

	MaxLatencyMinutes float64 `json:"max_latency_minutes"`

	WorstReliability string `json:"worst_reliability"`
	WorstCredibility int    `json:"worst_credibility"`
}

// Claim is the part of a Document about rules.
type Claim struct {
	Count        []claim.Basis    `json:"count"`
	Statuses     []string         `json:"statuses"`
	JoinAlertsBy []detection.Join `json:"join_alerts_by"`
}

// Measure is the part of a Document about alerts.
type Measure struct {
	MinPrecision     float64  `json:"min_precision"`
	MinEpisodes      int      `json:"min_episodes"`
	MaxAlertsPerDay  float64  `json:"max_alerts_per_day"`
	MaxMinutesPerDay float64  `json:"max_minutes_per_day"`
	MinutesPerAlert  float64  `json:"minutes_per_alert"`
	Provenances      []string `json:"provenances"`
	Confidence       float64  `json:"confidence"`
}

// Readiness is the part of a Document about exercises and runbooks.
type Readiness struct {
	MaxExerciseAgeDays int      `json:"max_exercise_age_days"`
	MaxRunbookAgeDays  int      `json:"max_runbook_age_days"`
	Passing            []string `json:"passing"`
	MaxRunAgeDays      int      `json:"max_run_age_days"`
	CorroborateHours   int      `json:"corroborate_hours"`
	MaxChance          float64  `json:"max_chance"`
	RequireOwner       bool     `json:"require_owner"`
}

// DocumentOf returns p as JSON writes it.
func DocumentOf(p assure.Policy) Document {
	return Document{
		Name:       p.Name,
		Version:    p.Version,
		WindowDays: p.WindowDays,
		Release:    release{&p.Release}.String(),
		KeepDaily:  p.KeepDaily,
		Entities:   p.Entities,
		Visibility: Visibility(p.Visibility),
		Claim:      Claim(p.Claim),
		Measure:    Measure(p.Measure),
		Readiness:  Readiness(p.Readiness),
		Gate:       Gate{Reporting: GateFor(p.Gates.Reporting), Automation: GateFor(p.Gates.Automation), MaxWaiverDays: p.Gates.MaxWaiverDays},
		Costs:      Costs(p.Costs),
		Take:       Take(p.Take),
	}
}
