package answer

import (
	"context"
	"reflect"
	"strconv"
	"strings"
	"sync"
)

// Source names the state of something that answers are made from: another state has
// another name. It fails when the state cannot be told now.
type Source func(ctx context.Context) (string, error)

// StateOf returns what names the state of several sources together, as Config wants it.
func StateOf(sources ...Source) func(ctx context.Context) (string, bool) {
	return func(ctx context.Context) (string, bool) {
		names := make([]string, len(sources))
		for i, s := range sources {
			var err error
			if names[i], err = s(ctx); err != nil {
				return "", false
			}
		}
		return strings.Join(names, "\x1e"), true
	}
}

// Value returns a source for a value that is read each time, by whether it is equal to
// what was read before.
func Value[V any](read func() (V, error)) Source {
	var mu sync.Mutex
	var last V
	n := 0
	return func(context.Context) (string, error) {
		v, err := read()
		if err != nil {
			return "", err
		}
		mu.Lock()
		defer mu.Unlock()
		if n == 0 || !reflect.DeepEqual(v, last) {
			last = v
			n++
		}
		return strconv.Itoa(n), nil
	}
}
