import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';

/**
 * Prepares the database that fauxqs keeps its queues in, before fauxqs opens it.
 *
 * fauxqs 2.4.1 declares `approximate_receive_count NOT NULL` and then sets it to NULL when a message is handed back with
 * visibility 0: the statement fails and the message is lost from memory. Its tables are made "if not exists", so a table
 * made first, without that constraint, wins. docs/decisions/0002-prepared-queue-database.md
 *
 * Messages that were in flight when the last process ended are made visible again: that process is gone (the data folder
 * is locked), and nobody else could settle them. A wait that was kept by visibility is kept by the delivery's own
 * `nextAttemptAt`, so nothing is sent early.
 */
export function prepareFauxqsDatabase(dataDir: string): void {
  mkdirSync(dataDir, { recursive: true });
  const database = new DatabaseSync(join(dataDir, 'fauxqs.db'));
  try {
    database.exec('PRAGMA journal_mode = WAL');
    database.exec(`CREATE TABLE IF NOT EXISTS sqs_messages (
      message_id TEXT PRIMARY KEY, queue_name TEXT NOT NULL, body TEXT NOT NULL, md5_of_body TEXT NOT NULL,
      message_attributes TEXT NOT NULL, md5_of_message_attributes TEXT NOT NULL, sent_timestamp INTEGER NOT NULL,
      approximate_receive_count INTEGER DEFAULT 0, approximate_first_receive_timestamp INTEGER, delay_until INTEGER,
      message_group_id TEXT, message_deduplication_id TEXT, sequence_number TEXT, receipt_handle TEXT, visibility_deadline INTEGER
    )`);
    database.exec('UPDATE sqs_messages SET receipt_handle = NULL, visibility_deadline = NULL');
  } finally {
    database.close();
  }
}
