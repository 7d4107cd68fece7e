package config

import "strings"

// The four ways to write a value under a: b:, as people write them.

func asSingle(s string) string {
	return "a:\n  b: '" + strings.ReplaceAll(strings.ReplaceAll(s, "'", "''"), "\n", "\n\n    ") + "'\n"
}

func asDouble(s string) string {
	s = strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", "\\\n    ", "ä", `\u00e4`).Replace(s)
	return "a:\n  b: \"" + s + "\"\n"
}

func asLiteral(s string) string {
	return "a:\n  b: |-\n    " + strings.ReplaceAll(s, "\n", "\n    ") + "\n"
}

func asFolded(s string) string {
	return "a:\n  b: >\n    " + strings.ReplaceAll(s, "\n", "\n    ") + "\n\nc: d\n"
}
