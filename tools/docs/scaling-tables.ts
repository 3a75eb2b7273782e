import { amountText, type Figure, plan } from "@mcp-fleet/contract/capacity";
import { type GeneratedTable, markdown } from "./generated-table.ts";

/** Fleets of growing size: sessions, and backends. */
const FLEETS = [
  [250, 5],
  [2_500, 10],
  [10_000, 20],
  [50_000, 20],
] as const;

/** The limit of a pod: what all sessions take in every cache counts. */
const POD_BYTES = 4 * 2 ** 30;

/** The example of the page: one stateful server behind proxies, among ten backends. */
const EXAMPLE = { sessions: 2_500, backends: 10, store: "sentinel" } as const;

/** The tables of docs/scaling.md, all of them from the plan. */
export const SCALING_TABLES: readonly GeneratedTable[] = [
  { file: "scaling.md", name: "fleets", table: fleets },
  { file: "scaling.md", name: "replicas", table: replicas },
  { file: "scaling.md", name: "descriptors", table: descriptors },
  { file: "scaling.md", name: "times", table: times },
];

const text = ({ value, unit }: Figure) => amountText(value, unit);

/** What a fleet of each size needs. */
function fleets(): string {
  const rows = FLEETS.map(([sessions, backends]) => {
    const { gateways, store } = plan({
      sessions,
      backends,
      store: "sentinel",
      memoryBytes: POD_BYTES,
    });
    return [
      sessions.toLocaleString("en-US"),
      String(backends),
      text(gateways.replicas),
      text(gateways.sessionsPerPod),
      text(gateways.memory),
      text(gateways.cpu),
      text(gateways.requiredNofile),
      store === undefined ? "–" : text(store.memory),
    ];
  });
  const head = [
    "Sessions",
    "Backends",
    "Gateways",
    "Sessions per pod",
    "Memory per pod",
    "CPU per pod",
    "Open files per pod",
    "maxmemory of the store",
  ];
  return markdown(head, rows);
}

/** What more pods of a stateful server do to each of them. */
function replicas(): string {
  const rows = [1, 2, 3, 5].map((count) => {
    const server = { name: "github", replicas: count, proxied: true, stateful: true };
    const { servers } = plan({ ...EXAMPLE, servers: [{ ...server, sessionBytes: 2 ** 20 }] });
    const [planned] = servers;
    return [
      String(count),
      planned?.pods ? text(planned.pods.sessionsPerPod) : "–",
      planned?.pods ? text(planned.pods.memory) : "–",
      planned?.proxies ? text(planned.proxies.replicas) : "–",
    ];
  });
  return markdown(["Pods of the server", "Sessions per pod", "Memory per pod", "Proxies"], rows);
}

/** The terms of a gateway's open files. */
function descriptors(): string {
  const { requiredNofile } = plan(EXAMPLE).gateways;
  const rows = requiredNofile.terms
    .filter(({ value }) => value !== 0)
    .map(({ name, value, unit, from }) => [name, amountText(value, unit), from]);
  return markdown(
    ["Term", "Descriptors", "Where it comes from"],
    [...rows, ["**Sum**", `**${text(requiredNofile)}**`, "The hard limit that a pod needs"]],
  );
}

/** How long a gateway takes to end. */
function times(): string {
  const { linger, drain, close, terminationGrace } = plan(EXAMPLE).gateways.grace;
  const rows = [
    ["linger", text(linger), "It is unready, and serves everything"],
    ["drain", text(drain), "Calls in flight finish, at most limits.callTimeoutMax"],
    ["close", text(close), "Connections and store are closed"],
    ["terminationGracePeriodSeconds", text(terminationGrace), "From SIGTERM to SIGKILL"],
  ];
  return markdown(["Time", "How long", "What happens"], rows);
}
