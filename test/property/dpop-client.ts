// Owns one DPoP key's conversation with a control plane: proofs, and the nonce that the server hands out (RFC 9449
// section 8). Both the test's people and its nodes speak through one of these.
import { proofOf, type Key } from "./signing.js";
import { fields, outcomeOf, type Answer, type Outgoing, type Wire } from "./wire.js";

export type DpopClient = {
  readonly key: Key;
  /** With a proof; asked for a nonce, it repeats the request once with it. */
  send(outgoing: Outgoing & { readonly accessToken?: string }): Promise<Answer>;
  /** POST of a form to an OAuth endpoint. */
  form(path: string, values: Readonly<Record<string, string | undefined>>): Promise<Answer>;
};

export type DpopClientOptions = {
  readonly wire: Wire;
  readonly issuer: string;
  readonly key: Key;
  /** What X-Forwarded-For says: limits count by address, and each client has its own. */
  readonly address: string;
};

export function createDpopClient({ wire, issuer, key, address }: DpopClientOptions): DpopClient {
  let nonce: string | undefined;

  const once = async ({ accessToken, ...outgoing }: Outgoing & { accessToken?: string }): Promise<Answer> => {
    const url = issuer + outgoing.path;
    const answer = await wire.send({
      ...outgoing,
      headers: {
        ...outgoing.headers,
        "x-forwarded-for": address,
        dpop: proofOf(key, { method: outgoing.method, url, nonce, accessToken }),
        ...(accessToken === undefined ? {} : { authorization: `DPoP ${accessToken}` }),
      },
    });
    const given = answer.headers["dpop-nonce"];
    if (typeof given === "string") nonce = given;
    return answer;
  };

  const asksForNonce = (answer: Answer): boolean =>
    [400, 401].includes(answer.status) &&
    (outcomeOf(answer).includes("nonce") ||
      fields(answer)["error"] === "use_dpop_nonce" ||
      String(answer.headers["www-authenticate"] ?? "").includes("use_dpop_nonce"));

  const send: DpopClient["send"] = async (outgoing) => {
    const answer = await once(outgoing);
    return asksForNonce(answer) ? await once(outgoing) : answer;
  };

  return {
    key,
    send,
    form: (path, values) => {
      const given = Object.entries(values).filter((entry): entry is [string, string] => entry[1] !== undefined);
      return send({
        method: "POST",
        path,
        headers: { "content-type": "application/x-www-form-urlencoded" },
        body: new URLSearchParams(given).toString(),
      });
    },
  };
}
