package store

import (
	"context"
	"time"
)

// Stats is what metrics and health checks show. Counts are of rows now in that state.
type Stats struct {
	Messages   map[string]int64 // received, held and failed only: those that wait for something
	Referrals  map[string]int64 // by state
	Deliveries map[string]int64 // by state
	Incidents  map[string]int64 // open ones by kind
	Lanes      []LaneStat       // lanes with something waiting, by name
	Channels   []ChannelStat    // channels that ever received, by name
	WALBytes   int64            // size of the write-ahead log
}

// LaneStat is one lane with waiting deliveries (queued, sending, failed).
type LaneStat struct {
	Lane    string
	Waiting int64
	Oldest  time.Time // when the oldest waiting delivery was queued
}

// ChannelStat is one channel's last sign of life.
type ChannelStat struct {
	Channel string
	Last    time.Time // when it received last
}

// Stats reads them. It walks indexes only; the cost grows with the number of referrals and deliveries, so ask every 15 s or less often.
func (s *Store) Stats(ctx context.Context) (Stats, error) {
	var st Stats
	var err error
	for _, c := range []struct {
		to *map[string]int64
		q  string
	}{
		{&st.Messages, `SELECT state, count(*) FROM message WHERE ` + openMessage + ` GROUP BY state`},
		{&st.Referrals, `SELECT state, count(*) FROM referral GROUP BY state`},
		{&st.Deliveries, `SELECT state, count(*) FROM delivery GROUP BY state`},
		{&st.Incidents, `SELECT kind, count(*) FROM incident WHERE resolved = 0 GROUP BY kind`},
	} {
		if *c.to, err = s.counts(ctx, c.q); err != nil {
			return Stats{}, err
		}
	}
	st.Lanes, err = many(ctx, s.readers, func(sc scan) (l LaneStat, err error) {
		var oldest int64
		err = sc(&l.Lane, &l.Waiting, &oldest)
		l.Oldest = fromMicros(oldest)
		return l, err
	}, `SELECT lane, count(*), min(created) FROM delivery WHERE `+openDelivery+` GROUP BY lane ORDER BY lane`)
	if err != nil {
		return Stats{}, err
	}
	if st.Channels, err = s.channelStats(ctx); err != nil {
		return Stats{}, err
	}
	st.WALBytes = walBytes(s.path)
	return st, nil
}

func (s *Store) counts(ctx context.Context, q string) (map[string]int64, error) {
	rows, err := s.readers.query(ctx, q)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	out := map[string]int64{}
	for rows.Next() {
		var name string
		var n int64
		if err := rows.Scan(&name, &n); err != nil {
			return nil, err
		}
		out[name] = n
	}
	return out, rows.Err()
}

// channelStats steps from channel to channel through the index instead of reading every message.
func (s *Store) channelStats(ctx context.Context) ([]ChannelStat, error) {
	var out []ChannelStat
	last := ""
	for {
		found, err := many(ctx, s.readers, text, `SELECT channel FROM message WHERE channel > ?1 ORDER BY channel LIMIT 1`, last)
		if err != nil || len(found) == 0 {
			return out, err
		}
		last = found[0]
		at, err := many(ctx, s.readers, number, `SELECT received_at FROM message
			WHERE channel = ?1 AND direction = 'in' ORDER BY received_at DESC LIMIT 1`, last)
		if err != nil {
			return nil, err
		}
		if len(at) == 1 {
			out = append(out, ChannelStat{Channel: last, Last: fromMicros(at[0])})
		}
	}
}
