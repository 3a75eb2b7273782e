import { markdown } from "./generated-table.ts";

/** Two values that differ, and where: the case, and the way to it. Undefined is absent. */
export interface Difference {
  readonly path: string;
  readonly theirs: unknown;
  readonly ours: unknown;
}

/** Something that clients see otherwise here than through ToolHive's vmcp of the same configuration. */
export interface KnownDifference {
  readonly what: string;
  readonly why: string;
  readonly explains: (difference: Difference) => boolean;
}

/** What only vmcp has at the end of such a path. */
const added =
  (path: RegExp) =>
  ({ path: at, ours }: Difference): boolean =>
    path.test(at) && ours === undefined;

/** What only this gateway has there. */
const kept =
  (path: RegExp) =>
  ({ path: at, theirs }: Difference): boolean =>
    path.test(at) && theirs === undefined;

const at =
  (path: RegExp) =>
  ({ path: found }: Difference): boolean =>
    path.test(found);

/** All of them, as `make proof PART=differential` finds them. */
export const KNOWN_DIFFERENCES: readonly KnownDifference[] = [
  {
    what: "`serverInfo.version`",
    why: "Each gateway names its own.",
    explains: at(/ › initialized › serverInfo › version$/),
  },
  {
    what: "`instructions` of the servers, which vmcp keeps to itself",
    why: "Clients get those of all servers, each under its server's name.",
    explains: kept(/ › initialized › instructions$/),
  },
  {
    what: "vmcp says `idempotentHint: false` and `readOnlyHint: false` of tools whose server says neither",
    why: "A hint that a server does not give is unknown. Here, tools keep the annotations that they have.",
    explains: added(/ › tools › [^›]+ › annotations( › (idempotentHint|readOnlyHint))?$/),
  },
  {
    what: "vmcp adds `required: []` to input schemas",
    why: "Schemas pass through here as they are.",
    explains: added(/ › tools › [^›]+ › inputSchema › required$/),
  },
  {
    what: "vmcp leaves out `title`, `execution` and `_meta` of tools, and `title` of prompts and resources",
    why: "Items pass through here as they are, but for their names.",
    explains: kept(/ › (tools|prompts|resources) › .+ › (title|execution|_meta)$/),
  },
  {
    what: "vmcp makes `structuredContent` of the contents of a result that has none",
    why: "Results pass through here as they are.",
    explains: added(/ › called(InVain)? › [^›]+ › result › structuredContent$/),
  },
  {
    what: "`Unknown tool: x` and `Unknown prompt: x`, which vmcp words in its own way; `data.error` has the name of the error",
    why: "The words are those of the specification; every error of this gateway has a name ([errors.md](errors.md)).",
    explains: ({ path, theirs, ours }) =>
      / › (called|got)(InVain)? › [^›]+ › error › (message|data)$/.test(path) &&
      (theirs === undefined || /not found$|^unknown prompt /.test(String(theirs))) &&
      (/^Unknown (tool|prompt): /.test(String(ours)) || isNamed(ours)),
  },
  {
    what: "Errors of servers: vmcp puts its own words in front of their message",
    why: "Errors pass through here as they are.",
    explains: ({ path, theirs, ours }) =>
      / › error › message$/.test(path) && String(theirs).endsWith(`: ${String(ours)}`),
  },
  {
    what: "vmcp adds `ttlMs` and `cacheScope` to what is read",
    why: "They are of a later protocol revision than the session's.",
    explains: added(/ › read › .+ › result › (ttlMs|cacheScope)$/),
  },
  {
    what: "A resource that nobody has: -32002 `RESOURCE_NOT_FOUND`, in vmcp -32602",
    why: "-32002 is the code of the specification for sessions.",
    explains: at(/ › read › .+ › error › (code|message|data › error)$/),
  },
  {
    what: "An unknown method: -32601 in a JSON-RPC error, in vmcp HTTP 400",
    why: "Within a session every refusal is a JSON-RPC error: some clients give their whole session up at any other.",
    explains: at(/ › unknown › (refused|error)$/),
  },
  {
    what: 'vmcp refuses to start with `prefixFormat: ""`, and with some overrides of annotations alone and `defaultToolVisibility: deny` with `priority`',
    why: "Each has a meaning, and its effect here.",
    explains: ({ path, theirs, ours }) =>
      path.endsWith(" › starts") && theirs === false && ours === true,
  },
  {
    what: "`manual` with names that two servers still have: vmcp starts, and one of them is lost",
    why: "A conflict that nobody has resolved ends the start, which names it.",
    explains: ({ path, theirs, ours }) =>
      path === "manual, unresolved › starts" && theirs === true && ours === false,
  },
  {
    what: "A prefix without `{workload}`: vmcp drops prompts of equal names, here the first backend keeps its own",
    why: "What two offer is not lost to both.",
    explains: at(/^prefix all_, no two names equal › (prompts|got|gotInVain) › all_greet/),
  },
  {
    what: "`priority` and resources: of two with one URI, vmcp takes that of the first backend in the file, here `priorityOrder` decides",
    why: "One order for names and URIs.",
    explains: at(/^priority c, a › (resources|read) › note:\/\/same › /),
  },
  {
    what: "`priority` with a `prefixFormat`: vmcp gives tools that only unlisted backends have the prefix `{workload}_` whatever it says",
    why: "The format that is configured counts.",
    explains: at(/^priority a, with a prefix › (tools|called|calledInVain) › (of-)?[bc][_-]shared/),
  },
  {
    what: "`priority` and a filter: a tool that the first backend filters out is offered by nobody in vmcp, and by the next backend here",
    why: "What is hidden takes no name ([decision 29](decisions/0029-rules-come-before-names.md)).",
    explains: at(
      /^priority a, b, the first one filtered › (tools|called|calledInVain) › (search|wipe)/,
    ),
  },
  {
    what: "A prompt or resource that a server removes stays in vmcp's lists",
    why: "Lists follow the server.",
    explains: added(/ › (prompt|resource) removed › listed › \d+$/),
  },
];

const isNamed = (value: unknown): boolean =>
  typeof value === "object" && value !== null && "error" in value;

/** The table of docs/toolhive.md. */
export function differencesTable(): string {
  const rows = KNOWN_DIFFERENCES.map(({ what, why }) => [what, why]);
  return markdown(["What differs", "Why"], rows);
}
