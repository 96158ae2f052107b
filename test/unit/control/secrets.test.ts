// Keys derived from the key file.
import { randomBytes } from "node:crypto";
import { describe, expect, test } from "vitest";
import { createSecrets } from "../../../src/control/services/secrets.js";

const key = Buffer.alloc(32, 7);

describe("secrets", () => {
  test("seal and open again, differently each time, for the same context only", () => {
    const secrets = createSecrets(key);
    const sealed = secrets.seal("BCDF", "org:acme");
    expect(secrets.unseal(sealed, "org:acme")).toBe("BCDF");
    expect(secrets.seal("BCDF", "org:acme")).not.toBe(sealed);
    expect(() => secrets.unseal(sealed, "org:other")).toThrow();
    expect(() => createSecrets(randomBytes(32)).unseal(sealed, "org:acme")).toThrow();
    const bytes = Buffer.from(sealed.slice(2), "base64url");
    for (const at of [0, 12, 28]) {
      const changed = Buffer.from(bytes);
      changed[at] = (changed[at] ?? 0) ^ 1;
      expect(() => secrets.unseal(`1.${changed.toString("base64url")}`, "org:acme")).toThrow();
    }
    for (const text of ["", "1.", "1.AAAA", "2.AAAA", "x"]) expect(() => secrets.unseal(text, "org:acme")).toThrow();
  });

  test("look-ups are the same for the same key, and apart for each purpose", () => {
    const secrets = createSecrets(key);
    expect(secrets.lookup("user_code", "BCDFGHJK")).toBe(createSecrets(key).lookup("user_code", "BCDFGHJK"));
    expect(secrets.lookup("user_code", "BCDFGHJK")).not.toBe(secrets.lookup("binding_code", "BCDFGHJK"));
    expect(secrets.lookup("user_code", "BCDFGHJK")).not.toBe(
      createSecrets(randomBytes(32)).lookup("user_code", "BCDFGHJK"),
    );
  });

  test("what is stored for one key stays readable: derivations never change", () => {
    const secrets = createSecrets(key);
    expect(secrets.check).toMatchInlineSnapshot(`"8G-z3mUoUIByq6u_xuXO3iBT8JnNBfRAqcEH2Xlv91w"`);
    expect(secrets.lookup("binding_code", "BCDFGHJKLMNPQ")).toMatchInlineSnapshot(
      `"vVIpDlSOh6dzWb8bTY2VuOjuUahmy96LOFqrELE84wk"`,
    );
    expect(secrets.refreshToken("session", 3)).toMatchInlineSnapshot(
      `"session.3.Wb9E-TkxKnNiEahyWcuXKeWCKcOcsWt0Bsx3oLkiscw"`,
    );
  });

  test("a nonce is fresh in its minute and the next", () => {
    const secrets = createSecrets(key);
    const nonce = secrets.nonce(60_000);
    expect([60_000, 119_999, 120_000, 179_999].map((now) => secrets.isFreshNonce(nonce, now))).toEqual([
      true,
      true,
      true,
      true,
    ]);
    expect(secrets.isFreshNonce(nonce, 180_000)).toBe(false);
    expect(secrets.isFreshNonce(nonce, 59_999)).toBe(false);
    expect(secrets.isFreshNonce("", 60_000)).toBe(false);
  });

  test("a key of another length is refused", () => {
    expect(() => createSecrets(Buffer.alloc(31))).toThrow(RangeError);
  });
});
