// Package report makes figures of referrals, each with its formula beside it. It is pure: what it counts is handed in, and what it gives
// holds no patient data.
package report

import (
	"cmp"
	"maps"
	"math"
	"slices"
	"strings"
	"time"

	"refloop/referral"
)

// FaxCase is one referral that came on paper.
type FaxCase struct {
	Read   []referral.Field  // as they were read, before anybody looked
	Now    referral.Referral // as it stands
	Events []referral.Event
}

// Counts are fields by what became of them.
type Counts struct {
	Read      int `json:"read"`      // found on the pages: Untouched + Confirmed + Edited + Waiting
	Untouched int `json:"untouched"` // at or above the review line, and the value is the one that was read
	Confirmed int `json:"confirmed"` // below the line, and a person said that it is right as read
	Edited    int `json:"edited"`    // a person gave another value, or none
	Waiting   int `json:"waiting"`   // below the line, and nobody has looked yet
	Added     int `json:"added"`     // not found on the pages, and a person gave a value
}

// Field is what became of one field over all faxes.
type Field struct {
	Key string `json:"key"`
	Counts
}

// Band is how often fields of a range of confidence were right, on faxes that a person reviewed. Right counts values that stand as they
// were read; Low and High are Wilson's 95 % interval of Share. A reader whose confidence means what it says has Mean within them.
type Band struct {
	From  float64 `json:"from"`
	To    float64 `json:"to"`
	N     int     `json:"n"`
	Mean  float64 `json:"mean_confidence"`
	Right int     `json:"right"`
	Share float64 `json:"share"`
	Low   float64 `json:"low"`
	High  float64 `json:"high"`
}

// Minutes are from arrival to the end of the review: the median, and what nine in ten stay under.
type Minutes struct {
	N      int     `json:"n"`
	Median float64 `json:"median"`
	P90    float64 `json:"p90"`
}

// Sender is what came from one partner; "unknown" are all that nobody knows.
type Sender struct {
	Partner string `json:"partner"`
	Faxes   int    `json:"faxes"`
	Counts
	Minutes Minutes `json:"minutes"`
}

// Faxes is the report on referrals that came on paper.
type Faxes struct {
	Faxes    int      `json:"faxes"`
	Reviewed int      `json:"reviewed"` // by a person: an act verify, or the release of the review
	Fields   Counts   `json:"fields"`
	Minutes  Minutes  `json:"minutes"`
	ByField  []Field  `json:"by_field"`
	Bands    []Band   `json:"bands"`
	Senders  []Sender `json:"senders"`
}

// bands are the ranges of confidence; the last one holds 1 too.
var bands = []float64{0, 0.5, 0.7, 0.8, 0.9, 0.95, 0.98, 1}

// OfFaxes counts. Cases without a field that was read are left out.
func OfFaxes(cases []FaxCase) Faxes {
	out := Faxes{ByField: []Field{}, Bands: []Band{}, Senders: []Sender{}}
	fields := map[string]*Counts{}
	senders := map[string]*Sender{}
	took := map[string][]float64{} // minutes by sender
	sums := make([]Band, len(bands)-1)
	for _, c := range cases {
		if len(c.Read) == 0 {
			continue
		}
		out.Faxes++
		id := cmp.Or(c.Now.Initiator.Partner, "unknown")
		if senders[id] == nil {
			senders[id] = &Sender{Partner: id}
		}
		senders[id].Faxes++
		end, reviewed := reviewEnd(c)
		if reviewed {
			out.Reviewed++
		}
		if !end.IsZero() {
			took[id] = append(took[id], end.Sub(c.Now.Created).Minutes())
		}
		count := func(key string, add func(*Counts)) {
			if fields[key] == nil {
				fields[key] = &Counts{}
			}
			add(fields[key])
			add(&out.Fields)
			add(&senders[id].Counts)
		}
		for _, f := range c.Read {
			now := fieldOf(c.Now.Fields, f.Key)
			same := sameValue(f.Value, now.Value)
			count(f.Key, func(n *Counts) { n.judge(c.Now, f, now, same) })
			if reviewed {
				sums[bandOf(f.Confidence)].add(f.Confidence, same)
			}
		}
		for _, f := range c.Now.Fields {
			if f.Confirmed && f.Value != "" && fieldOf(c.Read, f.Key).Key == "" {
				count(f.Key, func(n *Counts) { n.Added++ })
			}
		}
	}
	var all []float64
	for _, id := range slices.Sorted(maps.Keys(senders)) {
		all = append(all, took[id]...)
		senders[id].Minutes = minutesOf(took[id])
		out.Senders = append(out.Senders, *senders[id])
	}
	out.Minutes = minutesOf(all)
	for _, key := range slices.Sorted(maps.Keys(fields)) {
		out.ByField = append(out.ByField, Field{key, *fields[key]})
	}
	for i, b := range sums {
		b.From, b.To = bands[i], bands[i+1]
		out.Bands = append(out.Bands, b.done())
	}
	return out
}

// judge counts what became of a field that was read.
func (n *Counts) judge(r referral.Referral, read, now referral.Field, same bool) {
	n.Read++
	read.Confirmed = false
	switch below := r.Unsure(read); {
	case !same:
		n.Edited++
	case !below:
		n.Untouched++
	case now.Confirmed:
		n.Confirmed++
	default:
		n.Waiting++
	}
}

// reviewEnd is when the review of a fax ended, as far as it has; reviewed: a person looked at it.
func reviewEnd(c FaxCase) (end time.Time, reviewed bool) {
	for _, e := range c.Events {
		switch {
		case e.Type == referral.EventVerify:
			reviewed = true
		case e.Type == referral.EventRelease && e.Payload.Hold != nil && e.Payload.Hold.Kind == referral.HoldFaxReview:
			end, reviewed = e.ReceiveTime, true
		}
	}
	return end, reviewed
}

func fieldOf(list []referral.Field, key string) referral.Field {
	for _, f := range list {
		if f.Key == key {
			return f
		}
	}
	return referral.Field{}
}

// sameValue compares without case, punctuation and space: a person who writes a name in capitals has not corrected it.
func sameValue(a, b string) bool { return referral.FoldName(a) == referral.FoldName(b) }

func bandOf(confidence float64) int {
	for i := len(bands) - 2; i > 0; i-- {
		if confidence >= bands[i] {
			return i
		}
	}
	return 0
}

func (b *Band) add(confidence float64, right bool) {
	b.N++
	b.Mean += confidence
	if right {
		b.Right++
	}
}

// done turns sums into shares.
func (b Band) done() Band {
	if b.N == 0 {
		return b
	}
	n := float64(b.N)
	b.Mean, b.Share = round(b.Mean/n), round(float64(b.Right)/n)
	const z = 1.96
	p := float64(b.Right) / n
	middle, half := p+z*z/(2*n), z*math.Sqrt(p*(1-p)/n+z*z/(4*n*n))
	b.Low, b.High = round((middle-half)/(1+z*z/n)), round((middle+half)/(1+z*z/n))
	return b
}

func round(v float64) float64 { return math.Round(v*1000) / 1000 }

// minutesOf is median and 90th percentile, by the nearest rank.
func minutesOf(list []float64) Minutes {
	if len(list) == 0 {
		return Minutes{}
	}
	list = slices.Sorted(slices.Values(list))
	rank := func(q float64) float64 { return round(list[max(0, int(math.Ceil(q*float64(len(list))))-1)]) }
	return Minutes{N: len(list), Median: rank(0.5), P90: rank(0.9)}
}

// FaxFormulas says how each figure is made, for the page.
func FaxFormulas() string {
	return strings.Join([]string{
		"read = untouched + confirmed + edited + waiting; added was found on no page.",
		"untouched: at or above the review line and the value stands as read; confirmed: below it, and a person said so; edited: a person gave another value.",
		"Values are compared without case, punctuation and space. share = right / n over the fields of faxes that a person reviewed, right = the value stands as read;",
		"low and high are Wilson's 95 % interval. A field above the line that nobody looked at closely counts as right: compare shares below the line first.",
		"minutes: from arrival to the release of the fax_review hold; faxes without one are not counted. p90 by the nearest rank.",
	}, "\n")
}
