package referral

import "slices"

// How says what a row of the table does with its event.
type How string

// The ways. Only Moves, Keeps and Stands are offered as actions; the others are for facts that come in by wire, link or phone.
const (
	Moves  How = "moves"  // the state becomes To, after the implied steps of Via
	Keeps  How = "keeps"  // taken up; the state stays
	Stands How = "stands" // the document goes to the initiator all the same; the state stands still and an item opens
	Skips  How = "skips"  // as Moves, for a fact that came without the earlier ones
	Again  How = "again"  // said before: recorded, better evidence is taken over, nobody is told twice
	Under  How = "under"  // a cancellation is pending: it stands, and the state it may go back to moves
	Late   How = "late"   // a later fact is known: stored, shown, moves nothing
	Clash  How = "clash"  // the referral ID is in use: stored, shown, an item opens
)

// stateBefore is the To of a refused cancellation: the state the referral had when it was asked for.
const stateBefore State = "before"

// Row is one line of the state machine. To is empty when the state does not move.
type Row struct {
	From   []State
	Event  EventType
	By     []Side // who may say it; SideOwn: only our own side
	How    How
	To     State
	Via    []EventType // steps written as implied before it
	Ended  []EndReason // the row holds in StateEnded only for these reasons; empty: for all
	Source string      // number of the 360X/BSeR transition (360x.md 4.1), or "ours" with the reason
}

// Short names that keep the table readable.
func in(s ...State) []State          { return s }
func by(s ...Side) []Side            { return s }
func via(e ...EventType) []EventType { return e }

// States returns every state, in the order of loop.md section 4.
func States() []State {
	return []State{StateDraft, StateSent, StateInfoRequested, StateAccepted, StateNoCapacity, StateScheduled, StateNoShow,
		StateApptCancelled, StateSeen, StateReportReceived, StateClosed, StateCancelRequested, StateCancelled, StateDeclined, StateEnded}
}

// Table returns the state machine. The first row that fits decides. The caller may change what it gets.
func Table() []Row { return slices.Clone(table) }

// Groups of states that share rows.
var (
	asked    = in(StateSent, StateInfoRequested)                                                              // nobody has accepted yet
	waiting  = in(StateAccepted, StateNoCapacity)                                                             // accepted, no appointment yet
	active   = in(StateAccepted, StateNoCapacity, StateScheduled, StateNoShow, StateApptCancelled, StateSeen) // accepted, no report yet
	answered = in(StateReportReceived, StateClosed)
	stopped  = in(StateDraft, StateCancelled, StateDeclined, StateEnded)
	pending  = in(StateCancelRequested)
	open     = slices.Concat(asked, active, pending)
)

// reopening are the ends that an outcome undoes.
var reopening = []EndReason{EndExpired, EndUnreachable, EndCompletedNoReport}

var (
	initiator = by(SideInitiator)
	recipient = by(SideRecipient)
	ourselves = by(SideOwn, SideDaemon)
)

// table is the whole machine: loop.md section 4, numbers as in 360x.md 4.1.
var table = []Row{
	// The request.
	{From: in(StateDraft), Event: EventRequest, By: initiator, How: Moves, To: StateSent, Source: "360X 01"},
	{From: in(StateDeclined), Event: EventRequest, By: initiator, How: Moves, To: StateSent, Source: "ours: re-opened"},
	{From: slices.Concat(open, answered, in(StateCancelled, StateEnded)), Event: EventRequest, By: initiator, How: Clash, Source: "ours: known ID"},
	{From: slices.Concat(in(StateDraft), open), Event: EventChange, By: initiator, How: Keeps, Source: "ours: REF^I13, ORM XO"},
	{From: in(StateDeclined), Event: EventChange, By: initiator, How: Moves, To: StateSent, Source: "ours: re-opened"},
	{From: States(), Event: EventStatusQuery, By: by(SideInitiator, SideRecipient), How: Keeps, Source: "ours: REF^I15"},

	// Accept, decline, wait, ask.
	{From: in(StateSent), Event: EventAccept, By: recipient, How: Moves, To: StateAccepted, Source: "360X 02"},
	{From: in(StateInfoRequested), Event: EventAccept, By: recipient, How: Moves, To: StateAccepted, Source: "ours: without the answer"},
	{From: in(StateAccepted), Event: EventAccept, By: recipient, How: Again, Source: "ours: restated"},
	{From: in(StateNoCapacity, StateScheduled, StateNoShow, StateApptCancelled, StateSeen, StateReportReceived, StateClosed), Event: EventAccept, By: recipient, How: Late, Source: "ours: late"},
	{From: pending, Event: EventAccept, By: recipient, How: Under, Source: "ours: crossed"},
	{From: in(StateSent), Event: EventDecline, By: recipient, How: Moves, To: StateDeclined, Source: "360X 03"},
	{From: in(StateAccepted), Event: EventDecline, By: recipient, How: Moves, To: StateDeclined, Source: "360X 05"},
	{From: in(StateScheduled), Event: EventDecline, By: recipient, How: Moves, To: StateDeclined, Source: "360X 10"},
	{From: in(StateNoShow), Event: EventDecline, By: recipient, How: Moves, To: StateDeclined, Source: "360X 17"},
	{From: in(StateSeen), Event: EventDecline, By: recipient, How: Moves, To: StateDeclined, Source: "360X 25"},
	{From: in(StateInfoRequested, StateNoCapacity, StateApptCancelled), Event: EventDecline, By: recipient, How: Moves, To: StateDeclined, Source: "ours: hole of 360X"},
	{From: pending, Event: EventDecline, By: recipient, How: Moves, To: StateDeclined, Source: "ours: crossed"},
	{From: in(StateDeclined), Event: EventDecline, By: recipient, How: Again, Source: "ours: restated"},
	{From: in(StateAccepted), Event: EventNoCapacity, By: recipient, How: Moves, To: StateNoCapacity, Source: "ours"},
	{From: asked, Event: EventNoCapacity, By: recipient, How: Skips, To: StateNoCapacity, Via: via(EventAccept), Source: "ours: implied"},
	{From: in(StateNoCapacity), Event: EventNoCapacity, By: recipient, How: Again, Source: "ours: restated"},
	{From: in(StateScheduled, StateNoShow, StateApptCancelled, StateSeen, StateReportReceived, StateClosed), Event: EventNoCapacity, By: recipient, How: Late, Source: "ours: late"},
	{From: pending, Event: EventNoCapacity, By: recipient, How: Under, Source: "ours: crossed"},
	{From: in(StateSent, StateNoCapacity), Event: EventAsk, By: recipient, How: Moves, To: StateInfoRequested, Source: "ours"},
	{From: in(StateInfoRequested, StateAccepted, StateScheduled, StateNoShow, StateApptCancelled, StateSeen, StateCancelRequested), Event: EventAsk, By: recipient, How: Keeps, Source: "ours: a question moves nothing"},
	{From: in(StateInfoRequested), Event: EventAnswer, By: initiator, How: Moves, To: StateSent, Source: "ours"},
	{From: slices.Concat(in(StateSent), active), Event: EventAnswer, By: initiator, How: Keeps, Source: "ours: an answer moves nothing"},
	{From: pending, Event: EventAnswer, By: initiator, How: Under, Source: "ours: crossed"},

	// Appointment.
	{From: in(StateAccepted), Event: EventSchedule, By: recipient, How: Moves, To: StateScheduled, Source: "360X 06"},
	{From: in(StateNoCapacity), Event: EventSchedule, By: recipient, How: Moves, To: StateScheduled, Source: "ours"},
	{From: in(StateScheduled), Event: EventSchedule, By: recipient, How: Moves, To: StateScheduled, Source: "360X 11"},
	{From: in(StateNoShow), Event: EventSchedule, By: recipient, How: Moves, To: StateScheduled, Source: "360X 18"},
	{From: in(StateApptCancelled), Event: EventSchedule, By: recipient, How: Moves, To: StateScheduled, Source: "360X 21"},
	{From: in(StateSeen), Event: EventSchedule, By: recipient, How: Moves, To: StateScheduled, Source: "360X 26"},
	{From: asked, Event: EventSchedule, By: recipient, How: Skips, To: StateScheduled, Via: via(EventAccept), Source: "ours: implied"},
	{From: answered, Event: EventSchedule, By: recipient, How: Late, Source: "ours: late"},
	{From: pending, Event: EventSchedule, By: recipient, How: Under, Source: "ours: crossed"},
	{From: in(StateScheduled), Event: EventReschedule, By: recipient, How: Moves, To: StateScheduled, Source: "360X 11"},
	{From: in(StateNoShow), Event: EventReschedule, By: recipient, How: Moves, To: StateScheduled, Source: "360X 18"},
	{From: in(StateApptCancelled), Event: EventReschedule, By: recipient, How: Moves, To: StateScheduled, Source: "360X 21"},
	{From: in(StateSeen), Event: EventReschedule, By: recipient, How: Moves, To: StateScheduled, Source: "360X 26"},
	{From: waiting, Event: EventReschedule, By: recipient, How: Skips, To: StateScheduled, Via: via(EventSchedule), Source: "ours: implied"},
	{From: asked, Event: EventReschedule, By: recipient, How: Skips, To: StateScheduled, Via: via(EventAccept, EventSchedule), Source: "ours: implied"},
	{From: answered, Event: EventReschedule, By: recipient, How: Late, Source: "ours: late"},
	{From: pending, Event: EventReschedule, By: recipient, How: Under, Source: "ours: crossed"},
	{From: in(StateScheduled), Event: EventNoShow, By: recipient, How: Moves, To: StateNoShow, Source: "360X 12"},
	{From: waiting, Event: EventNoShow, By: recipient, How: Skips, To: StateNoShow, Via: via(EventSchedule), Source: "ours: implied"},
	{From: asked, Event: EventNoShow, By: recipient, How: Skips, To: StateNoShow, Via: via(EventAccept, EventSchedule), Source: "ours: implied"},
	{From: in(StateNoShow), Event: EventNoShow, By: recipient, How: Again, Source: "ours: restated"},
	{From: in(StateApptCancelled, StateSeen, StateReportReceived, StateClosed), Event: EventNoShow, By: recipient, How: Late, Source: "ours: late"},
	{From: pending, Event: EventNoShow, By: recipient, How: Under, Source: "ours: crossed"},
	{From: in(StateScheduled), Event: EventCancelAppointment, By: recipient, How: Moves, To: StateApptCancelled, Source: "360X 13"},
	{From: in(StateNoShow), Event: EventCancelAppointment, By: recipient, How: Moves, To: StateApptCancelled, Source: "360X 19"},
	{From: in(StateSeen), Event: EventCancelAppointment, By: recipient, How: Moves, To: StateApptCancelled, Source: "360X 27"},
	{From: waiting, Event: EventCancelAppointment, By: recipient, How: Skips, To: StateApptCancelled, Via: via(EventSchedule), Source: "ours: implied"},
	{From: asked, Event: EventCancelAppointment, By: recipient, How: Skips, To: StateApptCancelled, Via: via(EventAccept, EventSchedule), Source: "ours: implied"},
	{From: in(StateApptCancelled), Event: EventCancelAppointment, By: recipient, How: Again, Source: "ours: restated"},
	{From: answered, Event: EventCancelAppointment, By: recipient, How: Late, Source: "ours: late"},
	{From: pending, Event: EventCancelAppointment, By: recipient, How: Under, Source: "ours: crossed"},

	// Visit and interim note.
	{From: in(StateAccepted), Event: EventSeen, By: recipient, How: Moves, To: StateSeen, Source: "360X 08"},
	{From: in(StateScheduled), Event: EventSeen, By: recipient, How: Moves, To: StateSeen, Source: "360X 15"},
	{From: in(StateSeen), Event: EventSeen, By: recipient, How: Moves, To: StateSeen, Source: "360X 29"},
	{From: in(StateNoShow, StateApptCancelled), Event: EventSeen, By: recipient, How: Moves, To: StateSeen, Source: "ours: walk-in"},
	{From: in(StateNoCapacity), Event: EventSeen, By: recipient, How: Skips, To: StateSeen, Via: via(EventSchedule), Source: "ours: implied"},
	{From: asked, Event: EventSeen, By: recipient, How: Skips, To: StateSeen, Via: via(EventAccept), Source: "ours: implied"},
	{From: answered, Event: EventSeen, By: recipient, How: Late, Source: "ours: late"},
	{From: pending, Event: EventSeen, By: recipient, How: Under, Source: "ours: crossed"},
	{From: in(StateAccepted), Event: EventInterim, By: recipient, How: Moves, To: StateSeen, Source: "360X 08"},
	{From: in(StateScheduled), Event: EventInterim, By: recipient, How: Moves, To: StateSeen, Source: "360X 15"},
	{From: in(StateSeen), Event: EventInterim, By: recipient, How: Moves, To: StateSeen, Source: "360X 29"},
	{From: in(StateNoShow, StateApptCancelled), Event: EventInterim, By: recipient, How: Moves, To: StateSeen, Source: "ours: walk-in"},
	{From: in(StateNoCapacity), Event: EventInterim, By: recipient, How: Skips, To: StateSeen, Via: via(EventSchedule), Source: "ours: implied"},
	{From: asked, Event: EventInterim, By: recipient, How: Skips, To: StateSeen, Via: via(EventAccept), Source: "ours: implied"},
	{From: pending, Event: EventInterim, By: recipient, How: Under, Source: "ours: crossed"},
	{From: slices.Concat(answered, stopped), Event: EventInterim, By: recipient, How: Stands, Source: "ours: never withheld"},

	// Outcome and its relay.
	{From: in(StateAccepted), Event: EventReport, By: recipient, How: Moves, To: StateReportReceived, Via: via(EventSeen), Source: "360X 09"},
	{From: in(StateScheduled), Event: EventReport, By: recipient, How: Moves, To: StateReportReceived, Via: via(EventSeen), Source: "360X 16"},
	{From: in(StateSeen), Event: EventReport, By: recipient, How: Moves, To: StateReportReceived, Source: "360X 30"},
	{From: pending, Event: EventReport, By: recipient, How: Moves, To: StateReportReceived, Source: "360X 24"},
	{From: in(StateNoShow, StateApptCancelled), Event: EventReport, By: recipient, How: Moves, To: StateReportReceived, Via: via(EventSeen), Source: "ours: walk-in"},
	{From: in(StateNoCapacity), Event: EventReport, By: recipient, How: Skips, To: StateReportReceived, Via: via(EventSchedule, EventSeen), Source: "ours: implied"},
	{From: asked, Event: EventReport, By: recipient, How: Skips, To: StateReportReceived, Via: via(EventAccept, EventSeen), Source: "ours: implied"},
	{From: in(StateReportReceived), Event: EventReport, By: recipient, How: Moves, To: StateReportReceived, Source: "ours: corrected before its relay"},
	{From: in(StateClosed), Event: EventReport, By: recipient, How: Moves, To: StateReportReceived, Source: "ours: corrected report"},
	{From: in(StateEnded), Event: EventReport, By: recipient, How: Moves, To: StateReportReceived, Ended: reopening, Source: "ours: it came after all"},
	{From: stopped, Event: EventReport, By: recipient, How: Stands, Source: "ours: never withheld"},
	{From: in(StateReportReceived), Event: EventRelayed, By: ourselves, How: Moves, To: StateClosed, Source: "ours: proof of relay"},
	{From: slices.Concat(in(StateClosed), stopped), Event: EventRelayed, By: ourselves, How: Keeps, Source: "ours: proof, state stands"},
	{From: in(StateClosed), Event: EventRelayLost, By: ourselves, How: Moves, To: StateReportReceived, Source: "ours: proof withdrawn"},
	{From: slices.Concat(in(StateReportReceived), stopped), Event: EventRelayLost, By: ourselves, How: Keeps, Source: "ours: relay failed"},

	// Cancel, re-send, end.
	{From: in(StateSent), Event: EventCancel, By: initiator, How: Moves, To: StateCancelRequested, Source: "360X 04"},
	{From: in(StateAccepted), Event: EventCancel, By: initiator, How: Moves, To: StateCancelRequested, Source: "360X 07"},
	{From: in(StateScheduled), Event: EventCancel, By: initiator, How: Moves, To: StateCancelRequested, Source: "360X 14"},
	{From: in(StateNoShow), Event: EventCancel, By: initiator, How: Moves, To: StateCancelRequested, Source: "360X 20"},
	{From: in(StateApptCancelled), Event: EventCancel, By: initiator, How: Moves, To: StateCancelRequested, Source: "360X 22"},
	{From: in(StateSeen), Event: EventCancel, By: initiator, How: Moves, To: StateCancelRequested, Source: "360X 28"},
	{From: in(StateInfoRequested, StateNoCapacity), Event: EventCancel, By: initiator, How: Moves, To: StateCancelRequested, Source: "ours"},
	{From: in(StateCancelRequested, StateCancelled), Event: EventCancel, By: initiator, How: Again, Source: "ours: restated"},
	{From: in(StateDeclined, StateEnded), Event: EventCancel, By: initiator, How: Late, Source: "ours: crossed"},
	{From: pending, Event: EventConfirmCancel, By: by(SideRecipient, SideDaemon), How: Moves, To: StateCancelled, Source: "360X 23"},
	{From: in(StateCancelled), Event: EventConfirmCancel, By: recipient, How: Again, Source: "ours: restated"},
	{From: pending, Event: EventRefuseCancel, By: recipient, How: Moves, To: stateBefore, Source: "ours: ORC-1 UC"},
	{From: in(StateDeclined), Event: EventResend, By: initiator, How: Moves, To: StateSent, Source: "ours: redirect or re-open"},
	{From: in(StateSent), Event: EventResend, By: initiator, How: Keeps, Source: "ours: the request again"},
	{From: in(StateReportReceived, StateCancelled, StateEnded), Event: EventResend, By: ourselves, How: Keeps, Source: "ours: the report again"},
	{From: slices.Concat(in(StateDraft), open, in(StateReportReceived, StateDeclined)), Event: EventEnd, By: ourselves, How: Moves, To: StateEnded, Source: "ours"},

	// Book-keeping: never a state.
	{From: States(), Event: EventVerify, By: by(SideOwn), How: Keeps, Source: "ours"},
	{From: States(), Event: EventHold, By: ourselves, How: Keeps, Source: "ours"},
	{From: States(), Event: EventRelease, By: ourselves, How: Keeps, Source: "ours"},
	{From: States(), Event: EventDelivery, By: ourselves, How: Keeps, Source: "ours"},
	{From: States(), Event: EventPatientUpdate, By: ourselves, How: Keeps, Source: "ours: ADT^A40, A08, A31"},
	{From: slices.Concat(open, in(StateReportReceived)), Event: EventFaxSent, By: by(SideOwn), How: Keeps, Source: "ours: sent by hand"},
	{From: slices.Concat(in(StateDraft), open, in(StateReportReceived, StateDeclined)), Event: EventTake, By: by(SideOwn), How: Keeps, Source: "ours: front desk"},
	{From: slices.Concat(in(StateDraft), open, in(StateReportReceived, StateDeclined)), Event: EventSplit, By: by(SideOwn), How: Keeps, Source: "ours: front desk"},
	{From: States(), Event: EventAttach, By: by(SideOwn), How: Keeps, Source: "ours: front desk"},
	{From: slices.Concat(in(StateDraft), asked), Event: EventNotOurs, By: by(SideOwn), How: Moves, To: StateEnded, Source: "ours: front desk"},
	{From: States(), Event: EventAnomaly, By: by(SideInitiator, SideRecipient, SideDaemon), How: Keeps, Source: "ours"},
}
