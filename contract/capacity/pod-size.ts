import { Budget } from "./budget.ts";
import { callStreams, callStreamsLine } from "./call-streams.ts";
import { CONSTANTS } from "./constants.ts";
import { type Figure, termOf } from "./figure.ts";
import type { CompleteInputs } from "./plan-inputs.ts";

/** Manifests give memory in whole mebibytes. */
export const MEBIBYTE = 2 ** 20;

/**
 * Memory of a pod, both request and limit. Cached sessions are not divided by the number of pods: a request may
 * reach any pod, so each pod caches `cacheEntries` of them.
 */
export function memoryBudget(inputs: CompleteInputs): Budget {
  const { backends, views, clientBytes, cacheEntries, openedBackends } = inputs;
  const { streamsPerSession, sessionStreamBackends, sessions, concurrentCalls, heldBytes } = inputs;
  const { catalogBytesPerView, heldBodyBytes } = inputs;
  const { processBytes, sessionBytes, openedBackendBytes, subscriptionBytes } = CONSTANTS;
  const { streamBytes, socketBytes, callBytes, heldCopies, bodyCopies } = CONSTANTS;
  const { addressBytes, logKinds, logKindBytes } = CONSTANTS;
  const lines = [
    { name: "process", from: processBytes.description, fixed: processBytes.value },
    {
      name: "sessions",
      from: `cacheEntries ${cacheEntries} × (sessionBytes ${sessionBytes.value} + clientBytes ${clientBytes} + subscriptionBytes ${subscriptionBytes.value})`,
      fixed: cacheEntries * (sessionBytes.value + clientBytes + subscriptionBytes.value),
    },
    {
      name: "opened backends",
      from: `cacheEntries ${cacheEntries} × openedBackends ${openedBackends} × openedBackendBytes ${openedBackendBytes.value}`,
      fixed: cacheEntries * openedBackends * openedBackendBytes.value,
    },
    {
      name: "lists",
      from: `backends ${backends} × views ${views} × catalogBytesPerView ${catalogBytesPerView}`,
      fixed: cachedListBytes(inputs),
    },
    ...sessionListsLine(inputs),
    ...authorizationLine(inputs),
    ...tokensLine(inputs),
    ...clientTokensLine(inputs),
    ...telemetryLine(inputs),
    ...auditLine(inputs),
    ...programsLine(inputs),
    {
      name: "client streams",
      from: `sessionsPerPod × streamsPerSession ${streamsPerSession} × streamBytes ${streamBytes.value}`,
      perSession: streamsPerSession * streamBytes.value,
    },
    {
      name: "session streams at backends",
      from: `sessionsPerPod × sessionStreamBackends ${sessionStreamBackends} × streamBytes ${streamBytes.value}`,
      perSession: sessionStreamBackends * streamBytes.value,
    },
    ...callStreamsLine(inputs, streamBytes.value, ` × streamBytes ${streamBytes.value}`),
    {
      name: "client sockets",
      from: `sessionsPerPod × socketBytes ${socketBytes.value}`,
      perSession: socketBytes.value,
    },
    {
      name: "client addresses",
      from: `(cacheEntries ${cacheEntries} + sessionsPerPod) × addressBytes ${addressBytes.value}`,
      fixed: cacheEntries * addressBytes.value,
      perSession: addressBytes.value,
    },
    {
      name: "log lines",
      from: `logKinds ${logKinds.value} × logKindBytes ${logKindBytes.value}`,
      fixed: logKinds.value * logKindBytes.value,
    },
    {
      name: "calls in flight",
      from: `sessionsPerPod × concurrentCalls ${concurrentCalls} ÷ sessions ${sessions} × callBytes ${callBytes.value}`,
      perSession: (concurrentCalls / sessions) * callBytes.value,
    },
    {
      name: "held messages",
      from: `heldBytes ${heldBytes} × heldCopies ${heldCopies.value} %`,
      fixed: (heldBytes * heldCopies.value) / 100,
    },
    {
      name: "bodies of requests",
      from: `heldBodyBytes ${heldBodyBytes} × bodyCopies ${bodyCopies.value} %`,
      fixed: (heldBodyBytes * bodyCopies.value) / 100,
    },
  ];
  const reservePercent = CONSTANTS.memoryReserve.value;
  return new Budget("bytes", lines, { reservePercent, step: MEBIBYTE });
}

/** What the lists of all backends may have in all cached views: a process reads no more of them. */
export function cachedListBytes({
  backends,
  views,
  catalogBytesPerView,
}: Pick<CompleteInputs, "backends" | "views" | "catalogBytesPerView">): number {
  return backends * views * catalogBytesPerView;
}

/** Only where policies decide. */
function authorizationLine({ cachedDecisions }: CompleteInputs) {
  const { policyThreadBytes, decisionBytes } = CONSTANTS;
  if (cachedDecisions === 0) return [];
  return [
    {
      name: "authorization",
      from: `policyThreadBytes ${policyThreadBytes.value} + cachedDecisions ${cachedDecisions} × decisionBytes ${decisionBytes.value}`,
      fixed: policyThreadBytes.value + cachedDecisions * decisionBytes.value,
    },
  ];
}

/** Only where there is a backend whose lists are each session's own. */
function sessionListsLine({ sessionCatalogBytes }: CompleteInputs) {
  if (sessionCatalogBytes === 0) return [];
  const from = `sessionCatalogBytes ${sessionCatalogBytes}`;
  return [{ name: "lists of sessions", from, fixed: sessionCatalogBytes }];
}

/** Only where a backend's strategy gets tokens. */
function tokensLine({ credentialBytes }: CompleteInputs) {
  if (credentialBytes === 0) return [];
  return [{ name: "tokens", from: `credentialBytes ${credentialBytes}`, fixed: credentialBytes }];
}

/** Only where clients bring tokens. */
function clientTokensLine({ tokenCacheBytes }: CompleteInputs) {
  if (tokenCacheBytes === 0) return [];
  const from = `tokenCacheBytes ${tokenCacheBytes} × 2, for tokens and proofs`;
  return [{ name: "tokens of clients", from, fixed: 2 * tokenCacheBytes }];
}

/** Only where traces or metrics are exported. */
function telemetryLine({ queuedSpans }: CompleteInputs) {
  const { telemetryBytes, spanBytes } = CONSTANTS;
  if (queuedSpans === 0) return [];
  return [
    {
      name: "telemetry",
      from: `telemetryBytes ${telemetryBytes.value} + queuedSpans ${queuedSpans} × spanBytes ${spanBytes.value}`,
      fixed: telemetryBytes.value + queuedSpans * spanBytes.value,
    },
  ];
}

/** Only where audit events are written: those that wait, and as text while they are. */
function auditLine({ auditQueueBytes }: CompleteInputs) {
  if (auditQueueBytes === 0) return [];
  const from = `auditQueueBytes ${auditQueueBytes} × 2, as events and as the text that is written`;
  return [{ name: "audit", from, fixed: 2 * auditQueueBytes }];
}

/** Only where servers are programs of the process. */
function programsLine({
  programs,
  programBytes,
}: Pick<CompleteInputs, "programs" | "programBytes">) {
  if (programs === 0) return [];
  return [{ name: "programs", from: `programBytes ${programBytes}`, fixed: programBytes }];
}

/** Node's old space, `--max-old-space-size`, in whole mebibytes. Programs have their own memory. */
export function heap(
  memory: Figure,
  inputs: Pick<CompleteInputs, "programs" | "programBytes">,
): Figure {
  const { value: percent, description } = CONSTANTS.heap;
  const [programs] = programsLine(inputs);
  const own = memory.value - (programs?.fixed ?? 0);
  return {
    value: Math.floor((own * percent) / 100 / MEBIBYTE) * MEBIBYTE,
    unit: "bytes",
    formula: programs === undefined ? "⌊memory × heap⌋" : "⌊(memory − programs) × heap⌋",
    terms: [
      termOf("memory", memory),
      ...(programs === undefined
        ? []
        : [
            {
              name: programs.name,
              value: programs.fixed,
              unit: "bytes" as const,
              from: programs.from,
            },
          ]),
      { name: "heap", value: percent, unit: "percent", from: description },
    ],
  };
}

/** CPU request of a pod. All of it runs on the one core of its event loop. */
export function cpuBudget(inputs: CompleteInputs): Budget {
  const { streamsPerSession, sessionStreamBackends, callsPerSecond } = inputs;
  const { sessions, openedBackends, idleTtlSeconds } = inputs;
  const { processCpu, callCpu, sessionCpu, openingCpu, streamCpu } = CONSTANTS;
  const duringCalls = callStreams(inputs);
  const lines = [
    { name: "process", from: processCpu.description, fixed: processCpu.value },
    {
      name: "calls",
      from: `sessionsPerPod × callsPerSecond ${callsPerSecond} ÷ sessions ${sessions} × callCpu ${callCpu.value} ms`,
      perSession: (callsPerSecond / sessions) * callCpu.value,
    },
    {
      name: "new sessions",
      from: `sessionsPerPod × (sessionCpu ${sessionCpu.value} ms + openedBackends ${openedBackends} × openingCpu ${openingCpu.value} ms) ÷ idleTtl ${idleTtlSeconds} s`,
      perSession: (sessionCpu.value + openedBackends * openingCpu.value) / idleTtlSeconds,
    },
    {
      name: "streams",
      from: `sessionsPerPod × (streamsPerSession ${streamsPerSession} + sessionStreamBackends ${sessionStreamBackends} + ${duringCalls.from}) × streamCpu ${streamCpu.value}`,
      perSession:
        (streamsPerSession + sessionStreamBackends + duringCalls.perSession) * streamCpu.value,
    },
  ];
  return new Budget("millicores", lines);
}
