// Outgoing HTTP against real servers: whom TLS trusts, and the environment's proxy.
import { copyFileSync, readFileSync, rmSync } from "node:fs";
import { createServer as createHttpServer, type IncomingMessage } from "node:http";
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
