import { createHash, timingSafeEqual } from "node:crypto";
import type { FastifyInstance } from "fastify";
import type { Logger } from "pino";

/** Has the routes of a server take requests of whoever has the token; where there is none, from loopback addresses. */
export function requireToken(
  server: FastifyInstance,
  token: string | undefined,
  log: Logger,
): void {
  server.addHook("onRequest", async ({ headers, ip, url }, reply) => {
    const note = () =>
      log.warn({ address: ip, url }, "a change without the admin token is refused");
    if (token === undefined) {
      if (isLoopback(ip)) return;
      const error =
        "set MCP_FLEET_ADMIN_TOKEN and send it as Authorization: Bearer …; without it, only requests from this machine or pod may change something";
      note();
      return await reply.code(403).send({ error });
    }
    if (isSame(headers.authorization ?? "", `Bearer ${token}`)) return;
    const error = "send the token of MCP_FLEET_ADMIN_TOKEN as Authorization: Bearer …";
    note();
    await reply.code(401).header("www-authenticate", "Bearer").send({ error });
  });
}

/** Whether an address is the machine's or the pod's own, also as IPv6 writes those of IPv4. */
function isLoopback(address: string): boolean {
  return address === "::1" || /^(?:::ffff:)?127\./.test(address);
}

/** In a time that says nothing of where they differ. */
function isSame(one: string, other: string): boolean {
  const digest = (text: string) => createHash("sha256").update(text).digest();
  return timingSafeEqual(digest(one), digest(other));
}
