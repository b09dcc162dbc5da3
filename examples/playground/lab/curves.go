package lab

import (
	"math"

	"github.com/seed975aa5d7/mlp"
)

// maxRecords is the number of records at which Curves drops every second one.
const maxRecords = 400

// Record holds the losses, penalties left out, and scores after a step; NaN without points. Dropout is off for them.
type Record struct {
	Step                  int
	TrainLoss, TestLoss   float64
	TrainScore, TestScore float64 // accuracy or, of a regression, R²
}

// Curves are the losses and scores at the ends of epochs, evenly spaced.
type Curves struct {
	Records []Record
	Last    Record // of the last epoch's end

	every, epochs int // of that many epochs one is recorded, of so many so far
	predictor     *mlp.Predictor
	train, test   evaluation
}

// evaluation measures the network on a Dataset.
type evaluation struct {
	data        *mlp.Dataset
	outputs     []float32
	loss, score mlp.Accumulator
}

func (c *Curves) start(l *Lab, loss, score mlp.Metric) error {
	c.every = 1
	c.predictor = l.Network.NewPredictor(max(l.Train.Rows(), l.Test.Rows()))
	for _, v := range []struct {
		e    *evaluation
		data *mlp.Dataset
	}{{&c.train, l.Train}, {&c.test, l.Test}} {
		*v.e = evaluation{data: v.data, outputs: make([]float32, v.data.Rows()*l.Network.Outputs())}
		var err error
		if v.e.loss, err = loss.Accumulator(l.Network.Outputs(), v.data.Targets); err != nil {
			return err
		}
		if v.e.score, err = score.Accumulator(l.Network.Outputs(), v.data.Targets); err != nil {
			return err
		}
	}
	return c.add(0)
}

// add measures the network after that many steps.
func (c *Curves) add(step int) (err error) {
	r := Record{Step: step}
	if r.TrainLoss, r.TrainScore, err = c.train.measure(c.predictor); err != nil {
		return err
	}
	if r.TestLoss, r.TestScore, err = c.test.measure(c.predictor); err != nil {
		return err
	}
	c.Last = r
	if c.epochs%c.every == 0 {
		c.Records = append(c.Records, r)
	}
	c.epochs++
	if len(c.Records) == maxRecords {
		for i := range maxRecords / 2 {
			c.Records[i] = c.Records[2*i]
		}
		c.Records, c.every = c.Records[:maxRecords/2], 2*c.every
	}
	return nil
}

func (e *evaluation) measure(p *mlp.Predictor) (loss, score float64, err error) {
	rows := e.data.Rows()
	if rows == 0 {
		return math.NaN(), math.NaN(), nil
	}
	if err := p.Predict(e.outputs, e.data.X); err != nil {
		return 0, 0, err
	}
	for _, a := range []mlp.Accumulator{e.loss, e.score} {
		a.Reset()
		a.Add(e.data.Y, e.outputs, nil, rows)
	}
	return e.loss.Result(), e.score.Result(), nil
}
