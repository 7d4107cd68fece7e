// Interfacespec writes docs/interface-spec.md, the contract that teams of other systems build their interfaces against.
//
// The prose is in pages/; tables come from the tables that the code uses (hl7.Profiles, hl7.CodeText), and everything the page claims
// about answers, meanings and outgoing messages is found out by running the code: messages go through a real MLLP server and
// transform.Decode, events through transform.Render. Run it at the root of the repository:
//
//	go run ./internal/interfacespec
//
// A test fails when the page is not what this gives. Left out: what only a running engine knows (duplicates, retries, closing); it is
// prose here and tested in engine.
package main

import (
	"fmt"
	"os"
	"path/filepath"
)

// target is the page, from the root of the repository.
const target = "docs/interface-spec.md"

func main() {
	page, err := Page(".")
	if err == nil {
		err = os.WriteFile(filepath.FromSlash(target), page, 0o644)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
