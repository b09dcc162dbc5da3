package mlp

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// TensorBoard writes event files that TensorBoard reads, as Keras's callback (https://keras.io/api/callbacks/tensorboard): the
// scalars epoch_loss, epoch_accuracy, … and epoch_learning_rate into Dir/train, and those of the validation, under the same names,
// into Dir/validation. Each training adds files of its own. A file but for its name depends on the clock in the events' wall time only.
type TensorBoard struct {
	Dir string // made if it does not exist

	// Histograms writes a histogram of each array of weights into Dir/train after the epochs whose number, from 0, is a multiple of it:
	// layer_0/weights/histogram, layer_0/bias/histogram, … 0 writes none.
	Histograms int
	Gradients  bool // with Histograms, also of the gradients of the epoch's last step: layer_0/weights/gradient/histogram, …

	now func() time.Time // of a test; nil means time.Now
}

// Start implements Callback.
func (b TensorBoard) Start(*Training) (Hooks, error) {
	var err error
	switch {
	case b.Dir == "":
		err = errors.New("Dir is empty, want a folder")
	case b.Histograms < 0:
		err = fmt.Errorf("Histograms is %d, want Histograms >= 0", b.Histograms)
	case b.Gradients && b.Histograms == 0:
		err = errors.New("Gradients is set, but Histograms is 0")
	}
	if err != nil {
		return Hooks{}, fmt.Errorf("mlp: TensorBoard: %w", err)
	}
	if b.now == nil {
		b.now = time.Now
	}
	w := &boardWriter{TensorBoard: b}
	return Hooks{EpochBegin: w.begin, EpochEnd: w.epoch, End: w.close}, nil
}

// boardWriter is a TensorBoard at work.
type boardWriter struct {
	TensorBoard
	train, validation eventFile
}

// begin opens the file of the training part, so that a folder that cannot be written is found before the first step.
func (w *boardWriter) begin(*Training) error {
	return w.flush(&w.train, "train")
}

// epoch writes the epoch's numbers.
func (w *boardWriter) epoch(t *Training) error {
	now := w.now()
	logs := t.Logs()
	for i, name := range logs.names {
		file := &w.train
		name, isValidation := strings.CutPrefix(name, "val_")
		if isValidation {
			file = &w.validation
		}
		if name != "learning_rate" {
			file.add(now, t.Epoch, appendScalar(nil, "epoch_"+name, logs.values[i]))
		}
	}
	w.train.add(now, t.Epoch, appendScalar(nil, "epoch_learning_rate", t.Trainer.LearningRate()))
	if w.Histograms > 0 && t.Epoch%w.Histograms == 0 {
		w.histograms(now, t)
	}
	if err := w.flush(&w.train, "train"); err != nil || len(w.validation.buffer) == 0 {
		return err
	}
	return w.flush(&w.validation, "validation")
}

// histograms adds those of weights and gradients.
func (w *boardWriter) histograms(now time.Time, t *Training) {
	trainer := t.Trainer
	add := func(tag string, values []float32) {
		if value := appendHistogram(nil, tag+"/histogram", values); value != nil {
			w.train.add(now, t.Epoch, value)
		}
	}
	for i := range trainer.net.stages {
		layer := fmt.Sprintf("layer_%d/", i)
		for _, weights := range trainer.net.Weights(i) {
			add(layer+weights.Name, weights.Values)
		}
		for _, tn := range trainer.net.stages[i].tensors {
			if w.Gradients && !tn.absent {
				gradients := make([]float32, tn.size())
				tn.unpack(gradients, trainer.grads)
				add(layer+tn.name+"/gradient", gradients)
			}
		}
	}
}

// flush writes what was added to the file, which it opens if need be.
func (w *boardWriter) flush(f *eventFile, part string) error {
	err := f.open(filepath.Join(w.Dir, part), w.now)
	if err == nil && len(f.buffer) > 0 {
		_, err = f.file.Write(f.buffer)
		f.buffer = f.buffer[:0]
	}
	if err != nil {
		return fmt.Errorf("mlp: TensorBoard: %w", err)
	}
	return nil
}

func (w *boardWriter) close(*Training) error {
	var err error
	for _, f := range []*eventFile{&w.train, &w.validation} {
		if f.file != nil {
			err = errors.Join(err, f.file.Close())
		}
	}
	if err != nil {
		return fmt.Errorf("mlp: TensorBoard: %w", err)
	}
	return nil
}

// eventFile is a file of events. Each is a record of TensorFlow's TFRecord format around a protocol buffer
// (https://github.com/tensorflow/tensorboard/blob/master/tensorboard/compat/proto/event.proto and summary.proto).
type eventFile struct {
	file   *os.File
	buffer []byte // records that are not yet written
}

// open makes the folder and a new file in it, unless it is open. TensorBoard reads a folder's files in the order of their names.
func (f *eventFile) open(folder string, now func() time.Time) error {
	if f.file != nil {
		return nil
	}
	if err := os.MkdirAll(folder, 0o777); err != nil {
		return err
	}
	begun := now()
	for i := 0; ; i++ {
		name := filepath.Join(folder, fmt.Sprintf("events.out.tfevents.%010d.%d.mlp", begun.Unix(), i))
		file, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o666)
		if errors.Is(err, os.ErrExist) && i < 1000 {
			continue
		}
		if err != nil {
			return err
		}
		f.file = file
		const fileVersion = 3
		first := appendRecord(nil, appendBytes(appendWallTime(nil, begun), fileVersion, []byte("brain.Event:2")))
		f.buffer = append(first, f.buffer...)
		return nil
	}
}

// add adds an event with one value of a Summary.
func (f *eventFile) add(now time.Time, epoch int, value []byte) {
	const step, summary, summaryValue = 2, 5, 1
	event := appendWallTime(nil, now)
	event = binary.AppendUvarint(append(event, step<<3|wireVarint), uint64(epoch))
	event = appendBytes(event, summary, appendBytes(nil, summaryValue, value))
	f.buffer = appendRecord(f.buffer, event)
}

func appendWallTime(event []byte, now time.Time) []byte {
	const wallTime = 1
	return appendDouble(event, wallTime, float64(now.UnixNano())/1e9)
}

// The fields of a value of a Summary.
const (
	valueTag    = 1
	valueScalar = 2
	valueHisto  = 5
)

// appendScalar appends a value that is a number.
func appendScalar(b []byte, tag string, v float64) []byte {
	b = appendBytes(b, valueTag, []byte(tag))
	b = append(b, valueScalar<<3|wire32)
	return binary.LittleEndian.AppendUint32(b, math.Float32bits(float32(v)))
}

const histogramBuckets = 30 // as TensorFlow's summaries have

// appendHistogram appends a value that is a histogram, with buckets of one width from the smallest to the largest value, or nothing
// if there are no finite values.
func appendHistogram(b []byte, tag string, values []float32) []byte {
	low, high := math.Inf(1), math.Inf(-1)
	var count, sum, squares float64
	for _, v := range values {
		if x := float64(v); x-x == 0 {
			low, high = min(low, x), max(high, x)
			count++
			sum += x
			squares += float64(x * x)
		}
	}
	if count == 0 {
		return b
	}
	var counts [histogramBuckets]float64
	width := (high - low) / histogramBuckets
	for _, v := range values {
		if x := float64(v); x-x == 0 {
			i := 0
			if width > 0 {
				i = min(int((x-low)/width), histogramBuckets-1)
			}
			counts[i]++
		}
	}
	var limits, buckets []byte
	for i, n := range counts {
		limit := high
		if i < histogramBuckets-1 {
			limit = low + float64(width*float64(i+1))
		}
		limits = binary.LittleEndian.AppendUint64(limits, math.Float64bits(limit))
		buckets = binary.LittleEndian.AppendUint64(buckets, math.Float64bits(n))
	}
	var h []byte
	for i, v := range []float64{low, high, count, sum, squares} { // fields 1 … 5
		h = appendDouble(h, i+1, v)
	}
	h = appendBytes(h, 6, limits)
	h = appendBytes(h, 7, buckets)
	return appendBytes(appendBytes(b, valueTag, []byte(tag)), valueHisto, h)
}

// Protocol buffers' kinds of fields.
const (
	wireVarint = 0
	wire64     = 1
	wireBytes  = 2
	wire32     = 5
)

func appendDouble(b []byte, field int, v float64) []byte {
	return binary.LittleEndian.AppendUint64(append(b, byte(field<<3|wire64)), math.Float64bits(v))
}

func appendBytes(b []byte, field int, data []byte) []byte {
	b = binary.AppendUvarint(append(b, byte(field<<3|wireBytes)), uint64(len(data)))
	return append(b, data...)
}

// appendRecord appends a TFRecord: length, its checksum, data, its checksum.
func appendRecord(b, data []byte) []byte {
	at := len(b)
	b = binary.LittleEndian.AppendUint64(b, uint64(len(data)))
	b = binary.LittleEndian.AppendUint32(b, maskedCRC(b[at:]))
	b = append(b, data...)
	return binary.LittleEndian.AppendUint32(b, maskedCRC(data))
}

// maskedCRC returns the CRC-32C of data, rotated and shifted as the format wants it. (To import package hash/crc32 would
// make every program larger, and records are short.)
func maskedCRC(data []byte) uint32 {
	const castagnoli = 0x82f63b78 // the polynomial, its least power first
	crc := ^uint32(0)
	for _, b := range data {
		crc ^= uint32(b)
		for range 8 {
			crc = crc>>1 ^ castagnoli&-(crc&1)
		}
	}
	crc = ^crc
	return (crc>>15 | crc<<17) + 0xa282ead8
}
