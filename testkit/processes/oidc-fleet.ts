import type { Configuration } from "@mcp-fleet/contract/settings";
import { onTestFinished } from "vitest";
import { type RawAnswer, RawClient } from "../clients/raw-client.ts";
import { EchoBackend } from "../servers/echo-backend.ts";
import { type RolesOptions, type RunningRole, startRoles } from "./gateway.ts";
import { type WrittenLine, writtenLog } from "./written-log.ts";

type Oidc = NonNullable<NonNullable<Configuration["incomingAuth"]>["oidc"]>;

export interface OidcFleetOptions extends RolesOptions {
  readonly oidc: Oidc;
  readonly configuration?: Partial<Configuration>;
}

export interface OidcFleet {
  readonly echo: EchoBackend;
  readonly gateway: RunningRole;
  readonly others: readonly RunningRole[];
  readonly lines: readonly WrittenLine[];
}

/** Issuers of tests are at loopback addresses, without TLS. */
export const ON_THIS_MACHINE = {
  insecureAllowHttp: true,
  protectedResourceAllowPrivateIp: true,
} as const;

/** Gateways with type oidc before an echo backend, until the test is over. What they log is kept. */
export async function startOidcFleet({
  oidc,
  configuration,
  ...options
}: OidcFleetOptions): Promise<OidcFleet> {
  const echo = await EchoBackend.start();
  onTestFinished(() => echo.stop());
  const { log, lines } = writtenLog();
  const whole: Configuration = {
    ...configuration,
    incomingAuth: { type: "oidc", oidc },
    backends: [{ name: "echo", url: echo.url }],
  };
  const [gateway, ...others] = await startRoles(whole, { log, ...options });
  return { echo, gateway, others, lines };
}

export const bearer = (token: string) => ({ authorization: `Bearer ${token}` });

export const INITIALIZE = JSON.stringify({
  jsonrpc: "2.0",
  id: 1,
  method: "initialize",
  params: {
    protocolVersion: "2025-11-25",
    capabilities: {},
    clientInfo: { name: "raw", version: "1" },
  },
});

export const ECHO = '{"jsonrpc":"2.0","id":7,"method":"tools/call","params":{"name":"echo_echo"}}';

/** What initialize is answered with, for whoever sends these headers. */
export function initializeWith(
  { url }: RunningRole,
  headers: Readonly<Record<string, string>>,
): Promise<RawAnswer> {
  return new RawClient(url).post(INITIALIZE, headers);
}

/** A client whose session was opened with these headers. */
export async function openWith(
  gateway: RunningRole,
  headers: Readonly<Record<string, string>>,
): Promise<RawClient> {
  const answer = await initializeWith(gateway, headers);
  if (answer.status !== 200) throw new Error(`initialize got ${answer.status}: ${answer.text}`);
  const client = new RawClient(gateway.url);
  client.sessionId = String(answer.headers["mcp-session-id"]);
  return client;
}

/** The status of an answer, the name of its error, and what its challenge says of the credentials. */
export function refusalOf({ status, headers, text }: RawAnswer) {
  const challenge = String(headers["www-authenticate"] ?? "");
  const [, error] = /\berror="([^"]*)"/.exec(challenge) ?? [];
  const [, why] = /\berror_description="([^"]*)"/.exec(challenge) ?? [];
  return { status, code: JSON.parse(text).error?.data?.error, error, why };
}
