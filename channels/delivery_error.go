package channels

import (
	"errors"
	"fmt"
	"time"
)

// DeliveryError is one failed attempt. The outbox reads it to retry, wait, take the next rail or park. Unknown errors are transient
// until the attempts run out.
type DeliveryError struct {
	Rail      string        // partner and rail as in the YAML file: lakeside-cardiology/direct
	Permanent bool          // the same bytes would fail again
	Park      bool          // with Permanent: no other rail takes over, a person decides
	Repack    bool          // nothing was sent and these bytes must not travel any more: they are packed anew from the same shipment, at once
	After     time.Duration // earliest retry; 0 leaves it to the back-off
	Code      string        // the peer's own word: AR, 550 5.7.1
	Err       error
}

// Unwrap returns the cause.
func (e *DeliveryError) Unwrap() error { return e.Err }

// Error names the rail, the peer's word and the cause; it holds no patient data as long as Err holds none.
func (e *DeliveryError) Error() string {
	if e.Code == "" {
		return fmt.Sprintf("%s: not delivered: %v", e.Rail, e.Err)
	}
	return fmt.Sprintf("%s: delivery refused (%s): %v", e.Rail, e.Code, e.Err)
}

// IsPermanent reports whether err says that the same bytes would fail again.
func IsPermanent(err error) bool {
	var de *DeliveryError
	return errors.As(err, &de) && de.Permanent
}

// MustPark reports whether err says that no other rail may take over either.
func MustPark(err error) bool {
	var de *DeliveryError
	return errors.As(err, &de) && de.Permanent && de.Park
}

// MustRepack reports whether err says that the packed bytes may not travel any more, and others may.
func MustRepack(err error) bool {
	var de *DeliveryError
	return errors.As(err, &de) && de.Repack
}
