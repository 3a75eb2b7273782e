/** The revisions that are served, newest first. They share the handshake and the session header. */
export const PROTOCOL_VERSIONS = ["2025-11-25", "2025-06-18", "2025-03-26"] as const;

/** A revision without this transport. Servers that speak it all the same pass it on through a proxy, and clients repeat it. */
const FIRST_PROTOCOL_VERSION = "2024-11-05";

export type ProtocolVersion = (typeof PROTOCOL_VERSIONS)[number];

export const LATEST_PROTOCOL_VERSION: ProtocolVersion = PROTOCOL_VERSIONS[0];

export function isProtocolVersion(version: unknown): version is ProtocolVersion {
  return (PROTOCOL_VERSIONS as readonly unknown[]).includes(version);
}

/** Whether a client may say in a session that this is its version. */
export function isSessionVersion(version: string): boolean {
  return isProtocolVersion(version) || version === FIRST_PROTOCOL_VERSION;
}

/** What initialize answers: the version asked for where it is served, the newest one otherwise. */
export function negotiate(requested: unknown): ProtocolVersion {
  return isProtocolVersion(requested) ? requested : LATEST_PROTOCOL_VERSION;
}

/** Arrays of messages exist in one revision only. */
export function allowsBatches(version: string): boolean {
  return version === "2025-03-26";
}
