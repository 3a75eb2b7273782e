import { describe, expect, it } from "vitest";
import { ByteBudget, Hold } from "../../runtime/async/byte-budget.ts";

const FREE = Hold.FREE_BYTES;

/** What has come of a promise by now. */
async function stateOf(promise: Promise<unknown>): Promise<string> {
  const settled = promise.then(
    () => "done",
    () => "failed",
  );
  await Promise.resolve();
  return await Promise.race([
    settled,
    new Promise<string>((resolve) => setImmediate(resolve, "waiting")),
  ]);
}

describe("a budget of 300 bytes, 100 of them for one message", () => {
  it("counts what a hold has beyond the first 64 KiB, and nothing once it is released", async () => {
    const budget = new ByteBudget(300, 100);
    const hold = budget.open();
    await hold.grow(FREE);
    expect(budget.held).toBe(0);
    await hold.grow(FREE + 40);
    await hold.grow(FREE + 90);
    expect(budget.held).toBe(90);
    hold.release();
    hold.release();
    expect(budget.held).toBe(0);
  });

  it("lets 3 of 5 holds of 100 bytes grow, and the others as these are released, in their order", async () => {
    const budget = new ByteBudget(300, 100);
    const holds = Array.from({ length: 5 }, () => budget.open());
    const grown = holds.map((hold) => hold.grow(FREE + 100));
    const states = () => Promise.all(grown.map(stateOf));

    expect(await states()).toEqual(["done", "done", "done", "waiting", "waiting"]);
    expect(budget.held).toBe(300);
    holds[0]?.release();
    expect(await states()).toEqual(["done", "done", "done", "done", "waiting"]);
    holds[2]?.release();
    expect(await states()).toEqual(Array(5).fill("done"));
    expect(budget.held).toBe(300);
    for (const hold of holds) hold.release();
    expect(budget.held).toBe(0);
  });

  it("never stands still: 5 messages of 100 bytes that come 10 bytes at a time are all whole in the end", async () => {
    const budget = new ByteBudget(300, 100);
    let most = 0;
    const messages = Array.from({ length: 5 }, async () => {
      const hold = budget.open();
      for (let bytes = 10; bytes <= 100; bytes += 10) {
        await hold.grow(FREE + bytes);
        most = Math.max(most, budget.held);
      }
      hold.release();
    });

    await Promise.all(messages);
    expect(most).toBeGreaterThan(200);
    expect(most).toBeLessThanOrEqual(300);
    expect(budget.held).toBe(0);
  });

  it("tells a hold that is released while it waits, and lets the one behind it grow", async () => {
    const budget = new ByteBudget(300, 100);
    const [one, two, three] = [budget.open(), budget.open(), budget.open()];
    await one.grow(FREE + 200);
    const privileged = budget.open();
    await privileged.grow(FREE + 100);
    const waits = two.grow(FREE + 100);
    const behind = three.grow(FREE + 50);
    two.release();
    await expect(waits).rejects.toThrow("given up");
    one.release();
    await behind;
    expect(budget.held).toBe(150);
  });

  it("gives who does not want to wait nothing of the room that is set aside", () => {
    const budget = new ByteBudget(300, 100);
    expect(budget.open().tryGrow(FREE + 200)).toBe(true);
    expect(budget.open().tryGrow(FREE + 1)).toBe(false);
    expect(budget.open().tryGrow(FREE)).toBe(true);
  });
});

describe("a budget of 300 bytes, 100 of them for one message and 100 of the others for each client", () => {
  const start = () => new ByteBudget(300, 100, { shareBytes: 100, freeBytes: 0 });

  it("lets one client have its share and what is set aside, and another one its own share", async () => {
    const budget = start();
    const [one, two, three] = [budget.open("greedy"), budget.open("greedy"), budget.open("greedy")];
    await one.grow(100);
    await two.grow(100);
    const waits = three.grow(50);
    await budget.open("other").grow(100);
    expect(await stateOf(waits)).toBe("waiting");
    expect(budget.held).toBe(300);
    one.release();
    expect(await stateOf(waits)).toBe("done");
  });

  it("lets who waits behind a client without a share go first", async () => {
    const budget = start();
    const [one, two] = [budget.open("greedy"), budget.open("greedy")];
    const aside = budget.open("third");
    await one.grow(100);
    await budget.open("third").grow(100);
    await aside.grow(100);
    const greedy = two.grow(10);
    const other = budget.open("other").grow(50);
    const states = () => Promise.all([greedy, other].map(stateOf));
    expect(await states()).toEqual(["waiting", "waiting"]);
    aside.shrink(100);
    one.release();
    expect(await states()).toEqual(["done", "done"]);
  });

  it("moves what is held in the room set aside where there is other room, and gives it to the next", async () => {
    const budget = start();
    const first = budget.open("one");
    const [second, third] = [budget.open("two"), budget.open("three")];
    await first.grow(100);
    await budget.open("four").grow(100);
    await second.grow(80);
    const waits = third.grow(100);
    expect(await stateOf(waits)).toBe("waiting");
    first.release();
    expect(await stateOf(waits)).toBe("done");
    expect(budget.held).toBe(280);
    second.shrink(30);
    expect(budget.held).toBe(230);
  });
});

it("what was admitted to a hold that is released in the same turn is given back", async () => {
  const budget = new ByteBudget(100, 0, { freeBytes: 0 });
  const [one, two] = [budget.open(), budget.open()];
  expect(one.tryGrow(100)).toBe(true);
  const aside = budget.open();
  await aside.grow(1);
  const waits = two.grow(100);
  one.release();
  two.release();
  await waits;
  aside.release();
  expect(budget.held).toBe(0);
});
