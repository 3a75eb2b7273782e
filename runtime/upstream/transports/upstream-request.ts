/** What a request is for: the label of the `upstream_requests_total` metric. */
export type Purpose = "call" | "notify" | "open" | "list" | "probe" | "stream" | "close";

export interface UpstreamRequest {
  /** Absent: that of the pod's address. */
  readonly path?: string;
  readonly method: "POST" | "GET" | "DELETE";
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly purpose: Purpose;
  readonly signal: AbortSignal;
}
