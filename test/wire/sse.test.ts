import fc from "fast-check";
import { expect, it } from "vitest";

import { encodeEvent, readEvents, SSE_KEEP_ALIVE, type SseEvent } from "../../runtime/wire/sse.ts";

async function eventsOf(...chunks: (string | Buffer)[]): Promise<SseEvent[]> {
  async function* body() {
    for (const chunk of chunks) yield Buffer.from(chunk);
  }
  return await Array.fromAsync(readEvents(body()));
}

it.each([
  ["one event", "data: a\n\n", [{ data: "a" }]],
  ["two events in one chunk", "data: a\n\ndata: b\n\n", [{ data: "a" }, { data: "b" }]],
  ["2 lines of data", "data: a\ndata: b\n\n", [{ data: "a\nb" }]],
  ["lines that end in CR LF", "data: a\r\ndata: b\r\n\r\n", [{ data: "a\nb" }]],
  ["no space behind the colon", "data:a\n\n", [{ data: "a" }]],
  ["a byte order mark", "\ufeffdata: a\n\n", [{ data: "a" }]],
  ["a name and an id", "event: message\nid: 7\ndata: a\n\n", [{ data: "a", id: "7" }]],
  ["a priming event: an id and empty data", "id: 7\ndata:\n\n", [{ data: "", id: "7" }]],
  [
    "an id that stays for the next event",
    "id: 7\ndata: a\n\ndata: b\n\n",
    [
      { data: "a", id: "7" },
      { data: "b", id: "7" },
    ],
  ],
  ["retry before the data", "retry: 1500\ndata: a\n\n", [{ data: "a", retryMs: 1500 }]],
  ["retry in an earlier block", "retry: 20\n\ndata: a\n\n", [{ data: "a", retryMs: 20 }]],
  ["retry that is no number", "retry: soon\ndata: a\n\n", [{ data: "a" }]],
  ["comments", `${SSE_KEEP_ALIVE}data: a\n\n${SSE_KEEP_ALIVE}`, [{ data: "a" }]],
  ["a field that nobody knows", "x: y\ndata: a\n\n", [{ data: "a" }]],
  ["an event that the end cuts off", "data: a\n\ndata: b\n", [{ data: "a" }]],
  ["nothing", "", []],
])("%s", async (_what, text, events) => {
  expect(await eventsOf(text)).toEqual(events);
});

it("a body cut between any 2 of its bytes, inside of characters too, gives the same 2 events", async () => {
  const bytes = Buffer.from("id: 1\r\ndata: é日🙂\r\ndata: b\r\n\r\nretry: 5\ndata: {}\n\n");
  const whole = await eventsOf(bytes);
  expect(whole).toEqual([
    { data: "é日🙂\nb", id: "1" },
    { data: "{}", id: "1", retryMs: 5 },
  ]);
  for (let cut = 1; cut < bytes.length; cut += 1) {
    expect(await eventsOf(bytes.subarray(0, cut), bytes.subarray(cut))).toEqual(whole);
  }
  expect(await eventsOf(...[...bytes].map((byte) => Buffer.of(byte)))).toEqual(whole);
});

it("an event arrives when its chunk does, not when the body ends", async () => {
  const { promise: never } = Promise.withResolvers<never>();
  async function* body() {
    yield Buffer.from("data: a\n\n");
    await never;
  }
  const events = readEvents(body());
  expect((await events.next()).value).toEqual({ data: "a" });
});

it("an event of 20 MB in chunks of 64 KiB arrives whole, and so does the one behind it", async () => {
  const data = `"${"é🙂x".repeat(20 * 1024 * 150)}"`;
  const bytes = Buffer.from(`data: ${data}\n\ndata: b\n\n`);
  expect(bytes.length).toBeGreaterThan(20 * 1024 * 1024);
  const chunks = Array.from({ length: Math.ceil(bytes.length / 65_536) }, (_, index) =>
    bytes.subarray(index * 65_536, (index + 1) * 65_536),
  );
  const events = await eventsOf(...chunks);
  expect(events.map((event) => event.data.length)).toEqual([data.length, 1]);
  expect(events[0]?.data === data).toBe(true);
});

it("JSON with raw line breaks between its tokens stays one event and the same JSON", async () => {
  const text = '{"a":1,\n"b":"\\n",\r\n"c":\r[2]}';
  const encoded = encodeEvent(text);
  expect(encoded).toMatch(/^event: message\n(data: [^\r\n]+\n){4}\n$/);
  const [event] = await eventsOf(encoded);
  expect(JSON.parse(event?.data ?? "")).toEqual(JSON.parse(text));
});

it("any JSON, however it is indented, is read back as it was written", async () => {
  await fc.assert(
    fc.asyncProperty(fc.jsonValue(), fc.constantFrom("", " ", "\n"), async (value, space) => {
      const text = JSON.stringify(value, null, space);
      expect(await eventsOf(encodeEvent(text))).toEqual([{ data: text }]);
    }),
  );
});

it("a line of 1,000 characters without an end, and an event of 50 lines of 20, end the stream at 512", async () => {
  async function* endless(piece: string) {
    for (;;) yield Buffer.from(piece);
  }
  for (const piece of ["x".repeat(20), `data: ${"x".repeat(14)}\n`]) {
    const reading = Array.fromAsync(readEvents(endless(`data: ${piece}`), { maxCharacters: 512 }));
    await expect(reading).rejects.toThrow("512");
  }
});
