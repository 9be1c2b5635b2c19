package ingest

import (
	"iter"
	"slices"

	"candor/internal/alert"
	"candor/internal/alert/export"
)

// pushable are the formats of alerts of products, which come as JSON.
func pushable() []format {
	return slices.DeleteFunc(alertFormats(), func(f format) bool {
		return f.alerts == nil || slices.Contains([]string{ownCSV, ownJSONL, ownJSON, "guide"}, f.Name)
	})
}

// AlertFormats lists the products whose alerts are read as they write them in JSON.
func AlertFormats() []string {
	var names []string
	for _, f := range pushable() {
		names = append(names, f.Name)
	}
	return names
}

// AlertFormat returns what reads the alerts of a product, and whether there is one.
func AlertFormat(name string) (read func(export.Input) iter.Seq2[*alert.Alert, error], ok bool) {
	for _, f := range pushable() {
		if f.Name == name {
			return f.alerts, true
		}
	}
	return nil, false
}

// ToldAlerts tells the format of alerts from their content, and returns its name with
// what reads them; empty when none knows them.
func ToldAlerts(text []byte) (name string, read func(export.Input) iter.Seq2[*alert.Alert, error]) {
	head := text[:min(len(text), headSize)]
	for _, f := range alertFormats() {
		if f.alerts != nil && f.sniff != nil && f.sniff(head, "body") {
			return f.Name, f.alerts
		}
	}
	return "", nil
}
