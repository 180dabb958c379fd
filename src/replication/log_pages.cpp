#include "replication/log_pages.hpp"

#include <algorithm>
#include <exception>
#include <future>
#include <memory>
#include <utility>

#include "domain/state/offset.hpp"

namespace togglecast::replication {
namespace {

using Rows = std::vector<domain::LogRow>;

std::vector<LinkedRow> linked(Rows&& rows, domain::Head previous) {
  std::vector<LinkedRow> out;
  out.reserve(rows.size());
  for (domain::LogRow& row : rows) {
    const domain::Head head = row.head;
    out.push_back({std::move(row), previous});
    previous = head;
  }
  return out;
}

}  // namespace

template <typename T>
Result<T> LogPages::read(std::function<Result<T>(storage::Reader& reader)> what) {
  const auto promise = std::make_shared<std::promise<Result<T>>>();
  auto found = promise->get_future();
  const bool taken = reader_.submit([promise, &what](storage::Reader& reader) {
    try {
      promise->set_value(what(reader));
    } catch (...) {
      promise->set_exception(std::current_exception());
    }
  });
  if (!taken) return fail(Errc::unavailable, "too many readings of the store wait");
  return found.get();
}

Result<LogEnd> LogPages::end(const std::string& environment) {
  return read<LogEnd>([&](storage::Reader& reader) -> Result<LogEnd> {
    return reader.kept_log(environment, {}).map([](const storage::KeptLog& kept) {
      return LogEnd{kept.newest, kept.before.revision};
    });
  });
}

Result<std::vector<LinkedRow>> LogPages::after(const std::string& environment, domain::Revision after) {
  auto rows =
      read<Rows>([&](storage::Reader& reader) { return reader.rows_after(environment, after, page_); });
  if (!rows) return tl::unexpected(rows.error());
  if (rows->empty()) return std::vector<LinkedRow>{};
  const auto previous =
      read<domain::Head>([&](storage::Reader& reader) { return reader.head_before(environment, after + 1); });
  if (!previous) return tl::unexpected(previous.error());
  return linked(std::move(*rows), *previous);
}

Result<std::vector<LinkedRow>> LogPages::newest(const std::string& environment, const LogEnd& end,
                                                std::size_t length, std::size_t bytes) {
  auto rows = read<Rows>([&](storage::Reader& reader) -> Result<Rows> {
    Rows found;
    std::size_t taken = 0;
    for (domain::Revision before = end.head.revision + 1; before > end.kept_after + 1;) {
      auto page = reader.rows_before(environment, before, page_);
      if (!page) return tl::unexpected(page.error());
      if (page->empty()) break;
      for (domain::LogRow& row : *page) {
        taken += row.change_text.size() + row.actor_text.size();
        if (found.size() == length || (taken > bytes && !found.empty())) return found;
        before = row.head.revision;
        found.push_back(std::move(row));
      }
    }
    return found;
  });
  if (!rows) return tl::unexpected(rows.error());
  if (rows->empty()) return std::vector<LinkedRow>{};
  std::reverse(rows->begin(), rows->end());
  const domain::Revision oldest = rows->front().head.revision;
  const auto previous =
      read<domain::Head>([&](storage::Reader& reader) { return reader.head_before(environment, oldest); });
  if (!previous) return tl::unexpected(previous.error());
  return linked(std::move(*rows), *previous);
}

Result<bool> LogPages::has(const std::string& environment, const StreamEnd& stream, const LogEnd& end) {
  if (!stream.last || *stream.last > id_of(end.head) || stream.last->revision > end.head.revision)
    return false;
  // Emptied (XTRIM), or of a revision that the log keeps no longer: nothing speaks against it.
  if (stream.offset.empty() || stream.last->revision < end.kept_after) return true;
  const auto offset = domain::parse_offset(stream.offset);
  if (!offset || offset->revision != stream.last->revision || offset->epoch != stream.last->epoch)
    return false;
  if (offset->revision == end.head.revision) return domain::offset_of(end.head).chain == offset->chain;
  const auto head = read<domain::Head>(
      [&](storage::Reader& reader) { return reader.head_before(environment, offset->revision + 1); });
  if (!head) return head.error().code == Errc::not_found ? Result<bool>(true) : tl::unexpected(head.error());
  return domain::offset_of(*head).chain == offset->chain;
}

Result<domain::Revision> LogPages::end_of_epoch(const std::string& environment, std::int64_t epoch,
                                                const LogEnd& end) {
  return read<domain::Revision>([&](storage::Reader& reader) -> Result<domain::Revision> {
    domain::Revision before = end.head.revision + 1;
    while (before > end.kept_after + 1) {
      auto page = reader.rows_before(environment, before, page_);
      if (!page) return tl::unexpected(page.error());
      if (page->empty()) break;
      for (const domain::LogRow& row : *page) {
        if (row.head.epoch <= epoch) return row.head.revision;
        before = row.head.revision;
      }
    }
    return before - 1;
  });
}

}  // namespace togglecast::replication
