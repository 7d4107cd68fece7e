package store

import (
	"context"
	"fmt"
	"strings"

	"refloop/referral"
)

// minPrefix is how many characters of an id name a row; fewer are no name.
const minPrefix = 4

// Resolve returns the id that id is, or the only one that begins with it (at least 4 characters, upper or lower case). kind is referral,
// message, delivery, document or patient. referral.ErrNotFound: no row, or more than one.
func (s *Store) Resolve(ctx context.Context, kind, id string) (string, error) {
	queries := map[string]string{
		"referral": `SELECT id FROM referral WHERE id >= ?1 AND id < ?2 ORDER BY id LIMIT 3`,
		"message":  `SELECT id FROM message WHERE id >= ?1 AND id < ?2 ORDER BY id LIMIT 3`,
		"delivery": `SELECT id FROM delivery WHERE id >= ?1 AND id < ?2 ORDER BY id LIMIT 3`,
		"document": `SELECT id FROM document WHERE id >= ?1 AND id < ?2 ORDER BY id LIMIT 3`,
		"patient":  `SELECT id FROM patient WHERE id >= ?1 AND id < ?2 ORDER BY id LIMIT 3`,
	}
	q, ok := queries[kind]
	if !ok {
		return "", fmt.Errorf("store: resolve: got kind %q, want referral, message, delivery, document or patient", kind)
	}
	for _, prefix := range []string{id, strings.ToUpper(id)} {
		if len(prefix) < minPrefix {
			break
		}
		found, err := many(ctx, s.readers, text, q, prefix, prefix+"\U0010FFFF")
		switch {
		case err != nil:
			return "", err
		case len(found) > 0 && found[0] == prefix, len(found) == 1:
			return found[0], nil
		case len(found) > 1:
			return "", fmt.Errorf("%s %s: got the beginning of more than one id, want more characters: %w", kind, id, referral.ErrNotFound)
		}
	}
	return "", notFound(kind, id)
}
