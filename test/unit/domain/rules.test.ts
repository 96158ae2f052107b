// Who may do what, and when a request can still be decided.

import { describe, expect, it } from "vitest";
import { checkNumber, refuseDecision } from "../../../src/domain/activation.js";
import { refuseAccess, refuseRemoval } from "../../../src/domain/membership.js";

describe("access to an organization", () => {
  it("is unknown to a stranger, whatever the action", () => {
    for (const action of ["see", "refresh_code", "bind_node", "remove_member", "unbind_node"] as const) {
      expect(refuseAccess(undefined, action)).toBe("org_not_found");
    }
  });

  it("lets a regular member see, refresh and bind, but remove nothing", () => {
    for (const action of ["see", "refresh_code", "bind_node"] as const)
      expect(refuseAccess("member", action)).toBeUndefined();
    for (const action of ["remove_member", "unbind_node"] as const) {
      expect(refuseAccess("member", action)).toBe("administrator_required");
      expect(refuseAccess("administrator", action)).toBeUndefined();
    }
  });

  it("never takes the last administrator away", () => {
    expect(refuseRemoval("administrator", 1)).toBe("last_administrator");
    expect(refuseRemoval("administrator", 2)).toBeUndefined();
    expect(refuseRemoval("member", 1)).toBeUndefined();
  });
});

describe("a request", () => {
  const request = { state: "pending", expiresAt: 1_000, number: "42", wrongNumbers: 0 } as const;

  it("can be decided once, before it expires", () => {
    expect(refuseDecision(request, 999)).toBeUndefined();
    expect(refuseDecision(request, 1_000)).toBe("activation_expired");
    for (const state of ["approved", "denied", "revoked"] as const) {
      expect(refuseDecision({ ...request, state }, 5_000)).toBe("activation_decided");
    }
  });

  it("is denied by the third wrong number", () => {
    expect(checkNumber(request, "42")).toEqual({ ok: true });
    expect(checkNumber(request, "24")).toEqual({ ok: false, wrongNumbers: 1, denies: false });
    expect(checkNumber({ ...request, wrongNumbers: 2 }, "")).toEqual({ ok: false, wrongNumbers: 3, denies: true });
  });
});
