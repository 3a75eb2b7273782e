import { isDeepStrictEqual } from "node:util";
import { brief } from "@mcp-fleet/contract";
import { cachedListBytes, plannedBackends } from "@mcp-fleet/contract/capacity";
import type { AggregationSettings } from "@mcp-fleet/contract/settings";
import { ByteBudget } from "../../async/byte-budget.ts";
import { refuseLookalikes } from "../../authz/lookalikes.ts";
import type { Call } from "../../calls/call.ts";
import { keepLogLevel } from "../../calls/log-level.ts";
import type { RequestContext } from "../../calls/request-context.ts";
import { Aggregation } from "../../catalog/aggregation.ts";
import { LIST_NAMES } from "../../catalog/listing.ts";
import type { Route } from "../../catalog/merged-list.ts";
import { Views } from "../../catalog/views.ts";
import { VERSION } from "../../platform/version.ts";
import type { Backend } from "../../upstream/backend.ts";
import { FleetError, resultText } from "../../wire/fleet-error.ts";
import { cut, type Member, members, replace, type Span } from "../../wire/json-text.ts";
import { LOG_LEVELS } from "../../wire/log-levels.ts";
import { invalidParams, isObject, type Message, stringParam } from "../../wire/message.ts";
import { CONDITIONS } from "../condition.ts";
import type { Role, RoleParts, RoleStatus } from "../role.ts";
import { aggregationRow, unresolvedNames } from "./aggregation-row.ts";
import { backendRow, conditionOf } from "./backend-row.ts";
import { Discovery } from "./discovery.ts";
import { incomplete, ListAnswers } from "./list-answers.ts";
import { ListChanges } from "./list-changes.ts";
import { Permissions } from "./permissions.ts";
import { Providers } from "./providers.ts";
import { Routing } from "./routing.ts";
import { SessionCatalogs } from "./session-catalogs.ts";

/** The capabilities that the fleet can carry, whatever the backends of the moment have: others may join later. */
const CAPABILITIES = {
  tools: { listChanged: true },
  prompts: { listChanged: true },
  resources: { subscribe: true, listChanged: true },
  completions: {},
  logging: {},
};

/** The same, where clients are not told of changes. */
const UNANNOUNCED = { ...CAPABILITIES, tools: {}, prompts: {}, resources: { subscribe: true } };

/** One MCP endpoint over many backends: what each method of a client comes to. */
export class GatewayRole implements Role {
  static readonly #HANDLERS: ReadonlyMap<string, (role: GatewayRole, call: Call) => Promise<void>> =
    new Map([
      [
        "ping",
        async (_role, { message, reply }) => reply.message(resultText(message.idText, "{}")),
      ],
      ["tools/list", (role, call) => role.#lists.answer(call)],
      ["prompts/list", (role, call) => role.#lists.answer(call)],
      ["resources/list", (role, call) => role.#lists.answer(call)],
      ["resources/templates/list", (role, call) => role.#lists.answer(call)],
      ["tools/call", (role, call) => role.#callTool(call)],
      ["prompts/get", (role, call) => role.#getPrompt(call)],
      ["resources/read", (role, call) => role.#readResource(call)],
      ["resources/subscribe", (role, call) => role.#subscribe(call)],
      ["resources/unsubscribe", (role, call) => role.#unsubscribe(call)],
      ["completion/complete", (role, call) => role.#complete(call)],
      ["logging/setLevel", (role, call) => role.#setLevel(call)],
    ]);

  readonly #parts: RoleParts;
  readonly #views: Views;
  readonly #providers: Providers;
  readonly #catalogs: SessionCatalogs;
  readonly #routing: Routing;
  readonly #lists: ListAnswers;
  readonly #refusal = Promise.withResolvers<never>();
  #aggregation: AggregationSettings;
  #isReady = false;
  /** Every backend has offered something once. */
  #wasWhole = false;

  constructor(parts: RoleParts) {
    const { settings, backends, metrics, events } = parts;
    const clientInfo = JSON.stringify({ name: "mcp-fleet", version: VERSION });
    const { limits } = settings;
    const listBytes = () => {
      const { discovery } = settings;
      const present = backends.all.map((backend) => backend.settings);
      const planned = plannedBackends({ backends: present, ...(discovery && { discovery }) });
      return cachedListBytes({ ...limits, backends: planned });
    };
    const room = new ByteBudget(listBytes(), 0, { freeBytes: 0 });
    events.on("backendAdded", () => room.resize(listBytes()));
    events.on("backendRemoved", () => room.resize(listBytes()));
    const readsAtOnce = () => Math.max(1, Math.floor(limits.catalogReads / backends.all.length));
    const providers = new Providers({ ...parts, clientInfo, room, readsAtOnce });
    metrics.onScrape(() => metrics.listBytes.set(room.held));
    const views = new Views({ ...parts, sourcesOf: (...of) => providers.sourcesOf(...of) });
    const isFailing = (backend: Backend) => providers.isFailing(backend);
    const catalogs = new SessionCatalogs({ ...parts, views, limits, isFailing });
    const permissions = new Permissions(parts.authorizer);
    const { enabled } = settings.listChanged;
    new ListChanges({ ...parts, views, catalogs, permissions, isSilent: !enabled });
    this.#parts = parts;
    this.#aggregation = settings.aggregation;
    this.#views = views;
    this.#providers = providers;
    this.#catalogs = catalogs;
    this.#routing = new Routing(catalogs, permissions, backends);
    this.#lists = new ListAnswers(catalogs, permissions, settings.health.partialFailureMode);
    metrics.onScrape(() => this.#measure());
    // Whoever serves waits for it; whoever only composes the role does not have to.
    this.#refusal.promise.catch(() => {});
    void views.base.settled().then(() => {
      const { unresolved } = views.base;
      if (unresolved.length > 0) this.#refusal.reject(unresolvedNames(unresolved));
      else this.#isReady = true;
    });
  }

  get notReady(): string | undefined {
    if (!this.#isReady) {
      const isRefused = this.#views.base.unresolved.length > 0;
      return isRefused
        ? "names are to be resolved by hand"
        : "the backends have not all been asked yet";
    }
    if (this.#wasWhole || !this.#mayFail) return undefined;
    const missing = this.#missing;
    this.#wasWhole = missing.length === 0;
    const reason = "partialFailureMode is fail, and these backends have not answered yet";
    return this.#wasWhole ? undefined : `${reason}: ${missing.join(", ")}`;
  }

  get refused(): Promise<never> {
    return this.#refusal.promise;
  }

  permissionsChanged(): void {
    for (const key of this.#views.keys) this.#parts.events.emit("catalogChanged", key, LIST_NAMES);
  }

  applyAggregation(aggregation: AggregationSettings): void {
    if (isDeepStrictEqual(aggregation, this.#aggregation)) return;
    const unresolved = this.#views.applyAggregation(new Aggregation(aggregation));
    if (unresolved.length > 0) throw unresolvedNames(unresolved);
    this.#aggregation = aggregation;
  }

  /**
   * Asks no backend, and has what they offer to clients like this one at hand for the next request.
   *
   * @throws BACKEND_UNREACHABLE where `partialFailureMode` is `fail` and a backend offers nothing.
   */
  async initialize({ client }: RequestContext): Promise<string> {
    const { settings } = this.#parts;
    this.#views.get(client);
    // Before the first look is over, nobody knows.
    if (this.#mayFail) await this.#views.base.settled();
    if (this.#mayFail && this.#missing.length > 0) throw incomplete(this.#missing);
    return JSON.stringify({
      protocolVersion: client.protocol,
      capabilities: settings.listChanged.enabled ? CAPABILITIES : UNANNOUNCED,
      serverInfo: { name: settings.name, version: VERSION },
      instructions: this.#views.base.instructions,
    });
  }

  readonly request = async (call: Call): Promise<void> => {
    const { method } = call.message;
    const handler = GatewayRole.#HANDLERS.get(method);
    if (handler === undefined) {
      throw new FleetError("METHOD_NOT_FOUND", { message: `Method not found: ${brief(method)}` });
    }
    if (this.#parts.authorizer !== undefined) refuseLookalikes(call.message);
    await handler(this, call);
  };

  async status(): Promise<RoleStatus> {
    const { settings, podReport } = this.#parts;
    const { catalog } = this.#views.base;
    const rows = this.#discoveries.map((one) =>
      backendRow(one, catalog, this.#catalogs, podReport),
    );
    return {
      groupRef: settings.groupRef,
      metadata: settings.metadata,
      backends: await Promise.all(rows),
      conflicts: [...catalog.conflicts, ...catalog.overlaps],
      aggregation: aggregationRow(this.#views.base),
    };
  }

  async close(): Promise<void> {
    await this.#views.close();
    await this.#parts.authorizer?.close();
  }

  get #discoveries(): readonly Discovery[] {
    return this.#views.base.sources.filter((source) => source instanceof Discovery);
  }

  get #mayFail(): boolean {
    return this.#parts.settings.health.partialFailureMode === "fail";
  }

  /** The backends that offer nothing: not those that only answer clients, with their credentials. */
  get #missing(): readonly string[] {
    return this.#discoveries
      .filter(({ listing, backend, health }) => {
        const isOfClients = health.isUnauthenticated && this.#catalogs.isPerSession(backend);
        return listing === undefined && !isOfClients;
      })
      .map(({ backend }) => backend.name);
  }

  #measure(): void {
    const { metrics } = this.#parts;
    for (const discovery of this.#discoveries) {
      const backend = discovery.backend.name;
      metrics.backendUp.set({ backend }, discovery.health.state === "up" ? 1 : 0);
      const condition = conditionOf(discovery, this.#catalogs);
      for (const health of CONDITIONS) {
        metrics.backendHealth.set({ backend, health }, health === condition ? 1 : 0);
      }
    }
  }

  async #callTool(call: Call): Promise<void> {
    const { context, message } = call;
    const { arguments: args } = message.params;
    const route = await this.#routing.tool(context, stringParam(message, "name"), args);
    await this.#answer(call, route, renamed(message, route, paramAt(message, "name")));
  }

  async #getPrompt(call: Call): Promise<void> {
    const { context, message } = call;
    const { arguments: args } = message.params;
    const route = await this.#routing.prompt(context, stringParam(message, "name"), args);
    await this.#answer(call, route, renamed(message, route, paramAt(message, "name")));
  }

  async #readResource(call: Call): Promise<void> {
    const { context, message } = call;
    const route = await this.#routing.resource(context, stringParam(message, "uri"));
    await this.#answer(call, route, message.text);
  }

  async #complete(call: Call): Promise<void> {
    const { context, message } = call;
    const { ref } = message.params;
    if (!isObject(ref)) throw invalidParams("params.ref must be an object");
    const { name, uri } = ref;
    if (typeof uri === "string") {
      const route = await this.#routing.template(context, uri);
      await this.#answer(call, route, message.text);
    } else if (typeof name === "string") {
      const route = await this.#routing.prompt(context, name);
      await this.#answer(call, route, renamed(message, route, memberAt(message, "ref", "name")));
    } else throw invalidParams("params.ref must have a name or a uri");
  }

  async #subscribe(call: Call): Promise<void> {
    const { context, message } = call;
    const uri = stringParam(message, "uri");
    const { provider } = await this.#routing.resource(context, uri);
    await this.#parts.subscriptions.subscribe(call, this.#backend(provider), uri);
  }

  async #unsubscribe(call: Call): Promise<void> {
    const { context, message } = call;
    const uri = stringParam(message, "uri");
    const known = context.session?.record.subscriptions.find((one) => one.uri === uri);
    const backend = known?.backend ?? (await this.#routing.resource(context, uri)).provider;
    await this.#parts.subscriptions.unsubscribe(call, this.#backend(backend), uri);
  }

  async #setLevel({ context, message, reply }: Call): Promise<void> {
    const { session } = context;
    const level = stringParam(message, "level");
    if (!LOG_LEVELS.includes(level)) {
      throw invalidParams(`params.level must be one of ${LOG_LEVELS.join(", ")}`);
    }
    if (session === undefined) throw new FleetError("SESSION_REQUIRED");
    const { sessions, messages } = this.#parts;
    await keepLogLevel(sessions, session, level);
    await messages.broadcast(session, message.text, context);
    reply.message(resultText(message.idText, "{}"));
  }

  async #answer(call: Call, { provider: name, repeatable }: Route, text: string): Promise<void> {
    const provider = this.#providers.get(name);
    if (provider === undefined) throw gone(name);
    await provider.answer(call, text, repeatable);
  }

  #backend(name: string): Backend {
    const backend = this.#parts.backends.get(name);
    if (backend === undefined) throw gone(name);
    return backend;
  }
}

/** It left between the moment in which a name was looked up and this one. */
function gone(backend: string): FleetError {
  return new FleetError("BACKEND_UNREACHABLE", {
    message: `the backend ${backend} has been removed; the call did not run`,
    data: { backend },
  });
}

/** The message with the name that the provider knows in this place, all else untouched. */
function renamed({ text }: Message, route: Route, span: Span | undefined): string {
  const name = JSON.stringify(route.name);
  return span === undefined || cut(text, span) === name ? text : replace(text, span, name);
}

function paramAt({ paramSpans }: Message, key: string): Member | undefined {
  return paramSpans.find((param) => param.key === key);
}

/** @throws INVALID_REQUEST for a duplicate key in the param. */
function memberAt(message: Message, param: string, key: string): Member | undefined {
  const outer = paramAt(message, param);
  if (outer === undefined) return undefined;
  try {
    return members(message.text, outer.start).find((member) => member.key === key);
  } catch (cause) {
    const text = cause instanceof Error ? cause.message : String(cause);
    throw new FleetError("INVALID_REQUEST", { message: text, cause });
  }
}
