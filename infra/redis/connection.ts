import { interpolate, secret } from "@pulumi/pulumi";
import type { SessionStorageArgs, StorageTlsArgs } from "../arguments/session-storage-args.ts";
import type { RedisTlsArgs } from "../redis-sentinel-args.ts";
import { RedisUser } from "./acl.ts";
import { servername } from "./certificate.ts";
import type { KeySpace } from "./key-space.ts";
import type { PasswordOutputs } from "./passwords.ts";
import { MASTER_NAME, SENTINEL_PORT } from "./pods.ts";
import { tlsSecretName } from "./redis-pods.ts";
import type { SizedRedis } from "./redis-size.ts";
import { podServiceNames, type RedisSpec } from "./redis-spec.ts";

/** The store as the `sessionStorage` argument of gateways and MCP servers: of all, or of the one with a user of its own. */
export function connection(
  spec: RedisSpec,
  { load }: SizedRedis,
  { gateway, users }: PasswordOutputs,
  own?: KeySpace,
): SessionStorageArgs {
  const { instance, namespace, args } = spec;
  const username = own?.name ?? RedisUser.Gateway;
  const password = own === undefined ? gateway : (users[own.name] ?? gateway);
  return {
    sentinel: {
      masterName: MASTER_NAME,
      addresses: podServiceNames(instance, "sentinel").map(
        (name) => interpolate`${name}.${namespace}.svc:${SENTINEL_PORT}`,
      ),
      username,
    },
    username,
    password: secret(password),
    ...(own && { keyPrefix: own.keyPrefix }),
    ...(args.tls && { tls: { ...authority(spec, args.tls), servername: servername(spec) } }),
    sessions: load.sessions,
    clientPods: load.clientPods,
  };
}

/** What clients trust. Without more, they have to be in the namespace of the store. */
function authority(
  spec: RedisSpec,
  { caCertificate, caConfigMapRef }: RedisTlsArgs,
): Pick<StorageTlsArgs, "ca" | "caRef" | "caConfigMapRef"> {
  if (caConfigMapRef !== undefined) return { caConfigMapRef };
  if (caCertificate !== undefined) return { ca: caCertificate };
  return { caRef: { name: tlsSecretName(spec), key: "ca.crt" } };
}
