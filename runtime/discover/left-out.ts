/** Why an object of the cluster is no backend, in words for the person who wrote it. */
export class LeftOut extends Error {
  override readonly name = "LeftOut";
}
