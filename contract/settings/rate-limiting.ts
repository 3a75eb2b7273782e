import * as z from "zod";
import { seconds } from "../units.ts";
import { count, duration, size, text } from "./fields.ts";

/** Whose use of a limit is counted together. */
export type LimitScope = "fleet" | "user" | "session" | "address";

/** One limit: so many tokens may be taken in any period. */
export interface RateLimit {
  /** Its path among the settings, such as `shared` or `tools.search.perUser`: unique, and told to clients. */
  readonly name: string;
  readonly scope: LimitScope;
  readonly tokens: number;
  readonly periodSeconds: number;
}

/** A claim of principals, and its values that make one a member of the class. */
export interface RateClass {
  readonly claim: string;
  readonly values: readonly string[];
  readonly limits: readonly RateLimit[];
}

export interface RateLimitSettings {
  /** Of every tools/call. */
  readonly calls: readonly RateLimit[];
  /** Of calls of one tool, by the name that clients know. */
  readonly tools: Readonly<Record<string, readonly RateLimit[]>>;
  /** Of calls by a class of principals; the first one that a principal is a member of counts. */
  readonly classes: readonly RateClass[];
  /** Of requests that are sent to one backend, by its name. */
  readonly backends: Readonly<Record<string, readonly RateLimit[]>>;
  /** Of sessions that are opened. */
  readonly initialize: readonly RateLimit[];
  /** Of the bytes of requests; a token is one byte. */
  readonly bytes: readonly RateLimit[];
  readonly onStoreFailure: "allow" | "refuse";
}

const PERIODS = { min: seconds("1s"), max: seconds("24h") };

const refillPeriod = duration("The period.", PERIODS);

const bucket = z.strictObject({
  maxTokens: count("The maximum number in any refillPeriod.", 1, 1_000_000_000),
  refillPeriod,
});

const byteBucket = z.strictObject({
  maxBytes: size("The maximum number of bytes in any refillPeriod.", { min: 1024, max: 2 ** 40 }),
  refillPeriod,
});

const sharedDescription = "The limit of all clients together.";
const perUserDescription = "The limit of each principal. Requires incomingAuth jwt or oidc.";

const both = {
  shared: bucket.optional().describe(sharedDescription),
  perUser: bucket.optional().describe(perUserDescription),
};

const toolhivePair = {
  global: bucket.optional().describe("ToolHive's newer name of shared."),
  ...both,
};

/** ToolHive's fields, and ours on top. */
export const rateLimiting = z.strictObject({
  ...toolhivePair,
  tools: z
    .array(
      z.strictObject({ name: text("The name of the tool, as clients see it."), ...toolhivePair }),
    )
    .max(1_000)
    .default([])
    .describe("Limits of calls of one tool, on top of the others."),
  perSession: bucket.optional().describe("The limit of each session."),
  backends: z
    .array(z.strictObject({ name: text("The name of a backend."), ...both }))
    .max(1_000)
    .default([])
    .describe("Limits of the requests that are sent to one backend."),
  classes: z
    .array(
      z.strictObject({
        name: text("A name for the class, which clients are told."),
        claim: text("The claim of a client's token that decides."),
        values: z
          .array(text("A value."))
          .min(1)
          .max(1_000)
          .describe("Its values, or members of the list that it is, that make a class."),
        ...both,
      }),
    )
    .max(100)
    .default([])
    .describe(
      "Limits of calls by a class of principals, on top of the others. The first class counts that a principal is a member of.",
    ),
  initialize: z
    .strictObject({
      ...both,
      perAddress: bucket.optional().describe("The limit of each client address (an IPv6 /64)."),
    })
    .prefault({})
    .describe("Limits of the sessions that are opened."),
  bytes: z
    .strictObject({
      shared: byteBucket.optional().describe(sharedDescription),
      perUser: byteBucket.optional().describe(perUserDescription),
    })
    .prefault({})
    .describe("Limits of the bytes of requests in sessions."),
  onStoreFailure: z
    .enum(["allow", "refuse"])
    .default("allow")
    .describe(
      "What happens to a call whose limits cannot be asked for, because the session store does not answer. allow: it runs, and is counted (rate_limit_unchecked_total). refuse: it is answered with STORE_UNAVAILABLE.",
    ),
});

type Parsed = z.output<typeof rateLimiting>;
type Bucket = z.output<typeof bucket>;
type ByteBucket = z.output<typeof byteBucket>;

interface Pair {
  readonly global?: Bucket | undefined;
  readonly shared?: Bucket | undefined;
  readonly perUser?: Bucket | undefined;
}

/** Undefined where nothing is limited. */
export function rateLimitsOf(parsed: Parsed | undefined): RateLimitSettings | undefined {
  if (parsed === undefined) return undefined;
  const { initialize, bytes, perSession } = parsed;
  const settings: RateLimitSettings = {
    calls: [...pairOf("", parsed), ...limitOf("perSession", "session", perSession)],
    tools: byName("tools", parsed.tools),
    classes: parsed.classes.map(({ name, claim, values, ...pair }) => ({
      claim,
      values,
      limits: pairOf(`classes.${name}.`, pair),
    })),
    backends: byName("backends", parsed.backends),
    initialize: [
      ...pairOf("initialize.", initialize),
      ...limitOf("initialize.perAddress", "address", initialize.perAddress),
    ],
    bytes: [
      ...limitOf("bytes.shared", "fleet", ofBytes(bytes.shared)),
      ...limitOf("bytes.perUser", "user", ofBytes(bytes.perUser)),
    ],
    onStoreFailure: parsed.onStoreFailure,
  };
  return everyLimit(settings).length === 0 ? undefined : settings;
}

/** All limits, whatever they are of. */
export function everyLimit(settings: RateLimitSettings): readonly RateLimit[] {
  const { calls, tools, classes, backends, initialize, bytes } = settings;
  return [
    ...calls,
    ...Object.values(tools).flat(),
    ...classes.flatMap(({ limits }) => limits),
    ...Object.values(backends).flat(),
    ...initialize,
    ...bytes,
  ];
}

/** How many buckets a store may have: those of the fleet, and as many per session as there are other limits. */
export function limitBuckets(settings: RateLimitSettings | undefined): {
  readonly fixed: number;
  readonly perSession: number;
} {
  const limits = settings === undefined ? [] : everyLimit(settings);
  const fixed = limits.filter(({ scope }) => scope === "fleet").length;
  return { fixed, perSession: limits.length - fixed };
}

function pairOf(prefix: string, { global, shared, perUser }: Pair): RateLimit[] {
  return [
    ...limitOf(`${prefix}shared`, "fleet", global ?? shared),
    ...limitOf(`${prefix}perUser`, "user", perUser),
  ];
}

function byName(
  section: string,
  entries: readonly (Pair & { readonly name: string })[],
): Record<string, readonly RateLimit[]> {
  return Object.fromEntries(
    entries.map(({ name, ...pair }) => [name, pairOf(`${section}.${name}.`, pair)]),
  );
}

function ofBytes(given: ByteBucket | undefined): Bucket | undefined {
  return given && { maxTokens: given.maxBytes, refillPeriod: given.refillPeriod };
}

function limitOf(name: string, scope: LimitScope, given: Bucket | undefined): RateLimit[] {
  if (given === undefined) return [];
  return [{ name, scope, tokens: given.maxTokens, periodSeconds: given.refillPeriod }];
}
