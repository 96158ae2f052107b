// What everybody who sees a binding code is told.

import { line } from "../../output/line.js";

export const codeNote = line`Refresh it after each invitation (jitnode org code refresh): whoever has the code gets in.`;
