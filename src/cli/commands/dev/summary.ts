// What `jitnode dev` prints once everything runs, and keeps for a second start beside it.

import { Type, nodeId, open, organizationSummary, text, url, type Static } from "../../../protocol/schema.js";
import { facts } from "../../output/columns.js";
import { line, type Line } from "../../output/line.js";

export const devSummary = open({
  server: url,
  /** Only a password that was made up here. */
  account: open({ login: text(64), password: Type.Optional(text(200)) }),
  organization: organizationSummary,
  node: open({ id: nodeId, name: text(320) }),
  folder: text(4096),
  environment_file: text(4096),
  /** None with --once: they work only while it runs. */
  commands: Type.Array(text(500), { maxItems: 20 }),
});
export type DevSummary = Readonly<Static<typeof devSummary>>;

/** Commands for a second terminal, in the folder where `jitnode dev` was started. */
export const secondTerminal = ["status", "org members", "org code"].map(
  (words) => `. ./.jitnode-dev/env && npx jitnode ${words}`,
);

export const describeSummary = (summary: DevSummary): readonly Line[] => [
  line`${summary.node.name} (${summary.node.id}) is bound to ${summary.organization.id} (${summary.organization.name}).`,
  line``,
  ...facts([
    ["Control plane", summary.server],
    ["Sign-in name", summary.account.login],
    ["Password", summary.account.password ?? "the one you chose"],
    ["Everything in", summary.folder],
  ]),
  ...(summary.commands.length === 0 ? [] : [line``, line`In a second terminal, in this folder:`]),
  ...summary.commands.map((command) => line`  ${command}`),
];
