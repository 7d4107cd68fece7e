package mllp

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	codec "refloop/mllp"
)

// BenchmarkServer takes and answers 5 kB messages on 16 connections over loopback, with an engine that stores nothing: what the rail itself costs.
func BenchmarkServer(b *testing.B) {
	e := &nullEngine{}
	s, err := NewServer(defaults(), Deps{Name: "in", Handler: e, Now: time.Now, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		b.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	take, stop := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- s.Serve(take, context.Background(), l) }()
	message := ref("BENCH") + strings.Repeat("OBX|1|TX|1^x^L||"+strings.Repeat("y", 100)+"||||||F\r", 38)
	wire := []byte(frame(message))
	b.SetBytes(int64(len(wire)))
	b.ReportAllocs()
	b.ResetTimer()
	var wg sync.WaitGroup
	for c := range 16 {
		n := b.N / 16
		if c < b.N%16 {
			n++
		}
		wg.Go(func() {
			if err := exchangeMany(l.Addr().String(), wire, n); err != nil {
				b.Error(err)
			}
		})
	}
	wg.Wait()
	b.StopTimer()
	stop()
	if err := <-done; err != nil {
		b.Error(err)
	}
}

func exchangeMany(addr string, wire []byte, n int) error {
	c, err := net.Dial("tcp", addr)
	if err != nil {
		return err
	}
	defer c.Close()
	r := codec.NewReader(c, codec.Config{})
	for range n {
		if _, err := c.Write(wire); err != nil {
			return err
		}
		f, err := r.Next()
		if err != nil {
			return err
		}
		if !strings.Contains(string(f.Message), "MSA|AA|BENCH") {
			return fmt.Errorf("wrong answer: %w", io.ErrUnexpectedEOF)
		}
	}
	return nil
}
