import { parentPort, workerData } from "node:worker_threads";
import * as cedar from "@cedar-policy/cedar-wasm/nodejs";
import { FaultsError } from "@mcp-fleet/contract";
import { groupsIn } from "./cedar-policies.ts";
import { Decider } from "./decider.ts";
import { type Answer, isWorkerData, type Question } from "./worker-messages.ts";

/** Decides on a thread of its own: a list of 1,000 tools takes some 400 ms of it, in which calls go on. */
function main(): void {
  if (parentPort === null || !isWorkerData(workerData)) throw new Error("not started as a worker");
  const port = parentPort;
  const send = (answer: Answer) => port.postMessage(answer);
  let decider: Decider;
  try {
    decider = new Decider(cedar, workerData.settings, workerData.gateway);
  } catch (error) {
    if (!(error instanceof FaultsError)) throw error;
    send({ kind: "faulty", faults: error.faults });
    return;
  }
  const mentions = decider.policies.policies.map((policy) => policy.mentions);
  send({ kind: "ready", mentions, groups: groupsIn(decider.policies) });
  port.on("message", ({ id, principal, items, args }: Question) => {
    const decisions = items.map((item) => decider.decide(principal, item, args));
    send({ kind: "decided", id, decisions });
  });
}

main();
