import { pipeline, type Transform } from "node:stream";
import { constants, createBrotliDecompress, createUnzip, createZstdDecompress } from "node:zlib";
import { ResponseBody } from "./response-body.ts";

/** The largest window that RFC 8878 asks every reader of zstd to have room for. */
const ZSTD_WINDOW_LOG = 23;

/** An answer may be encoded so many times. */
const MAX_ENCODINGS = 2;

/** As browsers do: an answer that lacks only the end of its encoding is whole. */
const LENIENT = { flush: constants.Z_SYNC_FLUSH, finishFlush: constants.Z_SYNC_FLUSH };

const DECODERS: Readonly<Record<string, () => Transform>> = {
  gzip: () => createUnzip(LENIENT),
  "x-gzip": () => createUnzip(LENIENT),
  deflate: () => createUnzip(LENIENT),
  br: () =>
    createBrotliDecompress({
      flush: constants.BROTLI_OPERATION_FLUSH,
      finishFlush: constants.BROTLI_OPERATION_FLUSH,
    }),
  zstd: () =>
    createZstdDecompress({
      flush: constants.ZSTD_e_continue,
      finishFlush: constants.ZSTD_e_continue,
      params: { [constants.ZSTD_d_windowLogMax]: ZSTD_WINDOW_LOG },
    }),
};

/**
 * A body without its `content-encoding`. Nobody asked for one; some servers compress all the same. It is decoded piece by
 * piece, as it is read.
 *
 * @throws where the encoding is not known.
 */
export function decodedBody(body: ResponseBody, encoding: string): ResponseBody {
  const names = encoding.split(",").map((name) => name.trim().toLowerCase());
  const wanted = names.filter((name) => name !== "" && name !== "identity").reverse();
  if (wanted.length > MAX_ENCODINGS) throw new Error("the answer is encoded too many times");
  return wanted.reduce(decodedBy, body);
}

function decodedBy(body: ResponseBody, name: string): ResponseBody {
  const decoder = DECODERS[name]?.();
  if (decoder === undefined) throw new Error(`the content-encoding is not known: ${name}`);
  const source = {
    pause: () => decoder.pause(),
    resume: () => decoder.resume(),
    abort: (reason: Error) => decoder.destroy(reason),
  };
  const decoded = new ResponseBody(source, body.limits);
  decoder.on("data", (piece: Buffer) => decoded.push(piece));
  // Destroying the decoder ends the reading of the body, which gives the connection up.
  pipeline(body, decoder, (error) => (error ? decoded.break(error) : decoded.end()));
  return decoded;
}
