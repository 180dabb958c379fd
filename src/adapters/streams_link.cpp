#include "adapters/streams_link.hpp"

#include <algorithm>
#include <charconv>
#include <utility>

#include "base/random.hpp"

namespace togglecast::adapters {

using Kind = cluster::redis::Client::Kind;
using cluster::redis::Reply;

namespace {

// A field beside Node's, which other servers ignore: which of the sender's messages this is.
constexpr std::string_view kNumberField = "n";
// More of this server's messages are not waited for: the oldest is applied before it is read back.
constexpr std::size_t kMostUnread = 10'000;
constexpr int kMostRanges = 100;  // to catch up with a stream that grows
constexpr std::size_t kRange = 1'000;
constexpr std::size_t kMostMissed = 100'000;
constexpr std::size_t kPidBytes = 15;

std::string_view field_of(const StreamEntry& entry, std::string_view wanted) {
  for (const auto& [name, value] : entry.fields) {
    if (name == wanted) return value;
  }
  return {};
}

bool any_in(const std::vector<std::string>& wanted, const std::vector<std::string>& rooms) {
  return std::any_of(wanted.begin(), wanted.end(), [&rooms](const std::string& room) {
    return std::find(rooms.begin(), rooms.end(), room) != rooms.end();
  });
}

}  // namespace

struct StreamsLink::Restoring {
  std::string pid;
  StreamId offset;
  std::function<void(std::optional<socketio::RecoveredSession>)> done;
  socketio::RecoveredSession recovered{};
  std::vector<StreamId> ids{};  // of the missed events
  int ranges = 0;
};

StreamsLink::StreamsLink(cluster::redis::Client& client, StreamsOptions options,
                         std::shared_ptr<StreamReader> reader, std::string stream, socketio::LocalNode& node)
    : client_(client),
      options_(std::move(options)),
      channel_(client, options_.cluster, options_.sharded_pubsub),
      stream_(std::move(stream)),
      nsp_(node.name()),
      uid_(random_hex(8)),
      everyone_(options_.cluster.prefix + "#" + nsp_ + "#"),
      home_(node.home()),
      reader_(std::move(reader)) {}

void StreamsLink::open(Receive receive, Apply apply) {
  const auto kind = options_.sharded_pubsub ? Kind::shard_channel : Kind::channel;
  for (const auto& name : {everyone_, everyone_ + uid_ + "#"}) {
    client_.subscribe(
        kind, name,
        [receive, options = options_.cluster](std::string_view channel, std::string_view message) {
          auto read = read_cluster(message, options.limits);
          if (count_read(read, options, channel) && *read) receive(**std::move(read));
        });
  }
  {
    const std::lock_guard lock(mutex_);
    apply_ = std::make_shared<const Apply>(std::move(apply));
    receive_ = std::make_shared<const Receive>(std::move(receive));
  }
  reader()->add(nsp_, home_, [weak = weak_from_this()](const StreamEntry& entry) {
    if (const auto self = weak.lock()) self->on_entry(entry);
  });
}

void StreamsLink::close() {
  const auto kind = options_.sharded_pubsub ? Kind::shard_channel : Kind::channel;
  std::shared_ptr<StreamReader> reader;  // ends here if this was its last link, and on no thread of its own
  {
    const std::lock_guard lock(mutex_);
    reader = std::exchange(reader_, nullptr);
  }
  if (reader == nullptr) return;
  reader->remove(nsp_);
  client_.unsubscribe(kind, everyone_);
  client_.unsubscribe(kind, everyone_ + uid_ + "#");
}

std::shared_ptr<StreamReader> StreamsLink::reader() const {
  const std::lock_guard lock(mutex_);
  return reader_;
}

void StreamsLink::apply(Body body) const {
  std::shared_ptr<const Apply> call;
  {
    const std::lock_guard lock(mutex_);
    call = apply_;
  }
  if (call != nullptr) (*call)(std::move(body));
}

std::optional<Body> StreamsLink::carry(Message message) {
  StreamFields fields = write_stream_entry(message);
  std::uint64_t number = 0;
  std::optional<Body> too_many;
  {
    const std::lock_guard lock(mutex_);
    number = ++last_number_;
    own_.emplace(number, std::move(message.body));
    if (own_.size() > kMostUnread) {
      too_many = std::move(own_.begin()->second);
      own_.erase(own_.begin());
    }
  }
  std::vector<std::string> words{"XADD", stream_, "MAXLEN", "~", std::to_string(options_.max_length), "*"};
  for (auto& [name, value] : fields) {
    words.push_back(std::move(name));
    words.push_back(std::move(value));
  }
  words.emplace_back(kNumberField);
  words.push_back(std::to_string(number));
  client_.command(std::move(words), [self = shared_from_this(), number](const Result<Reply>& reply) {
    self->on_added(number, reply);
  });
  return too_many;
}

std::optional<Body> StreamsLink::take_own(std::uint64_t number) {
  const std::lock_guard lock(mutex_);
  const auto found = own_.find(number);
  if (found == own_.end()) return std::nullopt;
  Body body = std::move(found->second);
  own_.erase(found);
  return body;
}

// Without Redis, or without a reader that will come to this entry, the message is applied here alone.
void StreamsLink::on_added(std::uint64_t number, const Result<Reply>& reply) {
  if (!reply) {
    options_.cluster.counters->unpublished.fetch_add(1, std::memory_order_relaxed);
    options_.cluster.log.warn("cluster message not published",
                              {{"stream", stream_}, {"error", reply.error().message}});
    if (auto body = take_own(number)) apply(*std::move(body));
    return;
  }
  const auto id = parse_stream_id(reply->text);
  const auto reading = reader();
  const auto position = reading == nullptr ? std::nullopt : reading->position();
  if (id && position && *id > *position) return;  // the reader comes to it
  auto body = take_own(number);
  if (!body) return;
  if (id) append_offset(*body, *id);
  apply(*std::move(body));
}

// As Node does: events that are not volatile get the id as their last argument.
void StreamsLink::append_offset(Body& body, const StreamId& id) const {
  auto* event = std::get_if<EventMessage>(&body);
  if (event == nullptr || !options_.recovery || event->targets.is_volatile) return;
  event->event.values.emplace_back(to_string(id));
}

void StreamsLink::on_entry(const StreamEntry& entry) {
  const std::lock_guard order(order_);
  delivered_ = entry.id;
  if (field_of(entry, "uid") == uid_) {
    const std::string_view text = field_of(entry, kNumberField);
    std::uint64_t number = 0;
    std::from_chars(text.data(), text.data() + text.size(), number);
    if (auto own = take_own(number)) {
      append_offset(*own, entry.id);
      apply(*std::move(own));
    }
    return;
  }
  auto message = read_stream_entry(entry.fields, options_.cluster.limits);
  if (!count_read(message, options_.cluster, stream_) || !*message) return;
  append_offset((*message)->body, entry.id);
  std::shared_ptr<const Receive> receive;
  {
    const std::lock_guard lock(mutex_);
    receive = receive_;
  }
  if (receive != nullptr) (*receive)(**std::move(message));
}

void StreamsLink::publish(const Message& message) {
  channel_.publish(everyone_, write_cluster_msgpack(message));
}

void StreamsLink::respond(const std::string& to_uid, const Message& message) {
  channel_.publish(everyone_ + to_uid + "#", write_cluster_msgpack(message));
}

void StreamsLink::count_servers(std::function<void(Result<std::size_t>)> done) {
  channel_.count_listeners(everyone_, std::move(done));
}

std::string StreamsLink::new_pid() {
  SystemRandom random;
  return random_token(random, kPidBytes);
}

void StreamsLink::save(socketio::RecoverableSession session) {
  client_.command(
      {"SET", options_.session_prefix + session.pid, write_session(session), "PX",
       std::to_string(options_.recovery->count())},
      [self = shared_from_this()](const Result<Reply>& reply) {
        if (reply) return;
        self->options_.cluster.log.warn("session not kept for recovery", {{"error", reply.error().message}});
      });
}

void StreamsLink::take(std::string pid, std::string offset,
                       std::function<void(std::optional<socketio::RecoveredSession>)> done) {
  const auto id = parse_stream_id(offset);
  if (!id) return done(std::nullopt);
  auto restoring = std::make_shared<Restoring>(Restoring{std::move(pid), *id, std::move(done)});
  client_.command({"XRANGE", stream_, to_string(*id), to_string(*id)},
                  [self = shared_from_this(), restoring](const Result<Reply>& reply) {
                    if (!reply || stream_entries(*reply).empty()) return restoring->done(std::nullopt);
                    self->find_session(restoring);
                  });
}

void StreamsLink::find_session(const std::shared_ptr<Restoring>& restoring) {
  client_.command({"GETDEL", options_.session_prefix + restoring->pid},
                  [self = shared_from_this(), restoring](const Result<Reply>& reply) {
                    if (!reply || reply->type != Reply::Type::text) return restoring->done(std::nullopt);
                    auto session = read_session(reply->text, self->options_.cluster.limits);
                    if (!count_read(session, self->options_.cluster, self->options_.session_prefix))
                      return restoring->done(std::nullopt);
                    restoring->recovered.session = *std::move(session);
                    self->collect(restoring);
                  });
}

void StreamsLink::collect(const std::shared_ptr<Restoring>& restoring) {
  if (++restoring->ranges > kMostRanges || restoring->ids.size() > kMostMissed)
    return restoring->done(std::nullopt);
  client_.command(
      {"XRANGE", stream_, "(" + to_string(restoring->offset), "+", "COUNT", std::to_string(kRange)},
      [self = shared_from_this(), restoring](const Result<Reply>& reply) {
        if (!reply) return restoring->done(std::nullopt);
        self->collected(restoring, *reply);
      });
}

// The session comes back between two deliveries: with all events up to the first, and before the second.
void StreamsLink::collected(const std::shared_ptr<Restoring>& restoring, const Reply& reply) {
  const auto entries = stream_entries(reply);
  for (const auto& entry : entries) {
    keep_missed(*restoring, entry);
    restoring->offset = entry.id;
  }
  if (entries.size() < kRange) {
    const auto reading = reader();
    const std::lock_guard order(order_);
    const auto origin = reading == nullptr ? std::nullopt : reading->origin();
    const StreamId delivered = origin ? std::max(delivered_, *origin) : restoring->offset;
    if (delivered <= restoring->offset) {
      const auto later = std::upper_bound(restoring->ids.begin(), restoring->ids.end(), delivered);
      restoring->recovered.missed.resize(static_cast<std::size_t>(later - restoring->ids.begin()));
      restoring->done(std::move(restoring->recovered));
      return;
    }
  }
  collect(restoring);
}

void StreamsLink::keep_missed(Restoring& restoring, const StreamEntry& entry) const {
  if (field_of(entry, "nsp") != nsp_ || field_of(entry, "type") != "3") return;
  auto message = read_stream_entry(entry.fields, options_.cluster.limits);
  if (!message || !*message) return;
  auto* event = std::get_if<EventMessage>(&(*message)->body);
  if (event == nullptr || event->targets.is_volatile) return;
  const auto& rooms = restoring.recovered.session.rooms;
  const bool addressed = event->targets.rooms.empty() || any_in(event->targets.rooms, rooms);
  if (!addressed || any_in(event->targets.except, rooms)) return;
  event->event.values.emplace_back(to_string(entry.id));
  restoring.recovered.missed.push_back(std::move(event->event));
  restoring.ids.push_back(entry.id);
}

}  // namespace togglecast::adapters
