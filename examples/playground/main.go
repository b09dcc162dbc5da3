// Command playground serves a web page on which one sees a network learn, and computes in the browser what the library
// computes everywhere.
//
//	go run ./examples/playground                   serves the page on this machine and prints its address
//	go run ./examples/playground -o site           writes it as static files
//	go run ./examples/playground -hash 'step=500'  trains natively and prints the hash of the weights
//
// The text behind -hash is what stands behind the # of the page's address. The static files take 1.7 MB gzipped, 0.6 MB of
// which are the Go runtime and its glue, as a program that does nothing has them.
package main

import (
	"bytes"
	"compress/gzip"
	"context"
	"embed"
	"errors"
	"flag"
	"fmt"
	"html/template"
	"io"
	"io/fs"
	"log"
	"net"
	"net/http"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/seed975aa5d7/mlp/examples/playground/lab"
)

//go:embed page
var page embed.FS

func main() {
	log.SetFlags(0)
	address := flag.String("http", "127.0.0.1:0", "serve the page on this `address`; port 0 takes a free one")
	dir := flag.String("o", "", "write the page to this `folder` instead")
	fragment := flag.String("hash", "", "print the hash of the weights that this `fragment` of an address leads to")
	flag.Parse()
	if flag.NArg() > 0 {
		flag.Usage()
		os.Exit(2)
	}
	hashed := false // an empty fragment is the default's
	flag.Visit(func(f *flag.Flag) { hashed = hashed || f.Name == "hash" })
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	var err error
	switch {
	case hashed:
		err = printHash(os.Stdout, *fragment)
	case *dir != "":
		err = write(ctx, os.Stdout, *dir)
	default:
		err = serve(ctx, os.Stdout, *address)
	}
	if err != nil {
		log.Fatal(err)
	}
}

// printHash trains natively.
func printHash(w io.Writer, fragment string) error {
	cfg, problems := lab.Parse(fragment)
	if len(problems) > 0 {
		return errors.New(strings.Join(problems, "\n"))
	}
	l, err := lab.New(cfg)
	if err != nil {
		return err
	}
	defer l.Close()
	for l.Step() < cfg.Step {
		if !l.Advance() {
			return fmt.Errorf("step %d is not reached: %w", cfg.Step, l.Ended())
		}
	}
	fmt.Fprintln(w, l.Hash())
	return nil
}

// policy lets the page load its own files and nothing else. index.html has the same one, for other servers.
const policy = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; img-src 'self'; " +
	"connect-src 'self'; worker-src 'self'; base-uri 'none'; form-action 'none'"

// serve serves the page until ctx is done.
func serve(ctx context.Context, w io.Writer, address string) error {
	dir, err := os.MkdirTemp("", "playground")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	if err := build(ctx, dir); err != nil {
		return err
	}
	listener, err := net.Listen("tcp", address)
	if err != nil {
		return err
	}
	files := http.FileServer(http.Dir(dir))
	server := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Security-Policy", policy)
		w.Header().Set("X-Content-Type-Options", "nosniff")
		w.Header().Set("Cache-Control", "no-cache")
		files.ServeHTTP(w, r)
	})}
	go func() {
		<-ctx.Done()
		server.Close()
	}()
	fmt.Fprintf(w, "http://%s/\n", listener.Addr())
	if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

// write writes the static files, and tells their sizes.
func write(ctx context.Context, w io.Writer, dir string) error {
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return err
	}
	if err := build(ctx, dir); err != nil {
		return err
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	var sum, packed int64
	for _, e := range entries {
		size, gzipped, err := sizes(filepath.Join(dir, e.Name()))
		if err != nil {
			return err
		}
		fmt.Fprintf(w, "%-16s %9d bytes %9d gzipped\n", e.Name(), size, gzipped)
		sum, packed = sum+size, packed+gzipped
	}
	fmt.Fprintf(w, "%-16s %9d bytes %9d gzipped\n", "", sum, packed)
	return nil
}

const examplesPath = "github.com/seed975aa5d7/mlp/examples/"

// example is another example, for the gallery at the page's foot.
type example struct {
	Name, Text string
}

// gallery lists the other examples, with the first sentences of their documentation.
func gallery(ctx context.Context) ([]example, error) {
	out, err := exec.CommandContext(ctx, "go", "list", "-f", "{{.ImportPath}}\t{{.Doc}}", examplesPath+"...").Output()
	if err != nil {
		return nil, fmt.Errorf("go list of the examples: %w", err)
	}
	var list []example
	for line := range strings.Lines(string(out)) {
		path, doc, _ := strings.Cut(strings.TrimSpace(line), "\t")
		name := strings.TrimPrefix(path, examplesPath)
		if name == "playground" || strings.Contains(name, "/") {
			continue
		}
		text := strings.TrimPrefix(doc, "Command "+name+" ")
		first, size := utf8.DecodeRuneInString(text)
		list = append(list, example{name, string(unicode.ToUpper(first)) + text[size:]})
	}
	return list, nil
}

// fill writes the gallery into the page.
func fill(page []byte, examples []example) ([]byte, error) {
	t, err := template.New("index.html").Parse(string(page))
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	err = t.Execute(&b, examples)
	return b.Bytes(), err
}

// build writes the page's files, the lab as WebAssembly, and Go's glue for it to a folder.
func build(ctx context.Context, dir string) error {
	files, err := fs.Sub(page, "page")
	if err != nil {
		return err
	}
	entries, err := fs.ReadDir(files, ".")
	if err != nil {
		return err
	}
	examples, err := gallery(ctx)
	if err != nil {
		return err
	}
	for _, e := range entries {
		content, err := fs.ReadFile(files, e.Name())
		if err != nil {
			return err
		}
		if e.Name() == "index.html" {
			if content, err = fill(content, examples); err != nil {
				return err
			}
		}
		if err := os.WriteFile(filepath.Join(dir, e.Name()), content, 0o666); err != nil {
			return err
		}
	}
	wasm, err := filepath.Abs(filepath.Join(dir, "lab.wasm"))
	if err != nil {
		return err
	}
	cmd := exec.CommandContext(ctx, "go", "build", "-trimpath", "-ldflags=-s -w", "-o", wasm, examplesPath+"playground/wasm")
	cmd.Env = append(os.Environ(), "GOOS=js", "GOARCH=wasm")
	cmd.Stderr = os.Stderr
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("go build of the lab: %w", err)
	}
	root, err := exec.CommandContext(ctx, "go", "env", "GOROOT").Output()
	if err != nil {
		return fmt.Errorf("go env GOROOT: %w", err)
	}
	glue, err := os.ReadFile(filepath.Join(strings.TrimSpace(string(root)), "lib", "wasm", "wasm_exec.js"))
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dir, "wasm_exec.js"), glue, 0o666)
}

// sizes returns a file's size, and that after gzip.
func sizes(path string) (size, gzipped int64, err error) {
	content, err := os.ReadFile(path)
	if err != nil {
		return 0, 0, err
	}
	var count counter
	z, err := gzip.NewWriterLevel(&count, gzip.BestCompression)
	if err != nil {
		return 0, 0, err
	}
	if _, err := z.Write(content); err != nil {
		return 0, 0, err
	}
	if err := z.Close(); err != nil {
		return 0, 0, err
	}
	return int64(len(content)), int64(count), nil
}

// counter counts what is written to it.
type counter int64

func (c *counter) Write(b []byte) (int, error) {
	*c += counter(len(b))
	return len(b), nil
}
