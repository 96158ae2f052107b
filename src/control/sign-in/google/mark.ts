// The mark on its button.

import { lettered } from "../drawing.js";

export const mark = lettered("G");
