/** The eras of MCP: sessions (2025-11-25 and before), or a request that says everything itself (2026-07-28). */
export type Era = "session" | "stateless";

/** The four lists of MCP. */
export type ListName = "tools" | "prompts" | "resources" | "resourceTemplates";

/** What MCP says of a method. */
export interface MethodRow {
  readonly kind: "request" | "notification";
  /** Who sends it. */
  readonly sender: "client" | "server" | "both";
  readonly eras: readonly Era[];
  /** The list that a request asks for. */
  readonly list?: ListName;
  /** The lists that a notification says have changed. */
  readonly changed?: readonly ListName[];
  /** It only reads: asking twice does no harm. Of tools/call the tool itself says so. */
  readonly repeatable?: true;
}

const SESSION = ["session"] as const;
const STATELESS = ["stateless"] as const;
const BOTH = ["session", "stateless"] as const;

const fromClient = { kind: "request", sender: "client" } as const;
const fromServer = { kind: "request", sender: "server" } as const;
const newsOfServer = { kind: "notification", sender: "server" } as const;

/** Every method of MCP that is known here, once. What is not here passes where a role passes everything. */
export const METHODS: ReadonlyMap<string, MethodRow> = new Map<string, MethodRow>([
  ["initialize", { ...fromClient, eras: SESSION }],
  ["server/discover", { ...fromClient, eras: STATELESS, repeatable: true }],
  ["ping", { kind: "request", sender: "both", eras: SESSION, repeatable: true }],
  ["tools/list", { ...fromClient, eras: BOTH, list: "tools", repeatable: true }],
  ["tools/call", { ...fromClient, eras: BOTH }],
  ["prompts/list", { ...fromClient, eras: BOTH, list: "prompts", repeatable: true }],
  ["prompts/get", { ...fromClient, eras: BOTH, repeatable: true }],
  ["resources/list", { ...fromClient, eras: BOTH, list: "resources", repeatable: true }],
  [
    "resources/templates/list",
    { ...fromClient, eras: BOTH, list: "resourceTemplates", repeatable: true },
  ],
  ["resources/read", { ...fromClient, eras: BOTH, repeatable: true }],
  ["resources/subscribe", { ...fromClient, eras: SESSION, repeatable: true }],
  ["resources/unsubscribe", { ...fromClient, eras: SESSION, repeatable: true }],
  ["subscriptions/listen", { ...fromClient, eras: STATELESS, repeatable: true }],
  ["completion/complete", { ...fromClient, eras: BOTH, repeatable: true }],
  ["logging/setLevel", { ...fromClient, eras: SESSION, repeatable: true }],
  ["sampling/createMessage", { ...fromServer, eras: SESSION }],
  ["elicitation/create", { ...fromServer, eras: SESSION }],
  ["roots/list", { ...fromServer, eras: SESSION }],
  ["notifications/initialized", { kind: "notification", sender: "client", eras: SESSION }],
  ["notifications/roots/list_changed", { kind: "notification", sender: "client", eras: SESSION }],
  ["notifications/cancelled", { kind: "notification", sender: "both", eras: BOTH }],
  ["notifications/progress", { kind: "notification", sender: "both", eras: BOTH }],
  ["notifications/message", { ...newsOfServer, eras: BOTH }],
  ["notifications/resources/updated", { ...newsOfServer, eras: BOTH }],
  ["notifications/tools/list_changed", { ...newsOfServer, eras: BOTH, changed: ["tools"] }],
  ["notifications/prompts/list_changed", { ...newsOfServer, eras: BOTH, changed: ["prompts"] }],
  [
    "notifications/resources/list_changed",
    { ...newsOfServer, eras: BOTH, changed: ["resources", "resourceTemplates"] },
  ],
]);

/** The method as a metric's label: a client's invention is `other`. */
export function methodLabel(method: string): string {
  return METHODS.has(method) ? method : "other";
}

/** Whether a request may be asked twice, as far as MCP itself says. */
export function isRepeatable(method: string): boolean {
  return METHODS.get(method)?.repeatable === true;
}

/** The lists that a notification says have changed; none for every other one. */
export function listsChangedBy(method: string): readonly ListName[] {
  return METHODS.get(method)?.changed ?? [];
}

/** The request that asks for a list. */
export function listMethod(list: ListName): string {
  return found((row) => row.list === list);
}

/** The notification that says that a list has changed. */
export function changeMethod(list: ListName): string {
  return found((row) => row.changed?.includes(list) === true);
}

function found(isIt: (row: MethodRow) => boolean): string {
  const entry = METHODS.entries().find(([, row]) => isIt(row));
  if (entry === undefined) throw new Error("MCP has no such method");
  return entry[0];
}
