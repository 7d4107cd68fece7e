package main

import (
	"bytes"
	"fmt"
	"path/filepath"
	"strings"
	"unicode/utf8"
)

// contentType finds out what a document is: by its first bytes, and among texts by the name of its file.
func contentType(b []byte, path string) (string, error) {
	head := b[:min(len(b), 1024)]
	switch {
	case len(b) == 0:
		return "", fmt.Errorf("--document: got an empty file, want the clinician's document")
	case bytes.Contains(head, []byte("%PDF-")):
		return "application/pdf", nil
	case bytes.HasPrefix(b, []byte("II*\x00")), bytes.HasPrefix(b, []byte("MM\x00*")):
		return "image/tiff", nil
	case bytes.HasPrefix(b, []byte("\x89PNG\r\n\x1a\n")):
		return "image/png", nil
	case bytes.HasPrefix(b, []byte{0xff, 0xd8, 0xff}):
		return "image/jpeg", nil
	case bytes.HasPrefix(b, []byte(`{\rtf`)):
		return "application/rtf", nil
	}
	if bytes.IndexByte(b, 0) >= 0 || !utf8.Valid(b) {
		return "", fmt.Errorf("--document: got %d bytes of an unknown kind, want PDF, TIFF, PNG, JPEG, C-CDA, RTF, HTML or UTF-8 text; print it to PDF", len(b))
	}
	return textType(head, strings.ToLower(filepath.Ext(path))), nil
}

// textType tells kinds of text apart.
func textType(head []byte, ext string) string {
	start := bytes.ToLower(bytes.TrimSpace(bytes.TrimPrefix(head, []byte("\xef\xbb\xbf"))))
	switch {
	case bytes.HasPrefix(start, []byte("<!doctype html")), bytes.HasPrefix(start, []byte("<html")), ext == ".html", ext == ".htm":
		return "text/html"
	case bytes.HasPrefix(start, []byte("<?xml")), bytes.HasPrefix(start, []byte("<clinicaldocument")), ext == ".xml", ext == ".cda":
		return "text/xml"
	}
	return "text/plain"
}
