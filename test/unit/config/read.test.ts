// Settings: precedence, secrets from files, and messages that name the variable.

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { asServerUrl, createSettingsReader, isLoopbackHost } from "../../../src/config/read.js";
import { unknownSettings } from "../../../src/config/unknown.js";
import { readControlConfig } from "../../../src/control/config.js";

const folder = mkdtempSync(join(tmpdir(), "jn-"));
afterAll(() => rmSync(folder, { recursive: true }));

describe("a setting", () => {
  it("comes from the flag before the variable", () => {
    const reader = createSettingsReader({ JITNODE_SERVER: "https://a.example" }, { server: "https://b.example" });
    expect(reader.url("server")?.origin).toBe("https://b.example");
  });

  it("that is a secret comes from a file, without its last line end", () => {
    const file = join(folder, "url");
    writeFileSync(file, "postgres://u:p@h/d\n");
    expect(createSettingsReader({ JITNODE_CONTROL_DATABASE_URL_FILE: file }).text("databaseUrl")).toBe(
      "postgres://u:p@h/d",
    );
    expect(() =>
      createSettingsReader({ JITNODE_CONTROL_DATABASE_URL_FILE: file, JITNODE_CONTROL_DATABASE_URL: "x" }).text(
        "databaseUrl",
      ),
    ).toThrow("Both JITNODE_CONTROL_DATABASE_URL and JITNODE_CONTROL_DATABASE_URL_FILE are set.");
    expect(() => createSettingsReader({ JITNODE_CONTROL_DATABASE_URL_FILE: "/nowhere" }).text("databaseUrl")).toThrow(
      "JITNODE_CONTROL_DATABASE_URL_FILE cannot be read.",
    );
  });

  it("that is wrong is named in the message", () => {
    const wrong: readonly (readonly [string, string])[] = [
      ["JITNODE_CONTROL_LISTEN", "7070"],
      ["JITNODE_CONTROL_LISTEN", "host:99999"],
      ["JITNODE_CONTROL_PUBLIC_URL", "https://a.example/path"],
      ["JITNODE_CONTROL_SIGNUP", "everybody"],
      ["JITNODE_CONTROL_DEVICE_CODE_TTL", "0"],
      ["JITNODE_CONTROL_DEVICE_CODE_TTL", "ten"],
      ["JITNODE_CONTROL_TLS_CERT_FILE", "/cert.pem"],
      ["JITNODE_CONTROL_DATABASE_URL", "mysql://x"],
    ];
    for (const [variable, value] of wrong) {
      expect(() => readControlConfig(createSettingsReader({ [variable]: value }), "/data")).toThrow(variable);
    }
  });
});

describe("the control plane's settings", () => {
  it("that do not exist are told, so that a slip of the finger is seen", () => {
    const environment = {
      JITNODE_CONTROL_TLS_CRT_FILE: "/cert.pem",
      JITNODE_CONTROL_DATABASE_URL_FILE: "/url",
      JITNODE_CONTROL_SIGNIN_HOME_TYPE: "oidc",
      JITNODE_CONTROL_LISTEN: "127.0.0.1:1",
      JITNODE_CONTROL_FOO: "x",
      JITNODE_CONTRL_SIGNUP: "open",
      JITNODE_LOG_LEVL: "debug",
      JITNODE_SIGNUP: "open",
      JITNODE_NAME: "x",
    };
    expect(unknownSettings(environment, "control")).toEqual([
      { variable: "JITNODE_CONTRL_SIGNUP", near: "JITNODE_CONTROL_SIGNUP" },
      { variable: "JITNODE_CONTROL_FOO", near: undefined },
      { variable: "JITNODE_CONTROL_TLS_CRT_FILE", near: "JITNODE_CONTROL_TLS_CERT_FILE" },
      { variable: "JITNODE_LOG_LEVL", near: "JITNODE_LOG_LEVEL" },
      { variable: "JITNODE_SIGNUP", near: "JITNODE_CONTROL_SIGNUP" },
    ]);
  });

  it("are no links of Kubernetes to a service of that name", () => {
    const links = (service: string): Record<string, string> => ({
      [`${service}_SERVICE_HOST`]: "10.0.0.1",
      [`${service}_SERVICE_PORT`]: "7070",
      [`${service}_SERVICE_PORT_HTTP`]: "7070",
      [`${service}_PORT`]: "tcp://10.0.0.1:7070",
      [`${service}_PORT_7070_TCP`]: "tcp://10.0.0.1:7070",
      [`${service}_PORT_7070_TCP_ADDR`]: "10.0.0.1",
    });
    const environment = { ...links("JITNODE"), ...links("JITNODE_CONTROL"), JITNODE_CONTROL_METRICS_PORT: "7071" };
    expect(unknownSettings(environment, "daemon")).toEqual([]);
    expect(unknownSettings(environment, "control")).toMatchObject([{ variable: "JITNODE_CONTROL_METRICS_PORT" }]);
  });

  it("are safe without any: loopback, SQLite, a code for strangers", () => {
    expect(readControlConfig(createSettingsReader({}), "/data")).toMatchObject({
      publicUrl: "http://127.0.0.1:7070",
      database: { kind: "sqlite", file: "/data/control.db" },
      keyFile: { path: "/data/control.key", mayBeMade: true },
      signup: "code",
      orgCreation: "trusted",
      deviceCodeTtl: 600,
    });
  });

  it("refuse to listen to the world without a public URL", () => {
    expect(() => readControlConfig(createSettingsReader({ JITNODE_CONTROL_LISTEN: "0.0.0.0:7070" }), "/data")).toThrow(
      "JITNODE_CONTROL_PUBLIC_URL is not set",
    );
  });

  it("refuse a certificate behind a public URL without TLS", () => {
    const environment = {
      JITNODE_CONTROL_PUBLIC_URL: "http://control.example.com",
      JITNODE_CONTROL_TLS_CERT_FILE: "/cert.pem",
      JITNODE_CONTROL_TLS_KEY_FILE: "/key.pem",
    };
    expect(() => readControlConfig(createSettingsReader(environment), "/data")).toThrow(
      "A certificate is set, but JITNODE_CONTROL_PUBLIC_URL is http://control.example.com.",
    );
  });

  it("allow short lives on loopback only", () => {
    const short = { JITNODE_CONTROL_DEVICE_CODE_TTL: "2" };
    expect(readControlConfig(createSettingsReader(short), "/data").deviceCodeTtl).toBe(2);
    expect(() =>
      readControlConfig(createSettingsReader({ ...short, JITNODE_CONTROL_PUBLIC_URL: "https://a.example" }), "/data"),
    ).toThrow("60 to 86400");
  });

  it("want a key file with PostgreSQL", () => {
    expect(() =>
      readControlConfig(createSettingsReader({ JITNODE_CONTROL_DATABASE_URL: "postgres://h/d" }), "/data"),
    ).toThrow("JITNODE_CONTROL_KEY_FILE is required");
  });
});

describe("the daemon's settings", () => {
  it("that do not exist are told with the nearest that does; those of other programs are none of its business", () => {
    const environment = {
      JITNODE_SEVER: "https://a.example",
      JITNODE_STATEDIR: "/state",
      JITNODE_FOO: "x",
      JITNODE_SERVER: "https://a.example",
      JITNODE_CONFIG_DIR: "/config",
      JITNODE_BINDING_CODE_FILE: "/code",
      JITNODE_CONTROL_LISTEN: "127.0.0.1:1",
      JITNODE_CONTROL_LISTN: "127.0.0.1:1",
      NODE_OPTIONS: "",
    };
    expect(unknownSettings(environment, "daemon")).toEqual([
      { variable: "JITNODE_FOO", near: undefined },
      { variable: "JITNODE_SEVER", near: "JITNODE_SERVER" },
      { variable: "JITNODE_STATEDIR", near: "JITNODE_STATE_DIR" },
    ]);
  });
});

describe("a server URL", () => {
  it("is an origin and nothing more", () => {
    expect(asServerUrl("https://a.example:8443")?.origin).toBe("https://a.example:8443");
    for (const bad of [
      "",
      "a.example",
      "ftp://a.example",
      "https://u:p@a.example",
      "https://a.example/x",
      "https://a.example/?q",
      "https://a.example/#h",
    ]) {
      expect(asServerUrl(bad)).toBeUndefined();
    }
  });

  it("knows loopback from what looks like it", () => {
    for (const host of ["localhost", "127.0.0.1", "127.9.9.9", "[::1]"]) expect(isLoopbackHost(host)).toBe(true);
    for (const host of ["127.0.0.1.example", "localhost.example", "10.0.0.1", "127.example", "::2"])
      expect(isLoopbackHost(host)).toBe(false);
  });
});
