import type { Settings } from "@mcp-fleet/contract/settings";
import { LRUCache } from "lru-cache";
import { SingleFlight } from "../../async/single-flight.ts";
import { untilAborted } from "../../async/until-aborted.ts";
import type { Item } from "../../authz/decider.ts";
import { hintsOf, type ToolHints } from "../../authz/tool-hints.ts";
import { sessionLost } from "../../calls/forwarder.ts";
import type { RequestContext } from "../../calls/request-context.ts";
import { clock } from "../../platform/clock.ts";
import type { Events } from "../../sessions/events.ts";
import type { LiveSession } from "../../sessions/live-session.ts";
import type { Backend } from "../../upstream/backend.ts";
import { refused } from "../../upstream/sessions/backend-error.ts";
import { ownRequest } from "../../upstream/sessions/own-request.ts";
import { type RequestOutcome, resultOf } from "../../upstream/sessions/upstream-session.ts";
import type { UpstreamSessions } from "../../upstream/sessions/upstream-sessions.ts";
import { FleetError } from "../../wire/fleet-error.ts";
import { at, cut, elements } from "../../wire/json-text.ts";

export interface KnownHintsParts {
  readonly upstreams: UpstreamSessions;
  readonly events: Events;
  readonly settings: Pick<Settings, "limits">;
}

/** What the tools of one list say of themselves. */
interface Known {
  readonly hints: Map<string, ToolHints>;
  readonly readAtMs: number;
  /** The list is longer than the limits: nobody knows what the rest says. */
  readonly isCut: boolean;
}

/** What a tool takes beside its name. */
const TOOL_BYTES = 256;

/** The hints of a server's tools, by which policies may decide: as its list says them, read again now and then. */
export class KnownHints {
  readonly #parts: KnownHintsParts;
  readonly #known: LRUCache<string, Known>;
  readonly #reading = new SingleFlight<string, Known>();

  constructor(parts: KnownHintsParts, maxBytes: number) {
    this.#parts = parts;
    this.#known = new LRUCache({ maxSize: Math.floor(maxBytes) });
    parts.events.on("listChanged", () => this.#known.clear());
  }

  /**
   * Those of one tool; undefined where the server lists no such tool.
   *
   * @throws AUTHORIZATION_UNAVAILABLE for a tool beyond the limits, and where the list cannot be read: without its hints
   * nothing can be decided.
   */
  async of(
    context: RequestContext,
    backend: Backend,
    name: string,
  ): Promise<ToolHints | undefined> {
    const { session } = context;
    if (session === undefined) throw new FleetError("SESSION_REQUIRED");
    const list = listOf(session, backend);
    const known = this.#fresh(list) ?? (await this.#readFor(context, session, backend, list));
    const hints = known.hints.get(name);
    if (hints === undefined && known.isCut) throw new FleetError("AUTHORIZATION_UNAVAILABLE");
    return hints;
  }

  /** A page of the list has just come by. */
  note(session: LiveSession, backend: Backend, items: readonly Item[]): void {
    const list = listOf(session, backend);
    const known = this.#fresh(list);
    if (known === undefined) return;
    for (const { name, hints = {} } of items) {
      if (known.hints.has(name)) known.hints.set(name, hints);
    }
  }

  #fresh(list: string): Known | undefined {
    const { catalogRefreshSeconds } = this.#parts.settings.limits;
    const known = this.#known.get(list);
    const isFresh =
      known !== undefined && clock.monotonicMs() - known.readAtMs < catalogRefreshSeconds * 1000;
    return isFresh ? known : undefined;
  }

  async #readFor(
    context: RequestContext,
    session: LiveSession,
    backend: Backend,
    list: string,
  ): Promise<Known> {
    const signal = clock.timeout(this.#parts.settings.limits.callTimeoutSeconds * 1000);
    const reading = this.#reading.run(list, async () => {
      const ask = (params: object) => this.#ask(context, session, backend, params, signal);
      const known = await this.#read(backend, ask);
      const names = [...known.hints.keys()].reduce((sum, name) => sum + name.length, 0);
      this.#known.set(list, known, { size: TOOL_BYTES * (1 + known.hints.size) + 2 * names });
      return known;
    });
    return await untilAborted(reading, context.signal);
  }

  async #read(backend: Backend, ask: (params: object) => Promise<RequestOutcome>): Promise<Known> {
    const { catalogItems, catalogPages } = this.#parts.settings.limits;
    const hints = new Map<string, ToolHints>();
    const readAtMs = clock.monotonicMs();
    const cursors = new Set<string>();
    for (let cursor: string | undefined = ""; cursor !== undefined && !cursors.has(cursor); ) {
      if (hints.size > catalogItems || cursors.size >= catalogPages) {
        return { hints, readAtMs, isCut: true };
      }
      cursors.add(cursor);
      const { text, answer } = await ask(cursor === "" ? {} : { cursor });
      const result = text === undefined ? undefined : resultOf(text);
      if (result === undefined) throw refused(backend, answer, text);
      for (const [name, said] of hintsIn(result)) if (!hints.has(name)) hints.set(name, said);
      cursor = cursorIn(result);
    }
    return { hints, readAtMs, isCut: false };
  }

  /** In the session's own words; where the server has forgotten it, once more in a new one. */
  async #ask(
    context: RequestContext,
    session: LiveSession,
    backend: Backend,
    params: object,
    signal: AbortSignal,
  ): Promise<RequestOutcome> {
    const { upstreams } = this.#parts;
    const request = ownRequest("tools/list", { ...params });
    const open = () => upstreams.open(session, backend, signal, context);
    const upstream = await open();
    const outcome = await upstream.request(request, "list", signal);
    if (outcome.answer.kind !== "session-unknown") return outcome;
    await upstreams.markLost(session, upstream);
    if (backend.settings.stateful) throw sessionLost(backend);
    return await (await open()).request(request, "list", signal);
  }
}

/** Whose list it is: that of all sessions, or of one. */
function listOf({ key }: LiveSession, { settings }: Backend): string {
  return settings.catalog === "perSession" ? key : "";
}

function hintsIn(result: string): [string, ToolHints][] {
  const array = at(result, "tools");
  if (array === undefined) return [];
  return elements(result, array.start).flatMap((span): [string, ToolHints][] => {
    const text = cut(result, span);
    const nameAt = at(text, "name");
    const name: unknown = nameAt === undefined ? undefined : JSON.parse(cut(text, nameAt));
    return typeof name === "string" ? [[name, hintsOf(text)]] : [];
  });
}

function cursorIn(result: string): string | undefined {
  const span = at(result, "nextCursor");
  const cursor: unknown = span === undefined ? undefined : JSON.parse(cut(result, span));
  return typeof cursor === "string" && cursor !== "" ? cursor : undefined;
}
