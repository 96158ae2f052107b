// Plain blocks on stdout for people who read a container's log: how to activate this node, how to go on, what is wrong
// with the state directory. User code and number are printed here and nowhere else; the log gets the event without them.

import { isLoopbackHost } from "../../config/read.js";
import { escapeForTerminal } from "../../domain/escape.js";
import { toDate } from "../../platform/clock.js";
import type { LostWithContainer } from "../../platform/mounts.js";
import { renderQr } from "../../platform/qr.js";
import type { PendingRequest } from "../state/shapes.js";

export interface Notices {
  activation(request: PendingRequest): Promise<void>;
  howToGoOn(how: "denied" | "expired"): void;
  stateOnContainerLayer(stateDir: string, lost: LostWithContainer): void;
}

export interface NoticesDeps {
  readonly write: (text: string) => void;
  readonly node: { readonly name: string; readonly id: string };
}

const rule = "─".repeat(72);

export function createNotices({ write, node }: NoticesDeps): Notices {
  const block = (lines: readonly string[]): void =>
    write(["", rule, ...lines.map((line) => (line === "" ? "" : `  ${line}`)), rule, "", ""].join("\n"));

  return {
    async activation(request) {
      const link = request.verification_uri_complete ?? request.verification_uri;
      block([
        `Activate this node (${escapeForTerminal(node.name)}, ${node.id})`,
        "",
        `Open    ${link}`,
        `Code    ${request.user_code}`,
        ...(request.number === undefined
          ? []
          : [`Number  ${request.number}   (the page asks for it; tell it to nobody else)`]),
        `Until   ${toDate(request.expires_at)}`,
        "",
        ...(await qrLines(link)),
        "",
        "Or at a terminal on this machine: jitnode activate",
      ]);
    },
    howToGoOn(how) {
      block([
        how === "denied" ? "The activation was denied." : "Nobody activated this node in time.",
        "For a new code run `jitnode activate` here, or restart the daemon.",
      ]);
    },
    stateOnContainerLayer(stateDir, lost) {
      block([
        "WARNING: this node's identity would be lost with its container.",
        "",
        `The state directory ${escapeForTerminal(stateDir)} lies ${lost === "layer" ? "on the container's own writable layer" : "in the container's memory (tmpfs)"}.`,
        "Mount a volume there before you activate the node, for example",
        `  docker run -v jitnode:${escapeForTerminal(stateDir)} …`,
      ]);
    },
  };
}

async function qrLines(link: string): Promise<readonly string[]> {
  if (isLoopbackHost(new URL(link).hostname)) {
    return ["(No QR code: this address can be opened on this machine only.)"];
  }
  return (await renderQr(link)) ?? ["(No QR code: the address is too long.)"];
}
