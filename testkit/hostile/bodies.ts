import type { Attacker } from "./attacker.ts";

/** Just below and above `limits.bodyBytes` as it is by default. */
const LARGEST_BYTES = 8_000_000;
const TOO_LARGE_BYTES = 9_000_000;

/** Far deeper than `limits.bodyDepth`, and with far more members than `limits.bodyMembers`. */
const LEVELS = 500_000;

export async function hugeBodies(attacker: Attacker): Promise<void> {
  await attacker.keep(async () => {
    const bytes = attacker.nextId() % 2 === 0 ? LARGEST_BYTES : TOO_LARGE_BYTES;
    await attacker.post(attacker.request("ping", { text: "x".repeat(bytes) }));
  }, 3);
}

export async function nestedJson(attacker: Attacker): Promise<void> {
  const deep = `{"jsonrpc":"2.0","id":1,"method":"ping","params":{"a":${"[".repeat(LEVELS)}${"]".repeat(LEVELS)}}}`;
  const wide = `{"jsonrpc":"2.0","id":1,"method":"ping","params":{"a":[${"{},".repeat(LEVELS)}1]}}`;
  await attacker.keep(() => attacker.post(attacker.nextId() % 2 === 0 ? deep : wide), 2);
}

export async function batches(attacker: Attacker): Promise<void> {
  await attacker.keep(async () => {
    const calls = Array.from({ length: 100 }, () => attacker.call(0));
    await attacker.post(`[${calls.join(",")}]`);
  }, 1);
}

export async function malformedText(attacker: Attacker): Promise<void> {
  const bodies = [
    Buffer.from('{"jsonrpc":"2.0","id":1,'),
    Buffer.from('{"jsonrpc":"2.0","id":1,"method":"ping"}}'),
    Buffer.from([0x7b, 0x22, 0xff, 0xfe, 0xc0, 0x80, 0x22, 0x3a, 0x31, 0x7d]),
    Buffer.from([0xef, 0xbb, 0xbf, 0xed, 0xa0, 0x80]),
  ];
  await attacker.keep(() => attacker.post(bodies[attacker.nextId() % bodies.length] ?? ""), 4);
}
