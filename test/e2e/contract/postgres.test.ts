// The contract on PostgreSQL, two replicas: each half of every flow on another one.
import { contractSuite } from "./suite.js";

contractSuite("postgres");
