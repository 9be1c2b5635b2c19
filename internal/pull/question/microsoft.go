package question

import (
	"encoding/json"
	"fmt"
	"net/url"
	"strconv"
	"strings"

	"candor/internal/evidence"
)

// arm is the service of Azure's resource manager.
const arm = "arm"

// sentinel is Microsoft Sentinel: tables by queries of Log Analytics, rules by the resource
// manager.
//
// Shapes: Microsoft's documents of the Log Analytics query API (response format, partial
// errors) and of alertRules of Microsoft.SecurityInsights.
func sentinel() Product {
	return Product{
		Name: "sentinel", Title: "Microsoft Sentinel",
		Address:  "https://api.loganalytics.io",
		Services: []Field{{Name: arm, Otherwise: "https://management.azure.com", Doc: "address of Azure's resource manager, for the part rules"}},
		Auths:    []string{OAuth},
		Scopes:   map[string]string{"": "https://api.loganalytics.io/.default", arm: "https://management.azure.com/.default"},
		Fields: []Field{
			{Name: "workspace", Needed: true, Doc: "id of the workspace (a GUID)"},
			{Name: "resource", Needed: true, Doc: "the workspace as a resource: /subscriptions/S/resourceGroups/G/providers/Microsoft.OperationalInsights/workspaces/W"},
			{Name: "api_version", Otherwise: "2024-09-01", Doc: "version of the interface of rules"},
		},
		Parts: []Part{
			{Name: "rules", Kind: evidence.Rules, Format: "sentinel", Whole: true, First: sentinelRules, Frame: under("value"), Ending: ".json"},
			{Name: "alerts", Kind: evidence.Alerts, Format: "sentinel", First: table("SecurityAlert"), Ending: ".ndjson"},
			{Name: "closures", Kind: evidence.Cases, Format: "sentinel", First: table("SecurityIncident"), Ending: ".ndjson"},
			{Name: "runs", Kind: evidence.Runs, Format: "sentinel", First: table("SentinelHealth", `SentinelResourceType == "Analytics Rule"`), Ending: ".ndjson"},
		},
		Rights: "the role Log Analytics Reader on the workspace, and Microsoft Sentinel Reader for rules; auditing and health monitoring must be on for runs",
	}
}

// table asks for the rows of a table that were written in the window: a change of an
// incident is a row of its own.
func table(name string, where ...string) func(Settings, Window) *Ask {
	return func(s Settings, w Window) *Ask {
		q := fmt.Sprintf("%s | where TimeGenerated >= datetime(%s) and TimeGenerated < datetime(%s)", name, stamp(w.From), stamp(w.To))
		for _, c := range where {
			q += " | where " + c
		}
		q += " | order by TimeGenerated asc"
		return &Ask{Method: "POST", Path: "/v1/workspaces/" + url.PathEscape(s.Set["workspace"]) + "/query",
			Body: must(object{"query": q, "timespan": stamp(w.From) + "/" + stamp(w.To)}), Read: rows}
	}
}

// rows reads the rows of the first table as records, by the names of its columns.
func rows(a Answer) (Reply, error) {
	var t struct {
		Tables []struct {
			Columns []struct {
				Name string `json:"name"`
			} `json:"columns"`
			Rows [][]json.RawMessage `json:"rows"`
		} `json:"tables"`
		Error *struct {
			Code    string `json:"code"`
			Message string `json:"message"`
		} `json:"error"`
	}
	if err := read(a, "that of a query", &t); err != nil || len(t.Tables) == 0 {
		return Reply{}, unreadable("that of a query", err)
	}
	var r Reply
	for _, row := range t.Tables[0].Rows {
		if len(row) != len(t.Tables[0].Columns) {
			return Reply{}, unreadable("that of a query: a row has another length than the columns", nil)
		}
		rec := make(map[string]json.RawMessage, len(row))
		for i, c := range t.Tables[0].Columns {
			if v := string(row[i]); v != "null" && v != `""` && v != "" {
				rec[c.Name] = row[i]
			}
		}
		raw, err := json.Marshal(rec)
		if err != nil {
			return Reply{}, unreadable("that of a query", err)
		}
		r.Records = append(r.Records, Record{JSON: raw})
	}
	if t.Error != nil {
		r.Partial, r.Long = strings.TrimSpace(t.Error.Code+": "+t.Error.Message), true
	}
	return r, nil
}

func sentinelRules(s Settings, _ Window) *Ask {
	return linked(arm, strings.TrimSuffix(s.Set["resource"], "/")+"/providers/Microsoft.SecurityInsights/alertRules", url.Values{"api-version": {s.Set["api_version"]}}, "nextLink")
}

// linked goes through a list of records under value, of which each part names the address
// of the next.
func linked(service, path string, q url.Values, next string) *Ask {
	if !strings.HasPrefix(path, "/") && !strings.HasPrefix(path, "http") {
		path = "/" + path
	}
	return &Ask{Service: service, Method: "GET", Path: path, Query: q, Read: func(a Answer) (Reply, error) {
		var list map[string]json.RawMessage
		if err := read(a, "a list", &list); err != nil {
			return Reply{}, err
		}
		var values []json.RawMessage
		if err := json.Unmarshal(list["value"], &values); err != nil || values == nil {
			return Reply{}, unreadable("a list", err)
		}
		var r Reply
		for _, raw := range values {
			r.Records = append(r.Records, Record{ID: text(raw, "id"), JSON: raw})
		}
		if link := text(a.Body, next); link != "" {
			if link == path {
				return Reply{}, unreadable("one that goes on: its next part is itself", nil)
			}
			r.Next = linked(service, link, nil, next)
			r.Next.Linked = true
		}
		return r, nil
	}}
}

// defender is Microsoft Defender XDR through Graph.
//
// Shapes: Microsoft's documents of security/alerts_v2 (filters, paging by
// @odata.nextLink) and of throttling.
func defender() Product {
	return Product{
		Name: "defender", Title: "Microsoft Defender XDR",
		Address: "https://graph.microsoft.com",
		Auths:   []string{OAuth},
		Scopes:  map[string]string{"": "https://graph.microsoft.com/.default"},
		Parts: []Part{
			{Name: "alerts", Kind: evidence.Alerts, Format: "defender", First: defenderAlerts, Ending: ".ndjson"},
		},
		Rights: "the application permission SecurityAlert.Read.All, with consent of an administrator; Defender's own detections are no rules that could be listed",
	}
}

// defenderAlerts asks for the alerts that were raised or changed in the window.
func defenderAlerts(s Settings, w Window) *Ask {
	return linked("", "/v1.0/security/alerts_v2", url.Values{
		"$filter": {"lastUpdateDateTime ge " + stamp(w.From) + " and lastUpdateDateTime lt " + stamp(w.To)},
		"$top":    {strconv.Itoa(min(s.Size, 2000))},
	}, "@odata.nextLink")
}

// under makes one JSON object of records, as a list under a key.
func under(key string) func([]Record) ([]byte, error) {
	return func(records []Record) ([]byte, error) {
		list := make([]json.RawMessage, len(records))
		for i, r := range records {
			list[i] = r.JSON
		}
		return json.Marshal(map[string]any{key: list})
	}
}
