// The formats of ids, and that nothing but a well-formed text becomes one.

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { encodeBase58 } from "../../../src/domain/base58.js";
import {
  asNodeId,
  asOrganizationId,
  checkNewOrganizationId,
  createAccountId,
  nodeIdOf,
  reservedOrganizationIds,
  thumbprintOf,
} from "../../../src/domain/ids.js";

describe("base-58", () => {
  it("agrees with the published vectors of the Bitcoin alphabet", () => {
    expect(encodeBase58(Buffer.from("Hello World!"))).toBe("2NEpo7TZRRrLZSi2U");
    expect(encodeBase58(Buffer.from("0000287fb4cd", "hex"))).toBe("11233QC4");
    expect(encodeBase58(new Uint8Array())).toBe("");
  });
});

describe("a node id", () => {
  it("comes from the RFC 8037 key's RFC 7638 thumbprint", () => {
    const thumbprint = thumbprintOf({
      kty: "OKP",
      crv: "Ed25519",
      x: "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo",
    });
    expect(thumbprint).toBe("kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k");
    if (thumbprint === undefined) throw new Error("no thumbprint");
    const id = nodeIdOf(thumbprint);
    expect(asNodeId(id)).toBe(id);
    expect(id).toBe(`JN_${encodeBase58(Buffer.from(thumbprint, "base64url")).slice(0, 16)}`);
  });

  it("is nothing but JN_ and sixteen base-58 characters", () => {
    for (const text of [
      "",
      "JN_",
      "JN_0000000000000000",
      "jn_2222222222222222",
      "JN_22222222222222222",
      "JN_2222222222222222\n",
    ]) {
      expect(asNodeId(text)).toBeUndefined();
    }
  });
});

describe("an account id", () => {
  it("has sixteen characters, each from the random source", () => {
    let next = 0;
    expect(createAccountId((limit) => next++ % limit)).toBe("JP_123456789ABCDEFG");
  });
});

describe("an organization id", () => {
  it("is lower case, begins with a letter, ends with a letter or digit, 3 to 40 long", () => {
    for (const good of ["abc", "a-1", "a".repeat(40), "acme-2"]) expect(asOrganizationId(good)).toBe(good);
    for (const bad of [
      "",
      "ab",
      "1ab",
      "-ab",
      "ab-",
      "Abc",
      "a_b",
      "a b",
      "ä12",
      "a".repeat(41),
      "a".repeat(10_000),
      "abc\n",
    ]) {
      expect(asOrganizationId(bad)).toBeUndefined();
      expect(checkNewOrganizationId(bad)).toEqual({ ok: false, reason: "org_id_invalid" });
    }
  });

  it("is never a reserved word", () => {
    for (const word of reservedOrganizationIds) {
      expect(checkNewOrganizationId(word)).toEqual({ ok: false, reason: "org_id_reserved" });
    }
    expect(checkNewOrganizationId("acme")).toEqual({ ok: true, id: "acme" });
  });

  it("never throws, whatever the text", () => {
    fc.assert(fc.property(fc.string({ unit: "binary", maxLength: 200 }), (text) => void checkNewOrganizationId(text)));
  });
});
