// A QR code as lines of half blocks for terminals with a dark background: light modules are drawn, dark ones are not.

/** Undefined where the text is too long to be scanned off a terminal. */
export async function renderQr(text: string): Promise<readonly string[] | undefined> {
  if (text.length > 200) return undefined;
  const { renderUnicodeCompact } = await import("uqr");
  return renderUnicodeCompact(text, { ecc: "L", border: 2 }).split("\n");
}
