package lab

// Preset is a setting that tells a story, or one of the story's variants.
type Preset struct {
	Story    string
	Name     string
	Fragment string
	Text     string // what to look for
}

// Presets returns the presets, story by story.
func Presets() []Preset {
	var list []Preset
	add := func(story, name, text string, changes ...func(*Config)) {
		c := Default()
		for _, change := range changes {
			change(&c)
		}
		list = append(list, Preset{story, name, c.Fragment(), text})
	}

	const first = "First steps"
	add(first, "moons",
		"Watch the boundary bend between the two moons. Each unit draws one soft line across the plane; the output adds "+
			"them up.")
	add(first, "a line",
		"Without a hidden layer the boundary is a straight line, and no straight line parts these points, however long "+
			"the training.",
		func(c *Config) { c.Data, c.Noise, c.Units = "xor", 0.1, nil })
	add(first, "XOR",
		"Four hidden units are enough for what one line cannot do: point at them to see the line that each has found.",
		func(c *Config) { c.Data, c.Noise, c.Units = "xor", 0.1, []int{4} })
	add(first, "spirals",
		"The first layer draws lines, the second one puts curves together out of them. The loss stands still for a "+
			"while, then falls.",
		func(c *Config) { c.Data, c.Noise, c.Units = "spirals", 0.05, []int{12, 12} })
	add(first, "hills",
		"A regression: the colours are values, from −1 to 1, and R² takes the place of accuracy.",
		func(c *Config) { c.Data, c.Noise, c.Task, c.Units = "hills", 0.05, regression, []int{12, 12} })

	const over = "Over-fitting"
	overfitting := func(c *Config) {
		c.Noise, c.Rows, c.TestShare = 0.35, 100, 0.6
		c.Units, c.Activation = []int{16, 16}, "relu"
	}
	add(over, "see it",
		"40 noisy points, 337 weights and biases: the training loss goes to zero while the test loss turns and rises, "+
			"and the boundary winds around single points.",
		overfitting)
	add(over, "L2",
		"A penalty on large weights keeps the lines thin and the boundary smooth: the test loss stays down.",
		overfitting, func(c *Config) { c.L2 = 0.01 })
	add(over, "dropout",
		"Half of the units are left out at random in each step, so that none can rely on another. The test loss rises "+
			"far less.",
		overfitting, func(c *Config) { c.Dropout = 0.5 })
	add(over, "more points",
		"The best cure: the same network with ten times as many points cannot learn them by heart.",
		overfitting, func(c *Config) { c.Rows = 1000 })

	const vanish = "Vanishing gradients"
	vanishing := func(c *Config) {
		c.Data, c.Noise = "circles", 0.1
		c.Units, c.Activation = []int{6, 6, 6, 6, 6, 6}, "sigmoid"
	}
	add(vanish, "see it",
		"Six sigmoid layers. Look at the gradients under the network: each layer's is several times smaller than the "+
			"next one's, and the first layers do not learn.",
		vanishing)
	add(vanish, "ReLU",
		"The same network with ReLU: gradients of one size in all layers, and the circle is found in a hundred steps.",
		vanishing, func(c *Config) { c.Activation = "relu" })
	add(vanish, "batch normalisation",
		"Sigmoids again, but each layer's sums are brought back to where the sigmoid is steep.",
		vanishing, func(c *Config) { c.BatchNorm = on })

	const explode = "Exploding gradients"
	exploding := func(c *Config) {
		c.Data, c.Noise, c.Task = "hills", 0.05, regression
		c.Units, c.Activation = []int{12, 12, 12}, "elu"
		c.Optimizer, c.Rate = "momentum", 0.3
	}
	add(explode, "see it",
		"Within a few epochs the gradients grow, the steps overshoot, and the numbers are no longer finite. The "+
			"training breaks off.",
		exploding)
	add(explode, "clipping",
		"Gradients longer than 0.05 are shortened to it, and the same rate now learns. The bars show them before "+
			"clipping.",
		exploding, func(c *Config) { c.Clip = 0.05 })
	add(explode, "lower rate",
		"A tenth of the learning rate needs no clipping.",
		exploding, func(c *Config) { c.Rate = 0.03 })

	const rate = "Learning rate"
	add(rate, "too high",
		"The first steps throw the weights far out, where tanh is flat: all units are stuck, and the loss is above that "+
			"of a coin.",
		func(c *Config) { c.Optimizer, c.Rate = "sgd", 10 })
	add(rate, "too low",
		"The loss falls, but it would take a hundred times as many steps.",
		func(c *Config) { c.Optimizer, c.Rate = "sgd", 0.001 })
	add(rate, "about right",
		"Plain SGD, with a rate between the two others, gets there within two thousand steps.",
		func(c *Config) { c.Optimizer, c.Rate = "sgd", 0.3 })
	add(rate, "decaying",
		"It begins with large steps, which jump about, and ends with small ones: see the curves calm down as the rate "+
			"falls.",
		func(c *Config) { c.Optimizer, c.Rate, c.Schedule = "sgd", 3, "cosine" })
	return list
}
