// The same load generator against the bare Fastify. argv: URL, workers, milliseconds. Prints {requests, seconds, latencies}.
import { createHttpClient } from "../../../dist/platform/http-client.js";

const [url, workers, duration] = [process.argv[2], Number(process.argv[3]), Number(process.argv[4])];
const http = createHttpClient();
const latencies = [];
const body = JSON.stringify({ number: "42", key_thumbprint: "x".repeat(43), organization: { use: { id: "bench" } } });
const once = async () => {
  const start = performance.now();
  const answer = await http.send({ method: "POST", url, headers: { "content-type": "application/json" }, body });
  if (answer.kind !== "answer" || answer.status !== 200) throw new Error(JSON.stringify(answer));
  latencies.push(performance.now() - start);
};
for (let warm = 0; warm < 200; warm += 1) await once();
latencies.length = 0;
const start = performance.now();
await Promise.all(
  Array.from({ length: workers }, async () => {
    while (performance.now() - start < duration) await once();
  }),
);
const seconds = (performance.now() - start) / 1000;
await http.close();
process.stdout.write(JSON.stringify({ requests: latencies.length, seconds, latencies }));
