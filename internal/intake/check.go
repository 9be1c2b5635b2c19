package intake

import (
	"bytes"
	"iter"

	"candor/internal/alert/jsonl"
	"candor/internal/evidence"
	"candor/internal/fault"
	"candor/internal/signal/tabular"
	"candor/internal/telemetry/feed"
)

// Kinds lists what can be pushed, in the order in which it becomes batches.
func Kinds() []string { return evidence.Pushed() }

// bodyName is how decoders know a body; nobody is shown it.
const bodyName = "body"

// maxShown is how many rejects a receipt carries.
const maxShown = 20

// check counts the records of a body with the decoder that files of the kind are
// read with, and names the lines of those that are wrong.
func check(kind string, body []byte) (r Receipt, wrong map[int]bool, err error) {
	r, wrong = Receipt{Rejects: []Rejected{}}, map[int]bool{}
	reject := func(j evidence.Reject) {
		r.Rejected++
		wrong[j.Line] = true
		if len(r.Rejects) < maxShown {
			r.Rejects = append(r.Rejects, shown(j))
		}
	}
	switch kind {
	case evidence.Alerts:
		r.Accepted, err = alerts(body, reject)
	case evidence.Dispositions:
		r.Accepted, err = statements(body, reject)
	case evidence.Signals:
		d, failed := tabular.DecodeLines(bodyName, bytes.NewReader(body))
		r.Accepted, err = count(d, reject), failed
	case evidence.Feeds:
		d, failed := feed.DecodeLines(bodyName, bytes.NewReader(body))
		r.Accepted, err = count(d, reject), failed
	default:
		return Receipt{}, nil, fault.New(fault.Usage, "evidence of the kind %q cannot be pushed", kind)
	}
	r.Received = r.Accepted + r.Rejected
	return r, wrong, err
}

func alerts(body []byte, reject func(evidence.Reject)) (int, error) {
	return streamed(jsonl.Alerts(input(body, reject)))
}

// statements counts dispositions. Whether their alerts are known is found out when
// they become a batch, because the alerts may be in the journal.
func statements(body []byte, reject func(evidence.Reject)) (int, error) {
	return streamed(jsonl.Statements(input(body, reject)))
}

func input(body []byte, reject func(evidence.Reject)) jsonl.Input {
	return jsonl.Input{File: bodyName, Text: bytes.NewReader(body), Reject: reject, Warn: func(string) {}}
}

// streamed counts what a decoder hands out one by one.
func streamed[T any](records iter.Seq2[T, error]) (good int, err error) {
	for _, err := range records {
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
