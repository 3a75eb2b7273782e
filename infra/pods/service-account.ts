import * as k8s from "@pulumi/kubernetes";
import type { Input, Resource } from "@pulumi/pulumi";
import type { ServiceAccountArgs } from "../arguments/pod-args.ts";
import { present } from "../facts.ts";
import type { Labels } from "../naming.ts";

/** What a service account of a component is made from. */
export interface ServiceAccountSpec {
  /** In Pulumi. */
  readonly logicalName: string;
  /** In Kubernetes. */
  readonly name: string;
  readonly namespace: Input<string>;
  readonly labels: Labels;
  readonly parent: Resource;
  readonly user: ServiceAccountArgs | undefined;
}

/**
 * The name of the service account that pods run as: the user's own, or one without rights and without a token, since
 * pods do not call the Kubernetes API. A cloud gives it rights of its own by its annotations.
 */
export function serviceAccountName(spec: ServiceAccountSpec): Input<string> {
  const { namespace, labels, parent, user = {} } = spec;
  const { create = true, name = spec.name, annotations } = user;
  if (!create) return name;
  const metadata = { name, namespace, labels, ...present({ annotations }) };
  const args = { metadata, automountServiceAccountToken: false };
  return new k8s.core.v1.ServiceAccount(spec.logicalName, args, { parent }).metadata.name;
}
