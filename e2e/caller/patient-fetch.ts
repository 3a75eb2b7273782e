import { setTimeout as delay } from "node:timers/promises";

/** A minute of trying; what is let in nowhere for so long, the fleet has not recovered for. */
const MAX_TRIES = 60;
const LONGEST_WAIT_MS = 2_000;

/**
 * `fetch` of a client that does what the errors say: a refusal is sent again after Retry-After, and so is what nobody took
 * the connection for. Anything else that fails may have run, and is not sent again.
 */
export class PatientFetch {
  /** How often something was sent again. */
  resent = 0;

  readonly fetch = async (input: string | URL | Request, init?: RequestInit): Promise<Response> => {
    for (let tries = 1; ; tries += 1) {
      const answer = await this.#send(input, init);
      if (answer !== undefined && (!isRefusal(answer) || tries >= MAX_TRIES)) return answer;
      if (answer === undefined && tries >= MAX_TRIES) throw new Error("nobody listens");
      const seconds = Number(answer?.headers.get("retry-after") ?? 0);
      await answer?.body?.cancel();
      this.resent += 1;
      await delay(Math.min(LONGEST_WAIT_MS, Math.max(100, seconds * 1000)));
    }
  };

  /** Undefined where there was no connection to send it on. */
  async #send(input: string | URL | Request, init?: RequestInit): Promise<Response | undefined> {
    try {
      return await fetch(input, init);
    } catch (error) {
      if (isUnsent(error)) return undefined;
      throw error;
    }
  }
}

/** Within a session, a refusal is a JSON-RPC error with HTTP 200: its headers tell. */
function isRefusal({ status, headers }: Response): boolean {
  return status === 503 || (headers.has("retry-after") && headers.has("mcp-fleet-not-processed"));
}

function isUnsent(error: unknown): boolean {
  const cause: { code?: unknown } = Object(error instanceof Error ? error.cause : undefined);
  return ["ECONNREFUSED", "EHOSTUNREACH", "UND_ERR_CONNECT_TIMEOUT"].includes(String(cause.code));
}
