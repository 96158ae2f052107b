// What a folder lies on, by /proc/self/mountinfo (proc(5)): whether it is a container's own writable layer or memory,
// which are gone with the container.

import { existsSync, readFileSync, realpathSync } from "node:fs";
import { dirname } from "node:path";

export interface Mount {
  readonly point: string;
  readonly type: string;
}

/** Mount points contain blanks and the like as three octal digits. */
const unescape = (text: string): string =>
  text.replace(/\\([0-7]{3})/g, (_all, digits: string) => String.fromCharCode(Number.parseInt(digits, 8)));

/** Lines that are no mounts are passed over. */
export function parseMounts(mountinfo: string): readonly Mount[] {
  return mountinfo.split("\n").flatMap((line) => {
    const [before = "", after = ""] = line.split(" - ", 2);
    const point = before.split(" ")[4];
    const type = after.split(" ")[0];
    return point === undefined || type === undefined || type === "" ? [] : [{ point: unescape(point), type }];
  });
}

/** The mount that a path lies on: the longest prefix, and of equal ones the last, which covers the earlier. */
export function mountOf(path: string, mounts: readonly Mount[]): Mount | undefined {
  let best: Mount | undefined;
  for (const mount of mounts) {
    const inside = mount.point === "/" || path === mount.point || path.startsWith(`${mount.point}/`);
    if (inside && mount.point.length >= (best?.point.length ?? 0)) best = mount;
  }
  return best;
}

/** Root file systems of containers; a volume or a bind mount is a mount of its own with the host's type. */
const layerTypes: ReadonlySet<string> = new Set(["overlay", "aufs", "fuse-overlayfs", "fuse.fuse-overlayfs"]);
const memoryTypes: ReadonlySet<string> = new Set(["tmpfs", "ramfs"]);

/** What engines put into a container's root; the last one is of our own image, for engines that put nothing there. */
const containerMarks = ["/.dockerenv", "/run/.containerenv", "/opt/jitnode/container"] as const;

export interface Surroundings {
  /** /proc/self/mountinfo; undefined where nothing can be learned. */
  readonly mountinfo: string | undefined;
  readonly inContainer: boolean;
}

/** What a folder is lost with: the container's own writable layer, or its memory. */
export type LostWithContainer = "layer" | "memory";

/** Undefined where the folder, which need not exist yet, outlives a container, or where nothing can be learned. */
export function lostWithContainer(
  folder: string,
  { mountinfo, inContainer }: Surroundings = readSurroundings(),
): LostWithContainer | undefined {
  if (mountinfo === undefined) return undefined;
  const mount = mountOf(realFolder(folder), parseMounts(mountinfo));
  if (mount === undefined) return undefined;
  // Live systems have an overlay as root too, with other mounts; what matters is that it does not outlive a restart.
  if (layerTypes.has(mount.type)) return "layer";
  // With some storage drivers the layer is a plain folder of the host.
  if (inContainer && mount.point === "/") return "layer";
  return inContainer && memoryTypes.has(mount.type) ? "memory" : undefined;
}

function readSurroundings(): Surroundings {
  return { mountinfo: readMountinfo(), inContainer: containerMarks.some((mark) => existsSync(mark)) };
}

function readMountinfo(): string | undefined {
  try {
    return readFileSync("/proc/self/mountinfo", "utf8");
  } catch {
    return undefined;
  }
}

/** Symbolic links resolved, as far as the path exists. */
function realFolder(folder: string): string {
  for (let path = folder; ; path = dirname(path)) {
    try {
      return realpathSync(path) + folder.slice(path.length);
    } catch {
      if (path === dirname(path)) return folder;
    }
  }
}
