package mlp

import (
	"encoding/csv"
	"io"
	"slices"
	"strconv"
)

// History is the record of a training.
type History struct {
	// Metrics holds one value an epoch under each name: "loss" and the trainer's metrics, and the same with "val_" if there was
	// validation. A name that an epoch lacks, for FitConfig.ValidateEvery, has fewer values.
	Metrics map[string][]float64
	// Epochs are the numbers, from 0, of the epochs that were completed.
	Epochs []int

	names []string
	logs  []Logs // of the epochs
}

func newHistory() *History { return &History{Metrics: map[string][]float64{}} }

// Names returns the keys of Metrics in a fixed order: loss, metrics, val_loss, val_ metrics, then what callbacks added.
func (h *History) Names() []string { return slices.Clone(h.names) }

func (h *History) add(epoch int, logs *Logs) {
	h.Epochs = append(h.Epochs, epoch)
	h.logs = append(h.logs, Logs{slices.Clone(logs.names), slices.Clone(logs.values)})
	for i, name := range logs.names {
		if _, ok := h.Metrics[name]; !ok {
			h.names = append(h.names, name)
		}
		h.Metrics[name] = append(h.Metrics[name], logs.values[i])
	}
}

// WriteCSV writes a header and a line for each epoch: epoch, counted from 0 as by Keras's CSVLogger, and the metrics in the
// order of Names, NA where an epoch lacks one. Numbers read back to the same float64.
func (h *History) WriteCSV(w io.Writer) error {
	out := csv.NewWriter(w)
	record := append([]string{"epoch"}, h.names...)
	if err := out.Write(record); err != nil {
		return err
	}
	for i, epoch := range h.Epochs {
		record = append(record[:0], strconv.Itoa(epoch))
		for _, name := range h.names {
			record = append(record, h.logs[i].text(name))
		}
		if err := out.Write(record); err != nil {
			return err
		}
	}
	out.Flush()
	return out.Error()
}
