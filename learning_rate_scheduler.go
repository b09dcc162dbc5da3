package mlp

import (
	"errors"
	"fmt"
)

// LearningRateScheduler sets a constant learning rate anew at the beginning of each epoch, as Keras's
// (https://keras.io/api/callbacks/learning_rate_scheduler), and logs "learning_rate". A Schedule changes it with each step.
type LearningRateScheduler struct {
	// Rate returns the rate of an epoch, counted from 0, from the current rate.
	Rate func(epoch int, rate float64) float64
}

// Start implements Callback.
func (s LearningRateScheduler) Start(t *Training) (Hooks, error) {
	if s.Rate == nil {
		return Hooks{}, errors.New("mlp: LearningRateScheduler: Rate is nil, want a function")
	}
	if schedule := t.Trainer.opt.schedule; schedule != nil {
		return Hooks{}, fmt.Errorf("mlp: LearningRateScheduler: the learning rate follows a schedule (%T), want a constant one", schedule)
	}
	return Hooks{
		EpochBegin: func(t *Training) error {
			rate := s.Rate(t.Epoch, t.Trainer.LearningRate())
			if err := checkRange("the rate", rate, rate >= 0, "rate >= 0"); err != nil {
				return fmt.Errorf("mlp: LearningRateScheduler: epoch %d: %w", t.Epoch, err)
			}
			return t.Trainer.SetLearningRate(rate)
		},
		EpochEnd: func(t *Training) error {
			t.Logs().Set("learning_rate", t.Trainer.LearningRate())
			return nil
		},
	}, nil
}
