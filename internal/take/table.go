package take

import "slices"

// table is every rule of every section, in the order in which they speak. A rule
// has one idea; what it needs for that is in its function. To write a new one, add a
// row here and a function to the file of its section.
func table() []rule {
	return slices.Concat(summary(), executive(), technical(), telemetry(), direction(), mitigation(), limits())
}

// Codes lists the codes that statements can have, in the order in which they speak.
func Codes() []string {
	var codes []string
	for _, r := range table() {
		codes = append(codes, r.code)
	}
	return append(codes, "confidence")
}

func summary() []rule {
	const s, live = Summary, anything
	return []rule{
		{s, "no_longer_in_force", live, Both, 0, (*facts).noLongerInForce},
		{s, "detection_problem", anAnalytic, Both, -1, (*facts).detectionProblem},
		{s, "official_caveats", live, Both, -1, (*facts).officialCaveats},
		{s, "is_about", anAnalytic, Both, 0, (*facts).isAbout},
		{s, "stands_here", anAnalytic, Both, 0, (*facts).standsHere},
		{s, "what_it_is", anything &^ anAnalytic, Both, 0, (*facts).whatItIs},
		{s, "distribution", aBehaviour | aTactic | anActor | aMitigation | aComponent | anAsset, Both, 0, (*facts).distribution},
		{s, "worst_case", aBehaviour | aTactic, Both, -1, (*facts).worstCase},
		{s, "nothing_judged", anything, Both, 0, (*facts).nothingJudged},
		{s, "none_applies", aBehaviour | aTactic | anActor | aMitigation | aComponent | anAsset, Both, 0, (*facts).noneApplies},
	}
}

func executive() []rule {
	const s = Executive
	groups := aBehaviour | aTactic | anActor | anAsset
	return []rule{
		{s, "not_concerned", anAnalytic, Leader, 0, (*facts).notConcerned},
		{s, "not_covered_outside", anAnalytic, Leader, -2, (*facts).notCoveredOutside},
		{s, "not_covered_blind", anAnalytic, Leader, -2, (*facts).notCoveredBlind},
		{s, "sight_is_what_counts", anAnalytic, Leader, -1, (*facts).sightIsWhatCounts},
		{s, "rule_is_missing", anAnalytic, Leader, -1, (*facts).ruleIsMissing},
		{s, "claim_without_sight", anAnalytic, Leader, -1, (*facts).claimWithoutSight},
		{s, "claim_without_proof", anAnalytic, Leader, -1, (*facts).claimWithoutProof},
		{s, "measured_noisy", anAnalytic, Leader, -1, (*facts).measuredNoisy},
		{s, "contradicted", anAnalytic, Leader, -2, (*facts).contradicted},
		{s, "works_unowned", anAnalytic, Leader, 1, (*facts).worksUnowned},
		{s, "may_be_counted", anAnalytic, Leader, 2, (*facts).mayBeCounted},
		{s, "external_only", anAnalytic, Leader, 0, (*facts).externalOnly},
		{s, "compensated", anAnalytic, Leader, 0, (*facts).compensatedPlain},
		{s, "claimed_and_shown", groups, Leader, 0, (*facts).claimedAndShown},
		{s, "none_shown", groups | aMitigation, Leader, -1, (*facts).noneShown},
		{s, "next_stages", anAnalytic | aBehaviour, Leader, 0, (*facts).nextStagesPlain},
		{s, "what_it_takes", anAnalytic, Leader, 0, (*facts).whatItTakes},
		{s, "nothing_to_buy", anAnalytic, Leader, 0, (*facts).nothingToBuy},
		{s, "who_owns_the_gap", anAnalytic | aBehaviour, Leader, 0, (*facts).whoOwnsTheGap},
		{s, "waived", anAnalytic, Leader, -1, (*facts).waived},
		{s, "reporting_gate_open", anAnalytic, Leader, 1, (*facts).reportingOpen},
		{s, "first_reliable", anActor | aTactic, Leader, 1, (*facts).firstReliable},
		{s, "no_reliable_chance", anActor, Leader, -1, (*facts).noReliableChance},
		{s, "unseen_before", anActor, Leader, -1, (*facts).unseenBefore},
		{s, "lifts_most", groups, Leader, 0, (*facts).liftsMost},
		{s, "prevents_where_unseen", aMitigation, Leader, 0, (*facts).preventsWhereUnseen},
		{s, "would_unlock", aComponent, Leader, 0, (*facts).wouldUnlockPlain},
		{s, "public_users", anAnalytic | aBehaviour, Leader, 0, (*facts).publicUsers},
	}
}

func technical() []rule {
	const s = Technical
	return []rule{
		{s, "domain_and_platforms", anything &^ (anActor | aMitigation), Engineer, 0, (*facts).domainAndPlatforms},
		{s, "belongs_to", anAnalytic, Engineer, 0, (*facts).belongsTo},
		{s, "leads_to", anAnalytic, Engineer, 0, (*facts).leadsTo},
		{s, "detects", aBehaviour, Engineer, 0, (*facts).detects},
		{s, "sub_techniques", aBehaviour, Engineer, 0, (*facts).subTechniques},
		{s, "object_lacks", anAnalytic, Engineer, 0, (*facts).objectLacks},
		{s, "no_logic", anAnalytic, Engineer, 0, (*facts).noLogic},
		{s, "reads", anAnalytic, Engineer, 0, (*facts).reads},
		{s, "joint_need", anAnalytic, Engineer, 0, (*facts).jointNeed},
		{s, "knobs", anAnalytic, Engineer, 0, (*facts).knobs},
		{s, "knobs_unset", anAnalytic, Engineer, -1, (*facts).knobsUnset},
		{s, "knobs_set", anAnalytic, Engineer, 0, (*facts).knobsSet},
		{s, "claims", anAnalytic, Engineer, 0, (*facts).claims},
		{s, "claims_not_counted", anAnalytic, Engineer, -1, (*facts).claimsNotCounted},
		{s, "no_claims", anAnalytic, Engineer, -1, (*facts).noClaims},
		{s, "siblings", anAnalytic, Engineer, 0, (*facts).siblings},
		{s, "old_detection_text", aBehaviour, Engineer, 0, (*facts).oldDetection},
		{s, "known_as", anActor, Engineer, 0, (*facts).knownAs},
		{s, "tools_of", anActor, Engineer, 0, (*facts).toolsOf},
		{s, "stages_of", anActor, Engineer, 0, (*facts).stagesOf},
		{s, "touches", aMitigation, Engineer, 0, (*facts).touches},
		{s, "read_by", aComponent, Engineer, 0, (*facts).readBy},
		{s, "techniques_in", aTactic | anAsset, Engineer, 0, (*facts).techniquesIn},
	}
}

func telemetry() []rule {
	const s = Telemetry
	many := aBehaviour | aTactic | anActor | anAsset
	return []rule{
		{s, "no_log_source", anAnalytic, Engineer, -1, (*facts).noLogSource},
		{s, "named_sources", anAnalytic, Engineer, 0, (*facts).namedSources},
		{s, "named_data", many, Engineer, 0, (*facts).namedData},
		{s, "seen", anAnalytic, Engineer, 1, (*facts).seenSources},
		{s, "thin", anAnalytic, Engineer, -1, (*facts).thinSources},
		{s, "old", anAnalytic, Engineer, -1, (*facts).oldSources},
		{s, "silent", anAnalytic, Engineer, -1, (*facts).silentSources},
		{s, "unmeasured", anAnalytic, Engineer, -1, (*facts).unmeasuredSources},
		{s, "missing", anAnalytic, Engineer, -1, (*facts).missingSources},
		{s, "field_missing", anAnalytic, Engineer, -1, (*facts).fieldMissing},
		{s, "external_counts", anAnalytic, Engineer, 1, (*facts).externalCounts},
		{s, "external_not_counted", anAnalytic, Engineer, -1, (*facts).externalNotCounted},
		{s, "external_none", anAnalytic, Engineer, -1, (*facts).externalNone},
		{s, "alert_history", anAnalytic, Engineer, 0, (*facts).alertHistory},
		{s, "no_alerts", anAnalytic, Engineer, -1, (*facts).noAlerts},
		{s, "keep_history", anAnalytic, Engineer, 0, (*facts).keepHistory},
		{s, "cases", anAnalytic, Engineer, 0, (*facts).cases},
		{s, "no_cases", anAnalytic, Engineer, 0, (*facts).noCases},
		{s, "stages_seen", anAnalytic, Engineer, 1, (*facts).stagesSeen},
		{s, "stages_unseen", anAnalytic, Engineer, -1, (*facts).stagesUnseen},
		{s, "data_named", aBehaviour, Engineer, 0, (*facts).dataNamed},
		{s, "platform_sight", many, Engineer, 0, (*facts).sightByState},
		{s, "needed_most", many, Engineer, 0, (*facts).neededMost},
		{s, "component_here", aComponent, Engineer, 0, (*facts).componentHere},
		{s, "component_channels", aComponent, Engineer, 0, (*facts).componentChannels},
	}
}

func direction() []rule {
	const s = Direction
	many := aBehaviour | aTactic | anActor | anAsset
	return []rule{
		{s, "not_standalone", anAnalytic, Engineer, -1, (*facts).notStandalone},
		{s, "validate_first", anAnalytic, Engineer, 0, (*facts).validateFirst},
		{s, "write_rule", anAnalytic, Engineer, 0, (*facts).writeRule},
		{s, "exception_hides", anAnalytic, Engineer, -2, (*facts).exceptionHides},
		{s, "measure_before_use", anAnalytic, Engineer, -1, (*facts).measureBeforeUse},
		{s, "silent_rules", anAnalytic, Engineer, -1, (*facts).silentRules},
		{s, "nothing_labelled", anAnalytic, Engineer, -1, (*facts).nothingLabelled},
		{s, "good_enough", anAnalytic, Engineer, 1, (*facts).goodEnough},
		{s, "undecided", anAnalytic, Engineer, -1, (*facts).undecided},
		{s, "too_few", anAnalytic, Engineer, -1, (*facts).tooFew},
		{s, "imprecise", anAnalytic, Engineer, -1, (*facts).imprecise},
		{s, "too_busy", anAnalytic, Engineer, -1, (*facts).tooBusy},
		{s, "tune", anAnalytic, Engineer, 0, (*facts).tune},
		{s, "exercise_passed", anAnalytic, Engineer, 1, (*facts).exercisePassed},
		{s, "exercise_stated", anAnalytic, Engineer, -1, (*facts).exerciseStated},
		{s, "exercise_contradicted", anAnalytic, Engineer, -1, (*facts).exerciseContradicted},
		{s, "exercise_old", anAnalytic, Engineer, -1, (*facts).exerciseOld},
		{s, "exercise_failed", anAnalytic, Engineer, -1, (*facts).exerciseFailed},
		{s, "exercise_it", anAnalytic, Engineer, 0, (*facts).exerciseIt},
		{s, "missed", anAnalytic, Engineer, -1, (*facts).missed},
		{s, "untied", anAnalytic, Engineer, -1, (*facts).untied},
		{s, "correlate", anAnalytic | aBehaviour, Engineer, 0, (*facts).correlate},
		{s, "correlate_wide", anAnalytic | aBehaviour, Engineer, 0, (*facts).correlateWide},
		{s, "chain_earned", anAnalytic | aBehaviour, Engineer, 0, (*facts).chainEarned},
		{s, "chain_unearned", anAnalytic | aBehaviour, Engineer, 0, (*facts).chainUnearned},
		{s, "no_adjacent", anAnalytic | aBehaviour, Engineer, 0, (*facts).noAdjacent},
		{s, "gates_closed", anAnalytic, Engineer, -1, (*facts).gatesClosed},
		{s, "automation_open", anAnalytic, Engineer, 1, (*facts).automationOpen},
		{s, "keep_in_date", anAnalytic, Engineer, 0, (*facts).keepInDate},
		{s, "lift_first", many, Engineer, 0, (*facts).liftFirst},
		{s, "start_here", many, Engineer, 0, (*facts).startHere},
		{s, "unlocks", aComponent, Engineer, 0, (*facts).unlocks},
	}
}

func mitigation() []rule {
	const s = Mitigation
	return []rule{
		{s, "mitre_names", anAnalytic | aBehaviour, Both, 0, (*facts).mitreNames},
		{s, "mitre_names_none", anAnalytic | aBehaviour, Both, 0, (*facts).mitreNamesNone},
		{s, "controls_at_seen_stages", anAnalytic, Engineer, 0, (*facts).controlsAtSeenStages},
		{s, "runbook_none", anAnalytic, Engineer, -1, (*facts).runbookNone},
		{s, "runbook_lacks", anAnalytic, Engineer, -1, (*facts).runbookLacks},
		{s, "runbook_current", anAnalytic, Engineer, 1, (*facts).runbookCurrent},
		{s, "review_incidents", anAnalytic, Engineer, 0, (*facts).reviewIncidents},
		{s, "say_it_openly", anAnalytic | aBehaviour, Both, -1, (*facts).sayItOpenly},
		{s, "mitigates_most", anActor | aTactic | anAsset, Engineer, 0, (*facts).mitigatesMost},
		{s, "only_defence", aMitigation, Engineer, 0, (*facts).onlyDefence},
	}
}

func limits() []rule {
	const s = Limits
	return []rule{
		{s, "is_analytic", anAnalytic, Engineer, 0, (*facts).isAnalytic},
		{s, "no_inference", anything, Both, 0, (*facts).noInference},
		{s, "absence", anAnalytic, Engineer, -1, (*facts).absence},
		{s, "claim_basis", anAnalytic, Engineer, -1, (*facts).claimBasis},
		{s, "exception_wanting", anAnalytic, Engineer, -1, (*facts).exceptionWanting},
		{s, "unlabelled_share", anAnalytic, Engineer, -1, (*facts).unlabelledShare},
		{s, "no_exercise_limit", anAnalytic, Engineer, -1, (*facts).noExerciseLimit},
		{s, "replay_limit", anAnalytic, Engineer, -1, (*facts).replayLimit},
		{s, "external_is_rated", anAnalytic, Engineer, -1, (*facts).externalIsRated},
		{s, "few_users", anAnalytic | aBehaviour, Engineer, 0, (*facts).fewUsers},
		{s, "users_are_public", anAnalytic | aBehaviour | anActor, Engineer, 0, (*facts).usersArePublic},
		{s, "through_software", anActor, Engineer, 0, (*facts).throughSoftware},
		{s, "scope_unstated", anything, Engineer, -1, (*facts).scopeUnstated},
		{s, "scope_is", anything, Engineer, 0, (*facts).scopeIs},
		{s, "no_analytics", anything &^ anAnalytic, Engineer, 0, (*facts).noAnalytics},
		{s, "mitigation_unmeasured", aMitigation, Both, 0, (*facts).mitigationUnmeasured},
		{s, "release_not_published", anything, Engineer, -1, (*facts).releaseMismatch},
	}
}
