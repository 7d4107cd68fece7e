package mllp

import (
	"bufio"
	"context"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// Other people's MLLP programs. They are no part of what is built: without them the tests are skipped and say how to get them.
var others = []struct {
	name, program, ending, probe, get string
}{
	{"python-hl7", "python3", ".py", "import hl7.client, hl7.mllp", "apt-get install python3-hl7"},
	{"simple-hl7", "node", ".js", "require('simple-hl7')", "npm install simple-hl7, and NODE_PATH with its node_modules"},
}

// peerProgram finds one of the scripts, or skips.
func peerProgram(t *testing.T, i int, script string) *exec.Cmd {
	t.Helper()
	o := others[i]
	flag := map[string]string{".py": "-c", ".js": "-e"}[o.ending]
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	t.Cleanup(cancel)
	probe := exec.CommandContext(ctx, o.program, flag, o.probe)
	probe.Dir = t.TempDir() // no folder of ours named hl7 beside it
	if err := probe.Run(); err != nil {
		t.Skipf("%s is not here; %s", o.name, o.get)
	}
	path, err := filepath.Abs(filepath.Join("testdata", "interop", script+o.ending))
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(ctx, o.program, path)
	cmd.Dir = t.TempDir()
	return cmd
}

// exchanged are messages that every program can read.
func exchanged(t *testing.T) (files, ids []string) {
	t.Helper()
	for _, id := range []string{"I1", "I2", "I3"} {
		path := filepath.Join(t.TempDir(), id)
		body := strings.Replace(ref(id), "Doe", "Müller^Jörg", 1)
		if err := os.WriteFile(path, []byte(body), 0o600); err != nil {
			t.Fatal(err)
		}
		files, ids = append(files, path), append(ids, id)
	}
	return files, ids
}

func TestOtherClients(t *testing.T) {
	for i, o := range others {
		t.Run(o.name, func(t *testing.T) {
			cmd := peerProgram(t, i, "client")
			r := start(t, defaults(), &fakeEngine{})
			files, ids := exchanged(t)
			host, port, err := net.SplitHostPort(r.addr)
			if err != nil {
				t.Fatal(err)
			}
			cmd.Args = append(cmd.Args, append([]string{host, port}, files...)...)
			out, err := cmd.CombinedOutput()
			if want := "AA " + strings.Join(ids, "\nAA ") + "\n"; err != nil || string(out) != want {
				t.Errorf("got %v\n%s\nwant\n%s", err, out, want)
			}
			for _, in := range r.engine.messages() {
				if !strings.Contains(string(in.Body), "Müller^Jörg") {
					t.Errorf("%s arrived changed", in.ControlID)
				}
			}
		})
	}
}

func TestOtherServers(t *testing.T) {
	for i, o := range others {
		t.Run(o.name, func(t *testing.T) {
			cmd := peerProgram(t, i, "server")
			in, err := cmd.StdinPipe()
			if err != nil {
				t.Fatal(err)
			}
			out, err := cmd.StdoutPipe()
			if err != nil {
				t.Fatal(err)
			}
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			lines := bufio.NewScanner(out)
			lines.Scan()
			port, ok := strings.CutPrefix(lines.Text(), "port ")
			if !ok {
				t.Fatalf("got %q, want its port", lines.Text())
			}
			s := newTestSender(t, net.JoinHostPort("127.0.0.1", port))
			for _, id := range []string{"O1", "O2"} {
				if r, err := send(s, id); err != nil || r.Code != "AA" {
					t.Errorf("%s: got %+v, %v", id, r, err)
				}
				if lines.Scan(); !strings.HasPrefix(lines.Text(), id) {
					t.Errorf("%s: the peer read %q", id, lines.Text())
				}
			}
			s.c.close()
			_ = in.Close()
			_, _ = io.Copy(io.Discard, out)
			if err := cmd.Wait(); err != nil {
				t.Errorf("%s ended with %v", o.name, err)
			}
		})
	}
}
