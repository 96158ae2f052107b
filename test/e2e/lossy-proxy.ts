// Owns a proxy before a control plane that records what passes and can lose an answer: the request arrives, the
// connection breaks before anybody hears of it.
import { createServer, request, type IncomingMessage } from "node:http";
import { onEnd } from "../support/cleanup.js";
import { freePort } from "../support/ports.js";

export type LossyProxy = {
  readonly url: string;
  /** Where the control plane is; it may be known only after the proxy's own URL is. */
  readonly forwardTo: (port: number) => void;
  /** The answers to the next requests that match are lost, this many. */
  readonly lose: (matches: RegExp, count: number) => void;
  /** `METHOD /path BODY` of every request, in order. */
  readonly seen: readonly string[];
};

export async function startLossyProxy(): Promise<LossyProxy> {
  const port = await freePort();
  const seen: string[] = [];
  let target = 0;
  let losing: { readonly matches: RegExp; left: number } = { matches: /^$/, left: 0 };

  async function textOf(message: IncomingMessage): Promise<string> {
    let text = "";
    for await (const part of message.setEncoding("utf8") as AsyncIterable<string>) text += part;
    return text;
  }

  const server = createServer((incoming, outgoing) => {
    void (async () => {
      const body = await textOf(incoming);
      const line = `${incoming.method ?? ""} ${incoming.url ?? ""} ${body}`;
      seen.push(line);
      const lost = losing.left > 0 && losing.matches.test(line);
      if (lost) losing = { ...losing, left: losing.left - 1 };
      const { method, url, headers } = incoming;
      const call = request({ host: "127.0.0.1", port: target, method, path: url, headers, agent: false }, (answer) => {
        void textOf(answer).then((text) => {
          if (lost) outgoing.destroy();
          else outgoing.writeHead(answer.statusCode ?? 500, answer.headers).end(text);
        });
      });
      call.on("error", () => outgoing.destroy());
      call.end(body);
    })();
  });
  await new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve));
  onEnd(() => {
    server.closeAllConnections();
    server.close();
  });
  return {
    url: `http://127.0.0.1:${port}`,
    forwardTo: (next) => void (target = next),
    lose: (matches, count) => void (losing = { matches, left: count }),
    seen,
  };
}
