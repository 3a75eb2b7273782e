/** What the gateway has counted since it started. */
export interface Figures {
  /** Sessions that it opened at backends for its clients. */
  readonly backendSessions: number;
  /** HTTP requests that carried a client's request to a backend. */
  readonly backendCalls: number;
}

/**
 * Reads them from the gateway's own `/metrics`.
 *
 * @throws the page is not there.
 */
export async function readFigures(adminUrl: string): Promise<Figures> {
  const answer = await fetch(`${adminUrl}/metrics`);
  const page = await answer.text();
  if (!answer.ok) throw new Error(`${adminUrl}/metrics answered ${answer.status}`);
  return {
    backendSessions: total(page, /^mcp_fleet_upstream_sessions_opened_total\{/),
    backendCalls: total(page, /^mcp_fleet_upstream_requests_total\{.*purpose="call"/),
  };
}

/** The sum of a metric over its labels. */
function total(page: string, series: RegExp): number {
  const lines = page.split("\n").filter((line) => series.test(line));
  return lines.reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(" ") + 1)), 0);
}
