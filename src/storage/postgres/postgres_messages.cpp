#include "storage/postgres/postgres_messages.hpp"

#include <algorithm>
#include <string>
#include <utility>

#include "storage/postgres/log_rows.hpp"
#include "storage/postgres/postgres_leases.hpp"

// `m` is message, `e` its environment.
#define TOGGLECAST_PG_MESSAGE_COLUMNS                                                                    \
  "m.number, e.key, m.id, m.event, m.audience, m.payload, m.ack, m.retry, m.sender, m.addressed, m.at, " \
  "m.expires_at, m.withdrawn_at, m.settled_at"
#define TOGGLECAST_PG_MESSAGES "togglecast.message m JOIN togglecast.environment e ON e.id = m.environment"
// When a message was over, or will be.
#define TOGGLECAST_PG_MESSAGE_END                                                                     \
  "least(expires_at, coalesce(nullif(withdrawn_at, 0), expires_at), coalesce(nullif(settled_at, 0), " \
  "expires_at))"

namespace togglecast::storage::postgres {
namespace {

constexpr std::size_t kReceiptsAtOnce = 500;

MessageRow message_in(const Rows& rows, int i) {
  MessageRow row;
  row.number = rows.integer(i, 0);
  row.environment = rows.text(i, 1);
  row.id = rows.text(i, 2);
  row.event = rows.text(i, 3);
  row.audience = rows.text(i, 4);
  row.payload = rows.text(i, 5);
  row.ack = rows.text(i, 6);
  row.retry = rows.integer(i, 7);
  row.sender = rows.text(i, 8);
  row.addressed = rows.integer(i, 9);
  row.at = {rows.integer(i, 10)};
  row.expires_at = {rows.integer(i, 11)};
  row.withdrawn_at = {rows.integer(i, 12)};
  row.settled_at = {rows.integer(i, 13)};
  return row;
}

MessageReceipt receipt_in(const Rows& rows, int i) {
  return {rows.integer(i, 0),
          rows.integer(i, 1),
          std::string(rows.text(i, 2)),
          {rows.integer(i, 3)},
          {rows.integer(i, 4)}};
}

template <typename T>
std::vector<T> all_of(const Rows& rows, T (*read)(const Rows&, int)) {
  std::vector<T> found;
  found.reserve(static_cast<std::size_t>(rows.size()));
  for (int i = 0; i < rows.size(); ++i) found.push_back(read(rows, i));
  return found;
}

std::int64_t bytes_of(const MessageRow& row) {
  return static_cast<std::int64_t>(row.payload.size() + row.audience.size());
}

Result<std::optional<AddedMessage>> added_before(Transaction& transaction, std::int64_t environment,
                                                 const NewMessage& message) {
  if (!message.idempotency) return std::nullopt;
  const IdempotencyKey& key = *message.idempotency;
  const auto rows = transaction.run(
      "SELECT " TOGGLECAST_PG_MESSAGE_COLUMNS ", m.request FROM " TOGGLECAST_PG_MESSAGES
      " WHERE m.environment = $1 AND m.actor = $2 AND m.key = $3 AND m.key <> '' AND m.at >= $4 "
      "ORDER BY m.number DESC LIMIT 1",
      Parameters().add(environment).add(key.actor).add(key.key).add(message.keys_since.value));
  if (!rows) return tl::unexpected(rows.error());
  if (rows->empty()) return std::nullopt;
  if (rows->text(0, 14) != digest_bytes(key.request))
    return fail(Errc::conflict,
                "this Idempotency-Key was already used for a different request; use a new key");
  return AddedMessage{message_in(*rows, 0), true};
}

Result<void> has_room(Transaction& transaction, std::int64_t environment, const NewMessage& message,
                      const MessageLimits& limits) {
  const auto rows = transaction.run(
      "SELECT count(*), coalesce(sum(bytes), 0)::bigint FROM togglecast.message "
      "WHERE environment = $1 AND withdrawn_at = 0 AND settled_at = 0 AND expires_at > $2",
      Parameters().add(environment).add(message.row.at.value));
  if (!rows) return tl::unexpected(rows.error());
  const std::int64_t count = rows->integer(0, 0), bytes = rows->integer(0, 1);
  if (count >= limits.count)
    return fail(Errc::conflict, "there are " + std::to_string(count) +
                                    " messages that wait for their acknowledgement, as many as there may be "
                                    "(--messages); withdraw some, or let them expire sooner");
  if (bytes + bytes_of(message.row) > limits.bytes)
    return fail(Errc::conflict, "the messages that wait for their acknowledgement have " +
                                    std::to_string(bytes) +
                                    " bytes, and this one is too much (--messages-bytes); withdraw some, or "
                                    "let them expire sooner");
  return {};
}

Statement insertion(std::int64_t environment, const NewMessage& message) {
  const MessageRow& row = message.row;
  const IdempotencyKey key = message.idempotency.value_or(IdempotencyKey{});
  return {
      "INSERT INTO togglecast.message (number, changed, environment, id, event, audience, payload, ack, "
      "retry, sender, addressed, at, expires_at, one_receiver, bytes, actor, key, request) "
      "VALUES ($1, $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17)",
      Parameters()
          .add(row.number)
          .add(environment)
          .add(row.id)
          .add(row.event)
          .add(row.audience)
          .add(row.payload)
          .add(row.ack)
          .add(row.retry)
          .add(row.sender)
          .add(row.addressed)
          .add(row.at.value)
          .add(row.expires_at.value)
          .add(std::int64_t{message.one_receiver})
          .add(bytes_of(row))
          .add(key.actor)
          .add(key.key)
          .add_bytes(digest_bytes(key.request))};
}

Statement advance_to(std::int64_t number) {
  return {"UPDATE togglecast.message_counter SET last = $1", Parameters().add(number)};
}

void add_receipt(std::vector<Statement>& batch, const MessageReceipt& receipt, std::int64_t number) {
  const bool acknowledged = receipt.acknowledged_at.value != 0;
  batch.push_back(
      {"INSERT INTO togglecast.message_receipt AS r "
       "(message, receiver, connection, delivered_at, acknowledged_at, changed) "
       "SELECT $1, $2, $3, $4, $5, $6 "
       "WHERE EXISTS (SELECT 1 FROM togglecast.message WHERE number = $1) "
       "ON CONFLICT (message, receiver, connection) DO UPDATE "
       "SET acknowledged_at = excluded.acknowledged_at, changed = excluded.changed "
       "WHERE r.acknowledged_at = 0 AND excluded.acknowledged_at > 0",
       Parameters()
           .add(receipt.message)
           .add(receipt.receiver)
           .add(receipt.connection)
           .add(receipt.delivered_at.value)
           .add(receipt.acknowledged_at.value)
           .add(acknowledged ? number : std::int64_t{0})});
  if (!acknowledged || !receipt.connection.empty()) return;
  batch.push_back(
      {"UPDATE togglecast.message SET settled_at = $1, changed = $2 "
       "WHERE number = $3 AND one_receiver = 1 AND ack = 'client' AND settled_at = 0",
       Parameters().add(receipt.acknowledged_at.value).add(number).add(receipt.message)});
}

// How many rows it deleted; the message itself once its receipts are gone.
Result<std::int64_t> erase_message(Transaction& transaction, std::int64_t message, std::int64_t most) {
  const auto receipts = transaction.run(
      "DELETE FROM togglecast.message_receipt r USING (SELECT receiver, connection "
      "FROM togglecast.message_receipt WHERE message = $1 LIMIT $2) AS few "
      "WHERE r.message = $1 AND r.receiver = few.receiver AND r.connection = few.connection",
      Parameters().add(message).add(most));
  if (!receipts) return tl::unexpected(receipts.error());
  if (receipts->affected() >= most) return receipts->affected();
  const auto erased =
      transaction.run("DELETE FROM togglecast.message WHERE number = $1", Parameters().add(message));
  if (!erased) return tl::unexpected(erased.error());
  return receipts->affected() + 1;
}

Statement finding(const std::string& environment, const std::string& id) {
  return {"SELECT " TOGGLECAST_PG_MESSAGE_COLUMNS " FROM " TOGGLECAST_PG_MESSAGES
          " WHERE e.key = $1 AND m.id = $2",
          Parameters().add(environment).add(id)};
}

}  // namespace

Result<PostgresMessageWriter::Sequence> PostgresMessageWriter::lock_sequence() {
  auto begun = Transaction::begin(link_, Transaction::Kind::write,
                                  {{"SELECT last FROM togglecast.message_counter FOR NO KEY UPDATE"}});
  if (!begun) return tl::unexpected(begun.error());
  if (begun->answers.front().empty())
    return fail(Errc::internal, "togglecast.message_counter is empty; restore a backup");
  const std::int64_t last = begun->answers.front().integer(0, 0);
  return Sequence{std::move(begun->transaction), last};
}

Statement PostgresMessageWriter::notify() const {
  return {"SELECT pg_notify('togglecast', $1)", Parameters().add(notice_)};
}

Result<AddedMessage> PostgresMessageWriter::add(const NewMessage& message, const MessageLimits& limits) {
  auto sequence = lock_sequence();
  if (!sequence) return tl::unexpected(sequence.error());
  Transaction& transaction = sequence->transaction;
  const auto found = transaction.run("SELECT id FROM togglecast.environment WHERE key = $1",
                                     Parameters().add(message.row.environment));
  if (!found) return tl::unexpected(found.error());
  if (found->empty())
    return fail(Errc::not_found, "there is no environment '" + message.row.environment + "'");
  const std::int64_t environment = found->integer(0, 0);
  auto before = added_before(transaction, environment, message);
  if (!before) return tl::unexpected(before.error());
  if (*before) return **std::move(before);
  if (auto room = has_room(transaction, environment, message, limits); !room)
    return tl::unexpected(room.error());
  NewMessage numbered = message;
  numbered.row.number = sequence->last + 1;
  auto done =
      transaction.commit({advance_to(numbered.row.number), insertion(environment, numbered)}, notify());
  if (!done) return tl::unexpected(done.error());
  return AddedMessage{std::move(numbered.row), false};
}

Result<void> PostgresMessageWriter::record(std::span<const MessageReceipt> receipts) {
  auto sequence = lock_sequence();
  if (!sequence) return tl::unexpected(sequence.error());
  const std::int64_t number = sequence->last + 1;
  std::vector<Statement> batch{advance_to(number)};
  for (const MessageReceipt& receipt : receipts) {
    add_receipt(batch, receipt, number);
    if (batch.size() < kReceiptsAtOnce) continue;
    if (const auto done = sequence->transaction.run(batch); !done) return tl::unexpected(done.error());
    batch.clear();
  }
  return sequence->transaction.commit(std::move(batch), notify());
}

Result<MessageRow> PostgresMessageWriter::withdraw(const std::string& environment, const std::string& id,
                                                   UnixMillis at) {
  auto sequence = lock_sequence();
  if (!sequence) return tl::unexpected(sequence.error());
  Statement find = finding(environment, id);
  const auto found = sequence->transaction.run(find.sql, std::move(find.parameters));
  if (!found) return tl::unexpected(found.error());
  if (found->empty()) return fail(Errc::not_found, "there is no message with this id");
  MessageRow row = message_in(*found, 0);
  if (row.withdrawn_at.value != 0) return row;
  const std::int64_t number = sequence->last + 1;
  auto done = sequence->transaction.commit(
      {advance_to(number),
       {"UPDATE togglecast.message SET withdrawn_at = $1, changed = $2 WHERE number = $3",
        Parameters().add(at.value).add(number).add(row.number)}},
      notify());
  if (!done) return tl::unexpected(done.error());
  row.withdrawn_at = at;
  return row;
}

Result<bool> PostgresMessageWriter::forget(UnixMillis before, UnixMillis now, std::int64_t kept,
                                           std::int64_t most, const std::optional<Fence>& fence) {
  constexpr const char* kOver = "SELECT number FROM togglecast.message WHERE " TOGGLECAST_PG_MESSAGE_END
                                " <= $1 UNION SELECT number FROM (SELECT number FROM togglecast.message "
                                "WHERE " TOGGLECAST_PG_MESSAGE_END
                                " <= $2 ORDER BY number DESC OFFSET $3) AS beyond ORDER BY number LIMIT $4";
  const Parameters which = Parameters().add(before.value).add(now.value).add(kept).add(most);
  const auto any = link_.ask(kOver, which);  // most often none: then nothing is locked
  if (!any) return tl::unexpected(any.error());
  if (any->empty() && !fence) return false;
  auto sequence = lock_sequence();
  if (!sequence) return tl::unexpected(sequence.error());
  if (fence) {
    if (auto held = hold_lease(sequence->transaction, *fence); !held) return tl::unexpected(held.error());
  }
  const auto over = sequence->transaction.run(kOver, which);
  if (!over) return tl::unexpected(over.error());
  std::int64_t left = most;
  for (int i = 0; i < over->size() && left > 0; ++i) {
    const auto erased = erase_message(sequence->transaction, over->integer(i, 0), left);
    if (!erased) return tl::unexpected(erased.error());
    left -= *erased;
  }
  if (auto done = sequence->transaction.commit(); !done) return tl::unexpected(done.error());
  return left <= 0;
}

Result<MessageChanges> PostgresMessageReader::changes_after(std::int64_t after, UnixMillis now) {
  const auto newest = link_.ask("SELECT last FROM togglecast.message_counter");
  if (!newest) return tl::unexpected(newest.error());
  MessageChanges changes;
  if (newest->empty()) return fail(Errc::internal, "togglecast.message_counter is empty; restore a backup");
  changes.last = newest->integer(0, 0);
  if (changes.last == after) return changes;
  auto begun = Transaction::begin(
      link_, Transaction::Kind::read,
      {{"SELECT last FROM togglecast.message_counter"},
       {"SELECT " TOGGLECAST_PG_MESSAGE_COLUMNS " FROM " TOGGLECAST_PG_MESSAGES
        " WHERE m.changed > $1 AND ($1 > 0 OR (m.withdrawn_at = 0 AND m.settled_at = 0 AND m.expires_at > "
        "$2)) "
        "ORDER BY m.number",
        Parameters().add(after).add(now.value)},
       {"SELECT r.message, r.receiver, r.connection, r.delivered_at, r.acknowledged_at "
        "FROM togglecast.message_receipt r JOIN togglecast.message m ON m.number = r.message "
        "WHERE r.changed > $1 AND r.changed > 0 AND r.connection = '' AND m.withdrawn_at = 0 "
        "AND m.settled_at = 0 AND m.expires_at > $2",
        Parameters().add(after).add(now.value)}});
  if (!begun) return tl::unexpected(begun.error());
  changes.last = begun->answers[0].integer(0, 0);
  changes.messages = all_of(begun->answers[1], message_in);
  changes.acknowledged = all_of(begun->answers[2], receipt_in);
  return changes;
}

Result<std::vector<MessageRow>> PostgresMessageReader::page(const std::string& environment,
                                                            std::int64_t before, std::size_t limit) {
  return link_
      .ask("SELECT " TOGGLECAST_PG_MESSAGE_COLUMNS " FROM " TOGGLECAST_PG_MESSAGES
           " WHERE e.key = $1 AND ($2 = 0 OR m.number < $2) ORDER BY m.number DESC LIMIT $3",
           Parameters().add(environment).add(before).add(static_cast<std::int64_t>(limit)))
      .map([](const Rows& rows) { return all_of(rows, message_in); });
}

Result<std::optional<MessageRow>> PostgresMessageReader::find(const std::string& environment,
                                                              const std::string& id) {
  Statement statement = finding(environment, id);
  const auto rows = link_.ask(statement.sql, std::move(statement.parameters));
  if (!rows) return tl::unexpected(rows.error());
  if (rows->empty()) return std::nullopt;
  return message_in(*rows, 0);
}

Result<std::vector<MessageReceipt>> PostgresMessageReader::receipts(std::int64_t message, std::int64_t after,
                                                                    std::size_t limit) {
  return link_
      .ask(
          "SELECT message, receiver, connection, delivered_at, acknowledged_at "
          "FROM togglecast.message_receipt WHERE message = $1 AND receiver > $2 "
          "ORDER BY receiver, connection LIMIT $3",
          Parameters().add(message).add(after).add(static_cast<std::int64_t>(limit)))
      .map([](const Rows& rows) { return all_of(rows, receipt_in); });
}

}  // namespace togglecast::storage::postgres
