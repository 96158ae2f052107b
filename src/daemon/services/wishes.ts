// The operator's wish for an activation that the daemon has not made yet: one at a time, waited for by any number.

import type { ActivationAnswer } from "../../protocol/local.js";

export interface Wishes {
  /** The control plane that is wished for, if there is a wish. */
  server(): string | undefined;
  /** Joins the wish that is there. */
  add(server: string): Promise<ActivationAnswer>;
  resolve(answer: ActivationAnswer): void;
  reject(error: unknown): void;
}

interface Wish extends PromiseWithResolvers<ActivationAnswer> {
  readonly server: string;
}

export function createWishes(): Wishes {
  let wish: Wish | undefined;

  function begin(server: string): Wish {
    const later = Promise.withResolvers<ActivationAnswer>();
    // Nobody may be waiting any more when it fails.
    later.promise.catch(() => undefined);
    return { server, ...later };
  }

  function end(): Wish | undefined {
    const ending = wish;
    wish = undefined;
    return ending;
  }

  return {
    server: () => wish?.server,
    add: (server) => (wish ??= begin(server)).promise,
    resolve: (answer) => end()?.resolve(answer),
    reject: (error) => end()?.reject(error),
  };
}
