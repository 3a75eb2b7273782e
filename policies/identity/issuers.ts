import { isSection, printPath, type Section, valueAt } from "@mcp-fleet/contract";
import type { Configured } from "../stack/configured.ts";

/** What a configuration says of one issuer, and where. */
export interface Issuer {
  readonly path: string;
  readonly section: Section;
}

const OIDC = ["incomingAuth", "oidc"];

/** The issuers whose tokens are accepted. */
export function issuersOf({ settings }: Configured): readonly Issuer[] {
  const first = valueAt(settings, OIDC);
  const more = valueAt(settings, [...OIDC, "moreIssuers"]);
  const all = [
    { path: OIDC, section: first },
    ...(Array.isArray(more) ? more : []).map((section: unknown, index) => ({
      path: [...OIDC, "moreIssuers", index],
      section,
    })),
  ];
  return all.flatMap(({ path, section }) =>
    isSection(section) ? [{ path: printPath(path), section }] : [],
  );
}

/** Whether somebody between two machines can read and change what goes there. */
export function isPlainHttp(address: unknown): boolean {
  const url = typeof address === "string" ? URL.parse(address) : null;
  if (url?.protocol !== "http:") return false;
  return !/^(?:localhost|127\.[0-9.]+|\[::1\])$/.test(url.hostname);
}
