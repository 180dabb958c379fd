// Messages in PostgreSQL. Every writing transaction locks the row of the sequence first, so the numbers that
// a reader sees have no gap in which an older one may still appear. Thread and error rules as in
// storage/messages.hpp.
#pragma once

#include <optional>
#include <vector>

#include "storage/messages.hpp"
#include "storage/postgres/connection/link.hpp"

namespace togglecast::storage::postgres {

class PostgresMessageWriter final : public MessageWriter {
 public:
  /// `link` is the store's; `notice` is the payload of the notification that follows a commit.
  PostgresMessageWriter(Link& link, std::string notice) : link_(link), notice_(std::move(notice)) {}

  [[nodiscard]] Result<AddedMessage> add(const NewMessage& message, const MessageLimits& limits) override;
  [[nodiscard]] Result<void> record(std::span<const MessageReceipt> receipts) override;
  [[nodiscard]] Result<MessageRow> withdraw(const std::string& environment, const std::string& id,
                                            UnixMillis at) override;
  [[nodiscard]] Result<bool> forget(UnixMillis before, UnixMillis now, std::int64_t kept, std::int64_t most,
                                    const std::optional<Fence>& fence) override;

 private:
  struct Sequence {
    Transaction transaction;
    std::int64_t last = 0;
  };
  [[nodiscard]] Result<Sequence> lock_sequence();
  [[nodiscard]] Statement notify() const;

  Link& link_;
  std::string notice_;
};

class PostgresMessageReader final : public MessageReader {
 public:
  explicit PostgresMessageReader(Link& link) : link_(link) {}

  [[nodiscard]] Result<MessageChanges> changes_after(std::int64_t after, UnixMillis now) override;
  [[nodiscard]] Result<std::vector<MessageRow>> page(const std::string& environment, std::int64_t before,
                                                     std::size_t limit) override;
  [[nodiscard]] Result<std::optional<MessageRow>> find(const std::string& environment,
                                                       const std::string& id) override;
  [[nodiscard]] Result<std::vector<MessageReceipt>> receipts(std::int64_t message, std::int64_t after,
                                                             std::size_t limit) override;

 private:
  Link& link_;
};

}  // namespace togglecast::storage::postgres
