package attack

import "testing"

func TestSpellIDReadsWhatPeopleWrite(t *testing.T) {
	for written, want := range map[string]string{
		"T1059,001": "T1059.001", "T1059/001": "T1059.001", " t1059.001 ": "T1059.001", "T1059-1": "T1059.001", "T1059 . 001": "T1059.001",
		"https:/attack.mitre.org/techniques/T1059/001":   "T1059.001", // as a server cleans it
		"https://attack.mitre.org/techniques/T1059/001/": "T1059.001", "attack.mitre.org/groups/g0094": "G0094",
		"https://attack.mitre.org/versions/v17/software/S0154/#x": "S0154", "http://www.attack.mitre.org/detectionstrategies/DET0857?a=b": "DET0857",
		"an1989": "AN1989", "Attack-Pattern--ABC": "attack-pattern--abc", `"T1059"`: "T1059", "kimsuky": "KIMSUKY", "": "",
		"https://attack.mitre.org/resources/faq": "HTTPS://ATTACK.MITRE.ORG/RESOURCES/FAQ", "TA0001": "TA0001",
	} {
		if got := SpellID(written); got != want {
			t.Errorf("SpellID(%q) is %q, want %q", written, got, want)
		}
	}
}

func TestSiteIDReadsThePathsOfTheSite(t *testing.T) {
	for path, want := range map[string]string{
		"/techniques/T1059": "T1059", "/techniques/T1059/001": "T1059.001", "/software/S0110/": "S0110",
		"/versions/v17/groups/G0001": "G0001", "/detectionstrategies/DET0857": "DET0857", "/Technique/T1001": "T1001",
		"": "", "/": "", "/resources/faq": "", "/techniques/T1059/x": "", "/versions/v17": "", "/a/../b": "",
	} {
		if got, ok := SiteID(path); got != want || ok != (want != "") {
			t.Errorf("SiteID(%q) = %q, %v, want %q", path, got, ok, want)
		}
	}
}
