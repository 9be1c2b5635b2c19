package decode

import (
	"math"
	"strconv"
	"strings"
	"time"
)

// maxEpoch bounds a number, in nanoseconds: it is after the last year that is sane.
const maxEpoch = math.MaxInt64

// Epoch returns the time that is a number of units after the start of 1970, in
// UTC. The number may have decimals; the unit is a second or a part of one.
func Epoch(text string, unit time.Duration) (time.Time, bool) {
	whole, decimals, _ := strings.Cut(text, ".")
	if whole == "" || len(whole) > 19 || !allDigits(whole) || !allDigits(decimals) {
		return time.Time{}, false
	}
	n, err := strconv.ParseInt(whole, 10, 64)
	if err != nil || n > maxEpoch/int64(unit) {
		return time.Time{}, false
	}
	per := int64(time.Second / unit)
	ns := n % per * int64(unit)
	for i, worth := 0, int64(unit)/10; i < len(decimals) && worth > 0; i, worth = i+1, worth/10 {
		ns += int64(decimals[i]-'0') * worth
	}
	t := time.Unix(n/per, ns).UTC()
	return t, Sane(t)
}
