// Package ocr reads words off page images with Tesseract, in child processes.
//
// Tesseract is native code that can crash or hang on a bad page, so it never
// runs inside the daemon: [Pool] is the parent's side and starts children of
// the same binary, whose body is [Worker]. A page that crashes or hangs its
// child costs that page alone (see [PageError]). The two speak a small framed
// format over the child's standard input and output, see wire.go.
//
// This is the only place that links github.com/otiai10/gosseract/v2. Built
// without cgo the package compiles, and Worker answers ErrNoEngine with the
// remedy; Pool and the wire format are plain Go.
//
// Left out: image files (the caller hands over gray pixels), page turning and
// deskewing (package fax), and languages other than those installed.
package ocr
