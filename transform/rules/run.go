package rules

import (
	"errors"
	"reflect"

	"github.com/expr-lang/expr/file"
	"github.com/expr-lang/expr/vm"

	"refloop/referral"
)

// When reports whether a message counts. A message that does not is acknowledged and ignored. An error is an *Error.
func (s *Set) When(m Message) (bool, error) {
	if s == nil || s.when == nil {
		return true, nil
	}
	env := s.env(m)
	out, err := s.when.run(&env)
	if err != nil {
		return false, err
	}
	return out.(bool), nil
}

// WhenName names the rule that decides, for the record of a message that it ignored: its key and place. Empty when there is none.
func (s *Set) WhenName() string {
	if s == nil || s.when == nil {
		return ""
	}
	return s.when.source.Key + " (" + s.when.source.place(0).String() + ")"
}

// Apply returns r with the values that set gives it, line by line in file order; later lines see what earlier ones did. An error is an
// *Error, and r comes back unchanged.
func (s *Set) Apply(m Message, r referral.Referral) (referral.Referral, error) {
	if s == nil || len(s.assign) == 0 {
		return r, nil
	}
	env := setEnv{whenEnv: s.env(m)}
	out := r
	for _, a := range s.assign {
		if a.rule.uses {
			env.Referral = viewOf(&out)
		}
		value, err := a.rule.run(&env)
		if err != nil {
			return r, err
		}
		if err := a.target.assign(&out, value); err != nil {
			return r, &Error{Place: a.rule.source.place(0), Key: a.rule.source.Key, Reason: err.Error()}
		}
	}
	return out, nil
}

// env is what the rules see of one message. Its functions panic with a failure, which the virtual machine turns into an error.
func (s *Set) env(m Message) whenEnv {
	if m.Direction == "" {
		m.Direction = referral.Inbound
	}
	calls := 0
	count := func() {
		if calls++; calls > MaxCalls {
			panic(failure("it asks the message more often than a rule may"))
		}
	}
	return whenEnv{
		Type: m.Type, Version: m.Version, Channel: m.Channel, Partner: m.Partner, Direction: m.Direction, Sender: m.Sender, Receiver: m.Receiver,
		Msg: func(path string) string {
			count()
			if !s.paths[path] && s.check(path) != nil {
				panic(failure("msg was asked for something that is no path"))
			}
			if m.View == nil {
				return ""
			}
			text := m.View.Get(path)
			if len(text) > MaxText {
				panic(failure("a value of the message is longer than a rule may read"))
			}
			return text
		},
		Lookup: func(name, key string) string {
			count()
			value := s.tables[name].Find(key)
			if m.Looked != nil {
				m.Looked(name, key, value)
			}
			return value
		},
	}
}

// Route is the compiled when of a route. It is immutable and safe for concurrent use.
type Route struct{ rule *rule }

// CompileRoute checks and compiles the when of a route.
func CompileRoute(src Source) (*Route, []Mistake) {
	r, mistakes := compile[routeEnv](src, reflect.Bool, nil, nil)
	if len(mistakes) > 0 {
		return nil, mistakes
	}
	return &Route{r}, nil
}

// Match reports whether the referral goes this way. An error is an *Error.
func (r *Route) Match(ref referral.Referral) (bool, error) {
	env := routeEnv{Referral: viewOf(&ref)}
	out, err := r.rule.run(&env)
	if err != nil {
		return false, err
	}
	return out.(bool), nil
}

// run evaluates the rule. The machine is made anew each time, so that nothing of one message can reach the next.
func (r *rule) run(env any) (any, error) {
	machine := vm.VM{MemoryBudget: MaxMemory}
	out, err := machine.Run(r.program, env)
	if err != nil {
		return nil, r.failed(err)
	}
	return out, nil
}

// failed makes an error that can be shown: the virtual machine's own words may quote a value of the message.
func (r *rule) failed(err error) *Error {
	index, reason := 0, "it could not be computed for this message"
	var fe *file.Error
	if errors.As(err, &fe) {
		index = fe.From
		if fe.Message == "memory budget exceeded" {
			reason = "it needs more memory than a rule may have"
		}
	}
	var f failure
	if errors.As(err, &f) {
		reason = string(f)
	}
	return &Error{Place: r.source.place(index), Key: r.source.Key, Reason: reason}
}
