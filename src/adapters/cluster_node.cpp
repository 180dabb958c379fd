#include "adapters/cluster_node.hpp"

#include <algorithm>
#include <atomic>
#include <set>
#include <utility>

namespace togglecast::adapters {
namespace {

constexpr Milliseconds kAckTimeout{30'000};  // for a question that names none

BroadcastOptions one_room(std::string name) {
  BroadcastOptions targets;
  targets.rooms.push_back(std::move(name));
  return targets;
}

template <typename... Handlers>
struct Overloaded : Handlers... {
  using Handlers::operator()...;
};
template <typename... Handlers>
Overloaded(Handlers...) -> Overloaded<Handlers...>;

}  // namespace

ClusterNode::ClusterNode(socketio::LocalNode& node, std::shared_ptr<Link> link, const ClusterOptions& options)
    : own_(node),
      node_(&node),
      link_(std::move(link)),
      name_(node.name()),
      request_timeout_(options.request_timeout) {}

void ClusterNode::open() {
  link_->open(
      [weak = weak_from_this()](Message message) {
        if (const auto self = weak.lock()) self->receive(std::move(message));
      },
      [weak = weak_from_this()](Body body) {
        if (const auto self = weak.lock()) self->apply(std::move(body));
      });
}

void ClusterNode::close() {
  {
    const std::lock_guard lock(gate_);
    if (node_ == nullptr) return;
    node_ = nullptr;
  }
  link_->close();
}

void ClusterNode::carry(Body body) {
  if (auto now = link_->carry(message(std::move(body)))) apply_to(own_, *std::move(now));
}

void ClusterNode::apply(Body body) {
  const std::lock_guard lock(gate_);
  if (node_ != nullptr) apply_to(*node_, std::move(body));
}

void ClusterNode::apply_to(socketio::LocalNode& node, Body body) {
  if (auto* event = std::get_if<EventMessage>(&body)) {
    node.deliver(std::move(event->event), std::move(event->targets));
  } else if (auto* join = std::get_if<JoinMessage>(&body)) {
    node.join(std::move(join->targets), std::move(join->rooms));
  } else if (auto* leave = std::get_if<LeaveMessage>(&body)) {
    node.leave(std::move(leave->targets), std::move(leave->rooms));
  } else if (auto* disconnect = std::get_if<DisconnectMessage>(&body)) {
    node.disconnect(std::move(disconnect->targets), disconnect->close);
  }
}

void ClusterNode::receive(Message message) {
  if (message.nsp != name_ || (!message.uid.empty() && message.uid == link_->uid())) return;
  const std::string& uid = message.uid;
  std::visit(Overloaded{
                 [&](EventMessage& asked) {
                   if (asked.request_id.empty()) {
                     apply(std::move(asked));
                   } else {
                     on_event(uid, std::move(asked));
                   }
                 },
                 [&](JoinMessage& asked) { apply(std::move(asked)); },
                 [&](LeaveMessage& asked) { apply(std::move(asked)); },
                 [&](DisconnectMessage& asked) { apply(std::move(asked)); },
                 [&](FetchMessage& asked) { on_fetch(uid, std::move(asked)); },
                 [&](ServerEventMessage& asked) { on_server_event(uid, std::move(asked)); },
                 [&](IdsMessage& asked) { on_ids(uid, std::move(asked)); },
                 [&](RoomsMessage& asked) { on_rooms(uid, asked); },
                 [&](OneSocketMessage& asked) { on_one_socket(uid, std::move(asked)); },
                 [&](NamesAnswer&) {},  // to what this server never asks
                 [&](DoneAnswer&) {},
                 [&](auto& answer) {
                   const std::string id = answer.request_id;
                   questions_->hear(id, std::move(answer));
                 },
             },
             message.body);
}

void ClusterNode::on_event(const std::string& uid, EventMessage asked) {
  const std::lock_guard lock(gate_);
  if (node_ == nullptr) return;
  if (!asked.targets.timeout) asked.targets.timeout = kAckTimeout;
  const auto self = shared_from_this();
  node_->deliver_with_ack(
      std::move(asked.event), std::move(asked.targets),
      [self, uid, id = asked.request_id](net::Shard&, std::size_t clients) {
        self->respond(uid, ClientCountAnswer{id, clients});
      },
      [self, uid, id = asked.request_id](Arguments answer) {
        self->respond(uid, ClientAnswer{id, std::move(answer)});
      });
}

void ClusterNode::on_server_event(const std::string& uid, ServerEventMessage asked) {
  const std::lock_guard lock(gate_);
  if (node_ == nullptr) return;
  std::function<void(Arguments)> answer;
  if (!asked.request_id.empty()) {
    answer = [self = shared_from_this(), uid, id = asked.request_id,
              answered = std::make_shared<std::atomic<bool>>(false)](Arguments args) {
      if (!answered->exchange(true)) self->respond(uid, ServerAnswer{id, std::move(args)});
    };
  }
  node_->server_side_event(std::move(asked.event), std::move(answer));
}

void ClusterNode::on_fetch(const std::string& uid, FetchMessage asked) {
  const std::lock_guard lock(gate_);
  if (node_ == nullptr) return;
  node_->fetch(std::move(asked.targets),
               [self = shared_from_this(), uid, id = asked.request_id](std::vector<RemoteSocket> sockets) {
                 self->respond(uid, SocketsAnswer{id, std::move(sockets)});
               });
}

void ClusterNode::on_ids(const std::string& uid, IdsMessage asked) {
  const std::lock_guard lock(gate_);
  if (node_ == nullptr) return;
  BroadcastOptions targets;
  targets.rooms = std::move(asked.rooms);
  node_->fetch(std::move(targets), [self = shared_from_this(), uid,
                                    id = asked.request_id](const std::vector<RemoteSocket>& sockets) {
    NamesAnswer answer{id, false, {}};
    for (const auto& socket : sockets) answer.names.push_back(socket.id);
    self->respond(uid, std::move(answer));
  });
}

void ClusterNode::on_rooms(const std::string& uid, const RoomsMessage& asked) {
  const std::lock_guard lock(gate_);
  if (node_ == nullptr) return;
  node_->fetch(
      {}, [self = shared_from_this(), uid, id = asked.request_id](const std::vector<RemoteSocket>& sockets) {
        std::set<std::string> names;
        for (const auto& socket : sockets) names.insert(socket.rooms.begin(), socket.rooms.end());
        self->respond(uid, NamesAnswer{id, true, {names.begin(), names.end()}});
      });
}

void ClusterNode::on_one_socket(const std::string& uid, OneSocketMessage asked) {
  const std::lock_guard lock(gate_);
  if (node_ == nullptr) return;
  if (!asked.request_id.empty()) {  // only the server that has the socket answers
    node_->fetch(one_room(asked.sid), [self = shared_from_this(), uid, sid = asked.sid,
                                       id = asked.request_id](const std::vector<RemoteSocket>& sockets) {
      const bool here = std::any_of(sockets.begin(), sockets.end(),
                                    [&sid](const RemoteSocket& one) { return one.id == sid; });
      if (here) self->respond(uid, DoneAnswer{id});
    });
  }
  switch (asked.what) {
    case OneSocketMessage::What::join:
      node_->join(one_room(asked.sid), {asked.room});
      return;
    case OneSocketMessage::What::leave:
      node_->leave(one_room(asked.sid), {asked.room});
      return;
    case OneSocketMessage::What::disconnect:
      node_->disconnect(one_room(asked.sid), asked.close);
      return;
  }
}

void ClusterNode::count_for(const std::shared_ptr<Question>& question) {
  link_->count_servers([question](Result<std::size_t> servers) {
    question->at_home([question, servers = std::move(servers)] { question->count(servers); });
  });
}

void ClusterNode::broadcast_with_ack(Arguments event, BroadcastOptions options,
                                     std::function<void(socketio::Answers)> done) {
  const auto question = std::make_shared<AckQuestion>(own_.home(), std::move(done));
  const auto id = questions_->add(question, *options.timeout);
  if (id) {
    link_->publish(message(EventMessage{event, options, *id}));
    count_for(question);
  } else {  // it goes on alone, and says by its time-out that somebody was not asked
    question->start(*options.timeout, {});
  }
  own_.deliver_with_ack(
      std::move(event), std::move(options),
      [question](net::Shard&, std::size_t clients) {
        question->at_home([question, clients] { question->hear(ClientCountAnswer{{}, clients}); });
      },
      [question](Arguments answer) {
        auto shared = std::make_shared<Arguments>(std::move(answer));
        question->at_home([question, shared] { question->hear(ClientAnswer{{}, std::move(*shared)}); });
      });
}

void ClusterNode::fetch(BroadcastOptions targets,
                        std::function<void(Result<std::vector<RemoteSocket>>)> done) {
  net::Shard& home = own_.home();
  const auto timeout = targets.timeout.value_or(request_timeout_);
  own_.fetch(targets, [self = shared_from_this(), &home, timeout, targets,
                       done = std::move(done)](std::vector<RemoteSocket> own) {
    auto id = std::make_shared<std::string>();
    const auto question = std::make_shared<FetchQuestion>(
        home, std::move(own),
        [self, targets, id] {
          self->link_->publish(self->message(FetchMessage{targets, *id}));
        },
        done);
    auto added = self->questions_->add(question, timeout);
    if (!added) return done(fail(Errc::unavailable, "too many questions to other servers are waiting"));
    *id = *std::move(added);
    self->count_for(question);
  });
}

void ClusterNode::server_side_emit(Arguments event,
                                   std::function<void(Result<std::vector<Arguments>>)> done) {
  if (!done) return link_->publish(message(ServerEventMessage{std::move(event)}));
  auto id = std::make_shared<std::string>();
  const auto question = std::make_shared<ServersQuestion>(
      own_.home(), std::vector<Arguments>{},
      [self = shared_from_this(), event = std::move(event), id] {
        self->link_->publish(self->message(ServerEventMessage{event, *id}));
      },
      done);
  auto added = questions_->add(question, request_timeout_);
  if (!added) return done(fail(Errc::unavailable, "too many questions to other servers are waiting"));
  *id = *std::move(added);
  count_for(question);
}

namespace {

class ClusterAdapter final : public socketio::Adapter {
 public:
  explicit ClusterAdapter(std::shared_ptr<ClusterNode> node) : node_(std::move(node)) {}
  ClusterAdapter(const ClusterAdapter&) = delete;
  ClusterAdapter& operator=(const ClusterAdapter&) = delete;
  ~ClusterAdapter() override { node_->close(); }

  void broadcast(Arguments event, BroadcastOptions options) override {
    node_->carry(EventMessage{std::move(event), std::move(options)});
  }
  void broadcast_with_ack(Arguments event, BroadcastOptions options,
                          std::function<void(socketio::Answers)> done) override {
    node_->broadcast_with_ack(std::move(event), std::move(options), std::move(done));
  }
  void join(BroadcastOptions targets, std::vector<std::string> rooms) override {
    node_->carry(JoinMessage{std::move(targets), std::move(rooms)});
  }
  void leave(BroadcastOptions targets, std::vector<std::string> rooms) override {
    node_->carry(LeaveMessage{std::move(targets), std::move(rooms)});
  }
  void disconnect(BroadcastOptions targets, bool close) override {
    node_->carry(DisconnectMessage{std::move(targets), close});
  }
  void fetch(BroadcastOptions targets, std::function<void(Result<std::vector<RemoteSocket>>)> done) override {
    node_->fetch(std::move(targets), std::move(done));
  }
  void server_side_emit(Arguments event, std::function<void(Result<std::vector<Arguments>>)> done) override {
    node_->server_side_emit(std::move(event), std::move(done));
  }
  void start() override { node_->open(); }
  void close() override { node_->close(); }
  void room_opened(std::string_view room, bool own) override { node_->link().room_opened(room, own); }
  void room_closed(std::string_view room, bool own) override { node_->link().room_closed(room, own); }
  [[nodiscard]] socketio::SharedRecovery* recovery() noexcept override { return node_->link().recovery(); }

 private:
  std::shared_ptr<ClusterNode> node_;
};

}  // namespace

std::unique_ptr<socketio::Adapter> cluster_adapter(std::shared_ptr<ClusterNode> node) {
  return std::make_unique<ClusterAdapter>(std::move(node));
}

}  // namespace togglecast::adapters
