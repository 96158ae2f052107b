// Outgoing HTTP against real servers: whom TLS trusts, and the environment's proxy.
import { copyFileSync, readFileSync, rmSync } from "node:fs";
import { createServer as createHttpServer, type IncomingMessage } from "node:http";
import { createSecureServer } from "node:http2";
import { createServer as createHttpsServer } from "node:https";
import { connect, createServer as createTcpServer, type AddressInfo, type Server, type Socket } from "node:net";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { createHttpClient, type HttpClientOptions } from "../../../src/platform/http-client.js";
import { createAuthority } from "../../support/certificates.js";
import { onEnd } from "../../support/cleanup.js";
import { temporaryFolder } from "../../support/temporary.js";

const machines = createAuthority("file");
// Read once by this process, when it first asks for the machine's authorities.
process.env["SSL_CERT_FILE"] = machines.caFile;
process.env["SSL_CERT_DIR"] = temporaryFolder({ scope: "file" });

async function listen(server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onEnd(() => void server.close());
  return (server.address() as AddressInfo).port;
}

/** Answers everything with its name, and knows how many asked. */
async function startTarget(authority = machines): Promise<{ readonly port: number; readonly asked: () => number }> {
  let requests = 0;
  const files = authority.issue(["127.0.0.1", "target.test"]);
  const tls = { cert: readFileSync(files.certFile), key: readFileSync(files.keyFile) };
  const port = await listen(
    createHttpsServer(tls, (_request, response) => {
      requests += 1;
      response.end("the target");
    }),
  );
  return { port, asked: () => requests };
}

function client(options: HttpClientOptions = {}) {
  const http = createHttpClient(options);
  onEnd(() => http.close());
  return http;
}

const get = (url: string) => ({ method: "GET", url }) as const;
const answered = { kind: "answer", status: 200, body: "the target" };

describe("whom TLS trusts", () => {
  test("the machine's own authorities, also for several requests at once", async () => {
    const { port, asked } = await startTarget();
    const http = client();
    const url = `https://127.0.0.1:${port}/`;
    const answers = await Promise.all([http.send(get(url)), http.send(get(url)), http.stream(get(url))]);
    expect(answers.slice(0, 2)).toMatchObject([answered, answered]);
    expect(answers[2].kind).toBe("stream");
    if (answers[2].kind === "stream") for await (const line of answers[2].lines) expect(line).toBe("the target");
    expect(asked()).toBe(3);
    expect(await http.send(get(url))).toMatchObject(answered);
  });

  test("a file's beside them", async () => {
    const company = createAuthority();
    const [own, theirs] = [await startTarget(), await startTarget(company)];
    const http = client({ caFile: company.caFile });
    expect(await http.send(get(`https://127.0.0.1:${theirs.port}/`))).toMatchObject(answered);
    expect(await http.send(get(`https://127.0.0.1:${own.port}/`))).toMatchObject(answered);
    expect(await http.send(get(`https://127.0.0.1:${theirs.port}/`))).toMatchObject(answered);
  });

  test("the file is read once: that it is gone later changes nothing", async () => {
    const company = createAuthority();
    const file = join(temporaryFolder(), "ca.pem");
    copyFileSync(company.caFile, file);
    const http = client({ caFile: file });
    rmSync(file);
    const { port } = await startTarget(createAuthority());
    expect(await http.send(get(`https://127.0.0.1:${port}/`))).toMatchObject({ reason: "certificate" });
    expect(await http.send(get(`https://127.0.0.1:${(await startTarget()).port}/`))).toMatchObject(answered);
    expect(await http.send(get(`https://127.0.0.1:${(await startTarget(company)).port}/`))).toMatchObject(answered);
  });

  test("nobody else's: nothing is sent", async () => {
    const { port, asked } = await startTarget(createAuthority());
    const http = client();
    for (let time = 0; time < 2; time += 1) {
      const answer = await http.send(get(`https://127.0.0.1:${port}/`));
      expect(answer).toMatchObject({ kind: "failure", reason: "certificate" });
    }
    expect(asked()).toBe(0);
  });
});

describe("a server that says nothing", () => {
  test("is given up in time, also while the connection is not yet open, and at once when the caller wishes", async () => {
    const open: Socket[] = [];
    const port = await listen(createTcpServer((socket) => void open.push(socket)));
    onEnd(() => open.forEach((socket) => socket.destroy()));
    const http = client();
    const url = `https://127.0.0.1:${port}/`;
    const start = performance.now();
    expect(await http.send({ ...get(url), timeout: 200 })).toMatchObject({ kind: "failure", reason: "timeout" });
    expect(await http.stream({ ...get(url), timeout: 200 })).toMatchObject({ kind: "failure", reason: "timeout" });
    const signal = AbortSignal.timeout(200);
    expect(await http.send({ ...get(url), signal })).toMatchObject({ kind: "failure", reason: "aborted" });
    // Opening a connection alone is given ten seconds.
    expect(performance.now() - start).toBeLessThan(9_000);
  });
});

describe("an answer of a server that", () => {
  /** Answers each connection's first request by `answer`, and those after it, on whichever connection, by a right one. */
  async function startOdd(answer: (socket: Socket) => void): Promise<string> {
    let requests = 0;
    const port = await listen(
      createTcpServer((socket) => {
        onEnd(() => void socket.destroy());
        socket.on("error", () => undefined);
        socket.on("data", () => {
          requests += 1;
          if (requests === 1) answer(socket);
          else socket.write("HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nthe target");
        });
      }),
    );
    return `http://127.0.0.1:${port}/`;
  }

  const begun = "HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nhalf";
  const chunked = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n";
  const much = `HTTP/1.1 200 OK\r\ncontent-length: 3000\r\n\r\n${"x".repeat(3000)}`;
  const failure = (reason: string) => ({ kind: "failure", reason });

  test.each([
    ["ends within the body", (socket: Socket) => socket.end(begun), failure("unreachable")],
    ["ends within a chunk", (socket: Socket) => socket.end(`${chunked}5\r\nha`), failure("unreachable")],
    ["stops within the body", (socket: Socket) => socket.write(begun), failure("timeout")],
    ["stops after the headers", (socket: Socket) => socket.write(chunked), failure("timeout")],
    ["is no HTTP", (socket: Socket) => socket.write("220 mail.test ESMTP\r\n"), failure("unreachable")],
    ["is larger than the limit", (socket: Socket) => socket.write(much), failure("too_large")],
    [
      "says first that it is at work",
      (socket: Socket) =>
        socket.write("HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nthe target"),
      answered,
    ],
  ])("%s: said as it is, and the next one is as if nothing had been", async (_what, answer, expected) => {
    const http = client({ limit: 1000 });
    const url = await startOdd(answer);
    expect(await http.send({ ...get(url), timeout: 500 })).toMatchObject(expected);
    expect(await http.send(get(url))).toMatchObject(answered);
  });

  test("has begun is given up at once when the caller wishes, whatever the caller's reason", async () => {
    const url = await startOdd((socket) => socket.write(begun));
    const controller = new AbortController();
    setTimeout(() => controller.abort("enough"), 200);
    const http = client();
    expect(await http.send({ ...get(url), signal: controller.signal })).toMatchObject(failure("aborted"));
    expect(await http.send(get(url))).toMatchObject(answered);
  });
});

test("no coding is asked for, so that none has to be read", async () => {
  const codings: unknown[] = [];
  const server = createHttpServer((request, response) => {
    codings.push(request.headers["accept-encoding"]);
    response.end("a line\n");
  });
  const url = `http://127.0.0.1:${await listen(server)}/`;
  const http = client();
  await http.send(get(url));
  const answer = await http.stream(get(url));
  if (answer.kind === "stream") for await (const line of answer.lines) expect(line).toBe("a line");
  expect(codings).toEqual(["identity", "identity"]);
});

test("HTTP/2 is not spoken: its connection would be used again after it has died", async () => {
  const files = machines.issue(["127.0.0.1"]);
  const tls = { cert: readFileSync(files.certFile), key: readFileSync(files.keyFile) };
  const server = createSecureServer({ ...tls, allowHTTP1: true }, (request, response) => {
    response.end(request.httpVersion);
  });
  const url = `https://127.0.0.1:${await listen(server)}/`;
  expect(await client().send(get(url))).toMatchObject({ kind: "answer", body: "1.1" });
});

test("the time limit holds for both tries where the first one does not trust the certificate", async () => {
  const files = createAuthority().issue(["127.0.0.1"]);
  const target = await listen(
    createHttpsServer({ cert: readFileSync(files.certFile), key: readFileSync(files.keyFile) }),
  );
  let connections = 0;
  const port = await listen(
    createTcpServer((socket) => {
      onEnd(() => void socket.destroy());
      socket.on("error", () => undefined);
      connections += 1;
      // The first one is told of the certificate late, and the second one only that it is over, later than it may take.
      if (connections > 1) return void setTimeout(() => socket.destroy(), 3_000);
      setTimeout(() => {
        const through = connect(target, "127.0.0.1", () => through.pipe(socket).pipe(through));
        through.on("error", () => socket.destroy());
        socket.on("close", () => through.destroy());
      }, 2_500);
    }),
  );
  const answer = await client().send({ ...get(`https://127.0.0.1:${port}/`), timeout: 4_000 });
  expect(answer).toMatchObject({ kind: "failure", reason: "timeout" });
  expect(connections).toBe(2);
});

describe("a proxy of the environment", () => {
  beforeEach(() => {
    for (const name of ["http_proxy", "HTTP_PROXY", "https_proxy", "HTTPS_PROXY", "no_proxy", "NO_PROXY"]) {
      vi.stubEnv(name, undefined);
    }
  });
  afterEach(() => void vi.unstubAllEnvs());

  /** Leads every name to the target, and remembers what it was asked for. */
  async function startProxy(target: number): Promise<{ readonly url: string; readonly asked: readonly string[] }> {
    const asked: string[] = [];
    const proxy = createHttpServer((request, response) => {
      asked.push(`${request.method} ${request.url}`);
      response.end("by the proxy");
    });
    proxy.on("connect", (request: IncomingMessage, socket: Socket) => {
      asked.push(`CONNECT ${request.url}`);
      const through = connect(target, "127.0.0.1", () => {
        socket.write("HTTP/1.1 200 Connection established\r\n\r\n");
        through.pipe(socket).pipe(through);
      });
      for (const end of [socket, through]) end.on("error", () => void [socket.destroy(), through.destroy()]);
    });
    return { url: `http://127.0.0.1:${await listen(proxy)}`, asked };
  }

  test("leads to the server, which is still asked for its own certificate", async () => {
    const target = await startTarget();
    const proxy = await startProxy(target.port);
    vi.stubEnv("HTTPS_PROXY", proxy.url);
    const http = client();
    expect(await http.send(get(`https://target.test:8443/`))).toMatchObject(answered);
    expect(proxy.asked).toContain("CONNECT target.test:8443");
    expect(await http.send(get(`https://other.test:8443/`))).toMatchObject({ kind: "failure", reason: "certificate" });
    expect(target.asked()).toBe(1);
  });

  test("is asked for http:// as well, by its own variable", async () => {
    const proxy = await startProxy(1);
    vi.stubEnv("http_proxy", proxy.url);
    expect(await client().send(get("http://target.test/a?b=c"))).toMatchObject({ body: "by the proxy" });
    expect(proxy.asked).toEqual(["GET http://target.test/a?b=c"]);
  });

  test("is passed by for this machine and for what NO_PROXY names", async () => {
    const target = await startTarget();
    const proxy = await startProxy(target.port);
    vi.stubEnv("HTTPS_PROXY", proxy.url);
    vi.stubEnv("NO_PROXY", "example.com, .test");
    const http = client();
    expect(await http.send(get(`https://127.0.0.1:${target.port}/`))).toMatchObject(answered);
    expect(await http.send(get(`https://target.test:8443/`))).toMatchObject({ reason: "unreachable" });
    expect(proxy.asked).toEqual([]);
  });

  test("that refuses, or is not there, is what the failure tells of", async () => {
    const refusing = createHttpServer();
    refusing.on("connect", (_request, socket) => void socket.end("HTTP/1.1 403 Forbidden\r\n\r\n"));
    vi.stubEnv("HTTPS_PROXY", `http://127.0.0.1:${await listen(refusing)}`);
    const answer = await client().send(get("https://target.test/"));
    expect(answer).toMatchObject({
      kind: "failure",
      reason: "unreachable",
      detail: expect.stringMatching(/403.* \(a proxy is set in the environment\)$/),
    });
    vi.stubEnv("HTTPS_PROXY", "http://127.0.0.1:1");
    expect(await client().send(get("https://target.test/"))).toMatchObject({ reason: "unreachable" });
  });

  test("that wants a password: the connection is left as well", async () => {
    const sockets: Socket[] = [];
    const refusing = createTcpServer((socket) => {
      sockets.push(socket);
      socket.on("error", () => undefined);
      socket.once("data", () =>
        socket.write("HTTP/1.1 407 Proxy Authentication Required\r\ncontent-length: 9\r\n\r\nhalf"),
      );
    });
    vi.stubEnv("http_proxy", `http://127.0.0.1:${await listen(refusing)}`);
    const answer = await client().send(get("http://target.test/"));
    expect(answer).toMatchObject({ kind: "failure", reason: "unreachable", detail: expect.stringMatching(/407/) });
    await vi.waitFor(() => expect(sockets.map(({ closed, readableEnded }) => closed || readableEnded)).toEqual([true]));
  });

  test("is meant without a scheme, too, and an empty variable is none", async () => {
    const proxy = await startProxy(1);
    vi.stubEnv("http_proxy", "");
    vi.stubEnv("HTTP_PROXY", proxy.url.replace("http://", ""));
    vi.stubEnv("no_proxy", "");
    vi.stubEnv("NO_PROXY", "direct.test");
    const http = client();
    expect(await http.send(get("http://target.test/"))).toMatchObject({ body: "by the proxy" });
    expect(await http.send(get("http://direct.test/"))).toMatchObject({ reason: "unreachable" });
    expect(await client({ direct: true }).send(get("http://target.test/"))).toMatchObject({ reason: "unreachable" });
    expect(proxy.asked).toEqual(["GET http://target.test/"]);
  });

  test("never hears what is said to this machine, by whichever of its loopback addresses", async () => {
    const proxy = await startProxy(1);
    vi.stubEnv("HTTP_PROXY", proxy.url);
    const http = client();
    for (const host of ["127.0.0.1", "127.0.0.2", "127.8.8.8", "localhost", "[::1]"]) {
      expect(await http.send(get(`http://${host}:1/`))).toMatchObject({ kind: "failure", reason: "unreachable" });
    }
    expect(proxy.asked).toEqual([]);
  });

  test.each(["socks5://127.0.0.1:1080", "http://", "ftp://a"])(
    "%s is none: said when it is needed, and not before",
    async (value) => {
      vi.stubEnv("HTTPS_PROXY", value);
      const http = client();
      const detail = "HTTPS_PROXY is not the URL of an HTTP proxy (a proxy is set in the environment)";
      expect(await http.send(get("https://target.test/"))).toMatchObject({ reason: "unreachable", detail });
      const { port } = await startTarget();
      expect(await http.send(get(`https://127.0.0.1:${port}/`))).toMatchObject(answered);
    },
  );
});
