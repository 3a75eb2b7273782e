import { isSection } from "@mcp-fleet/contract";

/** What a token is found to say. */
export interface VerifiedToken {
  readonly issuer: string;
  readonly subject: string;
  readonly claims: Readonly<Record<string, unknown>>;
  /** From then on it is not accepted any more: its end, with the tolerance for clocks. */
  readonly expiresAtMs: number;
  /** Until then it need not be looked at again. */
  readonly goodUntilMs: number;
}

/** Judges tokens, in any way. */
export interface TokenSource {
  /** @throws {TokenRefused}, JWKS_UNAVAILABLE, ISSUER_UNAVAILABLE. */
  verify(token: string): Promise<VerifiedToken>;

  close(): void;
}

/** The thumbprint of the key that a token is bound to (RFC 9449), and to nothing else; undefined for any other token. */
export function boundKey({ cnf }: VerifiedToken["claims"]): string | undefined {
  if (!isSection(cnf) || Object.keys(cnf).length !== 1) return undefined;
  return typeof cnf.jkt === "string" ? cnf.jkt : undefined;
}

/** The scopes that a token has, in the words of any issuer: `scope` as text, or `scp` as text or list. */
export function scopesOf({ scope, scp }: VerifiedToken["claims"]): ReadonlySet<string> {
  const given = [scope, scp].flat().filter((one) => typeof one === "string");
  return new Set(given.flatMap((text) => text.split(" ")).filter((one) => one !== ""));
}
