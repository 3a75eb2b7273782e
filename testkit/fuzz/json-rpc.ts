import fc from "fast-check";
import { METHODS } from "../../runtime/wire/methods.ts";
import { mutated } from "./mutated.ts";

const ODD_NUMBERS = [0, -0, -1, 1.5, 2 ** 53, 2 ** 53 + 2, 1e308, -1e-320];

const ID = fc.oneof(
  fc.nat(),
  fc.constantFrom(...ODD_NUMBERS),
  fc.string(),
  fc.constantFrom(null, "", "a.0.1", "a.0.-1", true),
  fc.jsonValue(),
);

const METHOD = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom(...METHODS.keys()) },
  { weight: 1, arbitrary: fc.string() },
  { weight: 1, arbitrary: fc.jsonValue() },
);

/** The members of params that are read anywhere, with what may stand in them. */
const PARAMS = fc.record(
  {
    name: odd(fc.constantFrom("odd_write", "good_write", "write", "odd_", "_")),
    arguments: odd(fc.dictionary(fc.string(), fc.jsonValue(), { maxKeys: 4 })),
    uri: odd(fc.constantFrom("a://b", "a://{b}", "file:///../../..", "%", "")),
    cursor: odd(fc.string()),
    level: odd(fc.constantFrom("info", "loud")),
    ref: odd(fc.constantFrom({ type: "ref/prompt", name: "a" }, { type: "ref/resource" })),
    argument: odd(fc.constant({ name: "a", value: "b" })),
    requestId: ID,
    progressToken: ID,
    progress: odd(fc.double()),
    protocolVersion: odd(fc.constantFrom("2025-11-25", "2025-03-26", "2026-07-28", "1")),
    capabilities: odd(fc.constantFrom({ roots: {} }, { elicitation: {} }, { roots: null })),
    clientInfo: odd(fc.constant({ name: "fuzz", version: "1" })),
    _meta: odd(fc.record({ progressToken: ID })),
  },
  { requiredKeys: [] },
);

const MESSAGE = fc.record(
  {
    jsonrpc: fc.oneof({ weight: 8, arbitrary: fc.constant("2.0") }, fc.jsonValue()),
    id: ID,
    method: METHOD,
    params: odd(PARAMS),
    result: odd(fc.constant({})),
    error: odd(fc.constant({ code: -32000, message: "no" })),
  },
  { requiredKeys: [] },
);

/** Any value of JSON now and then, in the place of one that is likely. */
function odd<Value>(likely: fc.Arbitrary<Value>): fc.Arbitrary<unknown> {
  return fc.oneof({ weight: 5, arbitrary: likely }, { weight: 1, arbitrary: fc.jsonValue() });
}

/** Requests like those of clients: mostly what JSON-RPC and MCP allow, with members that are missing, odd or too many. */
export const REQUEST = fc.record(
  { jsonrpc: fc.constant("2.0"), id: ID, method: METHOD, params: PARAMS },
  { requiredKeys: ["jsonrpc", "method"] },
);

/** A body: a message, a batch or any value, as JSON or as what is nearly JSON. */
export const BODY: fc.Arbitrary<string> = mutated(
  fc
    .oneof(
      { weight: 5, arbitrary: REQUEST },
      { weight: 3, arbitrary: MESSAGE },
      { weight: 1, arbitrary: fc.array(fc.oneof(REQUEST, MESSAGE), { maxLength: 4 }) },
      { weight: 1, arbitrary: fc.jsonValue() },
    )
    .map((value) => JSON.stringify(value)),
  2,
);
