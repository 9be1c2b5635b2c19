package intake

import (
	"bytes"

	"candor/internal/alert/jsonl"
	"candor/internal/evidence"
	"candor/internal/fault"
	"candor/internal/telemetry/feed"
)

// Kinds lists what can be pushed, in the order in which it becomes batches.
func Kinds() []string { return []string{"alerts", "feeds"} }

// bodyName is how decoders know a body; nobody is shown it.
const bodyName = "body"

// maxShown is how many rejects a receipt carries.
const maxShown = 20

// check counts the records of a body with the decoder that files of the kind are
// read with.
func check(kind string, body []byte) (Receipt, error) {
	r := Receipt{Rejects: []Rejected{}}
	reject := func(j evidence.Reject) {
		r.Rejected++
		if len(r.Rejects) < maxShown {
			r.Rejects = append(r.Rejects, shown(j))
		}
	}
	var err error
	switch kind {
	case "alerts":
		r.Accepted, err = alerts(body, reject)
	case "feeds":
		d, failed := feed.DecodeLines(bodyName, bytes.NewReader(body))
		r.Accepted, err = count(d, reject), failed
	default:
		return Receipt{}, fault.New(fault.Usage, "evidence of the kind %q cannot be pushed", kind)
	}
	r.Received = r.Accepted + r.Rejected
	return r, err
}

func alerts(body []byte, reject func(evidence.Reject)) (good int, err error) {
	in := jsonl.Input{File: bodyName, Text: bytes.NewReader(body), Reject: reject, Warn: func(string) {}}
	for _, err := range jsonl.Alerts(in) {
		if err != nil {
			return good, err
		}
		good++
	}
	return good, nil
}

// count tells the rejects of what was decoded and returns how many records are good.
func count[T any](d evidence.Decoded[T], reject func(evidence.Reject)) int {
	for _, r := range d.Rejects {
		reject(r)
	}
	return len(d.Records)
}
