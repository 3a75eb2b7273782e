import type { ScenarioCounts } from "./conformance-suite.ts";

// Polling needs an event log, which the gateway does not have: its streams are not resumable.
const notThroughTheGateway = "server-sse-polling";

/** A scenario that a gateway does worse than the server behind it. */
export interface Shortfall {
  readonly scenario: string;
  readonly direct: string;
  readonly gateway: string;
}

/** The rule of parity: no failure, and no fewer right checks than directly. */
export function shortfalls(
  direct: ReadonlyMap<string, ScenarioCounts>,
  through: ReadonlyMap<string, ScenarioCounts>,
): Shortfall[] {
  return [...direct]
    .filter(([scenario]) => scenario !== notThroughTheGateway)
    .map(([scenario, expected]) => ({ scenario, expected, actual: through.get(scenario) }))
    .filter(
      ({ expected, actual }) =>
        actual === undefined || actual.failure > 0 || actual.success < expected.success,
    )
    .map(({ scenario, expected, actual }) => ({
      scenario,
      direct: summary(expected),
      gateway: actual === undefined ? "did not run" : summary(actual),
    }));
}

function summary({ success, failure, warning, failures }: ScenarioCounts): string {
  return [`${success} right, ${failure} wrong, ${warning} warned of`, ...failures].join("; ");
}
