package measure

// Shrink returns the precision of each statement drawn towards that of all, by
// empirical Bayes: the mean of the posterior of a beta prior whose two
// parameters are those of a beta-binomial fitted to the population by moments
// (J. C. Kleinman, "Proportions with Extraneous Variance", Journal of the American
// Statistical Association 68, 1973), each rule weighing by its effective number of
// labels.
// It is for ranking alone and is never shown as a measurement. A statement
// without labels gets the mean of the population, and all get 1/2 when nothing is
// labelled.
func Shrink(statements []Statement) []float64 {
	mean, strength := betaPrior(statements)
	out := make([]float64, len(statements))
	for i := range statements {
		n, k := effective(&statements[i])
		out[i] = (k + mean*strength) / (n + strength)
	}
	return out
}

func effective(s *Statement) (n, k float64) {
	if s.Precision == nil || s.EffectiveN == nil {
		return 0, 0
	}
	return *s.EffectiveN, *s.EffectiveN * *s.Precision
}

// betaPrior fits the prior; strength is the sum of its parameters. Where rules
// differ no more than chance lets them, the prior is taken to be strong, and
// where they differ as much as they can, weak.
func betaPrior(statements []Statement) (mean, strength float64) {
	const weakest, strongest = 0.1, 1000
	var n, k, squares, m float64
	for i := range statements {
		ni, ki := effective(&statements[i])
		if ni > 0 {
			n, k, squares, m = n+ni, k+ki, squares+ni*ni, m+1
		}
	}
	if m == 0 {
		return 0.5, 1
	}
	mean = k / n
	var spread float64
	for i := range statements {
		if ni, ki := effective(&statements[i]); ni > 0 {
			d := ki/ni - mean
			spread += ni * d * d
		}
	}
	v := mean * (1 - mean)
	scale := n - squares/n // what the spread between rules weighs
	if m == 1 || v == 0 || scale <= 0 {
		return mean, strongest
	}
	rho := (spread - v*(m-1)) / (v * (scale - (m - 1)))
	if scale <= m-1 || rho <= 1.0/(1+strongest) {
		return mean, strongest
	}
	return mean, min(strongest, max(weakest, 1/rho-1))
}
