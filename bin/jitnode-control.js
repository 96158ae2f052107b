#!/usr/bin/env node
// Starts the control plane's program: the Node version first, then the compiled code.
import { assertNodeVersion } from "./node-version.js";

assertNodeVersion();
const { main } = await import("../dist/control/main.js");
await main();
