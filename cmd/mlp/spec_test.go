package main

import (
	"slices"
	"testing"

	"github.com/seed975aa5d7/mlp"
)

// TestOptimizer reads each optimizer with all its settings.
func TestOptimizer(t *testing.T) {
	clip := mlp.Clip{GlobalNorm: 3}
	for text, want := range map[optimizerFlag]mlp.Optimizer{
		"adam":                                  mlp.Adam{LearningRate: 1, WeightDecay: 2, Clip: clip},
		"adam:beta1=0.8,amsgrad":                mlp.Adam{LearningRate: 1, Beta1: 0.8, AMSGrad: true, WeightDecay: 2, Clip: clip},
		"adamw:beta2=0.9, epsilon=1e-5":         mlp.AdamW{LearningRate: 1, Beta2: 0.9, Epsilon: 1e-5, WeightDecay: 2, Clip: clip},
		"nadam:beta1=0.7":                       mlp.Nadam{LearningRate: 1, Beta1: 0.7, WeightDecay: 2, Clip: clip},
		"adamax:epsilon=0.1":                    mlp.Adamax{LearningRate: 1, Epsilon: 0.1, WeightDecay: 2, Clip: clip},
		"sgd:momentum=0.9,nesterov":             mlp.SGD{LearningRate: 1, Momentum: 0.9, Nesterov: true, WeightDecay: 2, Clip: clip},
		"rmsprop:rho=0.8,momentum=0.1,centered": mlp.RMSprop{LearningRate: 1, Rho: 0.8, Momentum: 0.1, Centered: true, WeightDecay: 2, Clip: clip},
		"adagrad":                               mlp.Adagrad{LearningRate: 1, Initial: 0.1, WeightDecay: 2, Clip: clip},
		"adagrad:initial=0":                     mlp.Adagrad{LearningRate: 1, NoInitial: true, WeightDecay: 2, Clip: clip},
		"adadelta:rho=0.5":                      mlp.Adadelta{LearningRate: 1, Rho: 0.5, WeightDecay: 2, Clip: clip},
		"lion:beta1=0.5,beta2=0.6":              mlp.Lion{LearningRate: 1, Beta1: 0.5, Beta2: 0.6, WeightDecay: 2, Clip: clip},
	} {
		got, err := text.build(commonSettings{rate: 1, decay: 2, clip: clip})
		if err != nil || got != want {
			t.Errorf("%s: %+v, %v; want %+v", text, got, err, want)
		}
	}
}

// TestSchedule reads each schedule, for a training of 1000 updates.
func TestSchedule(t *testing.T) {
	for text, want := range map[scheduleFlag]mlp.Schedule{
		"":                                      nil,
		"exponential:steps=10,rate=0.9":         mlp.ExponentialDecay{Initial: 0.5, Steps: 10, Rate: 0.9},
		"inverse_time:steps=1,rate=2,staircase": mlp.InverseTimeDecay{Initial: 0.5, Steps: 1, Rate: 2, Staircase: true},
		"polynomial":                            mlp.PolynomialDecay{Initial: 0.5, Steps: 1000},
		"polynomial:end=0.1,power=2,steps=7,cycle": mlp.PolynomialDecay{Initial: 0.5, End: 0.1, Power: 2, Steps: 7, Cycle: true},
		"cosine":                     mlp.CosineDecay{Initial: 0.5, Steps: 1000},
		"cosine:steps=200,warmup=20": mlp.CosineDecay{Steps: 200, WarmupTarget: 0.5, WarmupSteps: 20},
		"cosine:warmup=20,alpha=0.1": mlp.CosineDecay{Steps: 980, Alpha: 0.1, WarmupTarget: 0.5, WarmupSteps: 20},
		"cosine_restarts:steps=100,stretch=1,shrink=0.5": mlp.CosineRestarts{Initial: 0.5, Steps: 100, Stretch: 1, Shrink: 0.5},
		"one_cycle":           mlp.OneCycle{Max: 0.5, Steps: 1000},
		"one_cycle:steps=300": mlp.OneCycle{Max: 0.5, Steps: 300},
	} {
		if got, err := text.build(0.5, 1000); err != nil || got != want {
			t.Errorf("%s: %+v, %v; want %+v", text, got, err, want)
		}
	}
	s, err := scheduleFlag("piecewise:100=0.05,200=0.005").build(0.5, 1000)
	if err != nil {
		t.Fatal(err)
	}
	for step, want := range map[int]float64{0: 0.5, 100: 0.5, 101: 0.05, 200: 0.05, 201: 0.005, 999: 0.005} {
		if got := s.LearningRate(step); got != want {
			t.Errorf("piecewise: step %d has rate %v, want %v", step, got, want)
		}
	}
}

// TestLossNames reads each loss and each metric by its name.
func TestLossNames(t *testing.T) {
	for _, name := range lossNames {
		l, err := lossFlag(name).build()
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if m, ok := l.Loss.(mlp.Metric); name != "auto" && (!ok || m.Name() != name) {
			t.Errorf("%s is %T", name, l.Loss)
		}
	}
	for name := range plainLosses {
		if !slices.Contains(lossNames, name) {
			t.Errorf("people are not told of %s", name)
		}
	}
	for text, want := range map[string]mlp.Metric{
		"precision(0.7)": mlp.Precision{Threshold: 0.7}, "recall(0.2)": mlp.Recall{Threshold: 0.2}, "f1_score(micro)": mlp.F1Score{Average: mlp.MicroAverage},
		"top_k_categorical_accuracy(3)": mlp.TopKAccuracy{K: 3}, "binary_accuracy(0.9)": mlp.BinaryAccuracy{Threshold: 0.9}, "rmse": mlp.RootMeanSquaredError{},
	} {
		if got, err := parseMetric(text); err != nil || got != want {
			t.Errorf("%s: %+v, %v; want %+v", text, got, err, want)
		}
	}
}
