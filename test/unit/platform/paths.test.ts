// Where daemon and command line look for each other, for root and for others.
import { describe, expect, test } from "vitest";
import { configFolder, daemonPaths, defaultControlDataDir, socketCandidates } from "../../../src/platform/paths.js";

const root = { uid: 0, home: "/root", writable: () => true };
const person = { uid: 1000, home: "/home/ada", writable: (folder: string) => folder.startsWith("/home/ada") };
const service = {
  uid: 990,
  home: "/nonexistent",
  writable: (folder: string) => /^\/(run|var\/lib)\/jitnode$/.test(folder),
};

describe("the daemon's folders", () => {
  test("root, and a service user whose folders are prepared, use the system's", () => {
    const system = { stateDir: "/var/lib/jitnode", socket: "/run/jitnode/jitnoded.sock" };
    expect(daemonPaths({}, root)).toEqual(system);
    expect(daemonPaths({}, service)).toEqual(system);
  });

  test("others use their own, the socket in the runtime folder if there is one", () => {
    expect(daemonPaths({ XDG_RUNTIME_DIR: "/run/user/1000" }, person)).toEqual({
      stateDir: "/home/ada/.local/state/jitnode",
      socket: "/run/user/1000/jitnode/jitnoded.sock",
    });
    expect(daemonPaths({ XDG_STATE_HOME: "/home/ada/s" }, person)).toEqual({
      stateDir: "/home/ada/s/jitnode",
      socket: "/home/ada/s/jitnode/jitnoded.sock",
    });
  });

  test("variables go first, empty ones count as unset", () => {
    const environment = { JITNODE_STATE_DIR: "/data", JITNODE_SOCKET: "/data/s.sock" };
    expect(daemonPaths(environment, person)).toEqual({ stateDir: "/data", socket: "/data/s.sock" });
    expect(daemonPaths({ JITNODE_STATE_DIR: "", JITNODE_SOCKET: "" }, root).stateDir).toBe("/var/lib/jitnode");
  });
});

describe("the command line", () => {
  test.each([
    ["root's daemon", {}, root],
    ["one's own, with a runtime folder", { XDG_RUNTIME_DIR: "/run/user/1000" }, person],
    ["one's own, without", {}, person],
    ["one with a state directory of its own", { JITNODE_STATE_DIR: "/home/ada/here" }, person],
    ["one with a socket of its own", { JITNODE_SOCKET: "/tmp/x" }, person],
  ])("finds %s", (_name, environment, machine) => {
    expect(socketCandidates(environment, person)).toContain(daemonPaths(environment, machine).socket);
  });

  test("looks at the system's first, and at a named one only", () => {
    expect(socketCandidates({}, person)[0]).toBe("/run/jitnode/jitnoded.sock");
    expect(socketCandidates({ JITNODE_SOCKET: "/tmp/x" }, person)).toEqual(["/tmp/x"]);
  });

  test("keeps its sessions where it is told to, or as XDG says", () => {
    expect(configFolder({ JITNODE_CONFIG_DIR: "/c" }, person)).toBe("/c");
    expect(configFolder({ XDG_CONFIG_HOME: "/x" }, person)).toBe("/x/jitnode");
    expect(configFolder({}, person)).toBe("/home/ada/.config/jitnode");
  });
});

test("the control plane's data has the same two places", () => {
  expect(defaultControlDataDir({}, root)).toBe("/var/lib/jitnode-control");
  expect(defaultControlDataDir({}, person)).toBe("/home/ada/.local/state/jitnode-control");
});
