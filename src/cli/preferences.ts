// Preferences (conf): what a person is offered again. Losing them costs a few keystrokes, so nothing here ever fails.

import { configFolder } from "../platform/paths.js";
import type { Context } from "./context.js";

interface Values {
  /** The control plane that was typed last. */
  readonly lastServer?: string;
}

export interface Preferences {
  read(name: keyof Values): string | undefined;
  write(name: keyof Values, value: string): void;
}

export async function openPreferences(context: Context): Promise<Preferences> {
  try {
    const { default: Conf } = await import("conf");
    const store = new Conf<Values>({
      projectName: "jitnode",
      configName: "preferences",
      cwd: configFolder(context.environment),
      configFileMode: 0o600,
      clearInvalidConfig: true,
      schema: { lastServer: { type: "string", maxLength: 2048 } },
    });
    return {
      read: (name) => store.get(name),
      write: (name, value) => {
        try {
          store.set(name, value);
        } catch {
          // A folder that cannot be written: nothing is offered next time.
        }
      },
    };
  } catch {
    return { read: () => undefined, write: () => undefined };
  }
}
