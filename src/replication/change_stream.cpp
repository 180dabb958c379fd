#include "replication/change_stream.hpp"

#include <algorithm>
#include <charconv>
#include <future>
#include <utility>

#include "domain/schema/environment.hpp"
#include "domain/state/offset.hpp"

namespace togglecast::replication {
namespace {

using cluster::redis::Reply;

constexpr const char* kChannel = "changes";
constexpr std::string_view kAdded = "added", kCommitted = "committed";
constexpr int kRounds = 8;  // in which a stream may change under us

TimePoint now() { return std::chrono::steady_clock::now(); }

// The value behind `name` in a flat list of names and values.
const Reply* member(const Reply& list, std::string_view name) {
  for (std::size_t i = 0; i + 1 < list.items.size(); i += 2) {
    if (list.items[i].text == name) return &list.items[i + 1];
  }
  return nullptr;
}

}  // namespace

ChangeStream::ChangeStream(std::unique_ptr<cluster::redis::Client> client, const ChangeStreamParts& parts,
                           const ChangeStreamOptions& options)
    : client_(std::move(client)),
      parts_(parts),
      options_(options),
      entries_(parts.metrics.counter("togglecast_redis_stream_entries_total",
                                     "Changes that this node added to streams of Redis.")),
      failures_(parts.metrics.counter("togglecast_redis_stream_failures_total",
                                      "Attempts to bring a stream of Redis up to date that failed.")),
      replacements_(parts.metrics.counter("togglecast_redis_stream_replaced_total",
                                          "Streams of Redis that were removed and made again.")) {}

void ChangeStream::start() {
  client_->on_connected([this](bool connected, const std::string&) {
    if (!connected) return;
    const std::scoped_lock lock(mutex_);
    reconnected_ = true;
    wake_.notify_all();
  });
  notices_ = parts_.bus.subscribe(kChannel, [this](const cluster::Message& message) { hear(message); });
  feed_ = parts_.feed.subscribe([this](const changes::CommitPtr& commit) { hear(commit); },
                                [this](const domain::SnapshotPtr& first) {
                                  const std::scoped_lock lock(mutex_);
                                  auto& stream = stream_of(first->environment());
                                  stream.head = std::max(stream.head, first->revision());
                                  woken_ = true;
                                  wake_.notify_all();
                                });
  for (const std::string& environment : parts_.model.environments()) {
    const auto current = parts_.model.current(environment);
    const std::scoped_lock lock(mutex_);
    auto& stream = stream_of(environment);
    stream.head = std::max(stream.head, current->revision());
  }
  thread_ = std::thread([this] { run(); });
}

void ChangeStream::stop() {
  feed_.reset();
  notices_ = {};
  {
    const std::scoped_lock lock(mutex_);
    stopping_ = true;
    wake_.notify_all();
  }
  client_->stop();
  if (thread_.joinable()) thread_.join();
}

std::string ChangeStream::problem() const {
  const std::scoped_lock lock(mutex_);
  for (const auto& [environment, stream] : streams_) {
    if (!stream.problem.empty()) return stream.problem;
  }
  return {};
}

bool ChangeStream::is_streamed(std::string_view environment) const {
  return options_.length > 0 && environment != domain::kSystemEnvironment;
}

ChangeStream::Stream& ChangeStream::stream_of(const std::string& environment) {
  const auto [place, made] = streams_.try_emplace(environment);
  if (made && is_streamed(environment))
    place->second.behind =
        &parts_.metrics.gauge("togglecast_redis_stream_behind",
                              "Changes of an environment that its stream of Redis does not have yet.",
                              {{"environment", environment}});
  return place->second;
}

void ChangeStream::hear(const changes::CommitPtr& commit) {
  const std::scoped_lock lock(mutex_);
  auto& stream = stream_of(commit->row.environment);
  // A commit keeps two states in memory, and the log has the row too.
  if (stream.fresh.size() >= options_.fresh || !client_->connected()) stream.fresh.clear();
  if (client_->connected()) stream.fresh.push_back(commit);
  stream.head = std::max(stream.head, commit->row.head.revision);
  woken_ = true;
  wake_.notify_all();
}

// `added production 1-42`
void ChangeStream::hear(const cluster::Message& message) {
  const std::string_view text = message.payload;
  const std::size_t first = text.find(' '), last = text.rfind(' ');
  if (first == std::string_view::npos || first == last) return;
  const auto id = parse_entry_id(text.substr(last + 1));
  const std::string environment(text.substr(first + 1, last - first - 1));
  if (!id) return;
  const auto current = parts_.model.current(environment);
  if (text.substr(0, first) == kAdded && current != nullptr) {
    const std::scoped_lock lock(mutex_);
    auto& stream = stream_of(environment);
    stream.told = std::max(stream.told, *id);
  }
  if (current == nullptr || id_of(current->head()) < *id) parts_.notice();
}

void ChangeStream::announce(const std::string& environment, const EntryId& id, bool added) {
  parts_.bus.publish(kChannel,
                     std::string(added ? kAdded : kCommitted) + " " + environment + " " + to_string(id));
}

void ChangeStream::run() {
  while (wait()) {
    for (const auto& [environment, stream] : due()) serve(environment, *stream);
  }
}

bool ChangeStream::wait() {
  std::unique_lock lock(mutex_);
  TimePoint until = now() + options_.check;
  for (const auto& [environment, stream] : streams_) {
    if (stream.again > now()) until = std::min(until, stream.again);
  }
  wake_.wait_until(lock, until, [this] { return stopping_ || woken_ || reconnected_; });
  woken_ = false;
  return !stopping_;
}

std::vector<std::pair<std::string, ChangeStream::Stream*>> ChangeStream::due() {
  const std::scoped_lock lock(mutex_);
  std::vector<std::pair<std::string, Stream*>> found;
  const bool reconnected = std::exchange(reconnected_, false);
  const bool connected = client_->connected();
  for (auto& [environment, stream] : streams_) {
    if (reconnected) {
      stream.after.reset();
      stream.again = {};
    }
    if (now() - stream.checked >= options_.check) stream.after.reset();
    if (is_streamed(environment) && !connected) {
      if (stream.behind != nullptr && stream.after) stream.behind->set(stream.head - *stream.after);
      continue;
    }
    if (now() >= stream.again && (!stream.after || *stream.after < stream.head))
      found.emplace_back(environment, &stream);
  }
  return found;
}

void ChangeStream::serve(const std::string& environment, Stream& stream) {
  if (!is_streamed(environment)) {
    EntryId newest;
    {
      const std::scoped_lock lock(mutex_);
      if (!stream.fresh.empty()) newest = id_of(stream.fresh.back()->row.head);
      if (newest <= stream.told) newest = {};
      stream.fresh.clear();
      stream.after = stream.head;
    }
    stream.checked = now();
    if (newest.revision > 0) announce(environment, newest, false);
    return;
  }
  Result<void> done;
  try {
    done = bring_up(environment, stream);
  } catch (const std::exception& error) {
    done = fail(Errc::internal, error.what());
  }
  domain::Revision head = 0;
  EntryId newest;
  {
    const std::scoped_lock lock(mutex_);
    if (stopping_) return;
    head = stream.head;
    if (!done && !stream.fresh.empty()) newest = id_of(stream.fresh.back()->row.head);
  }
  if (stream.behind != nullptr)
    stream.behind->set(stream.after ? std::max<domain::Revision>(head - *stream.after, 0) : 0);
  if (done) return show(stream, {});
  stream.after.reset();
  stream.again = now() + options_.retry;
  failures_.add();
  // Other nodes need no stream.
  if (newest.revision > 0) announce(environment, newest, false);
  if (client_->connected() && done.error().code != Errc::unavailable)
    show(stream, key_of(environment) + ": " + done.error().message);
}

Result<void> ChangeStream::bring_up(const std::string& environment, Stream& stream) {
  for (int round = 0; round < kRounds; ++round) {
    if (!stream.after) {
      if (auto ok = settle(environment, stream); !ok) return ok;
    }
    if (!stream.after) continue;
    if (auto ok = add_missing(environment, stream); !ok) return ok;
    if (stream.after) return {};
  }
  return fail(Errc::unavailable, "the stream changes while it is being brought up to date");
}

Result<void> ChangeStream::settle(const std::string& environment, Stream& stream) {
  {
    const std::scoped_lock lock(mutex_);
    stream.told = {};  // what was added then may be gone
  }
  // In this order: the log is never behind a stream that has nothing but our changes.
  auto end = read_end(environment);
  if (!end) return tl::unexpected(end.error());
  auto log = read_log_end(environment);
  if (!log) return tl::unexpected(log.error());
  stream.checked = now();
  if (!end->exists) return make_again(environment, stream, *end, *log);

  const EntryId head = id_of(log->head);
  auto ours = end->last && *end->last <= head ? is_ours(environment, *end, *log) : Result<bool>(false);
  if (!ours) return tl::unexpected(ours.error());
  std::optional<domain::Revision> after;
  if (*ours) {
    after = end->last->revision;
  } else if (end->last && end->last->epoch < log->head.epoch) {
    // The end of an earlier epoch that was lost: ours goes on behind it.
    auto found = end_of_epoch(environment, end->last->epoch, *log);
    if (!found) return tl::unexpected(found.error());
    after = *found;
  }
  if (!after) {
    if (stream.replaced && now() - *stream.replaced < options_.replace_again)
      return fail(Errc::conflict,
                  "it has changes of another installation; give each installation its own "
                  "--redis-prefix, or remove the stream");
    stream.replaced = now();
    replacements_.add();
    parts_.log.warn("a stream of Redis does not belong to the log of this server; it is made again",
                    {{"stream", key_of(environment)}, {"last_id", end->id}, {"head", to_string(head)}});
    return make_again(environment, stream, *end, *log);
  }
  const auto most = static_cast<domain::Revision>(options_.length);
  stream.after = std::max({*after, log->kept_after, log->head.revision - most});
  return {};
}

Result<void> ChangeStream::make_again(const std::string& environment, Stream& stream, const End& end,
                                      const LogEnd& log) {
  auto rows =
      read<std::vector<domain::LogRow>>([&](storage::Reader& reader) -> Result<std::vector<domain::LogRow>> {
        std::vector<domain::LogRow> found;
        std::size_t bytes = 0;
        for (domain::Revision before = log.head.revision + 1; before > log.kept_after + 1;) {
          auto page = reader.rows_before(environment, before, options_.page);
          if (!page) return tl::unexpected(page.error());
          if (page->empty()) break;
          for (domain::LogRow& row : *page) {
            bytes += row.change_text.size() + row.actor_text.size();
            if (found.size() == options_.length || (bytes > options_.refill_bytes && !found.empty()))
              return found;
            before = row.head.revision;
            found.push_back(std::move(row));
          }
        }
        return found;
      });
  if (!rows) return tl::unexpected(rows.error());
  std::reverse(rows->begin(), rows->end());
  std::vector<std::vector<std::string>> commands;
  if (end.exists) commands.push_back({"UNLINK", key_of(environment)});
  if (!rows->empty()) {
    auto previous = read<domain::Head>([&](storage::Reader& reader) {
      return reader.head_before(environment, rows->front().head.revision);
    });
    if (!previous) return tl::unexpected(previous.error());
    for (const domain::LogRow& row : *rows) {
      commands.push_back(adding(environment, row, *previous, false));
      *previous = row.head;
    }
  }
  if (commands.empty()) {
    stream.after = log.head.revision;
    return {};
  }
  if (auto ok = transact(environment, end, commands); !ok) {
    // Somebody else was quicker: look again.
    if (ok.error().code == Errc::conflict) return {};
    return ok;
  }
  entries_.add(rows->size());
  stream.after = log.head.revision;
  if (!rows->empty()) announce(environment, id_of(rows->back().head), true);
  return {};
}

Result<void> ChangeStream::transact(const std::string& environment, const End& end,
                                    const std::vector<std::vector<std::string>>& commands) {
  if (auto ok = call({"WATCH", key_of(environment)}); !ok) return tl::unexpected(ok.error());
  const auto unchanged = read_end(environment);
  if (!unchanged || unchanged->exists != end.exists || unchanged->id != end.id) {
    (void)call({"UNWATCH"});
    return unchanged ? Result<void>(fail(Errc::conflict, "the stream has changed"))
                     : tl::unexpected(unchanged.error());
  }
  if (auto ok = call({"MULTI"}); !ok) return tl::unexpected(ok.error());
  for (const auto& command : commands) {
    auto queued = call(command);
    if (queued && queued->text == "QUEUED") continue;
    if (!queued) {
      (void)call({"DISCARD"});
      return tl::unexpected(queued.error());
    }
    // The connection was lost and made again, and the transaction with it: what came through begins a stream
    // in its middle.
    (void)call({"UNLINK", key_of(environment)});
    return fail(Errc::unavailable, "the connection was lost within a transaction");
  }
  auto done = call({"EXEC"});
  if (!done) return tl::unexpected(done.error());
  if (done->type == Reply::Type::null) return fail(Errc::conflict, "the stream has changed");
  for (const Reply& one : done->items) {
    if (one.type == Reply::Type::error) return fail(Errc::internal, one.text);
  }
  return {};
}

Result<void> ChangeStream::add_missing(const std::string& environment, Stream& stream) {
  for (;;) {
    auto rows = next_rows(environment, stream);
    if (!rows) return tl::unexpected(rows.error());
    if (rows->empty()) return {};
    for (const Missing& one : *rows) {
      if (auto ok = add(environment, stream, one.row, one.previous); !ok) return ok;
      if (!stream.after) return {};
    }
  }
}

Result<std::vector<ChangeStream::Missing>> ChangeStream::next_rows(const std::string& environment,
                                                                   Stream& stream) {
  const domain::Revision after = *stream.after;
  std::vector<Missing> rows;
  {
    const std::scoped_lock lock(mutex_);
    if (stopping_) return fail(Errc::unavailable, "the server stops");
    while (!stream.fresh.empty() && stream.fresh.front()->row.head.revision <= after)
      stream.fresh.pop_front();
    if (!stream.fresh.empty() && stream.fresh.front()->row.head.revision == after + 1) {
      const auto& commit = *stream.fresh.front();
      rows.push_back({commit.row, commit.before->head()});
      return rows;
    }
    if (stream.head <= after) return rows;
  }
  auto read_rows = read<std::vector<domain::LogRow>>(
      [&](storage::Reader& reader) { return reader.rows_after(environment, after, options_.page); });
  if (!read_rows && read_rows.error().code == Errc::not_found) {
    stream.after.reset();  // the log keeps them no longer
    return rows;
  }
  if (!read_rows) return tl::unexpected(read_rows.error());
  if (read_rows->empty()) return rows;
  auto previous =
      read<domain::Head>([&](storage::Reader& reader) { return reader.head_before(environment, after + 1); });
  if (!previous) return tl::unexpected(previous.error());
  for (domain::LogRow& row : *read_rows) {
    const domain::Head head = row.head;
    rows.push_back({std::move(row), *previous});
    *previous = head;
  }
  return rows;
}

Result<void> ChangeStream::add(const std::string& environment, Stream& stream, const domain::LogRow& row,
                               const domain::Head& previous) {
  const EntryId id = id_of(row.head);
  {
    const std::scoped_lock lock(mutex_);
    if (id <= stream.told) {
      stream.after = id.revision;
      return {};
    }
  }
  const auto added = call(adding(environment, row, previous, true));
  if (!added && added.error().message.find("equal or smaller") != std::string::npos) {
    stream.after.reset();  // another node has added it, or the stream is another one
    return {};
  }
  if (!added) return tl::unexpected(added.error());
  if (added->type == Reply::Type::null) {
    stream.after.reset();  // there is no stream any more
    return {};
  }
  entries_.add();
  stream.after = id.revision;
  announce(environment, id, true);
  return {};
}

std::vector<std::string> ChangeStream::adding(const std::string& environment, const domain::LogRow& row,
                                              const domain::Head& previous, bool must_exist) const {
  std::vector<std::string> words{"XADD", key_of(environment)};
  if (must_exist) words.emplace_back("NOMKSTREAM");
  words.insert(words.end(), {"MAXLEN", "~", std::to_string(options_.length), to_string(id_of(row.head))});
  auto fields = entry_fields(row, previous);
  words.insert(words.end(), std::make_move_iterator(fields.begin()), std::make_move_iterator(fields.end()));
  return words;
}

Result<ChangeStream::End> ChangeStream::read_end(const std::string& environment) {
  const auto info = call({"XINFO", "STREAM", key_of(environment)});
  if (!info && info.error().message.find("no such key") != std::string::npos) return End{};
  if (!info) return tl::unexpected(info.error());
  End end{.exists = true};
  if (const Reply* last = member(*info, "last-generated-id")) end.id = last->text;
  end.last = parse_entry_id(end.id);
  const Reply* entry = member(*info, "last-entry");
  if (entry != nullptr && entry->items.size() == 2) {
    if (const Reply* offset = member(entry->items[1], "offset")) end.offset = offset->text;
    if (end.offset.empty() || entry->items[0].text != end.id) end.offset = "none";
  }
  return end;
}

Result<ChangeStream::LogEnd> ChangeStream::read_log_end(const std::string& environment) {
  return read<LogEnd>([&](storage::Reader& reader) -> Result<LogEnd> {
    return reader.kept_log(environment, {}).map([](const storage::KeptLog& kept) {
      return LogEnd{kept.newest, kept.before.revision};
    });
  });
}

Result<bool> ChangeStream::is_ours(const std::string& environment, const End& end, const LogEnd& log) {
  // Emptied (XTRIM), or of a revision that the log keeps no longer: nothing speaks against it.
  if (end.last->revision > log.head.revision) return false;
  if (end.offset.empty() || end.last->revision < log.kept_after) return true;
  const auto offset = domain::parse_offset(end.offset);
  if (!offset || offset->revision != end.last->revision || offset->epoch != end.last->epoch) return false;
  if (end.last->revision == log.head.revision) return domain::offset_of(log.head).chain == offset->chain;
  auto head = read<domain::Head>(
      [&](storage::Reader& reader) { return reader.head_before(environment, end.last->revision + 1); });
  if (!head) return head.error().code == Errc::not_found ? Result<bool>(true) : tl::unexpected(head.error());
  return domain::offset_of(*head).chain == offset->chain;
}

Result<domain::Revision> ChangeStream::end_of_epoch(const std::string& environment, std::int64_t epoch,
                                                    const LogEnd& log) {
  return read<domain::Revision>([&](storage::Reader& reader) -> Result<domain::Revision> {
    domain::Revision before = log.head.revision + 1;
    while (before > log.kept_after + 1) {
      auto page = reader.rows_before(environment, before, options_.page);
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

Result<Reply> ChangeStream::call(std::vector<std::string> words) {
  const auto promise = std::make_shared<std::promise<Result<Reply>>>();
  auto reply = promise->get_future();
  client_->command(std::move(words), [promise](Result<Reply> one) { promise->set_value(std::move(one)); });
  return reply.get();
}

template <typename T>
Result<T> ChangeStream::read(std::function<Result<T>(storage::Reader& reader)> what) {
  const auto promise = std::make_shared<std::promise<Result<T>>>();
  auto found = promise->get_future();
  const bool taken = parts_.reader.submit([promise, &what](storage::Reader& reader) {
    try {
      promise->set_value(what(reader));
    } catch (...) {
      promise->set_exception(std::current_exception());
    }
  });
  if (!taken) return fail(Errc::unavailable, "too many readings of the store wait");
  return found.get();
}

void ChangeStream::show(Stream& stream, const std::string& problem) {
  const std::string before = this->problem();
  {
    const std::scoped_lock lock(mutex_);
    stream.problem = problem;
  }
  const std::string after = this->problem();
  if (before.empty() && !after.empty())
    parts_.log.warn("changes are not added to a stream of Redis; the service goes on and tries again",
                    {{"problem", after}});
  if (!before.empty() && after.empty()) parts_.log.info("changes are added to the streams of Redis again");
}

std::string ChangeStream::key_of(const std::string& environment) const {
  return options_.prefix + ":changes:" + environment;
}

}  // namespace togglecast::replication
