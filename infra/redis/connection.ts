import { interpolate, secret } from "@pulumi/pulumi";
import type { SessionStorageArgs } from "../arguments/session-storage-args.ts";
import { RedisUser } from "./acl.ts";
import { servername } from "./certificate.ts";
import type { PasswordOutputs } from "./passwords.ts";
import { MASTER_NAME, SENTINEL_PORT } from "./pods.ts";
import { tlsSecretName } from "./redis-pods.ts";
import type { SizedRedis } from "./redis-size.ts";
import { podServiceNames, type RedisSpec } from "./redis-spec.ts";

/** The store as the `sessionStorage` argument of gateways and MCP servers. */
export function connection(
  spec: RedisSpec,
  { load }: SizedRedis,
  { gateway }: PasswordOutputs,
): SessionStorageArgs {
  const { instance, namespace, args } = spec;
  return {
    sentinel: {
      masterName: MASTER_NAME,
      addresses: podServiceNames(instance, "sentinel").map(
        (name) => interpolate`${name}.${namespace}.svc:${SENTINEL_PORT}`,
      ),
      username: RedisUser.Gateway,
    },
    username: RedisUser.Gateway,
    password: secret(gateway),
    ...(args.tls && {
      tls: {
        caRef: { name: tlsSecretName(spec), key: "ca.crt" },
        servername: servername(spec),
      },
    }),
    sessions: load.sessions,
    clientPods: load.clientPods,
  };
}
