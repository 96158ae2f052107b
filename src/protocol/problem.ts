// RFC 9457 problem details: the error form of every endpoint but OAuth's.

import { Type, open, text, type Static } from "./schema.js";
import { errorRegistry, isErrorCode, JitnodeError, type ErrorCode } from "./errors.js";

export const problem = open({
  type: text(300),
  title: text(300),
  status: Type.Integer({ minimum: 400, maximum: 599 }),
  detail: text(2000),
  code: text(64),
  hint: text(2000),
  request_id: Type.Optional(text(64)),
  retry_after: Type.Optional(Type.Integer({ minimum: 0 })),
});

export type Problem = Static<typeof problem>;

/** A stable name without a host: the error document of the version in use explains it. */
export const problemType = (code: ErrorCode): string => `urn:jitnode:error:${code}`;

/** `problem` of an error; `requestId` leads to the log line. */
export function toProblem(error: JitnodeError, requestId?: string): Problem {
  return {
    type: problemType(error.code),
    title: errorRegistry[error.code].message,
    status: error.status,
    detail: error.message,
    code: error.code,
    hint: error.hint,
    ...(requestId === undefined ? {} : { request_id: requestId }),
    ...(error.retryAfter === undefined ? {} : { retry_after: error.retryAfter }),
  };
}

/** The error a remote problem stands for; a code of a newer version becomes `control_plane_error`. */
export function fromProblem(value: Problem): JitnodeError {
  const code = isErrorCode(value.code) ? value.code : "control_plane_error";
  return new JitnodeError(code, {
    message: value.detail,
    hint: value.hint,
    ...(value.retry_after === undefined ? {} : { retryAfter: value.retry_after }),
  });
}
