import type { Endpoint, HttpRequest } from "../endpoints/endpoint.ts";
import type { HttpResponse } from "../endpoints/http-exchange.ts";

/** The redirects that keep method and body. */
const REDIRECTS: ReadonlySet<number> = new Set([307, 308]);

/** As many redirects are followed for one request. */
const MAX_REDIRECTS = 5;

/**
 * Where requests to an endpoint go: a path of it, or the one at the same origin that the server redirects to, such as the
 * same with a slash at its end. Where redirects lead to is remembered.
 */
export class RedirectedPath {
  readonly #endpoint: Endpoint;
  readonly #given: string | undefined;
  #path: string | undefined;

  /** @param path default: the endpoint's own. */
  constructor(endpoint: Endpoint, path?: string) {
    this.#endpoint = endpoint;
    this.#given = path;
    this.#path = path;
  }

  /** The URL at which the endpoint's paths begin. */
  get address(): string {
    return this.#endpoint.address;
  }

  /** @throws those of `Endpoint.request`. */
  async request(request: Omit<HttpRequest, "path">): Promise<HttpResponse> {
    const asked = this.#path;
    const response = await this.#endpoint.request(at(asked, request));
    const path = this.#redirectOf(response, asked);
    if (path !== undefined) return await this.#follow(request, response, asked, path);
    // Where the server is no longer to be found there, it is looked for where it was at first.
    if (response.statusCode === 404) this.#path = this.#given;
    return response;
  }

  /** Goes on from a redirect, to no path twice. */
  async #follow(
    request: Omit<HttpRequest, "path">,
    redirect: HttpResponse,
    first: string | undefined,
    path: string,
  ): Promise<HttpResponse> {
    const asked = [first ?? pathOf(new URL(this.#endpoint.address))];
    let response = redirect;
    let next: string | undefined = path;
    while (next !== undefined && asked.length <= MAX_REDIRECTS && !asked.includes(next)) {
      response.body.discard();
      response = await this.#endpoint.request(at(next, request));
      asked.push(next);
      next = this.#redirectOf(response, next);
    }
    if (!REDIRECTS.has(response.statusCode)) this.#path = asked.at(-1);
    return response;
  }

  /** Credentials and messages go to no other origin. */
  #redirectOf(
    { statusCode, headers }: HttpResponse,
    asked: string | undefined,
  ): string | undefined {
    const { location } = headers;
    if (!REDIRECTS.has(statusCode) || typeof location !== "string") return undefined;
    const { address } = this.#endpoint;
    const base = asked === undefined ? address : new URL(asked, address).href;
    if (!URL.canParse(location, base)) return undefined;
    const url = new URL(location, base);
    return url.origin === new URL(address).origin ? pathOf(url) : undefined;
  }
}

function pathOf({ pathname, search }: URL): string {
  return pathname + search;
}

function at(path: string | undefined, request: Omit<HttpRequest, "path">): HttpRequest {
  return path === undefined ? request : { ...request, path };
}
