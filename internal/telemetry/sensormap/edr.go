package sensormap

import (
	"bytes"
	"path"
	"slices"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"candor/internal/decode"
	"candor/internal/fault"
	"candor/internal/near"
	"candor/internal/telemetry"
)

// The keys of the table that are no products.
const (
	keyCategory = "Telemetry Feature Category"
	keyKind     = "Sub-Category"
)

// SniffEDR reports whether a file begins as the table of the EDR Telemetry project does.
func SniffEDR(head []byte, _ string) bool {
	return bytes.HasPrefix(bytes.TrimLeft(bytes.TrimPrefix(head, []byte("\ufeff")), " \t\r\n"), []byte("[")) &&
		bytes.Contains(head, []byte(`"`+keyCategory+`"`)) && bytes.Contains(head, []byte(`"`+keyKind+`"`))
}

// edrKinds are the kinds of telemetry that the tables have, folded, with the data
// components of ATT&CK 18 that hold them. Kinds that are about the product itself, and
// hashes, have none.
var edrKinds = map[string][]string{
	"process creation": {"Process Creation"}, "process termination": {"Process Termination"}, "process access": {"Process Access"},
	"process call": {"OS API Execution"}, "win32 api telemetry": {"OS API Execution"}, "api telemetry": {"OS API Execution"},
	"image/library loaded": {"Module Load"}, "image load": {"Module Load"}, "image/library load": {"Module Load"},
	"remote thread creation": {"Process Modification"}, "process tampering activity": {"Process Modification"}, "process tampering": {"Process Modification"},
	"process injection or tampering": {"Process Modification"},
	"file creation":                  {"File Creation"}, "file opened": {"File Access"}, "file open/access": {"File Access"}, "file deletion": {"File Deletion"},
	"file modification": {"File Modification"}, "file renaming": {"File Modification"}, "file attribute change": {"File Metadata"}, "file downloaded": {"File Creation"},
	"local account creation": {"User Account Creation"}, "local account modification": {"User Account Modification"}, "local account deletion": {"User Account Deletion"},
	"user account created": {"User Account Creation"}, "user account modified": {"User Account Modification"}, "user account deleted": {"User Account Deletion"},
	"group membership modified": {"Group Modification"},
	"account login":             {"User Account Authentication", "Logon Session Creation"}, "account logoff": {"Logon Session Metadata"},
	"user logon": {"Logon Session Creation"}, "user logoff": {"Logon Session Metadata"}, "logon failed": {"User Account Authentication"},
	"tcp connection": {"Network Connection Creation"}, "udp connection": {"Network Connection Creation"}, "network connection": {"Network Connection Creation"},
	"network socket listen": {"Network Connection Creation"}, "url": {"Network Traffic Content"}, "dns query": {"Network Traffic Content"},
	"key/value creation": {"Windows Registry Key Creation"}, "key/value modification": {"Windows Registry Key Modification"}, "key/value deletion": {"Windows Registry Key Deletion"},
	"scheduled task": {"Scheduled Job Creation"}, "scheduled task creation": {"Scheduled Job Creation"}, "scheduled task modification": {"Scheduled Job Modification"},
	"scheduled task deletion": {"Scheduled Job Modification"}, "scheduled task change (cron/at)": {"Scheduled Job Modification"},
	"service creation": {"Service Creation"}, "service modification": {"Service Modification"}, "service deletion": {"Service Modification"},
	"launchd item created": {"Service Creation"}, "launchd item modified": {"Service Modification"}, "launchd item deleted": {"Service Modification"},
	"driver loaded": {"Driver Load"}, "driver load": {"Driver Load"}, "driver modification": {"Driver Metadata"},
	"kernel extension loaded (legacy)": {"Kernel Module Load"}, "system extension loaded": {"Driver Load"},
	"virtual disk mount": {"Drive Creation"}, "usb device mount": {"Drive Creation"}, "external media mounted": {"Drive Creation"},
	"raw access read": {"Drive Access"}, "raw device access": {"Drive Access"},
	"group policy modification": {"Active Directory Object Modification"},
	"pipe creation":             {"Named Pipe Metadata"}, "pipe connection": {"Named Pipe Metadata"},
	"wmieventconsumertofilter": {"WMI Creation"}, "wmieventconsumer": {"WMI Creation"}, "wmieventfilter": {"WMI Creation"},
	"script-block activity": {"Script Execution", "Command Execution"}, "script content": {"Script Execution"},
	"binary signature info recorded": {"File Metadata"},
}

// row is one row of the table, by key.
type row = map[string]jsontext.Value

// DecodeEDR reads the table of the EDR Telemetry project, JSON, as what one product
// records: each kind of telemetry that it has is declared with its data components.
// Product is a column of the table, and may be empty where there is one alone. File
// tells the platform. It fails with fault.Invalid when the file is none, and with
// fault.Usage when the product has to be named.
func DecodeEDR(file string, data []byte, product string) (Declared, error) {
	var rows []row
	if err := json.Unmarshal(bytes.TrimPrefix(data, []byte("\ufeff")), &rows, jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true)); err != nil {
		return Declared{}, decode.Invalid(file, 0, "not a list of rows in JSON: %v", err).Next("add the table as the project publishes it, EDR_telem_windows.json for example")
	}
	column, err := edrProduct(file, rows, product)
	if err != nil {
		return Declared{}, err
	}
	r := &edrReader{file: file, column: column, platforms: edrPlatforms(file), at: map[string]int{}}
	for _, one := range rows {
		r.row(one)
	}
	r.close()
	if len(r.out.Records) == 0 {
		return Declared{}, decode.Invalid(file, 0, "the table says of %s that it records nothing that ATT&CK has a data component for", column).Next("check the product; nothing was added")
	}
	return r.out, nil
}

// edrProduct returns the column of a product.
func edrProduct(file string, rows []row, product string) (string, error) {
	var columns []string
	for _, r := range rows {
		for key, v := range r {
			if key != keyCategory && key != keyKind && v.Kind() == '"' && !slices.Contains(columns, key) {
				columns = append(columns, key)
			}
		}
	}
	slices.Sort(columns)
	for _, c := range columns {
		if near.Letters(c) == near.Letters(product) {
			return c, nil
		}
	}
	switch {
	case len(columns) == 0:
		return "", decode.Invalid(file, 0, "the table has no product").Next("add the table as the project publishes it")
	case product == "" && len(columns) == 1:
		return columns[0], nil
	case product == "":
		return "", fault.New(fault.Usage, "the table is of %s, and which of them is yours was not said", counted(len(columns), "product")).At("%s", file).
			Next("name it with --product, one of: %s", strings.Join(columns, ", "))
	}
	return "", fault.New(fault.Usage, "the table has no product %q", product).At("%s", file).Next("%s", near.Hint(product, columns, "the products are: "+strings.Join(columns, ", ")))
}

// edrPlatforms returns the platform that a table is of by its name; none where the
// name does not say.
func edrPlatforms(file string) []string {
	name := strings.ToLower(path.Base(strings.ReplaceAll(file, `\`, "/")))
	for _, p := range []struct{ part, platform string }{{"linux", "Linux"}, {"macos", "macOS"}, {"win", "Windows"}} {
		if strings.Contains(name, p.part) {
			return []string{p.platform}
		}
	}
	return nil
}

// edrReader reads the column of one product.
type edrReader struct {
	out                          Declared
	file, column                 string
	platforms                    []string
	at                           map[string]int // declarations by component
	no, switched, strange, other []string
}

func (r *edrReader) row(one row) {
	kind, value := text(one[keyKind]), text(one[r.column])
	if kind == "" {
		return
	}
	components, known := edrKinds[strings.ToLower(strings.TrimSpace(kind))]
	switch strings.ToLower(strings.TrimSpace(value)) {
	case "yes":
	case "partially":
		kind += " (partially)"
	case "no", "":
		if known {
			r.no = append(r.no, kind)
		}
		return
	case "via enablingtelemetry", "via eventlogs":
		r.switched = append(r.switched, kind)
		return
	default: // an answer that is still due
		r.strange = append(r.strange, kind+": "+value)
		return
	}
	if !known {
		r.other = append(r.other, kind)
	}
	for _, c := range components {
		r.declare(c, kind)
	}
}

func (r *edrReader) declare(component, kind string) {
	if i, there := r.at[component]; there {
		r.out.Records[i].Note += ", " + kind
		return
	}
	r.at[component] = len(r.out.Records)
	r.out.Records = append(r.out.Records, telemetry.Source{Component: component, Platforms: r.platforms, Product: r.column, Note: "EDR Telemetry project: " + kind})
}

// close says what of the table is not declared.
func (r *edrReader) close() {
	for _, w := range []struct {
		what string
		list []string
	}{
		{"not recorded by " + r.column + ", and not declared", r.no},
		{"recorded by " + r.column + " only once it is switched on, and not declared", r.switched},
		{"neither yes nor no, and not declared", r.strange},
		{"of no data component of ATT&CK, and passed over", r.other},
	} {
		if len(w.list) > 0 {
			r.out.Warnings = append(r.out.Warnings, r.file+": "+w.what+": "+some(w.list, 8))
		}
	}
	if len(r.out.Records) > 0 && len(r.platforms) == 0 {
		r.out.Warnings = append(r.out.Warnings, r.file+": the file's name tells no platform, so that every platform is declared; name it after windows, linux or macOS")
	}
}

func text(v jsontext.Value) string {
	if v.Kind() != '"' {
		return ""
	}
	s, err := jsontext.AppendUnquote(nil, v)
	if err != nil {
		return ""
	}
	return string(s)
}
