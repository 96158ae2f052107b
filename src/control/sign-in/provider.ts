// What every sign-in provider is to the rest of the control plane: a way there, a way back, and a check for the operator.
// A provider says who somebody is and decides nothing about accounts; it keeps no token.

import type { ProviderType, SignInSettings } from "../../config/sign-ins.js";
import type { Clock } from "../../platform/clock.js";
import type { Html } from "../web/html.js";
import type { ProviderHttp } from "./http.js";

/** What one sign-in carries from its start to its callback. All but the redirect URI are of this sign-in alone. */
export interface Journey {
  readonly state: string;
  readonly nonce: string;
  /** PKCE (RFC 7636), for those providers that have it. */
  readonly verifier: string;
  readonly redirectUri: string;
}

/** `subject` never changes for a person; the rest may be anything, and only ever is shown. */
export interface ProvenPerson {
  readonly subject: string;
  /** What a new account is called, where it can be a name. */
  readonly name: string | undefined;
  /** By which its owner recognizes it: an address, a login. */
  readonly display: string | undefined;
}

/** One thing that was looked at. */
export interface Finding {
  readonly kind: "right" | "wrong" | "unknown";
  readonly text: string;
  /** Where to mend it. */
  readonly advice?: string;
}

export interface SignInProvider {
  /** Of everybody it proves, and part of their keys: set otherwise than before, it is another provider. */
  readonly issuer: string;
  /** Throws `sign_in_provider_unreachable` and `sign_in_provider_failed`. */
  authorizationUrl(journey: Journey): Promise<string>;
  /** Of the callback's query. Throws also `sign_in_declined` and `sign_in_not_permitted`. */
  identify(callback: URLSearchParams, journey: Journey): Promise<ProvenPerson>;
  /** Signs nobody in: settings, reachability, and what else can be seen without a person. */
  check(redirectUri: string): Promise<readonly Finding[]>;
}

export interface ProviderDeps {
  readonly http: ProviderHttp;
  readonly clock: Clock;
}

/** What a folder of providers exports as `kind`. */
export interface ProviderKind {
  /** What its button says unless `_LABEL` does. */
  label(settings: SignInSettings): string;
  /** Beside the label; decoration. */
  readonly mark: Html;
  create(settings: SignInSettings, deps: ProviderDeps): SignInProvider;
}

export type { ProviderType, SignInSettings };
