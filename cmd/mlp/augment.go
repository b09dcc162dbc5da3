package main

import (
	"errors"
	"fmt"
	"slices"

	"github.com/seed975aa5d7/mlp"
)

// augmentFlag says how rows are changed at random while training, one change after another: "flip,crop=2,noise=0.1".
type augmentFlag string

// Validate implements kong's interface.
func (f augmentFlag) Validate() error {
	_, err := f.build([2]float64{0, 1})
	return err
}

// build returns the augmentations for pixels of that range.
func (f augmentFlag) build(pixelRange [2]float64) ([]mlp.Augmentation, error) {
	if f == "" {
		return nil, nil
	}
	c := &choice{}
	c.parse(string(f))
	byName := map[string]mlp.Augmentation{}
	factor := func(name string, in allowed, make func(v float64) mlp.Augmentation) {
		if s, given := c.get(name); given {
			v := 0.0
			c.number(s.name, &v, in)
			byName[name] = make(v)
		}
	}
	pixels := func(name string, make func(n int) mlp.Augmentation) {
		if s, given := c.get(name); given {
			n := 0
			c.whole(s.name, &n, atLeastOne)
			byName[name] = make(n)
		}
	}
	if s, given := c.get("flip"); given {
		if err := oneOf("flip", s.value, []string{"horizontal", "vertical", "both"}); s.valued && err != nil {
			c.fail(err)
		}
		byName["flip"] = mlp.RandomFlip{Horizontal: s.value != "vertical",
			Vertical: s.value == "vertical" || s.value == "both"}
	}
	turns := false
	if c.on("turn", &turns); turns {
		byName["turn"] = mlp.RandomQuarterTurn{}
	}
	pixels("crop", func(n int) mlp.Augmentation { return mlp.RandomCrop{Padding: n} })
	factor("shift", upToOne, func(v float64) mlp.Augmentation {
		return mlp.RandomTranslation{HeightFactor: v,
			WidthFactor: v}
	})
	factor("rotation", upToOne, func(v float64) mlp.Augmentation { return mlp.RandomRotation{Factor: v} })
	factor("zoom", betweenOnes, func(v float64) mlp.Augmentation { return mlp.RandomZoom{HeightFactor: v} })
	factor("brightness", upToOne, func(v float64) mlp.Augmentation {
		return mlp.RandomBrightness{Factor: v,
			ValueRange: pixelRange}
	})
	factor("contrast", betweenOnes, func(v float64) mlp.Augmentation {
		return mlp.RandomContrast{Factor: v,
			ValueRange: pixelRange}
	})
	pixels("cutout", func(n int) mlp.Augmentation { return mlp.Cutout{Size: n} })
	factor("noise", positive, func(v float64) mlp.Augmentation { return mlp.RandomNoise{Deviation: v} })
	if s, given := c.get("mixup"); given {
		m := mlp.MixUp{}
		if s.valued {
			c.number(s.name, &m.Alpha, positive)
		}
		byName[s.name] = m
	}
	if err := c.done(); err != nil {
		return nil, err
	}
	var list []mlp.Augmentation
	for _, g := range c.given {
		list = append(list, byName[g.name])
	}
	return list, nil
}

// changesImages reports whether an augmentation looks at pixels.
func changesImages(a mlp.Augmentation) bool {
	switch a.(type) {
	case mlp.RandomNoise, mlp.MixUp:
		return false
	}
	return true
}

// augmentations returns what --augment asks for.
func (c *trainCommand) augmentations(w *workplace) ([]mlp.Augmentation, error) {
	low, high := pixelRange(w.parts.train)
	list, err := c.Augment.build([2]float64{float64(low), float64(high)})
	if err != nil {
		return nil, err
	}
	_, indices := w.goal.loss.(mlp.SparseCategoricalCrossentropy)
	for _, a := range list {
		_, mixes := a.(mlp.MixUp)
		switch {
		case mixes && indices:
			return nil, errors.New("mixup mixes targets, which --loss=categorical_crossentropy can learn")
		case changesImages(a) && w.parts.train.Image == mlp.ImageShape{}:
			return nil, fmt.Errorf("all but noise and mixup change images, and %s is a table", w.samples.name)
		case changesImages(a) && slices.Contains([]string{"standard", "robust", "maxabs"}, c.Scale):
			return nil, fmt.Errorf("--scale=%s gives each pixel a unit of its own, so pixels cannot take each other's place; "+
				"want minmax or none", c.Scale)
		}
	}
	return list, nil
}
