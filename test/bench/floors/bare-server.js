// The floor of the daemon: a bare node:http server on a Unix socket that sends the same bytes.
// argv: socket path, file with the body. The builtin is taken as cheaply as it can be had, so the floor is low.
const { readFileSync } = process.getBuiltinModule("node:fs");
const { createServer } = process.getBuiltinModule("node:http");

const body = readFileSync(process.argv[3]);
createServer((_request, response) => {
  response.writeHead(200, { "content-type": "application/json", "content-length": body.length });
  response.end(body);
}).listen(process.argv[2], () => process.stdout.write("listening\n"));
