// The list of everything the control plane answers beside OAuth, health and the document, in the document's order.

import type { Routes } from "../context.js";
import { webRoutes } from "../web/index.js";
import { nodeRoutes } from "./nodes/index.js";
import { peopleRoutes } from "./people/index.js";

export const allRoutes: readonly Routes[] = [...peopleRoutes, ...nodeRoutes, ...webRoutes];
