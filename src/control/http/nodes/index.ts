// The nodes' API: what a node does at /v1/node by its own key.

import type { Routes } from "../../context.js";
import { binding } from "./binding.js";
import { events } from "./events.js";
import { heartbeat } from "./heartbeat.js";
import { unbind } from "./unbind.js";

export const nodeRoutes: readonly Routes[] = [binding, unbind, heartbeat, events];
