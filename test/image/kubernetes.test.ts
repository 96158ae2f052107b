// docker/kubernetes.yaml: what every pod of it must say, and, where the engine is podman, the pods themselves.
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { checkout } from "../support/checkout.js";
import { onEnd } from "../support/cleanup.js";
import { temporaryFolder } from "../support/temporary.js";
import { command, containerOf, dockerDoes, image, isPodman, newName, succeed } from "./docker.js";

const manifest = readFileSync(join(checkout(), "docker", "kubernetes.yaml"), "utf8");

describe("the manifest", () => {
  test("gives each pod the least rights, one volume, and one copy at a time", () => {
    const pods = manifest.split("\n---\n").filter((part) => part.includes("kind: Deployment"));
    expect(pods).toHaveLength(2);
    for (const pod of pods) {
      for (const line of [
        "runAsNonRoot: true",
        "runAsUser: 7070",
        "fsGroup: 7070",
        "readOnlyRootFilesystem: true",
        "allowPrivilegeEscalation: false",
        "capabilities: { drop: [ALL] }",
        "seccompProfile: { type: RuntimeDefault }",
        "automountServiceAccountToken: false",
        "strategy: { type: Recreate }",
        "persistentVolumeClaim:",
        "livenessProbe:",
      ]) {
        expect(pod).toContain(line);
      }
    }
  });

  test("its pods run: the control plane serves, the node is healthy and waits for it", async () => {
    // Only podman takes manifests; another engine has no cluster to ask.
    if (!(await isPodman())) return;
    const name = newName("k");
    const file = join(temporaryFolder(), "pods.yaml");
    const loaded = (await dockerDoes(["image", "inspect", "--format", "{{index .RepoTags 0}}", image()])).trim();
    const own = manifest
      .replaceAll(/(name|claimName): jitnode-/gi, `$1: ${name}-`)
      .replace(/image: jitnode #.*/g, `image: ${loaded.includes("/") ? loaded : `docker.io/library/${loaded}`}`);
    writeFileSync(file, own);
    onEnd(async () => {
      await command("podman", ["kube", "down", file]);
      await command("podman", ["volume", "rm", "-f", `${name}-control`, `${name}-node`]);
    });
    await succeed("podman", ["kube", "play", file]);
    const control = containerOf(`${name}-control-pod-0-control`);
    await control.waitForLog(/\/set-up\//);
    await control.until("jitnode-healthcheck");
    const node = containerOf(`${name}-node-pod-0-node`);
    expect((await node.until("jitnode", "health", "--live")).stdout).toContain("not activated");
  });
});
