//go:build !cgo

package ocr

import "fmt"

func openEngine(string) (engine, error) {
	return nil, fmt.Errorf("%w: this program was built without cgo; do apt-get install g++ libtesseract-dev libleptonica-dev tesseract-ocr-eng and build with CGO_ENABLED=1", ErrNoEngine)
}
