/**
 * A backend's request to the client gets the id `backend.epoch.originalId`, and a progress token in it the
 * same form, so that any process can carry the answer to the backend session that asked, without a table.
 */
export interface RelayedId {
  readonly backend: string;
  readonly epoch: number;
  /** The backend's own id or token, as JSON text. */
  readonly originalText: string;
}

const SHAPE = /^([^.]+)\.(\d{1,15})\.(.+)$/s;

/** The JSON text of the id that the client sees. */
export function encodeRelayedId({ backend, epoch, originalText }: RelayedId): string {
  const name = encodeURIComponent(backend).replaceAll(".", "%2E");
  return JSON.stringify(`${name}.${epoch}.${originalText}`);
}

/** Undefined for an id that none of ours can be. */
export function decodeRelayedId(idText: string): RelayedId | undefined {
  const id: unknown = JSON.parse(idText);
  const match = typeof id === "string" ? SHAPE.exec(id) : null;
  const [, name, epoch, originalText] = match ?? [];
  if (name === undefined || originalText === undefined || !isIdText(originalText)) return undefined;
  try {
    return { backend: decodeURIComponent(name), epoch: Number(epoch), originalText };
  } catch {
    return undefined;
  }
}

/** Whether a JSON text is what JSON-RPC takes for an id. */
export function isIdText(text: string): boolean {
  try {
    const id: unknown = JSON.parse(text);
    return typeof id === "string" || typeof id === "number";
  } catch {
    return false;
  }
}
