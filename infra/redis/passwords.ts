import { all, type ComponentResource, type Output } from "@pulumi/pulumi";
import * as random from "@pulumi/random";
import { type RedisPasswords, RedisUser } from "./acl.ts";

const LENGTH = 40;

/** The password of each user, generated once and kept in the stack's state. */
export type PasswordOutputs = Readonly<Record<Exclude<RedisUser, "exporter">, Output<string>>> & {
  readonly exporter?: Output<string>;
};

/** Generates the passwords from letters and digits only, because they are used in configuration files and URLs. */
export function passwords(
  parent: ComponentResource,
  instance: string,
  hasExporter: boolean,
): PasswordOutputs {
  const password = (user: RedisUser) =>
    new random.RandomPassword(
      `${instance}-password-${user}`,
      { length: LENGTH, special: false },
      { parent },
    ).result;
  return {
    gateway: password(RedisUser.Gateway),
    replica: password(RedisUser.Replica),
    sentinel: password(RedisUser.Sentinel),
    peer: password(RedisUser.Peer),
    operator: password(RedisUser.Operator),
    ...(hasExporter && { exporter: password(RedisUser.Exporter) }),
  };
}

/** All passwords in one output, for files that contain several. */
export function known(outputs: PasswordOutputs): Output<RedisPasswords> {
  const { gateway, replica, sentinel, peer, operator, exporter } = outputs;
  return all([gateway, replica, sentinel, peer, operator, exporter]).apply(
    ([ofGateway, ofReplica, ofSentinel, ofPeer, ofOperator, ofExporter]) => ({
      gateway: ofGateway,
      replica: ofReplica,
      sentinel: ofSentinel,
      peer: ofPeer,
      operator: ofOperator,
      ...(ofExporter !== undefined && { exporter: ofExporter }),
    }),
  );
}
