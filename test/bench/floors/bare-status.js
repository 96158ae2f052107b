// The floor of `jitnode status --json`: the same request, nothing else.
const { request } = process.getBuiltinModule("node:http");
request({ socketPath: process.env.JITNODE_SOCKET, path: "/v1/status", headers: { host: "jitnoded" } }, (answer) => {
  let body = "";
  answer.on("data", (chunk) => (body += chunk));
  answer.on("end", () => process.stdout.write(`${body}\n`));
}).end();
