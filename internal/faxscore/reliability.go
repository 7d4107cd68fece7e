package main

import (
	"cmp"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"math"
	"os"
	"slices"
	"strings"
)

// calibrate learns how often a field with a score is right, tests that with layouts left out, and may write the table of the reading.
func calibrate(args []string) error {
	flags := flag.NewFlagSet("calibrate", flag.ContinueOnError)
	line := flags.Float64("line", 0.95, "the review line")
	to := flags.String("write", "", "write the table to `FILE` (fax/rules/calibration.json)")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if flags.NArg() == 0 {
		return errors.New("calibrate: got no sets, want faxscore calibrate [flags] TRUTH=WORDS")
	}
	var all []finding
	for _, set := range flags.Args() {
		truth, words, ok := strings.Cut(set, "=")
		if !ok {
			return fmt.Errorf("calibrate: got %q, want TRUTH=WORDS", set)
		}
		list, err := findings(truth, words)
		if err != nil {
			return err
		}
		fmt.Printf("%s: %d fields\n", truth, len(list))
		reliability(os.Stdout, list, *line)
		all = append(all, list...)
	}
	heldOut(os.Stdout, all, *line)
	if *to == "" {
		return nil
	}
	b, err := json.Marshal(careful(learn(all), all, *line))
	if err != nil {
		return err
	}
	return os.WriteFile(*to, append(b, '\n'), 0o644)
}

// reliability prints how often fields of a confidence are right, and which exact mistakes stand over the line.
func reliability(w io.Writer, list []finding, line float64) {
	for lo := 0.0; lo < 0.999; lo += 0.1 {
		n, right, sum := 0, 0, 0.0
		for _, f := range list {
			if f.confidence >= lo && f.confidence < lo+0.1 {
				n, sum = n+1, sum+f.confidence
				if f.right {
					right++
				}
			}
		}
		if n > 0 {
			fmt.Fprintf(w, "  said %.3f  right %.3f  of %d\n", sum/float64(n), float64(right)/float64(n), n)
		}
	}
	over := 0
	for _, f := range list {
		if f.confidence < line {
			continue
		}
		over++
		if !f.right {
			fmt.Fprintf(w, "  over the line and not exactly right: %s %s %.3f\n", f.fax, f.key, f.confidence)
		}
	}
	fmt.Fprintf(w, "  over the line: %.3f of the fields\n", float64(over)/math.Max(1, float64(len(list))))
}

// point is one point of the table: fields with this score are right so often.
type point struct {
	Score float64 `json:"score"`
	Right float64 `json:"right"`
}

// edges are the scores between which fields are counted together.
var edges = []float64{0, 0.2, 0.4, 0.55, 0.7, 0.8, 0.85, 0.88, 0.9, 0.92, 0.94, 0.96, 1.01}

// learn makes a rising table of the scores: of each range the share that is right, less what chance may have added to it.
func learn(list []finding) []point {
	type bin struct{ n, right, from float64 }
	var bins []bin
	for i := range len(edges) - 1 {
		b := bin{from: edges[i]}
		for _, f := range list {
			if f.score >= edges[i] && f.score < edges[i+1] && !f.capped {
				b.n++
				if f.right {
					b.right++
				}
			}
		}
		bins = append(bins, b)
		for k := len(bins) - 1; k > 0 && lower(bins[k].right, bins[k].n) < lower(bins[k-1].right, bins[k-1].n); k = len(bins) - 1 { // a higher score is never worth less
			bins[k-1].n += bins[k].n
			bins[k-1].right += bins[k].right
			bins = bins[:k]
		}
	}
	out := make([]point, 0, len(bins)+1)
	for _, b := range bins {
		out = append(out, point{b.from, round3(lower(b.right, b.n))})
	}
	last := out[len(out)-1].Right
	return append(out, point{1, round3(last + (1-last)/2)})
}

// critical are the fields whose mistakes do harm, as the scorer of the development set counts them.
var critical = []string{"patient_first", "patient_last", "patient_dob", "patient_phone", "member_id", "referring_name", "referring_npi", "referring_fax", "diagnosis_codes", "priority", "referral_id"}

// careful keeps a table under the line up to the highest score that a wrong critical field had: a share that is right on average is not
// enough there, because nobody looks at what is over the line.
func careful(table []point, list []finding, line float64) []point {
	worst := 0.0
	for _, f := range list {
		if !f.right && !f.capped && slices.Contains(critical, f.key) {
			worst = math.Max(worst, f.score)
		}
	}
	worst = math.Min(worst, 0.99)
	var out []point
	for _, p := range table {
		if p.Score < worst {
			out = append(out, point{p.Score, math.Min(p.Right, round3(line-0.02))})
		}
	}
	out = append(out, point{round3(worst), round3(line - 0.01)}, point{round3(worst + 0.003), line})
	for _, p := range table {
		if p.Score > worst+0.01 {
			// Between the line and 0.99: nothing is certain, and more evidence stays worth more.
			most := line + (0.99-line)*(0.25+0.75*(p.Score-worst)/(1-worst))
			out = append(out, point{p.Score, round3(math.Min(math.Max(p.Right, line), most))})
		}
	}
	return out
}

// lower is the lower end of Wilson's interval at one standard deviation; little evidence is worth little.
func lower(right, n float64) float64 {
	if n == 0 {
		return 0.02
	}
	p := right / n
	return math.Max(0.02, (p+1/(2*n)-math.Sqrt(p*(1-p)/n+1/(4*n*n)))/(1+1/n))
}

func round3(f float64) float64 { return math.Floor(f*1000) / 1000 }

func (f finding) by(table []point) float64 {
	for i := 1; i < len(table); i++ {
		if a, b := table[i-1], table[i]; f.score <= b.Score {
			return a.Right + (b.Right-a.Right)*(f.score-a.Score)/(b.Score-a.Score)
		}
	}
	return table[len(table)-1].Right
}

// heldOut learns from all layouts but one and tries the table on that one.
func heldOut(w io.Writer, list []finding, line float64) {
	var layouts []string
	for _, f := range list {
		if !slices.Contains(layouts, f.layout) {
			layouts = append(layouts, f.layout)
		}
	}
	slices.Sort(layouts)
	accepted, wrong, all := 0, 0, 0
	fmt.Fprintln(w, "learned without the layout, tried on it:")
	for _, l := range layouts {
		var rest, part []finding
		for _, f := range list {
			if f.layout == l {
				part = append(part, f)
			} else {
				rest = append(rest, f)
			}
		}
		table := careful(learn(rest), rest, line)
		over, bad := 0, 0
		for _, f := range part {
			if !f.capped && f.by(table) >= line {
				over++
				if !f.right {
					bad++
				}
			}
		}
		fmt.Fprintf(w, "  %-36s %4d fields, %4d over the line, %d of them not exactly right\n", l, len(part), over, bad)
		accepted, wrong, all = accepted+over, wrong+bad, all+len(part)
	}
	fmt.Fprintf(w, "  all: %.3f over the line, %.4f of them exactly right\n", float64(accepted)/math.Max(1, float64(all)), 1-float64(wrong)/math.Max(1, float64(accepted)))
	worst := slices.Clone(list)
	slices.SortFunc(worst, func(a, b finding) int { return cmp.Compare(b.score, a.score) })
	for n, f := range slices.DeleteFunc(worst, func(f finding) bool { return f.right || f.capped }) {
		if n >= 12 {
			break
		}
		fmt.Fprintf(w, "  best scores that are wrong: %.3f %s %s\n", f.score, f.fax, f.key)
	}
}
