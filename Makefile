# refloop: `make build`, `make test`, `make demo`, `make run`. Everything a command needs it installs or says so.
SHELL := /bin/bash
export CGO_ENABLED := 1
BIN := bin/refloop
STATICCHECK := honnef.co/go/tools/cmd/staticcheck@v0.8.2
SHARED ?= ../shared
FUZZTIME ?= 2s

.PHONY: build deps test-deps test vet lint unit fuzz conformance test-long demo run bench fax-score clean

build: deps
	go build -trimpath -o $(BIN) ./cmd/refloop

deps:
	@scripts/deps.sh

test-deps:
	@scripts/deps.sh test

# The gate: formatting, vet, staticcheck, import rule, unit, golden, race, short fuzz.
test: test-deps lint unit fuzz

lint: deps
	@bad=$$(gofmt -l $$(git ls-files '*.go')); [ -z "$$bad" ] || { echo "gofmt: $$bad"; exit 1; }
	go vet ./... && go vet -tags long ./...
	go run $(STATICCHECK) ./...

unit: test-deps
	go test -race -shuffle=on ./...

fuzz: test-deps
	@scripts/fuzz.sh $(FUZZTIME)

# Validators and corpora outside of the repository, where they are present.
conformance: build
	@scripts/conformance.sh $(SHARED)

# What takes too long for every change: long property runs, crash loops, broken-file sweeps.
test-long: test-deps build
	go test -tags long -timeout 120m ./...
	@scripts/fuzz.sh 2m

demo: build
	@$(BIN) demo $(if $(KEEP),--keep)

run: build
	cd examples && ../$(BIN) serve -c refloop.yaml

bench: build
	@scripts/bench.sh

fax-score: build
	@scripts/fax-score.sh $(SHARED)

clean:
	rm -rf bin var demo-out
