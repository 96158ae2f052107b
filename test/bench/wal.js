// Counts the commits in a SQLite write-ahead log: frames whose header names the database's size after commit
// (sqlite.org/fileformat2.html, section 4.1).

import { readFileSync } from "node:fs";

const headerSize = 32;
const frameHeaderSize = 24;

/** Commits in the log's current generation: frames with the header's salt. */
export function countCommits(path) {
  const wal = readFileSync(path);
  if (wal.length < headerSize) return 0;
  const pageSize = wal.readUInt32BE(8);
  const salt = wal.subarray(16, 24);
  let commits = 0;
  for (let at = headerSize; at + frameHeaderSize + pageSize <= wal.length; at += frameHeaderSize + pageSize) {
    if (!wal.subarray(at + 8, at + 16).equals(salt)) break;
    if (wal.readUInt32BE(at + 4) !== 0) commits += 1;
  }
  return commits;
}
