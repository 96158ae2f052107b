// Owns the browser's files: headless Chromium and the libraries it needs come from npm, Chinese glyphs from a font
// package, all in one temporary folder that is made once per run.
import { execFile } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { makeFolder } from "./temporary.js";

export type BrowserFiles = {
  readonly executable: string;
  /** The environment it runs in. */
  readonly env: Readonly<Record<string, string>>;
};

/** Only these fonts, whatever the machine has: pages look the same everywhere, and 节点 is never two boxes. */
function fontSettings(folders: readonly string[], cache: string): string {
  const prefer = (family: string): string =>
    `<alias><family>${family}</family><prefer><family>Open Sans</family><family>ZCOOL XiaoWei</family></prefer></alias>`;
  return `<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig>
${folders.map((folder) => `<dir>${folder}</dir>`).join("\n")}
<cachedir>${cache}</cachedir>
${["sans-serif", "serif", "monospace", "system-ui"].map(prefer).join("\n")}
</fontconfig>
`;
}

export async function unpackBrowser(): Promise<BrowserFiles & { readonly close: () => Promise<void> }> {
  const { path: folder, remove } = makeFolder();
  const program = fileURLToPath(new URL("./unpack-browser.ts", import.meta.url));
  // The version it looks for there says: bring your own libraries, this machine has none of a desktop's.
  const unpackEnv = { PATH: "/usr/bin:/bin", TMPDIR: folder, HOME: folder, AWS_LAMBDA_JS_RUNTIME: "nodejs24.x" };
  const unpacked = await promisify(execFile)(process.execPath, [program], { env: unpackEnv });

  const chinese = dirname(
    createRequire(import.meta.url).resolve("@expo-google-fonts/zcool-xiaowei/400Regular/ZCOOLXiaoWei_400Regular.ttf"),
  );
  const fontFile = join(folder, "fonts.conf");
  writeFileSync(fontFile, fontSettings([join(folder, "fonts"), chinese], join(folder, "font-cache")));
  mkdirSync(join(folder, "tmp"));
  return {
    executable: unpacked.stdout,
    env: {
      PATH: "/usr/bin:/bin",
      HOME: folder,
      LANG: "C.UTF-8",
      TMPDIR: join(folder, "tmp"),
      LD_LIBRARY_PATH: join(folder, "al2023", "lib"),
      FONTCONFIG_FILE: fontFile,
    },
    close: async () => remove(),
  };
}
