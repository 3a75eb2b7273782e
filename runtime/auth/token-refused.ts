/** A token, or the proof that it is its client's, is not accepted. The text tells the client why: it holds no value of either. */
export class TokenRefused extends Error {
  override readonly name = "TokenRefused";
  /** The error code of RFC 6750 and RFC 9449. */
  readonly code: "invalid_token" | "invalid_dpop_proof";

  constructor(
    message: string,
    { code = "invalid_token", cause }: { code?: TokenRefused["code"]; cause?: unknown } = {},
  ) {
    super(message, { cause });
    this.code = code;
  }
}
