//go:build js && wasm

// Command wasm is the part of the playground that runs in the page's web worker. It gives JavaScript one object, "lab",
// whose functions are called one at a time.
package main

import (
	"encoding/binary"
	"math"
	"syscall/js"
	"time"

	"github.com/seed975aa5d7/mlp/examples/playground/lab"
)

// The cells along an edge of the maps.
const (
	outputSide = 80
	unitSide   = 32
)

// current is the lab that the page shows.
var current struct {
	*lab.Lab
	maps *lab.Maps
}

func main() {
	js.Global().Set("lab", map[string]any{
		"describe": function(describe),
		"open":     function(open),
		"advance":  function(advance),
		"frame":    function(frame),
	})
	select {}
}

// function returns f as a JavaScript function; its errors become {error: message}.
func function(f func(args []js.Value) (map[string]any, error)) js.Func {
	return js.FuncOf(func(_ js.Value, args []js.Value) any {
		result, err := f(args)
		if err != nil {
			return map[string]any{"error": err.Error()}
		}
		return result
	})
}

// describe tells the page of the fields, their bounds and choices, and the presets.
func describe([]js.Value) (map[string]any, error) {
	fields := map[string]any{}
	for _, f := range lab.Fields() {
		var choices []any
		for _, c := range f.Choices {
			choices = append(choices, map[string]any{"name": c.Name, "label": c.Label})
		}
		fields[f.Name] = map[string]any{"choices": choices, "min": f.Min, "max": f.Max}
	}
	var presets []any
	for _, p := range lab.Presets() {
		presets = append(presets, map[string]any{
			"story": p.Story, "name": p.Name, "fragment": p.Fragment, "text": p.Text})
	}
	return map[string]any{
		"fields": fields, "presets": presets, "view": lab.View, "outputSide": outputSide, "unitSide": unitSide,
		"maxLayers": lab.MaxLayers, "maxUnits": lab.MaxUnits, "maxPoints": lab.MaxPoints, "classes": lab.Classes,
	}, nil
}

// open makes the lab of a fragment the current one: open(fragment).
func open(args []js.Value) (map[string]any, error) {
	cfg, problems := lab.Parse(args[0].String())
	l, err := lab.New(cfg)
	if err != nil {
		return nil, err
	}
	maps, err := lab.NewMaps(l, outputSide, unitSide)
	if err != nil {
		return nil, err
	}
	if current.Lab != nil {
		current.Close()
	}
	current.Lab, current.maps = l, maps
	return map[string]any{
		"fragment": cfg.Fragment(), "problems": strings(problems), "step": cfg.Step, "classes": l.Classes,
		"units": integers(cfg.Units), "outputs": l.Network.Outputs(), "stepsPerEpoch": l.StepsPerEpoch(),
		"trainX": floats(l.Train.X), "trainY": floats(l.Train.Y), "testX": floats(l.Test.X), "testY": floats(l.Test.Y),
	}, nil
}

// advance does steps until there are so many or the time is up: advance(steps, milliseconds).
func advance(args []js.Value) (map[string]any, error) {
	steps := args[0].Int()
	start := time.Now()
	limit := time.Duration(args[1].Float() * float64(time.Millisecond))
	done := 0
	for done < steps && current.Advance() {
		done++
		if time.Since(start) >= limit {
			break
		}
	}
	result := map[string]any{
		"done": done, "step": current.Step(), "milliseconds": time.Since(start).Seconds() * 1000, "ended": nil}
	if err := current.Ended(); err != nil {
		result["ended"] = err.Error()
	}
	return result, nil
}

// frame returns all that the page draws.
func frame([]js.Value) (map[string]any, error) {
	output, err := current.maps.Output()
	if err != nil {
		return nil, err
	}
	units, err := current.maps.Units()
	if err != nil {
		return nil, err
	}
	gradients, findings := current.Diagnosis()
	var curves []float32 // step, losses, scores, record by record, the last epoch's at the end
	for _, r := range append(current.Curves.Records, current.Curves.Last) {
		curves = append(curves, float32(r.Step), float32(r.TrainLoss), float32(r.TestLoss),
			float32(r.TrainScore), float32(r.TestScore))
	}
	return map[string]any{
		"step": current.Step(), "fragment": current.Fragment(), "hash": current.Hash(), "rate": current.LearningRate(),
		"output": bytes(output), "units": bytes(units), "weights": floats(current.maps.Weights()),
		"curves": floats(curves), "gradients": floats(gradients), "findings": strings(findings),
	}, nil
}

func strings(list []string) []any {
	values := make([]any, len(list))
	for i, v := range list {
		values[i] = v
	}
	return values
}

func integers(list []int) []any {
	values := make([]any, len(list))
	for i, v := range list {
		values[i] = v
	}
	return values
}

// bytes returns a new Uint8Array.
func bytes(b []byte) js.Value {
	array := js.Global().Get("Uint8Array").New(len(b))
	js.CopyBytesToJS(array, b)
	return array
}

// floats returns a new Float32Array.
func floats(list []float32) js.Value {
	b := make([]byte, 0, 4*len(list))
	for _, v := range list {
		b = binary.LittleEndian.AppendUint32(b, math.Float32bits(v))
	}
	return js.Global().Get("Float32Array").New(bytes(b).Get("buffer"))
}
