// Taking over a socket's path: a stale one, a live one, and one that comes alive in between.
import { lstatSync, readdirSync } from "node:fs";
import { createServer, connect, type Server } from "node:net";
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { listenOnSocket } from "../../../src/platform/sockets.js";
import { onEnd } from "../../support/cleanup.js";
import { temporaryFolder } from "../../support/temporary.js";

function ownServer(says: string): Server {
  const server = createServer((connection) => connection.on("error", () => undefined).end(says));
  onEnd(() => void server.close());
  return server;
}

/** A socket whose process was killed. */
function staleSocket(path: string): void {
  const script = `require("node:net").createServer().listen(${JSON.stringify(path)}, () => process.kill(process.pid, "SIGKILL"))`;
  spawnSync(process.execPath, ["-e", script]);
  expect(lstatSync(path).isSocket()).toBe(true);
}

const heard = (path: string): Promise<string> =>
  new Promise((resolve, reject) => {
    let text = "";
    connect(path)
      .on("data", (data) => (text += String(data)))
      .on("end", () => resolve(text))
      .on("error", reject);
  });

const listen = (path: string, says: string) => listenOnSocket(ownServer(says), { path, group: "no-such-group" });

describe("a socket's path", () => {
  test("a stale socket is replaced, and nothing of it is left", async () => {
    const path = join(temporaryFolder(), "s.sock");
    staleSocket(path);
    expect(await listen(path, "new")).toEqual({ kind: "listening" });
    expect(await heard(path)).toBe("new");
    expect(readdirSync(join(path, ".."))).toEqual(["s.sock"]);
  });

  test("a live one stays", async () => {
    const path = join(temporaryFolder(), "s.sock");
    await listen(path, "first");
    expect(await listen(path, "second")).toEqual({ kind: "in_use" });
    expect(await heard(path)).toBe("first");
  });

  test("of several that find a stale one at the same time, one listens and is not disturbed", async () => {
    const path = join(temporaryFolder(), "s.sock");
    staleSocket(path);
    const outcomes = await Promise.all(["a", "b", "c"].map(async (says) => ({ says, ...(await listen(path, says)) })));
    const winners = outcomes.filter(({ kind }) => kind === "listening");
    expect(winners.length).toBe(1);
    expect(winners.map(({ says }) => says)).toContain(await heard(path));
  });

  test("108 bytes are too long, 107 are not", async () => {
    const folder = temporaryFolder();
    const name = (length: number) => join(folder, "x".repeat(length - folder.length - 1));
    expect(await listen(name(108), "x")).toEqual({ kind: "too_long" });
    expect(await listen(name(107), "x")).toEqual({ kind: "listening" });
  });
});
