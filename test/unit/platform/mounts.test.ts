// Whether a folder is lost with its container, from /proc/self/mountinfo as Docker, Podman and plain machines have it.
import { expect, test } from "vitest";
import { lostWithContainer, mountOf, parseMounts } from "../../../src/platform/mounts.js";

const docker = `1558 1337 0:265 / / rw,relatime master:499 - overlay overlay rw,lowerdir=/a:/b,upperdir=/c,workdir=/d
1559 1558 0:268 / /proc rw,nosuid,nodev,noexec,relatime - proc proc rw
1563 1558 254:1 /docker/volumes/x/_data /var/lib/jitnode rw,relatime master:1 - ext4 /dev/vda1 rw
1564 1558 254:1 /docker/hosts /etc/hosts rw,relatime - ext4 /dev/vda1 rw
1565 1558 0:40 / /mnt/with\\040blank rw,relatime shared:1 master:2 - tmpfs tmpfs rw
`;
const podman = "700 600 0:50 / / rw - fuse.fuse-overlayfs fuse-overlayfs rw\n";
const machine =
  "28 1 254:1 / / rw,relatime - ext4 /dev/vda1 rw\n30 28 0:24 / /var/lib/docker/overlay2/x/merged rw - overlay overlay rw\n";

test.each([
  ["/var/lib/jitnode", docker, undefined],
  ["/var/lib/jitnode/deeper/still", docker, undefined],
  ["/var/lib/jitnode-elsewhere", docker, "layer"],
  ["/home/app/.local/state/jitnode", docker, "layer"],
  ["/mnt/with blank/state", docker, "memory"],
  ["/var/lib/jitnode", podman, "layer"],
  // A storage driver whose layers are plain folders (vfs, btrfs).
  ["/var/lib/jitnode", machine, "layer"],
  ["/var/lib/jitnode", "", undefined],
  ["/var/lib/jitnode", "not mountinfo at all\n- - -\n", undefined],
])("in a container, %s", (folder, mountinfo, expected) => {
  expect(lostWithContainer(folder, { mountinfo, inContainer: true })).toBe(expected);
});

test.each([
  ["/var/lib/jitnode", machine, undefined],
  ["/mnt/with blank/state", docker, undefined],
  // Live systems: it does not outlive a restart.
  ["/var/lib/jitnode", podman, "layer"],
  ["/var/lib/jitnode", undefined, undefined],
])("on a machine, %s", (folder, mountinfo, expected) => {
  expect(lostWithContainer(folder, { mountinfo, inContainer: false })).toBe(expected);
});

test("the later of two mounts at one place covers the earlier", () => {
  const mounts = parseMounts("1 0 0:1 / /data rw - overlay overlay rw\n2 1 0:2 / /data rw - xfs /dev/sdb rw\n");
  expect(mountOf("/data/x", mounts)?.type).toBe("xfs");
});
