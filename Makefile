# Parley: everything a developer or an operator does is a target of this file.

.DEFAULT_GOAL := help
.PHONY: help run bench fuzz admin rotate-key test doctor check check-client check-rust check-terraform check-workflows test-scripts test-rust \
	test-outside test-client test-browser test-emulated fmt clean build client bootstrap plan deploy destroy output logs \
	restore scenarios emulate soak breakages
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
MAKEFLAGS += --no-print-directory

# Settings of the laptop, on the command line or in the environment.
PORT ?= 8080
DATA ?= .parley
BIND ?= 127.0.0.1
export PORT DATA BIND

# Settings of the commands on AWS: which environment, and what of its log.
ENV ?=
FUNCTION ?=
SINCE ?=
FOLLOW ?=
AT ?=
# What `make admin` is to do, as for `parley admin`.
ARGS ?= --help
export FUNCTION SINCE FOLLOW AT

CARGO ?= cargo
NPM := npm --prefix client
SITE := client/web/dist
LAPTOP := target/debug/parley-laptop
FUNCTIONS := $(notdir $(wildcard lambdas/functions/*))
comma := ,
empty :=
# The functions' own processes, with what only they need: the Lambda runtime and TLS.
LAMBDA_FEATURES := $(subst $(empty) $(empty),$(comma),$(FUNCTIONS:%=%/lambda))
# One set of features for lints and tests, or every SDK crate would be compiled again for each.
WORKSPACE := --locked --workspace --features $(LAMBDA_FEATURES)

##@ Use
help: ## show this list
	@awk 'BEGIN { FS = ":.*## " } \
		/^##@/ { printf "\n%s\n", substr($$0, 5) } \
		/^[a-z-]+:.*## / { printf "  make %-15s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)
	@printf '\nSettings: PORT (%s), DATA (%s), BIND (%s), as in: make run PORT=9000 DATA=/srv/chat\n' \
		'$(PORT)' '$(DATA)' '$(BIND)'

run: doctor $(SITE)/index.html ## build the chat and serve it at http://localhost:PORT, data in DATA
	@echo '==> building the server (the first time takes a minute or two)'
	@$(CARGO) build --locked -p laptop
	@echo '==> starting'
	@exec $(LAPTOP) --site $(SITE)

admin: ## make, look up, disable, erase accounts: make admin ARGS='create-user ada' [ENV=dev]
	@$(CARGO) build --locked --quiet -p cli
	@target/debug/parley admin $(if $(ENV),--env $(ENV)) $(ARGS)

rotate-key: ## make a new signing key in DATA, whose Parley is stopped; nobody is logged out
	@$(CARGO) build --locked -p laptop
	@$(LAPTOP) rotate-key

emulate: $(SITE)/index.html ## serve the chat from an emulated AWS, at http://localhost:PORT
	@scripts/doctor test
	@$(CARGO) build $(WORKSPACE) --bins
	@exec scripts/emulate

##@ Deploy
build: ## one arm64 zip per function, in target/lambda
	@scripts/doctor build
	@scripts/build

client: $(SITE)/index.html ## the built web client, in client/web/dist

bootstrap: ## once per account: ACCOUNT=123456789012 REGION=us-east-1 REPOSITORY=org/name ENVS="dev staging"
	@scripts/doctor stage
	@scripts/bootstrap $(ACCOUNT) $(REGION) $(REPOSITORY) $(ENVS)

# With PREBUILT=1 zips and client are there already, as in CI, where one job builds for all environments.
plan: ## show what a deploy to ENV would change: make plan ENV=dev
	@scripts/stage check $(ENV)
	@$(if $(PREBUILT),,$(MAKE) build client)
	@scripts/stage plan $(ENV)

deploy: ## build, plan, show, apply that plan, try it out: make deploy ENV=dev
	@scripts/stage check $(ENV)
	@$(if $(PREBUILT),,$(MAKE) build client)
	@scripts/stage deploy $(ENV)

destroy: ## remove ENV, with all its data: make destroy ENV=dev
	@scripts/stage destroy $(ENV)

output: ## addresses and names of what is deployed to ENV
	@scripts/stage output $(ENV)

logs: ## the functions' logs: make logs ENV=dev [FUNCTION=send-message] [SINCE=2h] [FOLLOW=1]
	@scripts/stage logs $(ENV)

restore: ## copy the tables of ENV as they were AT an instant: make restore ENV=dev AT=2026-11-23T05:00:00Z
	@scripts/stage restore $(ENV)

scenarios: ## run the end-to-end suite on what is deployed to dev: make scenarios ENV=dev
	@scripts/stage scenarios $(ENV)

##@ Develop
test: ## run every test; installs what the tests need
	@scripts/doctor test
	@scripts/timed --begin
	@scripts/timed 'scripts' $(MAKE) test-scripts
	@scripts/timed 'workflows' $(MAKE) check-workflows
	@scripts/timed 'terraform: format, tests, checkov' $(MAKE) check-terraform
	@scripts/timed 'client: format, types, unit tests' $(MAKE) check-client test-client
	@scripts/timed 'rust: format, lints' $(MAKE) check-rust
	@scripts/timed 'rust: build and tests' $(MAKE) test-rust
	@scripts/timed 'outside issuers' $(MAKE) test-outside
	@scripts/timed 'browser' $(MAKE) test-browser
	@scripts/timed 'emulated AWS' $(MAKE) test-emulated
	@scripts/timed --summary

doctor: ## check that the tools are there and new enough
	@scripts/doctor

check: check-client check-rust check-workflows check-terraform ## formats, types, lints and rules

check-client: client/node_modules/.package-lock.json
	@$(NPM) run check

check-rust:
	@$(CARGO) fmt --all -- --check
	@$(CARGO) clippy $(WORKSPACE) --all-targets -- -D warnings

check-workflows: client/node_modules/.package-lock.json
	@scripts/check-workflows

check-terraform:
	@scripts/check-terraform

test-scripts: ## the scripts of this repository
	@for test in scripts/*-test; do echo "$$test"; $$test; done

test-client: client/node_modules/.package-lock.json ## the client's unit tests
	@$(NPM) test

# Most tests wait for sockets and clocks, not for a processor.
test-rust: $(SITE)/index.html ## unit tests, handlers, gateway, end-to-end scenarios
	@$(CARGO) build $(WORKSPACE) --bins
	@RUST_TEST_THREADS=4 $(CARGO) test $(WORKSPACE)

test-outside: ## the Django view of docs/outside-issuers.md, against the laptop
	@$(CARGO) build $(WORKSPACE) --bins
	@"$$(scripts/tools outside)/python" -B scripts/outside/test.py

test-browser: $(SITE)/index.html ## two people in headless Chromium
	@$(CARGO) build $(WORKSPACE) --bins
	@$(NPM) run test:browser

test-emulated: $(SITE)/index.html ## the same Terraform, applied to an emulated AWS with IAM enforced
	@$(CARGO) build $(WORKSPACE) --bins
	@env -u PORT scripts/emulate --then "$$(scripts/tools emulate)/python" -B scripts/emulated/test.py

# CHANGES=1 is one seed's run.
soak: ## histories of SEED=1, 2, ... until CHANGES=100000 are acknowledged; CLIENTS=8 in each, else 4 to 9
	@SEED=$(or $(SEED),1) CHANGES=$(or $(CHANGES),100000) CLIENTS=$(CLIENTS) RUST_BACKTRACE=0 \
		$(CARGO) test $(WORKSPACE) --profile soak --test laptop every_history_keeps_the_rules -- --nocapture

breakages: ## break the server in five ways; the history checker must notice each
	@scripts/breakages

bench: ## time of log-ins (fails if it tells an unknown name from a wrong password), one room's ceiling
	@$(CARGO) bench --locked -p scenarios --bench log_in
	@$(CARGO) bench --locked -p laptop --bench room_ceiling

fuzz: ## search for input that breaks a parser, a minute each; make fuzz SECONDS=10 TARGET=token
	@scripts/fuzz $(or $(SECONDS),60) $(TARGET)

fmt: client/node_modules/.package-lock.json ## format everything
	@$(CARGO) fmt --all
	@terraform fmt -recursive terraform
	@$(NPM) run format

clean: ## remove everything that was built; never DATA
	@rm -rf target client/node_modules client/*/node_modules $(SITE)

# npm writes this file last, so it says what node_modules was made from.
client/node_modules/.package-lock.json: client/package-lock.json
	@echo '==> installing the client'"'"'s packages'
	@$(NPM) ci --no-audit --no-fund
	@touch $@

$(SITE)/index.html: client/node_modules/.package-lock.json $(shell find client/sdk/src client/web -path client/web/dist -prune -o -path '*/node_modules' -prune -o -type f -print)
	@echo '==> building the client'
	@$(NPM) run build
