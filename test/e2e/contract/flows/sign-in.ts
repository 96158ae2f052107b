// Signing in: terminals by the device grant, browsers by their cookie; each half on another replica than the one before.
import { expect, test } from "vitest";
import { createPageClient } from "../../page-client.js";
import { textOf } from "../caller.js";
import { replicaHeader } from "../forwarder.js";
import { newOrg } from "../node.js";
import { askedOf, askToSignIn, createPerson, createTerminal, redeem, refresh } from "../person.js";
import type { World } from "../world.js";

export function signInFlows(world: () => World): void {
  test("a terminal asks here, is decided on a page, and redeems there; a lost answer can be asked for again", async () => {
    const { site, ada } = world();
    const caller = site.stranger();
    const asked = await askToSignIn(caller, { scope: "people" });
    const pending = await redeem(caller, asked, { awayFrom: asked });
    let soon = await redeem(caller, asked, { awayFrom: pending });
    // Between two polls a busy machine may need as long as the interval.
    for (let more = 20; soon.outcome === "authorization_pending" && more > 0; more -= 1) {
      soon = await redeem(caller, asked, { awayFrom: soon });
    }
    expect([pending.outcome, soon.outcome]).toEqual(["authorization_pending", "slow_down"]);
    expect((await ada.decide(askedOf(asked), "Approve")).heading).toBe("The terminal is signed in");

    const tokens = await redeem(caller, asked, { awayFrom: soon });
    const again = await redeem(caller, asked, { awayFrom: tokens });
    expect(tokens.body["refresh_token"]).toBeDefined();
    expect(again.body["refresh_token"]).toBe(tokens.body["refresh_token"]);
    const stranger = await redeem(site.stranger(), asked, { awayFrom: tokens });
    expect(stranger.outcome).toBe("invalid_grant");
  });

  test("a refresh token is renewed here, its lost successor given there, and one used too late ends the session", async () => {
    const { ada } = world();
    const { caller, refreshToken, get } = await ada.signIn("people");
    const first = await refresh(caller, refreshToken);
    const lost = await refresh(caller, refreshToken, { awayFrom: first });
    expect(lost.body["refresh_token"]).toBe(first.body["refresh_token"]);
    const second = await refresh(caller, textOf(lost.body, "refresh_token"), { awayFrom: lost });
    expect(second.outcome).toBe("ok");
    const third = await refresh(caller, textOf(second.body, "refresh_token"), { awayFrom: second });
    expect(third.outcome).toBe("ok");

    const reused = await refresh(caller, refreshToken, { awayFrom: third });
    expect(reused.outcome).toBe("invalid_grant");
    expect(await get("/v1/me", { awayFrom: reused })).toMatchObject({ status: 401, outcome: "session_ended" });
  });

  test("somebody else's key gets nothing for a stolen refresh token or access token", async () => {
    const { site, ada } = world();
    const { caller, refreshToken, accessToken } = await ada.signIn("people");
    const thief = site.stranger();
    expect((await refresh(thief, refreshToken)).outcome).toBe("invalid_grant");
    const read = { method: "GET", path: "/v1/me", token: accessToken } as const;
    expect((await thief.send(read)).outcome).toBe("dpop_proof_invalid");
    expect((await caller.send({ ...read, proof: null })).outcome).toBe("dpop_proof_invalid");
    expect((await refresh(caller, refreshToken)).outcome).toBe("ok");
  });

  test("who denies, or gives a third wrong number, sends the terminal away", async () => {
    const { site, ada } = world();
    const caller = site.stranger();
    const denied = await askToSignIn(caller);
    await ada.decide(askedOf(denied), "Deny");
    expect((await redeem(caller, denied, { awayFrom: denied })).outcome).toBe("access_denied");

    const guessed = await askToSignIn(caller);
    const { userCode, number } = askedOf(guessed);
    const wrong = { userCode, number: number === "00" ? "01" : "00" };
    for (const expected of [422, 422]) expect((await ada.decide(wrong, "Approve")).status).toBe(expected);
    await ada.decide(wrong, "Approve");
    expect((await redeem(caller, guessed, { awayFrom: guessed })).outcome).toBe("access_denied");
  });

  test("a terminal on another's node needs that organization's code", async () => {
    const { site, ada, newId } = world();
    const id = newId("hinted");
    await ada.terminal.post("/v1/orgs", newOrg(site, id).create);
    const code = await ada.terminal.get(`/v1/orgs/${id}/binding-code`);
    const carol = await createPerson(site, "carol");
    const caller = site.stranger(carol.address);
    const asked = await askToSignIn(caller, { scope: "people", org_hint: id });

    const refused = await carol.decide(askedOf(asked), "Approve", { binding_code: "BCDF-GHJK-LMNP-W" });
    expect(refused.wrong("binding_code")).toContain("not valid");
    const typed = textOf(code.body, "binding_code").toLowerCase().replaceAll("-", " ");
    await carol.decide(askedOf(asked), "Approve", { binding_code: typed });
    const terminal = createTerminal(caller, await redeem(caller, asked));
    expect((await terminal.get(`/v1/orgs/${id}`)).body).toMatchObject({ role: "member", members: 2 });
  });

  test("sessions are listed here and ended there, and a revoked token is dead everywhere", async () => {
    const { ada } = world();
    const second = await ada.signIn("people");
    const listed = await second.get("/v1/me/sessions");
    const items = listed.body["items"] as readonly { id: string; kind: string; current: boolean }[];
    expect(new Set(items.map(({ kind }) => kind))).toEqual(new Set(["terminal", "browser"]));
    const current = items.find((session) => session.current)?.id ?? "";
    const ended = await ada.terminal.remove(`/v1/me/sessions/${current}`, { awayFrom: listed });
    expect(ended.status).toBe(204);
    expect((await second.get("/v1/me", { awayFrom: ended })).outcome).toBe("session_ended");
    expect((await refresh(second.caller, second.refreshToken, { awayFrom: ended })).outcome).toBe("invalid_grant");

    const third = await ada.signIn("people");
    const form = { token: third.refreshToken };
    const revoked = await third.caller.send({ method: "POST", path: "/oauth/revoke", form, proof: null });
    expect(revoked.status).toBe(200);
    expect((await third.get("/v1/me", { awayFrom: revoked })).outcome).toBe("session_ended");
  });

  test("a page's form is sent to the other replica, and the session it opens holds on both", async () => {
    const { site, ada } = world();
    const browser = createPageClient(site.url, { headers: { "x-forwarded-for": ada.address } });
    const asked = await browser.get("/sign-in");
    const home = await browser.submit(asked.form("/sign-in"), {
      login: "ada",
      password: "correct horse battery staple",
    });
    expect(home.heading).toBe("Hello, Person ada");
    // Three requests: form, answer to it, home. So the form was answered by the other one.
    expect(home.headers.get(replicaHeader)).toBe(asked.headers.get(replicaHeader));
    const seen = new Set<string | null>();
    for (let visit = 0; visit < 2; visit += 1) {
      const page = await browser.get("/");
      expect(page.path).toBe("/");
      seen.add(page.headers.get(replicaHeader));
    }
    expect(seen.size).toBe(site.controls.length);

    const sessions = await ada.terminal.get("/v1/me/sessions");
    const browsers = (sessions.body["items"] as readonly { id: string; kind: string }[]).filter(
      ({ kind }) => kind === "browser",
    );
    // The most recently used one: this one.
    await ada.terminal.remove(`/v1/me/sessions/${browsers[0]?.id ?? ""}`);
    for (let visit = 0; visit < 2; visit += 1) expect((await browser.get("/")).path).toBe("/sign-in");
    expect((await ada.browser.get("/")).path).toBe("/");
  });
}
