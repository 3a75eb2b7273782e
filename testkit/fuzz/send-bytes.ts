import { once } from "node:events";
import { connect } from "node:net";

/** Far above every timeout that the gateway under test is set to: only a hang lasts longer. */
const HANG_MS = 60_000;

/**
 * Sends bytes on a connection of their own. Returns what comes back, up to the end of the first answer that says its
 * length, of its head otherwise, or of the connection.
 *
 * @throws neither an answer nor the end of the connection comes.
 */
export async function sendBytes(url: string, latin1: string): Promise<string> {
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname).setEncoding("latin1");
  // Its answer says the length of a body that does not come.
  const isHead = latin1.startsWith("HEAD ");
  let answer = "";
  const ended = Promise.withResolvers<void>();
  const hang = setTimeout(() => {
    ended.reject(new Error(`no answer and no end in ${HANG_MS} ms: ${JSON.stringify(latin1)}`));
  }, HANG_MS);
  socket.on("data", (text) => {
    answer += String(text);
    if (isWhole(isHead, answer)) ended.resolve();
  });
  // A connection that is reset has ended, too.
  socket.on("error", () => {}).once("close", () => ended.resolve());
  socket.write(latin1, "latin1");
  try {
    await ended.promise;
  } finally {
    clearTimeout(hang);
    socket.destroy();
    if (!socket.closed) await once(socket, "close");
  }
  return answer;
}

function isWhole(isHead: boolean, answer: string): boolean {
  const final = answer.replace(/^HTTP\/1\.1 100 [^\r]*\r\n\r\n/, "");
  const headEnd = final.indexOf("\r\n\r\n");
  if (headEnd < 0) return false;
  const length = /^content-length: (\d+)\r$/im.exec(final.slice(0, headEnd))?.[1];
  return isHead || length === undefined || final.length >= headEnd + 4 + Number(length);
}
