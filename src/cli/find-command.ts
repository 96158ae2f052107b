// Finds the command in what was typed: the longest run of words that the table knows. Options may stand anywhere.

import { closest } from "../domain/closest.js";
import { resemblesBindingCode } from "../domain/codes.js";
import { JitnodeError } from "../protocol/errors.js";
import { globalOptions, scopeOptions, type Option } from "./command.js";
import { line } from "./output/line.js";
import { typed } from "./output/typed.js";
import { table, type Entry } from "./table.js";

export type Found =
  | { readonly kind: "command"; readonly entry: Entry; readonly rest: readonly string[] }
  /** Help of everything, or of what begins with these words. */
  | { readonly kind: "help"; readonly words: readonly string[] };

/** Those that may stand before the command's words. */
const anywhere: readonly Option[] = [...globalOptions, ...scopeOptions];
const withValue = new Set(anywhere.flatMap(({ name, value }) => (value === undefined ? [] : [`--${name}`])));

/** The positions of words that may name the command: those before `--` that are no option and no such one's value. */
function wordPositions(argv: readonly string[]): readonly number[] {
  const positions: number[] = [];
  for (let at = 0; at < argv.length; at += 1) {
    const token = argv[at] ?? "";
    if (token === "--") break;
    if (withValue.has(token)) at += 1;
    else if (!token.startsWith("-")) positions.push(at);
  }
  return positions;
}

const startsWith = (words: readonly string[], start: readonly string[]): boolean =>
  start.every((word, at) => words[at] === word);

/** Throws `usage`, with the nearest word, for a command that does not exist. */
export function findCommand(argv: readonly string[]): Found {
  const positions = wordPositions(argv);
  const words = positions.map((at) => argv[at] ?? "");
  const beforeDashes = argv.includes("--") ? argv.slice(0, argv.indexOf("--")) : argv;
  const wantsHelp = beforeDashes.includes("--help") || beforeDashes.includes("-h");
  if (words[0] === "help") return { kind: "help", words: knownWords(words.slice(1)) };

  const asksVersion = words.length === 0 && beforeDashes.includes("--version");
  if (asksVersion) words.push("version");
  const entry = table
    .filter((candidate) => startsWith(words, candidate.words))
    .toSorted((a, b) => b.words.length - a.words.length)[0];
  if (entry !== undefined) {
    if (wantsHelp) return { kind: "help", words: entry.words };
    const used = new Set(positions.slice(0, entry.words.length));
    const rest = argv.filter((token, at) => !used.has(at) && !(asksVersion && token === "--version"));
    return { kind: "command", entry, rest };
  }
  if (words.length === 0) {
    const stray = argv.find((token) => token.startsWith("-") && !isAnywhere(token))?.replace(/=.*/s, "");
    if (stray !== undefined && !wantsHelp) {
      const known = ["--version", ...anywhere.map(({ name }) => `--${name}`)];
      if (known.includes(stray)) throw unknown(line`The option ${stray} takes no value.`, undefined);
      const near = closest(stray, known);
      throw unknown(line`There is no option ${typed(stray)} without a command.`, near);
    }
    return { kind: "help", words: [] };
  }
  const known = knownWords(words);
  if (wantsHelp) return { kind: "help", words: known };
  throw new JitnodeError("usage", {
    message: line`jitnode ${known.join(" ")} needs one more word: ${nextWords(known).join(", ")}.`,
    hint: line`See jitnode ${known.join(" ")} --help.`,
  });
}

const isAnywhere = (token: string): boolean =>
  token === "-h" || withValue.has(token.replace(/=.*/s, "")) || anywhere.some(({ name }) => token === `--${name}`);

/** The words that may follow. */
function nextWords(words: readonly string[]): readonly string[] {
  const next = table.flatMap((entry) =>
    startsWith(entry.words, words) ? entry.words.slice(words.length, words.length + 1) : [],
  );
  return [...new Set(next)];
}

/** The words as they are, when the table has something that begins with them. */
function knownWords(words: readonly string[]): readonly string[] {
  const known: string[] = [];
  for (const word of words) {
    const next = nextWords(known);
    if (next.length === 0) break;
    if (!next.includes(word)) {
      // Words after a complete command are its arguments.
      if (table.some((entry) => entry.words.join(" ") === known.join(" "))) break;
      // In one piece, or in several.
      if ([word, words.slice(known.length).join("")].some(resemblesBindingCode)) {
        throw new JitnodeError("usage", {
          message: "A binding code is no command.",
          hint: "To join its organization, run `jitnode org join`: it asks for the code, or reads it from a file.",
        });
      }
      throw unknown(line`There is no command jitnode ${[...known, word].join(" ")}.`, suggestion(known, word));
    }
    known.push(word);
  }
  return known;
}

/** The nearest command: the same words with this one corrected, or any whose last word it is ("members"). */
function suggestion(known: readonly string[], word: string): string | undefined {
  const near = closest(word, nextWords(known));
  if (near !== undefined) return [...known, near].join(" ");
  const last = closest(
    word,
    table.flatMap((entry) => entry.words.slice(-1)),
  );
  return table.find((entry) => entry.words.at(-1) === last)?.words.join(" ");
}

const unknown = (message: string, near: string | undefined): JitnodeError =>
  new JitnodeError("usage", {
    message,
    hint: near === undefined ? "See jitnode --help." : line`Did you mean jitnode ${near}?`,
  });
