// The fields of a local account, and which refusal belongs to which of them.

import type { ErrorCode } from "../../../protocol/errors.js";
import type { NewAccount } from "../../services/accounts.js";
import { field, type FormProblem, type Values } from "../../web/form.js";
import { html, type Html } from "../../web/html.js";
import type { Texts } from "../../web/texts/texts.js";

export const accountFieldsOf = (values: Values): NewAccount => ({
  login: values["login"] ?? "",
  name: values["name"] ?? "",
  password: values["password"] ?? "",
});

export const accountProblems: Readonly<Partial<Record<ErrorCode, string>>> = {
  login_name_invalid: "login",
  account_exists: "login",
  name_invalid: "name",
  password_invalid: "password",
  binding_code_invalid: "binding_code",
};

/** What of them is shown again: no password, and no binding code. */
export const accountShown = ["login", "name"] as const;

export function newAccountFields(texts: Texts, values: Values, problem: FormProblem | undefined): Html {
  const { account } = texts;
  return html`${field(
    {
      name: "login",
      label: account.login,
      hint: account.loginHint,
      value: values["login"],
      autocomplete: "username",
      required: true,
      autofocus: true,
    },
    problem,
  )}${field(
    {
      name: "name",
      label: account.name,
      hint: account.nameHint,
      value: values["name"],
      autocomplete: "name",
      required: true,
    },
    problem,
  )}${newPasswordField(texts, account.password, problem)}`;
}

export const newPasswordField = ({ account }: Texts, label: string, problem: FormProblem | undefined): Html =>
  field(
    {
      name: "password",
      label,
      hint: account.passwordHint,
      type: "password",
      autocomplete: "new-password",
      required: true,
    },
    problem,
  );
