// What was typed, as a message may repeat it: messages end up in logs, so a binding code is only alluded to.

import { resemblesBindingCode } from "../../domain/codes.js";

export const typed = (text: string): string => (resemblesBindingCode(text) ? "…" : text);
