#include "storage/moving.hpp"

#include <algorithm>
#include <chrono>
#include <utility>

namespace togglecast::storage {
namespace {

constexpr std::size_t kRowsAtOnce = 512;
constexpr std::size_t kRecentRows = 1'024;  // as many as a start checks
constexpr Milliseconds kLeaseLasts = std::chrono::minutes{1};

// The lease of the source, while its state is copied.
class Alone {
 public:
  Alone(Store& store, const MoveOptions& options) : store_(store), options_(options) {}
  Alone(const Alone&) = delete;
  Alone& operator=(const Alone&) = delete;
  ~Alone() { std::ignore = store_.leases().release(options_.lease, options_.holder); }

  [[nodiscard]] Result<void> keep() {
    const auto state = store_.leases().acquire(options_.lease, options_.holder, kLeaseLasts);
    if (!state) return tl::unexpected(state.error());
    if (state->holder == options_.holder) return {};
    return fail(Errc::conflict,
                "a server uses the source, or has ended without giving its lease back (node " +
                    state->holder + "); stop all its servers, wait a few seconds, and try again");
  }

 private:
  Store& store_;
  const MoveOptions& options_;
};

bool same_heads(const std::vector<Environment>& a, const std::vector<Environment>& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](const Environment& one, const Environment& other) {
                      return one.key == other.key && one.head == other.head;
                    });
}

Result<std::vector<Environment>> heads_of(Store& store) {
  const auto reader = store.open_reader();
  if (!reader) return tl::unexpected(reader.error());
  return (*reader)->environments();
}

Result<std::int64_t> copy_table(Store& from, Store& to, const TransferTable& table, Alone& alone,
                                const MoveOptions& options) {
  std::int64_t copied = 0;
  for (Cells after;;) {
    if (auto still = alone.keep(); !still) return tl::unexpected(still.error());
    auto rows = from.transfer().read(table, after, options.bounds);
    if (!rows) return tl::unexpected(rows.error());
    if (rows->empty()) return copied;
    if (auto written = to.transfer().write(table, *rows); !written) return tl::unexpected(written.error());
    copied += static_cast<std::int64_t>(rows->size());
    if (options.on_copied) options.on_copied(table.name, copied);
    after = std::move(rows->back());
  }
}

tl::unexpected<Error> not_the_same(const std::string& environment, const std::string& what) {
  return fail(Errc::internal, "the copy of " + environment + " is not the same: " + what);
}

// The chain of all kept rows, and a fresh load of both.
Result<void> check_copy(Store& from, Store& to, const std::string& environment) {
  auto source = from.open_reader();
  if (!source) return tl::unexpected(source.error());
  auto target = to.open_reader();
  if (!target) return tl::unexpected(target.error());
  const auto kept = (*target)->kept_log(environment, {});
  if (!kept) return tl::unexpected(kept.error());
  domain::Head at = kept->before;
  while (at.revision < kept->newest.revision) {
    const auto next = (*target)->follow_chain(environment, at, kRowsAtOnce);
    if (!next) return not_the_same(environment, next.error().message);
    if (next->revision == at.revision) return not_the_same(environment, "its change log is not complete");
    at = *next;
  }
  if (at.digest != kept->newest.digest) return not_the_same(environment, "its chain ends elsewhere");
  const auto was = load(**source, environment, kRecentRows);
  if (!was) return tl::unexpected(was.error());
  const auto is = load(**target, environment, kRecentRows);
  if (!is) return not_the_same(environment, is.error().message);
  if (was->snapshot->head() != is->snapshot->head() ||
      domain::canonical_text(*was->snapshot) != domain::canonical_text(*is->snapshot))
    return not_the_same(environment, "a fresh load differs");
  return {};
}

}  // namespace

Result<MovedState> move_state(Store& from, Store& to, const MoveOptions& options) {
  const auto unfinished = from.transfer().unfinished();
  if (!unfinished) return tl::unexpected(unfinished.error());
  if (!unfinished->empty())
    return fail(Errc::conflict, "the source is itself the target of an import from " + *unfinished +
                                    " that was not finished");
  Alone alone(from, options);
  if (auto mine = alone.keep(); !mine) return tl::unexpected(mine.error());
  const auto before = heads_of(from);
  if (!before) return tl::unexpected(before.error());
  if (before->empty()) return fail(Errc::not_found, "the source has no data");
  if (auto begun = to.transfer().begin_import(options.origin); !begun) return tl::unexpected(begun.error());
  MovedState moved;
  for (const TransferTable& table : transfer_tables()) {
    const auto rows = copy_table(from, to, table, alone, options);
    if (!rows) return tl::unexpected(rows.error());
    moved.rows += *rows;
  }
  auto arrived = heads_of(to);
  if (!arrived) return tl::unexpected(arrived.error());
  for (const Environment& environment : *before) {
    if (options.on_check) options.on_check(environment.key);
    if (auto same = check_copy(from, to, environment.key); !same) return tl::unexpected(same.error());
    if (auto still = alone.keep(); !still) return tl::unexpected(still.error());
  }
  const auto after = heads_of(from);
  if (!after) return tl::unexpected(after.error());
  if (!same_heads(*before, *after) || !same_heads(*before, *arrived))
    return fail(Errc::conflict, "the source was changed meanwhile; stop all its servers, and try again");
  if (auto finished = to.transfer().finish_import(); !finished) return tl::unexpected(finished.error());
  moved.environments = *std::move(arrived);
  return moved;
}

}  // namespace togglecast::storage
