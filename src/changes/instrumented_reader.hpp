// A reader that logs and counts its failures. The caller gets `unavailable` as it is; of `internal` (damaged
// data) only the log has the reason. Thread and error rules as in storage/reader.hpp.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "observe/log.hpp"
#include "observe/metrics.hpp"
#include "storage/reader.hpp"

namespace togglecast::changes {

class InstrumentedReader final : public storage::Reader {
 public:
  InstrumentedReader(std::unique_ptr<storage::Reader> reader, observe::Log& log, observe::Metrics& metrics)
      : reader_(std::move(reader)),
        log_(log),
        reads_(
            metrics.counter("togglecast_store_reads_total", "Reads of the store that requests have caused.")),
        failures_(metrics.counter("togglecast_store_read_failures_total",
                                  "Reads that the store could not answer.")) {}

  [[nodiscard]] Result<std::int64_t> version() override { return watched(reader_->version()); }
  [[nodiscard]] Result<std::vector<storage::Environment>> environments() override {
    return watched(reader_->environments());
  }
  [[nodiscard]] Result<storage::StoredState> state(const std::string& environment,
                                                   std::size_t recent) override {
    return watched(reader_->state(environment, recent));
  }
  [[nodiscard]] Result<std::vector<domain::LogRow>> rows_after(const std::string& environment,
                                                               domain::Revision after,
                                                               std::size_t limit) override {
    return watched(reader_->rows_after(environment, after, limit));
  }
  [[nodiscard]] Result<storage::LogPage> log_page(const std::string& environment,
                                                  const storage::LogQuery& query) override {
    return watched(reader_->log_page(environment, query));
  }
  [[nodiscard]] Result<std::vector<domain::LogRow>> rows_before(const std::string& environment,
                                                                domain::Revision before,
                                                                std::size_t limit) override {
    return watched(reader_->rows_before(environment, before, limit));
  }
  [[nodiscard]] Result<domain::Head> head_before(const std::string& environment,
                                                 domain::Revision revision) override {
    return watched(reader_->head_before(environment, revision));
  }
  [[nodiscard]] Result<storage::KeptLog> kept_log(const std::string& environment, UnixMillis now) override {
    return watched(reader_->kept_log(environment, now));
  }
  [[nodiscard]] Result<domain::Head> follow_chain(const std::string& environment, const domain::Head& from,
                                                  std::size_t limit) override {
    return watched(reader_->follow_chain(environment, from, limit));
  }
  [[nodiscard]] Result<domain::Revision> revision_at(const std::string& environment,
                                                     UnixMillis time) override {
    return watched(reader_->revision_at(environment, time));
  }
  [[nodiscard]] Result<std::optional<Secret>> secret(const std::string& environment, domain::Kind kind,
                                                     domain::Id id) override {
    return watched(reader_->secret(environment, kind, id));
  }
  [[nodiscard]] Result<std::optional<storage::StoredAsset>> asset(const std::string& environment,
                                                                  const std::string& sha256) override {
    return watched(reader_->asset(environment, sha256));
  }
  [[nodiscard]] Result<storage::AssetUsage> asset_usage(const std::string& environment) override {
    return watched(reader_->asset_usage(environment));
  }
  /// As they are: the mailbox logs its failures.
  [[nodiscard]] storage::MessageReader& messages() noexcept override {
    reads_.add();
    return reader_->messages();
  }
  /// As they are, too.
  [[nodiscard]] storage::UsageReader& usage() noexcept override {
    reads_.add();
    return reader_->usage();
  }
  [[nodiscard]] storage::FetchedReader& fetched() noexcept override {
    reads_.add();
    return reader_->fetched();
  }

 private:
  template <typename T>
  Result<T> watched(Result<T> answer) {
    reads_.add();
    if (answer || (answer.error().code != Errc::internal && answer.error().code != Errc::unavailable))
      return answer;
    failures_.add();
    log_.error("the store could not be read",
               {{"code", to_string(answer.error().code)}, {"reason", answer.error().message}});
    if (answer.error().code == Errc::internal)
      return fail(Errc::internal, "the stored data could not be read; the log says why");
    return answer;
  }

  std::unique_ptr<storage::Reader> reader_;
  observe::Log& log_;
  observe::Counter& reads_;
  observe::Counter& failures_;
};

}  // namespace togglecast::changes
