#include "service/messages/mailbox.hpp"

#include <algorithm>
#include <exception>
#include <iterator>

#include "base/fail_point.hpp"

namespace togglecast::service {
namespace {

constexpr std::size_t kMaxReceipts = 500'000;  // that wait for the store
constexpr std::int64_t kForgottenAtOnce = 2'000;
constexpr std::chrono::seconds kBetweenForgets{60};
constexpr std::chrono::seconds kBetweenEnds{1};

tl::unexpected<Error> store_is_busy() {
  return changes::busy("too many changes are waiting to be written; try again");
}

}  // namespace

Mailbox::Mailbox(changes::Committer& committer, changes::Tail& tail, changes::StoreReader& reader,
                 changes::Upkeep& upkeep, const Clock& clock, observe::Log& log, observe::Metrics& metrics,
                 const MailboxOptions& options)
    : committer_(committer),
      tail_(tail),
      reader_(reader),
      upkeep_(upkeep),
      clock_(clock),
      log_(log),
      options_(options),
      kept_(metrics.counter("togglecast_messages_kept_total",
                            "Messages that wait for their acknowledgement, as they were accepted.")),
      refused_(metrics.counter("togglecast_messages_refused_total",
                               "Messages refused because too many wait for their acknowledgement.")),
      acknowledged_(metrics.counter("togglecast_messages_acknowledged_total",
                                    "Acknowledgements of messages that were written to the store.")),
      expired_(metrics.counter("togglecast_messages_expired_total",
                               "Messages that waited for acknowledgements until they expired.")),
      forgotten_(metrics.counter("togglecast_messages_forget_runs_total",
                                 "Transactions that deleted messages that were over.")),
      receipts_dropped_(metrics.counter("togglecast_messages_receipts_dropped_total",
                                        "Receipts dropped because too many waited for the store.")),
      flushes_(metrics.counter("togglecast_messages_receipt_writes_total",
                               "Transactions that wrote receipts of messages.")),
      alive_count_(metrics.gauge("togglecast_messages_alive", "Messages that wait for acknowledgements.")),
      alive_bytes_(metrics.gauge("togglecast_messages_alive_bytes",
                                 "Bytes of the messages that wait for acknowledgements.")),
      receipts_waiting_(metrics.gauge("togglecast_messages_receipts_waiting",
                                      "Receipts of messages that wait for the store.")),
      next_forget_(clock.now() + kBetweenForgets) {}

void Mailbox::keep(storage::NewMessage message, Kept done) {
  message.keys_since = {message.row.at.value - Milliseconds(options_.keys).count()};
  const bool taken =
      committer_.submit_task([this, message = std::move(message), done](storage::Store& store) {
        auto added = store.messages().add(message, options_.alive);
        if (!added) {
          if (added.error().code == Errc::conflict) refused_.add();
          return done(failed("a message could not be kept", added.error()));
        }
        if (!added->replayed) {
          pass(FailPoint::message_committed);
          kept_.add();
          tail_.notice();
        }
        done(std::move(added));
      });
  if (!taken) done(store_is_busy());
}

void Mailbox::withdraw(const Principal& who, const std::string& id, Withdrawn done) {
  if (auto allowed = require(who, auth::Action::send_messages); !allowed)
    return done(tl::unexpected(allowed.error()));
  const bool taken =
      committer_.submit_task([this, environment = who.environment, id, done](storage::Store& store) {
        auto withdrawn = store.messages().withdraw(environment, id, clock_.wall_now());
        if (!withdrawn) return done(failed("a message could not be withdrawn", withdrawn.error()));
        tail_.notice();
        done(std::move(withdrawn));
      });
  if (!taken) done(store_is_busy());
}

void Mailbox::record(Receipts receipts) { take(std::move(receipts), {}); }

void Mailbox::acknowledge(Receipts receipts, Written done) { take(std::move(receipts), std::move(done)); }

void Mailbox::take(Receipts receipts, Written done) {
  {
    const std::scoped_lock lock(mutex_);
    if (receipts_.size() + receipts.size() <= kMaxReceipts) {
      receipts_.insert(receipts_.end(), std::make_move_iterator(receipts.begin()),
                       std::make_move_iterator(receipts.end()));
      if (done) waiting_.push_back(std::move(done));
      done = {};
    } else {
      receipts_dropped_.add(receipts.size());
    }
    receipts_waiting_.set(static_cast<std::int64_t>(receipts_.size()));
  }
  if (done) done(store_is_busy());
  schedule_flush();
}

void Mailbox::schedule_flush() {
  {
    const std::scoped_lock lock(mutex_);
    if (receipts_.empty() || std::exchange(flush_scheduled_, true)) return;
  }
  if (committer_.submit_task([this](storage::Store& store) { flush(store); })) return;
  const std::scoped_lock lock(mutex_);  // the next receipt or tick tries again
  flush_scheduled_ = false;
}

void Mailbox::flush(storage::Store& store) {
  Receipts receipts;
  std::vector<Written> waiting;
  {
    const std::scoped_lock lock(mutex_);
    flush_scheduled_ = false;
    receipts.swap(receipts_);
    waiting.swap(waiting_);
  }
  if (receipts.empty()) return;
  Result<void> written = store.messages().record(receipts);
  if (written) {
    pass(FailPoint::receipts_committed);
    flushes_.add();
    const auto acknowledged =
        std::count_if(receipts.begin(), receipts.end(), [](const storage::MessageReceipt& receipt) {
          return receipt.acknowledged_at.value != 0 && receipt.connection.empty();
        });
    acknowledged_.add(static_cast<std::uint64_t>(acknowledged));
    if (acknowledged > 0) tail_.notice();
  } else {
    written = failed("receipts of messages could not be written; they are tried again", written.error());
  }
  {
    const std::scoped_lock lock(mutex_);
    if (!written && receipts_.size() + receipts.size() <= kMaxReceipts) {
      receipts_.insert(receipts_.begin(), std::make_move_iterator(receipts.begin()),
                       std::make_move_iterator(receipts.end()));
    }
    receipts_waiting_.set(static_cast<std::int64_t>(receipts_.size()));
  }
  for (const Written& done : waiting) done(written);
}

void Mailbox::find_acknowledgement(const std::string& environment, const std::string& id, ReceiverId receiver,
                                   Written done) {
  const bool taken = reader_.submit([this, environment, id, receiver, done](storage::Reader& reader) {
    const auto row = reader.messages().find(environment, id);
    if (!row) return done(failed("a message could not be read", row.error()));
    if (*row) {
      const auto receipts = reader.messages().receipts((*row)->number, receiver - 1, 1);
      if (!receipts) return done(failed("a message could not be read", receipts.error()));
      if (!receipts->empty() && receipts->front().receiver == receiver &&
          receipts->front().acknowledged_at.value != 0)
        return done({});
    }
    done(fail(Errc::not_found, "there is no such message for you, or it is over"));
  });
  if (!taken) done(changes::busy("too many reads are waiting; try again"));
}

void Mailbox::listen(Listener listener) {
  const std::scoped_lock lock(mutex_);
  listener_ = std::move(listener);
  auto news = std::make_shared<MailNews>();
  for (const auto& [number, message] : alive_) {
    news->added.push_back(message);
    for (const ReceiverId receiver : unheard_[number]) news->acknowledged.emplace_back(message, receiver);
  }
  unheard_.clear();
  listener_(news);
}

void Mailbox::listen_no_more() {
  const std::scoped_lock lock(mutex_);
  listener_ = {};
}

Result<AliveMessagePtr> Mailbox::read(const storage::MessageRow& row) const {
  const auto audience = json::parse(row.audience);
  if (!audience) return tl::unexpected(audience.error());
  const auto to = receivers_in(*audience);
  if (!to) return tl::unexpected(to.error());
  auto payload = json::parse(row.payload);
  if (!payload || !payload->is_object())
    return fail(Errc::internal, "the text of a stored message is damaged");
  auto message = std::make_shared<AliveMessage>();
  message->number = row.number;
  message->environment = row.environment;
  message->id = row.id;
  message->event = row.event;
  message->to = *to;
  message->payload = std::move(payload->get_object());
  message->by = row.ack == to_string(Acknowledgement::By::connection) ? Acknowledgement::By::connection
                                                                      : Acknowledgement::By::client;
  message->retry = Milliseconds(row.retry);
  message->expires_at = row.expires_at;
  message->bytes = static_cast<std::int64_t>(row.payload.size() + row.audience.size());
  return AliveMessagePtr(std::move(message));
}

Result<void> Mailbox::follow(storage::Reader& reader) {
  const std::scoped_lock following(following_);
  const UnixMillis now = clock_.wall_now();
  auto changes = reader.messages().changes_after(last_, now);
  if (!changes) return tl::unexpected(changes.error());
  if (changes->last == last_) return {};
  const bool fell_back = changes->last < last_;
  if (fell_back) changes = reader.messages().changes_after(0, now);
  if (!changes) return tl::unexpected(changes.error());
  auto news = std::make_shared<MailNews>();
  const std::scoped_lock lock(mutex_);
  if (fell_back) begin_again(*news);
  for (const storage::MessageRow& row : changes->messages) {
    const auto known = alive_.find(row.number);
    if (known != alive_.end() && !row.alive(now)) {
      news->over.push_back(known->second);
      drop(known);
    } else if (known == alive_.end() && row.alive(now)) {
      auto message = read(row);
      if (!message) {
        log_.error("a stored message is left out", {{"id", row.id}, {"reason", message.error().message}});
        continue;
      }
      alive_.emplace(row.number, *message);
      bytes_ += (*message)->bytes;
      news->added.push_back(*std::move(message));
    }
  }
  for (const storage::MessageReceipt& receipt : changes->acknowledged) {
    const auto known = alive_.find(receipt.message);
    if (known == alive_.end() || known->second->by != Acknowledgement::By::client) continue;
    news->acknowledged.emplace_back(known->second, receipt.receiver);
    if (!listener_) unheard_[receipt.message].push_back(receipt.receiver);
  }
  last_ = changes->last;
  tell(news);
  show_alive();
  return {};
}

void Mailbox::begin_again(MailNews& news) {
  while (!alive_.empty()) {
    news.over.push_back(alive_.begin()->second);
    drop(alive_.begin());
  }
}

void Mailbox::tell(const MailNewsPtr& news) {
  if (news->added.empty() && news->over.empty() && news->acknowledged.empty()) return;
  if (listener_) listener_(news);
}

Mailbox::Alive::iterator Mailbox::drop(Alive::iterator message) {
  bytes_ -= message->second->bytes;
  unheard_.erase(message->first);
  return alive_.erase(message);
}

void Mailbox::show_alive() {
  alive_count_.set(static_cast<std::int64_t>(alive_.size()));
  alive_bytes_.set(bytes_);
}

void Mailbox::tick() noexcept {
  try {
    schedule_flush();
    const TimePoint now = clock_.now();
    if (now >= next_end_) {
      next_end_ = now + kBetweenEnds;
      end_expired();
    }
    if (now < next_forget_ || !upkeep_.is_mine()) return;
    if (committer_.submit_task([this](storage::Store& store) { forget(store); }))
      next_forget_ = now + kBetweenForgets;
  } catch (const std::exception&) {
    return;  // no memory: the next tick tries again
  }
}

void Mailbox::end_expired() {
  const std::scoped_lock lock(mutex_);
  auto news = std::make_shared<MailNews>();
  const UnixMillis now = clock_.wall_now();
  for (auto next = alive_.begin(); next != alive_.end();) {
    if (now < next->second->expires_at) {
      ++next;
      continue;
    }
    news->over.push_back(next->second);
    next = drop(next);
  }
  if (news->over.empty()) return;
  expired_.add(news->over.size());
  tell(news);
  show_alive();
}

// One small transaction; the rest follows behind the writes that wait.
void Mailbox::forget(storage::Store& store) {
  const auto fence = upkeep_.fence();
  if (!fence) return;
  const UnixMillis now = clock_.wall_now();
  const UnixMillis before{now.value - Milliseconds(options_.kept).count()};
  const auto more = store.messages().forget(before, now, options_.kept_count, kForgottenAtOnce, fence);
  if (!more && more.error().code == Errc::conflict) {
    upkeep_.lose();
    return;
  }
  if (!more) {
    std::ignore = failed("old messages could not be deleted", more.error());
    return;
  }
  forgotten_.add();
  if (*more) std::ignore = committer_.submit_task([this](storage::Store& again) { forget(again); });
}

tl::unexpected<Error> Mailbox::failed(const char* what, const Error& error) {
  if (error.code != Errc::internal && error.code != Errc::unavailable) return tl::unexpected(error);
  log_.error(what, {{"code", to_string(error.code)}, {"reason", error.message}});
  if (error.code == Errc::internal) return fail(Errc::internal, std::string(what) + "; the log says why");
  return tl::unexpected(error);
}

}  // namespace togglecast::service
