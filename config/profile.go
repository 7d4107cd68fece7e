package config

// Profile is what of a record goes to a partner: the key `profile` of a partner or of one of its rails, where that of the rail counts.
// What the words of its lists mean, transform.Profile says.
type Profile struct {
	Sections    []string         `yaml:"sections" want:"a list such as [results, vitals] or LOINC codes" doc:"what goes beside patient, reason, diagnoses, allergies and medications; absent: everything"`
	LookBack    Duration         `yaml:"look_back" min:"1d" doc:"results, vital signs and papers that are older stay; absent: no limit"`
	Attachments []string         `yaml:"attachments" enum:"pdf|image|cda|text|other|none" want:"a list of pdf, image, cda, text and other, or none" doc:"kinds of papers that go; absent: all"`
	Basis       []string         `yaml:"basis" enum:"part2|psychotherapy" want:"a list of part2 and psychotherapy" doc:"sensitive content that may go to this partner; what was left out is said in the document and kept with the message"`
	Services    []ServiceProfile `yaml:"services" doc:"what is different for some services; the first that fits a referral counts"`
	Node        Node             `yaml:"."`
}

// ServiceProfile is a profile for some services. A key that is absent is that of the profile around it; a basis is the partner's, never a
// service's.
type ServiceProfile struct {
	For         []string `yaml:"for" required:"true" want:"a list of specialties or service codes such as [cardiology, \"93306\"]" doc:"specialties, service codes or the words of the service, in any case"`
	Sections    []string `yaml:"sections" want:"a list such as [results, vitals] or LOINC codes" doc:"as in the profile"`
	LookBack    Duration `yaml:"look_back" min:"1d" doc:"as in the profile"`
	Attachments []string `yaml:"attachments" enum:"pdf|image|cda|text|other|none" want:"a list of pdf, image, cda, text and other, or none" doc:"as in the profile"`
	Node        Node     `yaml:"."`
}
