// A load of GET /v1/status over keep-alive connections, from a process of its own.
// argv: socket path, connections, milliseconds. Prints {requests, seconds, distinct: bodies seen}.
import { Agent, request } from "node:http";
import { createHash } from "node:crypto";

const [socketPath, connections, duration] = [process.argv[2], Number(process.argv[3]), Number(process.argv[4])];
const agent = new Agent({ keepAlive: true, maxSockets: connections });
const distinct = new Set();
let requests = 0;
const start = performance.now();

const once = () =>
  new Promise((resolve, reject) => {
    request({ agent, socketPath, path: "/v1/status", headers: { host: "jitnoded" } }, (answer) => {
      const chunks = [];
      answer.on("data", (chunk) => chunks.push(chunk));
      answer.on("end", () => {
        if (answer.statusCode !== 200) return reject(new Error(`status ${answer.statusCode}`));
        distinct.add(createHash("md5").update(Buffer.concat(chunks)).digest("hex"));
        resolve();
      });
    })
      .on("error", reject)
      .end();
  });

await Promise.all(
  Array.from({ length: connections }, async () => {
    while (performance.now() - start < duration) {
      await once();
      requests += 1;
    }
  }),
);
agent.destroy();
process.stdout.write(
  JSON.stringify({ requests, seconds: (performance.now() - start) / 1000, distinct: distinct.size }),
);
