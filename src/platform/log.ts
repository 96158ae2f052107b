// The log: one line an event on stderr, text on a terminal and JSON elsewhere. Secrets never reach it: callers log
// ids and codes of errors, and what looks like a secret by its name is dropped here once more.

import { escapeForTerminal } from "../domain/escape.js";
import { pino, type DestinationStream } from "pino";

export type LogLevel = "trace" | "debug" | "info" | "warn" | "error" | "fatal" | "silent";
export type LogFormat = "text" | "json";
export type LogFields = Readonly<Record<string, unknown>>;

export interface Log {
  debug(event: string, fields?: LogFields): void;
  info(event: string, fields?: LogFields): void;
  warn(event: string, fields?: LogFields): void;
  error(event: string, fields?: LogFields): void;
  child(fields: LogFields): Log;
}

export interface LogOptions {
  readonly level: LogLevel;
  readonly format: LogFormat;
  readonly program: string;
  readonly write?: (line: string) => void;
}

const secretName =
  /password|secret|token|authorization|cookie|device_code|binding_code|user_code|private|assertion|dpop$/i;

function clean(value: unknown, depth = 0): unknown {
  if (value instanceof Error) {
    const code = "code" in value ? value.code : undefined;
    return {
      error: value.name,
      message: value.message,
      code,
      stack: value.stack,
      cause: clean(value.cause, depth + 1),
    };
  }
  if (typeof value !== "object" || value === null) return value;
  if (depth > 5) return "…";
  if (Array.isArray(value)) return value.map((item) => clean(item, depth + 1));
  return Object.fromEntries(
    Object.entries(value).map(([name, item]) => [name, secretName.test(name) ? "[removed]" : clean(item, depth + 1)]),
  );
}

function textStream(write: (line: string) => void): DestinationStream {
  return {
    write(line) {
      const { level, time, event, program, ...fields } = JSON.parse(line) as Record<string, unknown>;
      const rest = Object.entries(fields)
        .map(([name, value]) => `${name}=${typeof value === "string" ? value : JSON.stringify(value)}`)
        .join(" ");
      write(
        `${escapeForTerminal(`${String(time)} ${String(level)} ${String(program)}: ${String(event)} ${rest}`.trimEnd())}\n`,
      );
    },
  };
}

export function createLog(options: LogOptions): Log {
  const write = options.write ?? ((line: string) => void process.stderr.write(line));
  const root = pino(
    {
      level: options.level,
      base: { program: options.program },
      messageKey: "event",
      timestamp: () => `,"time":"${new Date().toISOString()}"`,
      formatters: { level: (label) => ({ level: label }) },
    },
    options.format === "text" ? textStream(write) : { write },
  );
  const wrap = (fixed: LogFields): Log => {
    const at = (level: "debug" | "info" | "warn" | "error") => (event: string, fields?: LogFields) => {
      if (root.isLevelEnabled(level)) root[level]({ ...fixed, ...(clean(fields ?? {}) as object) }, event);
    };
    return {
      debug: at("debug"),
      info: at("info"),
      warn: at("warn"),
      error: at("error"),
      child: (fields) => wrap({ ...fixed, ...(clean(fields) as object) }),
    };
  };
  return wrap({});
}
