import { connectV1, connectV2, type SdkClient } from "../../testkit/clients/sdk-clients.ts";
import type { CallReport, Verdict } from "../../testkit/trials/call-report.ts";
import { PatientFetch } from "./patient-fetch.ts";

const RENEWED = "mcp-fleet/backendSessionRenewed";

/** Errors that say that the call did not run. */
const REFUSALS = [
  "BACKEND_UNREACHABLE",
  "BACKEND_REFUSED",
  "AT_CAPACITY",
  "DRAINING",
  "STORE_UNAVAILABLE",
] as const;

/** What the server's tool says: the call's number, how many the session has had, and where. */
interface Answer {
  readonly call: number;
  readonly count: number;
  readonly pod: string;
}

interface Outcome {
  readonly verdict: Verdict;
  readonly pod?: string;
  readonly detail?: string;
}

export interface ClientOptions {
  readonly url: string;
  readonly session: number;
  readonly lasts: boolean;
  readonly tool: string;
  readonly report: (report: CallReport) => void;
}

/**
 * A session of a client of an official SDK, one call after the other. Its server counts the calls: whoever knows how
 * many were sent sees from the count whether one ran twice, not at all, or in another session.
 */
export class CountedClient {
  readonly #options: ClientOptions;
  readonly #patience = new PatientFetch();
  #client: SdkClient | undefined;
  #count = 0;
  /** Calls since the last count of which nobody knows whether they ran. */
  #unknown = 0;
  #pod = "";
  #isTold = false;

  constructor(options: ClientOptions) {
    this.#options = options;
  }

  async open(): Promise<void> {
    await this.#reported(0, async () => {
      const { url, session } = this.#options;
      const { fetch } = this.#patience;
      this.#forget();
      const connecting =
        session % 2 === 0 ? connectV1(url, { fetch }) : connectV2(url, "legacy", { fetch });
      this.#client = await connecting;
      return { verdict: "opened" };
    });
  }

  /** A call that takes so long at its server. A session that is not there any more is opened again afterwards. */
  async call(call: number, milliseconds: number): Promise<void> {
    if (this.#client === undefined) return await this.open();
    const verdict = await this.#reported(call, async () => {
      const result = await this.#client?.client.callTool({
        name: this.#options.tool,
        arguments: { call, milliseconds },
      });
      return this.#judge(call, Object(result));
    });
    if (verdict === "lost") this.#client = undefined;
  }

  async end(): Promise<void> {
    await this.#reported(0, async () => {
      await this.#client?.end();
      return { verdict: "ended" };
    });
  }

  async #reported(call: number, request: () => Promise<Outcome>): Promise<Verdict> {
    const { session, lasts, report } = this.#options;
    const atMs = Date.now();
    const { resent } = this.#patience;
    const outcome = await request().catch((error: unknown) => this.#judgeError(error));
    const tookMs = Date.now() - atMs;
    const again = this.#patience.resent - resent;
    report({ atMs, tookMs, session, lasts, call, resent: again, ...outcome });
    return outcome.verdict;
  }

  #judge(call: number, { content, _meta, isError }: Record<string, unknown>): Outcome {
    const [block] = Array.isArray(content) ? content : [];
    const text = String(block?.text);
    if (isError === true) return this.#judgeError(text);
    const answer: Answer = JSON.parse(text);
    const isRenewed = Object(_meta)[RENEWED] !== undefined;
    const verdict = this.#verdictOf(answer, call, isRenewed);
    const { pod, count } = answer;
    const detail = `count ${count} on ${pod} after ${this.#count} on ${this.#pod}`;
    this.#forget();
    [this.#count, this.#pod] = [count, pod];
    return { verdict, pod, ...(verdict !== "answered" && { detail }) };
  }

  #verdictOf({ call, count, pod }: Answer, expected: number, isRenewed: boolean): Verdict {
    if (call !== expected) return "wrong";
    if (this.#isTold) return isRenewed && count === 1 ? "renewed" : "wrong";
    if (count <= this.#count) return "lost";
    if (count > this.#count + 1 + this.#unknown) return "twice";
    return this.#pod === "" || this.#pod === pod ? "answered" : "moved";
  }

  #judgeError(error: unknown): Outcome {
    const { code, data, cause }: { code?: unknown; data?: unknown; cause?: unknown } =
      Object(error);
    const words = [error, code, JSON.stringify(data), cause, Object(cause).code];
    const detail = words
      .filter((word) => word !== undefined)
      .join(" ")
      .slice(0, 300);
    const has = (...words: string[]) => words.some((word) => detail.includes(word));
    if (has("BACKEND_SESSION_LOST")) {
      this.#forget();
      this.#isTold = true;
      return { verdict: "told", detail };
    }
    if (code === 404 || has("SESSION_NOT_FOUND", "(HTTP 404)")) return { verdict: "lost", detail };
    if (has(...REFUSALS)) return { verdict: "refused", detail };
    this.#unknown += 1;
    return { verdict: "cut", detail };
  }

  #forget(): void {
    [this.#count, this.#unknown, this.#pod, this.#isTold] = [0, 0, "", false];
  }
}
