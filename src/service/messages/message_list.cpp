#include "service/messages/message_list.hpp"

#include <algorithm>
#include <limits>
#include <map>
#include <utility>
#include <vector>

#include "domain/schema/environment.hpp"

namespace togglecast::service {
namespace {

using storage::MessageReceipt;
using storage::MessageRow;

constexpr std::size_t kReceiptsOfPage = 100'000;
constexpr std::size_t kReceiptsAtOnce = 10'000;
constexpr ReceiverId kBeforeAll = std::numeric_limits<ReceiverId>::min();

struct Counts {
  std::int64_t audience = 0, delivered = 0, acknowledged = 0;
};

Result<Receivers> audience_of(const MessageRow& row) {
  const auto stored = json::parse(row.audience);
  if (!stored) return tl::unexpected(stored.error());
  return receivers_in(*stored);
}

Result<Counts> count(storage::MessageReader& reader, const MessageRow& row, const Receivers& to,
                     const domain::Snapshot& state, const domain::Snapshot& system, std::size_t& read) {
  Counts counts;
  for_each_receiver(to, state, system, kBeforeAll, [&counts](const Receiver&) {
    ++counts.audience;
    return true;
  });
  for (ReceiverId after = kBeforeAll;;) {
    const auto receipts = reader.receipts(row.number, after, kReceiptsAtOnce);
    if (!receipts) return tl::unexpected(receipts.error());
    read += receipts->size();
    for (const MessageReceipt& receipt : *receipts) {
      after = receipt.receiver;
      if (!receipt.connection.empty() || !is_receiver(to, state, system, receipt.receiver)) continue;
      ++counts.delivered;
      if (receipt.acknowledged_at.value != 0) ++counts.acknowledged;
    }
    if (receipts->size() < kReceiptsAtOnce) return counts;
  }
}

std::string_view state_of(const MessageRow& row, UnixMillis now) {
  if (row.withdrawn_at.value != 0) return "withdrawn";
  if (row.settled_at.value != 0) return "acknowledged";
  return now < row.expires_at ? "waiting" : "expired";
}

json::object shown(const MessageRow& row, const Receivers& to, const Counts& counts, UnixMillis now) {
  json::object message;
  if (auto payload = json::parse(row.payload); payload && payload->is_object())
    message = std::move(payload->get_object());
  message.erase("timestamp");
  message["event"] = row.event;
  message["audience"] = to_json(to);
  message["retry"] = row.retry / 1'000;
  if (auto sender = json::parse(row.sender)) message["sender"] = *std::move(sender);
  message["created_at"] = to_iso8601(row.at);
  message["state"] = state_of(row, now);
  if (row.withdrawn_at.value != 0) message["withdrawn_at"] = to_iso8601(row.withdrawn_at);
  if (row.settled_at.value != 0) message["acknowledged_at"] = to_iso8601(row.settled_at);
  message["counts"] = json::object{{"addressed", row.addressed},
                                   {"audience", counts.audience},
                                   {"delivered", counts.delivered},
                                   {"acknowledged", counts.acknowledged}};
  return message;
}

bool fits(MessageQuery::State wanted, const MessageRow& row, const Counts& counts, UnixMillis now) {
  switch (wanted) {
    case MessageQuery::State::any:
      return true;
    case MessageQuery::State::waiting:
      return row.alive(now);
    case MessageQuery::State::undelivered:
      return counts.delivered < counts.audience;
    case MessageQuery::State::unacknowledged:
      return counts.acknowledged < counts.audience;
  }
  return false;
}

// What is known of one receiver.
struct Known {
  std::string name;
  bool in_audience = false;
  UnixMillis delivered_at{}, acknowledged_at{};
  json::array connections;
};

bool fits(ReceiverQuery::State wanted, const Known& known) {
  switch (wanted) {
    case ReceiverQuery::State::any:
      return true;
    case ReceiverQuery::State::acknowledged:
      return known.acknowledged_at.value != 0;
    case ReceiverQuery::State::unacknowledged:
      return known.acknowledged_at.value == 0;
    case ReceiverQuery::State::undelivered:
      return known.delivered_at.value == 0;
  }
  return false;
}

json::object shown(ReceiverId id, Known&& known) {
  json::object receiver{{"kind", id > 0 ? "client" : "admin"}, {"id", id > 0 ? id : -id}};
  if (!known.name.empty()) receiver["name"] = known.name;
  receiver["in_audience"] = known.in_audience;
  if (known.delivered_at.value != 0) receiver["delivered_at"] = to_iso8601(known.delivered_at);
  if (known.acknowledged_at.value != 0) receiver["acknowledged_at"] = to_iso8601(known.acknowledged_at);
  if (!known.connections.empty()) receiver["connections"] = std::move(known.connections);
  return receiver;
}

std::string name_of(const domain::Snapshot& state, const domain::Snapshot& system, ReceiverId id) {
  if (id > 0) {
    const auto* client = state.peek<domain::Client>(id);
    return client == nullptr ? std::string() : client->key;
  }
  const auto* admin = system.peek<domain::AdminUser>(-id);
  return admin == nullptr ? std::string() : admin->username;
}

void add_receipt(Known& known, const MessageReceipt& receipt) {
  if (receipt.connection.empty()) {
    known.delivered_at = receipt.delivered_at;
    known.acknowledged_at = receipt.acknowledged_at;
  } else {
    known.connections.push_back(
        json::object{{"id", receipt.connection}, {"acknowledged_at", to_iso8601(receipt.acknowledged_at)}});
  }
}

// Receivers above `after`: those who are in the audience, and those who were.
Result<json::object> receivers_of(storage::MessageReader& reader, const MessageRow& row, const Receivers& to,
                                  const domain::Snapshot& state, const domain::Snapshot& system,
                                  const ReceiverQuery& query) {
  const ReceiverId after = query.after.value_or(kBeforeAll);
  auto receipts = reader.receipts(row.number, after, kReceiptsAtOnce);
  if (!receipts) return tl::unexpected(receipts.error());
  // The last receiver may have more rows than were read: its turn comes with the next page.
  ReceiverId last = std::numeric_limits<ReceiverId>::max();
  if (receipts->size() == kReceiptsAtOnce && receipts->front().receiver != receipts->back().receiver)
    last = receipts->back().receiver - 1;
  std::map<ReceiverId, Known> all;
  for (const MessageReceipt& receipt : *receipts) {
    if (receipt.receiver > last) break;
    add_receipt(all[receipt.receiver], receipt);
  }
  std::size_t looked_at = 0;
  for_each_receiver(to, state, system, after, [&](const Receiver& receiver) {
    if (receiver.id > last) return false;
    if (++looked_at > kReceiptsAtOnce) {
      last = receiver.id - 1;
      return false;
    }
    all[receiver.id].in_audience = true;
    return true;
  });
  json::array items;
  std::optional<ReceiverId> next;
  if (last != std::numeric_limits<ReceiverId>::max()) next = last;
  for (auto& [id, known] : all) {
    if (id > last) break;
    if (!fits(query.state, known)) continue;
    if (items.size() == query.limit) {
      next = id - 1;
      break;
    }
    known.name = name_of(state, system, id);
    items.push_back(shown(id, std::move(known)));
  }
  json::object page{{"receivers", std::move(items)}};
  if (next) page["next"] = *next;
  return page;
}

}  // namespace

Result<MessageList::States> MessageList::states_for(const Principal& who) const {
  if (auto allowed = require(who, auth::Action::read_messages); !allowed)
    return tl::unexpected(allowed.error());
  States states{model_.current(who.environment), model_.current(domain::kSystemEnvironment)};
  if (states.state == nullptr) return fail(Errc::not_found, "there is no such environment");
  return states;
}

Error MessageList::told(const Error& error) const {
  if (error.code != Errc::internal && error.code != Errc::unavailable) return error;
  log_.error("messages could not be read", {{"code", to_string(error.code)}, {"reason", error.message}});
  return error.code == Errc::internal
             ? Error{Errc::internal, "messages could not be read; the log says why", {}}
             : error;
}

void MessageList::page(const Principal& who, const MessageQuery& query, Done done) {
  const auto states = states_for(who);
  if (!states) return done(tl::unexpected(states.error()));
  const bool taken = reader_.submit(
      [this, environment = who.environment, query, states = *states, done](storage::Reader& reader) {
        const UnixMillis now = clock_.wall_now();
        json::array items;
        std::int64_t before = query.before;
        std::size_t read = 0;
        bool more = true;
        while (more && items.size() < query.limit && read < kReceiptsOfPage) {
          auto rows = reader.messages().page(environment, before, query.limit + 1);
          if (!rows) return done(tl::unexpected(told(rows.error())));
          more = rows->size() > query.limit;
          if (more) rows->pop_back();
          for (const MessageRow& row : *rows) {
            const auto to = audience_of(row);
            if (!to) return done(tl::unexpected(told(to.error())));
            const auto counts = count(reader.messages(), row, *to, *states.state, *states.system, read);
            if (!counts) return done(tl::unexpected(told(counts.error())));
            before = row.number;
            ++read;
            if (fits(query.state, row, *counts, now)) items.push_back(shown(row, *to, *counts, now));
            if (items.size() == query.limit || read >= kReceiptsOfPage) {
              more = more || &row != &rows->back();
              break;
            }
          }
        }
        json::object answer{{"items", std::move(items)}};
        if (more) answer["next"] = before;
        done(std::move(answer));
      });
  if (!taken) done(changes::busy("too many reads are waiting; try again"));
}

void MessageList::read(const Principal& who, const std::string& id, const ReceiverQuery& query, Done done) {
  const auto states = states_for(who);
  if (!states) return done(tl::unexpected(states.error()));
  const bool taken = reader_.submit([this, environment = who.environment, id, query, states = *states,
                                     done](storage::Reader& reader) {
    const auto row = reader.messages().find(environment, id);
    if (!row) return done(tl::unexpected(told(row.error())));
    if (!*row) return done(fail(Errc::not_found, "there is no message with this id"));
    const auto to = audience_of(**row);
    if (!to) return done(tl::unexpected(told(to.error())));
    std::size_t read_receipts = 0;
    const auto counts = count(reader.messages(), **row, *to, *states.state, *states.system, read_receipts);
    if (!counts) return done(tl::unexpected(told(counts.error())));
    auto receivers = receivers_of(reader.messages(), **row, *to, *states.state, *states.system, query);
    if (!receivers) return done(tl::unexpected(told(receivers.error())));
    json::object answer = shown(**row, *to, *counts, clock_.wall_now());
    for (auto& member : *receivers) answer[member.key()] = std::move(member.value());
    done(std::move(answer));
  });
  if (!taken) done(changes::busy("too many reads are waiting; try again"));
}

}  // namespace togglecast::service
