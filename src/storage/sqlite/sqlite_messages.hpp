// Messages in SQLite. The writer works on the store's connection, the reader on that of its Reader. Thread
// and error rules as in storage/messages.hpp.
#pragma once

#include <functional>
#include <optional>
#include <utility>

#include "storage/messages.hpp"
#include "storage/sqlite/connection/database.hpp"

namespace togglecast::storage::sqlite {

class SqliteMessageWriter final : public MessageWriter {
 public:
  using CheckFence = std::function<Result<void>(const Fence& fence)>;

  /// `begin` begins a write transaction of `database`.
  SqliteMessageWriter(Database& database, std::function<Result<Transaction>()> begin, CheckFence check)
      : database_(database), begin_(std::move(begin)), check_(std::move(check)) {}

  [[nodiscard]] Result<AddedMessage> add(const NewMessage& message, const MessageLimits& limits) override;
  [[nodiscard]] Result<void> record(std::span<const MessageReceipt> receipts) override;
  [[nodiscard]] Result<MessageRow> withdraw(const std::string& environment, const std::string& id,
                                            UnixMillis at) override;
  [[nodiscard]] Result<bool> forget(UnixMillis before, UnixMillis now, std::int64_t kept, std::int64_t most,
                                    const std::optional<Fence>& fence) override;

 private:
  [[nodiscard]] Result<std::int64_t> next_number();
  [[nodiscard]] Result<std::optional<AddedMessage>> added_before(std::int64_t environment,
                                                                 const NewMessage& message);
  [[nodiscard]] Result<void> has_room(std::int64_t environment, const NewMessage& message,
                                      const MessageLimits& limits);
  [[nodiscard]] Result<void> insert(std::int64_t environment, const NewMessage& message);
  [[nodiscard]] Result<void> write(const MessageReceipt& receipt, std::int64_t number);
  /// How many rows it deleted; the message itself once its receipts are gone.
  [[nodiscard]] Result<std::int64_t> erase(std::int64_t message, std::int64_t most);

  Database& database_;
  std::function<Result<Transaction>()> begin_;
  CheckFence check_;
};

class SqliteMessageReader final : public MessageReader {
 public:
  explicit SqliteMessageReader(Database& database) : database_(database) {}

  [[nodiscard]] Result<MessageChanges> changes_after(std::int64_t after, UnixMillis now) override;
  [[nodiscard]] Result<std::vector<MessageRow>> page(const std::string& environment, std::int64_t before,
                                                     std::size_t limit) override;
  [[nodiscard]] Result<std::optional<MessageRow>> find(const std::string& environment,
                                                       const std::string& id) override;
  [[nodiscard]] Result<std::vector<MessageReceipt>> receipts(std::int64_t message, std::int64_t after,
                                                             std::size_t limit) override;

 private:
  Database& database_;
};

}  // namespace togglecast::storage::sqlite
