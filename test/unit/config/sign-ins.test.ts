import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { readSignIns } from "../../../src/config/sign-ins.js";
import { JitnodeError } from "../../../src/protocol/errors.js";
import { onEnd } from "../../support/cleanup.js";

const of = (name: string, keys: Readonly<Record<string, string>>): Record<string, string> =>
  Object.fromEntries(Object.entries(keys).map(([key, value]) => [`JITNODE_CONTROL_SIGNIN_${name}_${key}`, value]));

const google = { TYPE: "google", CLIENT_ID: "id", CLIENT_SECRET: "secret" };
const oidc = { TYPE: "oidc", CLIENT_ID: "id", ISSUER: "https://id.example.com/realms/one/" };
const tenant = "3F6A1C52-8d7e-4b0a-9c1d-2e5f60718293";

function refusal(environment: Readonly<Record<string, string>>): string {
  try {
    readSignIns(environment);
  } catch (error) {
    if (error instanceof JitnodeError) return `${error.code}: ${error.message}`;
    throw error;
  }
  return "accepted";
}

describe("settings of sign-in providers", () => {
  it("reads several, of one type as well, in a fixed order and under their own names", () => {
    const environment = {
      ...of("ZWEI", { ...oidc, LABEL: " Second " }),
      ...of("ADAM", oidc),
      ...of("G", { ...google, ALLOWED_DOMAINS: "Example.com, example.org" }),
      ...of("MS", { TYPE: "entra", CLIENT_ID: "id", CLIENT_SECRET: "s", TENANT: tenant }),
      ...of("GHES", { TYPE: "github", CLIENT_ID: "id", CLIENT_SECRET: "s", BASE_URL: "https://Git.Example.com:443/" }),
    };
    const read = readSignIns(environment);
    expect(read.map(({ name }) => name)).toEqual(["g", "ghes", "ms", "adam", "zwei"]);
    expect(read[0]?.allowedDomains).toEqual(["example.com", "example.org"]);
    expect(read[1]?.baseUrl).toBe("https://git.example.com");
    expect(read[2]?.tenant).toBe(tenant.toLowerCase());
    expect(read[3]?.issuer).toBe("https://id.example.com/realms/one/");
    expect(read[4]?.label).toBe("Second");
  });

  it("knows none where none is set, and passes empty variables over", () => {
    expect(readSignIns({ JITNODE_CONTROL_SIGNUP: "open" })).toEqual([]);
    expect(readSignIns(of("GOOGLE", { TYPE: "", CLIENT_ID: "" }))).toEqual([]);
  });

  it("takes the secret from a file, but not from both", () => {
    const folder = mkdtempSync(join(tmpdir(), "jitnode-"));
    onEnd(() => rmSync(folder, { recursive: true }));
    const file = join(folder, "secret");
    writeFileSync(file, "s:e+c%ret\n");
    const { CLIENT_SECRET: _, ...rest } = google;
    const [read] = readSignIns(of("GOOGLE", { ...rest, CLIENT_SECRET_FILE: file }));
    expect(read?.clientSecret).toBe("s:e+c%ret");
    writeFileSync(file, "\ufeffs:e+c%ret\r\n");
    expect(readSignIns(of("GOOGLE", { ...rest, CLIENT_SECRET_FILE: file }))[0]?.clientSecret).toBe("s:e+c%ret");
    const empty = join(folder, "empty");
    writeFileSync(empty, "\n");
    expect(refusal(of("GOOGLE", { ...rest, CLIENT_SECRET_FILE: empty }))).toBe(
      "setting_invalid: The file that JITNODE_CONTROL_SIGNIN_GOOGLE_CLIENT_SECRET_FILE names is empty.",
    );
    expect(refusal(of("GOOGLE", { ...google, CLIENT_SECRET_FILE: file }))).toBe(
      "setting_invalid: Both JITNODE_CONTROL_SIGNIN_GOOGLE_CLIENT_SECRET and JITNODE_CONTROL_SIGNIN_GOOGLE_CLIENT_SECRET_FILE are set.",
    );
    expect(refusal(of("GOOGLE", { ...rest, CLIENT_SECRET_FILE: join(folder, "none") }))).toBe(
      "secret_file_unreadable: JITNODE_CONTROL_SIGNIN_GOOGLE_CLIENT_SECRET_FILE cannot be read.",
    );
  });

  it("refuses what it does not know, and says which variable it is", () => {
    const one = "setting_invalid: JITNODE_CONTROL_SIGNIN_";
    for (const [environment, message] of [
      [of("GOOGLE", { ...google, CLIENTID: "id" }), `${one}GOOGLE_CLIENTID is not a setting`],
      [of("GOOGLE", { ...google, TYPE_FILE: "x" }), `${one}GOOGLE_TYPE_FILE is not a setting`],
      [of("MY_IDP", oidc), `${one}MY_IDP_TYPE is not a setting`],
      [of("google", google), `${one}google_TYPE is not a setting`],
      [{ JITNODE_CONTROL_SIGNIN_TYPE: "google" }, `${one}TYPE is not a setting`],
      [of("LOCAL", oidc), `${one}LOCAL_TYPE: the name LOCAL is that of local accounts`],
      [
        of("G", { ...google, TYPE: "gogle" }),
        `${one}G_TYPE is not valid: expected google, github, wechat, entra, oidc`,
      ],
      [of("G", { CLIENT_ID: "id" }), `${one}G_TYPE is not valid`],
      [of("G", { TYPE: "google", CLIENT_SECRET: "s" }), `${one}G_CLIENT_ID is not set; google needs it`],
      [of("G", { TYPE: "google", CLIENT_ID: "id" }), `${one}G_CLIENT_SECRET is not set; google needs it`],
      [of("O", { TYPE: "oidc", CLIENT_ID: "id" }), `${one}O_ISSUER is not set; oidc needs it`],
      [of("E", { TYPE: "entra", CLIENT_ID: "id", CLIENT_SECRET: "s" }), `${one}E_TENANT is not set; entra needs it`],
      [of("G", { ...google, TENANT: tenant }), `${one}G_TENANT is set, and google does not take it`],
      [
        of("W", { ...google, TYPE: "wechat", ALLOWED_DOMAINS: "a.example" }),
        `${one}W_ALLOWED_DOMAINS is set, and wechat`,
      ],
    ] as const) {
      expect(refusal(environment)).toContain(message);
    }
  });

  it("refuses values that cannot be right", () => {
    const entra = { TYPE: "entra", CLIENT_ID: "id", CLIENT_SECRET: "s" };
    for (const [environment, key] of [
      ...["common", "organizations", "contoso.example", `${tenant}x`].map((TENANT) => [
        of("X", { ...entra, TENANT }),
        "TENANT",
      ]),
      ...["id.example.com", "http://id.example.com", "https://u:p@id.example.com", "https://a/?b", "https://a/#b"].map(
        (ISSUER) => [of("X", { ...oidc, ISSUER }), "ISSUER"],
      ),
      ...["example", "@example.com", "*.example.com", "https://example.com", ","].map((ALLOWED_DOMAINS) => [
        of("X", { ...google, ALLOWED_DOMAINS }),
        "ALLOWED_DOMAINS",
      ]),
      ...["x".repeat(41), "a\u202eb", "a\u001bb"].map((LABEL) => [of("X", { ...google, LABEL }), "LABEL"]),
    ] as [Record<string, string>, string][]) {
      expect(refusal(environment)).toContain(`setting_invalid: JITNODE_CONTROL_SIGNIN_X_${key} is not valid: expected`);
    }
    for (const ISSUER of ["http://127.0.0.1:9000", "http://localhost/x", "http://[::1]:1/"]) {
      expect(refusal(of("X", { ...oidc, ISSUER }))).toBe("accepted");
    }
  });
});
