package sigma_test

import (
	"fmt"
	"runtime"
	"strings"
	"testing"

	"candor/internal/detection/sigma"
)

// TestBombsCostLittle reads rules that are made to cost: each is a reject or a rule,
// and asks memory for little more than the text has.
func TestBombsCostLittle(t *testing.T) {
	laughs := "a0: &a0 [x,x,x,x,x,x,x,x,x]\n"
	for i := range 20 {
		laughs += fmt.Sprintf("a%d: &a%d [%s]\n", i+1, i+1, strings.TrimSuffix(strings.Repeat(fmt.Sprintf("*a%d,", i), 9), ","))
	}
	rule := "title: t\nid: 9f2e1c1e-4a55-4b3d-9f61-2b0a4f1f0001\nlogsource: {product: windows, category: process_creation}\n"
	detection := "detection: {selection: {Image: x}, condition: selection}\n"
	for name, text := range map[string]string{
		"200,000 tags":         rule + "tags:\n" + strings.Repeat("  - attack.t1059\n", 200_000) + detection,
		"200,000 tags unlike":  rule + "tags:\n" + numbered("  - attack.t%d\n", 200_000) + detection,
		"aliases of aliases":   laughs + rule + "tags: *a20\n" + detection,
		"aliases in detection": laughs + rule + "detection: {selection: *a20, condition: selection}\n",
		"merges of merges":     laughs + rule + "logsource2:\n  <<: *a20\n<<: *a20\n" + detection,
		"a merge of itself":    "base: &b\n  <<: [*b, *b]\n" + rule + "<<: *b\n" + detection,
		"many merges":          rule + "<<: [" + strings.Repeat("{a: b},", 50_000) + "]\n" + detection,
		"deep":                 rule + "detection: " + strings.Repeat("[", 9_000) + strings.Repeat("]", 9_000) + "\n",
		"deeper":               rule + "detection: " + strings.Repeat("{a: ", 200_000) + "\n",
		"condition":            rule + "detection: {selection: {Image: x}, condition: '" + strings.Repeat("(", 100_000) + "selection'}\n",
	} {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		d := sigma.Decode("r.yml", []byte(text))
		runtime.ReadMemStats(&after)
		if held := after.TotalAlloc - before.TotalAlloc; held > 64<<20+100*uint64(len(text)) {
			t.Errorf("%s: %d MiB were asked for, of %d KiB", name, held>>20, len(text)>>10)
		}
		if strings.Contains(name, "tags") && (len(d.Records) != 0 || len(d.Rejects) != 1 || !strings.Contains(d.Rejects[0].Reason, "more than 10000 values")) {
			t.Errorf("%s: %d rules, rejects %+v", name, len(d.Records), d.Rejects)
		}
	}
}

func numbered(form string, n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, form, i)
	}
	return b.String()
}
