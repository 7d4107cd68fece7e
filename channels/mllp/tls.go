package mllp

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"strings"

	"refloop/config"
)

var errNoCertificates = errors.New("no PEM certificate in it")

// serverTLS loads what a listener needs. With a client CA every client must show a certificate of it.
func serverTLS(t *TLS) (*tls.Config, error) {
	pair, err := tls.LoadX509KeyPair(string(t.Certificate), string(t.Key))
	if err != nil {
		return nil, fmt.Errorf("certificate and key: %w", err)
	}
	c := &tls.Config{MinVersion: tls.VersionTLS12, Certificates: []tls.Certificate{pair}}
	if t.ClientCA != "" {
		if c.ClientCAs, err = pool(t.ClientCA); err != nil {
			return nil, fmt.Errorf("client_ca: %w", err)
		}
		c.ClientAuth = tls.RequireAndVerifyClientCert
	}
	return c, nil
}

// clientTLS loads what a connection to address needs; nil: plain TCP.
func clientTLS(address string, r RailConfig) (*tls.Config, error) {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return nil, fmt.Errorf("address: %w", err)
	}
	if r.TLS == "off" || r.TLS != "on" && loopback(host) && r.CA == "" && r.Cert == "" {
		return nil, nil
	}
	c := &tls.Config{MinVersion: tls.VersionTLS12, ServerName: host}
	if r.ServerName != "" {
		c.ServerName = r.ServerName
	}
	if r.CA != "" {
		if c.RootCAs, err = pool(r.CA); err != nil {
			return nil, fmt.Errorf("ca: %w", err)
		}
	}
	if r.Cert != "" {
		pair, err := tls.LoadX509KeyPair(string(r.Cert), string(r.Key))
		if err != nil {
			return nil, fmt.Errorf("certificate and key: %w", err)
		}
		c.Certificates = []tls.Certificate{pair}
	}
	return c, nil
}

func pool(file config.Path) (*x509.CertPool, error) {
	b, err := os.ReadFile(string(file))
	if err != nil {
		return nil, err
	}
	p := x509.NewCertPool()
	if !p.AppendCertsFromPEM(b) {
		return nil, errNoCertificates
	}
	return p, nil
}

// loopback tells whether a host is this machine without asking DNS.
func loopback(host string) bool {
	if strings.EqualFold(host, "localhost") {
		return true
	}
	a, err := netip.ParseAddr(host)
	return err == nil && a.Unmap().IsLoopback()
}
