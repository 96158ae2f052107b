// Where a binding code comes from: a file, standard input, a variable that names a file, or a prompt. Never an argument:
// arguments are seen by everybody on the machine.

import { asBindingCode, formatCode, resemblesBindingCode } from "../domain/codes.js";
import { readFileIfThere, systemErrorCode } from "../platform/atomic-file.js";
import { JitnodeError } from "../protocol/errors.js";
import type { Context } from "./context.js";
import type { Option } from "./command.js";
import { line, type Line } from "./output/line.js";

export const bindingCodeOption: Option = {
  name: "binding-code-file",
  value: "FILE",
  description: "Read the binding code from this file, - for standard input (JITNODE_BINDING_CODE_FILE)",
};

export const howCodesAreGiven =
  "Others on this machine can read arguments: leave the binding code out to be asked for it, or use --binding-code-file FILE, with - for standard input.";

const mistyped = "This is not a binding code: a letter is wrong or missing.";

/** Checked here for slips of the finger, so that they do not count as wrong attempts. */
export function parseBindingCode(text: string): string {
  const code = asBindingCode(text.trim());
  if (code === undefined) throw new JitnodeError("binding_code_invalid", { message: mistyped });
  return formatCode(code);
}

/** The code in `file`; `-` reads standard input. */
export async function readBindingCode(context: Context, file: string): Promise<string> {
  return parseBindingCode(file === "-" ? await readInput(context) : await readFile(file));
}

export async function askBindingCode(context: Context, message: Line): Promise<string> {
  const typed = await context.prompts.secret(message, {
    validate: (text) => (asBindingCode(text) === undefined ? line`${mistyped}` : undefined),
  });
  return parseBindingCode(typed);
}

async function readFile(path: string): Promise<string> {
  let text: string | undefined;
  try {
    text = await readFileIfThere(path);
  } catch (cause) {
    const reason = systemErrorCode(cause) ?? "unreadable";
    throw new JitnodeError("secret_file_unreadable", {
      message: line`The file ${path} cannot be read (${reason}).`,
      cause,
    });
  }
  if (text === undefined) {
    throw resemblesBindingCode(path)
      ? new JitnodeError("secret_file_unreadable", {
          message: "This is no file, but looks like a binding code itself.",
          hint: howCodesAreGiven,
        })
      : new JitnodeError("secret_file_unreadable", { message: line`There is no file ${path}.` });
  }
  return text.slice(0, 1000);
}

async function readInput({ stdin, signal }: Context): Promise<string> {
  if (stdin.isTTY) {
    throw new JitnodeError("input_needed", {
      message: "Standard input is a terminal.",
      hint: "Pipe the binding code into the command, or leave the option out to be asked.",
    });
  }
  let text = "";
  const stop = (): void => void stdin.destroy();
  signal.addEventListener("abort", stop, { once: true });
  try {
    stdin.setEncoding("utf8");
    for await (const part of stdin as AsyncIterable<string>) {
      text += part;
      if (text.length > 1000) break;
    }
  } finally {
    signal.removeEventListener("abort", stop);
  }
  if (text.trim() === "") {
    throw new JitnodeError("input_needed", { message: "There is no binding code on standard input." });
  }
  return text;
}
