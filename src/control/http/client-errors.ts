// What never became a request (no HTTP, headers beyond all measure, a client that is too slow): answered on the bare
// connection, in the form of every other problem, and then closed.

import type { FastifyServerOptions } from "fastify";
import { JitnodeError } from "../../protocol/errors.js";
import { toProblem } from "../../protocol/problem.js";

export const answerClientError: NonNullable<FastifyServerOptions["clientErrorHandler"]> = (error, socket) => {
  // Whoever has gone away hears nothing any more.
  if (error.code === "ECONNRESET" || socket.destroyed) return;
  if (socket.writable) socket.write(answerTo(error.code));
  socket.destroy(error);
};

function answerTo(code: string | undefined): string {
  const problem = toProblem(problemOf(code));
  const body = JSON.stringify(problem);
  return [
    // The reason phrase may be empty (RFC 9112 section 4), and nobody reads it.
    `HTTP/1.1 ${String(problem.status)} `,
    "connection: close",
    "cache-control: no-store",
    "content-type: application/problem+json",
    `content-length: ${String(Buffer.byteLength(body))}`,
    "",
    body,
  ].join("\r\n");
}

function problemOf(code: string | undefined): JitnodeError {
  switch (code) {
    case "HPE_HEADER_OVERFLOW":
      return new JitnodeError("headers_too_large");
    case "ERR_HTTP_REQUEST_TIMEOUT":
      return new JitnodeError("timed_out", {
        message: "The request did not arrive in time.",
        hint: "Send it again, and faster.",
      });
    default:
      return new JitnodeError("invalid_request", { message: "This is not a request of HTTP/1.1." });
  }
}
