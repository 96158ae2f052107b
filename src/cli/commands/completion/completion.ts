// `jitnode completion`: a script for the shell, made from the table of commands.

import { exitCodes } from "../../../protocol/exit-codes.js";
import type { Command } from "../../command.js";
import { line, toLines } from "../../output/line.js";
import { typed } from "../../output/typed.js";
import { completionScript, shells } from "./script.js";
import { JitnodeError } from "../../../protocol/errors.js";

export const command: Command = {
  summary: "Print a completion script for a shell",
  description: "It completes commands, options and their values; it asks nobody and reads nothing.",
  arguments: [{ name: "SHELL", description: shells.join(", "), required: true }],
  examples: [
    { line: "source <(jitnode completion bash)", says: "In ~/.bashrc" },
    { line: "source <(jitnode completion zsh)", says: "In ~/.zshrc, after compinit" },
    { line: "jitnode completion fish > ~/.config/fish/completions/jitnode.fish", says: "Once" },
  ],
  schema: "completion",
  async run(context, input) {
    const wanted = input.argument("SHELL") ?? "";
    const shell = shells.find((name) => name === wanted);
    if (shell === undefined) {
      throw new JitnodeError("usage", {
        message: line`There is no completion for ${typed(wanted)}.`,
        hint: `Use ${shells.join(", ")}.`,
      });
    }
    const script = await completionScript(shell);
    context.output.result({ shell, script }, () => toLines(script.trimEnd()));
    return exitCodes.done;
  },
};
