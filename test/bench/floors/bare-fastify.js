// The floor of a request to the control plane: a bare Fastify that parses a small JSON body and answers one.
import Fastify from "fastify";

const app = Fastify({ logger: false });
app.post("/", async (request) => ({ ok: true, echo: request.body }));
const address = await app.listen({ host: "127.0.0.1", port: 0 });
process.stdout.write(`${address}\n`);
