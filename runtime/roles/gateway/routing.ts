import type { Catalog, Route } from "../../catalog/catalog.ts";
import type { Naming } from "../../catalog/naming.ts";
import type { LiveSession } from "../../sessions/live-session.ts";
import { FleetError } from "../../wire/fleet-error.ts";
import type { SessionCatalogs } from "./session-catalogs.ts";

/** Which backend a name, a URI or a template of a client belongs to, and what it is called there. */
export class Routing {
  readonly #catalogs: SessionCatalogs;
  readonly #naming: Naming;
  readonly #backends: readonly string[];

  constructor(catalogs: SessionCatalogs, naming: Naming, backends: readonly string[]) {
    this.#catalogs = catalogs;
    this.#naming = naming;
    this.#backends = backends;
  }

  /** Errors: INVALID_PARAMS, or BACKEND_UNREACHABLE where the backend that should have it is missing. */
  async tool(session: LiveSession, name: string): Promise<Route> {
    const catalog = await this.#catalogs.of(session);
    return catalog.tool(name) ?? this.#unknown(session, "tool", name);
  }

  /** A prompt only reads. Errors: as for tools. */
  async prompt(session: LiveSession, name: string): Promise<Route> {
    const catalog = await this.#catalogs.of(session);
    const route = catalog.prompt(name) ?? this.#unknown(session, "prompt", name);
    return { ...route, repeatable: true };
  }

  /** Errors: RESOURCE_NOT_FOUND. */
  async resource(session: LiveSession, uri: string): Promise<Route> {
    return this.#reading(session, uri, (catalog) => catalog.resource(uri));
  }

  /** Errors: RESOURCE_NOT_FOUND. */
  async template(session: LiveSession, uriTemplate: string): Promise<Route> {
    return this.#reading(session, uriTemplate, (catalog) => catalog.template(uriTemplate));
  }

  async #reading(
    session: LiveSession,
    uri: string,
    find: (catalog: Catalog) => string | undefined,
  ): Promise<Route> {
    const catalog = await this.#catalogs.of(session);
    const backend = find(catalog) ?? this.#onlyBackend(session, uri);
    return { backend, name: uri, repeatable: true };
  }

  /** A URI that nobody listed may still be readable, where there is no doubt whom to ask. */
  #onlyBackend(session: LiveSession, uri: string): string {
    const [only, ...others] = this.#backends;
    if (only !== undefined && others.length === 0) return only;
    throw new FleetError("RESOURCE_NOT_FOUND", {
      message: `Resource not found: ${uri}`,
      data: { uri, ...this.#missing(session) },
    });
  }

  #unknown(session: LiveSession, kind: "tool" | "prompt", name: string): never {
    const { missing } = this.#catalogs.viewOf(session);
    const prefixOf = (backend: string) => this.#naming.prefix(backend);
    const owner = missing.find((one) => prefixOf(one) !== "" && name.startsWith(prefixOf(one)));
    if (owner !== undefined) {
      throw new FleetError("BACKEND_UNREACHABLE", {
        message: `the backend ${owner} cannot be reached; the call did not run`,
        data: { backend: owner },
      });
    }
    throw new FleetError("INVALID_PARAMS", {
      message: `Unknown ${kind}: ${name}`,
      data: this.#missing(session),
    });
  }

  #missing(session: LiveSession): Record<string, unknown> {
    const { missing } = this.#catalogs.viewOf(session);
    return missing.length === 0 ? {} : { missingBackends: missing };
  }
}
