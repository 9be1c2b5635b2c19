// Package floors holds the test that keeps Candor's dependencies pointing one
// way. It holds nothing else.
package floors

import (
	"bytes"
	"encoding/json"
	"io"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// room is what the house says of a package: its floor, and what it may not
// touch. Imports go to a lower floor, or to those that peers name.
type room struct {
	floor int
	peers []string
	pure  bool // no clock, no I/O, no context, no logging
}

// house is the plan of doc/architecture.md. A package that is not in it fails
// the test: every concept gets a room before it gets code.
var house = map[string]room{
	"fault":   {floor: 0, pure: false},
	"day":     {floor: 0, pure: true},
	"inert":   {floor: 0},
	"near":    {floor: 0, pure: true},
	"figure":  {floor: 0, pure: true},
	"schema":  {floor: 0, pure: true},
	"address": {floor: 1, pure: true},

	"pseudonym": {floor: 1, pure: true}, // keyed hashes of names
	"durable":   {floor: 0},
	"flock":     {floor: 0},
	"tear":      {floor: 0}, // kills processes, for tests

	"scratch":   {floor: 1},
	"press":     {floor: 2}, // pages as PDF, by a browser
	"attack":    {floor: 1, pure: true},
	"evidence":  {floor: 1, pure: true},
	"crew":      {floor: 1}, // goroutines
	"cache":     {floor: 2}, // what was made under a key
	"deliver":   {floor: 2}, // messages to files, logs, webhooks, mails
	"decode":    {floor: 2}, // what decoders share: positions, tables, dates
	"telemetry": {floor: 2, pure: true},
	"detection": {floor: 2, pure: true},
	"alert":     {floor: 2, pure: true},
	"exercise":  {floor: 2, pure: true},
	"runbook":   {floor: 2, pure: true},
	"signal":    {floor: 2, pure: true},

	"decode/workbook":         {floor: 3},             // the first sheet of a workbook as text
	"mapping":                 {floor: 5},             // any file as Candor's own records
	"decode/decodetest":       {floor: 3},             // golden files of decoders
	"attack/place":            {floor: 1, pure: true}, // products' places in ATT&CK's words
	"attack/stix":             {floor: 3},
	"attack/prose":            {floor: 3},
	"attack/odd":              {floor: 3, pure: true},
	"attack/published":        {floor: 3},
	"attack/adjacency":        {floor: 3, pure: true},
	"attack/reach":            {floor: 3, pure: true}, // relations, and what lies within two steps
	"attack/diff":             {floor: 4},
	"telemetry/inventory":     {floor: 3},
	"telemetry/feed":          {floor: 4},
	"telemetry/dettect":       {floor: 3},
	"telemetry/sensor":        {floor: 3},
	"telemetry/volume":        {floor: 4},
	"telemetry/sensormap":     {floor: 3},
	"control":                 {floor: 3}, // controls and what of ATT&CK bears on them
	"detection/layer":         {floor: 3},
	"detection/kql":           {floor: 2, pure: true}, // tables that a query asks
	"detection/condition":     {floor: 2, pure: true}, // conditions over the fields of an alert
	"detection/sigma":         {floor: 3},
	"detection/rulecsv":       {floor: 3},
	"detection/detectiontest": {floor: 4}, // what the tests of rule decoders share
	"detection/elastic":       {floor: 3},
	"detection/splunk":        {floor: 3},
	"detection/sentinel":      {floor: 3},
	"detection/runlog":        {floor: 4},
	"detection/exempt":        {floor: 4},
	"alert/tabular":           {floor: 3, peers: []string{"alert/export"}},
	"alert/history":           {floor: 3, pure: true},
	"alert/jsonl":             {floor: 3},
	"alert/parquet":           {floor: 3},
	"alert/bulk":              {floor: 4},
	"alert/export":            {floor: 3},
	"alert/export/exporttest": {floor: 3, peers: []string{"alert/export", "decode/decodetest"}},
	"alert/ocsf":              {floor: 3, peers: []string{"alert/export"}},
	"alert/elastic":           {floor: 3, peers: []string{"alert/export"}},
	"alert/sentinel":          {floor: 3, peers: []string{"alert/export"}},
	"alert/defender":          {floor: 3, peers: []string{"alert/export"}},
	"alert/splunk":            {floor: 3, peers: []string{"alert/export"}},
	"alert/thehive":           {floor: 3, peers: []string{"alert/export"}},
	"alert/product":           {floor: 3, peers: []string{"alert/export"}},
	"alert/review":            {floor: 4},
	"signal/tabular":          {floor: 4},
	"signal/intel":            {floor: 4},
	"exercise/run":            {floor: 4},
	"exercise/away":           {floor: 4},
	"runbook/tuning":          {floor: 4},
	"attack/rename":           {floor: 4},
	"exercise/tabular":        {floor: 3},
	"exercise/vectr":          {floor: 3},
	"runbook/frontmatter":     {floor: 3},

	"visibility": {floor: 5, pure: true},
	"claim":      {floor: 5, pure: true},
	"measure":    {floor: 5, pure: true},

	"measure/tune": {floor: 6, pure: true},

	"correlate":            {floor: 5, pure: true}, // definitions, engine
	"correlate/worth":      {floor: 6, pure: true}, // chance, precision, what is lost
	"correlate/credit":     {floor: 6, pure: true}, // what lines techniques up
	"correlate/draw":       {floor: 7, pure: true}, // their pictures
	"correlate/definition": {floor: 6},             // Sigma's correlation rules

	"assure":    {floor: 6, pure: true},
	"criterion": {floor: 7, pure: true}, // conditions on the counts of an assessment

	"policy": {floor: 7},
	"sample": {floor: 7},
	"triage": {floor: 7, pure: true},

	"roster":   {floor: 7, pure: true}, // lists of what there is
	"standing": {floor: 7, pure: true},
	"matrix":   {floor: 7, pure: true},
	"gap":      {floor: 7, pure: true},
	"news":     {floor: 7, pure: true}, // what is new between two assessments
	"take":     {floor: 8, pure: true},
	"upgrade":  {floor: 8, pure: true}, // what a newer release does
	"profile":  {floor: 8, pure: true}, // whom verdicts are read for

	"store":       {floor: 8},
	"store/stamp": {floor: 8},
	"ledger":      {floor: 8},
	"identity":    {floor: 8, pure: true},

	"store/batchfile": {floor: 9},
	"store/batches":   {floor: 10},
	"store/scan":      {floor: 11, peers: []string{"store/storetest"}},
	"store/storetest": {floor: 11},
	"store/duckdb":    {floor: 11, peers: []string{"store/storetest"}},
	"store/sqlite":    {floor: 11, peers: []string{"store/storetest"}},
	"hold":            {floor: 9},
	"head":            {floor: 9}, // signed heads of the ledger's tree
	"veil":            {floor: 9}, // names in a folder that are kept as pseudonyms
	"engine":          {floor: 9},
	"relay":           {floor: 11},
	"archive":         {floor: 9}, // kept assessments
	"token":           {floor: 9}, // bearer tokens
	"people":          {floor: 9}, // accounts of those who sign in

	"provider":              {floor: 10}, // where people sign in elsewhere
	"provider/providertest": {floor: 5},  // a provider for tests
	"door":                  {floor: 10},
	"answer":                {floor: 10, peers: []string{"door"}}, // what a server answered
	"ingest":                {floor: 10},
	"intake":                {floor: 10, peers: []string{"ingest"}},
	"mirror":                {floor: 10},
	"pull/question":         {floor: 3, pure: true}, // what to ask products, and how answers read
	"pull/wire":             {floor: 4},
	"pull":                  {floor: 10, peers: []string{"ingest"}},
	"lookout":               {floor: 10, peers: []string{"ingest"}}, // chains in what arrives
	"hook":                  {floor: 10},                            // who is told what is new
	"pull/pulltest":         {floor: 5},                             // servers for tests

	"library":    {floor: 10},
	"assessment": {floor: 10},
	"custody":    {floor: 10},
	"backup":     {floor: 10},
	"retention":  {floor: 10, peers: []string{"custody"}}, // alerts that go
	"mcp":        {floor: 11},                             // what is judged, for programs that reason with a language model
	"taxii":      {floor: 11},                             // the library over TAXII 2.1
	"excerpt":    {floor: 11},                             // the library, or a part of it, for others
	"report":     {floor: 11},                             // documents that leave the house

	"metrics": {floor: 11}, // a server, measured

	"upkeep": {floor: 9, pure: true}, // what is amiss with an installation

	"edge": {floor: 12}, // where a server meets the network

	"api": {floor: 12},
	"web": {floor: 12},
	"cli": {floor: 13},

	"app":    {floor: 14},
	"floors": {floor: 15},
}

// impure are packages of the standard library that a judgement may not import.
var impure = []string{"context", "database/sql", "io", "log", "log/slog", "math/rand", "math/rand/v2", "net", "net/http", "os"}

// decoderLibraries are the adapters that only their own floor may import.
var adapters = []string{"store/sqlite", "store/duckdb", "store/postgres", "hold"}

type listed struct {
	ImportPath string
	Imports    []string
	CgoFiles   []string
	GoFiles    []string
}

func packages(t *testing.T) []listed {
	t.Helper()
	out, err := exec.Command("go", "list", "-json=ImportPath,Imports,CgoFiles,GoFiles", "candor/...").Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	var ps []listed
	for dec := json.NewDecoder(bytes.NewReader(out)); ; {
		var p listed
		if err := dec.Decode(&p); err == io.EOF {
			return ps
		} else if err != nil {
			t.Fatalf("go list: %v", err)
		}
		ps = append(ps, p)
	}
}

func name(path string) string { return strings.TrimPrefix(path, "candor/internal/") }

func TestImportsPointDownward(t *testing.T) {
	for _, p := range packages(t) {
		n := name(p.ImportPath)
		if !strings.HasPrefix(p.ImportPath, "candor/internal/") {
			continue
		}
		r, ok := house[n]
		if !ok {
			t.Errorf("%s has no room in the house: give it a floor here and in doc/architecture.md", n)
			continue
		}
		for _, imp := range p.Imports {
			if !strings.HasPrefix(imp, "candor/internal/") {
				continue
			}
			below, ok := house[name(imp)]
			if ok && below.floor >= r.floor && !slices.Contains(r.peers, name(imp)) {
				t.Errorf("%s (floor %d) imports %s (floor %d)", n, r.floor, name(imp), below.floor)
			}
		}
	}
}

func TestNounsAndJudgementsArePure(t *testing.T) {
	for _, p := range packages(t) {
		if !house[name(p.ImportPath)].pure {
			continue
		}
		for _, imp := range p.Imports {
			if slices.Contains(impure, imp) {
				t.Errorf("%s is pure and imports %s", name(p.ImportPath), imp)
			}
		}
	}
}

func TestOnlyTheWiringKnowsAdapters(t *testing.T) {
	for _, p := range packages(t) {
		n := name(p.ImportPath)
		if n == "app" || n == "candor/bench" || slices.Contains(adapters, n) || n == "store/storetest" {
			continue // bench measures the adapters beside their engines
		}
		for _, imp := range p.Imports {
			if slices.Contains(adapters, name(imp)) {
				t.Errorf("%s imports the adapter %s: take the contract in package store", n, name(imp))
			}
		}
	}
}

func TestCgoStaysInItsRoom(t *testing.T) {
	for _, p := range packages(t) {
		if len(p.CgoFiles) > 0 && name(p.ImportPath) != "store/duckdb" {
			t.Errorf("%s uses cgo: %v", name(p.ImportPath), p.CgoFiles)
		}
	}
}
