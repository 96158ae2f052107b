// The contract on SQLite, one process.
import { contractSuite } from "./suite.js";

contractSuite("sqlite");
