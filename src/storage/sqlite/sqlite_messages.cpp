#include "storage/sqlite/sqlite_messages.hpp"

#include "storage/sqlite/log_rows.hpp"

namespace togglecast::storage::sqlite {
namespace {

// `m` is message, `e` its environment.
#define TOGGLECAST_MESSAGE_COLUMNS                                                                       \
  "m.number, e.key, m.id, m.event, m.audience, m.payload, m.ack, m.retry, m.sender, m.addressed, m.at, " \
  "m.expires_at, m.withdrawn_at, m.settled_at"
#define TOGGLECAST_MESSAGES "message m JOIN environment e ON e.id = m.environment"
// When a message was over, or will be.
#define TOGGLECAST_MESSAGE_END                                                                        \
  "min(expires_at, iif(withdrawn_at = 0, expires_at, withdrawn_at), iif(settled_at = 0, expires_at, " \
  "settled_at))"

MessageRow message_in(const Statement& statement) {
  MessageRow row;
  row.number = statement.integer(0);
  row.environment = statement.text(1);
  row.id = statement.text(2);
  row.event = statement.text(3);
  row.audience = statement.text(4);
  row.payload = statement.text(5);
  row.ack = statement.text(6);
  row.retry = statement.integer(7);
  row.sender = statement.text(8);
  row.addressed = statement.integer(9);
  row.at = {statement.integer(10)};
  row.expires_at = {statement.integer(11)};
  row.withdrawn_at = {statement.integer(12)};
  row.settled_at = {statement.integer(13)};
  return row;
}

MessageReceipt receipt_in(const Statement& statement) {
  return {statement.integer(0),
          statement.integer(1),
          std::string(statement.text(2)),
          {statement.integer(3)},
          {statement.integer(4)}};
}

template <typename T>
Result<std::vector<T>> all_of(Statement& statement, T (*read)(const Statement&)) {
  std::vector<T> rows;
  for (;;) {
    const auto more = statement.step();
    if (!more) return tl::unexpected(more.error());
    if (!*more) return rows;
    rows.push_back(read(statement));
  }
}

Result<std::vector<std::int64_t>> numbers_of(Statement& statement) {
  return all_of<std::int64_t>(statement, [](const Statement& row) { return row.integer(0); });
}

std::int64_t bytes_of(const MessageRow& row) {
  return static_cast<std::int64_t>(row.payload.size() + row.audience.size());
}

}  // namespace

Result<std::int64_t> SqliteMessageWriter::next_number() {
  if (auto done = database_.execute("UPDATE message_counter SET last = last + 1"); !done)
    return tl::unexpected(done.error());
  return database_.query_integer("SELECT last FROM message_counter");
}

Result<AddedMessage> SqliteMessageWriter::add(const NewMessage& message, const MessageLimits& limits) {
  auto transaction = begin_();
  if (!transaction) return tl::unexpected(transaction.error());
  const auto environment = environment_number(database_, message.row.environment);
  if (!environment) return tl::unexpected(environment.error());
  auto before = added_before(*environment, message);
  if (!before) return tl::unexpected(before.error());
  if (*before) return **std::move(before);
  if (auto room = has_room(*environment, message, limits); !room) return tl::unexpected(room.error());
  const auto number = next_number();
  if (!number) return tl::unexpected(number.error());
  NewMessage numbered = message;
  numbered.row.number = *number;
  if (auto done = insert(*environment, numbered); !done) return tl::unexpected(done.error());
  if (auto done = transaction->commit(); !done) return tl::unexpected(done.error());
  return AddedMessage{std::move(numbered.row), false};
}

Result<std::optional<AddedMessage>> SqliteMessageWriter::added_before(std::int64_t environment,
                                                                      const NewMessage& message) {
  if (!message.idempotency) return std::nullopt;
  auto statement =
      database_.prepare("SELECT " TOGGLECAST_MESSAGE_COLUMNS ", m.request FROM " TOGGLECAST_MESSAGES
                        " WHERE m.environment = ? AND m.actor = ? AND m.key = ? AND m.key <> '' "
                        "AND m.at >= ? ORDER BY m.number DESC LIMIT 1");
  if (!statement) return tl::unexpected(statement.error());
  const IdempotencyKey& key = *message.idempotency;
  const auto found = statement->bind(1, environment)
                         .bind(2, key.actor)
                         .bind(3, key.key)
                         .bind(4, message.keys_since.value)
                         .step();
  if (!found) return tl::unexpected(found.error());
  if (!*found) return std::nullopt;
  if (statement->blob(14) != digest_bytes(key.request))
    return fail(Errc::conflict,
                "this Idempotency-Key was already used for a different request; use a new key");
  return AddedMessage{message_in(*statement), true};
}

Result<void> SqliteMessageWriter::has_room(std::int64_t environment, const NewMessage& message,
                                           const MessageLimits& limits) {
  auto statement = database_.prepare(
      "SELECT count(*), coalesce(sum(bytes), 0) FROM message "
      "WHERE environment = ? AND withdrawn_at = 0 AND settled_at = 0 AND expires_at > ?");
  if (!statement) return tl::unexpected(statement.error());
  const auto found = statement->bind(1, environment).bind(2, message.row.at.value).step();
  if (!found) return tl::unexpected(found.error());
  if (statement->integer(0) >= limits.count)
    return fail(Errc::conflict, "there are " + std::to_string(statement->integer(0)) +
                                    " messages that wait for their acknowledgement, as many as there may be "
                                    "(--messages); withdraw some, or let them expire sooner");
  if (statement->integer(1) + bytes_of(message.row) > limits.bytes)
    return fail(Errc::conflict, "the messages that wait for their acknowledgement have " +
                                    std::to_string(statement->integer(1)) +
                                    " bytes, and this one is too much (--messages-bytes); withdraw some, or "
                                    "let them expire sooner");
  return {};
}

Result<void> SqliteMessageWriter::insert(std::int64_t environment, const NewMessage& message) {
  auto statement = database_.prepare(
      "INSERT INTO message (number, changed, environment, id, event, audience, payload, ack, retry, sender, "
      "addressed, at, expires_at, one_receiver, bytes, actor, key, request) "
      "VALUES (?1, ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17)");
  if (!statement) return tl::unexpected(statement.error());
  const MessageRow& row = message.row;
  const IdempotencyKey key = message.idempotency.value_or(IdempotencyKey{});
  statement->bind(1, row.number)
      .bind(2, environment)
      .bind(3, row.id)
      .bind(4, row.event)
      .bind(5, row.audience);
  statement->bind(6, row.payload).bind(7, row.ack).bind(8, row.retry).bind(9, row.sender);
  statement->bind(10, row.addressed).bind(11, row.at.value).bind(12, row.expires_at.value);
  statement->bind(13, std::int64_t{message.one_receiver}).bind(14, bytes_of(row));
  return statement->bind(15, key.actor).bind(16, key.key).bind_blob(17, digest_bytes(key.request)).run();
}

Result<void> SqliteMessageWriter::record(std::span<const MessageReceipt> receipts) {
  auto transaction = begin_();
  if (!transaction) return tl::unexpected(transaction.error());
  const auto number = next_number();
  if (!number) return tl::unexpected(number.error());
  for (const MessageReceipt& receipt : receipts)
    if (auto done = write(receipt, *number); !done) return done;
  return transaction->commit();
}

Result<void> SqliteMessageWriter::write(const MessageReceipt& receipt, std::int64_t number) {
  const bool acknowledged = receipt.acknowledged_at.value != 0;
  auto statement = database_.prepare(
      "INSERT INTO message_receipt (message, receiver, connection, delivered_at, acknowledged_at, changed) "
      "SELECT ?1, ?2, ?3, ?4, ?5, ?6 WHERE EXISTS (SELECT 1 FROM message WHERE number = ?1) "
      "ON CONFLICT (message, receiver, connection) DO UPDATE "
      "SET acknowledged_at = excluded.acknowledged_at, changed = excluded.changed "
      "WHERE acknowledged_at = 0 AND excluded.acknowledged_at > 0");
  if (!statement) return tl::unexpected(statement.error());
  statement->bind(1, receipt.message).bind(2, receipt.receiver).bind(3, receipt.connection);
  statement->bind(4, receipt.delivered_at.value).bind(5, receipt.acknowledged_at.value);
  if (auto done = statement->bind(6, acknowledged ? number : std::int64_t{0}).run(); !done) return done;
  if (!acknowledged || !receipt.connection.empty()) return {};
  auto settled = database_.prepare(
      "UPDATE message SET settled_at = ?1, changed = ?2 "
      "WHERE number = ?3 AND one_receiver = 1 AND ack = 'client' AND settled_at = 0");
  if (!settled) return tl::unexpected(settled.error());
  return settled->bind(1, receipt.acknowledged_at.value).bind(2, number).bind(3, receipt.message).run();
}

Result<MessageRow> SqliteMessageWriter::withdraw(const std::string& environment, const std::string& id,
                                                 UnixMillis at) {
  auto transaction = begin_();
  if (!transaction) return tl::unexpected(transaction.error());
  auto found = SqliteMessageReader(database_).find(environment, id);
  if (!found) return tl::unexpected(found.error());
  if (!*found) return fail(Errc::not_found, "there is no message with this id");
  MessageRow row = **std::move(found);
  if (row.withdrawn_at.value != 0) return row;
  const auto number = next_number();
  if (!number) return tl::unexpected(number.error());
  auto statement = database_.prepare("UPDATE message SET withdrawn_at = ?, changed = ? WHERE number = ?");
  if (!statement) return tl::unexpected(statement.error());
  if (auto done = statement->bind(1, at.value).bind(2, *number).bind(3, row.number).run(); !done)
    return tl::unexpected(done.error());
  if (auto done = transaction->commit(); !done) return tl::unexpected(done.error());
  row.withdrawn_at = at;
  return row;
}

Result<bool> SqliteMessageWriter::forget(UnixMillis before, UnixMillis now, std::int64_t kept,
                                         std::int64_t most, const std::optional<Fence>& fence) {
  if (fence) {
    if (auto held = check_(*fence); !held) return tl::unexpected(held.error());
  }
  Result<std::vector<std::int64_t>> over;
  {
    auto statement = database_.prepare(
        "SELECT number FROM message WHERE " TOGGLECAST_MESSAGE_END
        " <= ?1 UNION SELECT number FROM (SELECT number FROM message WHERE " TOGGLECAST_MESSAGE_END
        " <= ?2 ORDER BY number DESC LIMIT -1 OFFSET ?3) ORDER BY number LIMIT ?4");
    if (!statement) return tl::unexpected(statement.error());
    over = numbers_of(statement->bind(1, before.value).bind(2, now.value).bind(3, kept).bind(4, most));
  }
  if (!over) return tl::unexpected(over.error());
  if (over->empty()) return false;
  auto transaction = begin_();
  if (!transaction) return tl::unexpected(transaction.error());
  std::int64_t left = most;
  for (const std::int64_t message : *over) {
    if (left <= 0) break;
    const auto erased = erase(message, left);
    if (!erased) return tl::unexpected(erased.error());
    left -= *erased;
  }
  if (auto done = transaction->commit(); !done) return tl::unexpected(done.error());
  return left <= 0;
}

Result<std::int64_t> SqliteMessageWriter::erase(std::int64_t message, std::int64_t most) {
  auto receipts = database_.prepare(
      "DELETE FROM message_receipt WHERE message = ?1 AND (receiver, connection) IN "
      "(SELECT receiver, connection FROM message_receipt WHERE message = ?1 LIMIT ?2)");
  if (!receipts) return tl::unexpected(receipts.error());
  if (auto done = receipts->bind(1, message).bind(2, most).run(); !done) return tl::unexpected(done.error());
  auto erased = database_.query_integer("SELECT changes()");
  if (!erased || *erased >= most) return erased;
  auto statement = database_.prepare("DELETE FROM message WHERE number = ?");
  if (!statement) return tl::unexpected(statement.error());
  if (auto done = statement->bind(1, message).run(); !done) return tl::unexpected(done.error());
  return *erased + 1;
}

Result<MessageChanges> SqliteMessageReader::changes_after(std::int64_t after, UnixMillis now) {
  auto transaction = Transaction::begin(database_, "BEGIN");
  if (!transaction) return tl::unexpected(transaction.error());
  MessageChanges changes;
  const auto last = database_.query_integer("SELECT last FROM message_counter");
  if (!last) return tl::unexpected(last.error());
  changes.last = *last;
  if (changes.last == after) return changes;
  auto messages = database_.prepare(
      "SELECT " TOGGLECAST_MESSAGE_COLUMNS " FROM " TOGGLECAST_MESSAGES
      " WHERE m.changed > ?1 AND (?1 > 0 OR (m.withdrawn_at = 0 AND m.settled_at = 0 AND m.expires_at > ?2)) "
      "ORDER BY m.number");
  if (!messages) return tl::unexpected(messages.error());
  auto rows = all_of(messages->bind(1, after).bind(2, now.value), message_in);
  if (!rows) return tl::unexpected(rows.error());
  changes.messages = *std::move(rows);
  auto receipts = database_.prepare(
      "SELECT r.message, r.receiver, r.connection, r.delivered_at, r.acknowledged_at "
      "FROM message_receipt r JOIN message m ON m.number = r.message "
      "WHERE r.changed > ?1 AND r.changed > 0 AND r.connection = '' AND m.withdrawn_at = 0 "
      "AND m.settled_at = 0 AND m.expires_at > ?2");
  if (!receipts) return tl::unexpected(receipts.error());
  auto acknowledged = all_of(receipts->bind(1, after).bind(2, now.value), receipt_in);
  if (!acknowledged) return tl::unexpected(acknowledged.error());
  changes.acknowledged = *std::move(acknowledged);
  return changes;
}

Result<std::vector<MessageRow>> SqliteMessageReader::page(const std::string& environment, std::int64_t before,
                                                          std::size_t limit) {
  auto statement = database_.prepare("SELECT " TOGGLECAST_MESSAGE_COLUMNS " FROM " TOGGLECAST_MESSAGES
                                     " WHERE e.key = ?1 AND (?2 = 0 OR m.number < ?2) "
                                     "ORDER BY m.number DESC LIMIT ?3");
  if (!statement) return tl::unexpected(statement.error());
  statement->bind(1, environment).bind(2, before).bind(3, static_cast<std::int64_t>(limit));
  return all_of(*statement, message_in);
}

Result<std::optional<MessageRow>> SqliteMessageReader::find(const std::string& environment,
                                                            const std::string& id) {
  auto statement = database_.prepare("SELECT " TOGGLECAST_MESSAGE_COLUMNS " FROM " TOGGLECAST_MESSAGES
                                     " WHERE e.key = ? AND m.id = ?");
  if (!statement) return tl::unexpected(statement.error());
  const auto found = statement->bind(1, environment).bind(2, id).step();
  if (!found) return tl::unexpected(found.error());
  if (!*found) return std::nullopt;
  return message_in(*statement);
}

Result<std::vector<MessageReceipt>> SqliteMessageReader::receipts(std::int64_t message, std::int64_t after,
                                                                  std::size_t limit) {
  auto statement = database_.prepare(
      "SELECT message, receiver, connection, delivered_at, acknowledged_at FROM message_receipt "
      "WHERE message = ? AND receiver > ? ORDER BY receiver, connection LIMIT ?");
  if (!statement) return tl::unexpected(statement.error());
  statement->bind(1, message).bind(2, after).bind(3, static_cast<std::int64_t>(limit));
  return all_of(*statement, receipt_in);
}

}  // namespace togglecast::storage::sqlite
