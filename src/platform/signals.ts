// SIGTERM and SIGINT as an AbortSignal. A second signal ends the process at once.

export interface Termination {
  readonly signal: AbortSignal;
  /** Which one it was, once `signal` is aborted. */
  received(): "SIGTERM" | "SIGINT" | undefined;
  close(): void;
}

export function listenForTermination(): Termination {
  const controller = new AbortController();
  let first: "SIGTERM" | "SIGINT" | undefined;
  const onSignal = (name: NodeJS.Signals): void => {
    if (name !== "SIGTERM" && name !== "SIGINT") return;
    if (first !== undefined) process.exit(name === "SIGINT" ? 130 : 143);
    first = name;
    controller.abort();
  };
  process.on("SIGTERM", onSignal);
  process.on("SIGINT", onSignal);
  return {
    signal: controller.signal,
    received: () => first,
    close: () => {
      process.off("SIGTERM", onSignal);
      process.off("SIGINT", onSignal);
    },
  };
}
