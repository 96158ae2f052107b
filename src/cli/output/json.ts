// JSON on one line, as it may reach a terminal: control, format and unassigned characters stay escaped, which every JSON
// reader undoes.

const dangerous = /[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Cn}\p{Zl}\p{Zp}]/gu;

const escapeUnit = (unit: string): string => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`;

export const toJson = (value: unknown): string =>
  JSON.stringify(value).replace(dangerous, (character) => character.split("").map(escapeUnit).join(""));
