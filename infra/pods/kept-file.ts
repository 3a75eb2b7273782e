import type * as k8s from "@pulumi/kubernetes";

/** A volume of pods, such as a key of a user's Secret or ConfigMap as a file, and where it is mounted. */
export interface KeptFile {
  readonly volume: k8s.types.input.core.v1.Volume & { readonly name: string };
  readonly mountPath: string;
}
