package mlp

import (
	"encoding/json"
	"strings"
	"testing"
	"unicode/utf8"
)

// FuzzJSON compares the reader with encoding/json, which accepts more: any depth, keys that stand twice, halves of
// surrogate pairs and bytes that are not UTF-8.
func FuzzJSON(f *testing.F) {
	for _, text := range []string{
		``, ` `, `{}`, `[]`, ` [ ] `, `null`, `true`, `false`, `nul`, `truee`, `"a"`, `"`, `"\"`, `"a\u00e9\n\/"`, `"\ud83d\ude00"`, `"\ud83d"`,
		`"\ude00\ud83d"`, `"\u12"`, `"\x"`, "\"\x01\"", "\"\x7f\"", "\x00", "\xff", "0", "-", "-0", "01", "1.", ".5", "1.5", "1e5", "1E+05", "1e",
		"1e+", "-1.25e-3", "1x", "0x10", "+1", "1 2", "Infinity", "NaN", `[1,2]`, `[1,]`, `[,1]`, `[1 2]`, `[1`, `{"a":1}`, `{"a":1,}`,
		`{,}`, `{"a"}`, `{"a":}`, `{a:1}`, `{"a":1 "b":2}`, `{"a":[{"b":[]},null]}`, `]`, `}`, `[}`, `{"a":1]`, strings.Repeat("[", 300),
		strings.Repeat("[", 128) + strings.Repeat("]", 128), "\"\u2028\ufeff\"",
	} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		err := readJSON(text, func(j jsonReader) error { return j.skip(maxJSONDepth) })
		valid := json.Valid(text) && utf8.Valid(text)
		if err == nil && !valid {
			t.Errorf("%q: accepted", text)
		}
		if err != nil && valid && !strings.Contains(err.Error(), "invalid escape") && !strings.Contains(err.Error(), "deep") {
			t.Errorf("%q: got error %v, want none", text, err)
		}
		if err != nil && len(err.Error()) > 500 {
			t.Errorf("%.80q: an error of %d bytes", text, len(err.Error()))
		}
		if err != nil {
			return
		}
		var number float64
		if json.Unmarshal(text, &number) == nil && strings.TrimSpace(string(text)) != "null" {
			checkJSON(t, text, number, jsonReader.float)
		}
		var word string
		if json.Unmarshal(text, &word) == nil && strings.TrimSpace(string(text)) != "null" {
			checkJSON(t, text, word, jsonReader.string)
		}
	})
}

func checkJSON[T comparable](t *testing.T, text []byte, want T, read func(jsonReader) (T, error)) {
	t.Helper()
	var got T
	err := readJSON(text, func(j jsonReader) (err error) {
		got, err = read(j)
		return err
	})
	if err != nil || got != want {
		t.Errorf("%q: got %v (error %v), want %v", text, got, err, want)
	}
}
