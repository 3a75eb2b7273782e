import { brief } from "@mcp-fleet/contract";
import type { RequestContext } from "../../calls/request-context.ts";
import type { Catalog, Route } from "../../catalog/catalog.ts";
import type { Naming } from "../../catalog/naming.ts";
import type { BackendRegistry } from "../../upstream/backend-registry.ts";
import { FleetError } from "../../wire/fleet-error.ts";
import type { ListName } from "../../wire/methods.ts";
import type { SessionCatalogs } from "./session-catalogs.ts";

/** The lists that say whose a URI is. */
const READABLE: readonly ListName[] = ["resources", "resourceTemplates"];

/** Which provider a name, a URI or a template of a client belongs to, and what it is called there. */
export class Routing {
  readonly #catalogs: SessionCatalogs;
  readonly #naming: Naming;
  readonly #backends: BackendRegistry;

  constructor(catalogs: SessionCatalogs, naming: Naming, backends: BackendRegistry) {
    this.#catalogs = catalogs;
    this.#naming = naming;
    this.#backends = backends;
  }

  /** @throws INVALID_PARAMS, or BACKEND_UNREACHABLE where the backend that should have it is missing. */
  async tool(context: RequestContext, name: string): Promise<Route> {
    const catalog = await this.#catalogs.of(context, ["tools"], (known) =>
      this.#isCertain(name, known.tool(name), known.missing("tools")),
    );
    return catalog.tool(name) ?? this.#unknown("tool", name, catalog.missing("tools"));
  }

  /**
   * A prompt only reads.
   *
   * @throws as for tools.
   */
  async prompt(context: RequestContext, name: string): Promise<Route> {
    const catalog = await this.#catalogs.of(context, ["prompts"], (known) =>
      this.#isCertain(name, known.prompt(name), known.missing("prompts")),
    );
    const route = catalog.prompt(name) ?? this.#unknown("prompt", name, catalog.missing("prompts"));
    return { ...route, repeatable: true };
  }

  /** @throws RESOURCE_NOT_FOUND. */
  resource(context: RequestContext, uri: string): Promise<Route> {
    return this.#reading(context, uri, (catalog) => catalog.resource(uri));
  }

  /** @throws RESOURCE_NOT_FOUND. */
  template(context: RequestContext, uriTemplate: string): Promise<Route> {
    return this.#reading(context, uriTemplate, (catalog) => catalog.template(uriTemplate));
  }

  /** Whether no backend that has not answered yet could have the name: it is called without waiting for them. */
  #isCertain(name: string, route: Route | undefined, missing: readonly string[]): boolean {
    if (route === undefined) return false;
    const all = this.#backends.all.map((backend) => backend.name);
    if (this.#naming.ownerOf(name, all) === route.provider) return true;
    return missing.every((other) => all.indexOf(other) > all.indexOf(route.provider));
  }

  async #reading(
    context: RequestContext,
    uri: string,
    find: (catalog: Catalog) => string | undefined,
  ): Promise<Route> {
    const catalog = await this.#catalogs.of(context, READABLE);
    const missing = new Set(READABLE.flatMap((list) => catalog.missing(list)));
    const provider = find(catalog) ?? this.#onlyBackend(uri, [...missing]);
    return { provider, name: uri, repeatable: true };
  }

  /** A URI that nobody listed may still be readable, where there is no doubt whom to ask. */
  #onlyBackend(uri: string, missing: readonly string[]): string {
    const [only, ...others] = this.#backends.all;
    if (only !== undefined && others.length === 0) return only.name;
    throw new FleetError("RESOURCE_NOT_FOUND", {
      message: `Resource not found: ${brief(uri)}`,
      data: { uri: brief(uri), ...missingData(missing) },
    });
  }

  #unknown(kind: "tool" | "prompt", name: string, missing: readonly string[]): never {
    const all = this.#backends.all.map((backend) => backend.name);
    const owner = this.#naming.ownerOf(name, all);
    if (owner !== undefined && missing.includes(owner)) {
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
