package measure

import (
	"math"
	"testing"

	"gonum.org/v1/gonum/stat/distuv"
)

// TestStudentsQuantileWithManyDegreesOfFreedom holds the expansion against the inversion.
func TestStudentsQuantileWithManyDegreesOfFreedom(t *testing.T) {
	for _, confidence := range []float64{0.5, 0.8, 0.9, 0.95, 0.99, 0.999} {
		tail := (1 - confidence) / 2
		z := distuv.UnitNormal.Quantile(1 - tail)
		for _, nu := range []float64{manyFree, 301.5, 1000, 9876.25} {
			want := distuv.StudentsT{Mu: 0, Sigma: 1, Nu: nu}.Quantile(1 - tail)
			if got := student(z, tail, nu); math.Abs(got-want) > 1e-10*want {
				t.Errorf("%g degrees of freedom at %g: %.14g, want %.14g", nu, confidence, got, want)
			}
		}
		if got := student(z, tail, 1e12); math.Abs(got-z) > 1e-11*z { // where the inversion has five digits
			t.Errorf("%g degrees of freedom at %g: %.14g, want %.14g", 1e12, confidence, got, z)
		}
	}
}
