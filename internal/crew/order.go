package crew

import "runtime"

// InOrder has every processor work on what source yields, and hands it to use in the order
// in which it was yielded, until use returns false. Worker returns what works on one thing
// after the other, in a goroutine of its own; things come to it in their order.
//
// No more than a few things for each processor are under way at once. The error is that of
// the source, told behind all that it yielded, or the panic of a worker in the place of
// what it worked on; there is none once use has returned false. All goroutines have ended
// when InOrder returns.
func InOrder[T any](source func(yield func(*T) bool) error, worker func() func(*T), use func(*T) bool) error {
	n := max(1, runtime.GOMAXPROCS(0))
	l := &line[T]{order: make(chan *place[T], 2*n), work: make(chan *place[T], 2*n), quit: make(chan struct{})}
	l.ended.Go(func() { l.read(source) })
	for range n {
		f := worker()
		l.ended.Go(func() {
			for p := range l.work {
				p.err = Do(func() error { f(p.of); return nil })
				close(p.done)
			}
		})
	}
	defer l.stop()
	for p := range l.order {
		<-p.done
		if p.err != nil {
			return p.err
		}
		if !use(p.of) {
			return nil
		}
	}
	return l.err
}

// line is what InOrder has under way.
type line[T any] struct {
	order chan *place[T] // as they were yielded
	work  chan *place[T]
	quit  chan struct{}
	ended Workers
	err   error // of the source; set before order is closed
}

// place is a thing in the line.
type place[T any] struct {
	of   *T
	err  error         // the panic of who worked on it
	done chan struct{} // closed once it was worked on
}

// stop ends reading and working, and waits until both have ended.
func (l *line[T]) stop() {
	close(l.quit)
	l.ended.Wait()
}

// read yields what the source has.
func (l *line[T]) read(source func(yield func(*T) bool) error) {
	defer close(l.work)
	defer close(l.order)
	l.err = Do(func() error {
		return source(func(of *T) bool {
			p := &place[T]{of: of, done: make(chan struct{})}
			select {
			case l.order <- p:
			case <-l.quit:
				return false
			}
			l.work <- p // never blocks for long: workers go on until it is closed
			return true
		})
	})
}
