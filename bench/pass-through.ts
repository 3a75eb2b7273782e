import type { AddressInfo } from "node:net";

import Fastify from "fastify";
import { Pool } from "undici";

/**
 * The floor of what a gateway on Fastify and undici can cost: everything that comes in goes to one backend, and
 * what it answers comes back. It knows nothing of MCP.
 */

/** Headers that belong to one connection, and not to what is passed on. */
const HOP_BY_HOP: ReadonlySet<string> = new Set([
  "connection",
  "content-length",
  "host",
  "keep-alive",
  "transfer-encoding",
]);

type Headers = Readonly<Record<string, string | string[] | undefined>>;

function passedOn(headers: Headers): Record<string, string | string[]> {
  const kept: Record<string, string | string[]> = {};
  for (const name in headers) {
    const value = headers[name];
    if (value !== undefined && !HOP_BY_HOP.has(name)) kept[name] = value;
  }
  return kept;
}

const { origin, pathname } = new URL(process.argv[2] ?? "");
const pool = new Pool(origin, { connections: 256, headersTimeout: 0, bodyTimeout: 0 });
const server = Fastify();
server.removeAllContentTypeParsers();
server.addContentTypeParser("*", { parseAs: "buffer" }, (_request, body, done) => done(null, body));
server.route({
  method: ["POST", "GET", "DELETE"],
  url: pathname,
  handler: async (request, reply) => {
    const { statusCode, headers, body } = await pool.request({
      path: pathname,
      method: request.method,
      headers: passedOn(request.headers),
      body: Buffer.isBuffer(request.body) ? request.body : null,
    });
    return reply.code(statusCode).headers(passedOn(headers)).send(body);
  },
});

process.once("SIGINT", async () => {
  await server.close();
  await pool.close();
});
await server.listen({ host: "127.0.0.1", port: 0 });
const { port } = server.server.address() as AddressInfo;
process.stdout.write(`http://127.0.0.1:${port}${pathname}\n`);
