import type { Settings } from "@mcp-fleet/contract/settings";
import type { FastifyRequest } from "fastify";
import type { Hold } from "../async/byte-budget.ts";
import type { BodyBudget } from "../edge/body-budget.ts";
import { type BodyRoom, readBody } from "../edge/body-reader.ts";
import type { MessageLimits } from "../upstream/endpoints/message-limits.ts";
import { FleetError } from "../wire/fleet-error.ts";

/** By how much a message may have grown since a process of the fleet took it: ids and names become those of this side. */
const ADDED_BYTES = 64 * 2 ** 10;

export interface PeerBodiesParts {
  /** What is held of clients' requests. */
  readonly bodies: BodyBudget;
  /** What is held of backends' messages. */
  readonly messageLimits: MessageLimits;
  readonly limits: Settings["limits"];
}

/**
 * What other processes of the fleet send. It is what they took from a client or from a backend, so it has the same limits
 * here, and counts with what this process holds of its own clients and backends.
 */
export class PeerBodies {
  readonly #parts: PeerBodiesParts;

  constructor(parts: PeerBodiesParts) {
    this.#parts = parts;
  }

  /**
   * Reads a client's message, and holds it for the work.
   *
   * @param session whose share it takes.
   * @throws BODY_TOO_LARGE, TOO_MANY_BYTES, INVALID_REQUEST.
   */
  async withRequest<T>(
    { raw }: FastifyRequest,
    session: string,
    work: (text: string) => Promise<T>,
  ): Promise<T> {
    const { bodies, limits } = this.#parts;
    const hold = bodies.open(`peer ${session}`);
    try {
      const rules = rulesFor(limits.bodyBytes, "limits.bodyBytes");
      const body = await readBody(raw, { ...rules, hold });
      return await work(body.toString("utf8"));
    } finally {
      hold.release();
    }
  }

  /**
   * Reads a backend's message, and holds it for the work. It waits for room as long as its sender does.
   *
   * @throws BODY_TOO_LARGE, INVALID_REQUEST.
   */
  async withMessage<T>({ raw }: FastifyRequest, work: (text: string) => Promise<T>): Promise<T> {
    const { maxBytes, budget } = this.#parts.messageLimits;
    const hold = budget.open();
    try {
      const rules = rulesFor(maxBytes, "limits.messageBytes, limits.heldBytes");
      const body = await readBody(raw, { ...rules, hold: roomOf(hold) });
      return await work(body.toString("utf8"));
    } finally {
      hold.release();
    }
  }
}

function rulesFor(limitBytes: number, setting: string) {
  const maxBytes = limitBytes + ADDED_BYTES;
  const message = `the body is larger than ${maxBytes} bytes (${setting})`;
  const tooLarge = () => new FleetError("BODY_TOO_LARGE", { message });
  return { maxBytes, tooLarge, namesRequest: false };
}

function roomOf(hold: Hold): BodyRoom {
  return {
    // Given up where the sender has left, which the reader finds by itself.
    grow: (bytes) => (hold.tryGrow(bytes) ? undefined : hold.grow(bytes).catch(() => {})),
    arrived: () => {},
    onRefusal: () => {},
    release: () => hold.release(),
  };
}
