package assessment

import (
	"strings"
	"testing"
)

func TestCacheKeepsWhatWasUsedLast(t *testing.T) {
	var c cache[int]
	for i, k := range strings.Split("abcd", "") {
		c.put(k, i)
	}
	c.get("a")
	c.put("e", 4)
	c.put("a", 10)
	for k, want := range map[string]bool{"a": true, "b": false, "c": true, "d": true, "e": true} {
		if _, ok := c.get(k); ok != want {
			t.Errorf("%s kept: %t, want %t", k, ok, want)
		}
	}
	if v, _ := c.get("a"); v != 10 {
		t.Errorf("a is %d, want what was put last", v)
	}
}
