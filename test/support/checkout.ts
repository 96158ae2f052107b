// Owns which checkout's bin/ and dist/ are started: this one, or the one JITNODE_TEST_ROOT names (broken copies that the
// suite must fail on).
import { fileURLToPath } from "node:url";

export function checkout(): string {
  return process.env["JITNODE_TEST_ROOT"] ?? fileURLToPath(new URL("../..", import.meta.url)).replace(/\/$/, "");
}
