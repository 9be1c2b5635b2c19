// Package figure writes numbers for people: whole numbers in groups of three
// digits, proportions as percent with as many digits as tell them from 0 and 1.
//
// It computes nothing. Where a figure is read by a machine, it stays as it is.
package figure

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

// Count writes a whole number with a comma between groups of three digits.
func Count(n int64) string { return grouped(strconv.FormatInt(n, 10)) }

// Of writes a count with its noun, of which one is the form for 1.
func Of(n int64, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return Count(n) + " " + many
}

// Fixed writes a quantity with so many decimals, the whole part in groups.
func Fixed(x float64, decimals int) string { return grouped(strconv.FormatFloat(x, 'f', decimals, 64)) }

// PerDay writes how many of something there are in a day, with one decimal: what is more
// than none and rounds to it is under a tenth.
func PerDay(x float64) string {
	if x > 0 && x < 0.05 {
		return "<0.1"
	}
	return Fixed(x, 1)
}

// grouped puts commas into the whole part of a decimal number.
func grouped(s string) string {
	sign := ""
	if strings.HasPrefix(s, "-") {
		sign, s = "-", s[1:]
	}
	whole, rest := s, ""
	if i := strings.IndexByte(s, '.'); i >= 0 {
		whole, rest = s[:i], s[i:]
	}
	for i := len(whole) - 3; i > 0; i -= 3 {
		whole = whole[:i] + "," + whole[i:]
	}
	return sign + whole + rest
}

// Sprintf is fmt.Sprintf, with whole numbers in groups of three digits.
func Sprintf(format string, args ...any) string {
	written := make([]any, len(args))
	for i, a := range args {
		switch n := a.(type) {
		case int:
			written[i] = whole(n)
		case int64:
			written[i] = whole(n)
		default:
			written[i] = a
		}
	}
	return fmt.Sprintf(format, written...)
}

// whole is a whole number that is written in groups.
type whole int64

// Format writes the number in groups, whatever the verb.
func (n whole) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte(Count(int64(n)))) }

// finest is how near to 0 or 1 a proportion is told from it, in percent.
const finest = 0.0001

// Percent writes a proportion from 0 to 1 as percent: with one decimal, nearer to 0
// or 1 with two digits of the distance, so that 0.9996 is 99.96 % and 0.0004 is
// 0.04 %. What is nearer than a millionth is said to be so; 0 % and 100 % are 0 and
// 1 alone.
func Percent(p float64) string { return digits(p) + " %" }

// Percents writes an interval of proportions as percent.
func Percents(low, high float64) string { return digits(low) + " to " + Percent(high) }

// Against writes a proportion beside one that it is judged by: with as many more
// digits as tell the two apart, so that 0.49996 is not written as the 50 % that it
// misses.
func Against(p, limit float64) string {
	if s := Percent(p); p == limit || s != Percent(limit) {
		return s
	}
	for decimals := 1; decimals < mostDecimals; decimals++ {
		s := strconv.FormatFloat(100*p, 'f', decimals, 64)
		if s != strconv.FormatFloat(100*limit, 'f', decimals, 64) {
			return s + " %"
		}
	}
	return strconv.FormatFloat(100*p, 'f', -1, 64) + " %"
}

// mostDecimals is beyond what tells two proportions apart that are not one.
const mostDecimals = 13

func digits(p float64) string {
	x := 100 * p
	off := 100 * min(p, 1-p) // from the nearer end
	switch {
	case math.IsNaN(p):
		return "?"
	case off <= 0:
		return strconv.FormatFloat(x, 'f', -1, 64)
	case off < finest && p < 0.5:
		return "under 0.0001"
	case off < finest:
		return "over 99.9999"
	}
	decimals := 1
	if off < 1 {
		decimals = 1 - int(math.Floor(math.Log10(off)))
	}
	s := strings.TrimRight(strconv.FormatFloat(x, 'f', decimals, 64), "0")
	return strings.TrimSuffix(s, ".")
}
