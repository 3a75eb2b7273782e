/** A request to a pod that does not exist any more: what it held in memory is lost. */
export class PodGone extends Error {
  override readonly name = "PodGone";

  constructor(pod: string) {
    super(`the pod ${pod} is gone`);
  }
}
