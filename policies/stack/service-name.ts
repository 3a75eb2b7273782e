/** A Service by its names, or one pod behind a headless one. */
export interface ServiceName {
  readonly name: string;
  readonly namespace: string;
  /** The host names this pod alone. */
  readonly pod?: string;
}

/**
 * What a host may name inside of a cluster, for pods of a namespace: `redis`, `redis.mcp`, `redis.mcp.svc` and
 * `redis.mcp.svc.cluster.local` name a Service, and with `redis-0.` before them a pod. Nothing for an address of
 * somewhere else that cannot be one of these.
 */
export function serviceNames(host: string, fromNamespace: string): readonly ServiceName[] {
  const labels = host.toLowerCase().replace(/\.$/, "").split(".");
  const end = labels.indexOf("svc", 2);
  const [first = "", second, third, ...more] = end < 0 ? labels : labels.slice(0, end);
  if (more.length > 0) return [];
  if (third !== undefined) return [{ pod: first, name: second ?? "", namespace: third }];
  if (second === undefined) return [{ name: first, namespace: fromNamespace }];
  const service = { name: first, namespace: second };
  return end < 0 ? [service, { pod: first, name: second, namespace: fromNamespace }] : [service];
}
