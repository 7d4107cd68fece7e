package engine

import (
	"fmt"
	"reflect"

	"refloop/referral"
	"refloop/transform"
)

// updateReferrals takes what an ADT of our own side says over into the open referrals that hold the patient's number, or the one that is merged
// into it: they are found by the new number from then on, and the old one still counts as the patient's (360x.md section 10). Without this the
// next message under the new number would look like another patient's.
func (e *Engine) updateReferrals(tx Tx, set *Setup, m *referral.Message, news transform.PatientNews) error {
	numbers := news.Patient.IDs
	if news.Former.Value != "" {
		numbers = append(numbers[:len(numbers):len(numbers)], news.Former)
	}
	ids, err := tx.ByPatient(referral.Patient{IDs: numbers})
	if err != nil {
		return err
	}
	changed := 0
	for _, id := range ids {
		r, err := tx.Referral(id)
		if err != nil {
			return err
		}
		done, err := e.updatePatient(tx, set, m, r, news.Patient)
		if err != nil {
			return err
		}
		if done {
			changed++
			m.ReferralIDs = appendNew(m.ReferralIDs, id)
		}
	}
	if changed > 0 {
		m.Reason += fmt.Sprintf("; %d open referrals updated", changed)
	}
	return nil
}

// updatePatient writes the event unless it says nothing new.
func (e *Engine) updatePatient(tx Tx, set *Setup, m *referral.Message, r referral.Referral, p referral.Patient) (bool, error) {
	partner, _ := set.Directory.Partner(m.Partner)
	ev := referral.Event{
		Type: referral.EventPatientUpdate, EventTime: m.ReceivedAt, ReceiveTime: m.ReceivedAt, By: sideOf(partner.Own, r.Role), Actor: actorOf(*m),
		Origin: referral.OriginMLLP, Grade: referral.GradeA, EvidenceRef: m.ID, ConfigHash: set.Hash, Note: "the patient's data changed: " + m.Type,
		Payload: referral.Payload{Patient: &p},
	}
	res, err := referral.Apply(r, ev)
	if err != nil || res.Echo || reflect.DeepEqual(res.Referral.Patient, r.Patient) && len(res.Referral.Identifiers) == len(r.Identifiers) {
		return false, err
	}
	return true, e.take(tx, set, ev, res)
}
