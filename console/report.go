package console

import (
	"context"
	"fmt"
	"io"
	"time"
)

// Reporter makes the figures of a report; a Reader that makes none does without. The answer is written as one JSON object and holds no
// patient data.
type Reporter interface {
	Report(ctx context.Context, name string, since, until time.Time) (any, error)
}

// Span is a time from Since up to, and without, Until; a zero one is open.
type Span struct {
	Since time.Time `json:"since,omitzero"`
	Until time.Time `json:"until,omitzero"`
}

func (q Query) answerReport(ctx context.Context, r Reader, w io.Writer) error {
	made, ok := r.(Reporter)
	if !ok {
		return fmt.Errorf("%w: this daemon makes no reports", ErrQuery)
	}
	span := valueOr(q.Span)
	v, err := made.Report(ctx, q.Kind, span.Since, span.Until)
	return each(w, []any{v}, err, func(v any) (any, error) { return v, nil })
}
