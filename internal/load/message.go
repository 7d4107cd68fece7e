package load

import (
	"fmt"
	"strings"
)

// Size is the length of a message of Referral in bytes, more or less.
const Size = 5 << 10

// ControlID is MSH-10 of message n of a run.
func ControlID(run string, n int) string { return fmt.Sprintf("%s%07d", run, n) }

// Number is RF1-6 of message n of a run: the referral number of the sending EHR.
func Number(run string, n int) string { return fmt.Sprintf("RF-%s-%07d", run, n) }

// Referral returns message n of a run as REF^I12 of about 5 kB, with segments ended by CR: another referral of another patient than
// every other n. The receiver is the provider with NPI 1245319599.
func Referral(run string, n int) []byte {
	var b strings.Builder
	b.Grow(Size + 200)
	line := func(format string, args ...any) { fmt.Fprintf(&b, format+"\r", args...) }
	line(`MSH|^~\&|NSEHR|NORTHSIDE|REFLOOP|REFLOOP|20261123080000-0600||REF^I12^REF_I12|%s|P|2.5.1`, ControlID(run, n))
	line(`RF1|P^Pending^HL70283|R^Routine^HL70280|Med^Medical^HL70281||O^Outpatient^HL70284|%s^NSEHR|20261123||20261123|R07.9^Chest pain^I10`, Number(run, n))
	line(`PRD|RP^Referring Provider^HL70286|Morgan^Alex^T^^^MD|12 Elm St^^Madison^WI^53703|^^^^^^^^Northside Primary Care|^WPN^PH^^^608^5550101|||1487654307^NPI`)
	line(`PRD|RT^Referred to Provider^HL70286|Ruiz^Ana^^^^MD|^^^^^^^^Lakeside Cardiology||||1245319599^NPI`)
	line(`PID|1||%d^^^NSEHR&2.16.840.1.113883.3.72.5.9.1.1&ISO^MR||Sample%d^Person^Q^^^^L||%04d%02d%02d|F|||%d Fir St^^Madison^WI^53703||^PRN^PH^^^608^555%04d`,
		1000000+n, n, 1930+n%70, 1+n%12, 1+n%28, n%900+1, n%10000)
	line(`IN1|1|PPO^Badger PPO|BADGER|Badger Health PPO||||GRP77||||||||Sample%d^Person^Q|SEL^Self|||||||||||||||||||W%07d`, n, n)
	line(`DG1|1||R07.9^Chest pain, unspecified^I10|||W`)
	line(`DG1|2||I10^Essential hypertension^I10|||W`)
	line(`AL1|1|DA^Drug allergy^HL70127|7980^Penicillin^RXNORM|MO|Hives`)
	line(`PR1|1||57133-1^Cardiology consultation^LN||20261123`)
	line(`OBR|1|||57133-1^Cardiology consultation^LN`)
	line(`PV1|1|O|||||||||||||||||V-%d^^^NSEHR`, n)
	for i := 1; b.Len() < Size; i++ {
		line(`NTE|%d||Exertional chest discomfort for %d weeks, no syncope; please evaluate. Home readings are attached as text, line %d of the note.`, i, n%9+1, i)
	}
	return []byte(b.String())
}
