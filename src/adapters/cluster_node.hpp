// One namespace of this server within a cluster: answers the other servers, and asks them. Internal.
// Thread rule: any thread. Ownership: its adapter owns it; handlers of the client hold weak pointers. After
// `close` it calls neither the namespace nor the link's client.
#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "adapters/link.hpp"
#include "adapters/questions.hpp"
#include "adapters/redis_adapters.hpp"
#include "socketio/adapter.hpp"

namespace togglecast::adapters {

class ClusterNode : public std::enable_shared_from_this<ClusterNode> {
 public:
  ClusterNode(socketio::LocalNode& node, std::shared_ptr<Link> link, const ClusterOptions& options);

  void open();
  void close();
  [[nodiscard]] Link& link() const noexcept { return *link_; }

  // The calls of `socketio::Adapter`.
  void carry(Body body);
  void broadcast_with_ack(Arguments event, BroadcastOptions options,
                          std::function<void(socketio::Answers)> done);
  void fetch(BroadcastOptions targets, std::function<void(Result<std::vector<RemoteSocket>>)> done);
  void server_side_emit(Arguments event, std::function<void(Result<std::vector<Arguments>>)> done);

 private:
  [[nodiscard]] Message message(Body body) const { return {link_->uid(), name_, std::move(body)}; }
  void receive(Message message);
  void apply(Body body);
  static void apply_to(socketio::LocalNode& node, Body body);
  void count_for(const std::shared_ptr<Question>& question);
  void respond(const std::string& uid, Body body) const { link_->respond(uid, message(std::move(body))); }

  // The namespace under its gate, for threads that do not belong to it.
  void on_event(const std::string& uid, EventMessage asked);
  void on_server_event(const std::string& uid, ServerEventMessage asked);
  void on_fetch(const std::string& uid, FetchMessage asked);
  void on_ids(const std::string& uid, IdsMessage asked);
  void on_rooms(const std::string& uid, const RoomsMessage& asked);
  void on_one_socket(const std::string& uid, OneSocketMessage asked);

  socketio::LocalNode& own_;   // for the namespace's own calls, which need no gate
  std::recursive_mutex gate_;  // a task may run at once, and end the namespace
  socketio::LocalNode* node_;  // behind the gate; nullptr: closed
  std::shared_ptr<Link> link_;
  std::string name_;
  Milliseconds request_timeout_;
  std::shared_ptr<Questions> questions_ = std::make_shared<Questions>();
};

/// The adapter that owns `node`.
[[nodiscard]] std::unique_ptr<socketio::Adapter> cluster_adapter(std::shared_ptr<ClusterNode> node);

}  // namespace togglecast::adapters
