package cli

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"candor/internal/archive"
	"candor/internal/assure"
	"candor/internal/control"
	"candor/internal/criterion"
	"candor/internal/day"
	"candor/internal/fault"
	"candor/internal/report"
)

func (p *program) reportComplianceCommand() *cobra.Command {
	var r reporting
	var from string
	c := &cobra.Command{
		Use:   "compliance",
		Short: "OSCAL assessment results for the controls of a mapping that you give",
		Long: `Compliance reads a mapping of controls to techniques, detection strategies and analytics, and
writes assessment results of OSCAL ` + report.OSCALVersion + `: what was observed of every analytic, by which method,
when, until when it counts and from which evidence; risks for what the gate for reporting
refuses, for waivers and for gaps; and a finding for each control. A control is satisfied where
the gate lets every analytic that applies through by itself; what it refuses, or a waiver alone
opens, is not satisfied. The limits stand in the remarks. The file carries its record, and
candor report verify says whether it is what was written.`,
		Example: "  candor report compliance --mapping nist-800-53.yaml --to results.json --by ann\n  candor report compliance --mapping nis2.yaml --to nis2.html\n  candor report verify results.json",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			data, err := readSmall(p.path(from))
			if err != nil {
				return err
			}
			m, err := control.Decode(from, data)
			if err != nil {
				return err
			}
			return p.report(cmd, r, report.Wanted{Report: report.OfCompliance, Controls: &m})
		},
	}
	r.flags(c, report.OfCompliance)
	c.Flags().StringVar(&from, "mapping", "", "the mapping of controls, YAML or JSON (required)")
	_ = c.MarkFlagRequired("mapping")
	return c
}

// maxSmall bounds a file that a person writes.
const maxSmall = 4 << 20

// readSmall reads a file that a person wrote.
func readSmall(path string) ([]byte, error) {
	at, err := os.Stat(path)
	if err == nil && at.Size() > maxSmall {
		return nil, fault.New(fault.Invalid, "the file has more than %d MB", maxSmall>>20).At("%s", path).Next("name the file that is meant")
	}
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, fault.New(fault.NotFound, "the file cannot be read").At("%s", path).Because(err).Next("name a file that is there")
	}
	return data, nil
}

func (p *program) reportDetectCommand() *cobra.Command {
	var r reporting
	var at report.Repository
	c := &cobra.Command{
		Use:   "detect",
		Short: "What is shown of each rule, as SARIF or JUnit XML for the CI of a rules repository",
		Long: `Detect says of every rule what is shown of it: contradicted, noisy, not seen, claiming nothing,
without a claim that counts, unproven, or shown to work. SARIF has a result for each rule at its
file, JUnit XML a test case; a rule of which nothing shows whether it works is open or skipped,
and does not pass. --under is the folder of the repository that the rules were added from, and
--repository a checkout, in which the line of each rule's id is looked for. Limits, policy and the
ledger's head go along. candor assess --fail-on is what lets a build fail.`,
		Example: "  candor report detect --under rules --repository . --to candor.sarif\n  candor report detect --to candor.xml\n  candor assess --summary --fail-on 'newly contradicted > 0'",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return p.report(cmd, r, report.Wanted{Report: report.OfDetect, At: at})
		},
	}
	r.flags(c, report.OfDetect)
	c.Flags().StringVar(&at.Under, "under", "", "the folder of the repository that the rules were added from, which their paths begin with")
	c.Flags().StringVar(&r.checkout, "repository", "", "a checkout of the repository, in which the lines of rules are looked for")
	return c
}

// lines looks for the line of each rule's id in its file; a rule that is not found has none.
func lines(rules map[string]string, root string) map[string]int {
	found, files := map[string]int{}, map[string][]byte{}
	dir, err := os.OpenRoot(root)
	if err != nil {
		return found
	}
	defer dir.Close()
	for id, path := range rules {
		data, there := files[path]
		if !there {
			if at, err := dir.Stat(filepath.FromSlash(path)); err == nil && at.Mode().IsRegular() && at.Size() <= maxSmall {
				data, _ = dir.ReadFile(filepath.FromSlash(path))
			}
			files[path] = data
		}
		if at := bytes.Index(data, []byte(id)); at >= 0 {
			found[id] = 1 + bytes.Count(data[:at], []byte("\n"))
		}
	}
	return found
}

// failing is what lets assess fail.
type failing struct {
	on    []string
	since string
}

func (f *failing) flags(c *cobra.Command) {
	c.Flags().StringArrayVar(&f.on, "fail-on", nil, "exit with 3 where this holds, for example 'newly contradicted > 0'; any number of times")
	c.Flags().StringVar(&f.since, "since", "", "with --fail-on: the kept assessment that newly and lost are against (default: the newest of the same domain and of an earlier day)")
}

// parse reads the conditions before anything is judged.
func (f *failing) parse() (list []criterion.Condition, err error) {
	for _, text := range f.on {
		c, err := criterion.Parse(text)
		if err != nil {
			return nil, err
		}
		list = append(list, c)
	}
	return list, nil
}

// earlier returns the assessment that changes are against; nil where none is kept.
func (p *program) earlier(f *failing, a *assure.Assessment) (*assure.Assessment, error) {
	name := f.since
	if name == "" {
		kept, err := p.archive().List()
		if err != nil {
			return nil, err
		}
		var last *archive.Kept
		for i := range kept {
			k := &kept[i]
			domain, _, _ := strings.Cut(k.Release, " ")
			if of, _, _ := strings.Cut(a.Release.String(), " "); domain == of && day.Of(k.AsOf) < day.Of(a.AsOf) && (last == nil || !k.AsOf.Before(last.AsOf)) {
				last = k
			}
		}
		if last == nil {
			return nil, nil
		}
		name = last.Name
	}
	_, before, err := p.archive().Load(name)
	return &before, err
}

// failsOn judges the conditions, says on standard error what held, and refuses where one does.
func (p *program) failsOn(f *failing, list []criterion.Condition, a *assure.Assessment) error {
	if len(list) == 0 {
		return nil
	}
	before, err := p.earlier(f, a)
	if err != nil {
		return err
	}
	var held []string
	for i := range list {
		m, err := list[i].Judge(a, before)
		if err != nil {
			return err
		}
		if m.Met {
			held = append(held, m.Words())
		}
	}
	if len(held) == 0 {
		return nil
	}
	return fault.New(fault.Refused, "%s", strings.Join(held, "; ")).At("--fail-on").Next("candor assess --explain ID says why an analytic stands where it stands")
}
