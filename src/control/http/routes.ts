// The list of everything the control plane answers, in the order in which it stands in the document.

import type { Routes } from "../context.js";

export const allRoutes: readonly Routes[] = [];
