package lab

import "github.com/seed975aa5d7/mlp"

// shape is a Choice of data, and how to make it.
type shape struct {
	Choice
	// make returns points x [rows, 2] and for each a class index y or, if there are no classes, a value of about -1 … 1.
	make func(c *Config) (d *mlp.Dataset, classes int, err error)
}

func (s shape) choice() Choice { return s.Choice }

// The places lie within the View, and have a variance of about 1, with which networks train well.
var shapes = []shape{
	{Choice{"moons", "moons"}, moons},
	{Choice{"circles", "circles"}, circles},
	{Choice{"blobs", "three blobs"}, blobs},
	{Choice{"spirals", "spirals"}, spirals},
	{Choice{"xor", "XOR"}, xor},
	{Choice{"plane", "plane"}, func(c *Config) (*mlp.Dataset, int, error) { return surface(c, plane) }},
	{Choice{"hills", "hills"}, func(c *Config) (*mlp.Dataset, int, error) { return surface(c, hills) }},
	{Choice{"drawn", "your own"}, drawn},
}

func moons(c *Config) (*mlp.Dataset, int, error) {
	d, err := mlp.MakeMoons(mlp.MoonsConfig{Samples: c.Rows, Noise: c.Noise, RandomState: uint32(c.Seed)})
	if err != nil {
		return nil, 0, err
	}
	move(d.X, -0.5, -0.25, 1.1)
	return d, 2, nil
}

func circles(c *Config) (*mlp.Dataset, int, error) {
	d, err := mlp.MakeCircles(mlp.CirclesConfig{
		Samples: c.Rows, Factor: 0.5, Noise: c.Noise, RandomState: uint32(c.Seed)})
	if err != nil {
		return nil, 0, err
	}
	move(d.X, 0, 0, 1.5)
	return d, 2, nil
}

func blobs(c *Config) (*mlp.Dataset, int, error) {
	centers := [][]float64{{-1.1, 0.8}, {1.1, 0.8}, {0, -1.1}}
	d, err := mlp.MakeBlobs(mlp.BlobsConfig{Samples: c.Rows, CenterPoints: centers, StdDev: []float64{c.Noise},
		RandomState: uint32(c.Seed)})
	return d, len(centers), err
}

// move adds x and y to the places and multiplies them by scale.
func move(places []float32, x, y, scale float32) {
	for i := 0; i < len(places); i += 2 {
		places[i] = (places[i] + x) * scale
		places[i+1] = (places[i+1] + y) * scale
	}
}

// spirals returns two arms of one and a half turns.
func spirals(c *Config) (*mlp.Dataset, int, error) {
	const turn = 1024
	// Places by angle, the same on every machine.
	circle, err := mlp.MakeCircles(mlp.CirclesConfig{Outer: turn, NoShuffle: true})
	if err != nil {
		return nil, 0, err
	}
	r := mlp.NewRandomState(uint32(c.Seed))
	d := &mlp.Dataset{Features: 2, Targets: 1}
	for i := range c.Rows {
		class := i % 2
		along := (float64(i/2) + 0.5) / float64((c.Rows+1)/2) // 0 … 1 from the inner end
		at := int(along*1.5*turn) + class*turn/2
		radius := 0.15 + float64(along*1.6)
		for j := range 2 {
			v := float64(radius * float64(circle.X[at%turn*2+j]))
			d.X = append(d.X, float32(v+r.Normal(0, c.Noise/2)))
		}
		d.Y = append(d.Y, float32(class))
	}
	return d, 2, nil
}

func xor(c *Config) (*mlp.Dataset, int, error) {
	const gap = 0.15 // without noise, between a point and the axes
	r := mlp.NewRandomState(uint32(c.Seed))
	d := &mlp.Dataset{Features: 2, Targets: 1}
	for i := range c.Rows {
		quadrant := i % 4
		for j := range 2 {
			v := r.Uniform(gap, 1.75)
			if quadrant>>j&1 == 1 {
				v = -v
			}
			d.X = append(d.X, float32(v+r.Normal(0, c.Noise)))
		}
		d.Y = append(d.Y, float32(quadrant&1^quadrant>>1))
	}
	return d, 2, nil
}

// surface returns places at random with the values of a function, noise added.
func surface(c *Config, value func(x, y float64) float64) (*mlp.Dataset, int, error) {
	r := mlp.NewRandomState(uint32(c.Seed))
	d := &mlp.Dataset{Features: 2, Targets: 1}
	for range c.Rows {
		x, y := r.Uniform(-View, View), r.Uniform(-View, View)
		d.X = append(d.X, float32(x), float32(y))
		d.Y = append(d.Y, float32(value(x, y)+r.Normal(0, c.Noise)))
	}
	return d, 0, nil
}

func plane(x, y float64) float64 { return (x + y) / (2 * View) }

// hills has two hills and two hollows.
func hills(x, y float64) float64 {
	sum := 0.0
	for _, h := range [][3]float64{{-1, -1, 1}, {1, 1, 1}, {-1, 1, -1}, {1, -1, -1}} {
		dx, dy := x-h[0], y-h[1]
		sum += h[2] / (1 + float64(3*(float64(dx*dx)+float64(dy*dy))))
	}
	return sum
}

func drawn(c *Config) (*mlp.Dataset, int, error) {
	d := &mlp.Dataset{Features: 2, Targets: 1}
	classes := 2
	for _, p := range c.Points {
		x, y := p.place()
		d.X = append(d.X, float32(x), float32(y))
		d.Y = append(d.Y, float32(p.Class))
		classes = max(classes, int(p.Class)+1)
	}
	return d, classes, nil
}

// data returns the points to train and to test on, with the task's targets. Either may have no rows.
func (c *Config) data() (train, test *mlp.Dataset, classes int, err error) {
	d, classes, err := named(shapes, c.Data, shape.choice).make(c)
	if err != nil {
		return nil, nil, 0, err
	}
	switch {
	case c.Task == regression && classes > 0: // evenly spaced values from -1 to 1
		for i, class := range d.Y {
			d.Y[i] = 2*class/float32(classes-1) - 1
		}
		classes = 0
	case c.Task == classification && classes == 0:
		for i, v := range d.Y {
			d.Y[i] = 0
			if v > 0 {
				d.Y[i] = 1
			}
		}
		classes = 2
	}
	d.ClassNames = nil
	n := int(float64(d.Rows()) * c.TestShare)
	if n == 0 {
		return d, d.Head(0), classes, nil
	}
	train, test, err = mlp.TrainTestSplit(d, mlp.SplitConfig{TestCount: n, RandomState: uint32(c.Seed)})
	return train, test, classes, err
}
