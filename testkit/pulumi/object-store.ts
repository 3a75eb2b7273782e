import type { Properties } from "./difference.ts";

/** Where the provider keeps objects: a folder of manifests, or a cluster. */
export interface ObjectStore {
  /** Makes the object, which must not be there yet, and waits until it does its work. */
  create(object: Properties, timeoutSeconds: number): Promise<Properties>;
  update(object: Properties, old: Properties, timeoutSeconds: number): Promise<Properties>;
  read(object: Properties): Promise<Properties | undefined>;
  /** Waits until the object is gone. */
  delete(object: Properties, timeoutSeconds: number): Promise<void>;
}
