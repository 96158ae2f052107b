// Questions at a terminal, on stderr, so that stdout stays the result's. inquirer is loaded with the first one.

import { JitnodeError } from "../../protocol/errors.js";
import type { Line } from "../output/line.js";

export interface Choice<T> {
  readonly label: Line;
  readonly value: T;
}

type Validate = (typed: string) => Line | undefined;

export interface Prompts {
  /** Whether questions may be asked at all. */
  readonly possible: boolean;
  text(message: Line, options?: { readonly initial?: string; readonly validate?: Validate }): Promise<string>;
  /** Shown as dots. */
  secret(message: Line, options?: { readonly validate?: Validate }): Promise<string>;
  confirm(message: Line, initial: boolean): Promise<boolean>;
  choose<T>(message: Line, choices: readonly [Choice<T>, ...Choice<T>[]], initial?: T): Promise<T>;
}

export interface PromptsOptions {
  readonly possible: boolean;
  readonly stdin: NodeJS.ReadStream;
  readonly stderr: NodeJS.WriteStream;
  readonly signal: AbortSignal;
}

export function createPrompts({ possible, stdin, stderr, signal }: PromptsOptions): Prompts {
  async function ask<T>(question: Readonly<Record<string, unknown>>): Promise<T> {
    if (!possible) throw new JitnodeError("input_needed");
    const { createPromptModule } = await import("inquirer");
    const prompt = createPromptModule({ input: stdin, output: stderr, signal });
    try {
      const answers: unknown = await prompt([{ ...question, name: "value" } as never]);
      return (answers as { readonly value: T }).value;
    } catch (error) {
      // Ctrl-C arrives as a key in raw mode; the other two are our signal and the end of input.
      if (error instanceof Error && /^(ExitPromptError|AbortPromptError|CancelPromptError)$/.test(error.name)) {
        throw new JitnodeError("interrupted");
      }
      throw error;
    }
  }
  const validated = (validate: Validate | undefined) =>
    validate === undefined ? {} : { validate: (typed: string) => validate(typed) ?? true };

  return {
    possible,
    text: (message, options = {}) =>
      ask({ type: "input", message, default: options.initial, ...validated(options.validate) }),
    secret: (message, options = {}) => ask({ type: "password", mask: "•", message, ...validated(options.validate) }),
    confirm: (message, initial) => ask({ type: "confirm", message, default: initial }),
    choose: async (message, choices, initial) => {
      const named = choices.map(({ label }, value) => ({ name: label, value }));
      const first = choices.findIndex(({ value }) => value === initial);
      const index = await ask<number>({
        type: "select",
        loop: false,
        message,
        choices: named,
        ...(first > 0 ? { default: first } : {}),
      });
      return (choices[index] ?? choices[0]).value;
    },
  };
}
