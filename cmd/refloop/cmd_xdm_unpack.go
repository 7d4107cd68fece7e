package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"refloop/ccda/xdm"
)

func xdmUnpackCommand() *cobra.Command {
	c := &cobra.Command{
		Use: "unpack FILE", Short: "write the documents of a package below a folder", Args: cobra.ExactArgs(1),
		Long: "unpack writes each document below the folder DIR, under the path that `refloop xdm list` shows, and prints the paths. Characters\n" +
			"that could harm in a file name become _. Nothing is overwritten: when one of the files is there, nothing is written. Links that lead\n" +
			"out of DIR are not followed.",
		Example: "  refloop xdm unpack package.zip -d documents",
		RunE: func(cmd *cobra.Command, args []string) error {
			dir := cmd.Flags().Lookup("dir").Value.String()
			if dir == "" {
				return usageError{errors.New("xdm unpack: -d: got nothing, want the folder to write to")}
			}
			docs, err := openPackage(cmd, args[0])
			if err != nil {
				return err
			}
			names, err := unpack(dir, docs)
			for _, n := range names {
				fmt.Fprintln(cmd.OutOrStdout(), filepath.Join(dir, n))
			}
			return err
		},
	}
	c.Flags().StringP("dir", "d", "", "`folder` to write to; it is made when it is not there (required)")
	strictFlag(c)
	return c
}

// unpack writes all documents or none, and returns the names below dir.
func unpack(dir string, docs []xdm.Document) ([]string, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, err
	}
	defer root.Close()
	names := make([]string, len(docs))
	seen := map[string]bool{}
	for i, d := range docs {
		names[i] = safeName(d.Path)
		if key := strings.ToUpper(names[i]); seen[key] {
			return nil, fmt.Errorf("xdm unpack: got two documents named %s, want different names", names[i])
		} else {
			seen[key] = true
		}
		if _, err := root.Lstat(names[i]); !errors.Is(err, fs.ErrNotExist) {
			return nil, fmt.Errorf("xdm unpack: %s is there already; want another folder, nothing was written", filepath.Join(dir, names[i]))
		}
	}
	for i, d := range docs {
		if err := createFile(root, names[i], d.Data); err != nil {
			return names[:i], err
		}
	}
	return names, nil
}

// createFile writes a file that must not be there.
func createFile(root *os.Root, name string, data []byte) error {
	if folder := path.Dir(name); folder != "." {
		if err := root.MkdirAll(folder, 0o700); err != nil {
			return err
		}
	}
	f, err := root.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	return errors.Join(err, f.Close())
}

// safeName keeps letters, digits and a few marks of each part of a path; no part begins with a dot or dash or is longer than 100.
func safeName(s string) string {
	var parts []string
	for part := range strings.SplitSeq(s, "/") {
		part = strings.Map(func(r rune) rune {
			if r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("._-", r) {
				return r
			}
			return '_'
		}, part)
		part = part[max(0, len(part)-100):]
		if part == "" || strings.HasPrefix(part, ".") || strings.HasPrefix(part, "-") {
			part = "_" + part
		}
		parts = append(parts, part)
	}
	return strings.Join(parts, "/")
}
