// The agreement whose current version the creator of an organization accepts. Read once, when the program starts.

import { createHash } from "node:crypto";
import { readTextAtStart } from "../../platform/atomic-file.js";
import { JitnodeError } from "../../protocol/errors.js";
import type { Agreement } from "../../protocol/people.js";
import type { ControlConfig } from "../config.js";
import { shippedAgreement } from "./agreement-text.js";

const longest = 65_536;

/** `version` is the SHA-256 of the text, hex. Throws `setting_invalid` when the file cannot be used. */
export function readAgreement(config: Pick<ControlConfig, "agreementFile">): Agreement {
  const text = config.agreementFile === undefined ? shippedAgreement : readText(config.agreementFile);
  return { version: createHash("sha256").update(text).digest("hex"), text };
}

function readText(file: string): string {
  let text: string;
  try {
    text = readTextAtStart(file);
  } catch (cause) {
    throw invalid("The file of JITNODE_CONTROL_AGREEMENT_FILE cannot be read.", cause);
  }
  if (text.trim() === "" || text.length > longest) {
    throw invalid(`The agreement of JITNODE_CONTROL_AGREEMENT_FILE is empty or longer than ${longest} characters.`);
  }
  return text;
}

const invalid = (message: string, cause?: unknown): JitnodeError =>
  new JitnodeError("setting_invalid", { message, ...(cause === undefined ? {} : { cause }) });
