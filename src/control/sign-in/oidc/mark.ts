// The mark on its button.

import { drawn } from "../drawing.js";

export const mark = drawn('<circle cx="8" cy="15.5" r="4.5"/><path d="m11.3 12.2 8.2-8.2M16 7.5l3 3"/>');
