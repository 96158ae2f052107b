// QR codes: for terminals as lines of half blocks, and as modules for whoever draws them.

/** For a dark background: light modules are drawn, dark ones are not. Undefined where the text is too long to be scanned off a terminal. */
export async function renderQr(text: string): Promise<readonly string[] | undefined> {
  if (text.length > 200) return undefined;
  const { renderUnicodeCompact } = await import("uqr");
  return renderUnicodeCompact(text, { ecc: "L", border: 2 }).split("\n");
}

/** Rows of modules, true is dark, with the margin of four that cameras want. */
export async function readQrModules(text: string): Promise<readonly (readonly boolean[])[]> {
  const { encode } = await import("uqr");
  return encode(text, { ecc: "M", border: 4 }).data;
}
