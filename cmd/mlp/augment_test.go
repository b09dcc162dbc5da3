package main

import (
	"fmt"
	"strings"
	"testing"

	"github.com/seed975aa5d7/mlp"
)

func TestAugment(t *testing.T) {
	byteRange := [2]float64{0, 255}
	for _, test := range []struct{ flag, want string }{
		{"", "[]"},
		{"flip", "[{Horizontal:true Vertical:false}]"},
		{"flip=vertical,turn", "[{Horizontal:false Vertical:true} {}]"},
		{"noise=0.5,flip=both", "[{Deviation:0.5} {Horizontal:true Vertical:true}]"},
		{"crop=2,cutout=3", "[{Padding:2 Fill:0 FillValue:0} {Size:3 FillValue:0}]"},
		{"shift=0.1", "[{HeightFactor:0.1 WidthFactor:0.1 Fill:0 FillValue:0}]"},
		{"rotation=0.1,zoom=0.2",
			"[{Factor:0.1 Fill:0 FillValue:0} {HeightFactor:0.2 WidthFactor:0 Fill:0 FillValue:0}]"},
		{"contrast=0.2,brightness=1", "[{Factor:0.2 ValueRange:[0 255]} {Factor:1 ValueRange:[0 255]}]"},
		{"mixup=0.3", "[{Alpha:0.3}]"}, {"mixup", "[{Alpha:0}]"},
	} {
		list, err := augmentFlag(test.flag).build(byteRange)
		if err != nil {
			t.Errorf("%s: %v", test.flag, err)
		}
		if got := fmt.Sprintf("%+v", list); got != test.want {
			t.Errorf("%s: %s, want %s", test.flag, got, test.want)
		}
	}
	if list, err := augmentFlag("noise=1,mixup=1,flip").build(byteRange); err != nil || changesImages(list[0]) ||
		changesImages(list[1]) || !changesImages(mlp.RandomFlip{}) {
		t.Errorf("which of %T change images? (%v)", list, err)
	}
	for _, test := range []struct{ flag, want string }{
		{"flop", `there is no setting "flop"; want flip, turn, crop`},
		{"flip=up", `flip is "up", want horizontal, vertical or both`},
		{"turn=1", "turn alone"},
		{"crop", `crop is "", want a whole number, 1 or more`},
		{"crop=0", "crop is 0"},
		{"shift=2", "shift is 2, want 0 to 1"},
		{"noise=0", "noise is 0, want more than 0"},
		{"mixup=", `mixup is "", want a number`}, {"mixup=0", "mixup is 0, want more than 0"},
		{"flip,flip", "flip is set twice"},
		{"flip,", "a setting without a name"},
	} {
		if _, err := augmentFlag(test.flag).build(byteRange); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: %v, want %q", test.flag, err, test.want)
		}
	}
}
