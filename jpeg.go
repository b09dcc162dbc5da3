package mlp

import (
	"bytes"
	"encoding/binary"
)

// jpegSize returns the height and width that a JPEG file claims: image.DecodeConfig makes a decoder with all its tables
// for that, which costs a seventh of the time that a small image takes. ok is false, and the size is the decoder's to
// tell, unless all that comes before the frame is segments that a decoder reads or skips whole.
func jpegSize(file []byte) (height, width int, ok bool) {
	if !bytes.HasPrefix(file, []byte("\xff\xd8")) {
		return 0, 0, false
	}
	for i := 2; len(file)-i >= 9 && file[i] == 0xff; {
		segment := file[i+2:] // its length, then what it holds
		switch marker := file[i+1]; marker {
		case 0xc0, 0xc1, 0xc2: // a frame: baseline, extended, progressive
			return int(binary.BigEndian.Uint16(segment[3:])), int(binary.BigEndian.Uint16(segment[5:])), true
		case 0xc4, 0xdb, 0xdd, 0xfe: // Huffman codes, quantization, restart interval, comment
		default:
			if marker < 0xe0 || marker > 0xef { // an application's
				return 0, 0, false
			}
		}
		i += 2 + int(binary.BigEndian.Uint16(segment))
	}
	return 0, 0, false
}
