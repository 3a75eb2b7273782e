import { all, type ComponentResource, type Output } from "@pulumi/pulumi";
import * as random from "@pulumi/random";
import type { RedisSentinelArgs } from "../redis-sentinel-args.ts";
import { type RedisPasswords, RedisUser } from "./acl.ts";

const LENGTH = 40;

/** The password of each user, generated once and kept in the stack's state. */
export type PasswordOutputs = Readonly<Record<Exclude<RedisUser, "exporter">, Output<string>>> & {
  readonly exporter?: Output<string>;
  /** Those of single gateways and servers, by name. */
  readonly users: Readonly<Record<string, Output<string>>>;
};

/** Generates the passwords from letters and digits only, because they are used in configuration files and URLs. */
export function passwords(
  parent: ComponentResource,
  logicalName: string,
  { exporter: hasExporter, users = [] }: Pick<RedisSentinelArgs, "exporter" | "users">,
): PasswordOutputs {
  const password = (user: string) =>
    new random.RandomPassword(
      `${logicalName}-password-${user}`,
      { length: LENGTH, special: false },
      { parent },
    ).result;
  return {
    gateway: password(RedisUser.Gateway),
    replica: password(RedisUser.Replica),
    sentinel: password(RedisUser.Sentinel),
    peer: password(RedisUser.Peer),
    operator: password(RedisUser.Operator),
    users: Object.fromEntries(users.map(({ name }) => [name, password(`user-${name}`)])),
    ...(hasExporter && { exporter: password(RedisUser.Exporter) }),
  };
}

/** All passwords in one output, for files that contain several. */
export function known(outputs: PasswordOutputs): Output<RedisPasswords> {
  const { gateway, replica, sentinel, peer, operator, exporter, users } = outputs;
  return all([gateway, replica, sentinel, peer, operator, exporter, all(users)]).apply(
    ([ofGateway, ofReplica, ofSentinel, ofPeer, ofOperator, ofExporter, ofUsers]) => ({
      users: ofUsers,
      gateway: ofGateway,
      replica: ofReplica,
      sentinel: ofSentinel,
      peer: ofPeer,
      operator: ofOperator,
      ...(ofExporter !== undefined && { exporter: ofExporter }),
    }),
  );
}
