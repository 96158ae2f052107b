// A load of whole activations over loopback: the node's messages 2 and 7 and the person's 4 and 5, every answer checked
// against the protocol's schemas. argv: JSON of {server, account: StoredSession, org, workers, activations}.
// Prints {seconds, bound: node ids, latencies: {request: ms[]}, exchanges}.

import { generateKeyPair } from "../../../dist/identity/keys.js";
import { createControlTransport } from "../../../dist/client/control-transport.js";
import { createPeopleClient } from "../../../dist/client/people.js";
import { createSession, keyOf } from "../../../dist/client/sessions.js";
import { createClock } from "../../../dist/platform/clock.js";
import { createHttpClient } from "../../../dist/platform/http-client.js";
import { createRandom } from "../../../dist/platform/random.js";
import { deviceAuthorizationAnswer, tokenAnswer } from "../../../dist/protocol/oauth.js";
import { nodeBinding } from "../../../dist/protocol/nodes.js";
import { clients, grantTypes } from "../../../dist/protocol/versions.js";

const { server, account, org, workers, activations } = JSON.parse(process.argv[2]);
const clock = createClock();
const random = createRandom();
const plain = createHttpClient();
const latencies = {};
let exchanges = 0;

/** The same client, each exchange timed under a name and sent as if from an address of its own. */
const timedHttp = (address) => ({
  ...plain,
  async send(request) {
    const start = performance.now();
    const answer = await plain.send({ ...request, headers: { ...request.headers, "x-forwarded-for": address } });
    const name = nameOf(request);
    (latencies[name] ??= []).push(performance.now() - start);
    exchanges += 1;
    return answer;
  },
});

function nameOf({ method, url }) {
  const path = new URL(url).pathname.replace(/activations\/[^/]+/, "activations/{user_code}");
  return `${method} ${path}`;
}

function ok(answer, what) {
  if (answer.kind !== "ok") throw new Error(`${what}: ${JSON.stringify(answer)} ${answer.error?.message ?? ""}`);
  return answer.body;
}

const person = (address) => {
  const transport = createControlTransport({ server, http: timedHttp(address), key: keyOf(account), clock, random });
  const session = createSession({ transport, clock, store: undefined, stored: account });
  return createPeopleClient({ session, clock, random });
};

async function activate(people, address) {
  const key = generateKeyPair();
  const transport = createControlTransport({ server, http: timedHttp(address), key, clock, random });
  const request = ok(
    await transport.oauth(
      "device_authorization",
      { client_id: clients.node, scope: "node", node_name: "bench", node_version: "0.1.0", node_os: "linux" },
      { schema: deviceAuthorizationAnswer },
    ),
    "device authorization",
  );
  const shown = await people.activation(request.user_code);
  if (shown.node.key_thumbprint !== key.thumbprint) throw new Error("another node was shown");
  const approved = await people.approve(request.user_code, {
    number: request.number,
    key_thumbprint: key.thumbprint,
    organization: { use: { id: org } },
  });
  const token = ok(
    await transport.oauth(
      "token",
      { grant_type: grantTypes.deviceCode, client_id: clients.node, device_code: request.device_code },
      { schema: tokenAnswer },
    ),
    "token",
  );
  const binding = ok(
    await transport.api("GET", "/v1/node/binding", { schema: nodeBinding, accessToken: token.access_token }),
    "binding",
  );
  if (binding.state !== "bound" || binding.binding_id !== approved.binding_id) throw new Error("not bound as approved");
  return binding.node_id;
}

// The people's metadata and nonces are fetched before the clock starts; each node fetches its own, as nodes do. One
// person asks from an address of their own in each worker, as many people would: the requests of one subject take turns.
const people = Array.from({ length: workers }, (_, worker) => person(`198.51.100.${worker + 1}`));
for (const one of people) await one.me();
for (const name of Object.keys(latencies)) delete latencies[name];
exchanges = 0;
const bound = [];
const start = performance.now();
await Promise.all(
  Array.from({ length: workers }, async (_, worker) => {
    for (let turn = 0; turn < activations / workers; turn += 1) {
      // Sixty device requests an hour are one address's share.
      const address = `10.${worker}.${turn >> 8}.${turn & 255}`;
      bound.push(await activate(people[worker], address));
    }
  }),
);
const seconds = (performance.now() - start) / 1000;
await plain.close();
process.stdout.write(JSON.stringify({ seconds, bound, latencies, exchanges }));
