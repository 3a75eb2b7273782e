import { random } from "../../platform/random.ts";
import { FleetError } from "../../wire/fleet-error.ts";
import { isObject } from "../../wire/message.ts";
import type { Interceptor } from "../call.ts";

/** Sends people where they log in, or consent, where their client can open pages: by an URL elicitation. */
export function askForLogin(): Interceptor {
  return async (call, next) => {
    try {
      await next(call);
    } catch (thrown) {
      throw opensPages(call.context.client.capabilities) ? asElicitation(thrown) : thrown;
    }
  };
}

function opensPages(capabilities: string): boolean {
  const declared: unknown = JSON.parse(capabilities);
  if (!isObject(declared) || !isObject(declared.elicitation)) return false;
  return isObject(declared.elicitation.url);
}

function asElicitation(thrown: unknown): unknown {
  if (!(thrown instanceof FleetError) || thrown.code !== "BACKEND_LOGIN_REQUIRED") return thrown;
  const { backend, loginUrl: url } = thrown.data;
  if (typeof url !== "string") return thrown;
  const message = `The server ${String(backend)} needs you to log in or to consent.`;
  const elicitation = { mode: "url", elicitationId: random.uuid(), url, message };
  return new FleetError("URL_ELICITATION_REQUIRED", {
    message: thrown.message,
    data: { backend, elicitations: [elicitation] },
    cause: thrown.cause,
  });
}
