package config

// Config is a whole configuration: the main file and what it includes. It is immutable after Load. Every section keeps the node
// that it was read from, so that whoever owns a key can report a mistake at its place.
type Config struct {
	Demo         bool         `yaml:"demo" default:"false" doc:"missing keys and certificates are made on first start, marked as demo"`
	Socket       Path         `yaml:"socket" default:"var/refloop.sock" doc:"local API, mode 0600; the actor of a command is the peer's user"`
	SocketGroup  string       `yaml:"socket_group" want:"a group of this machine" doc:"group whose members may use the socket too: it has mode 0660 then; absent: only the daemon's user"`
	Organization Organization `yaml:"organization" doc:"who we are"`
	Store        Store        `yaml:"store" doc:"where messages and referrals are kept"`
	Limits       Limits       `yaml:"limits" doc:"bounds on what outsiders send"`
	Direct       Node         `yaml:"direct" doc:"our Direct identity and trust; see the keys of direct"`
	Channels     []Channel    `yaml:"channels" doc:"ways in"`
	Partners     []Partner    `yaml:"partners" doc:"organisations we exchange referrals with, our own EHR included"`
	Routes       []Route      `yaml:"routes" doc:"where a referral goes; first match wins, without a match the referral's own recipient decides"`
	Console      Console      `yaml:"console" doc:"staff pages, health and metrics"`
	Include      []string     `yaml:"include" want:"file patterns such as channels.d/*.yaml" doc:"more channels, partners and routes, relative to this file"`

	Node  Node   `yaml:"."` // root of the main file
	Files []File `yaml:"-"` // main file, included files and look-up tables, in the order they were read
	Hash  string `yaml:"-"` // SHA-256 over Files, in hex: the config_hash of events and messages
}

// Organization is who we are.
type Organization struct {
	Name  string `yaml:"name" required:"true" want:"the name of our organisation" doc:"our name as partners see it"`
	OID   string `yaml:"oid" required:"true" want:"an OID such as 2.16.840.1.113883.3.72.5.9.1" doc:"our assigning authority: referral IDs are <value>^^<oid>^ISO"`
	NPI   string `yaml:"npi" want:"a 10-digit NPI with a right check digit" doc:"our national provider identifier"`
	Phone string `yaml:"phone" doc:"our telephone number, for letters and cover pages"`
	Fax   string `yaml:"fax" doc:"our fax number, for letters and cover pages"`
	Node  Node   `yaml:"."`
}

// Store is where messages and referrals are kept.
type Store struct {
	URL     string `yaml:"url" default:"sqlite:var/refloop.db" want:"a database such as sqlite:var/refloop.db" doc:"database; a relative path is relative to the file"`
	SealKey Secret `yaml:"seal_key" required:"true" demo:"made" want:"the key that seals patient data, as {file: var/seal.key}" doc:"key that wraps the data keys; keep a copy elsewhere, nothing can be read without it"`
	Node    Node   `yaml:"."`
}

// Limits bounds what outsiders send.
type Limits struct {
	Memory  Size `yaml:"memory" default:"256MiB" min:"16MiB" max:"1TiB" doc:"all open intake, and large messages being opened, together; over it SMTP answers 452, MLLP stops reading and large messages wait to be opened. The process takes about twice as much"`
	Message Size `yaml:"message" default:"64MiB" min:"64KiB" max:"2GiB" doc:"one message"`
}

// Console is the address of staff pages, health and metrics.
type Console struct {
	Listen string `yaml:"listen" default:"127.0.0.1:8080" want:"an address such as 127.0.0.1:8080" doc:"address of pages, /livez, /readyz and /metrics; empty: none"`
	Node   Node   `yaml:"."`
}

// Channel is one configured way in. The keys that say what a message means stand here; how its bytes travel is the rail's own, read
// by the rail from the same node with Decode.
type Channel struct {
	Name        string   `yaml:"name" required:"true" want:"a name, unique among channels" doc:"name in listings, logs and metrics"`
	Type        string   `yaml:"type" required:"true" enum:"mllp|direct|fax|file" soon:"fhir" doc:"rail that moves the bytes"`
	Partner     string   `yaml:"partner" want:"the id of a partner" doc:"who speaks here; without it the message says who (MSH-3/MSH-4, signature, calling number)"`
	When        Expr     `yaml:"when" want:"an expression that is true or false" doc:"messages it is not true for are acknowledged and ignored; absent: all count"`
	Set         Sets     `yaml:"set" doc:"values of the referral that rules give"`
	Lookup      Lookups  `yaml:"lookup" doc:"tables for lookup(): name to a CSV file of key,value"`
	Validate    string   `yaml:"validate" enum:"strict|lenient|off" default:"lenient" doc:"how much of a message must be right before it is acted on"`
	Charset     string   `yaml:"charset" default:"UNICODE UTF-8" want:"a character set of HL7 table 0211" doc:"character set when MSH-18 says nothing"`
	Processing  []string `yaml:"processing" enum:"P|T|D" default:"P" min:"1" doc:"MSH-11 that is taken; T and D are for test installations: what comes with them is marked as a test and told to no rail whose own processing is P"`
	ReviewBelow float64  `yaml:"review_below" default:"0.95" min:"0" max:"1" doc:"fields read from paper with less confidence than this are for a person"`
	Words       Folder   `yaml:"words" want:"a folder" doc:"fax: a folder of YAML files with the labels, specialties and titles that partners print, beside the built-in ones"`
	Templates   Folder   `yaml:"templates" want:"a folder" doc:"fax: a folder of YAML files, one a partner's form, as refloop fax teach writes them"`
	Patients    bool     `yaml:"patients" default:"false" doc:"mllp: ADT^A01, A04, A05, A08, A28, A31 and merges (A18, A34, A36, A40, A47) keep the list of our own patients, by which a person finds whom a fax is about, and re-key open referrals; absent: an ADT is refused as before"`
	Retention   Duration `yaml:"retention" default:"400d" min:"1d" doc:"how long the bytes of messages are kept"`
	Node        Node     `yaml:"." label:"name" open:"true"`
}

// ChannelKeys are the keys of a channel that its rail need not know.
func ChannelKeys() []string {
	return []string{"name", "type", "partner", "when", "set", "lookup", "validate", "charset", "processing", "review_below", "words", "templates", "patients", "retention"}
}

// Decode fills the rail's own struct from the channel's node; the common keys are left to Channel, everything else that into does not
// name is refused. A key that both name is decoded twice.
func (c Channel) Decode(into any, p *Problems) { c.Node.DecodeExcept(into, "", p, ChannelKeys()...) }

// Partner is an organisation we exchange referrals with, our own EHR included.
type Partner struct {
	ID          string      `yaml:"id" required:"true" want:"an id, unique among partners" doc:"id in listings, routes and channels"`
	Name        string      `yaml:"name" want:"a name" doc:"name for people; absent: the id"`
	Application string      `yaml:"application" doc:"MSH-3 it uses"`
	Facility    string      `yaml:"facility" doc:"MSH-4 it uses"`
	Own         bool        `yaml:"own" default:"false" doc:"our side of the loop: our EHR, our chart import"`
	NPI         string      `yaml:"npi" want:"a 10-digit NPI with a right check digit" doc:"national provider identifier of the organisation"`
	OID         string      `yaml:"oid" want:"an OID such as 2.16.840.1.113883.3.72.5.9.2" doc:"its assigning authority"`
	Clinicians  []Clinician `yaml:"clinicians" doc:"people who may be named in a referral"`
	Specialties []string    `yaml:"specialties" doc:"what it takes, in the words that routes use"`
	Part2       string      `yaml:"part2" enum:"program|not" doc:"42 CFR Part 2: program: what it sends is protected; not: no such program, a hit of a rule labels without a hold; absent: unknown"`
	Rails       []Rail      `yaml:"rails" doc:"ways out in order of preference; the next one is tried when one cannot deliver"`
	Profile     *Profile    `yaml:"profile" doc:"what of a record goes to it; absent: all but what needs a basis"`
	Node        Node        `yaml:"." label:"id"`
}

// Clinician is a person of a partner.
type Clinician struct {
	Name   string `yaml:"name" required:"true" want:"a name" doc:"name with degree"`
	NPI    string `yaml:"npi" want:"a 10-digit NPI with a right check digit" doc:"national provider identifier"`
	Direct string `yaml:"direct" want:"a Direct address" doc:"own Direct address, when there is one"`
	Node   Node   `yaml:"."`
}

// Rail is a way out to a partner. The keys besides type and address are the rail's own.
type Rail struct {
	Type    string   `yaml:"type" required:"true" enum:"mllp|direct|fax|file" soon:"fhir" doc:"rail that moves the bytes"`
	Address string   `yaml:"address" want:"an address of the rail: host:port, a Direct address, a fax number" doc:"where to"`
	Profile *Profile `yaml:"profile" doc:"what of a record goes out by this rail; absent: the profile of the partner"`
	Retry   *Retry   `yaml:"retry" doc:"how failed attempts are repeated; absent: the defaults below, for a fax rail those at its keys"`
	Node    Node     `yaml:"." open:"true"`
}

// Retry is how a rail repeats attempts that failed for now: the key `retry` of a rail.
type Retry struct {
	First    Duration `yaml:"first" default:"2s" min:"100ms" max:"1h" doc:"pause after the first failure; it doubles each time"`
	Longest  Duration `yaml:"longest" default:"5m" min:"100ms" max:"24h" doc:"the longest pause"`
	Attempts int      `yaml:"attempts" default:"20" min:"1" max:"10000" doc:"refusals after which a delivery is given up; where the partner has another rail, also attempts that did not reach it"`
	For      Duration `yaml:"for" default:"72h" min:"1s" max:"30d" doc:"how long the partner's last rail is tried when it cannot be reached; what is behind in a strict (HL7) lane waits as long"`
	Node     Node     `yaml:"."`
}

// RailKeys are the keys of a rail that its own struct need not know.
func RailKeys() []string { return []string{"type", "address", "profile", "retry"} }

// Decode fills the rail's own struct from the node, as Channel.Decode does.
func (r Rail) Decode(into any, p *Problems) { r.Node.DecodeExcept(into, "", p, RailKeys()...) }

// Route sends referrals to a partner.
type Route struct {
	When Expr   `yaml:"when" required:"true" want:"an expression of referral, such as referral.specialty == \"cardiology\"" doc:"true for the referrals that go there"`
	To   string `yaml:"to" required:"true" want:"the id of a partner" doc:"partner"`
	Node Node   `yaml:"."`
}

// Partner finds a partner by id.
func (c *Config) Partner(id string) (Partner, bool) {
	for _, p := range c.Partners {
		if p.ID == id {
			return p, true
		}
	}
	return Partner{}, false
}

// Channel finds a channel by name.
func (c *Config) Channel(name string) (Channel, bool) {
	for _, ch := range c.Channels {
		if ch.Name == name {
			return ch, true
		}
	}
	return Channel{}, false
}
