package cli

import (
	"cmp"
	"context"
	"html/template"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"candor/internal/fault"
	"candor/internal/web"
)

// state is a state of a page: what is asked for, what is sent, and what is answered.
type state struct {
	name, says, path string
	// form is sent, or a file with a text.
	form       map[string]string
	file, text string
	// locked asks a server that asks everyone for a token, and staffed one at which people
	// sign in.
	locked, staffed bool
	status          int
}

func (s state) want() int { return cmp.Or(s.status, http.StatusOK) }

// alertsFile is a file whose columns have names of its own, which a mapping must explain.
const alertsFile = "When,Detection,Host,Severity,Ticket\n" +
	"2026-11-02 08:15:00,Password spraying,ws-114,high,4711\n2026-11-02 09:40:10,Password spraying,ws-022,low,4712\n2026-11-13 22:01:00,Script from Office,srv-db2,high,4720\n"

// states are the page states of a data folder, in the order in which they come about:
// what the later ones need the earlier leave.
func states(room, rule string) []state {
	switch room {
	case "library":
		return looked("bare-", "with a library and without evidence", "/", "/matrix", "/verdicts", "/next", "/gaps", "/chains", "/chains/worth", "/profiles", "/measurements", "/reviews", "/evidence", "/evidence/rules", "/kept", "/objects/AN1989")
	case "empty":
		return looked("empty-", "in an empty data folder", "/", "/matrix", "/verdicts", "/next", "/gaps", "/chains", "/chains/worth", "/profiles", "/objects", "/measurements", "/reviews", "/exercises", "/evidence", "/evidence/rules", "/evidence/telemetry", "/kept", "/ledger", "/operation", "/policy", "/reports", "/changes", "/upgrade", "/compare")
	}
	list := looked("", "of the demonstration", "/", "/?site=hamburg", "/matrix", "/matrix?view=visibility&platform=Windows", "/matrix?view=claims&subs=open", "/verdicts", "/verdicts?rung=noisy", "/next", "/gaps", "/gaps?show=unstated",
		"/objects", "/objects?text=phishing", "/objects/AN1989", "/objects/AN1275", "/objects/T1110", "/objects/TA0043", "/objects/G0034", "/objects/T1086", "/objects/AN1989/history",
		"/chains", "/chains/worth", "/profiles", "/measurements", "/reviews", "/reviews/MF-rev-017", "/exercises", "/evidence", "/evidence/rules", "/evidence/telemetry", "/evidence/fields", "/evidence/externals", "/evidence/runbooks", "/evidence/signals", "/evidence/exceptions",
		"/standing/techniques", "/standing/groups", "/standing/data-components", "/compare", "/compare?id=G0034&id=TA0043", "/gates/AN1989", "/gates/AN1275?for=automation", "/kept", "/kept/last-month", "/ledger", "/operation", "/policy", "/reports", "/changes", "/upgrade")
	at := "/measurements/rules/" + url.PathEscape(rule)
	list = append(list, looked("", "of the demonstration", at, at+"/tune", at+"/alerts")...)
	list = append(list,
		state{name: "nothing-matches-verdicts", says: "a list in which nothing matches", path: "/verdicts?text=zzz"},
		state{name: "nothing-matches-rules", says: "a list in which nothing matches", path: "/evidence/rules?text=zzz"},
		state{name: "nothing-matches-objects", says: "a search that finds nothing", path: "/objects?text=zzz"},
		state{name: "wrong-address", says: "an address that is not there", path: "/nowhere", status: http.StatusNotFound},
		state{name: "wrong-object", says: "an object that is not there", path: "/objects/T9999", status: http.StatusNotFound},
		state{name: "wrong-filter", says: "a filter that is misspelt", path: "/verdicts?platform=Lnux", status: http.StatusNotFound},
		state{name: "wrong-day", says: "a day that is none", path: "/?as_of=yesterday", status: http.StatusBadRequest},
		state{name: "door", says: "a server that asks everyone for a token", path: "/", locked: true, status: http.StatusUnauthorized})
	return append(append(list, written(rule)...), peopled()...)
}

// written are the page states in which somebody writes.
func written(rule string) []state {
	label := "/label?rule=" + url.QueryEscape(rule)
	return []state{
		{name: "session-asked", says: "writing without a session", path: "/bring", status: http.StatusUnauthorized},
		{name: "session", says: "where a token is shown", path: "/session"},
		{name: "session-refused", says: "a token that is none", path: "/session", form: map[string]string{"token": "candor_ann_wrong"}, status: http.StatusForbidden},
		{name: "session-begun", says: "a session that has begun", path: "/session", form: map[string]string{"token": "{secret}"}},
		{name: "label", says: "labelling the alerts of a rule", path: label},
		{name: "bring", says: "choosing files", path: "/bring"},
		{name: "bring-nothing", says: "files that were not chosen", path: "/bring", file: "", form: map[string]string{}, status: http.StatusUnprocessableEntity},
		{name: "bring-mapping", says: "a file that needs a mapping", path: "/bring", file: "tickets.csv", text: alertsFile},
		{name: "bring-checked", says: "a file that can land", path: "/bring", file: "alerts.csv", text: "id,rule_id,time,entity\nx-1," + rule + ",2026-11-19T08:00:00Z,ws-1\nx-2,,yesterday,ws-2\n"},
		{name: "bring-landed", says: "a file that landed", path: "{brought}", form: map[string]string{"do": "land", "sha256": "{sha256}"}},
		{name: "gap-new", says: "stating a gap", path: "/gap?id=T1589.003"},
		{name: "gap-refused", says: "a gap that was refused", path: "/gap", form: map[string]string{"id": "T1589.003", "decision": "accept", "owner": "CISO", "do": "set"}, status: http.StatusUnprocessableEntity},
		{name: "gap-stated", says: "a gap that was stated", path: "/gap", form: map[string]string{"id": "T1589.003", "decision": "accept", "owner": "CISO", "until": time.Now().AddDate(0, 3, 0).Format(time.DateOnly), "why": "It happens outside our network.", "do": "set"}},
		{name: "gaps-stated", says: "the register with a gap", path: "/gaps"},
	}
}

// peopled are the page states of a server at which people sign in.
func peopled() []state {
	list := []state{
		{name: "sign-in", says: "signing in", path: "/verdicts", status: http.StatusUnauthorized},
		{name: "sign-in-refused", says: "a name and a password that do not belong together", path: "/sign-in", form: map[string]string{"name": "ann", "password": "wrong"}, status: http.StatusForbidden},
		{name: "password-first", says: "choosing a password after a one-time password", path: "/sign-in", form: map[string]string{"name": "ann", "password": "{one-time}"}},
		{name: "password-refused", says: "a password that can be guessed", path: "/account/password", form: map[string]string{"new": "password", "again": "password"}, status: http.StatusUnprocessableEntity},
		{name: "account-after", says: "an account whose password was chosen", path: "/account/password", form: map[string]string{"new": "four words that match", "again": "four words that match"}},
		{name: "people-made", says: "an account that was made", path: "/people", form: map[string]string{"do": "add", "name": "ben", "role": "analyst"}},
		{name: "people-refused", says: "an account that cannot be made", path: "/people", form: map[string]string{"do": "add", "name": "Ben", "role": "analyst"}, status: http.StatusUnprocessableEntity},
		{name: "token-made", says: "a token that was made", path: "/people/tokens", form: map[string]string{"do": "make", "name": "edr", "scope": "alerts", "days": "90"}},
	}
	list = append(list, looked("staffed-", "where people sign in", "/", "/account", "/people", "/people/tokens", "/people/sessions", "/audit")...)
	for i := range list {
		list[i].staffed = true
	}
	return list
}

// looked are the states of pages that are only looked at.
func looked(prefix, says string, paths ...string) []state {
	var list []state
	for _, path := range paths {
		name := strings.Trim(strings.NewReplacer("/", "-", "?", "-", "=", "-", "&", "-", "%", "").Replace(path), "-")
		list = append(list, state{name: prefix + cmp.Or(name, "overview"), says: "the page " + path + " " + says, path: path})
	}
	return list
}

// fittings writes the files that pages need beside them.
func (g gallery) fittings(_ context.Context) error {
	for _, name := range []string{"candor.css", "candor.js", "icon.svg"} {
		b, err := web.Static(name)
		if err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(g.dir, "static", name), b, 0o644); err != nil {
			return err
		}
	}
	return nil
}

// photograph has the browser make pictures of a page state.
func (g gallery) photograph(ctx context.Context, e *exhibited) error {
	if g.browser == "" {
		return nil
	}
	page, err := filepath.Abs(filepath.Join(g.dir, e.File))
	if err != nil {
		return err
	}
	for _, shot := range []struct{ name, end, scheme, size string }{
		{"light", ".png", "1", "1280,2200"}, {"dark", ".png", "0", "1280,2200"}, {"phone", ".png", "1", "400,2200"}, {"print", ".pdf", "1", "1280,2200"},
	} {
		to := e.Name + "-" + shot.name + shot.end
		what := "--screenshot=" + filepath.Join(g.dir, to)
		if shot.end == ".pdf" {
			what = "--print-to-pdf=" + filepath.Join(g.dir, to)
		}
		ctx, stop := context.WithTimeout(ctx, time.Minute)
		out, err := exec.CommandContext(ctx, g.browser, "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--no-pdf-header-footer", "--disable-background-networking",
			"--blink-settings=preferredColorScheme="+shot.scheme, "--window-size="+shot.size, what, "file://"+page).CombinedOutput()
		stop()
		if err != nil {
			return fault.New(fault.Unavailable, "the browser made no picture").At("%s", to).Because(err).Next("it said: %s", strings.TrimSpace(string(out[max(0, len(out)-200):])))
		}
		e.Pictures = append(e.Pictures, to)
	}
	return nil
}

// hall is the index.
var hall = template.Must(template.New("hall").Parse(`<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><meta name="color-scheme" content="light dark">
<title>Gallery · Candor</title><link rel="stylesheet" href="static/candor.css"><link rel="icon" href="static/icon.svg" type="image/svg+xml"></head>
<body><main class="wide"><h1>Gallery</h1>
<p>{{len .}} page states of the demonstration, as they were rendered. The library in them is a miniature and not MITRE's, and the organisation does not exist.</p>
<p id="elsewhere">Links of a page lead to other page states here. What is not among them leads to this place; <code>candor demo</code> serves it.</p>
<div class="scroll"><table class="list"><thead><tr><th scope="col">Page state</th><th scope="col">What it is</th><th scope="col">Address</th><th scope="col" class="num">Answer</th><th scope="col">Pictures</th></tr></thead>
<tbody>{{range .}}<tr><th scope="row"><a href="{{.File}}">{{.Name}}</a></th><td>{{.Says}}</td><td><code>{{.Path}}</code></td><td class="num">{{.Status}}</td><td>{{range .Pictures}}<a href="{{.}}">{{.}}</a> {{end}}</td></tr>
{{end}}</tbody></table></div></main></body></html>
`))
