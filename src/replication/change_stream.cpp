#include "replication/change_stream.hpp"

#include <algorithm>
#include <utility>

#include "domain/schema/environment.hpp"

namespace togglecast::replication {
namespace {

constexpr const char* kChannel = "changes";
constexpr std::string_view kAdded = "added";
constexpr int kRounds = 8;  // in which a stream may change under us

TimePoint now() { return std::chrono::steady_clock::now(); }

}  // namespace

ChangeStream::ChangeStream(std::unique_ptr<cluster::redis::Client> client, const ChangeStreamParts& parts,
                           const ChangeStreamOptions& options)
    : client_(std::move(client)),
      parts_(parts),
      options_(options),
      log_(parts.reader, options.page),
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
                                  if (!is_streamed(first->environment())) return;
                                  const std::scoped_lock lock(mutex_);
                                  auto& stream = stream_of(first->environment());
                                  stream.head = std::max(stream.head, first->revision());
                                  woken_ = true;
                                  wake_.notify_all();
                                });
  for (const std::string& environment : parts_.model.environments()) {
    if (!is_streamed(environment)) continue;
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
  const auto [place, made] = streams_.try_emplace(
      environment, Stream{StreamKey(*client_, options_.prefix + ":changes:" + environment, options_.length)});
  if (made)
    place->second.behind =
        &parts_.metrics.gauge("togglecast_redis_stream_behind",
                              "Changes of an environment that its stream of Redis does not have yet.",
                              {{"environment", environment}});
  return place->second;
}

void ChangeStream::hear(const changes::CommitPtr& commit) {
  if (!is_streamed(commit->row.environment)) return;
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
  if (first == std::string_view::npos || first == last || text.substr(0, first) != kAdded) return;
  const auto id = parse_entry_id(text.substr(last + 1));
  const std::string environment(text.substr(first + 1, last - first - 1));
  if (!id || !is_streamed(environment) || parts_.model.current(environment) == nullptr) return;
  const std::scoped_lock lock(mutex_);
  auto& stream = stream_of(environment);
  stream.told = std::max(stream.told, *id);
}

void ChangeStream::announce(const std::string& environment, const EntryId& id) {
  parts_.bus.publish(kChannel, std::string(kAdded) + " " + environment + " " + to_string(id));
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
    if (!connected) {
      if (stream.after) stream.behind->set(stream.head - *stream.after);
      continue;
    }
    if (now() >= stream.again && (!stream.after || *stream.after < stream.head))
      found.emplace_back(environment, &stream);
  }
  return found;
}

void ChangeStream::serve(const std::string& environment, Stream& stream) {
  Result<void> done;
  try {
    done = bring_up(environment, stream);
  } catch (const std::exception& error) {
    done = fail(Errc::internal, error.what());
  }
  domain::Revision head = 0;
  {
    const std::scoped_lock lock(mutex_);
    if (stopping_) return;
    head = stream.head;
  }
  stream.behind->set(stream.after ? std::max<domain::Revision>(head - *stream.after, 0) : 0);
  if (done) return show(stream, {});
  stream.after.reset();
  stream.again = now() + options_.retry;
  failures_.add();
  if (client_->connected() && done.error().code != Errc::unavailable)
    show(stream, stream.key.name() + ": " + done.error().message);
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
  auto end = stream.key.end();
  if (!end) return tl::unexpected(end.error());
  auto log = log_.end(environment);
  if (!log) return tl::unexpected(log.error());
  stream.checked = now();
  if (!end->exists) return make_again(environment, stream, *end, *log);

  const auto ours = log_.has(environment, *end, *log);
  if (!ours) return tl::unexpected(ours.error());
  std::optional<domain::Revision> after;
  if (*ours) {
    after = end->last->revision;
  } else if (end->last && end->last->epoch < log->head.epoch) {
    // The end of an earlier epoch that was lost: ours goes on behind it.
    auto found = log_.end_of_epoch(environment, end->last->epoch, *log);
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
    parts_.log.warn(
        "a stream of Redis does not belong to the log of this server; it is made again",
        {{"stream", stream.key.name()}, {"last_id", end->id}, {"head", to_string(id_of(log->head))}});
    return make_again(environment, stream, *end, *log);
  }
  const auto most = static_cast<domain::Revision>(options_.length);
  stream.after = std::max({*after, log->kept_after, log->head.revision - most});
  return {};
}

Result<void> ChangeStream::make_again(const std::string& environment, Stream& stream, const StreamEnd& end,
                                      const LogEnd& log) {
  const auto rows = log_.newest(environment, log, options_.length, options_.refill_bytes);
  if (!rows) return tl::unexpected(rows.error());
  if (auto ok = stream.key.make(end, *rows); !ok) {
    // Somebody else was quicker: look again.
    if (ok.error().code == Errc::conflict) return {};
    return ok;
  }
  entries_.add(rows->size());
  stream.after = log.head.revision;
  if (!rows->empty()) announce(environment, id_of(rows->back().row.head));
  return {};
}

Result<void> ChangeStream::add_missing(const std::string& environment, Stream& stream) {
  for (;;) {
    auto rows = next_rows(environment, stream);
    if (!rows) return tl::unexpected(rows.error());
    if (rows->empty()) return {};
    for (const LinkedRow& one : *rows) {
      if (auto ok = add(environment, stream, one); !ok) return ok;
      if (!stream.after) return {};
    }
  }
}

Result<std::vector<LinkedRow>> ChangeStream::next_rows(const std::string& environment, Stream& stream) {
  const domain::Revision after = *stream.after;
  std::vector<LinkedRow> rows;
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
  auto read = log_.after(environment, after);
  if (read || read.error().code != Errc::not_found) return read;
  stream.after.reset();  // the log keeps them no longer
  return rows;
}

Result<void> ChangeStream::add(const std::string& environment, Stream& stream, const LinkedRow& one) {
  const EntryId id = id_of(one.row.head);
  {
    const std::scoped_lock lock(mutex_);
    if (id <= stream.told) {
      stream.after = id.revision;
      return {};
    }
  }
  const auto added = stream.key.add(one);
  if (!added) return tl::unexpected(added.error());
  if (*added != StreamKey::Added::now) {
    stream.after.reset();
    return {};
  }
  entries_.add();
  stream.after = id.revision;
  announce(environment, id);
  return {};
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

}  // namespace togglecast::replication
