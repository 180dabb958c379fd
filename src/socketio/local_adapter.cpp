#include <utility>

#include "net/shard.hpp"
#include "socketio/adapter.hpp"

namespace togglecast::socketio {
namespace {

class LocalAdapter final : public Adapter {
 public:
  explicit LocalAdapter(LocalNode& node) : node_(node) {}

  void broadcast(Arguments event, BroadcastOptions options) override {
    node_.deliver(std::move(event), std::move(options));
  }

  void broadcast_with_ack(Arguments event, BroadcastOptions options,
                          std::function<void(Answers)> done) override {
    // The node calls back on the shard that asked (or the one that answers for all), so the collector needs
    // no lock.
    auto collector = std::make_shared<AnswerCollector>(std::move(done));
    const auto timeout = options.timeout;
    node_.deliver_with_ack(
        std::move(event), std::move(options),
        [collector, timeout](net::Shard& shard, std::size_t clients) {
          collector->start(shard, *timeout, clients);
        },
        [collector](Arguments args) { collector->answer(std::move(args)); });
  }

  void join(BroadcastOptions targets, std::vector<std::string> rooms) override {
    node_.join(std::move(targets), std::move(rooms));
  }
  void leave(BroadcastOptions targets, std::vector<std::string> rooms) override {
    node_.leave(std::move(targets), std::move(rooms));
  }
  void disconnect(BroadcastOptions targets, bool close) override {
    node_.disconnect(std::move(targets), close);
  }

  void fetch(BroadcastOptions targets, std::function<void(Result<std::vector<RemoteSocket>>)> done) override {
    node_.fetch(std::move(targets),
                [done = std::move(done)](std::vector<RemoteSocket> sockets) { done(std::move(sockets)); });
  }

  void server_side_emit(Arguments, std::function<void(Result<std::vector<Arguments>>)> done) override {
    if (done) done(std::vector<Arguments>{});  // there is no other server
  }

 private:
  LocalNode& node_;
};

}  // namespace

std::unique_ptr<Adapter> local_adapter(LocalNode& node) { return std::make_unique<LocalAdapter>(node); }

}  // namespace togglecast::socketio
