import type { Principal } from "../sessions/principal.ts";
import { isObject } from "../wire/message.ts";

/** Texts of tokens and clients are cut to this. */
const MAX_CHARACTERS = 256;

/** Who asked, in ToolHive's words: the first there is of name, preferred_username and email. */
export function subjectsOf(
  { subject, issuer, claims }: Principal,
  clientInfo: string,
  maxDelegationDepth: number,
): Record<string, string> {
  const { name, preferred_username: login, email } = claims;
  const user = [name, login, email].find((one) => typeof one === "string" && one !== "");
  const actors = actorsOf(claims.act, maxDelegationDepth);
  return {
    user: shown(user ?? (issuer === undefined ? "anonymous" : subject)),
    ...(issuer !== undefined && { user_id: shown(subject), issuer: shown(issuer) }),
    ...clientOf(claims, clientInfo),
    ...(actors.length > 0 && { delegated_to: actors.join(" > ") }),
  };
}

/** Who acts for the subject, the nearest first, by the nested `act` claims of RFC 8693. */
function actorsOf(act: unknown, maxDepth: number): string[] {
  const actors: string[] = [];
  for (let at = act; isObject(at) && actors.length < maxDepth; at = at.act) {
    actors.push(shown(at.sub ?? at.client_id ?? "unknown"));
  }
  return actors;
}

function clientOf(claims: Principal["claims"], clientInfo: string): Record<string, string> {
  const read: unknown = JSON.parse(clientInfo);
  const said = isObject(read) ? read : {};
  const name = claims.client_name ?? said.name;
  const version = claims.client_version ?? said.version;
  return {
    ...(typeof name === "string" && { client_name: shown(name) }),
    ...(typeof version === "string" && { client_version: shown(version) }),
  };
}

export function shown(value: unknown): string {
  return String(value).slice(0, MAX_CHARACTERS);
}
