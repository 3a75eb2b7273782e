import type { AuditEventType } from "@mcp-fleet/contract/settings";
import type { ErrorName } from "../wire/error-table.ts";
import { isObject, type Message } from "../wire/message.ts";
import type { Outcome } from "./audit-event.ts";
import { shown } from "./subjects.ts";

const TYPES: ReadonlyMap<string, AuditEventType> = new Map<string, AuditEventType>([
  ["initialize", "mcp_initialize"],
  ["tools/call", "mcp_tool_call"],
  ["tools/list", "mcp_tools_list"],
  ["resources/read", "mcp_resource_read"],
  ["resources/list", "mcp_resources_list"],
  ["prompts/get", "mcp_prompt_get"],
  ["prompts/list", "mcp_prompts_list"],
  ["ping", "mcp_ping"],
  ["logging/setLevel", "mcp_logging"],
  ["completion/complete", "mcp_completion"],
  ["notifications/roots/list_changed", "mcp_roots_list_changed"],
]);

/** The type of the event of a message. */
export function typeOf({ kind, method }: Message): AuditEventType {
  return TYPES.get(method) ?? (kind === "notification" ? "mcp_notification" : "mcp_request");
}

/** What a message is about, in ToolHive's words. */
export function targetOf({ method, params }: Message): Record<string, string> {
  const { name, uri } = params;
  const type =
    { "tools/call": "tool", "resources/read": "resource", "prompts/get": "prompt" }[method] ??
    "endpoint";
  const about = typeof name === "string" ? name : typeof uri === "string" ? uri : undefined;
  return {
    endpoint: "/mcp",
    method,
    type,
    ...(about !== undefined && { name: shown(about) }),
  };
}

const DENIED: readonly ErrorName[] = [
  "UNAUTHENTICATED",
  "INSUFFICIENT_SCOPE",
  "HOST_FORBIDDEN",
  "ORIGIN_FORBIDDEN",
  "BACKEND_LOGIN_REQUIRED",
];

/** The refusals of limits. */
const LIMITS: readonly ErrorName[] = [
  "RATE_LIMIT_EXCEEDED",
  "RATE_LIMITED",
  "PRINCIPAL_AT_CAPACITY",
  "ADDRESS_AT_CAPACITY",
  "AT_CAPACITY",
  "TOO_MANY_CALLS",
  "TOO_MANY_BYTES",
  "BODY_TOO_LARGE",
];

export const isLimit = (code: ErrorName): boolean => LIMITS.includes(code);

/** What an error of ours means for whoever asked: the status of its row decides. */
export function outcomeOf(code: ErrorName, statusCode: number): Outcome {
  if (DENIED.includes(code)) return "denied";
  return statusCode >= 500 ? "error" : "failure";
}

/** A tool's failure is near the top of its answer, and so is a JSON-RPC error. */
const BEGINNING_BYTES = 512;

/** The beginning of an answer that says that something failed; undefined where nothing did. */
export function applicationError(kept: Buffer): Record<string, unknown> | undefined {
  const text = kept.subarray(0, BEGINNING_BYTES).toString();
  if (/"isError"\s*:\s*true/.test(text)) return {};
  const [, error] =
    /^\s*\{(?:"(?:jsonrpc|id)"\s*:\s*(?:"[^"\\]*"|[\d.]+)\s*,\s*)*"error"\s*:(.*)/s.exec(text) ??
    [];
  if (error === undefined) return undefined;
  const [, code] = /"code"\s*:\s*(-?\d+)/.exec(error) ?? [];
  const [, message] = /"message"\s*:\s*("(?:[^"\\]|\\.)*")/.exec(error) ?? [];
  return {
    ...(code !== undefined && { jsonrpc_error_code: Number(code) }),
    ...(message !== undefined && { jsonrpc_error_message: shown(JSON.parse(message)) }),
  };
}

/** What a text says as JSON, or the text. */
export function dataOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

/** The client that initialize brings, as JSON text; that of a session is in its record. */
export function clientInfoIn({ method, params }: Message): string | undefined {
  if (method !== "initialize") return undefined;
  return isObject(params.clientInfo) ? JSON.stringify(params.clientInfo) : "{}";
}
