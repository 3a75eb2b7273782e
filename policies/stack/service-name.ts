/** The name of a Service, or of one pod behind a headless Service. */
export interface ServiceName {
  readonly name: string;
  readonly namespace: string;
  /** The pod, if the host name is that of a single one. */
  readonly pod?: string;
}

/**
 * The Services that a host name may stand for, as resolved by pods of a namespace: `redis`, `redis.mcp`, `redis.mcp.svc`
 * and `redis.mcp.svc.cluster.local` are Services, and with the prefix `redis-0.` pods. None for a host name outside
 * the cluster.
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
