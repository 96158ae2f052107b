// Over TLS: by the control plane's own certificate, and behind a proxy that has one; and what clients say of a
// certificate they cannot trust.
import { X509Certificate } from "node:crypto";
import { copyFileSync, readFileSync, writeFileSync } from "node:fs";
import { createServer as createHttpServer } from "node:http";
import { createServer } from "node:https";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { connect, getCACertificates, setDefaultCACertificates } from "node:tls";
import { beforeAll, describe, expect, test } from "vitest";
import { reach, warningsAnywhere } from "../../integration/daemon/daemon-client.js";
import { createAuthority, type Authority, type Files } from "../../support/certificates.js";
import { onEnd } from "../../support/cleanup.js";
import { runCli, startCli, startControl, startDaemon } from "../../support/programs.js";
import { temporaryFolder } from "../../support/temporary.js";
import { errorOf, readShown, resultOf } from "../cli-site.js";
import { createPageClient } from "../page-client.js";
import { createFirstPerson } from "./person.js";
import { startSite } from "./site.js";

let authority: Authority;

beforeAll(() => {
  authority = createAuthority("file");
  // The test's own browser trusts it, too.
  setDefaultCACertificates([...getCACertificates("default"), readFileSync(authority.caFile, "utf8")]);
});

const day = 24 * 60 * 60 * 1000;

/** Any server with this certificate: no client gets as far as asking what it is. */
async function startServer(files: Files): Promise<string> {
  const tls = { cert: readFileSync(files.certFile), key: readFileSync(files.keyFile) };
  const server = createServer(tls, (_request, response) => response.writeHead(500).end("asked nevertheless"));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onEnd(() => void server.close());
  return `https://127.0.0.1:${String((server.address() as { readonly port: number }).port)}`;
}

describe("a control plane with a certificate of its own", () => {
  test("a node is activated and stays connected, for those who trust its authority", async () => {
    const control = await startControl({ tls: authority.issue(["127.0.0.1"]), deviceInterval: "1" });
    const publicUrl = control.url;
    expect(publicUrl).toMatch(/^https:/);
    const browser = createPageClient(publicUrl);
    const link = (await control.waitForLog(/\/set-up\//)).trim();
    expect(link).toMatch(new RegExp(`^${publicUrl}/set-up/`));
    const page = await browser.get(new URL(link).pathname);
    expect(page.headers.get("strict-transport-security")).toMatch(/^max-age=[1-9]/);
    await browser.submit(page.form(), { login: "ada", name: "Ada", password: "correct horse battery staple" });
    expect(browser.page().heading).toBe("Hello, Ada");
    expect(browser.received.length).toBeGreaterThan(1);
    for (const cookie of browser.received) expect(cookie).toMatch(/^__Host-.*; Secure(;|$)/);

    // The daemon by its setting, the command line as the machine does.
    const trusting = { JITNODE_SERVER_CA_FILE: authority.caFile };
    const daemon = await startDaemon({ server: publicUrl, env: trusting });
    const env = { ...daemon.cliEnv, SSL_CERT_FILE: authority.caFile };
    const home = temporaryFolder();
    const create = ["--create-org", "acme", "--org-name", "Acme", "--accept-agreement"];
    const activation = startCli(["activate", "--json", ...create], { home, env });
    const { code, number } = await readShown(activation);
    const asked = await browser.submit((await browser.get("/activate")).form("/activate"), { code });
    await browser.submit(asked.form(`/activate/${code}`), { number }, "Approve");
    const result = await resultOf(activation);
    expect(result, result.stderr).toMatchObject({ code: 0 });
    const status = await reach(daemon, { state: "bound", connection: "connected" });
    expect(status.server).toBe(publicUrl);
    expect(warningsAnywhere(status)).toEqual([]);
    expect(status.connection_problem).toBeNull();

    // The same machine without the authority: nothing is sent, nothing is lost.
    const { stateDir } = daemon;
    daemon.signal("SIGTERM");
    await daemon.exited;
    const doubting = await startDaemon({ stateDir });
    await doubting.waitForLog(/control_plane_certificate/);
    expect(await reach(doubting, { connection: "unreachable" })).toMatchObject({ state: "bound" });
  });
});

test("a renewed certificate is used without a restart, one that does not fit its key is not", async () => {
  const files = authority.issue(["127.0.0.1"]);
  const control = await startControl({ tls: files });
  const fingerprint = (): Promise<string> =>
    new Promise((resolve, reject) => {
      const { port } = new URL(control.url);
      const socket = connect({ host: "127.0.0.1", port: Number(port), ca: readFileSync(authority.caFile) }, () => {
        resolve(socket.getPeerCertificate().fingerprint256);
        socket.end();
      });
      socket.on("error", reject);
    });
  const before = await fingerprint();
  const [other, renewed] = [authority.issue(["127.0.0.1"]), authority.issue(["127.0.0.1"])];
  copyFileSync(other.certFile, files.certFile);
  await control.waitForLog(/certificate not renewed/);
  writeFileSync(files.certFile, "");
  await sleep(5_000);
  expect(await fingerprint()).toBe(before);
  copyFileSync(renewed.keyFile, files.keyFile);
  copyFileSync(renewed.certFile, files.certFile);
  await control.waitForLog(/certificate renewed/);
  expect(await fingerprint()).toBe(new X509Certificate(readFileSync(renewed.certFile)).fingerprint256);
  control.signal("SIGTERM");
  expect(await control.exited).toEqual({ code: 0, signal: null });
});

describe("a certificate that is not to be trusted", () => {
  const cases: readonly (readonly [string, () => { readonly files: Files; readonly caFile?: string }])[] = [
    ["of an authority nobody named", () => ({ files: authority.issue(["127.0.0.1"]) })],
    [
      "of another authority than the named one",
      () => ({
        files: authority.issue(["127.0.0.1"]),
        caFile: createAuthority().caFile,
      }),
    ],
    ["for another host", () => ({ files: authority.issue(["control.example.com"]), caFile: authority.caFile })],
    [
      "that has expired",
      () => ({
        files: authority.issue(["127.0.0.1"], {
          from: new Date(Date.now() - 2 * day),
          until: new Date(Date.now() - day),
        }),
        caFile: authority.caFile,
      }),
    ],
    [
      "that is not valid yet",
      () => ({
        files: authority.issue(["127.0.0.1"], {
          from: new Date(Date.now() + day),
          until: new Date(Date.now() + 2 * day),
        }),
        caFile: authority.caFile,
      }),
    ],
  ];
  test.each(cases)("%s: exit 7, and what to do", async (_what, make) => {
    const { files, caFile } = make();
    const server = await startServer(files);
    const env = caFile === undefined ? {} : { JITNODE_SERVER_CA_FILE: caFile };
    const result = await runCli(["login", "--json", "--server", server], { env });
    expect([result.code, errorOf(result).code]).toEqual([7, "control_plane_certificate"]);
    expect(errorOf(result).hint).toContain("JITNODE_SERVER_CA_FILE");
  });

  test("the daemon goes on asking, and asks nobody it cannot trust", async () => {
    const daemon = await startDaemon({ server: await startServer(authority.issue(["127.0.0.1"])) });
    await daemon.waitForLog(/control_plane_certificate/);
    expect(await reach(daemon, { connection: "unreachable" })).toMatchObject({
      state: "unbound",
      activation: null,
      connection_problem: { code: "control_plane_certificate", message: expect.stringMatching(/not trusted: .+\.$/) },
    });
    const told = await runCli(["status"], { env: daemon.cliEnv });
    expect(told.stdout).toMatch(
      /Because +The control plane's certificate is not trusted: .* \(control_plane_certificate\)/,
    );
    expect(daemon.stderr()).not.toContain("asked nevertheless");
  });

  test("a server that speaks no TLS at all has no certificate to mend", async () => {
    const server = createHttpServer((_request, response) => response.end());
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    onEnd(() => void server.close());
    const url = `https://127.0.0.1:${String((server.address() as { readonly port: number }).port)}`;
    const result = await runCli(["login", "--json", "--server", url]);
    expect([result.code, errorOf(result).code]).toEqual([7, "control_plane_unreachable"]);
  });

  test("an authority's file that is not there, or holds none, is refused before anything is sent", async () => {
    const server = await startServer(authority.issue(["127.0.0.1"]));
    const empty = join(temporaryFolder(), "nothing.pem");
    for (const file of [empty, authority.issue(["127.0.0.1"]).keyFile]) {
      const env = { JITNODE_SERVER_CA_FILE: file };
      const result = await runCli(["login", "--json", "--server", server], { env });
      expect(result.code).toBe(2);
      expect(errorOf(result).code).toMatch(/^(setting_invalid|secret_file_unreadable)$/);
      const daemon = await startDaemon({ server, env, wait: false });
      expect((await daemon.exited).code).toBe(2);
      expect(daemon.stderr()).toContain("JITNODE_SERVER_CA_FILE");
    }
  });
});

describe("behind a proxy that speaks TLS", () => {
  test("everything is of its URL, and the programs need nothing but its authority", async () => {
    const tls = authority.issue(["127.0.0.1", "localhost"]);
    const site = await startSite("sqlite", { scope: "test", signup: "open", tls });
    const ada = await createFirstPerson(site, "ada");
    for (const cookie of ada.browser.received) expect(cookie).toMatch(/^__Host-.*; Secure(;|$)/);
    const daemon = await startDaemon({ server: site.url, env: { JITNODE_SERVER_CA_FILE: authority.caFile } });
    const { activation } = await reach(daemon, { state: "pending" });
    expect(activation?.verification_uri).toBe(`${site.url}/activate`);
    const fields = { organization: "create", org_id: "acme", org_name: "Acme", consent: "yes" };
    await ada.decide({ userCode: activation?.user_code ?? "", number: activation?.number ?? "" }, "Approve", fields);
    await reach(daemon, { state: "bound", connection: "connected" });
  });
});
