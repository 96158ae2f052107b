// The connection that hears PostgreSQL's notifications comes back, once, however long the database was away.
import { createServer, connect, type Server, type Socket } from "node:net";
import { expect, test } from "vitest";
import { createClock } from "../../../src/platform/clock.js";
import { openPostgres } from "../../../src/control/store/postgres.js";
import { notify } from "../../../src/control/store/notify.js";
import { onEnd } from "../../support/cleanup.js";
import { createDatabase } from "../../support/postgres.js";

/** Before the database: lets through or breaks off, and counts who asked while it breaks off. */
async function createDoor(to: URL) {
  const sockets = new Set<Socket>();
  let open = true;
  let refused = 0;
  const server: Server = createServer((socket) => {
    sockets.add(socket);
    socket.on("error", () => undefined).on("close", () => sockets.delete(socket));
    if (!open) {
      refused += 1;
      socket.destroy();
      return;
    }
    const further = connect(Number(to.port === "" ? 5432 : to.port), to.hostname);
    sockets.add(further);
    further.on("error", () => socket.destroy()).on("close", () => sockets.delete(further));
    socket.pipe(further).pipe(socket);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const close = (): void => {
    open = false;
    for (const socket of sockets) socket.destroy();
  };
  onEnd(() => {
    close();
    server.close();
  });
  const url = new URL(to);
  url.hostname = "127.0.0.1";
  const address = server.address();
  url.port = typeof address === "object" && address !== null ? String(address.port) : "";
  return { url: url.href, close, open: () => (open = true), refused: () => refused };
}

test("it tries once a second and not twice as often each time, and hears again afterwards", async () => {
  const clock = createClock();
  const { url } = await createDatabase();
  const door = await createDoor(new URL(url));
  const direct = openPostgres({ url, onError: () => undefined });
  const store = openPostgres({ url: door.url, onError: () => undefined });
  const heard: string[] = [];
  const stop = await store.listen?.("test", (payload) => heard.push(payload));
  onEnd(async () => {
    await stop?.();
    await store.close();
    await direct.close();
  });

  door.close();
  const until = clock.now() + 4_500;
  while (clock.now() < until) await clock.sleep(100);
  expect(door.refused()).toBeGreaterThanOrEqual(2);
  expect(door.refused()).toBeLessThanOrEqual(5);

  door.open();
  const end = clock.now() + 10_000;
  let sent = 0;
  while (heard.length === 0 && clock.now() < end) {
    sent += 1;
    await direct.transaction((tx) => notify(tx, "test", String(sent)));
    await clock.sleep(100);
  }
  await direct.transaction((tx) => notify(tx, "test", "last"));
  while (!heard.includes("last") && clock.now() < end) await clock.sleep(20);
  // Twice would mean that two connections listen.
  expect(new Set(heard).size).toBe(heard.length);
  expect(heard).toContain("last");
}, 30_000);
