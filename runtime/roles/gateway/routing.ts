import { brief } from "@mcp-fleet/contract";
import type { Item } from "../../authz/decider.ts";
import type { RequestContext } from "../../calls/request-context.ts";
import type { Catalog } from "../../catalog/catalog.ts";
import type { Route } from "../../catalog/merged-list.ts";
import type { BackendRegistry } from "../../upstream/backend-registry.ts";
import { FleetError } from "../../wire/fleet-error.ts";
import type { ListName } from "../../wire/methods.ts";
import type { Permissions } from "./permissions.ts";
import type { SessionCatalogs } from "./session-catalogs.ts";

/** The lists that say whose a URI is. */
const READABLE: readonly ListName[] = ["resources", "resourceTemplates"];

/** What a client is told as it is, also where it has only kept the backend's lists from being read. */
const AUTH_FAILURES: ReadonlySet<string> = new Set([
  "BACKEND_AUTH_UNAVAILABLE",
  "BACKEND_LOGIN_REQUIRED",
]);

/** Which provider a name, a URI or a template of a client belongs to, and what it is called there. */
export class Routing {
  readonly #catalogs: SessionCatalogs;
  readonly #permissions: Permissions;
  readonly #backends: BackendRegistry;

  constructor(catalogs: SessionCatalogs, permissions: Permissions, backends: BackendRegistry) {
    this.#catalogs = catalogs;
    this.#permissions = permissions;
    this.#backends = backends;
  }

  /**
   * A tool that the client may not call with these arguments is as unknown as one that there is not.
   *
   * @throws INVALID_PARAMS, or where the backend that should have it is missing BACKEND_UNREACHABLE,
   * BACKEND_AUTH_UNAVAILABLE or BACKEND_LOGIN_REQUIRED.
   */
  async tool(context: RequestContext, name: string, args?: unknown): Promise<Route> {
    const catalog = await this.#catalogs.of(context, ["tools"], (known) =>
      this.#isCertain(name, known.tool(name), known, "tools"),
    );
    const item = { list: "tools", name } as const;
    const route = await this.#permitted(context, catalog, item, catalog.tool(name), args);
    return route ?? this.#unknown(context, "tool", name, catalog);
  }

  /**
   * A prompt only reads.
   *
   * @throws as for tools.
   */
  async prompt(context: RequestContext, name: string, args?: unknown): Promise<Route> {
    const catalog = await this.#catalogs.of(context, ["prompts"], (known) =>
      this.#isCertain(name, known.prompt(name), known, "prompts"),
    );
    const item = { list: "prompts", name } as const;
    const found = await this.#permitted(context, catalog, item, catalog.prompt(name), args);
    const route = found ?? this.#unknown(context, "prompt", name, catalog);
    return { ...route, repeatable: true };
  }

  /** @throws RESOURCE_NOT_FOUND. */
  resource(context: RequestContext, uri: string): Promise<Route> {
    return this.#reading(context, "resources", uri, (catalog) => catalog.resource(uri));
  }

  /** @throws RESOURCE_NOT_FOUND. */
  template(context: RequestContext, uriTemplate: string): Promise<Route> {
    const find = (catalog: Catalog) => catalog.template(uriTemplate);
    return this.#reading(context, "resourceTemplates", uriTemplate, find);
  }

  /** Whether no backend that has not answered yet could have the name: it is called without waiting for them. */
  #isCertain(name: string, route: Route | undefined, catalog: Catalog, list: ListName): boolean {
    if (route === undefined) return false;
    const missing = catalog.missing(list);
    const { naming, strategy } = catalog.aggregation;
    if (missing.length === 0 || strategy !== "prefix") return missing.length === 0;
    const all = this.#backends.all.map((backend) => backend.name);
    const owner = naming.ownerOf(name, all);
    if (owner !== undefined) return owner === route.provider || !missing.includes(owner);
    return missing.every((other) => all.indexOf(other) > all.indexOf(route.provider));
  }

  async #reading(
    context: RequestContext,
    list: ListName,
    uri: string,
    find: (catalog: Catalog) => string | undefined,
  ): Promise<Route> {
    const catalog = await this.#catalogs.of(context, READABLE);
    const provider = find(catalog) ?? this.#onlyBackend(uri, catalog);
    const route = provider === undefined ? undefined : { provider, name: uri, repeatable: true };
    const found = await this.#permitted(context, catalog, { list, name: uri }, route);
    return found ?? this.#notFound(uri, catalog);
  }

  /** Where an item leads, if the client may use it. Without policies nothing is waited for. */
  #permitted(
    context: RequestContext,
    catalog: Catalog,
    item: Pick<Item, "list" | "name">,
    route: Route | undefined,
    args?: unknown,
  ): Route | undefined | Promise<Route | undefined> {
    if (route === undefined) return undefined;
    const of = { ...item, backend: route.provider };
    const decision = this.#permissions.permits(context, catalog, of, args);
    if (decision === true) return route;
    return Promise.resolve(decision).then((isPermitted) => (isPermitted ? route : undefined));
  }

  /** A URI that nobody listed may still be readable, where there is no doubt whom to ask. */
  #onlyBackend(uri: string, catalog: Catalog): string | undefined {
    const [only, ...others] = this.#backends.all;
    const isOnly = only !== undefined && others.length === 0;
    return isOnly && catalog.mayAsk(only.name, uri) ? only.name : undefined;
  }

  #notFound(uri: string, catalog: Catalog): never {
    const missing = [...new Set(READABLE.flatMap((list) => catalog.missing(list)))];
    throw new FleetError("RESOURCE_NOT_FOUND", {
      message: `Resource not found: ${brief(uri)}`,
      data: { uri: brief(uri), ...missingData(missing) },
    });
  }

  #unknown(
    { session }: RequestContext,
    kind: "tool" | "prompt",
    name: string,
    catalog: Catalog,
  ): never {
    const missing = catalog.missing(`${kind}s`);
    const all = this.#backends.all.map((backend) => backend.name);
    const owner = catalog.aggregation.naming.ownerOf(name, all);
    if (owner !== undefined && missing.includes(owner)) {
      const failure = this.#catalogs.failureOf(session, owner);
      if (failure !== undefined && AUTH_FAILURES.has(failure.code)) throw failure;
      throw new FleetError("BACKEND_UNREACHABLE", {
        message: `the backend ${owner} cannot be reached; the call did not run`,
        data: { backend: owner },
      });
    }
    throw new FleetError("INVALID_PARAMS", {
      message: `Unknown ${kind}: ${brief(name)}`,
      data: missingData(missing),
    });
  }
}

function missingData(missing: readonly string[]): Record<string, unknown> {
  return missing.length === 0 ? {} : { missingBackends: missing };
}
