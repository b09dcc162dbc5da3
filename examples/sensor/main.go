// Command sensor learns on a small device from what its sensors tell, for as long as the device runs.
//
// It reads lines of numbers from standard input. One that ends in a class teaches; one that lacks it is answered with the
// likeliest class and its probability:
//
//	12.5, 0.31, 101325, 1
//	12.9, 0.28, 101290
//
// Each taught line goes into a window of the last 256, and is followed by a step with 16 of these, the new one among them.
// Scaling the values is the first layer's task, so that nothing has to be known of them beforehand.
//
// Memory is fixed. The program tells how much it needs before it reads the first line, and a line, however long, takes no more.
//
// Power may fail at any moment. Every -every lines, all that was learned goes to the disk, in a file that replaces the one
// before it, and a program that finds such a file tells with which line it begins. Sent the lines from there, it comes to the
// same weights, bit for bit, as if nothing had happened. So there is no command to stop it: pull the plug.
//
// A line that cannot be used, for a field that is no number, a value beyond ±1e9 or a class that there is none of, is reported
// with its number and passed over: one bad reading must not stop a device, nor spoil what it has learned.
//
// For a small ARM without an FPU, or one with it:
//
//	CGO_ENABLED=0 GOOS=linux GOARCH=arm GOARM=5 go build ./examples/sensor
//	CGO_ENABLED=0 GOOS=linux GOARCH=arm GOARM=7 go build ./examples/sensor
//	sensor -values 3 -classes 2 -checkpoint /var/lib/sensor < /dev/ttyS0
package main

import (
	"bufio"
	"errors"
	"flag"
	"fmt"
	"io"
	"log"
	"os"
	"runtime"
	"runtime/debug"
)

func main() {
	log.SetFlags(0)
	log.SetPrefix("sensor: ")
	var c config
	flag.IntVar(&c.values, "values", 3, "`number` of values on a line")
	flag.IntVar(&c.classes, "classes", 2, "`number` of classes, which lines count from 0")
	flag.StringVar(&c.checkpoint, "checkpoint", "sensor.checkpoint", "`file` that survives a loss of power")
	flag.IntVar(&c.every, "every", 1000, "`lines` from one checkpoint to the next")
	flag.Parse()
	debug.SetGCPercent(10) // collects from 400 kB of heap, not from 4 MB
	if err := run(os.Stdin, os.Stdout, os.Stderr, c); err != nil {
		log.Fatal(err)
	}
}

// config is what the flags say.
type config struct {
	values, classes, every int
	checkpoint             string
}

// run learns from in to its end. Answers go to out, and all else that there is to tell to messages.
func run(in io.Reader, out, messages io.Writer, c config) error {
	if c.every < 1 {
		return fmt.Errorf("-every is %d, want at least 1", c.every)
	}
	l, err := newLearner(c.values, c.classes)
	if err != nil {
		return err
	}
	lines := bufio.NewReaderSize(in, lineSize)
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	fmt.Fprintf(messages, "needs %d kB, and Go's runtime %d kB\n", (l.memory()+lineSize)/1000, m.Sys/1000)

	if err := l.resume(c.checkpoint); err != nil {
		return err
	}
	fmt.Fprintf(messages, "begins with line %d\n", l.lines+1)
	answer := make([]byte, 0, lineSize)
	for {
		answer = answer[:0]
		line, err := readLine(lines)
		if err != nil && err != errTooLong {
			fmt.Fprintf(messages, "%d lines, of which %d taught\n", l.lines, l.taught)
			if err == io.EOF {
				err = nil
			}
			return errors.Join(err, l.save(c.checkpoint))
		}
		l.lines++
		if err == nil {
			answer, err = l.take(answer, line)
		}
		if err != nil {
			fmt.Fprintf(messages, "line %d is passed over: %v\n", l.lines, err)
		}
		if _, err := out.Write(answer); err != nil {
			return err
		}
		if l.lines%int64(c.every) == 0 {
			if err := l.save(c.checkpoint); err != nil {
				return err
			}
		}
	}
}
