// Text from elsewhere on its way to a terminal or a log line: nothing in it can move the cursor or hide anything.

const dangerous = /[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Cn}\p{Zl}\p{Zp}]/gu;

/** Shows control, format and unassigned characters as `\u{…}`; everything else stays as it is. */
export function escapeForTerminal(text: string): string {
  return text.replace(dangerous, (character) => `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`);
}
