/** What each limit of `rateLimiting` counts, by its name in errors, metrics and the log. `docs/rate-limits.md` is made from here. */
export const LIMIT_KINDS = {
  shared: "tools/call, of all clients together. ToolHive's newer name of the setting is `global`.",
  perUser: "tools/call, of each principal.",
  perSession: "tools/call, of each session.",
  "tools.{name}.shared": "tools/call of one tool, of all clients together.",
  "tools.{name}.perUser": "tools/call of one tool, of each principal.",
  "backends.{name}.shared":
    "Requests that are sent to one backend: calls, prompts, reads, completions.",
  "backends.{name}.perUser": "The same, of each principal.",
  "classes.{name}.shared": "tools/call, of all principals of a class together.",
  "classes.{name}.perUser": "tools/call, of each principal of a class.",
  "initialize.shared": "Sessions that are opened, by all clients together.",
  "initialize.perUser": "Sessions that each principal opens, in the whole fleet.",
  "initialize.perAddress":
    "Sessions that are opened from each client address; an IPv6 /64 counts as one, and trustedProxies report whose they are.",
  "bytes.shared": "The bytes of requests in sessions, of all clients together.",
  "bytes.perUser": "The bytes of requests in sessions, of each principal.",
} as const satisfies Readonly<Record<string, string>>;
