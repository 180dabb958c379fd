#include "realtime/messages/shard_mailbox.hpp"

#include <algorithm>

#include "domain/schema/environment.hpp"
#include "domain/schema/fields.hpp"
#include "realtime/protocol/events.hpp"
#include "realtime/protocol/packets.hpp"
#include "realtime/protocol/requests.hpp"

namespace togglecast::realtime {

using delivery::SubscriberIndex;
using service::Acknowledgement;
using service::Audience;
using service::ReceiverId;

namespace {

constexpr Milliseconds kMailLookAgain{1'000};  // at a connection that takes nothing more for now
constexpr std::int64_t kNoMessage = 0;
constexpr Milliseconds kMailPause{1};  // others get their turn
constexpr std::chrono::microseconds kMailSlice{1'000};
constexpr std::size_t kMaxMessageId = 64;

ReceiverId receiver_of(const SocketSubscriber& subscriber) noexcept {
  return subscriber.is_admin() ? -subscriber.who.id : subscriber.who.id;
}

// True when it was not there.
bool insert_sorted(std::vector<ReceiverId>& all, ReceiverId one) {
  const auto place = std::lower_bound(all.begin(), all.end(), one);
  if (place != all.end() && *place == one) return false;
  all.insert(place, one);
  return true;
}

// A handler that returns false, or calls back with it, has not taken the message.
bool declines(const socketio::Arguments& answer) {
  return !answer.values.empty() && answer.values.front() == json::value(false);
}

}  // namespace

MailCounters mail_counters(observe::Metrics& metrics) {
  return {metrics.counter("togglecast_messages_sent_total",
                          "Deliveries of messages that want an acknowledgement, repetitions included."),
          metrics.counter("togglecast_messages_repeated_total",
                          "Deliveries to a connection that had not acknowledged the message."),
          metrics.counter("togglecast_messages_put_off_total",
                          "Deliveries that waited because the connection did not read.")};
}

ShardMailbox::ShardMailbox(net::Shard& shard, socketio::Server& io, delivery::ShardDelivery& delivery,
                           service::Mailbox& mailbox, const Clock& clock, const Options& options,
                           const MailCounters& counters)
    : shard_(shard),
      admins_(io.of(event::kAdmin)),
      clients_(io.of(event::kClient)),
      delivery_(delivery),
      mailbox_(mailbox),
      clock_(clock),
      options_(options),
      counters_(counters),
      sender_(shard),
      timer_([this] { work(); }) {}

std::vector<std::int64_t>& ShardMailbox::index_of(Home& home, const service::AliveMessage& message) {
  const Audience& audience = message.to.audience;
  if (audience.kind == Audience::Kind::client) return home.by_client[audience.id];
  if (audience.kind == Audience::Kind::package) return home.by_package[audience.id];
  return home.others;
}

void ShardMailbox::take(const service::MailNews& news) {
  for (const auto& message : news.over) end(*message);
  for (const auto& message : news.added) add(message);
  for (const auto& [message, receiver] : news.acknowledged) {
    Alive* alive = find(message->environment, message->number);
    if (alive == nullptr || !insert_sorted(alive->acknowledged, receiver) || receiver < 0) continue;
    drop_for_client(message->environment, message->number, receiver);
  }
}

// Of an admin's connections, each finds out when the message has its turn.
void ShardMailbox::drop_for_client(const std::string& environment, std::int64_t number, domain::Id client) {
  auto* home = delivery_.index().find(environment);
  if (home == nullptr) return;
  SubscriberIndex::for_each(*home, SubscriberIndex::Scope::client, client,
                            [this, number](delivery::Subscriber& subscriber) {
                              auto* whose = socket_subscriber(subscriber);
                              const auto connection = connections_.find(whose);
                              if (connection == connections_.end()) return;
                              connection->second.inbox.forget(number);
                              refill(*whose);
                              tidy(*whose);
                            });
}

void ShardMailbox::add(const service::AliveMessagePtr& message) {
  Home& home = homes_[message->environment];
  if (!home.alive.emplace(message->number, Alive{message, {}, {}}).second) return;
  home.by_id.emplace(message->id, message->number);
  index_of(home, *message).push_back(message->number);
  SlicedSender::Receivers to;
  each(message->environment, message->to,
       [&to](SocketSubscriber& subscriber) { to.push_back(subscriber.socket.weak_from_this()); });
  sender_.add(
      std::move(to),
      [this, number = message->number](SocketSubscriber& subscriber) {
        offer(subscriber, number);
        return true;
      },
      SlicedSender::Busy::send);
}

void ShardMailbox::end(const service::AliveMessage& message) {
  Home* home = home_of(message.environment);
  if (home == nullptr || home->alive.erase(message.number) == 0) return;
  home->by_id.erase(message.id);
  std::erase(index_of(*home, message), message.number);
  const Audience& audience = message.to.audience;
  if (audience.kind == Audience::Kind::client && home->by_client[audience.id].empty())
    home->by_client.erase(audience.id);
  if (audience.kind == Audience::Kind::package && home->by_package[audience.id].empty())
    home->by_package.erase(audience.id);
  if (audience.kind == Audience::Kind::client)
    return drop_for_client(message.environment, message.number, audience.id);
  for (auto& [subscriber, connection] : connections_) connection.inbox.forget(message.number);
  std::erase_if(connections_, [](const auto& one) { return one.second.inbox.empty(); });
}

void ShardMailbox::tidy(const SocketSubscriber& subscriber) {
  const auto connection = connections_.find(&subscriber);
  if (connection != connections_.end() && connection->second.inbox.empty()) connections_.erase(connection);
}

ShardMailbox::Home* ShardMailbox::home_of(const std::string& environment) {
  const auto found = homes_.find(environment);
  return found == homes_.end() ? nullptr : &found->second;
}

ShardMailbox::Alive* ShardMailbox::find(const std::string& environment, std::int64_t number) {
  Home* home = home_of(environment);
  if (home == nullptr) return nullptr;
  const auto found = home->alive.find(number);
  return found == home->alive.end() ? nullptr : &found->second;
}

bool ShardMailbox::concerns(const service::Receivers& to, const SocketSubscriber& subscriber) {
  if (!subscriber.entered() || subscriber.is_machine()) return false;  // a machine acknowledges nothing
  if (subscriber.is_admin()) return to.has_admin(subscriber.who.id, subscriber.role().here());
  // By the state as it is, not by what the subscriber has been told.
  const auto state = delivery_.current(subscriber.who.environment);
  return state != nullptr && to.has_client(*state, subscriber.who.id);
}

bool ShardMailbox::has_acknowledged(const Alive& alive, const SocketSubscriber& subscriber) const {
  return std::binary_search(alive.acknowledged.begin(), alive.acknowledged.end(), receiver_of(subscriber));
}

void ShardMailbox::each(const std::string& environment, const service::Receivers& to, const Visit& visit) {
  auto* home = delivery_.index().find(environment);
  if (home == nullptr) return;
  const auto look = [&](delivery::Subscriber& subscriber) {
    auto* connection = socket_subscriber(subscriber);
    if (connection != nullptr && concerns(to, *connection)) visit(*connection);
  };
  if (to.has_admins()) SubscriberIndex::for_each(*home, SubscriberIndex::Scope::admins, 0, look);
  if (to.audience.kind == Audience::Kind::client) {
    SubscriberIndex::for_each(*home, SubscriberIndex::Scope::client, to.audience.id, look);
  } else if (to.audience.kind != Audience::Kind::admins) {
    SubscriberIndex::for_each(*home, SubscriberIndex::Scope::clients, 0, look);
  }
}

std::size_t ShardMailbox::count(const std::string& environment, const service::Receivers& to) {
  std::size_t connections = 0;
  each(environment, to, [&connections](const SocketSubscriber&) { ++connections; });
  return connections;
}

void ShardMailbox::welcome(SocketSubscriber& subscriber) { offer_all(subscriber); }

void ShardMailbox::offer_all(SocketSubscriber& subscriber) {
  Home* home = home_of(subscriber.who.environment);
  if (home == nullptr || home->alive.empty()) return;
  std::vector<std::int64_t> numbers = home->others;
  const auto add_from = [&numbers](const auto& index, domain::Id id) {
    const auto found = index.find(id);
    if (found != index.end()) numbers.insert(numbers.end(), found->second.begin(), found->second.end());
  };
  if (!subscriber.is_admin()) {
    add_from(home->by_client, subscriber.who.id);
    const auto state = delivery_.current(subscriber.who.environment);
    const auto* client = state == nullptr ? nullptr : state->peek<domain::Client>(subscriber.who.id);
    if (client != nullptr && client->package_id) add_from(home->by_package, *client->package_id);
  }
  std::sort(numbers.begin(), numbers.end());
  for (const std::int64_t number : numbers) offer(subscriber, number);
}

void ShardMailbox::offer(SocketSubscriber& subscriber, std::int64_t number) {
  Alive* alive = find(subscriber.who.environment, number);
  if (alive == nullptr || has_acknowledged(*alive, subscriber) || !concerns(alive->message->to, subscriber))
    return;
  auto& connection = connection_of(subscriber);
  if (connection.inbox.add(number) == Inbox::Added::now) send_new(subscriber, connection);
  tidy(subscriber);
}

ShardMailbox::Connection& ShardMailbox::connection_of(SocketSubscriber& subscriber) {
  const auto found = connections_.find(&subscriber);
  if (found != connections_.end() && !found->second.socket.expired()) return found->second;
  return connections_
      .insert_or_assign(&subscriber,
                        Connection{subscriber.socket.weak_from_this(), Inbox(options_.pending_acks)})
      .first->second;
}

void ShardMailbox::send_new(SocketSubscriber& subscriber, Connection& connection) {
  while (const auto number = connection.inbox.first_unsent()) {
    attempt(subscriber, connection, *number);
    if (connection.inbox.first_unsent() == number) return;  // it was put off
  }
}

void ShardMailbox::drained(SocketSubscriber& subscriber) {
  const auto connection = connections_.find(&subscriber);
  if (connection == connections_.end()) return;
  send_new(subscriber, connection->second);
  tidy(subscriber);
}

void ShardMailbox::attempt(SocketSubscriber& subscriber, Connection& connection, std::int64_t number) {
  Alive* alive = find(subscriber.who.environment, number);
  if (alive == nullptr || alive->message->expires_at <= clock_.wall_now() ||
      has_acknowledged(*alive, subscriber) || !concerns(alive->message->to, subscriber)) {
    connection.inbox.drop(number);
    return refill(subscriber);
  }
  if (!subscriber.turned_away && subscriber.takes_state()) return send(subscriber, connection, *alive);
  counters_.put_off.add();
  const TimePoint later = shard_.now() + kMailLookAgain;
  if (connection.inbox.times_sent(number) > 0) {
    connection.inbox.wait(number, later);
    wait(subscriber, number, later);
  } else if (!connection.look_at) {
    connection.look_at = later;
    wait(subscriber, kNoMessage, later);
  }
}

const std::pair<socketio::EncodedPacket, std::uint64_t>& ShardMailbox::packet_for(
    const SocketSubscriber& subscriber, Alive& alive) {
  auto& packet = subscriber.is_admin() ? alive.for_admins : alive.for_clients;
  if (!packet) {
    auto& nsp = subscriber.is_admin() ? admins_ : clients_;
    const std::uint64_t ack_id = nsp.next_ack_id();
    packet.emplace(socketio::EncodedPacket::event(
                       nsp.name(), plain_event(alive.message->event, alive.message->payload), ack_id),
                   ack_id);
  }
  return *packet;
}

void ShardMailbox::send(SocketSubscriber& subscriber, Connection& connection, Alive& alive) {
  const std::int64_t number = alive.message->number;
  const unsigned sent = connection.inbox.sent(number);
  const Milliseconds pause = pause_after(sent, alive.message->retry, jitter());
  const TimePoint next = shard_.now() + pause;
  connection.inbox.wait(number, next);
  wait(subscriber, number, next);
  counters_.sent.add();
  if (sent > 1) counters_.repeated.add();
  const ReceiverId receiver = receiver_of(subscriber);
  if (insert_sorted(alive.delivered, receiver)) record({{number, receiver, {}, clock_.wall_now(), {}}});
  const auto& [packet, ack_id] = packet_for(subscriber, alive);
  // An answer to a repetition may be one to an earlier copy.
  const domain::Revision proven = sent == 1 ? subscriber.provable() : 0;
  subscriber.socket.send_with_ack(
      packet, ack_id, pause,
      [this, from = subscriber.socket.weak_from_this(), number,
       proven](const Result<socketio::Arguments>& answer) { on_answer(from, number, proven, answer); });
}

// Without an answer, the message is sent again when its turn comes, or to the next connection.
void ShardMailbox::on_answer(const std::weak_ptr<socketio::Socket>& from, std::int64_t number,
                             domain::Revision proven, const Result<socketio::Arguments>& answer) {
  if (!answer) return;
  const auto socket = from.lock();
  auto* subscriber = socket == nullptr ? nullptr : socket->state<SocketSubscriber>();
  if (subscriber == nullptr) return;
  SubscriberIndex::received(*subscriber, proven);
  if (declines(*answer)) return;
  if (Alive* alive = find(subscriber->who.environment, number)) record(acknowledged(*subscriber, *alive));
}

service::Mailbox::Receipts ShardMailbox::acknowledged(SocketSubscriber& subscriber, Alive& alive) {
  const UnixMillis now = clock_.wall_now();
  const ReceiverId receiver = receiver_of(subscriber);
  const std::int64_t number = alive.message->number;
  service::Mailbox::Receipts receipts{{number, receiver, {}, now, now}};
  if (alive.message->by == Acknowledgement::By::connection) {
    receipts.push_back({number, receiver, std::string(subscriber.socket.id()), now, now});
    connection_of(subscriber).inbox.acknowledge(number);
  } else {
    insert_sorted(alive.acknowledged, receiver);
    if (receiver > 0) {
      drop_for_client(alive.message->environment, number, receiver);
    } else if (const auto connection = connections_.find(&subscriber); connection != connections_.end()) {
      connection->second.inbox.drop(number);
    }
  }
  refill(subscriber);
  tidy(subscriber);
  return receipts;
}

void ShardMailbox::refill(SocketSubscriber& subscriber) {
  const auto connection = connections_.find(&subscriber);
  if (connection == connections_.end() || !connection->second.inbox.take_left_out()) return;
  shard_.post([this, whose = connection->second.socket] {
    const auto socket = whose.lock();
    if (socket == nullptr || !socket->connected()) return;
    if (auto* still = socket->state<SocketSubscriber>()) offer_all(*still);
  });
}

void ShardMailbox::acknowledge(const socketio::Event& event, SocketSubscriber& subscriber,
                               const Reply& reply) {
  const auto request = object_argument(event);
  if (!request) return reply.refuse(request.error());
  domain::FieldReader in(*request);
  in.require({"id"});
  const auto id = in.line("id", kMaxMessageId);
  if (auto ok = in.finish(); !ok) return reply.refuse(ok.error());
  auto answer = [reply, id = *id](const Result<void>& written) {
    reply.resume([reply, id, written] {
      if (!written) return reply.refuse(written.error());
      reply({{"id", id}});
    });
  };
  Home* home = home_of(subscriber.who.environment);
  const auto number = home == nullptr ? std::unordered_map<std::string, std::int64_t>::const_iterator{}
                                      : home->by_id.find(*id);
  if (home == nullptr || number == home->by_id.end())
    return mailbox_.find_acknowledgement(subscriber.who.environment, *id, receiver_of(subscriber),
                                         std::move(answer));
  Alive& alive = home->alive.at(number->second);
  const auto connection = connections_.find(&subscriber);
  const bool sent =
      connection != connections_.end() && connection->second.inbox.times_sent(number->second) > 0;
  if (!sent && !has_acknowledged(alive, subscriber) && !concerns(alive.message->to, subscriber))
    return reply.refuse({Errc::not_found, "there is no such message for you, or it is over"});
  mailbox_.acknowledge(acknowledged(subscriber, alive), std::move(answer));
}

void ShardMailbox::gone(const SocketSubscriber& subscriber) { connections_.erase(&subscriber); }

// A client may have moved into a package, an admin into a role.
void ShardMailbox::on_commit(const changes::Commit& commit) {
  const std::string& environment = commit.row.environment;
  const auto offer_again = [this](delivery::Subscriber& subscriber) {
    if (auto* connection = socket_subscriber(subscriber)) offer_all(*connection);
  };
  const Home* home = home_of(environment);
  for (const domain::Op& op : commit.row.change.ops) {
    if (op.entity == domain::Kind::client && home != nullptr && !home->by_package.empty()) {
      delivery_.when_reached(
          environment, commit.row.head.revision, [this, offer_again, environment, id = op.id] {
            if (auto* there = delivery_.index().find(environment))
              SubscriberIndex::for_each(*there, SubscriberIndex::Scope::client, id, offer_again);
          });
    } else if (op.entity == domain::Kind::admin && !homes_.empty()) {
      delivery_.when_reached(environment, commit.row.head.revision,
                             [this, id = op.id] { shard_.post([this, id] { offer_to_admin(id); }); });
    }
  }
}

void ShardMailbox::offer_to_admin(domain::Id id) {
  for (auto* home : delivery_.index().environments())
    SubscriberIndex::for_each(
        *home, SubscriberIndex::Scope::admins, 0, [&](delivery::Subscriber& subscriber) {
          auto* connection = socket_subscriber(subscriber);
          if (connection != nullptr && connection->who.id == id && !connection->is_machine())
            offer_all(*connection);
        });
}

std::vector<service::OpenDelivery> ShardMailbox::open(const std::string& environment,
                                                      const std::string& id) const {
  std::vector<service::OpenDelivery> open;
  const auto home = homes_.find(environment);
  if (home == homes_.end()) return open;
  const auto number = home->second.by_id.find(id);
  if (number == home->second.by_id.end()) return open;
  for (const auto& [subscriber, connection] : connections_) {
    const auto socket = connection.socket.lock();
    const unsigned sent = connection.inbox.times_sent(number->second);
    if (socket == nullptr || sent == 0) continue;
    const auto& whose = *socket->state<SocketSubscriber>();
    if (whose.who.environment == environment)
      open.push_back({receiver_of(whose), std::string(socket->id()), sent});
  }
  return open;
}

void ShardMailbox::wait(const SocketSubscriber& subscriber, std::int64_t number, TimePoint until) {
  due_.emplace(until, std::pair{&subscriber, number});
  if (due_.begin()->first == until) arm();
}

void ShardMailbox::work() {
  const TimePoint until = std::chrono::steady_clock::now() + kMailSlice;
  while (!due_.empty() && due_.begin()->first <= shard_.now()) {
    if (std::chrono::steady_clock::now() >= until) break;
    const auto [at, what] = *due_.begin();
    due_.erase(due_.begin());
    const auto found = connections_.find(what.first);
    if (found == connections_.end()) continue;
    Connection& connection = found->second;
    const bool look_again = what.second == kNoMessage;
    if (look_again ? connection.look_at != at : !connection.inbox.due(what.second, at)) continue;
    const auto socket = connection.socket.lock();
    if (socket == nullptr || !socket->connected()) continue;
    auto& subscriber = *socket->state<SocketSubscriber>();
    if (look_again) {
      connection.look_at.reset();
      send_new(subscriber, connection);
    } else {
      attempt(subscriber, connection, what.second);
    }
    tidy(subscriber);
  }
  arm();
}

void ShardMailbox::arm() {
  if (due_.empty()) return;
  const auto pause = std::chrono::ceil<Milliseconds>(due_.begin()->first - shard_.now());
  shard_.arm_exactly(timer_, std::max(pause, kMailPause));
}

// All receipts of one turn go to the mailbox together.
void ShardMailbox::record(service::Mailbox::Receipts receipts) {
  if (receipts_.empty()) {
    shard_.post([this] { mailbox_.record(std::exchange(receipts_, {})); });
  }
  receipts_.insert(receipts_.end(), receipts.begin(), receipts.end());
}

double ShardMailbox::jitter() {
  constexpr std::uint64_t kSteps = 1'000;
  return static_cast<double>(random_below(shard_.random(), kSteps)) / kSteps;
}

}  // namespace togglecast::realtime
