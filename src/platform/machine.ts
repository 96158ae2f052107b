// What the machine says about itself.

import { hostname, machine, release, type } from "node:os";

/** May hold anything: sethostname(2) takes bytes. */
export const readHostName = (): string => hostname();

/** Kernel, its release and the architecture. */
export const readSystem = (): string => `${type()} ${release()} ${machine()}`;
