package cli

import (
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"candor/internal/archive"
	"candor/internal/assessment"
	"candor/internal/assure"
	"candor/internal/attack"
	"candor/internal/attack/diff"
	"candor/internal/backup"
	"candor/internal/custody"
	"candor/internal/fault"
	"candor/internal/gap"
	"candor/internal/head"
	"candor/internal/hook"
	"candor/internal/ingest"
	"candor/internal/ledger"
	"candor/internal/library"
	"candor/internal/matrix"
	"candor/internal/mirror"
	"candor/internal/near"
	"candor/internal/people"
	"candor/internal/policy"
	"candor/internal/profile"
	"candor/internal/pull"
	"candor/internal/report"
	"candor/internal/retention"
	"candor/internal/roster"
	"candor/internal/schema"
	"candor/internal/store"
	"candor/internal/take"
	"candor/internal/upkeep"
)

// SchemaVersion is the version of what --json prints. It is raised when a member goes,
// gets another name or another type; a member that is added raises nothing.
const SchemaVersion = 2

// onError is what stands in place of a command for what is printed on standard error.
const onError = "error"

// peopleOutputs returns what the commands print that are about who may do what.
func peopleOutputs() map[string][]schema.Form {
	return map[string][]schema.Form{
		"account add":      {schema.Of[madeAccount]("")},
		"account disable":  {schema.Of[people.Account]("")},
		"account enable":   {schema.Of[people.Account]("")},
		"account list":     {schema.Of[accountList]("")},
		"account password": {schema.Of[people.Account]("")},
		"account recover":  {schema.Of[madeAccount]("")},
		"account role":     {schema.Of[people.Account]("")},
		"account sign-out": {schema.Of[people.Account]("")},
		"audit":            {schema.Of[auditLog]("")},
		"token create":     {schema.Of[madeToken]("")},
		"token list":       {schema.Of[tokenList]("")},
		"token revoke":     {schema.Of[tokenView]("")},
	}
}

// outputs returns what each command prints with --json.
func outputs() map[string][]schema.Form {
	all := evidenceOutputs()
	maps.Copy(all, ledgerOutputs())
	maps.Copy(all, peopleOutputs())
	maps.Copy(all, reportOutputs())
	maps.Copy(all, map[string][]schema.Form{
		"assess":             {schema.Of[assure.Assessment](""), schema.Of[assure.Rollup]("with --by"), schema.Of[assessment.Explained]("with --explain")},
		"assess compare":     {schema.Of[assure.Comparison]("")},
		"assess list":        {schema.Of[[]archive.Kept]("")},
		"attack adjacent":    {schema.Of[assessment.Stages]("")},
		"attack diff":        {schema.Of[diff.Report]("")},
		"attack export":      {schema.Of[handedOut]("with --to")},
		"attack hashes add":  {schema.Of[ingest.HashResult]("")},
		"attack hashes list": {schema.Of[[]attack.PublishedFile]("")},
		"attack history":     {schema.Of[library.History]("")},
		"attack import":      {schema.Of[[]ingest.BundleResult]("")},
		"attack list":        {schema.Of[listing]("")},
		"attack odd":         {schema.Of[[]store.Oddity]("")},
		"attack releases":    {schema.Of[[]attack.Release](""), schema.Of[[]attack.Removal]("with --removed")},
		"attack remove":      {schema.Of[attack.Removal]("")},
		"attack search":      {schema.Of[listing]("")},
		"attack show":        {schema.Of[library.Page]("")},
		"attack stats":       {schema.Of[library.Stats]("")},
		"attack sync":        {schema.Of[[]ingest.BundleResult](""), schema.Of[[]mirror.Listed]("with --list")},
		"attack upgrade":     {schema.Of[Upgraded]("")},
		"backup":             {schema.Of[backup.Manifest]("")},
		"demo":               {schema.Of[assure.Assessment]("the first value"), schema.Of[announcement]("the second, without --once")},
		"list":               {schema.Of[[]assessment.Roster]("without a name"), schema.Of[roster.Excerpt]("with one")},
		"exercise list":      {schema.Of[assessment.Exercises]("")},
		"exercise explain":   {schema.Of[assessment.ExplainedExercise]("")},
		"gate":               {schema.Of[assure.Decision]("")},
		"gate waive":         {schema.Of[assure.Waiver]("")},
		"gate waivers":       {schema.Of[[]assure.Waiver]("")},
		"label sample":       {schema.Of[assessment.Sampled]("")},
		"correlate check":    {schema.Of[checked]("")},
		"correlate generate": {schema.Of[checked]("")},
		"correlate list":     {schema.Of[checked]("")},
		"correlate off":      {schema.Of[[]switched]("")},
		"correlate on":       {schema.Of[[]switched]("")},
		"correlate run":      {schema.Of[assessment.ChainsFound]("")},
		"correlate set":      {schema.Of[[]assessment.DefinitionFile]("")},
		"correlate worth":    {schema.Of[assessment.ChainsWorth]("")},
		"gallery":            {schema.Of[[]exhibited]("")},
		"gap close":          {schema.Of[gap.Gap]("")},
		"gap history":        {schema.Of[[]gap.Stated]("")},
		"gap list":           {schema.Of[gap.Register]("")},
		"gap set":            {schema.Of[gap.Gap]("")},
		"next take":          {schema.Of[gap.Gap]("")},
		"matrix":             {schema.Of[matrix.Matrix]("")},
		"mcp":                {schema.Of[announcement]("with --addr")},
		"measure": {schema.Of[assessment.Measured](""), schema.Of[assessment.MeasuredRule]("with --rule"),
			schema.Of[assessment.MeasuredAnalytics]("with --by analytic"), schema.Of[assessment.OneAnalytic]("with --analytic"),
			schema.Of[assessment.Recalled]("with --recall")},
		"next":            {schema.Of[assessment.Plan]("")},
		"note add":        {schema.Of[take.Noted]("")},
		"note history":    {schema.Of[[]take.Noted]("")},
		"note list":       {schema.Of[[]listedNotes]("")},
		"note retire":     {schema.Of[take.Noted]("")},
		"policy set":      {schema.Of[ledger.Entry]("")},
		"policy show":     {schema.Of[[]policy.Setting]("")},
		"pull":            {schema.Of[[]pull.Pulled]("")},
		"pull check":      {schema.Of[[]pull.Pulled]("")},
		"pull list":       {schema.Of[[]pull.Status]("")},
		"pull products":   {schema.Of[[]describedProduct]("")},
		"restore":         {schema.Of[restored]("")},
		"review":          {schema.Of[assure.Reviews](""), schema.Of[assure.Review]("of a case"), schema.Of[assessment.Tied]("with --tie or --not")},
		"schema":          {schema.Of[[]describedOutput]("without a command")},
		"doctor":          {schema.Of[upkeep.State]("")},
		"serve":           {schema.Of[announcement]("")},
		"profile history": {schema.Of[[]profile.Stated]("")},
		"profile list":    {schema.Of[[]profile.Stated]("")},
		"profile remove":  {schema.Of[profile.Profile]("")},
		"profile set":     {schema.Of[profile.Profile]("")},
		"profile show":    {schema.Of[assessment.Profiled]("")},
		"take":            {schema.Of[readTake](""), schema.Of[[]take.Listed]("with --all")},
		"tune":            {schema.Of[assessment.Tuned]("")},
		"version":         {schema.Of[build]("")},
		onError:           {schema.Of[failed]("")},
	})
	return all
}

// reportOutputs returns what the commands of reports print with --json.
func reportOutputs() map[string][]schema.Form {
	all := map[string][]schema.Form{"report verify": {schema.Of[report.Verified]("")}}
	for _, name := range []string{"verdict", "executive", "markdown", "compliance", "engineering", "navigator", "detect", "dettect"} {
		all["report "+name] = []schema.Form{schema.Of[report.Sealed](""), schema.Of[reported]("with --to")}
	}
	return all
}

// evidenceOutputs returns what the commands of evidence print with --json.
func evidenceOutputs() map[string][]schema.Form {
	return map[string][]schema.Form{
		"evidence add":        {schema.Of[ingest.Result]("")},
		"evidence check":      {schema.Of[ingest.Check]("")},
		"evidence map":        {schema.Of[ingest.Proposed]("")},
		"evidence compact":    {schema.Of[compacted]("")},
		"evidence expire":     {schema.Of[retention.Expired]("")},
		"evidence expired":    {schema.Of[[]store.Expiry]("")},
		"evidence formats":    {schema.Of[[]ingest.Format]("")},
		"evidence history":    {schema.Of[[]statement]("of an alert"), schema.Of[[]caseStatement]("of a case")},
		"evidence list":       {schema.Of[store.Latest]("")},
		"evidence rules":      {schema.Of[assessment.RulesMade]("")},
		"evidence text":       {schema.Of[assessment.RuleText]("")},
		"evidence exceptions": {schema.Of[assessment.ExceptionsMade]("")},
		"evidence telemetry":  {schema.Of[assessment.TelemetryMade]("")},
		"evidence export":     {schema.Of[exported]("")},
		"evidence show":       {schema.Of[custody.Account](""), schema.Of[store.Merge]("of a merged file")},
		"evidence template":   {schema.Of[ingest.Template]("")},
		"evidence withdraw":   {schema.Of[custody.Account]("")},
	}
}

// ledgerOutputs returns what the commands of the ledger, and of who is told of what, print with
// --json.
func ledgerOutputs() map[string][]schema.Form {
	return map[string][]schema.Form{
		"hooks check":       {schema.Of[hookTook]("")},
		"hooks dead":        {schema.Of[[]hook.Letter]("")},
		"hooks list":        {schema.Of[hook.Status]("")},
		"hooks resend":      {schema.Of[hook.Resent]("")},
		"ledger head":       {schema.Of[custody.Signed](""), schema.Of[signedTo]("with --to")},
		"ledger key":        {schema.Of[head.Keys]("")},
		"ledger key rotate": {schema.Of[head.Known]("")},
		"ledger list":       {schema.Of[[]ledger.Entry]("")},
		"ledger proof":      {schema.Of[ledger.Inclusion]("of an entry"), schema.Of[ledger.Consistency]("with --from")},
		"ledger show":       {schema.Of[ledger.Entry]("")},
		"ledger verify":     {schema.Of[custody.Report]("")},
		"watch":             {schema.Of[watched]("a line for each change")},
	}
}

// differences says what a diff.Report, which writes itself, writes.
type differences struct {
	Old           attack.Release `json:"old"`
	New           attack.Release `json:"new"`
	Ties          []diff.Tied    `json:"ties"`
	Techniques    changed        `json:"techniques"`
	Software      changed        `json:"software"`
	Groups        changed        `json:"groups"`
	Campaigns     changed        `json:"campaigns"`
	Assets        changed        `json:"assets"`
	Mitigations   changed        `json:"mitigations"`
	DataSources   changed        `json:"data_sources"`
	Components    changed        `json:"data_components"`
	Strategies    changed        `json:"detection_strategies"`
	Analytics     changed        `json:"analytics"`
	Tactics       changed        `json:"tactics"`
	Matrices      changed        `json:"matrices"`
	Relationships changed        `json:"relationships"`
	_             struct{}       `additionalProperties:"true"` // kinds of objects that have no section of their own
}

// changed is changed objects by category.
type changed map[diff.Category][]diff.Changed

// Schemas returns the commands whose --json has a published schema, and "error" for
// what they print on standard error, in the order of their names.
func Schemas() []string { return slices.Sorted(maps.Keys(outputs())) }

// Schema returns the JSON Schema of what a command prints with --json. A closed one
// refuses what it does not describe. A command without one is fault.NotFound with the
// nearest.
func Schema(command string, closed bool) ([]byte, error) {
	forms, ok := outputs()[command]
	if !ok {
		return nil, fault.New(fault.NotFound, "there is no schema of %q", command).
			Next("%s", near.Hint(command, Schemas(), "candor schema lists them"))
	}
	return schema.Document{ID: schemaID(command), Title: schemaTitle(command), Forms: forms, Closed: closed,
		Stand: map[reflect.Type]reflect.Type{reflect.TypeFor[diff.Report](): reflect.TypeFor[differences]()}}.JSON()
}

func schemaID(command string) string {
	return fmt.Sprintf("urn:candor:json:%d:%s", SchemaVersion, strings.ReplaceAll(command, " ", "-"))
}

func schemaTitle(command string) string {
	if command == onError {
		return "What a command that fails prints on standard error with --json"
	}
	return "What candor " + command + " prints with --json"
}

// describedOutput is a schema as the list has it.
type describedOutput struct {
	Command string `json:"command"`
	ID      string `json:"id"`
	Title   string `json:"title"`
}

func (p *program) schemaCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "schema [COMMAND]",
		Short: "The JSON Schema of what a command prints with --json",
		Long: `Schema prints the JSON Schema (2020-12) of what a command prints with --json, as it is
derived from the types that are written. "error" is for what a command that fails
prints on standard error. Without a command it lists them.

The number in a schema's id is its version: it is raised when a member goes, gets
another name or another type. Members may be added without.`,
		Example:   "  candor schema assess > assess.schema.json\n  candor schema attack show",
		ValidArgs: Schemas(),
		RunE: func(_ *cobra.Command, args []string) error {
			if len(args) > 0 {
				b, err := Schema(strings.Join(args, " "), false)
				if err == nil {
					_, err = fmt.Fprintf(p.Out, "%s\n", b)
				}
				return err
			}
			var list []describedOutput
			rows := [][]string{}
			for _, c := range Schemas() {
				list = append(list, describedOutput{c, schemaID(c), schemaTitle(c)})
				rows = append(rows, []string{c, schemaID(c)})
			}
			return p.emit(list, func(g *sheet) { g.table("", rows) })
		},
	}
}
