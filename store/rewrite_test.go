package store

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"testing/fstest"
)

func TestRewrite(t *testing.T) {
	for in, want := range map[string]string{
		`SELECT ?1`:                             `SELECT $1`,
		`UPDATE t SET a = ?2 WHERE b = ?1`:      `UPDATE t SET a = $2 WHERE b = $1`,
		`SELECT '?1', ?1, 'it''s ?2' || ?12`:    `SELECT '?1', $1, 'it''s ?2' || $12`,
		`INSERT INTO t VALUES (?1, ?2, ?1, '')`: `INSERT INTO t VALUES ($1, $2, $1, '')`,
	} {
		if got := rewrite(postgres, in); got != want {
			t.Errorf("%s: got %s, want %s", in, got, want)
		}
		if got := rewrite(sqlite, in); got != in {
			t.Errorf("%s: SQLite takes it as it is, got %s", in, got)
		}
	}
}

var placeholder = regexp.MustCompile(`[?$](\d*)`)

// Every statement of this package uses numbered placeholders from ?1 without a gap, and says the same after the rewriting.
func TestEveryStatementRewrites(t *testing.T) {
	files, err := filepath.Glob("*.go")
	if err != nil || len(files) == 0 {
		t.Fatalf("got %d files, %v", len(files), err)
	}
	n := 0
	for _, f := range files {
		if strings.HasSuffix(f, "_test.go") {
			continue
		}
		tree, err := parser.ParseFile(token.NewFileSet(), f, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(tree, func(node ast.Node) bool {
			lit, ok := node.(*ast.BasicLit)
			if !ok || lit.Kind != token.STRING || !strings.HasPrefix(lit.Value, "`") {
				return true
			}
			n++
			checkPlaceholders(t, f, strings.Trim(lit.Value, "`"))
			return true
		})
	}
	if n < 40 {
		t.Fatalf("got %d statements, want the whole package", n)
	}
}

func checkPlaceholders(t *testing.T, file, q string) {
	t.Helper()
	if strings.Contains(q, "$") {
		t.Errorf("%s: a dollar sign in %q: SQLite takes $1 for a name", file, q)
	}
	p := rewrite(postgres, q)
	if strings.Contains(p, "?") || strings.ReplaceAll(p, "$", "?") != q {
		t.Errorf("%s: %q became %q", file, q, p)
	}
	seen := map[int]bool{}
	for _, m := range placeholder.FindAllStringSubmatch(q, -1) {
		i, err := strconv.Atoi(m[1])
		if err != nil {
			t.Errorf("%s: a placeholder without a number in %q", file, q)
		}
		seen[i] = true
	}
	for i := range len(seen) {
		if !seen[i+1] {
			t.Errorf("%s: ?%d is missing in %q", file, i+1, q)
		}
	}
}

func TestMigrationsAreInOrder(t *testing.T) {
	if got, err := migrations(migrationFiles, "migrations/sqlite"); err != nil || len(got) == 0 {
		t.Fatalf("got %d, %v", len(got), err)
	}
	for _, names := range [][]string{{"0002_x.sql"}, {"0001_x.sql", "0003_y.sql"}, {"first.sql"}, {"0001_x.sql", "0001_y.sql"}} {
		files := fstest.MapFS{}
		for _, n := range names {
			files["m/"+n] = &fstest.MapFile{Data: []byte("SELECT 1")}
		}
		if _, err := migrations(files, "m"); err == nil {
			t.Errorf("%v: want an error", names)
		}
	}
}

func TestReadersCannotWrite(t *testing.T) {
	s := openHere(t)
	for _, q := range []string{`DELETE FROM key`, `CREATE TABLE x (y)`, `PRAGMA user_version = 3`} {
		if _, err := s.readers.db.Exec(q); err == nil {
			t.Errorf("%s: want an error on the reader pool", q)
		}
	}
}

// The hot statements use an index: what is asked of every message must not grow with the archive.
func TestPlans(t *testing.T) {
	s := openHere(t)
	err := s.Write(t.Context(), func(tx *Tx) error {
		_, err1 := tx.Prior("a", "b")
		_, err2 := tx.DeliveriesOf("x")
		_, err3 := tx.HasDigest("a", "b")
		_, err4 := tx.nextInLane("x")
		_, _, err5 := tx.ByControl("x", "y")
		for _, err := range []error{err1, err2, err3, err4, err5} {
			if err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	queries := []string{sqlHeads, sqlRecord, sqlByHash, sqlDelivery,
		`SELECT lane FROM delivery WHERE ` + openDelivery + ` AND lane > ?1 ORDER BY lane LIMIT 1`}
	for q := range s.writer.stmts {
		if strings.HasPrefix(q, "SELECT") && !strings.Contains(q, "FROM key") {
			queries = append(queries, q)
		}
	}
	for _, q := range queries {
		checkPlan(t, s, q)
	}
}

func checkPlan(t *testing.T, s *Store, q string) {
	t.Helper()
	var args []any
	for range strings.Count(q, "?") {
		args = append(args, "x")
	}
	n := 0
	for _, m := range placeholder.FindAllStringSubmatch(q, -1) {
		if i, err := strconv.Atoi(m[1]); err == nil {
			n = max(n, i)
		}
	}
	plan, err := many(t.Context(), s.readers, func(sc scan) (string, error) {
		var a, b, c int
		var detail string
		err := sc(&a, &b, &c, &detail)
		return detail, err
	}, `EXPLAIN QUERY PLAN `+q, args[:n]...)
	if err != nil {
		t.Fatalf("%s: %v", q, err)
	}
	for _, step := range plan {
		if strings.HasPrefix(step, "SCAN") {
			t.Errorf("%s: %s", fmt.Sprintf("%.60s", q), step)
		}
	}
}
