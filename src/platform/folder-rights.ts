// Why a folder cannot be written, in words that can be acted on: that there is a file in its place, or who this process
// is, whom the folder belongs to, and the command that changes it. Volumes of containers are the usual case.

import { accessSync, constants, statSync, type Stats } from "node:fs";
import { dirname } from "node:path";
import { systemErrorCode } from "./atomic-file.js";

export interface Explanation {
  readonly message: string;
  readonly hint: string;
}

/** Undefined where the folder, or the one it would be made in, can be written. `what` names it: "state directory". */
export function explainUnwritable(what: string, folder: string): Explanation | undefined {
  const uid = process.getuid?.();
  const gid = process.getgid?.();
  const found = nearest(folder);
  if (uid === undefined || gid === undefined || found === undefined) return undefined;
  if (!found.stats.isDirectory()) {
    return {
      message:
        found.path === folder
          ? `The ${what} ${folder} is a file, not a folder.`
          : `The ${what} ${folder} cannot be made: ${found.path} is a file, not a folder.`,
      hint: "Name another folder, or move the file away.",
    };
  }
  const code = refusal(found.path);
  if (code === undefined) return undefined;
  if (code === "EROFS") {
    return {
      message: `The ${what} ${folder} lies on a read-only file system.`,
      hint: "Mount a volume there that can be written.",
    };
  }
  const mode = (found.stats.mode & 0o7777).toString(8).padStart(4, "0");
  const owner = `uid ${found.stats.uid}, gid ${found.stats.gid} (mode ${mode})`;
  return found.path === folder
    ? {
        message: `The ${what} ${folder} cannot be written by uid ${uid}: it belongs to ${owner}.`,
        hint: `Run \`chown -R ${uid}:${gid} ${folder}\` as root; for a volume, in a container that runs as root and has it there.`,
      }
    : {
        message: `The ${what} ${folder} cannot be made by uid ${uid}: ${found.path} belongs to ${owner}.`,
        hint: `Run \`mkdir -p ${folder} && chown ${uid}:${gid} ${folder}\` as root.`,
      };
}

function refusal(folder: string): string | undefined {
  try {
    accessSync(folder, constants.R_OK | constants.W_OK | constants.X_OK);
    return undefined;
  } catch (error) {
    return systemErrorCode(error) ?? "";
  }
}

/** The folder, or the first one above it that is there. */
function nearest(folder: string): { readonly path: string; readonly stats: Stats } | undefined {
  for (let path = folder; ; path = dirname(path)) {
    try {
      return { path, stats: statSync(path) };
    } catch {
      if (path === dirname(path)) return undefined;
    }
  }
}
