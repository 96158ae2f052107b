// A bare node:http server that answers as a sign-in does, with nothing behind it: a redirect from /callback, and a page of
// as many bytes as argv says. Prints its URL.
import { createServer } from "node:http";

const page = Buffer.alloc(Number(process.argv[2]), "x").toString();
const server = createServer((request, response) => {
  if (request.url === "/callback") response.writeHead(303, { location: "/" }).end();
  else response.writeHead(200, { "content-type": "text/html; charset=utf-8" }).end(page);
});
await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
console.log(`http://127.0.0.1:${server.address().port}`);
process.once("SIGTERM", () => process.exit(0));
