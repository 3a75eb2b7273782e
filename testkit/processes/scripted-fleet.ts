import type { Configuration } from "@mcp-fleet/contract/settings";
import { expect, onTestFinished } from "vitest";
import type { Store } from "../../runtime/store/store.ts";
import { type RawAnswer, RawClient } from "../clients/raw-client.ts";
import { ScriptedBackend } from "../servers/scripted-backend.ts";
import { type RunningRole, startRoles } from "./gateway.ts";

export interface FleetOptions extends Omit<Configuration, "backends"> {
  /** The backend's own settings. */
  readonly backend?: Partial<Configuration["backends"][number]>;
  /** Scripts the backend before a gateway asks it anything. */
  readonly prepare?: (backend: ScriptedBackend) => void;
  /** Gateways over one store and one key ring. */
  readonly gateways?: number;
  /** Opens the store of each gateway. Default: one of memory for all. */
  readonly openStore?: () => Promise<Store>;
}

export interface ScriptedFleet {
  readonly backend: ScriptedBackend;
  readonly gateway: RunningRole;
  readonly others: readonly RunningRole[];
  /** A client of `gateway` whose session is open. */
  readonly client: RawClient;
}

/** One scripted backend behind gateways, names without prefixes; all of it stopped at the test's end. */
export async function startFleet(options: FleetOptions = {}): Promise<ScriptedFleet> {
  const { backend: own, gateways: count = 1, prepare, openStore, ...rest } = options;
  const backend = await ScriptedBackend.start();
  onTestFinished(() => backend.stop());
  prepare?.(backend);
  const configuration = configurationFor(backend.url, rest, own);
  const [gateway, ...others] = await startRoles(configuration, {
    count,
    ...(openStore && { openStore }),
  });
  return { backend, gateway, others, client: await RawClient.open(gateway.url) };
}

export function configurationFor(
  url: string,
  rest: Omit<Configuration, "backends"> = {},
  own: Partial<Configuration["backends"][number]> = {},
): Configuration {
  return {
    aggregation: { conflictResolutionConfig: { prefixFormat: "" } },
    ...rest,
    backends: [{ name: "scripted", url, ...own }],
  };
}

/** What a call says beside the tool's name. */
export interface CallContent {
  readonly input?: object;
  readonly meta?: object;
}

export function callOf(
  name: string,
  id: number | string = 1,
  { input = {}, meta = {} }: CallContent = {},
): string {
  const params = { name, arguments: input, _meta: meta };
  return JSON.stringify({ jsonrpc: "2.0", id, method: "tools/call", params });
}

/** What a test reads of /status. */
export interface GatewayStatus {
  readonly sessions: { readonly busy: number };
  readonly backends: readonly { readonly name: string; readonly state: string }[];
}

export async function statusOf(gateway: RunningRole): Promise<GatewayStatus> {
  return JSON.parse(await (await fetch(`${gateway.adminUrl}/status`)).text());
}

export interface Answered {
  readonly method?: string;
  readonly id?: unknown;
  readonly params?: Record<string, unknown>;
  readonly result?: {
    readonly content?: readonly { readonly text?: string }[];
    readonly tools?: readonly { readonly name: string }[];
    readonly _meta?: Record<string, unknown>;
  };
  readonly error?: { readonly code: number; readonly message: string; readonly data?: unknown };
}

/** The messages of an answer, JSON or SSE. */
export function messagesOf({ headers, text }: RawAnswer): Answered[] {
  if (!headers["content-type"]?.startsWith("text/event-stream")) return [JSON.parse(text)];
  const data = text.split("\n").filter((line) => line.startsWith("data: "));
  return data.map((line) => JSON.parse(line.slice("data: ".length)));
}

/** The only message of an answer. */
export function messageOf(answer: RawAnswer): Answered {
  const [message, ...others] = messagesOf(answer);
  if (message === undefined || others.length > 0)
    throw new Error(`not one message: ${answer.text}`);
  return message;
}

/** What call 1 is answered with when the gateway itself says what went wrong with the backend. */
export function gatewayError(error: string, message: string, more: object = {}): object {
  const data = { error, backend: "scripted", ...more };
  const text = expect.stringContaining(message);
  return { jsonrpc: "2.0", id: 1, error: { code: -32603, message: text, data } };
}

/** What a tool of the scripted backend said. */
export function textOf(answer: RawAnswer): string | undefined {
  return messageOf(answer).result?.content?.[0]?.text;
}
