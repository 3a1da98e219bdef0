# Plain words for what is done often. `make help` lists them.
.PHONY: help run test build bench format lint docs fuzz simulate clean
.DEFAULT_GOAL := help

SEED ?= 1
CALLS ?= 1000
RUNS ?= 100
SECONDS_EACH ?= 60

help: ## this list
	@sed -nE 's/^([a-z]+):.*## (.*)/  make \1\t\2/p' Makefile | expand -t 18

run: ## build and show a call going through (./scripts/run)
	./scripts/run

test: ## everything that must hold (./scripts/test)
	./scripts/test

build: ## leave the release program at .build/release/tandem
	swift build -c release --product tandem

bench: build ## CPU and memory of a call, against Kamailio and the kernel's floor
	swift build -c release --product tandem-bench
	./Benchmarks/run $(ARGS)

format: ## bring all Swift into the house's form
	swift format --in-place --parallel --recursive $$(scripts/lib/swift-folders)

lint: ## format, arrows between targets, tidiness; builds nothing
	./scripts/lint

docs: ## the API's reference as web pages in .build/docs
	./scripts/docs

fuzz: ## every parser against random input, SECONDS_EACH=60 a parser
	./FuzzTesting/run $(SECONDS_EACH)

simulate: build ## calls with every fault in virtual time, SEED=1 CALLS=1000 RUNS=100
	.build/release/tandem simulate --seed $(SEED) --calls $(CALLS) --runs $(RUNS) --pace 80 --deaths 0.01
	.build/release/tandem simulate --seed $(SEED) --calls $(CALLS) --runs $(RUNS) --pace 80 --deaths 0.01 --loss 0.05
	.build/release/tandem simulate --seed $(SEED) --calls $(CALLS) --runs $(RUNS) --pace 60 --deaths 0.02 --loss 0.2

clean: ## remove what was built
	rm -rf .build
