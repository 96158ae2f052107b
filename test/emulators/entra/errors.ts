// Owns the shape of Entra's errors: AADSTS numbers, and a description of several lines that end in CR LF.
import { randomUUID } from "node:crypto";
import type { MovableClock } from "../common/clock.js";
import { json, type Answer } from "../common/server.js";

export type EntraErrors = {
  readonly describe: (code: number, what: string) => string;
  readonly answer: (status: number, error: string, code: number, what: string) => Answer;
};

export function createErrors(url: string, clock: MovableClock): EntraErrors {
  const timestamp = (): string => `${new Date(clock.now()).toISOString().slice(0, 19).replace("T", " ")}Z`;
  const lines = (code: number, what: string, trace: string, correlation: string): string =>
    [
      `AADSTS${String(code)}: ${what}`,
      `Trace ID: ${trace}`,
      `Correlation ID: ${correlation}`,
      `Timestamp: ${timestamp()}`,
    ].join("\r\n");
  return {
    describe: (code, what) => lines(code, what, randomUUID(), randomUUID()),
    answer(status, error, code, what) {
      const [trace_id, correlation_id] = [randomUUID(), randomUUID()];
      return json(status, {
        error,
        error_description: lines(code, what, trace_id, correlation_id),
        error_codes: [code],
        timestamp: timestamp(),
        trace_id,
        correlation_id,
        error_uri: `${url}/error?code=${String(code)}`,
      });
    },
  };
}
