// User codes and binding codes: letters without vowels, so no words and no look-alikes (RFC 8628 section 6.1).
// A binding code ends in a check letter (Luhn mod 20), so a slip of the finger is told apart from a dead code.

import type { Brand } from "./brand.js";

/** Eight letters, undashed. */
export type UserCode = Brand<string, "UserCode">;
/** Twelve random letters and the check letter, undashed. */
export type BindingCode = Brand<string, "BindingCode">;

export const codeAlphabet = "BCDFGHJKLMNPQRSTVWXZ";
const userCodeLength = 8;
const bindingCodeLength = 12;

type RandomBelow = (limit: number) => number;

function randomLetters(length: number, randomBelow: RandomBelow): string {
  let text = "";
  while (text.length < length) text += codeAlphabet.charAt(randomBelow(codeAlphabet.length));
  return text;
}

/** Upper case without spaces and dashes of any kind. */
const bare = (input: string): string => input.toUpperCase().replace(/[\s\p{Pd}]/gu, "");

const isForeign = (letter: string): boolean => !codeAlphabet.includes(letter);

/** `bare`, or undefined when something else is in it. */
function asLetters(input: string): string | undefined {
  if (input.length > 64) return undefined;
  const letters = bare(input);
  return [...letters].some(isForeign) ? undefined : letters;
}

function checkLetter(letters: string): string {
  const size = codeAlphabet.length;
  let sum = 0;
  let factor = 2;
  for (const letter of [...letters].reverse()) {
    const product = codeAlphabet.indexOf(letter) * factor;
    sum += Math.floor(product / size) + (product % size);
    factor = factor === 2 ? 1 : 2;
  }
  return codeAlphabet.charAt((size - (sum % size)) % size);
}

export const createUserCode = (randomBelow: RandomBelow): UserCode =>
  randomLetters(userCodeLength, randomBelow) as UserCode;

export function createBindingCode(randomBelow: RandomBelow): BindingCode {
  const letters = randomLetters(bindingCodeLength, randomBelow);
  return (letters + checkLetter(letters)) as BindingCode;
}

/** Any case, with or without spaces and dashes. */
export function asUserCode(input: string): UserCode | undefined {
  const letters = asLetters(input);
  return letters?.length === userCodeLength ? (letters as UserCode) : undefined;
}

/** As `asUserCode`; undefined also when the check letter is wrong. */
export function asBindingCode(input: string): BindingCode | undefined {
  const letters = asLetters(input);
  if (letters?.length !== bindingCodeLength + 1) return undefined;
  return checkLetter(letters.slice(0, bindingCodeLength)) === letters.charAt(bindingCodeLength)
    ? (letters as BindingCode)
    : undefined;
}

/**
 * A binding code where none may stand: not to be repeated in a message. Perhaps a mistyped one, with two letters more or
 * less and two that no code has: who knows the others soon knows it, and the check letter can be computed.
 */
export function resemblesBindingCode(input: string): boolean {
  const letters = [...bare(input)];
  return Math.abs(letters.length - (bindingCodeLength + 1)) <= 2 && letters.filter(isForeign).length <= 2;
}

/** `XXXX-XXXX` or `XXXX-XXXX-XXXX-X`: as shown to people. */
export const formatCode = (code: UserCode | BindingCode): string => code.replace(/(.{4})(?=.)/g, "$1-");

/** Two digits that are shown beside a user code and stand in no link. */
export const createNumber = (randomBelow: RandomBelow): string => String(randomBelow(100)).padStart(2, "0");
