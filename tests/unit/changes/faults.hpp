// Stores and readers that fail when a test says so.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "storage/store.hpp"

namespace togglecast::changes::testing {

/// Each one runs in place of a call, or around it. They run on the thread of the call. Empty: no fault.
struct StoreFaults {
  using Commit = std::function<Result<void>()>;
  std::function<Result<void>()> begin;                       ///< before; an error ends the call
  std::function<Result<void>(const Commit& commit)> commit;  ///< around
  std::function<Result<void>()> check;                       ///< before the health check
  std::function<Result<void>()> add{};                       ///< before a write of several is added
  std::function<Result<void>()> prune{};                     ///< before each step of pruning
  std::function<Result<void>()> record{};                    ///< before receipts of messages are written
};

class FaultyTransaction final : public storage::WriteTransaction {
 public:
  FaultyTransaction(std::unique_ptr<storage::WriteTransaction> real, const StoreFaults& faults)
      : real_(std::move(real)), faults_(faults) {}
  const domain::Head& head() const noexcept override { return real_->head(); }
  Result<domain::Id> last_id(domain::Kind kind) override { return real_->last_id(kind); }
  Result<std::optional<storage::RememberedOutcome>> remembered(const storage::IdempotencyKey& key,
                                                               UnixMillis now) override {
    return real_->remembered(key, now);
  }
  Result<domain::LogRow> row(domain::Revision revision) override { return real_->row(revision); }
  Result<domain::Revision> last_touched(domain::Kind kind, domain::Id id, domain::Revision until) override {
    return real_->last_touched(kind, id, until);
  }
  Result<domain::Revision> first_touched(domain::Kind kind, domain::Id id, domain::Revision after) override {
    return real_->first_touched(kind, id, after);
  }
  Result<storage::AssetUsage> asset_usage() override { return real_->asset_usage(); }
  Result<bool> has_asset(const std::string& sha256) override { return real_->has_asset(sha256); }
  Result<bool> has_bytes(const std::string& sha256) override { return real_->has_bytes(sha256); }
  Result<void> add(const storage::Commit& what) override {
    if (faults_.add) {
      if (auto ok = faults_.add(); !ok) return ok;
    }
    return real_->add(what);
  }
  Result<void> commit(const storage::Commit& what) override {
    if (!faults_.commit) return real_->commit(what);
    return faults_.commit([&] { return real_->commit(what); });
  }

 private:
  std::unique_ptr<storage::WriteTransaction> real_;
  const StoreFaults& faults_;
};

class FaultyMessages final : public storage::MessageWriter {
 public:
  FaultyMessages(storage::MessageWriter& real, const StoreFaults& faults) : real_(real), faults_(faults) {}
  Result<storage::AddedMessage> add(const storage::NewMessage& message,
                                    const storage::MessageLimits& limits) override {
    return real_.add(message, limits);
  }
  Result<void> record(std::span<const storage::MessageReceipt> receipts) override {
    if (faults_.record) {
      if (auto ok = faults_.record(); !ok) return ok;
    }
    return real_.record(receipts);
  }
  Result<storage::MessageRow> withdraw(const std::string& environment, const std::string& id,
                                       UnixMillis at) override {
    return real_.withdraw(environment, id, at);
  }
  Result<bool> forget(UnixMillis before, UnixMillis now, std::int64_t kept, std::int64_t most,
                      const std::optional<storage::Fence>& fence) override {
    return real_.forget(before, now, kept, most, fence);
  }

 private:
  storage::MessageWriter& real_;
  const StoreFaults& faults_;
};

struct ReaderSwitches {
  std::atomic<bool> fail{false};
  std::atomic<bool> throw_bad_alloc{false};
  std::atomic<int> versions{0};
  std::atomic<int> heads{0};
  std::atomic<int> rows{0};
};

class FaultyStore final : public storage::Store, private storage::StoreHealth {
 public:
  FaultyStore(std::unique_ptr<storage::Store> real, StoreFaults faults)
      : real_(std::move(real)), faults_(std::move(faults)) {}
  /// Its readers fail as `reads` says.
  FaultyStore(std::unique_ptr<storage::Store> real, ReaderSwitches& reads)
      : real_(std::move(real)), reads_(&reads) {}
  Result<void> create_environment(const std::string& key, const Sha256& genesis, UnixMillis at) override {
    return real_->create_environment(key, genesis, at);
  }
  Result<std::unique_ptr<storage::WriteTransaction>> begin(const std::string& environment) override {
    if (faults_.begin) {
      if (auto ok = faults_.begin(); !ok) return tl::unexpected(ok.error());
    }
    auto real = real_->begin(environment);
    if (!real) return real;
    return std::make_unique<FaultyTransaction>(std::move(*real), faults_);
  }
  Result<bool> raise_epoch(const std::string& environment, const domain::Head& lost) override {
    return real_->raise_epoch(environment, lost);
  }
  Result<storage::Pruned> prune_log(const std::string& environment, domain::Revision until,
                                    const storage::PruneBounds& bounds) override {
    if (faults_.prune) {
      if (auto ok = faults_.prune(); !ok) return tl::unexpected(ok.error());
    }
    return real_->prune_log(environment, until, bounds);
  }
  Result<bool> give_back_space() override { return real_->give_back_space(); }
  Result<std::size_t> collect_assets(const std::string& environment, std::size_t most) override {
    return real_->collect_assets(environment, most);
  }
  Result<std::unique_ptr<storage::Reader>> open_reader() override;
  storage::MessageWriter& messages() noexcept override { return messages_; }
  storage::UsageWriter& usage() noexcept override { return real_->usage(); }
  storage::FetchedWriter& fetched() noexcept override { return real_->fetched(); }
  storage::Leases& leases() noexcept override { return real_->leases(); }
  storage::Transfer& transfer() noexcept override { return real_->transfer(); }
  storage::StoreHealth& health() noexcept override { return *this; }

 private:
  Result<void> check() override {
    if (faults_.check) {
      if (auto ok = faults_.check(); !ok) return ok;
    }
    return real_->health().check();
  }
  Result<void> probe_write() override { return real_->health().probe_write(); }
  storage::Origin origin() const noexcept override { return real_->health().origin(); }

  std::unique_ptr<storage::Store> real_;
  StoreFaults faults_{};
  ReaderSwitches* reads_ = nullptr;
  FaultyMessages messages_{real_->messages(), faults_};
};

/// Counts its calls, and fails when told so.
class FaultyReader final : public storage::Reader {
 public:
  using Switches = ReaderSwitches;

  FaultyReader(std::unique_ptr<storage::Reader> real, Switches& switches)
      : real_(std::move(real)), switches_(switches) {}
  Result<std::int64_t> version() override {
    ++switches_.versions;
    return real_->version();
  }
  Result<std::vector<storage::Environment>> environments() override {
    ++switches_.heads;
    return real_->environments();
  }
  Result<storage::StoredState> state(const std::string& environment, std::size_t recent) override {
    return real_->state(environment, recent);
  }
  Result<std::vector<domain::LogRow>> rows_after(const std::string& environment, domain::Revision after,
                                                 std::size_t limit) override {
    ++switches_.rows;
    if (switches_.throw_bad_alloc) throw std::bad_alloc();
    if (switches_.fail) return fail(Errc::unavailable, "the disk does not answer");
    return real_->rows_after(environment, after, limit);
  }
  Result<std::vector<domain::LogRow>> rows_before(const std::string& environment, domain::Revision before,
                                                  std::size_t limit) override {
    return real_->rows_before(environment, before, limit);
  }
  Result<storage::LogPage> log_page(const std::string& environment, const storage::LogQuery& query) override {
    return real_->log_page(environment, query);
  }
  Result<domain::Head> head_before(const std::string& environment, domain::Revision revision) override {
    return real_->head_before(environment, revision);
  }
  Result<storage::KeptLog> kept_log(const std::string& environment, UnixMillis now) override {
    return real_->kept_log(environment, now);
  }
  Result<domain::Head> follow_chain(const std::string& environment, const domain::Head& from,
                                    std::size_t limit) override {
    return real_->follow_chain(environment, from, limit);
  }
  Result<domain::Revision> revision_at(const std::string& environment, UnixMillis time) override {
    return real_->revision_at(environment, time);
  }
  Result<std::optional<Secret>> secret(const std::string& environment, domain::Kind kind,
                                       domain::Id id) override {
    return real_->secret(environment, kind, id);
  }
  Result<std::optional<storage::StoredAsset>> asset(const std::string& environment,
                                                    const std::string& sha256) override {
    return real_->asset(environment, sha256);
  }
  Result<storage::AssetUsage> asset_usage(const std::string& environment) override {
    return real_->asset_usage(environment);
  }
  storage::MessageReader& messages() noexcept override { return real_->messages(); }
  storage::UsageReader& usage() noexcept override { return real_->usage(); }
  storage::FetchedReader& fetched() noexcept override { return real_->fetched(); }

 private:
  std::unique_ptr<storage::Reader> real_;
  Switches& switches_;
};

inline Result<std::unique_ptr<storage::Reader>> FaultyStore::open_reader() {
  auto real = real_->open_reader();
  if (!real || reads_ == nullptr) return real;
  return std::make_unique<FaultyReader>(std::move(*real), *reads_);
}

}  // namespace togglecast::changes::testing
