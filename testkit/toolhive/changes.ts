import { setTimeout as delay } from "node:timers/promises";
import { ADDITIONS, type ComparedServers, type Name } from "./compared-servers.ts";
import { Observer, type Seen } from "./seen.ts";

/** What the gateways are told by then they are told of at all. */
const TOLD_WITHIN_MS = 5_000;
const POLL_MS = 50;

const STEPS = [
  ["tool", "notifications/tools/list_changed", "tools"],
  ["prompt", "notifications/prompts/list_changed", "prompts"],
  ["resource", "notifications/resources/list_changed", "resources"],
] as const;

/** A client that hears what its gateway says of its own accord. */
class Listener {
  readonly observer: Observer;
  readonly #heard: string[] = [];

  private constructor(observer: Observer) {
    this.observer = observer;
  }

  static async open(url: string): Promise<Listener> {
    const listener = new Listener(await Observer.open(url));
    // The stream ends with the gateway.
    listener.#listen().catch(() => {});
    return listener;
  }

  hasHeard(method: string): boolean {
    return this.#heard.includes(method);
  }

  forget(): void {
    this.#heard.length = 0;
  }

  async #listen(): Promise<void> {
    const stream = await this.observer.client.stream();
    for (let text = await stream.next(); text !== undefined; text = await stream.next()) {
      this.#heard.push(JSON.parse(text).method);
    }
  }
}

/** What clients of the gateways are told, and see, when a server gets a tool, a prompt and a resource, and loses each again. */
export async function changesThrough(
  servers: ComparedServers,
  name: Name,
  urls: readonly string[],
): Promise<readonly Seen[]> {
  const listeners = await Promise.all(urls.map((url) => Listener.open(url)));
  const seen: Record<string, object>[] = urls.map(() => ({}));
  for (const { observer } of listeners) await lists(observer);
  // The gateways open their streams at the server by themselves, and clients' streams are answered late by some.
  await delay(1_000);
  for (const [kind, method, list] of STEPS) {
    const come = servers.add(name, ADDITIONS[kind]);
    await record(`${kind} added`, method, list);
    come();
    await record(`${kind} removed`, method, list);
  }
  return seen;

  async function record(what: string, method: string, list: (typeof STEPS)[number][2]) {
    const limit = Date.now() + TOLD_WITHIN_MS;
    const areTold = () => listeners.every((one) => one.hasHeard(method));
    while (!areTold() && Date.now() < limit) await delay(POLL_MS);
    for (const [index, listener] of listeners.entries()) {
      const names = Object.keys(await listener.observer[list]()).toSorted();
      Object.assign(seen[index] ?? {}, {
        [what]: {
          told: listener.hasHeard(method),
          listed: names.filter((one) => /late/.test(one)),
        },
      });
      listener.forget();
    }
  }
}

async function lists(observer: Observer): Promise<void> {
  for (const [, , list] of STEPS) await observer[list]();
}
