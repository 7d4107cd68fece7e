package main

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"refloop/channels"
	"refloop/console"
	"refloop/referral"
	"refloop/transform"
)

// partnerView is one partner of the directory; its keys are stable.
type partnerView struct {
	ID          string     `json:"id"`
	Name        string     `json:"name"`
	Own         bool       `json:"own"`
	NPI         string     `json:"npi"`
	OID         string     `json:"oid"`
	Part2       string     `json:"part2"`
	Specialties []string   `json:"specialties"`
	Rails       []railView `json:"rails"`
}

// railView is one rail of a partner with what waits in its lane.
type railView struct {
	Type    string     `json:"type"`
	Address string     `json:"address"`
	Lane    string     `json:"lane"`
	State   string     `json:"state"` // idle, working, stuck, closed; red: nothing can be sent; blocked: a fax number that was wrong; stopped: no daemon runs
	Waiting int64      `json:"waiting"`
	Oldest  *time.Time `json:"oldest"`
	Reason  string     `json:"reason"`
}

func partnersCommand() *cobra.Command {
	c := &cobra.Command{
		Use: "partners", Short: "the directory: partners, their rails in order of preference, and what waits for each", Args: cobra.NoArgs,
		Example: "  refloop partners",
		RunE: func(cmd *cobra.Command, _ []string) error {
			_, settings, pl, err := readPlan(configPath(cmd), nil)
			if err != nil {
				return err
			}
			lanes, err := laneStates(cmd, settings.Socket)
			if err != nil {
				return err
			}
			broken := unusableRails(cmd)
			var rows [][]string
			for _, p := range pl.directory.Partners {
				v := viewPartner(p, lanes)
				for i, r := range v.Rails {
					if r.Reason == "" {
						v.Rails[i].Reason = broken[r.Lane]
					}
					if why := broken[p.ID+"/"+referral.FaxKey(r.Address)]; why != "" && r.Type == channels.Fax {
						v.Rails[i].State, v.Rails[i].Reason = "blocked", why
					}
				}
				if wantsJSON(cmd) {
					if err := writeJSON(cmd.OutOrStdout(), v); err != nil {
						return err
					}
					continue
				}
				rows = append(rows, partnerRows(v)...)
			}
			if wantsJSON(cmd) {
				return nil
			}
			return printTable(cmd.OutOrStdout(), []string{"PARTNER", "NAME", "SPECIALTIES", "RAIL", "ADDRESS", "STATE", "WAITING", "WHY"}, rows)
		},
	}
	c.Flags().Bool("json", false, "one JSON object a line, stable keys")
	c.AddCommand(blockFaxCommand(), verifyFaxCommand())
	return c
}

// unusableRails says of lanes by which nothing could be packed, and of blocked fax numbers, why; a store that is not there yet has none.
func unusableRails(cmd *cobra.Command) map[string]string {
	items, err := rowsOf[console.WorkView](cmd, console.Query{Name: "incidents", Limit: maxNoticeItems})
	if err != nil {
		return nil
	}
	out := map[string]string{}
	for _, i := range items {
		if i.Kind == "rail_unusable" || i.Kind == "fax_number_blocked" {
			out[i.Key], _, _ = strings.Cut(i.Note, ". Next: ")
		}
	}
	return out
}

// laneStates asks the daemon; nil when none runs.
func laneStates(cmd *cobra.Command, socket string) (map[string]console.RoomHealth, error) {
	client, err := console.Dial(socket)
	if errors.Is(err, console.ErrNoDaemon) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	h, err := client.Health(cmd.Context())
	if err != nil {
		return nil, err
	}
	lanes := map[string]console.RoomHealth{}
	for _, r := range h.Rooms {
		if lane, ok := strings.CutPrefix(r.Name, "lane/"); ok {
			lanes[lane] = r
		}
	}
	return lanes, nil
}

func viewPartner(p transform.Partner, lanes map[string]console.RoomHealth) partnerView {
	v := partnerView{ID: p.ID, Name: p.Name, Own: p.Own, NPI: p.NPI, OID: p.OID, Part2: p.Part2, Specialties: append([]string{}, p.Specialties...), Rails: []railView{}}
	for _, r := range p.Rails {
		rail := railView{Type: r.Type, Address: r.Address, Lane: r.Lane, State: "stopped"}
		if lanes != nil {
			h, ok := lanes[r.Lane]
			rail.State, rail.Waiting, rail.Reason = h.State, h.Waiting, h.Reason
			if !h.Oldest.IsZero() {
				t := h.Oldest.UTC()
				rail.Oldest = &t
			}
			if !ok {
				rail.State = "unknown" // the daemon runs with another configuration
			}
		}
		v.Rails = append(v.Rails, rail)
	}
	return v
}

func partnerRows(v partnerView) [][]string {
	name := v.Name
	if v.Own {
		name += " (own)"
	}
	head := []string{v.ID, name, strings.Join(v.Specialties, ", ")}
	if len(v.Rails) == 0 {
		return [][]string{append(head, "none", "", "", "", "")}
	}
	var rows [][]string
	for i, r := range v.Rails {
		if i > 0 {
			head = []string{" ", " ", " "}
		}
		rows = append(rows, append(head[:3:3], r.Type, r.Address, r.State, fmt.Sprint(r.Waiting), r.Reason))
	}
	return rows
}
