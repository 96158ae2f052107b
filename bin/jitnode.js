#!/usr/bin/env node
// Starts the command line: the Node version first, then the compiled code.
import { assertNodeVersion } from "./node-version.js";

assertNodeVersion();
const { main } = await import("../dist/cli/main.js");
await main();
