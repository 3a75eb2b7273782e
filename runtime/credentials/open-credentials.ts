import type { Credentials, CredentialsParts } from "./credentials.ts";

/**
 * What the settings ask for; undefined, with nothing loaded, where no backend is authenticated to.
 *
 * @throws {ConfigError} with the faults of all secrets that cannot be read.
 */
export async function openCredentials(parts: CredentialsParts): Promise<Credentials | undefined> {
  if (parts.settings.strategies === undefined) return undefined;
  const { Credentials: Opened } = await import("./credentials.ts");
  return await Opened.open(parts);
}
