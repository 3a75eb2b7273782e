import { connect } from "node:net";
import type { Role } from "@mcp-fleet/contract/settings";
import { beforeEach, describe, expect, it, onTestFinished } from "vitest";
import { PeerCredential } from "../../runtime/fleet/peer-credential.ts";
import { KeyRing } from "../../runtime/sessions/key-ring.ts";
import { requestHead } from "../../testkit/clients/request-headers.ts";
import { type RunningRole, startRoles } from "../../testkit/processes/gateway.ts";
import { eventually } from "../../testkit/vitest/eventually.ts";

const KIB = 2 ** 10;
const TRIES = 6;
const SESSION = "somebody's";
const ring = KeyRing.generate();

/** By how much a message may have grown on its way here. */
const ADDED = 64 * KIB;
const LIMITS = {
  bodyBytes: "128Ki",
  heldBodyBytes: "1Mi",
  bodyBytesPerClient: "256Ki",
  messageBytes: "256Ki",
  heldBytes: "512Ki",
  queueTimeout: "200ms",
} as const;

const ROUTES = [
  ["/peer/nobody/a", "limits.bodyBytes", 128 * KIB + ADDED],
  ["/streams/nobody/message", "limits.messageBytes", 256 * KIB + ADDED],
] as const;

const headers = {
  "mcp-session-id": SESSION,
  authorization: new PeerCredential(ring).authorizationFor(SESSION),
};

describe.each<Role>(["gateway", "proxy"])(
  "what other processes send to the admin port of a %s",
  (role) => {
    let running: RunningRole;
    beforeEach(async () => {
      const backends = [{ name: "somebody", url: "http://127.0.0.1:9/mcp" }];
      [running] = await startRoles({ backends, limits: LIMITS }, { role, ring });
    });

    const post = (path: string, body: RequestInit["body"]) =>
      fetch(running.adminUrl + path, {
        method: "POST",
        headers,
        body,
        duplex: "half",
      } as RequestInit);

    const metric = async (name: string) => {
      const text = await (await fetch(`${running.adminUrl}/metrics`)).text();
      return Number(new RegExp(`^mcp_fleet_${name} (\\d+)$`, "m").exec(text)?.[1]);
    };

    /** A body in a connection of its own, of which only the first bytes are sent. */
    const sendPart = (path: string, bytes: number, sentBytes: number) => {
      const { port } = new URL(running.adminUrl);
      const socket = connect(Number(port), "127.0.0.1").on("error", () => {});
      const sent = { ...headers, "content-length": String(bytes) };
      socket.write(requestHead("POST", running.adminUrl + path, sent));
      socket.write(" ".repeat(sentBytes));
      onTestFinished(() => void socket.destroy());
      return socket;
    };

    it.each(ROUTES)(
      "%s may have %s and 64 KiB, and 1 byte more is BODY_TOO_LARGE",
      async (path, setting, bytes) => {
        expect((await post(path, " ".repeat(bytes))).status).toBe(404);
        const refused = await post(path, " ".repeat(bytes + 1));
        const { error } = (await refused.json()) as { error: { message: string; data: object } };
        expect([refused.status, error.data]).toEqual([413, { error: "BODY_TOO_LARGE" }]);
        expect(error.message).toContain(`${bytes} bytes (${setting}`);
      },
    );

    it.each(ROUTES)(
      "%s answers each of 6 bodies of 9 MB, in chunks or not, before it ends the connection",
      async (path) => {
        const statuses: number[] = [];
        for (let tries = 0; tries < TRIES; tries += 1) {
          const body = Buffer.alloc(9 * 2 ** 20, " ");
          const sent = tries % 2 === 0 ? body : new Blob([body]).stream();
          statuses.push((await post(path, sent)).status);
        }
        expect(statuses).toEqual(Array(TRIES).fill(413));
      },
    );

    it.each([
      ["/peer/nobody/a", "held_body_bytes", 100 * KIB],
      ["/streams/nobody/message", "held_bytes", 100 * KIB - 64 * KIB],
    ])(
      "%s holds what has come of a body in mcp_fleet_%s, until its sender has left",
      async (path, name, held) => {
        const socket = sendPart(path, 120 * KIB, 100 * KIB);
        await eventually(async () => expect(await metric(name)).toBe(held));
        socket.destroy();
        await eventually(async () => expect(await metric(name)).toBe(0));
      },
    );

    it("/peer refuses with TOO_MANY_BYTES where 8 bodies leave no room, and says that the call did not run", async () => {
      const sockets = Array.from({ length: 8 }, () =>
        sendPart("/peer/nobody/a", 128 * KIB, 127 * KIB),
      );
      await eventually(async () => expect(await metric("bodies_refused_total")).toBeGreaterThan(0));
      const { length } = sockets;
      const refused = sockets.map(
        (socket) =>
          new Promise<string>((resolve) => {
            socket.on("data", (data) => resolve(String(data)));
          }),
      );
      const first = await Promise.race(refused);
      expect(length).toBe(8);
      expect(first).toContain("HTTP/1.1 503");
      expect(first).toContain("mcp-fleet-not-processed: true");
      expect(first).toContain("TOO_MANY_BYTES");
    });
  },
);
