// Package browsertest drives the playground in a real browser.
package browsertest

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

// patience is how long anything may take on a slow machine.
const patience = 60 * time.Second

// chromium returns the path of a browser. Without one the test is skipped, or fails where MLP_TEST_REQUIRE names
// chromium.
func chromium(t *testing.T) string {
	t.Helper()
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome", "chrome"} {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	if slices.Contains(strings.Split(os.Getenv("MLP_TEST_REQUIRE"), ","), "chromium") {
		t.Fatal("there is no chromium, which MLP_TEST_REQUIRE asks for")
	}
	t.Skip("there is no chromium")
	return ""
}

// playground builds the command and returns its path.
func playground(t *testing.T) string {
	t.Helper()
	command := filepath.Join(t.TempDir(), "playground")
	build := exec.Command("go", "build", "-o", command, "github.com/seed975aa5d7/mlp/examples/playground")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("go build: %v\n%s", err, out)
	}
	return command
}

// serve starts the command and returns the address that it prints.
func serve(t *testing.T, command string) string {
	t.Helper()
	cmd := exec.Command(command)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		cmd.Process.Signal(os.Interrupt)
		cmd.Wait()
	})
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatalf("the command printed no address: %v", err)
	}
	go io.Copy(io.Discard, out)
	return strings.TrimSpace(line)
}

// browser is a page and what its console says.
type browser struct {
	*testing.T
	ctx     context.Context
	address string

	mu     sync.Mutex
	errors []string
}

// newBrowser opens a fresh browser; size is in CSS pixels.
func newBrowser(t *testing.T, path, address string, width, height int) *browser {
	t.Helper()
	options := append(slices.Clone(chromedp.DefaultExecAllocatorOptions[:]),
		chromedp.ExecPath(path), chromedp.NoSandbox, chromedp.DisableGPU, chromedp.WindowSize(width, height),
		chromedp.Flag("disable-quic", true), chromedp.Flag("disable-component-update", true),
		chromedp.WSURLReadTimeout(patience))
	ctx, cancel := chromedp.NewExecAllocator(context.Background(), options...)
	t.Cleanup(cancel)
	silent := func(string, ...any) {} // it complains of events that it does not know
	ctx, cancel = chromedp.NewContext(ctx, chromedp.WithErrorf(silent))
	t.Cleanup(cancel)
	t.Cleanup(func() { chromedp.Cancel(ctx) }) // closes the browser, and waits for its end
	b := &browser{T: t, ctx: ctx, address: address}
	chromedp.ListenTarget(ctx, func(event any) {
		switch e := event.(type) {
		case *runtime.EventConsoleAPICalled:
			if e.Type == runtime.APITypeError || e.Type == runtime.APITypeWarning {
				b.complain(fmt.Sprint("console: ", e.Args))
			}
		case *runtime.EventExceptionThrown:
			b.complain("exception: " + e.ExceptionDetails.Error())
		case *log.EventEntryAdded:
			if e.Entry.Level == log.LevelError || e.Entry.Level == log.LevelWarning {
				b.complain("log: " + e.Entry.Text + " " + e.Entry.URL)
			}
		}
	})
	b.run(log.Enable())
	return b
}

func (b *browser) complain(text string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.errors = append(b.errors, text)
}

// quiet fails if the console has an error.
func (b *browser) quiet() {
	b.Helper()
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, e := range b.errors {
		b.Error(e)
	}
	b.errors = nil
}

func (b *browser) run(actions ...chromedp.Action) {
	b.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, patience)
	defer cancel()
	// The first call makes the browser, which must outlive the time limit.
	if chromedp.FromContext(b.ctx).Target == nil {
		ctx = b.ctx
	}
	if err := chromedp.Run(ctx, actions...); err != nil {
		b.Fatal(err)
	}
}

// eval returns the value of an expression.
func eval[T any](b *browser, expression string) T {
	b.Helper()
	var v T
	b.run(chromedp.Evaluate(expression, &v))
	return v
}

// wait waits until an expression is true. An error is no reason to give up: the page may be about to make place for another.
func (b *browser) wait(expression string) {
	b.Helper()
	var err error
	for end := time.Now().Add(patience); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		var done bool
		if err = chromedp.Run(b.ctx, chromedp.Evaluate("Boolean("+expression+")", &done)); err == nil && done {
			return
		}
	}
	b.Fatalf("%s: not within %v; last error %v; state %s, problems %q", expression, patience, err,
		eval[string](b, "document.documentElement.dataset.state ?? ''"), b.text("problems"))
}

// open opens a fragment and waits until the lab stands still, at its step.
func (b *browser) open(fragment string) {
	b.Helper()
	b.run(chromedp.Navigate("about:blank"), chromedp.Navigate(b.address+"#"+fragment))
	b.wait(paused)
}

const paused = "document.documentElement.dataset.state === 'paused'"

func (b *browser) click(selector string) {
	b.Helper()
	b.run(chromedp.Evaluate(fmt.Sprintf("document.querySelector(%q).scrollIntoView({block: 'center'})", selector), nil),
		chromedp.Click(selector, chromedp.ByQuery))
}

func (b *browser) text(id string) string {
	b.Helper()
	return eval[string](b, fmt.Sprintf("document.getElementById(%q).textContent", id))
}

// fragment returns the fragment in the address bar.
func (b *browser) fragment() string {
	b.Helper()
	return eval[string](b, "location.hash.slice(1)")
}
