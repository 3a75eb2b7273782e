import type { Credentials, CredentialsParts } from "./credentials.ts";

/**
 * What the settings ask for; undefined, with nothing loaded, where no backend is authenticated to.
 *
 * @param mayCome whether backends come while the process runs: then one of them may be the first that is authenticated to.
 * @throws {ConfigError} with the faults of all secrets that cannot be read.
 */
export async function openCredentials(
  parts: CredentialsParts,
  mayCome: boolean,
): Promise<Credentials | undefined> {
  const isNeeded = parts.settings.backends.some(({ auth }) => auth !== undefined);
  if (!isNeeded && !mayCome) return undefined;
  const { Credentials: Opened } = await import("./credentials.ts");
  return await Opened.open(parts);
}
