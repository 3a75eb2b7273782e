import { createHash, createHmac } from "node:crypto";
import type { IncomingMessage } from "node:http";
import { EchoBackend } from "./echo-backend.ts";

/** An echo backend that checks Signature Version 4 of AWS by itself, and lets in nobody whose request is signed wrongly. */
export class SignedBackend extends EchoBackend {
  /** The secrets of those who are let in, by access key id. */
  readonly secrets = new Map<string, string>();
  /** HTTP methods and paths of requests that were let in, with the access key id. */
  readonly signed: string[] = [];
  /** Why signed requests were refused. */
  readonly refusals: string[] = [];
  /** Requests for the path are sent on to another one. */
  redirect: { readonly from: string; readonly to: string } | undefined;

  static async guard(): Promise<SignedBackend> {
    const backend = new SignedBackend({});
    backend.on("tools/call", (exchange) => backend.echo(exchange));
    backend.onHead = (request, response) => {
      const fault = backend.#faultOf(request);
      if (fault !== undefined) {
        if (request.headers.authorization !== undefined) backend.refusals.push(fault);
        response.writeHead(403, { "content-type": "application/json" });
        response.end(JSON.stringify({ message: fault }));
        return true;
      }
      const { redirect } = backend;
      if (request.url !== redirect?.from) return false;
      response.writeHead(307, { location: redirect?.to }).end();
      return true;
    };
    await backend.listen();
    return backend;
  }

  /** What is wrong with a request; undefined: nothing that its head shows. */
  #faultOf({ method = "", url = "", headers }: IncomingMessage): string | undefined {
    const { authorization } = headers;
    if (authorization === undefined) return "Missing Authentication Token";
    const parts =
      /^AWS4-HMAC-SHA256 Credential=(.+?)\/(.+), SignedHeaders=(.+), Signature=(.+)$/.exec(
        authorization,
      );
    if (parts === null) return "The authorization is no signature";
    const [, id = "", scope = "", names = "", signature] = parts;
    const secret = this.secrets.get(id);
    if (secret === undefined) return "The security token included in the request is invalid";
    const [path = "", query = ""] = url.split("?");
    const canonical = [
      method,
      path.split("/").map(encodeURIComponent).join("/"),
      query.split("&").toSorted().join("&"),
      ...names.split(";").map((name) => `${name}:${String(headers[name]).trim()}`),
      "",
      names,
      headers["x-amz-content-sha256"],
    ].join("\n");
    const date = String(headers["x-amz-date"]);
    const text = ["AWS4-HMAC-SHA256", date, scope, digest(canonical)].join("\n");
    const key = scope
      .split("/")
      .reduce<Buffer>((held, part) => mac(held, part), Buffer.from(`AWS4${secret}`));
    if (mac(key, text).toString("hex") !== signature) return "The request signature does not match";
    const needed = ["host", "x-amz-date", "x-amz-security-token", "x-amz-content-sha256"];
    const unsigned = needed.filter((name) => !names.split(";").includes(name));
    if (unsigned.length > 0) return `not signed: ${unsigned.join(", ")}`;
    this.signed.push(`${method} ${url} ${id}`);
    return undefined;
  }

  /** Whether the digests that were signed are those of the bodies that came. */
  get hasTrueDigests(): boolean {
    return this.received.every(
      ({ text, headers }) => headers["x-amz-content-sha256"] === digest(text),
    );
  }
}

function mac(key: Buffer, text: string): Buffer {
  return createHmac("sha256", key).update(text).digest();
}

function digest(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}
