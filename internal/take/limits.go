package take

import (
	"candor/internal/assure"
	"candor/internal/attack"
	"candor/internal/claim"
)

func (f *facts) isAnalytic() words {
	return say("This is an analytic: a way to look, and not the technique that it looks for.").on(f.field(f.o, "type", f.o.Type))
}

// noInference: the object says that something can happen and not that it does.
func (f *facts) noInference() words {
	if !f.o.Live() {
		return nothing
	}
	of := f.field(f.o, "type", f.o.Type)
	switch f.class {
	case anActor:
		return say("Nothing here says that it aims at the organisation.").on(of)
	case aMitigation:
		return say("That MITRE names it says nothing of whether it is in place here.").on(of)
	case aComponent:
		return say("That it is collected would not say that anything is detected with it.").on(of)
	case aTactic, anAsset:
		return say("What can be done is listed here, and not what is being done to anyone.").on(of)
	}
	return say("Nothing here says that anyone does this to the organisation.").on(of)
}

func (f *facts) absence() words {
	if !f.outOfSight() {
		return nothing
	}
	return say("That no alert speaks of it is no evidence that it does not happen.").on(rungOf(f.v), reasonOf(f.v, "visibility_"))
}

func (f *facts) claimBasis() words {
	cs := f.counting(true)
	if len(cs) == 0 || cs[0].Basis == claim.Explicit {
		return nothing
	}
	return say("No rule names the analytic itself: the claim is drawn from %s.", judged("claimed", f.v.Analytic, basisWords(cs[0].Basis), batchRef(cs[0].Batch)))
}

func (f *facts) unlabelledShare() words {
	if !f.hasAlerts() || f.v.Measurement.Unlabelled == 0 {
		return nothing
	}
	return say("Of %s alerts %s carry no label that counts, and need not be like the others.", f.figure("alerts", f.v.Measurement.Alerts), f.figure("unlabelled", f.v.Measurement.Unlabelled))
}

func (f *facts) noExerciseLimit() words {
	if !f.stands(assure.Unproven, assure.Noisy, assure.Proven, assure.Reliable, assure.Contradicted) || f.v.Exercises.State != "none" {
		return nothing
	}
	return say("No exercise has produced it, so nothing says what is missed.").on(reasonOf(f.v, "exercise_"))
}

func (f *facts) replayLimit() words {
	if f.v == nil || len(reasonOf(f.v, "replay_").from) == 0 {
		return nothing
	}
	return say("A rule was replayed on recorded behaviour. That shows nothing of the telemetry here, and passes nothing.").on(reasonOf(f.v, "replay_"))
}

func (f *facts) externalIsRated() words {
	if f.v == nil || !f.v.ExternalOnly {
		return nothing
	}
	return say("The external source is rated and not measured: whether it would speak in time is not known.").on(reasonOf(f.v, "external_source"))
}

func (f *facts) fewUsers() words {
	if len(f.techniques) == 0 || f.adj.Level == "" || f.adj.Level == "technique" || f.notOperated() {
		return nothing
	}
	users := make([]string, len(f.adj.Users))
	for i, u := range f.adj.Users {
		users[i] = u.ATTACKID
	}
	what := "its parent technique with all sub-techniques"
	switch {
	case f.adj.Level == "tactic":
		what = "every technique of its tactic"
	case f.techniques[0].Kind == attack.KindTechnique:
		what = "it and its sub-techniques"
	}
	known := counted(users, "known user")
	if len(users) == 0 {
		known.text = "no known user"
	}
	return say("%s alone has %s, so what goes with it is counted over "+what+".", f.label(f.techniques[0]), known).on(f.basedOn())
}

func (f *facts) usersArePublic() words {
	if f.class != anActor && len(f.rows) == 0 {
		return nothing
	}
	if f.class == anActor {
		return say("What is listed is what was made public of it; no rate follows from that.").on(f.field(f.o, "type", f.o.Type))
	}
	return say("Users are those that are public: together is neither cause nor sequence, and no rate follows.").on(f.basedOn())
}

func (f *facts) throughSoftware() words {
	if f.o.Kind != attack.KindGroup && f.o.Kind != attack.KindCampaign {
		return nothing
	}
	var tools []string
	for _, o := range f.d.Library.Targets(f.o.ID, attack.Uses) {
		if !o.Kind.Technique() {
			tools = append(tools, o.ATTACKID)
		}
	}
	if len(tools) == 0 {
		return nothing
	}
	return say("What its software can do besides, %s, is not counted here.", say("%s "+plural(len(tools), "piece")+" in all", count(tools))).on(f.field(f.o, "type", f.o.Type))
}

func (f *facts) scopeUnstated() words {
	if !f.d.Local || len(f.d.Assessment.Scope.Platforms) > 0 {
		return nothing
	}
	return say("The scope is not stated: every platform is taken to be operated here.").on(setting("scope", ""))
}

func (f *facts) scopeIs() words {
	ps := f.d.Assessment.Scope.Platforms
	if !f.d.Local || len(ps) == 0 || f.class == anAnalytic && f.stands(assure.NotApplicable) {
		return nothing
	}
	return say("Judged for %s alone, as of %s.", list(each(ps, func(p string) words { return setting("scope", p) }), 5), words{string(dayOf(f.d)), []Source{{Kind: Computation, ID: "as_of", Value: string(dayOf(f.d))}}})
}

func (f *facts) noAnalytics() words {
	if len(f.d.Assessment.Verdicts) > 0 || !f.o.Live() {
		return nothing
	}
	return say("This release has no analytics, so nothing of it can be judged here.").on(words{"", []Source{{Kind: Computation, ID: "count", Value: "0"}}})
}

func (f *facts) mitigationUnmeasured() words {
	return say("Candor measures what is seen; it does not measure whether a mitigation is applied or works.").on(f.field(f.o, "type", f.o.Type))
}

func (f *facts) releaseMismatch() words {
	if f.d.Library.Release.Verified != "mismatch" {
		return nothing
	}
	return say("The release was read from a file that is not the one MITRE published.").on(words{"", []Source{{Kind: Field, ID: f.o.ID, Field: "release", Value: "mismatch"}}})
}
