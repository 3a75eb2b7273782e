import { brief } from "@mcp-fleet/contract";
import { at, cut } from "../../wire/json-text.ts";
import { JSON_CONTENT_TYPE } from "../../wire/message.ts";
import { SSE_CONTENT_TYPE } from "../../wire/sse.ts";
import type { Answer, Refusal } from "./transport.ts";

const MEDIA_TYPE = /^[\w.+-]{1,60}\/[\w.+-]{1,60}$/;

/** The HTTP status behind an answer. */
export function statusOf(answer: Answer): number {
  switch (answer.kind) {
    case "refused":
      return answer.statusCode;
    case "session-unknown":
      return 404;
    case "unsupported":
      return 405;
    case "accepted":
      return 202;
    default:
      return 200;
  }
}

/** Why an answer is none, for clients: nothing of what the backend said but its status and kind. Follows its name. */
export function reasonOf(answer: Answer, text?: string): string {
  const status = statusOf(answer);
  const errorCode = text === undefined ? undefined : errorCodeIn(text);
  if (errorCode !== undefined) return `answered with the JSON-RPC error ${errorCode}`;
  if (status >= 400) return `refused the request with HTTP ${status}`;
  if (status >= 300) return `redirects to another address with HTTP ${status}`;
  if (answer.kind === "accepted") return "accepted the request and sent no response to it";
  if (answer.kind === "events") return `sent no response to the request in its ${SSE_CONTENT_TYPE}`;
  if (answer.kind !== "refused") return "sent no response to the request in its JSON";
  const { contentType } = answer;
  if (contentType === undefined || contentType === "") return "answered without a content type";
  if (!MEDIA_TYPE.test(contentType)) return "answered with a content type that is not one";
  const isJson = contentType === JSON_CONTENT_TYPE;
  return isJson
    ? "sent no response to the request in its JSON"
    : `answered with ${contentType}, which is not MCP`;
}

/** What a backend said, for operators. */
export function describe(answer: Answer, text?: string): string {
  const said = text ?? (answer.kind === "refused" ? answer.text : "");
  return [
    `HTTP ${statusOf(answer)}`,
    ...(answer.kind === "refused" ? headersOf(answer) : []),
    ...(said === "" ? [] : [JSON.stringify(brief(said))]),
  ].join(", ");
}

function headersOf({ contentType, location, challenge }: Refusal): string[] {
  return [
    ...(contentType === undefined ? [] : [brief(contentType)]),
    ...(location === undefined ? [] : [`Location: ${brief(location)}`]),
    ...(challenge === undefined ? [] : [`WWW-Authenticate: ${brief(challenge)}`]),
  ];
}

/** The code of a JSON-RPC error. */
function errorCodeIn(text: string): string | undefined {
  try {
    const code = at(text, "error", "code");
    const codeText = code === undefined ? "" : cut(text, code);
    return /^-?\d{1,9}$/.test(codeText) ? codeText : undefined;
  } catch {
    return undefined;
  }
}
