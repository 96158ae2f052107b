// Signs a person in by the device grant of jitnode-cli: shows link, code and number, and waits. Nothing is left behind
// when it is broken off: the device code, or the session that came of it, is revoked.

import type { ControlTransport } from "../client/control-transport.js";
import { pollDevice, requestDevice, revokeToken } from "../client/device-flow.js";
import { asStoredSession } from "../client/sessions.js";
import type { Session } from "../client/sessions.js";
import type { StoredSession } from "../client/session-store.js";
import { generateKeyPair } from "../identity/keys.js";
import { toDate } from "../platform/clock.js";
import { JitnodeError } from "../protocol/errors.js";
import type { DeviceAuthorizationAnswer, TokenAnswer } from "../protocol/oauth.js";
import { me, type Me } from "../protocol/people.js";
import { clients, type PeopleScope } from "../protocol/versions.js";
import type { Context } from "./context.js";
import { createSessionOf, createTransport } from "./control-plane.js";
import { line } from "./output/line.js";
import { describeOutage, sentenceOf, showWaiting } from "./output/waiting.js";
import { showRequest, type ShownRequest } from "./show-request.js";

export interface SignInOptions {
  readonly issuer: string;
  readonly scope: PeopleScope;
  /** The organization of this node, for the first sign-in on a bound one. */
  readonly orgHint?: string | undefined;
  /** Brings link, code and number to whoever signs in; if not given, shows them on stderr, and that it waits. */
  readonly show?: (request: ShownRequest) => Promise<void>;
  /** Asked before each poll: what it throws ends the waiting. */
  readonly assertNeeded?: () => Promise<void>;
}

export interface SignedIn {
  readonly me: Me;
  /** Not on disk yet. */
  readonly stored: StoredSession;
  readonly session: Session;
}

/** Milliseconds for what is tidied up after Ctrl-C. */
export const tidyTime = 2_000;
const failurePause = 10;

export async function signIn(context: Context, options: SignInOptions): Promise<SignedIn> {
  if (!context.mayAsk && options.show === undefined) {
    throw new JitnodeError("sign_in_needed", {
      message: line`You are not signed in at ${options.issuer}.`,
      hint: "Run `jitnode login` at a terminal, without --no-input: a person must open a link.",
    });
  }
  const key = generateKeyPair();
  const transport = await createTransport(context, options.issuer, key);
  const request = await requestSignIn(context, transport, options);
  const show = options.show ?? ((shown: ShownRequest) => showRequest(context, shown));
  await show({
    title: line`To sign in at ${new URL(options.issuer).host}, open this link and compare the code:`,
    link: request.verification_uri_complete ?? request.verification_uri,
    userCode: request.user_code,
    number: request.number,
  });
  const token = await waitForGrant(context, transport, request, options);
  try {
    const who = await readMe(context, transport, token.access_token);
    const stored = asStoredSession(token, {
      key,
      now: context.clock.now(),
      account: who.account,
      scope: options.scope,
    });
    if (stored === undefined) throw new JitnodeError("control_plane_unexpected");
    return { me: who, stored, session: await createSessionOf(context, options.issuer, stored, false) };
  } catch (error) {
    if (token.refresh_token !== undefined) await tidy(transport, token.refresh_token, "refresh_token");
    throw error;
  }
}

async function requestSignIn(
  context: Context,
  transport: ControlTransport,
  { scope, orgHint }: SignInOptions,
): Promise<DeviceAuthorizationAnswer> {
  const details = { ...(orgHint === undefined ? {} : { org_hint: orgHint }) };
  const answer = await requestDevice(transport, { clientId: clients.cli, scope, details }, { signal: context.signal });
  if (answer.kind === "requested") return answer.request;
  throw answer.kind === "failure" ? answer.error : refused(answer.error);
}

/** RFC 8628 section 3.4: polls until a person decided, or the code has expired. */
async function waitForGrant(
  context: Context,
  transport: ControlTransport,
  request: DeviceAuthorizationAnswer,
  { show, assertNeeded }: SignInOptions,
): Promise<TokenAnswer> {
  const { clock, signal, output } = context;
  const deadline = clock.now() + request.expires_in * 1000;
  let interval = request.interval ?? 5;
  const waiting = show === undefined ? await showWaiting(output, line`Waiting for you to sign in…`) : undefined;
  let awaySince: number | undefined;
  try {
    for (;;) {
      await clock.sleep(interval * 1000, signal);
      if (signal.aborted) throw new JitnodeError("interrupted");
      await assertNeeded?.();
      const answer = await pollDevice(
        transport,
        { clientId: clients.cli, deviceCode: request.device_code, interval },
        { signal },
      );
      if (answer.kind !== "failure") {
        waiting?.well(awaySince !== undefined);
        awaySince = undefined;
      }
      switch (answer.kind) {
        case "grant":
          return answer.token;
        case "pending":
        case "slow_down":
          interval = answer.interval;
          break;
        case "failure":
          if (answer.error.code === "interrupted") throw answer.error;
          // A certificate or another server does not mend itself; an outage may, until the code expires.
          if (answer.error.code !== "control_plane_unreachable" && answer.error.code !== "control_plane_error") {
            throw answer.error;
          }
          awaySince ??= clock.now();
          waiting?.trouble(describeOutage(toDate(awaySince), sentenceOf(answer.error), line`It is tried again.`));
          interval = Math.min(Math.max(interval * 2, 1), failurePause);
          break;
        case "denied":
          throw new JitnodeError("activation_denied", {
            message: "The sign-in was denied.",
            hint: "Run the command again if that was a mistake.",
          });
        case "expired":
          throw expired();
        case "refused":
          throw refused(answer.error);
      }
      if (clock.now() >= deadline) throw expired();
    }
  } catch (error) {
    await tidy(transport, request.device_code, "device_code");
    throw error;
  } finally {
    waiting?.stop();
  }
}

async function readMe(context: Context, transport: ControlTransport, accessToken: string): Promise<Me> {
  for (let attempt = 1; ; attempt += 1) {
    const answer = await transport.api("GET", "/v1/me", { schema: me, accessToken, signal: context.signal });
    if (answer.kind === "ok") return answer.body;
    if (answer.kind === "problem" || answer.error.code === "interrupted" || attempt === 4) throw answer.error;
    await context.clock.sleep(attempt * 300, context.signal);
  }
}

async function tidy(transport: ControlTransport, token: string, hint: "device_code" | "refresh_token"): Promise<void> {
  await revokeToken(transport, { clientId: clients.cli, token, hint }, { timeout: tidyTime });
}

const expired = (): JitnodeError =>
  new JitnodeError("activation_expired", {
    message: "The code for signing in has expired.",
    hint: "Run the command again for a new one.",
  });

const refused = (reason: string): JitnodeError =>
  new JitnodeError("control_plane_error", { message: line`The control plane refused the sign-in (${reason}).` });
