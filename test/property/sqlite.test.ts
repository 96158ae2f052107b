// Random sequences on SQLite; what they are, and how to repeat one, stands in README.md.
import { test } from "vitest";
import { runManySequences } from "./many-sequences.js";

test("on SQLite the invariants hold, whatever happens in whatever order", () => runManySequences("sqlite"));
