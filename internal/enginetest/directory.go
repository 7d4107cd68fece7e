package enginetest

import "refloop/transform"

// Partners and lanes of Directory.
const (
	EHR      = "northside-ehr"
	Lakeside = "lakeside-cardiology"
	Rehab    = "riverside-rehab"

	EHRLane    = "northside-ehr/mllp"
	DirectLane = "lakeside-cardiology/direct"
	FaxLane    = "lakeside-cardiology/fax"
	RehabLane  = "riverside-rehab/fax"
	NoticeLane = "direct/notices"

	LakesideNPI    = "1245319599"
	LakesideDirect = "referrals@direct.lakeside.example"
)

// Directory is the initiator's side of the loop: Northside with its EHR by MLLP, Lakeside Cardiology by Direct and then by fax, and
// Riverside, which has only a fax.
func Directory() *transform.Directory {
	return &transform.Directory{
		Own: transform.Organization{Name: "Northside Primary Care", OID: "2.16.840.1.113883.3.72.5.9.1", NPI: "1234567893", Direct: "referrals@direct.northside.example"},
		Partners: []transform.Partner{
			{
				ID: EHR, Name: "Northside EHR", Application: "NSEHR", Facility: "NORTHSIDE", Own: true,
				Rails: []transform.Rail{{Type: "mllp", Address: "127.0.0.1:1", Lane: EHRLane, Dialect: transform.Dialect{Version: "2.5.1", Body: []string{"pdf"}}}},
			},
			{
				ID: Lakeside, Name: "Lakeside Cardiology", NPI: "1992999825", OID: "2.16.840.1.113883.3.72.5.9.2", Application: "LAKE", Facility: "LAKESIDE",
				Clinicians:  []transform.Clinician{{Name: "Ana Ruiz MD", NPI: LakesideNPI, Direct: "ana.ruiz@direct.lakeside.example"}},
				Specialties: []string{"cardiology"},
				Rails: []transform.Rail{
					{Type: "direct", Address: LakesideDirect, Lane: DirectLane, Dialect: transform.Dialect{Style: "360x"}},
					{Type: "fax", Address: "+15550100", Lane: FaxLane},
				},
			},
			{ID: Rehab, Name: "Riverside Rehabilitation", Rails: []transform.Rail{{Type: "fax", Address: "+16085550142", Lane: RehabLane}}},
		},
	}
}
