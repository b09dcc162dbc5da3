package mlp

// The losses as metrics. They see the network's outputs as they are: FromLogits says whether those are logits.

// Name returns "mse".
func (MeanSquaredError) Name() string { return "mse" }

// Name returns "mae".
func (MeanAbsoluteError) Name() string { return "mae" }

// Name returns "mape".
func (MeanAbsolutePercentageError) Name() string { return "mape" }

// Name returns "msle".
func (MeanSquaredLogarithmicError) Name() string { return "msle" }

// Name returns "huber".
func (Huber) Name() string { return "huber" }

// Name returns "logcosh".
func (LogCosh) Name() string { return "logcosh" }

// Name returns "poisson".
func (Poisson) Name() string { return "poisson" }

// Name returns "kl_divergence".
func (KLDivergence) Name() string { return "kl_divergence" }

// Name returns "hinge".
func (Hinge) Name() string { return "hinge" }

// Name returns "squared_hinge".
func (SquaredHinge) Name() string { return "squared_hinge" }

// Name returns "categorical_hinge".
func (CategoricalHinge) Name() string { return "categorical_hinge" }

// Name returns "binary_crossentropy".
func (BinaryCrossentropy) Name() string { return "binary_crossentropy" }

// Name returns "categorical_crossentropy".
func (CategoricalCrossentropy) Name() string { return "categorical_crossentropy" }

// Name returns "sparse_categorical_crossentropy".
func (SparseCategoricalCrossentropy) Name() string { return "sparse_categorical_crossentropy" }

// Name returns "binary_focal_crossentropy".
func (BinaryFocalCrossentropy) Name() string { return "binary_focal_crossentropy" }

// Name returns "categorical_focal_crossentropy".
func (CategoricalFocalCrossentropy) Name() string { return "categorical_focal_crossentropy" }

// Name returns "cosine_similarity".
func (CosineSimilarity) Name() string { return "cosine_similarity" }

// Accumulator implements Metric.
func (l MeanSquaredError) Accumulator(outputs, targets int) (Accumulator, error) {
	return lossMetric(l, outputs, targets)
}

// Accumulator implements Metric.
func (l MeanAbsoluteError) Accumulator(outputs, targets int) (Accumulator, error) {
	return lossMetric(l, outputs, targets)
}

// Accumulator implements Metric.
func (l MeanAbsolutePercentageError) Accumulator(outputs, targets int) (Accumulator, error) {
	return lossMetric(l, outputs, targets)
}

// Accumulator implements Metric.
func (l MeanSquaredLogarithmicError) Accumulator(outputs, targets int) (Accumulator, error) {
	return lossMetric(l, outputs, targets)
}

// Accumulator implements Metric.
func (l Huber) Accumulator(outputs, targets int) (Accumulator, error) {
	return lossMetric(l, outputs, targets)
}

// Accumulator implements Metric.
func (l LogCosh) Accumulator(outputs, targets int) (Accumulator, error) {
	return lossMetric(l, outputs, targets)
}

// Accumulator implements Metric.
func (l Poisson) Accumulator(outputs, targets int) (Accumulator, error) {
	return lossMetric(l, outputs, targets)
}

// Accumulator implements Metric.
func (l KLDivergence) Accumulator(outputs, targets int) (Accumulator, error) {
	return lossMetric(l, outputs, targets)
}

// Accumulator implements Metric.
func (l Hinge) Accumulator(outputs, targets int) (Accumulator, error) {
	return lossMetric(l, outputs, targets)
}

// Accumulator implements Metric.
func (l SquaredHinge) Accumulator(outputs, targets int) (Accumulator, error) {
	return lossMetric(l, outputs, targets)
}

// Accumulator implements Metric.
func (l CategoricalHinge) Accumulator(outputs, targets int) (Accumulator, error) {
	return lossMetric(l, outputs, targets)
}

// Accumulator implements Metric.
func (l BinaryCrossentropy) Accumulator(outputs, targets int) (Accumulator, error) {
	return lossMetric(l, outputs, targets)
}

// Accumulator implements Metric.
func (l CategoricalCrossentropy) Accumulator(outputs, targets int) (Accumulator, error) {
	return lossMetric(l, outputs, targets)
}

// Accumulator implements Metric.
func (l SparseCategoricalCrossentropy) Accumulator(outputs, targets int) (Accumulator, error) {
	return lossMetric(l, outputs, targets)
}

// Accumulator implements Metric.
func (l BinaryFocalCrossentropy) Accumulator(outputs, targets int) (Accumulator, error) {
	return lossMetric(l, outputs, targets)
}

// Accumulator implements Metric.
func (l CategoricalFocalCrossentropy) Accumulator(outputs, targets int) (Accumulator, error) {
	return lossMetric(l, outputs, targets)
}
