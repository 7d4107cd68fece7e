package main

import (
	"fmt"
	"reflect"

	"refloop/channels/mllp"
	"refloop/hl7"
	codec "refloop/mllp"
)

// setting is the default of a key of a channel or rail of type mllp, as `refloop config describe` prints it.
func setting(key string) (string, error) {
	for _, t := range []reflect.Type{reflect.TypeFor[mllp.Config](), reflect.TypeFor[mllp.RailConfig](), reflect.TypeFor[mllp.Dialect]()} {
		for i := range t.NumField() {
			if tag := t.Field(i).Tag; tag.Get("yaml") == key {
				return tag.Get("default"), nil
			}
		}
	}
	return "", fmt.Errorf("setting %q: got no such key of channels/mllp", key)
}

// largest is the size of the largest message, in MiB.
func largest() (string, error) {
	if hl7.DefaultMaxBytes != codec.DefaultMaxMessage {
		return "", fmt.Errorf("largest message: hl7 takes %d bytes and mllp %d, want the same", hl7.DefaultMaxBytes, codec.DefaultMaxMessage)
	}
	return fmt.Sprint(hl7.DefaultMaxBytes >> 20), nil
}
