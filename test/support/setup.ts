// Runs in every test file before its own hooks, so its afterAll is the last one.
import { afterAll } from "vitest";
import { endFile } from "./cleanup.js";

afterAll(endFile);
