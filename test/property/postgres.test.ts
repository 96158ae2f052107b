// Random sequences on PostgreSQL; what they are, and how to repeat one, stands in README.md.
import { test } from "vitest";
import { runManySequences } from "./many-sequences.js";

test("on PostgreSQL the invariants hold, whatever happens in whatever order", () => runManySequences("postgres"));
