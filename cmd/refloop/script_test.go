package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

// patience is how long a script waits for a daemon.
const patience = 60 * time.Second

// TestScripts runs testdata/script. Beside the usual commands they know:
//
//	serve CONFIG          start a daemon and wait until it says that it is ready
//	halt                  SIGTERM to that daemon; it must end well
//	halt kill             SIGKILL to it
//	exits N COMMAND ARG…  the command must end with exit code N; standard input is empty
//	pick NAME KEY         set NAME to the value of KEY in the last standard output, one JSON object; list.0.key goes inside
func TestScripts(t *testing.T) {
	files, err := filepath.Glob("testdata/script/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatalf("got %d scripts (%v), want some", len(files), err)
	}
	testscript.Run(t, testscript.Params{
		Dir: "testdata/script", RequireExplicitExec: true, Setup: setupScript, Condition: condition,
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"serve": serveScript, "halt": haltScript, "exits": exits, "pick": pick,
		},
	})
}

type daemonKey struct{}

// daemonProcess is the daemon of one script.
type daemonProcess struct {
	cmd  *exec.Cmd
	log  *strings.Builder
	done chan struct{} // closed when its log has ended
}

func setupScript(env *testscript.Env) error {
	env.Values[daemonKey{}] = new(daemonProcess)
	for _, name := range []string{"MLLP", "CONSOLE", "EHR"} {
		addr, err := freeAddress()
		if err != nil {
			return err
		}
		env.Setenv(name, addr)
	}
	faxes, err := filepath.Abs("../../testdata/fax")
	env.Setenv("FAXES", faxes)
	env.Setenv("TZ", "UTC")
	return err
}

func freeAddress() (string, error) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	return ln.Addr().String(), ln.Close()
}

// condition knows [ocr]: pages can be read on this machine.
func condition(name string) (bool, error) {
	if name != "ocr" {
		return false, fmt.Errorf("got the condition %q, want ocr", name)
	}
	return tryOCR(context.Background()) == nil, nil
}

func serveScript(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: serve CONFIG")
	}
	d := ts.Value(daemonKey{}).(*daemonProcess)
	cmd := exec.Command("refloop", "serve", "-c", args[0], "--log-level", "debug")
	cmd.Dir = ts.MkAbs(".")
	cmd.Env = os.Environ()
	for _, name := range []string{"MLLP", "CONSOLE", "EHR", "TZ"} {
		cmd.Env = append(cmd.Env, name+"="+ts.Getenv(name))
	}
	out, err := cmd.StderrPipe()
	ts.Check(err)
	ts.Check(cmd.Start())
	ready := make(chan bool, 1)
	*d = daemonProcess{cmd: cmd, log: new(strings.Builder), done: make(chan struct{})}
	go func() {
		defer close(d.done)
		for s := bufio.NewScanner(out); s.Scan(); {
			if s.Text() == "ready" {
				ready <- true
			}
			d.log.WriteString(s.Text() + "\n")
		}
	}()
	ts.Defer(func() {
		if d.cmd != nil {
			_ = d.cmd.Process.Kill() // the script failed before its halt
			<-d.done
			_ = d.cmd.Wait()
		}
	})
	select {
	case <-ready:
	case <-d.done:
		ts.Fatalf("the daemon ended: %s", d.log)
	case <-time.After(patience):
		ts.Fatalf("the daemon was not ready in %s", patience)
	}
}

// haltScript ends the daemon, and leaves its log in the file serve.log.
func haltScript(ts *testscript.TestScript, neg bool, args []string) {
	d := ts.Value(daemonKey{}).(*daemonProcess)
	if neg || len(args) > 1 || d.cmd == nil {
		ts.Fatalf("usage: serve CONFIG, then halt, or halt kill")
	}
	hard := len(args) == 1 && args[0] == "kill"
	signal := syscall.SIGTERM
	if hard {
		signal = syscall.SIGKILL
	}
	ts.Check(d.cmd.Process.Signal(signal))
	<-d.done
	err := d.cmd.Wait()
	d.cmd = nil
	ts.Check(os.WriteFile(ts.MkAbs("serve.log"), []byte(d.log.String()), 0o600))
	if err != nil && !hard {
		ts.Fatalf("the daemon ended with %v: %s", err, d.log)
	}
}

func exits(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exits N COMMAND ARG...")
	}
	err := ts.Exec(args[1], args[2:]...)
	code := 0
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		code = exit.ExitCode()
	} else {
		ts.Check(err)
	}
	if fmt.Sprint(code) != args[0] {
		ts.Fatalf("got exit code %d, want %s", code, args[0])
	}
}

// pick sets a variable to a key of the first JSON object on standard output.
func pick(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: pick NAME KEY")
	}
	var row map[string]any
	if err := json.NewDecoder(strings.NewReader(ts.ReadFile("stdout"))).Decode(&row); err != nil {
		if errors.Is(err, io.EOF) {
			ts.Fatalf("standard output is empty")
		}
		ts.Fatalf("standard output is no JSON object: %v", err)
	}
	var v any = row
	for _, key := range strings.Split(args[1], ".") {
		switch at := v.(type) {
		case map[string]any:
			v = at[key]
		case []any:
			v = nil
			if i, err := strconv.Atoi(key); err == nil && i < len(at) {
				v = at[i]
			}
		}
	}
	if v == nil {
		ts.Fatalf("got no key %s", args[1])
	}
	ts.Setenv(args[0], fmt.Sprint(v))
}
