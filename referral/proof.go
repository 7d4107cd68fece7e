package referral

// Proof is what a delivery in this state on this rail proves: the grade of the evidence, and whether it may close the loop when it
// carried the report to the initiator's workflow (loop.md section 5). An empty grade proves nothing yet. ackFrom is the partner's
// `ack_from`: an AA of its interface engine is shown as accepted by interface, filing not confirmed.
//
//	mllp    delivered (AA)          A, closes; from an engine D, does not close
//	direct  delivered, read (MDN)   A, closes
//	fhir    delivered               A, closes
//	file    delivered               A, closes: our own side took the file
//	link    read (secret typed)     B, closes
//	fax     delivered (all pages)   D, closes only where the site accepts it (Payload.FaxClosure)
//	phone   delivered               C, closes only with a second person (Payload.Second)
func Proof(rail string, s DeliveryState, ackFrom string) (Grade, bool) {
	if s != DeliveryDelivered && s != DeliveryRead {
		return "", false
	}
	switch rail {
	case OriginMLLP:
		if ackFrom == "engine" {
			return GradeD, false
		}
		return GradeA, true
	case OriginDirect, OriginFHIR, OriginFile:
		return GradeA, true
	case OriginLink:
		return GradeB, s == DeliveryRead
	case OriginPhone:
		return GradeC, false
	case OriginFax:
		return GradeD, false
	}
	return "", false
}

// Proven reports whether the delivery has what its rail can prove, of whatever grade.
func (d Delivery) Proven() bool { return d.State == DeliveryDelivered || d.State == DeliveryRead }
