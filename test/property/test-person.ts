// Owns a person's terminal: signed in by the device grant of `jitnode-cli`, decided in that person's browser, and the
// people's API with its idempotency keys. A change is repeated with its own key until there is an answer.
import { randomUUID } from "node:crypto";
import type { Delivery } from "./commands.js";
import { createDpopClient, type DpopClient } from "./dpop-client.js";
import { createKey } from "./signing.js";
import { fields, LostAnswer, outcomeOf, textOf, type Answer, type Outgoing, type Wire } from "./wire.js";

/** A change, ready to be sent, also once more. */
export type Change = {
  readonly method: "POST" | "DELETE";
  readonly path: string;
  readonly body?: string;
  /** POST only: what makes a repetition one. */
  readonly key?: string;
};

export const post = (path: string, body: unknown): Change => ({
  method: "POST",
  path,
  body: JSON.stringify(body),
  key: randomUUID(),
});
export const remove = (path: string): Change => ({ method: "DELETE", path });

export type Terminal = {
  readonly sessionKey: string;
  get(path: string): Promise<Answer>;
  /** The access token in the hands of a thief: with a key of their own, and with a proof that only names the right one. */
  getStolen(path: string): Promise<readonly Answer[]>;
  /** Sends the change until an answer comes, losing the first one if the delivery says so. */
  change(change: Change, delivery?: Delivery): Promise<Answer>;
};

export type SignIn = {
  readonly wire: Wire;
  readonly issuer: string;
  readonly address: string;
  readonly scope?: "people" | "activate";
  readonly orgHint?: string;
  /** Decides the request in a browser; false when the page did not let the person go on. */
  approve(request: { readonly path: string; readonly number: string }): Promise<boolean>;
};

const pause = (milliseconds: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, milliseconds));

/** How long a control plane that is being restarted may be away. */
const patience = 20_000;

async function redeem(client: DpopClient, deviceCode: string): Promise<string> {
  const deadline = performance.now() + patience;
  for (;;) {
    const answer = await client.form("/oauth/token", {
      grant_type: "urn:ietf:params:oauth:grant-type:device_code",
      client_id: "jitnode-cli",
      device_code: deviceCode,
    });
    const outcome = outcomeOf(answer);
    if (outcome === "ok") return textOf(fields(answer), "access_token");
    if (outcome !== "slow_down" || performance.now() > deadline) throw new Error(`redeeming: ${answer.text}`);
    await pause(1_100);
  }
}

/** A new session; undefined when the page refused it. */
export async function signIn(options: SignIn): Promise<Terminal | undefined> {
  const { wire, issuer, address } = options;
  const client = createDpopClient({ wire, issuer, address, key: createKey() });
  const asked = await client.form("/oauth/device_authorization", {
    client_id: "jitnode-cli",
    scope: options.scope ?? "people",
    org_hint: options.orgHint,
  });
  if (outcomeOf(asked) !== "ok") throw new Error(`a terminal could not ask for a sign-in: ${asked.text}`);
  const given = fields(asked);
  const link = new URL(textOf(given, "verification_uri_complete"));
  if (!(await options.approve({ path: link.pathname + link.search, number: textOf(given, "number") })))
    return undefined;
  const accessToken = await redeem(client, textOf(given, "device_code"));

  const send = (outgoing: Outgoing): Promise<Answer> => client.send({ ...outgoing, accessToken });
  const once = ({ method, path, body, key }: Change, fate: Outgoing["fate"]): Promise<Answer> =>
    send({
      method,
      path,
      ...(body === undefined ? {} : { body }),
      ...(fate === undefined ? {} : { fate }),
      headers: {
        ...(body === undefined ? {} : { "content-type": "application/json" }),
        ...(key === undefined ? {} : { "idempotency-key": key }),
      },
    });

  return {
    sessionKey: client.key.thumbprint,
    get: (path) => send({ method: "GET", path }),
    getStolen: (path) => {
      const own = createKey();
      return Promise.all(
        [own, { ...own, jwk: client.key.jwk }].map((key) =>
          createDpopClient({ wire, issuer, address, key }).send({ method: "GET", path, accessToken }),
        ),
      );
    },
    async change(change, delivery = "answered") {
      if (delivery === "lost") await once(change, "answered").catch(ifLost);
      if (delivery === "cut") await once(change, "cut").catch(ifLost);
      const deadline = performance.now() + patience;
      for (;;) {
        const answer = await once(change, "answered").catch(ifLost);
        const wait = answer === undefined || ["request_in_progress", "unavailable"].includes(outcomeOf(answer));
        if (answer !== undefined && !wait) return answer;
        if (performance.now() > deadline) throw new Error(`no answer to ${change.method} ${change.path}`);
        await pause(100);
      }
    },
  };
}

function ifLost(failure: unknown): undefined {
  if (!(failure instanceof LostAnswer)) throw failure;
}
