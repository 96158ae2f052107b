// One exchange whose answer is read whole, by undici's dispatch alone: a stream, its iterator and an AbortController would
// take longer than all else about it. What it ends by is its own promise, so that also connecting is given up in time.

import type { Dispatcher } from "undici";

export interface Exchange {
  readonly dispatcher: Dispatcher;
  readonly url: string;
  readonly method: Dispatcher.HttpMethod;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | null;
  /** Bytes of the answer's body. */
  readonly limit: number;
  /** Milliseconds for all of it. */
  readonly timeout: number;
  readonly signal: AbortSignal | undefined;
}

export interface WholeAnswer {
  readonly status: number;
  readonly headers: Dispatcher.ResponseData["headers"];
  readonly body: string;
}

export class TooLarge extends Error {
  constructor(limit: number) {
    super(`more than ${String(limit)} bytes`);
  }
}

/** Throws what ended it: the time limit (TimeoutError), the signal (AbortError), TooLarge, or what undici met. */
export function exchange(outgoing: Exchange): Promise<WholeAnswer> {
  const { dispatcher, url, method, headers, body, limit, timeout, signal } = outgoing;
  const { origin, pathname, search } = new URL(url);
  return new Promise((resolve, reject) => {
    let controller: Dispatcher.DispatchController | undefined;
    let stopped: Error | undefined;
    const answer = { status: 0, headers: {} as WholeAnswer["headers"] };
    const chunks: Buffer[] = [];
    let size = 0;

    const release = (): void => {
      clearTimeout(timer);
      signal?.removeEventListener("abort", abort);
    };
    const stop = (reason: Error): void => {
      if (stopped !== undefined) return;
      stopped = reason;
      release();
      reject(reason);
      controller?.abort(reason);
    };
    const abort = (): void => stop(new DOMException("aborted", "AbortError"));
    const timer = setTimeout(() => stop(new DOMException("no answer in time", "TimeoutError")), timeout);
    if (signal?.aborted === true) return abort();
    signal?.addEventListener("abort", abort, { once: true });

    dispatcher.dispatch(
      { origin, path: pathname + search, method, headers: { ...headers }, body },
      {
        onRequestStart(started) {
          controller = started;
          if (stopped !== undefined) started.abort(stopped);
        },
        // Also for each answer of status 1xx before the one that counts.
        onResponseStart(_controller, status, received) {
          answer.status = status;
          answer.headers = received;
        },
        onResponseData(_controller, chunk) {
          size += chunk.length;
          if (size > limit) stop(new TooLarge(limit));
          else chunks.push(chunk);
        },
        onResponseEnd() {
          release();
          const [only = Buffer.alloc(0), ...more] = chunks;
          resolve({ ...answer, body: (more.length === 0 ? only : Buffer.concat(chunks)).toString() });
        },
        // A proxy's refusal leaves the rest of its answer under way.
        onResponseError: (_controller, error) => stop(error),
      },
    );
  });
}
