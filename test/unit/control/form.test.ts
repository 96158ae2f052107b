// Forms of the pages: where a refusal with several codes is shown.
import { expect, test } from "vitest";
import { field, problemNotice, problemOf } from "../../../src/control/web/form.js";
import { html } from "../../../src/control/web/html.js";
import { en } from "../../../src/control/web/texts/en.js";
import { JitnodeError } from "../../../src/protocol/errors.js";

test("what else is wrong stands at its field, and above the form where it has none", () => {
  const error = new JitnodeError("name_invalid", {
    also: [new JitnodeError("password_invalid"), new JitnodeError("binding_code_invalid")],
  });
  const problem = problemOf(en, error, { name_invalid: "name", password_invalid: "password" });
  const above = String(html`${problemNotice(problem)}`);
  expect(above).toContain(problem.others[1]?.message);
  expect(above.match(/role="alert"/g)).toHaveLength(1);
  expect(String(field({ name: "password", label: "Password" }, problem))).toContain("password-wrong");
});
