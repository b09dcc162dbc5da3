package mlp

import (
	"fmt"
	"math"
	"slices"
	"strings"
)

// Trouble is a kind of thing that goes wrong in training.
type Trouble uint8

// The troubles.
const (
	ExplodingGradients Trouble = iota
	DeadUnits
	VanishingGradients
	Overfitting
	Underfitting
)

var troubleNames = [...]string{
	ExplodingGradients: "exploding gradients", DeadUnits: "dead units", VanishingGradients: "vanishing gradients",
	Overfitting: "over-fitting", Underfitting: "under-fitting",
}

// String returns the trouble in plain words: "vanishing gradients".
func (t Trouble) String() string { return troubleNames[t] }

// remedies lists what helps, the most promising first.
var remedies = [...][]string{
	ExplodingGradients: {"clip the gradients: Clip{GlobalNorm: 1}", "a lower learning rate", "scale features and targets: StandardScaler",
		"BatchNorm behind each Dense", "HeNormal or GlorotUniform initialisation"},
	DeadUnits: {"a lower learning rate", "LeakyReLU or ELU in place of ReLU", "HeNormal initialisation and biases of zero",
		"BatchNorm in front of each ReLU", "scale the features: StandardScaler"},
	VanishingGradients: {"ReLU in place of Sigmoid or Tanh", "BatchNorm behind each Dense", "HeNormal initialisation", "fewer layers"},
	Overfitting: {"more data, or augmentation: FitConfig.Augment, or GaussianNoise on the features", "L1 or L2: WeightRegularizer", "Dropout between the layers",
		"a smaller network", "EarlyStopping with RestoreBestWeights"},
	Underfitting: {"a larger network: more units or layers", "longer training", "a higher learning rate", "less L1, L2 or Dropout",
		"features that tell more about the targets"},
}

// Finding is something that went wrong in a training. Epochs and layers count from 0.
type Finding struct {
	Trouble  Trouble
	Epoch    int      // since when, or when it was seen
	Layer    int      // where; -1 if it is not a layer's
	Evidence string   // the numbers that say so
	Remedies []string // what helps, the most promising first
}

// String returns the finding as two lines: what and why, and what helps.
func (f Finding) String() string {
	where := ""
	if f.Layer >= 0 {
		where = fmt.Sprintf(" in layer %d", f.Layer)
	}
	return fmt.Sprintf("%v%s since epoch %d: %s\n  try %s", f.Trouble, where, f.Epoch, f.Evidence, strings.Join(f.Remedies, "; "))
}

// The thresholds of the findings.
const (
	// persistence is the number of epochs in a row, up to the last, that show a trouble of the layers. One may be an accident: the first
	// steps from weights of zero, a step over a cliff.
	persistence = 2

	// explodingRatio is the update-to-weight ratio above which gradients explode: a step that is larger than the weights it changes
	// forgets what they have learned. Around 0.001 is usual, 0.1 is much.
	explodingRatio = 1
	// explodingGrowth is how many times a layer's gradient in the first epoch it has to reach to explode. Gradients shrink while a loss
	// falls, and differ among batches by less than ten times.
	explodingGrowth = 1000

	// vanishingShare is the root mean square gradient of a layer's weights, relative to the largest of the layers behind it, below which
	// gradients vanish. A sigmoid's derivative is at most 1/4, so five layers of them take away a factor of 1000; initialisations
	// like Glorot's and He's are made to keep the gradient's size, whatever the depth (Glorot and Bengio, AISTATS 2010).
	vanishingShare = 1e-3

	// deadShare is the share of a layer's ReLU units above which their death is a trouble. Drawn weights leave a unit at zero for about
	// half of the rows, and next to none for all of them; a few units that die are normal, half of them are capacity lost.
	deadShare = 0.5

	// overfittingEpochs is the number of validations in a row whose mean is compared, the best ones with the last: a validation loss has
	// its ups and downs, which seldom last five epochs.
	overfittingEpochs = 5
	// overfittingRise is the rise of the validation loss above its least value, relative to that value, from which on a network
	// over-fits, if the training loss falls as much: a validation set of a few hundred rows tells a loss to some five percent.
	overfittingRise = 0.1
	// overfittingFloor is the least rise relative to Baseline: one from 0.015 to 0.03 is a single row that was told with less certainty.
	overfittingFloor = 0.05

	// underfittingShare is the share of Baseline that the least loss of the last epoch, of training or validation, has to exceed for a
	// network to under-fit: it has learned little beyond how often each class comes. Noise in the targets has the same effect, so it is
	// set well above what usual tables leave unexplained.
	underfittingShare = 0.75
)

// diagnose returns what is wrong. A network under-fits only if nothing else is found: the others have that effect, and other remedies.
func (r *MonitorReport) diagnose() []Finding {
	dead := r.dead()
	list := slices.Concat(r.exploding(), dead, r.vanishing(dead), r.overfitting())
	if len(list) == 0 {
		list = r.underfitting()
	}
	return list
}

func finding(trouble Trouble, epoch, layer int, format string, values ...any) []Finding {
	return []Finding{{trouble, epoch, layer, fmt.Sprintf(format, values...), slices.Clone(remedies[trouble])}}
}

// since returns the index of the first of the last epochs in a row whose layers are ill, or -1 if there are too few of them.
func (r *MonitorReport) since(ill func(layers []LayerRecord) bool) int {
	first, run := -1, 0
	for i := len(r.Epochs) - 1; i >= 0; i-- {
		layers := r.Epochs[i].Layers
		if len(layers) == 0 {
			continue // nothing was seen
		}
		if !ill(layers) {
			break
		}
		first, run = i, run+1
	}
	if run < min(persistence, len(r.Epochs)) {
		return -1
	}
	return first
}

func (r *MonitorReport) exploding() []Finding {
	if d := r.diverged; d != nil {
		where := "in the loss alone"
		if d.Layer >= 0 {
			where = fmt.Sprintf("first in the outputs of layer %d", d.Layer)
		}
		return finding(ExplodingGradients, d.Epoch, d.Layer, "the numbers of step %d were no longer finite, %s", d.Step, where)
	}
	if len(r.Epochs) == 0 {
		return nil
	}
	start := r.Epochs[0].Layers
	for i := range r.layers() {
		if e := r.since(func(l []LayerRecord) bool { return l[i].UpdateRatio > explodingRatio }); e >= 0 {
			return finding(ExplodingGradients, r.Epochs[e].Epoch, i, "a step changes the weights by %.3g times their norm", r.Epochs[e].Layers[i].UpdateRatio)
		}
		if e := r.since(func(l []LayerRecord) bool {
			return len(start) > 0 && start[i].GradientNorm > 0 && l[i].GradientNorm > explodingGrowth*start[i].GradientNorm
		}); e >= 0 {
			return finding(ExplodingGradients, r.Epochs[e].Epoch, i, "the gradient's norm rose from %.3g in the first epoch to %.3g",
				start[i].GradientNorm, r.Epochs[e].Layers[i].GradientNorm)
		}
	}
	return nil
}

// layers returns the number of layers that were seen.
func (r *MonitorReport) layers() int {
	for i := range r.Epochs {
		if n := len(r.Epochs[i].Layers); n > 0 {
			return n
		}
	}
	return 0
}

func (r *MonitorReport) dead() []Finding {
	var list []Finding
	for i := range r.layers() {
		if e := r.since(func(l []LayerRecord) bool { return l[i].Dead > deadShare }); e >= 0 {
			l := &r.last().Layers[i]
			list = append(list, finding(DeadUnits, r.Epochs[e].Epoch, i, "%.0f of %d units of %s are zero for every row that was looked at",
				l.Dead*float64(l.units), l.units, l.Name)...)
		}
	}
	return list
}

// last returns the last epoch whose layers were seen.
func (r *MonitorReport) last() *EpochRecord {
	i := len(r.Epochs) - 1
	for len(r.Epochs[i].Layers) == 0 {
		i--
	}
	return &r.Epochs[i]
}

// vanishing looks for the first layer whose gradient is lost on the way, unless it is dead units that let none through.
func (r *MonitorReport) vanishing(dead []Finding) []Finding {
	for _, f := range dead {
		if r.last().Layers[f.Layer].Dead == 1 {
			return nil
		}
	}
	for i := range r.layers() {
		e := r.since(func(l []LayerRecord) bool {
			largest := behind(l, i)
			return largest >= 0 && l[i].rootMeanSquare() < vanishingShare*l[largest].rootMeanSquare()
		})
		if e >= 0 {
			layers := r.Epochs[e].Layers
			largest := behind(layers, i)
			return finding(VanishingGradients, r.Epochs[e].Epoch, i, "its weights' gradients have a root mean square of %.2g, those of layer %d one of %.2g",
				layers[i].rootMeanSquare(), largest, layers[largest].rootMeanSquare())
		}
	}
	return nil
}

// behind returns the Dense layer behind a Dense layer i with the largest gradient, or -1.
func behind(layers []LayerRecord, i int) int {
	largest := -1
	if !layers[i].dense {
		return largest
	}
	for j := i + 1; j < len(layers); j++ {
		if layers[j].dense && (largest < 0 || layers[j].rootMeanSquare() > layers[largest].rootMeanSquare()) {
			largest = j
		}
	}
	return largest
}

// rootMeanSquare returns that of the gradient.
func (l *LayerRecord) rootMeanSquare() float64 { return l.GradientNorm / math.Sqrt(float64(l.weights)) }

// overfitting compares means of several validations in a row, without penalties, which change from epoch to epoch too.
func (r *MonitorReport) overfitting() []Finding {
	var epochs []*EpochRecord // with a validation
	for i := range r.Epochs {
		if e := &r.Epochs[i]; e.ValidationLoss == e.ValidationLoss {
			epochs = append(epochs, e)
		}
	}
	last := len(epochs) - overfittingEpochs
	least, best := math.Inf(1), 0
	for i := range last + 1 {
		if _, validation := meanLosses(epochs[i:]); validation < least {
			least, best = validation, i
		}
	}
	if last-best < overfittingEpochs {
		return nil
	}
	before, _ := meanLosses(epochs[best:])
	after, most := meanLosses(epochs[last:])
	rise := float64(overfittingRise * math.Abs(least))
	if floor := float64(overfittingFloor * math.Abs(r.Baseline)); floor > rise {
		rise = floor
	}
	if !(most > least+rise && before-after > overfittingRise*math.Abs(before)) {
		return nil
	}
	since := epochs[best+overfittingEpochs]
	return finding(Overfitting, since.Epoch, -1, "the validation loss was %.3g in the %d validations before, the least, and %.3g in the last, while the training loss fell from %.3g to %.3g",
		least, overfittingEpochs, most, before, after)
}

// meanLosses returns means over the first overfittingEpochs epochs.
func meanLosses(epochs []*EpochRecord) (loss, validation float64) {
	for _, e := range epochs[:overfittingEpochs] {
		loss += (e.Loss - e.Penalty) / overfittingEpochs
		validation += (e.ValidationLoss - e.Penalty) / overfittingEpochs
	}
	return loss, validation
}

func (r *MonitorReport) underfitting() []Finding {
	if len(r.Epochs) == 0 {
		return nil
	}
	last := &r.Epochs[len(r.Epochs)-1]
	loss := last.Loss
	if last.ValidationLoss < loss {
		loss = last.ValidationLoss // dropout and noise raise the training loss
	}
	if loss -= last.Penalty; !(loss > underfittingShare*r.Baseline) {
		return nil
	}
	return finding(Underfitting, r.Epochs[0].Epoch, -1, "after %d epochs the loss is %.4g, %.0f %% of the %.4g that the mean of the targets gives for every row",
		len(r.Epochs), loss, 100*loss/r.Baseline, r.Baseline)
}

// String returns a table of the layers in the last epoch that was seen, and the findings.
func (r *MonitorReport) String() string {
	var b strings.Builder
	if r.layers() > 0 {
		last := r.last()
		fmt.Fprintf(&b, "Layers in epoch %d\n", last.Epoch)
		fmt.Fprintf(&b, "%-28s %10s %14s %6s %10s %10s\n", "", "gradient", "update/weights", "dead", "mean", "deviation")
		for _, l := range last.Layers {
			gradient, ratio, dead := "-", "-", "-"
			if l.weights > 0 {
				gradient, ratio = fmt.Sprintf("%.3g", l.GradientNorm), fmt.Sprintf("%.3g", l.UpdateRatio)
			}
			if l.units > 0 {
				dead = fmt.Sprintf("%.0f %%", 100*l.Dead)
			}
			fmt.Fprintf(&b, "%-28s %10s %14s %6s %10.3g %10.3g\n", l.Name, gradient, ratio, dead, l.Mean, l.StdDev)
		}
	}
	if len(r.Findings) == 0 {
		b.WriteString("Nothing is wrong.\n")
	}
	for _, f := range r.Findings {
		fmt.Fprintln(&b, f)
	}
	return b.String()
}

// baseline returns the training loss of giving every row the mean target, NaN where that is not known.
func (f *fit) baseline() float64 {
	t, d := f.trainer, f.data
	loss := t.loss
	if f.stream != nil || loss.kind == poisson || loss.kind == cosineSimilarity {
		return math.NaN()
	}
	loss.logits, loss.head = false, false // the mean is a probability where there are any
	weight := func(r int) float64 {
		if f.weights == nil {
			return 1
		}
		return float64(f.weights[r])
	}
	rows, sums, total := len(f.order), make([]float64, t.net.Outputs()), 0.0
	for r := range rows {
		w := weight(r)
		total += w
		y := d.Y[r*d.Targets:][:d.Targets]
		if loss.kind == sparseCategoricalCrossentropy {
			sums[int(y[0])] += w
			continue
		}
		for j, v := range y {
			sums[j] += w * float64(v) // exact, as the product of two float32
		}
	}
	mean, gradient := make([]float32, len(sums)), make([]float32, len(sums))
	for j, sum := range sums {
		mean[j] = float32(sum / total)
	}
	signed := zerosAndOnes(d.Y[:rows*d.Targets])
	sum := 0.0
	for r := range rows {
		sum += float64(weight(r) * float64(loss.row(d.Y[r*d.Targets:][:d.Targets], mean, gradient, signed)))
	}
	return sum / float64(rows)
}
