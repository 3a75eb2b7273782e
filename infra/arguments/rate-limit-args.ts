import type { StoreFailure } from "./choices.ts";

/** How much clients may do in a period, in the whole fleet. */
export interface RateLimitsArgs {
  /** The limit of tool calls of all clients together. Default: none. */
  shared?: RateLimitArgs;
  /** The limit of tool calls of each principal, with jwt or oidc. Default: none. */
  perUser?: RateLimitArgs;
  /** Limits of calls of single tools, on top of the others. Default: none. */
  tools?: NamedRateLimitArgs[];
  /** The limit of tool calls of each session. Default: none. */
  perSession?: RateLimitArgs;
  /** Limits of the requests that are sent to single backends. Default: none. */
  backends?: NamedRateLimitArgs[];
  /** Limits of tool calls by classes of principals. Default: none. */
  classes?: RateClassArgs[];
  /** Limits of the sessions that are opened. Default: none. */
  initialize?: InitializeLimitArgs;
  /** Limits of the bytes of requests in sessions. Default: none. */
  bytes?: ByteLimitsArgs;
  /** What happens to calls whose limits cannot be asked for, because the store does not answer: they run (allow), or are refused (refuse). Default: allow. */
  onStoreFailure?: StoreFailure;
}

/** One limit. */
export interface RateLimitArgs {
  /** The maximum number in any refillPeriod. */
  maxTokens: number;
  /** The period, such as 1m. */
  refillPeriod: string;
}

/** Limits of one tool or backend. */
export interface NamedRateLimitArgs {
  /** The name of the tool, as clients see it, or of the backend. */
  name: string;
  /** The limit of all clients together. Default: none. */
  shared?: RateLimitArgs;
  /** The limit of each principal, with jwt or oidc. Default: none. */
  perUser?: RateLimitArgs;
}

/** Limits of the principals with certain values of a claim. */
export interface RateClassArgs {
  /** A name for the class, which clients are told. */
  name: string;
  /** The claim of a client's token that decides. */
  claim: string;
  /** Its values, or members of the list that it is, that make a class. */
  values: string[];
  /** The limit of all of them together. Default: none. */
  shared?: RateLimitArgs;
  /** The limit of each principal. Default: none. */
  perUser?: RateLimitArgs;
}

/** Limits of the sessions that are opened. */
export interface InitializeLimitArgs {
  /** The limit of all clients together. Default: none. */
  shared?: RateLimitArgs;
  /** The limit of each principal, with jwt or oidc. Default: none. */
  perUser?: RateLimitArgs;
  /** The limit of each client address. Default: none. */
  perAddress?: RateLimitArgs;
}

/** Limits of the bytes of requests. */
export interface ByteLimitsArgs {
  /** The limit of all clients together. Default: none. */
  shared?: ByteLimitArgs;
  /** The limit of each principal, with jwt or oidc. Default: none. */
  perUser?: ByteLimitArgs;
}

/** One limit of bytes. */
export interface ByteLimitArgs {
  /** The maximum number of bytes in any refillPeriod, such as 64Mi. */
  maxBytes: string;
  /** The period, such as 1m. */
  refillPeriod: string;
}
