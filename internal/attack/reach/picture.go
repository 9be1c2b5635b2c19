package reach

// Most is how many objects a picture shows, the one in the middle among them. More than
// that is folded.
const Most = 40

// mostNear is how many of the objects one step away a picture shows where it shows two
// steps, so that there is room for the second.
const mostNear = 14

// Picture is which part of a graph is shown. What is not is counted.
type Picture struct {
	// Clusters are the object's own relations by heading.
	Clusters []Cluster
	// Shown is how many objects are shown, the one in the middle among them, and Folded how
	// many are not.
	Shown, Folded int
}

// Cluster is the objects under one heading.
type Cluster struct {
	Heading
	// Total is how many there are, and First how many of them were passed over.
	Total, First int
	Nodes        []Shown
}

// Shown is an object that a picture shows.
type Shown struct {
	Node int // its place in Graph.Nodes
	// Beyond are the objects that are first reached through it, and Folded how many of
	// those are not shown.
	Beyond []Cluster
	Folded int
}

// Fold chooses what a picture shows, from each heading and through each object alike. First
// is how many objects of each heading are passed over.
func (g *Graph) Fold(first int) Picture {
	var p Picture
	beyond := make([][]int, len(g.Nodes))
	far := 0
	for i := range g.Nodes[1:] {
		n := &g.Nodes[i+1]
		if n.Steps == 2 {
			far++
			beyond[n.Ways[0].From] = append(beyond[n.Ways[0].From], i+1)
			continue
		}
		p.Clusters = put(p.Clusters, n.Ways[0].Heading, i+1, true)
	}
	room := Most - 1
	if far > 0 {
		room = mostNear
	}
	chosen := cut(p.Clusters, first, room)
	left := Most - 1 - chosen
	var near []*Shown
	for i := range p.Clusters {
		for j := range p.Clusters[i].Nodes {
			near = append(near, &p.Clusters[i].Nodes[j])
		}
	}
	left -= g.extend(near, beyond, left)
	p.Shown = Most - left
	p.Folded = len(g.Nodes) - p.Shown
	return p
}

// put adds an object to the last cluster, or to a new one where its heading is another.
// Counted says that the total rises with it.
func put(cs []Cluster, h Heading, node int, counted bool) []Cluster {
	if n := len(cs); n == 0 || cs[n-1].Title != h.Title {
		cs = append(cs, Cluster{Heading: h})
	}
	last := &cs[len(cs)-1]
	last.Nodes = append(last.Nodes, Shown{Node: node})
	if counted {
		last.Total++
	}
	return cs
}

// cut leaves at most room objects in clusters, one of each in turn, and returns how many
// it left.
func cut(cs []Cluster, first, room int) int {
	takes := make([]int, len(cs))
	taken := 0
	for more := true; more && taken < room; {
		more = false
		for i := range cs {
			if taken < room && first+takes[i] < len(cs[i].Nodes) {
				takes[i]++
				taken++
				more = true
			}
		}
	}
	for i := range cs {
		from := min(first, len(cs[i].Nodes))
		cs[i].First, cs[i].Nodes = from, cs[i].Nodes[from:from+takes[i]]
	}
	return taken
}

// extend shows at most room of the objects beyond those that are shown, one of each in
// turn, and returns how many.
func (g *Graph) extend(near []*Shown, beyond [][]int, room int) int {
	turns := make([][]int, len(near))
	for i, s := range near {
		turns[i] = g.alternating(beyond[s.Node])
		s.Folded = len(turns[i])
	}
	takes := make([]int, len(near))
	taken := 0
	for more := true; more && taken < room; {
		more = false
		for i := range near {
			if taken < room && takes[i] < len(turns[i]) {
				takes[i]++
				taken++
				more = true
			}
		}
	}
	for i, s := range near {
		chosen := map[int]bool{}
		for _, n := range turns[i][:takes[i]] {
			chosen[n] = true
		}
		for _, n := range beyond[s.Node] {
			if chosen[n] {
				s.Beyond = put(s.Beyond, g.Nodes[n].Ways[0].Heading, n, true)
			}
		}
		s.Folded -= takes[i]
	}
	return taken
}

// alternating lists objects with one of each heading in turn.
func (g *Graph) alternating(nodes []int) []int {
	var cs []Cluster
	for _, n := range nodes {
		cs = put(cs, g.Nodes[n].Ways[0].Heading, n, true)
	}
	out := make([]int, 0, len(nodes))
	for turn := 0; len(out) < len(nodes); turn++ {
		for i := range cs {
			if turn < len(cs[i].Nodes) {
				out = append(out, cs[i].Nodes[turn].Node)
			}
		}
	}
	return out
}
