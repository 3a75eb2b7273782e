import { addressText } from "@mcp-fleet/contract/settings";
import type { Call, Handler } from "../../calls/call.ts";
import { HeldReply } from "../../calls/held-reply.ts";
import { keepLogLevel } from "../../calls/log-level.ts";
import type { RequestContext } from "../../calls/request-context.ts";
import type { Backend } from "../../upstream/backend.ts";
import { circuitOf } from "../../upstream/sessions/pod-report.ts";
import { FleetError } from "../../wire/fleet-error.ts";
import { stringParam } from "../../wire/message.ts";
import { isRepeatable } from "../../wire/methods.ts";
import type { Reply } from "../../wire/reply.ts";
import { CONDITIONS, conditionOfPods } from "../condition.ts";
import type { BackendRow, Role, RoleParts, RoleStatus } from "../role.ts";
import type { PolicyGate } from "./policy-gate.ts";

/** One MCP server as it is: everything goes to the pod of the session, under its own name. */
export class ProxyRole implements Role {
  readonly request: Handler;
  readonly #parts: RoleParts;

  /** @param gate what decides by policies; absent: every client may use everything. */
  constructor(parts: RoleParts, gate?: PolicyGate) {
    const { metrics } = parts;
    this.#parts = parts;
    this.request = gate === undefined ? this.#handle : (call) => gate.through(call, this.#handle);
    metrics.onScrape(() => {
      const backend = this.#backend;
      metrics.backendUp.set({ backend: backend.name }, isUp(backend) ? 1 : 0);
      const condition = conditionOfPods(backend);
      for (const health of CONDITIONS) {
        metrics.backendHealth.set({ backend: backend.name, health }, health === condition ? 1 : 0);
      }
    });
  }

  /** Its pods were asked for before anybody could call. */
  readonly notReady = undefined;

  /**
   * The client hears what its pod says of itself.
   *
   * @throws those of the handshake.
   */
  async initialize(context: RequestContext): Promise<string> {
    const { session } = context;
    if (session === undefined) throw new FleetError("SESSION_REQUIRED");
    return await this.#parts.upstreams.openFirst(session, this.#backend, context);
  }

  readonly #handle: Handler = async (call) => {
    const { message } = call;
    const { subscriptions } = this.#parts;
    if (message.method === "resources/subscribe") {
      await subscriptions.subscribe(call, this.#backend, stringParam(message, "uri"));
    } else if (message.method === "resources/unsubscribe") {
      await subscriptions.unsubscribe(call, this.#backend, stringParam(message, "uri"));
    } else if (message.method === "logging/setLevel") {
      await this.#setLevel(call);
    } else {
      await this.#forward(call);
    }
  };

  async status(): Promise<RoleStatus> {
    const { settings, podReport } = this.#parts;
    const backend = this.#backend;
    const [only] = backend.endpoints;
    const row: BackendRow = {
      name: backend.name,
      address: addressText(backend.settings.address),
      state: isUp(backend) ? "up" : "down",
      health: conditionOfPods(backend),
      ...(!backend.hasPods && only !== undefined && circuitOf(backend, only.name)),
      stateful: backend.settings.stateful,
      pods: await podReport.rows(backend),
    };
    return { metadata: settings.metadata, backends: [row] };
  }

  async close(): Promise<void> {
    await this.#parts.authorizer?.close();
  }

  get #backend(): Backend {
    const [backend] = this.#parts.backends.all;
    if (backend === undefined) throw new FleetError("INTERNAL");
    return backend;
  }

  /** The pod decides whether there is such a level. */
  async #setLevel(call: Call): Promise<void> {
    const { context, message, reply } = call;
    const held = new HeldReply(reply);
    await this.#forward(call, held);
    const { level } = message.params;
    if (held.succeeded && typeof level === "string" && context.session !== undefined) {
      await keepLogLevel(this.#parts.sessions, context.session, level);
    }
    held.release();
  }

  async #forward(call: Call, reply: Reply = call.reply): Promise<void> {
    const { method, text } = call.message;
    const repeatable = isRepeatable(method);
    const backend = this.#backend;
    await this.#parts.forwarder.forward({ call, backend, text, repeatable, reply });
  }
}

function isUp(backend: Backend): boolean {
  return backend.available.length > 0;
}
