import type { Attacker } from "./attacker.ts";

/** How many of the sockets that cost the attacker nothing each of these kinds has open at a time. */
const SOCKETS = 40;

/** Between the bytes of what is slow: many of them come before any timeout. */
const BYTE_MS = 200;

/** As long as a request may take at most, and then some. */
const HELD_MS = 60_000;

export async function silentSockets(attacker: Attacker): Promise<void> {
  await attacker.keep(async () => {
    await attacker.socket();
    await attacker.wait(HELD_MS);
  }, SOCKETS);
}

export async function slowHeaders(attacker: Attacker): Promise<void> {
  await attacker.keep(async () => {
    const socket = await attacker.socket("POST /mcp HTTP/1.1\r\nx-slow: ");
    while (socket.writable && !attacker.isStopped) {
      socket.write("x");
      await attacker.wait(BYTE_MS);
    }
  }, SOCKETS);
}

export async function slowBodies(attacker: Attacker): Promise<void> {
  await attacker.keep(async () => {
    const headers = { "content-length": "1000000" };
    const socket = await attacker.socket(await attacker.bytes("POST", headers, "{"));
    while (socket.writable && !attacker.isStopped) {
      socket.write(" ");
      await attacker.wait(BYTE_MS);
    }
  }, SOCKETS);
}

export async function hugeHeaders(attacker: Attacker): Promise<void> {
  const big = "x".repeat(60_000);
  await attacker.keep(async () => {
    const socket = await attacker.socket(await attacker.bytes("POST", { "x-big": big }, "{}"));
    await attacker.wait(BYTE_MS);
    socket.destroy();
  }, 4);
}

export async function aborts(attacker: Attacker): Promise<void> {
  await attacker.keep(async () => {
    const socket = await attacker.socket(await attacker.bytes("POST", {}, attacker.call(1)));
    await attacker.wait(2);
    socket.resetAndDestroy();
  }, 4);
}

export async function otherMethods(attacker: Attacker): Promise<void> {
  const methods = ["HEAD", "PUT", "OPTIONS", "TRACE", "PATCH", "CONNECT", "BREW"];
  await attacker.keep(async () => {
    const method = methods[attacker.nextId() % methods.length] ?? "HEAD";
    const socket = await attacker.socket(await attacker.bytes(method, {}));
    await attacker.wait(BYTE_MS);
    socket.destroy();
  }, 4);
}
