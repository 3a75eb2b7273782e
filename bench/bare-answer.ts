import type { AddressInfo } from "node:net";
import Fastify from "fastify";
import { RawClient } from "../testkit/clients/raw-client.ts";
import { TOOLS_LIST } from "./lists.ts";

/**
 * The floor of what a list can cost on Fastify: every request is answered with the same bytes, which the gateway at the URL
 * in the arguments has answered once.
 */
const client = await RawClient.open(process.argv[2] ?? "");
const answer = await client.post(TOOLS_LIST);
await client.end();
const body = Buffer.from(answer.text);
const server = Fastify();
server.removeAllContentTypeParsers();
server.addContentTypeParser("*", { parseAs: "buffer" }, (_request, bytes, done) =>
  done(null, bytes),
);
server.post("/mcp", (_request, reply) =>
  reply.header("content-type", String(answer.headers["content-type"])).send(body),
);
process.once("SIGINT", () => server.close());
await server.listen({ host: "127.0.0.1", port: 0 });
const { port } = server.server.address() as AddressInfo;
process.stdout.write(`http://127.0.0.1:${port}/mcp\n`);
