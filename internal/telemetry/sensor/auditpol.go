package sensor

import (
	"bytes"
	"cmp"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"candor/internal/decode"
	"candor/internal/telemetry"
)

// The columns of auditpol /get /category:* /r and of auditpol /backup, which has the
// last besides.
const (
	colMachine   = "machine name"
	colTarget    = "policy target"
	colName      = "subcategory"
	colGUID      = "subcategory guid"
	colInclusion = "inclusion setting"
	colValue     = "setting value"
)

// SniffAuditpol reports whether a file begins as a report of auditpol does.
func SniffAuditpol(head []byte, _ string) bool {
	have := decode.Columns(bytes.TrimLeft(head, "\ufeff\r\n"), ',')
	return slices.Contains(have, colGUID) && slices.Contains(have, colInclusion)
}

// The bits of a setting.
const (
	onSuccess = 1 << iota
	onFailure
)

// audited is one subcategory as the machines of a report have it.
type audited struct {
	guid, name string
	machines   map[string]int // settings
}

// DecodeAuditpol reads what auditpol reports of Windows' audit policy, CSV: each
// subcategory that is audited is declared with the events that it records, by its
// GUID, which is the same in every language of Windows. It fails with fault.Invalid
// when the file as a whole is none.
func DecodeAuditpol(file string, data []byte) (Declared, error) {
	t, err := decode.NewTable(file, bytes.NewReader(bytes.TrimLeft(data, "\r\n")), ',')
	if err != nil {
		return Declared{}, err
	}
	if err := t.Require(colName, colGUID, colInclusion); err != nil {
		return Declared{}, err
	}
	r := &policyReader{reading: reading{file: file}, of: map[string]*audited{}}
	for {
		row, err := t.Next()
		if err == io.EOF {
			break
		}
		if err != nil {
			return Declared{}, err
		}
		r.row(&row)
	}
	r.declare()
	return r.result("no subcategory is audited")
}

// policyReader reads one report.
type policyReader struct {
	reading
	order   []*audited
	of      map[string]*audited // by GUID
	persons int                 // rows of policies of one account
}

func (r *policyReader) row(row *decode.Row) {
	guid := strings.ToUpper(strings.Trim(row.Get(colGUID), "{}"))
	target := row.Get(colTarget)
	switch {
	case guid == "" && (strings.HasPrefix(row.Get(colName), "Option:") || strings.HasSuffix(row.Get(colName), "GlobalSacl")):
		return
	case target != "" && !strings.EqualFold(target, "System"):
		r.persons++
		return
	}
	if len(guid) != 36 || !strings.HasSuffix(guid, guidRest) {
		row.Fail(colGUID, row.Get(colGUID), "not the GUID of a subcategory")
	}
	on := setting(row)
	if j, bad := row.Bad(); bad {
		r.out.Rejects = append(r.out.Rejects, j)
		return
	}
	a := r.of[guid]
	if a == nil {
		a = &audited{guid: guid, name: row.Get(colName), machines: map[string]int{}}
		r.of[guid], r.order = a, append(r.order, a)
	}
	a.machines[strings.ToLower(row.Get(colMachine))] |= on
}

// setting returns what a row says is audited: by number where it has one.
func setting(row *decode.Row) int {
	if v := row.Get(colValue); v != "" {
		n, err := strconv.Atoi(v)
		if err != nil || n < 0 || n > 4 {
			row.Fail(colValue, v, "not a number from 0 to 4")
		}
		return n & (onSuccess | onFailure)
	}
	switch v := row.Get(colInclusion); strings.ToLower(v) {
	case "", "no auditing":
		return 0
	case "success":
		return onSuccess
	case "failure":
		return onFailure
	case "success and failure":
		return onSuccess | onFailure
	default:
		row.Fail(colInclusion, v, "neither No Auditing, Success, Failure nor both; where Windows speaks another language, auditpol /backup says it by number")
	}
	return 0
}

// declare makes a declaration of each subcategory that a machine audits.
func (r *policyReader) declare() {
	var off, unknown []string
	for _, a := range r.order {
		union, hosts := 0, 0
		for _, on := range a.machines {
			union |= on
			if on != 0 {
				hosts++
			}
		}
		codes, known := codesOf(a.guid, union)
		switch {
		case union == 0:
			off = append(off, a.name)
		case !known:
			unknown = append(unknown, a.name)
		case len(codes) > 0:
			r.out.Records = append(r.out.Records, telemetry.Source{
				Name: "WinEventLog:Security", Channel: "EventCode=" + joined(codes), Platforms: []string{"Windows"},
				Hosts: hosts, Product: "Windows audit policy", Note: a.words(union, hosts),
			})
		}
	}
	if len(off) > 0 {
		r.warn(0, "not audited, and not declared: %s", some(off, 8))
	}
	if len(unknown) > 0 {
		r.warn(0, "audited, and not known to this candor, so not declared: %s", some(unknown, 8))
	}
	if r.persons > 0 {
		r.warn(0, "%s of single accounts passed over: it says nothing of the others", counted(r.persons, "setting"))
	}
}

// words says what is audited, and where not all machines do.
func (a *audited) words(union, hosts int) string {
	text := a.name + ": " + []string{"", "success", "failure", "success and failure"}[union]
	if hosts < len(a.machines) {
		text += fmt.Sprintf(" on %d of %d machines", hosts, len(a.machines))
	}
	return text
}

// joined writes codes as ATT&CK lists them.
func joined(codes []int) string {
	var b strings.Builder
	for i, c := range codes {
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteString(strconv.Itoa(c))
	}
	return b.String()
}

// guidRest is what the GUIDs of all subcategories end with, behind the first eight
// digits.
const guidRest = "-69AE-11D9-BED3-505054503030"

// codesOf returns the events that a subcategory records by what is audited, and
// whether it is known.
func codesOf(guid string, on int) (codes []int, known bool) {
	i, known := slices.BinarySearchFunc(subcategories[:], guid[:8], func(s subcategory, g string) int { return cmp.Compare(s.guid, g) })
	if !known {
		return nil, false
	}
	for _, c := range subcategories[i].codes {
		failure := slices.Contains(failures[:], c)
		both := slices.Contains(attempts[:], c)
		if on&onSuccess != 0 && !failure || on&onFailure != 0 && (failure || both) {
			codes = append(codes, c)
		}
	}
	return codes, true
}

// failures are events that are recorded of failures alone, and attempts of both.
var (
	failures = [...]int{4625, 4652, 4653, 4771, 4772, 4773, 4775, 4777, 4793, 5038, 5152, 5157, 5159, 5168, 6273, 6274}
	attempts = [...]int{4656, 4661, 4662, 4663, 4673, 4674, 4690, 4719, 4740, 4768, 4769, 4776, 5136, 5140, 5145, 4818, 4723, 4724, 4780}
)

// subcategory is a subcategory of the audit policy by the first digits of its GUID,
// with the events that Microsoft documents of it.
type subcategory struct {
	guid  string
	codes []int
}

// subcategories are sorted by GUID.
var subcategories = [...]subcategory{
	{"0CCE9210", []int{4608, 4616, 4621}},                                                             // Security State Change
	{"0CCE9211", []int{4610, 4611, 4614, 4622, 4697}},                                                 // Security System Extension
	{"0CCE9212", []int{4612, 4615, 4618, 4816, 5038, 5056, 5057, 5060, 5061, 5062, 6281, 6410}},       // System Integrity
	{"0CCE9213", []int{4960, 4961, 4962, 4963, 4965, 5478, 5479, 5480, 5483, 5484, 5485}},             // IPsec Driver
	{"0CCE9214", []int{5024, 5025, 5027, 5028, 5029, 5030, 5032, 5033, 5034, 5035, 5037, 5058, 5059}}, // Other System Events
	{"0CCE9215", []int{4624, 4625, 4648, 4675}},                                                       // Logon
	{"0CCE9216", []int{4634, 4647}},                                                                   // Logoff
	{"0CCE9217", []int{4625}},                                                                         // Account Lockout
	{"0CCE9218", []int{4646, 4650, 4651, 4652, 4653, 4655, 4976, 5049, 5453}},                         // IPsec Main Mode
	{"0CCE9219", []int{4977, 5451, 5452}},                                                             // IPsec Quick Mode
	{"0CCE921A", []int{4978, 4979, 4980, 4981, 4982, 4983, 4984}},                                     // IPsec Extended Mode
	{"0CCE921B", []int{4672, 4964}},                                                                   // Special Logon
	{"0CCE921C", []int{4649, 4778, 4779, 4800, 4801, 4802, 4803, 5378, 5632, 5633}},                   // Other Logon/Logoff Events
	{"0CCE921D", []int{4656, 4658, 4660, 4663, 4664, 4670, 4985, 5051}},                               // File System
	{"0CCE921E", []int{4656, 4657, 4658, 4660, 4663, 4670, 5039}},                                     // Registry
	{"0CCE921F", []int{4656, 4658, 4660, 4663}},                                                       // Kernel Object
	{"0CCE9220", []int{4661}},                                                                         // SAM
	{"0CCE9221", []int{4868, 4869, 4870, 4882, 4885, 4886, 4887, 4888, 4890, 4898, 4899, 4900}},       // Certification Services
	{"0CCE9222", []int{4665, 4666, 4667, 4668}},                                                       // Application Generated
	{"0CCE9223", []int{4658, 4690}},                                                                   // Handle Manipulation
	{"0CCE9224", []int{5140, 5142, 5143, 5144, 5168}},                                                 // File Share
	{"0CCE9225", []int{5152, 5153}},                                                                   // Filtering Platform Packet Drop
	{"0CCE9226", []int{5031, 5150, 5151, 5154, 5155, 5156, 5157, 5158, 5159}},                         // Filtering Platform Connection
	{"0CCE9227", []int{4671, 4691, 4698, 4699, 4700, 4701, 4702, 5148, 5149, 5888, 5889, 5890}},       // Other Object Access Events
	{"0CCE9228", []int{4673, 4674, 4985}},                                                             // Sensitive Privilege Use
	{"0CCE9229", []int{4673, 4674, 4985}},                                                             // Non Sensitive Privilege Use
	{"0CCE922A", []int{4985}},                                                                         // Other Privilege Use Events
	{"0CCE922B", []int{4688, 4696}},                                                                   // Process Creation
	{"0CCE922C", []int{4689}},                                                                         // Process Termination
	{"0CCE922D", []int{4692, 4693, 4694, 4695}},                                                       // DPAPI Activity
	{"0CCE922E", []int{5712}},                                                                         // RPC Events
	{"0CCE922F", []int{4715, 4719, 4817, 4902, 4904, 4905, 4906, 4907, 4908, 4912}},                   // Audit Policy Change
	{"0CCE9230", []int{4706, 4707, 4713, 4716, 4717, 4718, 4739, 4864, 4865, 4866, 4867}},             // Authentication Policy Change
	{"0CCE9231", []int{4670, 4703, 4704, 4705, 4911, 4913}},                                           // Authorization Policy Change
	{"0CCE9232", []int{4944, 4945, 4946, 4947, 4948, 4949, 4950, 4951, 4952, 4953, 4954, 4956, 4957, 4958}},
	{"0CCE9233", []int{4709, 4710, 4711, 4712, 5040, 5041, 5042, 5043, 5044, 5045, 5046, 5047, 5048, 5440, 5441, 5442, 5443, 5444, 5446, 5448, 5449, 5450}},
	{"0CCE9234", []int{4714, 4819, 4826, 4909, 4910, 5063, 5064, 5065, 5066, 5067, 5068, 5069, 5070, 5447, 6144, 6145}},       // Other Policy Change Events
	{"0CCE9235", []int{4720, 4722, 4723, 4724, 4725, 4726, 4738, 4740, 4765, 4766, 4767, 4780, 4781, 4794, 4798, 5376, 5377}}, // User Account Management
	{"0CCE9236", []int{4741, 4742, 4743}}, // Computer Account Management
	{"0CCE9237", []int{4727, 4728, 4729, 4730, 4731, 4732, 4733, 4734, 4735, 4737, 4754, 4755, 4756, 4757, 4758, 4764, 4799}}, // Security Group Management
	{"0CCE9238", []int{4744, 4745, 4746, 4747, 4748, 4749, 4750, 4751, 4752, 4753, 4759, 4760, 4761, 4762, 4763}},             // Distribution Group Management
	{"0CCE9239", []int{4783, 4784, 4785, 4786, 4787, 4788, 4789, 4790, 4791, 4792}},                                           // Application Group Management
	{"0CCE923A", []int{4782, 4793}},                                           // Other Account Management Events
	{"0CCE923B", []int{4661, 4662}},                                           // Directory Service Access
	{"0CCE923C", []int{5136, 5137, 5138, 5139, 5141}},                         // Directory Service Changes
	{"0CCE923D", []int{4932, 4933}},                                           // Directory Service Replication
	{"0CCE923E", []int{4928, 4929, 4930, 4931, 4934, 4935, 4936, 4937}},       // Detailed Directory Service Replication
	{"0CCE923F", []int{4774, 4775, 4776, 4777}},                               // Credential Validation
	{"0CCE9240", []int{4769, 4770, 4773}},                                     // Kerberos Service Ticket Operations
	{"0CCE9241", nil},                                                         // Other Account Logon Events
	{"0CCE9242", []int{4768, 4771, 4772}},                                     // Kerberos Authentication Service
	{"0CCE9243", []int{6272, 6273, 6274, 6275, 6276, 6277, 6278, 6279, 6280}}, // Network Policy Server
	{"0CCE9244", []int{5145}},                                                 // Detailed File Share
	{"0CCE9245", []int{4656, 4658, 4663}},                                     // Removable Storage
	{"0CCE9246", []int{4818}},                                                 // Central Policy Staging
	{"0CCE9247", []int{4626}},                                                 // User / Device Claims
	{"0CCE9248", []int{6416, 6419, 6420, 6421, 6422, 6423, 6424}},             // Plug and Play Events
	{"0CCE9249", []int{4627}},                                                 // Group Membership
	{"0CCE924A", []int{4703}},                                                 // Token Right Adjusted Events
}
