#!/usr/bin/env node
// Starts the daemon: the Node version first, then the compiled code.
import { assertNodeVersion } from "./node-version.js";

assertNodeVersion();
const { main } = await import("../dist/daemon/main.js");
await main();
