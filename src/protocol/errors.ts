// The one registry of errors: code → HTTP status, exit code, what happened, what to do.
// Codes are a contract: they are never renamed and never given another meaning. Texts hold no secret and no
// other organization's name; what only the log may know goes into JitnodeError's `cause` or `log` fields.

import type { DecisionRefusal } from "../domain/activation.js";
import type { OrganizationIdRefusal } from "../domain/ids.js";
import type { AccessRefusal } from "../domain/membership.js";
import { exitCodes, type ExitCode } from "./exit-codes.js";

export interface ErrorEntry {
  /** HTTP status where the error travels over HTTP. */
  readonly status: number;
  readonly exit: ExitCode;
  /** One sentence: what happened. */
  readonly message: string;
  /** One sentence: what to do. */
  readonly hint: string;
}

type ReasonOfDomain = DecisionRefusal | OrganizationIdRefusal | AccessRefusal | "last_administrator";

const { failed, usage, notActivated, signInNeeded, notPermitted, conflict, unreachable, timedOut, unbound } = exitCodes;

const entry = (status: number, exit: ExitCode, message: string, hint: string): ErrorEntry => ({
  status,
  exit,
  message,
  hint,
});

const entries = {
  // Requests in general
  invalid_request: entry(
    400,
    usage,
    "The request is not of the expected form.",
    "Correct what the detail names and send it again.",
  ),
  not_found: entry(
    404,
    failed,
    "There is nothing at this address.",
    "Check the address, or the versions of client and server.",
  ),
  method_not_allowed: entry(
    405,
    failed,
    "This address does not take that method.",
    "Check the versions of client and server.",
  ),
  body_too_large: entry(413, failed, "The request is larger than what is accepted.", "Send less than 64 KiB."),
  headers_too_large: entry(
    431,
    failed,
    "The headers of the request are larger than what is accepted.",
    "Send less than 16 KiB of them.",
  ),
  unsupported_media_type: entry(
    415,
    failed,
    "The body is of a type that is not accepted here.",
    "Send JSON to the API and forms to the OAuth endpoints.",
  ),
  internal_error: entry(
    500,
    failed,
    "Something failed inside the server.",
    "Try again; if it lasts, look for the request id in the server's log.",
  ),
  unavailable: entry(503, unreachable, "The service cannot answer at the moment.", "Try again in a few seconds."),
  rate_limited: entry(
    429,
    timedOut,
    "There were too many attempts.",
    "Wait for the time that is given, then try again.",
  ),
  idempotency_key_required: entry(
    400,
    usage,
    "The request changes something and has no Idempotency-Key.",
    "Send an Idempotency-Key of 16 to 128 characters, the same one for each repeat.",
  ),
  idempotency_key_reused: entry(
    422,
    conflict,
    "This Idempotency-Key was used for another request.",
    "Use a new key for a new request.",
  ),
  request_in_progress: entry(
    409,
    timedOut,
    "The same request is being worked on already.",
    "Wait a moment and repeat it with the same Idempotency-Key.",
  ),

  // Who is asking
  sign_in_needed: entry(401, signInNeeded, "You are not signed in.", "Run `jitnode login`."),
  session_ended: entry(401, signInNeeded, "Your session has ended or was revoked.", "Run `jitnode login` again."),
  dpop_proof_invalid: entry(
    401,
    failed,
    "The proof of possession that came with the request is not valid.",
    "Check that nothing between client and server changes requests, and that the server's public URL is right.",
  ),
  dpop_nonce_required: entry(
    401,
    failed,
    "The server wants a fresh nonce in the proof.",
    "Repeat the request with the nonce of the DPoP-Nonce header.",
  ),
  scope_insufficient: entry(
    403,
    notPermitted,
    "This session may not do that.",
    "Run `jitnode login` for a session that may.",
  ),
  account_disabled: entry(
    403,
    notPermitted,
    "This account is disabled.",
    "Ask whoever runs the control plane to enable it.",
  ),
  node_unknown: entry(
    401,
    failed,
    "The control plane does not know this node's key.",
    "Activate the node, or check that it talks to the right control plane.",
  ),

  // Activation
  activation_unknown: entry(
    404,
    failed,
    "There is no activation with this code.",
    "Compare the code with the one the node or terminal shows; codes live ten minutes.",
  ),
  activation_expired: entry(
    410,
    timedOut,
    "This activation has expired.",
    "Start a new one with `jitnode activate` on the node.",
  ),
  activation_decided: entry(
    409,
    conflict,
    "This activation was approved or denied already.",
    "Look at `jitnode status` on the node.",
  ),
  activation_denied: entry(
    403,
    notPermitted,
    "The activation was denied.",
    "Start a new one with `jitnode activate` if that was a mistake.",
  ),
  activation_cancelled: entry(
    409,
    conflict,
    "The activation was cancelled.",
    "Start a new one with `jitnode activate`.",
  ),
  number_wrong: entry(
    422,
    usage,
    "The number is not the one the node shows.",
    "Compare it with the node's own output; the third wrong number denies the activation.",
  ),
  node_mismatch: entry(
    409,
    conflict,
    "The activation belongs to another node key than the one expected.",
    "Stop: check which node shows this code, and start again on that node.",
  ),
  node_already_bound: entry(
    409,
    conflict,
    "The node is bound already.",
    "Its organization's administrator or its operator must unbind it first.",
  ),
  org_id_taken: entry(409, conflict, "This organization ID is taken.", "Choose another one."),
  org_id_invalid: entry(
    422,
    usage,
    "This is not an organization ID.",
    "Use 3 to 40 lower-case letters, digits and dashes; begin with a letter, end with a letter or digit.",
  ),
  org_id_reserved: entry(422, usage, "This organization ID is reserved.", "Choose another one."),
  org_name_invalid: entry(
    422,
    usage,
    "This cannot be an organization's name.",
    "Use 1 to 80 characters without control or text-direction characters.",
  ),
  org_creation_not_allowed: entry(
    403,
    notPermitted,
    "This account may not create organizations here.",
    "Ask for a binding code of an existing organization, or for an invitation by whoever runs the control plane.",
  ),
  org_not_found: entry(404, failed, "There is no such organization for you.", "See yours with `jitnode org list`."),
  org_mismatch: entry(
    409,
    conflict,
    "The node accepts another organization only.",
    "Choose the organization that JITNODE_ORG names on the node.",
  ),
  binding_code_invalid: entry(
    422,
    notPermitted,
    "This binding code is not valid.",
    "Ask a member for the current code; it changes with every refresh.",
  ),
  agreement_required: entry(
    422,
    usage,
    "Creating an organization needs consent to the current agreement.",
    "Read it, then accept its current version.",
  ),

  // Organizations
  administrator_required: entry(
    403,
    notPermitted,
    "Only an administrator of the organization may do that.",
    "Ask one of its administrators; `jitnode org members` lists them.",
  ),
  last_administrator: entry(
    409,
    conflict,
    "The organization would be left without an administrator.",
    "An organization keeps at least one administrator.",
  ),
  membership_required: entry(
    403,
    notPermitted,
    "You are not a member of this node's organization.",
    "Ask a member for the organization's binding code and sign in again.",
  ),
  node_not_found: entry(
    404,
    failed,
    "There is no such node in this organization.",
    "See its nodes with `jitnode org nodes`.",
  ),
  node_ambiguous: entry(409, usage, "More than one node has this name.", "Use the node's ID, which begins with JN_."),
  org_choice_needed: entry(
    400,
    usage,
    "It is not clear which organization is meant.",
    "Name it with --org or JITNODE_ORG.",
  ),

  // Daemon
  already_bound: entry(
    409,
    conflict,
    "This node is bound already.",
    "See `jitnode status`; unbind it first if it shall belong to another organization.",
  ),
  not_bound: entry(409, notActivated, "This node is not bound to an organization.", "Run `jitnode activate`."),
  no_activation: entry(404, notActivated, "No activation is under way.", "Run `jitnode activate`."),
  server_required: entry(
    422,
    usage,
    "The node does not know a control plane.",
    "Set JITNODE_SERVER, or use --server URL.",
  ),
  server_mismatch: entry(
    409,
    conflict,
    "An activation against another control plane is under way.",
    "Cancel it first, or use the control plane it was started for.",
  ),
  server_invalid: entry(
    422,
    usage,
    "This is not the URL of a control plane.",
    "Use https://HOST[:PORT]; http:// only for loopback, or with JITNODE_ALLOW_HTTP=1.",
  ),
  release_pending: entry(
    409,
    conflict,
    "An earlier unbind is not yet confirmed by that control plane.",
    "Wait until it can be reached; `jitnode status` shows when it is done.",
  ),
  daemon_unreachable: entry(
    503,
    unreachable,
    "The daemon does not answer on its socket.",
    "Start jitnoded, or check JITNODE_SOCKET.",
  ),
  socket_forbidden: entry(
    403,
    notPermitted,
    "You may not use the daemon's socket.",
    "Run as root, as the daemon's user, or as a member of its group.",
  ),
  already_running: entry(
    409,
    conflict,
    "Another daemon runs on this state directory.",
    "Stop it first, or set another JITNODE_STATE_DIR.",
  ),
  state_not_writable: entry(
    503,
    failed,
    "The state directory cannot be written.",
    "Give it to the daemon's user and check that the disk is neither full nor read-only.",
  ),
  state_corrupt: entry(
    500,
    failed,
    "The node's state cannot be read.",
    "Restore the state directory from a backup; it is never replaced by itself.",
  ),
  node_key_invalid: entry(
    500,
    failed,
    "The node's key file is damaged.",
    "Restore node.key from a backup; it is never replaced by itself, since a new key is a new node.",
  ),
  node_key_exposed: entry(
    500,
    failed,
    "The node's key file can be read by others.",
    "Run chmod 600 on node.key; if it may have been copied, unbind the node and start with a fresh state directory.",
  ),
  socket_path_too_long: entry(
    500,
    failed,
    "The path of the socket is longer than the 107 bytes a Unix socket allows.",
    "Set JITNODE_SOCKET to a shorter path.",
  ),

  // Control plane as seen by its clients
  control_plane_unreachable: entry(
    502,
    unreachable,
    "The control plane cannot be reached.",
    "Check the URL, the network and that it runs.",
  ),
  control_plane_certificate: entry(
    502,
    unreachable,
    "The control plane's certificate is not trusted.",
    "Set JITNODE_SERVER_CA_FILE to the issuing authority's certificate, or mend the certificate.",
  ),
  control_plane_unexpected: entry(
    502,
    unreachable,
    "Something answered that is not a control plane.",
    "Check the URL and any proxy in between.",
  ),
  control_plane_mismatch: entry(
    502,
    conflict,
    "The control plane calls itself by another URL than the one asked.",
    "Use its public URL, or set JITNODE_CONTROL_PUBLIC_URL on it.",
  ),
  control_plane_error: entry(
    502,
    unreachable,
    "The control plane failed to answer.",
    "Try again; if it lasts, look at its log.",
  ),

  // Command line
  usage: entry(400, usage, "The command was not understood.", "See --help."),
  input_needed: entry(
    400,
    usage,
    "The command needs an answer and may not ask.",
    "Give it as a flag, or run it at a terminal without --no-input.",
  ),
  confirmation_needed: entry(
    400,
    usage,
    "The command destroys something and was not confirmed.",
    "Repeat it with --yes.",
  ),
  timed_out: entry(
    408,
    timedOut,
    "The time given ran out.",
    "Look at `jitnode status`, or wait longer with --timeout.",
  ),
  unbound_while_waiting: entry(
    409,
    unbound,
    "The node was unbound while waiting.",
    "See `jitnode status` for when and by whom.",
  ),
  interrupted: entry(499, exitCodes.interrupted, "Interrupted.", "Run the command again to go on."),
  output_not_writable: entry(
    500,
    failed,
    "The output could not be written.",
    "Check that the disk it goes to is not full; what the command was to do may have been done.",
  ),
  folder_not_writable: entry(
    500,
    failed,
    "The folder cannot be written.",
    "Start in a folder that you may write, and check that the disk is neither full nor read-only.",
  ),
  session_busy: entry(409, timedOut, "Another command is renewing the session.", "Try again."),

  // Settings and the control plane's own commands
  setting_invalid: entry(500, usage, "A setting is not valid.", "Correct it; the detail names it."),
  secret_file_unreadable: entry(
    500,
    usage,
    "A file that holds a secret cannot be read.",
    "Check its path and permissions.",
  ),
  key_mismatch: entry(
    500,
    failed,
    "The key file is not the one this database was made with.",
    "Put the right key file in place (JITNODE_CONTROL_KEY_FILE).",
  ),
  schema_newer: entry(500, failed, "The database was made by a newer version.", "Run that version or a later one."),
  schema_older: entry(
    500,
    failed,
    "The database was made by an older version.",
    "Start the control plane, or run `jitnode-control migrate`.",
  ),
  database_missing: entry(
    500,
    failed,
    "There is no database of a control plane here yet.",
    "Make it with `jitnode-control serve` or `jitnode-control migrate`, or check JITNODE_CONTROL_DATA_DIR and JITNODE_CONTROL_DATABASE_URL.",
  ),
  control_plane_running: entry(
    409,
    conflict,
    "A control plane is running on this database.",
    "Stop every replica first; one that was killed counts as running for a minute and a half.",
  ),
  migration_failed: entry(
    500,
    failed,
    "The database could not be brought to this version.",
    "Nothing was changed; see the detail.",
  ),
  backup_exists: entry(
    409,
    conflict,
    "There is a file of this name already.",
    "Choose another name; a backup never replaces a file.",
  ),
  backup_not_written: entry(
    500,
    failed,
    "The backup cannot be written.",
    "Check that its folder exists, belongs to the control plane's user and has room.",
  ),
  backup_invalid: entry(
    422,
    failed,
    "This is no backup of a control plane, or it is damaged.",
    "Take another one; nothing was changed.",
  ),
  backup_by_database: entry(
    422,
    usage,
    "The database is a PostgreSQL, which has its own tools for backup and restore.",
    "Use pg_dump and pg_restore, as the guide on backups shows (docs/guides/backup.md).",
  ),
  address_in_use: entry(
    500,
    failed,
    "The listen address is in use.",
    "Stop the other program, or set another address.",
  ),
  account_not_found: entry(404, failed, "There is no such account.", "See `jitnode-control account list`."),
  account_exists: entry(
    409,
    conflict,
    "There is an account with this name already.",
    "Choose another name, or reset that account's link.",
  ),
  set_up_done: entry(
    409,
    conflict,
    "The control plane is set up already.",
    "Invite further people with `jitnode-control invite`.",
  ),
  set_up_needed: entry(
    409,
    conflict,
    "The control plane has no account yet.",
    "Make the first one with the link of `jitnode-control setup-link`.",
  ),
  link_invalid: entry(410, failed, "This link is not valid, or was used, or has expired.", "Ask for a new one."),
  sign_in_failed: entry(
    401,
    signInNeeded,
    "The name or the password is wrong.",
    "Try again; whoever runs the control plane can make a reset link.",
  ),
  sign_up_not_allowed: entry(
    403,
    notPermitted,
    "New accounts need an invitation or a binding code here.",
    "Ask a member of your organization for its binding code.",
  ),
  sign_in_provider_unknown: entry(
    404,
    failed,
    "There is no sign-in of this name here.",
    "Go back to the sign-in page and choose one that it shows.",
  ),
  sign_in_provider_unreachable: entry(
    502,
    unreachable,
    "The sign-in provider does not answer at the moment.",
    "Try again in a minute, or sign in another way.",
  ),
  sign_in_provider_failed: entry(
    502,
    failed,
    "The sign-in provider's answer cannot be accepted.",
    "Try again; if it lasts, whoever runs this control plane finds the reason in its log, and what is set wrongly with `jitnode-control sign-in check`.",
  ),
  sign_in_attempt_invalid: entry(
    400,
    failed,
    "This sign-in was not started in this browser, has expired, or was used already.",
    "Start again on the sign-in page.",
  ),
  sign_in_declined: entry(
    403,
    notPermitted,
    "The sign-in was declined at the provider.",
    "Start again on the sign-in page, or sign in another way.",
  ),
  sign_in_not_permitted: entry(
    403,
    notPermitted,
    "This account of the provider is not admitted here.",
    "Sign in with the account of your company or school, or ask whoever runs this control plane.",
  ),
  identity_linked_elsewhere: entry(
    409,
    conflict,
    "This way of signing in belongs to another account here.",
    "Unlink it there first, or sign in with it instead.",
  ),
  identity_not_found: entry(404, failed, "There is no such way of signing in.", "Reload the page of your account."),
  last_sign_in: entry(409, conflict, "This is the only way into the account.", "Link another one first."),
  sign_in_name_taken: entry(
    409,
    conflict,
    "Some of these people have a way of signing in under the new name already.",
    "Choose another name; nothing was changed.",
  ),
  login_name_invalid: entry(
    422,
    usage,
    "This cannot be a sign-in name.",
    "Use 2 to 64 lower-case letters, digits, dots, dashes, underscores or @.",
  ),
  name_invalid: entry(
    422,
    usage,
    "This cannot be a person's name.",
    "Use 1 to 80 characters without control or text-direction characters.",
  ),
  password_invalid: entry(
    422,
    usage,
    "This password is too short, too long or too common.",
    "Use 10 to 200 characters that are not the sign-in name.",
  ),
  csrf_invalid: entry(
    403,
    failed,
    "The form is older than this session or came from another page.",
    "Reload the page and try again.",
  ),
} as const satisfies Record<ReasonOfDomain, ErrorEntry> & Record<string, ErrorEntry>;

export type ErrorCode = keyof typeof entries;

export const errorRegistry: Readonly<Record<ErrorCode, ErrorEntry>> = entries;

export const isErrorCode = (text: unknown): text is ErrorCode =>
  typeof text === "string" && Object.hasOwn(entries, text);

export interface ErrorDetails {
  /** Public: replaces the registry's sentence where this occurrence can be said more precisely. */
  readonly message?: string;
  /** Public: replaces the registry's hint. */
  readonly hint?: string;
  /** Seconds to wait. */
  readonly retryAfter?: number;
  /** What else of the same form is wrong, for its page to say at each field; an API tells the first only. */
  readonly also?: readonly JitnodeError[];
  /** For the log only. */
  readonly log?: Readonly<Record<string, unknown>>;
  readonly cause?: unknown;
}

/** What is wrong of one form, in the order of its fields, as one refusal. */
export function together([
  first = new JitnodeError("invalid_request"),
  ...also
]: readonly JitnodeError[]): JitnodeError {
  return new JitnodeError(first.code, { message: first.message, hint: first.hint, also });
}

/** An error of the registry: the only kind that reaches a person. */
export class JitnodeError extends Error {
  readonly code: ErrorCode;
  readonly hint: string;
  readonly retryAfter: number | undefined;
  readonly also: readonly JitnodeError[];
  readonly log: Readonly<Record<string, unknown>> | undefined;

  constructor(code: ErrorCode, details: ErrorDetails = {}) {
    const known = errorRegistry[code];
    super(details.message ?? known.message, details.cause === undefined ? undefined : { cause: details.cause });
    this.name = "JitnodeError";
    this.code = code;
    this.hint = details.hint ?? known.hint;
    this.retryAfter = details.retryAfter;
    this.also = details.also ?? [];
    this.log = details.log;
  }

  get status(): number {
    return errorRegistry[this.code].status;
  }

  get exitCode(): ExitCode {
    return errorRegistry[this.code].exit;
  }
}
