import { createHash } from "node:crypto";
import { isDeepStrictEqual } from "node:util";
import { ConfigError, fault } from "@mcp-fleet/contract";
import type { AuthorizationSettings } from "@mcp-fleet/contract/settings";
import { LRUCache } from "lru-cache";
import type { Logger } from "pino";
import { SingleFlight } from "../async/single-flight.ts";
import type { Principal } from "../sessions/principal.ts";
import type { Metrics } from "../telemetry/metrics.ts";
import { FleetError } from "../wire/fleet-error.ts";
import type { Authorizer } from "./authorizer.ts";
import type { Decision, Item } from "./decider.ts";
import { DeciderThread } from "./decider-thread.ts";
import { type ClassRule, classOf, classRuleOf, type PrincipalClass } from "./principal-class.ts";
import { ACTION_OF, HINTS, idOfUri, TYPE_OF } from "./vocabulary.ts";

export interface CedarAuthorizerParts {
  readonly settings: AuthorizationSettings;
  /** The gateway's name, the parent of all that it offers. */
  readonly gateway: string;
  readonly metrics: Metrics;
  readonly log: Logger;
}

/** Items that are decided at a time: calls do not wait behind a long list. */
const AT_ONCE = 25;

/**
 * Decides by Cedar policies: what does not depend on the arguments of a call once for each class of principals, the rest
 * at each call.
 */
export class CedarAuthorizer implements Authorizer {
  readonly #parts: CedarAuthorizerParts;
  readonly #decided: LRUCache<string, boolean>;
  readonly #starting = new SingleFlight<"thread", DeciderThread>();
  #settings: AuthorizationSettings;
  #rule: ClassRule;
  #classes = new WeakMap<Principal, PrincipalClass>();
  /** How often other policies were applied: classes of different ones are different. */
  #generation = 0;
  #thread: DeciderThread;

  private constructor(parts: CedarAuthorizerParts, thread: DeciderThread) {
    const { settings, metrics } = parts;
    this.#parts = parts;
    this.#settings = settings;
    this.#thread = thread;
    this.#rule = ruleOf(settings, thread);
    this.#decided = new LRUCache({ max: settings.cachedDecisions });
    metrics.onScrape(() => metrics.cachedDecisions.set(this.#decided.size));
  }

  /** @throws {ConfigError} with the faults of all policies. */
  static async open(parts: CedarAuthorizerParts): Promise<CedarAuthorizer> {
    return new CedarAuthorizer(parts, await DeciderThread.start(parts.settings, parts.gateway));
  }

  get readsHints(): boolean {
    return this.#thread.ready.mentions.some(({ attributes }) =>
      attributes.some(({ of, name }) => of === "resource" && HINTS.includes(name)),
    );
  }

  classOf(principal: Principal): string {
    return this.#classOf(principal).key;
  }

  permits(
    principal: Principal,
    item: Item,
    args?: Readonly<Record<string, unknown>>,
  ): boolean | Promise<boolean> {
    const known = this.#classOf(principal);
    if (args !== undefined && this.#needsArguments(item)) {
      return this.#ask(known, [item], args).then(([permitted = false]) => permitted);
    }
    const key = keyOf(known, item);
    const decided = this.#decided.get(key);
    if (decided !== undefined) return decided;
    return this.#ask(known, [item]).then(([permitted = false]) => {
      this.#decided.set(key, permitted);
      return permitted;
    });
  }

  async select(principal: Principal, items: readonly Item[]): Promise<readonly boolean[]> {
    const known = this.#classOf(principal);
    const permitted: boolean[] = [];
    for (let start = 0; start < items.length; start += AT_ONCE) {
      permitted.push(...(await this.#selectSome(known, items.slice(start, start + AT_ONCE))));
    }
    return permitted;
  }

  async apply(settings: AuthorizationSettings | undefined): Promise<void> {
    if (isDeepStrictEqual(settings, this.#settings)) return;
    if (settings === undefined) {
      const rule = "must stay cedar while the gateway runs: everything would be open at once";
      const fix = "roll the gateways out";
      throw new ConfigError([fault(["incomingAuth", "authz", "type"], "none", rule, fix)]);
    }
    const before = this.#thread;
    const thread = await DeciderThread.start(settings, this.#parts.gateway);
    this.#thread = thread;
    this.#settings = settings;
    this.#rule = ruleOf(settings, thread);
    this.#classes = new WeakMap();
    this.#generation += 1;
    this.#decided.clear();
    await before.finish();
  }

  close(): Promise<void> {
    return this.#thread.close();
  }

  async #selectSome(known: PrincipalClass, items: readonly Item[]): Promise<readonly boolean[]> {
    const decisions = items.map((item) => {
      const key = keyOf(known, item);
      return { item, key, permitted: this.#decided.get(key) };
    });
    const open = decisions.filter(({ permitted }) => permitted === undefined);
    if (open.length > 0) {
      const answers = await this.#ask(
        known,
        open.map(({ item }) => item),
      );
      for (const [index, decision] of open.entries()) {
        decision.permitted = answers[index] ?? false;
        this.#decided.set(decision.key, decision.permitted);
      }
    }
    return decisions.map(({ permitted = false }) => permitted);
  }

  async #ask(
    known: PrincipalClass,
    items: readonly Item[],
    args?: Readonly<Record<string, unknown>>,
  ): Promise<readonly boolean[]> {
    const { metrics } = this.#parts;
    try {
      const thread = await this.#running();
      const decisions = await thread.decide(known, items, args);
      for (const decision of decisions) {
        metrics.decisions.inc({ decision: decision.permitted ? "permit" : "deny" });
        this.#logErrors(decision);
      }
      return decisions.map(({ permitted }) => permitted);
    } catch (cause) {
      throw new FleetError("AUTHORIZATION_UNAVAILABLE", { cause });
    }
  }

  /** A thread that ended is followed by another one. */
  async #running(): Promise<DeciderThread> {
    const { gateway, log } = this.#parts;
    if (!this.#thread.hasEnded) return this.#thread;
    return await this.#starting.run("thread", async () => {
      log.error("the thread that decides by policies has ended: another one starts");
      this.#thread = await DeciderThread.start(this.#settings, gateway);
      return this.#thread;
    });
  }

  #logErrors({ errors }: Decision): void {
    for (const error of errors) {
      this.#parts.log.debug({ error }, "a policy could not be evaluated: it is as if denied");
    }
  }

  /** Whether a policy about this item reads arguments. */
  #needsArguments({ list, name }: Item): boolean {
    const id = TYPE_OF[list] === "Resource" ? idOfUri(name) : name;
    return this.#thread.ready.mentions.some(({ argumentsOfCall, action, resource }) => {
      if (!argumentsOfCall || (action !== undefined && action !== ACTION_OF[list])) return false;
      return resource === undefined || (resource.type === TYPE_OF[list] && resource.id === id);
    });
  }

  #classOf(principal: Principal): PrincipalClass {
    const present = this.#classes.get(principal);
    if (present !== undefined) return present;
    const known = classOf(principal, this.#rule, this.#settings);
    const inGeneration = { ...known, key: `${this.#generation} ${known.key}` };
    this.#classes.set(principal, inGeneration);
    return inGeneration;
  }
}

function ruleOf({ groupEntityType }: AuthorizationSettings, { ready }: DeciderThread): ClassRule {
  return classRuleOf(ready.mentions, groupEntityType, ready.groups);
}

/** Clients choose the URIs that they ask for: longer ones are kept as digests. */
const LONGEST_NAME = 256;

const digestOf = (name: string) => createHash("sha256").update(name).digest("base64url");

function keyOf({ key }: PrincipalClass, { list, name, backend, hints }: Item): string {
  const of = hints === undefined ? "" : Object.entries(hints).flat().join(" ");
  const short = name.length <= LONGEST_NAME ? name : digestOf(name);
  return JSON.stringify([key, list, backend, of, short]);
}
