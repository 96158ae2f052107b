// What a folder lies on, by /proc/self/mountinfo (proc(5)): whether it is a container's own writable layer, which is
// gone with the container.

import { readFileSync, realpathSync } from "node:fs";
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

/** Is the folder, which need not exist yet, on a container's writable layer? False where nothing can be learned. */
export function isOnContainerLayer(folder: string, mountinfo: string | undefined = readMountinfo()): boolean {
  if (mountinfo === undefined) return false;
  const mounts = parseMounts(mountinfo);
  const mount = mountOf(realFolder(folder), mounts);
  // Live systems have an overlay as root too, with other mounts; what matters is that it does not outlive a restart.
  return mount !== undefined && layerTypes.has(mount.type);
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
