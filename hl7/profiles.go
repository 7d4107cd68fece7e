package hl7

// Profiles returns what we ask of each message type that moves a referral, in the order of the interface specification. The
// result is made anew at each call and may be changed. Required items of the standard: chapters 4, 7, 9, 10 and 11 of 2.5.1 and 2.8.
func Profiles() []Profile {
	return []Profile{
		{Code: "REF", Events: []string{"I12", "I13"}, Title: "Patient referral, new and changed", Rules: refRules},
		{Code: "REF", Events: []string{"I14", "I15"}, Title: "Patient referral, cancelled and asked after", Rules: refKnownRules},
		{Code: "RRI", Events: []string{"I12", "I13", "I14", "I15"}, Title: "Referral information returned", Rules: rriRules},
		{Code: "ORM", Events: []string{"O01"}, Title: "General order", Rules: ormRules},
		{Code: "OMG", Events: []string{"O19"}, Title: "General clinical order, 360X referral request", Rules: omgRules},
		{Code: "OSU", Events: []string{"O51"}, Title: "Order status update, 360X", Rules: osuRules},
		{Code: "SIU", Events: []string{"S12", "S13", "S14", "S15", "S17", "S26"}, Title: "Appointment", Rules: siuRules},
		{Code: "MDM", Events: []string{"T02", "T04", "T06", "T08", "T10"}, Title: "Document", Rules: mdmRules},
		{Code: "ORU", Events: []string{"R01"}, Title: "Observation report", Rules: oruRules},
	}
}

// The rules below are read only.

var (
	controlID   = Rule{Places: []Path{At("MSH", 10)}, Name: "message control ID", Remedy: "send a unique ID with each message"}
	patientID   = Rule{Places: []Path{At("PID", 3, 0, 1)}, Name: "patient identifier", Remedy: "send the medical record number with its assigning authority"}
	lastName    = Rule{Places: []Path{At("PID", 5, 0, 1)}, Name: "patient name", Remedy: "send at least the family name"}
	orderedName = Rule{Places: lastName.Places, Orders: []string{"NW", "RO", "SN"}, Name: lastName.Name, Remedy: lastName.Remedy}
	birthDate   = Rule{Places: []Path{At("PID", 7)}, Check: IsTime, Name: "date of birth", Remedy: "send YYYYMMDD"}
	msgTime     = Rule{Places: []Path{At("MSH", 7)}, Check: IsTime, Strict: true, Name: "message time"}
	msgHasTS    = Rule{Places: []Path{At("MSH", 7)}, Strict: true, Since: 3, Name: "message time"}
	procID      = Rule{Places: []Path{At("MSH", 11)}, Strict: true, Name: "processing ID", Remedy: "send P for production"}
	version     = Rule{Places: []Path{At("MSH", 12)}, Strict: true, Name: "version", Remedy: "send the HL7 version, such as 2.5.1"}
	noteText    = Rule{Places: []Path{At("OBX", 3)}, Scope: PerSegment, Strict: true, Name: "observation identifier"}
	obxStatus   = Rule{Places: []Path{At("OBX", 11)}, Scope: PerSegment, Strict: true, Name: "observation status"}
	diagnosis   = Rule{Places: []Path{At("DG1", 3, 0, 1), At("DG1", 3, 0, 2), At("DG1", 4)}, Scope: PerSegment, Strict: true, Name: "diagnosis code or text"}

	// Some recipients say accepted by ORC-5 alone.
	orderControl = Rule{Places: []Path{At("ORC", 1), At("ORC", 5)}, Scope: PerOrder, Name: "order control", Remedy: "send NW, CA, XO or another code of table 0119"}
	orderTable   = Rule{Places: []Path{At("ORC", 1)}, Scope: PerOrder, Check: InTable, Strict: true, Table: "0119", Values: table0119, Name: "order control"}
	orderStatus  = Rule{Places: []Path{At("ORC", 5)}, Scope: PerOrder, Check: InTable, Strict: true, Table: "0038", Values: table0038, Name: "order status"}
	orderNumber  = Rule{
		Places: []Path{At("ORC", 2, 0, 1), At("ORC", 2, 0, 3), At("OBR", 2, 0, 1), At("OBR", 2, 0, 3)},
		Scope:  PerOrder, Name: "placer order number", Remedy: "send the number the report must come back with in ORC-2 or OBR-2",
	}
	orderExists = Rule{Places: []Path{{Segment: "ORC"}, {Segment: "OBR"}}, Check: Exists, Name: "common order", Remedy: "send one ORC for each order"}
	serviceCode = Rule{Places: []Path{At("OBR", 4, 0, 1), At("OBR", 4, 0, 2)}, Scope: PerSegment, Strict: true, Name: "service asked for"}
)

var header = []Rule{
	controlID, msgHasTS, msgTime, procID, version,
	{Places: controlID.Places, Check: Fits, Max: 20, Until: 7, Strict: true, Name: controlID.Name, Remedy: "send a shorter one: systems of this version may cut it"},
	{Places: controlID.Places, Check: Fits, Max: 199, Since: 7, Strict: true, Name: controlID.Name},
	{Places: []Path{At("MSH", 15)}, Check: InTable, Since: 2, Strict: true, Table: "0155", Values: table0155, Name: "accept acknowledgement type"},
	{Places: []Path{At("MSH", 16)}, Check: InTable, Since: 2, Strict: true, Table: "0155", Values: table0155, Name: "application acknowledgement type"},
}

var referralNumber = Rule{
	Places: []Path{At("RF1", 6, 0, 1), At("RF1", 6, 0, 3), At("OBR", 2, 0, 1), At("OBR", 2, 0, 3)},
	Name:   "originating referral identifier", Remedy: "send your number of the referral: answers and the report carry it back",
}

// refKnownRules are for messages about a referral that was sent before: its number and the patient's suffice.
var refKnownRules = append(header[:len(header):len(header)], referralNumber, patientID, birthDate,
	Rule{Places: []Path{At("PID", 5, 0, 1)}, Strict: true, Name: "patient name"},
	Rule{Places: []Path{{Segment: "PRD"}}, Check: Exists, Strict: true, Name: "provider data"},
)

var refRules = append(header[:len(header):len(header)],
	referralNumber, patientID, lastName, birthDate,
	Rule{Places: []Path{{Segment: "PRD"}}, Check: Exists, Strict: true, Name: "provider data", Remedy: "send the referring (RP) and the referred-to (RT) provider"},
	Rule{Places: []Path{At("PRD", 1)}, Scope: PerSegment, Strict: true, Name: "provider role", Remedy: "send RP or RT of table 0286"},
	Rule{Places: []Path{At("RF1", 7)}, Check: IsTime, Strict: true, Name: "effective date"},
	Rule{Places: []Path{At("RF1", 8)}, Check: IsTime, Strict: true, Name: "expiration date"},
	diagnosis, serviceCode, noteText, obxStatus,
	Rule{Places: []Path{At("PV1", 2)}, Scope: PerSegment, Strict: true, Name: "patient class"},
	Rule{Places: []Path{At("IN1", 3, 0, 1)}, Scope: PerSegment, Strict: true, Name: "insurance company ID"},
)

var rriRules = append(header[:len(header):len(header)],
	Rule{
		Places: []Path{At("RF1", 6, 0, 1), At("RF1", 6, 0, 3), At("RF1", 11, 0, 1), At("RF1", 11, 0, 3), At("MSA", 2)},
		Name:   "originating referral identifier", Remedy: "repeat the number from the RF1-6 you were sent",
	},
	Rule{Places: []Path{At("MSA", 1)}, Strict: true, Name: "acknowledgement code"},
	Rule{Places: []Path{At("MSA", 2)}, Strict: true, Name: "control ID of the REF"},
	Rule{Places: []Path{{Segment: "PRD"}}, Check: Exists, Strict: true, Name: "provider data"},
	Rule{Places: []Path{At("PID", 3, 0, 1)}, Strict: true, Name: "patient identifier"},
)

var ormRules = append(header[:len(header):len(header)],
	orderExists, orderControl, orderTable, orderStatus, orderNumber, patientID, orderedName, birthDate, serviceCode, diagnosis, noteText, obxStatus,
)

var omgRules = append(ormRules[:len(ormRules):len(ormRules)],
	Rule{Places: []Path{{Segment: "OBR"}}, Check: Exists, Strict: true, Name: "observation request"},
)

var osuRules = append(header[:len(header):len(header)],
	orderExists, orderControl, orderTable, orderStatus, orderNumber, birthDate,
	Rule{Places: []Path{At("PID", 3, 0, 1)}, Strict: true, Name: "patient identifier"},
)

var siuRules = append(header[:len(header):len(header)],
	Rule{Places: []Path{{Segment: "SCH"}}, Check: Exists, Name: "scheduling activity", Remedy: "send SCH with the appointment numbers and the placer order number"},
	Rule{Places: []Path{At("SCH", 6)}, Strict: true, Name: "event reason"},
	Rule{Places: []Path{At("SCH", 16), At("SCH", 16, 0, 2)}, Strict: true, Name: "filler contact person"}, // a name without a number will do
	Rule{Places: []Path{At("SCH", 20), At("SCH", 20, 0, 2)}, Strict: true, Name: "entered by person"},
	Rule{Places: []Path{At("SCH", 1, 0, 1), At("SCH", 2, 0, 1)}, Strict: true, Name: "appointment identifier"},
	Rule{Places: []Path{At("TQ1", 7)}, Check: IsTime, Since: 5, Name: "start of the appointment"},
	Rule{Places: []Path{At("TQ1", 8)}, Check: IsTime, Since: 5, Strict: true, Name: "end of the appointment"},
	Rule{Places: []Path{At("SCH", 11, 0, 4)}, Check: IsTime, Until: 5, Name: "start of the appointment"},
	Rule{Places: []Path{{Segment: "RGS"}}, Check: Exists, Strict: true, Name: "resource group"},
	Rule{Places: []Path{At("PID", 3, 0, 1)}, Strict: true, Name: "patient identifier"},
)

var mdmRules = append(header[:len(header):len(header)],
	Rule{Places: []Path{{Segment: "TXA"}}, Check: Exists, Name: "document header", Remedy: "send TXA with the document number and its state"},
	patientID,
	Rule{Places: []Path{{Segment: "EVN"}}, Check: Exists, Strict: true, Name: "event"},
	Rule{Places: []Path{{Segment: "PV1"}}, Check: Exists, Strict: true, Name: "visit"},
	Rule{Places: []Path{At("TXA", 2)}, Strict: true, Name: "document type"},
	Rule{Places: []Path{At("TXA", 12)}, Strict: true, Name: "unique document number"},
	Rule{Places: []Path{At("TXA", 17)}, Strict: true, Name: "document completion status"},
	Rule{Places: []Path{At("TXA", 17)}, Check: InTable, Strict: true, Table: "0271", Values: table0271, Name: "document completion status"},
	Rule{Places: []Path{At("TXA", 19)}, Check: InTable, Strict: true, Table: "0273", Values: table0273, Name: "document availability status"},
	noteText, obxStatus,
)

var oruRules = append(header[:len(header):len(header)],
	Rule{Places: []Path{{Segment: "OBR"}}, Check: Exists, Name: "observation request", Remedy: "send OBR with the order numbers"},
	Rule{
		Places: []Path{At("PID", 3, 0, 1), At("OBR", 2, 0, 1), At("OBR", 3, 0, 1), At("ORC", 2, 0, 1)},
		Name:   "patient identifier", Remedy: "send the medical record number or the order number",
	},
	Rule{Places: []Path{At("PID", 5, 0, 1)}, Strict: true, Name: "patient name"},
	serviceCode, noteText, obxStatus,
	Rule{Places: []Path{At("OBX", 11)}, Scope: PerSegment, Check: InTable, Strict: true, Table: "0085", Values: table0085, Name: "observation status"},
)

var (
	table0119 = []string{
		"AF", "CA", "CH", "CN", "CP", "CR", "DC", "DE", "DF", "DR", "FU", "HD", "HR", "LI", "MC", "NA", "NR", "NW", "OC", "OD", "OE", "OF", "OH", "OK",
		"OP", "OR", "PA", "PR", "PY", "RE", "RF", "RL", "RO", "RP", "RQ", "RR", "RU", "SC", "SN", "SR", "SS", "UA", "UC", "UD", "UF", "UH", "UM", "UN",
		"UR", "UX", "XO", "XR", "XX",
	}
	table0155 = []string{"AL", "ER", "NE", "SU"}
	table0038 = []string{"A", "CA", "CM", "DC", "ER", "HD", "IP", "RP", "SC"}
	table0085 = []string{"A", "B", "C", "D", "F", "I", "N", "O", "P", "R", "S", "U", "V", "W", "X"}
	table0271 = []string{"AU", "DI", "DO", "IN", "IP", "LA", "PA"}
	table0273 = []string{"AV", "CA", "OB", "UN"}
)
