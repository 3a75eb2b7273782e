import { brief } from "@mcp-fleet/contract";
import type { Settings } from "@mcp-fleet/contract/settings";
import { ByteBudget } from "../../async/byte-budget.ts";
import type { Authorizer } from "../../authz/authorizer.ts";
import { callArguments } from "../../authz/call-arguments.ts";
import type { Item } from "../../authz/decider.ts";
import { refuseLookalikes } from "../../authz/lookalikes.ts";
import { hintsOf } from "../../authz/tool-hints.ts";
import type { Call, Handler } from "../../calls/call.ts";
import { HeldReply } from "../../calls/held-reply.ts";
import type { Events } from "../../sessions/events.ts";
import type { Backend } from "../../upstream/backend.ts";
import type { BackendRegistry } from "../../upstream/backend-registry.ts";
import type { UpstreamSessions } from "../../upstream/sessions/upstream-sessions.ts";
import { FleetError } from "../../wire/fleet-error.ts";
import { at, cut, elements, replace } from "../../wire/json-text.ts";
import { invalidParams, isObject, type Message, stringParam } from "../../wire/message.ts";
import { type ListName, METHODS } from "../../wire/methods.ts";
import { KnownHints } from "./known-hints.ts";

export interface PolicyGateParts {
  readonly authorizer: Authorizer;
  readonly backends: BackendRegistry;
  readonly upstreams: UpstreamSessions;
  readonly events: Events;
  readonly settings: Pick<Settings, "limits">;
}

/** What a request is about. */
interface Wanted {
  readonly list: ListName;
  readonly name: string;
  /** Absent where it has none, as the reading of a resource. */
  readonly args?: Readonly<Record<string, unknown>>;
}

/** What everybody may ask, since it is about no item. */
const OPEN: ReadonlySet<string> = new Set(["ping", "logging/setLevel"]);

/** What items are known by in their lists. */
const NAME_KEY = {
  tools: "name",
  prompts: "name",
  resources: "uri",
  resourceTemplates: "uriTemplate",
} as const satisfies Readonly<Record<ListName, string>>;

const LIST_NAMES = [
  "tools",
  "prompts",
  "resources",
  "resourceTemplates",
] as const satisfies readonly ListName[];

/**
 * What of its server a client may use, where a proxy decides by policies: lists come without what it may not use, and a
 * request for that is answered as if it were not there. A method that is about nothing the policies speak of does not pass.
 */
export class PolicyGate {
  readonly #parts: PolicyGateParts;
  readonly #hints: KnownHints;
  /** For lists that are held while it is decided what is left of them. */
  readonly #room: ByteBudget;

  constructor(parts: PolicyGateParts) {
    const { sessionCatalogBytes } = parts.settings.limits;
    this.#parts = parts;
    this.#hints = new KnownHints(parts, sessionCatalogBytes / 2);
    this.#room = new ByteBudget(sessionCatalogBytes / 2, 0);
  }

  /**
   * Has a request handled by `next`, as far as the policies permit.
   *
   * @throws METHOD_NOT_FOUND, INVALID_PARAMS, RESOURCE_NOT_FOUND, AUTHORIZATION_UNAVAILABLE, and what `next` throws.
   */
  async through(call: Call, next: Handler): Promise<void> {
    const { message } = call;
    const { method } = message;
    refuseLookalikes(message);
    const list = METHODS.get(method)?.list;
    if (list !== undefined) return await this.#answerList(call, next);
    if (!OPEN.has(method)) await this.#require(call, wantedBy(message));
    await next(call);
  }

  async #require({ context, message }: Call, wanted: Wanted): Promise<void> {
    const { authorizer } = this.#parts;
    const { session, principal } = context;
    const { list, name, args } = wanted;
    // What somebody has subscribed to, it may let go.
    const isLeft = message.method === "resources/unsubscribe";
    if (isLeft && session?.record.subscriptions.some(({ uri }) => uri === name)) return;
    const backend = this.#backend;
    const needsHints = list === "tools" && authorizer.readsHints;
    const hints = needsHints ? await this.#hints.of(context, backend, name) : undefined;
    // One that is not listed says nothing of itself.
    if (needsHints && hints === undefined) throw unknown(wanted);
    const item: Item = { list, name, backend: backend.name, ...(hints && { hints }) };
    if (!(await authorizer.permits(principal, item, args))) throw unknown(wanted);
  }

  async #answerList(call: Call, next: Handler): Promise<void> {
    const hold = this.#room.open();
    const { catalogBytes } = this.#parts.settings.limits;
    const hasRoom = (bytes: number) => bytes <= catalogBytes && hold.tryGrow(bytes);
    const held = new HeldReply(call.reply, hasRoom);
    try {
      await next({ ...call, reply: held });
      // Some servers put more than was asked for into an answer.
      for (const list of LIST_NAMES) {
        const { answer } = held;
        if (answer !== undefined) held.change(await this.#permitted(call, answer, list));
      }
      held.release();
    } finally {
      hold.release();
    }
  }

  /** A page of a list with nothing but what the client may use. */
  async #permitted(
    { context: { principal, session } }: Call,
    answer: string,
    list: ListName,
  ): Promise<string> {
    const array = at(answer, "result", list);
    if (array === undefined) return answer;
    const { authorizer } = this.#parts;
    const backend = this.#backend;
    const texts = elements(answer, array.start).map((span) => cut(answer, span));
    const named = texts.flatMap((text) => {
      const name = nameIn(text, NAME_KEY[list]);
      if (name === undefined) return [];
      const hints = list === "tools" ? hintsOf(text) : undefined;
      return [{ text, item: { list, name, backend: backend.name, ...(hints && { hints }) } }];
    });
    const items = named.map(({ item }) => item);
    if (list === "tools" && session !== undefined) this.#hints.note(session, backend, items);
    const permits = await authorizer.select(principal, items);
    if (named.length === texts.length && permits.every(Boolean)) return answer;
    const kept = named.filter((_, index) => permits[index] === true);
    return replace(answer, array, `[${kept.map(({ text }) => text).join(",")}]`);
  }

  get #backend(): Backend {
    const [backend] = this.#parts.backends.all;
    if (backend === undefined) throw new FleetError("INTERNAL");
    return backend;
  }
}

/** @throws METHOD_NOT_FOUND for what is about no item, INVALID_PARAMS for what does not name it. */
function wantedBy(message: Message): Wanted {
  const { method, params } = message;
  const args = callArguments(params.arguments);
  switch (method) {
    case "tools/call":
      return { list: "tools", name: stringParam(message, "name"), args };
    case "prompts/get":
      return { list: "prompts", name: stringParam(message, "name"), args };
    case "resources/read":
    case "resources/subscribe":
    case "resources/unsubscribe":
      return { list: "resources", name: stringParam(message, "uri") };
    case "completion/complete":
      return completed(params.ref);
    default:
      throw new FleetError("METHOD_NOT_FOUND", { message: `Method not found: ${brief(method)}` });
  }
}

/** One of the two: servers differ in which of them they look at. */
function completed(ref: unknown): Wanted {
  const { name, uri } = isObject(ref) ? ref : {};
  if (typeof uri === "string" && name === undefined)
    return { list: "resourceTemplates", name: uri };
  if (typeof name === "string" && uri === undefined) return { list: "prompts", name };
  throw invalidParams("params.ref must have either a name or a uri");
}

function nameIn(text: string, key: string): string | undefined {
  const span = at(text, key);
  const name: unknown = span === undefined ? undefined : JSON.parse(cut(text, span));
  return typeof name === "string" ? name : undefined;
}

function unknown({ list, name }: Wanted): FleetError {
  if (list === "tools" || list === "prompts") {
    const kind = list === "tools" ? "tool" : "prompt";
    return invalidParams(`Unknown ${kind}: ${brief(name)}`);
  }
  return new FleetError("RESOURCE_NOT_FOUND", {
    message: `Resource not found: ${brief(name)}`,
    data: { uri: brief(name) },
  });
}
