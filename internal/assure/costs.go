package assure

// Costs is what next steps cost, all in one unit of the organisation's choice; 0
// is not stated.
type Costs struct {
	Collect, VerifyFeed, RegisterExternal, WriteRule, Exercise float64
	// Label is of one alert.
	Label                                  float64
	Tune, Fix, WriteRunbook, ReviewRunbook float64
}

// of returns the cost of an action, 0 when it is not stated.
func (c *Costs) of(action string) float64 {
	switch action {
	case actCollect:
		return c.Collect
	case actVerifyFeed:
		return c.VerifyFeed
	case actExternal:
		return c.RegisterExternal
	case actWriteRule, actEnableRule:
		return c.WriteRule
	case actExercise:
		return c.Exercise
	case actLabel:
		return c.Label
	case actTune:
		return c.Tune
	case actFix:
		return c.Fix
	case actWriteRunbook:
		return c.WriteRunbook
	case actReviewRunbook:
		return c.ReviewRunbook
	}
	return 0
}

// price returns what a prospect costs, or nil when the cost of something in it is
// not stated.
func (c *Costs) price(does map[string]int64) *float64 {
	var sum float64
	for action, n := range does {
		one := c.of(action)
		if one <= 0 {
			return nil
		}
		sum += one * float64(n)
	}
	if sum == 0 {
		return nil
	}
	return &sum
}
